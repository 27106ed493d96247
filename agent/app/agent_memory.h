/* What the running agent remembers and a single look cannot know: who had the sockets that have no process any more. */
#pragma once

#include "model/verdict.h"

/*
 * Asks the agent on loopback, if one is there, for the verdict's sockets that nobody has open, and waits for it no
 * longer than an instant. An agent of another network namespace is not believed. now_ns: CLOCK_REALTIME of the verdict.
 * Returns true when it named some; ret_seen_ns: when their processes were seen last.
 */
bool agent_memory_ask(struct verdict *verdict, int64_t now_ns, int64_t *ret_seen_ns);
