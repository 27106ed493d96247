#include "serve/http.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "exchange.h"
#include "model/sockaddr.h"
#include "quota.h"

/* Less than CONNECTIONS_DEADLINE_NS: who says nothing at all is let go without counting as an offender. */
#define IDLE_TIMEOUT_SECONDS 5U
/* The request's head must fit, its cookies twice: a browser sends along those of every other site on localhost. Then
 * comes the answer's head. */
#define REQUEST_HEAD_BYTES ((size_t)16 << 10)
#define ANSWER_HEAD_BYTES ((size_t)2 << 10)

/* Of a thread that has nothing to do but to try again. */
#define PAUSE_NS (50 * CLOCK_NS_PER_MS)

struct listener {
    struct exchange exchange;  /* owns its connections */
    struct MHD_Daemon *daemon; /* owns its listening socket until it is quiesced */
    int quiesced_fd;           /* then we do; -1 before */
};

struct http {
    struct routes routes;
    struct tally tally;
    struct security *security; /* owned */
    const struct log *log;
    struct quota quota; /* of lines that clients cause */
    atomic_bool stopping;
    bool listeners_are_shared;
    size_t listener_count;
    struct listener listeners[];
};

/* What the library says is mostly about what clients do wrong, and any client could fill the log with it. */
__attribute__((format(printf, 2, 0))) static void on_message(void *cls, const char *format, va_list arguments)
{
    struct http *http = cls;
    char text[ERROR_TEXT_MAX];
    /* It goes on at once (0.9.75), and would take a whole processor until the kernel has what it lacks. */
    if (strstr(format, "resource limit at FIRST connection") != NULL || strstr(format, "poll failed") != NULL)
        (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    if (http->log->level > LOG_LEVEL_DEBUG || !quota_take(&http->quota, clock_monotonic_ns()))
        return;
    (void)vsnprintf(text, sizeof(text), format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_event(http->log, LOG_LEVEL_DEBUG, "libmicrohttpd", {"detail", text});
}

static bool is_loopback(int fd)
{
    union sockaddr_any bound = {0};
    socklen_t length = sizeof(bound);
    if (getsockname(fd, &bound.generic, &length) < 0)
        return false;
    struct address address = sockaddr_address(&bound.generic);
    return address_is_loopback(&address);
}

static struct MHD_Daemon *start_daemon(struct http *http, struct exchange *exchange, int fd, unsigned max_connections)
{
    bool with_tls = security_has_tls(http->security);
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    flags |= with_tls ? MHD_USE_TLS : 0;
    enum MHD_OPTION certificate = with_tls ? MHD_OPTION_HTTPS_CERT_CALLBACK2 : MHD_OPTION_END;
    /* One more than may stay: at its limit the library would accept nobody, and so nobody could make way. */
    return MHD_start_daemon(flags, 0, exchange_on_accept, exchange, exchange_on_request, exchange,
                            MHD_OPTION_EXTERNAL_LOGGER, on_message, http, MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_UNESCAPE_CALLBACK, exchange_decode, NULL, MHD_OPTION_URI_LOG_CALLBACK,
                            exchange_on_target, NULL, MHD_OPTION_NOTIFY_CONNECTION, exchange_on_connection, exchange,
                            MHD_OPTION_NOTIFY_COMPLETED, exchange_on_completed, exchange, MHD_OPTION_CONNECTION_LIMIT,
                            max_connections + 1, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_SECONDS,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, REQUEST_HEAD_BYTES + ANSWER_HEAD_BYTES,
                            MHD_OPTION_STRICT_FOR_CLIENT, -1, certificate, tls_refuse_certificate, MHD_OPTION_END);
}

static int cannot_start(struct error *error, int code)
{
    return error_set(error, code, "cannot start the HTTP server: %s", strerrordesc_np(-code));
}

static int add_listener(struct http *http, const struct http_options *options, int fd, struct error *error)
{
    struct listener *listener = &http->listeners[http->listener_count];
    struct connections *connections = NULL;
    if (connections_new(options->max_connections, options->max_connections_per_address, &connections) != 0)
        return cannot_start(error, -ENOMEM);
    *listener = (struct listener){.exchange = {.routes = &http->routes,
                                               .connections = connections,
                                               .security = http->security,
                                               .tally = &http->tally,
                                               .allowed_hosts = options->allowed_hosts,
                                               .allowed_host_count = options->allowed_host_count,
                                               .loopback = is_loopback(fd),
                                               .stopping = &http->stopping},
                                  .quiesced_fd = -1};
    http->listener_count++;
    /* A failed start closes its socket or does not, depending on where it failed: it gets a copy. */
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return cannot_start(error, -errno);
    errno = 0;
    listener->daemon = start_daemon(http, &listener->exchange, copy, options->max_connections);
    return listener->daemon != NULL ? 0 : cannot_start(error, errno != 0 ? -errno : -EIO);
}

static struct http *http_new(const struct http_options *options)
{
    size_t listeners_size = options->listener_count * sizeof(struct listener);
    struct http *http = calloc(1, sizeof(*http) + listeners_size);
    if (http == NULL)
        return NULL;
    http->routes = (struct routes){.telemetry_path = options->telemetry_path, .board = options->board};
    http->log = options->log;
    http->listeners_are_shared = options->listeners_are_shared;
    quota_init(&http->quota);
    return http;
}

/* Cuts what is still connected. */
static void http_free(struct http *http)
{
    if (http == NULL)
        return;
    for (size_t i = 0; i < http->listener_count; i++) {
        struct listener *listener = &http->listeners[i];
        if (listener->daemon != NULL)
            MHD_stop_daemon(listener->daemon);
        cleanup_close(&listener->quiesced_fd);
        connections_free(listener->exchange.connections);
    }
    security_free(http->security);
    quota_done(&http->quota);
    free(http);
}

static void http_freep(struct http **http)
{
    http_free(*http);
}

int http_start(const struct http_options *options, struct http **ret_http, struct error *error)
{
    cleanup(http_freep) struct http *http = http_new(options);
    if (http == NULL)
        return cannot_start(error, -ENOMEM);
    int result = security_new(options->web, &http->security, error);
    for (size_t i = 0; result == 0 && i < options->listener_count; i++)
        result = add_listener(http, options, options->listeners[i], error);
    if (result != 0)
        return result;
    for (size_t i = 0; i < options->listener_count; i++)
        (void)close(options->listeners[i]);
    *ret_http = steal_ptr(&http);
    return 0;
}

int http_reap(struct http *http)
{
    int64_t now_ns = clock_monotonic_ns();
    int64_t next_ns = now_ns + CONNECTIONS_DEADLINE_NS;
    for (size_t i = 0; i < http->listener_count; i++) {
        int64_t due_ns = 0;
        size_t reaped = connections_reap(http->listeners[i].exchange.connections, now_ns, &due_ns);
        tally_rejections(&http->tally, REJECTION_DEADLINE, reaped);
        if (due_ns < next_ns)
            next_ns = due_ns;
    }
    uint64_t suppressed = quota_suppressed(&http->quota, now_ns);
    if (suppressed > 0) {
        char count[32];
        (void)snprintf(count, sizeof(count), "%" PRIu64, suppressed);
        log_event(http->log, LOG_LEVEL_DEBUG, "lines about clients were left out", {"count", count});
    }
    return (int)((next_ns - now_ns + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS);
}

void http_counts(const struct http *http, struct report_agent *agent)
{
    tally_report(&http->tally, &http->routes, agent);
}

void http_stop(struct http *http, int grace_ms)
{
    if (http == NULL)
        return;
    atomic_store(&http->stopping, true);
    for (size_t i = 0; i < http->listener_count; i++) {
        struct listener *listener = &http->listeners[i];
        listener->quiesced_fd = MHD_quiesce_daemon(listener->daemon);
        /* Refuses at once. Closing has to wait for the thread, which may be about to accept on this number. */
        if (!http->listeners_are_shared)
            (void)shutdown(listener->quiesced_fd, SHUT_RD);
    }
    int64_t end_ns = clock_monotonic_ns() + grace_ms * CLOCK_NS_PER_MS;
    for (size_t i = 0; i < http->listener_count; i++)
        connections_await_idle(http->listeners[i].exchange.connections, end_ns);
    http_free(http);
}

int http_check(const struct web_config *web, struct error *error)
{
    struct security *security = NULL;
    int r = security_new(web, &security, error);
    security_free(security);
    return r;
}

bool http_has_tls(const struct http *http)
{
    return security_has_tls(http->security);
}

int http_secure(struct http *http, const struct web_config *web, struct error *error)
{
    return security_change(http->security, web, error);
}
