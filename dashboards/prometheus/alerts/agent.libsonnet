// The agent itself: while it does not measure, all other alerts are silent.
local alert = import 'alert.libsonnet';

function(config) {
  name: 'tidewait-agent',
  rules: [
    alert.new(config, about)
    for about in [
      {
        name: 'TidewaitAgentDown',
        severity: 'warning',
        pending: config.pending.agentDown,
        expr: |||
          up{%(selector)s} == 0
        |||,
        summary: 'An agent cannot be scraped.',
        description: 'The agent {{ $labels.instance }} does not answer: nothing is known of the ports of its host.',
      },
      {
        name: 'TidewaitAgentStale',
        severity: 'warning',
        pending: config.pending.agentStale,
        expr: |||
          time() - tidewait_last_round_success_timestamp_seconds{%%(selector)s}
            > %(staleIntervals)d * tidewait_interval_seconds{%%(selector)s} + %(staleClockSeconds)d
        ||| % config,
        summary: 'What an agent shows is old.',
        description: 'The agent {{ $labels.instance }} answers, but looked at the sockets ' +
                     '{{ $value | humanizeDuration }} ago.',
      },
      {
        name: 'TidewaitAgentFailing',
        severity: 'warning',
        pending: config.pending.agentFailing,
        expr: |||
          increase(tidewait_round_failures_total{%%(selector)s}[%(failures)s]) > 0
        ||| % config.window,
        summary: 'An agent cannot look at the sockets of its host.',
        description: 'About {{ $value | humanize }} rounds of the agent {{ $labels.instance }} failed in the last ' +
                     config.window.failures + ', in the stage {{ $labels.stage }}. Its /readyz says why.',
      },
      {
        name: 'TidewaitAgentOverBudget',
        severity: 'info',
        pending: config.pending.agentOverBudget,
        expr: |||
          rate(process_cpu_seconds_total{%%(selector)s}[%(window)s]) > %(most)g
        ||| % { window: config.window.cpu, most: config.cpuBudget * config.cpuBudgetFactor },
        summary: 'An agent takes more of the processor than it was given.',
        description: ('The agent {{ $labels.instance }} takes {{ $value | humanizePercentage }} of one core; its ' +
                      'budget is %g %%.') % (config.cpuBudget * 100),
      },
    ]
  ],
}
