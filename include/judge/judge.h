/*
 * From evidence to verdict. Pure: no socket, no file, no clock.
 *
 * Source of the rules: inet_csk_bind_conflict() and inet_csk_get_port() in net/ipv4/inet_connection_sock.c;
 * udp_lib_lport_inuse() in net/ipv4/udp.c.
 */
#pragma once

#include "model/kernel.h"
#include "model/verdict.h"

/* Whose question it is: `why` asks as the one who would bind, the agent on behalf of services with other rights. */
enum judge_asker { JUDGE_FOR_AGENT, JUDGE_FOR_WHY };

struct judge_evidence {
    struct endpoint endpoint;
    enum judge_asker asker;
    const struct holders *holders; /* every socket of the port, as the table has it */
    bool table_shows_bound;        /* false: sockets that are bound but not listening are hidden */
    struct source source;          /* of the table */
    const struct kernel_settings *settings;
    const struct bind_result *performed; /* test-binds of this endpoint's addresses; may be none */
    size_t performed_count;
};

/* Returns 0, the verdict owned by the caller (verdict_done); or -ENOMEM. */
must_use int judge(const struct judge_evidence *evidence, struct verdict *ret_verdict);

/*
 * True when a second, closer look could change the verdict: a bind and the table disagree, or the cause depends on
 * who opened a connection and the table does not say.
 */
bool judge_wants_closer_look(const struct verdict *verdict);
