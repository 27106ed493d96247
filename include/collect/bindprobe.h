/*
 * The test-bind: would a bind of this kind work now? It never listens, and holds the port for microseconds.
 *
 * Only a TCP bind with SO_REUSEADDR goes unnoticed by services that set SO_REUSEADDR themselves; a plain one can make
 * such a service fail, and a UDP bind with SO_REUSEADDR would steal datagrams: so UDP is always bound plainly.
 */
#pragma once

#include "model/kernel.h"
#include "model/verdict.h"

/*
 * Binds and closes. ret_result holds the outcome, an errno of bind() included (and EAFNOSUPPORT, when the kernel
 * lacks the family). Returns 0; a negative errno when no bind could be tried (no descriptor, no memory); -EINVAL for
 * UDP with reuseaddr.
 */
must_use int bindprobe_try(enum protocol protocol, const struct address *address, uint16_t port, bool reuseaddr,
                           struct bind_result *ret_result);

/*
 * False where a bind would do harm: before Linux 6.18, a bind to one address inside ip_local_port_range can keep
 * connect() from ever sharing that port again. An unknown release or range counts as harm.
 */
bool bindprobe_is_harmless(const struct kernel_settings *settings, const struct address *address, uint16_t port);
