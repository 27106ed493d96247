/* Any bytes as a message of the kernel's dump. The first byte of an input chooses the protocol. */
#undef NDEBUG
#include <assert.h>
#include <errno.h>

#include "fuzz.h"
#include "sockdiag_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum protocol protocol = data[0] & 1 ? PROTOCOL_UDP : PROTOCOL_TCP;
    struct sock sock;
    struct error error = {""};
    if (sockdiag_decode(data + 1, size - 1, protocol, &sock, &error) < 0) {
        assert(error.text[0] != '\0');
        return 0;
    }
    assert(sock.protocol == protocol);
    assert(sock.local.family == sock.family && sock.remote.family == sock.family);
    assert(sock_state_exists(protocol, sock.state));
    assert(sock.minisocket || sock.remaining_ms == 0);
    assert(sock.state == SOCK_LISTEN || (sock.queue_length == 0 && sock.queue_limit == 0));
    assert(sock.family == FAMILY_IPV6 || sock.v6only == V6ONLY_NO);
    return 0;
}
