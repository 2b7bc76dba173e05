/* cmd/view.h - a plan and a report as text, JSON and Markdown.
 *
 * Pure: data in, bytes out. Wording follows Terraform's, so that tools which read its output read
 * ours; the lines listed in README.md under "Lines that tools parse" are exact. Texts that may come
 * from a server are cleaned of control characters here.
 * JSON: a superset of Terraform's plan format 1.2
 * (https://developer.hashicorp.com/terraform/internals/json-format) and its event names
 * (https://developer.hashicorp.com/terraform/internals/machine-readable-ui).
 */
#ifndef CMD_VIEW_H
#define CMD_VIEW_H

#include "cmd/term.h"
#include "engine/reconcile/reconcile.h"

struct view_options {
    bool color;
    bool full;         /* every model, nothing collapsed */
    int64_t wall_ms;   /* for timestamps */
    bool refresh_only; /* the plan proposes nothing (plan_only_drift) */
    struct str region; /* one of several: the plan is a section, view_total_line() ends them all */
    size_t max_bytes;  /* Markdown: what there is room for; 0: a comment */
};

/* A comment on GitHub takes 65,536 characters. */
#define VIEW_COMMENT_BYTES 60000U

/* Changes of one kind and sort that are shown as one; a group of one is a change. */
struct view_group {
    struct change *const *items;
    size_t len;
};

/* Visible changes in the plan's order; those of one kind, action and reason stand together when
 * there are more than VIEW_COLLAPSE of them (and not full). */
#define VIEW_COLLAPSE 20
struct view_groups {
    struct view_group *items;
    size_t len;
};
struct view_groups view_groups(struct arena *arena, const struct plan *plan, bool full);
/* "aws_s3_object.model["a"]" or "aws_s3_object.model["a"] and 36 more" */
struct str view_group_address(struct arena *arena, const struct view_group *group);
/* One sentence part: "changed outside of mmectl"; NULL for none. */
const char *view_reason(enum reason reason);
/* "ml.m5.large × 1: $0.115/h, unchanged" */
struct str view_cost_line(struct arena *arena, const struct plan *plan);
/* "training 5 jobs on ml.m5.large × 1: about $0.012, as long as such jobs took; at most $0.58";
 * STR_NULL: nothing is trained on SageMaker. */
struct str view_training_line(struct arena *arena, const struct plan *plan);
struct json *view_training_json(struct arena *arena, const struct plan *plan); /* NULL for none */
/* "Plan: 1 to add, 0 to change, 0 to destroy." or the "No changes." line, without newline. */
struct str view_summary_line(struct arena *arena, const struct plan *plan);

void view_plan_text(
    struct arena *arena,
    struct buf *buf,
    const struct plan *plan,
    const struct view_options *options);
void view_plan_markdown(
    struct arena *arena,
    struct buf *buf,
    const struct plan *plan,
    const struct view_options *options);
struct json *
view_plan_json(struct arena *arena, const struct plan *plan, const struct view_options *options);

/* Versions chosen by hand, and those that a gate or a check keeps from being published. */
struct json *view_holds_json(struct arena *arena, const struct plan *plan);
struct json *view_held_json(struct arena *arena, const struct plan *plan);

/* view_regions.c: a section's head and its summary, "us-east-1: 9 to add, ..."; the line that ends
 * all sections; and what became of one region. report NULL: nothing was done there. */
void view_region_head(struct buf *buf, struct str region, bool color);
struct str view_region_line(struct arena *arena, const struct plan *plan, struct str region);
struct str view_total_line(struct arena *arena, const struct plan *const *plans, size_t count);
void view_region_report(
    struct buf *buf, struct str region, const struct report *report, bool failed);

/* view_routes.c: the routes that change; nothing where none does. The line of one, as text:
 * "~ route 'churn': model_a 90 -> 80". */
struct str view_route_line(struct arena *arena, const struct plan_route *route);
void view_routes_text(struct arena *arena, struct buf *buf, const struct plan *plan, bool color);
struct json *view_routes_json(struct arena *arena, const struct plan *plan);

/* "Apply complete! Resources: ..." and what is left or was kept. */
void view_report_text(
    struct buf *buf, const struct plan *plan, const struct report *report, bool color);

/* One event of `apply -json`, without a newline; false when this event has no line. */
bool view_event_json(
    struct arena *arena, struct buf *buf, const struct event *event, int64_t wall_ms);
/* Events of the command itself: version, change_summary, diagnostic. */
void view_version_json(struct arena *arena, struct buf *buf, int64_t wall_ms);
void view_summary_json(
    struct arena *arena,
    struct buf *buf,
    const char *operation, /* "plan", "apply", "destroy" */
    size_t add,
    size_t change,
    size_t destroy,
    int64_t wall_ms);
void view_planned_json(
    struct arena *arena,
    struct buf *buf,
    const struct change *change,
    struct str region, /* STR_NULL: there is only one */
    int64_t wall_ms);
void view_error_json(struct arena *arena, struct buf *buf, const struct err *err, int64_t wall_ms);

#endif
