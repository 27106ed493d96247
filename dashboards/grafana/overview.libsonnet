// tidewait / overview: the fleet. What is wrong stands first; below it, where and since when.
local dashboard = import 'dashboard.libsonnet';
local panel = import 'panel.libsonnet';
local style = import 'style.libsonnet';

local select = dashboard.select;
local variables = dashboard.variables;

// Endpoints that a live server has: in UDP every socket serves.
local served = |||
  max without (cause) (
    tidewait_port_blocked{%(netns)s, cause="listener"}
    or tidewait_port_blocked{%(netns)s, protocol="udp", cause="bound"}
  ) == 1
||| % select;
local missing = 'tidewait_port_expected{%(netns)s, expect="listening"} unless ignoring (expect) ' % select + served;
local unserved = |||
  tidewait_port_blocked{%(netns)s, cause!="listener"} == 1
  unless tidewait_port_blocked{%(netns)s, protocol="udp", cause="bound"}
||| % select;
local used_ratio = |||
  sum without (state) (tidewait_destination_ports_used{%(netns)s}) / tidewait_destination_ports_usable{%(netns)s}
||| % select;

local to_port = panel.link('This port', dashboard.port_link(dashboard.of_line));
local port_cell = panel.field('port', { links: [
  { title: 'This port', url: dashboard.port_link(dashboard.of_cell), targetBlank: false },
] });
local instance_cell = panel.field('instance', { links: [
  { title: 'This agent', url: dashboard.agent_link(dashboard.of_cell), targetBlank: false },
] });
local cause_cell = panel.field('cause', { mappings: [{
  type: 'value',
  options: { [name]: { text: name, color: style.causes[name] } for name in style.causeNames },
}], 'custom.cellOptions': { type: 'color-background', mode: 'basic' } });

local now(config) = [
  panel.row('Now'),
  panel.stat(
    'Expected free, blocked',
    'Endpoints watched as =free that a plain bind() does not get. Above 0: the table below names them and what holds them; `tidewait why PORT` on that host says what to do.',
    'sum(max without (cause) (tidewait_port_blocked{%(netns)s}) * ignoring (expect) tidewait_port_expected{%(netns)s, expect="free"})' % select,
  ) + panel.absent('none expected'),
  panel.stat(
    'Expected listener missing',
    'Endpoints watched as =listening without a server. Above 0: look at the service; if it fails to start, `tidewait why PORT` says what it meets.',
    'count(%s) or 0 * sum(tidewait_port_expected{%s, expect="listening"})' % [missing, select.netns],
  ) + panel.absent('none expected'),
  panel.stat(
    'Blocked without a server',
    'Endpoints that cannot be bound plainly though nobody serves there: TIME_WAIT, connections whose listener is gone, an outgoing connection, a socket that is bound only. A new server would fail to start unless it sets SO_REUSEADDR.',
    'count(%s) or 0 * sum(tidewait_port_blocked{%s})' % [unserved, select.netns],
  ) + panel.thresholds(1),
  panel.stat(
    'Fullest destination',
    'Ephemeral ports used towards the fullest destination, over those usable. At 100 % connect() fails with EADDRNOTAVAIL there, and only there. `tidewait why --exhaustion` on that host says what to do.',
    'max(tidewait_destination_ports_used_max_ratio{%(netns)s})' % select,
  ) + panel.unit('percentunit') + panel.decimals(0) + panel.thresholds(config.destinationWarningRatio, config.destinationCriticalRatio),
  panel.stat(
    'Not restart-safe',
    'Listeners with neither SO_REUSEADDR nor SO_REUSEPORT. When one ends with connections open, its port is blocked for up to a minute. Set SO_REUSEADDR in the server before bind(); the table below names them.',
    'sum(1 - tidewait_listener_restart_safe{%(netns)s})' % select,
  ) + panel.thresholds(1),
  panel.stat(
    'Accept queues full',
    'Listeners whose accept queue is longer than its limit: new connections are dropped. The server does not call accept() fast enough, or its backlog is too small.',
    'sum(tidewait_listen_queue_length{%(netns)s} > bool tidewait_listen_queue_limit{%(netns)s})' % select,
  ),
  panel.stat(
    'Agents that do not tell',
    'What these dashboards cannot know. down: not scraped. stale: no round succeeded for %(staleIntervals)d intervals and %(staleClockSeconds)d s. failing: rounds fail now. over budget: more CPU than is meant. Above 0: the table of agents at the end, and its log.' % config,
    [
      { legend: 'down', expr: 'sum(1 - up{%(agent)s})' % select },
      { legend: 'stale', expr: 'sum(time() - tidewait_last_round_success_timestamp_seconds{%(agent)s} > bool %(staleIntervals)d * tidewait_interval_seconds{%(agent)s} + %(staleClockSeconds)d)' % (select + config) },
      { legend: 'failing', expr: 'sum(sum without (stage) (increase(tidewait_round_failures_total{%(agent)s}[$__rate_interval])) > bool 0)' % select },
      { legend: 'over budget', expr: 'sum(rate(process_cpu_seconds_total{%(agent)s}[$__rate_interval]) > bool %(cpuBudget)g * %(cpuBudgetFactor)g)' % (select + config) },
    ],
    w=6,
  ),
];

local ports = [
  panel.row('Ports'),
  panel.table(
    'Not as expected',
    'Each endpoint that is not as it is watched. Empty is good. cause: what holds it; no cause: nothing listens there. Click the port for its past.',
    |||
      (tidewait_port_blocked{%s} == 1)
        * ignoring (cause, expect) group_left (expect) tidewait_port_expected{%s, expect="free"}
      or %s
    ||| % [select.netns, select.netns, missing],
    { Value: false },
  ) + panel.absent('All as expected') + port_cell + instance_cell + cause_cell,
  panel.table(
    'Endpoints blocked without a server',
    'Each endpoint that cannot be bound plainly though nobody serves there. free in: by time alone; empty: waiting does not help, end what holds it. with SO_REUSEADDR: whether a server that sets it could start now.',
    [
      unserved,
      'sum without (reuseaddr) (tidewait_port_frees_in_seconds{%(netns)s, reuseaddr="false"}) > 0' % select,
      'sum without (reuseaddr) (tidewait_port_bindable{%s, reuseaddr="true"}) and ignoring (cause) (%s)' % [select.netns, unserved],
    ],
    { 'Value #A': false, 'Value #B': 'free in', 'Value #C': 'with SO_REUSEADDR' },
  ) + panel.absent('None') + port_cell + instance_cell + cause_cell
  + panel.field('free in', { unit: 's', decimals: 0 })
  + panel.field('with SO_REUSEADDR', { mappings: style.words([[0, 'no', style.critical], [1, 'yes', style.fine]]) }),
  panel.lines(
    'Endpoints that cannot be bound plainly, by cause',
    'listener is normal: a server is there. What else rises tells why servers cannot start: see the tables above.',
    { legend: '{{cause}}', expr: 'sum by (cause) (tidewait_port_blocked{%(netns)s})' % select },
  ) + panel.stacked + panel.colours(style.causes),
  panel.lines(
    'Sockets entering TIME_WAIT',
    'A high rate alone is harmless: whoever closes first keeps the TIME_WAIT. It matters where it blocks a port or fills a destination, which other panels tell.',
    { legend: '{{instance}} {{netns}}', expr: 'sum by (instance, netns) (rate(tidewait_port_time_wait_entered_total{%(netns)s}[$__rate_interval]))' % select },
  ) + panel.unit('cps'),
  panel.table(
    'Listeners that would not restart',
    'Each needs SO_REUSEADDR before bind(). Until then a restart with connections open fails for up to a minute.',
    |||
      tidewait_listener_info{%(netns)s}
        * ignoring (process, unit, container_id) group_left () (tidewait_listener_restart_safe{%(netns)s} == 0)
      or ignoring (process, unit, container_id) tidewait_listener_restart_safe{%(netns)s} == 0
    ||| % select,
    { Value: false },
  ) + panel.absent('All are safe') + port_cell + instance_cell,
  panel.table(
    'Ports that outgoing connections can take',
    'Tracked ports inside ip_local_port_range and not reserved: whenever their server is down, an outgoing connection can take them. Add them to net.ipv4.ip_local_reserved_ports. taken: one has, and its server cannot start until it ends.',
    [
      'tidewait_port_in_ephemeral_range{%(netns)s} == 1' % select,
      |||
        max without (address, cause) (tidewait_port_blocked{%(netns)s, cause="outgoing"})
          and (tidewait_port_in_ephemeral_range{%(netns)s} == 1)
      ||| % select,
    ],
    { 'Value #A': false, 'Value #B': 'taken' },
  ) + panel.absent('None') + port_cell + instance_cell
  + panel.field('taken', { mappings: style.words([[0, 'no', style.fine], [1, 'yes', style.critical]]) }),
];

local outgoing(config) = [
  panel.row('Outgoing connections'),
  panel.table(
    'Fullest destinations',
    'Ephemeral ports taken towards each destination above 5 % of what is usable. At 100 % connect() fails there. Keep connections open and reuse them, spread over more destinations or source addresses, or widen ip_local_port_range.',
    [
      used_ratio,
      'sum without (state) (tidewait_destination_ports_used{%(netns)s, state="live"})' % select,
      'sum without (state) (tidewait_destination_ports_used{%(netns)s, state="time_wait"})' % select,
      'tidewait_destination_ports_usable{%(netns)s}' % select,
    ],
    { 'Value #A': 'used', 'Value #B': 'live', 'Value #C': 'TIME_WAIT', 'Value #D': 'usable' },
    w=14,
    h=8,
  ) + panel.absent('None above 5 %') + instance_cell
  + panel.field('used', {
    unit: 'percentunit',
    decimals: 0,
    min: 0,
    max: 1,
    color: { mode: 'thresholds' },
    thresholds: style.thresholds(config.destinationWarningRatio, config.destinationCriticalRatio),
    'custom.cellOptions': { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' },
  }) + { options+: { sortBy: [{ displayName: 'used', desc: true }] } },
  panel.lines(
    'Ephemeral ports used towards each destination, over those usable',
    'A line that climbs steadily reaches 100 %: act before, as in the table beside. One that levels off is the pace of opening times a minute of TIME_WAIT.',
    { legend: '{{instance}} {{netns}} {{protocol}} {{source}} to {{destination}}:{{destination_port}}', expr: used_ratio },
    w=10,
  ) + panel.unit('percentunit') + panel.range(0, 1) + panel.limits(config.destinationWarningRatio, config.destinationCriticalRatio),
  panel.lines(
    'TIME_WAIT entered towards each destination',
    'So many connections a second end there with us closing first. Times 60 s it is the ports that they keep: a pool of connections, or letting the other side close first, saves them.',
    { legend: '{{instance}} {{netns}} {{protocol}} {{source}} to {{destination}}:{{destination_port}}', expr: 'rate(tidewait_destination_time_wait_entered_total{%(netns)s}[$__rate_interval])' % select },
    w=8,
  ) + panel.unit('cps'),
  panel.lines(
    'Ephemeral ports in use, over those not reserved',
    'All destinations together, so 100 % is not yet the end for TCP: one port serves several destinations. For bind() to port 0, and for UDP, it is.',
    {
      legend: '{{instance}} {{netns}} {{protocol}}',
      expr: |||
        tidewait_ephemeral_ports_used{%(netns)s}
          / ignoring (protocol) group_left () (tidewait_ephemeral_ports{%(netns)s} - tidewait_ephemeral_ports_reserved{%(netns)s})
      ||| % select,
    },
    w=8,
  ) + panel.unit('percentunit') + panel.limits(config.destinationWarningRatio, config.destinationCriticalRatio),
  panel.lines(
    'TIME_WAIT sockets, over tcp_max_tw_buckets',
    'At 100 % connections end without a TIME_WAIT (overflow): raise net.ipv4.tcp_max_tw_buckets. recycled is harmless: a TIME_WAIT made way for a new outgoing connection.',
    [
      { legend: '{{instance}} {{netns}}', expr: 'sum without (protocol, family, state) (tidewait_sockets{%(netns)s, protocol="tcp", state="time_wait"}) / tidewait_time_wait_limit{%(netns)s}' % select },
      { legend: '{{instance}} {{netns}} overflow/s', expr: 'rate(tidewait_time_wait_overflow_total{%(netns)s}[$__rate_interval])' % select },
      { legend: '{{instance}} {{netns}} recycled/s', expr: 'rate(tidewait_time_wait_recycled_total{%(netns)s}[$__rate_interval])' % select },
    ],
    w=8,
  ) + panel.unit('percentunit') + panel.limits(config.destinationWarningRatio, 1) + {
    fieldConfig+: { overrides+: [{
      matcher: { id: 'byRegexp', options: '/\\/s$/' },
      properties: [{ id: 'unit', value: 'cps' }, { id: 'custom.axisPlacement', value: 'right' }],
    }] },
  },
];

local listeners = [
  panel.row('Listeners'),
  panel.lines(
    'Accept queues: how full',
    'Connections that wait for accept(), over one more than the limit: at 100 % new ones are dropped. The ten fullest. Make the server accept faster; if it is fast enough, raise its backlog and somaxconn.',
    { legend: '{{instance}} {{netns}} {{address}}:{{port}}', expr: 'topk(10, tidewait_listen_queue_length{%(netns)s} / (tidewait_listen_queue_limit{%(netns)s} + 1))' % select },
    w=8,
  ) + panel.unit('percentunit') + panel.range(0) + panel.limits(0.5, 1) + to_port,
  panel.lines(
    'Handshakes dropped by listeners',
    'overflow: because an accept queue was full. drop: for any reason, overflows included. A client tries again after a second: slow connections are what users see.',
    [
      { legend: '{{instance}} {{netns}} overflow', expr: 'rate(tidewait_listen_overflows_total{%(netns)s}[$__rate_interval])' % select },
      { legend: '{{instance}} {{netns}} drop', expr: 'rate(tidewait_listen_drops_total{%(netns)s}[$__rate_interval])' % select },
    ],
    w=8,
  ) + panel.unit('cps'),
  panel.lines(
    'TCP sockets by state',
    'All hosts that are chosen. close_wait that only grows: a program does not close what its peers have closed.',
    { legend: '{{state}}', expr: 'sum by (state) (tidewait_sockets{%(netns)s, protocol="tcp"})' % select },
    w=8,
  ) + panel.stacked + panel.colours(style.states),
];

local agents = [
  panel.row('Agents'),
  panel.table(
    'Each agent',
    'up 0: down, nothing is known of that host. age: since the last round that succeeded; beyond three intervals it is stale. Click the instance for more.',
    [
      'up{%(agent)s}' % select,
      'time() - tidewait_last_round_success_timestamp_seconds{%(agent)s}' % select,
      'tidewait_interval_seconds{%(agent)s}' % select,
      'sum without (stage) (increase(tidewait_round_failures_total{%(agent)s}[$__rate_interval]))' % select,
      'rate(process_cpu_seconds_total{%(agent)s}[$__rate_interval])' % select,
      'sum without (revision, compiler, libmicrohttpd) (tidewait_build_info{%(agent)s})' % select,
    ],
    { 'Value #A': 'up', 'Value #B': 'age', 'Value #C': 'interval', 'Value #D': 'failed rounds', 'Value #E': 'CPU', 'Value #F': false },
    w=24,
  ) + instance_cell
  + panel.field('up', { mappings: style.words([[0, 'down', style.critical], [1, 'up', style.fine]]), 'custom.cellOptions': { type: 'color-background', mode: 'basic' } })
  + panel.field('age', { unit: 's', decimals: 0 })
  + panel.field('interval', { unit: 's' })
  + panel.field('failed rounds', { decimals: 0 })
  + panel.field('CPU', { unit: 'percentunit', decimals: 2 }),
];

function(config) dashboard.new(
  'tidewait-overview',
  'tidewait / overview',
  'All hosts: ports that servers cannot bind, destinations that fill, listeners that would not restart, and agents that do not tell.',
  [variables.datasource, variables.job, variables.instance, variables.netns],
  now(config) + ports + outgoing(config) + listeners + agents,
)
