/* API_DeploymentConfig of the SageMaker API reference;
 * https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html */
#include "engine/reconcile/request.h"

static struct json *size(struct arena *arena, const char *type, int64_t value)
{
    struct json *out = json_object(arena);
    json_put(arena, out, "Type", json_z(arena, type));
    json_put(arena, out, "Value", json_int(arena, value));
    return out;
}

static struct json *step_size(struct arena *arena, const struct want_update *update)
{
    return update->percent > 0 ? size(arena, "CAPACITY_PERCENT", update->percent)
                               : size(arena, "INSTANCE_COUNT", update->instances);
}

static void put_timeout(struct arena *arena, struct json *policy, const struct want_update *update)
{
    if (update->max_execution_s > 0)
        json_put(
            arena, policy, "MaximumExecutionTimeoutInSeconds",
            json_int(arena, update->max_execution_s));
}

static struct json *rolling(struct arena *arena, const struct want_update *update)
{
    struct json *policy = json_object(arena);
    json_put(arena, policy, "MaximumBatchSize", step_size(arena, update));
    json_put(arena, policy, "WaitIntervalInSeconds", json_int(arena, update->wait_s));
    put_timeout(arena, policy, update);
    if (update->rollback_percent > 0)
        json_put(
            arena, policy, "RollbackMaximumBatchSize",
            size(arena, "CAPACITY_PERCENT", update->rollback_percent));
    return policy;
}

static struct json *blue_green(struct arena *arena, const struct want_update *update)
{
    struct json *policy = json_object(arena), *traffic = json_object(arena);
    bool canary = update->move == MOVE_CANARY, linear = update->move == MOVE_LINEAR;
    json_put(
        arena, traffic, "Type",
        json_z(
            arena, canary   ? "CANARY"
                   : linear ? "LINEAR"
                            : "ALL_AT_ONCE"));
    json_put(arena, traffic, "WaitIntervalInSeconds", json_int(arena, update->wait_s));
    if (canary)
        json_put(arena, traffic, "CanarySize", step_size(arena, update));
    if (linear)
        json_put(arena, traffic, "LinearStepSize", step_size(arena, update));
    json_put(arena, policy, "TrafficRoutingConfiguration", traffic);
    json_put(
        arena, policy, "TerminationWaitInSeconds", json_int(arena, update->termination_wait_s));
    put_timeout(arena, policy, update);
    return policy;
}

struct json *request_deployment(struct arena *arena, const struct want *want)
{
    const struct want_update *update = want->update;
    if (update == NULL)
        return NULL;
    struct json *body = json_object(arena);
    if (update->move == MOVE_ROLLING)
        json_put(arena, body, "RollingUpdatePolicy", rolling(arena, update));
    else
        json_put(arena, body, "BlueGreenUpdatePolicy", blue_green(arena, update));
    if (update->n_alarms == 0)
        return body;
    struct json *alarms = json_array(arena), *rollback = json_object(arena);
    for (size_t i = 0; i < update->n_alarms; i++) {
        struct json *alarm = json_object(arena);
        json_put(arena, alarm, "AlarmName", json_string(arena, update->alarms[i].name));
        json_push(alarms, alarm);
    }
    json_put(arena, rollback, "Alarms", alarms);
    json_put(arena, body, "AutoRollbackConfiguration", rollback);
    return body;
}

/* ---- for people ---- */

static struct str duration(struct arena *arena, int64_t seconds)
{
    if (seconds > 0 && seconds % 3600 == 0)
        return str_fmt(arena, "%lldh", (long long) seconds / 3600);
    if (seconds > 0 && seconds % 60 == 0)
        return str_fmt(arena, "%lldm", (long long) seconds / 60);
    return str_fmt(arena, "%llds", (long long) seconds);
}

static struct str size_words(struct arena *arena, const struct want_update *update)
{
    if (update->percent > 0)
        return str_fmt(arena, "%lld %%", (long long) update->percent);
    return str_fmt(
        arena, "%lld instance%s", (long long) update->instances, update->instances == 1 ? "" : "s");
}

struct str deployment_words(struct arena *arena, const struct want *want)
{
    const struct want_update *update = want->update;
    if (update == NULL)
        return STR_NULL;
    struct str step = size_words(arena, update), wait = duration(arena, update->wait_s);
    switch (update->move) {
    case MOVE_CANARY:
        return str_fmt(
            arena, "a canary of " STR_FMT " first, the rest " STR_FMT " later", STR_ARG(step),
            STR_ARG(wait));
    case MOVE_LINEAR:
        return str_fmt(
            arena, "in steps of " STR_FMT ", " STR_FMT " apart", STR_ARG(step), STR_ARG(wait));
    case MOVE_ROLLING:
        return str_fmt(
            arena, "in batches of " STR_FMT ", " STR_FMT " apart", STR_ARG(step), STR_ARG(wait));
    case MOVE_ALL_AT_ONCE:
        return str_fmt(arena, "all at once, watched for " STR_FMT, STR_ARG(wait));
    case MOVE_AS_USUAL:
        break;
    }
    return STR_NULL;
}
