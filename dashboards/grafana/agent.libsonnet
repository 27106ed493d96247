// tidewait / agent: whether what the other dashboards show is fresh and whole, and what it costs.
local dashboard = import 'dashboard.libsonnet';
local panel = import 'panel.libsonnet';
local style = import 'style.libsonnet';

local select = dashboard.select;
local variables = dashboard.variables;

local yes_or_no(if_no) = style.words([[0, 'no', if_no], [1, 'yes', style.fine]]);

local fresh(config) = [
  panel.row('Is it fresh and whole?'),
  panel.table(
    'What runs',
    'Version and configuration of each agent. reloaded no: the configuration file was wrong when it was read last; the log says where, and the former one stays in force. Empty: it has none. By netlink no: it reads /proc/net, which tells less.',
    [
      'tidewait_build_info{%(agent)s}' % select,
      'time() - process_start_time_seconds{%(agent)s}' % select,
      'tidewait_config_last_reload_successful{%(agent)s}' % select,
      'tidewait_config_last_reload_success_timestamp_seconds{%(agent)s} * 1000' % select,
      'sum without (source) (tidewait_socket_source{%(agent)s, source="netlink", netns=""})' % select,
      'sum without (state) (tidewait_netns{%(agent)s, state="watched"})' % select,
      'sum without (state) (tidewait_netns{%(agent)s, state="unreachable"})' % select,
      'tidewait_netns_hidden_processes{%(agent)s}' % select,
    ],
    {
      'Value #A': false,
      'Value #B': 'runs for',
      'Value #C': 'reloaded',
      'Value #D': 'configuration of',
      'Value #E': 'by netlink',
      'Value #F': 'namespaces',
      'Value #G': 'unreachable',
      'Value #H': 'hidden processes',
    },
    w=24,
    h=6,
  )
  + panel.field('runs for', { unit: 's', decimals: 0 })
  + panel.field('reloaded', { mappings: yes_or_no(style.critical) })
  + panel.field('configuration of', { unit: 'dateTimeAsIso' })
  + panel.field('by netlink', { mappings: yes_or_no(style.warning) }),
  panel.lines(
    'Age of what is shown',
    'Time since the last round that succeeded, and the interval in effect. Older than %(staleIntervals)d intervals: stale, and /readyz says why. An interval longer than --interval: the CPU budget asks for it.' % config,
    [
      { legend: '{{instance}} age', expr: 'time() - tidewait_last_round_success_timestamp_seconds{%(agent)s}' % select },
      { legend: '{{instance}} interval', expr: 'tidewait_interval_seconds{%(agent)s}' % select },
    ],
    w=8,
  ) + panel.unit('s'),
  panel.lines(
    'Rounds, and those that failed',
    'A failed round shows nothing of the sockets, so ports seem to vanish. stage: what failed; the log has the error, most often a lacking privilege.',
    [
      { legend: '{{instance}} begun', expr: 'rate(tidewait_rounds_total{%(agent)s}[$__rate_interval])' % select },
      { legend: '{{instance}} failed: {{stage}}', expr: 'rate(tidewait_round_failures_total{%(agent)s}[$__rate_interval])' % select },
    ],
    w=8,
  ) + panel.unit('cps'),
  panel.lines(
    'What could not be counted exactly',
    'missed: TIME_WAITs that came and went between two rounds, a second: shorten --interval. uncounted: sockets beyond the number of destinations that are told apart. ledger 0: too many TIME_WAITs to know each.',
    [
      { legend: '{{instance}} {{netns}} missed', expr: 'rate(tidewait_time_wait_missed_total{%(netns)s}[$__rate_interval])' % select },
      { legend: '{{instance}} {{netns}} uncounted', expr: 'tidewait_destination_uncounted_sockets{%(netns)s}' % select },
      { legend: '{{instance}} {{netns}} ledger exact', expr: 'tidewait_time_wait_ledger_exact{%(netns)s}' % select },
    ],
    w=8,
  ),
];

local cost(config) = [
  panel.row('What does it cost?'),
  panel.lines(
    'CPU',
    'Share of one core. Above the dashed line it uses more than twice its budget: look at sockets seen and at requests beside; lower --cpu-budget or scrape less often.',
    { legend: '{{instance}}', expr: 'rate(process_cpu_seconds_total{%(agent)s}[$__rate_interval])' % select },
    w=8,
  ) + panel.unit('percentunit') + panel.limits(config.cpuBudget, config.cpuBudget * config.cpuBudgetFactor),
  panel.lines(
    'Time that a round takes',
    'The 99th percentile. It grows with the number of sockets, about 0.3 s for a million; the interval grows with it.',
    { legend: '{{instance}}', expr: 'histogram_quantile(0.99, sum without (netns) (rate(tidewait_round_duration_seconds_bucket{%(agent)s}[$__rate_interval])))' % select },
    w=8,
  ) + panel.unit('s'),
  panel.lines(
    'Sockets that a round sees',
    'What the cost depends on.',
    { legend: '{{instance}}', expr: 'tidewait_round_sockets{%(agent)s}' % select },
    w=8,
  ),
  panel.lines(
    'Memory',
    'Resident. It depends on what is tracked (--max-ports, --history), not on the number of sockets; steady growth would be a bug.',
    { legend: '{{instance}}', expr: 'process_resident_memory_bytes{%(agent)s}' % select },
    w=8,
  ) + panel.unit('bytes'),
  panel.lines(
    'File descriptors, over what is allowed',
    'Near 100 % test-binds and clients fail: raise the limit of open files, or lower --web.max-connections.',
    { legend: '{{instance}}', expr: 'process_open_fds{%(agent)s} / process_max_fds{%(agent)s}' % select },
    w=8,
  ) + panel.unit('percentunit') + panel.range(0, 1) + panel.limits(0.8, 0.95),
  panel.lines(
    'Test-binds',
    'failed: none could be made, for lack of a descriptor or memory. A bind that is refused is an answer and does not count.',
    [
      { legend: '{{instance}} made', expr: 'rate(tidewait_probes_total{%(agent)s}[$__rate_interval])' % select },
      { legend: '{{instance}} failed', expr: 'rate(tidewait_probe_failures_total{%(agent)s}[$__rate_interval])' % select },
    ],
    w=8,
  ) + panel.unit('cps'),
];

local served = [
  panel.row('Who asks it?'),
  panel.lines(
    'Requests',
    'By path and status code. 503 of /readyz: it is not ready, and says why. 401: a wrong password.',
    { legend: '{{path}} {{code}}', expr: 'sum by (path, code) (rate(tidewait_http_requests_total{%(agent)s}[$__rate_interval]))' % select },
  ) + panel.unit('reqps'),
  panel.lines(
    'Requests and connections refused',
    'host: not a name that it answers to (--web.allowed-host). per_address, connections: too many at a time. deadline: too slow. auth: no or wrong password; steady: somebody guesses.',
    { legend: '{{reason}}', expr: 'sum by (reason) (rate(tidewait_http_rejected_total{%(agent)s}[$__rate_interval]))' % select },
  ) + panel.unit('reqps'),
];

local settings = [
  panel.row('What does the kernel allow?'),
  panel.table(
    'Kernel settings',
    'Of each namespace. Hosts of one kind that differ here behave differently under load.',
    [
      'tidewait_ephemeral_ports{%(netns)s}' % select,
      'tidewait_ephemeral_ports_reserved{%(netns)s}' % select,
      'tidewait_tcp_tw_reuse{%(netns)s}' % select,
      'tidewait_tcp_fin_timeout_seconds{%(netns)s}' % select,
      'tidewait_time_wait_limit{%(netns)s}' % select,
      'tidewait_somaxconn{%(netns)s}' % select,
      'tidewait_unprivileged_port_start{%(netns)s}' % select,
    ],
    {
      'Value #A': 'ip_local_port_range',
      'Value #B': 'reserved of it',
      'Value #C': 'tcp_tw_reuse',
      'Value #D': 'tcp_fin_timeout',
      'Value #E': 'tcp_max_tw_buckets',
      'Value #F': 'somaxconn',
      'Value #G': 'ip_unprivileged_port_start',
    },
    w=24,
    h=6,
  )
  + panel.field('tcp_tw_reuse', { mappings: style.words([[0, 'no', 'text'], [1, 'yes', 'text'], [2, 'on loopback', 'text']]) })
  + panel.field('tcp_fin_timeout', { unit: 's' }),
];

function(config) dashboard.new(
  'tidewait-agent',
  'tidewait / agent',
  'The agents themselves: whether what they tell is fresh and whole, what they cost, and who asks them.',
  [variables.datasource, variables.job, variables.instance, variables.netns],
  fresh(config) + cost(config) + served + settings,
)
