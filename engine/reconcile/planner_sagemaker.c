#include "engine/reconcile/compare.h"
#include "engine/reconcile/planner_internal.h"
#include "engine/resource/failure.h"

static const struct seen_thing *
thing_named(const struct seen_thing *things, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(things[i].name, name))
            return &things[i];
    return NULL;
}

static enum err_code refuse_thing(
    const struct planner *p, const char *what, const struct seen_thing *thing, struct err *err)
{
    err_set(
        err, ERR_CONFLICT, "%s '" STR_FMT "' exists and is not this stack's", what,
        STR_ARG(thing->name));
    err_hint(err, "rename the stack, or delete that %s", what);
    return err_locate(err, p->want->at);
}

static struct change *
remove_thing(struct planner *p, enum kind_id kind, struct str name, struct str index)
{
    struct change *change = planner_change(p, kind, ACTION_DELETE, index);
    struct thing_plan *subject = ARENA_NEW(p->arena, struct thing_plan);
    subject->name = name;
    change->subject = subject;
    change->old_name = name;
    struct json *before = json_object(p->arena);
    json_put(p->arena, before, "name", json_string(p->arena, name));
    change->before = before;
    return change;
}

/* The name is a digest of what was sent, so what stands under it is that. Unless somebody deleted
 * it and made another one of that name: then ours is made under a second name, and keeps that until
 * the spec changes. Whatever is described under the second name is taken: the service has its own
 * way of telling. */
static struct str choose_name(
    struct planner *p,
    enum kind_id kind,
    const struct seen_thing *live,
    const struct json *request,
    struct str *ret_fp,
    bool *ret_changed)
{
    char letter = kind == KIND_MODEL ? 'm' : 'c';
    struct str fp = fingerprint_json(p->arena, request);
    struct str name = name_thing(p->arena, p->want, letter, fp);
    struct json *again = json_object(p->arena);
    json_put(p->arena, again, "after", json_string(p->arena, fp));
    struct str second_fp = fingerprint_json(p->arena, again);
    struct str second = name_thing(p->arena, p->want, letter, second_fp);
    *ret_changed =
        live->present && str_eq(live->name, name) && compare_differs(kind, request, live->describe);
    bool use_second = *ret_changed || (live->present && str_eq(live->name, second));
    *ret_fp = use_second ? second_fp : fp;
    return use_second ? second : name;
}

/* A model or config: there under its hashed name, or to be made; the one in use before it goes
 * afterwards. */
static enum err_code plan_thing(
    struct planner *p,
    enum kind_id kind,
    const struct seen_thing *live,
    const struct seen_thing *things,
    size_t count,
    const struct json *request,
    struct change **ret_change,
    struct str *ret_name,
    struct err *err)
{
    bool model = kind == KIND_MODEL;
    bool changed;
    struct str fp, name = choose_name(p, kind, live, request, &fp, &changed);
    *ret_name = name;
    struct thing_plan *subject = ARENA_NEW(p->arena, struct thing_plan);
    *subject = (struct thing_plan){.name = name, .fp = fp, .request = request};
    const struct seen_thing *there = thing_named(things, count, name);
    if (there != NULL && there->owner == OWNER_OTHER)
        return refuse_thing(p, schema_of(kind)->what, there, err);
    bool in_use = live->present && str_eq(live->name, name);
    bool replaces = live->present && name_is_ours(p->want, model ? 'm' : 'c', live->name);
    if (in_use || (there != NULL && !replaces)) { /* serving, or made by a run that did not end */
        struct change *change = planner_change(p, kind, ACTION_NOOP, STR_NULL);
        change->name = name;
        change->subject = subject;
        *ret_change = change;
        return ERR_NONE;
    }
    subject->exists = there != NULL;
    struct change *change =
        planner_change(p, kind, replaces ? ACTION_REPLACE : ACTION_CREATE, STR_NULL);
    change->subject = subject;
    change->name = name;
    change->at = p->want->endpoint_at;
    change->after = model ? attributes_model(p->arena, name, request)
                          : attributes_config(p->arena, name, request);
    if (replaces) {
        change->old_name = live->name;
        change->reason = changed ? REASON_CHANGED_OUTSIDE : REASON_NONE;
        change->before = model ? attributes_model(p->arena, live->name, live->describe)
                               : attributes_config(p->arena, live->name, live->describe);
    }
    if (subject->exists)
        change->note = STR("left by an earlier run");
    *ret_change = change;
    return ERR_NONE;
}

/* Tags of ours and the spec's own must be there; others are nobody's business here. */
static bool tags_differ(const struct json *wanted, const struct json *live)
{
    JSON_EACH (tag, wanted) {
        bool found = false;
        JSON_EACH (have, live) {
            found = found || (str_eq(have->key, tag->key) && str_eq(have->string, tag->string));
        }
        if (!found)
            return true;
    }
    return false;
}

static struct json *
attributes_endpoint(struct planner *p, struct str config, const struct json *tags)
{
    struct json *out = json_object(p->arena);
    json_put(p->arena, out, "name", json_string(p->arena, p->want->endpoint));
    json_put(p->arena, out, "endpoint_config_name", json_string(p->arena, config));
    struct json *shown = json_object(p->arena);
    JSON_EACH (tag, tags) {
        if (!str_eq(tag->key, STR("mmectl:version")))
            json_set(p->arena, shown, tag->key, json_copy(p->arena, tag));
    }
    json_put(p->arena, out, "tags", shown);
    return out;
}

/* The tags of ours among the live ones, so that a diff shows only what we would change. */
static struct json *
known_tags(struct planner *p, const struct json *live, const struct json *wanted)
{
    struct json *out = json_object(p->arena);
    JSON_EACH (have, live) {
        JSON_EACH (tag, wanted) {
            if (str_eq(tag->key, have->key))
                json_set(p->arena, out, have->key, json_copy(p->arena, have));
        }
    }
    return out;
}

static struct change *
plan_endpoint(struct planner *p, struct change *config, struct str config_name)
{
    const struct seen_endpoint *live = &p->seen->endpoint;
    struct json *tags = planner_tags(p);
    if (p->want->protect)
        json_put(p->arena, tags, "mmectl:protect", json_z(p->arena, "true"));
    p->context->wanted_tags = tags;
    struct str serving = !str_is_null(live->pending_config) ? live->pending_config : live->config;
    bool failed = live->present && str_eq(live->status, STR("Failed"));
    bool asked = live->present && scope_replaces(p, KIND_ENDPOINT, STR_NULL);
    bool recreate = failed || asked;
    bool moves = !live->present || recreate || !str_eq(serving, config_name);
    bool retag = live->present && !recreate && tags_differ(tags, live->tags);
    if (live->present && moves && !recreate && !p->options->retry_failed &&
        str_eq(p->seen->record.failed_config, config_name) &&
        !failure_may_pass(p->seen->record.failed_reason)) {
        p->plan->note_blocked = str_fmt(
            p->arena, "endpoint configuration '" STR_FMT "' was tried and rolled back: " STR_FMT,
            STR_ARG(config_name), STR_ARG(p->seen->record.failed_reason));
        moves = false;
    }
    if (!moves && !retag) {
        struct change *same = planner_change(p, KIND_ENDPOINT, ACTION_NOOP, STR_NULL);
        same->name = p->want->endpoint;
        return same;
    }
    struct change *change = planner_change(
        p, KIND_ENDPOINT,
        !live->present ? ACTION_CREATE
        : recreate     ? ACTION_REPLACE
                       : ACTION_UPDATE,
        STR_NULL);
    struct endpoint_plan *subject = ARENA_NEW(p->arena, struct endpoint_plan);
    *subject = (struct endpoint_plan){
        .config = config_name,
        .recreate = recreate,
        .tags_only = !moves,
        .deployment = request_deployment(p->arena, p->want),
        /* What scaling made of the count is not the spec's to undo. */
        .keep_counts =
            p->want->scaling != NULL || p->seen->live_instance_count == p->want->instance_count};
    change->subject = subject;
    change->delete_first = recreate;
    change->name = p->want->endpoint;
    change->at = p->want->endpoint_at;
    change->after = attributes_endpoint(p, moves ? config_name : live->config, tags);
    if (live->present)
        change->before = attributes_endpoint(p, live->config, known_tags(p, live->tags, tags));
    if (asked) {
        change->reason = REASON_REQUESTED;
        change->note = STR("it does not answer until the new one is InService");
    }
    if (failed) {
        change->reason = REASON_ENDPOINT_FAILED;
        change->note = str_fmt(p->arena, "it failed: " STR_FMT, STR_ARG(live->failure_reason));
    }
    change_need(p->arena, change, config);
    return change;
}

/* An endpoint that goes may still use it. */
static void need_old_endpoints(struct planner *p, struct change *change)
{
    size_t n = p->seen->old_endpoints.len > 0 ? p->plan->changes.len : 0;
    for (size_t i = 0; i < n; i++) {
        struct change *other = p->plan->changes.items[i];
        if (other->kind == KIND_ENDPOINT && other->action == ACTION_DELETE)
            change_need(p->arena, change, other);
    }
}

/* A config that has to stay, since an endpoint took it up meanwhile, keeps its model. */
static void need_configs(struct planner *p, struct change *change)
{
    for (size_t i = 0; i < p->plan->changes.len; i++) {
        struct change *other = p->plan->changes.items[i];
        if (other->kind == KIND_ENDPOINT_CONFIG && other->action == ACTION_DELETE)
            change_need(p->arena, change, other);
    }
}

static void plan_leftovers(
    struct planner *p,
    enum kind_id kind,
    const struct seen_thing *things,
    size_t count,
    struct str wanted,
    struct change *owner,
    const struct seen_thing *live,
    struct change *after)
{
    for (size_t i = 0; i < count; i++) {
        const struct seen_thing *thing = &things[i];
        if (str_eq(thing->name, wanted) || thing->owner != OWNER_US)
            continue;
        bool in_use = live->present && str_eq(live->name, thing->name);
        bool half = in_use && owner != NULL && owner->action == ACTION_REPLACE;
        if (in_use && !half)
            continue; /* not one of our names: imported, and it was there before us */
        struct change *change = remove_thing(p, kind, thing->name, half ? STR_NULL : thing->name);
        change->removal_half = half;
        change->reason = REASON_LEFT_BEHIND;
        change_need(p->arena, change, after);
        need_old_endpoints(p, change);
        if (kind == KIND_MODEL)
            need_configs(p, change);
        if (half)
            change_need(p->arena, change, owner);
    }
}

/* An object behind another SageMaker model than the wanted one: of another generation, or of the
 * other mode. */
static bool is_behind_another(const struct planner *p, const struct change *change)
{
    struct key_parts parts;
    if (change->action != ACTION_DELETE)
        return false;
    if (change->kind == KIND_OUTPUT) /* of a stack that moved: all that was there */
        return true;
    if (change->kind != KIND_ARTIFACT)
        return false;
    enum key_class class = key_classify(p->want, change->old_name, &parts);
    if (class == KEY_STABLE)
        return !p->want->stable || !str_eq(parts.gen, p->context->generation);
    return class == KEY_VERSIONED && p->want->stable;
}

/* A model that has to stay keeps what it loads. */
static void need_things(struct planner *p)
{
    VEC(struct change *) things = {0};
    size_t n = p->plan->changes.len;
    for (size_t i = 0; i < n; i++) {
        struct change *change = p->plan->changes.items[i];
        if (change->action == ACTION_DELETE &&
            (change->kind == KIND_MODEL || change->kind == KIND_ENDPOINT_CONFIG))
            *VEC_PUSH(p->arena, &things) = change;
    }
    for (size_t i = 0; things.len > 0 && i < n; i++) {
        struct change *change = p->plan->changes.items[i];
        for (size_t k = 0; k < things.len && is_behind_another(p, change); k++)
            change_need(p->arena, change, things.items[k]);
    }
}

/* It would be rolled back as soon as it begins. */
static void check_state(struct planner *p)
{
    for (size_t i = 0; i < p->seen->alarms.len; i++)
        if (str_eq(p->seen->alarms.items[i].state, STR("ALARM")))
            planner_warn(
                p, STR("wait until it is OK again, or take it out of rollbackAlarms"),
                "alarm '" STR_FMT "' is in ALARM: SageMaker would roll the update back at once",
                STR_ARG(p->seen->alarms.items[i].name));
}

static void note_roll(struct planner *p, const struct change *endpoint)
{
    const struct endpoint_plan *subject = endpoint->subject;
    if (endpoint->action != ACTION_UPDATE || subject->tags_only)
        return;
    size_t copies = p->new_generation ? p->n_copies : 0;
    struct str copied = STR(""), words = deployment_words(p->arena, p->want);
    if (copies > 0)
        copied = str_fmt(
            p->arena, " (%zu artifact%s copied server-side to a new generation)", copies,
            copies == 1 ? "" : "s");
    p->plan->note_roll = str_fmt(
        p->arena,
        "endpoint '" STR_FMT "' rolls once to new instances%s" STR_FMT
        "; the old ones serve until then" STR_FMT,
        STR_ARG(p->want->endpoint), str_is_null(words) ? "" : ", ", STR_ARG(words),
        STR_ARG(copied));
    check_state(p);
}

static struct str model_data_url(const struct planner *p)
{
    if (p->want->stable)
        return str_fmt(
            p->arena, STR_FMT "/models/" STR_FMT "/", STR_ARG(p->want->home),
            STR_ARG(p->context->generation));
    return str_fmt(p->arena, STR_FMT "/models/", STR_ARG(p->want->home));
}

/* all: also what is not there yet. */
static void leave_artifacts(struct planner *p, bool all)
{
    for (size_t i = 0; i < p->keeps.len; i++)
        p->keeps.items[i]->action = ACTION_NOOP;
    for (size_t i = 0; i < p->artifacts.len; i++) {
        struct change *artifact = p->artifacts.items[i];
        if (all || map_has(p->seen->objects, artifact->name))
            artifact->action = ACTION_NOOP;
    }
}

/* A container whose model cannot be made, and never was. */
static bool lacks_model(struct planner *p)
{
    for (size_t i = 0; i < p->want->n_containers; i++) {
        const struct want_container *container = &p->want->containers[i];
        if (!container->has_model || planner_artifact(p->context, container->name) != NULL)
            continue;
        *VEC_PUSH(p->arena, &p->plan->notes) = str_fmt(
            p->arena,
            "container '" STR_FMT "' has no model to serve, and an endpoint needs all of its "
            "containers: it stays as it is",
            STR_ARG(container->name));
        p->cannot_serve = true;
        return true;
    }
    return false;
}

enum err_code plan_sagemaker(struct planner *p, struct err *err)
{
    struct snapshot *seen = p->seen;
    if (p->context->artifacts.len == 0 && p->want->n_containers == 0) {
        plan_refused(p);
        return ERR_NONE;
    }
    if (lacks_model(p)) {
        leave_artifacts(p, true);
        return ERR_NONE;
    }
    struct change *model, *config;
    struct str model_name, config_name;
    enum err_code code = plan_thing(
        p, KIND_MODEL, &seen->live_model, seen->models.items, seen->models.len,
        request_model(p->arena, p->want, model_data_url(p)), &model, &model_name, err);
    if (code != ERR_NONE)
        return code;
    model->needs_any = !p->want->stable;
    for (size_t i = 0; i < p->artifacts.len; i++)
        change_need(p->arena, model, p->artifacts.items[i]);
    code = plan_thing(
        p, KIND_ENDPOINT_CONFIG, &seen->live_config, seen->configs.items, seen->configs.len,
        request_config(p->arena, p->want, model_name), &config, &config_name, err);
    if (code != ERR_NONE)
        return code;
    change_need(p->arena, config, model);
    struct change *endpoint = plan_endpoint(p, config, config_name);
    p->context->wanted_config = config_name;
    p->context->endpoint = endpoint->action == ACTION_NOOP ? NULL : endpoint;
    plan_logs(p);
    code = plan_scaling(p, endpoint, err);
    if (code != ERR_NONE)
        return code;
    if (!str_is_null(p->plan->note_blocked)) {
        /* The fleet of the old configuration serves on: nothing it uses may go, nothing new is
         * made. */
        model->action = config->action = ACTION_NOOP;
        leave_artifacts(p, false);
        return ERR_NONE;
    }
    note_roll(p, endpoint);
    plan_old_artifacts(p, p->context->endpoint);
    plan_old_endpoints(p, p->context->endpoint);
    plan_old_home(p, p->context->endpoint);
    plan_leftovers(
        p, KIND_ENDPOINT_CONFIG, seen->configs.items, seen->configs.len, config_name, config,
        &seen->live_config, endpoint);
    plan_leftovers(
        p, KIND_MODEL, seen->models.items, seen->models.len, model_name, model, &seen->live_model,
        endpoint);
    need_things(p);
    return ERR_NONE;
}
