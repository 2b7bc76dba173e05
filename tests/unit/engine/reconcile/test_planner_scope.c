#include "tests/unit/engine/reconcile/scene.h"

static struct scene *settle(struct scene *s)
{
    assert_ok(plan(s), &s->err);
    arrive(s);
    settled(s);
    return s;
}

static void target(struct scene *s, const char *address)
{
    struct str *copy = ARENA_NEW(s->arena, struct str);
    *copy = str_from(address);
    s->options.targets = copy;
    s->options.n_targets = address != NULL ? 1 : 0;
}

static void replace(struct scene *s, const char *address)
{
    struct str *copy = ARENA_NEW(s->arena, struct str);
    *copy = str_from(address);
    s->options.replaces = copy;
    s->options.n_replaces = address != NULL ? 1 : 0;
}

static struct change *planned(const struct scene *s, const char *address)
{
    for (size_t i = 0; i < s->plan->changes.len; i++)
        if (str_eq_z(s->plan->changes.items[i]->address, address) &&
            !s->plan->changes.items[i]->removal_half)
            return s->plan->changes.items[i];
    return NULL;
}

/* ---- targets ---- */

static void one_model_of_a_new_stack(void **state)
{
    struct scene *s = scene_trained(*state, false, 3);
    s->seen.jobs_listed = true;
    target(s, "aws_s3_object.model[\"m1\"]");
    plan_ok(s, 5, 0, 0); /* the bucket, two data objects, its job, its artifact */
    assert_true(s->plan->targeted);
    assert_int_equal(s->plan->aside.len, 3); /* model, config, endpoint */
    assert_true(s->plan->endpoint_aside);
    assert_int_equal(s->plan->warnings.len, 1);
    assert_true(
        str_starts(s->plan->warnings.items[0].message, STR("Resource targeting is in effect")));
    arrive(s);
    assert_int_equal(s->seen.record.models.len, 1);
    assert_str(s->seen.record.models.items[0].name, "m1");
    target(s, NULL);
    plan_ok(s, 7, 0, 0); /* the rest */
    arrive(s);
    settled(s);
    assert_int_equal(s->plan->warnings.len, 0);
}

static void the_endpoint_needs_everything(void **state)
{
    struct scene *s = scene_trained(*state, true, 2);
    s->seen.jobs_listed = true;
    target(s, "aws_sagemaker_endpoint.this");
    plan_ok(s, 10, 0, 0);
    assert_int_equal(s->plan->aside.len, 0);
}

/* Versioned: the one changes, the others stay published as they are. */
static void one_of_several_changed_models(void **state)
{
    struct scene *s = settle(scene_new(*state, false, 3));
    struct str before = s->seen.record.models.items[0].live.fp;
    change_model(s, 0, 2);
    change_model(s, 1, 2);
    target(s, "aws_s3_object.model[\"m1\"]");
    plan_ok(s, 1, 0, 0);
    arrive(s);
    assert_int_equal(s->seen.record.models.len, 3);
    assert_str_len(record_find(&s->seen.record, STR("m0"))->live.fp, before);
    assert_str_len(record_find(&s->seen.record, STR("m1"))->live.fp, s->want.models[1].fp);
    assert_ok(plan(s), &s->err); /* what was meant is done */
    assert_true(plan_is_empty(s->plan));
    target(s, NULL);
    plan_ok(s, 1, 0, 0);
    arrive(s);
    settled(s);
}

/* An unpublished artifact of a model that is not meant is not published on the way. */
static void what_a_killed_run_uploaded_stays_unpublished(void **state)
{
    struct scene *s = settle(scene_new(*state, false, 2));
    struct str before = s->seen.record.models.items[0].live.fp;
    change_model(s, 0, 2);
    change_model(s, 1, 2);
    put_object(
        s, key_versioned(*state, &s->want, STR("m0"), s->want.models[0].fp), s->want.models[0].fp);
    target(s, "aws_s3_object.model[\"m1\"]");
    assert_ok(plan(s), &s->err);
    arrive(s);
    assert_str_len(record_find(&s->seen.record, STR("m0"))->live.fp, before);
}

/* Without a record, what is there under the wanted key is what is published. */
static void without_a_record(void **state)
{
    struct scene *s = settle(scene_new(*state, false, 2));
    s->seen.record = (struct record){0};
    change_model(s, 1, 2);
    target(s, "aws_s3_object.model[\"m1\"]");
    assert_ok(plan(s), &s->err);
    assert_null(find(s, KIND_ARTIFACT, ACTION_DELETE));
    arrive(s);
    assert_int_equal(s->seen.record.models.len, 2);
}

/* Stable: changed content needs a new generation; the others go along as they are. */
static void one_of_several_in_a_new_generation(void **state)
{
    struct scene *s = settle(scene_new(*state, true, 3));
    struct str before = s->seen.record.models.items[0].live.fp;
    change_model(s, 0, 2);
    change_model(s, 1, 2);
    target(s, "aws_s3_object.model[\"m1\"]");
    plan_ok(s, 3, 3, 3); /* its artifact, model, config; two copies, the endpoint */
    assert_int_equal(s->plan->aside.len, 0);
    arrive(s);
    assert_str_len(record_find(&s->seen.record, STR("m0"))->live.fp, before);
    assert_str_len(record_find(&s->seen.record, STR("m1"))->live.fp, s->want.models[1].fp);
    target(s, NULL);
    plan_ok(s, 3, 3, 3);
    arrive(s);
    settled(s);
}

static void a_removal_alone(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = settle(scene_new(*state, stable == 1, 4));
        s->want.n_models = 2;
        target(s, "aws_s3_object.model[\"m3\"]");
        plan_ok(s, 0, 0, 1);
        assert_int_equal(s->plan->aside.len, 1);
        arrive(s);
        /* m2 is still there, and still known. */
        assert_int_equal(s->seen.record.models.len, 3);
        assert_non_null(record_find(&s->seen.record, STR("m2")));
        target(s, NULL);
        plan_ok(s, 0, 0, 1);
        arrive(s);
        settled(s);
        assert_int_equal(s->seen.record.models.len, 2);
    }
}

/* A protected model that is out of the spec and not meant by this run is no refusal. */
static void a_protected_model_that_waits(void **state)
{
    struct scene *s = settle(scene_new(*state, false, 3));
    s->seen.record.models.items[2].protect = true;
    s->want.n_models = 2;
    change_model(s, 0, 2);
    target(s, "aws_s3_object.model[\"m0\"]");
    plan_ok(s, 1, 0, 0);
    assert_int_equal(s->plan->guards.len, 0);
    target(s, "aws_s3_object.model[\"m2\"]");
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->plan->guards.len, 1);
}

static void many_by_a_pattern(void **state)
{
    struct scene *s = settle(scene_new(*state, false, 12));
    for (size_t i = 0; i < 12; i++)
        change_model(s, i, 2);
    target(s, "aws_s3_object.model[\"m1*\"]");
    plan_ok(s, 3, 0, 0); /* m1, m10, m11 */
    target(s, "aws_s3_object.model");
    plan_ok(s, 12, 0, 0);
}

static void an_endpoint_that_waits(void **state)
{
    struct scene *s = settle(scene_new(*state, false, 2));
    s->want.instance_type = STR("ml.c5.xlarge");
    s->seen.record.failed_config = STR("some-config");
    change_model(s, 0, 2);
    target(s, "aws_s3_object.model[\"m0\"]");
    plan_ok(s, 1, 0, 0);
    assert_true(str_is_null(s->plan->note_roll));
    assert_str(s->plan->instance_type, "ml.m5.large"); /* of the cost line */
    assert_int_equal(s->plan->aside.len, 3);           /* the config, the old one, the endpoint */
}

/* A rolled-back config is remembered though this run does not look at the endpoint. */
static void a_failure_is_not_forgotten(void **state)
{
    struct scene *s = settle(scene_new(*state, false, 2));
    s->want.instance_type = STR("ml.c5.xlarge");
    assert_ok(plan(s), &s->err);
    const struct plan_context *context = s->plan->context;
    s->seen.record.failed_config = context->wanted_config;
    s->seen.record.failed_reason = STR("insufficient capacity of something");
    change_model(s, 0, 2);
    s->options.retry_failed = true;
    target(s, "aws_s3_object.model[\"m0\"]");
    plan_ok(s, 1, 0, 0);
    arrive(s);
    assert_str_len(s->seen.record.failed_config, context->wanted_config);
}

static void nothing_to_do_for_the_target(void **state)
{
    struct scene *s = settle(scene_new(*state, false, 2));
    change_model(s, 0, 2);
    target(s, "aws_s3_object.model[\"m1\"]");
    plan_ok(s, 0, 0, 0);
    assert_true(plan_is_empty(s->plan));
    target(s, "aws_s3_bucket.this");
    plan_ok(s, 0, 0, 0);
    assert_true(plan_is_empty(s->plan));
}

static void only_training(void **state)
{
    struct scene *s = scene_trained(*state, false, 2);
    s->seen.jobs_listed = true;
    target(s, "aws_sagemaker_training_job.model[\"m0\"]");
    plan_ok(s, 4, 0, 0);
    assert_non_null(planned(s, "aws_sagemaker_training_job.model[\"m0\"]"));
    arrive(s);
    assert_int_equal(s->seen.record.models.len, 0); /* nothing is published */
}

static void unknown_addresses(void **state)
{
    static const struct {
        const char *address, *hint;
    } cases[] = {
        {"aws_s3_object.model[\"mm\"]", "did you mean 'aws_s3_object.model[\"m0\"]'?"},
        {"aws_s3_object.modle[\"m1\"]", "did you mean 'aws_s3_object.model[\"m1\"]'?"},
        {"aws_sagemaker_endpiont.this", "did you mean 'aws_sagemaker_endpoint.this'?"},
        {"aws_s3_object.data[\"tain\"]", "did you mean 'aws_s3_object.data[\"train\"]'?"},
        {"m1", "did you mean '"},
    };
    struct scene *s = scene_trained(*state, false, 2);
    s->seen.jobs_listed = true;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (int replaces = 0; replaces < 2; replaces++) {
            target(s, replaces ? NULL : cases[i].address);
            replace(s, replaces ? cases[i].address : NULL);
            s->err = (struct err){0};
            assert_fails(plan(s), ERR_USAGE, &s->err, "stack 'demo' has no '");
            if (strstr(s->err.hint, cases[i].hint) == NULL)
                fail_msg("%s: %s", cases[i].address, s->err.hint);
        }
}

static void destroy_is_whole(void **state)
{
    struct scene *s = settle(scene_new(*state, false, 2));
    target(s, "aws_s3_object.model[\"m0\"]");
    assert_fails(plan_as(s, PLAN_DESTROY), ERR_USAGE, &s->err, "whole stack");
}

/* ---- replacements ---- */

static void an_artifact_again(void **state)
{
    struct scene *s = settle(scene_new(*state, true, 2));
    replace(s, "aws_s3_object.model[\"m0\"]");
    plan_ok(s, 3, 2, 3);
    const struct change *change = planned(s, "aws_s3_object.model[\"m0\"]");
    assert_int_equal(change->action, ACTION_REPLACE);
    assert_int_equal(change->reason, REASON_REQUESTED);
    assert_int_equal(((const struct artifact_plan *) change->subject)->source, ARTIFACT_UPLOAD);
    assert_string_equal(change_phrase(change), "will be replaced, as requested");
    arrive(s);
    replace(s, NULL);
    settled(s);
}

static void a_training_again(void **state)
{
    struct scene *s = scene_trained(*state, true, 2);
    s->seen.jobs_listed = true;
    settle(s);
    s->seen.jobs_listed = true;
    replace(s, "aws_s3_object.model[\"m0\"]"); /* its job's output is still there */
    plan_ok(s, 3, 2, 3);
    assert_null(find(s, KIND_TRAINING_JOB, ACTION_CREATE));
    replace(s, "aws_sagemaker_training_job.model[\"m0\"]");
    plan_ok(s, 4, 2, 3);
    const struct training_plan *training = must_find(s, KIND_TRAINING_JOB, ACTION_CREATE)->subject;
    assert_int_equal(training->attempt, 2);
    /* Planned again in the same run, after the job: published from it, not trained a third time. */
    put_job(s, name_job_attempt(*state, s->want.models[0].job, 2), "Completed", NULL);
    s->want.models[0].retrained = true;
    plan_ok(s, 3, 2, 3);
    const struct artifact_plan *artifact = planned(s, "aws_s3_object.model[\"m0\"]")->subject;
    assert_str_len(artifact->job, name_job_attempt(*state, s->want.models[0].job, 2));
    arrive(s);
    s->want.models[0].retrained = false;
    replace(s, NULL);
    settled(s);
}

static void training_here_again(void **state)
{
    struct scene *s = scene_trained(*state, true, 2);
    s->want.trains_here = true;
    s->want.n_channels = 0;
    settle(s);
    replace(s, "mmectl_local_training.model[\"m0\"]");
    plan_ok(s, 3, 2, 3);
    must_find(s, KIND_LOCAL_TRAINING, ACTION_CREATE);
}

static void a_versioned_key_is_never_overwritten(void **state)
{
    struct scene *s = settle(scene_new(*state, false, 2));
    replace(s, "aws_s3_object.model[\"m0\"]");
    assert_fails(
        plan(s), ERR_USAGE, &s->err,
        "model 'm0' cannot be replaced by the same: its key 'demo/models/m0--");
    assert_non_null(strstr(s->err.hint, "targetModels: stable"));
    change_model(s, 0, 2); /* it is made anyway */
    plan_ok(s, 1, 0, 0);
}

static void data_again(void **state)
{
    struct scene *s = scene_trained(*state, false, 1);
    s->seen.jobs_listed = true;
    settle(s);
    replace(s, "aws_s3_object.data[\"train\"]");
    plan_ok(s, 1, 0, 1);
    const struct change *change = must_find(s, KIND_DATA, ACTION_REPLACE);
    assert_int_equal(change->reason, REASON_REQUESTED);
    assert_int_equal(((const struct object_plan *) change->subject)->n_objects, 1);
}

static void an_endpoint_again(void **state)
{
    struct scene *s = settle(scene_new(*state, false, 2));
    replace(s, "aws_sagemaker_endpoint.this");
    plan_ok(s, 1, 0, 1);
    const struct change *change = must_find(s, KIND_ENDPOINT, ACTION_REPLACE);
    assert_true(change->delete_first);
    assert_true(((const struct endpoint_plan *) change->subject)->recreate);
    assert_str(change->note, "it does not answer until the new one is InService");
    /* One that is not there is made, not replaced. */
    remove_endpoint(s, s->want.endpoint);
    plan_ok(s, 1, 0, 0);
}

static void what_cannot_be_replaced(void **state)
{
    static const char *const addresses[] = {
        "aws_s3_bucket.this", "aws_sagemaker_model.this",
        "aws_sagemaker_endpoint_configuration.this"};
    struct scene *s = settle(scene_new(*state, false, 2));
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        replace(s, addresses[i]);
        s->err = (struct err){0};
        assert_fails(plan(s), ERR_USAGE, &s->err, "cannot be replaced: ");
        assert_non_null(strstr(s->err.message, addresses[i]));
        assert_true(s->err.hint[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(one_model_of_a_new_stack),
        WITH_ARENA(the_endpoint_needs_everything),
        WITH_ARENA(one_of_several_changed_models),
        WITH_ARENA(what_a_killed_run_uploaded_stays_unpublished),
        WITH_ARENA(without_a_record),
        WITH_ARENA(one_of_several_in_a_new_generation),
        WITH_ARENA(a_removal_alone),
        WITH_ARENA(a_protected_model_that_waits),
        WITH_ARENA(many_by_a_pattern),
        WITH_ARENA(an_endpoint_that_waits),
        WITH_ARENA(a_failure_is_not_forgotten),
        WITH_ARENA(nothing_to_do_for_the_target),
        WITH_ARENA(only_training),
        WITH_ARENA(unknown_addresses),
        WITH_ARENA(destroy_is_whole),
        WITH_ARENA(an_artifact_again),
        WITH_ARENA(a_training_again),
        WITH_ARENA(training_here_again),
        WITH_ARENA(a_versioned_key_is_never_overwritten),
        WITH_ARENA(data_again),
        WITH_ARENA(an_endpoint_again),
        WITH_ARENA(what_cannot_be_replaced),
    };
    return cmocka_run_group_tests_name("planner_scope", tests, NULL, NULL);
}
