#include "tests/unit/engine/reconcile/sample.h"

#include "engine/reconcile/request.h"

#define KEYS \
    "\"ServiceNamespace\":\"sagemaker\",\"ResourceId\":\"endpoint/demo/variant/AllTraffic\"," \
    "\"ScalableDimension\":\"sagemaker:variant:DesiredInstanceCount\""
#define TRACKING \
    "{\"TargetValue\":1000,\"PredefinedMetricSpecification\":{\"PredefinedMetricType\":" \
    "\"SageMakerVariantInvocationsPerInstance\"},\"ScaleInCooldown\":300," \
    "\"ScaleOutCooldown\":60}"

static struct str compact(struct arena *arena, const struct json *node)
{
    return json_text(arena, node, JSON_COMPACT);
}

static void bodies(void **state)
{
    static const struct want_scaling scaling = {
        .min = 1, .max = 4, .target = 1000, .in_cooldown_s = 300, .out_cooldown_s = 60};
    struct want *want = sample_want(*state);
    assert_str(compact(*state, request_scalable_target(*state, want)), "{" KEYS "}");
    assert_str(
        compact(*state, request_scaling_policy(*state, want, STR("p"))),
        "{" KEYS ",\"PolicyName\":\"p\"}");
    want->scaling = &scaling;
    assert_str(
        compact(*state, request_scalable_target(*state, want)),
        "{" KEYS ",\"MinCapacity\":1,\"MaxCapacity\":4}");
    assert_str(
        compact(*state, request_scaling_policy(*state, want, STR("p"))),
        "{" KEYS ",\"PolicyName\":\"p\",\"PolicyType\":\"TargetTrackingScaling\","
        "\"TargetTrackingScalingPolicyConfiguration\":" TRACKING "}");
}

static void attributes(void **state)
{
    static const struct want_scaling scaling = {.min = 1, .max = 4, .target = 7};
    struct want *want = sample_want(*state);
    want->scaling = &scaling;
    assert_str(
        compact(*state, attributes_scalable_target(*state, request_scalable_target(*state, want))),
        "{\"resource_id\":\"endpoint/demo/variant/AllTraffic\",\"scalable_dimension\":"
        "\"sagemaker:variant:DesiredInstanceCount\",\"service_namespace\":\"sagemaker\","
        "\"min_capacity\":1,\"max_capacity\":4}");
    struct str text = compact(
        *state, attributes_scaling_policy(*state, request_scaling_policy(*state, want, STR("p"))));
    assert_true(
        str_find(
            text, STR("\"target_tracking_scaling_policy_configuration\":[{\"target_value\":7,"
                      "\"scale_in_cooldown\":0,\"scale_out_cooldown\":0,")) != SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_ARENA(bodies), WITH_ARENA(attributes)};
    return cmocka_run_group_tests_name("request_scaling", tests, NULL, NULL);
}
