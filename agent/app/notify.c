#include "notify.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/parse.h"
#include "base/utf8.h"

#define NS_PER_US 1000
/* A sign of life that did not get there is tried again after that part of their interval. */
#define TRY_AGAIN_PART 8
#define STATUS "STATUS="
/* Each byte may become the three of U+FFFD. */
#define STATUS_TEXT_MAX ((NOTIFY_MESSAGE_MAX - sizeof(STATUS)) / 3)

static int connect_to(const char *name, int *ret_fd, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || length < 2 || length >= sizeof(address.sun_path))
        return error_set(error, -EINVAL, "NOTIFY_SOCKET=%.120s is no path and no @name, as sd_notify(3) wants it",
                         name);
    memcpy(address.sun_path, name, length);
    /* The name of an abstract socket (unix(7)) begins with a NUL and ends with the address. */
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (name[0] == '/'));
    cleanup(cleanup_close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, size) < 0)
        return error_set(error, -errno, "NOTIFY_SOCKET=%s: %s", name, strerror(errno));
    *ret_fd = steal_fd(&fd);
    return 0;
}

static int read_watchdog(int64_t *ret_interval_ns, struct error *error)
{
    const char *interval = getenv("WATCHDOG_USEC");
    const char *whose = getenv("WATCHDOG_PID");
    uint64_t us = 0;
    uint64_t pid = (uint64_t)getpid();
    if (interval != NULL && parse_uint(interval, INT64_MAX / NS_PER_US, &us) < 0)
        return error_set(error, -EINVAL, "WATCHDOG_USEC=%.40s is no time in microseconds", interval);
    if (whose != NULL && parse_uint(whose, INT32_MAX, &pid) < 0)
        return error_set(error, -EINVAL, "WATCHDOG_PID=%.40s is no process", whose);
    *ret_interval_ns = pid == (uint64_t)getpid() ? (int64_t)us * NS_PER_US / 2 : 0;
    return 0;
}

int notify_open(struct notify *ret_notify, struct error *error)
{
    struct notify notify = NOTIFY_NOBODY;
    const char *name = getenv("NOTIFY_SOCKET");
    int r = read_watchdog(&notify.sign_interval_ns, error);
    if (r == 0 && name != NULL)
        r = connect_to(name, &notify.fd, error);
    /* They are of no other process that somebody may start from here. */
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    *ret_notify = r == 0 && notify.fd >= 0 ? notify : NOTIFY_NOBODY;
    return r;
}

void notify_done(struct notify *notify)
{
    cleanup_close(&notify->fd);
    *notify = NOTIFY_NOBODY;
}

/* Whether it got there: a manager that is busy for long must not stop the rounds. */
static bool tell(const struct notify *notify, const char *message)
{
    return notify->fd >= 0 && send(notify->fd, message, strlen(message), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

void notify_ready(struct notify *notify)
{
    if (!notify->ready)
        notify->ready = tell(notify, "READY=1");
}

void notify_reloading(struct notify *notify)
{
    char message[NOTIFY_MESSAGE_MAX];
    (void)snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_monotonic_ns() / NS_PER_US);
    notify->ready = !tell(notify, message);
}

void notify_stopping(struct notify *notify)
{
    (void)tell(notify, "STOPPING=1");
}

void notify_status(struct notify *notify, const char *text)
{
    char message[NOTIFY_MESSAGE_MAX];
    struct buf line;
    buf_init_in(&line, message, sizeof(message));
    buf_add_text(&line, STATUS);
    utf8_repair(&line, text, strnlen(text, STATUS_TEXT_MAX));
    /* Each further line would be a message of its own. */
    for (char *byte = message; *byte != '\0'; byte++)
        if ((unsigned char)*byte < ' ')
            *byte = ' ';
    if (strcmp(message, notify->status) != 0 && tell(notify, message))
        memcpy(notify->status, message, sizeof(message));
}

int notify_alive(struct notify *notify)
{
    if (notify->sign_interval_ns == 0)
        return INT_MAX;
    int64_t now_ns = clock_monotonic_ns();
    if (now_ns >= notify->sign_due_ns) {
        bool told = tell(notify, "WATCHDOG=1");
        notify->sign_due_ns = now_ns + (told ? notify->sign_interval_ns : notify->sign_interval_ns / TRY_AGAIN_PART);
    }
    int64_t left_ms = (notify->sign_due_ns - now_ns) / CLOCK_NS_PER_MS;
    return left_ms < 1 ? 1 : left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}
