#include "text_why_split.h"

static enum verdict_kind kind_at(const struct verdict *verdict, const struct address *address)
{
    bool plain_known = false;
    bool reuseaddr_works = false;
    for (size_t i = 0; i < verdict->bind_count; i++) {
        const struct bind_result *bind = &verdict->binds[i];
        if (!address_equal(&bind->address, address))
            continue;
        if (!bind->reuseaddr && bind->error == 0)
            return VERDICT_FREE;
        if (bind->reuseaddr && bind->error != 0)
            return VERDICT_HELD;
        plain_known = plain_known || !bind->reuseaddr;
        reuseaddr_works = reuseaddr_works || bind->reuseaddr;
    }
    if (plain_known && reuseaddr_works)
        return VERDICT_REUSABLE;
    return plain_known && verdict->endpoint.protocol == PROTOCOL_UDP ? VERDICT_HELD : VERDICT_UNKNOWN;
}

struct text_why_split text_why_split_of(const struct verdict *verdict)
{
    struct address addresses[ENDPOINT_ADDRESSES_MAX];
    if (endpoint_addresses(&verdict->endpoint, addresses) < 2)
        return (struct text_why_split){0};
    enum verdict_kind first = kind_at(verdict, &addresses[0]);
    enum verdict_kind second = kind_at(verdict, &addresses[1]);
    bool worse = second > first; /* the kinds stand in this order */
    return (struct text_why_split){
        .differs = first != second && first != VERDICT_UNKNOWN && second != VERDICT_UNKNOWN,
        .worse = addresses[worse],
        .better = addresses[!worse],
        .better_kind = worse ? first : second,
    };
}
