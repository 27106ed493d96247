/* The texts that the kernel's files hold, read strictly. Pure. Each returns 0, -EINVAL (not of the form) or -ERANGE. */
#pragma once

#include "base/cleanup.h"
#include "model/kernel.h"

/* One number and a newline, as most sysctls are: "60\n". */
must_use int kernel_text_integer(const char *text, int64_t *ret_value);

/* ip_local_port_range: "32768\t60999\n"; two ports, the smaller first. */
must_use int kernel_text_range(const char *text, int64_t *ret_low, int64_t *ret_high);

/* ip_local_reserved_ports: "1-3,80\n"; may be empty. */
must_use int kernel_text_ports(const char *text, struct port_set *ret_ports);

/* uname -r: "6.18.44-amd64" is 6, 18. */
must_use int kernel_text_release(const char *text, int64_t *ret_major, int64_t *ret_minor);

/*
 * One counter of /proc/net/netstat, where each group has a line of names and one of values, in the same order.
 * Returns -ENOENT when there is no such counter.
 */
must_use int kernel_text_counter(const char *text, const char *group, const char *name, int64_t *ret_value);
