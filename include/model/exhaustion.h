/*
 * Why outgoing connections fail, or do not: the source ports towards one destination, as an account that adds up.
 */
#pragma once

#include "model/report.h"

enum exhaustion_kind {
    EXHAUSTION_FAR,
    EXHAUSTION_NEAR, /* half of the ports are taken, or it will be full within the hour */
    EXHAUSTION_FULL, /* connect() fails */
};

/* What has taken most ports. */
enum exhaustion_filler { EXHAUSTION_BY_LIVE, EXHAUSTION_BY_TIME_WAIT, EXHAUSTION_BY_BIND };

/* size - reserved - bound - live - time_wait + reusable = left */
struct exhaustion_account {
    uint32_t size;     /* of ip_local_port_range */
    uint32_t reserved; /* of them, by ip_local_reserved_ports */
    uint32_t bound;    /* TCP: kept from every connect() by a bind(); UDP: in use towards anything else */
    uint32_t live;     /* of the others, taken towards the destination */
    uint32_t time_wait;
    uint32_t reusable; /* TIME_WAITs that connect() may take over */
    uint32_t left;
};

/* Processes of one name and one unit or container, that have sockets towards the destination open. */
struct exhaustion_opener {
    struct owner owner; /* one of them */
    bool several;
    uint32_t sockets;
};
#define EXHAUSTION_OPENERS_MAX 16

struct exhaustion {
    enum exhaustion_kind kind;
    enum exhaustion_filler filler;
    bool asked;           /* for this destination; else it is the fullest */
    struct source source; /* of the sockets; where it does not tell them, ports that bind() chose are in no count */
    /*
     * counts.port is 0 when it is no single one: TCP that has no outgoing connection, or all of UDP, where a port is
     * taken for every destination at once. counts.source is a wildcard when no connection leads there.
     */
    struct report_destination destination;
    struct exhaustion_account account;
    uint16_t low; /* ip_local_port_range */
    uint16_t high;
    uint32_t unused[PROTOCOL_COUNT]; /* ports, not reserved, that no socket has at all */
    uint32_t open; /* sockets that processes have towards the destination; UDP: on any port of the range */
    struct exhaustion_opener openers[EXHAUSTION_OPENERS_MAX]; /* those with the most of them first */
    size_t opener_count;
    char *explanation; /* owned; NULL until explained */
    struct remedy remedies[VERDICT_REMEDIES_MAX];
    size_t remedy_count;
};

/* Frees what it owns; a zero-initialised one is fine. */
void exhaustion_done(struct exhaustion *exhaustion);
