#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "flags.h"
#include "scratch.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define S INT64_C(1000000000)

/* options_parse() with these flags after the file's; "" for neither. */
static int parse(const char *file, const char *flag, struct options *options, struct error *error)
{
    cleanup(scratch_done) struct scratch scratch = scratch_make();
    char config[SCRATCH_PATH_MAX + 16];
    (void)snprintf(config, sizeof(config), "--config.file=%s", scratch_write_text(&scratch, "t.yml", file));
    char command[] = "serve";
    char *argv[] = {command, config, NULL, NULL};
    cleanup(cleanup_free) char *copy = strdup(flag);
    argv[2] = copy;
    return options_parse(flag[0] == '\0' ? 2 : 3, argv, options, error);
}

static struct options parsed(const char *file, const char *flag)
{
    struct options options;
    struct error error = {""};
    int r = parse(file, flag, &options, &error);
    if (r < 0)
        print_error("%s\n", error.text);
    assert_int_equal(r, 0);
    return options;
}

static void a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default(void **state)
{
    (void)state;
    cleanup(options_done) struct options initial = parsed("", "");
    assert_int_equal(initial.interval_ns, 5 * S);
    cleanup(options_done) struct options file = parsed("interval: 4s", "");
    assert_int_equal(file.interval_ns, 4 * S);
    assert_int_equal(setenv("TIDEWAIT_INTERVAL", "3s", 1), 0);
    cleanup(options_done) struct options environment = parsed("interval: 4s", "");
    cleanup(options_done) struct options flag = parsed("interval: 4s", "--interval=2s");
    assert_int_equal(unsetenv("TIDEWAIT_INTERVAL"), 0);
    assert_int_equal(environment.interval_ns, 3 * S);
    assert_int_equal(flag.interval_ns, 2 * S);
}

static void what_is_repeatable_replaces_and_is_not_merged(void **state)
{
    (void)state;
    cleanup(options_done) struct options file = parsed("watch: [8001, 8002=free]", "");
    assert_int_equal(file.watch_count, 2);
    assert_int_equal(file.watches[1].expected, EXPECTED_FREE);
    cleanup(options_done) struct options flag = parsed("watch: [8001, 8002=free]", "--watch=8003");
    assert_int_equal(flag.watch_count, 1);
    assert_int_equal(flag.watches[0].endpoint.port, 8003);
    cleanup(options_done) struct options address = parsed("web.listen-address: [\":1\", \":2\"]", "");
    assert_int_equal(address.listen_address_count, 2);
    assert_string_equal(address.listen_addresses[0], ":1");
}

/* Of every setting: two values that differ, and whether a change takes a restart. */
static const struct {
    const char *name;
    const char *one;
    const char *other;
    bool fixed;
} samples[] = {
    {"web.listen-address", "[\"127.0.0.1:1\", \":2\"]", "[\":2\"]", true},
    {"web.telemetry-path", "/a", "/b", true},
    {"web.config.file", "a.yml", "b.yml", false},
    {"web.max-connections", "1", "2", true},
    {"web.max-connections-per-address", "1", "2", true},
    {"web.allowed-host", "[a.example, b.example]", "[a.example, c.example]", true},
    {"watch", "[8080, \"udp:53\"]", "[]", false},
    {"watch-listeners", "true", "false", false},
    {"interval", "1s", "2s", false},
    {"cpu-budget", "1%", "2%", false},
    {"probe", "gentle", "off", false},
    {"probe-interval", "1s", "2s", false},
    {"max-ports", "10", "20", false},
    {"history", "1h", "2h", true},
    {"owners", "true", "false", false},
    {"netns", "[all]", "[/run/netns/blue]", false},
    {"user", "nobody", "daemon", true},
    {"sandbox", "on", "off", true},
    {"log.level", "info", "warn", false},
    {"log.format", "logfmt", "json", false},
};

static bool belongs_in_a_file(const struct flag *flag)
{
    return strcmp(flag->name, "config.file") != 0 && strcmp(flag->name, "check-config") != 0;
}

static void every_setting_can_stand_in_the_file(void **state)
{
    (void)state;
    size_t expected = 0;
    for (const struct flag *flag = flags; flag->name != NULL; flag++)
        expected += belongs_in_a_file(flag) ? 1 : 0;
    assert_int_equal(COUNT_OF(samples), expected);
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "%s: %s\n", samples[i].name, samples[i].one);
        cleanup(options_done) struct options options = parsed(text, "");
        assert_non_null(options.config_file);
    }
}

static void what_takes_a_restart_to_change_is_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "%s: %s\n", samples[i].name, samples[i].one);
        cleanup(options_done) struct options one = parsed(text, "");
        (void)snprintf(text, sizeof(text), "%s: %s\n", samples[i].name, samples[i].other);
        cleanup(options_done) struct options other = parsed(text, "");
        for (const struct flag *flag = flags; flag->name != NULL; flag++) {
            if (flag->same == NULL)
                continue;
            assert_true(flag->same(&one, &one));
            bool differs = samples[i].fixed && strcmp(flag->name, samples[i].name) == 0;
            assert_int_equal(flag->same(&one, &other), !differs);
        }
    }
}

static void a_dot_in_a_name_may_be_a_level(void **state)
{
    (void)state;
    const char *const texts[] = {
        "log.level: warn\nweb.config.file: /w.yml\nweb.max-connections: 3",
        "log: {level: warn}\nweb: {config.file: /w.yml, max-connections: 3}",
        "log:\n  level: warn\nweb:\n  config:\n    file: /w.yml\n  max-connections: 3\n",
        "web.config: {file: /w.yml}\nlog.level: warn\nweb: {max-connections: 3}",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        cleanup(options_done) struct options options = parsed(texts[i], "");
        assert_int_equal(options.log_level, LOG_LEVEL_WARN);
        assert_string_equal(options.web_config_file, "/w.yml");
        assert_int_equal(options.max_connections, 3);
    }
}

static void what_says_nothing_changes_nothing(void **state)
{
    (void)state;
    const char *const texts[] = {"", "# nothing\n", "{}", "watch:\n", "watch: []\n", "web:\nlog:\n", "web: {}\n"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        cleanup(options_done) struct options options = parsed(texts[i], "");
        assert_int_equal(options.watch_count, 0);
        assert_int_equal(options.listen_address_count, 1);
    }
}

static void texts_are_no_booleans_and_switches_are_no_texts(void **state)
{
    (void)state;
    cleanup(options_done) struct options options =
        parsed("probe: off\nsandbox: off\nowners: false\nuser: \"no\"\n", "");
    assert_false(options.probe);
    assert_false(options.sandbox);
    assert_false(options.owners);
    assert_string_equal(options.user, "no");
}

static void a_file_name_is_relative_to_the_file(void **state)
{
    (void)state;
    cleanup(options_done) struct options options = parsed("web.config.file: web.yml", "");
    size_t folder = strlen(options.config_file) - strlen("t.yml");
    assert_memory_equal(options.web_config_file, options.config_file, folder);
    assert_string_equal(options.web_config_file + folder, "web.yml");
}

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    (void)state;
    const char *const cases[][2] = {
        {"intervall: 5s", "1:1: there is no setting \"intervall\": did you mean interval?"},
        {"a: 1", "1:1: there is no setting \"a\""},
        {"listen-address: x", "1:1: there is no setting \"listen-address\": did you mean web.listen-address?"},
        {"log: {levl: info}", "1:7: there is no setting \"log.levl\": did you mean log.level?"},
        {"web: {config: {fle: a}}", "1:16: there is no setting \"web.config.fle\": did you mean web.config.file?"},
        {"interval: 5", "1:11: interval: \"5\" is not a duration: give one as in 500ms, 5s or 1m"},
        {"interval: 51s", "1:11: interval: \"51s\" is out of range: give 50ms to 50s"},
        {"interval:", "1:10: interval: give one DURATION"},
        {"interval: [5s]", "1:11: interval: give one DURATION"},
        {"interval: {s: 5}", "1:11: interval: give one DURATION"},
        {"max-ports: -1", "1:12: max-ports: \"-1\" is not a number of ports: give 1 to 65535"},
        {"owners: yes", "1:9: owners: \"yes\" is neither true nor false"},
        {"owners: 'true'", "1:9: owners: give true or false without quotes"},
        {"owners: [true]", "1:9: owners: give one of true and false"},
        {"watch: {8080: free}", "1:8: watch: give one ENDPOINT[=listening|=free]"},
        {"watch: [8080, ~]", "1:15: watch: give one ENDPOINT[=listening|=free]"},
        {"watch:\n  - 8080\n  - localhost:80\n",
         "3:5: watch: \"localhost:80\": host names are not resolved: give an address, as in 127.0.0.1:80"},
        {"web.listen-address: []", "1:21: web.listen-address: give at least one ADDRESS:PORT"},
        {"log: info", "1:6: log: give settings by their names, as in log: {level: info}"},
        {"[interval]", "1:1: give settings by their names, as in interval: 5s"},
        {"log.level: info\nlog: {level: warn}", "2:7: log.level stands on line 1 already: give it once"},
        {"interval: 5s\ninterval: 6s", "2:1: \"interval\" stands on line 1 already: give it once"},
        {"config.file: a.yml", "1:1: config.file says what to do with this file: give it as a flag"},
        {"check-config: true", "1:1: check-config says what to do with this file: give it as a flag"},
        {"interval: @5s", "1:11: not YAML: while scanning for the next token: found character that cannot start any "
                          "token; if it is a text, put it in quotes"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct options options;
        struct error error = {""};
        assert_int_equal(parse(cases[i][0], "", &options, &error), -EINVAL);
        const char *place = strstr(error.text, "/t.yml:");
        assert_non_null(place);
        assert_string_equal(place + strlen("/t.yml:"), cases[i][1]);
    }
}

static void what_a_flag_overrides_must_be_right_all_the_same(void **state)
{
    (void)state;
    struct options options;
    struct error error = {""};
    assert_int_equal(parse("interval: soon", "--interval=5s", &options, &error), -EINVAL);
    assert_non_null(strstr(error.text, "/t.yml:1:11: interval: \"soon\" is not a duration"));
}

static void watches_come_in_order_each_once_and_the_last_expectation_counts(void **state)
{
    (void)state;
    cleanup(options_done) struct options options =
        parsed("watch: [8002-8003=free, \"udp:8001\", 8001-8002=listening, 8001, \"127.0.0.1:8002\", 8003]", "");
    const struct {
        enum protocol protocol;
        uint16_t port;
        bool any_address;
        enum expected expected;
    } rows[] = {
        {PROTOCOL_TCP, 8001, true, EXPECTED_LISTENING}, {PROTOCOL_TCP, 8002, true, EXPECTED_LISTENING},
        {PROTOCOL_TCP, 8002, false, EXPECTED_NOTHING},  {PROTOCOL_TCP, 8003, true, EXPECTED_FREE},
        {PROTOCOL_UDP, 8001, true, EXPECTED_NOTHING},
    };
    assert_int_equal(options.watch_count, COUNT_OF(rows));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(options.watches[i].endpoint.protocol, rows[i].protocol);
        assert_int_equal(options.watches[i].endpoint.port, rows[i].port);
        assert_int_equal(options.watches[i].endpoint.any_address, rows[i].any_address);
        assert_int_equal(options.watches[i].expected, rows[i].expected);
    }
}

static void more_endpoints_than_there_are_ports_are_refused(void **state)
{
    (void)state;
    struct options options;
    struct error error = {""};
    assert_int_equal(parse("watch: [1-65535, \"udp:1-65535\", 1-65535]", "", &options, &error), -EINVAL);
    assert_non_null(strstr(error.text, "/t.yml:1:33: watch: more than 131072 endpoints: give those that matter"));
}

static void more_ports_than_max_ports_are_refused(void **state)
{
    (void)state;
    struct options options;
    struct error error = {""};
    assert_int_equal(parse("watch: [8001-8010, 'udp:8001', '127.0.0.1:8001']\nmax-ports: 10", "", &options, &error),
                     -EINVAL);
    assert_string_equal(error.text, "--watch: 11 ports are watched, and --max-ports is 10: raise it to 11");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default),
        cmocka_unit_test(what_is_repeatable_replaces_and_is_not_merged),
        cmocka_unit_test(every_setting_can_stand_in_the_file),
        cmocka_unit_test(what_takes_a_restart_to_change_is_told_apart),
        cmocka_unit_test(a_dot_in_a_name_may_be_a_level),
        cmocka_unit_test(what_says_nothing_changes_nothing),
        cmocka_unit_test(texts_are_no_booleans_and_switches_are_no_texts),
        cmocka_unit_test(a_file_name_is_relative_to_the_file),
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_a_flag_overrides_must_be_right_all_the_same),
        cmocka_unit_test(watches_come_in_order_each_once_and_the_last_expectation_counts),
        cmocka_unit_test(more_endpoints_than_there_are_ports_are_refused),
        cmocka_unit_test(more_ports_than_max_ports_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
