/* The texts are kept in tests/data/exhaustion. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "kept.h"
#include "render/json.h"
#include "render/text.h"
#include "rendered.h"
#include "report_sample.h"
#include "terminal.h"

#define COLUMNS 80
#define OPENERS_MAX 7

struct sample {
    const char *name;
    enum exhaustion_kind kind;
    bool asked;
    bool coloured; /* its coloured text is kept, too */
    enum protocol protocol;
    const char *from; /* NULL: no connection leads there */
    const char *to;   /* NULL: no single destination */
    uint16_t port;
    double entered_per_second;
    double exhausted_in_seconds;
    struct exhaustion_account account;
    uint32_t unused_tcp;
    struct {
        uint32_t sockets;
        const char *process;
        const char *unit;
        bool several;
    } openers[OPENERS_MAX];
    uint32_t unnamed; /* sockets whose owner is not known */
    const char *missing;
    const char *explanation;
    struct {
        enum remedy_kind kind;
        const char *text;
        const char *command;
    } remedies[2];
};

static const char hidden[] = "Some owners are hidden: CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH show them, as root has.";
static const char taken_over[] = "connect() then takes over a TIME_WAIT that is older than 1 s, when both ends use TCP "
                                 "timestamps; it never helps bind()";

static const struct sample samples[] = {
    {.name = "full",
     .kind = EXHAUSTION_FULL,
     .coloured = true,
     .from = "10.0.0.1",
     .to = "10.0.0.5",
     .port = 5432,
     .entered_per_second = 470.2,
     .account = {.size = 28232, .reserved = 2, .bound = 3, .live = 27, .time_wait = 28200},
     .unused_tcp = 1,
     .openers = {{20, "java", "billing.service", false}, {4, "php-fpm", "php-fpm.service", true}},
     .unnamed = 3,
     .missing = hidden,
     .explanation = "connect() needs a source port that nothing uses towards the same address and port. None is left, "
                    "so it fails with EADDRNOTAVAIL, \"cannot assign requested address\" (errno 99).",
     .remedies = {{REMEDY_SETTING, taken_over, "sysctl -w net.ipv4.tcp_tw_reuse=1"},
                  {REMEDY_CODE, "reuse connections, with keep-alive or a pool: one port then serves many requests",
                   NULL}}},
    {.name = "filling",
     .kind = EXHAUSTION_NEAR,
     .coloured = true,
     .from = "10.0.0.1",
     .to = "255.255.255.254",
     .port = 65535,
     .entered_per_second = 391.25,
     .exhausted_in_seconds = 671.5,
     .account = {.size = 28232, .reserved = 2, .live = 12, .time_wait = 23444, .left = 4774},
     .unused_tcp = 4774,
     .openers = {{12, "java", "billing.service", false}},
     .explanation = "Why it is so.",
     .remedies = {{REMEDY_SETTING, "27295 ports more for every destination, lasting in /etc/sysctl.d",
                   "sysctl -w net.ipv4.ip_local_reserved_ports=12345,27017\n"
                   "sysctl -w net.ipv4.ip_local_port_range=\"10240 65535\""}}},
    {.name = "filling_soon",
     .kind = EXHAUSTION_NEAR,
     .from = "127.0.0.1",
     .to = "127.0.0.1",
     .port = 11211,
     .entered_per_second = 300.4,
     .exhausted_in_seconds = 75.2,
     .account = {.size = 28232, .time_wait = 9932, .left = 18300},
     .unused_tcp = 18300},
    {.name = "crowded",
     .kind = EXHAUSTION_NEAR,
     .coloured = true,
     .from = "2001:db8::1",
     .to = "2001:db8::5",
     .port = 443,
     .exhausted_in_seconds = -1,
     .account = {.size = 28232, .live = 18000, .left = 10232},
     .unused_tcp = 10232,
     .openers = {{18000, "envoy", "", false}}},
    {.name = "taken_over",
     .kind = EXHAUSTION_NEAR,
     .from = "127.0.0.1",
     .to = "127.0.0.1",
     .port = 80,
     .exhausted_in_seconds = -1,
     .account = {.size = 28232, .live = 28000, .time_wait = 230, .reusable = 100, .left = 102},
     .unused_tcp = 2,
     .unnamed = 28000},
    {.name = "not_exhausted",
     .asked = true,
     .coloured = true,
     .from = "10.0.0.1",
     .to = "10.0.0.5",
     .port = 5432,
     .exhausted_in_seconds = -1,
     .account = {.size = 28232, .time_wait = 700, .left = 27532},
     .unused_tcp = 27000},
    {.name = "not_connected",
     .asked = true,
     .to = "2001:db8:1111:2222:3333:4444:5555:6666",
     .port = 65535,
     .exhausted_in_seconds = -1,
     .account = {.size = 28232, .left = 28232},
     .unused_tcp = 28232},
    {.name = "not_near",
     .coloured = true,
     .from = "10.0.0.1",
     .to = "255.255.255.254",
     .port = 65535,
     .exhausted_in_seconds = -1,
     .account = {.size = 28232, .live = 700, .left = 27532},
     .unused_tcp = 27000,
     .unnamed = 700,
     .missing = hidden},
    {.name = "nothing_outgoing",
     .exhausted_in_seconds = -1,
     .account = {.size = 28232, .left = 28232},
     .unused_tcp = 28232},
    {.name = "bind_fails",
     .coloured = true,
     .from = "10.0.0.1",
     .to = "10.0.0.5",
     .port = 443,
     .exhausted_in_seconds = -1,
     .account = {.size = 28232, .live = 9000, .left = 19232},
     .unnamed = 9000},
    {.name = "bind_fails_asked",
     .asked = true,
     .to = "10.0.0.5",
     .port = 443,
     .exhausted_in_seconds = -1,
     .account = {.size = 28232, .left = 28232}},
    {.name = "udp_full",
     .kind = EXHAUSTION_FULL,
     .protocol = PROTOCOL_UDP,
     .account = {.size = 28232, .live = 28232},
     .unused_tcp = 28232,
     .openers = {{28000, "resolver", "", true},
                 {70, "b", "", false},
                 {60, "c", "", false},
                 {50, "d", "", false},
                 {40, "e", "", false},
                 {9, "f", "", false},
                 {3, "g", "", false}}},
    {.name = "udp_asked",
     .kind = EXHAUSTION_FULL,
     .asked = true,
     .protocol = PROTOCOL_UDP,
     .from = "10.0.0.1",
     .to = "1.1.1.1",
     .port = 53,
     .account = {.size = 28232, .bound = 28230, .live = 2},
     .unused_tcp = 28232,
     .unnamed = 28232},
};
#define SAMPLE_COUNT (sizeof(samples) / sizeof(samples[0]))

static void add_openers(const struct sample *sample, struct exhaustion *exhaustion)
{
    exhaustion->open = sample->unnamed;
    for (size_t i = 0; i < OPENERS_MAX && sample->openers[i].process != NULL; i++) {
        struct exhaustion_opener *opener = &exhaustion->openers[exhaustion->opener_count++];
        opener->sockets = sample->openers[i].sockets;
        opener->several = sample->openers[i].several;
        opener->owner = (struct owner){.pid = 812 + (int32_t)i, .uid = 1000, .alive = true};
        (void)snprintf(opener->owner.process, OWNER_PROCESS_MAX, "%s", sample->openers[i].process);
        (void)snprintf(opener->owner.unit, OWNER_UNIT_MAX, "%s", sample->openers[i].unit);
        exhaustion->open += opener->sockets;
    }
}

static struct exhaustion built(const struct sample *sample)
{
    struct exhaustion exhaustion = {
        .kind = sample->kind,
        .asked = sample->asked,
        .account = sample->account,
        .low = 32768,
        .high = 60999,
        .unused = {[PROTOCOL_TCP] = sample->unused_tcp},
        .explanation = strdup(sample->explanation != NULL ? sample->explanation : "Why it is so."),
    };
    struct report_destination *row = &exhaustion.destination;
    row->counts = (struct destination){
        .protocol = sample->protocol,
        .port = sample->port,
        .live = sample->account.live,
        .time_wait = sample->account.time_wait,
        .reusable = sample->account.reusable,
        .entered_per_second = sample->entered_per_second,
    };
    if (sample->from != NULL)
        row->counts.source = report_sample_address(sample->from);
    if (sample->to != NULL)
        row->counts.destination = report_sample_address(sample->to);
    row->usable = row->counts.live + row->counts.time_wait + sample->account.left;
    row->exhausted_in_seconds = sample->exhausted_in_seconds;
    add_openers(sample, &exhaustion);
    for (size_t i = 0; i < 2 && sample->remedies[i].text != NULL; i++) {
        const char *command = sample->remedies[i].command;
        exhaustion.remedies[exhaustion.remedy_count++] = (struct remedy){
            sample->remedies[i].kind, strdup(sample->remedies[i].text), command != NULL ? strdup(command) : NULL};
    }
    return exhaustion;
}

static char *text_of(const struct sample *sample, bool colour)
{
    cleanup(exhaustion_done) struct exhaustion exhaustion = built(sample);
    struct buf buf;
    buf_init(&buf, KEPT_MAX);
    text_exhaustion(&exhaustion, NULL, sample->missing, &(struct text_style){.colour = colour}, &buf);
    return rendered_take(&buf);
}

static void every_answer_reads_as_it_is_kept(void **state)
{
    (void)state;
    size_t different = 0;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        cleanup(cleanup_free) char *plain = text_of(&samples[i], false);
        cleanup(cleanup_free) char *coloured = samples[i].coloured ? text_of(&samples[i], true) : NULL;
        different += !kept_are("exhaustion", samples[i].name, plain, coloured);
    }
    assert_int_equal(different, 0);
}

static void every_answer_fits_into_a_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        cleanup(cleanup_free) char *text = text_of(&samples[i], false);
        size_t length;
        for (const char *line = text; *line != '\0'; line += length + 1) {
            length = strcspn(line, "\n");
            assert_int_equal(line[length], '\n');
            if (length > 0)
                assert_int_not_equal(line[length - 1], ' ');
            bool has_long_name = strcspn(line, " ") > COLUMNS / 2;
            if (terminal_width(line, length) > COLUMNS && !has_long_name)
                fail_msg("%s: too wide: %.*s", samples[i].name, (int)length, line);
        }
    }
}

static void colour_changes_no_character(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        cleanup(cleanup_free) char *plain = text_of(&samples[i], false);
        cleanup(cleanup_free) char *coloured = text_of(&samples[i], true);
        rendered_assert_same(plain, coloured);
    }
}

static void nothing_from_outside_can_drive_the_terminal(void **state)
{
    (void)state;
    struct sample sample = samples[0];
    sample.openers[0].process = "\x1b[2J";
    sample.openers[0].unit = "a\nb";
    cleanup(cleanup_free) char *text = text_of(&sample, false);
    for (const char *byte = text; *byte != '\0'; byte++)
        assert_true(*byte == '\n' || (unsigned char)*byte >= ' ');
    assert_non_null(strstr(text, "      20  \xef\xbf\xbd[2J (812), a\xef\xbf\xbd"
                                 "b\n"));
}

static void a_buffer_that_is_too_small_is_told_at_every_size(void **state)
{
    (void)state;
    cleanup(exhaustion_done) struct exhaustion exhaustion = built(&samples[0]);
    cleanup(cleanup_free) char *text = text_of(&samples[0], true);
    for (size_t limit = 0; limit < strlen(text); limit++) {
        cleanup(buf_done) struct buf buf;
        buf_init(&buf, limit);
        text_exhaustion(&exhaustion, NULL, samples[0].missing, &(struct text_style){.colour = true}, &buf);
        assert_int_equal(buf.failure, -EFBIG);
    }
}

static char *json_of(const struct sample *sample)
{
    cleanup(exhaustion_done) struct exhaustion exhaustion = built(sample);
    struct buf buf;
    buf_init(&buf, KEPT_MAX);
    assert_int_equal(json_exhaustion(&exhaustion, "self", &buf), 0);
    return steal_ptr(&buf.data);
}

static void the_object_is_as_it_is_kept(void **state)
{
    (void)state;
    cleanup(cleanup_free) char *filling = json_of(&samples[1]);
    cleanup(cleanup_free) char *udp = json_of(&samples[SAMPLE_COUNT - 2]);
    assert_true(kept_is("exhaustion/filling.json", filling));
    assert_true(kept_is("exhaustion/udp_full.json", udp));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_reads_as_it_is_kept),
        cmocka_unit_test(every_answer_fits_into_a_terminal),
        cmocka_unit_test(colour_changes_no_character),
        cmocka_unit_test(nothing_from_outside_can_drive_the_terminal),
        cmocka_unit_test(a_buffer_that_is_too_small_is_told_at_every_size),
        cmocka_unit_test(the_object_is_as_it_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
