#include "troubles.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "model/message.h"

#define MESSAGE_MAX ((size_t)1 << 20)

static const char *meaning_of(const struct message *message)
{
    switch (message->trouble) {
    case MESSAGE_IN_USE:
        return "\"Address already in use\" (EADDRINUSE, errno 98; on Windows 10048,\n"
               "WSAEADDRINUSE): another socket holds the port on an address that overlaps. It\n"
               "may listen, be bound without listening, be an outgoing connection, or be the\n"
               "TIME_WAIT of a closed one. The message does not name the port:\n"
               "tidewait why PORT";
    case MESSAGE_NOT_AVAILABLE:
        return "\"Cannot assign requested address\" (EADDRNOTAVAIL, errno 99): in bind(), the\n"
               "address is none of this host's; in connect(), no source port is left towards\n"
               "the destination: tidewait why --exhaustion. The message names no port.";
    case MESSAGE_DENIED:
        return "\"Permission denied\" (EACCES, errno 13): the port is below\n"
               "net.ipv4.ip_unprivileged_port_start and the server lacks CAP_NET_BIND_SERVICE,\n"
               "or a policy refuses it. The message names no port:\n"
               "tidewait why PORT";
    case MESSAGE_UNKNOWN:
        return NULL;
    }
    return NULL;
}

/* Reads on to the end of the pipe, so that its writer is not killed; keeps what was said last: servers end with it. */
static size_t read_standard_input(char *text)
{
    size_t length = 0;
    size_t got;
    while ((got = fread(text + length, 1, MESSAGE_MAX - length, stdin)) > 0) {
        length += got;
        if (length == MESSAGE_MAX) {
            length /= 2;
            memcpy(text, text + length, length);
        }
    }
    return length;
}

int troubles_read(const char *text, bool json, struct endpoints *endpoints, bool *ret_outgoing)
{
    const struct error error = {"out of memory"};
    cleanup(cleanup_free) char *input = malloc(MESSAGE_MAX);
    if (input == NULL)
        return command_refuse(-ENOMEM, &error);
    size_t length = strlen(text);
    if (strcmp(text, "-") == 0) {
        length = read_standard_input(input);
        text = input;
    } else if (length > MESSAGE_MAX) {
        length = MESSAGE_MAX;
    }
    struct message message;
    message_read(text, length, &message);
    *ret_outgoing = message.outgoing;
    if (message.outgoing && !message.has_endpoint)
        return EXIT_FREE;
    if (message.has_endpoint)
        return command_refuse(endpoints_add_one(endpoints, &message.endpoint), &error);
    const char *meaning = meaning_of(&message);
    if (meaning == NULL)
        return command_usage_error("the message names neither a port nor an error that tidewait knows; give the port: "
                                   "tidewait why 8080");
    (void)fprintf(json ? stderr : stdout, "%s\n", meaning);
    return EXIT_UNDETERMINED;
}
