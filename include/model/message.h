/*
 * What an error message of some program says about an endpoint: "listen tcp :8080: bind: address already in use".
 * Pure; takes any bytes.
 */
#pragma once

#include <stddef.h>

#include "model/endpoint.h"

/* What went wrong, as far as the message says. */
enum message_trouble {
    MESSAGE_UNKNOWN,
    MESSAGE_IN_USE,        /* EADDRINUSE: errno 98, WSAEADDRINUSE 10048, "address already in use" … */
    MESSAGE_NOT_AVAILABLE, /* EADDRNOTAVAIL: errno 99, WSAEADDRNOTAVAIL 10049, "cannot assign requested address" … */
    MESSAGE_DENIED,        /* EACCES: errno 13, "permission denied" … */
};

struct message {
    enum message_trouble trouble;
    bool has_endpoint;
    struct endpoint endpoint; /* a host name, or fe80::…, stands for any address: nothing is resolved */
    bool outgoing;            /* connect() or dial, not bind(): the trouble is with ephemeral ports */
};

/*
 * Finds the endpoint and the trouble in a message of Go, Node.js, Java, Python, Ruby, Rust, nginx, Apache, Docker,
 * systemd, sshd, redis, postgres and the like. Of several lines, the first with both counts, else the first with an
 * endpoint and any sign of trouble. A number is a port only where the message's form says so: a pid, a line number or
 * an errno is not.
 */
void message_read(const char *text, size_t length, struct message *ret_message);
