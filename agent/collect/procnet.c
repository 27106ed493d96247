#include "procnet.h"

#include <errno.h>
#include <fcntl.h>

#include "procnet_decode.h"
#include "query.h"

/* The kernel hands out whole lines, a page of them at a time; a line is 150 bytes long. */
#define BUFFER_SIZE 8192
/* Signals come seldom; a read that is interrupted again and again is broken. */
#define INTERRUPTIONS_MAX 16

struct file {
    int fd; /* owned; -1: this kernel has no IPv6 */
    struct procnet_table table;
};

struct procnet {
    struct file files[PROTOCOL_COUNT][FAMILY_COUNT];
    char buffer[BUFFER_SIZE];
};

/* Which of a file's sockets one passage visits: listeners come before all others, but in two files. */
enum part {
    PART_HEAD, /* the listeners that stand before the first other socket: with Linux, all of them */
    PART_REST,
};

/* One passage through a file. */
struct passage {
    const struct sockets_query *query;
    const struct procnet_table *table;
    enum part part;
    bool past_title;
    bool past_head;
    uint32_t read_after_ms; /* of the lines in the buffer */
    sockets_visit *visit;
    void *context;
    struct error *error;
};

static bool is_asked_for(const struct sockets_query *query, const struct sock *sock)
{
    uint16_t last_port = query->last_port != 0 ? query->last_port : query->port;
    bool in_ports = query->port == 0 || (sock->local_port >= query->port && sock->local_port <= last_port);
    return in_ports && (!query->listeners || sock->state == SOCK_LISTEN);
}

static int read_line(struct passage *passage, const char *line)
{
    static const char title[] = "sl  local_address ";
    if (!passage->past_title) {
        if (strncmp(line + strspn(line, " "), title, strlen(title)) != 0)
            return error_set(passage->error, -EBADMSG, "/proc/net/%s has not the title that it should have",
                             passage->table->name);
        passage->past_title = true;
        return 0;
    }
    struct sock sock;
    int r = procnet_decode(passage->table, line, &sock, passage->error);
    if (r < 0)
        return r;
    sock.read_after_ms = passage->read_after_ms;
    passage->past_head = passage->past_head || sock.state != SOCK_LISTEN;
    bool in_part = passage->past_head == (passage->part == PART_REST);
    return in_part && is_asked_for(passage->query, &sock) ? passage->visit(passage->context, &sock) : 0;
}

/* Takes the whole lines off the buffer's front. Returns how many bytes of the next one are left in it. */
static ssize_t read_lines(struct passage *passage, char *buffer, size_t length)
{
    char *line = buffer;
    char *end = buffer + length;
    char *newline;
    while ((newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
        *newline = '\0';
        int r = read_line(passage, line);
        if (r < 0)
            return r;
        line = newline + 1;
    }
    memmove(buffer, line, (size_t)(end - line));
    return end - line;
}

static bool is_over(const struct passage *passage)
{
    return passage->part == PART_HEAD && passage->past_head;
}

static ssize_t read_more(const struct file *file, char *buffer, size_t size, struct error *error)
{
    ssize_t length;
    int interruptions = 0;
    do
        length = read(file->fd, buffer, size);
    while (length < 0 && errno == EINTR && ++interruptions < INTERRUPTIONS_MAX);
    return length < 0 ? error_set(error, -errno, "cannot read /proc/net/%s: %s", file->table.name, strerror(errno))
                      : length;
}

static int read_file(struct procnet *procnet, const struct file *file, struct passage *passage)
{
    struct error *error = passage->error;
    if (lseek(file->fd, 0, SEEK_SET) < 0)
        return error_set(error, -errno, "cannot read /proc/net/%s: %s", file->table.name, strerror(errno));
    ssize_t kept = 0;
    while (!is_over(passage)) {
        size_t room = sizeof(procnet->buffer) - (size_t)kept;
        if (room == 0)
            return error_set(error, -EBADMSG, "/proc/net/%s holds a line that does not end", file->table.name);
        ssize_t length = read_more(file, procnet->buffer + kept, room, error);
        if (length < 0)
            return (int)length;
        passage->read_after_ms = query_age_ms(passage->query);
        if (length == 0)
            return passage->past_title && kept == 0
                       ? 0
                       : error_set(error, -EBADMSG, "/proc/net/%s ends within a line", file->table.name);
        kept = read_lines(passage, procnet->buffer, (size_t)(kept + length));
        if (kept < 0)
            return (int)kept;
    }
    return 0;
}

int procnet_walk(struct procnet *procnet, const struct sockets_query *query, sockets_visit *visit, void *context,
                 struct error *error)
{
    if (query->explicit_binds)
        return error_set(error, -EOPNOTSUPP, "/proc/net does not tell which ports bind() chose");
    bool has_rest[FAMILY_COUNT];
    for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
        has_rest[family] = procnet->files[query->protocol][family].fd >= 0;
    for (enum part part = PART_HEAD; part <= PART_REST; part++) {
        for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
            const struct file *file = &procnet->files[query->protocol][family];
            struct passage passage = {query, &file->table, part, false, false, 0, visit, context, error};
            int r = has_rest[family] ? read_file(procnet, file, &passage) : 0;
            if (r < 0)
                return r;
            has_rest[family] = passage.past_head;
        }
    }
    return 0;
}

static int open_file(int directory_fd, struct file *file, struct error *error)
{
    file->fd = openat(directory_fd, file->table.name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file->fd >= 0 || (errno == ENOENT && file->table.family == FAMILY_IPV6))
        return 0;
    return error_set(error, -errno, "cannot open /proc/net/%s: %s", file->table.name, strerror(errno));
}

static int open_files(struct procnet *procnet, const char *directory, struct error *error)
{
    cleanup(cleanup_close) int directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory_fd < 0)
        return error_set(error, -errno, "cannot open %s: %s", directory, strerror(errno));
    int r = 0;
    for (enum protocol protocol = PROTOCOL_TCP; r == 0 && protocol < PROTOCOL_COUNT; protocol++)
        for (enum family family = FAMILY_IPV4; r == 0 && family < FAMILY_COUNT; family++)
            r = open_file(directory_fd, &procnet->files[protocol][family], error);
    return r;
}

int procnet_open(const char *directory, struct procnet **ret_procnet, struct error *error)
{
    static const char *const names[PROTOCOL_COUNT][FAMILY_COUNT] = {
        [PROTOCOL_TCP] = {[FAMILY_IPV4] = "tcp", [FAMILY_IPV6] = "tcp6"},
        [PROTOCOL_UDP] = {[FAMILY_IPV4] = "udp", [FAMILY_IPV6] = "udp6"},
    };
    cleanup(procnet_closep) struct procnet *procnet = calloc(1, sizeof(*procnet));
    if (procnet == NULL)
        return error_set(error, -ENOMEM, "no memory for reading /proc/net");
    uint32_t ticks_per_second = (uint32_t)sysconf(_SC_CLK_TCK);
    for (enum protocol protocol = PROTOCOL_TCP; protocol < PROTOCOL_COUNT; protocol++)
        for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
            procnet->files[protocol][family] =
                (struct file){-1, {names[protocol][family], protocol, family, ticks_per_second}};
    int r = open_files(procnet, directory, error);
    if (r == 0)
        *ret_procnet = steal_ptr(&procnet);
    return r;
}

void procnet_close(struct procnet *procnet)
{
    if (procnet == NULL)
        return;
    for (enum protocol protocol = PROTOCOL_TCP; protocol < PROTOCOL_COUNT; protocol++)
        for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
            cleanup_close(&procnet->files[protocol][family].fd);
    free(procnet);
}
