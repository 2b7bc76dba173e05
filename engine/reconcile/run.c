#include "engine/reconcile/run.h"

#include "engine/plan/world.h"
#include "engine/reconcile/executor.h"
#include "engine/reconcile/planner.h"

static bool is_object(const struct change *change)
{
    return change->kind == KIND_ARTIFACT || change->kind == KIND_DATA ||
           change->kind == KIND_OUTPUT;
}

static const struct change *blocked_by(const struct change *change)
{
    for (size_t i = 0; i < change->n_needs; i++)
        if (change->needs[i]->action != ACTION_NOOP && change->needs[i]->outcome != OUTCOME_DONE)
            return change->needs[i];
    return NULL;
}

static void remove_batch(
    struct reconciler *r, const struct plan_context *context, struct change **batch, size_t n)
{
    struct err err = {0};
    int64_t now = clock_mono_ms(loop_clock(r->loop));
    for (size_t i = 0; i < n; i++) {
        batch[i]->started_ms = now;
        reconcile_tell_change(r, EVENT_START, batch[i], STR_NULL);
    }
    enum err_code code =
        r->world->ops->remove_objects(r->world, r->arena, context->want, batch, n, &err);
    now = clock_mono_ms(loop_clock(r->loop));
    for (size_t i = 0; i < n; i++) {
        batch[i]->ended_ms = now;
        if (code != ERR_NONE && batch[i]->outcome == OUTCOME_PENDING) {
            batch[i]->outcome = OUTCOME_FAILED;
            batch[i]->err = ARENA_NEW(r->arena, struct err);
            *batch[i]->err = err;
        }
        bool done = batch[i]->outcome == OUTCOME_DONE;
        r->failed = r->failed || !done;
        reconcile_tell_change(
            r, done ? EVENT_DONE : EVENT_FAILED, batch[i],
            batch[i]->err != NULL ? str_from(batch[i]->err->message) : STR_NULL);
    }
}

void run_removals(struct reconciler *r, struct plan *plan, struct change **changes, size_t count)
{
    const struct plan_context *context = plan->context;
    struct change **others = ARENA_ARRAY(r->arena, count, struct change *);
    struct change **objects = ARENA_ARRAY(r->arena, count, struct change *);
    size_t n_others = 0, n_objects = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_object(changes[i]))
            objects[n_objects++] = changes[i];
        else
            others[n_others++] = changes[i];
    }
    execute_phase(r, context->want, context->seen, others, n_others);
    size_t ready = 0;
    for (size_t i = 0; i < n_objects; i++) {
        const struct change *blocked = blocked_by(objects[i]);
        if (blocked == NULL && reconcile_may_start(r))
            objects[ready++] = objects[i];
        else
            reconcile_skip(r, objects[i], blocked);
    }
    if (ready > 0)
        remove_batch(r, context, objects, ready);
}

static void count_done(const struct change *change, struct report *report)
{
    size_t members = change->n_members > 0 ? change->n_members : 1;
    if ((schema_of(change->kind)->flags & KIND_FLAG_UNCOUNTED) != 0 || change->uncounted)
        return;
    switch (change->action) {
    case ACTION_NOOP:
        break;
    case ACTION_CREATE:
        report->n_added += members;
        break;
    case ACTION_REPLACE:
        report->n_added += members;
        if (str_is_null(change->old_name)) /* in its place; else the removal is counted itself */
            report->n_destroyed += members;
        break;
    case ACTION_UPDATE:
        report->n_changed += members;
        break;
    case ACTION_DELETE:
        /* The old copy of an artifact that moved along was no thing of its own. */
        if (!change->removal_half || change->reason != REASON_NEW_GENERATION)
            report->n_destroyed += members;
        break;
    }
}

void run_count(struct arena *arena, struct change **changes, size_t count, struct report *report)
{
    for (size_t i = 0; i < count; i++) {
        struct change *change = changes[i];
        if (change->outcome == OUTCOME_DONE)
            count_done(change, report);
        if (change->outcome == OUTCOME_FAILED && change->err->code == ERR_CANCELLED) {
            report->n_interrupted++;
        } else if (change->outcome == OUTCOME_FAILED) {
            report->n_failed++;
            *VEC_PUSH(arena, &report->failed) = change;
        }
        report->n_skipped += change->outcome == OUTCOME_SKIPPED && change->err != NULL;
        report->n_not_started += change->outcome == OUTCOME_SKIPPED && change->err == NULL;
    }
}

enum err_code
run_result(struct reconciler *r, const struct report *report, const char *what, struct err *err)
{
    for (size_t i = 0; i < report->failed.len; i++) {
        const struct change *change = report->failed.items[i];
        /* How the endpoint ended says more than that something was not done. */
        bool lost = change->kind == KIND_ENDPOINT && change->err->code == ERR_PRECONDITION;
        if (lost || change->err->code == ERR_ROLLED_BACK) {
            *err = *change->err;
            return err->code;
        }
    }
    if (loop_cancelled(r->loop))
        return err_set(err, ERR_CANCELLED, "interrupted; run the same command again to go on");
    if (r->ends.code != ERR_NONE) {
        *err = r->ends;
        return err->code;
    }
    if (report->n_failed == 0 && report->left.len == 0)
        return ERR_NONE;
    size_t done = report->n_added + report->n_changed + report->n_destroyed;
    if (report->n_failed > 0 && done == 0) {
        *err = *report->failed.items[0]->err; /* nothing was changed: a plain error */
        return err->code;
    }
    if (report->n_failed == 0)
        err_set(err, ERR_PARTIAL, "%s was not finished: %zu left", what, report->left.len);
    else if (report->n_not_started == 0)
        err_set(
            err, ERR_PARTIAL, "%s was not finished: %zu failed, %zu skipped", what,
            report->n_failed, report->n_skipped);
    else
        err_set(
            err, ERR_PARTIAL, "%s was not finished: %zu failed, %zu skipped, %zu not started", what,
            report->n_failed, report->n_skipped, report->n_not_started);
    return err_hint(err, "run the same command again; what is done stays done");
}
