/*
 * One endpoint, asked about now: the sockets of its port, fresh binds, the owners, the verdict in words with its
 * remedies. What `why`, `wait` and `release` have in common; needs no agent.
 */
#pragma once

#include "collect/owner.h"
#include "collect/sockets.h"
#include "container_names.h"
#include "model/kernel.h"
#include "model/verdict.h"

struct inquiry {
    struct sockets *sockets;
    struct owners *owners;
    struct container_names *container_names;
    struct kernel_settings settings;
};

/* Which binds an inquiry makes. */
enum inquiry_binds {
    INQUIRY_NO_BIND, /* the table alone */
    INQUIRY_GENTLE,  /* only what no service that sets SO_REUSEADDR can notice */
    INQUIRY_ALL,     /* and one plain bind for each address, where it does no lasting harm */
};

must_use int inquiry_open(struct inquiry *ret_inquiry, struct error *error);
void inquiry_done(struct inquiry *inquiry);

struct inquiry_question {
    const struct endpoint *endpoint;
    enum inquiry_binds binds;
    int64_t now_ns; /* CLOCK_MONOTONIC: the verdict's times count from then, however long the look takes */
    const struct bind_result
        *made; /* of these binds, made just now: made again only if the table speaks against them */
    size_t made_count;
};

/*
 * Returns 0, the verdict (judged for who asks, not yet in words) owned by the caller; or a negative errno when the
 * sockets cannot be read.
 */
must_use int inquiry_ask(struct inquiry *inquiry, const struct inquiry_question *question, struct verdict *ret_verdict,
                         struct error *error);

/*
 * Adds owners, explanation and remedies. now_ns: CLOCK_REALTIME; netns: as in remedies_suggest(). Returns 0 or a
 * negative errno.
 */
must_use int inquiry_explain(struct inquiry *inquiry, int64_t now_ns, const char *netns, struct verdict *verdict);

/* What keeps some owners of the verdict's holders out of sight, and what would show them; NULL: nothing. A constant. */
const char *inquiry_missing(const struct inquiry *inquiry, const struct verdict *verdict);
/* The same, when it is known that some owners are. */
const char *inquiry_why_missing(const struct inquiry *inquiry);
