#include "engine/kinds/kinds_internal.h"
#include "engine/resource/names.h"

/* Application Auto Scaling. Its registrations become visible late: a policy may have to wait for
 * its target (API_RegisterScalableTarget). All calls may be repeated. */

#define VISIBLE_WITHIN_POLLS 16 /* more than two minutes at settle's pace */
#define MAX_POLICIES 50

struct scaling_state {
    unsigned polls;
};

static enum err_code call_scaling(
    struct kinds *kinds,
    struct arena *arena,
    const char *operation,
    const struct json *body,
    const struct json **ret_reply,
    struct err *err)
{
    return aws_json_call(kinds->aws, arena, AWS_SCALING, operation, body, ret_reply, err);
}

enum err_code kinds_observe_scaling(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    struct seen_scaling *out,
    struct err *err)
{
    const struct json *keys = name_scaling_target(arena, want), *reply;
    struct json *body = json_object(arena), *ids = json_array(arena);
    json_push(ids, json_string(arena, json_get_str(keys, "ResourceId")));
    json_put(arena, body, "ServiceNamespace", json_z(arena, "sagemaker"));
    json_put(arena, body, "ResourceIds", ids);
    json_put(
        arena, body, "ScalableDimension",
        json_string(arena, json_get_str(keys, "ScalableDimension")));
    enum err_code code = call_scaling(kinds, arena, "DescribeScalableTargets", body, &reply, err);
    if (code != ERR_NONE)
        return code;
    const struct json *target = json_at(json_get(reply, "ScalableTargets"), 0);
    if (target == NULL)
        return ERR_NONE;
    struct json *ask = json_copy(arena, keys);
    json_put(arena, ask, "MaxResults", json_int(arena, MAX_POLICIES));
    code = call_scaling(kinds, arena, "DescribeScalingPolicies", ask, &reply, err);
    if (code != ERR_NONE)
        return code;
    *out = (struct seen_scaling){
        .present = true,
        .min = json_get_int(target, "MinCapacity", 0),
        .max = json_get_int(target, "MaxCapacity", 0),
        .policies = json_get(reply, "ScalingPolicies")};
    return ERR_NONE;
}

enum err_code
kinds_unscale(struct kinds *kinds, struct arena *arena, const struct want *want, struct err *err)
{
    struct err failure = {0};
    enum err_code code = call_scaling(
        kinds, arena, "DeregisterScalableTarget", name_scaling_target(arena, want), NULL, &failure);
    if (code == ERR_NONE || code == ERR_NOT_FOUND)
        return ERR_NONE;
    *err = failure;
    return err_wrap(err, "taking endpoint '" STR_FMT "' off autoscaling", STR_ARG(want->endpoint));
}

static struct json *
policy_body(struct arena *arena, const struct want *want, const struct json *policy)
{
    static const char *const members[] = {
        "PolicyName", "PolicyType", "TargetTrackingScalingPolicyConfiguration",
        "StepScalingPolicyConfiguration"};
    struct json *body = name_scaling_target(arena, want);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const struct json *member = json_get(policy, members[i]);
        if (member != NULL)
            json_set(arena, body, str_from(members[i]), json_copy(arena, member));
    }
    return body;
}

enum err_code kinds_rescale(struct kinds *kinds, struct world_call *call, struct err *err)
{
    const struct seen_scaling *seen = &call->seen->scaling;
    struct json *body = name_scaling_target(call->arena, call->want);
    json_put(call->arena, body, "MinCapacity", json_int(call->arena, seen->min));
    json_put(call->arena, body, "MaxCapacity", json_int(call->arena, seen->max));
    enum err_code code =
        call_scaling(kinds, call->arena, "RegisterScalableTarget", body, NULL, err);
    for (const struct json *policy = seen->policies != NULL ? seen->policies->first : NULL;
         code == ERR_NONE && policy != NULL; policy = policy->next)
        code = call_scaling(
            kinds, call->arena, "PutScalingPolicy", policy_body(call->arena, call->want, policy),
            NULL, err);
    return code;
}

/* ---- the two kinds ---- */

static enum err_code start(struct kinds *kinds, struct world_call *call, struct err *err)
{
    (void) kinds;
    (void) err;
    call->state = ARENA_NEW(call->arena, struct scaling_state);
    return ERR_NONE;
}

static const char *operation_of(const struct change *change)
{
    bool target = change->kind == KIND_SCALING_TARGET;
    if (change->action == ACTION_DELETE)
        return target ? "DeregisterScalableTarget" : "DeleteScalingPolicy";
    return target ? "RegisterScalableTarget" : "PutScalingPolicy";
}

static enum err_code
poll_scaling(struct kinds *kinds, struct world_call *call, struct settle *out, struct err *err)
{
    struct scaling_state *state = call->state;
    const struct change *change = call->change;
    const struct scaling_plan *subject = change->subject;
    bool removal = change->action == ACTION_DELETE;
    struct err failure = {0};
    *out = (struct settle){.state = SETTLE_DONE, .status = STR_NULL};
    enum err_code code =
        call_scaling(kinds, call->arena, operation_of(change), subject->request, NULL, &failure);
    if (code == ERR_NONE || (removal && code == ERR_NOT_FOUND))
        return ERR_NONE;
    bool not_yet = code == ERR_BUSY || (code == ERR_NOT_FOUND && !removal);
    if (not_yet && state->polls++ < VISIBLE_WITHIN_POLLS) {
        *out = (struct settle){.state = SETTLE_PENDING, .status = STR("NotVisibleYet")};
        return ERR_NONE;
    }
    *err = failure;
    return err_wrap(
        err, "%s %s '" STR_FMT "'", removal ? "removing" : "setting", schema_of(change->kind)->what,
        STR_ARG(removal ? change->old_name : change->name));
}

const struct kind_ops kind_scaling_target = {.start = start, .poll = poll_scaling};
const struct kind_ops kind_scaling_policy = {.start = start, .poll = poll_scaling};
