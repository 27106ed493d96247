/*
 * The rule against DNS rebinding: a web page may make its own name mean this host's address and so have a browser ask
 * here, but the browser then names that page's host in the request. An address cannot be made to mean another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether the value of a Host header, "HOST" or "HOST:PORT", is an IP address (IPv6 in brackets), localhost, or one of
 * names; names in any case and with or without the dot of the root (RFC 9110, 7.2; RFC 3986, 3.2.2).
 */
bool host_is_ours(const char *value, const char *const *names, size_t name_count);
