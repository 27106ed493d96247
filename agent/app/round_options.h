/* What a round looks at, and how. */
#pragma once

#include "model/census.h"
#include "options.h"

struct round_options {
    const struct watch *watches; /* in the order of options.h; must outlive the round, or until it is reconfigured */
    size_t watch_count;          /* of the namespace that the agent is in */
    struct census_limits limits; /* max_ports: in all namespaces together */
    bool probe;
    int64_t probe_interval_ns;
    bool owners;
    double cpu_budget;              /* share of one core that looking for owners keeps within; 0: no limit */
    bool directions;                /* ask every connection who opened it: dear, for a single look only */
    bool thrifty;                   /* where nothing is connected, look at the rest of the table only now and then */
    bool every_netns;               /* look at all namespaces that can be found, not only at the own one */
    const char *const *netns_paths; /* at these, too; they must live as long as watches */
    size_t netns_path_count;
    const char *place; /* of the own one, as --netns takes it; NULL: its commands are given in it */
};

/* Those of the agent; they point into its options. */
struct round_options round_options_of(const struct options *options);
