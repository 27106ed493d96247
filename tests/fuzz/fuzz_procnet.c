/* Any text as a line of /proc/net. The first byte of an input chooses the file. */
#undef NDEBUG
#include <assert.h>
#include <string.h>

#include "fuzz.h"
#include "procnet_decode.h"

#define LINE_MAX_LENGTH 4096

static const struct procnet_table tables[] = {
    {"tcp", PROTOCOL_TCP, FAMILY_IPV4, 100},
    {"tcp6", PROTOCOL_TCP, FAMILY_IPV6, 100},
    {"udp", PROTOCOL_UDP, FAMILY_IPV4, 100},
    {"udp6", PROTOCOL_UDP, FAMILY_IPV6, 1024},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > LINE_MAX_LENGTH)
        return 0;
    const struct procnet_table *table = &tables[data[0] % (sizeof(tables) / sizeof(tables[0]))];
    char *line = malloc(size); /* no longer than it must be: a sanitizer sees each byte read too many */
    assert(line != NULL);
    memcpy(line, data + 1, size - 1);
    line[size - 1] = '\0';
    struct sock sock;
    struct error error = {""};
    int r = procnet_decode(table, line, &sock, &error);
    free(line);
    if (r < 0) {
        assert(strstr(error.text, table->name) != NULL);
        return 0;
    }
    assert(sock.protocol == table->protocol && sock.family == table->family);
    assert(sock.local.family == sock.family && sock.remote.family == sock.family);
    assert(sock_state_exists(sock.protocol, sock.state));
    assert(sock.minisocket == (sock.remaining_ms > 0));
    assert(sock.minisocket || sock.state != SOCK_TIME_WAIT);
    assert(sock.state == SOCK_LISTEN || (sock.queue_length == 0 && sock.queue_limit == 0));
    assert(sock.family == FAMILY_IPV6 || sock.v6only == V6ONLY_NO);
    assert((sock.cookie & SOCK_COOKIE_DERIVED) != 0);
    return 0;
}
