#include "tests/unit/engine/reconcile/toy.h"

static struct toy *toy_deployed(struct arena *arena, bool stable, size_t n_models)
{
    struct toy *t = toy_new(scene_trained(arena, stable, n_models));
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    t->n_observed = t->n_inspected = t->n_inspected_jobs = t->n_listed = 0;
    return t;
}

/* The request budget of a plan that finds nothing to do. */
static void an_unchanged_stack_is_read_once(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        AUTO(toy_close) struct toy *t = toy_deployed(*state, stable == 1, 5);
        assert_ok(toy_plan(t, PLAN_APPLY), &t->err);
        assert_true(plan_is_empty(t->plan));
        assert_int_equal(t->n_observed, 1);
        assert_int_equal(t->n_inspected + t->n_inspected_jobs + t->n_listed, 0);
    }
}

static void what_changed_outside_is_looked_at_once(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        AUTO(toy_close) struct toy *t = toy_deployed(*state, stable == 1, 5);
        for (size_t i = 0; i < 2; i++) {
            struct seen_object *object =
                map_get(t->s->seen.objects, t->s->seen.record.models.items[i].live.key);
            assert_non_null(object);
            object->etag = str_fmt(*state, "\"outside %zu\"", i);
        }
        assert_ok(toy_plan(t, PLAN_APPLY), &t->err);
        assert_int_equal(t->n_inspected, 2);
        /* The content is still ours by its metadata: only the record's hints are stale. */
        assert_true(t->plan->record_only);
    }
}

static void a_lost_record_costs_a_look_at_each_artifact_in_stable_mode(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true, 40);
    t->s->seen.record = (struct record){0};
    int64_t before = t->now_ms;
    assert_ok(toy_plan(t, PLAN_APPLY), &t->err);
    assert_int_equal(t->n_inspected, 40);
    assert_int_equal(t->now_ms - before, 20); /* side by side, 32 at a time */
    assert_true(t->plan->record_only);
    AUTO(toy_close) struct toy *versioned = toy_deployed(*state, false, 40);
    versioned->s->seen.record = (struct record){0};
    assert_ok(toy_plan(versioned, PLAN_APPLY), &versioned->err);
    assert_int_equal(versioned->n_inspected, 0); /* the key says it */
}

static void jobs_are_listed_and_looked_at_when_a_model_is_new(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        AUTO(toy_close) struct toy *t = toy_deployed(*state, stable == 1, 3);
        change_model(t->s, 1, 2);
        put_job(t->s, t->s->want.models[1].job, "Completed", NULL);
        assert_ok(toy_plan(t, PLAN_APPLY), &t->err);
        assert_int_equal(t->n_listed, 1);
        assert_int_equal(t->n_inspected_jobs, 1); /* the one that is needed */
        for (size_t i = 0; i < t->plan->changes.len; i++)
            assert_int_not_equal(t->plan->changes.items[i]->kind, KIND_TRAINING_JOB);
    }
}

static void failures_come_through(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true, 3);
    t->fails_observing = ERR_DENIED;
    assert_fails(toy_plan(t, PLAN_APPLY), ERR_DENIED, &t->err, "s3:ListBucket");
    t->fails_observing = ERR_NONE;
    t->s->seen.record = (struct record){0};
    t->fails_inspecting = ERR_DENIED;
    assert_fails(toy_plan(t, PLAN_APPLY), ERR_DENIED, &t->err, "s3:GetObject");
    t->s->seen.endpoint.owner = OWNER_OTHER;
    assert_fails(toy_plan(t, PLAN_APPLY), ERR_CONFLICT, &t->err, "endpoint 'demo'");
}

/* ---- preflight ---- */

static void preflight_task(void *arg)
{
    struct toy *t = arg;
    t->code = preflight(&t->r, t->plan, &t->err);
}

static enum err_code check(struct toy *t)
{
    assert_ok(toy_plan(t, PLAN_APPLY), &t->err);
    t->trace.len = 0;
    loop_run(t->loop, preflight_task, t);
    return t->code;
}

static void what_would_be_sent_is_checked(void **state)
{
    AUTO(toy_close) struct toy *t = toy_new(scene_trained(*state, false, 1));
    assert_ok(check(t), &t->err);
    assert_str(buf_str(&t->trace), "check train\ncheck validation\n");
    t->s->want.channels[1].source = STR("ragged.csv");
    t->s->want.channels[1].at = (struct srcloc){"spec.yaml", 9, 2};
    assert_fails(check(t), ERR_SPEC, &t->err, "channel 'validation': row 2 has 3 columns");
    assert_int_equal(t->err.at.line, 9); /* of the spec, not of the data */
    t->s->want.channels[1].source = STR("validation.csv");
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_ok(check(t), &t->err);
    assert_str(buf_str(&t->trace), ""); /* it is there already */
}

static void weights_in_csv_are_known(void **state)
{
    static struct want_pair weights[] = {{STR_INIT("csv_weights"), STR_INIT("1")}};
    AUTO(toy_close) struct toy *t = toy_new(scene_trained(*state, false, 1));
    t->s->want.models[0].hyperparameters = weights;
    t->s->want.models[0].n_hyperparameters = 1;
    assert_ok(check(t), &t->err);
    assert_str(buf_str(&t->trace), "check weighted train\ncheck weighted validation\n");
}

static void channels_are_checked_for_training_here(void **state)
{
    AUTO(toy_close) struct toy *t = toy_new(scene_trained(*state, false, 2));
    t->s->want.trains_here = true;
    assert_ok(check(t), &t->err);
    assert_str(buf_str(&t->trace), "check train\ncheck validation\n"); /* once for all models */
    t->s->want.channels[0].source = STR("ragged.csv");
    assert_fails(check(t), ERR_SPEC, &t->err, "channel 'train': row 2");
}

/* Each of them once; what is parted was checked then. */
static void channels_of_sets_are_checked_for_training_here(void **state)
{
    AUTO(toy_close) struct toy *t = toy_new(scene_trained(*state, false, 3));
    struct scene *s = t->s;
    s->want.trains_here = true;
    struct want_channel own = s->want.channels[0], part = s->want.channels[0];
    struct split split = {0};
    own.name = STR("own");
    part.name = STR("part");
    part.split = &split;
    s->want.models[0].channels = s->want.models[1].channels = &own;
    s->want.models[2].channels = &part;
    for (size_t i = 0; i < 3; i++)
        s->want.models[i].n_channels = 1;
    assert_ok(check(t), &t->err);
    assert_str(buf_str(&t->trace), "check own\n");
    own.source = STR("ragged.csv");
    assert_fails(check(t), ERR_SPEC, &t->err, "channel 'own': row 2");
    s->want.trains_here = false;
    s->want.models[0].channels = s->want.models[1].channels = &part;
    assert_ok(check(t), &t->err);
    assert_str(buf_str(&t->trace), "");
}

static void own_artifacts_are_checked_when_they_are_sent(void **state)
{
    AUTO(toy_close) struct toy *t = toy_new(scene_new(*state, true, 2));
    assert_ok(check(t), &t->err);
    assert_str(buf_str(&t->trace), "check m0\ncheck m1\n");
    t->s->want.models[1].source = STR("broken.tar.gz");
    t->s->want.models[1].at = (struct srcloc){"spec.yaml", 12, 5};
    assert_fails(check(t), ERR_SPEC, &t->err, "model 'm1': it is no tar.gz");
    assert_int_equal(t->err.at.line, 12);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    change_model(t->s, 0, 2);
    assert_ok(check(t), &t->err);
    assert_str(buf_str(&t->trace), "check m0\n"); /* the other one is copied inside the bucket */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(an_unchanged_stack_is_read_once),
        WITH_ARENA(what_changed_outside_is_looked_at_once),
        WITH_ARENA(a_lost_record_costs_a_look_at_each_artifact_in_stable_mode),
        WITH_ARENA(jobs_are_listed_and_looked_at_when_a_model_is_new),
        WITH_ARENA(failures_come_through),
        WITH_ARENA(what_would_be_sent_is_checked),
        WITH_ARENA(weights_in_csv_are_known),
        WITH_ARENA(channels_are_checked_for_training_here),
        WITH_ARENA(channels_of_sets_are_checked_for_training_here),
        WITH_ARENA(own_artifacts_are_checked_when_they_are_sent),
    };
    return cmocka_run_group_tests_name("observe", tests, NULL, NULL);
}
