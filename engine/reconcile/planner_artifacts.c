#include "engine/reconcile/gates.h"
#include "engine/reconcile/planner_internal.h"

struct change_list {
    struct change **items;
    size_t len, cap;
};

/* The object at a key of ours. Its fingerprint is known afterwards, unless a gap was noted.
 * `recorded`: what the record says stands there, or NULL. */
static struct seen_object *
seen_at(struct planner *p, struct str key, const struct record_version *recorded)
{
    struct seen_object *object = map_get(p->seen->objects, key);
    if (object == NULL)
        return NULL;
    if (object->owner == OWNER_UNKNOWN) {
        planner_ask(p, object);
        return object;
    }
    /* Recorded as ours, and now without our metadata: somebody wrote over it. */
    if (object->owner == OWNER_OTHER && recorded != NULL && str_eq(recorded->key, key))
        object->tampered = true;
    return object;
}

static enum err_code refuse_foreign(
    const struct planner *p,
    const struct want_model *model,
    const struct seen_object *object,
    struct err *err)
{
    err_set(
        err, ERR_CONFLICT,
        "object 's3://" STR_FMT "/" STR_FMT "' is in the way: it is not this stack's",
        STR_ARG(p->want->bucket), STR_ARG(object->key));
    err_hint(err, "move it away, or rename the model");
    return err_locate(err, model->at);
}

static struct artifact_plan *
new_artifact(struct planner *p, const struct want_model *model, struct str fp, struct str key)
{
    struct artifact_plan *artifact = ARENA_NEW(p->arena, struct artifact_plan);
    artifact->model = model;
    artifact->name = model->name;
    artifact->fp = fp;
    artifact->key = key;
    const struct record_model *recorded = record_find(&p->seen->record, model->name);
    if (recorded != NULL && str_eq(recorded->live.fp, fp))
        artifact->metrics = recorded->live.metrics;
    for (size_t i = 0; recorded != NULL && i < recorded->history.len; i++)
        if (artifact->metrics == NULL && str_eq(recorded->history.items[i].fp, fp))
            artifact->metrics = recorded->history.items[i].metrics;
    if (artifact->metrics == NULL && model->n_gates > 0 && str_eq(fp, model->spec_fp))
        artifact->metrics = planner_metrics(p, model);
    return artifact;
}

static void
keep(struct planner *p, struct artifact_plan *artifact, const struct seen_object *object)
{
    const struct record_model *recorded = record_find(&p->seen->record, artifact->name);
    artifact->etag = object->etag;
    artifact->size = object->size;
    if (object->tampered && recorded != NULL) { /* what was written over it is not what it is */
        artifact->etag = recorded->live.etag;
        artifact->size = recorded->live.size;
    }
    artifact->imported = object->imported;
    *VEC_PUSH(p->arena, &p->context->artifacts) = artifact;
    planner_keep(p, object->key);
    struct change *change = planner_change(p, KIND_ARTIFACT, ACTION_NOOP, artifact->name);
    change->name = artifact->key;
    change->subject = artifact;
    artifact->change = change;
}

static const char *const s_source_notes[] = {"server-side copy", "upload", "trained here"};

/* A change that puts the artifact at its key. */
static struct change *
put(struct planner *p, enum action action, struct artifact_plan *artifact, struct change *need)
{
    struct change *change = planner_change(p, KIND_ARTIFACT, action, artifact->name);
    change->subject = artifact;
    artifact->change = change;
    change->name = artifact->key;
    change->at = artifact->model->at;
    struct str source = artifact->model->trained ? STR_NULL : artifact->model->source;
    change->after = object_attributes(p, artifact->key, artifact->fp, source);
    if (artifact->source == ARTIFACT_COPY)
        p->n_copies++;
    change->note = need != NULL && artifact->source == ARTIFACT_COPY
                       ? STR("from its training job")
                       : str_from(s_source_notes[artifact->source]);
    struct str elsewhere = planner_elsewhere_note(p, artifact, need);
    if (!str_is_null(elsewhere))
        change->note = elsewhere;
    if (need != NULL && artifact->model->n_gates > 0)
        change->note = str_fmt(
            p->arena, STR_FMT "; published with " STR_FMT, STR_ARG(change->note),
            STR_ARG(gates_text(p->arena, artifact->model)));
    change_need(p->arena, change, need);
    change_need(p->arena, change, p->bucket);
    *VEC_PUSH(p->arena, &p->artifacts) = change;
    *VEC_PUSH(p->arena, &p->context->artifacts) = artifact;
    return change;
}

static void warn_overwritten(struct planner *p, const struct want_model *model)
{
    planner_warn(
        p, STR("instances that have it loaded go on answering from the copy they have"),
        "the artifact of model '" STR_FMT "' was overwritten outside mmectl", STR_ARG(model->name));
}

/* ---- versioned: every version has a key of its own ---- */

/* Where there is no record, the latest of the versions that the endpoint can reach is the one that
 * goes on serving. NULL: none, or the record knows better. */
static const struct record_version *latest_listed(struct planner *p, const struct want_model *model)
{
    if (!p->unrecorded)
        return NULL;
    struct versions versions = versions_in(p->versions, p->arena, model->name);
    const struct version *version = versions.items;
    for (size_t i = 0; i < versions.len; i++, version++) {
        struct key_parts parts;
        if (version->object != NULL && !version->held &&
            !version_is(version->known.fp, model->spec_fp) &&
            key_classify(p->want, version->object->key, &parts) == KEY_VERSIONED)
            return &version->known;
    }
    return NULL;
}

static enum err_code
plan_versioned_model(struct planner *p, struct want_model *model, struct err *err)
{
    const struct record_model *recorded = record_find(&p->seen->record, model->name);
    const struct record_version *live = recorded != NULL ? &recorded->live : NULL;
    AUTO(arena_close) struct arena *scratch = arena_new("key", 0);
    struct str key = key_versioned(scratch, p->want, model->name, model->fp);
    struct seen_object *object = map_get(p->seen->objects, key);
    key = object != NULL ? object->key : str_dup(p->arena, key);
    struct artifact_plan *artifact = new_artifact(p, model, model->fp, key);
    /* Without a record that says anything, existence and the key are enough. */
    if (object != NULL && p->unrecorded && object->owner == OWNER_UNKNOWN)
        object->owner = OWNER_US;
    object = seen_at(p, key, live);
    if (object != NULL && object->owner == OWNER_OTHER && !object->tampered)
        return refuse_foreign(p, model, object, err);
    /* One that is set aside stays as it is published. */
    bool published = live == NULL || str_eq(live->key, key);
    if (object != NULL && !object->tampered && (!model->left_out || (model->aside && published))) {
        keep(p, artifact, object);
        return ERR_NONE;
    }
    struct change *need = NULL;
    if (!model->left_out) {
        enum err_code code = plan_source(p, model, artifact, &need, err);
        if (code != ERR_NONE)
            return code;
    }
    if (model->left_out) {
        /* What was published stays published. */
        if (live == NULL)
            live = latest_listed(p, model);
        struct seen_object *old = live != NULL ? seen_at(p, live->key, live) : NULL;
        if (old != NULL)
            keep(p, new_artifact(p, model, live->fp, live->key), old);
        return ERR_NONE;
    }
    if (object != NULL)
        artifact->overwrite_etag = object->etag;
    struct change *change = put(p, object != NULL ? ACTION_REPLACE : ACTION_CREATE, artifact, need);
    change->reason = object != NULL ? REASON_CHANGED_OUTSIDE : REASON_NONE;
    if (object != NULL) {
        change->before = object_attributes(p, key, STR_NULL, STR_NULL);
        warn_overwritten(p, model);
        planner_keep(p, key);
    }
    return ERR_NONE;
}

/* ---- stable: one key per name and generation ---- */

static const struct record_version *recorded_live(struct planner *p, struct str name)
{
    const struct record_model *recorded = record_find(&p->seen->record, name);
    return recorded != NULL ? &recorded->live : NULL;
}

static bool was_removed_with(struct planner *p, const struct want_model *model)
{
    for (size_t i = 0; i < p->seen->record.removed.len; i++) {
        const struct record_removed *removed = &p->seen->record.removed.items[i];
        if (str_eq(removed->name, model->name))
            return !str_eq(removed->fp, model->fp);
    }
    return false;
}

/* What the live generation holds for a name, with its fingerprint known; NULL when nothing. */
static struct seen_object *live_object(struct planner *p, struct str name)
{
    if (str_is_null(p->live_gen))
        return NULL;
    return seen_at(p, key_stable(p->arena, p->want, p->live_gen, name), recorded_live(p, name));
}

static bool content_differs(const struct seen_object *live, const struct want_model *model)
{
    return live != NULL && live->owner != OWNER_UNKNOWN &&
           (model->remake || live->tampered ||
            !str_eq(str_slice(live->fp, 0, FP16), str_slice(model->fp, 0, FP16)));
}

bool planner_serves_wanted(struct planner *p, const struct want_model *model)
{
    const struct record_version *live = recorded_live(p, model->name);
    if (p->want->stable) {
        const struct seen_object *object = live_object(p, model->name);
        return object != NULL && object->owner == OWNER_US && !content_differs(object, model);
    }
    if (live != NULL && !str_is_null(live->fp))
        return version_is(live->fp, model->spec_fp);
    /* Without a record that says anything, what stands where the endpoint can reach it is
     * published: unless it was held back before. */
    const struct record_held *held = record_find_held(&p->seen->record, model->name);
    return p->unrecorded && (held == NULL || !version_is(held->version.fp, model->spec_fp)) &&
           map_has(
               p->seen->objects, key_versioned(p->scratch, p->want, model->name, model->spec_fp));
}

/* Whether the generation that is live can take the wanted set as it is: new names in, gone names
 * out. */
static bool needs_new_generation(struct planner *p)
{
    if (p->want->n_models == 0) /* images alone */
        return false;
    if (str_is_null(p->live_gen))
        return true;
    for (size_t i = 0; i < p->want->n_models; i++) {
        const struct want_model *model = &p->want->models[i];
        if (model->left_out)
            continue;
        struct seen_object *live = live_object(p, model->name);
        if (content_differs(live, model) || (live == NULL && was_removed_with(p, model)))
            return true;
    }
    return false;
}

/* A prefix whose objects, where there are any, are the wanted ones: never the live generation's,
 * and never one that an earlier run filled with something else. */
static struct str choose_generation(struct planner *p)
{
    struct str salt = STR_NULL;
    for (int round = 0; round < 8; round++) {
        struct str gen = fingerprint_generation(p->arena, p->want, salt);
        bool usable = !str_eq(gen, p->live_gen);
        salt = gen;
        for (size_t i = 0; usable && i < p->want->n_models; i++) {
            const struct want_model *model = &p->want->models[i];
            struct str key = key_stable(p->arena, p->want, gen, model->name);
            struct seen_object *object = seen_at(p, key, recorded_live(p, model->name));
            if (object == NULL || object->owner == OWNER_UNKNOWN || str_is_null(model->fp))
                continue;
            usable = object->owner == OWNER_US && !content_differs(object, model);
        }
        if (usable)
            return gen;
    }
    return salt;
}

static enum err_code plan_stable_model(struct planner *p, struct want_model *model, struct err *err)
{
    struct str gen = p->context->generation;
    struct str key = key_stable(p->arena, p->want, gen, model->name);
    struct seen_object *live = live_object(p, model->name);
    struct artifact_plan *artifact = new_artifact(p, model, model->fp, key);
    struct seen_object *there = seen_at(p, key, recorded_live(p, model->name));
    if (there != NULL && there->owner == OWNER_OTHER && !there->tampered)
        return refuse_foreign(p, model, there, err);
    bool moves = p->new_generation && live != NULL && (live->owner == OWNER_US || live->tampered);
    if (moves)
        planner_keep(p, live->key); /* its removal belongs to this change */
    struct change *need = NULL;
    /* Bytes that somebody else wrote are not carried along under our name. */
    if (model->left_out && (live == NULL || (live->tampered && p->new_generation)))
        return ERR_NONE;
    if (live != NULL && (model->left_out || (moves && !content_differs(live, model)))) {
        if (!p->new_generation) {
            artifact->fp = live->fp;
            keep(p, artifact, live);
            return ERR_NONE;
        }
        artifact->fp = live->fp;
        artifact->source = ARTIFACT_COPY;
        artifact->from_bucket = p->want->bucket;
        artifact->from_key = live->key;
        artifact->from_etag = live->etag;
    } else if (there != NULL) {
        if (!moves) {
            keep(p, artifact, there);
            return ERR_NONE;
        }
        artifact->source =
            ARTIFACT_COPY; /* an earlier run put it there; the kind finds it and is done */
        artifact->from_bucket = p->want->bucket;
        artifact->from_key = there->key;
        artifact->from_etag = there->etag;
    } else {
        enum err_code code = plan_source(p, model, artifact, &need, err);
        if (code != ERR_NONE)
            return code;
        if (model->left_out) /* found out just now: once more, as such */
            return plan_stable_model(p, model, err);
    }
    bool same = moves && str_eq(str_slice(artifact->fp, 0, FP16), str_slice(live->fp, 0, FP16)) &&
                !live->tampered && !model->remake;
    struct change *change =
        put(p,
            !moves ? ACTION_CREATE
            : same ? ACTION_UPDATE
                   : ACTION_REPLACE,
            artifact, need);
    if (moves) {
        change->before = object_attributes(p, live->key, live->fp, STR_NULL);
        change->old_name = live->key;
        change->reason = same                       ? REASON_NEW_GENERATION
                         : model->remake            ? REASON_REQUESTED
                         : live->tampered           ? REASON_CHANGED_OUTSIDE
                         : model->fixed != FIXED_NO ? REASON_VERSION_CHOSEN
                                                    : REASON_CONTENT_CHANGED;
        if (live->tampered)
            warn_overwritten(p, model);
    }
    planner_keep(p, key);
    return ERR_NONE;
}

/* Training that failed for good is found out while sources are planned; it changes what the
 * generation holds. So models are probed first, in a plan of its own that is thrown away. */
static enum err_code find_left_out(struct planner *p, struct err *err)
{
    struct planner probe = *p;
    probe.plan = ARENA_NEW(p->arena, struct plan);
    probe.context = ARENA_NEW(p->arena, struct plan_context);
    probe.artifacts.len = 0;
    probe.artifacts.cap = 0;
    probe.artifacts.items = NULL;
    struct plan_gaps ignored = {0};
    probe.gaps = &ignored;
    probe.asked = map_new(p->arena);
    for (size_t i = 0; i < p->want->n_models; i++) {
        struct want_model *model = &p->want->models[i];
        struct seen_object *live = live_object(&probe, model->name);
        if (model->left_out || (live != NULL && !content_differs(live, model)))
            continue;
        struct artifact_plan *artifact = new_artifact(&probe, model, model->fp, STR(""));
        struct change *need;
        enum err_code code = plan_source(&probe, model, artifact, &need, err);
        if (code != ERR_NONE)
            return code;
    }
    for (size_t i = 0; i < probe.plan->warnings.len; i++)
        *VEC_PUSH(p->arena, &p->plan->warnings) = probe.plan->warnings.items[i];
    for (size_t i = 0; i < probe.context->left_out.len; i++)
        *VEC_PUSH(p->arena, &p->context->left_out) = probe.context->left_out.items[i];
    return ERR_NONE;
}

/* What cannot be made, and what this run is not about, goes along as it is. */
static void wait_with_live(struct planner *p)
{
    for (size_t i = 0; i < p->want->n_models; i++) {
        struct want_model *model = &p->want->models[i];
        const struct seen_object *live = model->left_out ? live_object(p, model->name) : NULL;
        if (model->left_out)
            model->fp = live != NULL ? live->fp : STR_NULL;
    }
}

static enum err_code plan_stable(struct planner *p, struct err *err)
{
    enum err_code code = find_left_out(p, err);
    if (code != ERR_NONE)
        return code;
    wait_with_live(p);
    p->new_generation = needs_new_generation(p);
    bool none = str_is_null(p->live_gen);
    p->context->generation = p->new_generation ? choose_generation(p)
                             : none            ? p->seen->record.generation
                                               : p->live_gen;
    for (size_t i = 0; code == ERR_NONE && i < p->want->n_models; i++)
        code = plan_stable_model(p, &p->want->models[i], err);
    return code;
}

enum err_code plan_artifacts(struct planner *p, struct err *err)
{
    enum err_code code = ERR_NONE;
    for (size_t i = 0; i < p->want->n_models; i++)
        if (p->want->models[i].failed)
            *VEC_PUSH(p->arena, &p->context->left_out) = p->want->models[i].name;
    if (p->want->stable)
        code = plan_stable(p, err);
    for (size_t i = 0; code == ERR_NONE && !p->want->stable && i < p->want->n_models; i++)
        code = plan_versioned_model(p, &p->want->models[i], err);
    if (code == ERR_NONE) {
        plan_candidates(p);
        plan_retained(p);
    }
    return code;
}

/* ---- what is not wanted any more ---- */

static void add_reader(struct planner *p, struct map *readers, struct change *change)
{
    const struct artifact_plan *artifact = change->subject;
    if (artifact->source != ARTIFACT_COPY || str_is_null(artifact->from_key) ||
        !str_eq(artifact->from_bucket, p->want->bucket))
        return;
    struct change_list *list = map_get(readers, artifact->from_key);
    if (list == NULL) {
        list = ARENA_NEW(p->arena, struct change_list);
        map_put(readers, artifact->from_key, list);
    }
    *VEC_PUSH(p->arena, list) = change;
}

/* Which changes copy from a key of ours: what stands there goes only once they are done. */
static struct map *readers_by_key(struct planner *p)
{
    struct map *readers = map_new(p->arena);
    for (size_t i = 0; i < p->artifacts.len; i++)
        add_reader(p, readers, p->artifacts.items[i]);
    for (size_t i = 0; i < p->keeps.len; i++)
        add_reader(p, readers, p->keeps.items[i]);
    return readers;
}

static void need_readers(struct planner *p, const struct map *readers, struct change *removal)
{
    const struct change_list *list = map_get(readers, removal->old_name);
    for (size_t i = 0; list != NULL && i < list->len; i++)
        change_need(p->arena, removal, list->items[i]);
}

/* One of its readers keeps it as an older version. */
static bool is_kept_elsewhere(const struct map *readers, struct str key)
{
    const struct change_list *list = map_get(readers, key);
    for (size_t i = 0; list != NULL && i < list->len; i++)
        if (list->items[i]->removal_half)
            return true;
    return false;
}

/* Made and never published: by the record, its metadata, or - beside the folder that the endpoint
 * reads - its place. */
static bool
was_held(const struct planner *p, const struct seen_artifact *found, const struct key_parts *parts)
{
    const struct record_held *held = record_find_held(&p->seen->record, parts->model);
    return (held != NULL && version_is(held->version.fp, parts->fp16)) ||
           found->object->metrics != NULL || (!p->want->stable && found->class == KEY_RETAINED);
}

static void plan_leftover(
    struct planner *p,
    const struct seen_artifact *found,
    const struct map *readers,
    struct change *after)
{
    struct key_parts parts = planner_parts(p, found);
    bool in_spec = want_find_model(p->want, parts.model) != NULL;
    bool live =
        str_is_null(p->live_gen) ? found->class == KEY_VERSIONED : str_eq(parts.gen, p->live_gen);
    const struct record_version *recorded = recorded_live(p, parts.model);
    bool published = recorded != NULL && str_eq(recorded->key, found->object->key);
    bool by_name = !in_spec && (published || (live && found->class == KEY_STABLE));
    struct str index =
        by_name ? parts.model : artifact_tail(p->want, found->class, found->object->key);
    struct change *change = planner_remove_object(p, KIND_ARTIFACT, found->object, index, after);
    need_readers(p, readers, change);
    change->reason = !in_spec                     ? REASON_NOT_IN_SPEC
                     : found->class == KEY_STABLE ? REASON_LEFT_BEHIND
                     : was_held(p, found, &parts) ? REASON_HELD_BACK
                                                  : REASON_NOT_RETAINED;
    if (!in_spec)
        change->note = STR("instances that have it loaded answer on for a while");
    const struct artifact_plan *next = planner_artifact(p->context, parts.model);
    if (next == NULL)
        return;
    change_need(p->arena, change, next->change); /* until then it may be needed */
    bool twice = found->class == KEY_RETAINED && version_is(next->fp, parts.fp16);
    bool back = twice && next->change->action != ACTION_NOOP;
    if (twice)
        change->reason = REASON_LEFT_BEHIND;
    if (back || is_kept_elsewhere(readers, found->object->key))
        change->removal_half = change->uncounted = true; /* it only changes its place */
}

void plan_refused(struct planner *p)
{
    const struct map *readers = readers_by_key(p);
    for (size_t i = 0; i < p->found.len; i++) {
        const struct seen_artifact *found = &p->found.items[i];
        struct key_parts parts = planner_parts(p, found);
        const struct want_model *model = want_find_model(p->want, parts.model);
        if (found->class == KEY_VERSIONED && !found->kept && planner_owns(p, found->object) &&
            model != NULL && !str_is_null(want_run(model)->held) &&
            version_is(model->spec_fp, parts.fp16))
            plan_leftover(p, found, readers, NULL);
    }
}

/* after: the endpoint's change, when the objects of the old generation may only go once it went
 * through. */
void plan_old_artifacts(struct planner *p, struct change *after)
{
    const struct map *readers = readers_by_key(p);
    size_t n = p->plan->changes.len;
    for (size_t i = 0; i < n; i++) {
        struct change *change = p->plan->changes.items[i];
        bool moved = change->kind == KIND_ARTIFACT && !str_is_null(change->old_name) &&
                     change->action != ACTION_DELETE;
        struct seen_object *old = moved ? map_get(p->seen->objects, change->old_name) : NULL;
        if (old == NULL)
            continue;
        struct change *removal = planner_remove_object(p, KIND_ARTIFACT, old, change->index, after);
        removal->removal_half = true;
        removal->reason = change->reason; /* a copy that moved along is not counted as destroyed */
        change_need(p->arena, removal, change);
        need_readers(p, readers, removal);
    }
    for (size_t i = 0; i < p->found.len; i++)
        if (!p->found.items[i].kept && planner_owns(p, p->found.items[i].object))
            plan_leftover(p, &p->found.items[i], readers, after);
}
