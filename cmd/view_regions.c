#include "cmd/view.h"

/* The stacks of one spec in several regions: a section for each, and one summary. */

void view_region_head(struct buf *buf, struct str region, bool color)
{
    buf_fmt(
        buf, "%sRegion " STR_FMT "%s\n\n", paint(color, PAINT_BOLD), STR_ARG(region),
        paint_end(color));
}

struct str view_region_line(struct arena *arena, const struct plan *plan, struct str region)
{
    if (!plan_is_empty(plan))
        return str_fmt(
            arena, STR_FMT ": %zu to add, %zu to change, %zu to destroy.", STR_ARG(region),
            plan->n_add, plan->n_change, plan->n_destroy);
    struct str summary = view_summary_line(arena, plan), head = STR("No changes.");
    return str_fmt(
        arena, STR_FMT ": no changes." STR_FMT, STR_ARG(region),
        STR_ARG(str_from_index(summary, head.len)));
}

struct str view_total_line(struct arena *arena, const struct plan *const *plans, size_t count)
{
    size_t add = 0, change = 0, destroy = 0;
    const struct plan *empty = plans[0];
    bool something = false;
    for (size_t i = 0; i < count; i++) {
        add += plans[i]->n_add;
        change += plans[i]->n_change;
        destroy += plans[i]->n_destroy;
        something = something || !plan_is_empty(plans[i]);
        /* What one had to leave out is no "matches". */
        if (plans[i]->n_left_out > 0 || !str_is_null(plans[i]->note_blocked))
            empty = plans[i];
    }
    if (!something)
        return view_summary_line(arena, empty);
    return str_fmt(arena, "Plan: %zu to add, %zu to change, %zu to destroy.", add, change, destroy);
}

void view_region_report(
    struct buf *buf, struct str region, const struct report *report, bool failed)
{
    if (report == NULL) {
        buf_fmt(buf, STR_FMT ": not done\n", STR_ARG(region));
        return;
    }
    buf_fmt(
        buf, STR_FMT ": %zu added, %zu changed, %zu destroyed", STR_ARG(region), report->n_added,
        report->n_changed, report->n_destroyed);
    if (report->n_failed + report->n_skipped > 0)
        buf_fmt(buf, ", %zu failed, %zu skipped", report->n_failed, report->n_skipped);
    else if (failed)
        buf_add_z(buf, ", not finished");
    buf_add_char(buf, '\n');
}
