#include "engine/reconcile/planner_internal.h"

/* Autoscaling: one scalable target, the endpoint's variant, and one policy of ours on it. A policy
 * is known by its name; a target that has others' policies is theirs as much as ours. */

#define METRIC "SageMakerVariantInvocationsPerInstance"

static const struct json *policy_named(const struct seen_scaling *seen, struct str name)
{
    JSON_EACH (policy, seen->policies) {
        if (str_eq(json_get_str(policy, "PolicyName"), name))
            return policy;
    }
    return NULL;
}

/* Of somebody else; on our metric: AWS takes only one policy for it. */
static const struct json *
policy_of_others(const struct seen_scaling *seen, struct str name, bool on_our_metric)
{
    JSON_EACH (policy, seen->policies) {
        const struct json *metric = json_get(
            json_get(policy, "TargetTrackingScalingPolicyConfiguration"),
            "PredefinedMetricSpecification");
        bool ours = str_eq(json_get_str(metric, "PredefinedMetricType"), STR(METRIC));
        if (!str_eq(json_get_str(policy, "PolicyName"), name) && (ours || !on_our_metric))
            return policy;
    }
    return NULL;
}

/* UpdateEndpoint is refused when it changes the instance type of what scales, and a new endpoint
 * scales only when it is registered.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling.html */
static bool starts_anew(const struct planner *p, const struct change *endpoint)
{
    const struct endpoint_plan *subject = endpoint->subject;
    if (endpoint->action == ACTION_CREATE || endpoint->action == ACTION_REPLACE)
        return true;
    return endpoint->action == ACTION_UPDATE && !subject->tags_only &&
           !str_eq(p->seen->live_instance_type, p->want->instance_type);
}

/* With the same scaling wanted as the last apply left, a difference is somebody else's. */
static enum reason reason_of(const struct planner *p)
{
    bool same = p->seen->endpoint.present && !str_is_null(p->seen->record.scaling) &&
                str_eq(p->seen->record.scaling, p->context->scaling_fp);
    return same ? REASON_CHANGED_OUTSIDE : REASON_NONE;
}

static struct change *
scale(struct planner *p, enum kind_id kind, enum action action, const struct json *request)
{
    struct change *change = planner_change(p, kind, action, STR_NULL);
    struct scaling_plan *subject = ARENA_NEW(p->arena, struct scaling_plan);
    subject->request = request;
    change->subject = subject;
    change->at = p->want->scaling->at;
    return change;
}

/* live: Terraform's view of what there is; NULL: nothing. It has to be made again with `with`. */
static enum action
action_of(const struct json *live, const struct json *after, const struct change *with, bool anew)
{
    if (live == NULL)
        return ACTION_CREATE;
    if (anew || (with != NULL && with->action == ACTION_REPLACE))
        return ACTION_REPLACE;
    return json_equal(live, after) ? ACTION_NOOP : ACTION_UPDATE;
}

static struct change *plan_part(
    struct planner *p,
    enum kind_id kind,
    struct str name,
    const struct json *request,
    const struct json *live,
    const struct json *after,
    enum action action)
{
    struct change *change = scale(p, kind, action, request);
    change->name = name;
    if (action == ACTION_NOOP)
        return change;
    change->before = live;
    change->after = after;
    if (!json_equal(live, after))
        change->reason = reason_of(p);
    if (action == ACTION_REPLACE) {
        change->delete_first = true;
        change->note = STR("deregistered while the endpoint moves to other instances");
    }
    return change;
}

static struct change *plan_target(struct planner *p, struct change *endpoint)
{
    const struct seen_scaling *seen = &p->seen->scaling;
    const struct json *request = request_scalable_target(p->arena, p->want);
    const struct json *after = attributes_scalable_target(p->arena, request), *live = NULL;
    if (seen->present) {
        struct json *found = json_copy(p->arena, request);
        json_put(p->arena, found, "MinCapacity", json_int(p->arena, seen->min));
        json_put(p->arena, found, "MaxCapacity", json_int(p->arena, seen->max));
        live = attributes_scalable_target(p->arena, found);
    }
    struct change *change = plan_part(
        p, KIND_SCALING_TARGET, json_get_str(request, "ResourceId"), request, live, after,
        action_of(live, after, NULL, starts_anew(p, endpoint)));
    change_need(p->arena, change, endpoint);
    return change;
}

static struct change *plan_policy(struct planner *p, struct change *target, struct str name)
{
    const struct json *request = request_scaling_policy(p->arena, p->want, name);
    const struct json *found = policy_named(&p->seen->scaling, name);
    const struct json *after = attributes_scaling_policy(p->arena, request);
    const struct json *live = found != NULL ? attributes_scaling_policy(p->arena, found) : NULL;
    struct change *change = plan_part(
        p, KIND_SCALING_POLICY, name, request, live, after, action_of(live, after, target, false));
    change_need(p->arena, change, target);
    return change;
}

static enum err_code
refuse_policy(const struct planner *p, const struct json *policy, struct err *err)
{
    err_set(
        err, ERR_CONFLICT,
        "endpoint '" STR_FMT "' is scaled by policy '" STR_FMT "' already, which is not this "
        "stack's",
        STR_ARG(p->want->endpoint), STR_ARG(json_get_str(policy, "PolicyName")));
    err_hint(
        err, "AWS takes one policy for " METRIC ": delete that one, or take 'autoscaling' out");
    return err_locate(err, p->want->scaling->at);
}

/* What names a thing, as it is described. policy STR_NULL: the target. */
static struct json *keys_of(struct planner *p, struct str policy)
{
    struct want bare = *p->want;
    bare.scaling = NULL;
    return str_is_null(policy) ? request_scalable_target(p->arena, &bare)
                               : request_scaling_policy(p->arena, &bare, policy);
}

static struct change *remove_part(struct planner *p, struct str policy, enum reason reason)
{
    bool target = str_is_null(policy), ours = str_eq(policy, name_policy(p->arena, p->want));
    const struct json *keys = keys_of(p, policy);
    struct change *change = planner_change(
        p, target ? KIND_SCALING_TARGET : KIND_SCALING_POLICY, ACTION_DELETE,
        target || ours ? STR_NULL : policy);
    struct scaling_plan *subject = ARENA_NEW(p->arena, struct scaling_plan);
    subject->request = keys;
    change->subject = subject;
    change->old_name = target ? json_get_str(keys, "ResourceId") : policy;
    change->reason = reason;
    change->before = target ? attributes_scalable_target(p->arena, keys)
                            : attributes_scaling_policy(p->arena, keys);
    return change;
}

/* Taken out of the spec. */
static void plan_unwanted(struct planner *p, struct str ours)
{
    if (policy_named(&p->seen->scaling, ours) == NULL)
        return;
    struct change *policy = remove_part(p, ours, REASON_NOT_IN_SPEC);
    if (policy_of_others(&p->seen->scaling, ours, false) == NULL)
        change_need(p->arena, remove_part(p, STR_NULL, REASON_NOT_IN_SPEC), policy);
}

enum err_code plan_scaling(struct planner *p, struct change *endpoint, struct err *err)
{
    const struct seen_scaling *seen = &p->seen->scaling;
    struct str ours = name_policy(p->arena, p->want);
    bool wanted = p->want->scaling != NULL, anew = starts_anew(p, endpoint);
    if (seen->present && endpoint->action != ACTION_CREATE && anew) {
        struct endpoint_plan *subject = endpoint->subject;
        subject->unscale = true;
        subject->rescale = !wanted && (policy_named(seen, ours) == NULL ||
                                       policy_of_others(seen, ours, false) != NULL);
    }
    if (p->plan->mode == PLAN_ROLLBACK && !anew) /* it is about one model */
        return ERR_NONE;
    if (!wanted) {
        plan_unwanted(p, ours);
        return ERR_NONE;
    }
    const struct json *other = policy_of_others(seen, ours, true);
    if (other != NULL)
        return refuse_policy(p, other, err);
    struct json *whole = json_array(p->arena);
    json_push(whole, request_scalable_target(p->arena, p->want));
    json_push(whole, request_scaling_policy(p->arena, p->want, ours));
    p->context->scaling_fp = str_slice(fingerprint_json(p->arena, whole), 0, FP12);
    struct change *target = plan_target(p, endpoint);
    p->context->scaling_target = target;
    p->context->scaling_policy = plan_policy(p, target, ours);
    return ERR_NONE;
}

/* With the endpoint goes all that scales it, whoever made it. */
void remove_scaling(struct planner *p, struct change *endpoint)
{
    if (!p->seen->scaling.present)
        return;
    size_t first = p->plan->changes.len;
    JSON_EACH (policy, p->seen->scaling.policies) {
        remove_part(p, json_get_str(policy, "PolicyName"), REASON_NONE);
    }
    struct change *target = remove_part(p, STR_NULL, REASON_NONE);
    for (size_t i = first; i + 1 < p->plan->changes.len; i++)
        change_need(p->arena, target, p->plan->changes.items[i]);
    if (endpoint != NULL)
        change_need(p->arena, endpoint, target);
}
