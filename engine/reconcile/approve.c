#include "engine/reconcile/approve.h"

#include "engine/base/digest.h"
#include "engine/reconcile/executor.h"
#include "engine/reconcile/guard.h"
#include "engine/resource/names.h"

#define TOLD_DIFFERENCES 50 /* by name; the rest is counted */

static void add(struct buf *buf, const char *what, struct str a, struct str b)
{
    buf_fmt(buf, "%s " STR_FMT " " STR_FMT "\n", what, STR_ARG(a), STR_ARG(b));
}

struct str plan_observed(struct arena *arena, const struct plan *plan)
{
    const struct plan_context *context = plan->context;
    const struct snapshot *seen = context->seen;
    struct buf all AUTO(buf_done) = BUF_INIT(MIB(256));
    add(&all, "bucket", seen->bucket.present ? STR("there") : STR("absent"), seen->bucket.region);
    struct str lease = key_lease(arena, context->want); /* our own, by now */
    for (size_t i = 0; i < map_len(seen->objects); i++) {
        const struct seen_object *object = map_value_at(seen->objects, i);
        if (str_eq(object->key, lease))
            continue;
        add(&all, "object", object->key, object->etag);
    }
    add(&all, "endpoint", seen->endpoint.status, seen->endpoint.config);
    add(&all, "pending", seen->endpoint.pending_config, seen->endpoint.failure_reason);
    for (size_t i = 0; i < seen->configs.len; i++)
        add(&all, "config", seen->configs.items[i].name, STR_NULL);
    for (size_t i = 0; i < seen->models.len; i++)
        add(&all, "model", seen->models.items[i].name, STR_NULL);
    for (size_t i = 0; i < seen->jobs.len; i++)
        add(&all, "job", seen->jobs.items[i].name, seen->jobs.items[i].status);
    return sha256_hex(arena, buf_str(&all));
}

static void tell(struct reconciler *r, struct str text)
{
    struct event event = {.type = EVENT_NOTE, .text = text};
    reconcile_tell(r, &event);
}

static void tell_difference(struct reconciler *r, const struct saved_difference *difference)
{
    struct str address = difference->address;
    struct str before = difference->before, after = difference->after;
    if (str_is_null(before))
        tell(
            r, str_fmt(
                   r->arena, "not in the saved plan: " STR_FMT " (" STR_FMT ")", STR_ARG(address),
                   STR_ARG(after)));
    else if (str_is_null(after))
        tell(
            r, str_fmt(
                   r->arena, "only in the saved plan: " STR_FMT " (" STR_FMT ")", STR_ARG(address),
                   STR_ARG(before)));
    else
        tell(
            r, str_fmt(
                   r->arena, "not as in the saved plan: " STR_FMT " (" STR_FMT ", now " STR_FMT ")",
                   STR_ARG(address), STR_ARG(before), STR_ARG(after)));
}

static enum err_code refuse(
    struct reconciler *r,
    const struct plan *plan,
    const struct saved_differences *found,
    struct err *err)
{
    for (size_t i = 0; i < found->len && i < TOLD_DIFFERENCES; i++)
        tell_difference(r, &found->items[i]);
    if (found->len > TOLD_DIFFERENCES)
        tell(r, str_fmt(r->arena, "and %zu more differences", found->len - TOLD_DIFFERENCES));
    err_set(
        err, ERR_PRECONDITION, "Saved plan is stale: stack '" STR_FMT "' needs %s now",
        STR_ARG(plan->stack), plan_is_empty(plan) ? "nothing" : "something else");
    bool same = str_eq(plan_observed(r->arena, plan), r->approved->observed_sha256);
    return err_hint(
        err, "%s since it was made; look at a new plan",
        same ? "the spec's data, a variable or an option changed" : "what is in AWS changed");
}

enum err_code plan_approve(struct reconciler *r, const struct plan *plan, struct err *err)
{
    enum err_code code = guard_check(plan, err);
    if (code != ERR_NONE || r->approved == NULL)
        return code;
    struct saved_stack now;
    saved_describe(r->arena, plan, &now);
    struct saved_differences found = saved_compare(r->arena, r->approved, &now);
    return found.len == 0 ? ERR_NONE : refuse(r, plan, &found, err);
}
