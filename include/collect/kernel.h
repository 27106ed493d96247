/* Reads settings and counters of the namespace that the calling thread is in. */
#pragma once

#include "base/error.h"
#include "model/kernel.h"

/* What cannot be read is KERNEL_UNKNOWN. Fails, with the file named, only without ip_local_port_range: the census needs
 * it. */
must_use int kernel_read_settings(struct kernel_settings *ret_settings, struct error *error);
/* What cannot be read is KERNEL_UNKNOWN. */
void kernel_read_counters(struct kernel_counters *ret_counters);
/* TCP segments that have come in since the namespace was made (Tcp InSegs of /proc/net/snmp); or KERNEL_UNKNOWN. */
int64_t kernel_read_segments(void);
