#include "engine/local/sm.h"

static bool serverless(const struct json *variant)
{
    return json_get(variant, "ServerlessConfig") != NULL;
}

static bool model_is_multi(const struct sm_thing *model)
{
    const struct json *in = json_get(model->doc, "in");

    if (str_eq_z(json_get_str(json_get(in, "PrimaryContainer"), "Mode"), "MultiModel"))
        return true;
    JSON_EACH (container, json_get(in, "Containers"))
        if (str_eq_z(json_get_str(container, "Mode"), "MultiModel"))
            return true;
    return false;
}

static bool variant_usable(struct local_call *call, const struct json *variant)
{
    struct str name = json_get_str(variant, "VariantName");
    struct str model = json_get_str(variant, "ModelName"), arn;
    struct sm_thing thing;

    for (const struct json *other = variant->next; other != NULL; other = other->next)
        if (str_eq(json_get_str(other, "VariantName"), name)) {
            sm_invalid(
                call, "Duplicate variant names found in the request: " STR_FMT, STR_ARG(name));
            return false;
        }
    if (str_is_null(model) ||
        (!serverless(variant) && (json_get(variant, "InitialInstanceCount") == NULL ||
                                  json_get(variant, "InstanceType") == NULL))) {
        sm_invalid(
            call,
            "ProductionVariant " STR_FMT " must specify ModelName, and InstanceType and "
            "InitialInstanceCount or ServerlessConfig.",
            STR_ARG(name));
        return false;
    }
    if (!sm_find_visible(call, SM_MODEL, model, &thing)) {
        arn = sm_arn(call->local, call->arena, call->region, SM_MODEL, model);
        sm_invalid(call, "Could not find model \"" STR_FMT "\".", STR_ARG(arn));
        return false;
    }
    if (serverless(variant) && model_is_multi(&thing)) {
        sm_invalid(call, "Serverless inference does not support multi-model endpoints.");
        return false;
    }
    return true;
}

enum err_code sm_create_endpoint_config(struct local_call *call, struct err *err)
{
    struct str name = json_get_str(call->input, "EndpointConfigName"), arn;
    struct json *in, *doc = json_object(call->arena), *body = json_object(call->arena);

    (void) err;
    if (!sm_tags_valid(call, json_get(call->input, "Tags")))
        return ERR_NONE;
    arn = sm_arn(call->local, call->arena, call->region, SM_CONFIG, name);
    if (sm_name_taken(call, SM_CONFIG, name))
        return sm_invalid(
            call, "Cannot create already existing endpoint configuration \"" STR_FMT "\".",
            STR_ARG(arn));
    JSON_EACH (variant, json_get(call->input, "ProductionVariants"))
        if (!variant_usable(call, variant))
            return ERR_NONE;
    in = sm_without(call->arena, call->input, "Tags");
    for (struct json *v = sm_mutable(in, "ProductionVariants")->first; v != NULL; v = v->next)
        sm_default(call->arena, v, "InitialVariantWeight", json_num(call->arena, 1.0));
    sm_default(call->arena, in, "EnableNetworkIsolation", json_bool(call->arena, false));
    json_put(call->arena, doc, "in", in);
    sm_create(call, SM_CONFIG, name, STR(""), SM_NEVER, doc);
    json_put(call->arena, body, "EndpointConfigArn", json_string(call->arena, arn));
    return call_json(call, body);
}

static bool config_of(struct local_call *call, struct sm_thing *config)
{
    struct str name = json_get_str(call->input, "EndpointConfigName"), arn;

    if (sm_find_visible(call, SM_CONFIG, name, config))
        return true;
    arn = sm_arn(call->local, call->arena, call->region, SM_CONFIG, name);
    sm_invalid(call, "Could not find endpoint configuration \"" STR_FMT "\".", STR_ARG(arn));
    return false;
}

enum err_code sm_describe_endpoint_config(struct local_call *call, struct err *err)
{
    struct sm_thing config;
    struct json *body;

    (void) err;
    if (!config_of(call, &config))
        return ERR_NONE;
    body = json_copy(call->arena, json_get(config.doc, "in"));
    json_put(call->arena, body, "EndpointConfigArn", json_string(call->arena, config.arn));
    json_put(call->arena, body, "CreationTime", sm_time(call->arena, config.created_ms));
    sm_fill_defaults(call, SM_CONFIG, body);
    return call_json(call, body);
}

/* The service does not refuse the deletion of one in use. */
enum err_code sm_delete_endpoint_config(struct local_call *call, struct err *err)
{
    struct sm_thing config;

    (void) err;
    if (!config_of(call, &config))
        return ERR_NONE;
    sm_drop(call->local, call->arena, &config);
    return call_empty(call, 200);
}

static struct json *summary(struct arena *arena, const struct sm_thing *config)
{
    struct json *item = json_object(arena);

    json_put(arena, item, "EndpointConfigName", json_string(arena, config->name));
    json_put(arena, item, "EndpointConfigArn", json_string(arena, config->arn));
    json_put(arena, item, "CreationTime", sm_time(arena, config->created_ms));
    return item;
}

enum err_code sm_list_endpoint_configs(struct local_call *call, struct err *err)
{
    (void) err;
    return sm_list(call, SM_CONFIG, "EndpointConfigs", summary);
}
