#include "sandbox/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <sys/prctl.h>

#include "identity.h"

enum purpose { OWNERS, PRIVILEGED_PORTS, OTHER_NAMESPACES, FOUND_NAMESPACES };
#define PURPOSE_COUNT 4

static const struct {
    unsigned capability;
    const char *name;
    bool serves[PURPOSE_COUNT];
} capabilities[] = {
    {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", {[OWNERS] = true, [FOUND_NAMESPACES] = true}},
    {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", {[OWNERS] = true, [FOUND_NAMESPACES] = true}},
    {CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE", {[PRIVILEGED_PORTS] = true}},
    {CAP_SYS_ADMIN, "CAP_SYS_ADMIN", {[OTHER_NAMESPACES] = true}},
};
#define CAPABILITY_COUNT (sizeof(capabilities) / sizeof(capabilities[0]))
_Static_assert(CAPABILITY_COUNT <= SANDBOX_WORDS_MAX && PURPOSE_COUNT <= SANDBOX_WORDS_MAX, "a state has room for all");

static const char *const unknown_without[PURPOSE_COUNT] = {
    [OWNERS] = "owners of other users and privileged processes: needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
    [PRIVILEGED_PORTS] = "test-binds below ip_unprivileged_port_start: needs CAP_NET_BIND_SERVICE",
    [OTHER_NAMESPACES] = "other network namespaces: needs CAP_SYS_ADMIN",
    [FOUND_NAMESPACES] = "namespaces of other users: needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
};

/* Those that are needed and there become all that libcap-ng shall leave, and are told to state. */
static void choose(const struct sandbox_needs *needs, struct sandbox_state *state)
{
    const bool wanted[PURPOSE_COUNT] = {
        [OWNERS] = needs->owners,
        [PRIVILEGED_PORTS] = needs->privileged_ports,
        [OTHER_NAMESPACES] = needs->other_namespaces,
        [FOUND_NAMESPACES] = needs->found_namespaces,
    };
    bool lacking[PURPOSE_COUNT] = {false};
    bool kept[CAPABILITY_COUNT] = {false};
    for (size_t i = 0; i < CAPABILITY_COUNT; i++) {
        bool there = capng_have_capability(CAPNG_PERMITTED, capabilities[i].capability) != 0;
        for (size_t purpose = 0; purpose < PURPOSE_COUNT; purpose++)
            if (wanted[purpose] && capabilities[i].serves[purpose]) {
                kept[i] = there;
                lacking[purpose] = lacking[purpose] || !there;
            }
    }
    capng_clear(CAPNG_SELECT_ALL);
    size_t count = 0;
    for (size_t i = 0; i < CAPABILITY_COUNT; i++)
        if (kept[i]) {
            (void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, capabilities[i].capability);
            state->kept[count++] = capabilities[i].name;
        }
    count = 0;
    for (size_t i = 0; i < PURPOSE_COUNT; i++)
        if (lacking[i])
            state->unknown[count++] = unknown_without[i];
}

/* libcap-ng returns its own numbers; errno is that of the call that failed. */
static int failure(void)
{
    return errno != 0 ? -errno : -EPERM;
}

static int become(const char *user, const struct identity *identity, bool may_empty_bounds, struct error *error)
{
    int flags = CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_AMBIENT | (may_empty_bounds ? CAPNG_CLEAR_BOUNDING : CAPNG_NO_FLAG);
    errno = 0;
    if (capng_change_id((int)identity->uid, (int)identity->gid, (capng_flags_t)flags) == 0)
        return 0;
    int r = failure();
    if (r == -EINVAL)
        return error_set(error, r, "the user %.40s (uid %u, gid %u) does not exist in this user namespace", user,
                         identity->uid, identity->gid);
    return error_set(error, r, "cannot become the user %.40s (uid %u, gid %u): %s", user, identity->uid, identity->gid,
                     strerror(-r));
}

static int stay(bool may_empty_bounds, struct error *error)
{
    errno = 0;
    if (capng_apply(may_empty_bounds ? CAPNG_SELECT_ALL : CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT) == 0)
        return 0;
    int r = failure();
    return error_set(error, r, "cannot give up capabilities: %s", strerror(-r));
}

int sandbox_drop(const struct sandbox_needs *needs, struct sandbox_state *ret_state, struct error *error)
{
    struct identity identity = {.uid = geteuid()};
    int r = needs->user != NULL ? identity_of(needs->user, &identity, error) : 0;
    if (r < 0)
        return r;
    if (capng_get_caps_process() < 0)
        return error_set(error, -EIO, "cannot read the capabilities of this process");
    bool switches = identity.uid != geteuid();
    if (switches &&
        !(capng_have_capability(CAPNG_PERMITTED, CAP_SETUID) && capng_have_capability(CAPNG_PERMITTED, CAP_SETGID)))
        return error_set(error, -EPERM,
                         "cannot become the user %.40s: that needs CAP_SETUID and CAP_SETGID; start as root, or "
                         "without --user",
                         needs->user);
    bool may_empty_bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
    struct sandbox_state state = {.uid = identity.uid};
    choose(needs, &state);
    r = switches ? become(needs->user, &identity, may_empty_bounds, error) : stay(may_empty_bounds, error);
    if (r < 0)
        return r;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_set(error, -errno, "cannot set no_new_privs: %s", strerror(errno));
    *ret_state = state;
    return 0;
}
