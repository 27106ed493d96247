/*
 * Moves the time of day in a program that is started with this object in LD_PRELOAD and SHIFT_CLOCK naming a file: a
 * 64-bit number of seconds, which others may change through a mapping of their own. What the clocks that never jump
 * say stays true, as when somebody sets the clock of a machine.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Written once, by the constructor; libraries may ask for the time before. */
static atomic_int_least64_t *shift;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SHIFT_CLOCK");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *mapping = mmap(NULL, sizeof(*shift), PROT_READ, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (mapping != MAP_FAILED)
        shift = mapping;
}

int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
    int r = (int)syscall(SYS_clock_gettime, clock, ret_now);
    if (r == 0 && clock == CLOCK_REALTIME && shift != NULL)
        ret_now->tv_sec += atomic_load(shift);
    return r;
}

time_t time(time_t *ret_seconds)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret_seconds != NULL)
        *ret_seconds = now.tv_sec;
    return now.tv_sec;
}
