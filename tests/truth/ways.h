/* Every way in which tidewait comes to a verdict, each held against what bind() itself says in that moment. */
#pragma once

#include "agreement.h"
#include "inquiry.h"

enum way {
    WAY_WHY,              /* `why`: every bind made */
    WAY_GENTLE,           /* `wait`: binds with SO_REUSEADDR made, plain ones inferred */
    WAY_TABLE,            /* the table alone, for who asks */
    WAY_AGENT,            /* a round of the agent */
    WAY_AGENT_TABLE,      /* a round of the agent with --probe off */
    WAY_BEFORE_6_8,       /* the agent on a kernel that hides sockets that are bound but not listening */
    WAY_TABLE_BEFORE_6_8, /* the same with --probe off */
};
#define WAY_COUNT 7
const char *way_name(enum way way);

struct ways {
    struct inquiry inquiry;
    struct agreement_tally tally[WAY_COUNT];
};

/* In the namespace that the thread is in. */
must_use int ways_open(struct ways *ways, struct error *error);
/* Opens it anew in the namespace that the thread is in now; the tally goes on. */
must_use int ways_reopen(struct ways *ways, struct error *error);
void ways_done(struct ways *ways);

/* True when a socket of this process on the endpoint's port is bound only, and this kernel keeps it from its table. */
bool ways_holder_is_hidden(const struct ways *ways, const struct endpoint *endpoint);

/*
 * The cause as far as the source of the sockets tells it: who opened a connection, /proc/net does not. Then it is what
 * a port outside ip_local_port_range is there for.
 */
enum cause ways_cause_shown(const struct ways *ways, enum cause cause, enum sock_state state);

/*
 * Asks about the endpoint in all ways. Returns 0, the verdict of `why` owned by the caller, ret_truth what bind() says;
 * -EBADE when a way is wrong, with what it said; another negative errno when a way could not be gone at all.
 */
must_use int ways_compare(struct ways *ways, const struct endpoint *endpoint, struct verdict *ret_why,
                          struct direct *ret_truth, struct error *error);

/* One line a way, on standard output. */
void ways_print_tally(const struct ways *ways);
