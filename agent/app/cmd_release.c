#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "argument.h"
#include "collect/sockdestroy.h"
#include "collect/sockets.h"
#include "command.h"
#include "endpoints.h"
#include "netns_argument.h"

/* The sockets to end: all that the command was asked for, found before the first is touched. */
struct sentence {
    struct endpoint endpoint;
    struct sock *socks; /* owned */
    size_t count;
    size_t capacity;
};

static void sentence_done(struct sentence *sentence)
{
    free(sentence->socks);
}

/* Nobody owns it: a TIME_WAIT, or a FIN_WAIT2 whose process closed it. */
static bool is_ownerless_rest(const struct sock *sock)
{
    return sock->state == SOCK_TIME_WAIT || (sock->state == SOCK_FIN_WAIT2 && sock->inode == 0);
}

static bool is_named(const struct endpoint *endpoint, const struct sock *sock)
{
    struct address local = address_unmapped(&sock->local);
    return endpoint->any_address || address_equal(&endpoint->address, &local);
}

static int collect(void *context, const struct sock *sock)
{
    struct sentence *sentence = context;
    if (!is_ownerless_rest(sock) || !is_named(&sentence->endpoint, sock))
        return 0;
    if (sentence->count == sentence->capacity) {
        size_t capacity = sentence->capacity > 0 ? sentence->capacity * 2 : 64;
        struct sock *longer = reallocarray(sentence->socks, capacity, sizeof(*longer));
        if (longer == NULL)
            return -ENOMEM;
        sentence->socks = longer;
        sentence->capacity = capacity;
    }
    sentence->socks[sentence->count++] = *sock;
    return 0;
}

static int find(struct sentence *sentence, struct error *error)
{
    cleanup(sockets_closep) struct sockets *sockets = NULL;
    struct sockets_query query = {.protocol = PROTOCOL_TCP, .port = sentence->endpoint.port};
    int r = sockets_open(&sockets, error);
    if (r < 0)
        return r;
    struct source source = sockets_source(sockets);
    char reason[SOURCE_REASON_MAX];
    source_reason(&source, reason);
    if (source.kind != SOURCE_NETLINK)
        return error_set(error, -source.refusal, "%s, and nothing else can end sockets", reason);
    return sockets_walk(sockets, &query, collect, sentence, error);
}

/* True when a person at the terminal says yes. */
static bool is_confirmed(const struct sentence *sentence, const char *name)
{
    (void)fprintf(stderr,
                  "%zu %s in TIME_WAIT, or orphaned in FIN_WAIT2, on %s: what keeps late segments of\n"
                  "old connections from being taken for a new one's (RFC 1337). End now? [y/N] ",
                  sentence->count, sentence->count == 1 ? "socket" : "sockets", name);
    char line[16];
    return fgets(line, sizeof(line), stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}

static int explain_failure(int code, const char *name, const struct error *error)
{
    if (code == -EPERM)
        (void)fprintf(stderr, "tidewait: ending sockets takes CAP_NET_ADMIN; nothing was ended on %s\n", name);
    else if (code == -EOPNOTSUPP)
        (void)fprintf(stderr, "tidewait: this kernel cannot end TIME_WAIT sockets; nothing was ended on %s\n", name);
    else
        (void)fprintf(stderr, "tidewait: the sockets of %s cannot be ended: %s\n", name, error->text);
    return EXIT_UNDETERMINED;
}

static int end_all(const struct sentence *sentence, const char *name)
{
    cleanup(sockdestroy_closep) struct sockdestroy *sockdestroy = NULL;
    struct error error = {.text = "out of memory"};
    int r = sockdestroy_open(&sockdestroy, &error);
    if (r < 0)
        return explain_failure(r, name, &error);
    size_t ended = 0;
    for (size_t i = 0; i < sentence->count; i++) {
        r = sockdestroy_end(sockdestroy, &sentence->socks[i], &error);
        if (r < 0 && r != -ENOENT && ended > 0)
            (void)printf("%s: %zu of %zu sockets ended\n", name, ended, sentence->count);
        if (r < 0 && r != -ENOENT)
            return explain_failure(r, name, &error);
        ended += r == 0;
    }
    (void)printf("%s: %zu %s ended\n", name, ended, ended == 1 ? "socket" : "sockets");
    return EXIT_FREE;
}

static int read_arguments(int argc, char **argv, struct endpoint *ret_endpoint, struct netns_argument *netns,
                          bool *ret_yes)
{
    cleanup(endpoints_done) struct endpoints endpoints = {0};
    bool time_wait = false;
    bool yes = false;
    for (int at = 1; at < argc; at++) {
        struct error error;
        const char *value;
        int r;
        if (argument_has_value(argv, &at, "--netns", &value)) {
            int code = netns_argument_set(netns, value);
            if (code != EXIT_FREE)
                return code;
        } else if (strcmp(argv[at], "--time-wait") == 0)
            time_wait = true;
        else if (strcmp(argv[at], "--yes") == 0)
            yes = true;
        else if (strncmp(argv[at], "--", 2) == 0)
            return command_usage_error("release takes --time-wait, --yes and --netns, not \"%.40s\"", argv[at]);
        else if ((r = endpoints_add(&endpoints, argv[at], &error)) < 0)
            return command_refuse(r, &error);
    }
    if (endpoints.count != 1)
        return command_usage_error("release takes one endpoint, as in `tidewait release 8080 --time-wait`");
    if (endpoints.items[0].protocol == PROTOCOL_UDP)
        return command_usage_error("UDP has no TIME_WAIT: release takes a TCP endpoint, as in 8080");
    if (!time_wait)
        return command_usage_error("say what to release: `tidewait release ENDPOINT --time-wait` touches nothing else");
    *ret_endpoint = endpoints.items[0];
    *ret_yes = yes;
    return EXIT_FREE;
}

int cmd_release(int argc, char **argv)
{
    cleanup(sentence_done) struct sentence sentence = {0};
    bool yes = false;
    struct netns_argument netns = {0};
    int code = read_arguments(argc, argv, &sentence.endpoint, &netns, &yes);
    if (code != EXIT_FREE)
        return code;
    if (!yes && isatty(STDIN_FILENO) != 1)
        return command_usage_error("there is no terminal to ask on: give --yes to end the sockets without being asked");
    code = netns_argument_enter(&netns);
    if (code != EXIT_FREE)
        return code;
    char name[ENDPOINT_TEXT_MAX];
    endpoint_format(&sentence.endpoint, name);
    struct error error = {.text = "out of memory"};
    if (find(&sentence, &error) < 0) {
        (void)fprintf(stderr, "tidewait: the sockets of %s cannot be found: %s\n", name, error.text);
        return EXIT_UNDETERMINED;
    }
    if (sentence.count == 0) {
        (void)printf("%s: no TIME_WAIT and no orphaned FIN_WAIT2 socket to end\n", name);
        return EXIT_FREE;
    }
    if (!yes && !is_confirmed(&sentence, name)) {
        (void)puts("nothing was ended");
        return EXIT_REFUSED;
    }
    return end_all(&sentence, name);
}

void cmd_release_print_flags(void)
{
    (void)puts("\n"
               "  --time-wait       end its TIME_WAIT and orphaned FIN_WAIT2 sockets: no socket that a process has\n"
               "  --yes             do not ask\n"
               "  --netns PATH|PID  in another network namespace: at /run/netns/blue, or of a process\n"
               "\n"
               "Needs CAP_NET_ADMIN. TIME_WAIT keeps late segments of an old connection from being taken for a new\n"
               "one's (RFC 1337): end it when you know that none is on its way, or that the client can cope.\n"
               "Exit 0: ended, or nothing to end. 1: not confirmed. 3: the kernel or a privilege does not allow it.");
}
