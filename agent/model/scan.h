/*
 * Reads the small things that a line of free text is made of: words, ports, hosts. Private to message.c and its forms.
 * Pure; takes any bytes. Text to look for is given in lower case and matches ASCII letters of either case.
 */
#pragma once

#include "model/endpoint.h"

/* Longest name or address that is looked at. */
#define SCAN_HOST_MAX 64
/* Most punctuation between a word and its value, as in `port: "80"`. */
#define SCAN_GAP_MAX 8

#define SCAN_NAME_BYTES "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._"
#define SCAN_ADDRESS_BYTES "0123456789abcdefABCDEF:."

struct scan_line {
    const char *begin;
    const char *end;
};

bool scan_is_word(char byte); /* a letter, a digit or _ */
bool scan_is_one_of(char byte, const char *bytes);
bool scan_starts_with(struct scan_line line, const char *at, const char *text);

/* Behind at most max of these bytes. */
const char *scan_skip(struct scan_line line, const char *at, const char *bytes, ptrdiff_t max);
const char *scan_skip_back(struct scan_line line, const char *at, const char *bytes, ptrdiff_t max);

/* Behind the next text at or after `from` that begins a word; NULL when there is none. */
const char *scan_find(struct scan_line line, const char *from, const char *text);
/* True when the line holds the phrase as whole words. One that ends in * may go on: "bind*" is also in "binding". */
bool scan_has(struct scan_line line, const char *phrase);

/*
 * Each of these reads what begins at `at`, and returns the end of it, or NULL.
 * A port: 1 to 65535 without leading zero, no part of a longer word or of a decimal fraction.
 */
const char *scan_port(struct scan_line line, const char *at, uint16_t *ret_port);
/* "tcp", "udp4" and the like. */
const char *scan_protocol(struct scan_line line, const char *at, enum protocol *ret_protocol);

/*
 * The address from begin to end, without brackets. One that belongs to an interface (fe80::/10, %eth0) stands for any:
 * it cannot be asked about without the interface. Sets only the address.
 */
bool scan_address(const char *begin, const char *end, struct endpoint *endpoint);
/*
 * The host that ends at `end`: an address, one in brackets, * or a name; returns where it begins, or NULL. Changes the
 * address of the endpoint only when it is one.
 */
const char *scan_host_before(struct scan_line line, const char *end, struct endpoint *endpoint);
