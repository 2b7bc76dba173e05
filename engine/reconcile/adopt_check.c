#include "engine/reconcile/adopt_internal.h"

#include "engine/resource/failure.h"
#include "engine/resource/names.h"

/* Tags that other tools leave on what they manage: two masters would undo each other's work.
 * Those under "aws:" are put there by AWS itself, under "services.k8s.aws/" by ACK,
 * "sagemaker:project-" by projects of SageMaker Studio. Terraform has none of its own; by custom a
 * default tag says it. */
static const struct {
    const char *key;   /* how it starts */
    const char *value; /* what it contains; NULL: anything */
    const char *tool;
} s_tools[] = {
    {"aws:cloudformation:", NULL, "CloudFormation"},
    {"aws:servicecatalog:", NULL, "Service Catalog"},
    {"sagemaker:project-", NULL, "a SageMaker project"},
    {"services.k8s.aws/", NULL, "ACK"},
    {"crossplane-", NULL, "Crossplane"},
    {"pulumi:", NULL, "Pulumi"},
    {"managed-by", NULL, "another tool"},
    {"managedby", NULL, "another tool"},
    {"managed_by", NULL, "another tool"},
    {"terraform", NULL, "Terraform"},
    {"", "terraform", "Terraform"},
};

static const char *tool_of(struct arena *arena, const struct json *tag)
{
    struct str key = str_lower(arena, tag->key), value = str_lower(arena, json_str(tag));
    for (size_t i = 0; i < ARRAY_LEN(s_tools); i++)
        if (str_starts(key, str_from(s_tools[i].key)) &&
            (s_tools[i].value == NULL || str_find(value, str_from(s_tools[i].value)) != SIZE_MAX))
            return s_tools[i].tool;
    return NULL;
}

static bool wants_tag(const struct want *want, const struct json *tag)
{
    for (size_t i = 0; i < want->n_tags; i++)
        if (str_eq(want->tags[i].name, tag->key) && str_eq(want->tags[i].value, json_str(tag)))
            return true;
    return false;
}

static enum err_code check_tools(const struct adopt_look *look, struct err *err)
{
    const struct seen_endpoint *endpoint = &look->seen->endpoint;
    AUTO(arena_close) struct arena *scratch = arena_new("tags", 0);
    JSON_EACH (tag, endpoint->tags) {
        const char *tool = tool_of(scratch, tag);
        if (tool == NULL || wants_tag(look->want, tag))
            continue;
        err_set(
            err, ERR_REFUSED,
            "endpoint '" STR_FMT "' is managed by %s: it has the tag '" STR_FMT "' = '" STR_FMT "'",
            STR_ARG(endpoint->name), tool, STR_ARG(tag->key), STR_ARG(json_str(tag)));
        err_hint(
            err, "take it out of the other tool first (Terraform: 'removed' blocks or 'state rm'); "
                 "--allow-managed imports it all the same");
        return err_locate(err, look->want->endpoint_at);
    }
    return ERR_NONE;
}

/* Ours, nobody's, or the renamed stack's. */
static enum err_code
check_owner(const struct adopt_look *look, const struct adopt_options *options, struct err *err)
{
    const struct seen_endpoint *endpoint = &look->seen->endpoint;
    struct str uid = json_get_str(endpoint->tags, "mmectl:uid");
    if (str_is_null(uid) || str_eq(uid, look->want->uid) ||
        (look->old.asked && str_eq(uid, look->old.want.uid)))
        return ERR_NONE;
    struct str stack = json_get_str(endpoint->tags, "mmectl:stack");
    err_set(
        err, ERR_CONFLICT, "endpoint '" STR_FMT "' belongs to another stack, '" STR_FMT "'",
        STR_ARG(endpoint->name), STR_ARG(stack));
    if (str_is_null(options->from_stack))
        err_hint(
            err, "if this is that stack under a new name, add --from-stack=" STR_FMT,
            STR_ARG(stack));
    else
        err_hint(err, "--from-stack names stack '" STR_FMT "'", STR_ARG(options->from_stack));
    return err_locate(err, look->want->endpoint_at);
}

static enum err_code
differs(const struct adopt_look *look, const char *what, const char *hint, struct err *err)
{
    err_set(
        err, ERR_REFUSED, "endpoint '" STR_FMT "' cannot be imported: %s",
        STR_ARG(look->want->endpoint), what);
    err_hint(err, "%s", hint);
    return err_locate(err, look->want->endpoint_at);
}

static enum err_code check_config(const struct adopt_look *look, struct err *err)
{
    const struct json *config = look->seen->live_config.describe;
    const struct json *variants = json_get(config, "ProductionVariants");
    const struct json *variant = json_at(variants, 0);
    const struct json *shadows = json_get(config, "ShadowProductionVariants");
    if (config == NULL)
        return differs(
            look, "its endpoint configuration does not exist any more",
            "an endpoint without its configuration cannot be updated: make it anew", err);
    if (variants == NULL || variants->len != 1 || (shadows != NULL && shadows->len > 0))
        return differs(
            look, "it has more than one production or shadow variant",
            "mmectl manages endpoints with one variant: move the traffic to one first", err);
    if (json_get(variant, "ServerlessConfig") != NULL)
        return differs(
            look, "it is serverless", "a multi-model endpoint runs on instances: deploy it anew",
            err);
    if (json_get(config, "AsyncInferenceConfig") != NULL)
        return differs(
            look, "it is asynchronous", "mmectl manages real-time endpoints: deploy it anew", err);
    if (str_is_empty(json_get_str(variant, "ModelName")))
        return differs(
            look, "its variant has inference components instead of a model",
            "mmectl manages multi-model endpoints: deploy it anew", err);
    return ERR_NONE;
}

/* The spec has containers. */
static enum err_code
check_containers(const struct adopt_look *look, const struct json *containers, struct err *err)
{
    if (containers == NULL || containers->len < 2)
        return differs(
            look, "its model has one container, and the spec has 'endpoint.containers'",
            "write the spec as the endpoint is; its mode can be changed afterwards", err);
    JSON_EACH (container, containers) {
        if (str_eq(json_get_str(container, "Mode"), STR("MultiModel")))
            return differs(
                look, "one of its containers serves many models",
                "mmectl manages containers of one model each: deploy it anew with apply", err);
    }
    return ERR_NONE;
}

static enum err_code check_model(const struct adopt_look *look, struct err *err)
{
    const struct json *model = look->seen->live_model.describe;
    const struct json *container = json_get(model, "PrimaryContainer");
    const struct json *containers = json_get(model, "Containers");
    if (model == NULL)
        return differs(
            look, "its model does not exist any more",
            "instances keep serving it, but nobody can see what it was: make it anew", err);
    if (look->want->mode != WANT_MULTI_MODEL)
        return check_containers(look, containers, err);
    if (container == NULL && containers != NULL && containers->len == 1)
        container = containers->first;
    if (container == NULL)
        return differs(
            look, "its model has several containers",
            "a multi-model endpoint has one: write them into the spec, as 'endpoint.mode' and "
            "'endpoint.containers'",
            err);
    if (!str_eq(json_get_str(container, "Mode"), STR("MultiModel")))
        return differs(
            look, "its model serves a single artifact, its Mode is not MultiModel",
            "give the spec another endpoint.name and its model as 'artifact:'; apply makes the "
            "multi-model endpoint beside this one",
            err);
    if (!str_starts(json_get_str(container, "ModelDataUrl"), STR("s3://")))
        return differs(look, "its model has no ModelDataUrl", "deploy it anew with apply", err);
    return ERR_NONE;
}

static enum err_code check_status(const struct adopt_look *look, struct err *err)
{
    const struct seen_endpoint *endpoint = &look->seen->endpoint;
    if (str_eq(endpoint->status, STR("InService")))
        return ERR_NONE;
    bool busy = endpoint_is_busy(endpoint->status);
    err_set(
        err, busy ? ERR_BUSY : ERR_REFUSED, "endpoint '" STR_FMT "' is " STR_FMT "%s" STR_FMT,
        STR_ARG(endpoint->name), STR_ARG(endpoint->status),
        str_is_empty(endpoint->failure_reason) ? "" : ": ", STR_ARG(endpoint->failure_reason));
    err_hint(
        err, busy
                 ? "wait until it is InService, then import it"
                 : "only an endpoint in service can be imported: delete it, and let apply make it");
    return err_locate(err, look->want->endpoint_at);
}

static enum err_code check_prefix(const struct adopt_look *look, struct err *err)
{
    const struct want *want = look->want;
    const struct record *record = &look->seen->record;
    if (!record->present || str_eq(record->uid, want->uid))
        return ERR_NONE;
    bool renamed = look->old.asked && str_eq(record->uid, look->old.want.uid);
    err_set(
        err, ERR_CONFLICT, "the prefix '" STR_FMT "' belongs to another stack, '" STR_FMT "'",
        STR_ARG(want->home), STR_ARG(record->stack));
    if (renamed)
        err_hint(
            err, "give the renamed stack a storage.prefix of its own (without one it is the "
                 "stack's name): its artifacts are copied there, nothing is trained again");
    else
        err_hint(err, "choose another storage.prefix; one prefix belongs to one stack");
    return err_locate(err, want->prefix_at);
}

enum err_code
adopt_check(const struct adopt_look *look, const struct adopt_options *options, struct err *err)
{
    const struct seen_endpoint *endpoint = &look->seen->endpoint;
    enum err_code code = check_prefix(look, err);
    if (code != ERR_NONE)
        return code;
    if (!endpoint->present) {
        if (look->old.asked)
            return ERR_NONE; /* it gets another endpoint, too: the next apply makes it */
        err_set(
            err, ERR_NOT_FOUND, "there is no endpoint '" STR_FMT "' to import",
            STR_ARG(look->want->endpoint));
        err_hint(err, "'mmectl apply' makes it; or set endpoint.name to the one that is there");
        return err_locate(err, look->want->endpoint_at);
    }
    code = check_owner(look, options, err);
    if (code != ERR_NONE)
        return code;
    bool nobodys = str_is_null(json_get_str(endpoint->tags, "mmectl:uid"));
    if (nobodys && look->old.asked) {
        err_set(
            err, ERR_CONFLICT, "endpoint '" STR_FMT "' does not belong to stack '" STR_FMT "'",
            STR_ARG(endpoint->name), STR_ARG(options->from_stack));
        return err_hint(err, "leave --from-stack away to import an endpoint that no stack made");
    }
    if (nobodys && !options->allow_managed)
        code = check_tools(look, err);
    if (code == ERR_NONE)
        code = check_status(look, err);
    if (code == ERR_NONE)
        code = check_config(look, err);
    return code == ERR_NONE ? check_model(look, err) : code;
}
