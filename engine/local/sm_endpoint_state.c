/* An endpoint in time. The document of an endpoint:
 *
 *   config      the config it runs on (of a new one: the one it is created with)
 *   generation  counts fleets: a new one serves after each completed create and update
 *   variants    what that fleet serves, copied when it was deployed: deleting the Model or the
 *               config later changes nothing until the next update
 *   reason      FailureReason
 *   deployment, last_deployment   DeploymentConfig given, and the one last used
 *   capture     DataCaptureConfig of the config, or of one before when that is retained
 *   op          what is going on: {kind: create|update|rollback|weights|system|delete, until_ms,
 *               config, retain, exclude, desired, injected; of an update shift_ms: when traffic
 *               begins to move to the new instances, and alarms count}
 *
 * A config that cannot work ends a create as Failed and an update as RollingBack, then InService on
 * the old config with a FailureReason: what makes "InService" alone no proof of success. */
#include "engine/local/sm.h"

#include "engine/local/fleet.h"
#include "engine/local/logs.h"

static struct str group_of(struct arena *arena, const struct sm_thing *endpoint)
{
    return str_fmt(arena, "/aws/sagemaker/Endpoints/" STR_FMT, STR_ARG(endpoint->name));
}

/* ------------------------------------------------------------------ from config to fleet */

struct resolving {
    struct local *local;
    struct arena *arena;
    struct str region, reason; /* reason: why it cannot work; null so far */
};

/* several: it stands beside others. */
static void check_container(
    struct resolving *r,
    const struct json *container,
    struct str name,
    bool several,
    struct str variant)
{
    struct str url = json_get_str(container, "ModelDataUrl");
    struct str image = json_get_str(container, "Image");
    bool multi = str_eq_z(json_get_str(container, "Mode"), "MultiModel");

    if (multi && !sm_image_multi_model(r->local, r->arena, image))
        r->reason = str_fmt(
            r->arena,
            "Your Ecr Image " STR_FMT " does not contain required "
            "com.amazonaws.sagemaker.capabilities.multi-models=true Docker label(s).",
            STR_ARG(image));
    else if (!str_is_null(url) && !sm_model_data_exists(r->local, r->arena, r->region, url, multi))
        r->reason = str_fmt(
            r->arena,
            "Failed to download model data for container \"" STR_FMT "\" of production "
            "variant " STR_FMT " from URL: \"" STR_FMT
            "\". Please ensure that there is an object located at "
            "the URL and that the role passed to CreateModel has permissions to download the "
            "object.",
            STR_ARG(several ? name : STR("container_1")), STR_ARG(variant), STR_ARG(url));
    else if (several && !multi && !sm_container_loads(r->local, container))
        r->reason = str_fmt(
            r->arena,
            "The " STR_FMT " container for production variant " STR_FMT
            " did not pass the ping health check. Please check CloudWatch logs for this endpoint.",
            STR_ARG(name), STR_ARG(variant));
}

static struct json *resolve_variant(struct resolving *r, const struct json *wanted)
{
    struct json *variant = json_object(r->arena), *containers = json_array(r->arena);
    struct str name = json_get_str(wanted, "VariantName");
    struct str model_name = json_get_str(wanted, "ModelName");
    struct sm_thing model;
    const struct json *in, *primary;

    if (!sm_find(r->local, r->arena, r->region, SM_MODEL, model_name, &model)) {
        struct str arn = sm_arn(r->local, r->arena, r->region, SM_MODEL, model_name);
        r->reason = str_fmt(r->arena, "Could not find model \"" STR_FMT "\".", STR_ARG(arn));
        return variant;
    }
    in = json_get(model.doc, "in");
    primary = json_get(in, "PrimaryContainer");
    if (primary != NULL)
        json_push(containers, json_copy(r->arena, primary));
    JSON_EACH (container, json_get(in, "Containers"))
        json_push(containers, json_copy(r->arena, container));
    size_t index = 0;
    JSON_EACH (container, containers)
        check_container(
            r, container, sm_container_name(r->arena, container, index++), containers->len > 1,
            name);
    json_put(
        r->arena, variant, "direct",
        json_bool(
            r->arena,
            str_eq_z(json_get_str(json_get(in, "InferenceExecutionConfig"), "Mode"), "Direct")));
    json_put(r->arena, variant, "name", json_string(r->arena, name));
    json_put(
        r->arena, variant, "type", json_string(r->arena, json_get_str(wanted, "InstanceType")));
    json_put(
        r->arena, variant, "count",
        json_int(r->arena, json_get_int(wanted, "InitialInstanceCount", 1)));
    json_put(
        r->arena, variant, "weight",
        json_num(r->arena, json_get_num(wanted, "InitialVariantWeight", 1.0)));
    json_put(r->arena, variant, "containers", containers);
    return variant;
}

/* The variants a config stands for at this moment; r->reason when it cannot work. */
static struct json *resolve(struct resolving *r, struct str config_name)
{
    struct json *variants = json_array(r->arena);
    struct sm_thing config;

    if (!sm_find(r->local, r->arena, r->region, SM_CONFIG, config_name, &config)) {
        struct str arn = sm_arn(r->local, r->arena, r->region, SM_CONFIG, config_name);
        r->reason = str_fmt(
            r->arena, "Could not find endpoint configuration \"" STR_FMT "\".", STR_ARG(arn));
        return variants;
    }
    JSON_EACH (wanted, json_get(json_get(config.doc, "in"), "ProductionVariants"))
        json_push(variants, resolve_variant(r, wanted));
    return variants;
}

static struct json *variant_named(struct json *variants, struct str name)
{
    for (struct json *v = variants != NULL ? variants->first : NULL; v != NULL; v = v->next)
        if (str_eq(json_get_str(v, "name"), name))
            return v;
    return NULL;
}

static bool excluded(const struct json *op, const char *property)
{
    JSON_EACH (item, json_get(op, "exclude"))
        if (str_eq_z(json_get_str(item, "VariantPropertyType"), property))
            return true;
    return false;
}

/* RetainAllVariantProperties: counts and weights of the running fleet win over the config's. */
static void
retain(struct arena *arena, const struct json *op, struct json *from, struct json *variants)
{
    for (struct json *v = variants->first; v != NULL; v = v->next) {
        const struct json *old = variant_named(from, json_get_str(v, "name"));
        if (old == NULL || !json_get_bool(op, "retain", false))
            continue;
        if (!excluded(op, "DesiredInstanceCount"))
            json_put(arena, v, "count", json_int(arena, json_get_int(old, "count", 1)));
        if (!excluded(op, "DesiredWeight"))
            json_put(arena, v, "weight", json_num(arena, json_get_num(old, "weight", 1.0)));
    }
}

/* DataCaptureConfig counts as a property of the variants: what is retained is not the config's. */
static void take_capture(struct resolving *r, const struct json *op, struct sm_thing *endpoint)
{
    struct sm_thing config;
    bool retained = json_get_bool(op, "retain", false) && !excluded(op, "DataCaptureConfig");

    if (retained ||
        !sm_find(r->local, r->arena, r->region, SM_CONFIG, json_get_str(op, "config"), &config))
        return;
    const struct json *capture = json_get(json_get(config.doc, "in"), "DataCaptureConfig");
    endpoint->doc = sm_without(r->arena, endpoint->doc, "capture");
    if (capture != NULL)
        json_put(r->arena, endpoint->doc, "capture", json_copy(r->arena, capture));
}

/* ------------------------------------------------------------------ steps */

static void
settle(struct arena *arena, struct sm_thing *endpoint, const char *status, int64_t at_ms)
{
    struct json *kept = sm_without(arena, endpoint->doc, "op");

    endpoint->doc = kept;
    endpoint->status = str_from(status);
    endpoint->modified_ms = at_ms;
    endpoint->due_ms = SM_NEVER;
}

static void set_reason(struct arena *arena, struct sm_thing *endpoint, struct str reason)
{
    endpoint->doc = sm_without(arena, endpoint->doc, "reason");
    if (!str_is_empty(reason))
        json_put(arena, endpoint->doc, "reason", json_string(arena, reason));
}

static void
announce(struct local *local, struct arena *arena, const struct sm_thing *endpoint, int64_t at_ms)
{
    int64_t generation = json_get_int(endpoint->doc, "generation", 0);

    JSON_EACH (variant, json_get(endpoint->doc, "variants")) {
        struct str stream =
            fleet_log_stream(arena, endpoint->arn, json_get_str(variant, "name"), generation);
        const struct json *containers = json_get(variant, "containers");
        size_t i = 0;
        JSON_EACH (container, containers)
            logs_put(
                local, endpoint->region, group_of(arena, endpoint),
                fleet_container_stream(
                    arena, stream, sm_container_name(arena, container, i++), containers->len > 1),
                at_ms, STR("Model server started."));
    }
}

static void deploy(
    struct local *local,
    struct arena *arena,
    struct sm_thing *endpoint,
    struct json *variants,
    struct str config,
    int64_t at_ms)
{
    int64_t generation = json_get_int(endpoint->doc, "generation", 0) + 1;

    JSON_EACH (variant, variants)
        json_put(
            arena, variant_named(variants, json_get_str(variant, "name")), "at_ms",
            json_int(arena, at_ms));
    json_put(arena, endpoint->doc, "variants", variants);
    json_put(arena, endpoint->doc, "config", json_string(arena, config));
    json_put(arena, endpoint->doc, "generation", json_int(arena, generation));
    set_reason(arena, endpoint, STR_NULL);
    settle(arena, endpoint, "InService", at_ms);
    announce(local, arena, endpoint, at_ms);
}

static void roll_back(
    struct local *local,
    struct arena *arena,
    struct sm_thing *endpoint,
    struct str reason,
    int64_t at_ms)
{
    struct json *op = json_object(arena);

    set_reason(arena, endpoint, reason);
    endpoint->due_ms = at_ms + local_delays(local)->endpoint_rollback_ms;
    endpoint->status = STR("RollingBack");
    endpoint->modified_ms = at_ms;
    json_put(arena, op, "kind", json_z(arena, "rollback"));
    json_put(arena, op, "until_ms", json_int(arena, endpoint->due_ms));
    json_put(arena, endpoint->doc, "op", op);
}

static struct str alarm_reason(struct arena *arena, struct str alarm)
{
    return str_fmt(
        arena,
        "One or more alarms went into ALARM state during the deployment: [" STR_FMT
        "]. The endpoint goes back to its previous configuration.",
        STR_ARG(alarm));
}

static void
end_rollout(struct local *local, struct arena *arena, struct sm_thing *endpoint, int64_t at_ms)
{
    const struct json *op = json_get(endpoint->doc, "op");
    struct resolving r = {.local = local, .arena = arena, .region = endpoint->region};
    struct str config = json_get_str(op, "config");
    struct json *variants = resolve(&r, config);
    bool create = str_eq_z(json_get_str(op, "kind"), "create");

    if (str_is_null(r.reason))
        r.reason = json_get_str(op, "injected");
    if (str_is_null(r.reason)) {
        struct json *last = json_copy(arena, op);
        take_capture(&r, last, endpoint);
        op = json_get(endpoint->doc, "op");
        retain(arena, op, sm_mutable(endpoint->doc, "variants"), variants);
        if (json_get(op, "deployment") != NULL)
            json_put(
                arena, endpoint->doc, "last_deployment",
                json_copy(arena, json_get(op, "deployment")));
        deploy(local, arena, endpoint, variants, config, at_ms);
    } else if (create) {
        set_reason(arena, endpoint, r.reason);
        settle(arena, endpoint, "Failed", at_ms);
        logs_open(local, endpoint->region, group_of(arena, endpoint), STR_NULL, at_ms);
    } else {
        roll_back(local, arena, endpoint, r.reason, at_ms);
    }
}

/* Traffic begins to shift: from here on an alarm ends the update. */
static void
begin_shift(struct local *local, struct arena *arena, struct sm_thing *endpoint, int64_t at_ms)
{
    struct json *op = sm_mutable(endpoint->doc, "op");
    struct str alarm =
        sm_deployment_alarm(local, arena, endpoint->region, json_get(op, "deployment"));

    if (str_is_null(alarm)) {
        json_put(arena, op, "watching", json_bool(arena, true));
        endpoint->due_ms = json_get_int(op, "until_ms", at_ms);
    } else {
        roll_back(local, arena, endpoint, alarm_reason(arena, alarm), at_ms);
    }
}

struct raised {
    struct local *local;
    struct arena *arena;
    struct str region, alarm;
    int64_t at_ms;
};

static void maybe_roll_back(void *arg, const struct sm_thing *thing)
{
    struct raised *raised = arg;
    const struct json *op = json_get(thing->doc, "op");
    struct sm_thing endpoint = *thing;

    if (!str_eq(thing->region, raised->region) || !json_get_bool(op, "watching", false) ||
        !sm_deployment_watches(json_get(op, "deployment"), raised->alarm))
        return;
    roll_back(
        raised->local, raised->arena, &endpoint, alarm_reason(raised->arena, raised->alarm),
        raised->at_ms);
    sm_save(raised->local, raised->arena, &endpoint);
}

void sm_alarm_raised(
    struct local *local, struct arena *arena, struct str region, struct str alarm, int64_t now_ms)
{
    struct raised raised = {local, arena, region, alarm, now_ms};
    sm_each(local, arena, SM_ENDPOINT, maybe_roll_back, &raised);
}

void sm_endpoint_scale(
    struct local *local,
    struct arena *arena,
    struct sm_thing *endpoint,
    struct str variant,
    int64_t count,
    int64_t now_ms)
{
    struct json *op = json_object(arena), *list = json_array(arena), *item = json_object(arena);

    if (!str_eq_z(endpoint->status, "InService"))
        return;
    endpoint->due_ms = now_ms + local_delays(local)->endpoint_updating_ms;
    endpoint->modified_ms = now_ms;
    endpoint->status = STR("Updating");
    json_put(arena, item, "VariantName", json_string(arena, variant));
    json_put(arena, item, "DesiredInstanceCount", json_int(arena, count));
    json_put(arena, op, "kind", json_z(arena, "weights"));
    json_put(arena, op, "until_ms", json_int(arena, endpoint->due_ms));
    json_put(arena, op, "desired", json_push(list, item));
    json_put(arena, endpoint->doc, "op", op);
    sm_save(local, arena, endpoint);
}

static void apply_desired(struct arena *arena, struct sm_thing *endpoint, int64_t at_ms)
{
    struct json *variants = sm_mutable(endpoint->doc, "variants");

    JSON_EACH (desired, json_get(json_get(endpoint->doc, "op"), "desired")) {
        struct json *v = variant_named(variants, json_get_str(desired, "VariantName"));
        if (json_get(desired, "DesiredWeight") != NULL)
            json_put(
                arena, v, "weight", json_num(arena, json_get_num(desired, "DesiredWeight", 1.0)));
        if (json_get(desired, "DesiredInstanceCount") != NULL)
            json_put(
                arena, v, "count",
                json_int(arena, json_get_int(desired, "DesiredInstanceCount", 1)));
    }
    settle(arena, endpoint, "InService", at_ms);
}

void sm_endpoint_advance(
    struct local *local, struct arena *arena, struct sm_thing *endpoint, int64_t now_ms)
{
    const struct json *op;

    while ((op = json_get(endpoint->doc, "op")) != NULL) {
        struct str kind = json_get_str(op, "kind");
        int64_t until = json_get_int(op, "until_ms", 0);

        int64_t shift = json_get_int(op, "shift_ms", until);

        if (shift < until && shift <= now_ms && !json_get_bool(op, "watching", false)) {
            begin_shift(local, arena, endpoint, shift);
            continue;
        }
        if (until > now_ms)
            break;
        if (str_eq_z(kind, "delete")) {
            /* SageMaker writes the last lines after the endpoint is gone. */
            logs_group_again(
                local, endpoint->region, group_of(arena, endpoint),
                until + local_delays(local)->log_group_recreate_ms);
            sm_drop(local, arena, endpoint);
            return;
        }
        if (str_eq_z(kind, "create") || str_eq_z(kind, "update"))
            end_rollout(local, arena, endpoint, until);
        else if (str_eq_z(kind, "weights"))
            apply_desired(arena, endpoint, until);
        else
            settle(arena, endpoint, "InService", until);
    }
    sm_save(local, arena, endpoint);
}
