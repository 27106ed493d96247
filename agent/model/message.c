#include "model/message.h"

#include <string.h>

#include "message_form.h"

static const struct {
    const char *phrase;
    enum message_trouble trouble;
} troubles[] = {
    {"eaddrinuse", MESSAGE_IN_USE},
    {"wsaeaddrinuse", MESSAGE_IN_USE},
    {"addrinuse", MESSAGE_IN_USE},
    {"in use", MESSAGE_IN_USE},
    {"only one usage of each socket address", MESSAGE_IN_USE},
    {"already allocated", MESSAGE_IN_USE},
    {"already listening", MESSAGE_IN_USE},
    {"something is already running", MESSAGE_IN_USE},
    {"not free", MESSAGE_IN_USE},
    {"errno 98", MESSAGE_IN_USE},
    {"error 98", MESSAGE_IN_USE},
    {"errno=98", MESSAGE_IN_USE},
    {"(98", MESSAGE_IN_USE},
    {"errno 10048", MESSAGE_IN_USE},
    {"error 10048", MESSAGE_IN_USE},
    {"winerror 10048", MESSAGE_IN_USE},
    {"(10048", MESSAGE_IN_USE},
    {"eaddrnotavail", MESSAGE_NOT_AVAILABLE},
    {"wsaeaddrnotavail", MESSAGE_NOT_AVAILABLE},
    {"addrnotavailable", MESSAGE_NOT_AVAILABLE},
    {"assign requested address", MESSAGE_NOT_AVAILABLE},
    {"address not available", MESSAGE_NOT_AVAILABLE},
    {"requested address is not valid", MESSAGE_NOT_AVAILABLE},
    {"errno 99", MESSAGE_NOT_AVAILABLE},
    {"error 99", MESSAGE_NOT_AVAILABLE},
    {"errno=99", MESSAGE_NOT_AVAILABLE},
    {"(99", MESSAGE_NOT_AVAILABLE},
    {"winerror 10049", MESSAGE_NOT_AVAILABLE},
    {"(10049", MESSAGE_NOT_AVAILABLE},
    {"eacces", MESSAGE_DENIED},
    {"wsaeacces", MESSAGE_DENIED},
    {"permissiondenied", MESSAGE_DENIED},
    {"permission denied", MESSAGE_DENIED},
    {"operation not permitted", MESSAGE_DENIED},
    {"forbidden by its access permissions", MESSAGE_DENIED},
    {"errno 13", MESSAGE_DENIED},
    {"errno=13", MESSAGE_DENIED},
    {"os error 13", MESSAGE_DENIED},
    {"winerror 10013", MESSAGE_DENIED},
    {"(10013", MESSAGE_DENIED},
};

/* Of connect(), not of bind(). */
static const char *const outgoing_phrases[] = {"connect",          "dial",           "connecterror",
                                               "connectexception", "new connection", NULL};
/* A line that has one of each speaks of a bind that failed, whether or not it says why. */
static const char *const bind_phrases[] = {"bind*",  "listen*",    "running on",      "serving",
                                           "start*", "connector*", "protocolhandler", NULL};
static const char *const refusal_phrases[] = {"already",  "fail*",  "cannot", "can't",   "could not",
                                              "couldn't", "unable", "error",  "problem", NULL};

static bool says(struct scan_line line, const char *const *phrases)
{
    for (; *phrases != NULL; phrases++)
        if (scan_has(line, *phrases))
            return true;
    return false;
}

static enum message_trouble trouble_of(struct scan_line line)
{
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
        if (scan_has(line, troubles[i].phrase))
            return troubles[i].trouble;
    return MESSAGE_UNKNOWN;
}

/* How much a line that names an endpoint has to do with the trouble. */
enum relation {
    RELATION_NONE,
    RELATION_LISTENS, /* "Listening on port 8080" beside the trouble */
    RELATION_REFUSED, /* "failed to listen on port 8080", or the `port: 8080` of a printed error object */
    RELATION_TROUBLE, /* the trouble itself */
};

/* What the lines so far have said. */
struct reading {
    struct message message;
    enum relation relation; /* of the line that the endpoint is from */
    bool has_address;       /* for a port that is named without one */
    struct endpoint address;
};

/* True for a line of a printed object such as `port: 8080`. */
static bool begins_with(struct scan_line line, const char *key)
{
    return scan_starts_with(line, scan_skip(line, line.begin, " \t\"'{", line.end - line.begin), key);
}

static enum relation relation_of(const struct reading *reading, struct scan_line line, enum message_trouble trouble,
                                 bool outgoing)
{
    if (trouble != MESSAGE_UNKNOWN)
        return RELATION_TROUBLE;
    if (begins_with(line, "port") && reading->message.trouble != MESSAGE_UNKNOWN)
        return RELATION_REFUSED;
    if (outgoing || !says(line, bind_phrases))
        return RELATION_NONE;
    return says(line, refusal_phrases) ? RELATION_REFUSED : RELATION_LISTENS;
}

/* The first of the closest relation; of lines that only listen the last before the trouble. */
static bool is_better(const struct reading *reading, enum relation relation)
{
    bool before = reading->message.trouble == MESSAGE_UNKNOWN;
    return relation > reading->relation || (before && relation == RELATION_LISTENS && relation == reading->relation);
}

static void read_line(struct reading *reading, struct scan_line line)
{
    struct message *message = &reading->message;
    enum message_trouble trouble = trouble_of(line);
    bool outgoing = says(line, outgoing_phrases);
    if (outgoing && trouble == MESSAGE_DENIED)
        trouble = MESSAGE_UNKNOWN; /* a policy about the peer: no port of this host is in question */
    struct endpoint endpoint;
    bool bare = false;
    bool found = message_form_endpoint(line, outgoing, &endpoint, &bare);
    bool may_have_address = !found && (trouble != MESSAGE_UNKNOWN || begins_with(line, "address"));
    if (may_have_address && message_form_address(line, &reading->address))
        reading->has_address = true;

    enum relation relation = found ? relation_of(reading, line, trouble, outgoing) : RELATION_NONE;
    bool better = is_better(reading, relation);
    if (message->trouble == MESSAGE_UNKNOWN || (better && relation == RELATION_TROUBLE)) {
        message->trouble = trouble;
        message->outgoing = outgoing && trouble != MESSAGE_UNKNOWN;
    }
    if (message->trouble != MESSAGE_UNKNOWN && outgoing && scan_has(line, "syscall"))
        message->outgoing = true;
    if (!better)
        return;
    if (bare && reading->has_address) {
        endpoint.any_address = reading->address.any_address;
        endpoint.address = reading->address.address;
    }
    message->endpoint = endpoint;
    reading->relation = relation;
}

void message_read(const char *text, size_t length, struct message *ret_message)
{
    struct reading reading = {0};
    const char *end = text + length;
    for (const char *next; text < end && reading.relation < RELATION_TROUBLE; text = next) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        next = newline != NULL ? newline + 1 : end;
        read_line(&reading, (struct scan_line){text, next});
    }
    /* A line that only listens is of interest when there is trouble. */
    reading.message.has_endpoint = reading.relation >= RELATION_REFUSED ||
                                   (reading.relation == RELATION_LISTENS && reading.message.trouble != MESSAGE_UNKNOWN);
    *ret_message = reading.message;
}
