#include "intake.h"

#include <errno.h>

#include "base/clock.h"
#include "collect/kernel.h"

/* A dump that was disturbed is taken again at once; what disturbs it thrice is no accident. */
#define ATTEMPTS 3
/* Of a thrifty intake: the longest interval that there is. */
#define DUE_EVERY_NS (50 * CLOCK_NS_PER_S)
#define WHOLE_EVERY_NS (600 * CLOCK_NS_PER_S)
/* What is due of namespaces that were met together is due in different rounds. */
#define TURNS 10

void intake_done(struct intake *intake)
{
    sockets_close(intake->sockets);
    intake->sockets = NULL;
}

static int add_to_census(void *context, const struct sock *sock)
{
    return census_add(context, sock);
}

static uint64_t count_listeners(const struct census *census)
{
    return census_total(census, PROTOCOL_TCP, FAMILY_IPV4, SOCK_LISTEN) +
           census_total(census, PROTOCOL_TCP, FAMILY_IPV6, SOCK_LISTEN);
}

/*
 * Whether all TCP sockets are listeners still. What sockstat does not count is a handshake under way, for which a
 * segment must have come, and a socket that is bound only: that it takes another's place can pass unseen for a while.
 */
static bool is_quiet(const struct intake *intake, const struct sockstat *now, int64_t now_ns)
{
    if (!intake->quiet || now->used != intake->sockstat.used || now->tcp != intake->sockstat.tcp ||
        now->tcp_time_wait > 0 || now_ns - intake->whole_ns >= WHOLE_EVERY_NS)
        return false;
    return now_ns < intake->due_ns ||
           (intake->segments != KERNEL_UNKNOWN && kernel_read_segments() == intake->segments);
}

/* Returns 1, 0: there are others, or an error. */
static int take_listeners(struct intake *intake, const struct sockstat *now, struct census *census, int64_t now_ns,
                          struct error *error)
{
    struct sockets_query query = {.protocol = PROTOCOL_TCP, .listeners = true};
    census_begin(census, now_ns, &intake->settings);
    int r = now->tcp > 0 ? sockets_walk(intake->sockets, &query, add_to_census, census, error) : 0;
    return r < 0 ? r : census_sockets(census) == now->tcp;
}

static int take_whole(struct intake *intake, const struct round_options *options, struct census *census, int64_t now_ns,
                      struct error *error)
{
    struct sockets_query query = {
        .protocol = PROTOCOL_TCP,
        .directions = options->directions,
        .as_of_ns = now_ns,
    };
    kernel_read_counters(&intake->before);
    census_begin(census, now_ns, &intake->settings);
    int r = sockets_walk(intake->sockets, &query, add_to_census, census, error);
    if (r == 0)
        kernel_read_counters(&intake->counters);
    return r;
}

static int take_tcp(struct intake *intake, const struct round_options *options, const struct sockstat *before,
                    struct census *census, int64_t now_ns, struct error *error)
{
    int r =
        before != NULL && is_quiet(intake, before, now_ns) ? take_listeners(intake, before, census, now_ns, error) : 0;
    if (r != 0)
        return r < 0 ? r : 0;
    intake->segments = before != NULL ? kernel_read_segments() : KERNEL_UNKNOWN;
    r = take_whole(intake, options, census, now_ns, error);
    if (r < 0)
        return r;
    uint64_t listeners = count_listeners(census);
    intake->quiet = before != NULL && listeners == before->tcp && listeners == census_sockets(census);
    if (before != NULL)
        intake->sockstat = *before;
    intake->whole_ns = now_ns;
    return 0;
}

/* One attempt. */
static int take_sockets(struct intake *intake, const struct round_options *options, struct census *census,
                        int64_t now_ns, enum round_stage *ret_stage, struct error *error)
{
    struct sockets_query udp = {.protocol = PROTOCOL_UDP};
    struct sockstat sockstat;
    const struct sockstat *before = options->thrifty && sockstat_read(&sockstat) == 0 ? &sockstat : NULL;
    *ret_stage = STAGE_TCP;
    int r = take_tcp(intake, options, before, census, now_ns, error);
    if (r < 0 || (before != NULL && before->udp == 0))
        return r;
    *ret_stage = STAGE_UDP;
    return sockets_walk(intake->sockets, &udp, add_to_census, census, error);
}

static int read_settings(struct intake *intake, struct error *error)
{
    struct kernel_settings settings;
    int r = kernel_read_settings(&settings, error);
    if (r == 0)
        kernel_settings_copy(&intake->settings, &settings);
    return r;
}

/* The first time it is this one's turn. */
static int64_t pause_ns(const struct intake *intake)
{
    return intake->due_ns != 0 ? DUE_EVERY_NS : DUE_EVERY_NS / TURNS * (int64_t)(1 + intake->turn % TURNS);
}

int intake_take(struct intake *intake, const struct round_options *options, struct census *census, int64_t now_ns,
                enum round_stage *ret_stage, struct error *error)
{
    *ret_stage = STAGE_OPEN;
    int r = 0;
    if (intake->sockets == NULL)
        r = sockets_open(&intake->sockets, error);
    else
        sockets_renew(intake->sockets, now_ns);
    if (r < 0)
        return r;
    *ret_stage = STAGE_KERNEL;
    bool due = !options->thrifty || now_ns >= intake->due_ns;
    r = due ? read_settings(intake, error) : 0;
    if (r < 0)
        return r;
    r = -EIO;
    for (int attempt = 0; r < 0 && attempt < ATTEMPTS; attempt++)
        r = take_sockets(intake, options, census, now_ns, ret_stage, error);
    if (r < 0)
        return r;
    census_end(census);
    if (due)
        intake->due_ns = now_ns + pause_ns(intake);
    return 0;
}
