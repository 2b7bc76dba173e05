#include "tests/unit/engine/reconcile/gate_scene.h"

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

/* Of a first deploy: what was called is out of reach again, though nothing else is there to serve.
 */
static void none_of_the_first_ones_passes(void **state)
{
    static const struct toy_answer wrong[] = {
        {.model = "m0", .fault = "row 1 is wrong"}, {.model = "m1", .fault = "row 2 is wrong"}};
    AUTO(toy_close) struct toy *t = toy_new(scene_new(*state, false, 2));
    check(t->s, "digest-1");
    t->answers = wrong;
    t->n_answers = 2;
    assert_fails(
        toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "2 models are held by gates or checks");
    for (size_t i = 0; i < 2; i++) {
        assert_false(reachable(t, t->s->want.models[i].spec_fp));
        assert_non_null(map_get(t->s->seen.objects, key_of(t, "versions", i)));
    }
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

/* A model of one's own: what waits is the copy of what was put where it could be called. */
static void a_model_that_was_brought_along(void **state)
{
    static const struct toy_answer wrong[] = {{.model = "m1", .fault = "row 2 is wrong"}};
    struct scene *s = scene_new(*state, false, 2);
    AUTO(toy_close) struct toy *t = toy_new(s);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    struct str old = s->want.models[1].spec_fp;
    check(s, "digest-1");
    change_model(s, 1, 2);
    next_run(t);
    t->answers = wrong;
    t->n_answers = 1;
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "is held by a check: row 2 is wrong");
    assert_true(told(t, "checks: 0 of 1 model passed"));
    assert_false(reachable(t, s->want.models[1].spec_fp));
    assert_str_len(record_find(&s->seen.record, STR("m1"))->live.fp, old);
    const struct seen_object *object = map_get(s->seen.objects, key_of(t, "versions", 1));
    assert_non_null(object);
    assert_str(object->check, "digest-1");
    settled_run(t);

    /* Without the record the object itself knows which checks it did not pass. */
    s->seen.record = (struct record){0};
    next_run(t);
    assert_fails(
        toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err,
        "is held by a check: it did not pass its checks before");
    assert_false(traced(t, "call m1"));
    assert_true(reachable(t, old));
    settled_run(t);
    check(s, "digest-2");
    next_run(t);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_true(traced(t, "call m1"));
    assert_true(reachable(t, s->want.models[1].spec_fp));
    settled_run(t);
}

/* The record names what the spec describes. */
static bool version_published(const struct record_model *recorded, const struct want_model *model)
{
    return recorded != NULL && str_eq(recorded->live.fp, model->spec_fp);
}

/* Both models are new, and neither is called to its end. */
static struct toy *
two_changed(struct arena *arena, bool stable, const struct toy_answer *answers, size_t count)
{
    struct toy *t = deployed(arena, stable, false);
    check(t->s, "digest-1");
    change_model(t->s, 0, 2);
    change_model(t->s, 1, 2);
    next_run(t);
    t->answers = answers;
    t->n_answers = count;
    return t;
}

static void several_that_cannot_be_called(void **state)
{
    static const struct toy_answer denied[] = {
        {.model = "m0", .code = ERR_DENIED, .fault = "sagemaker:InvokeEndpoint is not allowed"},
        {.model = "m1", .code = ERR_DENIED, .fault = "sagemaker:InvokeEndpoint is not allowed"}};
    static const struct {
        bool stable;
        const char *message, *hint;
    } s_cases[] = {
        {false,
         "2 models did not pass their checks; the first: model 'm0' could not be checked and is "
         "not published: sagemaker:InvokeEndpoint is not allowed",
         "run the same command again"},
        {true,
         "2 models did not pass their checks; the first: model 'm0' is published and could not be "
         "checked: sagemaker:InvokeEndpoint is not allowed",
         "'mmectl rollback m0'"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        AUTO(toy_close) struct toy *t = two_changed(*state, s_cases[i].stable, denied, 2);
        assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, s_cases[i].message);
        assert_non_null(strstr(t->err.hint, s_cases[i].hint));
        assert_true(told(t, "checks: 0 of 2 models passed"));
        const struct record_model *m0 = record_find(&t->s->seen.record, STR("m0"));
        assert_int_equal(version_published(m0, &t->s->want.models[0]), s_cases[i].stable);
    }
}

/* Whoever was not called before the interrupt is not published. */
static void interrupted_between_two_calls(void **state)
{
    static const struct toy_answer cancels[] = {{.model = "m0", .cancels = true}};
    AUTO(toy_close) struct toy *t = two_changed(*state, false, cancels, 1);
    assert_int_not_equal(toy_go(t, PLAN_APPLY), ERR_NONE);
    assert_true(traced(t, "call m0"));
    assert_false(traced(t, "call m1"));
    assert_false(
        version_published(record_find(&t->s->seen.record, STR("m1")), &t->s->want.models[1]));
}

/* Nobody can be called: the models wait, and the record goes on naming the old ones. */
static void the_endpoint_does_not_serve_them(void **state)
{
    static const struct toy_script failing[] = {
        {.address = "aws_sagemaker_endpoint.this", .code = ERR_ROLLED_BACK, .message = "no ping"}};
    AUTO(toy_close) struct toy *t = two_changed(*state, false, NULL, 0);
    t->s->want.instance_count = 2;
    t->scripts = failing;
    t->n_scripts = 1;
    assert_fails(toy_go(t, PLAN_APPLY), ERR_ROLLED_BACK, &t->err, "no ping");
    assert_int_equal(t->n_called, 0);
    struct str trace = buf_str(&t->trace), start = STR("start aws_sagemaker_endpoint.this");
    size_t at = str_find(trace, start);
    assert_true(at != SIZE_MAX);
    assert_true(str_find(str_from_index(trace, at + start.len), start) == SIZE_MAX); /* once */
    assert_int_equal(t->report.n_failed, 1);
    assert_str(t->s->seen.record.failed_reason, "no ping");
    for (size_t i = 0; i < 2; i++)
        assert_false(version_published(&t->s->seen.record.models.items[i], &t->s->want.models[i]));
}

/* The bucket cannot be looked at after the calls: the record is not written, the next run is told
 * the same. */
static void the_second_look_fails(void **state)
{
    static const struct toy_answer wrong[] = {{.model = "m0", .fault = "row 1 is wrong"}};
    AUTO(toy_close) struct toy *t = two_changed(*state, false, wrong, 1);
    t->fails_at_observe = t->n_observed + 2;
    assert_fails(toy_go(t, PLAN_APPLY), ERR_TRANSIENT, &t->err, "the bucket does not answer");
    assert_true(traced(t, "call m0"));
    for (size_t i = 0; i < 2; i++)
        assert_false(version_published(&t->s->seen.record.models.items[i], &t->s->want.models[i]));
    next_run(t);
    t->answers = wrong;
    t->n_answers = 1;
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "is held by a check: row 1 is wrong");
    assert_false(version_published(&t->s->seen.record.models.items[0], &t->s->want.models[0]));
    assert_true(version_published(&t->s->seen.record.models.items[1], &t->s->want.models[1]));
    settled_run(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_check_holds_what_answers_wrong),
        WITH_ARENA(none_of_the_first_ones_passes),
        WITH_ARENA(a_check_that_cannot_be_made),
        WITH_ARENA(stable_names_are_checked_after_the_roll),
        WITH_ARENA(a_model_that_was_brought_along),
        WITH_ARENA(several_that_cannot_be_called),
        WITH_ARENA(interrupted_between_two_calls),
        WITH_ARENA(the_endpoint_does_not_serve_them),
        WITH_ARENA(the_second_look_fails)};
    return cmocka_run_group_tests_name("reconcile/run_checks", tests, NULL, NULL);
}
