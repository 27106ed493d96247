// The one place for selectors, thresholds and times. To change one, import mixin.libsonnet and override it:
//   (import 'mixin.libsonnet') { _config+:: { jobSelector: 'job=~"tidewait.*"' } }
{
  _config+:: {
    // Which targets are agents.
    jobSelector: 'job="tidewait"',

    // An alert's page is there under its name, with the suffix .md.
    runbookUrlPrefix: 'https://github.com/tidewait/tidewait/blob/main/dashboards/runbooks/',

    // Ephemeral ports used towards a destination, over those usable.
    destinationWarningRatio: 0.8,
    destinationCriticalRatio: 0.95,
    // Below it nothing is predicted: what is small grows fast.
    destinationPredictionRatio: 0.2,
    destinationPredictionSeconds: 3600,

    // Share of one core: the agent's --cpu-budget, and how often that it may take. The budget spaces the looks at the
    // sockets; answering requests comes on top.
    cpuBudget: 0.01,
    cpuBudgetFactor: 2,

    // Rounds that may be missed, and what the clocks of two hosts may differ by.
    staleIntervals: 3,
    staleClockSeconds: 30,

    // How far back rates look.
    window: {
      overflow: '5m',
      prediction: '15m',
      predictionStep: '1m',
      failures: '5m',
      cpu: '15m',
    },

    // How long it must be so before an alert fires ("for").
    pending: {
      // A TIME_WAIT lasts a minute, and blocks for that long.
      portBlocked: '30s',
      // Longer than a restart takes.
      listenerMissing: '1m',
      portStolen: '1m',
      portExposed: '15m',
      restartUnsafe: '15m',
      destination: '1m',
      // As long as the prediction looks back, so that a single step up is not taken for a trend.
      destinationPredicted: '15m',
      queueFull: '1m',
      // As long as its rate looks back, so that a single burst is not enough.
      overflow: '5m',
      agentDown: '5m',
      agentStale: '2m',
      agentFailing: '5m',
      agentOverBudget: '15m',
    },
  },
}
