#include "engine/reconcile/forget.h"

#include "engine/plan/world.h"
#include "engine/reconcile/claim.h"
#include "engine/reconcile/desired.h"
#include "engine/reconcile/executor.h"
#include "engine/reconcile/fan.h"
#include "engine/reconcile/lease.h"

struct asking {
    struct reconciler *r;
    const struct want *want;
    struct snapshot *seen;
};

static enum err_code inspect_job(void *arg, size_t index, struct err *err)
{
    struct asking *a = arg;
    return a->r->world->ops->inspect_job(
        a->r->world, a->r->arena, a->want, &a->seen->jobs.items[index], err);
}

enum err_code forget_plan(
    struct reconciler *r,
    const struct spec *spec,
    struct str address,
    struct forgetting **ret_forgetting,
    struct err *err)
{
    struct want *want;
    struct snapshot *seen = ARENA_NEW(r->arena, struct snapshot);
    enum err_code code = desired_build(r, spec, true, &want, err);
    if (code != ERR_NONE)
        return code;
    struct event event = {.type = EVENT_OBSERVE, .name = want->stack, .text = STR("live state")};
    reconcile_tell(r, &event);
    code = r->world->ops->observe(r->world, r->arena, want, true, seen, err);
    struct asking asking = {r, want, seen};
    if (code == ERR_NONE)
        code = fan_out(r->loop, r->arena, seen->jobs.len, inspect_job, &asking, err);
    if (code == ERR_NONE)
        code = forget_build(r->arena, want, seen, address, ret_forgetting, err);
    return code;
}

static enum err_code untag(struct reconciler *r, const struct forget_item *item, struct err *err)
{
    enum err_code code = r->world->ops->untag(r->world, r->arena, item->arn, err);
    return code == ERR_NONE ? code : err_wrap(err, "forgetting " STR_FMT, STR_ARG(item->address));
}

static enum err_code
drop_record(struct reconciler *r, const struct forgetting *forgetting, struct err *err)
{
    enum err_code code = r->world->ops->record_delete(
        r->world, forgetting->want, forgetting->seen->record.store_etag, err);
    if (code == ERR_PRECONDITION)
        return claim_lost(forgetting->want, err);
    return code == ERR_NONE ? code : err_wrap(err, "removing the stack's record");
}

static enum err_code carry_out(struct reconciler *r, struct forgetting *forgetting, struct err *err)
{
    enum err_code code = ERR_NONE;
    for (size_t i = 0; code == ERR_NONE && i < forgetting->items.len; i++)
        code = untag(r, &forgetting->items.items[i], err);
    if (code == ERR_NONE && forgetting->untags_bucket)
        code = r->world->ops->untag_bucket(r->world, r->arena, forgetting->want, err);
    if (code == ERR_NONE && forgetting->writes_record) {
        forgetting->record.writer = r->writer;
        code = claim_write(r, forgetting->want, forgetting->seen, &forgetting->record, err);
    }
    if (code == ERR_NONE && forgetting->deletes_record)
        code = drop_record(r, forgetting, err);
    return code;
}

enum err_code forget_execute(
    struct reconciler *r,
    const struct spec *spec,
    struct str address,
    size_t *ret_forgotten,
    struct err *err)
{
    struct forgetting *forgetting;
    enum err_code code = forget_plan(r, spec, address, &forgetting, err);
    if (code != ERR_NONE)
        return code;
    *ret_forgotten = forgetting->items.len;
    if (forgetting->seen->bucket.present)
        code = lease_acquire(r, forgetting->want, "forget", NULL, err);
    if (code != ERR_NONE)
        return code;
    code = carry_out(r, forgetting, err);
    lease_release(r->lease);
    return code;
}
