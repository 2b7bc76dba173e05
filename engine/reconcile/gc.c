#include "engine/reconcile/gc.h"

#include "engine/plan/world.h"
#include "engine/reconcile/claim.h"
#include "engine/reconcile/desired.h"
#include "engine/reconcile/executor.h"
#include "engine/reconcile/fan.h"
#include "engine/reconcile/lease.h"
#include "engine/reconcile/observe.h"
#include "engine/reconcile/run.h"

struct suspects {
    struct reconciler *r;
    const struct want *want;
    struct seen_job **items;
};

static enum err_code inspect_job(void *arg, size_t index, struct err *err)
{
    struct suspects *s = arg;
    return s->r->world->ops->inspect_job(s->r->world, s->r->arena, s->want, s->items[index], err);
}

static enum err_code
look(struct reconciler *r, struct want *want, struct garbage **ret_garbage, struct err *err)
{
    struct snapshot *seen = ARENA_NEW(r->arena, struct snapshot);
    struct event event = {.type = EVENT_OBSERVE, .name = want->stack, .text = STR("live state")};
    reconcile_tell(r, &event);
    struct plan *apply;
    enum err_code code = r->world->ops->observe(r->world, r->arena, want, true, seen, err);
    if (code == ERR_NONE)
        code = plan_seen(r, want, seen, PLAN_APPLY, &apply, err);
    if (code != ERR_NONE)
        return code;
    size_t count;
    struct suspects suspects = {r, want, gc_suspects(r->arena, apply, &count)};
    code = fan_out(r->loop, r->arena, count, inspect_job, &suspects, err);
    if (code == ERR_NONE)
        *ret_garbage = gc_build(r->arena, apply);
    return code;
}

enum err_code gc_plan(
    struct reconciler *r, const struct spec *spec, struct garbage **ret_garbage, struct err *err)
{
    struct want *want;
    enum err_code code = desired_build(r, spec, false, &want, err);
    return code == ERR_NONE ? look(r, want, ret_garbage, err) : code;
}

static bool goes(const struct plan *plan, struct str key)
{
    for (size_t i = 0; i < plan->changes.len; i++)
        if (str_eq(plan->changes.items[i]->old_name, key))
            return true;
    return false;
}

/* Nobody can go back to a version whose object goes: the record says so first. */
static enum err_code
write_record(struct reconciler *r, const struct garbage *garbage, struct err *err)
{
    const struct plan_context *context = garbage->plan->context;
    struct record record = context->seen->record;
    if (!record.present)
        return ERR_NONE;
    record.models.items = NULL;
    record.models.len = record.models.cap = 0;
    for (size_t i = 0; i < context->seen->record.models.len; i++) {
        struct record_model *model = VEC_PUSH(r->arena, &record.models);
        *model = context->seen->record.models.items[i];
        model->history.items = NULL;
        model->history.len = model->history.cap = 0;
        const struct record_model *before = &context->seen->record.models.items[i];
        for (size_t k = 0; k < before->history.len; k++)
            if (!goes(garbage->plan, before->history.items[k].key))
                *VEC_PUSH(r->arena, &model->history) = before->history.items[k];
    }
    record.writer = r->writer;
    return claim_write(r, context->want, context->seen, &record, err);
}

static enum err_code
carry_out(struct reconciler *r, struct garbage *garbage, struct report *report, struct err *err)
{
    const struct plan_context *context = garbage->plan->context;
    struct plan *plan = garbage->plan;
    enum err_code code = write_record(r, garbage, err);
    if (code != ERR_NONE)
        return code;
    run_removals(r, plan, plan->changes.items, plan->changes.len);
    run_count(r->arena, plan->changes.items, plan->changes.len, report);
    code = r->world->ops->abort_uploads(r->world, context->want, context->seen, err);
    return code == ERR_NONE ? run_result(r, report, "gc", err) : code;
}

enum err_code gc_execute(
    struct reconciler *r, const struct spec *spec, struct report *ret_report, struct err *err)
{
    *ret_report = (struct report){0};
    struct want *want;
    struct garbage *garbage;
    enum err_code code = desired_build(r, spec, false, &want, err);
    if (code == ERR_NONE)
        code = lease_acquire(r, want, "gc", NULL, err);
    if (code != ERR_NONE)
        return code;
    code = look(r, want, &garbage, err);
    if (code == ERR_NONE && !garbage_is_none(garbage))
        code = carry_out(r, garbage, ret_report, err);
    lease_release(r->lease);
    return code;
}
