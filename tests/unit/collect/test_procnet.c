/* Files of the test's own; what the kernel's say is held against netlink in test_sockets.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "procnet.h"

#define TITLE "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define REST " 00000000:00000000 00:00000000 00000000     0        0 1 1 0\n"
#define LISTENER(port) "   0: 0100007F:" port " 00000000:0000 0A" REST
#define CONNECTION(port) "   1: 0100007F:" port " 0100007F:C000 01" REST
#define LISTENER6(port) "   0: 00000000000000000000000000000000:" port " 00000000000000000000000000000000:0000 0A" REST

#define SEEN_MAX 512

struct seen {
    uint16_t ports[SEEN_MAX];
    size_t count;
    size_t most; /* then the visitor has had enough */
};

static int note(void *context, const struct sock *sock)
{
    struct seen *seen = context;
    if (seen->count == seen->most)
        return -ENOMEM;
    seen->ports[seen->count++] = sock->local_port;
    return 0;
}

static const char *const names[] = {"tcp", "tcp6", "udp", "udp6"};

static int make_directory(void **state)
{
    static const char template[] = "/tmp/procnet-XXXXXX";
    char *directory = strdup(template);
    *state = directory;
    return directory == NULL || mkdtemp(directory) == NULL ? -1 : 0;
}

static void file_name(const char *directory, const char *name, char ret_path[static 64])
{
    (void)snprintf(ret_path, 64, "%s/%s", directory, name);
}

static int remove_directory(void **state)
{
    char path[64];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        file_name(*state, names[i], path);
        (void)unlink(path);
    }
    int r = rmdir(*state);
    free(*state);
    return r;
}

static void write_file(const char *directory, const char *name, const char *text)
{
    char path[64];
    file_name(directory, name, path);
    cleanup(cleanup_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static int walk(const char *directory, const struct sockets_query *query, struct seen *seen, struct error *error)
{
    cleanup(procnet_closep) struct procnet *procnet = NULL;
    seen->most = seen->most > 0 ? seen->most : SEEN_MAX;
    int r = procnet_open(directory, &procnet, error);
    return r < 0 ? r : procnet_walk(procnet, query, note, seen, error);
}

static const struct sockets_query every_tcp = {.protocol = PROTOCOL_TCP};

static void assert_ports(const char *directory, const struct sockets_query *query, const uint16_t *ports, size_t count)
{
    struct seen seen = {0};
    struct error error;
    if (walk(directory, query, &seen, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(seen.count, count);
    assert_memory_equal(seen.ports, ports, count * sizeof(*ports));
}
#define ASSERT_PORTS(directory, query, ...)                                                                            \
    assert_ports(directory, query, (const uint16_t[]){__VA_ARGS__},                                                    \
                 sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

static void assert_fails(const char *directory, const char *reason)
{
    struct seen seen = {0};
    struct error error = {""};
    assert_int_equal(walk(directory, &every_tcp, &seen, &error), -EBADMSG);
    if (strstr(error.text, reason) == NULL)
        fail_msg("%s", error.text);
}

static void listeners_of_both_families_come_before_all_others(void **state)
{
    write_file(*state, "tcp", TITLE LISTENER("0001") CONNECTION("0002") CONNECTION("0003"));
    write_file(*state, "tcp6", TITLE LISTENER6("0004") LISTENER6("0005"));
    write_file(*state, "udp", TITLE);
    ASSERT_PORTS(*state, &every_tcp, 1, 4, 5, 2, 3);
}

static void a_listener_behind_others_is_visited_once(void **state)
{
    write_file(*state, "tcp", TITLE CONNECTION("0002") LISTENER("0001") CONNECTION("0003") LISTENER("0004"));
    write_file(*state, "udp", TITLE);
    ASSERT_PORTS(*state, &every_tcp, 2, 1, 3, 4);
    const struct sockets_query listeners = {.protocol = PROTOCOL_TCP, .listeners = true};
    ASSERT_PORTS(*state, &listeners, 1, 4);
}

static void ports_are_filtered(void **state)
{
    write_file(*state, "tcp", TITLE LISTENER("0001") CONNECTION("0002") CONNECTION("0003") CONNECTION("0004"));
    write_file(*state, "udp", TITLE);
    const struct sockets_query one = {.protocol = PROTOCOL_TCP, .port = 2};
    const struct sockets_query some = {.protocol = PROTOCOL_TCP, .port = 2, .last_port = 3};
    ASSERT_PORTS(*state, &one, 2);
    ASSERT_PORTS(*state, &some, 2, 3);
}

static void lines_that_straddle_two_reads_are_read(void **state)
{
    char text[sizeof(TITLE) + SEEN_MAX * sizeof(CONNECTION("0000"))] = TITLE;
    size_t length = strlen(text);
    uint16_t ports[SEEN_MAX];
    for (uint16_t i = 0; i < SEEN_MAX; i++) {
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%*d: 0100007F:%04X 0100007F:C000 01" REST,
                                   i % 3, i, i + 1);
        ports[i] = (uint16_t)(i + 1);
    }
    write_file(*state, "tcp", text);
    write_file(*state, "udp", TITLE);
    assert_ports(*state, &every_tcp, ports, SEEN_MAX);
}

static void what_is_amiss_is_an_error_and_never_an_empty_table(void **state)
{
    write_file(*state, "udp", TITLE);
    write_file(*state, "tcp", "");
    assert_fails(*state, "ends within a line");
    write_file(*state, "tcp", CONNECTION("0001"));
    assert_fails(*state, "title");
    write_file(*state, "tcp", TITLE "   1: 0100007F:0001 0100007F:C000 01");
    assert_fails(*state, "ends within a line");
    write_file(*state, "tcp", TITLE "garbage\n");
    assert_fails(*state, "cannot be understood");
    char endless[20000];
    memset(endless, ' ', sizeof(endless));
    endless[sizeof(endless) - 1] = '\0';
    write_file(*state, "tcp", endless);
    assert_fails(*state, "does not end");
}

static void without_ipv6_there_are_two_files_and_without_ipv4_none(void **state)
{
    struct seen seen = {0};
    struct error error = {""};
    write_file(*state, "tcp", TITLE LISTENER("0001"));
    assert_int_equal(walk(*state, &every_tcp, &seen, &error), -ENOENT);
    assert_non_null(strstr(error.text, "/proc/net/udp"));
    write_file(*state, "udp", TITLE);
    ASSERT_PORTS(*state, &every_tcp, 1);
}

static void what_a_visitor_returns_ends_the_walk(void **state)
{
    struct seen seen = {.most = 1};
    write_file(*state, "tcp", TITLE CONNECTION("0001") CONNECTION("0002") CONNECTION("0003"));
    write_file(*state, "udp", TITLE);
    assert_int_equal(walk(*state, &every_tcp, &seen, NULL), -ENOMEM);
    assert_int_equal(seen.count, 1);
}

static void ports_that_bind_chose_cannot_be_told(void **state)
{
    const struct sockets_query query = {.protocol = PROTOCOL_TCP, .explicit_binds = true};
    struct seen seen = {0};
    write_file(*state, "tcp", TITLE CONNECTION("0001"));
    write_file(*state, "udp", TITLE);
    assert_int_equal(walk(*state, &query, &seen, NULL), -EOPNOTSUPP);
    assert_int_equal(seen.count, 0);
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(listeners_of_both_families_come_before_all_others),
        WITH_DIRECTORY(a_listener_behind_others_is_visited_once),
        WITH_DIRECTORY(ports_are_filtered),
        WITH_DIRECTORY(lines_that_straddle_two_reads_are_read),
        WITH_DIRECTORY(what_is_amiss_is_an_error_and_never_an_empty_table),
        WITH_DIRECTORY(without_ipv6_there_are_two_files_and_without_ipv4_none),
        WITH_DIRECTORY(what_a_visitor_returns_ends_the_walk),
        WITH_DIRECTORY(ports_that_bind_chose_cannot_be_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
