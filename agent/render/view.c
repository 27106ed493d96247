#include "view.h"

#include <stdio.h>
#include <string.h>

bool view_state_is_shown(const struct report_netns *netns, enum protocol protocol, enum sock_state state)
{
    return sock_state_exists(protocol, state) && (state != SOCK_BOUND_INACTIVE || netns->bound_inactive_known);
}

void view_peer(const struct address *address, uint16_t port, char ret_text[static VIEW_PEER_MAX])
{
    struct address unmapped = address_unmapped(address);
    char text[ADDRESS_TEXT_MAX];
    address_format(&unmapped, text);
    (void)snprintf(ret_text, VIEW_PEER_MAX, unmapped.family == FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", text,
                   (unsigned int)port);
}

void view_local(const struct holder *holder, uint16_t port, char ret_text[static VIEW_PEER_MAX])
{
    if (holder->many_locals)
        (void)snprintf(ret_text, VIEW_PEER_MAX, "*:%u", (unsigned int)port);
    else
        view_peer(&holder->local, port, ret_text);
}

const char *view_bind_error(int error)
{
    const char *name = error == 0 ? "ok" : strerrorname_np(error);
    return name != NULL ? name : "unknown";
}

uint32_t view_percent_taken(const struct report_destination *row)
{
    uint64_t taken = (uint64_t)row->counts.live + row->counts.time_wait;
    return row->usable > 0 ? (uint32_t)(100 * taken / row->usable) : 100;
}

int64_t view_milliseconds(double seconds)
{
    return (int64_t)(seconds * 1000 + 0.5);
}
