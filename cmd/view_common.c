#include "cmd/view.h"
#include "engine/cost/cost.h"

/* What a plan shows: neither no-ops nor the second half of a replacement. */
static bool visible(const struct change *change)
{
    return change->action != ACTION_NOOP && !change->removal_half;
}

static bool same_sort(const struct change *a, const struct change *b)
{
    return a->kind == b->kind && a->action == b->action && a->reason == b->reason &&
           str_eq(a->set, b->set);
}

/* How many visible, indexed changes there are of a sort, and which group they went to. There are
 * few sorts: kinds, actions, reasons and model sets that occur together. */
struct tally {
    const struct change *like;
    size_t count;
    size_t group; /* index + 1; 0: none yet */
};

struct tallies {
    struct tally *items;
    size_t len, cap;
};

static struct tally *
tally_of(struct arena *arena, struct tallies *tallies, const struct change *change)
{
    for (size_t i = 0; i < tallies->len; i++)
        if (same_sort(tallies->items[i].like, change))
            return &tallies->items[i];
    struct tally *tally = VEC_PUSH(arena, tallies);
    tally->like = change;
    return tally;
}

static void collect(
    struct arena *arena,
    const struct plan *plan,
    const struct change *like,
    size_t count,
    struct view_group *out)
{
    struct change **items = ARENA_ARRAY(arena, count, struct change *);
    size_t n = 0;
    for (size_t i = 0; i < plan->changes.len; i++)
        if (visible(plan->changes.items[i]) && same_sort(plan->changes.items[i], like))
            items[n++] = plan->changes.items[i];
    *out = (struct view_group){items, n};
}

struct view_groups view_groups(struct arena *arena, const struct plan *plan, bool full)
{
    struct tallies tallies = {0};
    struct view_groups groups = {ARENA_ARRAY(arena, plan->changes.len + 1, struct view_group), 0};
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        if (visible(change))
            tally_of(arena, &tallies, change)->count++;
    }
    for (size_t i = 0; i < plan->changes.len; i++) {
        struct change *const *item = &plan->changes.items[i];
        const struct change *change = *item;
        if (!visible(change))
            continue;
        struct tally *sort = tally_of(arena, &tallies, change);
        if (full || str_is_null(change->index) || sort->count <= VIEW_COLLAPSE) {
            groups.items[groups.len++] = (struct view_group){item, 1};
        } else if (sort->group == 0) {
            sort->group = groups.len + 1;
            collect(arena, plan, change, sort->count, &groups.items[groups.len++]);
        }
    }
    return groups;
}

struct str view_group_address(struct arena *arena, const struct view_group *group)
{
    struct str first = term_clean(arena, group->items[0]->address);
    if (group->len == 1)
        return first;
    return str_fmt(arena, STR_FMT " and %zu more", STR_ARG(first), group->len - 1);
}

const char *view_reason(enum reason reason)
{
    switch (reason) {
    case REASON_NOT_IN_SPEC:
        return "not in the spec";
    case REASON_CONTENT_CHANGED:
        return "its hyperparameters, data or source changed";
    case REASON_VERSION_CHOSEN:
        return "another version was chosen by hand";
    case REASON_CHANGED_OUTSIDE:
        return "changed outside of mmectl";
    case REASON_NEW_GENERATION:
        return "unchanged; goes along to the new generation's prefix";
    case REASON_LEFT_BEHIND:
        return "left behind by an unfinished or rolled-back run";
    case REASON_ENDPOINT_FAILED:
        return "the endpoint failed; only a new one helps";
    case REASON_NOT_RETAINED:
        return "an older version, beyond versions.retain";
    case REASON_HELD_BACK:
        return "held back, never published, and not wanted any more";
    case REASON_MOVED:
        return "the stack's bucket, prefix or endpoint name changed";
    case REASON_REQUESTED: /* the phrase says it */
    case REASON_NONE:
    case REASON_DESTROY:
        break;
    }
    return NULL;
}

struct str view_cost_line(struct arena *arena, const struct plan *plan)
{
    bool had = !str_is_empty(plan->old_instance_type);
    if (plan->mode == PLAN_DESTROY || str_is_empty(plan->instance_type)) {
        if (!had)
            return STR_NULL;
        struct str old = cost_line(arena, plan->old_instance_type, plan->old_instance_count);
        return str_fmt(arena, STR_FMT ", ends", STR_ARG(old));
    }
    struct str now = cost_line(arena, plan->instance_type, plan->instance_count);
    if (!had)
        return str_fmt(arena, STR_FMT ", new", STR_ARG(now));
    if (str_eq(plan->instance_type, plan->old_instance_type) &&
        plan->instance_count == plan->old_instance_count)
        return str_fmt(arena, STR_FMT ", unchanged", STR_ARG(now));
    struct str old = cost_line(arena, plan->old_instance_type, plan->old_instance_count);
    return str_fmt(arena, STR_FMT ", was " STR_FMT, STR_ARG(now), STR_ARG(old));
}

struct str view_summary_line(struct arena *arena, const struct plan *plan)
{
    if (plan_is_empty(plan) && plan->mode == PLAN_DESTROY)
        return STR("No changes. No objects need to be destroyed.");
    if (plan_is_empty(plan) && !str_is_null(plan->note_blocked))
        return STR("No changes. The endpoint stays as it is, because its update was rolled back.");
    if (plan_is_empty(plan) && plan->n_left_out > 0)
        return str_fmt(
            arena, "No changes. %zu model%s left out; the rest matches the configuration.",
            plan->n_left_out, plan->n_left_out == 1 ? " is" : "s are");
    if (plan_is_empty(plan) && plan->n_waiting > 0)
        return str_fmt(
            arena, "No changes. The targets match the configuration; %zu other change%s wait%s.",
            plan->n_waiting, plan->n_waiting == 1 ? "" : "s", plan->n_waiting == 1 ? "s" : "");
    if (plan_is_empty(plan))
        return STR("No changes. Your infrastructure matches the configuration.");
    return str_fmt(
        arena, "Plan: %zu to add, %zu to change, %zu to destroy.", plan->n_add, plan->n_change,
        plan->n_destroy);
}
