#include "cmd/view.h"

#define MAX_NAMES 5
#define MAX_DEPTH 8

struct printer {
    struct arena *arena;
    struct buf *buf;
    bool color;
    bool full;
};

static enum paint action_paint(enum action action)
{
    if (action == ACTION_CREATE)
        return PAINT_GREEN;
    return action == ACTION_DELETE || action == ACTION_REPLACE ? PAINT_RED : PAINT_YELLOW;
}

static void indent(struct buf *buf, size_t columns)
{
    for (size_t i = 0; i < columns; i++)
        buf_add_char(buf, ' ');
}

static void symbol(struct printer *p, enum action action, const char *text)
{
    buf_fmt(p->buf, "%s%s%s", paint(p->color, action_paint(action)), text, paint_end(p->color));
}

/* A scalar as Terraform writes it; containers in one line of JSON. */
static void value(struct printer *p, const struct json *json)
{
    if (json == NULL) {
        buf_add_z(p->buf, "null");
        return;
    }
    struct str text = json_text(p->arena, json, JSON_COMPACT);
    buf_add_clean(p->buf, text);
}

static bool is_block(const struct json *json)
{
    return json != NULL && (json->type == JSON_OBJECT || json->type == JSON_ARRAY) && json->len > 0;
}

static size_t widest_key(const struct json *object)
{
    size_t widest = 0;
    JSON_EACH (child, object) {
        if (child->type != JSON_NULL && child->key.len > widest)
            widest = child->key.len;
    }
    return widest;
}

/* The members of an object (or elements of an array), one line each, blocks in braces. Bounded by
 * MAX_DEPTH, below which values are JSON. */
static void members(struct printer *p, const struct json *json, enum action action, size_t columns)
{
    size_t widest = widest_key(json);
    const char *sign = action == ACTION_DELETE ? "-" : "+";
    bool secret = json != NULL && str_eq(json->key, STR("environment"));
    JSON_EACH (child, json) {
        if (child->type == JSON_NULL)
            continue;
        indent(p->buf, columns);
        symbol(p, action, sign);
        buf_add_char(p->buf, ' ');
        if (json->type == JSON_OBJECT) {
            buf_add_clean(p->buf, child->key);
            indent(p->buf, widest - child->key.len);
            buf_add_z(p->buf, " = ");
        }
        if (is_block(child) && columns / 4 < MAX_DEPTH) {
            bool object = child->type == JSON_OBJECT;
            buf_add_z(p->buf, object ? "{\n" : "[\n");
            members(p, child, action, columns + 4);
            indent(p->buf, columns + 2);
            buf_add_z(p->buf, object ? "}\n" : "]\n");
        } else {
            if (secret) /* container environments hold what people put there */
                buf_add_z(p->buf, "(sensitive value)");
            else
                value(p, child);
            buf_add_z(p->buf, action == ACTION_DELETE ? " -> null\n" : "\n");
        }
    }
}

/* What AWS will say only afterwards. */
static void computed(struct printer *p, const struct change *change, size_t widest)
{
    const struct schema *schema = schema_of(change->kind);
    for (size_t i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];
        if ((field->flags & FIELD_COMPUTED) == 0 || json_get(change->after, field->name) != NULL)
            continue;
        indent(p->buf, 6);
        symbol(p, change->action, "+");
        buf_fmt(p->buf, " %s", field->name);
        size_t used = strlen(field->name);
        indent(p->buf, used < widest ? widest - used : 0);
        buf_add_z(p->buf, " = (known after apply)\n");
    }
}

static void diff_line(struct printer *p, const struct attr_diff *diff, size_t widest)
{
    indent(p->buf, 6);
    enum action action = diff->before == NULL  ? ACTION_CREATE
                         : diff->after == NULL ? ACTION_DELETE
                                               : ACTION_UPDATE;
    symbol(p, action, action_symbol(action, false));
    buf_add_char(p->buf, ' ');
    buf_add_clean(p->buf, diff->path);
    indent(p->buf, widest - diff->path.len);
    buf_add_z(p->buf, " = ");
    if (diff->secret) {
        buf_add_z(p->buf, "(sensitive value)");
    } else {
        if (diff->before != NULL) {
            value(p, diff->before);
            buf_add_z(p->buf, " -> ");
        }
        value(p, diff->after);
    }
    if (diff->replaces)
        buf_fmt(
            p->buf, " %s# forces replacement%s", paint(p->color, PAINT_RED), paint_end(p->color));
    buf_add_char(p->buf, '\n');
}

/* Members of the thing that the diff does not mention. */
static size_t unchanged_members(const struct change *change)
{
    size_t count = 0;
    JSON_EACH (child, change->after) {
        bool mentioned = false;
        for (size_t i = 0; i < change->n_diffs && !mentioned; i++) {
            struct str path = change->diffs[i].path;
            mentioned = str_starts(path, child->key) &&
                        (path.len == child->key.len || path.ptr[child->key.len] == '.' ||
                         path.ptr[child->key.len] == '[');
        }
        count += mentioned ? 0 : 1;
    }
    return count;
}

static void diff_lines(struct printer *p, const struct change *change)
{
    size_t widest = 0;
    for (size_t i = 0; i < change->n_diffs; i++)
        widest = change->diffs[i].path.len > widest ? change->diffs[i].path.len : widest;
    for (size_t i = 0; i < change->n_diffs; i++)
        diff_line(p, &change->diffs[i], widest);
    size_t hidden = unchanged_members(change);
    if (hidden > 0) {
        indent(p->buf, 8);
        buf_fmt(
            p->buf, "%s# (%zu unchanged attribute%s hidden)%s\n", paint(p->color, PAINT_DIM),
            hidden, hidden == 1 ? "" : "s", paint_end(p->color));
    }
}

/* Without the fields that rarely matter; *hidden says how many they were. */
static const struct json *loud_members(
    struct printer *p, const struct change *change, const struct json *whole, size_t *hidden)
{
    *hidden = 0;
    if (p->full || whole == NULL)
        return whole;
    struct json *out = json_object(p->arena);
    JSON_EACH (child, whole) {
        const struct field *field = schema_field(schema_of(change->kind), child->key);
        if (field != NULL && (field->flags & FIELD_QUIET) != 0)
            ++*hidden;
        else
            json_set(p->arena, out, child->key, json_copy(p->arena, child));
    }
    return out;
}

/* Every member of the thing, what AWS will add, and how much was kept back. */
static void all_members(
    struct printer *p, const struct change *change, const struct json *whole, enum action action)
{
    size_t hidden;
    const struct json *loud = loud_members(p, change, whole, &hidden);
    members(p, loud, action, 6);
    if (change->action == ACTION_CREATE)
        computed(p, change, widest_key(loud));
    if (hidden == 0)
        return;
    indent(p->buf, 8);
    buf_fmt(
        p->buf, "%s# (%zu more attribute%s; --full shows them)%s\n", paint(p->color, PAINT_DIM),
        hidden, hidden == 1 ? "" : "s", paint_end(p->color));
}

static void resource(struct printer *p, const struct change *change)
{
    const struct schema *schema = schema_of(change->kind);
    const char *sign = action_symbol(change->action, !change->delete_first);
    indent(p->buf, strlen(sign) > 1 ? 0 : 2);
    symbol(p, change->action, sign);
    buf_fmt(p->buf, " resource \"%s\" \"%s\" {\n", schema->type, schema->name);
    const struct json *whole = change->action == ACTION_DELETE ? change->before : change->after;
    bool differs = change->action == ACTION_UPDATE || change->action == ACTION_REPLACE;
    if (differs && change->n_diffs > 0)
        diff_lines(p, change);
    else
        all_members(p, change, whole, differs ? ACTION_CREATE : change->action);
    buf_add_z(p->buf, "    }\n");
}

static void comment(struct printer *p, struct str text)
{
    if (str_is_empty(text))
        return;
    buf_add_z(p->buf, "  # (");
    buf_add_clean(p->buf, text);
    buf_add_z(p->buf, ")\n");
}

static void names(struct printer *p, const struct view_group *group)
{
    const char *sign = action_symbol(group->items[0]->action, true);
    indent(p->buf, strlen(sign) > 1 ? 0 : 2);
    symbol(p, group->items[0]->action, sign);
    for (size_t i = 0; i < group->len && i < MAX_NAMES; i++) {
        buf_add_z(p->buf, i > 0 ? ", " : " ");
        buf_add_clean(p->buf, group->items[i]->index);
    }
    buf_fmt(p->buf, ", … %zu more (--full lists all)\n", group->len - MAX_NAMES);
}

static bool seen_path(struct str *const paths, size_t count, struct str path)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(paths[i], path))
            return true;
    return false;
}

/* The fields that differ in any of them, each once. */
static void changed_fields(struct printer *p, const struct view_group *group)
{
    struct str paths[16];
    size_t count = 0;
    for (size_t i = 0; i < group->len; i++)
        for (size_t d = 0; d < group->items[i]->n_diffs; d++) {
            struct str path = group->items[i]->diffs[d].path;
            if (count < ARRAY_LEN(paths) && !seen_path(paths, count, path))
                paths[count++] = path;
        }
    if (count == 0)
        return;
    buf_add_z(p->buf, "    # changed: ");
    for (size_t i = 0; i < count; i++) {
        buf_add_z(p->buf, i > 0 ? ", " : "");
        buf_add_clean(p->buf, paths[i]);
    }
    buf_add_char(p->buf, '\n');
}

static void group_lines(struct printer *p, const struct view_group *group)
{
    const struct change *first = group->items[0];
    struct str address = view_group_address(p->arena, group);
    buf_fmt(
        p->buf, "%s  # " STR_FMT "%s %s%s%s\n", paint(p->color, PAINT_BOLD), STR_ARG(address),
        paint_end(p->color),
        first->action == ACTION_CREATE ? "" : paint(p->color, action_paint(first->action)),
        change_phrase(first), paint_end(p->color));
    const char *reason = view_reason(first->reason);
    if (reason != NULL)
        comment(p, str_from(reason));
    if (group->len == 1) {
        comment(p, first->note);
        resource(p, first);
    } else {
        if (!str_is_null(first->set))
            comment(p, str_fmt(p->arena, "of set " STR_FMT, STR_ARG(first->set)));
        names(p, group);
        changed_fields(p, group);
    }
    buf_add_char(p->buf, '\n');
}

static void legend(struct printer *p, const struct view_groups *groups)
{
    static const struct {
        enum action action;
        bool delete_first;
        const char *text;
    } s_legend[] = {
        {ACTION_CREATE, false, "create"},
        {ACTION_UPDATE, false, "update in-place"},
        {ACTION_DELETE, false, "destroy"},
        {ACTION_REPLACE, true, "destroy and then create replacement"},
        {ACTION_REPLACE, false, "create replacement and then destroy"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_legend); i++) {
        bool used = false;
        for (size_t g = 0; g < groups->len; g++) {
            const struct change *first = groups->items[g].items[0];
            used = used || (first->action == s_legend[i].action &&
                            first->delete_first == s_legend[i].delete_first);
        }
        if (!used)
            continue;
        const char *sign = action_symbol(s_legend[i].action, !s_legend[i].delete_first);
        indent(p->buf, 3 - strlen(sign));
        symbol(p, s_legend[i].action, sign);
        buf_fmt(p->buf, " %s\n", s_legend[i].text);
    }
}

/* ---- what changed outside ---- */

static void drift_lines(struct printer *p, const struct plan *plan)
{
    size_t shown = p->full || plan->drift.len <= VIEW_COLLAPSE ? plan->drift.len : MAX_NAMES;
    buf_fmt(
        p->buf, "%sNote:%s Objects have changed outside of mmectl\n\n", paint(p->color, PAINT_BOLD),
        paint_end(p->color));
    buf_add_z(p->buf, "mmectl detected the following changes made since the last apply:\n\n");
    for (size_t i = 0; i < shown; i++) {
        const struct change *change = plan->drift.items[i];
        bool gone = change->action == ACTION_DELETE;
        buf_fmt(p->buf, "%s  # ", paint(p->color, PAINT_BOLD));
        buf_add_clean(p->buf, change->address);
        buf_fmt(p->buf, "%s has %s\n", paint_end(p->color), gone ? "been deleted" : "changed");
        resource(p, change);
        buf_add_char(p->buf, '\n');
    }
    if (shown < plan->drift.len)
        buf_fmt(p->buf, "  … %zu more (--full lists all)\n\n", plan->drift.len - shown);
}

static void only_drift(struct printer *p, const struct plan *plan)
{
    if (plan->drift.len == 0 && plan->routes.len == 0) {
        buf_fmt(
            p->buf,
            "%sNo changes.%s Your infrastructure still matches the configuration.\n\nNothing has "
            "changed outside of mmectl since the last apply.\n",
            paint(p->color, PAINT_GREEN), paint_end(p->color));
        return;
    }
    if (plan->drift.len > 0)
        drift_lines(p, plan);
    view_routes_text(p->arena, p->buf, plan, p->color);
    buf_add_z(
        p->buf, "This is a refresh-only plan: it proposes nothing. 'mmectl plan' shows what "
                "apply would do\nabout these.\n");
}

static void note_line(struct printer *p, const char *label, struct str text)
{
    if (str_is_empty(text))
        return;
    buf_fmt(p->buf, "%s%s%s", paint(p->color, PAINT_YELLOW), label, paint_end(p->color));
    buf_add_clean(p->buf, text);
    buf_add_char(p->buf, '\n');
}

static void notes(struct printer *p, const struct plan *plan)
{
    note_line(p, "Note: ", plan->note_busy);
    note_line(p, "Note: ", plan->note_roll);
    note_line(p, "Note: ", plan->note_blocked);
    for (size_t i = 0; i < plan->notes.len; i++)
        note_line(p, "Note: ", plan->notes.items[i]);
    if (plan->n_foreign > 0)
        buf_fmt(
            p->buf, "Note: %zu object%s under the prefix %s not ours and will be left alone\n",
            plan->n_foreign, plan->n_foreign == 1 ? "" : "s", plan->n_foreign == 1 ? "is" : "are");
    struct str training = view_training_line(p->arena, plan);
    if (!str_is_null(training))
        buf_fmt(p->buf, STR_FMT "\n", STR_ARG(training));
    struct str cost = view_cost_line(p->arena, plan);
    if (!str_is_null(cost))
        buf_fmt(p->buf, STR_FMT "\n", STR_ARG(cost));
}

void view_plan_text(
    struct arena *arena,
    struct buf *buf,
    const struct plan *plan,
    const struct view_options *options)
{
    struct printer p = {arena, buf, options->color, options->full};
    bool section = !str_is_null(options->region);
    struct str summary =
        section ? view_region_line(arena, plan, options->region) : view_summary_line(arena, plan);
    if (section)
        view_region_head(buf, options->region, options->color);
    if (options->refresh_only) {
        only_drift(&p, plan);
        notes(&p, plan);
        return;
    }
    if (!str_is_null(plan->note_rollback)) {
        note_line(&p, "Rollback: ", plan->note_rollback);
        buf_add_char(buf, '\n');
    }
    if (plan->drift.len > 0)
        drift_lines(&p, plan);
    if (plan_is_empty(plan) && section) {
        buf_fmt(buf, STR_FMT "\n", STR_ARG(summary));
        notes(&p, plan);
        return;
    }
    if (plan_is_empty(plan)) {
        struct str head = STR("No changes.");
        buf_fmt(
            buf, "%s" STR_FMT "%s" STR_FMT "\n\n", paint(options->color, PAINT_GREEN),
            STR_ARG(head), paint_end(options->color), STR_ARG(str_from_index(summary, head.len)));
        if (plan->mode == PLAN_DESTROY)
            buf_add_z(buf, "Nothing that belongs to this stack exists.\n");
        else if (plan->held.len > 0)
            buf_add_z(
                buf, "What differs from your configuration is held back and not published; the "
                     "notes say why.\n");
        else if (str_is_null(plan->note_blocked) && plan->n_left_out == 0 && plan->n_waiting == 0)
            buf_add_z(
                buf, "mmectl has compared your real infrastructure against your configuration and "
                     "found\nno differences, so no changes are needed.\n");
        notes(&p, plan);
        return;
    }
    struct view_groups groups = view_groups(arena, plan, options->full);
    if (groups.len > 0) {
        buf_add_z(buf, "Resource actions are indicated with the following symbols:\n");
        legend(&p, &groups);
        buf_add_z(buf, "\nmmectl will perform the following actions:\n\n");
        for (size_t i = 0; i < groups.len; i++)
            group_lines(&p, &groups.items[i]);
    }
    buf_fmt(buf, STR_FMT "\n", STR_ARG(summary));
    if (plan->routes.len > 0)
        buf_add_char(buf, '\n');
    view_routes_text(arena, buf, plan, options->color);
    if (plan->record_only && groups.len == 0)
        buf_add_z(buf, "Note: only the stack's record, control/stack.json, will be written\n");
    notes(&p, plan);
}

static void left_lines(struct buf *buf, const struct report *report)
{
    if (report->left.len == 0)
        return;
    buf_fmt(buf, "\nStill there, though it should not be:\n");
    for (size_t i = 0; i < report->left.len; i++) {
        buf_add_z(buf, "  ");
        buf_add_clean(buf, report->left.items[i]);
        buf_add_char(buf, '\n');
    }
}

static void rollback_line(struct buf *buf, const struct plan *plan, bool color)
{
    const struct plan_hold *hold = &plan->holds.items[0];
    buf_fmt(
        buf,
        "%sRollback complete!%s Model '" STR_FMT "' is at " STR_FMT
        " and held there until 'mmectl resume " STR_FMT "'.\n",
        paint(color, PAINT_GREEN), paint_end(color), STR_ARG(hold->model),
        STR_ARG(str_slice(hold->fp, 0, 16)), STR_ARG(hold->model));
}

void view_report_text(
    struct buf *buf, const struct plan *plan, const struct report *report, bool color)
{
    const char *green = paint(color, PAINT_GREEN), *end = paint_end(color);
    bool complete = report->n_failed == 0 && report->n_skipped == 0 && report->left.len == 0 &&
                    report->n_not_started == 0 && report->n_interrupted == 0 &&
                    report->n_stacks_out == 0;
    if (complete && plan->mode == PLAN_DESTROY)
        buf_fmt(
            buf, "%sDestroy complete!%s Resources: %zu destroyed.\n", green, end,
            report->n_destroyed);
    else if (complete && plan->mode == PLAN_ROLLBACK)
        rollback_line(buf, plan, color);
    else if (complete)
        buf_fmt(
            buf, "%sApply complete!%s Resources: %zu added, %zu changed, %zu destroyed.\n", green,
            end, report->n_added, report->n_changed, report->n_destroyed);
    else
        buf_fmt(
            buf, "%s incomplete: %zu added, %zu changed, %zu destroyed, %zu failed, %zu skipped",
            plan->mode == PLAN_DESTROY    ? "Destroy"
            : plan->mode == PLAN_ROLLBACK ? "Rollback"
                                          : "Apply",
            report->n_added, report->n_changed, report->n_destroyed, report->n_failed,
            report->n_skipped);
    if (report->n_interrupted > 0)
        buf_fmt(buf, ", %zu interrupted", report->n_interrupted);
    if (report->n_not_started > 0)
        buf_fmt(buf, ", %zu not started", report->n_not_started);
    if (report->n_stacks_out > 0)
        buf_fmt(
            buf, ", nothing in %zu region%s", report->n_stacks_out,
            report->n_stacks_out == 1 ? "" : "s");
    if (!complete)
        buf_add_z(buf, ".\n");
    left_lines(buf, report);
    if (plan->mode == PLAN_DESTROY && complete)
        buf_fmt(
            buf, "Nothing of the stack is left%s.\n",
            report->n_kept_foreign > 0 ? "; what is not ours was kept" : "");
    if (report->n_kept_foreign > 0)
        buf_fmt(buf, "Kept, because not ours: %zu.\n", report->n_kept_foreign);
}
