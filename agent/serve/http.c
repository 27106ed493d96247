#include "serve/http.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "response.h"
#include "routes.h"

#define CONNECTIONS_MAX 64U
#define CONNECTIONS_PER_ADDRESS_MAX 16U
#define IDLE_TIMEOUT_SECONDS 5U
/* The request's head must fit, its cookies twice: a browser sends along those of every other site on localhost. */
#define CONNECTION_BYTES_MAX ((size_t)16 << 10)

static const unsigned statuses[] = {200, 400, 404, 405, 500, 503};
#define STATUS_COUNT (sizeof(statuses) / sizeof(statuses[0]))
_Static_assert(ROUTE_COUNT *STATUS_COUNT <= REPORT_HTTP_COUNTS_MAX, "a report has room for every count");

struct listener {
    struct MHD_Daemon *daemon; /* owns its listening socket until it is quiesced */
    int quiesced_fd;           /* then we do; -1 before */
};

struct http {
    struct routes routes;
    const struct log *log;
    atomic_uint_fast64_t counts[ROUTE_COUNT][STATUS_COUNT];
    atomic_bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t idle; /* under_way fell to 0 */
    size_t under_way;    /* requests whose head was read and whose answer has not left; under lock */
    size_t listener_count;
    struct listener listeners[];
};

static void count(struct http *http, enum route route, unsigned status)
{
    for (size_t i = 0; i < STATUS_COUNT; i++)
        if (statuses[i] == status)
            atomic_fetch_add_explicit(&http->counts[route][i], 1, memory_order_relaxed);
}

/* A NUL would end the text and hide the rest of it; as a question mark it is in no path and no value. */
static size_t decode(void *cls, struct MHD_Connection *connection, char *text)
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

/* Called once with the head of the request, then for each piece of its body, then once more for the answer. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_length, void **seen)
{
    (void)version, (void)upload;
    struct http *http = cls;
    if (*seen == NULL) {
        *seen = http;
        pthread_mutex_lock(&http->lock);
        http->under_way++;
        pthread_mutex_unlock(&http->lock);
        return MHD_YES;
    }
    if (*upload_length > 0) {
        /* Read and dropped: closing on a client that still sends would take the answer away from it. */
        *upload_length = 0;
        return MHD_YES;
    }

    struct request request = {.method = method, .path = path};
    (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_argument, &request);
    enum route route = ROUTE_OTHER;
    cleanup(answer_done) struct answer answer = {0};
    /* MHD_NO closes the connection: without memory there is nothing left to say. */
    if (routes_answer(&http->routes, &request, &route, &answer) != 0)
        return MHD_NO;
    enum MHD_Result result = response_queue(connection, &answer, atomic_load(&http->stopping));
    if (result == MHD_YES)
        count(http, route, answer.status);
    return result;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **seen,
                         enum MHD_RequestTerminationCode reason)
{
    (void)connection, (void)seen, (void)reason;
    struct http *http = cls;
    pthread_mutex_lock(&http->lock);
    if (--http->under_way == 0)
        pthread_cond_broadcast(&http->idle);
    pthread_mutex_unlock(&http->lock);
}

/* What the library says is mostly about what clients do wrong, and any client could fill the log with it. */
__attribute__((format(printf, 2, 0))) static void on_message(void *cls, const char *format, va_list arguments)
{
    const struct http *http = cls;
    char text[ERROR_TEXT_MAX];
    if (http->log->level > LOG_LEVEL_DEBUG)
        return;
    (void)vsnprintf(text, sizeof(text), format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_event(http->log, LOG_LEVEL_DEBUG, "libmicrohttpd", {"detail", text});
}

static int add_listener(struct http *http, int fd, struct error *error)
{
    /* A failed start closes its socket or does not, depending on where it failed: it gets a copy. */
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return error_set(error, -errno, "cannot start the HTTP server: %s", strerrordesc_np(errno));
    errno = 0;
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, http,
        MHD_OPTION_EXTERNAL_LOGGER, on_message, http, MHD_OPTION_LISTEN_SOCKET, copy, MHD_OPTION_UNESCAPE_CALLBACK,
        decode, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_PER_ADDRESS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        IDLE_TIMEOUT_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES_MAX, MHD_OPTION_STRICT_FOR_CLIENT,
        -1, MHD_OPTION_END);
    if (daemon == NULL) {
        int code = errno != 0 ? -errno : -EIO;
        return error_set(error, code, "cannot start the HTTP server: %s", strerrordesc_np(-code));
    }
    http->listeners[http->listener_count++] = (struct listener){.daemon = daemon, .quiesced_fd = -1};
    return 0;
}

static struct http *http_new(const struct http_options *options)
{
    size_t listeners_size = options->listener_count * sizeof(struct listener);
    struct http *http = calloc(1, sizeof(*http) + listeners_size);
    if (http == NULL)
        return NULL;
    http->routes = (struct routes){.telemetry_path = options->telemetry_path, .board = options->board};
    http->log = options->log;
    pthread_mutex_init(&http->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&http->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return http;
}

/* Cuts what is still connected. */
static void http_free(struct http *http)
{
    if (http == NULL)
        return;
    for (size_t i = 0; i < http->listener_count; i++) {
        MHD_stop_daemon(http->listeners[i].daemon);
        cleanup_close(&http->listeners[i].quiesced_fd);
    }
    pthread_cond_destroy(&http->idle);
    pthread_mutex_destroy(&http->lock);
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
        return error_set(error, -ENOMEM, "cannot start the HTTP server: %s", strerrordesc_np(ENOMEM));
    for (size_t i = 0; i < options->listener_count; i++) {
        int result = add_listener(http, options->listeners[i], error);
        if (result != 0)
            return result;
    }
    for (size_t i = 0; i < options->listener_count; i++)
        (void)close(options->listeners[i]);
    *ret_http = steal_ptr(&http);
    return 0;
}

void http_counts(const struct http *http, struct report_agent *agent)
{
    agent->http_count = 0;
    for (enum route route = 0; route < ROUTE_COUNT; route++)
        for (size_t i = 0; i < STATUS_COUNT; i++) {
            uint64_t requests = atomic_load_explicit(&http->counts[route][i], memory_order_relaxed);
            if (requests == 0)
                continue;
            agent->http[agent->http_count++] = (struct report_http_count){
                .path = routes_name(&http->routes, route), .code = (int)statuses[i], .requests = requests};
        }
}

static void wait_until_idle(struct http *http, int grace_ms)
{
    int64_t end_ns = clock_monotonic_ns() + grace_ms * CLOCK_NS_PER_MS;
    struct timespec deadline = {.tv_sec = end_ns / CLOCK_NS_PER_S, .tv_nsec = end_ns % CLOCK_NS_PER_S};
    pthread_mutex_lock(&http->lock);
    while (http->under_way > 0)
        if (pthread_cond_timedwait(&http->idle, &http->lock, &deadline) != 0)
            break;
    pthread_mutex_unlock(&http->lock);
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
        (void)shutdown(listener->quiesced_fd, SHUT_RD);
    }
    wait_until_idle(http, grace_ms);
    http_free(http);
}

int http_secure(struct http *http, const struct web_config *web, struct error *error)
{
    (void)http;
    return web == NULL ? 0 : error_set(error, -ENOTSUP, "TLS and passwords are not served yet");
}
