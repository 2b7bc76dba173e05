#include "engine/base/template.h"
#include "engine/reconcile/planner_internal.h"

/* spec.modelSets in a plan: changes of one set stand together, and people are told what became of
 * the values of a partition. */

#define NAMES_SHOWN 5

/* "customer-a/train" is of model customer-a. */
static struct str model_of(const struct change *change)
{
    size_t slash = change->kind == KIND_DATA ? str_rindex(change->index, '/') : SIZE_MAX;
    return slash == SIZE_MAX ? change->index : str_slice(change->index, 0, slash);
}

/* A model that goes is of the set that would make its name. */
static struct str set_of(const struct planner *p, const struct change *change)
{
    struct str name = model_of(change);
    const struct want_model *model = want_find_model(p->want, name);
    if (model != NULL)
        return model->set;
    for (size_t i = 0; change->kind == KIND_ARTIFACT && i < p->want->n_sets; i++)
        if (template_matches(p->want->sets[i].name, name))
            return p->want->sets[i].name;
    return STR_NULL;
}

static void note(struct planner *p, struct str text)
{
    *VEC_PUSH(p->arena, &p->plan->notes) = text;
}

static struct str and_more(struct planner *p, struct str list, size_t count)
{
    if (count <= NAMES_SHOWN)
        return list;
    return str_fmt(
        p->arena, STR_FMT " and %zu more (-json lists all)", STR_ARG(list), count - NAMES_SHOWN);
}

static void note_small(struct planner *p, const struct want_set *set)
{
    struct str list = STR("");
    for (size_t i = 0; i < set->n_small && i < NAMES_SHOWN; i++)
        list = str_fmt(
            p->arena, STR_FMT "%s'" STR_FMT "' (%zu)", STR_ARG(list), i > 0 ? ", " : "",
            STR_ARG(set->small[i]->value), set->small[i]->rows);
    if (set->n_small > 0)
        note(
            p, str_fmt(
                   p->arena, "set " STR_FMT ": %zu value%s below minRows (%zu) left out: " STR_FMT,
                   STR_ARG(set->name), set->n_small, set->n_small == 1 ? "" : "s", set->min_rows,
                   STR_ARG(and_more(p, list, set->n_small))));
}

static void note_renamed(struct planner *p, const struct want_set *set)
{
    struct str list = STR("");
    for (size_t i = 0; i < set->n_renamed && i < NAMES_SHOWN; i++)
        list = str_fmt(
            p->arena, STR_FMT "%s'" STR_FMT "' is " STR_FMT, STR_ARG(list), i > 0 ? ", " : "",
            STR_ARG(set->renamed[i].name), STR_ARG(set->renamed[i].value));
    if (set->n_renamed > 0)
        note(
            p,
            str_fmt(
                p->arena, "set " STR_FMT ": %zu value%s cannot be part of a name as %s: " STR_FMT,
                STR_ARG(set->name), set->n_renamed, set->n_renamed == 1 ? "" : "s",
                set->n_renamed == 1 ? "it is" : "they are",
                STR_ARG(and_more(p, list, set->n_renamed))));
}

static void note_set(struct planner *p, const struct want_set *set)
{
    note(
        p, str_fmt(
               p->arena, "set " STR_FMT ": %zu model%s from column %lld of '" STR_FMT "'",
               STR_ARG(set->name), set->n_models, set->n_models == 1 ? "" : "s",
               (long long) set->column, STR_ARG(set->source)));
    note_small(p, set);
    note_renamed(p, set);
    if (set->n_unvalidated > 0)
        note(
            p, str_fmt(
                   p->arena,
                   "set " STR_FMT ": %zu model%s without validation rows, trained "
                   "without that channel",
                   STR_ARG(set->name), set->n_unvalidated, set->n_unvalidated == 1 ? "" : "s"));
    if (set->n_strays > 0)
        note(
            p, str_fmt(
                   p->arena,
                   "set " STR_FMT ": %zu value%s of its other channels %s no training "
                   "rows and no model",
                   STR_ARG(set->name), set->n_strays, set->n_strays == 1 ? "" : "s",
                   set->n_strays == 1 ? "has" : "have"));
}

void plan_sets(struct planner *p)
{
    p->plan->sets = p->want->sets;
    p->plan->n_sets = p->want->n_sets;
    for (size_t i = 0; i < p->plan->changes.len; i++) {
        struct change *change = p->plan->changes.items[i];
        if (!str_is_null(change->index) && change->action != ACTION_NOOP)
            change->set = set_of(p, change);
    }
    for (size_t i = 0; i < p->want->n_sets; i++)
        note_set(p, &p->want->sets[i]);
}
