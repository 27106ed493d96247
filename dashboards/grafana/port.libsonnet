// tidewait / port: one port, on the hosts and in the namespaces that are chosen.
local dashboard = import 'dashboard.libsonnet';
local panel = import 'panel.libsonnet';
local style = import 'style.libsonnet';

local select = dashboard.select;
local variables = dashboard.variables;

// 0 free, 1 reusable, 2 held. UDP is never reusable.
local verdict = |||
  2 - tidewait_port_bindable{%(port)s, reuseaddr="false"} - ignoring (reuseaddr) tidewait_port_bindable{%(port)s, reuseaddr="true"}
  or 2 - 2 * sum without (reuseaddr) (tidewait_port_bindable{%(port)s, protocol="udp"})
||| % select;

// 0 free, else the number of the one cause that holds.
local cause = 'sum without (cause) (\n  ' + std.join('\n  or ', [
  '%d * tidewait_port_blocked{%s, cause="%s"}' % [i + 1, select.port, style.causeNames[i]]
  for i in std.range(0, std.length(style.causeNames) - 1)
]) + '\n)';

local endpoint = '{{instance}} {{netns}} {{protocol}} {{address}}';
local listener = '{{instance}} {{netns}} {{address}}';

local now = [
  panel.row('Port $port now'),
  panel.stat(
    'Verdict',
    'free: a plain bind() works. reusable: only a server that sets SO_REUSEADDR can bind. held: none can, which is right while its own server has it.',
    { legend: endpoint, expr: verdict },
    w=5,
  ) + panel.words(style.verdictWords),
  panel.stat(
    'Cause',
    'Why a plain bind() fails. listener: a server is there. time_wait and closing pass by themselves; for the others `tidewait why $port` on that host names whom to end.',
    { legend: endpoint, expr: cause },
    w=5,
  ) + panel.words(style.causeWords),
  panel.stat(
    'Free in',
    'By time alone, for a plain bind() and for one with SO_REUSEADDR. 0: now. Empty: waiting does not help; look at the cause.',
    [
      { legend: '%s plain' % endpoint, expr: 'tidewait_port_frees_in_seconds{%(port)s, reuseaddr="false"}' % select },
      { legend: '%s SO_REUSEADDR' % endpoint, expr: 'tidewait_port_frees_in_seconds{%(port)s, reuseaddr="true"}' % select },
    ],
    w=5,
  ) + panel.unit('s') + panel.decimals(0) + panel.thresholds(1) + panel.absent('waiting does not help'),
  panel.stat(
    'Would it restart?',
    'unsafe: the listener has neither SO_REUSEADDR nor SO_REUSEPORT, so a restart with connections open fails for up to a minute. Set SO_REUSEADDR before bind().',
    { legend: listener, expr: 'tidewait_listener_restart_safe{%(port)s}' % select },
    w=4,
  ) + panel.words(style.words([[0, 'unsafe', style.warning], [1, 'safe', style.fine]])) + panel.absent('no listener'),
  panel.stat(
    'Can it be stolen?',
    'yes: it lies in ip_local_port_range and is not reserved, so while its server is down an outgoing connection can take it. Add it to net.ipv4.ip_local_reserved_ports.',
    { legend: '{{instance}} {{netns}} {{protocol}}', expr: 'tidewait_port_in_ephemeral_range{%(port)s}' % select },
    w=5,
  ) + panel.words(style.words([[0, 'no', style.fine], [1, 'yes', style.warning]])),
];

local past = [
  panel.row('Over time'),
  panel.timeline(
    'Verdict over time',
    'held in the colour of alarm is normal while its own server has the port; compare with the cause below. A gap: not known, see the agent.',
    { legend: endpoint, expr: verdict },
    style.verdictWords,
  ),
  panel.timeline(
    'Cause over time',
    'What held the port when. listener, then time_wait, then listener: a restart, and how long it had to wait. outgoing: the port was stolen by a connection that we opened.',
    { legend: endpoint, expr: cause },
    style.causeWords,
  ),
  panel.lines(
    'Sockets by state',
    'close_wait that grows: the server does not close what its clients have closed. time_wait without a listener: what blocks a server without SO_REUSEADDR.',
    { legend: '{{protocol}} {{state}}', expr: 'sum by (protocol, state) (tidewait_port_sockets{%(port)s})' % select },
  ) + panel.stacked
  + panel.colours({ ['tcp ' + state]: style.states[state] for state in std.objectFields(style.states) }),
  panel.lines(
    'Time until it is free',
    'TIME_WAIT: until the last of the present ones is due. A sawtooth that always returns to 60 s: connections keep ending here with the server closing first.',
    [
      { legend: '%s plain' % endpoint, expr: 'tidewait_port_frees_in_seconds{%(port)s, reuseaddr="false"}' % select },
      { legend: '%s SO_REUSEADDR' % endpoint, expr: 'tidewait_port_frees_in_seconds{%(port)s, reuseaddr="true"}' % select },
      { legend: '{{instance}} {{netns}} TIME_WAIT', expr: 'tidewait_port_time_wait_longest_remaining_seconds{%(port)s}' % select },
    ],
  ) + panel.unit('s'),
  panel.lines(
    'Sockets entering TIME_WAIT on it',
    'Each counted once. Harmless with SO_REUSEADDR; to have fewer, let clients close first or keep connections open.',
    { legend: '{{instance}} {{netns}}', expr: 'rate(tidewait_port_time_wait_entered_total{%(port)s}[$__rate_interval])' % select },
    w=8,
  ) + panel.unit('cps'),
  panel.lines(
    'Accept queue',
    'Connections that wait for accept(), and the limit. Above it new connections are dropped: the server is too slow to accept, or its backlog too small.',
    [
      { legend: '%s length' % listener, expr: 'tidewait_listen_queue_length{%(port)s}' % select },
      { legend: '%s limit' % listener, expr: 'tidewait_listen_queue_limit{%(port)s}' % select },
    ],
    w=8,
  ) + {
    fieldConfig+: { overrides+: [{
      matcher: { id: 'byRegexp', options: '/ limit$/' },
      properties: [
        { id: 'color', value: { mode: 'fixed', fixedColor: style.colours.vermillion } },
        { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } },
      ],
    }] },
  },
  panel.lines(
    'Outgoing connections towards port $port',
    'Ephemeral ports used towards each destination with this port, over those usable; only those above 5 %. At 100 % connect() fails there.',
    {
      legend: '{{instance}} {{netns}} {{protocol}} {{source}} to {{destination}}',
      expr: |||
        sum without (state) (tidewait_destination_ports_used{%(netns)s, destination_port="$port"})
          / tidewait_destination_ports_usable{%(netns)s, destination_port="$port"}
      ||| % select,
    },
    w=8,
  ) + panel.unit('percentunit') + panel.range(0, 1),
];

local who = [
  panel.row('Who'),
  panel.table(
    'Who listens',
    'The process of each listener, with its unit or container. Empty: nobody listens, or the agent may not see owners (see its README for what that takes).',
    'tidewait_listener_info{%(port)s}' % select,
    { Value: false },
  ),
  panel.table(
    'What is expected',
    'How the port is watched, and whether it is bindable. Empty: no --watch names it with =listening or =free, so no alert is about it.',
    [
      'tidewait_port_expected{%(port)s}' % select,
      |||
        sum without (reuseaddr) (tidewait_port_bindable{%(port)s, reuseaddr="false"})
          and ignoring (expect) tidewait_port_expected{%(port)s}
      ||| % select,
    ],
    { 'Value #A': false, 'Value #B': 'plain bind' },
  ) + panel.field('plain bind', { mappings: style.words([[0, 'fails', style.warning], [1, 'works', style.fine]]) }),
];

function(config) dashboard.new(
  'tidewait-port',
  'tidewait / port',
  'One port: can a server bind it, since when, what holds it, and when is it free.',
  [variables.datasource, variables.job, variables.instance, variables.netns, variables.port],
  now + past + who,
)
