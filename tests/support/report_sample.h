/* Reports for tests, built in memory. Whatever cannot be built ends the test; pointers last until the next addition. */
#pragma once

#include "model/report.h"

/* 2026-11-22T19:03:28.300Z */
#define REPORT_SAMPLE_TAKEN_NS INT64_C(1795374208300000000)

static inline void report_sample_freep(struct report **report)
{
    report_unref(*report);
}

/* A round that succeeded, on a host where every setting and counter is known; no sockets. */
struct report *report_sample_new(void);
/* A round that failed in its walk over TCP, after others that succeeded. */
struct report *report_sample_failed(void);
/*
 * Six ports: 22/tcp has a listener and two connections, 127.0.0.1:5432/tcp (watched) and 8080/tcp are held by
 * TIME_WAIT, 9000/tcp (watched) is free, 33333/tcp an outgoing connection's, 53/udp a resolver's.
 */
struct report *report_sample_host(void);

/* endpoint as endpoint_parse() reads it. Its counts are those of no socket. */
struct report_port *report_sample_port(struct report *report, const char *endpoint, enum verdict_kind kind,
                                       enum cause cause);
struct holder *report_sample_holder(struct report_port *port, enum sock_state state, const char *local, uint64_t count);
/* Alive, uid 1000, neither unit nor container. */
struct owner *report_sample_owner(struct holder *holder, const char *process, int32_t pid);
void report_sample_bind(struct report_port *port, const char *address, bool reuseaddr, int error);
void report_sample_explain(struct report_port *port, const char *explanation);
struct report_listener *report_sample_listener(struct report *report, const char *address, uint16_t port);
/* label: NULL for a port. */
struct report_counts *report_sample_counts(struct report *report, enum protocol protocol, uint16_t port,
                                           const char *label);
struct address report_sample_address(const char *text);
