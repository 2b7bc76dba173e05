#include "engine/plan/world.h"
#include "engine/reconcile/executor.h"
#include "engine/reconcile/planner.h"
#include "engine/reconcile/run.h"
#include "engine/resource/names.h"

#define CALLS_AT_ONCE 10

/* Models are called side by side: one task per worker, taking the next model. */
struct calling {
    struct reconciler *r;
    const struct want *want;
    VEC(const struct artifact_plan *) artifacts;
    size_t next, n_passed;
};

static struct want_model *mutable_model(const struct want *want, const struct want_model *model)
{
    /* Ours to mark: the want was built for this run. */
    return &want->models[model - want->models];
}

static void call_one(struct calling *c, const struct artifact_plan *artifact)
{
    struct want_model *model = mutable_model(c->want, artifact->model);
    const struct world_ops *ops = c->r->world->ops;
    for (size_t i = 0; i < model->n_checks; i++) {
        struct err err = {0};
        struct str fault = STR_NULL;
        enum err_code code = ops->call_model(
            c->r->world, c->r->arena, c->want, artifact, model->checks[i], &fault, &err);
        if (code != ERR_NONE) {
            want_run_edit(c->r->arena, model)->uncalled =
                str_dup(c->r->arena, str_from(err.message));
            return;
        }
        if (!str_is_null(fault)) {
            want_run_edit(c->r->arena, model)->fault = fault;
            return;
        }
    }
    c->n_passed++;
}

static void worker(void *arg)
{
    struct calling *c = arg;
    while (c->next < c->artifacts.len && !loop_cancelled(c->r->loop))
        call_one(c, c->artifacts.items[c->next++]);
}

static bool was_made(const struct change *change)
{
    return change->outcome == OUTCOME_DONE &&
           (change->action == ACTION_CREATE || change->action == ACTION_REPLACE);
}

/* About to be published, or - behind an endpoint that is new - called for the first time. What was
 * chosen by hand is not judged. */
static bool is_due(const struct plan *plan, const struct artifact_plan *artifact)
{
    const struct plan_context *context = plan->context;
    const struct want_model *model = artifact->model;
    const struct change *change = artifact->change, *endpoint = context->endpoint;
    if (model == NULL || model->n_checks == 0 || model->fixed != FIXED_NO || model->left_out)
        return false;
    if (was_made(change) || (endpoint != NULL && was_made(endpoint)))
        return change->action == ACTION_NOOP || change->outcome == OUTCOME_DONE;
    const struct record_model *recorded = record_find(&context->seen->record, artifact->name);
    return change->action == ACTION_NOOP && !context->want->stable &&
           (recorded == NULL || !str_eq(recorded->live.key, artifact->key));
}

static void tell(struct reconciler *r, const struct calling *c)
{
    struct event event = {
        .type = EVENT_NOTE,
        .text = str_fmt(
            r->arena, "checks: %zu of %zu model%s passed", c->n_passed, c->artifacts.len,
            c->artifacts.len == 1 ? "" : "s")};
    reconcile_tell(r, &event);
}

bool run_checks(struct reconciler *r, const struct plan *plan)
{
    const struct plan_context *context = plan->context;
    AUTO(arena_close) struct arena *scratch = arena_new("checks", 0);
    struct calling calling = {.r = r, .want = context->want};
    const struct change *endpoint = context->endpoint;
    bool answers =
        str_is_null(plan->note_blocked) &&
        (endpoint != NULL ? endpoint->outcome == OUTCOME_DONE : context->seen->endpoint.present);
    for (size_t i = 0; i < context->artifacts.len; i++) {
        const struct artifact_plan *artifact = context->artifacts.items[i];
        if (!is_due(plan, artifact))
            continue;
        if (answers)
            *VEC_PUSH(scratch, &calling.artifacts) = artifact;
        else
            want_run_edit(r->arena, mutable_model(context->want, artifact->model))->uncalled =
                STR("the endpoint does not serve it");
    }
    struct task *tasks[CALLS_AT_ONCE];
    size_t width = calling.artifacts.len < CALLS_AT_ONCE ? calling.artifacts.len : CALLS_AT_ONCE;
    for (size_t i = 0; i < width; i++)
        tasks[i] = loop_spawn(r->loop, worker, &calling);
    for (size_t i = 0; i < width; i++)
        loop_join(r->loop, tasks[i]);
    if (calling.artifacts.len > 0)
        tell(r, &calling);
    for (size_t i = 0; i < calling.artifacts.len; i++) {
        /* Interrupted: what was not called is not published. */
        struct want_model *model = mutable_model(context->want, calling.artifacts.items[i]->model);
        if (i >= calling.next)
            want_run_edit(r->arena, model)->uncalled = STR("interrupted");
    }
    bool all = true;
    for (size_t i = 0; i < context->want->n_models; i++) {
        const struct want_model *model = &context->want->models[i];
        all = all && str_is_null(want_run(model)->fault) && str_is_null(want_run(model)->uncalled);
    }
    return all;
}

enum err_code run_checks_result(const struct want *want, struct err *err)
{
    size_t count = 0;
    const struct want_model *first = NULL;
    for (size_t i = 0; i < want->n_models; i++) {
        const struct want_model *model = &want->models[i];
        bool shown = !str_is_null(want_run(model)->uncalled) ||
                     (want->stable && !str_is_null(want_run(model)->fault));
        if (shown && count++ == 0)
            first = model;
    }
    if (count == 0)
        return ERR_NONE;
    bool uncalled = str_is_null(want_run(first)->fault);
    err_set(
        err, ERR_PARTIAL, "model '" STR_FMT "' %s: " STR_FMT, STR_ARG(first->name),
        !uncalled      ? "is published and does not pass its check"
        : want->stable ? "is published and could not be checked"
                       : "could not be checked and is not published",
        STR_ARG(uncalled ? want_run(first)->uncalled : want_run(first)->fault));
    if (count > 1)
        err_wrap(err, "%zu models did not pass their checks; the first", count);
    if (want->stable)
        return err_hint(
            err,
            "'mmectl rollback " STR_FMT "' goes back to the version before; the endpoint "
            "rolls for it",
            STR_ARG(first->name));
    return err_hint(err, "run the same command again: it calls the model again");
}
