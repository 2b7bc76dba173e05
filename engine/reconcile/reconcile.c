#include "engine/reconcile/reconcile.h"

#include "engine/reconcile/approve.h"
#include "engine/reconcile/desired.h"
#include "engine/reconcile/executor.h"
#include "engine/reconcile/lease.h"
#include "engine/reconcile/observe.h"
#include "engine/reconcile/regions.h"
#include "engine/reconcile/run.h"
#include "engine/reconcile/settle.h"
#include "engine/resource/failure.h"
#include "engine/resource/names.h"

void reconcile_warn_other_run(struct reconciler *r, struct plan *plan)
{
    if (!str_is_null(plan->other_run))
        *VEC_PUSH(r->arena, &plan->warnings) = (struct plan_warning){
            plan->other_run, STR("what it changes may show here; plan again when it has ended")};
}

/* Somebody is changing what was just looked at. Costs nothing while nobody is: the listing shows
 * whether there is a lease. */
static enum err_code note_lease(struct reconciler *r, struct plan *plan, struct err *err)
{
    const struct plan_context *context = plan->context;
    struct lease_info info;
    if (context->seen->objects == NULL ||
        map_get(context->seen->objects, key_lease(r->arena, context->want)) == NULL)
        return ERR_NONE;
    enum err_code code = lease_peek(r, r->arena, context->want, &info, err);
    if (code != ERR_NONE || !lease_is_live(r, &info))
        return code;
    plan->other_run = str_fmt(
        r->arena, STR_FMT " in progress by " STR_FMT " since " STR_FMT,
        STR_ARG(info.operation.len > 0 ? info.operation : STR("apply")), STR_ARG(info.who),
        STR_ARG(info.created));
    reconcile_warn_other_run(r, plan);
    return ERR_NONE;
}

enum err_code reconcile_plan(
    struct reconciler *r,
    const struct spec *spec,
    enum plan_mode mode,
    struct plan **ret_plan,
    struct err *err)
{
    struct want *want;
    struct plan *plan;
    enum err_code code = mode == PLAN_ROLLBACK
                             ? desired_names(r, spec, &want, err)
                             : desired_build(r, spec, mode == PLAN_DESTROY, &want, err);
    if (code == ERR_NONE)
        code = observe_and_plan(r, want, mode, &plan, err);
    if (code == ERR_NONE && mode == PLAN_APPLY)
        code = preflight(r, plan, err);
    if (code == ERR_NONE && r->lease == NULL)
        code = note_lease(r, plan, err);
    if (code == ERR_NONE)
        *ret_plan = plan;
    return code;
}

static const char *operation_of(const struct plan *plan)
{
    return plan->mode == PLAN_DESTROY    ? "destroy"
           : plan->mode == PLAN_ROLLBACK ? "rollback"
                                         : "apply";
}

enum err_code reconcile_lock(struct reconciler *r, const struct plan *plan, struct err *err)
{
    const struct plan_context *context = plan->context;
    if (plan_is_empty(plan) || !context->seen->bucket.present)
        return ERR_NONE;
    return lease_acquire(r, context->want, operation_of(plan), NULL, err);
}

void reconcile_unlock(struct reconciler *r)
{
    lease_release(r->lease);
}

enum err_code reconcile_force_unlock(
    struct reconciler *r, const struct spec *spec, struct str id, struct err *err)
{
    struct want *want;
    enum err_code code = desired_build(r, spec, true, &want, err);
    return code == ERR_NONE ? lease_force_unlock(r, want, id, err) : code;
}

enum err_code reconcile_execute(
    struct reconciler *r, struct plan *plan, struct report *ret_report, struct err *err)
{
    bool locked = r->lease != NULL;
    *ret_report = (struct report){0};
    r->failed = false;
    r->ends = (struct err){0};
    enum err_code code = plan_approve(r, plan, err);
    if (code != ERR_NONE) {
        regions_give_up(plan);
        return code;
    }
    code = plan->mode == PLAN_DESTROY ? run_destroy(r, plan, ret_report, err)
                                      : run_apply(r, plan, ret_report, err);
    if (!locked)
        reconcile_unlock(r); /* taken on the way */
    regions_give_up(plan);
    return code;
}

enum err_code reconcile_wait_stable(
    struct reconciler *r, const struct spec *spec, bool *ret_waited, struct err *err)
{
    struct want *want;
    enum err_code code = desired_build(r, spec, true, &want, err);
    if (code != ERR_NONE)
        return code;
    bool waited = false;
    struct pace pace;
    pace_start(&pace, r->loop);
    struct str last = STR_NULL;
    for (;;) {
        struct seen_endpoint endpoint = {0};
        struct err failure = {0};
        code = r->world->ops->describe_endpoint(r->world, r->arena, want, &endpoint, &failure);
        if (waited && err_may_pass(code) && !pace_is_over(&pace, r, true)) {
            code = pace_wait(&pace, r->loop, err);
            if (code != ERR_NONE)
                return code;
            continue;
        }
        if (code != ERR_NONE) {
            *err = failure;
            return code;
        }
        (void) pace_is_over(&pace, r, false);
        if (!endpoint.present || endpoint.owner == OWNER_OTHER ||
            !endpoint_is_busy(endpoint.status))
            break;
        waited = true;
        if (!str_eq(last, endpoint.status)) {
            struct event event = {
                .type = EVENT_WAIT,
                .name = endpoint.name,
                .text = endpoint.status,
                .elapsed_ms = pace_elapsed_ms(&pace, r->loop)};
            reconcile_tell(r, &event);
            last = endpoint.status;
        }
        code = pace_wait(&pace, r->loop, err);
        if (code != ERR_NONE)
            return code;
    }
    *ret_waited = waited;
    return ERR_NONE;
}

enum err_code reconcile_plan_settled(
    struct reconciler *r,
    const struct spec *spec,
    enum plan_mode mode,
    struct plan **ret_plan,
    struct err *err)
{
    for (bool waited = true;;) {
        enum err_code code = reconcile_plan(r, spec, mode, ret_plan, err);
        if (code != ERR_NONE || str_is_null((*ret_plan)->note_busy) || !waited)
            return code;
        /* It may also have ended between the two looks: once more then, the plan is old. */
        code = reconcile_wait_stable(r, spec, &waited, err);
        if (code != ERR_NONE)
            return code;
    }
}
