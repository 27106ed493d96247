/* Any bytes as --web.config.file: what is accepted protects as it says. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "config/web.h"
#include "fuzz.h"

#define PATH_MAX_LENGTH 32

static void check_config(const struct web_config *config)
{
    assert(config->tls == (config->certificate != NULL && config->key != NULL));
    bool verifies =
        config->client_auth == WEB_CLIENT_VERIFY_IF_GIVEN || config->client_auth == WEB_CLIENT_REQUIRE_AND_VERIFY;
    assert(!verifies || config->client_ca != NULL);
    assert(config->client_ca == NULL || config->client_auth != WEB_CLIENT_NO_CERT);
    assert(config->min_version <= config->max_version);
    for (size_t i = 0; i < config->user_count; i++) {
        assert(strchr(config->users[i].name, ':') == NULL);
        assert(strlen(config->users[i].hash) == 60);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(cleanup_close) int fd = memfd_create("web.yml", MFD_CLOEXEC);
    char path[PATH_MAX_LENGTH];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    assert(fd >= 0 && fchmod(fd, S_IRUSR | S_IWUSR) == 0 && write(fd, data, size) == (ssize_t)size);

    cleanup(web_sources_done) struct web_sources sources = {0};
    struct web_config config;
    struct error error = {""};
    if (web_config_load(path, &sources, &config, &error) < 0) {
        assert(strncmp(error.text, path, strlen(path)) == 0);
        return 0;
    }
    check_config(&config);
    web_config_done(&config);
    return 0;
}
