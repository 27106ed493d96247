#include "traffic.h"

#include <errno.h>

/* Of each set of the ledger: a million sockets in TIME_WAIT take 125 KiB when their cookies lie as close as usual. */
#define LEDGER_BYTES ((size_t)1 << 20)
#define DESTINATIONS_MAX 4096

/* TCP ports of ip_local_port_range. */
struct binds {
    struct port_set served;        /* have a listener, or TIME_WAITs that one left behind */
    struct port_set served_before; /* in the last round that ended */
    struct port_set held;          /* served, bound only, or what a bound one left behind */
    struct port_set bound;         /* held, or chosen for a connection */
    struct port_set bound_before;  /* one round earlier */
};

struct traffic {
    const struct kernel_settings *settings; /* of this round */
    int64_t now_ns;
    int64_t previous_ns;   /* of the last round that ended; 0 before */
    struct ledger *ledger; /* owned, as are the next two */
    struct entered *entered;
    struct destinations *destinations;
    struct binds *binds; /* owned; NULL until a TCP socket has such a port */
};

int traffic_new(size_t max_ports, struct traffic **ret_traffic)
{
    cleanup(traffic_freep) struct traffic *traffic = calloc(1, sizeof(*traffic));
    if (traffic == NULL)
        return -ENOMEM;
    int r = ledger_new(LEDGER_BYTES, &traffic->ledger);
    if (r == 0)
        r = entered_new(max_ports, &traffic->entered);
    if (r == 0)
        r = destinations_new(DESTINATIONS_MAX, &traffic->destinations);
    if (r < 0)
        return r;
    *ret_traffic = steal_ptr(&traffic);
    return 0;
}

void traffic_free(struct traffic *traffic)
{
    if (traffic == NULL)
        return;
    ledger_free(traffic->ledger);
    entered_free(traffic->entered);
    destinations_free(traffic->destinations);
    free(traffic->binds);
    free(traffic);
}

void traffic_allow(struct traffic *traffic, size_t max_ports, size_t more)
{
    size_t least = entered_ports(traffic->entered) + more;
    entered_allow(traffic->entered, least > max_ports ? least : max_ports);
}

void traffic_label(struct traffic *traffic, uint16_t port)
{
    (void)entered_label(traffic->entered, port);
}

void traffic_begin(struct traffic *traffic, int64_t now_ns, const struct kernel_settings *settings)
{
    traffic->now_ns = now_ns;
    traffic->settings = settings;
    if (traffic->binds != NULL) {
        port_set_clear(&traffic->binds->served);
        port_set_clear(&traffic->binds->held);
    }
    ledger_begin(traffic->ledger, now_ns);
    entered_begin(traffic->entered);
    destinations_begin(traffic->destinations);
}

/* tcp_twsk_unique() in net/ipv4/tcp_ipv4.c: may connect() take this TIME_WAIT over? */
static bool is_reusable(const struct traffic *traffic, const struct sock *sock)
{
    const struct kernel_settings *settings = traffic->settings;
    if (sock->state != SOCK_TIME_WAIT || settings->timestamps == 0 || settings->tw_reuse <= 0)
        return false;
    if (settings->tw_reuse == 2 && !address_is_loopback(&sock->local) && !address_is_loopback(&sock->remote))
        return false;
    return ledger_age_ms(traffic->ledger, sock) > settings->tw_reuse_delay_ms;
}

/*
 * In the order of the kernel's dump, a listener or a bound socket comes before every connection on its port. The port
 * stays lost to connect() as long as what they leave behind is in TIME_WAIT. Until traffic_end(), `bound` is that of
 * the round before. In that one it may be missing: who chose their ports is asked after the dump, and what was alive in
 * the dump may have ended by then.
 */
static void note_bind(struct binds *binds, const struct sock *sock)
{
    uint16_t port = sock->local_port;
    bool served = sock->state == SOCK_LISTEN || (sock->minisocket && port_set_has(&binds->served_before, port));
    bool was_bound =
        sock->minisocket && (port_set_has(&binds->bound, port) || port_set_has(&binds->bound_before, port));
    if (served)
        port_set_add(&binds->served, port);
    if (served || was_bound || sock->state == SOCK_BOUND_INACTIVE)
        port_set_add(&binds->held, port);
}

static void note_destination(struct traffic *traffic, const struct sock *sock, bool entered)
{
    bool tcp = sock->protocol == PROTOCOL_TCP;
    bool inbound =
        tcp && (sock->direction == DIRECTION_INBOUND || port_set_has(&traffic->binds->served, sock->local_port));
    if (sock->remote_port == 0 || inbound)
        return;
    bool held = tcp && port_set_has(&traffic->binds->held, sock->local_port);
    destinations_add(traffic->destinations, sock, entered, !held && is_reusable(traffic, sock));
    if (held)
        destinations_mark_chosen(traffic->destinations, sock);
}

int traffic_add(struct traffic *traffic, const struct sock *sock, bool in_range)
{
    int entered = sock->minisocket ? ledger_see(traffic->ledger, sock) : 0;
    if (entered < 0)
        return entered;
    if (entered > 0)
        entered_add(traffic->entered, sock->local_port, in_range);
    if (!in_range)
        return 0;
    if (sock->protocol == PROTOCOL_TCP) {
        if (traffic->binds == NULL)
            traffic->binds = calloc(1, sizeof(*traffic->binds));
        if (traffic->binds == NULL)
            return -ENOMEM;
        note_bind(traffic->binds, sock);
    }
    note_destination(traffic, sock, entered > 0);
    return 0;
}

void traffic_end(struct traffic *traffic)
{
    ledger_end(traffic->ledger);
    entered_end(traffic->entered);
    destinations_end(traffic->destinations, traffic->previous_ns > 0 ? traffic->now_ns - traffic->previous_ns : 0);
    traffic->previous_ns = traffic->now_ns;
    if (traffic->binds == NULL)
        return;
    port_set_copy(&traffic->binds->served_before, &traffic->binds->served);
    port_set_copy(&traffic->binds->bound_before, &traffic->binds->bound);
    port_set_copy(&traffic->binds->bound, &traffic->binds->held);
}

/* What has a held port was marked when it was added. */
void traffic_add_chosen(struct traffic *traffic, const struct sock *sock)
{
    if (traffic->binds == NULL)
        return; /* it is new: the next round counts it */
    if (!port_set_has(&traffic->binds->held, sock->local_port))
        destinations_mark_chosen(traffic->destinations, sock);
    port_set_add(&traffic->binds->bound, sock->local_port);
}

const struct port_set *traffic_bound_ports(const struct traffic *traffic)
{
    static const struct port_set none;
    return traffic->binds != NULL ? &traffic->binds->bound : &none;
}

const struct ledger *traffic_ledger(const struct traffic *traffic)
{
    return traffic->ledger;
}

const struct entered *traffic_entered(const struct traffic *traffic)
{
    return traffic->entered;
}

const struct destinations *traffic_destinations(const struct traffic *traffic)
{
    return traffic->destinations;
}
