/* DeploymentConfig of UpdateEndpoint: what it may ask for, and how long it takes.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html */
#include "engine/local/alarms.h"
#include "engine/local/sm.h"

/* ------------------------------------------------------------------ what may be asked for */

static bool size_fits(
    struct local_call *call, const char *what, const struct json *size, int64_t min, int64_t max)
{
    int64_t value = json_get_int(size, "Value", 0);

    if (!str_eq_z(json_get_str(size, "Type"), "CAPACITY_PERCENT") || (value >= min && value <= max))
        return true;
    sm_invalid(
        call, "%s must be between %lld and %lld percent of the variant's instance count", what,
        (long long) min, (long long) max);
    return false;
}

static bool traffic_fits(struct local_call *call, const struct json *traffic)
{
    static const struct {
        const char *type, *size;
        int64_t min, max;
    } kinds[] = {{"CANARY", "CanarySize", 1, 50}, {"LINEAR", "LinearStepSize", 10, 50}};
    struct str type = json_get_str(traffic, "Type");

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        const struct json *size = json_get(traffic, kinds[i].size);
        if (str_eq_z(type, kinds[i].type) != (size != NULL)) {
            sm_invalid(
                call, "%s must be specified for, and only for, traffic routing of type %s",
                kinds[i].size, kinds[i].type);
            return false;
        }
        if (size != NULL && !size_fits(call, kinds[i].size, size, kinds[i].min, kinds[i].max))
            return false;
    }
    return true;
}

static bool alarms_fit(struct local_call *call, const struct json *deployment)
{
    JSON_EACH (alarm, json_get(json_get(deployment, "AutoRollbackConfiguration"), "Alarms")) {
        struct str name = json_get_str(alarm, "AlarmName");
        if (!str_is_null(alarms_state(call->local, call->arena, call->region, name)))
            continue;
        sm_invalid(
            call, "The alarm \"" STR_FMT "\" does not exist in this account and region.",
            STR_ARG(name));
        return false;
    }
    return true;
}

bool sm_deployment_fits(struct local_call *call, const struct json *deployment)
{
    const struct json *blue = json_get(deployment, "BlueGreenUpdatePolicy");
    const struct json *rolling = json_get(deployment, "RollingUpdatePolicy");

    if (deployment == NULL)
        return true;
    if ((blue != NULL) && (rolling != NULL)) {
        sm_invalid(
            call, "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified");
        return false;
    }
    if (blue != NULL && !traffic_fits(call, json_get(blue, "TrafficRoutingConfiguration")))
        return false;
    if (rolling != NULL &&
        (!size_fits(call, "MaximumBatchSize", json_get(rolling, "MaximumBatchSize"), 5, 50) ||
         !size_fits(
             call, "RollbackMaximumBatchSize", json_get(rolling, "RollbackMaximumBatchSize"), 5,
             100)))
        return false;
    return alarms_fit(call, deployment);
}

/* ------------------------------------------------------------------ how long it takes */

/* How many steps of a size make up all the instances. */
static int64_t steps_of(const struct json *size, int64_t instances)
{
    int64_t value = json_get_int(size, "Value", 1);
    int64_t all = str_eq_z(json_get_str(size, "Type"), "CAPACITY_PERCENT") ? 100 : instances;
    return (all + value - 1) / value;
}

static int64_t at_most(struct local *local, int64_t seconds)
{
    int64_t most = local_delays(local)->endpoint_baking_ms;
    return seconds * 1000 < most ? seconds * 1000 : most;
}

int64_t sm_deployment_ms(struct local *local, const struct json *deployment, int64_t instances)
{
    const struct json *blue = json_get(deployment, "BlueGreenUpdatePolicy");
    const struct json *rolling = json_get(deployment, "RollingUpdatePolicy");
    const struct json *traffic = json_get(blue, "TrafficRoutingConfiguration");
    struct str type = json_get_str(traffic, "Type");
    int64_t steps = 1;

    if (rolling != NULL)
        return steps_of(json_get(rolling, "MaximumBatchSize"), instances) *
               at_most(local, json_get_int(rolling, "WaitIntervalInSeconds", 0));
    if (blue == NULL)
        return 0;
    if (str_eq_z(type, "CANARY"))
        steps = 2;
    else if (str_eq_z(type, "LINEAR"))
        steps = steps_of(json_get(traffic, "LinearStepSize"), instances);
    return steps * at_most(local, json_get_int(traffic, "WaitIntervalInSeconds", 0)) +
           at_most(local, json_get_int(blue, "TerminationWaitInSeconds", 0));
}

/* ------------------------------------------------------------------ alarms */

bool sm_deployment_watches(const struct json *deployment, struct str alarm)
{
    JSON_EACH (item, json_get(json_get(deployment, "AutoRollbackConfiguration"), "Alarms"))
        if (str_eq(json_get_str(item, "AlarmName"), alarm))
            return true;
    return false;
}

struct str sm_deployment_alarm(
    struct local *local, struct arena *arena, struct str region, const struct json *deployment)
{
    JSON_EACH (item, json_get(json_get(deployment, "AutoRollbackConfiguration"), "Alarms")) {
        struct str name = json_get_str(item, "AlarmName");
        if (str_eq_z(alarms_state(local, arena, region, name), "ALARM"))
            return name;
    }
    return STR_NULL;
}
