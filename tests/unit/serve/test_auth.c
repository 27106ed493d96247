#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <crypt.h>
#include <gnutls/gnutls.h>
#include <stdio.h>

#include "attempts.h"
#include "auth.h"
#include "base/clock.h"

/* The dear function, counted, and the clock, stopped: the linker puts these in their place (--wrap). */
char *__real_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);
char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);

int64_t __wrap_clock_monotonic_ns(void);

static unsigned hashes_made;
static int64_t now_ns = 1000 * CLOCK_NS_PER_S;

char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
    hashes_made++;
    return __real_crypt_r(phrase, setting, data);
}

int64_t __wrap_clock_monotonic_ns(void)
{
    return now_ns;
}

/* As cheap as bcrypt gets. */
static void hash(const char *password, char prefix, char ret_hash[static CRYPT_OUTPUT_SIZE])
{
    char setting[32];
    (void)snprintf(setting, sizeof(setting), "$2%c$04$abcdefghijklmnopqrstuu", prefix);
    struct crypt_data *data = calloc(1, sizeof(*data));
    assert_non_null(data);
    const char *made = __real_crypt_r(password, setting, data);
    assert_non_null(made);
    (void)snprintf(ret_hash, CRYPT_OUTPUT_SIZE, "%s", made);
    free(data);
}

static const struct address *client(unsigned number)
{
    static const struct address clients[] = {{FAMILY_IPV4, {10, 0, 0, 1}},
                                             {FAMILY_IPV4, {10, 0, 0, 2}},
                                             {FAMILY_IPV4, {10, 0, 0, 3}},
                                             {FAMILY_IPV4, {10, 0, 0, 4}}};
    return &clients[number];
}

static enum auth_verdict ask(struct auth *auth, unsigned from, const char *user, const char *password)
{
    char pair[1024];
    char header[2048];
    (void)snprintf(pair, sizeof(pair), "%s:%s", user, password);
    gnutls_datum_t bytes = {.data = (unsigned char *)pair, .size = (unsigned)strlen(pair)};
    gnutls_datum_t encoded = {0};
    assert_int_equal(gnutls_base64_encode2(&bytes, &encoded), 0);
    (void)snprintf(header, sizeof(header), "Basic %.*s", (int)encoded.size, (const char *)encoded.data);
    gnutls_free(encoded.data);
    return auth_check(auth, header, client(from));
}

static struct auth *auth_with(const char *alice, const char *bob)
{
    char hashes[2][CRYPT_OUTPUT_SIZE];
    char names[2][8] = {"alice", "bob"};
    hash(alice, 'y', hashes[0]);
    hash(bob, 'b', hashes[1]);
    const struct web_user users[] = {{.name = names[0], .hash = hashes[0]}, {.name = names[1], .hash = hashes[1]}};
    struct auth *auth = NULL;
    assert_return_code(auth_new(&auth), 0);
    assert_return_code(auth_set_users(auth, users, 2), 0);
    hashes_made = 0;
    return auth;
}

static void without_users_everybody_may_ask(void **state)
{
    (void)state;
    cleanup(auth_freep) struct auth *auth = NULL;
    assert_return_code(auth_new(&auth), 0);
    assert_int_equal(auth_check(auth, NULL, client(0)), AUTH_GRANTED);
    assert_int_equal(ask(auth, 0, "alice", "x"), AUTH_GRANTED);
}

static void the_right_password_is_granted_and_hashed_once(void **state)
{
    (void)state;
    cleanup(auth_freep) struct auth *auth = auth_with("sesame", "swordfish");
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(ask(auth, 0, "alice", "sesame"), AUTH_GRANTED);
        assert_int_equal(ask(auth, 1, "bob", "swordfish"), AUTH_GRANTED);
    }
    assert_int_equal(hashes_made, 2);
}

static void wrong_ones_are_refused_and_never_granted_afterwards(void **state)
{
    (void)state;
    static const struct {
        const char *user;
        const char *password;
    } wrong[] = {{"alice", "swordfish"},   {"alice", ""},       {"alice", "sesame2"},
                 {"alice", "sesam"},       {"Alice", "sesame"}, {"", "sesame"},
                 {"carol", "sesame"},      {"bob", "sesame"},   {"alice ", "sesame"},
                 {"alice", "alice:sesame"}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        cleanup(auth_freep) struct auth *auth = auth_with("sesame", "swordfish");
        assert_int_equal(ask(auth, 0, wrong[i].user, wrong[i].password), AUTH_REFUSED);
        assert_int_not_equal(ask(auth, 1, wrong[i].user, wrong[i].password), AUTH_GRANTED);
    }
}

static void without_a_readable_header_it_is_refused_and_nothing_hashed(void **state)
{
    (void)state;
    cleanup(auth_freep) struct auth *auth = auth_with("sesame", "swordfish");
    assert_int_equal(auth_check(auth, NULL, client(0)), AUTH_REFUSED);
    assert_int_equal(auth_check(auth, "Basic @", client(0)), AUTH_REFUSED);
    assert_int_equal(auth_check(auth, "Bearer YTpi", client(0)), AUTH_REFUSED);
    assert_int_equal(hashes_made, 0);
    assert_int_equal(ask(auth, 0, "alice", "sesame"), AUTH_GRANTED);
}

static void an_unknown_name_costs_as_much_as_a_wrong_password(void **state)
{
    (void)state;
    cleanup(auth_freep) struct auth *first = auth_with("sesame", "swordfish");
    assert_int_equal(ask(first, 0, "carol", "sesame"), AUTH_REFUSED);
    assert_int_equal(hashes_made, 1);
    cleanup(auth_freep) struct auth *second = auth_with("sesame", "swordfish");
    assert_int_equal(ask(second, 0, "bob", "sesame"), AUTH_REFUSED);
    assert_int_equal(hashes_made, 1);
}

static void a_flood_of_wrong_ones_costs_one_hash_and_hinders_nobody_who_is_known(void **state)
{
    (void)state;
    cleanup(auth_freep) struct auth *auth = auth_with("sesame", "swordfish");
    assert_int_equal(ask(auth, 0, "alice", "sesame"), AUTH_GRANTED);
    assert_int_equal(ask(auth, 1, "alice", "first"), AUTH_REFUSED);
    for (int i = 0; i < 100; i++) {
        char password[16];
        (void)snprintf(password, sizeof(password), "%d", i);
        assert_int_equal(ask(auth, 1, "alice", password), AUTH_LATER);
        assert_int_equal(ask(auth, 1, "bob", "swordfish"), AUTH_LATER);
        assert_int_equal(ask(auth, 0, "alice", "sesame"), AUTH_GRANTED);
        assert_int_equal(ask(auth, 1, "alice", "sesame"), AUTH_GRANTED);
    }
    assert_int_equal(hashes_made, 2);
    now_ns += ATTEMPTS_ADDRESS_QUIET_SECONDS * CLOCK_NS_PER_S;
    assert_int_equal(ask(auth, 1, "bob", "swordfish"), AUTH_GRANTED);
}

static void set_one(struct auth *auth, const char *user, const char *password)
{
    char name[16];
    char hashed[CRYPT_OUTPUT_SIZE];
    (void)snprintf(name, sizeof(name), "%s", user);
    hash(password, 'y', hashed);
    const struct web_user users[] = {{.name = name, .hash = hashed}};
    assert_return_code(auth_set_users(auth, users, 1), 0);
}

static void a_changed_password_counts_from_the_next_request_on(void **state)
{
    (void)state;
    cleanup(auth_freep) struct auth *auth = auth_with("sesame", "swordfish");
    assert_int_equal(ask(auth, 0, "alice", "sesame"), AUTH_GRANTED);
    set_one(auth, "alice", "other");
    assert_int_equal(ask(auth, 1, "alice", "other"), AUTH_GRANTED);
    assert_int_equal(ask(auth, 0, "alice", "sesame"), AUTH_REFUSED);
}

static void whoever_is_gone_is_refused(void **state)
{
    (void)state;
    cleanup(auth_freep) struct auth *auth = auth_with("sesame", "swordfish");
    assert_int_equal(ask(auth, 0, "bob", "swordfish"), AUTH_GRANTED);
    set_one(auth, "alice", "sesame");
    assert_int_equal(ask(auth, 0, "bob", "swordfish"), AUTH_REFUSED);
}

static void whoever_stays_is_not_hashed_again(void **state)
{
    (void)state;
    cleanup(auth_freep) struct auth *auth = auth_with("sesame", "swordfish");
    assert_int_equal(ask(auth, 0, "alice", "sesame"), AUTH_GRANTED);
    set_one(auth, "alice", "sesame");
    assert_int_equal(ask(auth, 0, "alice", "sesame"), AUTH_GRANTED);
    assert_int_equal(hashes_made, 1);
}

static void a_hash_that_crypt_does_not_know_grants_nothing(void **state)
{
    (void)state;
    char name[] = "alice";
    static const char *const hashes[] = {"", "*0", "*", "$2y$04$", "sesame", "$9$x"};
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        char bad[16];
        (void)snprintf(bad, sizeof(bad), "%s", hashes[i]);
        const struct web_user users[] = {{.name = name, .hash = bad}};
        cleanup(auth_freep) struct auth *auth = NULL;
        assert_return_code(auth_new(&auth), 0);
        assert_return_code(auth_set_users(auth, users, 1), 0);
        assert_int_equal(ask(auth, 0, "alice", hashes[i]), AUTH_REFUSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_users_everybody_may_ask),
        cmocka_unit_test(the_right_password_is_granted_and_hashed_once),
        cmocka_unit_test(wrong_ones_are_refused_and_never_granted_afterwards),
        cmocka_unit_test(without_a_readable_header_it_is_refused_and_nothing_hashed),
        cmocka_unit_test(an_unknown_name_costs_as_much_as_a_wrong_password),
        cmocka_unit_test(a_flood_of_wrong_ones_costs_one_hash_and_hinders_nobody_who_is_known),
        cmocka_unit_test(a_changed_password_counts_from_the_next_request_on),
        cmocka_unit_test(whoever_is_gone_is_refused),
        cmocka_unit_test(whoever_stays_is_not_hashed_again),
        cmocka_unit_test(a_hash_that_crypt_does_not_know_grants_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
