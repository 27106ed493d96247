/*
 * Makes allocations fail in a program that is started with this object in LD_PRELOAD and FAIL_MALLOC naming a file. The
 * file is the switch, and may be mapped by others, too: four 64-bit numbers (struct orders). Reading a mapping takes no
 * system call, so no sandbox is in the way, and the numbers outlive the program however it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct orders {
    atomic_uint_least64_t made;   /* allocations that were asked for since the start */
    atomic_uint_least64_t first;  /* number of the first one that fails, from 1; 0: none does */
    atomic_uint_least64_t every;  /* after it each so many-th fails; 0: no other */
    atomic_uint_least64_t failed; /* how many did */
};

/* glibc's allocator by the names that nobody interposes. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

/* Written once, by the constructor. What libraries allocate before main() is not counted. */
static struct orders *orders;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAIL_MALLOC");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *mapping = mmap(NULL, sizeof(struct orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (mapping != MAP_FAILED)
        orders = mapping;
}

static int fails(void)
{
    if (orders == NULL)
        return 0;
    uint64_t number = atomic_fetch_add(&orders->made, 1) + 1;
    uint64_t first = atomic_load(&orders->first);
    uint64_t every = atomic_load(&orders->every);
    if (first == 0 || number < first)
        return 0;
    if (every != 0 ? (number - first) % every != 0 : number != first)
        return 0;
    atomic_fetch_add(&orders->failed, 1);
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t nmemb, size_t size)
{
    return fails() ? NULL : __libc_calloc(nmemb, size);
}

void *realloc(void *ptr, size_t size)
{
    return fails() ? NULL : __libc_realloc(ptr, size);
}

void *memalign(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **memptr, size_t alignment, size_t size)
{
    void *memory = memalign(alignment, size);
    if (memory == NULL)
        return ENOMEM;
    *memptr = memory;
    return 0;
}
