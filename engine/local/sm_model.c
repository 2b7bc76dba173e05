#include "engine/local/sm.h"

static bool is_multi(const struct json *container)
{
    return str_eq_z(json_get_str(container, "Mode"), "MultiModel");
}

/* What CreateModel looks at outside the request: the data, and rules across members. */
static bool container_usable(struct local_call *call, const struct json *container)
{
    struct str url = json_get_str(container, "ModelDataUrl");
    bool multi = is_multi(container);

    if (str_is_empty(json_get_str(container, "Image"))) {
        sm_invalid(call, "You must specify an Image or a ModelPackageName for each container.");
        return false;
    }
    if (multi && (str_is_null(url) || json_get(container, "ModelDataSource") != NULL)) {
        sm_invalid(
            call, "ModelDataUrl is required, and ModelDataSource is not supported, when Mode is "
                  "MultiModel.");
        return false;
    }
    if (!multi && json_get(container, "MultiModelConfig") != NULL) {
        sm_invalid(call, "MultiModelConfig can only be specified when Mode is MultiModel.");
        return false;
    }
    if (!str_is_null(url) &&
        !sm_model_data_exists(call->local, call->arena, call->region, url, multi)) {
        sm_invalid(call, "Could not find model data at " STR_FMT ".", STR_ARG(url));
        return false;
    }
    return true;
}

/* Several containers run side by side here as on AWS, and what runs here is XGBoost. */
static bool runs_here(struct local_call *call, const struct json *container, struct str name)
{
    struct str image = json_get_str(container, "Image");

    if (sm_image_xgboost(image) || (!str_is_null(json_get_str(container, "ModelDataUrl")) &&
                                    sm_container_loads(call->local, container)))
        return true;
    sm_invalid(
        call,
        "Container " STR_FMT " cannot run in the AWS stand-in: image " STR_FMT
        " is not XGBoost, and its model data is no XGBoost model either. On AWS it would be "
        "created.",
        STR_ARG(name), STR_ARG(image));
    return false;
}

/* Direct mode tells containers apart by their hostnames.
 * docs.aws.amazon.com/sagemaker/latest/dg/multi-container-direct.html */
static bool hostnames_usable(struct local_call *call, const struct json *containers, bool direct)
{
    JSON_EACH (container, containers) {
        struct str name = json_get_str(container, "ContainerHostname");
        if (direct && str_is_null(name)) {
            sm_invalid(
                call, "ContainerHostname is required for each container when the "
                      "InferenceExecutionConfig mode is Direct.");
            return false;
        }
        for (const struct json *other = container->next; other != NULL; other = other->next)
            if (!str_is_null(name) && str_eq(json_get_str(other, "ContainerHostname"), name)) {
                sm_invalid(
                    call, "Container hostnames must be unique. Duplicate hostname: " STR_FMT ".",
                    STR_ARG(name));
                return false;
            }
    }
    return true;
}

static bool several_usable(struct local_call *call, const struct json *containers)
{
    size_t i = 0;

    if (containers == NULL || containers->len < 2)
        return true;
    JSON_EACH (container, containers)
        if (!runs_here(call, container, sm_container_name(call->arena, container, i++)))
            return false;
    return true;
}

static bool containers_usable(struct local_call *call)
{
    const struct json *primary = json_get(call->input, "PrimaryContainer");
    const struct json *containers = json_get(call->input, "Containers");
    bool direct =
        str_eq_z(json_get_str(json_get(call->input, "InferenceExecutionConfig"), "Mode"), "Direct");
    size_t multi = 0;

    if ((primary == NULL) == (containers == NULL || containers->len == 0)) {
        sm_invalid(
            call, "You must provide either PrimaryContainer or Containers in the request, but not "
                  "both.");
        return false;
    }
    if (direct && (containers == NULL || containers->len < 2)) {
        sm_invalid(
            call, "InferenceExecutionConfig mode Direct requires at least 2 containers in "
                  "Containers.");
        return false;
    }
    if (primary != NULL)
        return container_usable(call, primary);
    if (!hostnames_usable(call, containers, direct))
        return false;
    JSON_EACH (container, containers) {
        if (!container_usable(call, container))
            return false;
        multi += is_multi(container);
    }
    if (multi > 1) {
        sm_invalid(call, "Only one container of a pipeline can have Mode MultiModel.");
        return false;
    }
    return several_usable(call, containers);
}

static void container_defaults(struct arena *arena, struct json *container)
{
    struct json *cache = json_object(arena), *source = json_object(arena), *s3;
    struct str url = json_get_str(container, "ModelDataUrl");

    sm_default(arena, container, "Mode", json_z(arena, "SingleModel"));
    sm_default(arena, container, "Environment", json_object(arena));
    if (is_multi(container)) {
        json_put(arena, cache, "ModelCacheSetting", json_z(arena, "Enabled"));
        sm_default(arena, container, "MultiModelConfig", cache);
    } else if (!str_is_null(url)) {
        /* The service mirrors the one into the other. */
        s3 = json_object(arena);
        json_put(arena, s3, "S3Uri", json_string(arena, url));
        json_put(arena, s3, "S3DataType", json_z(arena, "S3Object"));
        json_put(arena, s3, "CompressionType", json_z(arena, "Gzip"));
        json_put(arena, source, "S3DataSource", s3);
        sm_default(arena, container, "ModelDataSource", source);
    }
}

static struct json *with_defaults(struct local_call *call)
{
    struct json *in = sm_without(call->arena, call->input, "Tags");
    struct json *primary = sm_mutable(in, "PrimaryContainer");
    struct json *containers = sm_mutable(in, "Containers");

    if (primary != NULL)
        container_defaults(call->arena, primary);
    for (struct json *c = containers != NULL ? containers->first : NULL; c != NULL; c = c->next)
        container_defaults(call->arena, c);
    sm_default(call->arena, in, "EnableNetworkIsolation", json_bool(call->arena, false));
    return in;
}

enum err_code sm_create_model(struct local_call *call, struct err *err)
{
    struct str name = json_get_str(call->input, "ModelName");
    struct json *doc = json_object(call->arena), *body = json_object(call->arena);
    struct str arn;

    (void) err;
    if (!sm_tags_valid(call, json_get(call->input, "Tags")) ||
        !sm_role_usable(call, json_get_str(call->input, "ExecutionRoleArn")))
        return ERR_NONE;
    arn = sm_arn(call->local, call->arena, call->region, SM_MODEL, name);
    if (sm_name_taken(call, SM_MODEL, name))
        return sm_invalid(
            call, "Cannot create already existing model \"" STR_FMT "\".", STR_ARG(arn));
    if (!containers_usable(call))
        return ERR_NONE;
    json_put(call->arena, doc, "in", with_defaults(call));
    sm_create(call, SM_MODEL, name, STR(""), SM_NEVER, doc);
    json_put(call->arena, body, "ModelArn", json_string(call->arena, arn));
    return call_json(call, body);
}

static bool model_of(struct local_call *call, struct sm_thing *model)
{
    struct str name = json_get_str(call->input, "ModelName"), arn;

    if (sm_find_visible(call, SM_MODEL, name, model))
        return true;
    arn = sm_arn(call->local, call->arena, call->region, SM_MODEL, name);
    sm_invalid(call, "Could not find model \"" STR_FMT "\".", STR_ARG(arn));
    return false;
}

enum err_code sm_describe_model(struct local_call *call, struct err *err)
{
    struct sm_thing model;
    struct json *body;

    (void) err;
    if (!model_of(call, &model))
        return ERR_NONE;
    body = json_copy(call->arena, json_get(model.doc, "in"));
    json_put(call->arena, body, "ModelArn", json_string(call->arena, model.arn));
    json_put(call->arena, body, "CreationTime", sm_time(call->arena, model.created_ms));
    sm_fill_defaults(call, SM_MODEL, body);
    return call_json(call, body);
}

/* Not hindered by an endpoint that uses it: that keeps what it was deployed with. */
enum err_code sm_delete_model(struct local_call *call, struct err *err)
{
    struct sm_thing model;

    (void) err;
    if (!model_of(call, &model))
        return ERR_NONE;
    sm_drop(call->local, call->arena, &model);
    return call_empty(call, 200);
}

static struct json *summary(struct arena *arena, const struct sm_thing *model)
{
    struct json *item = json_object(arena);

    json_put(arena, item, "ModelName", json_string(arena, model->name));
    json_put(arena, item, "ModelArn", json_string(arena, model->arn));
    json_put(arena, item, "CreationTime", sm_time(arena, model->created_ms));
    return item;
}

enum err_code sm_list_models(struct local_call *call, struct err *err)
{
    (void) err;
    return sm_list(call, SM_MODEL, "Models", summary);
}
