#include "collect/selfstat.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"
#include "procfs.h"

#define STATM_TEXT_MAX 256
#define STAT_TEXT_MAX 1024

static void read_resident(struct report_agent *agent)
{
    char text[STATM_TEXT_MAX];
    long page_size = sysconf(_SC_PAGESIZE);
    if (page_size <= 0 || procfs_read(AT_FDCWD, "/proc/self/statm", text, sizeof(text)) < 0)
        return;
    const char *cursor = strchr(text, ' '); /* "SIZE RESIDENT …", in pages */
    if (!cursor)
        return;
    cursor++;
    uint64_t pages;
    if (procfs_take_uint(&cursor, UINT64_MAX / (uint64_t)page_size, &pages) == 0)
        agent->process_resident_bytes = pages * (uint64_t)page_size;
}

static void read_descriptors(struct report_agent *agent)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        agent->process_max_fds = limit.rlim_cur;

    DIR *directory = opendir("/proc/self/fd");
    if (!directory)
        return;
    uint64_t count = 0;
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (entry->d_name[0] != '.')
            count++;
    }
    (void)closedir(directory);
    agent->process_open_fds = count > 0 ? count - 1 : 0; /* less the one that was counting */
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) < 0)
        return 0;
    return now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

static void read_start(struct report_agent *agent)
{
    char text[STAT_TEXT_MAX];
    uint64_t ticks;
    long ticks_per_second = sysconf(_SC_CLK_TCK);
    if (ticks_per_second <= 0 || procfs_read(AT_FDCWD, "/proc/self/stat", text, sizeof(text)) < 0 ||
        procfs_start_ticks(text, &ticks) < 0)
        return;
    /* Not btime of /proc/stat: that file grows with the machine. */
    int64_t boot_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
    agent->process_start_seconds = (double)boot_ns / (double)CLOCK_NS_PER_S + (double)ticks / (double)ticks_per_second;
}

void selfstat_read(struct report_agent *agent)
{
    agent->process_cpu_seconds = (double)clock_process_cpu_ns() / (double)CLOCK_NS_PER_S;
    read_resident(agent);
    read_descriptors(agent);
    /* Once: worked out from two clocks, it would differ a little each time. */
    if (agent->process_start_seconds <= 0)
        read_start(agent);
}
