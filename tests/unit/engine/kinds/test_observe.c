#include "tests/unit/engine/kinds/life.h"

static struct str versioned(struct life *life)
{
    return text_replace(
        life->arena, STR(LIFE_SPEC), "targetModels: stable", "targetModels: versioned");
}

/* The request budget: what a plan costs that finds nothing to do. */
static void an_unchanged_stack_costs_eleven_requests(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    assert_ok(life_plan(life, STR(LIFE_SPEC)), &life->err);
    assert_true(life->empty);
    assert_int_equal(life->requests, 11);
    assert_int_equal(life->mutating, 0);
}

/* What a run is claimed with is older than everything else that was seen. */
static void the_record_is_read_before_anything_else(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_deny(life, "s3:GetObject");
    assert_fails(life_plan(life, STR(LIFE_SPEC)), ERR_DENIED, &life->err, "stack.json");
    /* Who we are, the endpoint's state, the record; and the bucket, which may be what is wrong. */
    assert_int_equal(life->requests, 4);
}

/* A 403 is never taken for absence: neither a plan nor an apply goes on, and nothing is changed. */
static void what_may_not_be_read_is_an_error(void **state)
{
    (void) state;
    static const char *const actions[] = {
        "s3:ListBucket",
        "s3:GetObject",
        "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeEndpointConfig",
        "sagemaker:DescribeModel",
        "sagemaker:ListModels",
        "sagemaker:ListEndpointConfigs",
        "sagemaker:ListTags"};
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    struct str before = life_dump(life);
    struct str changed = text_replace(life->arena, STR(LIFE_SPEC), "max_depth: 2", "max_depth: 5");
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        life_deny(life, actions[i]);
        assert_fails(life_plan(life, STR(LIFE_SPEC)), ERR_DENIED, &life->err, "");
        assert_fails(life_apply(life, changed), ERR_DENIED, &life->err, "");
        if (strstr(life->err.hint, actions[i]) == NULL)
            fail_msg("%s: %s | %s", actions[i], life->err.message, life->err.hint);
        assert_int_equal(life->mutating, 0);
        assert_fails(life_destroy(life, STR(LIFE_SPEC)), ERR_DENIED, &life->err, "");
        assert_int_equal(life->mutating, 0);
        assert_str_len(life_dump(life), before);
    }
    life_allow(life);
    life_settled(life, STR(LIFE_SPEC));
}

static void jobs_that_may_not_be_listed_train_nothing(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    life_deny(life, "sagemaker:ListTrainingJobs");
    assert_fails(life_apply(life, STR(LIFE_SPEC)), ERR_DENIED, &life->err, "");
    assert_int_equal(life->mutating, 0);
    life_deny(life, "sagemaker:DescribeTrainingJob");
    assert_fails(life_apply(life, STR(LIFE_SPEC)), ERR_PARTIAL, &life->err, "");
}

/* What only destroy reads stops only destroy. */
static void what_only_destroy_reads(void **state)
{
    (void) state;
    static const char *const actions[] = {
        "sagemaker:ListTrainingJobs", "logs:DescribeLogGroups", "s3:ListBucketMultipartUploads",
        "s3:GetBucketTagging"};
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        life_deny(life, actions[i]);
        life_settled(life, STR(LIFE_SPEC));
        assert_fails(life_destroy(life, STR(LIFE_SPEC)), ERR_DENIED, &life->err, "");
        assert_int_equal(life->mutating, 0);
    }
}

/* ---- the record ---- */

static void a_lost_or_broken_record_changes_no_plan(void **state)
{
    (void) state;
    static const char *const texts[] = {"", "not json", "{\"format\":1}", "{}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        for (int stable = 0; stable < 2; stable++) {
            AUTO(life_close) struct life *life = life_new();
            struct str text = stable ? STR(LIFE_SPEC) : versioned(life);
            assert_ok(life_apply(life, text), &life->err);
            struct str before = life_dump(life);
            life_put(life, STR("demo/control/stack.json"), str_from(texts[i]));
            assert_ok(life_apply(life, text), &life->err);
            assert_int_equal(life->n_add + life->n_change + life->n_destroy, 0);
            assert_true(life->mutating > 0); /* it is written anew */
            life_settled(life, text);
            assert_str_len(life_dump(life), before);
        }
}

static void a_newer_record_is_refused(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_put(life, STR("demo/control/stack.json"), STR("{\"format\":2}"));
    assert_fails(life_apply(life, STR(LIFE_SPEC)), ERR_REFUSED, &life->err, "has format 2");
    assert_fails(life_destroy(life, STR(LIFE_SPEC)), ERR_REFUSED, &life->err, "has format 2");
    assert_int_equal(life->mutating, 0);
}

/* ---- moves ---- */

static void a_renamed_endpoint(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    struct str renamed =
        text_replace(life->arena, STR(LIFE_SPEC), "    name: demo\n", "    name: renamed\n");
    assert_ok(life_apply(life, renamed), &life->err);
    assert_int_equal(life->n_add, 1);
    assert_int_equal(life->n_destroy, 1);
    const struct json *endpoints = json_get(life_world(life), "endpoints");
    assert_int_equal(endpoints->len, 1);
    assert_str(json_get_str(json_at(endpoints, 0), "name"), "renamed");
    life_settled(life, renamed);
    assert_ok(life_destroy(life, renamed), &life->err);
    assert_int_equal(json_get(life_world(life), "endpoints")->len, 0);
}

static void a_moved_home(void **state)
{
    (void) state;
    static const char *const places[] = {
        "bucket: life-bucket, prefix: moved}", "bucket: other-bucket, prefix: demo}"};
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        for (int stable = 0; stable < 2; stable++) {
            AUTO(life_close) struct life *life = life_new();
            struct str text = stable ? STR(LIFE_SPEC) : versioned(life);
            assert_ok(life_apply(life, text), &life->err);
            life_put(life, STR("demo/notes.txt"), STR("mine"));
            struct str moved =
                text_replace(life->arena, text, "bucket: life-bucket, prefix: demo}", places[i]);
            assert_ok(life_apply(life, moved), &life->err);
            const struct json *bucket = json_at(json_get(life_world(life), "buckets"), 0);
            size_t left = 0;
            JSON_EACH (object, json_get(bucket, "objects")) {
                left += str_starts(json_get_str(object, "key"), STR("demo/"));
            }
            assert_int_equal(left, 1); /* the note */
            assert_int_equal(json_get(life_world(life), "trainingJobs")->len, 2);
            life_settled(life, moved);
            assert_ok(life_destroy(life, moved), &life->err);
        }
}

static void look_twice(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    static const struct want anybody = {0};
    const struct json *listed = json_at(json_get(life_world(life), "trainingJobs"), 0);
    struct seen_job *job = arg;
    (void) aws;
    job->name = json_get_str(listed, "name");
    job->arn = str_fmt(
        life->arena, "arn:aws:sagemaker:us-east-1:" LIFE_ACCOUNT ":training-job/" STR_FMT,
        STR_ARG(job->name));
    for (int look = 0; look < 2; look++) {
        assert_ok(
            r->world->ops->inspect_job(r->world, r->arena, &anybody, job, &life->err), &life->err);
        assert_true(job->inspected);
        assert_int_equal(job->n_metrics, 1);
        assert_str(job->metrics[0].name, "train:logloss");
        assert_str(job->metrics[0].value, "0.5");
    }
}

/* A plan looks at a failed job, and so may what follows it in the same run. */
static void a_job_looked_at_twice_has_its_metrics_once(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct seen_job job = {0};
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_run(life, look_twice, &job);
    assert_int_equal(life->requests, 4); /* the job and its tags, each time */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unchanged_stack_costs_eleven_requests),
        cmocka_unit_test(the_record_is_read_before_anything_else),
        cmocka_unit_test(what_may_not_be_read_is_an_error),
        cmocka_unit_test(jobs_that_may_not_be_listed_train_nothing),
        cmocka_unit_test(what_only_destroy_reads),
        cmocka_unit_test(a_lost_or_broken_record_changes_no_plan),
        cmocka_unit_test(a_newer_record_is_refused),
        cmocka_unit_test(a_renamed_endpoint),
        cmocka_unit_test(a_moved_home),
        cmocka_unit_test(a_job_looked_at_twice_has_its_metrics_once),
    };
    return cmocka_run_group_tests_name("observe", tests, NULL, NULL);
}
