#include "why_sample.h"

#include <stdio.h>
#include <string.h>

static void add_bind(struct verdict *verdict, const struct why_sample_bind *sample, bool reuseaddr)
{
    int error = reuseaddr ? sample->reuseaddr : sample->plain;
    if (error != WHY_SAMPLE_NOT_KNOWN)
        verdict->binds[verdict->bind_count++] = (struct bind_result){
            .address = report_sample_address(sample->address),
            .reuseaddr = reuseaddr,
            .error = error,
            .performed = reuseaddr || sample->tried,
        };
}

static void add_binds(struct verdict *verdict, const struct why_sample *sample)
{
    for (int reuseaddr = 0; reuseaddr < 2; reuseaddr++)
        for (size_t i = 0; i < ENDPOINT_ADDRESSES_MAX && sample->binds[i].address != NULL; i++)
            add_bind(verdict, &sample->binds[i], reuseaddr);
}

/* A bind with SO_REUSEADDR that fails fails for as long as a plain one. */
static void set_frees(struct verdict *verdict, const struct why_sample *sample)
{
    bool passes = sample->kind == VERDICT_FREE || sample->plain_seconds > 0;
    enum frees_kind without = sample->kind == VERDICT_UNKNOWN ? FREES_NOT_KNOWN : FREES_NEVER;
    verdict->plain = (struct frees){passes ? FREES_AFTER : without, sample->plain_seconds};
    bool known = false;
    bool fails = false;
    for (size_t i = 0; i < verdict->bind_count; i++) {
        known = known || verdict->binds[i].reuseaddr;
        fails = fails || (verdict->binds[i].reuseaddr && verdict->binds[i].error != 0);
    }
    if (known)
        verdict->reuseaddr = fails ? verdict->plain : (struct frees){FREES_AFTER, 0};
}

static void add_holder(const struct why_sample_holder *sample, struct report_port *port)
{
    struct holder *holder = report_sample_holder(port, sample->state, sample->local, sample->count);
    if (sample->peer != NULL)
        holder->remote = report_sample_address(sample->peer);
    holder->remote_port = sample->peer_port;
    holder->direction = sample->direction;
    holder->minisocket = sample->left_ms > 0;
    holder->longest_remaining_ms = sample->left_ms;
    for (int32_t i = 0; sample->process != NULL && i <= sample->sharers; i++) {
        struct owner *owner = report_sample_owner(holder, sample->process, sample->first_pid + i);
        owner->alive = !sample->exited;
        (void)snprintf(owner->unit, sizeof(owner->unit), "%s", sample->unit != NULL ? sample->unit : "");
        (void)snprintf(owner->container, sizeof(owner->container), "%s",
                       sample->container != NULL ? sample->container : "");
    }
}

static void add_remedy(struct verdict *verdict, enum remedy_kind kind, const char *text, const char *command)
{
    struct remedy *remedy = &verdict->remedies[verdict->remedy_count++];
    *remedy = (struct remedy){kind, strdup(text), command != NULL ? strdup(command) : NULL};
    if (remedy->text == NULL || (command != NULL && remedy->command == NULL))
        abort();
}

struct report *why_sample_build(const struct why_sample *sample)
{
    struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, sample->endpoint, sample->kind, sample->cause);
    port->verdict.may_extend = sample->may_extend;
    add_binds(&port->verdict, sample);
    set_frees(&port->verdict, sample);
    for (size_t i = 0; i < WHY_SAMPLE_HOLDERS_MAX && sample->holders[i].count > 0; i++)
        add_holder(&sample->holders[i], port);
    if (sample->explanation != NULL)
        report_sample_explain(port, sample->explanation);
    for (size_t i = 0; i < WHY_SAMPLE_REMEDIES_MAX && sample->remedies[i].text != NULL; i++)
        add_remedy(&port->verdict, sample->remedies[i].kind, sample->remedies[i].text, sample->remedies[i].command);
    return report;
}
