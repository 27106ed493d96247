// One alert, and how descriptions call things.
{
  // about: name, severity, pending (its "for"), expr, summary, description; %(selector)s in expr stands for the agents.
  new(config, about):: {
    alert: about.name,
    expr: about.expr % { selector: config.jobSelector },
    'for': about.pending,
    labels: { severity: about.severity },
    annotations: {
      summary: about.summary,
      description: about.description,
      runbook_url: config.runbookUrlPrefix + about.name + '.md',
    },
  },

  // netns is empty in the agent's own namespace.
  place:: '{{ $labels.instance }}{{ with $labels.netns }}, netns {{ . }}{{ end }}',
  endpoint:: '{{ $labels.port }}/{{ $labels.protocol }} at address {{ $labels.address }}',
  why:: 'See: tidewait why {{ $labels.port }}/{{ $labels.protocol }}',
  listener:: '{{ $labels.port }}/tcp at address {{ $labels.address }}',
  destination:: '{{ $labels.destination }}, port {{ $labels.destination_port }}/{{ $labels.protocol }}, ' +
                'from {{ $labels.source }}',
}
