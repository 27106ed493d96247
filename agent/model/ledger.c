#include "model/ledger.h"

#include <errno.h>

#include "cookies.h"

/*
 * A dump that is resumed in a bucket which changes meanwhile may pass a socket over: what is missing for one round only
 * must not count as new when it is back. So a socket is known as long as one of the last two rounds had it.
 */
#define KEPT_ROUNDS 2
#define ROUNDS (KEPT_ROUNDS + 1)
/* TCP_TIMEWAIT_LEN of include/net/tcp.h. Some kernels let it be tuned: a longer one is learnt. */
#define LIFETIME_MS 60000
#define NS_PER_MS INT64_C(1000000)

/* What one round saw. */
struct page_of_ledger {
    struct cookies *time_wait;
    struct cookies *fin_wait2; /* orphans: a TIME_WAIT may still come of them */
    bool whole;                /* everything fitted */
    bool own_cookies;          /* some are the kernel's own */
    bool derived_cookies;      /* some are derived: a source that has others cannot be compared with */
    int64_t began_ns;
};

struct ledger {
    struct page_of_ledger rounds[ROUNDS]; /* a ring */
    size_t current;
    uint64_t ended;
    int64_t lifetime_ms; /* of a TIME_WAIT: the largest time left that was ever seen, if above LIFETIME_MS */
    uint64_t fresh;      /* minisockets first seen in this round */
    uint64_t minisockets;
};

int ledger_new(size_t limit_bytes, struct ledger **ret_ledger)
{
    cleanup(ledger_freep) struct ledger *ledger = calloc(1, sizeof(*ledger));
    if (ledger == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < ROUNDS; i++) {
        int r = cookies_new(limit_bytes, &ledger->rounds[i].time_wait);
        if (r == 0)
            r = cookies_new(limit_bytes, &ledger->rounds[i].fin_wait2);
        if (r < 0)
            return r;
        ledger->rounds[i].whole = true;
    }
    ledger->lifetime_ms = LIFETIME_MS;
    *ret_ledger = steal_ptr(&ledger);
    return 0;
}

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    for (size_t i = 0; i < ROUNDS; i++) {
        cookies_free(ledger->rounds[i].time_wait);
        cookies_free(ledger->rounds[i].fin_wait2);
    }
    free(ledger);
}

void ledger_begin(struct ledger *ledger, int64_t now_ns)
{
    struct page_of_ledger *current = &ledger->rounds[ledger->current];
    cookies_clear(current->time_wait);
    cookies_clear(current->fin_wait2);
    current->whole = true;
    current->own_cookies = false;
    current->derived_cookies = false;
    current->began_ns = now_ns;
    ledger->fresh = 0;
}

/* back: 0 is this round, 1 the one before it. */
static const struct page_of_ledger *round_before(const struct ledger *ledger, size_t back)
{
    return &ledger->rounds[(ledger->current + ROUNDS - back) % ROUNDS];
}

static bool was_time_wait(const struct ledger *ledger, uint64_t cookie)
{
    bool was = false;
    for (size_t back = 1; back <= KEPT_ROUNDS && !was; back++)
        was = cookies_has(round_before(ledger, back)->time_wait, cookie);
    return was;
}

/* A dump may show an orphan, and then the TIME_WAIT that it has become meanwhile. */
static bool was_orphan(const struct ledger *ledger, uint64_t cookie, bool is_time_wait)
{
    bool was = false;
    for (size_t back = is_time_wait ? 0 : 1; back <= KEPT_ROUNDS && !was; back++)
        was = cookies_has(round_before(ledger, back)->fin_wait2, cookie);
    return was;
}

int64_t ledger_age_ms(const struct ledger *ledger, const struct sock *sock)
{
    return ledger->lifetime_ms - sock->remaining_ms;
}

static bool is_derived(const struct sock *sock)
{
    return (sock->cookie & SOCK_COOKIE_DERIVED) != 0;
}

/* What is not in the page's sets was not there. */
static bool is_complete(const struct page_of_ledger *page, const struct sock *sock)
{
    return page->whole && !(is_derived(sock) ? page->own_cookies : page->derived_cookies);
}

/*
 * Where the sets do not tell, the time of entry decides, as exact as the two clocks and the jiffy. How late in its walk
 * the socket was read is left out: at that place of the table the round before was as late.
 */
static bool entered_since_last_round(const struct ledger *ledger, const struct sock *sock)
{
    const struct page_of_ledger *before = round_before(ledger, 1);
    if (is_complete(before, sock) && is_complete(round_before(ledger, 2), sock))
        return true;
    int64_t entered_ns = ledger->rounds[ledger->current].began_ns - ledger_age_ms(ledger, sock) * NS_PER_MS;
    return entered_ns > before->began_ns;
}

int ledger_see(struct ledger *ledger, const struct sock *sock)
{
    struct page_of_ledger *current = &ledger->rounds[ledger->current];
    bool time_wait = sock->state == SOCK_TIME_WAIT;
    if (time_wait && sock->remaining_ms > ledger->lifetime_ms)
        ledger->lifetime_ms = sock->remaining_ms;
    int added = cookies_add(time_wait ? current->time_wait : current->fin_wait2, sock->cookie);
    if (added == -ENOMEM)
        return added;
    if (added == -ENOSPC)
        current->whole = false;
    current->own_cookies = current->own_cookies || !is_derived(sock);
    current->derived_cookies = current->derived_cookies || is_derived(sock);
    if (added == 0 || ledger->ended == 0 || was_time_wait(ledger, sock->cookie) ||
        !entered_since_last_round(ledger, sock))
        return 0;
    ledger->fresh += !was_orphan(ledger, sock->cookie, time_wait);
    return time_wait;
}

void ledger_end(struct ledger *ledger)
{
    ledger->ended++;
    ledger->minisockets += ledger->fresh;
    ledger->current = (ledger->current + 1) % ROUNDS;
}

bool ledger_is_exact(const struct ledger *ledger)
{
    bool whole = true;
    for (size_t i = 0; i < ROUNDS; i++)
        whole = whole && ledger->rounds[i].whole && !ledger->rounds[i].derived_cookies;
    return whole;
}

uint64_t ledger_minisockets(const struct ledger *ledger)
{
    return ledger->minisockets;
}
