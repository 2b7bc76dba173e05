#include "engine/reconcile/planner_internal.h"

/* Versions chosen by hand, and versions kept. A model that is held or pinned is a model whose
 * wanted fingerprint is that of an older version; its source is the object that was kept, and it is
 * neither trained nor uploaded. What is kept besides: the version the spec describes (so that
 * lifting a hold is instant), the one that is live until now, then the newest. */

/* ---- which version is wanted ---- */

static const struct record_hold *hold_of(const struct planner *p, struct str name)
{
    const struct record_model *recorded = record_find(&p->seen->record, name);
    if (recorded == NULL) /* the stack is moving: the hold moves along */
        recorded = record_find(&p->seen->old.record, name);
    return recorded != NULL && !str_is_null(recorded->hold.fp) ? &recorded->hold : NULL;
}

/* Beyond these, a number says it. */
#define NOTED_MODELS 20

static struct str hold_text(struct planner *p, const struct plan_hold *hold)
{
    struct str fp = str_slice(hold->fp, 0, FP16);
    if (hold->pinned)
        return str_fmt(
            p->arena, "model '" STR_FMT "' is pinned at " STR_FMT " by the spec",
            STR_ARG(hold->model), STR_ARG(fp));
    return str_fmt(
        p->arena,
        "model '" STR_FMT "' is held at " STR_FMT " by " STR_FMT " since " STR_FMT "%s" STR_FMT,
        STR_ARG(hold->model), STR_ARG(fp), STR_ARG(hold->by), STR_ARG(hold->at),
        str_is_null(hold->reason) ? "" : ": ", STR_ARG(hold->reason));
}

static void note_holds(struct planner *p)
{
    size_t n = p->plan->holds.len;
    for (size_t i = 0; i < n && i < NOTED_MODELS; i++)
        *VEC_PUSH(p->arena, &p->plan->notes) = hold_text(p, &p->plan->holds.items[i]);
    if (n > NOTED_MODELS)
        *VEC_PUSH(p->arena, &p->plan->notes) =
            str_fmt(p->arena, "%zu more models are held or pinned", n - NOTED_MODELS);
}

/* Held, or pinned by the spec when there is no hold. */
static void
note_hold(struct planner *p, const struct want_model *model, const struct record_hold *hold)
{
    *VEC_PUSH(p->arena, &p->plan->holds) = (struct plan_hold){
        .model = model->name,
        .fp = model->fp,
        .pinned = hold == NULL,
        .at = hold != NULL ? hold->at : STR_NULL,
        .by = hold != NULL ? hold->by : STR_NULL,
        .reason = hold != NULL ? hold->reason : STR_NULL,
        .differs = !version_is(model->fp, model->spec_fp)};
}

/* Ours, with the content its name says; a gap (and true) as long as that is not known. */
static bool usable(struct planner *p, struct version *version)
{
    struct seen_object *object = version->object;
    if (object == NULL || version->held || object->tampered || object->owner == OWNER_OTHER)
        return false;
    if (object->owner == OWNER_UNKNOWN) {
        planner_ask(p, object);
        return true;
    }
    return version_is(object->fp, version->known.fp);
}

static struct version *
find_version(struct planner *p, const struct versions *versions, struct str fp)
{
    for (size_t i = 0; i < versions->len; i++)
        if (version_is(versions->items[i].known.fp, fp) && usable(p, &versions->items[i]))
            return &versions->items[i];
    return NULL;
}

static void
note_rollback(struct planner *p, const struct want_model *model, const struct versions *versions)
{
    const struct version *live = NULL, *target = NULL;
    for (size_t i = 0; i < versions->len; i++) {
        const struct version *version = &versions->items[i];
        live = version->live ? version : live;
        target = version_is(version->known.fp, model->fp) ? version : target;
    }
    struct str from = live != NULL ? str_slice(live->known.fp, 0, FP16) : STR("nothing");
    struct str dated = STR("");
    if (target != NULL && !str_is_null(target->known.at))
        dated = str_fmt(
            p->arena, ", published " STR_FMT " by " STR_FMT, STR_ARG(target->known.at),
            STR_ARG(target->known.by));
    p->plan->note_rollback = str_fmt(
        p->arena, "model '" STR_FMT "' goes from " STR_FMT " to " STR_FMT STR_FMT "%s",
        STR_ARG(model->name), STR_ARG(from), STR_ARG(str_slice(model->fp, 0, FP16)), STR_ARG(dated),
        p->want->stable ? "; the endpoint rolls for it, which takes minutes" : "");
}

static void hold_model(struct planner *p, struct want_model *model, const struct record_hold *hold)
{
    model->fixed = FIXED_HELD;
    model->fp = hold->fp;
    struct artifact_plan old;
    struct versions versions = versions_in(p->versions, p->arena, model->name);
    bool there = version_is(hold->fp, model->spec_fp) ||
                 find_version(p, &versions, hold->fp) != NULL || plan_copy_from_old(p, model, &old);
    if (version_is(hold->fp, model->spec_fp))
        model->fp = model->spec_fp;
    note_hold(p, model, hold);
    if (p->plan->mode == PLAN_ROLLBACK)
        note_rollback(p, model, &versions);
    if (there)
        return;
    model->left_out = true;
    *VEC_PUSH(p->arena, &p->context->left_out) = model->name;
    planner_warn(
        p,
        str_fmt(
            p->arena,
            "publish what the spec says with 'mmectl resume " STR_FMT
            "' and apply, or another version with 'mmectl rollback " STR_FMT " --to ...'",
            STR_ARG(model->name), STR_ARG(model->name)),
        "model '" STR_FMT "' is held at " STR_FMT ", and that version is gone",
        STR_ARG(model->name), STR_ARG(str_slice(hold->fp, 0, FP16)));
}

static enum err_code refuse_pin(
    struct planner *p,
    const struct want_model *model,
    const struct versions *versions,
    bool ambiguous,
    struct err *err)
{
    err_set(
        err, ERR_SPEC, "model '" STR_FMT "': version '" STR_FMT "' %s", STR_ARG(model->name),
        STR_ARG(model->pin), ambiguous ? "fits more than one that is kept" : "is not kept");
    err_hint(
        err, "there are: " STR_FMT "; %s", STR_ARG(versions_text(p->arena, versions)),
        ambiguous ? "write more digits" : "without 'version' the model is published as described");
    return err_locate(err, model->pin_at);
}

static enum err_code pin_model(struct planner *p, struct want_model *model, struct err *err)
{
    struct versions versions = versions_in(p->versions, p->arena, model->name);
    struct version *found = NULL;
    bool own = version_matches(model->spec_fp, model->pin), many = false;
    for (size_t i = 0; i < versions.len; i++) {
        struct version *version = &versions.items[i];
        if (!version_matches(version->known.fp, model->pin) || !usable(p, version))
            continue;
        bool described = version_is(version->known.fp, model->spec_fp);
        many = many || found != NULL || (own && !described);
        found = version;
    }
    if (many || (found == NULL && !own))
        return refuse_pin(p, model, &versions, many, err);
    model->fixed = FIXED_PINNED;
    if (!own) /* the metadata has all digits of what only the key told of */
        model->fp = found->object->fp.len > FP16 ? found->object->fp : found->known.fp;
    note_hold(p, model, NULL);
    return ERR_NONE;
}

static void warn_hold_goes(struct planner *p)
{
    const struct record *record = &p->seen->record;
    for (size_t i = 0; i < record->models.len; i++) {
        const struct record_model *model = &record->models.items[i];
        if (str_is_null(model->hold.fp) || want_find_model(p->want, model->name) != NULL)
            continue;
        planner_warn(
            p, STR("put the model back into the spec to keep it, and the version that is held"),
            "model '" STR_FMT "' is held at " STR_FMT " and not in the spec any more: it goes, and "
            "so does the hold",
            STR_ARG(model->name), STR_ARG(str_slice(model->hold.fp, 0, FP16)));
    }
}

enum err_code plan_fixed(struct planner *p, struct err *err)
{
    for (size_t i = 0; i < p->want->n_models; i++) {
        struct want_model *model = &p->want->models[i];
        model->fixed = FIXED_NO;
        if (model->aside) /* stays as it is published */
            continue;
        const struct record_hold *hold = hold_of(p, model->name);
        if (!str_is_null(model->pin)) {
            enum err_code code = pin_model(p, model, err);
            if (code != ERR_NONE)
                return code;
        } else if (hold != NULL) {
            hold_model(p, model, hold);
        }
    }
    if (p->plan->mode != PLAN_ROLLBACK)
        note_holds(p);
    warn_hold_goes(p);
    return ERR_NONE;
}

/* ---- which others are kept ---- */

/* Takes a version out of the endpoint's reach (stable) or within (versioned). */
static struct change *keep_copy(
    struct planner *p,
    const struct want_model *model,
    const struct version *version,
    struct str key,
    struct str fp)
{
    struct artifact_plan *subject = ARENA_NEW(p->arena, struct artifact_plan);
    *subject = (struct artifact_plan){
        .model = model,
        .name = model->name,
        .fp = fp,
        .key = key,
        .source = ARTIFACT_COPY,
        .from_bucket = p->want->bucket,
        .from_key = version->object->key,
        .from_etag = version->object->etag,
        .metrics = version->known.metrics};
    struct str index = str_fmt(
        p->arena, STR_FMT "--" STR_FMT, STR_ARG(model->name), STR_ARG(str_slice(fp, 0, FP16)));
    struct change *change = planner_change(p, KIND_ARTIFACT, ACTION_CREATE, index);
    change->subject = subject;
    change->name = key;
    change->after = object_attributes(p, key, fp, STR_NULL);
    change->note = STR("kept for mmectl rollback");
    change->uncounted = change->removal_half = true;
    subject->change = change;
    *VEC_PUSH(p->arena, &p->keeps) = change;
    struct artifact_plan *next = planner_artifact(p->context, model->name);
    if (version->live && next != NULL && next->change->action == ACTION_REPLACE)
        next->change->note = str_fmt(
            p->arena, STR_FMT "; " STR_FMT " is kept for a rollback", STR_ARG(next->change->note),
            STR_ARG(str_slice(fp, 0, FP16)));
    return change;
}

static void keep_version(
    struct planner *p,
    const struct want_model *model,
    struct artifact_plan *artifact,
    const struct version *version)
{
    struct version_plan kept = {.version = version->known};
    struct key_parts parts;
    enum key_class class = key_classify(p->want, version->object->key, &parts);
    bool stays = class == KEY_RETAINED || (class == KEY_VERSIONED && !p->want->stable);
    if (stays) {
        planner_keep(p, version->object->key);
    } else {
        struct str fp = version->known.fp;
        struct str key = p->want->stable ? key_retained(p->arena, p->want, model->name, fp)
                                         : key_versioned(p->arena, p->want, model->name, fp);
        const struct seen_object *there = map_get(p->seen->objects, key);
        planner_keep(p, key);
        kept.version.key = key;
        if (there == NULL)
            kept.change = keep_copy(p, model, version, key, fp);
        else
            kept.version.etag = there->owner == OWNER_US ? there->etag : STR_NULL;
    }
    if (artifact != NULL)
        *VEC_PUSH(p->arena, &artifact->versions) = kept;
}

/* What a record that is there does not know of may be anybody's. Without a record the key is
 * enough: else every version would cost a look. */
static bool keepable(
    struct planner *p,
    const struct want_model *model,
    const struct version *version,
    struct str current)
{
    /* Put where it could be called, and found wanting: it never was a version. */
    bool wanting = !str_is_null(want_run(model)->held) || !str_is_null(want_run(model)->uncalled);
    if (wanting && version->listed && version_is(version->known.fp, model->spec_fp))
        return false;
    struct seen_object *object = version->object;
    if (object == NULL || version->held || object->tampered || str_is_null(version->known.fp) ||
        version_is(version->known.fp, current))
        return false;
    if (version->listed && !p->unrecorded)
        return planner_owns(p, object);
    return object->owner != OWNER_OTHER;
}

static void retain_model(struct planner *p, struct arena *scratch, struct want_model *model)
{
    struct artifact_plan *artifact = planner_artifact(p->context, model->name);
    struct str current = artifact != NULL ? artifact->fp : model->fp;
    bool older = model->fixed != FIXED_NO && !version_is(current, model->spec_fp);
    size_t room = p->want->retain > 0 || !older ? p->want->retain : 1;
    if (room == 0)
        return;
    struct versions versions = versions_in(p->versions, scratch, model->name);
    for (size_t i = 0; older && i < versions.len; i++) {
        const struct version *version = &versions.items[i];
        if (room == 0 || !version_is(version->known.fp, model->spec_fp) ||
            !keepable(p, model, version, current))
            continue;
        keep_version(p, model, artifact, version);
        room--;
    }
    for (size_t i = 0; i < versions.len && room > 0; i++) {
        const struct version *version = &versions.items[i];
        if ((older && version_is(version->known.fp, model->spec_fp)) ||
            !keepable(p, model, version, current))
            continue;
        keep_version(p, model, artifact, version);
        room--;
    }
}

/* In versioned mode a version that is there already is published by the record alone: no change
 * would tell of it. */
static void note_published(struct planner *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->context->artifacts.len; i++) {
        const struct artifact_plan *artifact = p->context->artifacts.items[i];
        const struct record_model *recorded = record_find(&p->seen->record, artifact->name);
        if (artifact->change->action != ACTION_NOOP || recorded == NULL ||
            str_is_null(recorded->live.fp) || version_is(artifact->fp, recorded->live.fp))
            continue;
        if (count++ < NOTED_MODELS)
            *VEC_PUSH(p->arena, &p->plan->notes) = str_fmt(
                p->arena,
                "model '" STR_FMT "' goes from " STR_FMT " to " STR_FMT ", which is there already",
                STR_ARG(artifact->name), STR_ARG(str_slice(recorded->live.fp, 0, FP16)),
                STR_ARG(str_slice(artifact->fp, 0, FP16)));
    }
    if (count > NOTED_MODELS)
        *VEC_PUSH(p->arena, &p->plan->notes) = str_fmt(
            p->arena, "%zu more models go to versions that are there already",
            count - NOTED_MODELS);
}

void plan_retained(struct planner *p)
{
    AUTO(arena_close) struct arena *scratch = arena_new("versions", 0);
    for (size_t i = 0; i < p->want->n_models; i++) {
        arena_reset(scratch);
        retain_model(p, scratch, &p->want->models[i]);
    }
    if (!p->want->stable && p->plan->mode == PLAN_APPLY)
        note_published(p);
}
