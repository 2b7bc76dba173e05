#include "engine/reconcile/doctor.h"

#include "engine/plan/world.h"
#include "engine/reconcile/desired.h"
#include "engine/reconcile/executor.h"
#include "engine/reconcile/fan.h"
#include "engine/reconcile/observe.h"
#include "engine/resource/names.h"

/* The whole of the spec, or at least its names when a file or an image is missing. */
static struct want *read_want(struct reconciler *r, const struct spec *spec, struct doctor_case *c)
{
    struct want *want = NULL;
    struct err ignored = {0};
    if (desired_build(r, spec, false, &want, &c->want_err) == ERR_NONE)
        return want;
    return desired_build(r, spec, true, &want, &ignored) == ERR_NONE ? want : NULL;
}

/* Uploads, jobs and log groups take permissions that a diagnosis can do without. */
static struct snapshot *read_world(struct reconciler *r, struct want *want, struct doctor_case *c)
{
    for (int destroy = 1; destroy >= 0; destroy--) {
        struct snapshot *seen = ARENA_NEW(r->arena, struct snapshot);
        c->seen_err = (struct err){0};
        enum err_code code =
            r->world->ops->observe(r->world, r->arena, want, destroy == 1, seen, &c->seen_err);
        if (code == ERR_NONE)
            return seen;
        if (code != ERR_DENIED)
            break;
    }
    return NULL;
}

struct failed_jobs {
    struct reconciler *r;
    const struct want *want;
    VEC(struct seen_job *) jobs;
};

static enum err_code inspect_job(void *arg, size_t index, struct err *err)
{
    struct failed_jobs *f = arg;
    return f->r->world->ops->inspect_job(
        f->r->world, f->r->arena, f->want, f->jobs.items[index], err);
}

/* Why jobs failed, of the recipes that the spec has now. */
static void read_failures(struct reconciler *r, const struct want *want, struct snapshot *seen)
{
    struct failed_jobs failed = {.r = r, .want = want};
    for (size_t i = 0; i < seen->jobs.len; i++) {
        struct seen_job *job = &seen->jobs.items[i];
        bool wanted = false;
        for (size_t k = 0; !wanted && k < want->n_models; k++)
            wanted = !str_is_null(want->models[k].job) &&
                     name_attempt_of(want->models[k].job, job->name) > 0;
        if (wanted && !job->inspected && str_eq(job->status, STR("Failed")))
            *VEC_PUSH(r->arena, &failed.jobs) = job;
    }
    struct err ignored = {0};
    (void) !fan_out(r->loop, r->arena, failed.jobs.len, inspect_job, &failed, &ignored);
}

static void
read_plan(struct reconciler *r, struct want *want, struct snapshot *seen, struct doctor_case *c)
{
    struct plan *plan = NULL;
    if (plan_seen(r, want, seen, PLAN_APPLY, &plan, &c->plan_err) != ERR_NONE)
        return;
    c->plan = plan;
    c->garbage = gc_build(r->arena, plan);
}

enum err_code doctor_run(
    struct reconciler *r, const struct spec *spec, struct diagnosis *ret_diagnosis, struct err *err)
{
    struct doctor_case *c = ARENA_NEW(r->arena, struct doctor_case);
    c->now_ms = clock_wall_ms(loop_clock(r->loop));
    const struct world_ops *ops = r->world->ops;
    ops->diagnose(r->world, r->arena, NULL, &c->facts);
    struct want *want = c->facts.identity.state == FACT_KNOWN ? read_want(r, spec, c) : NULL;
    if (want != NULL) {
        c->want = want;
        ops->diagnose(r->world, r->arena, want, &c->facts);
        struct event event = {
            .type = EVENT_OBSERVE, .name = want->stack, .text = STR("live state")};
        reconcile_tell(r, &event);
        struct snapshot *seen = read_world(r, want, c);
        struct err ignored = {0};
        c->lease_known = seen != NULL && seen->bucket.present &&
                         lease_peek(r, r->arena, want, &c->lease, &ignored) == ERR_NONE;
        c->lease_live = c->lease_known && c->lease.present && lease_is_live(r, &c->lease);
        if (seen != NULL && c->want_err.code == ERR_NONE) {
            read_failures(r, want, seen);
            read_plan(r, want, seen, c);
        }
        c->seen = seen;
    }
    if (loop_cancelled(r->loop))
        return err_set(err, ERR_CANCELLED, "interrupted");
    *ret_diagnosis = doctor_judge(r->arena, c);
    return ERR_NONE;
}
