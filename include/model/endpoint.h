/* What a server binds: protocol, address, port; and how people write it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum protocol { PROTOCOL_TCP, PROTOCOL_UDP };
#define PROTOCOL_COUNT 2

enum family { FAMILY_IPV4, FAMILY_IPV6 };
#define FAMILY_COUNT 2

/* "tcp", "udp". */
const char *protocol_name(enum protocol protocol);
/* "ipv4", "ipv6". */
const char *family_name(enum family family);

/* An address in network byte order; IPv4 uses the first four bytes, the others are zero. */
struct address {
    enum family family;
    uint8_t bytes[16];
};

bool address_equal(const struct address *left, const struct address *right);
/* 0.0.0.0 or :: */
bool address_is_wildcard(const struct address *address);
/* 127.0.0.0/8, plain or IPv4-mapped, or ::1 */
bool address_is_loopback(const struct address *address);
/* ::ffff:a.b.c.d becomes a.b.c.d, any other address stays as it is. */
struct address address_unmapped(const struct address *address);
#define ADDRESS_TEXT_MAX 48
/* As inet_ntop() writes it, without brackets. */
void address_format(const struct address *address, char ret_text[static ADDRESS_TEXT_MAX]);

struct endpoint {
    enum protocol protocol;
    bool any_address;       /* "*" or no address: the IPv4 wildcard and the dual-stack IPv6 wildcard */
    struct address address; /* meaningful when !any_address; :: means dual-stack; IPv4-mapped ones are IPv4 */
    uint16_t port;          /* 1–65535 */
};

bool endpoint_equal(const struct endpoint *left, const struct endpoint *right);
/* The order in which endpoints are reported: by protocol, port, "*" first, then address. Negative, 0 or positive. */
int endpoint_order(const struct endpoint *left, const struct endpoint *right);

#define ENDPOINT_ADDRESSES_MAX 2
/* The addresses that a bind of this endpoint tries, in the order in which they are shown; returns how many. */
size_t endpoint_addresses(const struct endpoint *endpoint, struct address ret_addresses[static ENDPOINT_ADDRESSES_MAX]);

/* The same endpoint on first.port … last_port. */
struct endpoint_range {
    struct endpoint first;
    uint16_t last_port;
};

/*
 * Reads `[tcp:|udp:][ADDRESS:]PORT[-PORT]`, `PORT/tcp`, `PORT/udp`, `:PORT`, `*:PORT`; IPv6 in brackets.
 * Returns 0, or -EINVAL with a reason that quotes the text (cut when long), says what is wrong, and shows the right
 * form. Link-local IPv6 addresses are refused: they mean nothing without an interface.
 */
must_use int endpoint_parse(const char *text, struct endpoint_range *ret_range, struct error *error);

#define ENDPOINT_TEXT_MAX 64
/* "8080/tcp", "127.0.0.1:5432/tcp", "[::1]:53/udp". */
void endpoint_format(const struct endpoint *endpoint, char ret_text[static ENDPOINT_TEXT_MAX]);
/* The address as labels and JSON give it: "*", "127.0.0.1", "::". */
void endpoint_address_format(const struct endpoint *endpoint, char ret_text[static ADDRESS_TEXT_MAX]);
