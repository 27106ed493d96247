#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "kept.h"
#include "render/text.h"
#include "rendered.h"
#include "report_sample.h"

static char *table(const struct report *report, bool colour)
{
    struct buf buf;
    buf_init(&buf, 1 << 20);
    text_ports(report, &(struct text_style){.colour = colour}, &buf);
    assert_int_equal(buf.failure, 0);
    return steal_ptr(&buf.data);
}

/* The second line, which is the first row. */
static char *row(const struct report *report)
{
    char *text = table(report, false);
    char *line = strchr(text, '\n') + 1;
    memmove(text, line, strlen(line) + 1);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no '%s' in '%s'", part, text);
}

static const char host_table[] =
    "PORT                VERDICT   WHY                        ESTAB  TIME_WAIT  LEFT    QUEUE  RESTART  OWNER\n"
    "22/tcp              held      listener                       2          0  -       0/128  safe     sshd (812), "
    "ssh.service\n"
    "127.0.0.1:5432/tcp  reusable  time_wait, free in 32.1 s      0          1  30.0 s  -      -        -\n"
    "8080/tcp            held      time_wait, free in 43.7 s      0          3  41.7 s  -      -        python3 (4127, "
    "exited), app.service\n"
    "9000/tcp            free      -                              0          0  -       -      -        -\n"
    "33333/tcp           held      outgoing to 10.0.0.5:5432      1          0  -       -      -        java (2210), "
    "billing.service\n"
    "53/udp              held      bound                          -          -  -       -      -        dnsmasq "
    "(640)\n";

static void the_table_is_aligned_and_has_no_trailing_space(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    report->netns.traffic.destination_count = 0;
    cleanup(cleanup_free) char *text = table(report, false);
    assert_string_equal(text, host_table);
    assert_null(strstr(text, " \n"));
}

static void without_a_row_one_line_says_so(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    report->netns.traffic.destination_count = 0;
    cleanup(cleanup_free) char *text = table(report, true);
    assert_string_equal(text, "no port has a listener\n");
}

static void the_fullest_destinations_stand_below_the_ports(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    cleanup(cleanup_free) char *text = table(report, false);
    assert_memory_equal(text, host_table, strlen(host_table));
    assert_true(kept_is("exhaustion/ports.txt", text));
}

static void colour_is_on_the_verdict_only_and_keeps_the_alignment(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    (void)report_sample_port(report, "80/udp", VERDICT_UNKNOWN, CAUSE_UNKNOWN);
    cleanup(cleanup_free) char *plain = table(report, false);
    cleanup(cleanup_free) char *coloured = table(report, true);
    assert_contains(coloured, "22/tcp              \x1b[31mheld\x1b[0m      listener ");
    assert_contains(coloured, "127.0.0.1:5432/tcp  \x1b[33mreusable\x1b[0m  time_wait");
    assert_contains(coloured, "9000/tcp            \x1b[32mfree\x1b[0m      - ");
    assert_contains(coloured, "80/udp              \x1b[35munknown\x1b[0m   ? ");
    rendered_assert_same(plain, coloured);
}

static void an_unknown_verdict_shows_its_cause_when_there_is_one(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    (void)report_sample_port(report, "80", VERDICT_UNKNOWN, CAUSE_PRIVILEGED);
    cleanup(cleanup_free) char *text = row(report);
    assert_string_equal(text, "80/tcp  unknown  privileged      0          0  -     -      -        -");
}

static void time_that_is_left_is_never_understated(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "80", VERDICT_HELD, CAUSE_CLOSING);
    port->verdict.plain = (struct frees){FREES_AFTER, 0.001};
    port->states[SOCK_TIME_WAIT] = 1;
    port->longest_time_wait_ms = 59901;
    cleanup(cleanup_free) char *text = row(report);
    assert_contains(text, "closing, free in 0.1 s");
    assert_contains(text, "60.0 s");
}

static void several_outgoing_connections_are_counted(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "40001", VERDICT_HELD, CAUSE_OUTGOING);
    for (uint16_t i = 0; i < 2; i++) {
        struct holder *holder = report_sample_holder(port, SOCK_ESTABLISHED, "2001:db8::1", 2);
        holder->direction = DIRECTION_OUTBOUND;
        holder->remote = report_sample_address("2001:db8::2");
        holder->remote_port = (uint16_t)(443 + i);
    }
    cleanup(cleanup_free) char *text = row(report);
    assert_contains(text, "outgoing to [2001:db8::2]:443 and 3 more ");
}

static void the_fullest_accept_queue_is_shown(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "80", VERDICT_HELD, CAUSE_LISTENER);
    struct holder *idle = report_sample_holder(port, SOCK_LISTEN, "0.0.0.0", 1);
    idle->queue_length = 100;
    idle->queue_limit = 4096;
    struct holder *full = report_sample_holder(port, SOCK_LISTEN, "::", 1);
    full->queue_length = 6;
    full->queue_limit = 5;
    cleanup(cleanup_free) char *text = row(report);
    assert_contains(text, "  6/5    ");
}

static void processes_that_share_a_socket_are_counted_once(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "80", VERDICT_HELD, CAUSE_LISTENER);
    static const char *const addresses[] = {"0.0.0.0", "::"};
    for (size_t i = 0; i < 2; i++) {
        struct holder *listener = report_sample_holder(port, SOCK_LISTEN, addresses[i], 1);
        for (int32_t pid = 12; pid < 16; pid++)
            (void)snprintf(report_sample_owner(listener, "nginx", pid)->unit, OWNER_UNIT_MAX, "nginx.service");
    }
    (void)report_sample_owner(report_sample_holder(port, SOCK_ESTABLISHED, "10.0.0.1", 1), "other", 99);
    cleanup(cleanup_free) char *text = row(report);
    assert_contains(text, "  nginx (12) and 3 more, nginx.service");
}

static void who_left_sockets_behind_does_not_stand_for_a_process_that_cannot_be_seen(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "80", VERDICT_HELD, CAUSE_LISTENER);
    (void)report_sample_holder(port, SOCK_LISTEN, "::", 1);
    struct holder *left = report_sample_holder(port, SOCK_TIME_WAIT, "10.0.0.1", 1);
    (void)report_sample_owner(left, "python3", 4127);
    cleanup(cleanup_free) char *nameless = row(report);
    assert_contains(nameless, "python3 (4127)");
    struct holder *listener = &port->verdict.holders[0];
    listener->inodes[listener->inode_count++] = 815;
    cleanup(cleanup_free) char *hidden = row(report);
    assert_null(strstr(hidden, "python3"));
}

static void a_container_is_named_by_twelve_characters(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "80", VERDICT_HELD, CAUSE_LISTENER);
    struct owner *owner = report_sample_owner(report_sample_holder(port, SOCK_LISTEN, "::", 1), "redis", 7);
    (void)snprintf(owner->container, sizeof(owner->container), "0123456789abcdef0123456789abcdef");
    cleanup(cleanup_free) char *text = row(report);
    assert_contains(text, "  redis (7), container 0123456789ab");
    assert_null(strstr(text, "0123456789abc"));
}

static void a_container_is_named_by_its_name_where_that_is_known(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "80", VERDICT_HELD, CAUSE_LISTENER);
    struct owner *owner = report_sample_owner(report_sample_holder(port, SOCK_LISTEN, "::", 1), "redis", 7);
    (void)snprintf(owner->container, sizeof(owner->container), "0123456789abcdef0123456789abcdef");
    (void)snprintf(owner->container_name, sizeof(owner->container_name), "default/cache-0/redis");
    cleanup(cleanup_free) char *text = row(report);
    assert_contains(text, "  redis (7), container default/cache-0/redis");
    assert_null(strstr(text, "0123456789ab"));
}

static void no_name_can_drive_the_terminal(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "80", VERDICT_HELD, CAUSE_LISTENER);
    struct owner *owner = report_sample_owner(report_sample_holder(port, SOCK_LISTEN, "::", 1), "\x1b]0;x\x07", 7);
    (void)snprintf(owner->unit, sizeof(owner->unit), "a\nb\xe2\x80\xae");
    cleanup(cleanup_free) char *text = row(report);
    assert_contains(text, "\xef\xbf\xbd]0;x\xef\xbf\xbd (7), a\xef\xbf\xbd"
                          "b\xef\xbf\xbd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_aligned_and_has_no_trailing_space),
        cmocka_unit_test(without_a_row_one_line_says_so),
        cmocka_unit_test(the_fullest_destinations_stand_below_the_ports),
        cmocka_unit_test(colour_is_on_the_verdict_only_and_keeps_the_alignment),
        cmocka_unit_test(an_unknown_verdict_shows_its_cause_when_there_is_one),
        cmocka_unit_test(time_that_is_left_is_never_understated),
        cmocka_unit_test(several_outgoing_connections_are_counted),
        cmocka_unit_test(the_fullest_accept_queue_is_shown),
        cmocka_unit_test(processes_that_share_a_socket_are_counted_once),
        cmocka_unit_test(who_left_sockets_behind_does_not_stand_for_a_process_that_cannot_be_seen),
        cmocka_unit_test(a_container_is_named_by_twelve_characters),
        cmocka_unit_test(a_container_is_named_by_its_name_where_that_is_known),
        cmocka_unit_test(no_name_can_drive_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
