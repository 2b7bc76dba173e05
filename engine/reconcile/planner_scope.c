#include "engine/reconcile/planner_internal.h"
#include "engine/resource/address.h"

/* --target and --replace. Before planning, models that are not meant are set aside, and what is to
 * be made again is marked; after it, only what is meant, and what that needs, stays in the plan. */

static bool any_matches(const struct str *patterns, size_t count, struct str address)
{
    for (size_t i = 0; i < count; i++)
        if (address_matches(patterns[i], address))
            return true;
    return false;
}

/* ---- which addresses there are ---- */

struct addresses {
    struct str *items;
    size_t len, cap;
};

static const enum kind_id s_model_kinds[] = {KIND_ARTIFACT, KIND_TRAINING_JOB, KIND_LOCAL_TRAINING};
static const enum kind_id s_single_kinds[] = {
    KIND_BUCKET, KIND_MODEL, KIND_ENDPOINT_CONFIG, KIND_ENDPOINT};

/* What the spec asks for and what the plan is about. */
static struct addresses known_addresses(struct planner *p)
{
    struct addresses known = {0};
    for (size_t i = 0; i < ARRAY_LEN(s_single_kinds); i++)
        *VEC_PUSH(p->arena, &known) = address_of(p->arena, s_single_kinds[i], STR_NULL);
    for (size_t i = 0; i < p->want->n_channels; i++)
        *VEC_PUSH(p->arena, &known) = address_of(p->arena, KIND_DATA, p->want->channels[i].name);
    for (size_t i = 0; i < p->want->n_models; i++)
        for (size_t k = 0; k < p->want->models[i].n_channels; k++)
            *VEC_PUSH(p->arena, &known) =
                address_of(p->arena, KIND_DATA, p->want->models[i].channels[k].index);
    for (size_t i = 0; i < p->want->n_models; i++)
        for (size_t k = 0; k < ARRAY_LEN(s_model_kinds); k++)
            *VEC_PUSH(p->arena, &known) =
                address_of(p->arena, s_model_kinds[k], p->want->models[i].name);
    for (size_t i = 0; i < p->plan->changes.len; i++)
        *VEC_PUSH(p->arena, &known) = p->plan->changes.items[i]->address;
    return known;
}

/* By distance of the index when the rest is right; else by distance of the whole. */
static struct str nearest(const struct addresses *known, struct str pattern)
{
    struct str best = STR_NULL, base, index, other_base, other_index;
    size_t best_distance = SIZE_MAX;
    bool split = address_split(pattern, &base, &index);
    for (size_t i = 0; i < known->len; i++) {
        size_t distance = str_distance(pattern, known->items[i]);
        if (split && address_split(known->items[i], &other_base, &other_index) &&
            str_eq(base, other_base))
            distance = str_distance(index, other_index);
        if (distance < best_distance) {
            best_distance = distance;
            best = known->items[i];
        }
    }
    return best;
}

static enum err_code check_known(
    struct planner *p,
    const char *option,
    const struct str *patterns,
    size_t count,
    struct err *err)
{
    if (count == 0)
        return ERR_NONE;
    struct addresses known = known_addresses(p);
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t k = 0; k < known.len && !found; k++)
            found = address_matches(patterns[i], known.items[k]);
        if (found)
            continue;
        err_set(
            err, ERR_USAGE, "%s: stack '" STR_FMT "' has no '" STR_FMT "'", option,
            STR_ARG(p->want->stack), STR_ARG(patterns[i]));
        return err_hint(err, "did you mean '" STR_FMT "'?", STR_ARG(nearest(&known, patterns[i])));
    }
    return ERR_NONE;
}

/* ---- before planning ---- */

static bool names_fleet(const struct planner *p)
{
    static const enum kind_id fleet[] = {KIND_MODEL, KIND_ENDPOINT_CONFIG, KIND_ENDPOINT};
    for (size_t i = 0; i < ARRAY_LEN(fleet); i++)
        if (any_matches(
                p->options->targets, p->options->n_targets,
                address_of(p->arena, fleet[i], STR_NULL)))
            return true;
    return false;
}

static bool names_model(
    const struct planner *p,
    const struct str *patterns,
    size_t count,
    const struct want_model *model)
{
    for (size_t k = 0; k < ARRAY_LEN(s_model_kinds); k++)
        if (any_matches(patterns, count, address_of(p->arena, s_model_kinds[k], model->name)))
            return true;
    return false;
}

static bool names_training(const struct planner *p, const struct want_model *model)
{
    return any_matches(
        p->options->replaces, p->options->n_replaces,
        address_of(p->arena, KIND_TRAINING_JOB, model->name));
}

static enum err_code refuse_replace(
    const struct planner *p, enum kind_id kind, const char *why, const char *hint, struct err *err)
{
    struct str address = address_of(p->arena, kind, STR_NULL);
    if (!any_matches(p->options->replaces, p->options->n_replaces, address))
        return ERR_NONE;
    err_set(err, ERR_USAGE, "'" STR_FMT "' cannot be replaced: %s", STR_ARG(address), why);
    return err_hint(err, "%s", hint);
}

static enum err_code check_replaces(const struct planner *p, struct err *err)
{
    static const struct {
        enum kind_id kind;
        const char *why, *hint;
    } s_never[] = {
        {KIND_BUCKET, "it holds everything the stack has",
         "move the stack by changing spec.storage.bucket"},
        {KIND_MODEL, "its name is a digest of what it is, so the same again would be the same",
         "-replace=aws_sagemaker_endpoint.this starts new instances"},
        {KIND_ENDPOINT_CONFIG,
         "its name is a digest of what it is, so the same again would be the same",
         "-replace=aws_sagemaker_endpoint.this starts new instances"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_never); i++) {
        enum err_code code =
            refuse_replace(p, s_never[i].kind, s_never[i].why, s_never[i].hint, err);
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}

/* In versioned mode the same content has the same key, and no key is ever written twice. */
static enum err_code mark_model(struct planner *p, struct want_model *model, struct err *err)
{
    model->retrain = model->trained && !model->retrained && names_training(p, model);
    model->remake = names_model(p, p->options->replaces, p->options->n_replaces, model);
    if (!model->remake || p->want->stable)
        return ERR_NONE;
    struct str key = key_versioned(p->arena, p->want, model->name, model->fp);
    if (!map_has(p->seen->objects, key)) {
        model->remake = false; /* it is made anyway */
        return ERR_NONE;
    }
    err_set(
        err, ERR_USAGE,
        "model '" STR_FMT "' cannot be replaced by the same: its key '" STR_FMT
        "' carries its fingerprint and is never overwritten",
        STR_ARG(model->name), STR_ARG(key));
    return err_hint(
        err, "change what it is made of, or serve it with 'targetModels: stable', where every "
             "change goes to a new prefix");
}

enum err_code scope_prepare(struct planner *p, struct err *err)
{
    const struct plan_options *options = p->options;
    if (p->plan->mode == PLAN_DESTROY && options->n_targets + options->n_replaces > 0) {
        err_set(err, ERR_USAGE, "destroy takes down the whole stack, without -target and -replace");
        return err_hint(err, "to remove a part, take it out of the spec and apply that");
    }
    enum err_code code = check_replaces(p, err);
    bool all = options->n_targets == 0 || names_fleet(p);
    p->plan->targeted = options->n_targets > 0;
    for (size_t i = 0; code == ERR_NONE && i < p->want->n_models; i++) {
        struct want_model *model = &p->want->models[i];
        model->aside =
            model->frozen || (!all && !names_model(p, options->targets, options->n_targets, model));
        model->left_out = model->failed || model->aside;
        model->remake = model->retrain = false;
        if (options->n_replaces > 0)
            code = mark_model(p, model, err);
    }
    return code;
}

bool scope_replaces(const struct planner *p, enum kind_id kind, struct str index)
{
    return p->options->n_replaces > 0 &&
           any_matches(
               p->options->replaces, p->options->n_replaces, address_of(p->arena, kind, index));
}

/* ---- after planning ---- */

static void select_with_needs(struct change *change)
{
    if (change->selected)
        return;
    change->selected = true;
    for (size_t i = 0; i < change->n_needs; i++)
        select_with_needs(change->needs[i]);
}

/* What a selected change replaces goes with it. */
static void select_halves(struct planner *p)
{
    struct map *selected = map_new(p->arena);
    for (size_t i = 0; i < p->plan->changes.len; i++) {
        struct change *change = p->plan->changes.items[i];
        if (change->selected && !change->removal_half && change->action != ACTION_NOOP)
            map_put(selected, change->address, change);
    }
    for (size_t i = 0; i < p->plan->changes.len; i++) {
        struct change *change = p->plan->changes.items[i];
        if (change->removal_half && map_has(selected, change->address))
            select_with_needs(change);
    }
}

static void set_aside(struct planner *p, struct change *change)
{
    struct plan *plan = p->plan;
    if (change->action == ACTION_NOOP)
        return;
    *VEC_PUSH(p->arena, &plan->aside) = change;
    if (change == p->context->endpoint) {
        p->context->endpoint = NULL;
        plan->endpoint_aside = true;
        plan->note_roll = STR_NULL;
        plan->instance_type = plan->old_instance_type;
        plan->instance_count = plan->old_instance_count;
    }
}

/* Models that were set aside before anything was planned for them. */
static size_t count_waiting(const struct planner *p)
{
    struct map *there = map_new(p->arena);
    for (size_t i = 0; i < p->context->artifacts.len; i++) {
        struct artifact_plan *artifact = p->context->artifacts.items[i];
        if (artifact->model != NULL && str_eq(artifact->fp, artifact->model->spec_fp))
            map_put(there, artifact->name, artifact);
    }
    size_t count = 0;
    for (size_t i = 0; i < p->want->n_models; i++) {
        const struct want_model *model = &p->want->models[i];
        const struct record_model *recorded = record_find(&p->seen->record, model->name);
        bool held = recorded != NULL && !str_is_null(recorded->hold.fp);
        count += model->aside && !held && !map_has(there, model->name);
    }
    return count;
}

enum err_code scope_select(struct planner *p, struct err *err)
{
    const struct plan_options *options = p->options;
    struct plan *plan = p->plan;
    enum err_code code = check_known(p, "-replace", options->replaces, options->n_replaces, err);
    if (code == ERR_NONE)
        code = check_known(p, "-target", options->targets, options->n_targets, err);
    if (code != ERR_NONE || options->n_targets == 0)
        return code;
    for (size_t i = 0; i < plan->changes.len; i++)
        if (any_matches(options->targets, options->n_targets, plan->changes.items[i]->address))
            select_with_needs(plan->changes.items[i]);
    select_halves(p);
    size_t kept = 0;
    for (size_t i = 0; i < plan->changes.len; i++) {
        struct change *change = plan->changes.items[i];
        if (change->selected)
            plan->changes.items[kept++] = change;
        else
            set_aside(p, change);
    }
    plan->changes.len = kept;
    plan->n_waiting = plan->aside.len + count_waiting(p);
    planner_warn(
        p,
        STR("-target is for exceptions, such as recovering from a mistake; run the command again "
            "without it to do the rest"),
        "Resource targeting is in effect: the plan may not hold all the changes that the spec asks "
        "for");
    return ERR_NONE;
}
