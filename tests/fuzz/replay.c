/* replay CORPUS: gives every file of the folder to the fuzzer that this is linked with. A corpus that is empty fails.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fuzz.h"

/* libFuzzer's own limit for inputs that it makes up (-max_len). */
#define INPUT_MAX 4096

/* In memory of exactly its size, so that AddressSanitizer sees one byte too many. */
static int replay(const char *name, const uint8_t *data, size_t size)
{
    cleanup(cleanup_free) uint8_t *input = malloc(size > 0 ? size : 1);
    if (input == NULL)
        return -1;
    memcpy(input, data, size);
    (void)printf("%s\n", name); /* the last one printed is the one that crashed */
    (void)fflush(stdout);
    return LLVMFuzzerTestOneInput(input, size);
}

static int replay_file(int folder, const char *name)
{
    uint8_t data[INPUT_MAX];
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    ssize_t size = read(file, data, sizeof(data));
    (void)close(file);
    return size < 0 ? -1 : replay(name, data, (size_t)size);
}

int main(int argc, char **argv)
{
    DIR *corpus = argc == 2 ? opendir(argv[1]) : NULL;
    if (corpus == NULL) {
        (void)fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    unsigned count = 0;
    int result = 0;
    for (const struct dirent *entry; result == 0 && (entry = readdir(corpus)) != NULL;)
        if (entry->d_name[0] != '.') {
            result = replay_file(dirfd(corpus), entry->d_name);
            count++;
        }
    (void)closedir(corpus);
    (void)printf("%u inputs\n", count);
    return result == 0 && count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
