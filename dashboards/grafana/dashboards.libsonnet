{
  grafanaDashboards+:: {
    'tidewait-overview.json': (import 'overview.libsonnet')($._config),
    'tidewait-port.json': (import 'port.libsonnet')($._config),
    'tidewait-agent.json': (import 'agent.libsonnet')($._config),
    'tidewait-node_exporter.json': (import 'node_exporter.libsonnet')($._config),
  },
}
