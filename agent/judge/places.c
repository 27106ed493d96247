#include "places.h"

#include <errno.h>

#include "judge/overlap.h"

static struct obstacles look_at(const struct holders *holders, const struct address *address)
{
    struct obstacles obstacles = {0};
    for (size_t i = 0; i < holders->count; i++) {
        const struct holder *holder = &holders->groups[i];
        switch (overlap_of(holder, address)) {
        case OVERLAP_NO:
            break;
        case OVERLAP_YES:
            obstacles.some = true;
            obstacles.listener = obstacles.listener || holder->state == SOCK_LISTEN;
            obstacles.direct = obstacles.direct || holder->family == FAMILY_IPV4 || address->family == FAMILY_IPV6;
            break;
        case OVERLAP_PERHAPS:
            obstacles.perhaps = true;
            obstacles.perhaps_live = obstacles.perhaps_live || holder->state != SOCK_LISTEN;
            break;
        }
    }
    return obstacles;
}

static struct cell performed(const struct judge_evidence *evidence, const struct address *address, bool reuseaddr)
{
    for (size_t i = 0; i < evidence->performed_count; i++) {
        const struct bind_result *result = &evidence->performed[i];
        if (result->reuseaddr == reuseaddr && address_equal(&result->address, address))
            return (struct cell){.known = true, .result = *result};
    }
    return (struct cell){0};
}

static struct cell inferred(const struct place *place, bool reuseaddr, int error)
{
    return (struct cell){
        .known = true,
        .result = {.address = place->address, .reuseaddr = reuseaddr, .error = error, .performed = false},
    };
}

/* A plain bind, from the table. */
static struct cell plain_from_table(const struct judge_evidence *evidence, const struct place *place)
{
    /* A bind passed a listener that the table puts in its way: then the table does not say who is in the way. */
    if (place->reuseaddr.known && place->reuseaddr.result.error == 0 && place->obstacles.listener)
        return (struct cell){0};
    if (place->obstacles.some)
        return inferred(place, false, EADDRINUSE);
    bool complete = evidence->table_shows_bound || evidence->endpoint.protocol == PROTOCOL_UDP;
    /* No bind passes a listener: one that worked has met none. */
    bool works = place->reuseaddr.known && place->reuseaddr.result.error == 0;
    bool perhaps = works ? place->obstacles.perhaps_live : place->obstacles.perhaps;
    if (!perhaps && (complete || place->reuseaddr.known))
        return inferred(place, false, 0);
    return (struct cell){0};
}

bool places_cell_fails(const struct cell *cell)
{
    return cell->known && cell->result.error != 0;
}

/* A bind with SO_REUSEADDR that was not made, from the plain one or the table. */
static struct cell reuseaddr_from_the_rest(const struct judge_evidence *evidence, const struct place *place)
{
    if (place->plain.known && place->plain.result.error != EADDRINUSE)
        return inferred(place, true, place->plain.result.error);
    if (place->obstacles.listener)
        return inferred(place, true, EADDRINUSE);
    bool nothing = !place->obstacles.some && !place->obstacles.perhaps;
    if (evidence->table_shows_bound && !place->plain.known && nothing)
        return inferred(place, true, 0);
    return (struct cell){0};
}

/* What fails with SO_REUSEADDR fails without it, too; what works without it works with it. */
static void fill(const struct judge_evidence *evidence, struct place *place)
{
    place->plain = performed(evidence, &place->address, false);
    if (evidence->endpoint.protocol == PROTOCOL_TCP) {
        place->reuseaddr = performed(evidence, &place->address, true);
        if (!place->reuseaddr.known)
            place->reuseaddr = reuseaddr_from_the_rest(evidence, place);
    }
    if (place->plain.known)
        return;
    if (places_cell_fails(&place->reuseaddr))
        place->plain = inferred(place, false, place->reuseaddr.result.error);
    else
        place->plain = plain_from_table(evidence, place);
}

static bool lacks_family(const struct place *place)
{
    return place->plain.known && place->plain.result.error == EAFNOSUPPORT;
}

size_t places_examine(const struct judge_evidence *evidence, struct place ret_places[static ENDPOINT_ADDRESSES_MAX])
{
    struct address addresses[ENDPOINT_ADDRESSES_MAX];
    size_t address_count = endpoint_addresses(&evidence->endpoint, addresses);
    size_t count = 0;
    for (size_t i = 0; i < address_count; i++) {
        struct place *place = &ret_places[count];
        *place = (struct place){.address = addresses[i], .obstacles = look_at(evidence->holders, &addresses[i])};
        fill(evidence, place);
        if (!evidence->endpoint.any_address || !lacks_family(place))
            count++;
    }
    return count;
}

bool places_contradict(const struct place *place)
{
    const struct obstacles *obstacles = &place->obstacles;
    const struct bind_result *plain = place->plain.known && place->plain.result.performed ? &place->plain.result : NULL;
    const struct bind_result *reuseaddr =
        place->reuseaddr.known && place->reuseaddr.result.performed ? &place->reuseaddr.result : NULL;
    bool nothing = !obstacles->some && !obstacles->perhaps;
    if (plain != NULL && ((plain->error == 0 && obstacles->some) || (plain->error == EADDRINUSE && nothing)))
        return true;
    /* What holds a bind with SO_REUSEADDR off holds every bind off: it went between the two. */
    if (plain != NULL && reuseaddr != NULL && plain->error == 0 && reuseaddr->error != 0)
        return true;
    return reuseaddr != NULL &&
           ((reuseaddr->error == 0 && obstacles->listener) || (reuseaddr->error == EADDRINUSE && nothing));
}
