#include "connections.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"

struct connection {
    int fd; /* -1: nobody's place */
    struct address address;
    int64_t deadline_ns;
    bool under_way; /* a request, from its head to the end of its answer */
    bool cut;       /* shut down, and about to be closed */
    struct tls *tls;
};

struct connections {
    pthread_mutex_t lock;
    pthread_cond_t idle; /* under_way fell to 0 */
    size_t under_way;
    size_t max;
    size_t max_per_address;
    size_t open;
    struct connection places[]; /* one more than max */
};

int connections_new(size_t max, size_t max_per_address, struct connections **ret_connections)
{
    struct connections *connections = calloc(1, sizeof(*connections) + (max + 1) * sizeof(struct connection));
    if (connections == NULL)
        return -ENOMEM;
    connections->max = max;
    connections->max_per_address = max_per_address;
    for (size_t i = 0; i <= max; i++)
        connections->places[i].fd = -1;
    pthread_mutex_init(&connections->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&connections->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *ret_connections = connections;
    return 0;
}

void connections_free(struct connections *connections)
{
    if (connections == NULL)
        return;
    pthread_cond_destroy(&connections->idle);
    pthread_mutex_destroy(&connections->lock);
    free(connections);
}

bool connections_admit(struct connections *connections, const struct address *address)
{
    size_t count = 0;
    pthread_mutex_lock(&connections->lock);
    for (size_t i = 0; i <= connections->max; i++) {
        const struct connection *connection = &connections->places[i];
        count += connection->fd >= 0 && address_equal(&connection->address, address);
    }
    pthread_mutex_unlock(&connections->lock);
    return count < connections->max_per_address;
}

/* Whoever has the other end reads the end of it, and so does libmicrohttpd, which then closes it. */
static void cut(struct connection *connection)
{
    connection->cut = true;
    (void)shutdown(connection->fd, SHUT_RDWR);
}

/* Cuts the one that has waited longest for a request, so that those who ask are served before those who do not. */
static bool make_way(struct connections *connections)
{
    struct connection *oldest = NULL;
    for (size_t i = 0; i <= connections->max; i++) {
        struct connection *connection = &connections->places[i];
        if (connection->fd < 0 || connection->under_way || connection->cut)
            continue;
        if (oldest == NULL || connection->deadline_ns < oldest->deadline_ns)
            oldest = connection;
    }
    if (oldest != NULL)
        cut(oldest);
    return oldest != NULL;
}

struct connection *connections_open(struct connections *connections, int fd, const struct address *address,
                                    int64_t now_ns, bool *ret_made_way)
{
    struct connection *place = NULL;
    *ret_made_way = false;
    pthread_mutex_lock(&connections->lock);
    for (size_t i = 0; i <= connections->max && place == NULL; i++)
        if (connections->places[i].fd < 0)
            place = &connections->places[i];
    if (place != NULL) {
        if (connections->open++ == connections->max)
            *ret_made_way = make_way(connections);
        *place = (struct connection){.fd = fd, .address = *address, .deadline_ns = now_ns + CONNECTIONS_DEADLINE_NS};
    }
    pthread_mutex_unlock(&connections->lock);
    return place;
}

/* Under the lock. */
static void end_request(struct connections *connections, struct connection *connection)
{
    if (connection->under_way && --connections->under_way == 0)
        pthread_cond_broadcast(&connections->idle);
    connection->under_way = false;
}

void connections_set_tls(struct connection *connection, struct tls *tls)
{
    connection->tls = tls;
}

struct tls *connections_tls(const struct connection *connection)
{
    return connection->tls;
}

void connections_close(struct connections *connections, struct connection *connection)
{
    pthread_mutex_lock(&connections->lock);
    end_request(connections, connection);
    connection->fd = -1;
    connections->open--;
    pthread_mutex_unlock(&connections->lock);
}

void connections_begin(struct connections *connections, struct connection *connection)
{
    pthread_mutex_lock(&connections->lock);
    connection->under_way = true;
    connections->under_way++;
    pthread_mutex_unlock(&connections->lock);
}

void connections_answer(struct connections *connections, struct connection *connection, int64_t now_ns)
{
    pthread_mutex_lock(&connections->lock);
    connection->deadline_ns = now_ns + CONNECTIONS_DEADLINE_NS;
    pthread_mutex_unlock(&connections->lock);
}

void connections_end(struct connections *connections, struct connection *connection, int64_t now_ns)
{
    pthread_mutex_lock(&connections->lock);
    end_request(connections, connection);
    connection->deadline_ns = now_ns + CONNECTIONS_DEADLINE_NS;
    pthread_mutex_unlock(&connections->lock);
}

size_t connections_reap(struct connections *connections, int64_t now_ns, int64_t *ret_next_ns)
{
    size_t reaped = 0;
    int64_t next_ns = now_ns + CONNECTIONS_DEADLINE_NS;
    pthread_mutex_lock(&connections->lock);
    for (size_t i = 0; i <= connections->max; i++) {
        struct connection *connection = &connections->places[i];
        if (connection->fd < 0 || connection->cut)
            continue;
        if (connection->deadline_ns <= now_ns) {
            cut(connection);
            reaped++;
        } else if (connection->deadline_ns < next_ns) {
            next_ns = connection->deadline_ns;
        }
    }
    pthread_mutex_unlock(&connections->lock);
    *ret_next_ns = next_ns;
    return reaped;
}

void connections_await_idle(struct connections *connections, int64_t end_ns)
{
    struct timespec end = {.tv_sec = end_ns / CLOCK_NS_PER_S, .tv_nsec = end_ns % CLOCK_NS_PER_S};
    pthread_mutex_lock(&connections->lock);
    while (connections->under_way > 0)
        if (pthread_cond_timedwait(&connections->idle, &connections->lock, &end) != 0)
            break;
    pthread_mutex_unlock(&connections->lock);
}
