#include "engine/plan/plan.h"

#include <assert.h>

bool plan_is_empty(const struct plan *plan)
{
    if (plan->record_only)
        return false;
    for (size_t i = 0; i < plan->changes.len; i++)
        if (plan->changes.items[i]->action != ACTION_NOOP)
            return false;
    return true;
}

void plan_only_drift(struct plan *plan)
{
    plan->changes.len = plan->guards.len = plan->aside.len = 0;
    plan->n_add = plan->n_change = plan->n_destroy = plan->n_left_out = plan->n_waiting = 0;
    plan->record_only = false;
    size_t n_routes = plan->routes.len;
    plan->routes.len = 0;
    for (size_t i = 0; i < n_routes; i++)
        if (plan->routes.items[i].outside)
            plan->routes.items[plan->routes.len++] = plan->routes.items[i];
    plan->note_roll = STR_NULL;
    plan->instance_type = plan->old_instance_type;
    plan->instance_count = plan->old_instance_count;
}

struct change *
plan_add(struct arena *arena, struct plan *plan, enum kind_id kind, enum action action)
{
    struct change *change = ARENA_NEW(arena, struct change);
    change->kind = kind;
    change->action = action;
    *VEC_PUSH(arena, &plan->changes) = change;
    return change;
}

void change_need(struct arena *arena, struct change *change, struct change *need)
{
    if (need == NULL || need->action == ACTION_NOOP || need == change)
        return;
    /* Grows in powers of two: the array is full exactly when the count is one. */
    size_t count = change->n_needs;
    if (count == 0 || (count >= 4 && (count & (count - 1)) == 0)) {
        struct change **grown = ARENA_ARRAY(arena, count == 0 ? 4 : count * 2, struct change *);
        if (count > 0)
            memcpy(grown, change->needs, count * sizeof(*grown));
        change->needs = grown;
    }
    change->needs[change->n_needs++] = need;
}

static void count(struct plan *plan, const struct change *change)
{
    if ((schema_of(change->kind)->flags & KIND_FLAG_UNCOUNTED) != 0 || change->removal_half ||
        change->uncounted)
        return;
    size_t members = change->n_members > 0 ? change->n_members : 1;
    switch (change->action) {
    case ACTION_NOOP:
        plan->n_unchanged += members;
        break;
    case ACTION_CREATE:
        plan->n_add += members;
        break;
    case ACTION_UPDATE:
        plan->n_change += members;
        break;
    case ACTION_REPLACE:
        plan->n_add += members;
        plan->n_destroy += members;
        break;
    case ACTION_DELETE:
        plan->n_destroy += members;
        break;
    }
}

/* Depth-first: a change is put down once everything it needs has been. `outcome` marks the visited
 * ones: PENDING not yet, SKIPPED on the way, DONE put down; it is reset below. */
static void put_down(struct change *change, struct change **order, size_t *n)
{
    if (change->outcome == OUTCOME_DONE)
        return;
    assert(change->outcome != OUTCOME_SKIPPED && "a plan has no cycles");
    change->outcome = OUTCOME_SKIPPED;
    for (size_t i = 0; i < change->n_needs; i++)
        put_down(change->needs[i], order, n);
    change->outcome = OUTCOME_DONE;
    order[(*n)++] = change;
}

void plan_finish(struct arena *arena, struct plan *plan)
{
    struct change **order = ARENA_ARRAY(arena, plan->changes.len, struct change *);
    size_t n = 0;
    for (size_t i = 0; i < plan->changes.len; i++)
        put_down(plan->changes.items[i], order, &n);
    assert(n == plan->changes.len);
    plan->n_add = plan->n_change = plan->n_destroy = plan->n_unchanged = 0;
    for (size_t i = 0; i < n; i++) {
        order[i]->outcome = OUTCOME_PENDING;
        plan->changes.items[i] = order[i];
        count(plan, order[i]);
    }
}

const char *action_name(enum action action)
{
    static const char *const names[] = {"no-op", "create", "update", "replace", "delete"};
    return names[action];
}

const char *action_symbol(enum action action, bool create_first)
{
    static const char *const symbols[] = {" ", "+", "~", "-/+", "-"};
    return action == ACTION_REPLACE && create_first ? "+/-" : symbols[action];
}

static const char *action_phrase(enum action action)
{
    static const char *const phrases[] = {
        "is up to date", "will be created", "will be updated in-place", "must be replaced",
        "will be destroyed"};
    return phrases[action];
}

const char *change_phrase(const struct change *change)
{
    if (change->action == ACTION_REPLACE && change->reason == REASON_REQUESTED)
        return "will be replaced, as requested";
    return action_phrase(change->action);
}

const char *reason_name(enum reason reason)
{
    static const char *const names[] = {
        "",
        "delete_because_no_resource_config",
        "content_changed",
        "version_chosen",
        "object_changed_outside",
        "new_generation",
        "left_behind",
        "endpoint_failed",
        "stack_moved",
        "replace_by_request",
        "version_not_retained",
        "version_held_back",
        "destroy",
    };
    return names[reason];
}
