// Ephemeral ports by where they lead: connect() fails when a destination has none left, whatever the host's total is.
local expressions = import '../expressions.libsonnet';
local alert = import 'alert.libsonnet';

function(config)
  local ratio = expressions.destinationRatio;
  local why = 'See: tidewait why --exhaustion';
  local used = '{{ $value | humanizePercentage }} of the ephemeral ports towards %s, are used on %s: %s. ' + why;
  {
    name: 'tidewait-destinations',
    rules: [
      alert.new(config, about)
      for about in [
        {
          name: 'TidewaitDestinationFilling',
          severity: 'warning',
          pending: config.pending.destination,
          expr: '%s\n  >= %g\n' % [ratio, config.destinationWarningRatio],
          summary: 'Most ephemeral ports towards a destination are used.',
          description: used % [alert.destination, alert.place, 'when none is left, connect() fails'],
        },
        {
          name: 'TidewaitDestinationNearlyFull',
          severity: 'critical',
          pending: config.pending.destination,
          expr: '%s\n  >= %g\n' % [ratio, config.destinationCriticalRatio],
          summary: 'Nearly all ephemeral ports towards a destination are used.',
          description: used % [alert.destination, alert.place, 'connect() is about to fail'],
        },
        {
          name: 'TidewaitDestinationExhaustionPredicted',
          severity: 'warning',
          pending: config.pending.destinationPredicted,
          // A subquery instead of a recorded series, so that the alert needs no rule but itself.
          expr: ('predict_linear((\n%(ratio)s\n)[%(window)s:%(step)s], %(seconds)d) >= 1\n' +
                 'and\n%(ratio)s\n  >= %(least)g\n') % {
            ratio: ratio,
            window: config.window.prediction,
            step: config.window.predictionStep,
            seconds: config.destinationPredictionSeconds,
            least: config.destinationPredictionRatio,
          },
          summary: 'The ephemeral ports towards a destination will run out within the hour.',
          description: ('At the present pace none of the ephemeral ports towards %s, will be left on %s within the ' +
                        'hour. %s') % [alert.destination, alert.place, why],
        },
      ]
    ],
  }
