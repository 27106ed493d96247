/* Whatever the sockets: no verdict says more than is so. Against the bind rule, over random tables. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "bindrule.h"
#include "chance.h"
#include "judge/judge.h"
#include "judge/overlap.h"
#include "world.h"

#define ROUNDS 100000
#define SOCKETS_MAX 5
#define SLACK_MS 2052 /* of a timer of 60 s at 250 Hz */
#define TOLERANCE_MS 500

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Everything, also what no table shows. */
struct truth {
    struct bindrule_socket sockets[SOCKETS_MAX];
    uint32_t gone_ms[SOCKETS_MAX]; /* minisockets: when the timer really ends them */
    size_t count;
    struct endpoint endpoint;
    enum judge_asker asker;
    bool probed;     /* false: the table is all there is */
    bool has_rights; /* without a bind nobody finds out */
    bool shows_bound;
    struct address addresses[ENDPOINT_ADDRESSES_MAX];
    size_t address_count;
};

static struct address pick(struct chance *chance, const char *const *names, uint32_t count)
{
    return world_address(names[chance_below(chance, count)]);
}

static bool is_server(const struct sock *sock)
{
    return sock->state == SOCK_LISTEN || sock->state == SOCK_BOUND_INACTIVE || sock->state == SOCK_CLOSE;
}

static void choose_state(struct chance *chance, struct sock *sock)
{
    do
        sock->state = (enum sock_state)chance_below(chance, SOCK_STATE_COUNT);
    while (!sock_state_exists(sock->protocol, sock->state) ||
           (sock->protocol == PROTOCOL_TCP && sock->state == SOCK_CLOSE));
    /* More of what outlives a server. */
    if (sock->protocol == PROTOCOL_TCP && chance_once_in(chance, 3))
        sock->state = SOCK_TIME_WAIT;
    sock->minisocket = sock->state == SOCK_TIME_WAIT || (sock->state == SOCK_FIN_WAIT2 && chance_once_in(chance, 2));
    sock->remaining_ms = sock->minisocket ? chance_below(chance, 60001) : 0;
    sock->inode = sock->minisocket || chance_once_in(chance, 2) ? 0 : 7;
}

static struct bindrule_socket random_socket(struct chance *chance, enum protocol protocol, bool v6only_connections)
{
    static const char *const any[] = {"0.0.0.0", "::", "::ffff:0.0.0.0"};
    static const char *const one[] = {"127.0.0.1", "127.0.0.2", "127.0.0.6", "::ffff:127.0.0.1", "::1", "2001:db8::1"};
    struct bindrule_socket socket = {.shown = {.protocol = protocol}, .reuseaddr = chance_once_in(chance, 2)};
    struct sock *shown = &socket.shown;
    choose_state(chance, shown);
    shown->local = is_server(shown) && chance_once_in(chance, 2) ? pick(chance, any, COUNT_OF(any))
                                                                 : pick(chance, one, COUNT_OF(one));
    shown->family = shown->local.family;
    socket.unbound = shown->state == SOCK_SYN_RECV && shown->inode == 0 && chance_once_in(chance, 2);
    if (address_unmapped(&shown->local).family == FAMILY_IPV4)
        return socket;
    shown->v6only = V6ONLY_UNKNOWN;
    socket.v6only = v6only_connections;
    if (is_server(shown)) {
        socket.v6only = !address_is_wildcard(&shown->local) || chance_once_in(chance, 2);
        shown->v6only = socket.v6only ? V6ONLY_YES : V6ONLY_NO;
    }
    return socket;
}

static struct truth random_truth(struct chance *chance)
{
    static const char *const names[] = {"0.0.0.0", "::", "127.0.0.1", "127.0.0.2", "127.0.0.6", "::1"};
    struct truth truth = {
        .count = chance_below(chance, SOCKETS_MAX + 1),
        .endpoint = {.protocol = chance_once_in(chance, 5) ? PROTOCOL_UDP : PROTOCOL_TCP, .port = 80},
        .asker = chance_once_in(chance, 2) ? JUDGE_FOR_AGENT : JUDGE_FOR_WHY,
        .shows_bound = !chance_once_in(chance, 4),
    };
    bool udp_is_taken = truth.endpoint.protocol == PROTOCOL_UDP && truth.count > 0;
    truth.probed = !udp_is_taken && !chance_once_in(chance, 4);
    truth.has_rights = !truth.probed || !chance_once_in(chance, 6);
    truth.endpoint.any_address = chance_once_in(chance, 2);
    truth.endpoint.address = pick(chance, names, COUNT_OF(names));
    truth.address_count = endpoint_addresses(&truth.endpoint, truth.addresses);
    /* One server leaves them all: they agree in what the table does not show. */
    bool v6only_connections = chance_once_in(chance, 2);
    for (size_t i = 0; i < truth.count; i++) {
        truth.sockets[i] = random_socket(chance, truth.endpoint.protocol, v6only_connections);
        truth.sockets[i].shown.cookie = i + 1;
        truth.gone_ms[i] = truth.sockets[i].shown.remaining_ms + chance_below(chance, SLACK_MS + 1);
    }
    return truth;
}

static bool is_hidden(const struct truth *truth, size_t i)
{
    return !truth->shows_bound && truth->sockets[i].shown.state == SOCK_BOUND_INACTIVE;
}

static bool blocks_at(const struct truth *truth, size_t i, const struct address *address, bool reuseaddr)
{
    return bindrule_conflicts(&truth->sockets[i], address, reuseaddr);
}

/* Is the socket in the way of any of the binds? */
static bool blocks(const struct truth *truth, size_t i, bool reuseaddr)
{
    for (size_t a = 0; a < truth->address_count; a++)
        if (blocks_at(truth, i, &truth->addresses[a], reuseaddr))
            return true;
    return false;
}

static int bind_really(const struct truth *truth, const struct address *address, bool reuseaddr)
{
    if (!truth->has_rights)
        return EACCES;
    for (size_t i = 0; i < truth->count; i++)
        if (blocks_at(truth, i, address, reuseaddr))
            return EADDRINUSE;
    return 0;
}

static bool works_really(const struct truth *truth, bool reuseaddr)
{
    for (size_t i = 0; i < truth->count; i++)
        if (blocks(truth, i, reuseaddr))
            return false;
    return truth->has_rights || truth->asker == JUDGE_FOR_AGENT;
}

/* The binds that tidewait makes: with SO_REUSEADDR; `why` plain ones as well; for UDP nothing but plain ones. */
static size_t make_binds(const struct truth *truth, struct bind_result *ret_binds)
{
    bool udp = truth->endpoint.protocol == PROTOCOL_UDP;
    bool kinds[] = {udp || truth->asker == JUDGE_FOR_WHY, !udp};
    size_t count = 0;
    for (size_t a = 0; truth->probed && a < truth->address_count; a++) {
        for (size_t reuseaddr = 0; reuseaddr < 2; reuseaddr++) {
            if (!kinds[reuseaddr])
                continue;
            struct bind_result *bind = &ret_binds[count++];
            *bind =
                (struct bind_result){.address = truth->addresses[a], .reuseaddr = reuseaddr == 1, .performed = true};
            bind->error = bind_really(truth, &bind->address, bind->reuseaddr);
        }
    }
    return count;
}

static struct verdict judge_truth(const struct truth *truth)
{
    struct bind_result binds[VERDICT_BINDS_MAX];
    struct holders holders = {0};
    for (size_t i = 0; i < truth->count; i++)
        if (!is_hidden(truth, i))
            assert_int_equal(holders_add(&holders, &truth->sockets[i].shown), 0);
    struct kernel_settings settings = world_settings();
    struct judge_evidence evidence = {
        .endpoint = truth->endpoint,
        .asker = truth->asker,
        .holders = &holders,
        .table_shows_bound = truth->shows_bound,
        .settings = &settings,
        .performed = binds,
        .performed_count = make_binds(truth, binds),
    };
    struct verdict verdict;
    assert_int_equal(judge(&evidence, &verdict), 0);
    holders_done(&holders);
    return verdict;
}

static bool hides_some(const struct truth *truth)
{
    for (size_t i = 0; i < truth->count; i++)
        if (is_hidden(truth, i))
            return true;
    return false;
}

/* The one known blind cell: a bound socket with SO_REUSEADDR that an old kernel hides. */
static bool is_blind(const struct truth *truth)
{
    for (size_t i = 0; i < truth->count; i++)
        if (is_hidden(truth, i) && truth->sockets[i].reuseaddr)
            return true;
    return false;
}

static void check_kind(const struct truth *truth, const struct verdict *verdict)
{
    switch (verdict->kind) {
    case VERDICT_FREE:
        assert_true(works_really(truth, false) || is_blind(truth));
        break;
    case VERDICT_REUSABLE:
        assert_int_equal(truth->endpoint.protocol, PROTOCOL_TCP);
        assert_true(!works_really(truth, false) && works_really(truth, true));
        break;
    case VERDICT_HELD:
        assert_false(works_really(truth, false));
        assert_true(truth->endpoint.protocol == PROTOCOL_UDP || !works_really(truth, true));
        break;
    case VERDICT_UNKNOWN:
        break;
    }
}

static void check_binds(const struct truth *truth, const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->bind_count; i++) {
        const struct bind_result *bind = &verdict->binds[i];
        bool blocked = false;
        for (size_t s = 0; s < truth->count; s++)
            blocked = blocked || blocks_at(truth, s, &bind->address, bind->reuseaddr);
        if (bind->error != EACCES)
            assert_true((bind->error == EADDRINUSE) == blocked || (bind->error == 0 && is_blind(truth)));
    }
}

/* A holder that is certainly in the way is what the cause says; nobody is shown who certainly is not. */
static void check_holders(const struct truth *truth, const struct verdict *verdict)
{
    for (size_t h = 0; h < verdict->holder_count; h++) {
        const struct holder *holder = &verdict->holders[h];
        bool certain = false;
        for (size_t a = 0; a < truth->address_count; a++)
            certain = certain || overlap_of(holder, &truth->addresses[a]) == OVERLAP_YES;
        bool found = false;
        for (size_t i = 0; i < truth->count; i++)
            found = found || (truth->sockets[i].shown.state == holder->state && blocks(truth, i, false));
        assert_true(found || !certain);
    }
    bool holder_is_named = verdict->cause >= CAUSE_LISTENER && verdict->cause <= CAUSE_TIME_WAIT;
    assert_true(!holder_is_named || verdict->holder_count > 0);
    assert_true(verdict->cause != CAUSE_UNSEEN || hides_some(truth));
    assert_true(!verdict->contradiction || hides_some(truth));
}

/* When a bind works again, by the timers alone; UINT32_MAX: never. */
static uint32_t works_after_ms(const struct truth *truth, bool reuseaddr)
{
    uint32_t last_ms = 0;
    for (size_t i = 0; i < truth->count; i++) {
        if (!blocks(truth, i, reuseaddr))
            continue;
        if (!truth->sockets[i].shown.minisocket)
            return UINT32_MAX;
        last_ms = truth->gone_ms[i] > last_ms ? truth->gone_ms[i] : last_ms;
    }
    return truth->has_rights || truth->asker == JUDGE_FOR_AGENT ? last_ms : UINT32_MAX;
}

static void check_time(const struct truth *truth, const struct frees *frees, bool reuseaddr)
{
    uint32_t really_ms = works_after_ms(truth, reuseaddr);
    switch (frees->kind) {
    case FREES_NOT_KNOWN:
        break;
    case FREES_NEVER:
        assert_int_equal(really_ms, UINT32_MAX);
        break;
    case FREES_AFTER:
        /* What is hidden may live for ever; otherwise free by then, and with a plain bind not long before. */
        if (hides_some(truth))
            break;
        assert_true(frees->seconds * 1000 + 0.5 >= really_ms);
        assert_true(reuseaddr || frees->seconds * 1000 <= (double)really_ms + SLACK_MS + TOLERANCE_MS);
        break;
    }
}

static void no_verdict_says_more_than_is_so(void **state)
{
    (void)state;
    struct chance chance = chance_new();
    uint32_t decided = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct truth truth = random_truth(&chance);
        cleanup(verdict_done) struct verdict verdict = judge_truth(&truth);
        check_kind(&truth, &verdict);
        check_binds(&truth, &verdict);
        check_holders(&truth, &verdict);
        check_time(&truth, &verdict.plain, false);
        check_time(&truth, &verdict.reuseaddr, true);
        bool all_binds_were_made = truth.probed && truth.asker == JUDGE_FOR_WHY;
        assert_true(!all_binds_were_made || verdict.kind != VERDICT_UNKNOWN);
        decided += verdict.kind != VERDICT_UNKNOWN;
    }
    /* Silence would be true as well. */
    assert_in_range(decided, ROUNDS / 2, ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_verdict_says_more_than_is_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
