/* What the running agent remembers and a single look cannot know: who had the sockets that have no process any more. */
#pragma once

#include "model/report.h"

/*
 * Asks the agent on loopback, if one is there, for the verdict's sockets that nobody has open, and waits for it no
 * longer than an instant. What it says of another network namespace than the thread's is not believed. home: of the
 * namespace where the agent is, -1 for the thread's own. now_ns: CLOCK_REALTIME of the verdict. Returns true when it
 * named some; ret_seen_ns: when their processes were seen last.
 */
bool agent_memory_ask(struct verdict *verdict, int home, int64_t now_ns, int64_t *ret_seen_ns);

/* The same for all ports of the report's own namespace, which is the thread's, with one question; marks the verdicts.
 */
void agent_memory_ask_all(struct report *report, int home);
