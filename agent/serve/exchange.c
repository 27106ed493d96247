#include "exchange.h"

#include <strings.h>
#include <sys/socket.h>

#include "attempts.h"
#include "base/clock.h"
#include "host.h"
#include "model/sockaddr.h"
#include "response.h"

/* What the library knows of the connection, as it was stored in exchange_on_connection(). */
static struct connection *connection_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

enum MHD_Result exchange_on_accept(void *cls, const struct sockaddr *address, socklen_t length)
{
    (void)length;
    const struct exchange *exchange = cls;
    struct address peer = sockaddr_address(address);
    if (connections_admit(exchange->connections, &peer))
        return MHD_YES;
    tally_rejections(exchange->tally, REJECTION_PER_ADDRESS, 1);
    return MHD_NO;
}

static struct address address_of(struct MHD_Connection *connection)
{
    return sockaddr_address(MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
}

/* Before its handshake. The reference is dropped when the connection, and with it the session, has ended. */
static void secure(const struct exchange *exchange, struct MHD_Connection *connection, struct connection *place)
{
    struct tls *tls = security_tls(exchange->security);
    connections_set_tls(place, tls);
    if (tls != NULL)
        tls_apply(tls, MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session);
}

void exchange_on_connection(void *cls, struct MHD_Connection *connection, void **context,
                            enum MHD_ConnectionNotificationCode code)
{
    const struct exchange *exchange = cls;
    switch (code) {
    case MHD_CONNECTION_NOTIFY_STARTED: {
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        struct address peer = address_of(connection);
        bool made_way = false;
        *context = connections_open(exchange->connections, fd, &peer, clock_monotonic_ns(), &made_way);
        tally_rejections(exchange->tally, REJECTION_CONNECTIONS, made_way);
        if (*context != NULL)
            secure(exchange, connection, *context);
        break;
    }
    case MHD_CONNECTION_NOTIFY_CLOSED:
        if (*context != NULL) {
            tls_unref(connections_tls(*context));
            connections_close(exchange->connections, *context);
        }
        break;
    }
}

/*
 * Cuts off the arguments that nobody would look at. The library keeps a record of each in the connection's memory, and
 * when they have filled it there is no room for any answer: it closes (0.9.75). The target is in its read buffer.
 */
void *exchange_on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    (void)cls, (void)connection;
    char *end = strchr(target, '?');
    for (size_t i = 0; i < REQUEST_ARGUMENTS_MAX && end != NULL; i++)
        end = strchr(end + 1, '&');
    if (end != NULL)
        *end = '\0';
    return NULL;
}

/* A NUL would end the text and hide the rest of it; as a question mark it is in no path and no value. */
size_t exchange_decode(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls, (void)connection;
    size_t length = MHD_http_unescape(text);
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\0')
            text[i] = '?';
    return length;
}

static enum MHD_Result add_argument(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct request *request = cls;
    if (request->argument_count == REQUEST_ARGUMENTS_MAX)
        return MHD_NO;
    request->arguments[request->argument_count++] = (struct request_argument){name, value != NULL ? value : ""};
    return MHD_YES;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value != NULL ? value : "";
}

struct hosts {
    const char *last;
    unsigned count;
};

static enum MHD_Result add_host(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct hosts *hosts = cls;
    if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0) {
        hosts->last = value != NULL ? value : "";
        hosts->count++;
    }
    return MHD_YES;
}

/* Probes and scrapers come under any name where others than this host can ask; what they read names no process. */
static bool wants_host(const struct exchange *exchange, enum route route)
{
    return exchange->loopback || (route != ROUTE_METRICS && route != ROUTE_HEALTHZ && route != ROUTE_READYZ);
}

/* Leaves the answer empty when the request may go on. */
static int check_host(const struct exchange *exchange, struct MHD_Connection *connection, enum route route,
                      const char *version, struct answer *answer)
{
    struct hosts hosts = {0};
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, add_host, &hosts);
    /* HTTP/1.0 knows no Host, and no browser speaks it. */
    if (hosts.count == 0 && strcmp(version, MHD_HTTP_VERSION_1_0) == 0)
        return 0;
    if (hosts.count != 1)
        return answer_error(answer, 400, "bad_request", "a request has one Host header, and this one has %u",
                            hosts.count);
    if (wants_host(exchange, route) && !host_is_ours(hosts.last, exchange->allowed_hosts, exchange->allowed_host_count))
        return answer_error(answer, 403, "host_not_allowed",
                            "\"%.64s\" is no name of this agent: ask it by its IP address or as localhost, or start it "
                            "with --web.allowed-host NAME",
                            hosts.last);
    return 0;
}

/* Leaves the answer empty when the request may go on. */
static int check_auth(const struct exchange *exchange, struct MHD_Connection *connection, struct answer *answer)
{
    struct address client = address_of(connection);
    const char *given = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    switch (auth_check(security_auth(exchange->security), given, &client)) {
    case AUTH_GRANTED:
        return 0;
    case AUTH_REFUSED:
        return answer_error(answer, 401, "unauthorized",
                            "give a name and a password of basic_auth_users in --web.config.file");
    case AUTH_LATER:
        return answer_error(answer, 429, "too_many_requests",
                            "no password is looked at just now, since wrong ones came before: try again in %d s",
                            ATTEMPTS_ADDRESS_QUIET_SECONDS);
    }
    return 0;
}

/* Before any route sees it. Leaves the answer empty when the request may go on. */
static int admit(const struct exchange *exchange, struct MHD_Connection *connection, const struct request *request,
                 enum route route, const char *version, struct answer *answer)
{
    /* http://NAME/PATH is how a proxy is asked; its NAME would stand above the Host header. */
    if (request->path[0] != '/')
        return answer_error(answer, 400, "bad_request", "\"%.64s\" is no path of this server: begin it with /",
                            request->path);
    int error = check_host(exchange, connection, route, version, answer);
    if (error == 0 && answer->status != 0)
        tally_rejections(exchange->tally, REJECTION_HOST, 1);
    if (error != 0 || answer->status != 0)
        return error;
    error = check_auth(exchange, connection, answer);
    if (error == 0 && answer->status != 0)
        tally_rejections(exchange->tally, REJECTION_AUTH, 1);
    return error;
}

/* The answer to come is the last one on this connection: the server ends, or new ones are secured with another
 * certificate. */
static bool is_last(const struct exchange *exchange, struct MHD_Connection *connection)
{
    cleanup(tls_unrefp) struct tls *latest = security_tls(exchange->security);
    return atomic_load(exchange->stopping) || latest != connections_tls(connection_of(connection));
}

static enum MHD_Result answer_request(const struct exchange *exchange, struct MHD_Connection *connection,
                                      struct request *request, const char *version)
{
    (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_argument, request);
    request->accept = header(connection, MHD_HTTP_HEADER_ACCEPT);
    request->accept_encoding = header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    request->if_none_match = header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH);
    enum route route = routes_find(exchange->routes, request->path);
    cleanup(answer_done) struct answer answer = {0};
    int error = admit(exchange, connection, request, route, version, &answer);
    if (error == 0 && answer.status == 0)
        error = routes_answer(exchange->routes, request, &answer);
    /* MHD_NO closes the connection: without memory there is nothing left to say. */
    if (error != 0)
        return MHD_NO;
    unsigned status = answer.status;
    if (response_queue(connection, &answer, is_last(exchange, connection)) != MHD_YES)
        return MHD_NO;
    tally_request(exchange->tally, route, status);
    tally_rejections(exchange->tally, REJECTION_METHOD, status == MHD_HTTP_METHOD_NOT_ALLOWED);
    return MHD_YES;
}

/* Called once with the head of the request, then for each piece of its body, then once more for the answer. */
enum MHD_Result exchange_on_request(void *cls, struct MHD_Connection *connection, const char *path, const char *method,
                                    const char *version, const char *upload, size_t *upload_length, void **seen)
{
    (void)upload;
    const struct exchange *exchange = cls;
    if (*seen == NULL) {
        *seen = connection_of(connection);
        if (*seen == NULL)
            return MHD_NO;
        connections_begin(exchange->connections, *seen);
        return MHD_YES;
    }
    if (*upload_length > 0) {
        /* Read and dropped: closing on a client that still sends would take the answer away from it. */
        *upload_length = 0;
        return MHD_YES;
    }
    struct request request = {.method = method, .path = path};
    enum MHD_Result result = answer_request(exchange, connection, &request, version);
    connections_answer(exchange->connections, *seen, clock_monotonic_ns());
    return result;
}

void exchange_on_completed(void *cls, struct MHD_Connection *connection, void **seen,
                           enum MHD_RequestTerminationCode reason)
{
    (void)connection, (void)reason;
    const struct exchange *exchange = cls;
    if (*seen != NULL)
        connections_end(exchange->connections, *seen, clock_monotonic_ns());
}
