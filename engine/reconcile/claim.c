#include "engine/reconcile/claim.h"

#include "engine/plan/world.h"
#include "engine/reconcile/executor.h"

enum err_code claim_lost(const struct want *want, struct err *err)
{
    err_set(
        err, ERR_PRECONDITION, "another run changed stack '" STR_FMT "' in the meantime",
        STR_ARG(want->stack));
    return err_hint(err, "wait for it to end, then run the same command again");
}

enum err_code claim_write(
    struct reconciler *r,
    const struct want *want,
    struct snapshot *seen,
    struct record *record,
    struct err *err)
{
    record->serial = seen->record.serial + 1;
    struct str if_etag = seen->record.present ? seen->record.store_etag : STR_NULL;
    struct str etag;
    enum err_code code = r->world->ops->record_write(
        r->world, r->arena, want, record_text(r->arena, record), if_etag, &etag, err);
    if (code == ERR_PRECONDITION)
        return claim_lost(want, err);
    if (code != ERR_NONE)
        return err_wrap(err, "writing the stack's record");
    seen->record.serial = record->serial;
    seen->record.store_etag = etag;
    seen->record.present = true;
    return ERR_NONE;
}

/* Once in a stack's life: does this S3 check the conditions that keep two runs apart? */
static enum err_code
ask_store(struct reconciler *r, const struct want *want, struct record *record, struct err *err)
{
    enum err_code code = r->world->ops->probe_conditions(r->world, r->arena, want, record, err);
    if (code != ERR_NONE || record->conditions_missing == 0)
        return code;
    struct event event = {
        .type = EVENT_WARNING,
        .name = want->bucket,
        .text = STR("this S3 ignores conditional requests; mmectl looks before it "
                    "writes and deletes instead"),
        .hint = STR("never run two applies of this stack at once here")};
    reconcile_tell(r, &event);
    return ERR_NONE;
}

enum err_code claim_record(struct reconciler *r, const struct plan *plan, bool ask, struct err *err)
{
    const struct plan_context *context = plan->context;
    struct record record = context->seen->record;
    record.present = true;
    record.stack = context->want->stack;
    record.uid = context->want->uid;
    record.home = context->want->home;
    record.writer = r->writer;
    enum err_code code = ERR_NONE;
    if (ask && !record.conditions_known)
        code = ask_store(r, context->want, &record, err);
    if (code == ERR_NONE)
        code = claim_write(r, context->want, context->seen, &record, err);
    if (code == ERR_NONE) {
        context->seen->record.conditions_known = record.conditions_known;
        context->seen->record.conditions_missing = record.conditions_missing;
        context->seen->record.stack = record.stack;
        context->seen->record.uid = record.uid;
        context->seen->record.home = record.home;
    }
    return code;
}

enum err_code claim_check(const struct plan *first, const struct plan *second, struct err *err)
{
    const struct plan_context *claimed = first->context, *seen = second->context;
    if (!claimed->seen->record.present ||
        (seen->seen->record.present &&
         str_eq(seen->seen->record.store_etag, claimed->seen->record.store_etag)))
        return ERR_NONE;
    return claim_lost(claimed->want, err);
}
