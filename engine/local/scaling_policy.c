/* Policies of scalable targets. A target tracking one brings two alarms along. */
#include "engine/base/digest.h"
#include "engine/local/alarms.h"
#include "engine/local/scaling_internal.h"

static struct str metric_of(const struct json *tracking)
{
    return json_get_str(
        json_get(tracking, "PredefinedMetricSpecification"), "PredefinedMetricType");
}

/* Another policy that tracks the same metric. */
static bool tracked_already(struct local_call *call, struct str resource, struct str metric)
{
    struct str name = json_get_str(call->input, "PolicyName");
    struct db_stmt *AUTO(db_finish) row = db_query(
        call->db, "SELECT doc FROM scaling_policy WHERE region=?1 AND resource=?2 AND name<>?3",
        DB_ARGS(db_text(call->region), db_text(resource), db_text(name)));
    while (db_next(row)) {
        struct json *doc = NULL;
        UNFILLED struct err ignored;
        struct str text = db_col_text(row, 0, call->arena);
        if (json_parse(call->arena, text, MIB(1), &doc, &ignored) == ERR_NONE &&
            !str_is_null(metric) &&
            str_eq(metric_of(json_get(doc, "TargetTrackingScalingPolicyConfiguration")), metric))
            return true;
    }
    return false;
}

static bool tracking_fits(struct local_call *call, struct str resource)
{
    const struct json *tracking = json_get(call->input, "TargetTrackingScalingPolicyConfiguration");
    struct str type = json_get_str(call->input, "PolicyType");
    struct str metric = metric_of(tracking);
    bool custom = json_get(tracking, "CustomizedMetricSpecification") != NULL;

    if (!str_eq_z(type, "TargetTrackingScaling"))
        return true;
    if (tracking == NULL)
        sm_invalid(
            call, "TargetTrackingScalingPolicyConfiguration is required for this policy type");
    else if (json_get_num(tracking, "TargetValue", 0) <= 0)
        sm_invalid(call, "TargetValue must be greater than 0");
    else if (str_is_null(metric) != custom)
        sm_invalid(
            call, "Must specify exactly one of PredefinedMetricSpecification and "
                  "CustomizedMetricSpecification");
    else if (!custom && !str_starts(metric, STR("SageMakerVariant")))
        sm_invalid(
            call, "Predefined metric type " STR_FMT " is not supported for resource ID " STR_FMT,
            STR_ARG(metric), STR_ARG(resource));
    else if (
        json_get_int(tracking, "ScaleInCooldown", 0) < 0 ||
        json_get_int(tracking, "ScaleOutCooldown", 0) < 0)
        sm_invalid(call, "Cooldown must be a positive number");
    else if (tracked_already(call, resource, metric))
        sm_invalid(
            call, "Only one TargetTrackingScaling policy for a given metric specification is "
                  "allowed.");
    else
        return true;
    return false;
}

static struct str
alarm_name(struct local_call *call, struct str resource, struct str policy, const char *which)
{
    struct str digest = sha256_hex(
        call->arena, str_fmt(
                         call->arena, STR_FMT "|" STR_FMT "|" STR_FMT "|%s", STR_ARG(call->region),
                         STR_ARG(resource), STR_ARG(policy), which));
    return str_fmt(
        call->arena,
        "TargetTracking-" STR_FMT "-%s-" STR_FMT "-" STR_FMT "-" STR_FMT "-" STR_FMT "-" STR_FMT,
        STR_ARG(resource), which, STR_ARG(str_slice(digest, 0, 8)),
        STR_ARG(str_slice(digest, 8, 12)), STR_ARG(str_slice(digest, 12, 16)),
        STR_ARG(str_slice(digest, 16, 20)), STR_ARG(str_slice(digest, 20, 32)));
}

/* The alarms that a target tracking policy makes for itself. */
static struct json *policy_alarms(struct local_call *call, struct str resource, struct str policy)
{
    static const char *const which[] = {"AlarmHigh", "AlarmLow"};
    struct json *list = json_array(call->arena);
    for (size_t i = 0; i < ARRAY_LEN(which); i++) {
        struct str name = alarm_name(call, resource, policy, which[i]);
        struct json *alarm = json_object(call->arena);
        json_put(call->arena, alarm, "AlarmName", json_string(call->arena, name));
        json_put(
            call->arena, alarm, "AlarmARN",
            json_string(
                call->arena, call_arn(call, "cloudwatch", "alarm:" STR_FMT, STR_ARG(name))));
        json_push(list, alarm);
    }
    return list;
}

static struct str policy_arn(struct local_call *call, struct str resource, struct str policy)
{
    struct str digest = sha256_hex(call->arena, resource);
    return str_fmt(
        call->arena,
        "arn:aws:autoscaling:" STR_FMT ":" STR_FMT ":scalingPolicy:" STR_FMT "-" STR_FMT "-" STR_FMT
        "-" STR_FMT "-" STR_FMT ":resource/" NAMESPACE "/" STR_FMT ":policyName/" STR_FMT,
        STR_ARG(call->region), STR_ARG(call->account), STR_ARG(str_slice(digest, 0, 8)),
        STR_ARG(str_slice(digest, 8, 12)), STR_ARG(str_slice(digest, 12, 16)),
        STR_ARG(str_slice(digest, 16, 20)), STR_ARG(str_slice(digest, 20, 32)), STR_ARG(resource),
        STR_ARG(policy));
}

enum err_code scaling_put_policy(struct local_call *call, struct err *err)
{
    struct variant_id id;
    struct scaling_target target;
    struct str name = json_get_str(call->input, "PolicyName");
    struct str type = json_get_str(call->input, "PolicyType");
    struct json *body = json_object(call->arena);

    (void) err;
    if (!scaling_read_keys(call, &id))
        return ERR_NONE;
    if (!scaling_find_target(call->local, call->arena, call->region, id.resource, &target))
        return call_fail(
            call, 400, "ObjectNotFoundException",
            "No scalable target registered for service namespace: " NAMESPACE
            ", resource ID: " STR_FMT ", scalable dimension: " DIMENSION,
            STR_ARG(id.resource));
    if (!tracking_fits(call, id.resource))
        return ERR_NONE;
    db_run(
        call->db,
        "INSERT OR REPLACE INTO scaling_policy(region, resource, name, type, created_ms, doc) "
        "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        DB_ARGS(
            db_text(call->region), db_text(id.resource), db_text(name),
            db_text(str_is_null(type) ? STR("StepScaling") : type), db_int(call->now_ms),
            db_text(json_text(call->arena, call->input, JSON_COMPACT))));
    bool tracks = str_eq_z(type, "TargetTrackingScaling");
    struct json *alarms = tracks ? policy_alarms(call, id.resource, name) : json_array(call->arena);
    JSON_EACH (alarm, alarms)
        alarms_put_managed(
            call, json_get_str(alarm, "AlarmName"), id.endpoint, id.variant,
            json_get_num(
                json_get(call->input, "TargetTrackingScalingPolicyConfiguration"), "TargetValue",
                0));
    json_put(
        call->arena, body, "PolicyARN",
        json_string(call->arena, policy_arn(call, id.resource, name)));
    json_put(call->arena, body, "Alarms", alarms);
    return call_json(call, body);
}

enum err_code scaling_delete_policy(struct local_call *call, struct err *err)
{
    struct variant_id id;
    struct str name = json_get_str(call->input, "PolicyName");

    (void) err;
    if (!scaling_read_keys(call, &id))
        return ERR_NONE;
    int64_t gone = db_run(
        call->db, "DELETE FROM scaling_policy WHERE region=?1 AND resource=?2 AND name=?3",
        DB_ARGS(db_text(call->region), db_text(id.resource), db_text(name)));
    if (gone == 0)
        return scaling_not_found(call, "scaling policy", id.resource);
    JSON_EACH (alarm, policy_alarms(call, id.resource, name))
        alarms_forget(call->local, call->region, json_get_str(alarm, "AlarmName"));
    return call_json(call, json_object(call->arena));
}

static struct json *policy_json(struct local_call *call, struct db_stmt *row)
{
    static const char *const kept[] = {
        "StepScalingPolicyConfiguration", "TargetTrackingScalingPolicyConfiguration"};
    struct str resource = db_col_text(row, 0, call->arena);
    struct str name = db_col_text(row, 1, call->arena), type = db_col_text(row, 2, call->arena);
    struct json *out = scaling_keys_json(call, resource), *doc = NULL;
    UNFILLED struct err ignored;

    if (json_parse(call->arena, db_col_text(row, 4, call->arena), MIB(1), &doc, &ignored) !=
        ERR_NONE)
        doc = NULL;
    json_put(
        call->arena, out, "PolicyARN", json_string(call->arena, policy_arn(call, resource, name)));
    json_put(call->arena, out, "PolicyName", json_string(call->arena, name));
    json_put(call->arena, out, "PolicyType", json_string(call->arena, type));
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        if (json_get(doc, kept[i]) != NULL)
            json_set(
                call->arena, out, str_from(kept[i]),
                json_copy(call->arena, json_get(doc, kept[i])));
    json_put(
        call->arena, out, "Alarms",
        str_eq_z(type, "TargetTrackingScaling") ? policy_alarms(call, resource, name)
                                                : json_array(call->arena));
    json_put(call->arena, out, "CreationTime", sm_time(call->arena, db_col_int(row, 3)));
    return out;
}

enum err_code scaling_describe_policies(struct local_call *call, struct err *err)
{
    struct str resource = json_get_str(call->input, "ResourceId");
    struct scaling_page paging;
    int64_t seen = 0;

    (void) err;
    if (!scaling_page_of(call, &paging))
        return ERR_NONE;
    struct db_stmt *AUTO(db_finish) row = db_query(
        call->db,
        "SELECT resource, name, type, created_ms, doc FROM scaling_policy WHERE region=?1 AND (?2 "
        "IS NULL OR resource=?2) ORDER BY resource, name",
        DB_ARGS(db_text(call->region), db_text(resource)));
    while (db_next(row)) {
        struct json *item = policy_json(call, row);
        if (scaling_is_ours(call->input) &&
            scaling_is_listed(
                json_get(call->input, "PolicyNames"), json_get_str(item, "PolicyName")))
            scaling_page_add(&paging, item, &seen);
    }
    return scaling_answer_page(call, &paging, "ScalingPolicies");
}
