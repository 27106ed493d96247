#include "judge/remedy.h"

#include <errno.h>

#include "base/buf.h"
#include "remedy_command.h"
#include "reuse_code.h"

#define TEXT_MAX 1024
/* A reservation is pasted whole: a list of every second port would not fit a command line anyway. A path may be long.
 */
#define COMMAND_MAX (32 * 1024)

/* Since 5.18 or so tcp_abort() ends minisockets; the oldest kernel that was seen to do it is 6.1. */
#define RELEASE_MAJOR 6
#define RELEASE_MINOR 1

struct advice {
    struct verdict *verdict;
    const struct kernel_settings *settings;
    const char *netns; /* as --netns takes it; NULL: the own one */
    int failure;       /* 0 or -ENOMEM; sticks */
};

static void add(struct advice *advice, enum remedy_kind kind, const char *text, const char *command)
{
    struct verdict *verdict = advice->verdict;
    if (advice->failure < 0 || verdict->remedy_count == VERDICT_REMEDIES_MAX)
        return;
    struct remedy *remedy = &verdict->remedies[verdict->remedy_count++];
    *remedy = (struct remedy){.kind = kind, .text = strdup(text), .command = command != NULL ? strdup(command) : NULL};
    if (remedy->text == NULL || (command != NULL && remedy->command == NULL))
        advice->failure = -ENOMEM;
}

/* As add(), with texts that were put together; both are emptied. */
static void add_built(struct advice *advice, enum remedy_kind kind, struct buf *text, struct buf *command)
{
    if (text->failure < 0 || command->failure < 0)
        advice->failure = -ENOMEM;
    else
        add(advice, kind, text->length > 0 ? text->data : "", command->length > 0 ? command->data : NULL);
    buf_done(text);
    buf_done(command);
}

/* The endpoint as one types it: "8080", "127.0.0.1:5432", "udp:53". */
static void say_endpoint(struct buf *buf, const struct endpoint *endpoint)
{
    if (endpoint->protocol == PROTOCOL_UDP)
        buf_add_text(buf, "udp:");
    if (!endpoint->any_address) {
        char address[ADDRESS_TEXT_MAX];
        address_format(&endpoint->address, address);
        buf_printf(buf, endpoint->address.family == FAMILY_IPV6 ? "[%s]:" : "%s:", address);
    }
    buf_printf(buf, "%u", endpoint->port);
}

static void advise_wait(struct advice *advice)
{
    if (advice->verdict->plain.kind != FREES_AFTER)
        return;
    struct buf text;
    struct buf command;
    buf_init(&text, TEXT_MAX);
    buf_init(&command, COMMAND_MAX);
    buf_add_text(&text, "comes back when it is free");
    buf_add_text(&command, "tidewait wait ");
    say_endpoint(&command, &advice->verdict->endpoint);
    remedy_command_netns(&command, advice->netns);
    add_built(advice, REMEDY_WAIT, &text, &command);
}

static bool only_minisockets(const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->holder_count; i++)
        if (!verdict->holders[i].minisocket)
            return false;
    return verdict->holder_count > 0;
}

static void advise_release(struct advice *advice)
{
    bool can_end = advice->verdict->source.kind == SOURCE_NETLINK &&
                   kernel_is_at_least(advice->settings, RELEASE_MAJOR, RELEASE_MINOR);
    if (!can_end || !only_minisockets(advice->verdict))
        return;
    struct endpoint endpoint = advice->verdict->endpoint;
    /* A wildcard is held by the sockets of every local address. */
    endpoint.any_address = endpoint.any_address || address_is_wildcard(&endpoint.address);
    struct buf text;
    struct buf command;
    buf_init(&text, TEXT_MAX);
    buf_init(&command, COMMAND_MAX);
    buf_add_text(&text, "needs CAP_NET_ADMIN; a deliberate act, see RFC 1337");
    buf_add_text(&command, "tidewait release ");
    say_endpoint(&command, &endpoint);
    buf_add_text(&command, " --time-wait");
    remedy_command_netns(&command, advice->netns);
    add_built(advice, REMEDY_RELEASE, &text, &command);
}

static const struct owner *first_owner(const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->holder_count; i++)
        if (verdict->holders[i].owner_count > 0)
            return &verdict->holders[i].owners[0];
    return NULL;
}

static const struct owner *first_alive(const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->holder_count; i++)
        for (size_t n = 0; n < verdict->holders[i].owner_count; n++)
            if (verdict->holders[i].owners[n].alive)
                return &verdict->holders[i].owners[n];
    return NULL;
}

static void advise_stop(struct advice *advice, const char *what)
{
    const struct owner *owner = first_alive(advice->verdict);
    struct buf text;
    struct buf command;
    buf_init(&text, TEXT_MAX);
    buf_init(&command, COMMAND_MAX);
    if (owner == NULL) {
        buf_add_text(&text, "shows which process it is, to who may see it");
        buf_add_text(&command, "sudo tidewait why ");
        say_endpoint(&command, &advice->verdict->endpoint);
        remedy_command_netns(&command, advice->netns);
        add_built(advice, REMEDY_LOOK, &text, &command);
        return;
    }
    buf_add_text(&text, what);
    if (owner->container[0] != '\0') {
        char label[OWNER_CONTAINER_NAME_MAX];
        holder_container_label(owner, label);
        buf_printf(&text, "; it runs in container %s", label);
    }
    remedy_command_stop(&command, owner);
    add_built(advice, REMEDY_STOP, &text, &command);
}

/* now: the option lets a server in at once; else only from the next start on. */
static void advise_reuseaddr(struct advice *advice, bool now)
{
    if (advice->verdict->endpoint.protocol == PROTOCOL_UDP)
        return;
    const struct owner *owner = first_owner(advice->verdict);
    const struct reuse_code *code = reuse_code_for(owner != NULL ? owner->runtime : RUNTIME_UNKNOWN);
    struct buf text;
    struct buf command;
    buf_init(&text, TEXT_MAX);
    buf_init(&command, COMMAND_MAX);
    buf_add_text(&text, now ? "set SO_REUSEADDR in the server that starts, before bind(): it works at once."
                            : "set SO_REUSEADDR in the server before bind().");
    if (code->remark != NULL)
        buf_printf(&text, " %s", code->remark);
    buf_add_text(&command, code->lines);
    add_built(advice, REMEDY_CODE, &text, &command);
}

/* Before the outage, for once. */
static void advise_restart(struct advice *advice)
{
    enum restart restart;
    if (verdict_restart(advice->verdict, &restart) && restart == RESTART_UNSAFE)
        advise_reuseaddr(advice, false);
}

static void advise_reserve(struct advice *advice, const char *text)
{
    uint16_t port = advice->verdict->endpoint.port;
    if (!kernel_port_is_ephemeral(advice->settings, port) || !advice->settings->reserved_known)
        return;
    cleanup(cleanup_free) struct port_set *reserved = malloc(sizeof(*reserved));
    if (reserved == NULL) {
        advice->failure = -ENOMEM;
        return;
    }
    *reserved = advice->settings->reserved;
    port_set_add(reserved, port);
    struct buf why;
    struct buf command;
    buf_init(&why, TEXT_MAX);
    buf_init(&command, COMMAND_MAX);
    buf_add_text(&why, text);
    remedy_command_enter(&command, advice->netns);
    remedy_command_reserve(&command, reserved);
    add_built(advice, REMEDY_RESERVE, &why, &command);
}

static void advise_privilege(struct advice *advice)
{
    struct buf text;
    struct buf command;
    buf_init(&text, TEXT_MAX);
    buf_init(&command, COMMAND_MAX);
    add(advice, REMEDY_PRIVILEGE, "in a systemd unit, for this server alone: AmbientCapabilities=CAP_NET_BIND_SERVICE",
        NULL);
    buf_add_text(&text, "lets every user bind it and those above");
    remedy_command_enter(&command, advice->netns);
    buf_printf(&command, "sysctl -w net.ipv4.ip_unprivileged_port_start=%u", advice->verdict->endpoint.port);
    add_built(advice, REMEDY_PRIVILEGE, &text, &command);
}

static void advise_address(struct advice *advice)
{
    struct buf text;
    struct buf command;
    buf_init(&text, TEXT_MAX);
    buf_init(&command, COMMAND_MAX);
    buf_add_text(&text, "shows the addresses that can be bound here; 0.0.0.0 and [::] always can");
    remedy_command_enter(&command, advice->netns);
    buf_add_text(&command, "ip -brief address");
    add_built(advice, REMEDY_ADDRESS, &text, &command);
}

static void advise(struct advice *advice)
{
    const struct verdict *verdict = advice->verdict;
    bool reusable = verdict->kind == VERDICT_REUSABLE;
    switch (verdict->cause) {
    case CAUSE_DENIED:
        add(advice, REMEDY_LOOK,
            "shows the BPF programs that may refuse a bind; a security module's refusals are in the "
            "audit log",
            "bpftool cgroup tree");
        return;
    case CAUSE_ADDRESS:
        advise_address(advice);
        return;
    case CAUSE_PRIVILEGED:
        advise_privilege(advice);
        return;
    case CAUSE_LISTENER:
        advise_stop(advice, "ends the server that listens");
        advise_restart(advice);
        return;
    case CAUSE_BOUND:
        advise_stop(advice, "ends the process that has it bound");
        return;
    case CAUSE_OUTGOING:
        advise_stop(advice, "ends the process that is connected");
        advise_reserve(advice, advice->netns == NULL
                                   ? "keeps outgoing connections away from the port; lasting in /etc/sysctl.d"
                                   : "keeps outgoing connections away from the port, as long as the namespace lives");
        return;
    case CAUSE_CONNECTED:
        advise_stop(advice, "ends the process that still has the connections");
        advise_reuseaddr(advice, reusable);
        return;
    case CAUSE_CLOSING:
    case CAUSE_TIME_WAIT:
        advise_wait(advice);
        advise_release(advice);
        advise_reuseaddr(advice, reusable);
        return;
    case CAUSE_UNSEEN:
        add(advice, REMEDY_LOOK,
            advice->verdict->source.kind == SOURCE_NETLINK
                ? "a Linux of 6.8 or later shows sockets that are bound and do not listen"
                : "where netlink is allowed, Linux since 6.8 shows sockets that are bound and do not listen",
            NULL);
        return;
    case CAUSE_NONE:
        advise_reserve(advice,
                       "the port lies in ip_local_port_range: until it is bound or reserved, an outgoing connection "
                       "can take it");
        return;
    case CAUSE_UNKNOWN:
        return;
    }
}

int remedies_suggest(struct verdict *verdict, const struct kernel_settings *settings, const char *netns)
{
    struct advice advice = {.verdict = verdict, .settings = settings, .netns = netns};
    advise(&advice);
    return advice.failure;
}
