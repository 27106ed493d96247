/* What bind() refuses for other reasons than a socket in its way; and what it grants though it looks odd. */
#include "trial.h"

#include <linux/capability.h>
#include <sys/syscall.h>

#include "sandbox.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
/* Below ip_unprivileged_port_start. */
#define PRIVILEGED_PORT 80
#define START "ipv4/ip_unprivileged_port_start"

struct row {
    const char *name;
    enum protocol protocol;
    const char *address;
    uint16_t port;    /* 0: one of the trial's own */
    bool rightless;   /* asked without CAP_NET_BIND_SERVICE */
    const char *path; /* of a setting that is made before; NULL: none */
    const char *value;
    const char *result;
    enum cause cause;
    const struct tenant *tenant; /* NULL: nobody holds the port */
};

static const struct tenant listener = {.state = SOCK_LISTEN};
static const struct tenant time_wait = {.state = SOCK_TIME_WAIT, .orphan = true};
static const struct tenant elsewhere = {.state = SOCK_LISTEN, .spot = SPOT_LOOPBACK_2};

#define TCP PROTOCOL_TCP
#define UDP PROTOCOL_UDP

static const struct row rows[] = {
    {"nobody", TCP, "*", 0, false, NULL, NULL, "ok", CAUSE_NONE, NULL},
    {"an address of others", TCP, "192.0.2.1", 0, false, NULL, NULL, "EADDRNOTAVAIL", CAUSE_ADDRESS, NULL},
    {"an address of others, held here", TCP, "192.0.2.1", 0, false, NULL, NULL, "EADDRNOTAVAIL", CAUSE_ADDRESS,
     &listener},
    {"an IPv6 address of others", TCP, "2001:db8::1", 0, false, NULL, NULL, "EADDRNOTAVAIL", CAUSE_ADDRESS, NULL},
    {"an address of others, UDP", UDP, "192.0.2.1", 0, false, NULL, NULL, "EADDRNOTAVAIL", CAUSE_ADDRESS, NULL},
    {"multicast", TCP, "224.0.0.1", 0, false, NULL, NULL, "ok", CAUSE_NONE, NULL},
    {"multicast, UDP", UDP, "224.0.0.1", 0, false, NULL, NULL, "ok", CAUSE_NONE, NULL},
    {"broadcast", TCP, "255.255.255.255", 0, false, NULL, NULL, "ok", CAUSE_NONE, NULL},
    {"broadcast of lo", TCP, "127.255.255.255", 0, false, NULL, NULL, "ok", CAUSE_NONE, NULL},
    {"any address of lo", TCP, "127.9.9.9", 0, false, NULL, NULL, "ok", CAUSE_NONE, NULL},
    {"low port without the right", TCP, "*", PRIVILEGED_PORT, true, NULL, NULL, "EACCES", CAUSE_PRIVILEGED, NULL},
    {"low port without the right, IPv6", TCP, "::", PRIVILEGED_PORT, true, NULL, NULL, "EACCES", CAUSE_PRIVILEGED,
     NULL},
    {"low port without the right, UDP", UDP, "*", PRIVILEGED_PORT, true, NULL, NULL, "EACCES", CAUSE_PRIVILEGED, NULL},
    {"low port with the right", TCP, "*", PRIVILEGED_PORT, false, NULL, NULL, "ok", CAUSE_NONE, NULL},
    {"first port that needs no right", TCP, "*", 1024, true, NULL, NULL, "ok", CAUSE_NONE, NULL},
    {"low port of an address of others", TCP, "192.0.2.1", PRIVILEGED_PORT, true, NULL, NULL, "EADDRNOTAVAIL",
     CAUSE_ADDRESS, NULL},
    {"low port, held at another address", TCP, "127.0.0.1", 81, true, NULL, NULL, "EACCES", CAUSE_PRIVILEGED,
     &elsewhere},
    {"low port without the right, held", TCP, "*", 82, true, NULL, NULL, "EACCES", CAUSE_LISTENER, &listener},
    {"low port without the right, TIME_WAIT", TCP, "*", 83, true, NULL, NULL, "EACCES", CAUSE_TIME_WAIT, &time_wait},
    {"port without the right, held", TCP, "*", 0, true, NULL, NULL, "EADDRINUSE", CAUSE_LISTENER, &listener},
    {"last port below a moved limit", TCP, "*", 24199, true, START, "24200", "EACCES", CAUSE_PRIVILEGED, NULL},
    {"first port above a moved limit", TCP, "*", 24200, true, START, "24200", "ok", CAUSE_NONE, NULL},
    {"an address of others, allowed", TCP, "192.0.2.1", 0, false, "ipv4/ip_nonlocal_bind", "1", "ok", CAUSE_NONE, NULL},
    {"IPv6 switched off", TCP, "::1", 0, false, "ipv6/conf/lo/disable_ipv6", "1", "EADDRNOTAVAIL", CAUSE_ADDRESS, NULL},
    {"IPv6 switched off, any address", TCP, "*", 0, false, "ipv6/conf/lo/disable_ipv6", "1", "ok", CAUSE_NONE, NULL},
};

/* Effective only: what is permitted can be taken up again. */
static void set_right_to_low_ports(bool granted)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    assert_int_equal(syscall(SYS_capget, &header, data), 0);
    const uint32_t bit = UINT32_C(1) << CAP_NET_BIND_SERVICE;
    data[0].effective = granted ? data[0].effective | bit : data[0].effective & ~bit;
    assert_int_equal(syscall(SYS_capset, &header, data), 0);
}

static void assert_results(const struct direct *truth, const char *expected)
{
    for (size_t i = 0; i < truth->count; i++)
        assert_string_equal(agreement_result(truth->cells[i].plain), expected);
}

static void ask(const struct trial *trial, const struct world *world)
{
    const struct row *row = trial->row;
    const struct endpoint endpoint = world_endpoint(world, row->protocol, row->address);
    cleanup(verdict_done) struct verdict verdict = {0};
    const struct direct truth = trial_compare(trial, &endpoint, &verdict);
    assert_results(&truth, row->result);
    assert_string_equal(cause_name(verdict.cause), cause_name(row->cause));
    if (row->cause <= CAUSE_PRIVILEGED)
        assert_int_equal(verdict.plain.kind, FREES_NEVER);
}

static void the_first_reason_is_the_one_that_is_told(void **state)
{
    const struct trial *trial = *state;
    const struct row *row = trial->row;
    struct error error;
    /* Settings are made in a namespace that the next row does not see. */
    assert_int_equal(sandbox_enter(&error), 0);
    if (row->path != NULL)
        assert_int_equal(sandbox_set(row->path, row->value), 0);
    assert_int_equal(ways_reopen(trial->ways, &error), 0);
    cleanup(world_done) struct world world = trial_world(trial, 0);
    if (row->port != 0)
        world.port = row->port;
    struct tenant tenant = row->tenant != NULL ? *row->tenant : (struct tenant){0};
    if (row->tenant != NULL)
        assert_int_equal(world_add(&world, &tenant), 0);
    if (row->rightless)
        set_right_to_low_ports(false);
    ask(trial, &world);
}

static int take_rights_up_again(void **state)
{
    (void)state;
    set_right_to_low_ports(true);
    return 0;
}

int main(void)
{
    const struct trial_table table = {
        .rows = rows,
        .row_size = sizeof(*rows),
        .count = COUNT_OF(rows),
        .test = the_first_reason_is_the_one_that_is_told,
        .teardown = take_rights_up_again,
    };
    return trial_run(&table);
}
