#include "engine/local/scaling.h"

#include "engine/base/digest.h"
#include "engine/local/alarms.h"
#include "engine/local/scaling_internal.h"
#include "engine/local/token.h"

enum { PAGE = 50 };

static const char s_schema[] =
    "CREATE TABLE IF NOT EXISTS scaling_target(region TEXT NOT NULL, resource TEXT NOT NULL, min "
    "INTEGER NOT NULL, max INTEGER NOT NULL, created_ms INTEGER NOT NULL, suspended TEXT, PRIMARY "
    "KEY(region, resource)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS scaling_policy(region TEXT NOT NULL, resource TEXT NOT NULL, name "
    "TEXT NOT NULL, type TEXT NOT NULL, created_ms INTEGER NOT NULL, doc TEXT NOT NULL, PRIMARY "
    "KEY(region, resource, name)) WITHOUT ROWID;";

/* ------------------------------------------------------------------ what a call is about */

static bool split_resource(struct str resource, struct variant_id *out)
{
    struct str rest = resource, first = STR_NULL, third = STR_NULL;
    *out = (struct variant_id){.resource = resource};
    return str_split(&rest, '/', &first) && str_eq_z(first, "endpoint") &&
           str_split(&rest, '/', &out->endpoint) && str_split(&rest, '/', &third) &&
           str_eq_z(third, "variant") && str_split(&rest, '/', &out->variant) &&
           str_is_null(rest) && out->endpoint.len > 0 && out->variant.len > 0;
}

/* Answers and returns false when it is not about a variant of an endpoint. */
bool scaling_read_keys(struct local_call *call, struct variant_id *id)
{
    const struct json *in = call->input;
    struct str dimension = json_get_str(in, "ScalableDimension");

    if (str_eq_z(json_get_str(in, "ServiceNamespace"), NAMESPACE) &&
        str_eq_z(dimension, DIMENSION) && split_resource(json_get_str(in, "ResourceId"), id))
        return true;
    sm_invalid(call, "Unsupported service namespace, resource type or scalable dimension");
    return false;
}

enum err_code scaling_not_found(struct local_call *call, const char *what, struct str resource)
{
    return call_fail(
        call, 400, "ObjectNotFoundException",
        "No %s found for service namespace: " NAMESPACE ", resource ID: " STR_FMT
        ", scalable dimension: " DIMENSION,
        what, STR_ARG(resource));
}

bool scaling_find_target(
    struct local *local,
    struct arena *arena,
    struct str region,
    struct str resource,
    struct scaling_target *out)
{
    struct db_stmt *AUTO(db_finish) row = db_query(
        local_db(local),
        "SELECT min, max, created_ms, suspended FROM scaling_target WHERE region=?1 AND "
        "resource=?2",
        DB_ARGS(db_text(region), db_text(resource)));

    if (!db_next(row))
        return false;
    *out = (struct scaling_target){
        db_col_int(row, 0), db_col_int(row, 1), db_col_int(row, 2), db_col_text(row, 3, arena)};
    return true;
}

static struct str resource_of(struct arena *arena, struct str endpoint, struct str variant)
{
    return str_fmt(
        arena, "endpoint/" STR_FMT "/variant/" STR_FMT, STR_ARG(endpoint), STR_ARG(variant));
}

bool scaling_is_registered(
    struct local *local,
    struct arena *arena,
    struct str region,
    struct str endpoint,
    struct str variant)
{
    struct scaling_target target;
    return scaling_find_target(
        local, arena, region, resource_of(arena, endpoint, variant), &target);
}

/* ------------------------------------------------------------------ targets */

static struct str target_arn(struct local_call *call, struct str resource)
{
    struct str digest = sha256_hex(call->arena, resource);
    return call_arn(
        call, "application-autoscaling", "scalable-target/0a" STR_FMT,
        STR_ARG(str_slice(digest, 0, 34)));
}

/* The endpoint as it is, and the variant's count; answers and returns false when there is none. */
static bool find_variant(
    struct local_call *call,
    const struct variant_id *id,
    struct sm_thing *endpoint,
    int64_t *ret_count)
{
    if (sm_find(call->local, call->arena, call->region, SM_ENDPOINT, id->endpoint, endpoint))
        JSON_EACH (variant, json_get(endpoint->doc, "variants"))
            if (str_eq(json_get_str(variant, "name"), id->variant)) {
                *ret_count = json_get_int(variant, "count", 1);
                return true;
            }
    sm_invalid(
        call, "Could not find variant \"" STR_FMT "\" of endpoint \"" STR_FMT "\".",
        STR_ARG(id->variant), STR_ARG(id->endpoint));
    return false;
}

static bool range_fits(struct local_call *call, bool there, const struct scaling_target *target)
{
    if (!there && (json_get(call->input, "MinCapacity") == NULL ||
                   json_get(call->input, "MaxCapacity") == NULL))
        sm_invalid(
            call, "Min capacity and max capacity are required when a scalable target is registered "
                  "for the first time");
    else if (target->min < 1)
        sm_invalid(call, "Minimum capacity cannot be less than 1 for this scalable dimension");
    else if (target->max < target->min)
        sm_invalid(call, "Maximum capacity cannot be less than minimum capacity");
    else
        return true;
    return false;
}

/* Application Auto Scaling acts in the caller's name.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html */
static void
move_into_range(struct local_call *call, struct sm_thing *endpoint, struct str variant, int64_t to)
{
    sm_endpoint_scale(call->local, call->arena, endpoint, variant, to, call->now_ms);
}

enum err_code scaling_register(struct local_call *call, struct err *err)
{
    struct variant_id id;
    struct scaling_target target = {.created_ms = call->now_ms, .suspended = STR_NULL};
    struct sm_thing endpoint;
    const struct json *suspended = json_get(call->input, "SuspendedState");
    struct json *body = json_object(call->arena);
    int64_t count = 0;

    (void) err;
    if (!scaling_read_keys(call, &id))
        return ERR_NONE;
    bool there = scaling_find_target(call->local, call->arena, call->region, id.resource, &target);
    target.min = json_get_int(call->input, "MinCapacity", target.min);
    target.max = json_get_int(call->input, "MaxCapacity", target.max);
    if (suspended != NULL)
        target.suspended = json_text(call->arena, suspended, JSON_COMPACT);
    if (!range_fits(call, there, &target) || !find_variant(call, &id, &endpoint, &count))
        return ERR_NONE;
    db_run(
        call->db,
        "INSERT OR REPLACE INTO scaling_target(region, resource, min, max, created_ms, suspended) "
        "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        DB_ARGS(
            db_text(call->region), db_text(id.resource), db_int(target.min), db_int(target.max),
            db_int(target.created_ms), db_text(target.suspended)));
    if (count < target.min)
        move_into_range(call, &endpoint, id.variant, target.min);
    else if (count > target.max)
        move_into_range(call, &endpoint, id.variant, target.max);
    json_put(
        call->arena, body, "ScalableTargetARN",
        json_string(call->arena, target_arn(call, id.resource)));
    return call_json(call, body);
}

static void
forget_target(struct local *local, struct arena *arena, struct str region, struct str resource)
{
    struct str prefix = str_fmt(arena, "TargetTracking-" STR_FMT "-", STR_ARG(resource));
    db_run(
        local_db(local), "DELETE FROM scaling_policy WHERE region=?1 AND resource=?2",
        DB_ARGS(db_text(region), db_text(resource)));
    db_run(
        local_db(local), "DELETE FROM scaling_target WHERE region=?1 AND resource=?2",
        DB_ARGS(db_text(region), db_text(resource)));
    alarms_forget(local, region, prefix);
}

void scaling_forget(
    struct local *local, struct arena *arena, struct str region, struct str endpoint)
{
    struct str prefix = str_fmt(arena, "endpoint/" STR_FMT "/variant/", STR_ARG(endpoint));
    VEC(struct str) found = {0};
    {
        struct db_stmt *AUTO(db_finish) row = db_query(
            local_db(local),
            "SELECT resource FROM scaling_target WHERE region=?1 AND substr(resource, 1, "
            "length(?2))=?2",
            DB_ARGS(db_text(region), db_text(prefix)));
        while (db_next(row))
            *VEC_PUSH(arena, &found) = db_col_text(row, 0, arena);
    }
    for (size_t i = 0; i < found.len; i++)
        forget_target(local, arena, region, found.items[i]);
}

enum err_code scaling_deregister(struct local_call *call, struct err *err)
{
    struct variant_id id;
    struct scaling_target target;

    (void) err;
    if (!scaling_read_keys(call, &id))
        return ERR_NONE;
    if (!scaling_find_target(call->local, call->arena, call->region, id.resource, &target))
        return scaling_not_found(call, "scalable target", id.resource);
    forget_target(call->local, call->arena, call->region, id.resource);
    return call_json(call, json_object(call->arena));
}

struct json *scaling_keys_json(struct local_call *call, struct str resource)
{
    struct json *out = json_object(call->arena);
    json_put(call->arena, out, "ServiceNamespace", json_z(call->arena, NAMESPACE));
    json_put(call->arena, out, "ResourceId", json_string(call->arena, resource));
    json_put(call->arena, out, "ScalableDimension", json_z(call->arena, DIMENSION));
    return out;
}

static struct json *suspended_json(struct local_call *call, struct str text)
{
    static const char *const members[] = {
        "DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"};
    struct json *state = json_object(call->arena), *given = NULL;
    UNFILLED struct err ignored;
    if (!str_is_null(text) && json_parse(call->arena, text, KIB(64), &given, &ignored) != ERR_NONE)
        given = NULL;
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        json_set(
            call->arena, state, str_from(members[i]),
            json_bool(call->arena, json_get_bool(given, members[i], false)));
    return state;
}

static struct json *target_json(struct local_call *call, struct db_stmt *row)
{
    struct str resource = db_col_text(row, 0, call->arena);
    struct json *out = scaling_keys_json(call, resource);
    json_put(call->arena, out, "MinCapacity", json_int(call->arena, db_col_int(row, 1)));
    json_put(call->arena, out, "MaxCapacity", json_int(call->arena, db_col_int(row, 2)));
    json_put(
        call->arena, out, "RoleARN",
        json_string(
            call->arena,
            str_fmt(
                call->arena,
                "arn:aws:iam::" STR_FMT ":role/aws-service-role/sagemaker.application-autoscaling."
                "amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
                STR_ARG(call->account))));
    json_put(call->arena, out, "CreationTime", sm_time(call->arena, db_col_int(row, 3)));
    json_put(
        call->arena, out, "SuspendedState", suspended_json(call, db_col_text(row, 4, call->arena)));
    json_put(
        call->arena, out, "ScalableTargetARN",
        json_string(call->arena, target_arn(call, resource)));
    return out;
}

bool scaling_is_listed(const struct json *list, struct str text)
{
    JSON_EACH (item, list)
        if (str_eq(json_str(item), text))
            return true;
    return list == NULL || list->len == 0;
}

bool scaling_page_of(struct local_call *call, struct scaling_page *out)
{
    struct str position = STR_NULL;

    *out = (struct scaling_page){
        .limit = json_get_int(call->input, "MaxResults", PAGE), .items = json_array(call->arena)};
    if (!token_read(call, &position)) {
        call_fail(call, 400, "InvalidNextTokenException", "The next token is invalid.");
        return false;
    }
    str_to_i64(position, &out->skip);
    return true;
}

void scaling_page_add(struct scaling_page *paging, struct json *item, int64_t *seen)
{
    if ((*seen)++ < paging->skip)
        return;
    if (paging->items->len == (size_t) paging->limit)
        paging->more = true;
    else
        json_push(paging->items, item);
}

enum err_code
scaling_answer_page(struct local_call *call, struct scaling_page *paging, const char *key)
{
    struct json *body = json_object(call->arena);
    json_set(call->arena, body, str_from(key), paging->items);
    if (paging->more)
        json_put(
            call->arena, body, "NextToken",
            json_string(
                call->arena,
                token_make(
                    call,
                    str_fmt(call->arena, "%lld", (long long) (paging->skip + paging->limit)))));
    return call_json(call, body);
}

/* Of what is no variant of an endpoint there is nothing here. */
bool scaling_is_ours(const struct json *in)
{
    struct str dimension = json_get_str(in, "ScalableDimension");
    return str_eq_z(json_get_str(in, "ServiceNamespace"), NAMESPACE) &&
           (str_is_null(dimension) || str_eq_z(dimension, DIMENSION));
}

enum err_code scaling_describe_targets(struct local_call *call, struct err *err)
{
    struct scaling_page paging;
    int64_t seen = 0;

    (void) err;
    if (!scaling_page_of(call, &paging))
        return ERR_NONE;
    struct db_stmt *AUTO(db_finish) row = db_query(
        call->db,
        "SELECT resource, min, max, created_ms, suspended FROM scaling_target WHERE region=?1 "
        "ORDER BY resource",
        DB_ARGS(db_text(call->region)));
    while (db_next(row)) {
        struct json *item = target_json(call, row);
        if (scaling_is_ours(call->input) &&
            scaling_is_listed(
                json_get(call->input, "ResourceIds"), json_get_str(item, "ResourceId")))
            scaling_page_add(&paging, item, &seen);
    }
    return scaling_answer_page(call, &paging, "ScalableTargets");
}

/* ------------------------------------------------------------------ the room */

static void wipe(struct local *local)
{
    db_exec(local_db(local), "DELETE FROM scaling_target; DELETE FROM scaling_policy;");
}

static void dump(struct local *local, struct arena *arena, struct json *into)
{
    struct json *targets = json_array(arena);
    struct db_stmt *AUTO(db_finish) row = db_query(
        local_db(local),
        "SELECT region, resource, min, max, (SELECT group_concat(name, ',') FROM (SELECT name FROM "
        "scaling_policy p WHERE p.region=t.region AND p.resource=t.resource ORDER BY name)) FROM "
        "scaling_target t ORDER BY region, resource",
        DB_NO_ARGS);

    while (db_next(row)) {
        struct json *target = json_object(arena);
        json_put(arena, target, "region", json_string(arena, db_col_text(row, 0, arena)));
        json_put(arena, target, "name", json_string(arena, db_col_text(row, 1, arena)));
        json_put(arena, target, "min", json_int(arena, db_col_int(row, 2)));
        json_put(arena, target, "max", json_int(arena, db_col_int(row, 3)));
        json_put(arena, target, "policies", json_string(arena, db_col_text(row, 4, arena)));
        json_push(targets, target);
    }
    if (targets->len > 0)
        json_put(arena, into, "scalableTargets", targets);
}

const struct local_room local_scaling_room = {
    .name = "scaling",
    .schema = s_schema,
    .wipe = wipe,
    .dump = dump,
};
