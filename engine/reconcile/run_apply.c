#include "engine/base/map.h"
#include "engine/reconcile/checkpoint.h"
#include "engine/reconcile/claim.h"
#include "engine/reconcile/executor.h"
#include "engine/reconcile/gates.h"
#include "engine/reconcile/lease.h"
#include "engine/reconcile/observe.h"
#include "engine/reconcile/regions.h"
#include "engine/reconcile/run.h"
#include "engine/stack/route.h"

#define TOLD_MODELS 20 /* beyond these, the plan's number says it */

enum stage { STAGE_BUCKET, STAGE_TRAIN, STAGE_PUBLISH, STAGE_REMOVE };

static enum stage stage_of(const struct change *change)
{
    if (change->action == ACTION_DELETE)
        return STAGE_REMOVE;
    switch (change->kind) {
    case KIND_BUCKET:
        return STAGE_BUCKET;
    case KIND_DATA:
    case KIND_TRAINING_JOB:
    case KIND_LOCAL_TRAINING:
        return STAGE_TRAIN;
    case KIND_ARTIFACT:
    case KIND_MODEL:
    case KIND_ENDPOINT_CONFIG:
    case KIND_ENDPOINT:
    case KIND_OUTPUT:
    case KIND_LOG_GROUP:
    case KIND_SCALING_TARGET:
    case KIND_SCALING_POLICY:
    case KIND_COUNT:
        break;
    }
    return STAGE_PUBLISH;
}

struct stage_set {
    struct change **items;
    size_t len, cap;
};

static struct stage_set changes_of(struct arena *arena, const struct plan *plan, enum stage stage)
{
    struct stage_set set = {0};
    for (size_t i = 0; i < plan->changes.len; i++) {
        struct change *change = plan->changes.items[i];
        if (change->action != ACTION_NOOP && change->outcome == OUTCOME_PENDING &&
            stage_of(change) == stage)
            *VEC_PUSH(arena, &set) = change;
    }
    return set;
}

static void
run_stage(struct reconciler *r, struct plan *plan, enum stage stage, struct report *report)
{
    const struct plan_context *context = plan->context;
    struct stage_set set = changes_of(r->arena, plan, stage);
    if (stage == STAGE_REMOVE)
        run_removals(r, plan, set.items, set.len);
    else
        execute_phase(r, context->want, context->seen, set.items, set.len);
    run_count(r->arena, set.items, set.len, report);
}

static bool is_rolled(const struct plan *plan)
{
    const struct plan_context *context = plan->context;
    if (str_is_null(context->wanted_config) || !str_is_null(plan->note_blocked))
        return false;
    return context->endpoint == NULL || context->endpoint->outcome == OUTCOME_DONE;
}

static bool has_moved(const struct plan_route *route, const struct record_route *now)
{
    const struct json *wanted = json_get(route->after, "split");
    if (now == NULL || wanted == NULL)
        return wanted == NULL && now == NULL;
    bool moved =
        now->split.len == wanted->len && str_eq(now->shadow, json_get_str(route->after, "shadow"));
    JSON_EACH (share, wanted) {
        moved = moved && route_weight(now, share->key) == share->integer;
    }
    return moved;
}

static void tell_routes(struct reconciler *r, const struct plan *plan, const struct record *record)
{
    static const char *const s_words[] = {
        [ACTION_CREATE] = "published", [ACTION_UPDATE] = "changed", [ACTION_DELETE] = "removed"};
    for (size_t i = 0; i < plan->routes.len; i++) {
        const struct plan_route *route = &plan->routes.items[i];
        struct event event = {.type = EVENT_NOTE};
        if (has_moved(route, route_find(record, route->name)))
            event.text = str_fmt(
                r->arena, "route '" STR_FMT "' %s: " STR_FMT, STR_ARG(route->name),
                s_words[route->action], STR_ARG(route->text));
        else
            event.text = str_fmt(
                r->arena,
                "route '" STR_FMT "' stays as it was: not all of its models could be published",
                STR_ARG(route->name));
        reconcile_tell(r, &event);
    }
}

static enum err_code commit(struct reconciler *r, const struct plan *plan, struct err *err)
{
    const struct plan_context *context = plan->context;
    struct str now = time_iso(r->arena, clock_wall_ms(loop_clock(r->loop)));
    struct record record = record_after(r->arena, plan, is_rolled(plan), now, r->writer);
    bool more = checkpoint_keep(r->checkpoint, &record);
    enum err_code code = ERR_NONE;
    if (more || !record_same(&record, &context->seen->record))
        code = claim_write(r, context->want, context->seen, &record, err);
    if (code == ERR_NONE)
        tell_routes(r, plan, &record);
    return code;
}

/* What a training of this run brought; true when a gate holds it back. */
static bool judge(struct reconciler *r, struct want_model *model, const struct change *change)
{
    const struct training_plan *training = change->subject;
    struct want_run *run = want_run_edit(r->arena, model);
    bool here = change->kind == KIND_LOCAL_TRAINING;
    if (here)
        run->result = training->trained;
    else
        run->made_at = training->artifact;
    run->metrics = here ? training->trained->metrics : training->metrics;
    model->retrained = true;
    return model->n_gates > 0 && !str_is_null(gates_fault(r->arena, model, run->metrics));
}

/* Models whose training failed in this run, or that a gate holds back: the rest is planned again
 * without them. What was trained here is kept for the second plan. */
static bool note_training(struct reconciler *r, struct plan *plan)
{
    const struct plan_context *context = plan->context;
    bool again = false;
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        if (change->kind != KIND_TRAINING_JOB && change->kind != KIND_LOCAL_TRAINING)
            continue;
        const struct training_plan *training = change->subject;
        /* Ours to mark: the want was built for this run. */
        size_t index = (size_t) (training->model - context->want->models);
        struct want_model *model = &context->want->models[index];
        if (change->outcome == OUTCOME_DONE) {
            again = judge(r, model, change) || again;
        } else {
            model->failed = true;
            again = true;
        }
    }
    return again;
}

static enum err_code
plan_rest(struct reconciler *r, struct plan *first, struct plan **ret_plan, struct err *err)
{
    const struct plan_context *context = first->context;
    struct plan *plan;
    enum err_code code = observe_and_plan(r, context->want, PLAN_APPLY, &plan, err);
    if (code != ERR_NONE)
        return code;
    code = claim_check(first, plan, err);
    if (code != ERR_NONE)
        return code;
    *ret_plan = plan;
    return ERR_NONE;
}

/* What did not come off is not tried twice in one run: how it ended holds for the second plan's
 * change, too. An endpoint's update that rolled back takes as long again. */
static void keep_failures(struct reconciler *r, const struct plan *first, const struct plan *second)
{
    struct map *failed = map_new(r->arena);
    for (size_t i = 0; i < first->changes.len; i++) {
        struct change *change = first->changes.items[i];
        if (change->outcome == OUTCOME_FAILED || change->outcome == OUTCOME_SKIPPED)
            (void) map_put(failed, change->address, change);
    }
    for (size_t i = 0; i < second->changes.len; i++) {
        struct change *change = second->changes.items[i];
        const struct change *before =
            change->action != ACTION_DELETE ? map_get(failed, change->address) : NULL;
        if (before == NULL)
            continue;
        change->outcome = before->outcome;
        change->err = before->err;
    }
}

/* It answers, on instances of two configurations, and no update of ours mends that. */
static enum err_code check_serving(const struct plan *plan, struct err *err)
{
    const struct plan_context *context = plan->context;
    const struct seen_endpoint *endpoint = &context->seen->endpoint;
    if (context->endpoint != NULL || !str_eq(endpoint->status, STR("UpdateRollbackFailed")))
        return ERR_NONE;
    err_set(
        err, ERR_ROLLED_BACK, "endpoint '" STR_FMT "' is UpdateRollbackFailed: " STR_FMT,
        STR_ARG(endpoint->name),
        STR_ARG(
            str_is_empty(endpoint->failure_reason) ? STR("SageMaker gave no reason")
                                                   : endpoint->failure_reason));
    return err_hint(
        err, "it runs on instances of two configurations; make it anew with "
             "--replace=aws_sagemaker_endpoint.this, or ask AWS support");
}

/* Told while the run goes on: the plan that people saw did not know it yet. */
static void tell_held(struct reconciler *r, const struct plan *plan)
{
    for (size_t i = 0, told = 0; i < plan->held.len && told < TOLD_MODELS; i++) {
        const struct plan_held *held = &plan->held.items[i];
        struct event event = {
            .type = EVENT_WARNING,
            .name = held->model,
            .text = held->text,
            .hint = held->by_check ? STR("'mmectl history' shows it; other checks call what was "
                                         "made again, without training it")
                                   : STR("'mmectl history' shows it; another gate judges what was "
                                         "made again, without training it")};
        if (!held->fresh)
            continue;
        reconcile_tell(r, &event);
        told++;
    }
}

/* A version that this run made and did not publish: the stack is not where the spec wants it. */
static enum err_code held_result(const struct plan *plan, struct err *err)
{
    size_t fresh = 0;
    const struct plan_held *first = NULL;
    for (size_t i = 0; i < plan->held.len; i++) {
        if (plan->held.items[i].fresh && fresh++ == 0)
            first = &plan->held.items[i];
    }
    if (fresh == 0)
        return ERR_NONE;
    if (fresh == 1)
        err_set(err, ERR_PARTIAL, STR_FMT, STR_ARG(first->text));
    else
        err_set(
            err, ERR_PARTIAL, "%zu models are held by gates or checks and not published", fresh);
    return err_hint(err, "the rest is done; run 'mmectl history' to see what is held");
}

/* What the plan could not do is not success, even when all it did went well. */
static enum err_code apply_result(
    struct reconciler *r, const struct plan *plan, const struct report *report, struct err *err)
{
    enum err_code code = run_result(r, report, "apply", err);
    if (code != ERR_NONE)
        return code;
    if (!str_is_null(plan->note_blocked)) {
        err_set(err, ERR_ROLLED_BACK, STR_FMT, STR_ARG(plan->note_blocked));
        return err_hint(
            err, "change what is deployed, or try the same once more with --retry-failed");
    }
    code = run_checks_result(((const struct plan_context *) plan->context)->want, err);
    if (code != ERR_NONE)
        return code;
    if (plan->n_left_out > 0) {
        err_set(
            err, ERR_PARTIAL, "%zu model%s could not be made and %s left out", plan->n_left_out,
            plan->n_left_out == 1 ? "" : "s", plan->n_left_out == 1 ? "is" : "are");
        return err_hint(err, "the messages above say why");
    }
    code = check_serving(plan, err);
    return code == ERR_NONE ? held_result(plan, err) : code;
}

/* Bucket, lease, record: from here on it is this run's turn. */
static enum err_code
begin(struct reconciler *r, struct plan *plan, struct report *report, struct err *err)
{
    const struct plan_context *context = plan->context;
    run_stage(r, plan, STAGE_BUCKET, report);
    if (report->n_failed > 0 || loop_cancelled(r->loop))
        return run_result(r, report, "apply", err);
    enum err_code code = lease_acquire(r, context->want, "apply", NULL, err);
    return code == ERR_NONE ? claim_record(r, plan, true, err) : code;
}

/* Makes what the record will say true. */
static enum err_code
make(struct reconciler *r, struct plan **plan, struct report *report, struct err *err)
{
    run_stage(r, *plan, STAGE_TRAIN, report);
    if (note_training(r, *plan) && !loop_cancelled(r->loop) && !(r->fail_fast && r->failed)) {
        enum err_code code = plan_rest(r, *plan, plan, err);
        if (code != ERR_NONE)
            return code;
        tell_held(r, *plan);
    }
    r->checkpoint = checkpoint_new(r, *plan);
    run_stage(r, *plan, STAGE_PUBLISH, report);
    return ERR_NONE;
}

/* A version that does not pass is taken out of the endpoint's reach again, before the record names
 * it. With stable names the endpoint has rolled: it is told. */
static enum err_code
check_versions(struct reconciler *r, struct plan **plan, struct report *report, struct err *err)
{
    const struct want *want = ((const struct plan_context *) (*plan)->context)->want;
    if (run_checks(r, *plan) || want->stable)
        return ERR_NONE;
    for (size_t i = 0; i < want->n_models; i++)
        want->models[i].failed =
            want->models[i].failed || !str_is_null(want_run(&want->models[i])->uncalled);
    struct plan *first = *plan;
    enum err_code code = plan_rest(r, first, plan, err);
    if (code != ERR_NONE)
        return code;
    keep_failures(r, first, *plan);
    tell_held(r, *plan);
    run_stage(r, *plan, STAGE_PUBLISH, report);
    return ERR_NONE;
}

enum err_code
run_apply(struct reconciler *r, struct plan *plan, struct report *report, struct err *err)
{
    enum err_code code = ERR_NONE;
    if (plan_is_empty(plan))
        return apply_result(r, plan, report, err);
    if (plan->record_only)
        code = lease_acquire(
            r, ((const struct plan_context *) plan->context)->want, "apply", NULL, err);
    else
        code = begin(r, plan, report, err);
    if (code == ERR_NONE && !plan->record_only)
        code = make(r, &plan, report, err);
    if (code == ERR_NONE && r->ends.code == ERR_NONE)
        code = check_versions(r, &plan, report, err);
    /* Without the lease nothing more is changed; what was made is found by the next run. */
    if (code == ERR_NONE && r->ends.code == ERR_NONE)
        code = commit(r, plan, err);
    r->checkpoint = NULL;
    if (code != ERR_NONE)
        return code;
    regions_wait_for_readers(r);
    run_stage(r, plan, STAGE_REMOVE, report);
    return apply_result(r, plan, report, err);
}
