#include "engine/reconcile/guard.h"

#include "engine/resource/names.h"

/* What a guard looks at. */
struct guarded {
    struct arena *arena;
    const struct plan *plan;
    const struct plan_options *options;
    const struct want *want;
    const struct snapshot *seen;
};

/* The model that a key of ours holds; STR_NULL when it holds none. */
static struct str model_of(const struct guarded *g, struct str key)
{
    struct key_parts parts;
    enum key_class class = key_classify(g->want, key, &parts);
    return class == KEY_VERSIONED || class == KEY_STABLE ? parts.model : STR_NULL;
}

/* Models that lose their last artifact because the spec does not name them any more. */
static struct map *models_to_go(const struct guarded *g)
{
    struct map *names = map_new(g->arena);
    for (size_t i = 0; i < g->plan->changes.len; i++) {
        struct change *change = g->plan->changes.items[i];
        if (change->kind != KIND_ARTIFACT || change->action != ACTION_DELETE ||
            change->removal_half)
            continue;
        struct str name = model_of(g, change->old_name);
        if (!str_is_null(name) && want_find_model(g->want, name) == NULL)
            map_put(names, name, change);
    }
    return names;
}

static size_t count_models(const struct guarded *g)
{
    struct map *names = map_new(g->arena);
    for (size_t i = 0; i < map_len(g->seen->objects); i++) {
        struct seen_object *object = map_value_at(g->seen->objects, i);
        struct str name = model_of(g, object->key);
        if (!str_is_null(name) && object->owner != OWNER_OTHER)
            map_put(names, name, object);
    }
    return map_len(names);
}

/* ---- the guards: each says what is wrong, or STR_NULL ---- */

static struct str empties(const struct guarded *g)
{
    if (g->plan->mode != PLAN_APPLY || g->want->n_models > 0 || g->options->allow_empty)
        return STR_NULL;
    if (g->plan->n_destroy == 0)
        return STR_NULL;
    size_t models = map_len(models_to_go(g));
    return str_fmt(
        g->arena,
        "the spec of stack '" STR_FMT "' has no models: its %zu model%s and %s would be deleted",
        STR_ARG(g->want->stack), models, models == 1 ? "" : "s",
        g->seen->endpoint.present ? "the endpoint" : "what is left of the stack");
}

static struct str deletes_many(const struct guarded *g)
{
    if (g->plan->mode != PLAN_APPLY || want_is_empty(g->want))
        return STR_NULL;
    size_t going = map_len(models_to_go(g));
    if (going <= GUARD_DELETES_FREE || (int64_t) going <= g->options->allow_deletes)
        return STR_NULL;
    size_t all = count_models(g);
    size_t free = all / 10 > GUARD_DELETES_FREE ? all / 10 : GUARD_DELETES_FREE;
    if (going <= free)
        return STR_NULL;
    return str_fmt(
        g->arena,
        "%zu of the %zu models of stack '" STR_FMT
        "' would be deleted; up to %zu go without asking",
        going, all, STR_ARG(g->want->stack), free);
}

static bool destroy_allowed(const struct guarded *g)
{
    return str_eq(g->options->allow_destroy, g->want->stack);
}

static bool is_aside(const struct plan *plan, struct str key)
{
    for (size_t i = 0; i < plan->aside.len; i++)
        if (str_eq(plan->aside.items[i]->old_name, key))
            return true;
    return false;
}

/* Published with protect: true, and not in the spec any more. */
static struct str drops_protected(const struct guarded *g)
{
    if (g->plan->mode != PLAN_APPLY || destroy_allowed(g))
        return STR_NULL;
    const struct record *record = &g->seen->record;
    for (size_t i = 0; i < record->models.len; i++) {
        const struct record_model *model = &record->models.items[i];
        if (model->protect && want_find_model(g->want, model->name) == NULL &&
            !is_aside(g->plan, model->live.key))
            return str_fmt(
                g->arena, "model '" STR_FMT "' is protected and is not in the spec any more",
                STR_ARG(model->name));
    }
    return STR_NULL;
}

static bool endpoint_protected(const struct guarded *g, struct str name)
{
    bool protect = str_eq(name, g->want->endpoint) && g->seen->endpoint.protect;
    for (size_t i = 0; i < g->seen->old_endpoints.len; i++)
        if (str_eq(g->seen->old_endpoints.items[i].name, name))
            protect = g->seen->old_endpoints.items[i].protect;
    return protect;
}

/* A rename, an emptied spec or --replace takes it down. One that failed has nothing to lose. */
static struct str drops_endpoint(const struct guarded *g)
{
    if (g->plan->mode != PLAN_APPLY || destroy_allowed(g))
        return STR_NULL;
    for (size_t i = 0; i < g->plan->changes.len; i++) {
        const struct change *change = g->plan->changes.items[i];
        bool asked = change->action == ACTION_REPLACE && change->reason == REASON_REQUESTED;
        if (change->kind != KIND_ENDPOINT || (change->action != ACTION_DELETE && !asked))
            continue;
        struct str name = asked ? change->name : change->old_name;
        if (endpoint_protected(g, name))
            return str_fmt(
                g->arena, "endpoint '" STR_FMT "' has 'protect: true' and would be deleted",
                STR_ARG(name));
    }
    return STR_NULL;
}

/* protect: true is believed from the live tag and from the record, so taking it out of the spec
 * file alone does not help. */
static struct str destroys_protected(const struct guarded *g)
{
    if (g->plan->mode != PLAN_DESTROY || destroy_allowed(g) || plan_is_empty(g->plan))
        return STR_NULL;
    struct str what =
        g->seen->endpoint.protect || g->want->protect ? STR("its endpoint") : STR_NULL;
    const struct record *record = &g->seen->record;
    for (size_t i = 0; str_is_null(what) && i < record->models.len; i++)
        if (record->models.items[i].protect)
            what = str_fmt(g->arena, "model '" STR_FMT "'", STR_ARG(record->models.items[i].name));
    if (str_is_null(what))
        return STR_NULL;
    return str_fmt(
        g->arena, "stack '" STR_FMT "' is protected: " STR_FMT " has 'protect: true'",
        STR_ARG(g->want->stack), STR_ARG(what));
}

static struct str hint_empty(const struct guarded *g)
{
    (void) g;
    return STR("put the models back, or add --allow-empty when the stack is meant to be empty");
}

static struct str hint_deletes(const struct guarded *g)
{
    return str_fmt(
        g->arena, "when that is meant, add --allow-deletes=%zu", map_len(models_to_go(g)));
}

static struct str hint_model(const struct guarded *g)
{
    return str_fmt(
        g->arena,
        "put it back; to remove it, first apply it with 'protect: false', or add "
        "--allow-destroy=" STR_FMT,
        STR_ARG(g->want->stack));
}

static struct str hint_stack(const struct guarded *g)
{
    return str_fmt(
        g->arena, "add --allow-destroy=" STR_FMT " to tear it down all the same",
        STR_ARG(g->want->stack));
}

static const struct {
    const char *name;
    struct str (*trips)(const struct guarded *g);
    struct str (*hint)(const struct guarded *g);
} s_guards[] = {
    {"empty", empties, hint_empty},
    {"deletes", deletes_many, hint_deletes},
    {"protected_model", drops_protected, hint_model},
    {"protected_endpoint", drops_endpoint, hint_stack},
    {"protected_stack", destroys_protected, hint_stack},
};

void guard_plan(struct arena *arena, struct plan *plan, const struct plan_options *options)
{
    const struct plan_context *context = plan->context;
    const struct guarded g = {arena, plan, options, context->want, context->seen};
    plan->guards.len = 0;
    for (size_t i = 0; i < ARRAY_LEN(s_guards); i++) {
        struct str message = s_guards[i].trips(&g);
        if (!str_is_null(message))
            *VEC_PUSH(arena, &plan->guards) =
                (struct plan_guard){s_guards[i].name, message, s_guards[i].hint(&g)};
    }
}

enum err_code guard_check(const struct plan *plan, struct err *err)
{
    if (plan->guards.len == 0)
        return ERR_NONE;
    const struct plan_guard *guard = &plan->guards.items[0];
    err_set(err, ERR_REFUSED, STR_FMT, STR_ARG(guard->message));
    return err_hint(err, STR_FMT, STR_ARG(guard->hint));
}

enum err_code guard_place(const struct guard_place *place, struct err *err)
{
    if (!str_is_null(place->spec_account) && !str_eq(place->spec_account, place->account)) {
        err_set(
            err, ERR_REFUSED,
            "the credentials belong to account '" STR_FMT "', the spec is for '" STR_FMT "'",
            STR_ARG(place->account), STR_ARG(place->spec_account));
        err_hint(
            err, "use the credentials of account " STR_FMT ", or change spec.account",
            STR_ARG(place->spec_account));
        return err_locate(err, place->account_at);
    }
    if (!str_eq(place->role_account, place->account)) {
        err_set(
            err, ERR_REFUSED,
            "role '" STR_FMT "' belongs to account '" STR_FMT "', the credentials to '" STR_FMT "'",
            STR_ARG(place->role), STR_ARG(place->role_account), STR_ARG(place->account));
        err_hint(
            err,
            "use the credentials of account " STR_FMT
            ", or another role: SageMaker can only use one of its own account",
            STR_ARG(place->role_account));
        return err_locate(err, place->role_at);
    }
    if (!str_is_null(place->spec_region) && !str_eq(place->spec_region, place->region)) {
        err_set(
            err, ERR_REFUSED,
            "the spec is for region '" STR_FMT "', and '" STR_FMT "' is asked for",
            STR_ARG(place->spec_region), STR_ARG(place->region));
        err_hint(
            err, "leave --region out, or change spec.region; a stack in another region is another "
                 "stack");
        return err_locate(err, place->region_at);
    }
    return ERR_NONE;
}
