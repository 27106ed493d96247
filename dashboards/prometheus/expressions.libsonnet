// What alerts and recording rules both ask; %(selector)s stands for the agents.
{
  // 1: a plain bind() of the endpoint fails, 0: it works.
  blocked:: 'max without (cause) (tidewait_port_blocked{%(selector)s})',

  // 1: a server has the endpoint, a listener or a UDP socket; else 0, or absent when it is unknown why a bind() fails.
  served::
    'max without (cause) (\n' +
    '    tidewait_port_blocked{%(selector)s, cause="listener"}\n' +
    '    or tidewait_port_blocked{%(selector)s, cause="bound", protocol="udp"}\n' +
    '  )',

  // Ephemeral ports used towards a destination, over those that connect() can use towards it.
  destinationRatio::
    'sum without (state) (tidewait_destination_ports_used{%(selector)s})\n' +
    '  / tidewait_destination_ports_usable{%(selector)s}',
}
