#include "tests/unit/engine/reconcile/toy.h"

#include "engine/reconcile/approve.h"

static struct saved_stack *saved_of(struct toy *t, enum plan_mode mode)
{
    assert_ok(toy_plan(t, mode), &t->err);
    struct saved_stack *stack = ARENA_NEW(t->s->arena, struct saved_stack);
    saved_describe(t->s->arena, t->plan, stack);
    stack->observed_sha256 = plan_observed(t->s->arena, t->plan);
    return stack;
}

static void what_was_saved_is_done(void **state)
{
    struct toy *t AUTO(toy_close) = toy_new(scene_new(*state, false, 2));
    t->r.approved = saved_of(t, PLAN_APPLY);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_int_equal(t->report.n_added, 6);
    t->r.approved = saved_of(t, PLAN_DESTROY);
    assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
    assert_int_equal(t->s->seen.models.len, 0);
}

/* Nothing is changed, and every difference is told. */
static void refused(struct toy *t, const char *part, const char *hint, const char *note)
{
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PRECONDITION, &t->err, part);
    assert_non_null(strstr(t->err.message, "Saved plan is stale"));
    if (strstr(t->err.hint, hint) == NULL)
        fail_msg("hint: %s", t->err.hint);
    if (!told(t, note))
        fail_msg("told: " STR_FMT, STR_ARG(buf_str(&t->events)));
    assert_false(traced(t, "start"));
    assert_false(traced(t, "write"));
    assert_false(traced(t, "remove"));
}

static void nothing_is_needed_any_more(void **state)
{
    struct toy *t AUTO(toy_close) = toy_new(scene_new(*state, false, 2));
    t->r.approved = saved_of(t, PLAN_APPLY);
    const struct saved_stack *saved = t->r.approved;
    t->r.approved = NULL;
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    t->r.approved = saved;
    refused(
        t, "stack 'demo' needs nothing now", "what is in AWS changed",
        "only in the saved plan: aws_s3_bucket.this (create)");
}

static void something_else_is_needed(void **state)
{
    struct toy *t AUTO(toy_close) = toy_new(scene_new(*state, false, 2));
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    change_model(t->s, 0, 2);
    t->r.approved = saved_of(t, PLAN_APPLY);
    change_model(t->s, 1, 2); /* the data, a variable: the spec's text is the same */
    refused(
        t, "needs something else now", "the spec's data, a variable or an option changed",
        "not in the saved plan: aws_s3_object.model[\"m1\"] (create)");
    change_model(t->s, 1, 1);
    change_model(t->s, 0, 3);
    refused(
        t, "needs something else now", "the spec's data",
        "not as in the saved plan: aws_s3_object.model[\"m0\"] (create, now create)");
    change_model(t->s, 0, 2);
    remove_endpoint(t->s, t->s->want.endpoint);
    refused(
        t, "needs something else now", "what is in AWS changed",
        "not in the saved plan: aws_sagemaker_endpoint.this (create)");
}

/* Foreign objects, an old failure, another listing: nothing that changes what is to be done. */
static void a_change_that_does_not_matter(void **state)
{
    struct toy *t AUTO(toy_close) = toy_new(scene_new(*state, false, 2));
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    change_model(t->s, 0, 2);
    const struct saved_stack *saved = saved_of(t, PLAN_APPLY);
    put_text(t->s, "demo/notes.txt", OWNER_OTHER);
    t->s->seen.endpoint.failure_reason = STR("an old one");
    t->r.approved = saved;
    assert_ok(toy_plan(t, PLAN_APPLY), &t->err);
    assert_false(str_eq(plan_observed(*state, t->plan), saved->observed_sha256));
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_int_equal(t->report.n_added, 1);
}

static void many_differences(void **state)
{
    struct toy *t AUTO(toy_close) = toy_new(scene_new(*state, false, 60));
    t->r.approved = saved_of(t, PLAN_APPLY);
    for (size_t i = 0; i < 60; i++)
        change_model(t->s, i, 2);
    refused(t, "needs something else now", "the spec's data", "and 10 more differences");
}

static void a_guard_comes_first(void **state)
{
    struct toy *t AUTO(toy_close) = toy_new(scene_new(*state, false, 2));
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    t->s->want.n_models = 0;
    t->r.approved = saved_of(t, PLAN_APPLY);
    assert_fails(toy_go(t, PLAN_APPLY), ERR_REFUSED, &t->err, "has no models");
    assert_false(traced(t, "start"));
    t->r.allow_empty = true;
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_false(t->s->seen.endpoint.present);
}

static void what_was_seen(void **state)
{
    struct scene *s = scene_trained(*state, false, 2);
    struct toy *t AUTO(toy_close) = toy_new(s);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    struct str before = saved_of(t, PLAN_DESTROY)->observed_sha256;
    assert_str_len(saved_of(t, PLAN_DESTROY)->observed_sha256, before);
    put_text(s, "demo/control/lease", OWNER_UNKNOWN); /* a run's own, while it is under way */
    assert_str_len(saved_of(t, PLAN_DESTROY)->observed_sha256, before);
    s->seen.jobs.items[0].status = STR("Stopping");
    assert_false(str_eq(saved_of(t, PLAN_DESTROY)->observed_sha256, before));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(what_was_saved_is_done),
        WITH_ARENA(nothing_is_needed_any_more),
        WITH_ARENA(something_else_is_needed),
        WITH_ARENA(a_change_that_does_not_matter),
        WITH_ARENA(many_differences),
        WITH_ARENA(a_guard_comes_first),
        WITH_ARENA(what_was_seen),
    };
    return cmocka_run_group_tests_name("approve", tests, NULL, NULL);
}
