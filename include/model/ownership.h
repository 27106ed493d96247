/*
 * Who has the TCP sockets of tracked ports, and who had those that have lost their process: a TIME_WAIT and an orphan
 * have no inode, but they keep the cookie of the socket that they were. What was never seen open is inferred from the
 * listener at its address at that time. Memory is bounded, whatever the number of sockets.
 */
#pragma once

#include "model/holder.h"
#include "model/sock.h"

/* Connections that are remembered by cookie. With more, the further ones are inferred from their listener. */
#define OWNERSHIP_CONNECTIONS_MAX 4096
/* Listeners, those included that are gone: of these the oldest go first, and each after so long. */
#define OWNERSHIP_LISTENERS_MAX 512
#define OWNERSHIP_GONE_AFTER_NS (INT64_C(600) * 1000 * 1000 * 1000)
/* Processes that are remembered, each once. */
#define OWNERSHIP_PROCESSES_MAX 1024

struct ownership;

must_use int ownership_new(struct ownership **ret_ownership);
void ownership_free(struct ownership *ownership);
static inline void ownership_freep(struct ownership **ownership)
{
    ownership_free(*ownership);
}

/* Starts a round; also after one that failed half way. now_ns: CLOCK_MONOTONIC. */
void ownership_begin(struct ownership *ownership, int64_t now_ns);

/*
 * A TCP socket of a tracked port, in a round or after it; its listeners must have come before. Sets ret_claim to who
 * had it, if it has no process any more; and to its direction, if that has been found out. Of a listener, to who had it
 * in the round before: he may have ended since. Where memory lacks it is not remembered.
 */
void ownership_see(struct ownership *ownership, const struct sock *sock, struct claim *ret_claim);

/* The round was whole: what it did not see is gone. */
void ownership_end(struct ownership *ownership);

/*
 * Inodes of sockets of the last round whose process is not known yet; at most ownership_size(). Returns how many were
 * written.
 */
size_t ownership_unnamed(const struct ownership *ownership, uint32_t *ret_inodes);
size_t ownership_size(const struct ownership *ownership);

/* Who has the socket now; NULL and 0 when that is not known. */
typedef const struct owner *ownership_find(const void *context, uint32_t inode, size_t *ret_count);
/* Names those sockets, as far as find knows. */
void ownership_name(struct ownership *ownership, ownership_find *find, const void *context);

/* Looks whether the processes still live, by the function. now_ns: CLOCK_REALTIME, becomes last_seen_ns of those. */
void ownership_check(struct ownership *ownership, int64_t now_ns, bool (*is_alive)(const struct owner *owner));

/* The process of a claim, until the next ownership_begin(). */
const struct owner *ownership_process(const struct ownership *ownership, uint16_t process);
