/* An endpoint in time. The document of an endpoint:
 *
 *   config      the config it runs on (of a new one: the one it is created with)
 *   generation  counts fleets: a new one serves after each completed create and update
 *   variants    what that fleet serves, copied when it was deployed: deleting the Model or the
 *               config later changes nothing until the next update
 *   reason      FailureReason
 *   deployment, last_deployment   DeploymentConfig given, and the one last used
 *   op          what is going on: {kind: create|update|rollback|weights|system|delete, until_ms,
 *               config, retain, exclude, desired, injected}
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

static void check_container(struct resolving *r, const struct json *container, struct str variant)
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
            "Failed to download model data for container \"container_1\" of production "
            "variant " STR_FMT " from URL: \"" STR_FMT
            "\". Please ensure that there is an object located at "
            "the URL and that the role passed to CreateModel has permissions to download the "
            "object.",
            STR_ARG(variant), STR_ARG(url));
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
    JSON_EACH (container, containers)
        check_container(r, container, name);
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

    JSON_EACH (variant, json_get(endpoint->doc, "variants"))
        logs_put(
            local, endpoint->region, group_of(arena, endpoint),
            fleet_log_stream(arena, endpoint->arn, json_get_str(variant, "name"), generation),
            at_ms, STR("Model server started."));
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
