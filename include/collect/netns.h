/* Which network namespace this is. */
#pragma once

/*
 * "host" when it is the one that the machine's first process has, "container" when it is another, "unknown" when
 * /proc does not let us tell. A constant.
 */
const char *netns_scope(void);
