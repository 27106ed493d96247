#include "runtime.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>

#define SEGMENTS_MAX 32
#define NOTES_MAX 4096
/* The build id that the Go linker leaves in every executable (cmd/internal/buildid). */
#define GO_NOTE_NAME "Go\0"
#define GO_NOTE_TYPE 4
/* What /proc/PID/exe ends with when the file is gone. */
#define DELETED " (deleted)"

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static enum runtime runtime_of_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    if (starts_with(name, "python") || starts_with(name, "pypy"))
        return RUNTIME_PYTHON;
    if (strcmp(name, "node") == 0 || strcmp(name, "nodejs") == 0)
        return RUNTIME_NODE;
    return strcmp(name, "java") == 0 ? RUNTIME_JAVA : RUNTIME_UNKNOWN;
}

static bool notes_say_go(const unsigned char *notes, size_t length)
{
    size_t at = 0;
    Elf64_Nhdr note;
    while (length - at >= sizeof(note)) {
        memcpy(&note, notes + at, sizeof(note));
        at += sizeof(note);
        size_t size = ((size_t)note.n_namesz + 3) / 4 * 4 + ((size_t)note.n_descsz + 3) / 4 * 4;
        if (size > length - at)
            return false;
        if (note.n_type == GO_NOTE_TYPE && note.n_namesz == sizeof(GO_NOTE_NAME) &&
            memcmp(notes + at, GO_NOTE_NAME, sizeof(GO_NOTE_NAME)) == 0)
            return true;
        at += size;
    }
    return false;
}

/* C stands for everything that is compiled and not known better. */
static enum runtime runtime_of_elf(int fd)
{
    Elf64_Ehdr header;
    Elf64_Phdr segments[SEGMENTS_MAX];
    if (pread(fd, &header, sizeof(header), 0) != sizeof(header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(segments[0]))
        return RUNTIME_UNKNOWN;
    size_t count = header.e_phnum < SEGMENTS_MAX ? header.e_phnum : SEGMENTS_MAX;
    if (pread(fd, segments, count * sizeof(segments[0]), (off_t)header.e_phoff) !=
        (ssize_t)(count * sizeof(segments[0])))
        return RUNTIME_UNKNOWN;
    for (size_t i = 0; i < count; i++) {
        unsigned char notes[NOTES_MAX];
        if (segments[i].p_type != PT_NOTE)
            continue;
        size_t size = segments[i].p_filesz < sizeof(notes) ? segments[i].p_filesz : sizeof(notes);
        ssize_t length = pread(fd, notes, size, (off_t)segments[i].p_offset);
        if (length > 0 && notes_say_go(notes, (size_t)length))
            return RUNTIME_GO;
    }
    return RUNTIME_C;
}

enum runtime runtime_of(int proc_pid_fd)
{
    char path[PATH_MAX];
    ssize_t length = readlinkat(proc_pid_fd, "exe", path, sizeof(path) - 1);
    if (length < 0)
        return RUNTIME_UNKNOWN;
    path[length] = '\0';
    /* A program that was upgraded while it runs. */
    char *deleted = strstr(path, DELETED);
    if (deleted != NULL && deleted[strlen(DELETED)] == '\0')
        *deleted = '\0';
    enum runtime runtime = runtime_of_name(path);
    if (runtime != RUNTIME_UNKNOWN)
        return runtime;
    cleanup(cleanup_close) int fd = openat(proc_pid_fd, "exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return fd < 0 ? RUNTIME_UNKNOWN : runtime_of_elf(fd);
}
