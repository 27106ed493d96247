#include "judge/exhaustion.h"

#include <errno.h>

#include "judge/ephemeral.h"

#define NEAR_SHARE 0.5
/* At rates that last, the end is near from a smaller share on. */
#define FILLING_SHARE 0.05
#define FILLING_S 3600.0

static bool is_asked_for(const struct destination *destination, const struct endpoint *asked)
{
    return asked == NULL || (destination->protocol == asked->protocol && destination->port == asked->port &&
                             (asked->any_address || address_equal(&destination->destination, &asked->address)));
}

static double share_of(const struct report_destination *row)
{
    return row->usable > 0 ? (double)ephemeral_taken(&row->counts) / row->usable : 1;
}

static void complete(struct report_destination *row, const struct ephemeral_range *range)
{
    row->usable = ephemeral_usable(range, &row->counts);
    row->exhausted_in_seconds = ephemeral_seconds_left(row->usable, &row->counts);
}

/* One to which no connection leads; of UDP without a port, all that is taken. */
static struct report_destination unconnected(const struct endpoint *asked, const struct ephemeral_range *range)
{
    struct report_destination row = {0};
    if (asked != NULL) {
        row.counts.protocol = asked->protocol;
        row.counts.destination = asked->address;
        row.counts.port = asked->port;
    }
    complete(&row, range);
    return row;
}

/* UDP ports are taken for every destination at once, and most sockets that leak have none. */
static struct report_destination all_of_udp(const struct ephemeral_range *range)
{
    struct report_destination row = {.counts = {.protocol = PROTOCOL_UDP, .live = range->udp_in_use}};
    complete(&row, range);
    return row;
}

static bool is_fuller(const struct report_destination *row, const struct report_destination *than)
{
    double share = share_of(row);
    double other = share_of(than);
    return share > other || (share == other && ephemeral_taken(&row->counts) > ephemeral_taken(&than->counts));
}

static void find_fullest(const struct destinations *destinations, const struct ephemeral_range *range,
                         const struct endpoint *asked, struct report_destination *ret_row)
{
    struct report_destination fullest = unconnected(asked, range);
    bool found = false;
    for (size_t i = 0; i < destinations_count(destinations); i++) {
        struct report_destination row = {.counts = *destinations_at(destinations, i)};
        bool empty = ephemeral_taken(&row.counts) == 0;
        bool one_of_all = asked == NULL && row.counts.protocol == PROTOCOL_UDP;
        if (empty || one_of_all || !is_asked_for(&row.counts, asked))
            continue;
        complete(&row, range);
        if (!found || is_fuller(&row, &fullest))
            fullest = row;
        found = true;
    }
    struct report_destination udp = all_of_udp(range);
    *ret_row = asked == NULL && is_fuller(&udp, &fullest) ? udp : fullest;
}

static uint32_t less(uint32_t from, uint32_t what)
{
    return from > what ? from - what : 0;
}

static struct exhaustion_account account_of(const struct ephemeral_range *range, const struct report_destination *row)
{
    const struct destination *counts = &row->counts;
    bool udp = counts->protocol == PROTOCOL_UDP;
    uint32_t chosen_live = counts->chosen < counts->live ? counts->chosen : counts->live;
    return (struct exhaustion_account){
        .size = range->size,
        .reserved = range->reserved,
        .bound = udp ? less(range->udp_in_use, counts->live) : range->bound,
        .live = udp ? counts->live : counts->live - chosen_live,
        .time_wait = less(counts->time_wait, counts->chosen - chosen_live),
        .reusable = counts->reusable,
        .left = less(row->usable, ephemeral_taken(counts)),
    };
}

/* A TIME_WAIT that connect() may take over stands in nobody's way. */
static enum exhaustion_kind kind_of(const struct exhaustion *exhaustion)
{
    const struct exhaustion_account *account = &exhaustion->account;
    double seconds = exhaustion->destination.exhausted_in_seconds;
    double in_the_way = (double)account->live + less(account->time_wait, account->reusable);
    double share = in_the_way / (in_the_way + account->left);
    if (account->left == 0)
        return EXHAUSTION_FULL;
    if (share >= NEAR_SHARE || (share >= FILLING_SHARE && seconds >= 0 && seconds < FILLING_S))
        return EXHAUSTION_NEAR;
    return EXHAUSTION_FAR;
}

static enum exhaustion_filler filler_of(const struct exhaustion_account *account)
{
    if (account->bound > account->live && account->bound > account->time_wait)
        return EXHAUSTION_BY_BIND;
    return account->time_wait > account->live ? EXHAUSTION_BY_TIME_WAIT : EXHAUSTION_BY_LIVE;
}

static uint32_t unused(const struct kernel_settings *settings, const struct port_set *used)
{
    uint32_t count = 0;
    for (uint32_t port = 1; port <= UINT16_MAX; port++)
        count += kernel_port_is_ephemeral(settings, (uint16_t)port) && !port_set_has(used, (uint16_t)port);
    return count;
}

bool exhaustion_wants_trial(const struct exhaustion *exhaustion)
{
    bool about_udp = exhaustion->asked && exhaustion->destination.counts.protocol == PROTOCOL_UDP;
    bool in_doubt = exhaustion->unused[PROTOCOL_TCP] == 0 || exhaustion->source.kind != SOURCE_NETLINK;
    return in_doubt && exhaustion->kind != EXHAUSTION_FULL && !about_udp;
}

void exhaustion_note_failure(struct exhaustion *exhaustion)
{
    struct exhaustion_account *account = &exhaustion->account;
    if (exhaustion->destination.counts.protocol == PROTOCOL_UDP) {
        exhaustion->destination = (struct report_destination){0};
        *account = (struct exhaustion_account){.size = account->size, .reserved = account->reserved};
        account->left = account->size - account->reserved;
    }
    account->bound += account->left;
    account->left = 0;
    exhaustion->destination.usable = ephemeral_taken(&exhaustion->destination.counts);
    exhaustion->destination.exhausted_in_seconds = 0;
    exhaustion->kind = EXHAUSTION_FULL;
    exhaustion->filler = filler_of(account);
}

/* What the table of destinations had no room for cannot fill more ports than it has sockets. */
static bool is_open(const struct exhaustion *exhaustion, uint64_t uncounted)
{
    bool unseen = exhaustion->asked && ephemeral_taken(&exhaustion->destination.counts) == 0;
    return exhaustion->kind != EXHAUSTION_FULL && uncounted > 0 &&
           (unseen || uncounted >= exhaustion->destination.usable);
}

int exhaustion_find(const struct census *census, const struct kernel_settings *settings, const struct endpoint *asked,
                    struct exhaustion *ret_exhaustion, struct error *error)
{
    const struct destinations *destinations = census_destinations(census);
    struct ephemeral_range range;
    ephemeral_range_of(settings, census_bound_ports(census), census_used_ports(census, PROTOCOL_UDP), &range);
    struct exhaustion exhaustion = {
        .asked = asked != NULL,
        .low = (uint16_t)settings->local_port_low,
        .high = (uint16_t)settings->local_port_high,
    };
    find_fullest(destinations, &range, asked, &exhaustion.destination);
    exhaustion.account = account_of(&range, &exhaustion.destination);
    exhaustion.kind = kind_of(&exhaustion);
    exhaustion.filler = filler_of(&exhaustion.account);
    bool udp = exhaustion.destination.counts.protocol == PROTOCOL_UDP;
    exhaustion.open = udp ? range.udp_in_use : exhaustion.destination.counts.live;
    for (enum protocol protocol = PROTOCOL_TCP; protocol < PROTOCOL_COUNT; protocol++)
        exhaustion.unused[protocol] = unused(settings, census_used_ports(census, protocol));
    if (is_open(&exhaustion, destinations_uncounted(destinations)))
        return error_set(error, -EOVERFLOW, "connections lead to more destinations than can be told apart");
    *ret_exhaustion = exhaustion;
    return 0;
}
