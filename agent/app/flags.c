#include "flags.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "serve/listen.h"

#define INTERVAL_MIN_NS (50 * CLOCK_NS_PER_MS)
#define INTERVAL_MAX_NS (50 * CLOCK_NS_PER_S)
#define MAX_PORTS_LIMIT 65535
#define CONNECTIONS_LIMIT 65535
#define HOST_MAX 253 /* RFC 1035 */

static int add_text(char ***list, size_t *count, const char *text)
{
    char **longer = reallocarray(*list, *count + 1, sizeof(char *));
    if (longer == NULL)
        return -ENOMEM;
    *list = longer;
    longer[*count] = strdup(text);
    if (longer[*count] == NULL)
        return -ENOMEM;
    (*count)++;
    return 0;
}

static int set_text(char **text, const char *value)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return -ENOMEM;
    free(*text);
    *text = copy;
    return 0;
}

static int set_listen_address(struct options *options, const char *value, struct error *error)
{
    struct endpoint endpoint;
    int r = listen_parse(value, &endpoint, error);
    return r < 0 ? r : add_text(&options->listen_addresses, &options->listen_address_count, value);
}

static int set_telemetry_path(struct options *options, const char *value, struct error *error)
{
    if (value[0] != '/' || value[1] == '\0' || strpbrk(value, "?# %") != NULL)
        return error_set(error, -EINVAL, "\"%.40s\" is not a path: give one as in /metrics", value);
    if (strncmp(value, "/api/", 5) == 0 || strncmp(value, "/-/", 3) == 0 || strcmp(value, "/healthz") == 0 ||
        strcmp(value, "/readyz") == 0)
        return error_set(error, -EINVAL, "\"%.40s\" is a path with another meaning: give one as in /metrics", value);
    return set_text(&options->telemetry_path, value);
}

static int set_file(char **file, const char *value, struct error *error)
{
    if (value[0] == '\0')
        return error_set(error, -EINVAL, "\"\" is no file: give a path as in /etc/tidewait/tidewait.yml");
    return set_text(file, value);
}

static int set_web_config_file(struct options *options, const char *value, struct error *error)
{
    return set_file(&options->web_config_file, value, error);
}

static int set_config_file(struct options *options, const char *value, struct error *error)
{
    return set_file(&options->config_file, value, error);
}

static int set_connections(unsigned *count, const char *value, struct error *error)
{
    uint64_t number;
    if (parse_uint(value, CONNECTIONS_LIMIT, &number) < 0 || number == 0)
        return error_set(error, -EINVAL, "\"%.40s\" is not a number of connections: give 1 to %d", value,
                         CONNECTIONS_LIMIT);
    *count = (unsigned)number;
    return 0;
}

static int set_max_connections(struct options *options, const char *value, struct error *error)
{
    return set_connections(&options->max_connections, value, error);
}

static int set_max_connections_per_address(struct options *options, const char *value, struct error *error)
{
    return set_connections(&options->max_connections_per_address, value, error);
}

static int set_allowed_host(struct options *options, const char *value, struct error *error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    if (value[0] == '\0' || strlen(value) > HOST_MAX || value[strspn(value, letters)] != '\0')
        return error_set(error, -EINVAL, "\"%.40s\" is no host name: give one without a port, as in ports.example.org",
                         value);
    return add_text(&options->allowed_hosts, &options->allowed_host_count, value);
}

static int set_user(struct options *options, const char *value, struct error *error)
{
    if (value[0] == '\0')
        return error_set(error, -EINVAL, "\"\" is no user: give a name or a number, as in nobody or 65534");
    return set_text(&options->user, value);
}

static int set_sandbox(struct options *options, const char *value, struct error *error)
{
    if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
        return error_set(error, -EINVAL, "\"%.40s\" is neither on nor off", value);
    options->sandbox = strcmp(value, "on") == 0;
    return 0;
}

static int add_watch(struct options *options, const struct watch *watch)
{
    size_t at = 0;
    while (at < options->watch_count && options_endpoint_order(&options->watches[at].endpoint, &watch->endpoint) < 0)
        at++;
    if (at < options->watch_count && endpoint_equal(&options->watches[at].endpoint, &watch->endpoint)) {
        if (watch->expected != EXPECTED_NOTHING)
            options->watches[at].expected = watch->expected;
        return 0;
    }
    struct watch *longer = reallocarray(options->watches, options->watch_count + 1, sizeof(*longer));
    if (longer == NULL)
        return -ENOMEM;
    options->watches = longer;
    memmove(&longer[at + 1], &longer[at], (options->watch_count - at) * sizeof(*longer));
    longer[at] = *watch;
    options->watch_count++;
    return 0;
}

static int set_watch(struct options *options, const char *value, struct error *error)
{
    cleanup(cleanup_free) char *text = strdup(value);
    if (text == NULL)
        return -ENOMEM;
    struct watch watch = {.expected = EXPECTED_NOTHING};
    char *expectation = strchr(text, '=');
    if (expectation != NULL) {
        *expectation++ = '\0';
        if (strcmp(expectation, "listening") == 0)
            watch.expected = EXPECTED_LISTENING;
        else if (strcmp(expectation, "free") == 0)
            watch.expected = EXPECTED_FREE;
        else
            return error_set(error, -EINVAL, "\"%.40s\" can be expected of no port: give 8080=listening or 8080=free",
                             expectation);
    }
    struct endpoint_range range;
    int r = endpoint_parse(text, &range, error);
    for (uint32_t port = range.first.port; r == 0 && port <= range.last_port; port++) {
        watch.endpoint = range.first;
        watch.endpoint.port = (uint16_t)port;
        r = add_watch(options, &watch);
    }
    return r;
}

static int set_bool(bool *ret_value, const char *value, struct error *error)
{
    if (parse_bool(value, ret_value) < 0)
        return error_set(error, -EINVAL, "\"%.40s\" is neither true nor false", value);
    return 0;
}

static int set_watch_listeners(struct options *options, const char *value, struct error *error)
{
    return set_bool(&options->watch_listeners, value, error);
}

static int set_owners(struct options *options, const char *value, struct error *error)
{
    return set_bool(&options->owners, value, error);
}

static int set_check_config(struct options *options, const char *value, struct error *error)
{
    return set_bool(&options->check_config, value, error);
}

static int set_duration(int64_t *ret_ns, const char *value, int64_t least_ns, int64_t most_ns, const char *form,
                        struct error *error)
{
    int64_t ns;
    if (parse_duration(value, &ns) < 0)
        return error_set(error, -EINVAL, "\"%.40s\" is not a duration: give one as in 500ms, 5s or 1m", value);
    if (ns < least_ns || ns > most_ns)
        return error_set(error, -EINVAL, "\"%.40s\" is out of range: give %s", value, form);
    *ret_ns = ns;
    return 0;
}

static int set_interval(struct options *options, const char *value, struct error *error)
{
    return set_duration(&options->interval_ns, value, INTERVAL_MIN_NS, INTERVAL_MAX_NS, "50ms to 50s", error);
}

static int set_probe_interval(struct options *options, const char *value, struct error *error)
{
    return set_duration(&options->probe_interval_ns, value, INTERVAL_MIN_NS, 3600 * CLOCK_NS_PER_S, "50ms to 1h",
                        error);
}

static int set_cpu_budget(struct options *options, const char *value, struct error *error)
{
    if (parse_percent(value, &options->cpu_budget) < 0)
        return error_set(error, -EINVAL, "\"%.40s\" is not a share of one core: give one as in 1%% or 0.5%%", value);
    return 0;
}

static int set_probe(struct options *options, const char *value, struct error *error)
{
    if (strcmp(value, "gentle") != 0 && strcmp(value, "off") != 0)
        return error_set(error, -EINVAL, "\"%.40s\" is no way to probe: give gentle or off", value);
    options->probe = strcmp(value, "gentle") == 0;
    return 0;
}

static int set_max_ports(struct options *options, const char *value, struct error *error)
{
    uint64_t count;
    if (parse_uint(value, MAX_PORTS_LIMIT, &count) < 0 || count == 0)
        return error_set(error, -EINVAL, "\"%.40s\" is not a number of ports: give 1 to %d", value, MAX_PORTS_LIMIT);
    options->max_ports = count;
    return 0;
}

static int set_log_level(struct options *options, const char *value, struct error *error)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(value, names[i]) == 0) {
            options->log_level = (enum log_level)i;
            return 0;
        }
    return error_set(error, -EINVAL, "\"%.40s\" is no log level: give debug, info, warn or error", value);
}

static int set_log_format(struct options *options, const char *value, struct error *error)
{
    if (strcmp(value, "logfmt") != 0 && strcmp(value, "json") != 0)
        return error_set(error, -EINVAL, "\"%.40s\" is no log format: give logfmt or json", value);
    options->log_format = strcmp(value, "json") == 0 ? LOG_FORMAT_JSON : LOG_FORMAT_LOGFMT;
    return 0;
}

const struct flag flags[] = {
    {"web.listen-address", FLAG_LIST, "ADDRESS:PORT", "127.0.0.1:10098",
     "where to serve; :10098 is every address; repeatable", set_listen_address},
    {"web.telemetry-path", FLAG_VALUE, "PATH", "/metrics", "path of the metrics", set_telemetry_path},
    {"web.config.file", FLAG_VALUE, "FILE", NULL,
     "TLS and passwords, in YAML as Prometheus' exporters read it; reread when it changes", set_web_config_file},
    {"web.max-connections", FLAG_VALUE, "COUNT", "64", "connections served at a time", set_max_connections},
    {"web.max-connections-per-address", FLAG_VALUE, "COUNT", "16", "of these, from one address",
     set_max_connections_per_address},
    {"web.allowed-host", FLAG_LIST, "NAME", NULL,
     "a name, besides addresses and localhost, under which browsers may ask; repeatable", set_allowed_host},
    {"config.file", FLAG_VALUE, "FILE", NULL, "these settings and the watch list in YAML; reread on SIGHUP",
     set_config_file},
    {"watch", FLAG_LIST, "ENDPOINT[=listening|=free]", NULL,
     "watch it for ever, and say what is expected of it; repeatable", set_watch},
    {"watch-listeners", FLAG_BOOL, NULL, "true",
     "track every TCP port with a listener, and UDP ports outside ip_local_port_range", set_watch_listeners},
    {"interval", FLAG_VALUE, "DURATION", "5s", "between two looks at the sockets, 50ms to 50s", set_interval},
    {"cpu-budget", FLAG_VALUE, "PERCENT", "1%", "share of one core; spaces the looks, never past 50s", set_cpu_budget},
    {"probe", FLAG_VALUE, "gentle|off", "gentle", "make harmless test-binds, or judge from the socket table alone",
     set_probe},
    {"probe-interval", FLAG_VALUE, "DURATION", "15s",
     "between two test-binds of an endpoint whose sockets do not change", set_probe_interval},
    {"max-ports", FLAG_VALUE, "COUNT", "256", "ports tracked at the most; the rest is counted together", set_max_ports},
    {"owners", FLAG_BOOL, NULL, "true", "name processes, units and containers, never the command line", set_owners},
    {"user", FLAG_VALUE, "USER", NULL, "whom to become when started as root, by name or number", set_user},
    {"sandbox", FLAG_VALUE, "on|off", "on", "give up every right that is not needed; off is for debugging", set_sandbox},
    {"log.level", FLAG_VALUE, "LEVEL", "info", "debug, info, warn or error", set_log_level},
    {"log.format", FLAG_VALUE, "FORMAT", "logfmt", "logfmt or json", set_log_format},
    {"check-config", FLAG_BOOL, NULL, "false", "only check the settings, then end", set_check_config},
    {NULL, FLAG_VALUE, NULL, NULL, NULL, NULL},
};
