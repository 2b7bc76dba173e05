#include "tests/unit/engine/reconcile/toy.h"

/* Whole runs over the toy world, whose training always ends with validation:auc 0.5. */

static void gate(struct scene *s, double min)
{
    struct want_gate *one = ARENA_NEW(s->arena, struct want_gate);
    const struct want_gate **list = ARENA_NEW(s->arena, const struct want_gate *);
    *one = (struct want_gate){
        .metric = STR("validation:auc"),
        .has_min = true,
        .min = min,
        .min_text = str_fmt(s->arena, "%g", min),
        .at = {"mme.yaml", 4, 7}};
    list[0] = one;
    for (size_t i = 0; i < s->want.n_models; i++) {
        s->want.models[i].gates = list;
        s->want.models[i].n_gates = 1;
    }
}

static void check(struct scene *s, const char *digest)
{
    const struct want_check **list = ARENA_NEW(s->arena, const struct want_check *);
    list[0] = ARENA_NEW(s->arena, struct want_check);
    for (size_t i = 0; i < s->want.n_models; i++) {
        s->want.models[i].checks = list;
        s->want.models[i].n_checks = 1;
        s->want.models[i].checks_digest = str_from(digest);
    }
}

/* What a run marked in its want is gone with it. */
static void next_run(struct toy *t)
{
    for (size_t i = 0; i < t->s->want.n_models; i++) {
        struct want_model *model = &t->s->want.models[i];
        model->metrics = NULL;
        model->result = NULL;
        model->made_at = model->fault = model->uncalled = STR_NULL;
        model->failed = model->retrained = false;
    }
    t->answers = NULL;
    t->n_answers = 0;
}

static struct str key_of(struct toy *t, const char *folder, size_t model)
{
    const struct want_model *m = &t->s->want.models[model];
    return str_fmt(
        t->s->arena, "demo/%s/" STR_FMT "--" STR_FMT ".tar.gz", folder, STR_ARG(m->name),
        STR_ARG(str_slice(m->spec_fp, 0, 16)));
}

/* Where the endpoint can reach it, whatever the mode. */
static bool reachable(struct toy *t, struct str fp)
{
    for (size_t i = 0; i < map_len(t->s->seen.objects); i++) {
        const struct seen_object *object = map_value_at(t->s->seen.objects, i);
        if (str_starts(object->key, STR("demo/models/")) && str_eq(object->fp, fp))
            return true;
    }
    return false;
}

static struct toy *deployed(struct arena *arena, bool stable, bool here)
{
    struct scene *s = scene_trained(arena, stable, 2);
    s->want.trains_here = here;
    struct toy *t = toy_new(s);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    return t;
}

static void settled_run(struct toy *t)
{
    size_t written = t->n_written;
    next_run(t);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_true(plan_is_empty(t->plan));
    assert_int_equal(t->n_written, written);
}

static void a_gate_holds_what_training_made(void **state)
{
    for (int mode = 0; mode < 2; mode++) {
        AUTO(toy_close) struct toy *t = deployed(*state, mode == 1, false);
        struct str old = t->s->want.models[0].spec_fp;
        gate(t->s, 0.9);
        change_model(t->s, 0, 2);
        next_run(t);
        assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "model 'm0' is held by a gate");
        assert_non_null(
            strstr(t->err.message, "validation:auc 0.5 is below 0.9 (gate at mme.yaml:4:7)"));
        assert_true(told(t, "warning m0: model 'm0' is held by a gate"));
        assert_false(reachable(t, t->s->want.models[0].spec_fp));
        assert_true(reachable(t, old));
        assert_true(map_has(t->s->seen.objects, key_of(t, "versions", 0)));
        const struct record_held *held = record_find_held(&t->s->seen.record, STR("m0"));
        assert_non_null(held);
        assert_str_len(held->version.key, key_of(t, "versions", 0));
        assert_str_len(record_find(&t->s->seen.record, STR("m0"))->live.fp, old);

        settled_run(t);
        assert_int_equal(t->plan->held.len, 1);
        assert_false(t->plan->held.items[0].fresh);
        assert_str_len(t->plan->held.items[0].serving, old);

        /* Its own metadata says the same without the record. */
        t->s->seen.record = (struct record){0};
        next_run(t);
        assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "held by a gate");
        assert_false(traced(t, "training_job"));
        assert_true(reachable(t, old));

        /* Another gate publishes it as it is. */
        gate(t->s, 0.1);
        next_run(t);
        assert_ok(toy_go(t, PLAN_APPLY), &t->err);
        assert_false(traced(t, "training_job"));
        assert_true(reachable(t, t->s->want.models[0].spec_fp));
        assert_int_equal(t->s->seen.record.held.len, 0);
        assert_false(map_has(t->s->seen.objects, key_of(t, "versions", 0)));
        settled_run(t);
    }
}

static void a_finished_job_is_judged_before_anything_runs(void **state)
{
    AUTO(toy_close) struct toy *t = deployed(*state, false, false);
    gate(t->s, 0.9);
    change_model(t->s, 1, 2);
    put_job(t->s, t->s->want.models[1].job, "Completed", NULL);
    next_run(t);
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "model 'm1' is held by a gate");
    assert_false(reachable(t, t->s->want.models[1].spec_fp));
    settled_run(t);
    /* Other data: the candidate goes, and its successor is judged. */
    change_model(t->s, 1, 3);
    next_run(t);
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "model 'm1' is held by a gate");
    assert_true(traced(t, "remove aws_s3_object.model[\"m1--"));
    settled_run(t);
}

static void nothing_but_what_is_held(void **state)
{
    struct scene *s = scene_trained(*state, false, 1);
    AUTO(toy_close) struct toy *t = toy_new(s);
    gate(s, 0.9);
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "nothing serves under its name");
    assert_false(s->seen.endpoint.present);
    settled_run(t);
    gate(s, 0.1);
    next_run(t);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_true(s->seen.endpoint.present);
}

static void a_check_holds_what_answers_wrong(void **state)
{
    static const struct toy_answer wrong[] = {{.model = "m0", .fault = "row 1 is wrong"}};
    AUTO(toy_close) struct toy *t = deployed(*state, false, false);
    struct str old = t->s->want.models[0].spec_fp;
    check(t->s, "digest-1");
    change_model(t->s, 0, 2);
    next_run(t);
    t->answers = wrong;
    t->n_answers = 1;
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "is held by a check: row 1 is wrong");
    assert_true(traced(t, "call m0"));
    assert_false(traced(t, "call m1"));
    assert_false(reachable(t, t->s->want.models[0].spec_fp));
    assert_str_len(record_find(&t->s->seen.record, STR("m0"))->live.fp, old);
    settled_run(t);
    assert_true(t->plan->held.items[0].by_check);
    /* Other checks call it again. */
    check(t->s, "digest-2");
    next_run(t);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_true(traced(t, "call m0"));
    assert_true(reachable(t, t->s->want.models[0].spec_fp));
    settled_run(t);
}

static void a_check_that_cannot_be_made(void **state)
{
    static const struct toy_answer denied[] = {
        {.model = "m0", .code = ERR_DENIED, .fault = "sagemaker:InvokeEndpoint is not allowed"}};
    AUTO(toy_close) struct toy *t = deployed(*state, false, false);
    struct str old = t->s->want.models[0].spec_fp;
    check(t->s, "digest-1");
    change_model(t->s, 0, 2);
    next_run(t);
    t->answers = denied;
    t->n_answers = 1;
    assert_fails(
        toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err,
        "model 'm0' could not be checked and is not published");
    assert_str_len(record_find(&t->s->seen.record, STR("m0"))->live.fp, old);
    next_run(t);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_true(traced(t, "call m0"));
    assert_false(traced(t, "training_job"));
    settled_run(t);
}

static void stable_names_are_checked_after_the_roll(void **state)
{
    static const struct toy_answer wrong[] = {{.model = "m0", .fault = "row 1 is wrong"}};
    AUTO(toy_close) struct toy *t = deployed(*state, true, false);
    check(t->s, "digest-1");
    change_model(t->s, 0, 2);
    next_run(t);
    t->answers = wrong;
    t->n_answers = 1;
    assert_fails(
        toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err,
        "model 'm0' is published and does not pass its check: row 1 is wrong");
    assert_non_null(strstr(t->err.hint, "mmectl rollback m0"));
    assert_true(traced_before(t, "done aws_sagemaker_endpoint.this", "call m0"));
    settled_run(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_gate_holds_what_training_made),
        WITH_ARENA(a_finished_job_is_judged_before_anything_runs),
        WITH_ARENA(nothing_but_what_is_held),
        WITH_ARENA(a_check_holds_what_answers_wrong),
        WITH_ARENA(a_check_that_cannot_be_made),
        WITH_ARENA(stable_names_are_checked_after_the_roll)};
    return cmocka_run_group_tests_name("reconcile/planner_gates", tests, NULL, NULL);
}
