/*
 * What a census tracks of traffic over several rounds: entries into TIME_WAIT, where ephemeral ports lead, and which of
 * them no connect() can use, because bind() chose them.
 */
#pragma once

#include "model/destinations.h"
#include "model/entered.h"
#include "model/kernel.h"
#include "model/ledger.h"

struct traffic;

/* max_ports: of those that get a counter of their own. */
must_use int traffic_new(size_t max_ports, struct traffic **ret_traffic);
void traffic_free(struct traffic *traffic);
static inline void traffic_freep(struct traffic **traffic)
{
    traffic_free(*traffic);
}

/* As entered_allow(): for max_ports in all, and at least so many more than have one now. */
void traffic_allow(struct traffic *traffic, size_t max_ports, size_t more);
/* As entered_label(); when there is no room the port counts in a sum. */
void traffic_label(struct traffic *traffic, uint16_t port);

/* Starts a round, for which settings must last; what a round that was not ended had told is forgotten. */
void traffic_begin(struct traffic *traffic, int64_t now_ns, const struct kernel_settings *settings);
/* Listeners and bound sockets first. in_range: of ip_local_port_range. Returns 0 or -ENOMEM. */
must_use int traffic_add(struct traffic *traffic, const struct sock *sock, bool in_range);
/* The round was whole. */
void traffic_end(struct traffic *traffic);

/* The rest is for after traffic_end(). A connection whose port was chosen by bind(). */
void traffic_add_chosen(struct traffic *traffic, const struct sock *sock);
const struct port_set *traffic_bound_ports(const struct traffic *traffic);
const struct ledger *traffic_ledger(const struct traffic *traffic);
const struct entered *traffic_entered(const struct traffic *traffic);
const struct destinations *traffic_destinations(const struct traffic *traffic);
