/* Any bytes as --config.file: what is accepted are settings that the agent can run with. */
#undef NDEBUG
#include <assert.h>
#include <errno.h>

#include "base/clock.h"
#include "fuzz.h"
#include "options_file.h"

static void check_settings(const struct options *options, const bool set[static FLAGS_MAX])
{
    for (size_t i = 0; flags[i].name != NULL; i++) {
        if (!set[i])
            continue;
        if (strcmp(flags[i].name, "interval") == 0)
            assert(options->interval_ns >= 50 * CLOCK_NS_PER_MS && options->interval_ns <= 50 * CLOCK_NS_PER_S);
        if (strcmp(flags[i].name, "cpu-budget") == 0)
            assert(options->cpu_budget > 0 && options->cpu_budget <= 1);
        if (strcmp(flags[i].name, "max-ports") == 0)
            assert(options->max_ports > 0 && options->max_ports <= 65535);
        if (strcmp(flags[i].name, "web.listen-address") == 0)
            assert(options->listen_address_count > 0);
        if (strcmp(flags[i].name, "web.telemetry-path") == 0)
            assert(options->telemetry_path[0] == '/');
        if (strcmp(flags[i].name, "web.config.file") == 0)
            assert(options->web_config_file[0] != '\0');
    }
    for (size_t i = 0; i < options->watch_count; i++)
        assert(options->watches[i].endpoint.port != 0);
    assert(options->config_file == NULL && !options->check_config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(options_done) struct options options = {0};
    bool set[FLAGS_MAX] = {false};
    struct error error = {""};
    int r = options_file_take_bytes((const char *)data, size, "/etc/t.yml", &options, set, &error);
    if (r < 0) {
        assert(r == -EINVAL && strncmp(error.text, "/etc/t.yml:", strlen("/etc/t.yml:")) == 0);
        return 0;
    }
    check_settings(&options, set);
    return 0;
}
