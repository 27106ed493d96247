#include "request.h"

#include <errno.h>
#include <stdio.h>

#include "base/parse.h"

const char *request_argument(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->argument_count; i++)
        if (strcmp(request->arguments[i].name, name) == 0)
            return request->arguments[i].value;
    return "";
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

const char *request_stray_argument(const struct request *request, const char *const *names)
{
    for (size_t i = 0; i < request->argument_count; i++) {
        const char *name = request->arguments[i].name;
        if (!is_one_of(name, names))
            return name;
        for (size_t before = 0; before < i; before++)
            if (strcmp(request->arguments[before].name, name) == 0)
                return name;
    }
    return NULL;
}

static int read_protocol(const char *text, enum protocol *ret_protocol)
{
    if (text[0] == '\0' || strcmp(text, protocol_name(PROTOCOL_TCP)) == 0)
        *ret_protocol = PROTOCOL_TCP;
    else if (strcmp(text, protocol_name(PROTOCOL_UDP)) == 0)
        *ret_protocol = PROTOCOL_UDP;
    else
        return -EINVAL;
    return 0;
}

static int read_address(const char *text, struct address *ret_address)
{
    char endpoint[ENDPOINT_TEXT_MAX];
    bool lacks_brackets = strchr(text, ':') != NULL && text[0] != '[';
    int length = snprintf(endpoint, sizeof(endpoint), lacks_brackets ? "[%s]:1" : "%s:1", text);
    if (length < 0 || (size_t)length >= sizeof(endpoint))
        return -EINVAL;
    struct endpoint_range range = {0};
    /* No address at all: "tcp", which reads as a protocol before the port. */
    if (endpoint_parse(endpoint, &range, NULL) != 0 || range.first.any_address)
        return -EINVAL;
    *ret_address = range.first.address;
    return 0;
}

int request_endpoint(const struct request *request, const char *port, struct endpoint *ret_endpoint,
                     struct error *error)
{
    uint64_t number = 0;
    if (parse_uint(port, UINT16_MAX, &number) != 0 || number == 0)
        return error_set(error, -EINVAL, "\"%.64s\" is not a port: use a number from 1 to 65535", port);
    struct endpoint endpoint = {.any_address = true, .port = (uint16_t)number};

    const char *protocol = request_argument(request, "protocol");
    if (read_protocol(protocol, &endpoint.protocol) != 0)
        return error_set(error, -EINVAL, "\"%.64s\" is not a protocol: use protocol=tcp or protocol=udp", protocol);

    const char *address = request_argument(request, "address");
    if (address[0] != '\0' && strcmp(address, "*") != 0) {
        endpoint.any_address = false;
        if (read_address(address, &endpoint.address) != 0)
            return error_set(error, -EINVAL,
                             "\"%.64s\" is not an address: use address=127.0.0.1, address=::1, or address=* for all",
                             address);
    }
    *ret_endpoint = endpoint;
    return 0;
}
