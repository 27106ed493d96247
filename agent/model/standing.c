#include "model/standing.h"

const char *standing_name(enum standing standing)
{
    switch (standing) {
    case STANDING_BLOCKED:
        return "blocked";
    case STANDING_UNKNOWN:
        return "unknown";
    case STANDING_REUSABLE:
        return "reusable";
    case STANDING_SERVED:
        return "served";
    case STANDING_FREE:
        return "free";
    }
    return "unknown";
}

static bool is_served(const struct verdict *verdict)
{
    bool udp = verdict->endpoint.protocol == PROTOCOL_UDP;
    return verdict->cause == CAUSE_LISTENER || (udp && verdict->cause == CAUSE_BOUND);
}

bool standing_is_as_expected(const struct report_port *port)
{
    switch (port->expected) {
    case EXPECTED_NOTHING:
        return true;
    case EXPECTED_LISTENING:
        return is_served(&port->verdict);
    case EXPECTED_FREE:
        return port->verdict.kind == VERDICT_FREE || port->verdict.kind == VERDICT_UNKNOWN;
    }
    return true;
}

enum standing standing_of(const struct report_port *port)
{
    if (!standing_is_as_expected(port))
        return STANDING_BLOCKED;
    if (is_served(&port->verdict))
        return STANDING_SERVED;
    switch (port->verdict.kind) {
    case VERDICT_FREE:
        return STANDING_FREE;
    case VERDICT_REUSABLE:
        return STANDING_REUSABLE;
    case VERDICT_HELD:
        return STANDING_BLOCKED;
    case VERDICT_UNKNOWN:
        return STANDING_UNKNOWN;
    }
    return STANDING_UNKNOWN;
}
