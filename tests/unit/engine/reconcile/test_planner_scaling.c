#include "tests/unit/engine/reconcile/scene.h"

#define OTHERS_POLICY \
    "{\"PolicyName\":\"theirs\",\"PolicyType\":\"TargetTrackingScaling\"," \
    "\"TargetTrackingScalingPolicyConfiguration\":{\"TargetValue\":70," \
    "\"PredefinedMetricSpecification\":{\"PredefinedMetricType\":\"%s\"}}}"

static void want_scaling(struct scene *s, int64_t min, int64_t max, int64_t target)
{
    struct want_scaling *scaling = ARENA_NEW(s->arena, struct want_scaling);
    *scaling = (struct want_scaling){
        .min = min,
        .max = max,
        .target = target,
        .in_cooldown_s = 300,
        .out_cooldown_s = 60,
        .at = {"mme.yaml", 7, 5}};
    s->want.scaling = scaling;
}

/* Deployed and scaling: bucket, artifact, model, config, endpoint, target, policy. */
static struct scene *scaled(struct arena *arena)
{
    struct scene *s = scene_new(arena, true, 1);
    want_scaling(s, 1, 4, 1000);
    plan_ok(s, 7, 0, 0);
    arrive(s);
    return s;
}

static void put_others_policy(struct scene *s, const char *metric)
{
    struct json *policy = NULL;
    struct err err = {0};
    char text[512];
    snprintf(text, sizeof(text), OTHERS_POLICY, metric);
    assert_ok(json_parse(s->arena, str_dup(s->arena, str_from(text)), KIB(4), &policy, &err), &err);
    put_policy(s, policy);
    s->seen.scaling.present = true;
}

static void target_and_policy_after_the_endpoint(void **state)
{
    struct scene *s = scene_new(*state, true, 1);
    want_scaling(s, 2, 4, 1000);
    plan_ok(s, 7, 0, 0);
    const struct change *endpoint = must_find(s, KIND_ENDPOINT, ACTION_CREATE);
    const struct change *target = must_find(s, KIND_SCALING_TARGET, ACTION_CREATE);
    const struct change *policy = must_find(s, KIND_SCALING_POLICY, ACTION_CREATE);
    assert_true(waits_for(target, endpoint) && waits_for(policy, target));
    assert_str(target->address, "aws_appautoscaling_target.this");
    assert_str(target->name, "endpoint/demo/variant/AllTraffic");
    assert_str(policy->address, "aws_appautoscaling_policy.this");
    assert_str(policy->name, "demo-abcdefgh-s");
    assert_false(((const struct endpoint_plan *) endpoint->subject)->unscale);
    arrive(s);
    plan_ok(s, 0, 0, 0);
    assert_true(plan_is_empty(s->plan));
}

static void one_of_the_two_changes(void **state)
{
    struct scene *s = scaled(*state);
    want_scaling(s, 1, 6, 1000);
    plan_ok(s, 0, 1, 0);
    assert_int_equal(must_find(s, KIND_SCALING_TARGET, ACTION_UPDATE)->reason, REASON_NONE);
    arrive(s);
    want_scaling(s, 1, 6, 500);
    plan_ok(s, 0, 1, 0);
    const struct change *policy = must_find(s, KIND_SCALING_POLICY, ACTION_UPDATE);
    assert_int_equal(policy->n_diffs, 1);
    assert_str(
        policy->diffs[0].path, "target_tracking_scaling_policy_configuration.0.target_value");
    assert_null(find(s, KIND_ENDPOINT, ACTION_UPDATE));
    arrive(s);
    plan_ok(s, 0, 0, 0);
}

/* What AWS fills in is no difference; what a person changed is, and is told as theirs. */
static void changed_outside(void **state)
{
    struct scene *s = scaled(*state);
    struct json *policy = json_copy(*state, json_at(s->seen.scaling.policies, 0));
    struct json *tracking =
        json_copy(*state, json_get(policy, "TargetTrackingScalingPolicyConfiguration"));
    json_put(*state, tracking, "DisableScaleIn", json_bool(*state, false));
    json_put(
        *state, policy, "TargetTrackingScalingPolicyConfiguration", json_copy(*state, tracking));
    json_put(*state, policy, "Alarms", json_array(*state));
    remove_policy(s, STR("demo-abcdefgh-s"));
    put_policy(s, policy);
    plan_ok(s, 0, 0, 0);
    s->seen.scaling.max = 40;
    plan_ok(s, 0, 1, 0);
    assert_int_equal(
        must_find(s, KIND_SCALING_TARGET, ACTION_UPDATE)->reason, REASON_CHANGED_OUTSIDE);
    assert_int_equal(s->plan->drift.len, 1);
    assert_int_equal(s->plan->drift.items[0]->kind, KIND_SCALING_TARGET);
    assert_int_equal(s->plan->drift.items[0]->action, ACTION_UPDATE);
    json_put(*state, tracking, "DisableScaleIn", json_bool(*state, true));
    s->seen.scaling.max = 4;
    remove_policy(s, STR("demo-abcdefgh-s"));
    json_put(
        *state, policy, "TargetTrackingScalingPolicyConfiguration", json_copy(*state, tracking));
    put_policy(s, policy);
    plan_ok(s, 0, 1, 0);
    assert_int_equal(
        must_find(s, KIND_SCALING_POLICY, ACTION_UPDATE)->reason, REASON_CHANGED_OUTSIDE);
}

static void deregistered_outside(void **state)
{
    struct scene *s = scaled(*state);
    s->seen.scaling = (struct seen_scaling){0};
    plan_ok(s, 2, 0, 0);
    assert_int_equal(s->plan->drift.len, 2);
    assert_int_equal(s->plan->drift.items[0]->action, ACTION_DELETE);
    assert_str(s->plan->drift.items[0]->old_name, "endpoint/demo/variant/AllTraffic");
    arrive(s);
    plan_ok(s, 0, 0, 0);
}

/* The count belongs to scaling; the type cannot change while the variant is registered. */
static void endpoint_that_rolls(void **state)
{
    struct scene *s = scaled(*state);
    s->want.instance_count = 3;
    plan_ok(s, 1, 1, 1);
    const struct endpoint_plan *subject = must_find(s, KIND_ENDPOINT, ACTION_UPDATE)->subject;
    assert_true(subject->keep_counts);
    assert_false(subject->unscale);
    arrive(s);
    s->want.instance_type = STR("ml.c5.xlarge");
    plan_ok(s, 3, 1, 3);
    const struct change *endpoint = must_find(s, KIND_ENDPOINT, ACTION_UPDATE);
    const struct change *target = must_find(s, KIND_SCALING_TARGET, ACTION_REPLACE);
    const struct change *policy = must_find(s, KIND_SCALING_POLICY, ACTION_REPLACE);
    subject = endpoint->subject;
    assert_true(subject->unscale && subject->keep_counts);
    assert_false(subject->rescale);
    assert_true(target->delete_first && policy->delete_first);
    assert_true(waits_for(target, endpoint) && waits_for(policy, target));
    arrive(s);
    plan_ok(s, 0, 0, 0);
}

static void failed_endpoint_is_made_anew(void **state)
{
    struct scene *s = scaled(*state);
    s->seen.endpoint.status = STR("Failed");
    plan_ok(s, 3, 0, 3);
    const struct change *endpoint = must_find(s, KIND_ENDPOINT, ACTION_REPLACE);
    assert_true(((const struct endpoint_plan *) endpoint->subject)->unscale);
    assert_true(waits_for(must_find(s, KIND_SCALING_TARGET, ACTION_REPLACE), endpoint));
}

/* An endpoint that somebody deleted leaves its registration behind, when they may not remove it. */
static void leftover_of_a_deleted_endpoint(void **state)
{
    struct scene *s = scaled(*state);
    remove_endpoint(s, STR("demo"));
    s->seen.record.scaling = STR_NULL;
    assert_ok(plan(s), &s->err);
    const struct change *endpoint = must_find(s, KIND_ENDPOINT, ACTION_CREATE);
    assert_false(((const struct endpoint_plan *) endpoint->subject)->unscale);
    assert_true(waits_for(must_find(s, KIND_SCALING_TARGET, ACTION_REPLACE), endpoint));
    arrive(s);
    plan_ok(s, 0, 0, 0);
}

static void taken_out_of_the_spec(void **state)
{
    struct scene *s = scaled(*state);
    s->want.scaling = NULL;
    plan_ok(s, 0, 0, 2);
    const struct change *policy = must_find(s, KIND_SCALING_POLICY, ACTION_DELETE);
    const struct change *target = must_find(s, KIND_SCALING_TARGET, ACTION_DELETE);
    assert_true(waits_for(target, policy));
    assert_int_equal(policy->reason, REASON_NOT_IN_SPEC);
    assert_int_equal(s->plan->drift.len, 0);
    arrive(s);
    assert_true(str_is_null(s->seen.record.scaling));
    plan_ok(s, 0, 0, 0);
}

static void taken_out_while_the_instances_change(void **state)
{
    struct scene *s = scaled(*state);
    s->want.scaling = NULL;
    s->want.instance_type = STR("ml.c5.xlarge");
    plan_ok(s, 1, 1, 3);
    const struct endpoint_plan *subject = must_find(s, KIND_ENDPOINT, ACTION_UPDATE)->subject;
    assert_true(subject->unscale);
    assert_false(subject->rescale); /* it goes for good */
}

/* Of somebody else: it stays, unless it stands where ours has to. */
static void policies_of_others(void **state)
{
    struct scene *s = scaled(*state);
    put_others_policy(s, "SageMakerVariantConcurrentRequestsPerModelHighResolution");
    plan_ok(s, 0, 0, 0);
    s->want.scaling = NULL;
    plan_ok(s, 0, 0, 1); /* ours alone: the target scales for them */
    assert_null(find(s, KIND_SCALING_TARGET, ACTION_DELETE));
    arrive(s);
    plan_ok(s, 0, 0, 0);
    s->want.instance_type = STR("ml.c5.xlarge");
    plan_ok(s, 1, 1, 1);
    const struct endpoint_plan *subject = must_find(s, KIND_ENDPOINT, ACTION_UPDATE)->subject;
    assert_true(subject->unscale && subject->rescale);
    arrive(s);
    put_others_policy(s, "SageMakerVariantInvocationsPerInstance");
    want_scaling(s, 1, 4, 1000);
    assert_int_equal(plan(s), ERR_CONFLICT);
    assert_str(
        str_from(s->err.message),
        "endpoint 'demo' is scaled by policy 'theirs' already, which is not this stack's");
    assert_int_equal(s->err.at.line, 7);
}

static void destroy_takes_all_of_it(void **state)
{
    struct scene *s = scaled(*state);
    put_others_policy(s, "SageMakerVariantConcurrentRequestsPerModelHighResolution");
    s->want.scaling = NULL; /* destroy asks for nothing */
    s->want.n_models = 0;
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    const struct change *endpoint = must_find(s, KIND_ENDPOINT, ACTION_DELETE);
    const struct change *target = must_find(s, KIND_SCALING_TARGET, ACTION_DELETE);
    size_t policies = 0;
    for (size_t i = 0; i < s->plan->changes.len; i++) {
        const struct change *change = s->plan->changes.items[i];
        if (change->kind != KIND_SCALING_POLICY)
            continue;
        policies++;
        assert_true(waits_for(target, change));
        assert_int_equal(change->reason, REASON_DESTROY);
        assert_int_equal(
            str_is_null(change->index), str_eq(change->old_name, STR("demo-abcdefgh-s")));
    }
    assert_int_equal(policies, 2);
    assert_true(waits_for(endpoint, target));
    remove_endpoint(s, STR("demo")); /* and it is found when the endpoint is gone */
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    assert_null(find(s, KIND_ENDPOINT, ACTION_DELETE));
    (void) must_find(s, KIND_SCALING_TARGET, ACTION_DELETE);
}

/* What failed is not recorded as there. */
static void record_of_what_failed(void **state)
{
    struct scene *s = scaled(*state);
    struct str before = s->seen.record.scaling;
    want_scaling(s, 1, 6, 1000);
    plan_ok(s, 0, 1, 0);
    struct change *target = must_find(s, KIND_SCALING_TARGET, ACTION_UPDATE);
    target->outcome = OUTCOME_FAILED;
    struct record after = record_after(s->arena, s->plan, true, STR("now"), STR("me"));
    assert_str_len(after.scaling, before);
    target->outcome = OUTCOME_DONE;
    after = record_after(s->arena, s->plan, true, STR("now"), STR("me"));
    assert_false(str_eq(after.scaling, before));
}

static void rollback_moves_nothing_else(void **state)
{
    struct scene *s = scaled(*state);
    struct str before = s->seen.record.scaling;
    want_scaling(s, 1, 9, 1000);
    assert_ok(plan_as(s, PLAN_ROLLBACK), &s->err);
    plan_counts(s, 0, 0, 0);
    struct record after = record_after(s->arena, s->plan, true, STR("now"), STR("me"));
    assert_str_len(after.scaling, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(target_and_policy_after_the_endpoint),
        WITH_ARENA(one_of_the_two_changes),
        WITH_ARENA(changed_outside),
        WITH_ARENA(deregistered_outside),
        WITH_ARENA(endpoint_that_rolls),
        WITH_ARENA(failed_endpoint_is_made_anew),
        WITH_ARENA(leftover_of_a_deleted_endpoint),
        WITH_ARENA(taken_out_of_the_spec),
        WITH_ARENA(taken_out_while_the_instances_change),
        WITH_ARENA(policies_of_others),
        WITH_ARENA(destroy_takes_all_of_it),
        WITH_ARENA(record_of_what_failed),
        WITH_ARENA(rollback_moves_nothing_else),
    };
    return cmocka_run_group_tests_name("planner_scaling", tests, NULL, NULL);
}
