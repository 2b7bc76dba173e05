#include "engine/reconcile/rollback.h"

#include "engine/plan/world.h"
#include "engine/reconcile/claim.h"
#include "engine/reconcile/desired.h"
#include "engine/reconcile/lease.h"

static int model_by_name(const void *a, const void *b)
{
    const struct want_model *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

static int record_by_name(const void *a, const void *b)
{
    const struct record_model *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

/* ---- looking ---- */

/* Whose object it is and what is in it, where the record's ETag does not vouch for it. */
static enum err_code look_at(
    struct reconciler *r, const struct want *want, const struct version *version, struct err *err)
{
    struct seen_object *object = version->object;
    if (object == NULL || object->owner != OWNER_UNKNOWN)
        return ERR_NONE;
    if (!str_is_null(version->known.etag) && str_eq(version->known.etag, object->etag)) {
        object->owner = OWNER_US;
        object->fp = version->known.fp;
        return ERR_NONE;
    }
    return r->world->ops->inspect(r->world, r->arena, want, object, err);
}

/* Where the record does not know yet what is live, its fingerprint shows only now that it is one of
 * the others. */
static void merge_twins(struct versions *versions)
{
    size_t kept = 0;
    for (size_t i = 0; i < versions->len; i++) {
        struct version *version = &versions->items[i], *twin = NULL;
        for (size_t k = 0; k < kept && twin == NULL; k++)
            if (version_is(versions->items[k].known.fp, version->known.fp))
                twin = &versions->items[k];
        if (twin == NULL) {
            versions->items[kept++] = *version;
            continue;
        }
        twin->known.at = version->known.at;
        twin->known.by = version->known.by;
        twin->known.serial = version->known.serial;
        twin->known.metrics = version->known.metrics;
    }
    versions->len = kept;
}

/* The versions of a model, all looked at: afterwards a fingerprint is missing only where an object
 * is not ours. */
static enum err_code look_at_all(
    struct reconciler *r,
    const struct want *want,
    struct version_index *index,
    struct str name,
    struct versions *out,
    struct err *err)
{
    struct versions versions = versions_of(index, name);
    for (size_t i = 0; i < versions.len; i++) {
        enum err_code code = look_at(r, want, &versions.items[i], err);
        if (code != ERR_NONE)
            return code;
        struct version *version = &versions.items[i];
        if (version->object == NULL)
            continue;
        bool ours =
            version->object->owner == OWNER_US &&
            (str_is_null(version->known.fp) || version_is(version->object->fp, version->known.fp));
        if (ours && version->object->fp.len > version->known.fp.len)
            version->known.fp = version->object->fp;
        version->held = version->held || (ours && version->object->metrics != NULL);
        if (!ours)
            version->object = NULL;
    }
    merge_twins(&versions);
    *out = versions;
    return ERR_NONE;
}

/* ---- rollback ---- */

static enum err_code
no_such_model(const struct want *want, struct str model, const char *why, struct err *err)
{
    err_set(
        err, ERR_NOT_FOUND, "model '" STR_FMT "' %s in stack '" STR_FMT "'", STR_ARG(model), why,
        STR_ARG(want->stack));
    return err_hint(err, "'mmectl history' lists what is published");
}

static enum err_code refuse_version(
    struct reconciler *r,
    const struct rollback *rollback,
    const struct versions *versions,
    enum err_code code,
    const char *why,
    struct err *err)
{
    err_set(
        err, code, "model '" STR_FMT "': version '" STR_FMT "' %s", STR_ARG(rollback->model),
        STR_ARG(rollback->to), why);
    return err_hint(err, "there are: " STR_FMT, STR_ARG(versions_text(r->arena, versions)));
}

/* The one that --to names. */
static enum err_code named_version(
    struct reconciler *r,
    const struct rollback *rollback,
    const struct versions *versions,
    const struct version **ret_version,
    struct err *err)
{
    const struct version *found = NULL;
    for (size_t i = 0; i < versions->len; i++) {
        if (!version_matches(versions->items[i].known.fp, rollback->to))
            continue;
        if (found != NULL)
            return refuse_version(
                r, rollback, versions, ERR_CONFLICT, "fits more than one; write more digits", err);
        found = &versions->items[i];
    }
    if (found == NULL)
        return refuse_version(r, rollback, versions, ERR_NOT_FOUND, "is not known", err);
    if (found->held)
        return refuse_version(
            r, rollback, versions, ERR_REFUSED, "is held back and was never published", err);
    if (found->object == NULL)
        return refuse_version(r, rollback, versions, ERR_NOT_FOUND, "is gone", err);
    if (found->live)
        return refuse_version(r, rollback, versions, ERR_CONFLICT, "is the one that is live", err);
    *ret_version = found;
    return ERR_NONE;
}

/* Published before the live one. Of what the record does not know, nobody can say when. */
static const struct version *newest_older(const struct versions *versions)
{
    int64_t live = INT64_MAX;
    for (size_t i = 0; i < versions->len; i++)
        if (versions->items[i].live && versions->items[i].known.serial > 0)
            live = versions->items[i].known.serial;
    const struct version *best = NULL;
    for (size_t i = 0; i < versions->len; i++) {
        const struct version *version = &versions->items[i];
        if (version->live || version->held || version->object == NULL ||
            version->known.serial > live)
            continue;
        if (best == NULL || version->known.serial > best->known.serial)
            best = version;
    }
    return best;
}

/* Older than which? A record that could not be read names none. */
static enum err_code check_live_known(
    struct reconciler *r,
    const struct rollback *rollback,
    const struct versions *versions,
    struct err *err)
{
    bool known = versions->len == 0; /* there is nothing to guess */
    for (size_t i = 0; i < versions->len; i++)
        known = known || versions->items[i].live;
    if (known)
        return ERR_NONE;
    err_set(
        err, ERR_NOT_FOUND,
        "the stack's record does not say which version of model '" STR_FMT "' is live",
        STR_ARG(rollback->model));
    return err_hint(
        err, "name one with --to; there are: " STR_FMT, STR_ARG(versions_text(r->arena, versions)));
}

static enum err_code choose(
    struct reconciler *r,
    struct rollback *rollback,
    const struct record *record,
    const struct versions *versions,
    struct err *err)
{
    const struct version *version = NULL;
    const struct record_model *recorded = record_find(record, rollback->model);
    if (recorded != NULL && !str_is_null(recorded->hold.fp) &&
        !version_is(recorded->live.fp, recorded->hold.fp) &&
        (str_is_null(rollback->to) || version_matches(recorded->hold.fp, rollback->to))) {
        rollback->hold = recorded->hold; /* its run did not end: it is gone on with */
        return ERR_NONE;
    }
    if (!str_is_null(rollback->to)) {
        enum err_code code = named_version(r, rollback, versions, &version, err);
        if (code != ERR_NONE)
            return code;
    } else {
        enum err_code code = check_live_known(r, rollback, versions, err);
        if (code != ERR_NONE)
            return code;
        version = newest_older(versions);
    }
    if (version == NULL) {
        err_set(
            err, ERR_NOT_FOUND, "there is no older version of model '" STR_FMT "'",
            STR_ARG(rollback->model));
        return err_hint(
            err, "there are: " STR_FMT "; versions.retain says how many are kept",
            STR_ARG(versions_text(r->arena, versions)));
    }
    rollback->hold = (struct record_hold){
        .fp = version->known.fp,
        .at = time_iso(r->arena, clock_wall_ms(loop_clock(r->loop))),
        .by = r->writer,
        .reason = rollback->reason};
    return ERR_NONE;
}

/* In a list of its own: what was read stays as it was read. */
static void set_hold(
    struct arena *arena, struct record *record, struct str name, const struct record_hold *hold)
{
    size_t n = record->models.len;
    bool known = record_find(record, name) != NULL;
    struct record_model *models = ARENA_ARRAY(arena, n + 1, struct record_model);
    for (size_t i = 0; i < n; i++) {
        models[i] = record->models.items[i];
        if (str_eq(models[i].name, name))
            models[i].hold = *hold;
    }
    if (!known)
        models[n++] = (struct record_model){.name = name, .hold = *hold};
    record->models.items = models;
    record->models.len = n;
    record->models.cap = n;
    if (!known)
        qsort(models, n, sizeof(*models), record_by_name);
}

/* In the record, and not in the spec any more: they are none of this run's business. */
static void add_recorded(struct reconciler *r, struct want *want, const struct record *record)
{
    size_t n = want->n_models;
    struct want_model *models =
        ARENA_ARRAY(r->arena, want->n_models + record->models.len + 1, struct want_model);
    for (size_t i = 0; i < n; i++)
        models[i] = want->models[i];
    for (size_t i = 0; i < record->models.len; i++)
        if (want_find_model(want, record->models.items[i].name) == NULL)
            models[n++] = (struct want_model){
                .name = record->models.items[i].name,
                .trained = true,
                .protect = record->models.items[i].protect};
    want->models = models;
    want->n_models = n;
    if (n > 1)
        qsort(models, n, sizeof(*models), model_by_name);
}

static enum err_code check_model(
    const struct want *want,
    const struct rollback *rollback,
    const struct snapshot *seen,
    struct err *err)
{
    const struct want_model *model = want_find_model(want, rollback->model);
    if (model == NULL)
        return no_such_model(want, rollback->model, "is not known", err);
    if (!str_is_null(model->pin)) {
        err_set(
            err, ERR_CONFLICT, "model '" STR_FMT "' is pinned at '" STR_FMT "' by the spec",
            STR_ARG(model->name), STR_ARG(model->pin));
        err_hint(err, "change 'version' there and apply, or take it out");
        return err_locate(err, model->pin_at);
    }
    if (want->stable && !seen->endpoint.present) {
        err_set(
            err, ERR_NOT_FOUND, "endpoint '" STR_FMT "' does not exist", STR_ARG(want->endpoint));
        return err_hint(err, "run 'mmectl apply' first");
    }
    return ERR_NONE;
}

enum err_code
rollback_prepare(struct reconciler *r, struct want *want, struct snapshot *seen, struct err *err)
{
    struct rollback *rollback = r->rollback;
    add_recorded(r, want, &seen->record);
    enum err_code code = check_model(want, rollback, seen, err);
    if (code != ERR_NONE)
        return code;
    struct versions versions;
    struct version_index *index = version_index_of(r->arena, want, seen);
    code = look_at_all(r, want, index, rollback->model, &versions, err);
    if (code == ERR_NONE && str_is_null(rollback->hold.fp))
        code = choose(r, rollback, &seen->record, &versions, err);
    if (code != ERR_NONE)
        return code;
    for (size_t i = 0; i < want->n_models; i++)
        want->models[i].frozen = !str_eq(want->models[i].name, rollback->model);
    set_hold(r->arena, &seen->record, rollback->model, &rollback->hold);
    return ERR_NONE;
}

/* ---- history ---- */

static enum err_code fill_model(
    struct reconciler *r,
    const struct want *want,
    const struct snapshot *seen,
    struct version_index *index,
    struct str name,
    struct history *out,
    struct err *err)
{
    const struct record_model *recorded = record_find(&seen->record, name);
    const struct want_model *wanted = want_find_model(want, name);
    struct history_model model = {
        .name = name,
        .hold = recorded != NULL ? recorded->hold : (struct record_hold){.fp = STR_NULL},
        .pin = wanted != NULL ? wanted->pin : STR_NULL};
    enum err_code code = look_at_all(r, want, index, name, &model.versions, err);
    if (code == ERR_NONE && model.versions.len > 0)
        out->models[out->n_models++] = model;
    return code;
}

enum err_code reconcile_history(
    struct reconciler *r,
    const struct spec *spec,
    struct str model,
    struct history *out,
    struct err *err)
{
    struct want *want;
    struct snapshot *seen = ARENA_NEW(r->arena, struct snapshot);
    enum err_code code = desired_names(r, spec, &want, err);
    if (code == ERR_NONE)
        code = r->world->ops->observe(r->world, r->arena, want, false, seen, err);
    if (code != ERR_NONE)
        return code;
    add_recorded(r, want, &seen->record);
    struct version_index *index = version_index_of(r->arena, want, seen);
    struct history history = {
        .stack = want->stack,
        .models = ARENA_ARRAY(r->arena, want->n_models, struct history_model)};
    for (size_t i = 0; code == ERR_NONE && i < want->n_models; i++)
        if (str_is_null(model) || str_eq(want->models[i].name, model))
            code = fill_model(r, want, seen, index, want->models[i].name, &history, err);
    if (code != ERR_NONE)
        return code;
    if (history.n_models == 0 && !str_is_null(model))
        return no_such_model(want, model, "has no version", err);
    *out = history;
    return ERR_NONE;
}

/* ---- resume ---- */

static enum err_code lift(
    struct reconciler *r,
    const struct want *want,
    struct str model,
    struct record_hold *ret_lifted,
    struct err *err)
{
    struct snapshot seen = {.objects = NULL};
    enum err_code code = r->world->ops->record_read(r->world, r->arena, want, &seen.record, err);
    const struct record_model *found = record_find(&seen.record, model);
    if (code == ERR_NONE && found == NULL) {
        code = no_such_model(want, model, "is not published", err);
    } else if (code == ERR_NONE && str_is_null(found->hold.fp)) {
        err_set(err, ERR_NOT_FOUND, "model '" STR_FMT "' is not held", STR_ARG(model));
        code = err_hint(err, "'mmectl history' shows what is");
    }
    if (code != ERR_NONE)
        return code;
    struct record_hold lifted = found->hold;
    struct record record = seen.record;
    set_hold(r->arena, &record, model, &(struct record_hold){.fp = STR_NULL});
    record.writer = r->writer;
    code = claim_write(r, want, &seen, &record, err);
    if (code == ERR_NONE)
        *ret_lifted = lifted;
    return code;
}

enum err_code reconcile_resume(
    struct reconciler *r,
    const struct spec *spec,
    struct str model,
    struct record_hold *ret_lifted,
    struct err *err)
{
    struct want *want;
    enum err_code code = desired_build(r, spec, true, &want, err);
    if (code == ERR_NONE)
        code = lease_acquire(r, want, "resume", NULL, err);
    if (code != ERR_NONE)
        return code;
    code = lift(r, want, model, ret_lifted, err);
    lease_release(r->lease);
    return code;
}
