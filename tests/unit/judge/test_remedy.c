/* Commands to paste. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "judge/remedy.h"
#include "question.h"

static struct verdict advised(const struct question *question, const char *netns)
{
    struct kernel_settings settings = world_settings();
    struct verdict verdict = question_put(question);
    assert_int_equal(remedies_suggest(&verdict, &settings, netns), 0);
    return verdict;
}
#define advise(netns, ...) advised(&(struct question){__VA_ARGS__}, netns)

static const struct remedy *remedy_of(const struct verdict *verdict, enum remedy_kind kind)
{
    for (size_t i = 0; i < verdict->remedy_count; i++)
        if (verdict->remedies[i].kind == kind && verdict->remedies[i].command != NULL)
            return &verdict->remedies[i];
    fail_msg("no command of kind %s", remedy_kind_name(kind));
    return NULL;
}

static void assert_command(const struct verdict *verdict, enum remedy_kind kind, const char *command)
{
    assert_string_equal(remedy_of(verdict, kind)->command, command);
}

static void commands_of_ours_take_the_namespace_as_a_flag(void **state)
{
    (void)state;
    const struct question left = {.endpoint = "127.0.0.1:8080",
                                  .table = WORLD("time_wait 127.0.0.1 left 40000"),
                                  .binds = WORLD("127.0.0.1 reuseaddr EADDRINUSE")};
    cleanup(verdict_done) struct verdict own = advised(&left, NULL);
    assert_command(&own, REMEDY_WAIT, "tidewait wait 127.0.0.1:8080");
    assert_command(&own, REMEDY_RELEASE, "tidewait release 127.0.0.1:8080 --time-wait");
    cleanup(verdict_done) struct verdict other = advised(&left, "/run/netns/blue");
    assert_command(&other, REMEDY_WAIT, "tidewait wait 127.0.0.1:8080 --netns /run/netns/blue");
    assert_command(&other, REMEDY_RELEASE, "tidewait release 127.0.0.1:8080 --time-wait --netns /run/netns/blue");
    cleanup(verdict_done) struct verdict nameless =
        advise("4127", .endpoint = "8080", .table = WORLD("listen 0.0.0.0"));
    assert_command(&nameless, REMEDY_LOOK, "sudo tidewait why 8080 --netns 4127");
}

static void settings_are_those_of_the_namespace_and_last_as_long(void **state)
{
    (void)state;
    const struct question stolen = {.endpoint = "40000", .table = WORLD("established 127.0.0.1 port 40000 outbound")};
    cleanup(verdict_done) struct verdict own = advised(&stolen, NULL);
    assert_command(&own, REMEDY_RESERVE, "sysctl -w net.ipv4.ip_local_reserved_ports=40000");
    assert_non_null(strstr(remedy_of(&own, REMEDY_RESERVE)->text, "lasting in /etc/sysctl.d"));
    cleanup(verdict_done) struct verdict other = advised(&stolen, "/run/netns/blue");
    assert_command(&other, REMEDY_RESERVE,
                   "nsenter --net=/run/netns/blue sysctl -w net.ipv4.ip_local_reserved_ports=40000");
    assert_null(strstr(remedy_of(&other, REMEDY_RESERVE)->text, "sysctl.d"));
    cleanup(verdict_done) struct verdict low =
        advise("4127", .endpoint = "127.0.0.1:80", .binds = WORLD("127.0.0.1 reuseaddr EACCES"));
    assert_command(&low, REMEDY_PRIVILEGE,
                   "nsenter --net=/proc/4127/ns/net sysctl -w net.ipv4.ip_unprivileged_port_start=80");
    cleanup(verdict_done) struct verdict strange =
        advise("4127", .endpoint = "10.9.9.9:8080", .binds = WORLD("10.9.9.9 reuseaddr EADDRNOTAVAIL"));
    assert_command(&strange, REMEDY_ADDRESS, "nsenter --net=/proc/4127/ns/net ip -brief address");
}

static void a_path_that_a_shell_would_take_apart_is_quoted(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        advise("/tmp/a b;'c'", .endpoint = "8080", .table = WORLD("time_wait 127.0.0.1 left 40000"));
    assert_command(&verdict, REMEDY_WAIT, "tidewait wait 8080 --netns '/tmp/a b;'\\''c'\\'''");
}

static void a_service_is_stopped_by_its_name_but_never_one_that_only_holds_a_container(void **state)
{
    (void)state;
    static const struct {
        const char *container;
        const char *command;
    } cases[] = {{"", "systemctl stop containerd.service"}, {"0123456789ab", "kill 4127"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kernel_settings settings = world_settings();
        cleanup(verdict_done) struct verdict verdict = ask(.endpoint = "8080", .table = WORLD("listen 0.0.0.0"));
        struct owner owner = {.pid = 4127, .process = "nginx", .unit = "containerd.service", .alive = true};
        (void)snprintf(owner.container, sizeof(owner.container), "%s", cases[i].container);
        verdict.holders[0].owners = calloc(1, sizeof(owner));
        assert_non_null(verdict.holders[0].owners);
        verdict.holders[0].owners[0] = owner;
        verdict.holders[0].owner_count = 1;
        assert_int_equal(remedies_suggest(&verdict, &settings, NULL), 0);
        assert_command(&verdict, REMEDY_STOP, cases[i].command);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_of_ours_take_the_namespace_as_a_flag),
        cmocka_unit_test(settings_are_those_of_the_namespace_and_last_as_long),
        cmocka_unit_test(a_path_that_a_shell_would_take_apart_is_quoted),
        cmocka_unit_test(a_service_is_stopped_by_its_name_but_never_one_that_only_holds_a_container),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
