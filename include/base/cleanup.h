/*
 * Ownership that is visible where a variable is declared.
 *
 *   cleanup(cleanup_free) char *text = NULL;    released when text leaves its scope
 *   return steal_ptr(&text);                    handed over: text is NULL from here on
 *
 * Types that own something declare their own function of this kind beside the type.
 */
#pragma once

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define cleanup(function) __attribute__((cleanup(function)))
#define must_use __attribute__((warn_unused_result))

/* For any pointer from malloc(); takes the address of the pointer. */
static inline void cleanup_free(void *address_of_pointer)
{
    void *pointer;
    memcpy(&pointer, address_of_pointer, sizeof(pointer));
    free(pointer);
}

/* For a file descriptor; a negative one is not open. */
static inline void cleanup_close(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

/* The pointer, which the caller owns now; *address_of_pointer becomes NULL. */
#define steal_ptr(address_of_pointer)                                                                                  \
    __extension__({                                                                                                    \
        __typeof__(*(address_of_pointer)) stolen_ = *(address_of_pointer);                                             \
        *(address_of_pointer) = NULL;                                                                                  \
        stolen_;                                                                                                       \
    })

/* The descriptor, which the caller owns now; *fd becomes -1. */
static inline int steal_fd(int *fd)
{
    int stolen = *fd;
    *fd = -1;
    return stolen;
}
