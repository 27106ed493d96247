// tidewait beside node_exporter: where both count the same they agree, and what only one of them can tell.
local dashboard = import 'dashboard.libsonnet';
local panel = import 'panel.libsonnet';
local style = import 'style.libsonnet';

local select = dashboard.select;
local variables = dashboard.variables;

local ours = 'tidewait';
local theirs = 'node_exporter';
local both = panel.colours({ [ours]: style.colours.blue, [theirs]: style.colours.orange }) + panel.field(theirs, {
  'custom.lineStyle': { fill: 'dash', dash: [8, 8] },
});

// Theirs knows the namespace that it runs in, which is to be our own.
local compared(title, description, our_query, their_query) = panel.lines(
  title,
  description,
  [{ legend: ours, expr: our_query % select }, { legend: theirs, expr: their_query % select }],
  w=8,
) + both;

local agreement = [
  panel.row('Agreement: choose one host, both instances'),
  compared(
    'TIME_WAIT',
    'The same, but for what changed between the two looks; node_exporter counts a FIN_WAIT2 that its program has left, too. Different by more: they do not run in the same network namespace.',
    'sum(tidewait_sockets{%(own)s, protocol="tcp", state="time_wait"})',
    'sum(node_sockstat_TCP_tw{%(node)s})',
  ),
  compared(
    'Established connections',
    'CurrEstab counts CLOSE_WAIT, too. Different for longer: not the same network namespace.',
    'sum(tidewait_sockets{%(own)s, protocol="tcp", state=~"established|close_wait"})',
    'sum(node_netstat_Tcp_CurrEstab{%(node)s})',
  ),
  compared(
    'UDP sockets',
    'Different for longer: not the same network namespace.',
    'sum(tidewait_sockets{%(own)s, protocol="udp"})',
    'sum(node_sockstat_UDP_inuse{%(node)s}) + sum(node_sockstat_UDP6_inuse{%(node)s})',
  ),
  compared(
    'Handshakes dropped: accept queue full',
    'The same counter of the kernel. Above 0: tidewait / overview says which listener.',
    'sum(rate(tidewait_listen_overflows_total{%(own)s}[$__rate_interval]))',
    'sum(rate(node_netstat_TcpExt_ListenOverflows{%(node)s}[$__rate_interval]))',
  ) + panel.unit('cps'),
  compared(
    'Handshakes dropped for any reason',
    'The same counter of the kernel. More than the overflows beside: lack of memory, or a SYN flood.',
    'sum(rate(tidewait_listen_drops_total{%(own)s}[$__rate_interval]))',
    'sum(rate(node_netstat_TcpExt_ListenDrops{%(node)s}[$__rate_interval]))',
  ) + panel.unit('cps'),
  panel.lines(
    'Connections opened, and TIME_WAITs of them',
    'Of the connections that node_exporter counts at their beginning, so many end in a TIME_WAIT here: those that this host closed first.',
    [
      { legend: 'TIME_WAIT (tidewait)', expr: 'sum(rate(tidewait_port_time_wait_entered_total{%(own)s}[$__rate_interval]))' % select },
      { legend: 'outgoing (node_exporter)', expr: 'sum(rate(node_netstat_Tcp_ActiveOpens{%(node)s}[$__rate_interval]))' % select },
      { legend: 'incoming (node_exporter)', expr: 'sum(rate(node_netstat_Tcp_PassiveOpens{%(node)s}[$__rate_interval]))' % select },
    ],
    w=8,
  ) + panel.unit('cps') + panel.colours({
    'TIME_WAIT (tidewait)': style.colours.blue,
    'outgoing (node_exporter)': style.colours.orange,
    'incoming (node_exporter)': style.colours.yellow,
  }),
];

local beyond(config) = [
  panel.row('What a total cannot tell'),
  panel.lines(
    'TIME_WAIT by local port',
    'The total above, taken apart. On the port of a server without SO_REUSEADDR a few block it; on ephemeral ports thousands are harmless until one destination fills.',
    { legend: 'port {{port}}', expr: 'sum by (port) (tidewait_port_sockets{%(own)s, state="time_wait"}) > 0' % select },
    w=8,
  ) + panel.stacked,
  panel.lines(
    'Time until each port is free',
    'For a plain bind(). A line at 0 is not drawn: it is free. No line either while a listener has it.',
    { legend: '{{protocol}} {{address}}:{{port}}', expr: 'tidewait_port_frees_in_seconds{%(own)s, reuseaddr="false"} > 0' % select },
    w=8,
  ) + panel.unit('s') + panel.link('This port', dashboard.port_link(dashboard.of_line, 'var-netns=%28%29')),
  panel.lines(
    'Ephemeral ports used towards each destination, over those usable',
    'At 100 % connect() fails there, while the totals above look harmless.',
    {
      legend: '{{protocol}} {{source}} to {{destination}}:{{destination_port}}',
      expr: |||
        sum without (state) (tidewait_destination_ports_used{%(own)s}) / tidewait_destination_ports_usable{%(own)s}
      ||| % select,
    },
    w=8,
  ) + panel.unit('percentunit') + panel.range(0, 1) + panel.limits(config.destinationWarningRatio, config.destinationCriticalRatio),
  panel.lines(
    'What only node_exporter counts',
    'Orphans are closed by their program and not yet by the network; many: peers that vanish. Retransmissions: the network, not the ports.',
    [
      { legend: 'orphans', expr: 'sum(node_sockstat_TCP_orphan{%(node)s})' % select },
      { legend: 'segments sent again, a second', expr: 'sum(rate(node_netstat_Tcp_RetransSegs{%(node)s}[$__rate_interval]))' % select },
    ],
    w=24,
    h=6,
  ),
];

function(config) dashboard.new(
  'tidewait-node-exporter',
  'tidewait beside node_exporter',
  'For those who run node_exporter on the same hosts: the figures of both side by side, and what a total cannot tell.',
  [variables.datasource, variables.job, variables.instance, variables.node_job, variables.node],
  agreement + beyond(config),
)
