/* Whatever the sockets: no verdict says more than is so. Against the bind rule, over random tables. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "judge/judge.h"
#include "judge/overlap.h"
#include "scene.h"
#include "world.h"

#define ROUNDS 100000
#define TOLERANCE_MS 500

static struct verdict judge_scene(const struct scene *scene)
{
    struct bind_result binds[VERDICT_BINDS_MAX];
    struct holders holders = {0};
    for (size_t i = 0; i < scene->count; i++)
        if (!scene_hides(scene, i))
            assert_int_equal(holders_add(&holders, &scene->sockets[i].shown), 0);
    struct kernel_settings settings = world_settings();
    struct judge_evidence evidence = {
        .endpoint = scene->endpoint,
        .asker = scene->asks_himself ? JUDGE_FOR_WHY : JUDGE_FOR_AGENT,
        .holders = &holders,
        .table_shows_bound = scene->shows_bound,
        .settings = &settings,
        .performed = binds,
        .performed_count = scene_binds(scene, binds),
    };
    struct verdict verdict;
    assert_int_equal(judge(&evidence, &verdict), 0);
    holders_done(&holders);
    return verdict;
}

static void check_kind(const struct scene *scene, const struct verdict *verdict)
{
    switch (verdict->kind) {
    case VERDICT_FREE:
        assert_true(scene_works(scene, false) || scene_is_blind(scene));
        break;
    case VERDICT_REUSABLE:
        assert_int_equal(scene->endpoint.protocol, PROTOCOL_TCP);
        assert_true(!scene_works(scene, false) && scene_works(scene, true));
        break;
    case VERDICT_HELD:
        assert_false(scene_works(scene, false));
        assert_true(scene->endpoint.protocol == PROTOCOL_UDP || !scene_works(scene, true));
        break;
    case VERDICT_UNKNOWN:
        break;
    }
}

static void check_binds(const struct scene *scene, const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->bind_count; i++) {
        const struct bind_result *bind = &verdict->binds[i];
        bool blocked = false;
        for (size_t s = 0; s < scene->count; s++)
            blocked = blocked || scene_blocks_at(scene, s, &bind->address, bind->reuseaddr);
        if (bind->error != EACCES)
            assert_true((bind->error == EADDRINUSE) == blocked || (bind->error == 0 && scene_is_blind(scene)));
    }
}

/* A holder that is certainly in the way is what the cause says; nobody is shown who certainly is not. */
static void check_holders(const struct scene *scene, const struct verdict *verdict)
{
    for (size_t h = 0; h < verdict->holder_count; h++) {
        const struct holder *holder = &verdict->holders[h];
        bool certain = false;
        for (size_t a = 0; a < scene->address_count; a++)
            certain = certain || overlap_of(holder, &scene->addresses[a]) == OVERLAP_YES;
        bool found = false;
        for (size_t i = 0; i < scene->count; i++)
            found = found || (scene->sockets[i].shown.state == holder->state && scene_blocks(scene, i, false));
        assert_true(found || !certain);
    }
    bool holder_is_named = verdict->cause >= CAUSE_LISTENER && verdict->cause <= CAUSE_TIME_WAIT;
    assert_true(!holder_is_named || verdict->holder_count > 0);
    assert_true(verdict->cause != CAUSE_UNSEEN || scene_hides_some(scene));
    assert_true(!verdict->contradiction || scene_hides_some(scene));
}

static void check_time(const struct scene *scene, const struct frees *frees, bool reuseaddr)
{
    uint32_t really_ms = scene_works_after_ms(scene, reuseaddr);
    switch (frees->kind) {
    case FREES_NOT_KNOWN:
        break;
    case FREES_NEVER:
        assert_int_equal(really_ms, SCENE_NEVER_MS);
        break;
    case FREES_AFTER:
        /* What is hidden may live for ever; otherwise free by then, and with a plain bind not long before. */
        if (scene_hides_some(scene))
            break;
        assert_true(frees->seconds * 1000 + 0.5 >= really_ms);
        assert_true(reuseaddr || frees->seconds * 1000 <= (double)really_ms + SCENE_SLACK_MS + TOLERANCE_MS);
        break;
    }
}

static void no_verdict_says_more_than_is_so(void **state)
{
    (void)state;
    struct chance chance = chance_new();
    uint32_t decided = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct scene scene = scene_random(&chance);
        cleanup(verdict_done) struct verdict verdict = judge_scene(&scene);
        check_kind(&scene, &verdict);
        check_binds(&scene, &verdict);
        check_holders(&scene, &verdict);
        check_time(&scene, &verdict.plain, false);
        check_time(&scene, &verdict.reuseaddr, true);
        bool all_binds_were_made = scene.probed && scene.asks_himself;
        assert_true(!all_binds_were_made || verdict.kind != VERDICT_UNKNOWN);
        decided += verdict.kind != VERDICT_UNKNOWN;
    }
    /* Silence would be true as well. */
    assert_in_range(decided, ROUNDS / 2, ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_verdict_says_more_than_is_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
