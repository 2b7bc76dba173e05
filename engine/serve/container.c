#include "engine/serve/container.h"

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/uri.h"
#include "engine/serve/evaluate.h"
#include "engine/serve/metrics.h"
#include "engine/serve/registry.h"

#include <unistd.h>

enum {
    MAX_BODY = 6 * 1024 * 1024,
    MAX_ORDER_BYTES = 64 * 1024, /* of a POST /models */
    MAX_NAME = 1024,
    MAX_PARAMS = 16,
    PAGE = 100, /* the model server's limit and default */
};

struct container {
    struct container_options options;
    struct arena *arena;
    struct registry *registry;
    atomic_uint_fast64_t hits, misses;
};

/* One request on its way. name: of the model, decoded, from the path. */
struct visit {
    struct container *container;
    const struct httpd_request *request;
    struct httpd_response *response;
    struct arena *arena;
    struct str name, query;
};

struct container *container_new(const struct container_options *options)
{
    struct container *container = xmalloc(sizeof(*container));
    struct arena *arena = arena_new("container", MIB(1));
    *container = (struct container){.options = *options, .arena = arena};
    struct container_options *own = &container->options;
    if (own->memory_bytes == 0)
        own->memory_bytes = memory_of_machine() / 5 * 4;
    if (own->max_body == 0)
        own->max_body = MAX_BODY;
    if (own->threads == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        own->threads = cores > 0 ? (unsigned) cores : 1;
    }
    if (!str_is_null(own->default_accept))
        own->default_accept = str_dup(arena, own->default_accept);
    own->pins = str_is_null(own->pins) ? STR_NULL : str_dup(arena, own->pins);
    container->registry = registry_new(&(struct registry_options){
        .memory_bytes = own->memory_bytes,
        .ensembles = !own->no_ensembles,
        .evicts = own->evicts,
        .pins = own->pins});
    return container;
}

void container_free(struct container *container)
{
    if (container == NULL)
        return;
    registry_free(container->registry);
    arena_free(container->arena);
    xfree(container);
}

size_t container_max_body(const struct container *container)
{
    return container->options.max_body;
}

enum err_code
container_load(struct container *container, struct str name, struct str path, struct err *err)
{
    return registry_load(container->registry, name, path, err);
}

/* ---- answers ---- */

static void answer(struct visit *visit, int status, struct str type, struct str body)
{
    visit->response->status = status;
    visit->response->body = body;
    httpd_add_header(visit->arena, visit->response, STR("Content-Type"), type);
}

static void answer_json(struct visit *visit, int status, const struct json *json)
{
    struct str text = json_text(visit->arena, json, JSON_PRETTY);
    answer(
        visit, status, STR("application/json"), str_fmt(visit->arena, STR_FMT "\n", STR_ARG(text)));
}

static void fail(struct visit *visit, int status, const char *type, struct str message)
{
    struct arena *arena = visit->arena;
    struct json *json = json_object(arena);
    json_put(arena, json, "code", json_int(arena, status));
    json_put(arena, json, "type", json_z(arena, type));
    json_put(arena, json, "message", json_string(arena, message));
    answer_json(visit, status, json);
}

static void fail_not_found(struct visit *visit)
{
    fail(
        visit, 404, "ModelNotFoundException",
        str_fmt(visit->arena, "Model not found: " STR_FMT, STR_ARG(visit->name)));
}

static void say_status(struct visit *visit, struct str text)
{
    struct json *json = json_object(visit->arena);
    json_put(visit->arena, json, "status", json_string(visit->arena, text));
    answer_json(visit, 200, json);
}

/* ---- health and facts ---- */

static void ping(struct visit *visit)
{
    say_status(visit, STR("Healthy"));
}

static void execution_parameters(struct visit *visit)
{
    const struct container_options *options = &visit->container->options;
    struct arena *arena = visit->arena;
    struct json *json = json_object(arena);
    json_put(arena, json, "MaxConcurrentTransforms", json_int(arena, options->threads));
    json_put(arena, json, "BatchStrategy", json_z(arena, "MULTI_RECORD"));
    json_put(
        arena, json, "MaxPayloadInMB", json_int(arena, (int64_t) (options->max_body / MIB(1))));
    answer_json(visit, 200, json);
}

static void metrics(struct visit *visit)
{
    struct container *container = visit->container;
    struct str text = metrics_text(
        visit->arena, container->registry, atomic_load(&container->hits),
        atomic_load(&container->misses));
    answer(visit, 200, STR("text/plain; version=0.0.4; charset=utf-8"), text);
}

/* ---- models ---- */

static struct json *model_json(struct arena *arena, struct str name, struct str path)
{
    struct json *json = json_object(arena);
    json_put(arena, json, "modelName", json_string(arena, name));
    json_put(arena, json, "modelUrl", json_string(arena, path));
    return json;
}

static bool parameters(struct visit *visit, struct query_param **out, size_t *ret_len)
{
    struct err err = {0};
    *ret_len = 0;
    if (str_is_empty(visit->query) ||
        query_parse(visit->arena, visit->query, MAX_PARAMS, out, ret_len, &err) == ERR_NONE)
        return true;
    fail(visit, 400, "BadRequestException", str_dup(visit->arena, str_from(err.message)));
    return false;
}

/* The token is the last name of the page before: models that come and go between two pages move no
 * others. */
static void list_models(struct visit *visit)
{
    struct arena *arena = visit->arena;
    struct query_param *params = NULL;
    struct registered *items = NULL;
    size_t n = 0, len = 0;
    int64_t limit = PAGE;
    bool more = false;
    if (!parameters(visit, &params, &n))
        return;
    const struct query_param *wanted = query_find(params, n, "limit");
    const struct query_param *token = query_find(params, n, "next_page_token");
    if (wanted != NULL && (!str_to_i64(wanted->value, &limit) || limit < 1)) {
        fail(visit, 400, "BadRequestException", STR("limit has to be a whole number above 0"));
        return;
    }
    registry_list(
        visit->container->registry, arena, token != NULL ? token->value : STR_NULL,
        (size_t) (limit < PAGE ? limit : PAGE), &items, &len, &more);
    struct json *json = json_object(arena), *models = json_array(arena);
    for (size_t i = 0; i < len; i++)
        json_push(models, model_json(arena, items[i].name, items[i].path));
    json_put(arena, json, "models", models);
    if (more)
        json_put(arena, json, "nextPageToken", json_string(arena, items[len - 1].name));
    answer_json(visit, 200, json);
}

static void describe_model(struct visit *visit)
{
    struct served served;
    if (!registry_acquire(visit->container->registry, visit->name, &served)) {
        fail_not_found(visit);
        return;
    }
    struct str path = str_dup(visit->arena, served.path);
    registry_release(visit->container->registry, &served);
    answer_json(visit, 200, model_json(visit->arena, visit->name, path));
}

static void fail_load(struct visit *visit, const struct err *err)
{
    struct str why = err->hint[0] == '\0'
                         ? str_dup(visit->arena, str_from(err->message))
                         : str_fmt(visit->arena, "%s; %s", err->message, err->hint);
    switch ((int) err->code) {
    case ERR_EXISTS:
        fail(
            visit, 409, "ConflictStatusException",
            str_fmt(
                visit->arena, "Model " STR_FMT " is already registered.", STR_ARG(visit->name)));
        break;
    case ERR_QUOTA:
        fail(visit, 507, "InsufficientStorageException", why);
        break;
    case ERR_NOT_FOUND:
        fail(
            visit, 404, "ModelNotFoundException",
            str_fmt(visit->arena, "Model not found in model store: " STR_FMT, STR_ARG(why)));
        break;
    default:
        fail(
            visit, 500, "InternalServerException",
            str_fmt(
                visit->arena, "Unable to load model " STR_FMT ": " STR_FMT, STR_ARG(visit->name),
                STR_ARG(why)));
    }
}

static bool has_dots(struct str path)
{
    struct str rest = path, part;
    while (str_split(&rest, '/', &part))
        if (str_eq(part, STR("..")))
            return true;
    return false;
}

/* Reads {"model_name": ..., "url": ..., "pinned": false}; false after a 4xx. */
static bool read_order(struct visit *visit, struct str *ret_path, bool *ret_pinned)
{
    struct json *order = NULL;
    struct err err = {0};
    if (json_parse(visit->arena, visit->request->body, MAX_ORDER_BYTES, &order, &err) != ERR_NONE) {
        fail(visit, 400, "BadRequestException", str_dup(visit->arena, str_from(err.message)));
        return false;
    }
    struct str path = json_get_str(order, "url");
    visit->name = json_get_str(order, "model_name");
    if (str_is_empty(path)) {
        fail(visit, 400, "BadRequestException", STR("Parameter url is required."));
        return false;
    }
    if (str_is_empty(visit->name) || visit->name.len > MAX_NAME) {
        fail(visit, 400, "BadRequestException", STR("Parameter model_name is required."));
        return false;
    }
    if (path.ptr[0] != '/' || has_dots(path) || str_index(path, '\0') != SIZE_MAX) {
        fail(
            visit, 404, "ModelNotFoundException",
            str_fmt(visit->arena, "Relative path is not allowed in url: " STR_FMT, STR_ARG(path)));
        return false;
    }
    const struct json *pinned = json_get(order, "pinned");
    if (pinned != NULL && pinned->type != JSON_BOOL) {
        fail(visit, 400, "BadRequestException", STR("Parameter pinned has to be true or false."));
        return false;
    }
    *ret_path = path;
    *ret_pinned = pinned != NULL && pinned->boolean;
    return true;
}

/* Loads take milliseconds to seconds: on a worker, so that calls to other models go on. */
static void load_model(void *arg, struct arena *arena, struct httpd_response *response)
{
    struct visit *visit = arg;
    struct str path;
    struct err err = {0};
    bool pinned = false;
    visit->arena = arena;
    visit->response = response;
    if (!read_order(visit, &path, &pinned))
        return;
    if (container_load(visit->container, visit->name, path, &err) != ERR_NONE) {
        fail_load(visit, &err);
        return;
    }
    if (pinned)
        (void) registry_pin(visit->container->registry, visit->name);
    say_status(visit, STR("Workers scaled"));
}

static void unload_model(void *arg, struct arena *arena, struct httpd_response *response)
{
    struct visit *visit = arg;
    struct err err = {0};
    visit->arena = arena;
    visit->response = response;
    if (registry_unload(visit->container->registry, visit->name, &err) != ERR_NONE) {
        fail_not_found(visit);
        return;
    }
    say_status(visit, str_fmt(arena, "Model \"" STR_FMT "\" unregistered", STR_ARG(visit->name)));
}

static void defer(struct visit *visit, httpd_work_fn *work)
{
    struct visit *kept = ARENA_NEW(visit->arena, struct visit);
    *kept = *visit;
    httpd_defer(visit->response, work, kept);
}

static void load_later(struct visit *visit)
{
    defer(visit, load_model);
}

static void unload_later(struct visit *visit)
{
    defer(visit, unload_model);
}

/* ---- calls ---- */

static void call_model(struct visit *visit, const struct served *served)
{
    const struct httpd_request *request = visit->request;
    int64_t start_us = clock_tick_us();
    struct evaluated evaluated = evaluate(
        visit->arena, served->ensemble,
        &(struct evaluation){
            .content_type = httpd_header_get(request, "Content-Type"),
            .accept = httpd_header_get(request, "Accept"),
            .default_accept = visit->container->options.default_accept,
            .body = request->body,
            .batch = visit->container->options.batch});
    int64_t end_us = clock_tick_us();
    atomic_fetch_add_explicit(served->calls, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(
        served->busy_us, (uint64_t) (end_us - start_us), memory_order_relaxed);
    atomic_store_explicit(served->last_us, (uint64_t) end_us, memory_order_relaxed);
    if (evaluated.status != 200)
        atomic_fetch_add_explicit(served->failures, 1, memory_order_relaxed);
    if (evaluated.status == 204) /* which has no body (RFC 9110, 15.3.5) */
        visit->response->status = 204;
    else
        answer(visit, evaluated.status, evaluated.content_type, evaluated.body);
}

static void invoke(struct visit *visit)
{
    struct container *container = visit->container;
    struct served served;
    if (!registry_acquire(container->registry, visit->name, &served)) {
        atomic_fetch_add_explicit(&container->misses, 1, memory_order_relaxed);
        fail_not_found(visit);
        return;
    }
    atomic_fetch_add_explicit(&container->hits, 1, memory_order_relaxed);
    call_model(visit, &served);
    registry_release(container->registry, &served);
}

/* For ?model_name=..., or an endpoint with one model. */
static void invocations(struct visit *visit)
{
    struct query_param *params = NULL;
    struct served served;
    size_t n = 0;
    if (!parameters(visit, &params, &n))
        return;
    const struct query_param *named = query_find(params, n, "model_name");
    if (named != NULL) {
        visit->name = named->value;
        invoke(visit);
    } else if (registry_acquire_only(visit->container->registry, &served)) {
        atomic_fetch_add_explicit(&visit->container->hits, 1, memory_order_relaxed);
        call_model(visit, &served);
        registry_release(visit->container->registry, &served);
    } else {
        fail(
            visit, 404, "ModelNotFoundException",
            STR("/invocations needs one loaded model, or ?model_name=NAME"));
    }
}

/* ---- routes ---- */

enum named { PLAIN, NAMED, NAMED_INVOKE };

static const struct {
    const char *method;
    struct str path; /* NAMED: the name follows; NAMED_INVOKE: and then /invoke */
    enum named named;
    void (*visit)(struct visit *visit);
} s_routes[] = {
    {"POST", STR_INIT("/models/"), NAMED_INVOKE, invoke},
    {"POST", STR_INIT("/invocations"), PLAIN, invocations},
    {"GET", STR_INIT("/ping"), PLAIN, ping},
    {"GET", STR_INIT("/models"), PLAIN, list_models},
    {"POST", STR_INIT("/models"), PLAIN, load_later},
    {"GET", STR_INIT("/models/"), NAMED, describe_model},
    {"DELETE", STR_INIT("/models/"), NAMED, unload_later},
    {"GET", STR_INIT("/execution-parameters"), PLAIN, execution_parameters},
    {"GET", STR_INIT("/metrics"), PLAIN, metrics},
};

/* Whether path is this route's; *ret_name is then the part that names a model, still encoded. */
static bool is_route(size_t i, struct str path, struct str *ret_name)
{
    static const struct str invoke_end = STR_INIT("/invoke");
    *ret_name = STR_NULL;
    if (s_routes[i].named == PLAIN)
        return str_eq(path, s_routes[i].path);
    if (!str_starts(path, s_routes[i].path))
        return false;
    struct str name = str_from_index(path, s_routes[i].path.len);
    if (s_routes[i].named == NAMED_INVOKE) {
        if (!str_ends(name, invoke_end))
            return false;
        name.len -= invoke_end.len;
    }
    *ret_name = name;
    return name.len > 0 && str_index(name, '/') == SIZE_MAX;
}

void container_handle(
    void *arg,
    struct arena *arena,
    const struct httpd_request *request,
    struct httpd_response *response)
{
    struct visit visit = {
        .container = arg, .request = request, .response = response, .arena = arena};
    struct str rest = request->target, path = STR_NULL, name = STR_NULL;
    bool known = false;
    (void) str_split(&rest, '?', &path);
    visit.query = rest;
    for (size_t i = 0; i < ARRAY_LEN(s_routes); i++) {
        if (!is_route(i, path, &name))
            continue;
        known = true;
        if (!str_eq_z(request->method, s_routes[i].method))
            continue;
        if (!str_is_null(name) &&
            (!uri_decode(arena, name, false, &visit.name) || visit.name.len > MAX_NAME)) {
            fail(&visit, 400, "BadRequestException", STR("the name of the model is broken"));
            return;
        }
        s_routes[i].visit(&visit);
        return;
    }
    if (known)
        fail(
            &visit, 405, "MethodNotAllowedException",
            STR("Requested method is not allowed, please refer to API document."));
    else
        fail(&visit, 404, "ResourceNotFoundException", STR("Requested resource is not found."));
}
