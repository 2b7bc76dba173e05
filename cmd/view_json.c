#include "cmd/view.h"

#include "cmd/app.h"
#include "engine/base/clock.h"
#include "engine/cost/cost.h"
#include "engine/resource/want.h"

#define PLAN_FORMAT "1.2"      /* of Terraform's plan JSON, which ours is a superset of */
#define TERRAFORM_LIKE "1.2.0" /* the release whose format that is */
#define UI_FORMAT "1.1"        /* of Terraform's machine-readable UI */

static const struct {
    enum action action;
    bool delete_first;
    const char *first, *second;
} s_actions[] = {
    {ACTION_NOOP, false, "no-op", NULL},        {ACTION_CREATE, false, "create", NULL},
    {ACTION_UPDATE, false, "update", NULL},     {ACTION_REPLACE, false, "create", "delete"},
    {ACTION_REPLACE, true, "delete", "create"}, {ACTION_DELETE, false, "delete", NULL},
};

static struct json *text(struct arena *arena, struct str value)
{
    return str_is_null(value) ? NULL : json_string(arena, value);
}

static struct json *or_null(struct arena *arena, const struct json *json)
{
    return json != NULL ? json_copy(arena, json) : json_null(arena);
}

/* {"primary_container": [{"environment": {"KEY": true}}]}: Terraform's way to say where. NULL when
 * there is nothing sensitive below. */
static struct json *sensitive(struct arena *arena, const struct json *node, bool inside)
{
    if (node == NULL || (node->type != JSON_OBJECT && node->type != JSON_ARRAY))
        return inside ? json_bool(arena, true) : NULL;
    bool any = false;
    struct json *out = node->type == JSON_OBJECT ? json_object(arena) : json_array(arena);
    JSON_EACH (child, node) {
        struct json *mark = sensitive(arena, child, str_eq(node->key, STR("environment")));
        any = any || mark != NULL;
        if (node->type == JSON_ARRAY)
            json_push(out, mark != NULL ? mark : json_object(arena));
        else if (mark != NULL)
            json_set(arena, out, child->key, mark);
    }
    return any ? out : NULL;
}

static struct json *sensitive_marks(struct arena *arena, const struct json *value)
{
    struct json *marks = sensitive(arena, value, false);
    return marks != NULL ? marks : json_object(arena);
}

/* {"field": true} for the members that only AWS can say. */
static struct json *unknown(struct arena *arena, const struct change *change)
{
    struct json *out = json_object(arena);
    const struct schema *schema = schema_of(change->kind);
    for (size_t i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];
        bool present = json_get(change->after, field->name) != NULL;
        if ((field->flags & FIELD_COMPUTED) != 0 && !present)
            json_set(arena, out, str_from(field->name), json_bool(arena, true));
    }
    return out;
}

static struct json *replace_paths(struct arena *arena, const struct change *change)
{
    struct json *out = json_array(arena);
    for (size_t i = 0; i < change->n_diffs; i++) {
        if (!change->diffs[i].replaces)
            continue;
        struct json *path = json_array(arena);
        struct str rest = change->diffs[i].path, part;
        while (str_split(&rest, '.', &part))
            json_push(path, json_string(arena, part));
        json_push(out, path);
    }
    return out->len > 0 ? out : NULL;
}

static struct json *change_body(struct arena *arena, const struct change *change)
{
    struct json *out = json_object(arena), *actions = json_array(arena);
    for (size_t i = 0; i < ARRAY_LEN(s_actions); i++)
        if (s_actions[i].action == change->action &&
            s_actions[i].delete_first == change->delete_first) {
            json_push(actions, json_z(arena, s_actions[i].first));
            if (s_actions[i].second != NULL)
                json_push(actions, json_z(arena, s_actions[i].second));
        }
    bool goes = change->action == ACTION_DELETE;
    json_put(arena, out, "actions", actions);
    json_put(arena, out, "before", or_null(arena, change->before));
    json_put(arena, out, "after", goes ? json_null(arena) : or_null(arena, change->after));
    json_put(
        arena, out, "after_unknown",
        change->action == ACTION_CREATE || change->action == ACTION_REPLACE ? unknown(arena, change)
                                                                            : json_object(arena));
    json_put(
        arena, out, "before_sensitive",
        change->before != NULL ? sensitive_marks(arena, change->before) : json_bool(arena, false));
    json_put(
        arena, out, "after_sensitive",
        change->after != NULL && !goes ? sensitive_marks(arena, change->after)
                                       : json_bool(arena, false));
    json_put(arena, out, "replace_paths", replace_paths(arena, change));
    return out;
}

/* Members common to a planned value and a change. */
static struct json *resource_head(struct arena *arena, const struct change *change)
{
    const struct schema *schema = schema_of(change->kind);
    struct json *out = json_object(arena);
    json_put(arena, out, "address", json_string(arena, change->address));
    json_put(arena, out, "mode", json_z(arena, "managed"));
    json_put(arena, out, "type", json_z(arena, schema->type));
    json_put(arena, out, "name", json_z(arena, schema->name));
    json_put(arena, out, "index", text(arena, change->index));
    json_put(arena, out, "provider_name", json_z(arena, "registry.terraform.io/hashicorp/aws"));
    return out;
}

static struct json *resource_change(struct arena *arena, const struct change *change)
{
    struct json *out = resource_head(arena, change);
    /* A thing that an unfinished run left beside the one in use is what Terraform calls deposed. */
    if (change->reason == REASON_LEFT_BEHIND && change->old_name.len > 8)
        json_put(
            arena, out, "deposed",
            json_string(arena, str_from_index(change->old_name, change->old_name.len - 8)));
    json_put(arena, out, "change", change_body(arena, change));
    if (change->reason != REASON_NONE)
        json_put(arena, out, "action_reason", json_z(arena, reason_name(change->reason)));
    else if (change->action == ACTION_REPLACE)
        json_put(arena, out, "action_reason", json_z(arena, "replace_because_cannot_update"));
    if (!str_is_empty(change->note))
        json_put(arena, out, "note", json_string(arena, change->note));
    return out;
}

static struct json *planned_value(struct arena *arena, const struct change *change)
{
    struct json *out = resource_head(arena, change);
    json_put(arena, out, "schema_version", json_int(arena, 0));
    json_put(arena, out, "values", or_null(arena, change->after));
    json_put(arena, out, "sensitive_values", sensitive_marks(arena, change->after));
    return out;
}

static struct json *model_counts(struct arena *arena, const struct plan *plan)
{
    size_t counts[ACTION_DELETE + 1] = {0};
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        if (change->kind == KIND_ARTIFACT && !change->removal_half)
            counts[change->action]++;
    }
    struct json *out = json_object(arena);
    json_put(arena, out, "add", json_int(arena, (int64_t) counts[ACTION_CREATE]));
    json_put(
        arena, out, "change",
        json_int(arena, (int64_t) (counts[ACTION_UPDATE] + counts[ACTION_REPLACE])));
    json_put(arena, out, "remove", json_int(arena, (int64_t) counts[ACTION_DELETE]));
    json_put(arena, out, "unchanged", json_int(arena, (int64_t) counts[ACTION_NOOP]));
    json_put(arena, out, "foreign", json_int(arena, (int64_t) plan->n_foreign));
    return out;
}

/* Models whose version was chosen by hand. */
struct json *view_holds_json(struct arena *arena, const struct plan *plan)
{
    struct json *out = json_array(arena);
    for (size_t i = 0; i < plan->holds.len; i++) {
        const struct plan_hold *hold = &plan->holds.items[i];
        struct json *node = json_object(arena);
        json_put(arena, node, "model", json_string(arena, hold->model));
        json_put(arena, node, "version", json_string(arena, hold->fp));
        json_put(arena, node, "pinned", json_bool(arena, hold->pinned));
        json_put(arena, node, "differs", json_bool(arena, hold->differs));
        const struct str texts[] = {hold->at, hold->by, hold->reason};
        static const char *const names[] = {"at", "by", "reason"};
        for (size_t k = 0; k < ARRAY_LEN(texts); k++)
            if (!str_is_null(texts[k]))
                json_set(arena, node, str_from(names[k]), json_string(arena, texts[k]));
        json_push(out, node);
    }
    return out;
}

/* Versions that a gate or a check holds back. */
struct json *view_held_json(struct arena *arena, const struct plan *plan)
{
    struct json *out = json_array(arena);
    for (size_t i = 0; i < plan->held.len; i++) {
        const struct plan_held *held = &plan->held.items[i];
        struct json *node = json_object(arena);
        json_put(arena, node, "model", json_string(arena, held->model));
        json_put(arena, node, "version", json_string(arena, held->fp));
        json_put(arena, node, "serving", text(arena, held->serving));
        json_put(arena, node, "by", json_z(arena, held->by_check ? "check" : "gate"));
        json_put(arena, node, "reason", json_string(arena, held->reason));
        json_push(out, node);
    }
    return out;
}

/* What Terraform's format has no place for. */
/* What partitions made of their data, with every value that has no model or another name. */
static struct json *sets_json(struct arena *arena, const struct plan *plan)
{
    struct json *list = json_array(arena);
    for (size_t i = 0; i < plan->n_sets; i++) {
        const struct want_set *set = &plan->sets[i];
        struct json *out = json_object(arena), *small = json_array(arena);
        struct json *renamed = json_array(arena);
        json_put(arena, out, "name", text(arena, set->name));
        json_put(arena, out, "source", text(arena, set->source));
        json_put(arena, out, "column", json_int(arena, set->column));
        json_put(arena, out, "models", json_int(arena, (int64_t) set->n_models));
        for (size_t k = 0; k < set->n_small; k++) {
            struct json *part = json_object(arena);
            json_put(arena, part, "value", text(arena, set->small[k]->value));
            json_put(arena, part, "rows", json_int(arena, (int64_t) set->small[k]->rows));
            json_push(small, part);
        }
        for (size_t k = 0; k < set->n_renamed; k++) {
            struct json *part = json_object(arena);
            json_put(arena, part, "value", text(arena, set->renamed[k].name));
            json_put(arena, part, "model", text(arena, set->renamed[k].value));
            json_push(renamed, part);
        }
        json_put(arena, out, "left_out", small);
        json_put(arena, out, "renamed", renamed);
        json_put(arena, out, "without_validation", json_int(arena, (int64_t) set->n_unvalidated));
        json_push(list, out);
    }
    return list;
}

static struct json *own_part(struct arena *arena, const struct plan *plan)
{
    struct json *out = json_object(arena), *summary = json_object(arena);
    json_put(arena, out, "stack", text(arena, plan->stack));
    json_put(arena, out, "account", text(arena, plan->account));
    json_put(arena, out, "region", text(arena, plan->region));
    json_put(arena, out, "uid", text(arena, plan->uid));
    json_put(arena, out, "home", text(arena, plan->home));
    json_put(arena, out, "endpoint", text(arena, plan->endpoint));
    json_put(arena, summary, "add", json_int(arena, (int64_t) plan->n_add));
    json_put(arena, summary, "change", json_int(arena, (int64_t) plan->n_change));
    json_put(arena, summary, "destroy", json_int(arena, (int64_t) plan->n_destroy));
    json_put(arena, summary, "unchanged", json_int(arena, (int64_t) plan->n_unchanged));
    json_put(arena, summary, "models", model_counts(arena, plan));
    json_put(arena, out, "summary", summary);
    json_put(arena, out, "record_only", json_bool(arena, plan->record_only));
    json_put(arena, out, "cost", text(arena, view_cost_line(arena, plan)));
    json_put(arena, out, "training_cost", view_training_json(arena, plan));
    json_put(arena, out, "note_roll", text(arena, plan->note_roll));
    json_put(arena, out, "note_blocked", text(arena, plan->note_blocked));
    json_put(arena, out, "note_busy", text(arena, plan->note_busy));
    struct json *warnings = json_array(arena);
    for (size_t i = 0; i < plan->warnings.len; i++) {
        struct json *warning = json_object(arena);
        json_put(arena, warning, "message", text(arena, plan->warnings.items[i].message));
        json_put(arena, warning, "hint", text(arena, plan->warnings.items[i].hint));
        json_push(warnings, warning);
    }
    json_put(arena, out, "warnings", warnings);
    struct json *guards = json_array(arena), *notes = json_array(arena);
    for (size_t i = 0; i < plan->guards.len; i++) {
        struct json *guard = json_object(arena);
        json_put(arena, guard, "name", json_z(arena, plan->guards.items[i].name));
        json_put(arena, guard, "message", text(arena, plan->guards.items[i].message));
        json_put(arena, guard, "hint", text(arena, plan->guards.items[i].hint));
        json_push(guards, guard);
    }
    for (size_t i = 0; i < plan->notes.len; i++)
        json_push(notes, json_string(arena, plan->notes.items[i]));
    json_put(arena, out, "guards", guards);
    json_put(arena, out, "notes", notes);
    json_put(arena, out, "model_sets", plan->n_sets > 0 ? sets_json(arena, plan) : NULL);
    json_put(arena, out, "waiting", json_int(arena, (int64_t) plan->n_waiting));
    json_put(arena, out, "holds", view_holds_json(arena, plan));
    json_put(arena, out, "held", view_held_json(arena, plan));
    json_put(arena, out, "routes", view_routes_json(arena, plan));
    return out;
}

struct json *
view_plan_json(struct arena *arena, const struct plan *plan, const struct view_options *options)
{
    struct json *out = json_object(arena);
    struct json *changes = json_array(arena), *drift = json_array(arena);
    struct json *resources = json_array(arena);
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        if (change->removal_half)
            continue;
        if (change->action != ACTION_DELETE)
            json_push(resources, planned_value(arena, change));
        if (change->action != ACTION_NOOP || options->full)
            json_push(changes, resource_change(arena, change));
    }
    for (size_t i = 0; i < plan->drift.len; i++)
        json_push(drift, resource_change(arena, plan->drift.items[i]));
    struct json *root = json_object(arena), *planned = json_object(arena);
    json_put(arena, root, "resources", resources);
    json_put(arena, planned, "root_module", root);
    json_put(arena, out, "format_version", json_z(arena, PLAN_FORMAT));
    json_put(arena, out, "terraform_version", json_z(arena, TERRAFORM_LIKE));
    json_put(arena, out, "tool_version", json_z(arena, MMECTL_VERSION));
    json_put(arena, out, "timestamp", json_string(arena, time_iso(arena, options->wall_ms)));
    json_put(
        arena, out, "applyable", json_bool(arena, !plan_is_empty(plan) && plan->guards.len == 0));
    json_put(
        arena, out, "complete",
        json_bool(arena, plan->n_waiting == 0 && plan->n_left_out == 0 && !options->refresh_only));
    json_put(arena, out, "errored", json_bool(arena, false));
    json_put(arena, out, "planned_values", planned);
    json_put(arena, out, "resource_drift", drift);
    json_put(arena, out, "resource_changes", changes);
    json_put(arena, out, "mmectl", own_part(arena, plan));
    return out;
}

/* ---- the event stream ---- */

static struct json *
line(struct arena *arena, const char *level, const char *type, struct str message, int64_t wall_ms)
{
    struct json *out = json_object(arena);
    json_put(arena, out, "@level", json_z(arena, level));
    json_put(arena, out, "@message", json_string(arena, message));
    json_put(arena, out, "@module", json_z(arena, "mmectl.ui"));
    json_put(arena, out, "@timestamp", json_string(arena, time_iso_ms(arena, wall_ms)));
    json_put(arena, out, "type", json_z(arena, type));
    return out;
}

static struct json *resource_json(struct arena *arena, const struct change *change)
{
    const struct schema *schema = schema_of(change->kind);
    struct json *out = json_object(arena);
    json_put(arena, out, "addr", json_string(arena, change->address));
    json_put(arena, out, "module", json_z(arena, ""));
    json_put(arena, out, "resource", json_string(arena, change->address));
    json_put(arena, out, "implied_provider", json_z(arena, "aws"));
    json_put(arena, out, "resource_type", json_z(arena, schema->type));
    json_put(arena, out, "resource_name", json_z(arena, schema->name));
    json_put(
        arena, out, "resource_key",
        str_is_null(change->index) ? json_null(arena) : json_string(arena, change->index));
    return out;
}

struct event_name {
    enum event_type type;
    const char *level, *name, *words;
};

static const struct event_name s_events[] = {
    {EVENT_START, "info", "apply_start", "started"},
    {EVENT_STATUS, "info", "apply_progress", "in progress"},
    {EVENT_PROGRESS, "info", "apply_progress", "in progress"},
    {EVENT_DONE, "info", "apply_complete", "complete"},
    {EVENT_FAILED, "error", "apply_errored", "errored"},
    {EVENT_SKIPPED, "warn", "apply_skipped", "skipped"},
};

static void emit(struct buf *buf, const struct json *json)
{
    json_write(buf, json, JSON_COMPACT);
}

static void put_region(struct arena *arena, struct json *out, struct str region)
{
    if (!str_is_null(region))
        json_put(arena, out, "region", json_string(arena, region));
}

static void hook_event(
    struct arena *arena,
    struct buf *buf,
    const struct event_name *name,
    const struct event *event,
    int64_t wall_ms)
{
    const struct change *change = event->change;
    struct str message = str_fmt(
        arena, STR_FMT ": %s %s", STR_ARG(change->address), action_name(change->action),
        name->words);
    struct json *out = line(arena, name->level, name->name, message, wall_ms);
    struct json *hook = json_object(arena);
    json_put(arena, hook, "resource", resource_json(arena, change));
    json_put(arena, hook, "action", json_z(arena, action_name(change->action)));
    if (!str_is_empty(change->name)) {
        json_put(arena, hook, "id_key", json_z(arena, "id"));
        json_put(arena, hook, "id_value", json_string(arena, change->name));
    }
    if (event->type != EVENT_START)
        json_put(
            arena, hook, "elapsed_seconds", json_num(arena, (double) event->elapsed_ms / 1000.0));
    json_put(arena, hook, "status", str_is_empty(event->text) ? NULL : text(arena, event->text));
    if (event->bytes_total > 0) {
        json_put(arena, hook, "bytes_done", json_int(arena, (int64_t) event->bytes_done));
        json_put(arena, hook, "bytes_total", json_int(arena, (int64_t) event->bytes_total));
    }
    if (event->type == EVENT_FAILED && change->err != NULL)
        json_put(arena, hook, "error", term_error_json(arena, change->err));
    json_put(arena, out, "hook", hook);
    put_region(arena, out, event->region);
    emit(buf, out);
}

bool view_event_json(
    struct arena *arena, struct buf *buf, const struct event *event, int64_t wall_ms)
{
    for (size_t i = 0; i < ARRAY_LEN(s_events); i++)
        if (s_events[i].type == event->type && event->change != NULL) {
            hook_event(arena, buf, &s_events[i], event, wall_ms);
            return true;
        }
    const char *type = event->type == EVENT_LOG       ? "log"
                       : event->type == EVENT_OBSERVE ? "refresh_start"
                       : event->type == EVENT_WAIT    ? "wait"
                                                      : "diagnostic";
    bool warning = event->type == EVENT_WARNING;
    if (!warning && event->type != EVENT_LOG && event->type != EVENT_OBSERVE &&
        event->type != EVENT_WAIT && event->type != EVENT_NOTE)
        return false;
    if (event->type == EVENT_NOTE)
        type = "log";
    struct json *out = line(arena, warning ? "warn" : "info", type, event->text, wall_ms);
    if (!str_is_empty(event->name))
        json_put(arena, out, "name", json_string(arena, event->name));
    if (warning) {
        struct json *diagnostic = json_object(arena);
        json_put(arena, diagnostic, "severity", json_z(arena, "warning"));
        json_put(arena, diagnostic, "summary", json_string(arena, event->text));
        json_put(
            arena, diagnostic, "detail",
            json_string(arena, str_is_null(event->hint) ? STR("") : event->hint));
        json_put(arena, out, "diagnostic", diagnostic);
    }
    put_region(arena, out, event->region);
    emit(buf, out);
    return true;
}

void view_version_json(struct arena *arena, struct buf *buf, int64_t wall_ms)
{
    struct json *out = line(arena, "info", "version", STR("mmectl"), wall_ms);
    json_put(arena, out, "terraform", json_z(arena, TERRAFORM_LIKE));
    json_put(arena, out, "ui", json_z(arena, UI_FORMAT));
    emit(buf, out);
}

void view_summary_json(
    struct arena *arena,
    struct buf *buf,
    const char *operation,
    size_t add,
    size_t change,
    size_t destroy,
    int64_t wall_ms)
{
    struct str message;
    if (str_eq(str_from(operation), STR("plan")))
        message = str_fmt(
            arena, "Plan: %zu to add, %zu to change, %zu to destroy.", add, change, destroy);
    else if (str_eq(str_from(operation), STR("destroy")))
        message = str_fmt(arena, "Destroy complete! Resources: %zu destroyed.", destroy);
    else
        message = str_fmt(
            arena, "Apply complete! Resources: %zu added, %zu changed, %zu destroyed.", add, change,
            destroy);
    struct json *out = line(arena, "info", "change_summary", message, wall_ms);
    struct json *changes = json_object(arena);
    json_put(arena, changes, "add", json_int(arena, (int64_t) add));
    json_put(arena, changes, "change", json_int(arena, (int64_t) change));
    json_put(arena, changes, "import", json_int(arena, 0));
    json_put(arena, changes, "remove", json_int(arena, (int64_t) destroy));
    json_put(arena, changes, "operation", json_z(arena, operation));
    json_put(arena, out, "changes", changes);
    emit(buf, out);
}

void view_planned_json(
    struct arena *arena,
    struct buf *buf,
    const struct change *change,
    struct str region,
    int64_t wall_ms)
{
    struct str message = str_fmt(
        arena, STR_FMT ": Plan to %s", STR_ARG(change->address), action_name(change->action));
    struct json *out = line(arena, "info", "planned_change", message, wall_ms);
    struct json *body = json_object(arena);
    json_put(arena, body, "resource", resource_json(arena, change));
    json_put(arena, body, "action", json_z(arena, action_name(change->action)));
    if (change->reason != REASON_NONE)
        json_put(arena, body, "reason", json_z(arena, reason_name(change->reason)));
    json_put(arena, out, "change", body);
    put_region(arena, out, region);
    emit(buf, out);
}

void view_error_json(struct arena *arena, struct buf *buf, const struct err *err, int64_t wall_ms)
{
    struct str message = str_fmt(arena, "Error: %s", err->message);
    struct json *out = line(arena, "error", "diagnostic", message, wall_ms);
    json_put(arena, out, "diagnostic", term_error_json(arena, err));
    emit(buf, out);
}
