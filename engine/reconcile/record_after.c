#include "engine/reconcile/planner.h"
#include "engine/resource/names.h"

/* How far back the record remembers, in versions besides the live one. */
#define HISTORY_LIMIT 10

static int by_name(const void *a, const void *b)
{
    const struct record_model *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

static void
remember(struct arena *arena, struct record_model *model, const struct record_model *before)
{
    if (before == NULL)
        return;
    if (str_eq(before->live.fp, model->live.fp) && str_eq(before->live.key, model->live.key) &&
        str_eq(before->live.etag, model->live.etag)) {
        *model = *before;
        /* A list of its own: what is gone is taken out of it, and `before` is compared with it. */
        model->history.items = NULL;
        model->history.len = model->history.cap = 0;
        for (size_t i = 0; i < before->history.len; i++)
            *VEC_PUSH(arena, &model->history) = before->history.items[i];
        return;
    }
    size_t room = HISTORY_LIMIT;
    if (!str_eq(before->live.fp, model->live.fp)) {
        *VEC_PUSH(arena, &model->history) = before->live;
        room--;
    }
    for (size_t i = 0; i < before->history.len && room > 0; i++, room--)
        if (!str_eq(before->history.items[i].fp, model->live.fp))
            *VEC_PUSH(arena, &model->history) = before->history.items[i];
}

/* The object of a version that is gone can not be gone back to. */
static void forget_gone(struct record_model *model, const struct plan *plan)
{
    const struct plan_context *context = plan->context;
    size_t kept = 0;
    for (size_t i = 0; i < model->history.len; i++)
        if (map_has(context->seen->objects, model->history.items[i].key))
            model->history.items[kept++] = model->history.items[i];
    model->history.len = kept;
}

static void forget_removed(const struct plan *plan, struct record_model *model)
{
    size_t kept = 0;
    for (size_t i = 0; i < model->history.len; i++) {
        bool goes = false;
        for (size_t k = 0; k < plan->changes.len && !goes; k++)
            goes = plan->changes.items[k]->kind == KIND_ARTIFACT &&
                   (plan->changes.items[k]->action == ACTION_DELETE) &&
                   str_eq(plan->changes.items[k]->old_name, model->history.items[i].key);
        if (!goes)
            model->history.items[kept++] = model->history.items[i];
    }
    model->history.len = kept;
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

static void note_failure(const struct plan *plan, struct record *record, bool rolled)
{
    const struct plan_context *context = plan->context;
    const struct record *before = &context->seen->record;
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

struct record record_after(
    struct arena *arena, const struct plan *plan, bool rolled, struct str at, struct str by)
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
        .unknown = before->unknown};
    *VEC_PUSH(arena, &record.endpoints) = want->endpoint;
    bool moved = !want->stable || rolled || want->n_models == 0;
    for (size_t i = 0; moved && i < context->artifacts.len; i++) {
        const struct artifact_plan *artifact = context->artifacts.items[i];
        const struct change *change = artifact->change;
        const struct record_model *old = record_find(before, artifact->name);
        bool there =
            change == NULL || change->action == ACTION_NOOP || change->outcome == OUTCOME_DONE;
        if (!there) {
            if (old != NULL)
                *VEC_PUSH(arena, &record.models) = *old;
            continue;
        }
        struct record_model *model = VEC_PUSH(arena, &record.models);
        model->name = artifact->name;
        model->live = (struct record_version){
            .fp = artifact->fp,
            .etag = artifact->etag,
            .key = artifact->key,
            .size = artifact->size,
            .at = at,
            .by = artifact->imported ? str_fmt(arena, "import, " STR_FMT, STR_ARG(by)) : by,
            .metrics = artifact->metrics};
        remember(arena, model, old);
        forget_gone(model, plan);
        forget_removed(plan, model);
        model->protect = artifact->model->protect;
    }
    if (!moved)
        for (size_t i = 0; i < before->models.len; i++)
            *VEC_PUSH(arena, &record.models) = before->models.items[i];
    if (moved && plan->aside.len > 0)
        keep_aside(arena, plan, &record);
    if (record.models.len > 1)
        qsort(record.models.items, record.models.len, sizeof(struct record_model), by_name);
    if (want->stable) {
        record.generation = moved ? context->generation : before->generation;
        if (str_eq(record.generation, before->generation))
            note_removed(arena, context, &record);
    }
    note_failure(plan, &record, rolled);
    return record;
}
