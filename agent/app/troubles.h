/* From an error message to what it is about. */
#pragma once

#include "endpoints.h"

/*
 * text: the message, or "-" to read it from standard input. Adds the endpoint that it names; when it names none,
 * explains the error in general on standard output instead, and adds none. *ret_outgoing: an outgoing connection
 * failed; the endpoint, if there is one, is its destination. Returns an exit code: EXIT_FREE to go on,
 * EXIT_UNDETERMINED when the message says nothing of a port.
 */
int troubles_read(const char *text, bool json, struct endpoints *endpoints, bool *ret_outgoing);
