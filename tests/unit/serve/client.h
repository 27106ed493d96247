/* A blocking HTTP client for the tests of this layer; every wait ends, at the latest, after CLIENT_DEADLINE_SECONDS. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/buf.h"

#define CLIENT_DEADLINE_SECONDS 10
#define CLIENT_BYTES_MAX ((size_t)16 << 20)

struct client_reply {
    int status;
    struct buf head; /* status line and headers */
    struct buf body;
};

static inline void client_reply_done(struct client_reply *reply)
{
    buf_done(&reply->head);
    buf_done(&reply->body);
}

/* A socket for 127.0.0.1; receive_bytes: of its buffer, 0: as the kernel likes. */
static inline int client_socket(int receive_bytes)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    const struct timeval deadline = {.tv_sec = CLIENT_DEADLINE_SECONDS};
    assert_return_code(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline)), 0);
    assert_return_code(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline)), 0);
    if (receive_bytes > 0)
        assert_return_code(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes)), 0);
    return fd;
}

/* 0, or -1 with errno. */
static inline int client_connect(int fd, uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return connect(fd, (const struct sockaddr *)&address, sizeof(address));
}

static inline int client_open(uint16_t port)
{
    int fd = client_socket(0);
    assert_return_code(client_connect(fd, port), 0);
    return fd;
}

static inline void client_send(int fd, const char *text)
{
    size_t length = strlen(text);
    while (length > 0) {
        ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);
        assert_true(sent > 0);
        text += sent;
        length -= (size_t)sent;
    }
}

static inline void client_read_head(int fd, struct client_reply *ret_reply)
{
    buf_init(&ret_reply->head, CLIENT_BYTES_MAX);
    buf_init(&ret_reply->body, CLIENT_BYTES_MAX);
    char byte = 0;
    while (ret_reply->head.length == 0 || strstr(ret_reply->head.data, "\r\n\r\n") == NULL) {
        assert_int_equal(recv(fd, &byte, 1, 0), 1);
        buf_add_char(&ret_reply->head, byte);
    }
    assert_int_equal(sscanf(ret_reply->head.data, "HTTP/1.1 %d", &ret_reply->status), 1);
}

/* The value of the header, NULL when the reply does not have it; line is where it is put. */
static inline const char *client_header(const struct client_reply *reply, const char *name, char *line, size_t size)
{
    char wanted[64];
    (void)snprintf(wanted, sizeof(wanted), "\r\n%s: ", name);
    const char *found = strcasestr(reply->head.data, wanted);
    if (found == NULL)
        return NULL;
    found += strlen(wanted);
    (void)snprintf(line, size, "%.*s", (int)strcspn(found, "\r"), found);
    return line;
}

static inline size_t client_content_length(const struct client_reply *reply)
{
    char line[32];
    size_t length = 0;
    assert_non_null(client_header(reply, "Content-Length", line, sizeof(line)));
    assert_int_equal(sscanf(line, "%zu", &length), 1);
    return length;
}

/* Appends what comes until there are `length` bytes or the server closes. */
static inline void client_read_body(int fd, size_t length, struct client_reply *reply)
{
    char bytes[4096];
    while (reply->body.length < length) {
        size_t wanted = length - reply->body.length;
        ssize_t received = recv(fd, bytes, wanted < sizeof(bytes) ? wanted : sizeof(bytes), 0);
        assert_return_code(received, errno);
        if (received == 0)
            return;
        buf_add(&reply->body, bytes, (size_t)received);
    }
}

/*
 * One request on a connection of its own; the body is all that came until the server closed. headers: more lines, each
 * with its end.
 */
static inline void client_ask_with(uint16_t port, const char *method, const char *target, const char *headers,
                                   struct client_reply *ret_reply)
{
    cleanup(cleanup_close) int fd = client_open(port);
    char request[1024];
    (void)snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n", method,
                   target, headers);
    client_send(fd, request);
    client_read_head(fd, ret_reply);
    client_read_body(fd, CLIENT_BYTES_MAX, ret_reply);
}

static inline void client_ask(uint16_t port, const char *method, const char *target, struct client_reply *ret_reply)
{
    client_ask_with(port, method, target, "", ret_reply);
}
