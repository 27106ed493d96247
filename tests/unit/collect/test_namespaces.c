#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect/namespaces.h"
#include "collect/netns.h"
#include "namespaces_mounts.h"
#include "scratch.h"
#include "sockstat_text.h"

#define CONTAINER "4f5b2a1c9d3e8f7061524334251607f8e9dacbbcad9e8f70615243342516a7b8"

/* A /proc of a few processes, whose namespaces are files of the same folder. */
static void add_process(struct scratch *proc, const char *pid, const char *namespace, const char *cgroup)
{
    char name[64];
    char target[SCRATCH_PATH_MAX];
    (void)snprintf(target, sizeof(target), "%s", scratch_write_text(proc, namespace, ""));
    assert_int_equal(mkdir(scratch_path(proc, pid), 0700), 0);
    (void)snprintf(name, sizeof(name), "%s/ns", pid);
    assert_int_equal(mkdir(scratch_path(proc, name), 0700), 0);
    (void)snprintf(name, sizeof(name), "%s/ns/net", pid);
    assert_int_equal(symlink(target, scratch_path(proc, name)), 0);
    (void)snprintf(name, sizeof(name), "%s/cgroup", pid);
    (void)scratch_write_text(proc, name, cgroup);
}

static uint64_t inode_of(struct scratch *proc, const char *name)
{
    struct stat file;
    assert_int_equal(stat(scratch_path(proc, name), &file), 0);
    return file.st_ino;
}

static const struct namespace *with_inode(const struct namespaces *found, uint64_t inode)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i].inode == inode)
            return &found->items[i];
    fail_msg("it was not found");
    return NULL;
}

/* Mounted below a folder `netns`, as ip-netns(8) has it. */
static void add_mounts(struct scratch *proc)
{
    char text[1024];
    assert_int_equal(mkdir(scratch_path(proc, "netns"), 0700), 0);
    (void)scratch_write_text(proc, "netns/blue sea", "");
    (void)snprintf(text, sizeof(text),
                   "22 1 0:20 / /proc rw - proc proc rw\n"
                   "36 22 0:4 net:[%" PRIu64 "] %s/netns/blue\\040sea rw shared:9 - nsfs nsfs rw\n"
                   "37 22 0:4 net:[%" PRIu64 "] %s/netns/blue\\040sea rw shared:9 - nsfs nsfs rw\n"
                   "38 22 0:4 net:[1] %s/gone rw - nsfs nsfs rw\n",
                   inode_of(proc, "netns/blue sea"), proc->folder, inode_of(proc, "netns/blue sea"), proc->folder,
                   proc->folder);
    assert_int_equal(mkdir(scratch_path(proc, "self"), 0700), 0);
    (void)scratch_write_text(proc, "self/mountinfo", text);
}

static void each_namespace_of_processes_and_mounts_is_found_once(void **state)
{
    (void)state;
    cleanup(scratch_done) struct scratch proc = scratch_make();
    add_process(&proc, "7", "first", "0::/\n");
    add_process(&proc, "70", "first", "0::/\n");
    add_process(&proc, "71", "second", "0::/kubepods/pod1/" CONTAINER "\n");
    add_mounts(&proc);
    cleanup(namespaces_done) struct namespaces found = {0};
    struct error error;
    assert_int_equal(namespaces_find(proc.folder, &found, &error), 0);
    assert_int_equal(found.count, 3);
    assert_int_equal(found.hidden, 0);
    assert_int_equal(with_inode(&found, inode_of(&proc, "second"))->pid, 71);
    const struct namespace *blue = with_inode(&found, inode_of(&proc, "netns/blue sea"));
    assert_int_equal(blue->pid, 0);
    assert_string_equal(blue->path, scratch_path(&proc, "netns/blue sea"));
    assert_ptr_equal(namespaces_of(&found, blue->device, blue->inode), blue);
    assert_null(namespaces_of(&found, blue->device, 0));
    assert_int_equal(namespaces_add_path(&found, scratch_path(&proc, "first"), &error), 0);
    assert_int_equal(found.count, 3);
    assert_int_equal(namespaces_add_path(&found, "/nowhere", &error), -ENOENT);
}

static void one_that_ends_after_it_was_found_is_not_there_any_more(void **state)
{
    (void)state;
    pid_t process = fork();
    if (process == 0) {
        (void)pause();
        _exit(0);
    }
    assert_true(process > 0);
    cleanup(namespaces_done) struct namespaces found = {0};
    struct error error;
    cleanup(cleanup_close) int fd = -1;
    char place[32];
    (void)snprintf(place, sizeof(place), "/proc/%d/ns/net", (int)process);
    assert_int_equal(namespaces_add_path(&found, place, &error), 0);
    assert_int_equal(namespaces_open(&found.items[0], &fd, &error), 0);
    assert_int_equal(kill(process, SIGKILL), 0);
    assert_int_equal(waitpid(process, NULL, 0), process);
    cleanup_close(&fd);
    fd = -1;
    assert_int_equal(namespaces_open(&found.items[0], &fd, &error), -ENOENT);
    assert_int_equal(fd, -1);
    found.items[0].inode++;
    free(found.items[0].path);
    found.items[0].path = strdup(NETNS_OWN);
    assert_int_equal(namespaces_open(&found.items[0], &fd, &error), -ESTALE);
    assert_int_equal(fd, -1);
}

static void a_name_is_the_container_then_the_file_then_the_inode(void **state)
{
    (void)state;
    cleanup(scratch_done) struct scratch proc = scratch_make();
    add_process(&proc, "71", "second", "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" CONTAINER ".scope\n");
    char names[NAMESPACES_NAMES][NAMESPACES_NAME_MAX];
    char path[] = "/run/netns/blue";
    namespaces_names(proc.folder, &(struct namespace){.inode = 12, .pid = 71, .path = path}, names);
    assert_string_equal(names[0], "4f5b2a1c9d3e");
    assert_string_equal(names[1], "blue");
    assert_string_equal(names[2], "ino-12");
    char elsewhere[] = "/tmp/blue";
    namespaces_names(proc.folder, &(struct namespace){.inode = 12, .path = elsewhere}, names);
    assert_string_equal(names[0], "");
    assert_string_equal(names[1], "");
    char misleading[] = "/run/netns/ino-12";
    namespaces_names(proc.folder, &(struct namespace){.inode = 13, .path = misleading}, names);
    assert_string_equal(names[1], "");
}

static void only_mounted_network_namespaces_are_taken(void **state)
{
    (void)state;
    static const char *const others[] = {"",
                                         "36",
                                         "36 35 0:4 net:[4026532450]",
                                         "36 35 0:4 net:[4026532450] /run/netns/blue",
                                         "36 35 0:4 mnt:[4026532450] /run/x rw - nsfs nsfs rw",
                                         "36 35 0:4 net:[] /run/x rw - nsfs nsfs rw",
                                         "36 35 0:4 net:[12 /run/x rw - nsfs nsfs rw",
                                         "36 35 0:4 net:[12] /run/x rw - ext4 /dev/sda rw"};
    const char *path;
    uint64_t inode;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        cleanup(cleanup_free) char *line = strdup(others[i]);
        assert_false(namespaces_mounts_line(line, &path, &inode));
    }
    char line[] = "36 35 0:4 net:[4026532450] /run/netns/b\\134\\011 rw master:3 - nsfs nsfs rw";
    assert_true(namespaces_mounts_line(line, &path, &inode));
    assert_int_equal(inode, 4026532450);
    assert_string_equal(path, "/run/netns/b\\\t");
}

static void what_is_no_namespace_is_told_so(void **state)
{
    (void)state;
    struct error error;
    cleanup(cleanup_close) int fd = -1;
    assert_int_equal(netns_open("2147483647", &fd, &error), -ENOENT);
    assert_string_equal(error.text, "there is no process 2147483647");
    assert_int_equal(netns_open("/etc/passwd", &fd, &error), 0);
    assert_true(netns_enter(fd, &error) < 0);
}

static void sockstat_is_read_by_line_and_key(void **state)
{
    (void)state;
    static const char text[] = "sockets: used 231\nTCP: inuse 5 orphan 0 tw 17 alloc 7 mem 1\nUDP: inuse 2 mem 0\n";
    uint64_t value = 0;
    assert_int_equal(sockstat_text_value(text, "sockets", "used", &value), 0);
    assert_int_equal(value, 231);
    assert_int_equal(sockstat_text_value(text, "TCP", "tw", &value), 0);
    assert_int_equal(value, 17);
    assert_int_equal(sockstat_text_value(text, "UDP", "tw", &value), -EBADMSG);
    assert_int_equal(sockstat_text_value(text, "TCP6", "inuse", &value), -EBADMSG);
    assert_int_equal(sockstat_text_value("", "TCP", "inuse", &value), -EBADMSG);
    assert_int_equal(sockstat_text_value("TCP: inuse", "TCP", "inuse", &value), -EBADMSG);
    assert_int_equal(sockstat_text_value("TCP: inuse x\n", "TCP", "inuse", &value), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_namespace_of_processes_and_mounts_is_found_once),
        cmocka_unit_test(one_that_ends_after_it_was_found_is_not_there_any_more),
        cmocka_unit_test(a_name_is_the_container_then_the_file_then_the_inode),
        cmocka_unit_test(only_mounted_network_namespaces_are_taken),
        cmocka_unit_test(what_is_no_namespace_is_told_so),
        cmocka_unit_test(sockstat_is_read_by_line_and_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
