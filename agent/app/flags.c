#include "flags.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "serve/listen.h"
#include "setting.h"
#include "watches.h"

#define INTERVAL_MIN_NS (50 * CLOCK_NS_PER_MS)
#define INTERVAL_MAX_NS (50 * CLOCK_NS_PER_S)
#define HISTORY_MIN_NS (60 * CLOCK_NS_PER_S)
#define HISTORY_MAX_NS (7 * 24 * 3600 * CLOCK_NS_PER_S)
#define MAX_PORTS_LIMIT 65535
#define CONNECTIONS_LIMIT 65535
#define HOST_MAX 253 /* RFC 1035 */

static int set_listen_address(struct options *options, const char *value, struct error *error)
{
    struct endpoint endpoint;
    int r = listen_parse(value, &endpoint, error);
    return r < 0 ? r : setting_add_text(value, &options->listen_addresses, &options->listen_address_count);
}

static int set_telemetry_path(struct options *options, const char *value, struct error *error)
{
    if (value[0] != '/' || value[1] == '\0' || strpbrk(value, "?# %") != NULL)
        return error_set(error, -EINVAL, "\"%.40s\" is not a path: give one as in /metrics", value);
    if (strncmp(value, "/api/", 5) == 0 || strncmp(value, "/-/", 3) == 0 || strncmp(value, "/page/", 6) == 0 ||
        strcmp(value, "/healthz") == 0 || strcmp(value, "/readyz") == 0)
        return error_set(error, -EINVAL, "\"%.40s\" is a path with another meaning: give one as in /metrics", value);
    return setting_text(value, &options->telemetry_path);
}

static int set_file(char **file, const char *value, struct error *error)
{
    if (value[0] == '\0')
        return error_set(error, -EINVAL, "\"\" is no file: give a path as in /etc/tidewait/tidewait.yml");
    return setting_text(value, file);
}

static int set_web_config_file(struct options *options, const char *value, struct error *error)
{
    return set_file(&options->web_config_file, value, error);
}

static int set_config_file(struct options *options, const char *value, struct error *error)
{
    return set_file(&options->config_file, value, error);
}

static int set_connections(const char *value, unsigned *ret_count, struct error *error)
{
    size_t count;
    int r = setting_count(value, CONNECTIONS_LIMIT, "connections", &count, error);
    if (r == 0)
        *ret_count = (unsigned)count;
    return r;
}

static int set_max_connections(struct options *options, const char *value, struct error *error)
{
    return set_connections(value, &options->max_connections, error);
}

static int set_max_connections_per_address(struct options *options, const char *value, struct error *error)
{
    return set_connections(value, &options->max_connections_per_address, error);
}

static int set_allowed_host(struct options *options, const char *value, struct error *error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    if (value[0] == '\0' || strlen(value) > HOST_MAX || value[strspn(value, letters)] != '\0')
        return error_set(error, -EINVAL, "\"%.40s\" is no host name: give one without a port, as in ports.example.org",
                         value);
    return setting_add_text(value, &options->allowed_hosts, &options->allowed_host_count);
}

static int set_user(struct options *options, const char *value, struct error *error)
{
    if (value[0] == '\0')
        return error_set(error, -EINVAL, "\"\" is no user: give a name or a number, as in nobody or 65534");
    return setting_text(value, &options->user);
}

static int set_sandbox(struct options *options, const char *value, struct error *error)
{
    if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
        return error_set(error, -EINVAL, "\"%.40s\" is neither on nor off", value);
    options->sandbox = strcmp(value, "on") == 0;
    return 0;
}

static int set_watch(struct options *options, const char *value, struct error *error)
{
    return watches_add(options, value, error);
}

static int set_watch_listeners(struct options *options, const char *value, struct error *error)
{
    return setting_bool(value, &options->watch_listeners, error);
}

static int set_owners(struct options *options, const char *value, struct error *error)
{
    return setting_bool(value, &options->owners, error);
}

static int set_netns(struct options *options, const char *value, struct error *error)
{
    if (strcmp(value, "self") == 0)
        return 0;
    if (strcmp(value, "all") == 0) {
        options->every_netns = true;
        return 0;
    }
    if (value[0] != '/')
        return error_set(error, -EINVAL, "\"%.40s\" is no namespace: give self, all, or a path as in /run/netns/blue",
                         value);
    return setting_add_text(value, &options->netns_paths, &options->netns_path_count);
}

static int set_check_config(struct options *options, const char *value, struct error *error)
{
    return setting_bool(value, &options->check_config, error);
}

static int set_interval(struct options *options, const char *value, struct error *error)
{
    return setting_duration(value, INTERVAL_MIN_NS, INTERVAL_MAX_NS, "50ms to 50s", &options->interval_ns, error);
}

static int set_probe_interval(struct options *options, const char *value, struct error *error)
{
    return setting_duration(value, INTERVAL_MIN_NS, 3600 * CLOCK_NS_PER_S, "50ms to 1h", &options->probe_interval_ns,
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
    return setting_count(value, MAX_PORTS_LIMIT, "ports", &options->max_ports, error);
}

static int set_history(struct options *options, const char *value, struct error *error)
{
    if (strcmp(value, "0") == 0) {
        options->history_ns = 0;
        return 0;
    }
    return setting_duration(value, HISTORY_MIN_NS, HISTORY_MAX_NS, "1m to 1w, or 0 for none", &options->history_ns,
                            error);
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

static bool same_listen_addresses(const struct options *left, const struct options *right)
{
    return setting_same_list(left->listen_addresses, left->listen_address_count, right->listen_addresses,
                             right->listen_address_count);
}

static bool same_telemetry_path(const struct options *left, const struct options *right)
{
    return setting_same_text(left->telemetry_path, right->telemetry_path);
}

static bool same_max_connections(const struct options *left, const struct options *right)
{
    return left->max_connections == right->max_connections;
}

static bool same_max_connections_per_address(const struct options *left, const struct options *right)
{
    return left->max_connections_per_address == right->max_connections_per_address;
}

static bool same_allowed_hosts(const struct options *left, const struct options *right)
{
    return setting_same_list(left->allowed_hosts, left->allowed_host_count, right->allowed_hosts,
                             right->allowed_host_count);
}

static bool same_history(const struct options *left, const struct options *right)
{
    return left->history_ns == right->history_ns;
}

static bool same_user(const struct options *left, const struct options *right)
{
    return setting_same_text(left->user, right->user);
}

static bool same_sandbox(const struct options *left, const struct options *right)
{
    return left->sandbox == right->sandbox;
}

const struct flag flags[] = {
    {"web.listen-address", FLAG_LIST, "ADDRESS:PORT", "127.0.0.1:10098",
     "where to serve; :10098 is every address; repeatable", set_listen_address, same_listen_addresses},
    {"web.telemetry-path", FLAG_VALUE, "PATH", "/metrics", "path of the metrics", set_telemetry_path,
     same_telemetry_path},
    {"web.config.file", FLAG_FILE, "FILE", NULL,
     "TLS and passwords, in YAML as Prometheus' exporters read it; reread when it changes", set_web_config_file},
    {"web.max-connections", FLAG_VALUE, "COUNT", "64", "connections served at a time", set_max_connections,
     same_max_connections},
    {"web.max-connections-per-address", FLAG_VALUE, "COUNT", "16", "of these, from one address",
     set_max_connections_per_address, same_max_connections_per_address},
    {"web.allowed-host", FLAG_LIST, "NAME", NULL,
     "a name, besides addresses and localhost, under which browsers may ask; repeatable", set_allowed_host,
     same_allowed_hosts},
    {"config.file", FLAG_FILE, "FILE", NULL, "these settings and the watch list in YAML; reread on SIGHUP",
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
    {"history", FLAG_VALUE, "DURATION", "1h",
     "how far the history of each tracked port reaches back, 1m to 1w; 0: none", set_history, same_history},
    {"owners", FLAG_BOOL, NULL, "true", "name processes, units and containers, never the command line", set_owners},
    {"netns", FLAG_LIST, "self|all|PATH", "self",
     "network namespaces to look at besides its own: all that are found, or one at a path; repeatable", set_netns},
    {"user", FLAG_VALUE, "USER", NULL, "whom to become when started as root, by name or number", set_user, same_user},
    {"sandbox", FLAG_VALUE, "on|off", "on", "give up every right that is not needed; off is for debugging", set_sandbox,
     same_sandbox},
    {"log.level", FLAG_VALUE, "LEVEL", "info", "debug, info, warn or error", set_log_level},
    {"log.format", FLAG_VALUE, "FORMAT", "logfmt", "logfmt or json", set_log_format},
    {"check-config", FLAG_BOOL, NULL, "false", "only check the settings, then end", set_check_config},
    {NULL, FLAG_VALUE, NULL, NULL, NULL, NULL},
};
