/*
 * One network namespace: its sockets, what is tracked of them, the verdicts. Each round looks at it from within, and
 * names the owners when all namespaces have been looked at.
 */
#pragma once

#include "collect/owner.h"
#include "model/census.h"
#include "model/report.h"
#include "round_options.h"

struct space;

/* turn: as an intake has it. Returns 0, -ENOSPC when more ports are watched than limits allow, or -ENOMEM. */
must_use int space_new(const struct round_options *options, uint64_t turn, struct space **ret_space);
void space_free(struct space *space);
static inline void space_freep(struct space **space)
{
    space_free(*space);
}

/* Between two rounds; see round_reconfigure(). Returns as space_new(): then nothing has changed. */
must_use int space_configure(struct space *space, const struct round_options *options);
/* From now on so many ports are tracked at the most; those that are stay. */
void space_limit(struct space *space, size_t max_ports);
/* As census_silent_since() and census_drop_silent(), between two rounds. */
int64_t space_silent_since(const struct space *space);
void space_drop_silent(struct space *space);

/*
 * Fills netns but for its name and the owners, while the thread is in the namespace, the same one each time. Returns 0;
 * or a negative errno with the stage and the reason: netns is then half filled.
 */
must_use int space_look(struct space *space, const struct moment *now, struct report_netns *netns,
                        enum round_stage *ret_stage, struct error *error);

/* At most how many inodes there are, and which: of the sockets that hold tracked ports. Returns how many were written.
 */
size_t space_inodes_max(const struct space *space);
size_t space_inodes(const struct space *space, uint32_t *ret_inodes);
/* Completes what the last space_look() has filled. owners may be NULL. Returns 0 or -ENOMEM. */
must_use int space_name_owners(struct space *space, struct owners *owners, struct report_netns *netns);

/* Of the last look, until the next one. */
const struct census *space_census(const struct space *space);
const struct kernel_settings *space_settings(const struct space *space);
/* Adds the test-binds made, and those that could not be made, since the last call. */
void space_count_probes(struct space *space, struct report_agent *agent);
