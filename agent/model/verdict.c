#include "model/verdict.h"

const char *verdict_kind_name(enum verdict_kind kind)
{
    switch (kind) {
    case VERDICT_FREE:
        return "free";
    case VERDICT_REUSABLE:
        return "reusable";
    case VERDICT_HELD:
        return "held";
    case VERDICT_UNKNOWN:
        return "unknown";
    }
    return "?";
}

const char *cause_name(enum cause cause)
{
    switch (cause) {
    case CAUSE_DENIED:
        return "denied";
    case CAUSE_ADDRESS:
        return "address";
    case CAUSE_PRIVILEGED:
        return "privileged";
    case CAUSE_LISTENER:
        return "listener";
    case CAUSE_BOUND:
        return "bound";
    case CAUSE_OUTGOING:
        return "outgoing";
    case CAUSE_CONNECTED:
        return "connected";
    case CAUSE_CLOSING:
        return "closing";
    case CAUSE_TIME_WAIT:
        return "time_wait";
    case CAUSE_UNSEEN:
        return "unseen";
    case CAUSE_NONE:
        return "none";
    case CAUSE_UNKNOWN:
        return "unknown";
    }
    return "?";
}

const char *remedy_kind_name(enum remedy_kind kind)
{
    switch (kind) {
    case REMEDY_WAIT:
        return "wait";
    case REMEDY_RELEASE:
        return "release";
    case REMEDY_STOP:
        return "stop";
    case REMEDY_CODE:
        return "code";
    case REMEDY_RESERVE:
        return "reserve";
    case REMEDY_PRIVILEGE:
        return "privilege";
    case REMEDY_ADDRESS:
        return "address";
    case REMEDY_SETTING:
        return "setting";
    case REMEDY_LOOK:
        return "look";
    }
    return "?";
}

void verdict_done(struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->holder_count; i++)
        free(verdict->holders[i].owners);
    free(verdict->holders);
    free(verdict->explanation);
    for (size_t i = 0; i < verdict->remedy_count; i++) {
        free(verdict->remedies[i].text);
        free(verdict->remedies[i].command);
    }
    *verdict = (struct verdict){0};
}

static int64_t room_left(const struct holder *listener)
{
    return (int64_t)listener->queue_limit - listener->queue_length;
}

const struct holder *verdict_accept_queue(const struct verdict *verdict)
{
    const struct holder *fullest = NULL;
    for (size_t i = 0; i < verdict->holder_count; i++) {
        const struct holder *holder = &verdict->holders[i];
        if (holder->state == SOCK_LISTEN && (fullest == NULL || room_left(holder) < room_left(fullest)))
            fullest = holder;
    }
    return fullest;
}

bool verdict_restart(const struct verdict *verdict, enum restart *ret_restart)
{
    bool listens = false;
    enum restart restart = RESTART_SAFE;
    for (size_t i = 0; i < verdict->holder_count; i++) {
        if (verdict->holders[i].state != SOCK_LISTEN)
            continue;
        restart = holder_worse_restart(restart, verdict->holders[i].restart);
        listens = true;
    }
    if (listens)
        *ret_restart = restart;
    return listens;
}
