/* Accept queues that overflow. Private to the judge. */
#pragma once

#include "change_look.h"
#include "judge/changes.h"

/*
 * The kernel counts for all listeners together; which one it is shows in the table, where it may be full a moment
 * before or after. So what has no full queue in its own round waits for the next one.
 */
void change_queues_look(const struct change_look *look, struct change_queues *queues);
