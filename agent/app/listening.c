#include "listening.h"

#include <errno.h>
#include <stdio.h>

#include "activation.h"
#include "base/buf.h"
#include "base/clock.h"
#include "round.h"
#include "serve/listen.h"

#define REASON_MAX 256

/* "python3 (4127) and 1 more", or nothing when nobody is known. */
static void say_owners(const struct verdict *verdict, struct buf *buf)
{
    if (verdict->holder_count == 0 || verdict->holders[0].owner_count == 0)
        return;
    const struct holder *holder = &verdict->holders[0];
    buf_printf(buf, ", of %s (%d)", holder->owners[0].process, (int)holder->owners[0].pid);
    if (holder->owner_count > 1)
        buf_printf(buf, " and %zu more", holder->owner_count - 1);
}

static void say_verdict(const struct verdict *verdict, struct buf *buf)
{
    if (verdict->cause == CAUSE_NONE || verdict->cause == CAUSE_UNKNOWN)
        return;
    buf_printf(buf, ", held by: %s", cause_name(verdict->cause));
    say_owners(verdict, buf);
    if (verdict->reuseaddr.kind == FREES_AFTER && verdict->reuseaddr.seconds > 0)
        buf_printf(buf, ", free in %.1f s", verdict->reuseaddr.seconds);
}

/* One round over the endpoint alone; what it cannot find out is left out. */
static void say_holder(const struct endpoint *endpoint, struct buf *buf)
{
    struct watch watch = {.endpoint = *endpoint};
    struct round_options options = {
        .watches = &watch,
        .watch_count = 1,
        .limits = {.max_ports = 1, .forget_after_ns = CLOCK_NS_PER_S},
        .probe = true,
        .owners = true,
    };
    cleanup(round_freep) struct round *round = NULL;
    if (round_new(&options, &round) < 0)
        return;
    cleanup(report_unrefp) struct report *report = round_run(round);
    const struct report_port *row = report != NULL ? report_port_find(&report->netns, endpoint) : NULL;
    if (row != NULL)
        say_verdict(&row->verdict, buf);
}

static int open_one(const char *text, int *ret_fd, struct endpoint *ret_endpoint, struct error *error)
{
    struct endpoint endpoint;
    int r = listen_parse(text, &endpoint, error);
    if (r == 0)
        r = listen_open(&endpoint, ret_fd, ret_endpoint, error);
    if (r != -EADDRINUSE)
        return r;
    struct buf holder;
    buf_init(&holder, REASON_MAX);
    say_holder(&endpoint, &holder);
    error_set(error, r, "%s is taken%s: free it, or give another with --web.listen-address", text,
              holder.length > 0 ? holder.data : "");
    buf_done(&holder);
    return r;
}

static int open_all(const struct options *options, struct listening *ret_listening, struct error *error)
{
    cleanup(listening_done) struct listening listening = {
        .fds = calloc(options->listen_address_count, sizeof(int)),
        .endpoints = calloc(options->listen_address_count, sizeof(struct endpoint)),
    };
    if (listening.fds == NULL || listening.endpoints == NULL)
        return error_set(error, -ENOMEM, "out of memory");
    for (size_t i = 0; i < options->listen_address_count; i++) {
        int r = open_one(options->listen_addresses[i], &listening.fds[i], &listening.endpoints[i], error);
        if (r < 0)
            return r;
        listening.count++;
    }
    *ret_listening = listening;
    listening = (struct listening){0};
    return 0;
}

int listening_open(const struct options *options, struct listening *ret_listening, struct error *error)
{
    struct listening passed = {0};
    int r = activation_take(&passed, error);
    if (r < 0 || passed.count == 0)
        return r < 0 ? r : open_all(options, ret_listening, error);
    *ret_listening = passed;
    return 0;
}

void listening_done(struct listening *listening)
{
    for (size_t i = 0; i < listening->count; i++)
        cleanup_close(&listening->fds[i]);
    free(listening->fds);
    free(listening->endpoints);
    *listening = (struct listening){0};
}
