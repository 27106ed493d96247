/*
 * Who holds a port: its sockets, gathered into groups of a kind, so that memory depends on how many kinds there
 * are and never on how many sockets.
 */
#pragma once

#include <stddef.h>

#include "model/sock.h"

#define OWNER_PROCESS_MAX                                                                                              \
    64 /* a process name is at most 15 bytes (comm), of a thread pool's leader more on some kernels */
#define OWNER_UNIT_MAX 128
#define OWNER_CONTAINER_MAX 72
#define OWNER_CONTAINER_NAME_MAX 192

/* What a process is written in, as far as its executable tells: remedies show code for it. */
enum runtime { RUNTIME_UNKNOWN, RUNTIME_C, RUNTIME_GO, RUNTIME_JAVA, RUNTIME_NODE, RUNTIME_PYTHON };

/* A process that has a socket open. Strings are NUL-terminated bytes from outside: not yet valid UTF-8. */
struct owner {
    int32_t pid;
    uint32_t uid;
    char process[OWNER_PROCESS_MAX];
    char unit[OWNER_UNIT_MAX];                     /* systemd unit, "" when none */
    char container[OWNER_CONTAINER_MAX];           /* container id, "" when none */
    char container_name[OWNER_CONTAINER_NAME_MAX]; /* "" when not known */
    int64_t last_seen_ns;                          /* CLOCK_REALTIME */
    uint64_t start_ticks; /* when it started, as proc_pid_stat(5) has it: a pid is used again */
    enum runtime runtime;
    bool alive;
    bool inferred; /* true: taken over from the listener, this socket itself was never seen open */
};

/* What to call the container of an owner that is in one: by its name, or by its id, shortened as engines do it. */
void holder_container_label(const struct owner *owner, char ret_label[static OWNER_CONTAINER_NAME_MAX]);

#define HOLDER_INODES_MAX 4

/* A socket option that may not be known. */
enum sockopt_value { SOCKOPT_UNKNOWN, SOCKOPT_OFF, SOCKOPT_ON };

/*
 * Whether the server of a listener can be started again at once while connections of its own are still ending. On Linux
 * that takes SO_REUSEADDR on both sides, or SO_REUSEPORT and the same user (inet_bind_conflict()).
 */
enum restart {
    RESTART_UNKNOWN, /* nobody looked, or there is no one to look at */
    RESTART_REFUSED, /* who looked may not: that takes CAP_SYS_PTRACE */
    RESTART_UNSAFE,  /* it has neither option */
    RESTART_SAFE,
};
/* Of two that are started together: unsafe when one is, safe when both are. */
enum restart holder_worse_restart(enum restart left, enum restart right);

#define CLAIM_PROCESSES_MAX 4

/* Who had a socket that has no process any more, as far as it is remembered. Processes are numbered by ownership.h. */
struct claim {
    enum direction direction;
    uint16_t processes[CLAIM_PROCESSES_MAX];
    size_t count;
    bool inferred; /* from a listener, some of them */
};
/* Adds the processes of another claim to those there are, each once, as long as there is room. */
void claim_join(struct claim *claim, const struct claim *other);

/* Sockets of one port that agree in state, local address, direction and the rest of what a bind looks at. */
struct holder {
    enum sock_state state;
    enum direction direction;
    enum family family;
    enum v6only v6only;
    bool minisocket;
    bool many_locals; /* a group that gathers what the others had no room for: several local addresses of one family */
    uint32_t interface;
    struct address local;  /* as the kernel has it: IPv4-mapped on an IPv6 socket */
    struct address remote; /* of one of them, an example */
    uint16_t remote_port;  /* 0: has no peer */
    uint64_t count;
    uint32_t longest_remaining_ms;  /* minisockets: largest sock_due_ms() */
    uint32_t shortest_remaining_ms; /* minisockets */
    uint32_t queue_length;          /* listeners: of the fullest of the group */
    uint32_t queue_limit;
    uint32_t uid; /* of the first: the user who made the socket */
    enum sockopt_value
        reuseport; /* listeners: SO_REUSEPORT; known where several share an address, or by a look into the process */
    enum restart restart;               /* listeners: of the worst of the group, by a look into the process */
    uint32_t inodes[HOLDER_INODES_MAX]; /* of the first that have one */
    size_t inode_count;
    struct claim claim;   /* of those without an inode, and of listeners */
    struct owner *owners; /* owned by a verdict's holders, NULL in a census; in the order of the inodes */
    size_t owner_count;
};

#define HOLDERS_GROUPS_MAX 32

/* All groups of one (protocol, port). Zero-initialised is empty. */
struct holders {
    struct holder *groups; /* owned */
    size_t count;
    size_t capacity;
    uint64_t listener_signature; /* changes when a listener comes or goes */
    uint64_t other_signature;    /* changes when any other socket comes, goes or changes its state */
};

void holders_done(struct holders *holders);
/* Empties it but keeps the memory. */
void holders_reset(struct holders *holders);
/*
 * Folds one socket in. Beyond HOLDERS_GROUPS_MAX groups, sockets join the many_locals group of their state and
 * family. Returns 0 or -ENOMEM.
 */
must_use int holders_add(struct holders *holders, const struct sock *sock);
/* The same for a socket of which more is remembered than the table shows. */
must_use int holders_add_claimed(struct holders *holders, const struct sock *sock, const struct claim *claim);
