#include "troubles.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "model/message.h"

#define MESSAGE_MAX (64 * 1024)

static const char *meaning_of(const struct message *message)
{
    if (message->outgoing)
        return "An outgoing connection found no source port: every port of ip_local_port_range that it could use towards\n"
               "that destination is taken, by connections or by TIME_WAITs. It is not about a server's port.";
    switch (message->trouble) {
    case MESSAGE_IN_USE:
        return "\"Address already in use\" (EADDRINUSE, errno 98; on Windows 10048, WSAEADDRINUSE): another socket holds the\n"
               "port on an address that overlaps. It may listen, be bound without listening, be an outgoing connection, or\n"
               "be the TIME_WAIT of a closed one. The message does not name the port: tidewait why PORT";
    case MESSAGE_NOT_AVAILABLE:
        return "\"Cannot assign requested address\" (EADDRNOTAVAIL, errno 99): in bind(), the address is none of this\n"
               "host's; in connect(), no source port is left towards the destination. The message names no port.";
    case MESSAGE_DENIED:
        return "\"Permission denied\" (EACCES, errno 13): the port is below net.ipv4.ip_unprivileged_port_start and the server\n"
               "lacks CAP_NET_BIND_SERVICE, or a policy refuses it. The message names no port: tidewait why PORT";
    case MESSAGE_UNKNOWN:
        return NULL;
    }
    return NULL;
}

/* Reads on to the end of the pipe, so that its writer is not killed; keeps the first MESSAGE_MAX bytes. */
static size_t read_standard_input(char *text)
{
    size_t length = 0;
    char rest[4096];
    size_t got;
    do {
        got = length < MESSAGE_MAX ? fread(text + length, 1, MESSAGE_MAX - length, stdin)
                                   : fread(rest, 1, sizeof(rest), stdin);
        length += length < MESSAGE_MAX ? got : 0;
    } while (got > 0);
    return length;
}

int troubles_read(const char *text, bool json, struct endpoints *endpoints)
{
    cleanup(cleanup_free) char *input = malloc(MESSAGE_MAX);
    if (input == NULL)
        return EXIT_UNDETERMINED;
    size_t length = strlen(text);
    if (strcmp(text, "-") == 0) {
        length = read_standard_input(input);
        text = input;
    } else if (length > MESSAGE_MAX) {
        length = MESSAGE_MAX;
    }
    struct message message;
    message_read(text, length, &message);
    if (message.has_endpoint && !message.outgoing)
        return endpoints_add_one(endpoints, &message.endpoint) < 0 ? EXIT_UNDETERMINED : EXIT_FREE;
    const char *meaning = meaning_of(&message);
    if (meaning == NULL)
        return command_usage_error("the message names neither a port nor an error that tidewait knows; give the port: "
                                   "tidewait why 8080");
    (void)fprintf(json ? stderr : stdout, "%s\n", meaning);
    return EXIT_UNDETERMINED;
}
