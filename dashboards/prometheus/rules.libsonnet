// Recording rules: what a fleet is watched by, a few series for each host (scrape/fleet.yml sends them on).
local expressions = import 'expressions.libsonnet';

{
  prometheusRules+:: {
    groups: [
      {
        name: 'tidewait-recorded',
        rules: [
          { record: rule.record, expr: rule.expr % { selector: $._config.jobSelector } }
          for rule in [
            {
              // Expectations that are not met; 0 when all are.
              record: 'instance_expect:tidewait_port_expected:count_unmet',
              expr: |||
                count without (protocol, address, port) (
                  tidewait_port_expected{%%(selector)s, expect="free"}
                    and ignoring (expect) %s == 1
                  or
                  tidewait_port_expected{%%(selector)s, expect="listening"}
                    unless ignoring (expect) %s == 1
                )
                or
                0 * count without (protocol, address, port) (tidewait_port_expected{%%(selector)s})
              ||| % [expressions.blocked, std.strReplace(expressions.served, '\n', '\n  ')],
            },
            {
              // Tracked ports by why they cannot be bound; a healthy listener is one of the causes.
              record: 'instance_cause:tidewait_port_blocked:sum',
              expr: 'sum without (protocol, address, port) (tidewait_port_blocked{%(selector)s, address="*"})',
            },
            {
              record: 'destination:tidewait_destination_ports_used:ratio',
              expr: expressions.destinationRatio + '\n',
            },
            {
              record: 'instance:tidewait_port_time_wait_entered:rate5m',
              expr: 'sum without (port) (rate(tidewait_port_time_wait_entered_total{%(selector)s}[5m]))',
            },
            {
              record: 'instance:process_cpu_seconds:rate5m',
              expr: 'rate(process_cpu_seconds_total{%(selector)s}[5m])',
            },
          ]
        ],
      },
    ],
  },
}
