/*
 * Sockets that are bound and nothing more, as they themselves say it: Linux before 6.8 keeps them out of its table of
 * sockets.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* True when this process has such a TCP socket on the port. */
bool hidden_on(uint16_t port);
