/* What metrics, JSON and the table show alike. */
#pragma once

#include "model/report.h"

/* True when sockets of the protocol can be in the state and this kernel lets us see them there. */
bool view_state_is_shown(const struct report_netns *netns, enum protocol protocol, enum sock_state state);

#define VIEW_PEER_MAX (ADDRESS_TEXT_MAX + 8)
/* "127.0.0.1:8080", "[::1]:8080"; IPv4-mapped addresses as IPv4. */
void view_peer(const struct address *address, uint16_t port, char ret_text[static VIEW_PEER_MAX]);

/* "127.0.0.1:8080" where the group is bound; "*:8080" when that is on several addresses. */
void view_local(const struct holder *holder, uint16_t port, char ret_text[static VIEW_PEER_MAX]);

/* "ok", or the name of the errno. */
const char *view_bind_error(int error);

/* Of the ports that are usable towards it, in whole percent; 100 only when all are taken. */
uint32_t view_percent_taken(const struct report_destination *row);

/* In milliseconds, to the nearest. */
int64_t view_milliseconds(double seconds);
