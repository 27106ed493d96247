#include "procnet_decode.h"

#include <errno.h>

#include "procfs.h"
#include "sockstate.h"

/* In the column "tr" of a minisocket. */
#define TIMER_TIME_WAIT 3
/* A timer is shown as a long, and no socket waits that long. */
#define TICKS_MAX INT32_MAX
#define LONG_DIGITS_MAX 16
#define MS_PER_S 1000

/* The columns of a line that are used. */
struct columns {
    struct address local;
    struct address remote;
    uint64_t local_port;
    uint64_t remote_port;
    uint64_t state;
    uint64_t receive_queue;
    uint64_t timer;
    uint64_t ticks; /* until the timer is due, rounded down */
    uint64_t uid;
    uint64_t inode;
};

static bool take(const char **cursor, char character)
{
    if (**cursor != character)
        return false;
    (*cursor)++;
    return true;
}

/* From least to most digits, which must fit into the value. */
static bool take_hex(const char **cursor, size_t least, size_t most, uint64_t *ret_value)
{
    uint64_t value = 0;
    size_t count = 0;
    for (; count < most; count++) {
        char digit = (*cursor)[count];
        if (digit >= '0' && digit <= '9')
            value = value << 4 | (uint64_t)(digit - '0');
        else if (digit >= 'A' && digit <= 'F')
            value = value << 4 | (uint64_t)(digit - 'A' + 10);
        else
            break;
    }
    if (count < least)
        return false;
    *cursor += count;
    *ret_value = value;
    return true;
}

/* Right-aligned: after at least one space. */
static bool take_decimal(const char **cursor, uint64_t max, uint64_t *ret_value)
{
    if (!take(cursor, ' '))
        return false;
    while (take(cursor, ' '))
        ;
    return procfs_take_uint(cursor, max, ret_value) == 0;
}

/* Words of 32 bits in the byte order of the host; what they are made of is in that of the network. */
static bool take_address(const char **cursor, enum family family, struct address *ret_address)
{
    struct address address = {.family = family};
    size_t length = family == FAMILY_IPV4 ? 4 : sizeof(address.bytes);
    for (size_t at = 0; at < length; at += sizeof(uint32_t)) {
        uint64_t word;
        if (!take_hex(cursor, 8, 8, &word))
            return false;
        uint32_t bytes = (uint32_t)word;
        memcpy(&address.bytes[at], &bytes, sizeof(bytes));
    }
    *ret_address = address;
    return true;
}

static bool take_endpoint(const char **cursor, enum family family, struct address *ret_address, uint64_t *ret_port)
{
    return take_address(cursor, family, ret_address) && take(cursor, ':') && take_hex(cursor, 4, 4, ret_port) &&
           take(cursor, ' ');
}

/* "  12: LOCAL:PORT REMOTE:PORT ST TX:RX TR:WHEN RETRNSMT UID TIMEOUT INODE", and whatever follows. */
static bool take_columns(const char *line, enum family family, struct columns *ret_columns)
{
    const char *cursor = line;
    uint64_t ignored;
    while (take(&cursor, ' '))
        ;
    return procfs_take_uint(&cursor, UINT32_MAX, &ignored) == 0 && take(&cursor, ':') && take(&cursor, ' ') &&
           take_endpoint(&cursor, family, &ret_columns->local, &ret_columns->local_port) &&
           take_endpoint(&cursor, family, &ret_columns->remote, &ret_columns->remote_port) &&
           take_hex(&cursor, 2, 2, &ret_columns->state) && take(&cursor, ' ') && take_hex(&cursor, 8, 8, &ignored) &&
           take(&cursor, ':') && take_hex(&cursor, 8, 8, &ret_columns->receive_queue) && take(&cursor, ' ') &&
           take_hex(&cursor, 2, 2, &ret_columns->timer) && take(&cursor, ':') &&
           take_hex(&cursor, 8, LONG_DIGITS_MAX, &ret_columns->ticks) && take(&cursor, ' ') &&
           take_hex(&cursor, 8, 8, &ignored) && take_decimal(&cursor, UINT32_MAX, &ret_columns->uid) &&
           take_decimal(&cursor, UINT32_MAX, &ignored) && take_decimal(&cursor, UINT32_MAX, &ret_columns->inode) &&
           (*cursor == ' ' || *cursor == '\0');
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/*
 * Connections between two hosts differ in the larger port as a rule: it makes the low bits, so that their cookies lie
 * as close together as the kernel's own do. Sockets without a peer may share an address: their inodes tell them apart.
 */
static uint64_t derive_cookie(const struct sock *sock)
{
    bool ours_varies = sock->local_port > sock->remote_port;
    uint16_t varying = ours_varies ? sock->local_port : sock->remote_port;
    const uint32_t rest[] = {ours_varies ? sock->remote_port : sock->local_port, ours_varies,
                             sock->remote_port == 0 ? sock->inode : 0};
    uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), rest, sizeof(rest));
    hash = mix(hash, sock->local.bytes, sizeof(sock->local.bytes));
    hash = mix(hash, sock->remote.bytes, sizeof(sock->remote.bytes));
    return SOCK_COOKIE_DERIVED | hash >> 17 << 16 | varying;
}

static int decode_timer(const struct procnet_table *table, const struct columns *columns, struct sock *sock,
                        struct error *error)
{
    sock->minisocket = columns->timer == TIMER_TIME_WAIT && sock->protocol == PROTOCOL_TCP &&
                       (sock->state == SOCK_TIME_WAIT || sock->state == SOCK_FIN_WAIT2);
    if (sock->state == SOCK_TIME_WAIT && !sock->minisocket)
        return error_set(error, -EBADMSG, "/proc/net/%s shows a TIME_WAIT without its timer", table->name);
    if (!sock->minisocket)
        return 0;
    uint64_t due_ms = (columns->ticks + 1) * MS_PER_S;
    uint64_t remaining_ms = due_ms / table->ticks_per_second + (due_ms % table->ticks_per_second > 0);
    if (columns->ticks > TICKS_MAX || remaining_ms > UINT32_MAX)
        return error_set(error, -EBADMSG, "/proc/net/%s shows a timer that is never due", table->name);
    sock->remaining_ms = (uint32_t)remaining_ms;
    return 0;
}

int procnet_decode(const struct procnet_table *table, const char *line, struct sock *ret_sock, struct error *error)
{
    struct columns columns;
    if (!take_columns(line, table->family, &columns))
        return error_set(error, -EBADMSG, "/proc/net/%s holds a line that cannot be understood", table->name);
    struct sock sock = {
        .protocol = table->protocol,
        .family = table->family,
        .local = columns.local,
        .remote = columns.remote,
        .local_port = (uint16_t)columns.local_port,
        .remote_port = (uint16_t)columns.remote_port,
        .uid = (uint32_t)columns.uid,
        .inode = (uint32_t)columns.inode,
    };
    if (!sockstate_decode(table->protocol, (uint32_t)columns.state, &sock.state))
        return error_set(error, -EBADMSG, "/proc/net/%s shows a socket in the unknown state %u", table->name,
                         (unsigned int)columns.state);
    int r = decode_timer(table, &columns, &sock, error);
    if (r < 0)
        return r;
    if (sock.state == SOCK_LISTEN) {
        sock.queue_length = (uint32_t)columns.receive_queue;
        sock.queue_limit = SOCK_QUEUE_LIMIT_UNKNOWN;
    }
    sock.v6only = address_unmapped(&sock.local).family == FAMILY_IPV4 ? V6ONLY_NO : V6ONLY_UNKNOWN;
    sock.direction = sockstate_direction(&sock);
    sock.cookie = derive_cookie(&sock);
    *ret_sock = sock;
    return 0;
}
