/*
 * The result of one round: sealed, immutable, reference-counted, shared by threads. A failed round has a report
 * too: it says what failed, and holds no counts at all, never zeros.
 */
#pragma once

#include "base/clock.h"
#include "model/destinations.h"
#include "model/kernel.h"
#include "model/summary.h"
#include "model/verdict.h"

/* Where a round can fail; the label of round_failures_total. */
enum round_stage { STAGE_OPEN, STAGE_TCP, STAGE_UDP, STAGE_KERNEL, STAGE_JUDGE };
#define ROUND_STAGE_COUNT 5
/* "open", "tcp", "udp", "kernel", "judge". */
const char *round_stage_name(enum round_stage stage);

/* What a watch says of an endpoint. */
enum expected { EXPECTED_NOTHING, EXPECTED_LISTENING, EXPECTED_FREE };
/* "listening", "free"; NULL for EXPECTED_NOTHING. */
const char *expected_name(enum expected expected);

/* A row of the ports: an endpoint with its verdict and the counts of its port. */
struct report_port {
    struct verdict verdict; /* endpoint: "*" for each tracked port, and each watched endpoint with an address */
    enum expected expected;
    bool in_ephemeral_range; /* outgoing connections can take it */
    uint64_t states[SOCK_STATE_COUNT];
    uint32_t longest_time_wait_ms;
    bool entered_known;               /* TCP, where traffic is known and the port has a counter of its own */
    uint64_t time_wait_entered_total; /* where that is known */
};

/* Counts of a label: a tracked port, or the sums `ephemeral` and `other`. */
struct report_counts {
    enum protocol protocol;
    uint16_t port;     /* 0 for a sum */
    const char *label; /* NULL for a port, else "ephemeral" or "other" */
    uint64_t states[SOCK_STATE_COUNT];
    uint32_t longest_time_wait_ms;
};

/* One listening (address, port); with several sockets, the fullest. */
struct report_listener {
    struct address address; /* unmapped */
    uint16_t port;
    uint32_t queue_length;
    uint32_t queue_limit;
    enum restart restart; /* of the worst of its sockets */
    struct owner owner;
    bool owner_known;
};

/* What entered TIME_WAIT under a label since the agent started. */
struct report_entered {
    uint16_t port;     /* 0 for a sum */
    const char *label; /* NULL for a port, else "ephemeral" or "other" */
    uint64_t total;
};

/* The ephemeral ports towards one destination. */
struct report_destination {
    struct destination counts;
    uint32_t usable;             /* by connect(), in all */
    bool at_most;                /* usable may be less: which ports bind() chose is not known */
    double exhausted_in_seconds; /* at the present rates; negative: not in sight */
};
#define REPORT_DESTINATIONS_MAX 20

/* What only several looks can tell. */
struct report_traffic {
    bool known;                     /* false: the rest is empty */
    struct report_entered *entered; /* by port, then the sums; no two alike */
    size_t entered_count;
    struct report_destination *destinations; /* owned, room for REPORT_DESTINATIONS_MAX; the fullest first; or NULL */
    size_t destination_count;
    double used_max_ratio[PROTOCOL_COUNT]; /* of the fullest destination; negative: not known */
    uint64_t uncounted;                    /* sockets of destinations beyond those that can be told apart */
    bool exact;                            /* every TIME_WAIT of this round was counted by its identity */
    int64_t
        missed_total; /* TIME_WAITs that came and went between two rounds, estimated; KERNEL_UNKNOWN without counters */
};

/* Of the kernel's settings what is shown; KERNEL_UNKNOWN: could not be read. */
struct report_settings {
    int64_t local_port_low; /* ip_local_port_range, both ends included */
    int64_t local_port_high;
    int64_t reserved_ports; /* in that range: how many of ip_local_reserved_ports */
    int64_t unprivileged_port_start;
    int64_t max_tw_buckets;
    int64_t tw_reuse; /* as struct kernel_settings has it */
    int64_t fin_timeout_seconds;
    int64_t somaxconn;
};

#define REPORT_NETNS_NAME_MAX 64
#define REPORT_NETNS_ID_MAX 64
#define REPORT_FAILURE_MAX 320

struct report_netns {
    char name[REPORT_NETNS_NAME_MAX]; /* "self" for the agent's own; no two alike */
    char scope[16];                   /* "host", "container" or "unknown" */
    char *place;                      /* owned: where it was found, as --netns takes it; NULL: it is the agent's own */
    char id[REPORT_NETNS_ID_MAX];     /* which one it is, on all machines; "" when that is not known */
    char failure[REPORT_FAILURE_MAX]; /* why the rest is empty, in words; "" when it is not */
    bool bound_inactive_known;
    struct source source; /* of the sockets */
    uint64_t totals[PROTOCOL_COUNT][FAMILY_COUNT][SOCK_STATE_COUNT];
    uint32_t ephemeral_used[PROTOCOL_COUNT];
    struct report_settings settings;
    struct kernel_counters counters;
    struct report_counts *counts; /* tracked ports, then ephemeral and other, by protocol */
    size_t count_count;
    struct report_port *ports; /* by protocol, port, "*" first, then address */
    size_t port_count;
    struct report_traffic traffic;
    struct report_listener *listeners; /* by port, then address; no two alike */
    size_t listener_count;
};

#define REPORT_DURATION_BUCKETS 8
/* Upper bounds in seconds of round_duration_seconds; +Inf follows. */
extern const double report_duration_bounds[REPORT_DURATION_BUCKETS];

/* What HTTP counted, by route and code, by reason; names are constants of the serve layer. */
struct report_http_count {
    const char *path;
    int code;
    uint64_t requests;
};
#define REPORT_HTTP_COUNTS_MAX 128

struct report_http_rejected {
    const char *reason;
    uint64_t count;
};
#define REPORT_HTTP_REJECTED_MAX 8

#define REPORT_SANDBOX_WORDS_MAX 4

/* The rights that the agent has left itself; the words are constants, NULL after the last. */
struct report_sandbox {
    bool on;       /* false: the rest is empty */
    bool filtered; /* system calls, by seccomp */
    unsigned uid;
    const char *kept[REPORT_SANDBOX_WORDS_MAX + 1];    /* capabilities: "CAP_SYS_PTRACE" */
    const char *unknown[REPORT_SANDBOX_WORDS_MAX + 1]; /* what cannot be found out, for lack of which capabilities */
};

/* How it went when the configuration was read last. */
struct report_reload {
    bool known; /* false: there is no file to read */
    bool successful;
    int64_t succeeded_ns; /* CLOCK_REALTIME of the last success; the start is one */
};

/* The agent about itself, counted since it started. */
struct report_agent {
    uint64_t rounds;
    uint64_t round_failures[ROUND_STAGE_COUNT];
    uint64_t duration_buckets[REPORT_DURATION_BUCKETS + 1]; /* rounds by duration, not cumulated */
    double duration_sum_seconds;
    uint64_t netns_watched;                /* namespaces whose sockets this round saw */
    uint64_t netns_unreachable;            /* those that it was to look at besides, and could not */
    uint64_t netns_hidden;                 /* processes whose namespace may not be read */
    char netns_reason[REPORT_FAILURE_MAX]; /* why not all is seen, in words; "" when it is */
    uint64_t probes;
    uint64_t probe_failures;
    uint64_t round_sockets;     /* of the last round that succeeded */
    double round_seconds;       /* duration of this round */
    double interval_seconds;    /* effective */
    struct moment last_success; /* zero: none yet */
    struct report_http_count http[REPORT_HTTP_COUNTS_MAX];
    size_t http_count;
    struct report_http_rejected http_rejected[REPORT_HTTP_REJECTED_MAX];
    size_t http_rejected_count;
    double process_cpu_seconds;
    uint64_t process_resident_bytes;
    uint64_t process_open_fds;
    uint64_t process_max_fds;
    double process_start_seconds; /* since 1970 */
    struct report_sandbox sandbox;
    struct report_reload reload;
};

struct report {
    struct moment taken_at;
    char host[256];
    bool failed;
    enum round_stage failed_stage;
    char failure[REPORT_FAILURE_MAX]; /* why, in words; "" when it did not fail */
    struct report_netns netns;        /* the agent's own; empty when failed */
    struct report_netns *others;      /* the others that it is told to look at, as they were found; none when failed */
    size_t other_count;
    struct report_agent agent;
    struct summary summary;
};

/* A report with one reference, all zero. NULL when memory lacks. */
struct report *report_new(void);
struct report *report_ref(struct report *report);
/* Drops one reference; the last one frees it. NULL is fine. Thread-safe. */
void report_unref(struct report *report);
static inline void report_unrefp(struct report **report)
{
    report_unref(*report);
}

/* Empties it but for its name, scope and place. */
void report_netns_fail(struct report_netns *netns, const char *failure);
/* The agent's own, then the others; index <= other_count. */
const struct report_netns *report_netns_at(const struct report *report, size_t index);
/* By its name, or by its inode as "ino-4026532450", which is always one, too. NULL when there is none. */
const struct report_netns *report_netns_find(const struct report *report, const char *name);
/* The row of an endpoint, or NULL. */
const struct report_port *report_port_find(const struct report_netns *netns, const struct endpoint *endpoint);
