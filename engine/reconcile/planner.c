#include "engine/reconcile/planner.h"

#include "engine/reconcile/guard.h"
#include "engine/reconcile/planner_internal.h"

#include <stdarg.h>

bool gaps_any(const struct plan_gaps *gaps)
{
    return gaps->objects.len > 0 || gaps->jobs.len > 0 || gaps->list_jobs;
}

struct change *
planner_change(struct planner *p, enum kind_id kind, enum action action, struct str index)
{
    struct change *change = plan_add(p->arena, p->plan, kind, action);
    change->index = index;
    change->address = address_of(p->arena, kind, index);
    return change;
}

void planner_warn(struct planner *p, struct str hint, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    *VEC_PUSH(p->arena, &p->plan->warnings) =
        (struct plan_warning){str_dup(p->arena, str_from(text)), hint};
}

void planner_ask(struct planner *p, struct seen_object *object)
{
    if (map_put(p->asked, object->key, object) == NULL)
        *VEC_PUSH(p->arena, &p->gaps->objects) = object;
}

bool planner_owns(struct planner *p, struct seen_object *object)
{
    if (object->owner == OWNER_UNKNOWN)
        planner_ask(p, object);
    return object->owner == OWNER_US;
}

void planner_keep(struct planner *p, struct str key)
{
    struct seen_artifact *found = map_get(p->by_key, key);
    if (found != NULL)
        found->kept = true;
}

static int artifact_by_name(const void *key, const void *item)
{
    const struct artifact_plan *const *artifact = item;
    return str_cmp(*(const struct str *) key, (*artifact)->name);
}

struct artifact_plan *planner_artifact(const struct plan_context *context, struct str name)
{
    if (context->artifacts.len == 0)
        return NULL;
    struct artifact_plan **found = bsearch(
        &name, context->artifacts.items, context->artifacts.len, sizeof(*context->artifacts.items),
        artifact_by_name);
    return found != NULL ? *found : NULL;
}

struct str artifact_tail(const struct want *want, enum key_class class, struct str key)
{
    struct str folder = class == KEY_RETAINED ? STR("/versions/") : STR("/models/");
    struct str tail = str_from_index(key, want->prefix.len + folder.len);
    return str_slice(tail, 0, tail.len - STR(".tar.gz").len);
}

struct json *object_attributes(struct planner *p, struct str key, struct str fp, struct str source)
{
    struct json *out = json_object(p->arena);
    json_put(p->arena, out, "bucket", json_string(p->arena, p->want->bucket));
    json_put(p->arena, out, "key", json_string(p->arena, key));
    if (!str_is_null(fp))
        json_put(p->arena, out, "fingerprint", json_string(p->arena, str_slice(fp, 0, FP16)));
    if (!str_is_null(source))
        json_put(p->arena, out, "source", json_string(p->arena, source));
    return out;
}

struct change *planner_remove_object(
    struct planner *p,
    enum kind_id kind,
    struct seen_object *object,
    struct str index,
    struct change *after)
{
    struct change *change = planner_change(p, kind, ACTION_DELETE, index);
    struct object_plan *subject = ARENA_NEW(p->arena, struct object_plan);
    subject->objects = ARENA_NEW(p->arena, struct seen_object *);
    subject->objects[0] = object;
    subject->n_objects = 1;
    change->subject = subject;
    change->old_name = object->key;
    change->before = object_attributes(p, object->key, object->fp, STR_NULL);
    change_need(p->arena, change, after);
    return change;
}

struct json *planner_tags(struct planner *p)
{
    const struct want *want = p->want;
    struct json *tags = json_object(p->arena);
    for (size_t i = 0; i < want->n_tags; i++)
        json_set(p->arena, tags, want->tags[i].name, json_string(p->arena, want->tags[i].value));
    json_put(p->arena, tags, "mmectl:uid", json_string(p->arena, want->uid));
    json_put(p->arena, tags, "mmectl:stack", json_string(p->arena, want->stack));
    json_put(p->arena, tags, "mmectl:home", json_string(p->arena, want->home));
    return tags;
}

/* What the record says is true of an object as long as its ETag is the one recorded. */
static void hint(struct snapshot *seen, const struct record_version *version)
{
    struct seen_object *object = map_get(seen->objects, version->key);
    if (object == NULL || object->owner != OWNER_UNKNOWN)
        return;
    if (str_eq(object->etag, version->etag)) {
        object->owner = OWNER_US;
        object->fp = version->fp;
    }
}

static void apply_hints(struct snapshot *seen)
{
    for (size_t i = 0; i < seen->record.models.len; i++) {
        const struct record_model *model = &seen->record.models.items[i];
        hint(seen, &model->live);
        for (size_t k = 0; k < model->history.len; k++)
            hint(seen, &model->history.items[k]);
    }
    for (size_t i = 0; i < seen->record.uploaded.len; i++)
        hint(seen, &seen->record.uploaded.items[i]);
    for (size_t i = 0; i < seen->record.held.len; i++)
        hint(seen, &seen->record.held.items[i].version);
}

static enum err_code check_claims(struct planner *p, struct err *err)
{
    const struct want *want = p->want;
    const struct snapshot *seen = p->seen;
    if (seen->record.present && !str_eq(seen->record.uid, want->uid)) {
        err_set(
            err, ERR_CONFLICT, "the prefix '" STR_FMT "' belongs to another stack, '" STR_FMT "'",
            STR_ARG(want->home), STR_ARG(seen->record.stack));
        err_hint(err, "choose another storage.prefix; one prefix belongs to one stack");
        return err_locate(err, want->prefix_at);
    }
    if (seen->bucket.present && !str_is_null(seen->bucket.region) &&
        !str_eq(seen->bucket.region, want->region)) {
        err_set(
            err, ERR_CONFLICT,
            "bucket '" STR_FMT "' is in region '" STR_FMT "', the stack in '" STR_FMT "'",
            STR_ARG(want->bucket), STR_ARG(seen->bucket.region), STR_ARG(want->region));
        err_hint(err, "a multi-model endpoint reads its models from a bucket of its own region");
        return err_locate(err, want->bucket_at);
    }
    for (size_t i = 0; i < map_len(seen->objects); i++) {
        struct str key = map_key_at(seen->objects, i);
        struct str inner = str_from_index(key, want->prefix.len);
        if (str_ends(inner, STR("/control/stack.json")) &&
            !str_eq(inner, STR("/control/stack.json"))) {
            err_set(
                err, ERR_CONFLICT,
                "another stack lives inside the prefix '" STR_FMT "': '" STR_FMT "'",
                STR_ARG(want->home), STR_ARG(key));
            err_hint(err, "choose a storage.prefix that holds no other stack");
            return err_locate(err, want->prefix_at);
        }
    }
    if (seen->endpoint.present && seen->endpoint.owner != OWNER_US) {
        err_set(
            err, ERR_CONFLICT, "endpoint '" STR_FMT "' exists and is not this stack's",
            STR_ARG(want->endpoint));
        err_hint(
            err, "choose another endpoint.name; it has %s",
            str_is_null(json_get_str(seen->endpoint.tags, "mmectl:uid"))
                ? "no tag 'mmectl:uid', and 'mmectl import' takes it over"
                : "another stack's tag 'mmectl:uid'");
        return err_locate(err, want->endpoint_at);
    }
    return ERR_NONE;
}

static bool alarm_exists(const struct snapshot *seen, struct str name)
{
    for (size_t i = 0; i < seen->alarms.len; i++)
        if (str_eq(seen->alarms.items[i].name, name))
            return true;
    return false;
}

/* UpdateEndpoint would be refused at the very end, when all the rest is done. */
static enum err_code check_alarms(struct planner *p, struct err *err)
{
    const struct want_update *update = p->want->update;
    for (size_t i = 0; p->seen->alarms_seen && i < update->n_alarms; i++) {
        if (alarm_exists(p->seen, update->alarms[i].name))
            continue;
        err_set(
            err, ERR_SPEC, "alarm '" STR_FMT "' does not exist in account " STR_FMT ", " STR_FMT,
            STR_ARG(update->alarms[i].name), STR_ARG(p->want->account), STR_ARG(p->want->region));
        err_hint(
            err, "rollbackAlarms names alarms of CloudWatch that are there before the endpoint is "
                 "updated: make it, or correct its name");
        return err_locate(err, update->alarms[i].at);
    }
    return ERR_NONE;
}

static void plan_bucket(struct planner *p)
{
    /* Ours, and nothing in it, not even a record: its first run was killed while setting it up. */
    bool unfinished = p->seen->bucket.present && p->seen->bucket.ours && !p->seen->record.present &&
                      !p->seen->endpoint.present && !keys_hold_content(p->want, p->seen->objects);
    if (p->seen->bucket.present && !unfinished)
        return;
    struct change *change = planner_change(p, KIND_BUCKET, ACTION_CREATE, STR_NULL);
    change->name = p->want->bucket;
    struct json *after = json_object(p->arena);
    json_put(p->arena, after, "bucket", json_string(p->arena, p->want->bucket));
    json_put(p->arena, after, "region", json_string(p->arena, p->want->region));
    if (!str_is_null(p->want->object_key))
        json_put(p->arena, after, "kms_key", json_string(p->arena, p->want->object_key));
    change->after = after;
    change->note =
        unfinished ? STR("left half set up by an earlier run") : STR("private, encrypted");
    p->bucket = change;
}

static struct str channel_index(const struct want_channel *channel)
{
    return str_is_null(channel->index) ? channel->name : channel->index;
}

static struct change *
plan_upload(struct planner *p, const struct want_channel *channel, struct seen_object *tampered)
{
    struct change *change = planner_change(
        p, KIND_DATA, tampered != NULL ? ACTION_REPLACE : ACTION_CREATE, channel_index(channel));
    struct object_plan *subject = ARENA_NEW(p->arena, struct object_plan);
    subject->channel = channel;
    if (tampered != NULL) {
        subject->objects = ARENA_NEW(p->arena, struct seen_object *);
        subject->objects[0] = tampered;
        subject->n_objects = 1;
        change->reason = REASON_CHANGED_OUTSIDE;
    }
    change->subject = subject;
    change->name = channel->key;
    change->at = channel->at;
    struct json *after = object_attributes(p, channel->key, STR_NULL, channel->source);
    json_put(p->arena, after, "content_type", json_string(p->arena, channel->content_type));
    json_put(p->arena, after, "content_length", json_int(p->arena, (int64_t) channel->size));
    change->after = after;
    change_need(p->arena, change, p->bucket);
    return change;
}

/* One object for all who read the same rows. */
static void plan_channel(struct planner *p, struct map *wanted, const struct want_channel *channel)
{
    if (str_is_null(channel->key) || map_put(wanted, channel->key, p->plan) != NULL)
        return;
    struct seen_object *object = map_get(p->seen->objects, channel->key);
    bool again = object != NULL && scope_replaces(p, KIND_DATA, channel_index(channel));
    if (object != NULL && object->size == channel->size && !again) {
        planner_change(p, KIND_DATA, ACTION_NOOP, channel_index(channel))->name = channel->key;
        return;
    }
    struct change *upload = plan_upload(p, channel, object);
    if (again)
        upload->reason = REASON_REQUESTED;
    map_put(p->data, channel->key, upload);
}

static void plan_data(struct planner *p)
{
    p->data = map_new(p->arena);
    struct map *wanted = map_new(p->arena);
    for (size_t i = 0; !p->want->trains_here && i < p->want->n_models; i++) {
        const struct want_channel *channels;
        size_t n_channels = want_channels(p->want, &p->want->models[i], &channels);
        for (size_t k = 0; k < n_channels; k++)
            plan_channel(p, wanted, &channels[k]);
    }
    for (size_t i = 0; i < map_len(p->seen->objects); i++) {
        struct seen_object *object = map_value_at(p->seen->objects, i);
        struct key_parts parts;
        if (key_classify(p->want, object->key, &parts) != KEY_DATA ||
            map_has(wanted, object->key) || !planner_owns(p, object))
            continue;
        struct str tail = str_from_index(object->key, p->want->prefix.len + STR("/data/").len);
        struct str index = str_fmt(
            p->arena, STR_FMT STR_FMT, STR_ARG(str_slice(tail, 0, 8)),
            STR_ARG(str_from_index(tail, 64)));
        planner_remove_object(p, KIND_DATA, object, index, NULL)->reason = REASON_NOT_IN_SPEC;
    }
}

static bool says_nothing(const struct record *record)
{
    for (size_t i = 0; i < record->models.len; i++)
        if (!str_is_null(record->models.items[i].live.key))
            return false;
    return true;
}

static void find_artifacts(struct planner *p)
{
    size_t most = map_len(p->seen->objects);
    p->by_key = map_new(p->scratch);
    p->versions = version_index_new(p->scratch, p->want, p->seen);
    p->unrecorded = says_nothing(&p->seen->record);
    if (p->seen->endpoint.present)
        p->live_gen = live_generation(p->arena, p->want, p->seen->live_model_url);
    map_reserve(p->by_key, most);
    VEC_RESERVE(p->scratch, &p->found, most);
    for (size_t i = 0; i < map_len(p->seen->objects); i++) {
        struct seen_object *object = map_value_at(p->seen->objects, i);
        struct key_parts parts;
        enum key_class class = key_classify(p->want, object->key, &parts);
        if (class == KEY_FOREIGN) {
            p->plan->n_foreign++;
            continue;
        }
        if (class != KEY_VERSIONED && class != KEY_STABLE && class != KEY_RETAINED)
            continue;
        version_index_add(p->versions, object, class, &parts);
        *VEC_PUSH(p->scratch, &p->found) = (struct seen_artifact){.object = object, .class = class};
    }
    /* Pointers into found are taken only now that it does not grow any more. */
    for (size_t i = 0; i < p->found.len; i++) {
        struct seen_artifact *artifact = &p->found.items[i];
        map_put(p->by_key, artifact->object->key, artifact);
    }
}

struct key_parts planner_parts(const struct planner *p, const struct seen_artifact *found)
{
    struct key_parts parts;
    enum key_class class = key_classify(p->want, found->object->key, &parts);
    (void) class;
    return parts;
}

/* Most plans put nothing anywhere, and never ask. */
const struct seen_object *planner_same_content(struct planner *p, struct str fp)
{
    if (p->by_fp16 == NULL) {
        p->by_fp16 = map_new(p->scratch);
        map_reserve(p->by_fp16, p->found.len);
        for (size_t i = 0; i < p->found.len; i++) {
            const struct seen_artifact *artifact = &p->found.items[i];
            struct seen_object *object = artifact->object;
            struct str known =
                !str_is_null(object->fp) ? object->fp : planner_parts(p, artifact).fp16;
            if (known.len < FP16 || object->owner == OWNER_OTHER || object->tampered)
                continue;
            const struct seen_object *other = map_get(p->by_fp16, str_slice(known, 0, FP16));
            if (other == NULL || other->owner != OWNER_US)
                map_put(p->by_fp16, str_slice(known, 0, FP16), object);
        }
    }
    /* Where there is a record, a key alone says nothing: it may have been written over. */
    struct seen_object *same = map_get(p->by_fp16, str_slice(fp, 0, FP16));
    return same == NULL || p->unrecorded || planner_owns(p, same) ? same : NULL;
}

static enum err_code plan_wanted(struct planner *p, struct err *err)
{
    if (want_is_empty(p->want)) {
        plan_emptied(p);
        return ERR_NONE;
    }
    enum err_code code = plan_fixed(p, err);
    if (code != ERR_NONE)
        return code;
    if (p->plan->mode != PLAN_ROLLBACK) {
        plan_bucket(p);
        plan_data(p);
    }
    plan_gates(p);
    code = plan_artifacts(p, err);
    /* In versioned mode a version is published by the record alone. */
    if (code == ERR_NONE && (p->plan->mode != PLAN_ROLLBACK || p->want->stable))
        code = plan_sagemaker(p, err);
    return code;
}

static void describe_plan(struct planner *p)
{
    struct plan *plan = p->plan;
    const struct want *want = p->want;
    plan->stack = want->stack;
    plan->account = want->account;
    plan->region = want->region;
    plan->uid = want->uid;
    plan->home = want->home;
    plan->endpoint = want->endpoint;
    plan->instance_type = want->instance_type;
    plan->instance_count = want->instance_count;
    plan->old_instance_type = p->seen->live_instance_type;
    plan->old_instance_count = p->seen->live_instance_count;
    const struct seen_endpoint *endpoint = &p->seen->endpoint;
    if (endpoint->present && !str_eq(endpoint->status, STR("InService")) &&
        !str_eq(endpoint->status, STR("Failed")))
        plan->note_busy = str_fmt(
            p->arena, "endpoint '" STR_FMT "' is " STR_FMT, STR_ARG(endpoint->name),
            STR_ARG(endpoint->status));
}

/* A plan without gaps: what is meant of it, in order, with what people want to know about it. */
static enum err_code finish(struct planner *p, struct err *err)
{
    struct plan *plan = p->plan;
    enum err_code code = scope_select(p, err);
    if (code != ERR_NONE)
        return code;
    for (size_t i = 0; i < plan->changes.len; i++)
        diff_change(p->arena, plan->changes.items[i]);
    plan_finish(p->arena, plan);
    plan->n_left_out = p->context->left_out.len;
    plan_training_time(p);
    if (plan->mode != PLAN_DESTROY)
        plan_routes(p);
    bool emptied = want_is_empty(p->want) && !p->seen->record.present;
    if (plan->mode != PLAN_DESTROY && plan_is_empty(plan) && !emptied) {
        bool rolled = str_is_null(plan->note_blocked) && !p->cannot_serve;
        arena_reset(p->scratch);
        plan->record_only = !record_stays(p->scratch, plan, rolled);
    }
    if (plan->mode == PLAN_APPLY)
        plan_drift(p);
    plan_sets(p);
    guard_plan(p->arena, plan, p->options);
    return ERR_NONE;
}

enum err_code plan_build(
    struct arena *arena,
    struct want *want,
    struct snapshot *seen,
    enum plan_mode mode,
    const struct plan_options *options,
    struct plan **ret_plan,
    struct plan_gaps *ret_gaps,
    struct err *err)
{
    AUTO(arena_close) struct arena *scratch = arena_new("planner", 0);
    struct plan_gaps gaps = {0};
    struct planner p = {
        .arena = arena,
        .scratch = scratch,
        .want = want,
        .seen = seen,
        .options = options,
        .plan = ARENA_NEW(arena, struct plan),
        .context = ARENA_NEW(arena, struct plan_context),
        .gaps = &gaps,
        .asked = map_new(scratch)};
    p.plan->mode = mode;
    p.plan->context = p.context;
    p.context->want = want;
    p.context->seen = seen;
    for (size_t i = 0; i < want->n_models; i++)
        want->models[i].fp = want->models[i].spec_fp;
    enum err_code code = mode == PLAN_DESTROY ? plan_handover(&p, err) : ERR_NONE;
    if (code == ERR_NONE)
        code = check_claims(&p, err);
    if (code == ERR_NONE && mode == PLAN_APPLY)
        code = check_alarms(&p, err);
    if (code == ERR_NONE)
        code = scope_prepare(&p, err);
    if (code != ERR_NONE)
        return code;
    apply_hints(seen);
    find_artifacts(&p);
    VEC_RESERVE(arena, &p.plan->changes, want->n_models + 16);
    VEC_RESERVE(arena, &p.context->artifacts, want->n_models);
    describe_plan(&p);
    if (mode == PLAN_DESTROY)
        plan_destroy(&p);
    else
        code = plan_wanted(&p, err);
    if (code == ERR_NONE && !gaps_any(&gaps))
        code = finish(&p, err);
    if (code != ERR_NONE)
        return code;
    *ret_plan = p.plan;
    *ret_gaps = gaps;
    return ERR_NONE;
}
