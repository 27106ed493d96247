/* Listening sockets for the server, from what a user typed. */
#pragma once

#include "base/error.h"
#include "model/endpoint.h"

/*
 * "127.0.0.1:10098", "[::1]:10098", ":10098" or "*:10098" (all addresses, both families; port 0: any). No host names.
 * Returns 0 or -EINVAL with a reason that shows the right form.
 */
must_use int listen_parse(const char *text, struct endpoint *ret_endpoint, struct error *error);

/*
 * Binds with SO_REUSEADDR (never SO_REUSEPORT: two agents would share the port silently) and listens; dual-stack for
 * all addresses and ::. ret_endpoint: as bound, the port filled in. Returns 0 or the negative errno of the step that
 * failed.
 */
must_use int listen_open(const struct endpoint *endpoint, int *ret_fd, struct endpoint *ret_endpoint,
                         struct error *error);
