/* What a plan does, as digests: everything that execution reads is in them, nothing that only
 * explains. Content that has a name made of its digest (models, configs, fingerprints) is in by
 * that name. */
#include "engine/base/digest.h"
#include "engine/plan/artifact.h"
#include "engine/plan/saved.h"

static void put(struct arena *arena, struct json *to, const char *member, struct str value)
{
    if (!str_is_null(value))
        json_set(arena, to, str_from(member), json_string(arena, value));
}

static void put_flag(struct arena *arena, struct json *to, const char *member, bool value)
{
    if (value)
        json_set(arena, to, str_from(member), json_bool(arena, true));
}

static void put_objects(struct arena *arena, struct json *to, const struct object_plan *objects)
{
    put(arena, to, "bucket", objects->bucket);
    struct json *list = json_array(arena);
    for (size_t i = 0; i < objects->n_objects; i++) {
        json_push(list, json_string(arena, objects->objects[i]->key));
        json_push(list, json_string(arena, objects->objects[i]->etag));
    }
    json_put(arena, to, "objects", list);
}

static void put_artifact(struct arena *arena, struct json *to, const struct artifact_plan *artifact)
{
    json_put(arena, to, "source", json_int(arena, artifact->source));
    put(arena, to, "fp", artifact->fp);
    put(arena, to, "key", artifact->key);
    put(arena, to, "from_bucket", artifact->from_bucket);
    put(arena, to, "from_key", artifact->from_key);
    put(arena, to, "from_etag", artifact->from_etag);
    put(arena, to, "job", artifact->job);
    put(arena, to, "overwrite", artifact->overwrite_etag);
}

static void put_endpoint(
    struct arena *arena,
    struct json *to,
    const struct change *change,
    const struct endpoint_plan *endpoint)
{
    put(arena, to, "config", endpoint->config);
    put_flag(arena, to, "recreate", endpoint->recreate);
    put_flag(arena, to, "tags_only", endpoint->tags_only);
    put_flag(arena, to, "keep_counts", endpoint->keep_counts);
    if (endpoint->deployment != NULL)
        json_put(arena, to, "deployment", json_copy(arena, endpoint->deployment));
    put_flag(arena, to, "unscale", endpoint->unscale);
    put_flag(arena, to, "rescale", endpoint->rescale);
    const struct json *tags = json_get(change->after, "tags");
    if (tags != NULL)
        json_put(arena, to, "tags", json_copy(arena, tags));
}

static void put_subject(struct arena *arena, struct json *to, const struct change *change)
{
    switch (change->subject != NULL ? change->kind : KIND_COUNT) {
    case KIND_DATA:
    case KIND_OUTPUT:
        put_objects(arena, to, change->subject);
        break;
    case KIND_ARTIFACT:
        if (change->action == ACTION_DELETE)
            put_objects(arena, to, change->subject);
        else
            put_artifact(arena, to, change->subject);
        break;
    case KIND_ENDPOINT:
        put_endpoint(arena, to, change, change->subject);
        break;
    case KIND_TRAINING_JOB:
    case KIND_LOCAL_TRAINING: {
        const struct training_plan *training = change->subject;
        put(arena, to, "fp", training->model != NULL ? training->model->fp : STR_NULL);
        put_flag(arena, to, "attach", training->attach);
        break;
    }
    case KIND_MODEL:
    case KIND_ENDPOINT_CONFIG: {
        const struct thing_plan *thing = change->subject;
        put_flag(arena, to, "exists", thing->exists);
        break;
    }
    case KIND_SCALING_TARGET:
    case KIND_SCALING_POLICY: {
        const struct scaling_plan *scaling = change->subject;
        json_put(arena, to, "request", json_copy(arena, scaling->request));
        break;
    }
    case KIND_BUCKET:
    case KIND_LOG_GROUP:
    case KIND_COUNT:
        break;
    }
    const struct json *days = json_get(change->after, "retention_in_days");
    if (days != NULL)
        json_put(arena, to, "retention_in_days", json_copy(arena, days));
}

static struct saved_action describe(struct arena *arena, const struct change *change)
{
    struct json *what = json_object(arena);
    struct str address = change->address;
    if (change->removal_half)
        address = str_fmt(arena, STR_FMT " (old)", STR_ARG(address));
    put(arena, what, "address", address);
    json_put(arena, what, "kind", json_int(arena, change->kind));
    json_put(arena, what, "action", json_z(arena, action_name(change->action)));
    put(arena, what, "name", change->name);
    put(arena, what, "old_name", change->old_name);
    put_subject(arena, what, change);
    return (struct saved_action){
        .address = address,
        .action = str_from(action_name(change->action)),
        .sha256 = sha256_hex(arena, json_text(arena, what, JSON_CANONICAL))};
}

/* A route has no address that could be a thing's. */
static struct saved_action describe_route(struct arena *arena, const struct plan_route *route)
{
    struct json *what = json_object(arena);
    struct str address = str_fmt(arena, "route '" STR_FMT "'", STR_ARG(route->name));
    put(arena, what, "address", address);
    json_put(arena, what, "action", json_z(arena, action_name(route->action)));
    if (route->before != NULL)
        json_put(arena, what, "before", json_copy(arena, route->before));
    if (route->after != NULL)
        json_put(arena, what, "after", json_copy(arena, route->after));
    return (struct saved_action){
        .address = address,
        .action = str_from(action_name(route->action)),
        .sha256 = sha256_hex(arena, json_text(arena, what, JSON_CANONICAL))};
}

static int by_digest(const void *a, const void *b)
{
    const struct saved_action *x = a, *y = b;
    return str_cmp(x->sha256, y->sha256);
}

/* In no order: a listing may come in another one next time. */
static struct str
digest_all(struct arena *arena, const struct plan *plan, const struct saved_stack *stack)
{
    struct saved_action *sorted = ARENA_ARRAY(arena, stack->n_actions, struct saved_action);
    if (stack->n_actions > 0) {
        memcpy(sorted, stack->actions, stack->n_actions * sizeof(*sorted));
        qsort(sorted, stack->n_actions, sizeof(*sorted), by_digest);
    }
    struct buf all AUTO(buf_done) = BUF_INIT(SAVED_MAX_BYTES);
    buf_fmt(&all, "%d %d\n", (int) plan->mode, (int) plan->record_only);
    for (size_t i = 0; i < stack->n_actions; i++)
        buf_fmt(&all, STR_FMT "\n", STR_ARG(sorted[i].sha256));
    return sha256_hex(arena, buf_str(&all));
}

void saved_describe(struct arena *arena, const struct plan *plan, struct saved_stack *out)
{
    *out = (struct saved_stack){
        .mode = plan->mode,
        .stack = plan->stack,
        .account = plan->account,
        .region = plan->region,
        .uid = plan->uid,
        .home = plan->home,
        .endpoint = plan->endpoint};
    out->actions = ARENA_ARRAY(arena, plan->changes.len + plan->routes.len, struct saved_action);
    out->artifacts = ARENA_ARRAY(arena, plan->changes.len, struct saved_artifact);
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        if (change->action == ACTION_NOOP)
            continue;
        out->actions[out->n_actions++] = describe(arena, change);
        if (change->kind != KIND_ARTIFACT || change->action == ACTION_DELETE)
            continue;
        const struct artifact_plan *artifact = change->subject;
        out->artifacts[out->n_artifacts++] = (struct saved_artifact){artifact->name, artifact->fp};
    }
    for (size_t i = 0; i < plan->routes.len; i++)
        out->actions[out->n_actions++] = describe_route(arena, &plan->routes.items[i]);
    out->actions_sha256 = digest_all(arena, plan, out);
}
