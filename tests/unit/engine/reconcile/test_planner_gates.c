#include "tests/unit/engine/reconcile/gate_scene.h"

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

/* What is there is a version that people had before: it is held where it is, and stays theirs. */
static void an_older_version_is_judged_by_its_record(void **state)
{
    for (int mode = 0; mode < 2; mode++) {
        AUTO(toy_close) struct toy *t = deployed(*state, mode == 1, false);
        change_model(t->s, 0, 2);
        next_run(t);
        assert_ok(toy_go(t, PLAN_APPLY), &t->err);
        struct str second = t->s->want.models[0].spec_fp;
        gate(t->s, 0.9);
        change_model(t->s, 0, 1);
        next_run(t);
        assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "0.5 is below 0.9");
        assert_false(traced(t, "training_job"));
        const struct record *record = &t->s->seen.record;
        assert_str_len(record_find(record, STR("m0"))->live.fp, second);
        assert_int_equal(record_find(record, STR("m0"))->history.len, 1);
        assert_non_null(record_find_held(record, STR("m0")));
        settled_run(t);
        gate(t->s, 0.1);
        next_run(t);
        assert_ok(toy_go(t, PLAN_APPLY), &t->err);
        assert_false(traced(t, "training_job"));
        assert_str_len(record_find(record, STR("m0"))->live.fp, t->s->want.models[0].spec_fp);
        settled_run(t);
    }
}

static void what_was_trained_here_waits_too(void **state)
{
    AUTO(toy_close) struct toy *t = deployed(*state, false, true);
    gate(t->s, 0.9);
    change_model(t->s, 0, 2);
    next_run(t);
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "0.5 is below 0.9");
    const struct seen_object *object = map_get(t->s->seen.objects, key_of(t, "versions", 0));
    assert_non_null(object);
    assert_str_len(object->fp, t->s->want.models[0].spec_fp);
    assert_true(json_get_num(object->metrics, "validation:auc", 0) < 0.6);
    settled_run(t);
    assert_false(traced(t, "local_training"));
}

/* An earlier candidate of one model, and what this run finds out about another. */
static void only_what_is_new_is_told(void **state)
{
    AUTO(toy_close) struct toy *t = deployed(*state, false, false);
    gate(t->s, 0.9);
    change_model(t->s, 0, 2);
    next_run(t);
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "model 'm0' is held by a gate");
    struct str first = t->s->want.models[0].spec_fp;
    change_model(t->s, 1, 2);
    next_run(t);
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "model 'm1' is held by a gate");
    assert_false(told(t, "warning m0:"));
    assert_true(told(t, "warning m1:"));
    /* A run about m1 alone leaves what is known of m0, even when m0 is another by now. */
    struct str target = STR("aws_s3_object.model[\"m1\"]");
    t->r.targets = &target;
    t->r.n_targets = 1;
    gate(t->s, 0.1);
    change_model(t->s, 0, 3);
    next_run(t);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    const struct record *record = &t->s->seen.record;
    assert_null(record_find_held(record, STR("m1")));
    assert_str_len(record_find_held(record, STR("m0"))->version.fp, first);
    assert_true(map_has(t->s->seen.objects, record_find_held(record, STR("m0"))->version.key));
    t->r.n_targets = 0;
    next_run(t);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err); /* its successor passes, and the candidate goes */
    assert_int_equal(record->held.len, 0);
    settled_run(t);
}

/* Beyond twenty a number says it. */
static void many_are_held(void **state)
{
    struct scene *s = scene_trained(*state, false, 22);
    AUTO(toy_close) struct toy *t = toy_new(s);
    for (size_t i = 0; i < s->want.n_models; i++)
        s->want.models[i].name = str_fmt(*state, "m%02zu", i); /* as sorted as a want is */
    gate(s, 0.9);
    assert_fails(
        toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err,
        "22 models are held by gates or checks and not published");
    assert_true(told(t, "warning m19:"));
    assert_false(told(t, "warning m20:"));
    settled_run(t);
    assert_int_equal(t->plan->held.len, 22);
    assert_int_equal(t->plan->notes.len, 21);
    assert_str(t->plan->notes.items[20], "2 more models are held by gates or checks");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_gate_holds_what_training_made),
        WITH_ARENA(a_finished_job_is_judged_before_anything_runs),
        WITH_ARENA(nothing_but_what_is_held),
        WITH_ARENA(an_older_version_is_judged_by_its_record),
        WITH_ARENA(what_was_trained_here_waits_too),
        WITH_ARENA(only_what_is_new_is_told),
        WITH_ARENA(many_are_held)};
    return cmocka_run_group_tests_name("reconcile/planner_gates", tests, NULL, NULL);
}
