// Limits of the kernel that are reached: accept queues, TIME_WAIT buckets. Counters are those of the whole namespace.
local alert = import 'alert.libsonnet';

function(config) {
  name: 'tidewait-queues',
  rules: [
    alert.new(config, about)
    for about in [
      {
        name: 'TidewaitAcceptQueueFull',
        severity: 'critical',
        pending: config.pending.queueFull,
        expr: |||
          tidewait_listen_queue_length{%(selector)s} > tidewait_listen_queue_limit{%(selector)s}
        |||,
        summary: 'The accept queue of a server is full.',
        description: ('{{ $value | humanize }} connections wait for accept() on %s on %s, which is all that its ' +
                      'backlog allows: new clients get no answer.') % [alert.listener, alert.place],
      },
      {
        name: 'TidewaitAcceptQueueOverflows',
        severity: 'warning',
        pending: config.pending.overflow,
        expr: |||
          increase(tidewait_listen_overflows_total{%%(selector)s}[%(overflow)s]) > 0
        ||| % config.window,
        summary: 'Handshakes are dropped because accept queues are full.',
        description: ('About {{ $value | humanize }} handshakes were dropped on %s in the last ' +
                      config.window.overflow + ', because an accept queue was full: those clients waited a second or more.') %
                     alert.place,
      },
      {
        name: 'TidewaitTimeWaitOverflows',
        severity: 'warning',
        pending: config.pending.overflow,
        expr: |||
          increase(tidewait_time_wait_overflow_total{%%(selector)s}[%(overflow)s]) > 0
        ||| % config.window,
        summary: 'Connections end without TIME_WAIT because there are too many.',
        description: ('About {{ $value | humanize }} connections ended without a TIME_WAIT on %s in the last ' +
                      config.window.overflow + ', because net.ipv4.tcp_max_tw_buckets was reached.') % alert.place,
      },
    ]
  ],
}
