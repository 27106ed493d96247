/* The forms in which one line of a message names an endpoint. Private to message.c; the work is linear. */
#pragma once

#include "scan.h"

/*
 * The endpoint that the line names. With outgoing the remote end of "10.0.0.1:40000->10.0.0.5:5432" counts.
 * ret_bare: only a port is named, as in "port 5432": its address may stand in another line.
 */
bool message_form_endpoint(struct scan_line line, bool outgoing, struct endpoint *ret_endpoint, bool *ret_bare);

/* An address that the line calls so, as in: could not bind IPv4 address "127.0.0.1". Sets only the address. */
bool message_form_address(struct scan_line line, struct endpoint *endpoint);
