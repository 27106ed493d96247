/* From an error message to the endpoint that it is about. */
#pragma once

#include "endpoints.h"

/*
 * text: the message, or "-" to read it from standard input. Adds the endpoint that it names; when it names none,
 * explains the error in general on standard output instead, and adds none. Returns an exit code: EXIT_FREE to go on,
 * EXIT_UNDETERMINED when the message says nothing of a port.
 */
int troubles_read(const char *text, bool json, struct endpoints *endpoints);
