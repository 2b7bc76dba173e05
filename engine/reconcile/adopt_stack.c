#include "engine/reconcile/adopt_internal.h"

#include "engine/plan/artifact.h"
#include "engine/resource/names.h"

/* A stack that was renamed has other names for everything, and the same contents: a fingerprint
 * does not know the stack. So its artifacts are copied under their fingerprints, its record comes
 * along with history and holds, and the endpoint, when it keeps its name, changes hands. The old
 * record and the old objects stay as they are for `destroy` of the old spec. */

/* The object of a recorded version, believed only while it is the one recorded. */
static const struct seen_object *
old_object(const struct adopting *a, const struct record_version *version)
{
    const struct seen_object *object = map_get(a->look->old.objects, version->key);
    return object != NULL && str_eq(object->etag, version->etag) ? object : NULL;
}

static struct adopt_source source_of(const struct adopting *a, const struct seen_object *object)
{
    const struct want *old = &a->look->old.want;
    return (struct adopt_source){
        .bucket = old->bucket,
        .key = object->key,
        .uri = str_fmt(
            a->arena, "s3://" STR_FMT "/" STR_FMT, STR_ARG(old->bucket), STR_ARG(object->key)),
        .object = object};
}

/* Where the version goes: to its key under our prefix; in stable mode what the spec wants now goes
 * to the generation that apply will use. Null: nowhere, it was of an old generation. */
static struct str
new_key(const struct adopting *a, struct str name, const struct record_version *version, bool live)
{
    const struct want *want = a->look->want;
    const struct want_model *model = want_find_model(want, name);
    if (live && model != NULL && str_eq(model->fp, version->fp))
        return adopt_key(a, model);
    struct key_parts parts;
    enum key_class class = key_classify(&a->look->old.want, version->key, &parts);
    if (class == KEY_STABLE && !live)
        return STR_NULL;
    return str_fmt(
        a->arena, STR_FMT STR_FMT, STR_ARG(want->prefix),
        STR_ARG(str_from_index(version->key, a->look->old.want.prefix.len)));
}

/* Plans the copy and moves the version to its new key; false when there is nothing to copy. */
static enum err_code move_version(
    struct adopting *a,
    struct str name,
    struct record_version *version,
    bool live,
    bool *ret_moved,
    struct err *err)
{
    *ret_moved = false;
    const struct seen_object *object = old_object(a, version);
    struct str key = object != NULL ? new_key(a, name, version, live) : STR_NULL;
    if (str_is_null(key))
        return ERR_NONE;
    struct adopt_source source = source_of(a, object);
    struct artifact_plan *artifact;
    const struct want_model *model = live ? want_find_model(a->look->want, name) : NULL;
    enum err_code code = adopt_copy(
        a, model,
        live ? name
             : str_fmt(
                   a->arena, STR_FMT "--" STR_FMT, STR_ARG(name),
                   STR_ARG(str_slice(version->fp, 0, FP16))),
        version->fp, key, &source, &artifact, err);
    if (code != ERR_NONE)
        return code;
    version->key = key;
    version->etag = artifact->etag; /* of a copy: known once it is made */
    version->size = object->size;
    *ret_moved = true;
    return ERR_NONE;
}

static enum err_code
move_model(struct adopting *a, const struct record_model *from, struct err *err)
{
    struct record_model model = *from;
    bool moved;
    enum err_code code = move_version(a, model.name, &model.live, true, &moved, err);
    if (code != ERR_NONE)
        return code;
    if (!moved) {
        adopt_warn(
            a, STR("the next apply makes it anew"),
            "the artifact of model '" STR_FMT "' is not where stack '" STR_FMT "' recorded it",
            STR_ARG(model.name), STR_ARG(a->look->old.want.stack));
        return ERR_NONE;
    }
    model.history.items = NULL;
    model.history.len = model.history.cap = 0;
    for (size_t i = 0; i < from->history.len; i++) {
        struct record_version version = from->history.items[i];
        code = move_version(a, model.name, &version, false, &moved, err);
        if (code != ERR_NONE)
            return code;
        if (moved)
            *VEC_PUSH(a->arena, &model.history) = version;
    }
    *VEC_PUSH(a->arena, &a->out->record.models) = model;
    return ERR_NONE;
}

static void name_to_make(struct adopting *a)
{
    for (size_t i = 0; i < a->look->want->n_models; i++) {
        const struct want_model *model = &a->look->want->models[i];
        const struct record_model *moved = record_find(&a->out->record, model->name);
        if (moved == NULL || !str_eq(moved->live.fp, model->fp))
            *VEC_PUSH(a->arena, &a->out->to_make) = model->name;
    }
}

/* Everything of the old record but what names its place; ours where we have one already. */
static void start_record(struct adopting *a)
{
    const struct want *want = a->look->want;
    const struct record *ours = &a->look->seen->record;
    struct record record = a->look->old.record;
    record.present = true;
    record.stack = want->stack;
    record.uid = want->uid;
    record.home = want->home;
    record.serial = ours->serial;
    record.store_etag = ours->store_etag;
    record.conditions_known = ours->conditions_known;
    record.conditions_missing = ours->conditions_missing;
    record.endpoints.items = NULL;
    record.endpoints.len = record.endpoints.cap = 0;
    *VEC_PUSH(a->arena, &record.endpoints) = want->endpoint;
    record.models.items = NULL;
    record.models.len = record.models.cap = 0;
    record.removed.items = NULL;
    record.removed.len = record.removed.cap = 0;
    record.generation = STR_NULL; /* none of ours serves yet */
    record.failed_config = record.failed_reason = STR_NULL;
    a->out->record = record;
}

static void warn_endpoint(struct adopting *a)
{
    const struct want *want = a->look->want;
    if (a->look->seen->endpoint.present)
        return;
    adopt_warn(
        a,
        STR("keep endpoint.name as it was to keep the endpoint; the old one serves until the old "
            "spec is destroyed"),
        "endpoint '" STR_FMT
        "' does not exist: the next apply makes it, and callers have to change "
        "to it",
        STR_ARG(want->endpoint));
}

enum err_code adopt_old_stack(struct adopting *a, struct err *err)
{
    const struct adopt_look *look = a->look;
    a->out->from_uid = look->old.want.uid;
    if (!look->old.found) { /* the endpoint is ours: an earlier run finished */
        a->out->record = look->seen->record;
        return ERR_NONE;
    }
    start_record(a);
    for (size_t i = 0; i < look->old.record.models.len; i++) {
        const struct record_model *model = &look->old.record.models.items[i];
        if (want_find_model(look->want, model->name) == NULL)
            continue;
        enum err_code code = move_model(a, model, err);
        if (code != ERR_NONE)
            return code;
    }
    name_to_make(a);
    warn_endpoint(a);
    /* The ETags of copies are not known yet, so a plan with copies always writes. */
    a->out->writes_record =
        !plan_is_empty(a->out->plan) || !record_same(&a->out->record, &look->seen->record);
    *VEC_PUSH(a->arena, &a->out->left) = (struct adopt_left){
        "stack", look->old.want.stack,
        str_fmt(
            a->arena,
            "mmectl destroy -f OLD_SPEC   # the spec as it was, with metadata.name: " STR_FMT,
            STR_ARG(look->old.want.stack))};
    return ERR_NONE;
}
