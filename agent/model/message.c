#include "model/message.h"

#include <string.h>

#include "message_scan.h"

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
    {"eaddrnotavail", MESSAGE_NOT_AVAILABLE},
    {"wsaeaddrnotavail", MESSAGE_NOT_AVAILABLE},
    {"addrnotavailable", MESSAGE_NOT_AVAILABLE},
    {"assign requested address", MESSAGE_NOT_AVAILABLE},
    {"address not available", MESSAGE_NOT_AVAILABLE},
    {"requested address is not valid", MESSAGE_NOT_AVAILABLE},
    {"eacces", MESSAGE_DENIED},
    {"wsaeacces", MESSAGE_DENIED},
    {"permissiondenied", MESSAGE_DENIED},
    {"permission denied", MESSAGE_DENIED},
    {"operation not permitted", MESSAGE_DENIED},
    {"forbidden by its access permissions", MESSAGE_DENIED},
};

/* Of connect(), not of bind(). */
static const char *const outgoing_phrases[] = {"connect",          "dial",           "connecterror",
                                               "connectexception", "new connection", NULL};
/* A line that has one of each speaks of a bind that failed, whether or not it says why. */
static const char *const bind_phrases[] = {"bind*",  "listen*",    "running on",      "serving",
                                           "start*", "connector*", "protocolhandler", NULL};
static const char *const refusal_phrases[] = {"already",  "fail*",  "cannot", "can't",   "could not",
                                              "couldn't", "unable", "error",  "problem", NULL};

static bool says(struct message_line line, const char *const *phrases)
{
    for (; *phrases != NULL; phrases++)
        if (message_scan_phrase(line, *phrases))
            return true;
    return false;
}

static enum message_trouble trouble_of_errno(unsigned number)
{
    switch (number) {
    case 98:
    case 10048:
        return MESSAGE_IN_USE;
    case 99:
    case 10049:
        return MESSAGE_NOT_AVAILABLE;
    case 13:
    case 10013:
        return MESSAGE_DENIED;
    default:
        return MESSAGE_UNKNOWN;
    }
}

static enum message_trouble trouble_of(struct message_line line)
{
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
        if (message_scan_phrase(line, troubles[i].phrase))
            return troubles[i].trouble;
    const char *cursor = line.begin;
    enum message_trouble trouble = MESSAGE_UNKNOWN;
    for (unsigned number; trouble == MESSAGE_UNKNOWN && (number = message_scan_errno(line, &cursor)) != 0;)
        trouble = trouble_of_errno(number);
    return trouble;
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

static bool is_key(struct message_line line, const char *key)
{
    while (line.begin < line.end && memchr(" \t\"'{", *line.begin, 5) != NULL)
        line.begin++;
    size_t length = strlen(key);
    return (size_t)(line.end - line.begin) > length && memcmp(line.begin, key, length) == 0;
}

static enum relation relation_of(const struct reading *reading, struct message_line line, enum message_trouble trouble,
                                 bool outgoing)
{
    if (trouble != MESSAGE_UNKNOWN)
        return RELATION_TROUBLE;
    if (is_key(line, "port") && reading->message.trouble != MESSAGE_UNKNOWN)
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

static void read_line(struct reading *reading, struct message_line line)
{
    struct message *message = &reading->message;
    enum message_trouble trouble = trouble_of(line);
    bool outgoing = says(line, outgoing_phrases);
    struct endpoint endpoint;
    bool bare = false;
    bool found = message_scan_endpoint(line, outgoing, &endpoint, &bare);
    if (!found && (trouble != MESSAGE_UNKNOWN || is_key(line, "address")) && message_scan_address(line, &endpoint)) {
        reading->has_address = true;
        reading->address = endpoint;
    }

    enum relation relation = found ? relation_of(reading, line, trouble, outgoing) : RELATION_NONE;
    bool better = is_better(reading, relation);
    if (message->trouble == MESSAGE_UNKNOWN || (better && relation == RELATION_TROUBLE)) {
        message->trouble = trouble;
        message->outgoing = outgoing && trouble != MESSAGE_UNKNOWN;
    }
    if (outgoing && message_scan_phrase(line, "syscall"))
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
        read_line(&reading, (struct message_line){text, next});
    }
    /* A line that only listens is of interest when there is trouble. */
    reading.message.has_endpoint = reading.relation >= RELATION_REFUSED ||
                                   (reading.relation == RELATION_LISTENS && reading.message.trouble != MESSAGE_UNKNOWN);
    *ret_message = reading.message;
}
