#include "tests/unit/engine/reconcile/toy.h"

#include "engine/reconcile/run.h"

/* What a run says in the end: what was done, and how it ended. */

static struct change *
ended(struct arena *arena, enum action action, enum outcome outcome, enum err_code code)
{
    struct change *change = ARENA_NEW(arena, struct change);
    *change = (struct change){
        .kind = KIND_ARTIFACT, .action = action, .outcome = outcome, .address = STR("x")};
    if (code != ERR_NONE) {
        change->err = ARENA_NEW(arena, struct err);
        err_set(change->err, code, "why %s", err_name(code));
    }
    return change;
}

static void what_counts(void **state)
{
    static const struct {
        enum action action;
        enum outcome outcome;
        enum err_code code;
        size_t added, changed, destroyed, failed, skipped, interrupted, not_started;
    } cases[] = {
        {ACTION_NOOP, OUTCOME_DONE, ERR_NONE, 0, 0, 0, 0, 0, 0, 0},
        {ACTION_CREATE, OUTCOME_DONE, ERR_NONE, 1, 0, 0, 0, 0, 0, 0},
        {ACTION_UPDATE, OUTCOME_DONE, ERR_NONE, 0, 1, 0, 0, 0, 0, 0},
        {ACTION_DELETE, OUTCOME_DONE, ERR_NONE, 0, 0, 1, 0, 0, 0, 0},
        {ACTION_REPLACE, OUTCOME_DONE, ERR_NONE, 1, 0, 1, 0, 0, 0, 0}, /* in its place */
        {ACTION_CREATE, OUTCOME_FAILED, ERR_TERMINAL, 0, 0, 0, 1, 0, 0, 0},
        {ACTION_CREATE, OUTCOME_FAILED, ERR_CANCELLED, 0, 0, 0, 0, 0, 1, 0},
        {ACTION_CREATE, OUTCOME_SKIPPED, ERR_TERMINAL, 0, 0, 0, 0, 1, 0, 0},
        {ACTION_CREATE, OUTCOME_SKIPPED, ERR_NONE, 0, 0, 0, 0, 0, 0, 1},
        {ACTION_CREATE, OUTCOME_PENDING, ERR_NONE, 0, 0, 0, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct report report = {0};
        struct change *change = ended(*state, cases[i].action, cases[i].outcome, cases[i].code);
        run_count(*state, &change, 1, &report);
        bool right =
            report.n_added == cases[i].added && report.n_changed == cases[i].changed &&
            report.n_destroyed == cases[i].destroyed && report.n_failed == cases[i].failed &&
            report.n_skipped == cases[i].skipped && report.n_interrupted == cases[i].interrupted &&
            report.n_not_started == cases[i].not_started && report.failed.len == cases[i].failed;
        if (!right)
            fail_msg("case %zu is counted wrongly", i);
    }
}

static void how_it_ends(void **state)
{
    static const struct {
        size_t added, failed, skipped, not_started, left;
        enum err_code code;
        const char *text;
    } cases[] = {
        {1, 0, 0, 0, 0, ERR_NONE, ""},
        {0, 1, 0, 0, 0, ERR_TERMINAL, "why TERMINAL"}, /* nothing was changed: a plain error */
        {1, 1, 2, 0, 0, ERR_PARTIAL, "apply was not finished: 1 failed, 2 skipped"},
        {1, 1, 0, 3, 0, ERR_PARTIAL, "apply was not finished: 1 failed, 0 skipped, 3 not started"},
        {1, 0, 0, 0, 2, ERR_PARTIAL, "apply was not finished: 2 left"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(toy_close) struct toy *t = toy_new(scene_new(*state, false, 0));
        struct report report = {
            .n_added = cases[i].added,
            .n_failed = cases[i].failed,
            .n_skipped = cases[i].skipped,
            .n_not_started = cases[i].not_started};
        for (size_t k = 0; k < cases[i].failed; k++)
            *VEC_PUSH(*state, &report.failed) =
                ended(*state, ACTION_CREATE, OUTCOME_FAILED, ERR_TERMINAL);
        for (size_t k = 0; k < cases[i].left; k++)
            *VEC_PUSH(*state, &report.left) = STR("x");
        struct err err = {0};
        assert_int_equal(run_result(&t->r, &report, "apply", &err), cases[i].code);
        assert_string_equal(err.message, cases[i].text);
    }
}

/* A plain failure of a run in which the endpoint was rolled back is told as that. */
static void what_is_told_first(void **state)
{
    AUTO(toy_close) struct toy *t = toy_new(scene_new(*state, false, 0));
    struct report report = {.n_added = 1, .n_failed = 2};
    struct err err = {0};
    *VEC_PUSH(*state, &report.failed) = ended(*state, ACTION_CREATE, OUTCOME_FAILED, ERR_DENIED);
    *VEC_PUSH(*state, &report.failed) =
        ended(*state, ACTION_UPDATE, OUTCOME_FAILED, ERR_ROLLED_BACK);
    err_set(&t->r.ends, ERR_LOCKED, "the lease is lost");
    assert_int_equal(run_result(&t->r, &report, "apply", &err), ERR_ROLLED_BACK);
    report.failed.len = 1;
    assert_fails(run_result(&t->r, &report, "apply", &err), ERR_LOCKED, &err, "the lease is lost");
    loop_cancel(t->loop);
    assert_fails(run_result(&t->r, &report, "apply", &err), ERR_CANCELLED, &err, "interrupted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(what_counts), WITH_ARENA(how_it_ends), WITH_ARENA(what_is_told_first)};
    return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
