// A dashboard of panels, with the variables that all have, and links to the others.
local datasource = { type: 'prometheus', uid: '${datasource}' };

// Where each panel stands: side by side while there is room, then below the highest of the line.
local placed(panels) = std.foldl(
  function(so_far, panel)
    local size = panel.gridPos;
    local fits = so_far.x + size.w <= 24;
    local x = if fits then so_far.x else 0;
    local y = if fits then so_far.y else so_far.below;
    {
      x: x + size.w,
      y: y,
      below: std.max(if fits then so_far.below else 0, y + size.h),
      panels: so_far.panels + [panel { id: std.length(so_far.panels) + 1, gridPos+: { x: x, y: y } }],
    },
  panels,
  { x: 0, y: 0, below: 0, panels: [] },
).panels;

local query_variable(name, label, query, type) = {
  name: name,
  label: label,
  type: 'query',
  datasource: datasource,
  query: { qryType: type, query: query, refId: 'PrometheusVariableQueryEditor-VariableQuery' },
  definition: query,
  // Asked again when the time range changes: what there was then.
  refresh: 2,
  sort: 1,
  multi: false,
  includeAll: false,
};

local label_values(name, label, query) = query_variable(name, label, 'label_values(%s)' % query, 1);
local several = { multi: true, includeAll: true, current: { text: ['All'], value: ['$__all'] } };

// The agent's own namespace has no label netns, and no name that Grafana could offer matches its absence. So this variable
// holds regular expressions with words of their own; as it is for one choice only, Grafana leaves them as they are.
local netns_query =
  'label_replace(label_replace(vector(1), "text", "all", "", ""), "value", ".*", "", "") or '
  + 'label_replace(label_replace(label_replace(label_replace('
  + 'group by (netns) (tidewait_ephemeral_ports{job=~"$job", instance=~"$instance"}), '
  + '"text", "own", "netns", ""), "value", "()", "netns", ""), '
  + '"text", "$1", "netns", "(.+)"), "value", "$1", "netns", "(.+)")';

{
  // What limits a query to what is chosen, for "…{%(agent)s}" % select.
  select:: {
    agent: 'job=~"$job", instance=~"$instance"',
    netns: self.agent + ', netns=~"$netns"',
    own: self.agent + ', netns=""',
    port: self.netns + ', port="$port"',
    node: 'job=~"$node_job", instance=~"$node"',
  },

  // To the dashboard of a port; labels: where Grafana finds those of the cell or the line; netns: the namespaces to look at.
  port_link(labels, netns='${netns:queryparam}'):: '/d/tidewait-port?${datasource:queryparam}&${job:queryparam}&%s' % netns
                                                   + '&var-instance=${%s.instance:percentencode}' % labels
                                                   + '&var-port=${%s.port:percentencode}&${__url_time_range}' % labels,
  agent_link(labels):: '/d/tidewait-agent?${datasource:queryparam}&${job:queryparam}'
                       + '&var-instance=${%s.instance:percentencode}&${__url_time_range}' % labels,
  of_cell:: '__data.fields',
  of_line:: '__field.labels',

  variables:: {
    datasource: {
      name: 'datasource',
      label: 'Data source',
      type: 'datasource',
      query: 'prometheus',
      refresh: 1,
      multi: false,
      includeAll: false,
    },
    // All are those that are listed, not .+: up is everybody's metric.
    job: label_values('job', 'Job', 'tidewait_build_info, job') + several,
    // By up, so that an agent that is down can be chosen, too.
    instance: label_values('instance', 'Instance', 'up{job=~"$job"}, instance') + several { allValue: '.+' },
    netns: query_variable('netns', 'Namespace', 'query_result(%s)' % netns_query, 3) {
      regex: '/text="(?<text>[^"]+)",value="(?<value>[^"]+)"/',
      sort: 0,
      current: { text: 'all', value: '.*' },
    },
    port: label_values('port', 'Port', 'tidewait_port_sockets{job=~"$job", instance=~"$instance", netns=~"$netns"}, port') {
      regex: '/^\\d+$/',
      sort: 3,
    },
    node_job: label_values('node_job', 'Job of node_exporter', 'node_sockstat_TCP_tw, job'),
    node: label_values('node', 'Instance of node_exporter', 'node_sockstat_TCP_tw{job=~"$node_job"}, instance'),
  },

  new(uid, title, description, variables, panels):: {
    uid: uid,
    title: title,
    description: description,
    tags: ['tidewait'],
    schemaVersion: 39,
    editable: false,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [] },
    links: [{
      title: 'tidewait',
      type: 'dashboards',
      tags: ['tidewait'],
      icon: 'external link',
      tooltip: 'The other dashboards, for the same choice',
      asDropdown: false,
      includeVars: true,
      keepTime: true,
      targetBlank: false,
    }],
    templating: { list: variables },
    panels: placed(panels),
  },
}
