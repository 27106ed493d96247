/* Tables for a terminal. */
#pragma once

#include "base/buf.h"
#include "model/exhaustion.h"
#include "model/report.h"

/* How the terminal wants it. */
struct text_style {
    bool colour;
};

/*
 * The table of `tidewait ports`, from a report that did not fail; "no port has a listener" when it has no row; below
 * it, where there are any, that of the destinations that have taken most ephemeral ports; and a line when the sockets
 * were not read through netlink. Names are repaired to UTF-8,
 * their control characters replaced. Failure sticks to buf.
 */
void text_ports(const struct report *report, const struct text_style *style, struct buf *buf);

/* How `tidewait why` sees one endpoint. */
struct text_why {
    const struct verdict *verdict; /* explained, with owners and remedies */
    int64_t taken_at_ns;           /* CLOCK_REALTIME of the verdict; times of day are shown in the local time zone */
    bool reuseaddr;                /* judged for a server that sets SO_REUSEADDR */
    const char *netns;             /* the name of another namespace than that of who asks; NULL: it is that one */
    int64_t seen_ns;               /* CLOCK_REALTIME when the remembered owners, if there are some, were seen last */
    const char *missing;           /* what could not be seen, and the capability that would show it; NULL: nothing */
};

/*
 * The verdict in one line; the binds; the holders; why; what to do. Lines fit into 80 columns unless a name or a
 * command to paste is longer. Failure sticks to buf.
 */
void text_why(const struct text_why *why, const struct text_style *style, struct buf *buf);

/*
 * What `tidewait why --exhaustion` says of an explained one: in one line whether source ports are left; the account;
 * who has taken them; why; what to do. netns, missing: as in struct text_why. Fits into 80 columns, as text_why().
 */
void text_exhaustion(const struct exhaustion *exhaustion, const char *netns, const char *missing,
                     const struct text_style *style, struct buf *buf);

/* "2026-11-22 19:04:12  8080/tcp: free; …", in the local time zone. text: any bytes, made safe. */
void text_event(int64_t at_ns, const char *text, struct buf *buf);
