// Ports of which the agent was told what to expect (--watch PORT=free, --watch PORT=listening), and listeners.
local expressions = import '../expressions.libsonnet';
local alert = import 'alert.libsonnet';

function(config) {
  name: 'tidewait-ports',
  rules: [
    alert.new(config, about)
    for about in [
      {
        name: 'TidewaitPortBlocked',
        severity: 'critical',
        pending: config.pending.portBlocked,
        expr: |||
          tidewait_port_expected{%%(selector)s, expect="free"}
            and ignoring (expect) %s == 1
        ||| % expressions.blocked,
        summary: 'A port that is expected to be free is blocked.',
        description: '%s on %s is expected to be free, but a plain bind() fails. %s' %
                     [alert.endpoint, alert.place, alert.why],
      },
      {
        name: 'TidewaitListenerMissing',
        severity: 'critical',
        pending: config.pending.listenerMissing,
        // Not known to be served is not served: below ip_unprivileged_port_start that is all that some agents can tell.
        expr: |||
          tidewait_port_expected{%%(selector)s, expect="listening"}
            unless ignoring (expect) %s == 1
        ||| % expressions.served,
        summary: 'No server listens on a port where one is expected.',
        description: 'No server has %s on %s. %s' % [alert.endpoint, alert.place, alert.why],
      },
      {
        name: 'TidewaitPortStolen',
        severity: 'critical',
        pending: config.pending.portStolen,
        expr: |||
          tidewait_port_expected{%(selector)s}
            and ignoring (expect, cause) tidewait_port_blocked{%(selector)s, cause="outgoing"} == 1
        |||,
        summary: 'An outgoing connection has taken the port of a service.',
        description: ('An outgoing connection has %s on %s as its source port: no server can bind it before ' +
                      'that connection is gone. %s') % [alert.endpoint, alert.place, alert.why],
      },
      {
        name: 'TidewaitPortExposed',
        severity: 'warning',
        pending: config.pending.portExposed,
        expr: |||
          tidewait_port_expected{%(selector)s}
            and ignoring (address, expect) tidewait_port_in_ephemeral_range{%(selector)s} == 1
        |||,
        summary: 'Outgoing connections can take the port of a service.',
        description: ('%s on %s lies in ip_local_port_range and is not reserved: while its server is down, an ' +
                      'outgoing connection can take it. Add it to net.ipv4.ip_local_reserved_ports.') %
                     [alert.endpoint, alert.place],
      },
      {
        name: 'TidewaitListenerNotRestartSafe',
        severity: 'info',
        pending: config.pending.restartUnsafe,
        expr: |||
          tidewait_listener_restart_safe{%(selector)s} == 0
        |||,
        summary: 'A server will not be able to start again at once.',
        description: ('The listener of %s on %s has neither SO_REUSEADDR nor SO_REUSEPORT: when it ends with ' +
                      'connections open, its port stays blocked for up to a minute.') % [alert.listener, alert.place],
      },
    ]
  ],
}
