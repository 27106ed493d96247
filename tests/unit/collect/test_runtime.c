#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "runtime.h"

#define DESCRIPTION_MAX 256

/* A directory that looks like /proc/PID as far as runtime_of() looks: what its link `exe` points to. */
struct process {
    char directory[PATH_MAX];
    int fd;
};

struct note {
    Elf64_Nhdr header;
    char name[8];
    char description[DESCRIPTION_MAX];
};

/* As small as an executable can be that has notes: not to be run. */
struct executable {
    Elf64_Ehdr header;
    Elf64_Phdr segments[2];
    struct note notes[2];
};

static int begin(void **state)
{
    static const char template[] = "/tmp/test_runtime.XXXXXX";
    struct process *process = calloc(1, sizeof(*process));
    if (process == NULL)
        return -1;
    memcpy(process->directory, template, sizeof(template));
    if (mkdtemp(process->directory) == NULL)
        return -1;
    process->fd = open(process->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *state = process;
    return process->fd < 0 ? -1 : 0;
}

static int end(void **state)
{
    struct process *process = *state;
    (void)unlinkat(process->fd, "exe", 0);
    (void)unlinkat(process->fd, "image", 0);
    (void)rmdir(process->directory);
    (void)close(process->fd);
    free(process);
    return 0;
}

static enum runtime runtime_of_path(const struct process *process, const char *path)
{
    (void)unlinkat(process->fd, "exe", 0);
    assert_int_equal(symlinkat(path, process->fd, "exe"), 0);
    return runtime_of(process->fd);
}

static enum runtime runtime_of_bytes(const struct process *process, const void *bytes, size_t length)
{
    cleanup(cleanup_close) int fd = openat(process->fd, "image", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), (ssize_t)length);
    return runtime_of_path(process, "image");
}

static struct executable executable_with(const char *name, uint32_t type)
{
    struct executable executable = {
        .header = {.e_phoff = offsetof(struct executable, segments), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2},
        .segments = {{.p_type = PT_LOAD},
                     {.p_type = PT_NOTE,
                      .p_offset = offsetof(struct executable, notes),
                      .p_filesz = 2 * sizeof(struct note)}},
        .notes = {{{.n_namesz = 8, .n_descsz = DESCRIPTION_MAX, .n_type = NT_GNU_BUILD_ID}, "GNU-ish", ""},
                  {{.n_namesz = 4, .n_descsz = 20, .n_type = type}, "", ""}},
    };
    memcpy(executable.header.e_ident, ELFMAG, SELFMAG);
    executable.header.e_ident[EI_CLASS] = ELFCLASS64;
    memcpy(executable.notes[1].name, name, 4);
    return executable;
}

static enum runtime runtime_of_executable(const struct process *process, const struct executable *executable)
{
    return runtime_of_bytes(process, executable, sizeof(*executable));
}

static void interpreters_are_known_by_name(void **state)
{
    static const struct {
        const char *path;
        enum runtime runtime;
    } expectations[] = {
        {"/usr/bin/python3.11", RUNTIME_PYTHON},
        {"/opt/pypy/bin/pypy3", RUNTIME_PYTHON},
        {"/usr/bin/node", RUNTIME_NODE},
        {"/usr/bin/node (deleted)", RUNTIME_NODE},
        {"/usr/bin/nodejs", RUNTIME_NODE},
        {"/usr/lib/jvm/java-17-openjdk-amd64/bin/java", RUNTIME_JAVA},
        {"java", RUNTIME_JAVA},
        {"/missing/javac", RUNTIME_UNKNOWN},
        {"/missing/node_exporter", RUNTIME_UNKNOWN},
        {"/missing/python/server", RUNTIME_UNKNOWN},
        {"/", RUNTIME_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++)
        assert_int_equal(runtime_of_path(*state, expectations[i].path), expectations[i].runtime);
}

static void this_test_is_written_in_c(void **state)
{
    (void)state;
    cleanup(cleanup_close) int fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(runtime_of(fd), RUNTIME_C);
}

static void go_is_known_by_the_note_of_its_linker(void **state)
{
    struct executable go = executable_with("Go\0", 4);
    assert_int_equal(runtime_of_executable(*state, &go), RUNTIME_GO);
}

static void other_notes_are_not_those_of_go(void **state)
{
    struct executable other_type = executable_with("Go\0", 3);
    struct executable other_name = executable_with("Gob", 4);
    struct executable longer_name = executable_with("Go\0", 4);
    longer_name.notes[1].header.n_namesz = 5;
    assert_int_equal(runtime_of_executable(*state, &other_type), RUNTIME_C);
    assert_int_equal(runtime_of_executable(*state, &other_name), RUNTIME_C);
    assert_int_equal(runtime_of_executable(*state, &longer_name), RUNTIME_C);
}

static void notes_that_claim_more_than_there_is_are_not_believed(void **state)
{
    struct executable executable = executable_with("Go\0", 4);
    static const uint32_t sizes[] = {sizeof(struct executable), INT32_MAX, UINT32_MAX - 3, UINT32_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct executable name = executable;
        struct executable description = executable;
        name.notes[0].header.n_namesz = sizes[i];
        description.notes[0].header.n_descsz = sizes[i];
        assert_int_equal(runtime_of_executable(*state, &name), RUNTIME_C);
        assert_int_equal(runtime_of_executable(*state, &description), RUNTIME_C);
    }
}

/* Nothing that follows must be read: the sanitizers watch. */
static void an_executable_that_was_cut_short_is_read_as_far_as_it_goes(void **state)
{
    struct executable executable = executable_with("Go\0", 4);
    size_t whole = offsetof(struct executable, notes[1]) + sizeof(Elf64_Nhdr) + 4 + 20;
    for (size_t length = 0; length < sizeof(executable); length += 4) {
        enum runtime runtime = runtime_of_bytes(*state, &executable, length);
        enum runtime wanted = length < offsetof(struct executable, notes) ? RUNTIME_UNKNOWN : RUNTIME_C;
        assert_int_equal(runtime, length < whole ? wanted : RUNTIME_GO);
    }
}

static void what_is_no_executable_of_this_machine_is_not_known(void **state)
{
    struct executable executable = executable_with("Go\0", 4);
    executable.header.e_ident[EI_CLASS] = ELFCLASS32;
    assert_int_equal(runtime_of_executable(*state, &executable), RUNTIME_UNKNOWN);
    executable = executable_with("Go\0", 4);
    executable.header.e_ident[0] = '#';
    assert_int_equal(runtime_of_executable(*state, &executable), RUNTIME_UNKNOWN);
    executable = executable_with("Go\0", 4);
    executable.header.e_phentsize = 1;
    assert_int_equal(runtime_of_executable(*state, &executable), RUNTIME_UNKNOWN);
    executable = executable_with("Go\0", 4);
    executable.header.e_phoff = UINT64_MAX;
    assert_int_equal(runtime_of_executable(*state, &executable), RUNTIME_UNKNOWN);
}

static void a_process_that_is_gone_or_hidden_is_not_known(void **state)
{
    const struct process *process = *state;
    assert_int_equal(runtime_of(process->fd), RUNTIME_UNKNOWN);
}

static void a_pipe_does_not_hold_the_reader_up(void **state)
{
    const struct process *process = *state;
    assert_int_equal(mkfifoat(process->fd, "image", 0600), 0);
    assert_int_equal(runtime_of_path(process, "image"), RUNTIME_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(interpreters_are_known_by_name, begin, end),
        cmocka_unit_test(this_test_is_written_in_c),
        cmocka_unit_test_setup_teardown(go_is_known_by_the_note_of_its_linker, begin, end),
        cmocka_unit_test_setup_teardown(other_notes_are_not_those_of_go, begin, end),
        cmocka_unit_test_setup_teardown(notes_that_claim_more_than_there_is_are_not_believed, begin, end),
        cmocka_unit_test_setup_teardown(an_executable_that_was_cut_short_is_read_as_far_as_it_goes, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_executable_of_this_machine_is_not_known, begin, end),
        cmocka_unit_test_setup_teardown(a_process_that_is_gone_or_hidden_is_not_known, begin, end),
        cmocka_unit_test_setup_teardown(a_pipe_does_not_hold_the_reader_up, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
