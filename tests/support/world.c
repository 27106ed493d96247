#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "base/parse.h"

#define LINE_MAX_LENGTH 160

/* The words of a line that are not yet read. */
struct words {
    const char *line;
    char copy[LINE_MAX_LENGTH];
    char *rest;
};

static void require(bool condition, const char *line)
{
    if (condition)
        return;
    (void)fprintf(stderr, "world: cannot read \"%s\"\n", line);
    abort();
}

static void split(struct words *words, const char *line)
{
    *words = (struct words){.line = line};
    require(strlen(line) < LINE_MAX_LENGTH, line);
    memcpy(words->copy, line, strlen(line) + 1);
    words->rest = words->copy;
}

/* The next word, or NULL. */
static const char *next(struct words *words)
{
    const char *word = strsep(&words->rest, " ");
    return word != NULL && *word != '\0' ? word : NULL;
}

static const char *expect(struct words *words)
{
    const char *word = next(words);
    require(word != NULL, words->line);
    return word;
}

static uint32_t expect_number(struct words *words)
{
    uint64_t value = 0;
    require(parse_uint(expect(words), UINT32_MAX, &value) == 0, words->line);
    return (uint32_t)value;
}

struct address world_address(const char *text)
{
    struct address address = {.family = strchr(text, ':') != NULL ? FAMILY_IPV6 : FAMILY_IPV4};
    require(inet_pton(address.family == FAMILY_IPV6 ? AF_INET6 : AF_INET, text, address.bytes) == 1, text);
    return address;
}

struct kernel_settings world_settings(void)
{
    return (struct kernel_settings){
        .local_port_low = 32768,
        .local_port_high = 60999,
        .reserved_known = true,
        .unprivileged_port_start = 1024,
        .max_tw_buckets = 16384,
        .tw_reuse = 2,
        .tw_reuse_delay_ms = 1000,
        .timestamps = 1,
        .fin_timeout_seconds = 60,
        .somaxconn = 4096,
        .tick_ns = 4000000,
        .release_major = 6,
        .release_minor = 18,
    };
}

static enum sock_state state_named(const char *name, const char *line)
{
    enum sock_state state = SOCK_ESTABLISHED;
    while (state < SOCK_STATE_COUNT && strcmp(sock_state_name(state), name) != 0)
        state++;
    require(state < SOCK_STATE_COUNT, line);
    return state;
}

static enum v6only v6only_as_shown(const struct sock *sock)
{
    if (address_unmapped(&sock->local).family == FAMILY_IPV4)
        return V6ONLY_NO;
    if (sock->state != SOCK_LISTEN && sock->state != SOCK_BOUND_INACTIVE && sock->state != SOCK_CLOSE)
        return V6ONLY_UNKNOWN;
    return address_is_wildcard(&sock->local) ? V6ONLY_NO : V6ONLY_YES;
}

static enum direction direction_as_shown(enum sock_state state)
{
    if (state == SOCK_SYN_SENT)
        return DIRECTION_OUTBOUND;
    return state == SOCK_SYN_RECV ? DIRECTION_INBOUND : DIRECTION_UNKNOWN;
}

/* One word behind the address, with what belongs to it. */
static void read_word(struct words *words, const char *word, struct sock *sock, uint32_t *count)
{
    uint64_t number = 0;
    if (strcmp(word, "port") == 0) {
        sock->local_port = (uint16_t)expect_number(words);
    } else if (strcmp(word, "to") == 0) {
        sock->remote = world_address(expect(words));
        sock->remote_port = (uint16_t)expect_number(words);
    } else if (word[0] == 'x' && parse_uint(word + 1, UINT32_MAX, &number) == 0) {
        *count = (uint32_t)number;
    } else if (strcmp(word, "left") == 0) {
        sock->remaining_ms = expect_number(words);
    } else if (strcmp(word, "read") == 0) {
        sock->read_after_ms = expect_number(words);
    } else if (strcmp(word, "inode") == 0) {
        sock->inode = expect_number(words);
    } else if (strcmp(word, "cookie") == 0) {
        sock->cookie = expect_number(words);
    } else if (strcmp(word, "dev") == 0) {
        sock->interface = expect_number(words);
    } else if (strcmp(word, "queue") == 0) {
        sock->queue_length = expect_number(words);
        sock->queue_limit = expect_number(words);
    } else if (strcmp(word, "inbound") == 0 || strcmp(word, "outbound") == 0) {
        sock->direction = word[0] == 'i' ? DIRECTION_INBOUND : DIRECTION_OUTBOUND;
    } else if (strcmp(word, "dual") == 0) {
        sock->v6only = V6ONLY_NO;
    } else if (strcmp(word, "v6only") == 0 || strcmp(word, "v6only?") == 0) {
        sock->v6only = word[strlen(word) - 1] == '?' ? V6ONLY_UNKNOWN : V6ONLY_YES;
    } else if (strcmp(word, "orphan") == 0) {
        sock->minisocket = true;
    } else {
        require(false, words->line);
    }
}

/* The first socket of a line; *ret_count: how many there are. */
static struct sock read_line(const char *line, uint32_t *ret_count)
{
    struct words words;
    split(&words, line);
    struct sock sock = {.protocol = PROTOCOL_TCP, .local_port = WORLD_PORT};
    const char *word = expect(&words);
    if (strcmp(word, protocol_name(PROTOCOL_UDP)) == 0) {
        sock.protocol = PROTOCOL_UDP;
        word = expect(&words);
    }
    sock.state = state_named(word, line);
    sock.local = world_address(expect(&words));
    sock.family = sock.local.family;
    sock.remote = (struct address){.family = sock.family};
    sock.minisocket = sock.state == SOCK_TIME_WAIT;
    sock.v6only = v6only_as_shown(&sock);
    sock.direction = direction_as_shown(sock.state);
    *ret_count = 1;
    for (word = next(&words); word != NULL; word = next(&words))
        read_word(&words, word, &sock, ret_count);
    return sock;
}

static int add_to_holders(void *context, const struct sock *sock)
{
    return holders_add(context, sock);
}

static int add_to_census(void *context, const struct sock *sock)
{
    return census_add(context, sock);
}

static void each_socket(const char *const *lines, int (*visit)(void *, const struct sock *), void *context)
{
    uint64_t cookie = 1;
    for (; lines != NULL && *lines != NULL; lines++) {
        uint32_t count;
        struct sock sock = read_line(*lines, &count);
        bool named = sock.cookie != 0;
        for (uint32_t i = 0; i < count; i++) {
            if (!named)
                sock.cookie = cookie++;
            require(visit(context, &sock) == 0, *lines);
            sock.remote_port++;
            sock.cookie++;
            if (sock.inode != 0)
                sock.inode++;
        }
    }
}

struct holders world_holders(const char *const *lines)
{
    struct holders holders = {0};
    each_socket(lines, add_to_holders, &holders);
    return holders;
}

void world_enter(struct census *census, const char *const *lines)
{
    each_socket(lines, add_to_census, census);
}

static const struct {
    const char *name;
    int error;
} errnos[] = {
    {"ok", 0},
    {"EACCES", EACCES},
    {"EADDRINUSE", EADDRINUSE},
    {"EADDRNOTAVAIL", EADDRNOTAVAIL},
    {"EAFNOSUPPORT", EAFNOSUPPORT},
    {"ENOMEM", ENOMEM},
    {"EPERM", EPERM},
};
#define ERRNO_COUNT (sizeof(errnos) / sizeof(errnos[0]))

static struct bind_result read_bind(const char *line)
{
    struct words words;
    split(&words, line);
    struct bind_result bind = {.address = world_address(expect(&words)), .performed = true};
    const char *kind = expect(&words);
    bind.reuseaddr = strcmp(kind, "reuseaddr") == 0;
    require(bind.reuseaddr || strcmp(kind, "plain") == 0, line);
    const char *name = expect(&words);
    size_t i = 0;
    while (i < ERRNO_COUNT && strcmp(errnos[i].name, name) != 0)
        i++;
    require(i < ERRNO_COUNT && next(&words) == NULL, line);
    bind.error = errnos[i].error;
    return bind;
}

size_t world_binds(const char *const *lines, struct bind_result ret_binds[static VERDICT_BINDS_MAX])
{
    size_t count = 0;
    for (; lines != NULL && *lines != NULL; lines++) {
        require(count < VERDICT_BINDS_MAX, *lines);
        ret_binds[count++] = read_bind(*lines);
    }
    return count;
}

void world_bind_format(const struct bind_result *bind, char ret_text[static WORLD_BIND_MAX])
{
    char address[ADDRESS_TEXT_MAX];
    address_format(&bind->address, address);
    size_t i = 0;
    while (i < ERRNO_COUNT && errnos[i].error != bind->error)
        i++;
    (void)snprintf(ret_text, WORLD_BIND_MAX, "%s %s %s %s", address, bind->reuseaddr ? "reuseaddr" : "plain",
                   i < ERRNO_COUNT ? errnos[i].name : "?", bind->performed ? "performed" : "inferred");
}
