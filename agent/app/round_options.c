#include "round_options.h"

#include "base/clock.h"

#define FORGET_AFTER_NS (3600 * CLOCK_NS_PER_S)

struct round_options round_options_of(const struct options *options)
{
    return (struct round_options){
        .watches = options->watches,
        .watch_count = options->watch_count,
        .limits = {.max_ports = options->max_ports,
                   .track_listeners = options->watch_listeners,
                   .track_traffic = true,
                   .forget_after_ns = FORGET_AFTER_NS},
        .probe = options->probe,
        .probe_interval_ns = options->probe_interval_ns,
        .owners = options->owners,
        .cpu_budget = options->cpu_budget,
        .every_netns = options->every_netns,
        .netns_paths = (const char *const *)options->netns_paths,
        .netns_path_count = options->netns_path_count,
    };
}
