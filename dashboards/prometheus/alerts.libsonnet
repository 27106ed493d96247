// Alerts. None needs a recorded series, so alerts.yml can be loaded alone. Labels are only taken away, never listed, so
// that those of targets and of a federation stay. What is unknown is absent and fires nothing; for that there is
// TidewaitAgentFailing.
{
  prometheusAlerts+:: {
    groups: [
      (import 'alerts/ports.libsonnet')($._config),
      (import 'alerts/destinations.libsonnet')($._config),
      (import 'alerts/queues.libsonnet')($._config),
      (import 'alerts/agent.libsonnet')($._config),
    ],
  },
}
