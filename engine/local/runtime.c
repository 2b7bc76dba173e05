#include "engine/local/runtime.h"

#include "engine/local/fleet.h"
#include "engine/local/logs.h"
#include "engine/local/objects.h"
#include "engine/local/runtime_path.h"

#include <stdatomic.h>

enum { MAX_BODY = 6291456, MAX_TARGET = 1024, STATUS_NO_CONTENT = 204 };

static void release(struct fleet **fleet)
{
    fleet_release(*fleet);
}

/* ValidationError with the ErrorCode some of them carry. */
static enum err_code refuse(struct local_call *call, const char *error_code, struct str message)
{
    struct json *body = json_object(call->arena);

    call_fail(call, 400, "ValidationError", STR_FMT, STR_ARG(message));
    if (error_code != NULL) {
        json_put(call->arena, body, "ErrorCode", json_z(call->arena, error_code));
        json_put(call->arena, body, "Message", json_string(call->arena, message));
        call->response->body = json_text(call->arena, body, JSON_COMPACT);
    }
    return ERR_NONE;
}

/* The container answered with an error: its words go into the answer and into its log. */
static enum err_code model_error(
    struct local_call *call,
    const struct fleet *fleet,
    const struct fleet_variant *variant,
    const struct fleet_container *container,
    const struct serve_response *answer,
    struct err *err)
{
    struct json *body = json_object(call->arena);
    struct str from = variant->n_containers > 1 ? container->name : STR("primary");
    struct str group = str_dup(call->arena, fleet_endpoint_group(fleet));
    bool client = answer->status < 500;
    struct str message = str_fmt(
        call->arena,
        "Received %s error (%d) from " STR_FMT " with message \"" STR_FMT "\". See https://" STR_FMT
        ".console.aws.amazon.com/cloudwatch/home?region=" STR_FMT "#logEventViewer:group=" STR_FMT
        " in account " STR_FMT " for more information.",
        client ? "client" : "server", answer->status, STR_ARG(from), STR_ARG(answer->body),
        STR_ARG(call->region), STR_ARG(call->region), STR_ARG(group), STR_ARG(call->account));
    enum err_code code = world_enter(call->local, err);

    if (code != ERR_NONE)
        return code;
    logs_put(call->local, call->region, group, container->log_stream, call->now_ms, answer->body);
    code = world_leave(call->local, err);
    if (code != ERR_NONE)
        return code;
    json_put(
        call->arena, body, "ErrorCode",
        json_z(call->arena, client ? "CLIENT_ERROR_FROM_MODEL" : "INTERNAL_FAILURE_FROM_MODEL"));
    json_put(
        call->arena, body, "LogStreamArn",
        json_string(call->arena, call_arn(call, "logs", "log-group:" STR_FMT, STR_ARG(group))));
    json_put(call->arena, body, "Message", json_string(call->arena, message));
    json_put(call->arena, body, "OriginalMessage", json_string(call->arena, answer->body));
    json_put(call->arena, body, "OriginalStatusCode", json_int(call->arena, answer->status));
    call_fail(call, 424, "ModelError", "-");
    call->response->body = json_text(call->arena, body, JSON_COMPACT);
    return ERR_NONE;
}

static enum err_code
download_failed(struct local_call *call, const struct fleet_container *container, struct str target)
{
    struct str bucket = STR_NULL, key = STR_NULL;

    objects_parse_uri(container->url, &bucket, &key);
    if (container->multi)
        key = str_fmt(call->arena, STR_FMT STR_FMT, STR_ARG(key), STR_ARG(target));
    return refuse(
        call, NULL,
        str_fmt(
            call->arena,
            "Failed to download model data(bucket: " STR_FMT ", key: " STR_FMT
            "). Please ensure that there is an object located at the URL and that the role passed "
            "to CreateModel has permissions to download the model.",
            STR_ARG(bucket), STR_ARG(key)));
}

/* ------------------------------------------------------------------ InvokeEndpoint */

/* The container of the path that serves many models; NULL when each serves one. */
static const struct fleet_container *multi_of(const struct runtime_path *path)
{
    for (size_t i = 0; i < path->len; i++)
        if (path->items[i]->multi)
            return path->items[i];
    return NULL;
}

/* What is wrong with the target for this kind of endpoint; true: answered. */
static bool target_wrong(
    struct local_call *call,
    const struct runtime_path *path,
    struct str endpoint,
    struct str target)
{
    bool given = !str_is_null(target), multi = multi_of(path) != NULL;

    if (given && !multi) {
        refuse(
            call, "TARGET_MODEL_HEADER_NOT_SUPPORTED",
            str_fmt(
                call->arena,
                "Endpoint " STR_FMT " is not a multi-model endpoint and does not support target "
                "model header.",
                STR_ARG(endpoint)));
        return true;
    }
    if (!given && multi) {
        refuse(
            call, "TARGET_MODEL_HEADER_MISSING",
            str_fmt(
                call->arena,
                "Request " STR_FMT " is missing a target model header, which is required for "
                "multi-model endpoint " STR_FMT ".",
                STR_ARG(call->request_id), STR_ARG(endpoint)));
        return true;
    }
    if (given && (target.len == 0 || target.len > MAX_TARGET || target.ptr[0] == ' ')) {
        refuse(
            call, NULL,
            str_fmt(
                call->arena,
                "1 validation error detected: Value '" STR_FMT "' at 'targetModel' failed to "
                "satisfy constraint: Member must satisfy regular expression pattern: "
                "\\A\\S[\\p{Print}]*\\z",
                STR_ARG(str_slice(target, 0, 64))));
        return true;
    }
    return false;
}

/* Which containers answer: all, one after the other, or the one that the call names.
 * docs.aws.amazon.com/sagemaker/latest/dg/multi-container-direct.html#multi-container-invoke */
static bool path_of(
    struct local_call *call,
    struct fleet_variant *variant,
    struct str endpoint,
    struct runtime_path *path)
{
    struct str host = call_request_header(call, "X-Amzn-SageMaker-Target-Container-Hostname");

    *path = (struct runtime_path){.len = 0};
    for (size_t i = 0; i < variant->n_containers; i++)
        if (!variant->direct || str_eq(variant->containers[i].name, host))
            path->items[path->len++] = &variant->containers[i];
    if (!variant->direct && !str_is_null(host))
        refuse(
            call, NULL,
            str_fmt(
                call->arena,
                "Endpoint " STR_FMT " is not a multi-container endpoint with direct invocation and "
                "does not support the target container hostname header.",
                STR_ARG(endpoint)));
    else if (variant->direct && str_is_null(host))
        refuse(
            call, NULL,
            str_fmt(
                call->arena,
                "Request " STR_FMT " is missing a target container hostname header, which is "
                "required for multi-container endpoint " STR_FMT " with direct invocation.",
                STR_ARG(call->request_id), STR_ARG(endpoint)));
    else if (path->len == 0 && variant->direct)
        refuse(
            call, NULL,
            str_fmt(
                call->arena,
                "Target container hostname " STR_FMT " is not found for endpoint " STR_FMT ".",
                STR_ARG(str_slice(host, 0, 64)), STR_ARG(endpoint)));
    else
        return true;
    return false;
}

static void add_headers(
    struct local_call *call,
    const struct fleet_variant *variant,
    const struct serve_response *answer)
{
    call_header(call, "x-Amzn-Invoked-Production-Variant", str_dup(call->arena, variant->name));
    call_header(call, "x-mmectl-model-loaded", answer->loaded_now ? STR("miss") : STR("hit"));
    call_header(
        call, "x-mmectl-load-us", str_fmt(call->arena, "%lld", (long long) answer->load_us));
    call_header(
        call, "x-mmectl-predict-us", str_fmt(call->arena, "%lld", (long long) answer->predict_us));
}

/* answer: NULL when the model data was not there, and no container was called.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html */
static void measure(
    const struct local_call *call,
    const struct fleet *fleet,
    const struct fleet_variant *variant,
    const struct runtime_path *path,
    const struct serve_response *answer,
    int64_t took_us)
{
    int status = answer != NULL ? answer->status : 0;
    int64_t model_us = answer != NULL ? answer->predict_us : 0;
    int64_t instances = atomic_load(&variant->instances);
    bool waited = answer == NULL || answer->loaded_now;
    struct measure_value values[9] = {
        {MEASURE_INVOCATIONS, 1},
        {MEASURE_PER_INSTANCE, 1.0 / (double) (instances > 0 ? instances : 1)},
        {MEASURE_ERRORS_4XX, status >= 400 && status < 500},
        {MEASURE_ERRORS_5XX, status >= 500},
        {MEASURE_MODEL_ERRORS, answer == NULL || status >= 300},
        {MEASURE_OVERHEAD_LATENCY, (double) (took_us - model_us)},
    };
    size_t len = 6;

    if (answer != NULL)
        values[len++] = (struct measure_value){MEASURE_MODEL_LATENCY, (double) model_us};
    if (multi_of(path) != NULL)
        values[len++] = (struct measure_value){MEASURE_CACHE_HIT, !waited};
    if (multi_of(path) != NULL && answer != NULL && waited)
        values[len++] = (struct measure_value){MEASURE_LOADING_WAIT, (double) answer->load_us};
    measures_record(variant->measures, call->now_ms, values, len);
    fleet_measure_models(fleet, variant, call->now_ms);
}

static enum err_code
invoke_fleet(struct local_call *call, struct fleet *fleet, struct str endpoint, struct err *err)
{
    int64_t start_us = clock_tick_us();
    struct str target = call_request_header(call, "X-Amzn-SageMaker-Target-Model");
    struct str wanted = call_request_header(call, "X-Amzn-SageMaker-Target-Variant");
    struct fleet_variant *variant = fleet_variant_pick(fleet, wanted);
    struct serve_response answer = {0};
    struct runtime_path path;
    enum err_code code;

    if (variant == NULL)
        return refuse(
            call, NULL,
            str_fmt(
                call->arena, "Variant " STR_FMT " is not found for endpoint " STR_FMT ".",
                STR_ARG(wanted), STR_ARG(endpoint)));
    if (!path_of(call, variant, endpoint, &path) || target_wrong(call, &path, endpoint, target))
        return ERR_NONE;
    code = runtime_walk(call, &path, target, &answer, err);
    if (code != ERR_NONE && code != ERR_NOT_FOUND)
        return code;
    measure(
        call, fleet, variant, &path, code == ERR_NONE ? &answer : NULL, clock_tick_us() - start_us);
    if (code == ERR_NOT_FOUND)
        return download_failed(call, path.items[path.at], target);
    if (answer.status >= 400) {
        code = model_error(call, fleet, variant, path.items[path.at], &answer, err);
    } else {
        call_empty(call, answer.status);
        if (answer.status != STATUS_NO_CONTENT)
            call->response->body = answer.body;
        call_header(call, "Content-Type", answer.content_type);
    }
    add_headers(call, variant, &answer);
    return code;
}

enum err_code runtime_invoke_endpoint(struct local_call *call, struct err *err)
{
    struct str rest = str_from_index(call->path, strlen("/endpoints/")), endpoint = STR_NULL, name;
    AUTO(release) struct fleet *fleet = NULL;
    enum err_code code;

    str_split(&rest, '/', &endpoint);
    if (!uri_decode(call->arena, endpoint, false, &name))
        name = endpoint;
    if (call->http->body_len > MAX_BODY || call->http->body.len > MAX_BODY)
        return call_fail(
            call, 413, "RequestEntityTooLargeException", "The request body is larger than %d bytes",
            MAX_BODY);
    code = fleet_acquire(call->local, call->region, name, call->now_ms, &fleet, err);
    if (code != ERR_NONE)
        return code;
    if (fleet == NULL)
        return refuse(
            call, NULL,
            str_fmt(
                call->arena, "Endpoint " STR_FMT " of account " STR_FMT " not found.",
                STR_ARG(name), STR_ARG(call->account)));
    return invoke_fleet(call, fleet, name, err);
}

/* ------------------------------------------------------------------ introspection */

static enum err_code fleet_given(struct local_call *call, struct fleet **out, struct err *err)
{
    struct str name = call_param(call, "endpoint");
    enum err_code code = fleet_acquire(call->local, call->region, name, call->now_ms, out, err);

    if (code == ERR_NONE && *out == NULL)
        call_fail(call, 404, "NotFound", "endpoint '" STR_FMT "' does not serve", STR_ARG(name));
    return code;
}

enum err_code runtime_models(struct local_call *call, struct err *err)
{
    AUTO(release) struct fleet *fleet = NULL;
    struct json *body = json_object(call->arena);
    enum err_code code = fleet_given(call, &fleet, err);

    if (code != ERR_NONE || fleet == NULL)
        return code;
    json_put(call->arena, body, "models", fleet_models(fleet, call->arena));
    return call_json(call, body);
}

enum err_code runtime_unload(struct local_call *call, struct err *err)
{
    AUTO(release) struct fleet *fleet = NULL;
    bool keep_disk = str_eq_z(call_param(call, "keepDisk"), "true");
    enum err_code code = fleet_given(call, &fleet, err);

    if (code != ERR_NONE || fleet == NULL)
        return code;
    if (call_has_param(call, "model"))
        fleet_unload(fleet, call_param(call, "model"), keep_disk);
    else
        JSON_EACH (item, fleet_models(fleet, call->arena))
            fleet_unload(fleet, json_get_str(item, "model"), keep_disk);
    fleet_measure(fleet, call->now_ms);
    return call_json(call, json_object(call->arena));
}
