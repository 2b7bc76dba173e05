#include "engine/reconcile/claim.h"
#include "engine/reconcile/executor.h"
#include "engine/reconcile/lease.h"
#include "engine/reconcile/observe.h"
#include "engine/reconcile/run.h"
#include "engine/resource/names.h"

/* SageMaker writes a last line to an endpoint's log group after the endpoint is gone, which makes
 * the group again. */
#define SECOND_LOOK_MS 2000

struct change_set {
    struct change **items;
    size_t len, cap;
};

static void run_all(struct reconciler *r, struct plan *plan, struct report *report, bool bucket)
{
    struct change_set set = {0};
    for (size_t i = 0; i < plan->changes.len; i++) {
        struct change *change = plan->changes.items[i];
        if (change->action != ACTION_NOOP && (change->kind == KIND_BUCKET) == bucket)
            *VEC_PUSH(r->arena, &set) = change;
    }
    run_removals(r, plan, set.items, set.len);
    run_count(r->arena, set.items, set.len, report);
}

/* Now or in an earlier run, which may have ended a moment ago. */
static bool had_endpoint(const struct plan *plan)
{
    const struct plan_context *context = plan->context;
    if (context->seen->record.endpoints.len > 0)
        return true;
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        if ((change->kind == KIND_ENDPOINT || change->kind == KIND_LOG_GROUP) &&
            change->outcome == OUTCOME_DONE)
            return true;
    }
    return false;
}

/* What cannot be aborted is found by the next listing, and named. */
static void abort_uploads(struct reconciler *r, const struct plan *plan)
{
    const struct plan_context *context = plan->context;
    struct err err = {0};
    if (r->world->ops->abort_uploads(r->world, context->want, context->seen, &err) == ERR_NONE)
        return;
    struct event event = {
        .type = EVENT_WARNING,
        .name = context->want->stack,
        .text = str_from(err.message),
        .hint = str_from(err.hint)};
    reconcile_tell(r, &event);
}

static void name_uploads(struct reconciler *r, const struct plan *plan, struct report *report)
{
    const struct plan_context *context = plan->context;
    const struct snapshot *seen = context->seen;
    for (size_t i = 0; i < seen->uploads.len; i++)
        *VEC_PUSH(r->arena, &report->left) = str_fmt(
            r->arena, "unfinished upload of s3://" STR_FMT "/" STR_FMT,
            STR_ARG(context->want->bucket),
            STR_ARG(str_slice(seen->uploads.items[i], 0, str_index(seen->uploads.items[i], '\n'))));
}

/* Lists once more, and removes what has come back. */
static enum err_code look_once(
    struct reconciler *r,
    struct plan *first,
    struct report *report,
    struct plan **ret_again,
    struct err *err)
{
    const struct plan_context *context = first->context;
    struct plan *again;
    enum err_code code = observe_and_plan(r, context->want, PLAN_DESTROY, &again, err);
    if (code != ERR_NONE)
        return err_wrap(err, "looking once more whether something is left");
    code = claim_check(first, again, err);
    if (code != ERR_NONE)
        return code;
    struct report second = {0};
    run_all(r, again, &second, false);
    report->n_destroyed += second.n_destroyed;
    report->n_kept_foreign = again->n_foreign;
    for (size_t i = 0; i < second.failed.len; i++)
        *VEC_PUSH(r->arena, &report->left) = second.failed.items[i]->address;
    *ret_again = again;
    return ERR_NONE;
}

/* What is still there and ours after everything was removed. A part that was on its way when its
 * upload was aborted leaves it there (API_AbortMultipartUpload): aborted again, and listed again.
 */
static enum err_code
look_again(struct reconciler *r, struct plan *first, struct report *report, struct err *err)
{
    struct plan *again;
    if (had_endpoint(first))
        loop_sleep_ms(r->loop, SECOND_LOOK_MS);
    enum err_code code = look_once(r, first, report, &again, err);
    const struct plan_context *context = code == ERR_NONE ? again->context : NULL;
    if (code != ERR_NONE || context->seen->uploads.len == 0 || report->left.len > 0)
        return code;
    abort_uploads(r, again);
    code = look_once(r, first, report, &again, err);
    if (code == ERR_NONE)
        name_uploads(r, again, report);
    return code;
}

static void remove_bucket(struct reconciler *r, struct plan *plan, struct report *report)
{
    size_t failed = report->n_failed, skipped = report->n_skipped;
    run_all(r, plan, report, true);
    /* A bucket that somebody else uses, too, simply stays. */
    for (size_t i = report->failed.len; i > 0 && report->n_failed > failed; i--) {
        struct change *change = report->failed.items[i - 1];
        if (change->kind != KIND_BUCKET || change->err->code != ERR_BUSY)
            break;
        struct event event = {
            .type = EVENT_NOTE,
            .name = change->old_name,
            .text = STR("the bucket is not empty and stays")};
        reconcile_tell(r, &event);
        report->failed.len--;
        report->n_failed--;
    }
    report->n_skipped = skipped;
}

/* A run that was killed behind its last step leaves nothing but its lease: no plan shows that, and
 * who takes it over gives it back. Somebody's who is at work stays. */
static enum err_code remove_stale_lease(struct reconciler *r, struct plan *plan, struct err *err)
{
    const struct plan_context *context = plan->context;
    struct lease_info info;
    struct str key = key_lease(r->arena, context->want);
    if (!r->use_lock || context->seen->objects == NULL || !map_get(context->seen->objects, key))
        return ERR_NONE;
    enum err_code code = lease_peek(r, r->arena, context->want, &info, err);
    if (code != ERR_NONE || !info.present || lease_is_live(r, &info))
        return code;
    return lease_acquire(r, context->want, "destroy", NULL, err);
}

/* Who ends half-way has removed versions: a hold that outlived them would keep the next apply from
 * making the model again. */
static void give_up_holds(struct record *record)
{
    for (size_t i = 0; i < record->models.len; i++)
        record->models.items[i].hold = (struct record_hold){.fp = STR_NULL};
}

static enum err_code
begin(struct reconciler *r, struct plan *plan, struct report *report, struct err *err)
{
    const struct plan_context *context = plan->context;
    enum err_code code = ERR_NONE;
    if (context->seen->bucket.present)
        code = lease_acquire(r, context->want, "destroy", NULL, err);
    if (code == ERR_NONE && loop_cancelled(r->loop))
        code = run_result(r, report, "destroy", err);
    if (code == ERR_NONE && context->seen->record.present) {
        give_up_holds(&context->seen->record);
        code = claim_record(r, plan, false, err);
    }
    return code;
}

/* The record says last that there is a stack; then there is nothing to hold a lease on. */
static enum err_code
end(struct reconciler *r, struct plan *plan, struct report *report, struct err *err)
{
    const struct plan_context *context = plan->context;
    if (context->seen->record.present) {
        enum err_code code = r->world->ops->record_delete(
            r->world, context->want, context->seen->record.store_etag, err);
        if (code == ERR_PRECONDITION)
            return claim_lost(context->want, err);
        if (code != ERR_NONE)
            return err_wrap(err, "removing the stack's record");
    }
    reconcile_unlock(r);
    remove_bucket(r, plan, report);
    return ERR_NONE;
}

enum err_code
run_destroy(struct reconciler *r, struct plan *plan, struct report *report, struct err *err)
{
    if (plan_is_empty(plan)) {
        report->n_kept_foreign = plan->n_foreign;
        return remove_stale_lease(r, plan, err);
    }
    enum err_code code = begin(r, plan, report, err);
    if (code != ERR_NONE)
        return code;
    run_all(r, plan, report, false);
    if (!reconcile_may_start(r))
        return run_result(r, report, "destroy", err);
    abort_uploads(r, plan);
    if (report->n_failed > 0)
        return run_result(r, report, "destroy", err);
    code = look_again(r, plan, report, err);
    if (code == ERR_NONE && report->left.len == 0 && reconcile_may_start(r))
        code = end(r, plan, report, err);
    return code != ERR_NONE ? code : run_result(r, report, "destroy", err);
}
