#include "tests/unit/engine/reconcile/scene.h"

/* A stack that has been applied, with all that AWS adds by itself. */
static struct scene *deployed(struct arena *arena, bool stable)
{
    struct scene *s = scene_trained(arena, stable, 2);
    s->seen.jobs_listed = true;
    plan_ok(s, 10, 0, 0);
    arrive(s);
    s->seen.log_group = true;
    /* Destroy reads neither models nor channels of the spec. */
    s->want.n_models = s->want.n_channels = 0;
    return s;
}

static void destroyed(struct scene *s)
{
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    plan_counts(s, 0, 0, 0);
}

static void everything_of_ours_goes(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = deployed(*state, stable == 1);
        assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
        /* bucket, 2 data, 2 artifacts, 2 outputs, 2 jobs, model, config, endpoint, log group */
        plan_counts(s, 0, 0, 13);
        assert_true(s->plan->record_only);
        for (size_t i = 0; i < s->plan->changes.len; i++) {
            assert_int_equal(s->plan->changes.items[i]->action, ACTION_DELETE);
            assert_int_equal(s->plan->changes.items[i]->reason, REASON_DESTROY);
        }
        assert_str(must_find(s, KIND_MODEL, ACTION_DELETE)->address, "aws_sagemaker_model.this");
        assert_str(
            must_find(s, KIND_ARTIFACT, ACTION_DELETE)->address, "aws_s3_object.model[\"m0\"]");
        assert_str(
            must_find(s, KIND_DATA, ACTION_DELETE)->address,
            "aws_s3_object.data[\"11111111/train.csv\"]");
        arrive(s);
        assert_int_equal(map_len(s->seen.objects), 0);
        assert_int_equal(s->seen.models.len + s->seen.configs.len + s->seen.jobs.len, 0);
        assert_false(s->seen.endpoint.present || s->seen.bucket.present || s->seen.log_group);
        s->seen.record = (struct record){0};
        destroyed(s);
        assert_true(plan_is_empty(s->plan));
    }
}

static void the_reverse_of_the_order_it_was_made_in(void **state)
{
    struct scene *s = deployed(*state, true);
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    const struct change *endpoint = must_find(s, KIND_ENDPOINT, ACTION_DELETE);
    const struct change *job = must_find(s, KIND_TRAINING_JOB, ACTION_DELETE);
    static const enum kind_id after_endpoint[] = {
        KIND_ENDPOINT_CONFIG, KIND_MODEL, KIND_ARTIFACT, KIND_DATA, KIND_OUTPUT, KIND_LOG_GROUP};
    for (size_t i = 0; i < ARRAY_LEN(after_endpoint); i++)
        assert_true(waits_for(must_find(s, after_endpoint[i], ACTION_DELETE), endpoint));
    assert_true(waits_for(must_find(s, KIND_OUTPUT, ACTION_DELETE), job));
    const struct change *bucket = must_find(s, KIND_BUCKET, ACTION_DELETE);
    assert_ptr_equal(s->plan->changes.items[s->plan->changes.len - 1], bucket);
    assert_int_equal(bucket->n_needs, s->plan->changes.len - 1);
}

static void nothing_is_there(void **state)
{
    struct scene *s = scene_new(*state, false, 0);
    destroyed(s);
    assert_true(plan_is_empty(s->plan));
    /* A record alone is the trace of an unfinished destroy. */
    s->seen.record = (struct record){.present = true, .uid = s->want.uid};
    destroyed(s);
    assert_false(plan_is_empty(s->plan));
}

static void jobs_are_looked_at_first(void **state)
{
    struct scene *s = deployed(*state, false);
    s->seen.jobs.items[1].inspected = false;
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    assert_int_equal(s->gaps.jobs.len, 1);
    s->seen.jobs.items[1].inspected = true;
    s->seen.jobs.items[1].owner = OWNER_OTHER; /* of our name, and somebody else's */
    s->seen.jobs.items[0].status = STR("InProgress");
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    plan_counts(s, 0, 0, 12);
    const struct training_plan *subject = must_find(s, KIND_TRAINING_JOB, ACTION_DELETE)->subject;
    assert_true(subject->attach); /* it is to be stopped first */
    assert_str_len(subject->job, s->seen.jobs.items[0].name);
}

static void foreign_things_stay(void **state)
{
    struct scene *s = deployed(*state, false);
    put_text(s, "demo/notes.txt", OWNER_UNKNOWN); /* not of our grammar: nobody asks */
    put_text(s, "demo/training/other/output/model.tar.gz", OWNER_UNKNOWN);
    put_text(s, "demo/models/0123456789/m9.tar.gz", OWNER_OTHER);
    put_text(s, "demo/data/" SAMPLE_ARTIFACT_SHA "/x.csv", OWNER_OTHER);
    *VEC_PUSH(*state, &s->seen.models) = (struct seen_thing){
        .present = true, .name = STR("demo-abcdefgh-m-0123456789ab"), .owner = OWNER_OTHER};
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    plan_counts(s, 0, 0, 12);
    assert_int_equal(s->plan->n_foreign, 4);
    assert_null(find(s, KIND_BUCKET, ACTION_DELETE)); /* it holds something of somebody */
    size_t before = map_len(s->seen.objects);
    arrive(s);
    assert_int_equal(map_len(s->seen.objects), 4);
    assert_int_equal(before, 10);
    assert_int_equal(s->seen.models.len, 1);
}

static void unknown_owners_are_asked_for(void **state)
{
    struct scene *s = deployed(*state, false);
    put_text(s, "demo/models/0123456789/m9.tar.gz", OWNER_UNKNOWN);
    put_text(s, "demo/data/" SAMPLE_ARTIFACT_SHA "/x.csv", OWNER_UNKNOWN);
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    assert_int_equal(s->gaps.objects.len, 2);
}

static void buckets_that_stay(void **state)
{
    struct scene *s = deployed(*state, false);
    s->seen.bucket.ours = false;
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    assert_null(find(s, KIND_BUCKET, ACTION_DELETE));
    s->seen.bucket.ours = true;
    s->want.bucket_is_default = true;
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    assert_null(find(s, KIND_BUCKET, ACTION_DELETE));
}

static void a_log_group_is_tried_with_its_endpoint_and_counted_when_seen(void **state)
{
    struct scene *s = deployed(*state, false);
    s->seen.log_group = false;
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    plan_counts(s, 0, 0, 12);
    const struct change *logs = must_find(s, KIND_LOG_GROUP, ACTION_DELETE);
    assert_str(logs->old_name, "/aws/sagemaker/Endpoints/demo");
    remove_endpoint(s, STR("demo"));
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    assert_null(find(s, KIND_LOG_GROUP, ACTION_DELETE));
    s->seen.log_group = true; /* SageMaker made it again */
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    assert_non_null(find(s, KIND_LOG_GROUP, ACTION_DELETE));
}

static void what_an_unfinished_apply_left_goes_by_its_name(void **state)
{
    struct scene *s = deployed(*state, true);
    *VEC_PUSH(*state, &s->seen.configs) = (struct seen_thing){
        .present = true, .name = STR("demo-abcdefgh-c-0123456789ab"), .owner = OWNER_US};
    put_object(s, STR("demo/models/0123456789/m9.tar.gz"), STR("f"));
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    plan_counts(s, 0, 0, 15);
    bool config = false, artifact = false;
    for (size_t i = 0; i < s->plan->changes.len; i++) {
        struct str address = s->plan->changes.items[i]->address;
        config =
            config || str_eq_z(
                          address, "aws_sagemaker_endpoint_configuration.this[\"demo-abcdefgh-c-"
                                   "0123456789ab\"]");
        artifact = artifact || str_eq_z(address, "aws_s3_object.model[\"0123456789/m9\"]");
    }
    assert_true(config && artifact);
}

static void protection(void **state)
{
    static const struct {
        bool spec, tag, record;
        const char *part;
    } cases[] = {
        {true, false, false, "its endpoint has 'protect: true'"},
        {false, true, false, "its endpoint has 'protect: true'"}, /* the spec's is taken out */
        {false, false, true, "model 'm1' has 'protect: true'"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene *s = deployed(*state, false);
        s->want.protect = cases[i].spec;
        s->seen.endpoint.protect = cases[i].tag;
        s->seen.record.models.items[1].protect = cases[i].record;
        guarded(s, PLAN_DESTROY, cases[i].part);
        assert_non_null(strstr(s->err.hint, "--allow-destroy=demo"));
        s->options.allow_destroy = STR("dem");
        guarded(s, PLAN_DESTROY, cases[i].part);
        s->options.allow_destroy = STR("demo");
        assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
        plan_counts(s, 0, 0, 13);
        assert_int_equal(s->plan->guards.len, 0);
    }
}

static void foreign_stacks_are_refused(void **state)
{
    struct scene *s = deployed(*state, false);
    s->seen.endpoint.owner = OWNER_OTHER;
    assert_fails(plan_as(s, PLAN_DESTROY), ERR_CONFLICT, &s->err, "endpoint 'demo' exists");
    s->seen.endpoint.owner = OWNER_US;
    s->seen.record.uid = STR("zzzzzzzz");
    assert_fails(plan_as(s, PLAN_DESTROY), ERR_CONFLICT, &s->err, "belongs to another stack");
}

/* A bucket with versioning keeps what is deleted, and costs on. */
static void old_versions_are_told_of(void **state)
{
    for (int versioned = 0; versioned < 2; versioned++) {
        struct scene *s = deployed(*state, false);
        s->seen.bucket.versioned = versioned == 1;
        assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
        bool warned = false;
        for (size_t i = 0; i < s->plan->warnings.len; i++)
            warned = warned || str_find(
                                   s->plan->warnings.items[i].message,
                                   STR("bucket 'bucket' is versioned: the ")) == 0;
        assert_int_equal(warned, versioned == 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(everything_of_ours_goes),
        WITH_ARENA(old_versions_are_told_of),
        WITH_ARENA(the_reverse_of_the_order_it_was_made_in),
        WITH_ARENA(nothing_is_there),
        WITH_ARENA(jobs_are_looked_at_first),
        WITH_ARENA(foreign_things_stay),
        WITH_ARENA(unknown_owners_are_asked_for),
        WITH_ARENA(buckets_that_stay),
        WITH_ARENA(a_log_group_is_tried_with_its_endpoint_and_counted_when_seen),
        WITH_ARENA(what_an_unfinished_apply_left_goes_by_its_name),
        WITH_ARENA(protection),
        WITH_ARENA(foreign_stacks_are_refused),
    };
    return cmocka_run_group_tests_name("planner_destroy", tests, NULL, NULL);
}
