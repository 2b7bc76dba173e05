#include "engine/reconcile/planner_internal.h"

static int by_name(const void *a, const void *b)
{
    const struct record_model *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

static int newest_first(const void *a, const void *b)
{
    const struct record_version *x = a, *y = b;
    if (x->serial != y->serial)
        return x->serial > y->serial ? -1 : 1;
    return str_cmp(x->fp, y->fp);
}

/* When it was published first, and by whom: of a version that is chosen again by hand, and of one
 * that only moved, that stays; otherwise it is published now. */
static void date_live(
    struct record_model *model,
    const struct artifact_plan *artifact,
    const struct record_model *before,
    int64_t serial)
{
    bool again = artifact->model->fixed != FIXED_NO;
    model->live.serial = serial;
    const struct record_version *first = NULL;
    if (before != NULL && str_eq(before->live.fp, model->live.fp))
        first = &before->live;
    for (size_t i = 0; before != NULL && again && first == NULL && i < before->history.len; i++)
        if (str_eq(before->history.items[i].fp, model->live.fp))
            first = &before->history.items[i];
    if (first == NULL)
        return;
    model->live.at = first->at;
    model->live.by = first->by;
    model->live.serial = first->serial;
    if (model->live.metrics == NULL)
        model->live.metrics = first->metrics;
}

static bool same_history(const struct artifact_plan *artifact, const struct record_model *before)
{
    if (before == NULL || before->history.len != artifact->versions.len)
        return false;
    for (size_t i = 0; i < before->history.len; i++) {
        const struct version_plan *kept = &artifact->versions.items[i];
        const struct record_version *old = &before->history.items[i];
        if (kept->change != NULL || !str_eq(kept->version.fp, old->fp) ||
            !str_eq(kept->version.key, old->key) || !str_eq(kept->version.etag, old->etag))
            return false;
    }
    return true;
}

/* The plan says what is kept; a copy that failed leaves the version where it was. */
static void fill_history(
    struct arena *arena,
    struct record_model *model,
    const struct artifact_plan *artifact,
    const struct record_model *before)
{
    if (same_history(artifact, before)) { /* of nearly every model: nothing to copy */
        model->history.items = before->history.items;
        model->history.len = model->history.cap = before->history.len;
        return;
    }
    for (size_t i = 0; i < artifact->versions.len; i++) {
        struct record_version version = artifact->versions.items[i].version;
        const struct change *change = artifact->versions.items[i].change;
        if (change != NULL) {
            const struct artifact_plan *copy = change->subject;
            bool done = change->outcome == OUTCOME_DONE;
            version.key = done ? copy->key : copy->from_key;
            version.etag = done ? copy->etag : copy->from_etag;
            version.size = done ? copy->size : version.size;
        }
        *VEC_PUSH(arena, &model->history) = version;
    }
    if (model->history.len > 1)
        qsort(
            model->history.items, model->history.len, sizeof(*model->history.items), newest_first);
}

static struct record_hold hold_after(
    const struct plan_context *context,
    const struct artifact_plan *artifact,
    const struct record_model *before)
{
    if (artifact->model->fixed == FIXED_PINNED)
        return (struct record_hold){.fp = STR_NULL};
    if (before == NULL)
        before = record_find(&context->seen->old.record, artifact->name);
    return before != NULL ? before->hold : (struct record_hold){.fp = STR_NULL};
}

static void
note_removed(struct arena *arena, const struct plan_context *context, struct record *record)
{
    const struct record *before = &context->seen->record;
    for (size_t i = 0; i < before->removed.len; i++)
        if (record_find(record, before->removed.items[i].name) == NULL)
            *VEC_PUSH(arena, &record->removed) = before->removed.items[i];
    for (size_t i = 0; i < before->models.len; i++) {
        const struct record_model *model = &before->models.items[i];
        if (record_find(record, model->name) == NULL)
            *VEC_PUSH(arena, &record->removed) =
                (struct record_removed){model->name, model->live.fp};
    }
}

/* A model that is gone from the spec and whose removal is left for another run is still there. */
static void keep_aside(struct arena *arena, const struct plan *plan, struct record *record)
{
    const struct plan_context *context = plan->context;
    struct map *aside = map_new(arena);
    for (size_t i = 0; i < plan->aside.len; i++)
        if (!str_is_null(plan->aside.items[i]->old_name))
            map_put(aside, plan->aside.items[i]->old_name, plan->aside.items[i]);
    const struct record *before = &context->seen->record;
    for (size_t i = 0; i < before->models.len; i++) {
        const struct record_model *model = &before->models.items[i];
        if (want_find_model(context->want, model->name) == NULL && map_has(aside, model->live.key))
            *VEC_PUSH(arena, &record->models) = *model;
    }
}

/* A hold lasts until it is resumed, though the version that it holds is gone and the model goes
 * without: an entry without a key. */
static void
keep_holds(struct arena *arena, const struct plan_context *context, struct record *record)
{
    const struct record *before = &context->seen->record;
    for (size_t i = 0; i < before->models.len; i++) {
        const struct record_model *model = &before->models.items[i];
        if (!str_is_null(model->hold.fp) && want_find_model(context->want, model->name) != NULL &&
            planner_artifact(context, model->name) == NULL)
            *VEC_PUSH(arena, &record->models) = (struct record_model){
                .name = model->name,
                .hold = model->hold,
                .protect = model->protect,
                .unknown = model->unknown};
    }
}

static void note_failure(const struct plan *plan, struct record *record, bool rolled)
{
    const struct plan_context *context = plan->context;
    const struct record *before = &context->seen->record;
    if (plan->mode == PLAN_ROLLBACK && str_is_null(context->wanted_config)) {
        record->failed_config = before->failed_config;
        record->failed_reason = before->failed_reason;
        return;
    }
    record->failed_config = record->failed_reason = STR_NULL;
    const struct change *endpoint = context->endpoint;
    bool now = endpoint != NULL && endpoint->outcome == OUTCOME_FAILED && endpoint->err != NULL &&
               endpoint->err->code == ERR_ROLLED_BACK;
    if (now) {
        record->failed_config = context->wanted_config;
        record->failed_reason = str_from(endpoint->err->message);
    } else if (
        (!rolled || plan->endpoint_aside) &&
        str_eq(before->failed_config, context->wanted_config)) {
        record->failed_config = before->failed_config;
        record->failed_reason = before->failed_reason;
    }
}

/* One model's entry; false when there is none. */
static bool model_after(
    struct arena *arena,
    const struct plan_context *context,
    const struct artifact_plan *artifact,
    struct str at,
    struct str by,
    struct record_model *model)
{
    const struct record *before = &context->seen->record;
    const struct change *change = artifact->change;
    const struct record_model *old = record_find(before, artifact->name);
    bool there = change == NULL || change->action == ACTION_NOOP || change->outcome == OUTCOME_DONE;
    /* One that this run is not about stays as it is recorded, unless the record is behind. */
    bool aside = change != NULL && change->action == ACTION_NOOP && artifact->model != NULL &&
                 artifact->model->aside && old != NULL && str_eq(old->live.key, artifact->key);
    if (!there || aside) {
        if (old != NULL)
            *model = *old;
        return old != NULL;
    }
    *model = (struct record_model){.name = artifact->name};
    model->live = (struct record_version){
        .fp = artifact->fp,
        .etag = artifact->etag,
        .key = artifact->key,
        .size = artifact->size,
        .at = at,
        .by = artifact->imported ? str_fmt(arena, "import, " STR_FMT, STR_ARG(by)) : by,
        .metrics = artifact->metrics};
    date_live(model, artifact, old, before->serial + 1);
    fill_history(arena, model, artifact, old);
    model->hold = hold_after(context, artifact, old);
    model->protect =
        artifact->model->frozen ? old != NULL && old->protect : artifact->model->protect;
    model->unknown = old != NULL ? old->unknown : NULL;
    return true;
}

/* What is held back: as this plan found it, or as an earlier run did. */
static void note_held(
    struct arena *arena,
    const struct plan_context *context,
    struct str at,
    struct str by,
    struct record *record)
{
    for (size_t i = 0; i < context->held.len; i++) {
        const struct held_model *held = &context->held.items[i];
        const struct artifact_plan *kept = held->candidate;
        const struct record_held *before =
            record_find_held(&context->seen->record, held->model->name);
        bool there = kept != NULL &&
                     (kept->change->action == ACTION_NOOP || kept->change->outcome == OUTCOME_DONE);
        bool same = before != NULL && version_is(before->version.fp, held->model->spec_fp);
        struct record_held *out = VEC_PUSH(arena, &record->held);
        if (!there && before != NULL && (same || str_is_null(want_run(held->model)->held))) {
            *out = *before;
            out->check = held->check;
            continue;
        }
        *out = (struct record_held){
            .name = held->model->name,
            .version =
                {.fp = held->model->spec_fp,
                 .at = same ? before->version.at : at,
                 .by = same ? before->version.by : by,
                 .metrics = held->metrics},
            .reason = held->reason,
            .check = held->check};
        if (!there)
            continue;
        out->version.key = kept->key;
        out->version.etag = kept->etag;
        out->version.size = kept->size;
    }
}

static bool is_there(const struct change *change)
{
    return change->action == ACTION_NOOP || change->outcome == OUTCOME_DONE;
}

static struct str scaling_after(const struct plan *plan)
{
    const struct plan_context *context = plan->context;
    bool wanted = context->want->scaling != NULL;
    if (context->scaling_policy == NULL) /* none is wanted, or it was not planned at all */
        return wanted ? context->seen->record.scaling : STR_NULL;
    bool there = is_there(context->scaling_target) && is_there(context->scaling_policy);
    return there ? context->scaling_fp : context->seen->record.scaling;
}

static struct record without_models(struct arena *arena, const struct plan *plan, struct str by)
{
    const struct plan_context *context = plan->context;
    const struct want *want = context->want;
    const struct record *before = &context->seen->record;
    struct record record = {
        .present = true,
        .serial = before->serial,
        .stack = want->stack,
        .uid = want->uid,
        .home = want->home,
        .writer = by,
        .conditions_known = before->conditions_known,
        .conditions_missing = before->conditions_missing,
        .scaling = scaling_after(plan),
        .unknown = before->unknown};
    *VEC_PUSH(arena, &record.endpoints) = want->endpoint;
    return record;
}

/* Ten thousand entries, to find that none is another: one after the other, and none kept. */
static bool models_stay(struct arena *arena, const struct plan_context *context)
{
    const struct record *before = &context->seen->record;
    if (context->artifacts.len != before->models.len)
        return false;
    for (size_t i = 0; i < context->artifacts.len; i++) {
        struct record_model model;
        const struct artifact_plan *artifact = context->artifacts.items[i];
        const struct record_model *old = record_find(before, artifact->name);
        if (!model_after(arena, context, artifact, STR_NULL, STR_NULL, &model) || old == NULL ||
            !record_same_model(&model, old))
            return false;
    }
    return true;
}

bool record_stays(struct arena *arena, const struct plan *plan, bool rolled)
{
    const struct plan_context *context = plan->context;
    const struct record *before = &context->seen->record;
    bool plain = !context->want->stable && plan->mode == PLAN_APPLY && plan->aside.len == 0 &&
                 context->left_out.len == 0;
    if (!plain) {
        struct record after = record_after(arena, plan, rolled, STR_NULL, STR_NULL);
        return record_same(&after, before);
    }
    struct record head = without_models(arena, plan, STR_NULL), old = *before;
    old.models.len = 0;
    note_failure(plan, &head, rolled);
    note_held(arena, context, STR_NULL, STR_NULL, &head);
    record_routes(arena, plan, before, STR_NULL, STR_NULL, &head);
    return record_same(&head, &old) && models_stay(arena, context);
}

struct record record_after(
    struct arena *arena, const struct plan *plan, bool rolled, struct str at, struct str by)
{
    const struct plan_context *context = plan->context;
    const struct want *want = context->want;
    const struct record *before = &context->seen->record;
    struct record record = without_models(arena, plan, by);
    VEC_RESERVE(arena, &record.models, context->artifacts.len);
    bool moved = !want->stable || rolled || want_is_empty(want);
    for (size_t i = 0; moved && i < context->artifacts.len; i++) {
        struct record_model model;
        if (model_after(arena, context, context->artifacts.items[i], at, by, &model))
            *VEC_PUSH(arena, &record.models) = model;
    }
    /* What this run is not about stays, even where the object of its live version is gone. */
    for (size_t i = 0; i < before->models.len; i++)
        if (!moved || (plan->mode == PLAN_ROLLBACK &&
                       planner_artifact(context, before->models.items[i].name) == NULL))
            *VEC_PUSH(arena, &record.models) = before->models.items[i];
    if (moved && plan->aside.len > 0)
        keep_aside(arena, plan, &record);
    if (moved && plan->mode == PLAN_APPLY)
        keep_holds(arena, context, &record);
    if (record.models.len > 1)
        qsort(record.models.items, record.models.len, sizeof(struct record_model), by_name);
    if (want->stable) {
        record.generation = moved ? context->generation : before->generation;
        if (str_eq(record.generation, before->generation))
            note_removed(arena, context, &record);
    }
    note_held(arena, context, at, by, &record);
    note_failure(plan, &record, rolled);
    record_routes(arena, plan, &record, at, by, &record);
    return record;
}
