/*
 * What one line of a message states, in the forms in which programs write it. Private to message.c.
 * Pure; takes any bytes; the work is linear in the length of the line.
 */
#pragma once

#include "model/endpoint.h"

struct message_line {
    const char *begin;
    const char *end;
};

/*
 * True when the line holds the phrase (given in lower case), whatever its case, from the beginning of a word to the end
 * of one. A phrase that ends in * may go on: "bind*" is also in "binding".
 */
bool message_scan_phrase(struct message_line line, const char *phrase);

/*
 * The next number behind *cursor that is stated as an error number ("[Errno 98]", "os error 98", "(98: ", "errno=98"),
 * and moves the cursor behind it; 0 when there is none.
 */
unsigned message_scan_errno(struct message_line line, const char **cursor);

/*
 * The endpoint that the line names. With outgoing the remote end of "10.0.0.1:40000->10.0.0.5:5432" counts.
 * ret_bare: only a port was named, as in "port 5432", so that an address may stand elsewhere.
 */
bool message_scan_endpoint(struct message_line line, bool outgoing, struct endpoint *ret_endpoint, bool *ret_bare);

/* The address that the line names as one, as in: could not bind IPv4 address "127.0.0.1". The port is not set. */
bool message_scan_address(struct message_line line, struct endpoint *ret_endpoint);
