/* What the kernel of a namespace says of itself: settings and counters. What could not be read is KERNEL_UNKNOWN. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_UNKNOWN INT64_C(-1)

#define PORT_SET_WORDS 1024

/* A set of ports. */
struct port_set {
    uint64_t words[PORT_SET_WORDS];
};
bool port_set_has(const struct port_set *set, uint16_t port);
void port_set_add(struct port_set *set, uint16_t port);
/* These write only where something changes: a set that stays empty, in a page that was never written, costs none. */
void port_set_clear(struct port_set *set);
void port_set_copy(struct port_set *set, const struct port_set *from);

/* Sysctls of net.ipv4 and net.core, under the names of Documentation/networking/ip-sysctl.rst. */
struct kernel_settings {
    int64_t local_port_low; /* ip_local_port_range, both ends included */
    int64_t local_port_high;
    bool reserved_known;
    int64_t unprivileged_port_start;
    int64_t max_tw_buckets;
    int64_t tw_reuse;          /* 0 off, 1 on, 2 loopback only */
    int64_t tw_reuse_delay_ms; /* a TIME_WAIT is reusable after so long; kernels without the setting: 1 s */
    int64_t timestamps;        /* tcp_timestamps: without them nothing is reusable */
    int64_t fin_timeout_seconds;
    int64_t somaxconn;
    int64_t tick_ns;       /* length of a jiffy: 1 s / HZ */
    int64_t release_major; /* of uname -r: 6.18.44 is 6, 18 */
    int64_t release_minor;
    struct port_set reserved; /* ip_local_reserved_ports */
};
/* As an assignment does, writing as port_set_copy(). */
void kernel_settings_copy(struct kernel_settings *settings, const struct kernel_settings *from);

/* TcpExt of /proc/net/netstat. All of them count since the namespace was made. */
struct kernel_counters {
    int64_t time_wait;          /* TW */
    int64_t time_wait_killed;   /* TWKilled */
    int64_t time_wait_recycled; /* TWRecycled */
    int64_t time_wait_overflow; /* TCPTimeWaitOverflow */
    int64_t listen_overflows;   /* ListenOverflows */
    int64_t listen_drops;       /* ListenDrops */
};

/* True when connect() and bind(0) may pick the port. False when the range is not known. */
bool kernel_port_is_ephemeral(const struct kernel_settings *settings, uint16_t port);
/* Those of ports 64 * index to 64 * index + 63 that are in ip_local_port_range, reserved or not, as in a port_set. */
uint64_t kernel_range_word(const struct kernel_settings *settings, size_t index);
/* True when the port is in ip_local_port_range, reserved or not. */
bool kernel_port_in_range(const struct kernel_settings *settings, uint16_t port);
/* How many ports of ip_local_port_range are reserved; KERNEL_UNKNOWN when either is not known. */
int64_t kernel_reserved_count(const struct kernel_settings *settings);
/* True when the release is at least major.minor; false when it is not known. */
bool kernel_is_at_least(const struct kernel_settings *settings, int64_t major, int64_t minor);
/*
 * How late, at most, a timer armed for armed_ms ends a minisocket after it was due: one step of the timer wheel's
 * level (kernel/time/timer.c: 64 slots a level, each level 8 times coarser), and the jiffy it is counted in. Where the
 * tick is not known, no less than with any.
 */
int64_t kernel_timer_slack_ms(const struct kernel_settings *settings, int64_t armed_ms);
