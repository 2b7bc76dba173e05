/* API_RegisterScalableTarget and API_PutScalingPolicy of the Application Auto Scaling API
 * reference;
 * https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code-apply.html */
#include "engine/reconcile/request.h"
#include "engine/resource/names.h"

struct json *request_scalable_target(struct arena *arena, const struct want *want)
{
    struct json *body = name_scaling_target(arena, want);
    if (want->scaling == NULL)
        return body;
    json_put(arena, body, "MinCapacity", json_int(arena, want->scaling->min));
    json_put(arena, body, "MaxCapacity", json_int(arena, want->scaling->max));
    return body;
}

struct json *
request_scaling_policy(struct arena *arena, const struct want *want, struct str policy_name)
{
    const struct want_scaling *scaling = want->scaling;
    struct json *body = name_scaling_target(arena, want);
    json_put(arena, body, "PolicyName", json_string(arena, policy_name));
    if (scaling == NULL)
        return body;
    struct json *metric = json_object(arena), *tracking = json_object(arena);
    json_put(
        arena, metric, "PredefinedMetricType",
        json_z(arena, "SageMakerVariantInvocationsPerInstance"));
    json_put(arena, tracking, "TargetValue", json_int(arena, scaling->target));
    json_put(arena, tracking, "PredefinedMetricSpecification", metric);
    json_put(arena, tracking, "ScaleInCooldown", json_int(arena, scaling->in_cooldown_s));
    json_put(arena, tracking, "ScaleOutCooldown", json_int(arena, scaling->out_cooldown_s));
    json_put(arena, body, "PolicyType", json_z(arena, "TargetTrackingScaling"));
    json_put(arena, body, "TargetTrackingScalingPolicyConfiguration", tracking);
    return body;
}

/* ---- Terraform's attribute names ---- */

static struct json *attributes_keys(struct arena *arena, const struct json *body)
{
    struct json *out = json_object(arena);
    json_put_copy(arena, out, "resource_id", body, "ResourceId");
    json_put_copy(arena, out, "scalable_dimension", body, "ScalableDimension");
    json_put_copy(arena, out, "service_namespace", body, "ServiceNamespace");
    return out;
}

struct json *attributes_scalable_target(struct arena *arena, const struct json *body)
{
    struct json *out = attributes_keys(arena, body);
    json_put_copy(arena, out, "min_capacity", body, "MinCapacity");
    json_put_copy(arena, out, "max_capacity", body, "MaxCapacity");
    return out;
}

struct json *attributes_scaling_policy(struct arena *arena, const struct json *body)
{
    struct json *out = attributes_keys(arena, body);
    json_put_copy(arena, out, "name", body, "PolicyName");
    json_put_copy(arena, out, "policy_type", body, "PolicyType");
    const struct json *from = json_get(body, "TargetTrackingScalingPolicyConfiguration");
    if (from == NULL)
        return out;
    struct json *tracking = json_object(arena), *metric = json_object(arena);
    json_put_copy(arena, tracking, "target_value", from, "TargetValue");
    json_put_copy(arena, tracking, "scale_in_cooldown", from, "ScaleInCooldown");
    json_put_copy(arena, tracking, "scale_out_cooldown", from, "ScaleOutCooldown");
    if (json_get_bool(from, "DisableScaleIn", false)) /* AWS fills in false */
        json_put(arena, tracking, "disable_scale_in", json_bool(arena, true));
    json_put_copy(
        arena, metric, "predefined_metric_type", json_get(from, "PredefinedMetricSpecification"),
        "PredefinedMetricType");
    json_put(
        arena, tracking, "predefined_metric_specification", json_push(json_array(arena), metric));
    json_put(
        arena, out, "target_tracking_scaling_policy_configuration",
        json_push(json_array(arena), tracking));
    return out;
}
