#include "collect/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/clock.h"
#include "kernel_text.h"
#include "procfs.h"

#define SYSCTL_TEXT_MAX 64
/*
 * Every other port reserved makes "1,3,5,…,65535". The kernel writes the list in one read(), as much of it as there is
 * room for, and makes that room itself first: mostly a line of it does.
 */
#define RESERVED_TEXT_MAX (256 * 1024)
#define RESERVED_TEXT_USUAL 256
#define NETSTAT_TEXT_MAX (32 * 1024)
#define SNMP_TEXT_MAX (8 * 1024)
/* Fixed before tcp_tw_reuse_delay was introduced. */
#define TW_REUSE_DELAY_MS 1000

/* KERNEL_UNKNOWN when it cannot be read. */
static int64_t read_integer(const char *path)
{
    char text[SYSCTL_TEXT_MAX];
    int64_t value;
    if (procfs_read(AT_FDCWD, path, text, sizeof(text)) < 0 || kernel_text_integer(text, &value) < 0)
        return KERNEL_UNKNOWN;
    return value;
}

static int read_range(struct kernel_settings *settings, struct error *error)
{
    static const char path[] = "/proc/sys/net/ipv4/ip_local_port_range";
    char text[SYSCTL_TEXT_MAX];
    int result = procfs_read(AT_FDCWD, path, text, sizeof(text));
    if (result < 0)
        return error_set(error, result, "cannot read %s: %s", path, strerror(-result));
    result = kernel_text_range(text, &settings->local_port_low, &settings->local_port_high);
    if (result < 0)
        return error_set(error, result, "cannot understand %s", path);
    return 0;
}

static void read_reserved(struct kernel_settings *settings)
{
    static const char path[] = "/proc/sys/net/ipv4/ip_local_reserved_ports";
    char usual[RESERVED_TEXT_USUAL];
    cleanup(cleanup_free) char *whole = NULL;
    const char *text = usual;
    int r = procfs_read(AT_FDCWD, path, usual, sizeof(usual));
    if (r == -EFBIG) {
        text = whole = malloc(RESERVED_TEXT_MAX);
        r = whole != NULL ? procfs_read(AT_FDCWD, path, whole, RESERVED_TEXT_MAX) : -ENOMEM;
    }
    settings->reserved_known = r == 0 && kernel_text_ports(text, &settings->reserved) == 0;
}

/* The coarse clocks advance once a jiffy, so their resolution is its length. */
static int64_t tick_ns(void)
{
    struct timespec resolution;
    if (clock_getres(CLOCK_REALTIME_COARSE, &resolution) < 0)
        return KERNEL_UNKNOWN;
    return resolution.tv_sec * CLOCK_NS_PER_S + resolution.tv_nsec;
}

static void read_release(struct kernel_settings *settings)
{
    struct utsname name;
    if (uname(&name) < 0 || kernel_text_release(name.release, &settings->release_major, &settings->release_minor) < 0) {
        settings->release_major = KERNEL_UNKNOWN;
        settings->release_minor = KERNEL_UNKNOWN;
    }
}

int kernel_read_settings(struct kernel_settings *ret_settings, struct error *error)
{
    struct kernel_settings settings = {0};
    int result = read_range(&settings, error);
    if (result < 0)
        return result;
    read_reserved(&settings);
    settings.unprivileged_port_start = read_integer("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    settings.max_tw_buckets = read_integer("/proc/sys/net/ipv4/tcp_max_tw_buckets");
    settings.tw_reuse = read_integer("/proc/sys/net/ipv4/tcp_tw_reuse");
    settings.tw_reuse_delay_ms = read_integer("/proc/sys/net/ipv4/tcp_tw_reuse_delay");
    if (settings.tw_reuse_delay_ms == KERNEL_UNKNOWN)
        settings.tw_reuse_delay_ms = TW_REUSE_DELAY_MS;
    settings.timestamps = read_integer("/proc/sys/net/ipv4/tcp_timestamps");
    settings.fin_timeout_seconds = read_integer("/proc/sys/net/ipv4/tcp_fin_timeout");
    settings.somaxconn = read_integer("/proc/sys/net/core/somaxconn");
    settings.tick_ns = tick_ns();
    read_release(&settings);
    *ret_settings = settings;
    return 0;
}

int64_t kernel_read_segments(void)
{
    char text[SNMP_TEXT_MAX];
    int64_t value;
    if (procfs_read(AT_FDCWD, "/proc/thread-self/net/snmp", text, sizeof(text)) < 0 ||
        kernel_text_counter(text, "Tcp", "InSegs", &value) < 0)
        return KERNEL_UNKNOWN;
    return value;
}

static int64_t tcp_counter(const char *text, const char *name)
{
    int64_t value;
    return kernel_text_counter(text, "TcpExt", name, &value) < 0 ? KERNEL_UNKNOWN : value;
}

void kernel_read_counters(struct kernel_counters *ret_counters)
{
    char text[NETSTAT_TEXT_MAX];
    /* /proc/net is the namespace of the process's first thread, this is the one of the calling thread. */
    if (procfs_read(AT_FDCWD, "/proc/thread-self/net/netstat", text, sizeof(text)) < 0)
        text[0] = '\0';
    *ret_counters = (struct kernel_counters){
        .time_wait = tcp_counter(text, "TW"),
        .time_wait_killed = tcp_counter(text, "TWKilled"),
        .time_wait_recycled = tcp_counter(text, "TWRecycled"),
        .time_wait_overflow = tcp_counter(text, "TCPTimeWaitOverflow"),
        .listen_overflows = tcp_counter(text, "ListenOverflows"),
        .listen_drops = tcp_counter(text, "ListenDrops"),
    };
}
