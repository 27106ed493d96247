#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "certificates.h"
#include "server.h"
#include "tls_client.h"

#define ALICE_SESAME "Authorization: Basic YWxpY2U6c2VzYW1l\r\n"
#define ALICE_OPEN_SESAME "Authorization: Basic YWxpY2U6b3Blbi1zZXNhbWU=\r\n"

#define CLIENTS 4
#define CHANGES 50

struct scene {
    struct certificate ca;
    struct certificate first;
    struct certificate second;
    struct web_config https; /* with the first certificate, and no passwords */
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    scene->ca = certificate_make(CERTIFICATE_CA, "ca", NULL);
    scene->first = certificate_make(CERTIFICATE_SERVER, "first", &scene->ca);
    scene->second = certificate_make(CERTIFICATE_SERVER, "second", &scene->ca);
    scene->https = (struct web_config){.tls = true,
                                       .certificate = scene->first.certificate,
                                       .key = scene->first.key,
                                       .min_version = WEB_TLS_1_2,
                                       .max_version = WEB_TLS_1_3};
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    certificate_done(&scene->ca);
    certificate_done(&scene->first);
    certificate_done(&scene->second);
    free(scene);
    return 0;
}

static struct web_config https_with(const struct scene *scene, const struct certificate *certificate)
{
    struct web_config web = scene->https;
    web.certificate = certificate->certificate;
    web.key = certificate->key;
    return web;
}

static void server_stopp(struct server **server)
{
    server_stop(*server);
}

static void expect(struct server *server, const char *target, const char *headers, int status, const char *part)
{
    cleanup(client_reply_done) struct client_reply reply;
    client_ask_with(server->port, "GET", target, headers, &reply);
    if (reply.status != status || strstr(reply.head.data, part) == NULL)
        fail_msg("%s: %d without %s: %s", target, reply.status, part, reply.head.data);
}

/* bcrypt, as cheap as it gets. */
static char sesame_hash[] = "$2y$04$XXMGOORxRoqWtJP2yvkkae94bMpdCuVQvafoNqDYsBWSMDGK4GwrG";
static char open_sesame_hash[] = "$2y$04$UfOQ26yg6gslymV6m1n9M.7ayV1vNLo55p2I7tJRbCdoE.KVikLcS";
static char alice[] = "alice";

static void passwords_are_asked_for_on_every_path(void **state)
{
    (void)state;
    static const char *const targets[] = {"/", "/metrics", "/api/v1/report", "/healthz", "/-/ready", "/nowhere"};
    struct web_user users[] = {{.name = alice, .hash = sesame_hash}};
    const struct web_config web = {.users = users, .user_count = 1};
    cleanup(server_stopp) struct server *server = server_start_with(0, &web);
    server_publish_ports(server);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        expect(server, targets[i], "", 401, "WWW-Authenticate: Basic realm=\"tidewait\", charset=\"UTF-8\"\r\n");
    expect(server, "/metrics", ALICE_SESAME, 200, "");
    expect(server, "/nowhere", ALICE_SESAME, 404, "");
    expect(server, "/metrics", ALICE_OPEN_SESAME, 401, "");
    expect(server, "/metrics", ALICE_OPEN_SESAME, 429, "Retry-After: 2\r\n");
    expect(server, "/metrics", ALICE_SESAME, 200, "");
}

static void what_is_refused_for_a_password_is_counted(void **state)
{
    (void)state;
    struct web_user users[] = {{.name = alice, .hash = sesame_hash}};
    const struct web_config web = {.users = users, .user_count = 1};
    cleanup(server_stopp) struct server *server = server_start_with(0, &web);
    expect(server, "/healthz", ALICE_SESAME, 200, "");
    expect(server, "/metrics", "", 401, "");
    expect(server, "/metrics", ALICE_OPEN_SESAME, 401, "");
    expect(server, "/metrics", ALICE_OPEN_SESAME, 429, "");
    cleanup(report_unrefp) struct report *report = report_sample_new();
    http_counts(server->http, &report->agent);
    bool found = false;
    for (size_t i = 0; i < report->agent.http_rejected_count; i++)
        if (strcmp(report->agent.http_rejected[i].reason, "auth") == 0) {
            found = true;
            assert_int_equal(report->agent.http_rejected[i].count, 3);
        }
    assert_true(found);
}

static void a_changed_password_counts_on_connections_that_are_open(void **state)
{
    (void)state;
    struct web_user users[] = {{.name = alice, .hash = sesame_hash}};
    struct web_config web = {.users = users, .user_count = 1};
    cleanup(server_stopp) struct server *server = server_start_with(0, &web);
    cleanup(cleanup_close) int fd = client_open(server->port);
    static const int statuses[] = {200, 401};
    for (size_t i = 0; i < 2; i++) {
        client_send(fd, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" ALICE_SESAME "\r\n");
        cleanup(client_reply_done) struct client_reply reply;
        client_read_head(fd, &reply);
        client_read_body(fd, client_content_length(&reply), &reply);
        assert_int_equal(reply.status, statuses[i]);
        users[0].hash = open_sesame_hash;
        assert_return_code(http_secure(server->http, &web, NULL), 0);
    }
    assert_return_code(http_secure(server->http, NULL, NULL), 0);
    expect(server, "/healthz", "", 200, "");
}

static void tls_is_spoken_and_nothing_else(void **state)
{
    const struct scene *scene = *state;
    cleanup(server_stopp) struct server *server = server_start_with(0, &scene->https);
    cleanup(tls_client_done) struct tls_client client;
    assert_int_equal(tls_client_open(server->port, &client), 0);
    for (int i = 0; i < 3; i++) {
        cleanup(client_reply_done) struct client_reply reply;
        assert_int_equal(tls_client_ask(&client, "/healthz", &reply), 200);
        assert_string_equal(reply.body.data, "ok\n");
    }
    cleanup(cleanup_close) int fd = client_open(server->port);
    client_send(fd, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    char bytes[16];
    ssize_t length = recv(fd, bytes, sizeof(bytes), 0);
    assert_true(length <= 0 || bytes[0] != 'H');
}

static void new_connections_get_the_new_certificate_and_old_ones_end_after_one_answer(void **state)
{
    const struct scene *scene = *state;
    const struct web_config web = https_with(scene, &scene->second);
    cleanup(server_stopp) struct server *server = server_start_with(0, &scene->https);
    cleanup(tls_client_done) struct tls_client before;
    assert_int_equal(tls_client_open(server->port, &before), 0);
    cleanup(client_reply_done) struct client_reply first;
    assert_int_equal(tls_client_ask(&before, "/healthz", &first), 200);
    char line[64];
    assert_null(client_header(&first, "Connection", line, sizeof(line)));

    assert_return_code(http_secure(server->http, &web, NULL), 0);
    cleanup(client_reply_done) struct client_reply last;
    assert_int_equal(tls_client_ask(&before, "/healthz", &last), 200);
    assert_string_equal(client_header(&last, "Connection", line, sizeof(line)), "close");

    cleanup(tls_client_done) struct tls_client after;
    assert_int_equal(tls_client_open(server->port, &after), 0);
    char names[2][64];
    tls_client_server_name(&before, names[0], sizeof(names[0]));
    tls_client_server_name(&after, names[1], sizeof(names[1]));
    assert_string_equal(names[0], "first");
    assert_string_equal(names[1], "second");
}

static void what_cannot_be_used_changes_nothing(void **state)
{
    const struct scene *scene = *state;
    char nonsense[] = "nonsense";
    struct web_user users[] = {{.name = alice, .hash = sesame_hash}};
    struct web_config web = https_with(scene, &scene->second);
    web.key = nonsense;
    web.users = users;
    web.user_count = 1;
    cleanup(server_stopp) struct server *server = server_start_with(0, &scene->https);
    struct error error = {""};
    assert_int_equal(http_secure(server->http, &web, &error), -EINVAL);
    assert_non_null(strstr(error.text, "cert_file and key_file"));
    cleanup(tls_client_done) struct tls_client client;
    assert_int_equal(tls_client_open(server->port, &client), 0);
    cleanup(client_reply_done) struct client_reply reply;
    assert_int_equal(tls_client_ask(&client, "/healthz", &reply), 200);
    char common_name[64];
    tls_client_server_name(&client, common_name, sizeof(common_name));
    assert_string_equal(common_name, "first");
}

static void tls_neither_begins_nor_ends_while_it_runs(void **state)
{
    const struct scene *scene = *state;
    struct error error = {""};
    cleanup(server_stopp) struct server *plain = server_start(0);
    assert_int_equal(http_secure(plain->http, &scene->https, &error), -EINVAL);
    assert_non_null(strstr(error.text, "tls_server_config cannot be added while tidewait runs: restart it"));
    cleanup(server_stopp) struct server *secure = server_start_with(0, &scene->https);
    assert_int_equal(http_secure(secure->http, NULL, &error), -EINVAL);
    assert_non_null(strstr(error.text, "taken away"));
    server_expect(plain, "GET", "/healthz", 200, "ok");
}

static void what_cannot_be_used_does_not_start(void **state)
{
    const struct scene *scene = *state;
    struct web_config web = scene->https;
    web.key = scene->second.key;
    const struct http_options options = {.telemetry_path = "/metrics", .web = &web};
    struct http *http = NULL;
    struct error error = {""};
    assert_int_equal(http_start(&options, &http, &error), -EINVAL);
    assert_null(http);
    assert_non_null(strstr(error.text, "cert_file and key_file"));
    assert_int_equal(http_check(&web, NULL), -EINVAL);
    assert_return_code(http_check(&scene->https, NULL), 0);
}

struct asker {
    pthread_t thread;
    uint16_t port;
    atomic_bool *done;
    unsigned answered;
    unsigned connections;
    unsigned failed;
};

/* Asks over one connection until the server says that it ends, then over the next: no request may be lost. */
static void *ask_until_done(void *argument)
{
    struct asker *asker = argument;
    while (!atomic_load(asker->done)) {
        cleanup(tls_client_done) struct tls_client client;
        asker->connections++;
        bool open = tls_client_open(asker->port, &client) == 0;
        asker->failed += !open;
        while (open && !atomic_load(asker->done)) {
            char line[64];
            cleanup(client_reply_done) struct client_reply reply;
            bool right = tls_client_ask(&client, "/healthz", &reply) == 200;
            asker->answered += right;
            asker->failed += !right;
            open = right && client_header(&reply, "Connection", line, sizeof(line)) == NULL;
        }
    }
    return NULL;
}

static void no_request_is_lost_while_certificates_change(void **state)
{
    const struct scene *scene = *state;
    const struct web_config webs[] = {scene->https, https_with(scene, &scene->second)};
    cleanup(server_stopp) struct server *server = server_start_with(0, &scene->https);
    atomic_bool done = false;
    struct asker askers[CLIENTS];
    for (size_t i = 0; i < CLIENTS; i++) {
        askers[i] = (struct asker){.port = server->port, .done = &done};
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_until_done, &askers[i]), 0);
    }
    /* Paced by a client of our own: each certificate is met. */
    for (int i = 0; i < CHANGES; i++) {
        assert_return_code(http_secure(server->http, &webs[i % 2], NULL), 0);
        cleanup(tls_client_done) struct tls_client client;
        assert_int_equal(tls_client_open(server->port, &client), 0);
        cleanup(client_reply_done) struct client_reply reply;
        assert_int_equal(tls_client_ask(&client, "/healthz", &reply), 200);
    }
    atomic_store(&done, true);
    for (size_t i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
        assert_int_equal(askers[i].failed, 0);
        assert_true(askers[i].answered > 0);
        assert_true(askers[i].connections > 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_are_asked_for_on_every_path),
        cmocka_unit_test(what_is_refused_for_a_password_is_counted),
        cmocka_unit_test(a_changed_password_counts_on_connections_that_are_open),
        cmocka_unit_test(tls_is_spoken_and_nothing_else),
        cmocka_unit_test(new_connections_get_the_new_certificate_and_old_ones_end_after_one_answer),
        cmocka_unit_test(what_cannot_be_used_changes_nothing),
        cmocka_unit_test(tls_neither_begins_nor_ends_while_it_runs),
        cmocka_unit_test(what_cannot_be_used_does_not_start),
        cmocka_unit_test(no_request_is_lost_while_certificates_change),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
