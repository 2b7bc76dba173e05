#include "engine/reconcile/observe.h"

#include "engine/base/batch.h"
#include "engine/base/map.h"
#include "engine/reconcile/executor.h"
#include "engine/reconcile/rollback.h"

/* Each round can only learn more; the planner asks at most for jobs, their details, and objects, in
 * turn. */
#define MAX_ROUNDS 8
#define ARTIFACTS_AT_ONCE 16 /* on one thread, in one go */

/* Gaps are filled side by side: one task per worker, taking the next gap. */
struct filling {
    struct reconciler *r;
    const struct want *want;
    struct plan_gaps *gaps;
    size_t next_object, next_job;
    struct err *err;
    enum err_code code;
};

static void fill_worker(void *arg)
{
    struct filling *f = arg;
    const struct world_ops *ops = f->r->world->ops;
    while (f->code == ERR_NONE) {
        struct err err = {0};
        enum err_code code = ERR_NONE;
        if (f->next_object < f->gaps->objects.len) {
            struct seen_object *object = f->gaps->objects.items[f->next_object++];
            if (object->owner == OWNER_UNKNOWN)
                code = ops->inspect(f->r->world, f->r->arena, f->want, object, &err);
        } else if (f->next_job < f->gaps->jobs.len) {
            struct seen_job *job = f->gaps->jobs.items[f->next_job++];
            if (!job->inspected)
                code = ops->inspect_job(f->r->world, f->r->arena, f->want, job, &err);
        } else {
            return;
        }
        if (code != ERR_NONE && f->code == ERR_NONE) {
            *f->err = err;
            f->code = code;
        }
    }
}

static enum err_code fill_gaps(
    struct reconciler *r,
    const struct want *want,
    struct snapshot *seen,
    struct plan_gaps *gaps,
    struct err *err)
{
    if (gaps->list_jobs) {
        enum err_code code = r->world->ops->list_jobs(r->world, r->arena, want, seen, err);
        if (code != ERR_NONE)
            return code;
    }
    struct filling filling = {.r = r, .want = want, .gaps = gaps, .err = err};
    size_t width = gaps->objects.len + gaps->jobs.len;
    if (width > 32)
        width = 32;
    struct task *tasks[32];
    for (size_t i = 0; i < width; i++)
        tasks[i] = loop_spawn(r->loop, fill_worker, &filling);
    for (size_t i = 0; i < width; i++)
        loop_join(r->loop, tasks[i]);
    return filling.code;
}

enum err_code observe_and_plan(
    struct reconciler *r,
    struct want *want,
    enum plan_mode mode,
    struct plan **ret_plan,
    struct err *err)
{
    struct snapshot *seen = ARENA_NEW(r->arena, struct snapshot);
    struct event event = {.type = EVENT_OBSERVE, .name = want->stack, .text = STR("live state")};
    reconcile_tell(r, &event);
    enum err_code code =
        r->world->ops->observe(r->world, r->arena, want, mode == PLAN_DESTROY, seen, err);
    if (code == ERR_NONE && mode == PLAN_ROLLBACK)
        code = rollback_prepare(r, want, seen, err);
    return code == ERR_NONE ? plan_seen(r, want, seen, mode, ret_plan, err) : code;
}

enum err_code plan_seen(
    struct reconciler *r,
    struct want *want,
    struct snapshot *seen,
    enum plan_mode mode,
    struct plan **ret_plan,
    struct err *err)
{
    enum err_code code = ERR_NONE;
    const struct plan_options options = {
        .retry_failed = r->retry_failed,
        .allow_empty = r->allow_empty,
        .allow_deletes = r->allow_deletes,
        .allow_destroy = r->allow_destroy,
        .targets = r->targets,
        .replaces = r->replaces,
        .n_targets = r->n_targets,
        .n_replaces = r->n_replaces};
    for (int round = 0; code == ERR_NONE && round < MAX_ROUNDS; round++) {
        struct plan *plan;
        struct plan_gaps gaps;
        code = plan_build(r->arena, want, seen, mode, &options, &plan, &gaps, err);
        if (code != ERR_NONE)
            return code;
        if (!gaps_any(&gaps)) {
            *ret_plan = plan;
            return ERR_NONE;
        }
        code = fill_gaps(r, want, seen, &gaps, err);
    }
    return code != ERR_NONE
               ? code
               : err_set(err, ERR_INTERNAL, "the plan still has gaps after %d rounds", MAX_ROUNDS);
}

static bool weights_in_csv(const struct want *want)
{
    for (size_t i = 0; i < want->n_models; i++)
        for (size_t k = 0; k < want->models[i].n_hyperparameters; k++)
            if (str_eq(want->models[i].hyperparameters[k].name, STR("csv_weights")))
                return str_eq(want->models[i].hyperparameters[k].value, STR("1"));
    return false;
}

static enum err_code check_channel(
    struct reconciler *r,
    const struct want *want,
    const struct want_channel *channel,
    struct err *err)
{
    enum err_code code = r->world->ops->check_channel(r->world, channel, weights_in_csv(want), err);
    if (code == ERR_NONE)
        return code;
    err->at = (struct srcloc){NULL, 0, 0};
    err_wrap(err, "channel '" STR_FMT "'", STR_ARG(channel->name));
    return err_locate(err, channel->at);
}

/* The user's own artifacts that would be sent, looked into on the pool's threads. */
struct inspection {
    struct reconciler *r;
    const struct want *want;
    VEC(const struct artifact_plan *) artifacts;
    struct err *errs; /* of each batch: its first */
};

/* Whether what it puts there is a file of the user's. */
static bool sends_own(const struct change *change)
{
    if (change->kind != KIND_ARTIFACT || change->action == ACTION_NOOP ||
        change->action == ACTION_DELETE)
        return false;
    const struct artifact_plan *artifact = change->subject;
    return artifact->model != NULL && !artifact->model->trained &&
           change->reason != REASON_NEW_GENERATION &&
           str_eq(artifact->fp, artifact->model->spec_fp);
}

static void check_range(void *arg, size_t batch, size_t from, size_t to)
{
    struct inspection *work = arg;
    struct world *world = work->r->world;
    for (size_t i = from; i < to; i++) {
        const struct artifact_plan *artifact = work->artifacts.items[i];
        struct err *err = &work->errs[batch];
        if (world->ops->check_artifact(world, work->want, artifact->model, err) == ERR_NONE)
            continue;
        err_wrap(err, "model '" STR_FMT "'", STR_ARG(artifact->name));
        (void) !err_locate(err, artifact->model->at);
        return;
    }
}

/* The first that is wrong, in the plan's order. Those in S3 need the loop, and are few. */
static enum err_code check_artifacts(
    struct reconciler *r, const struct want *want, const struct plan *plan, struct err *err)
{
    AUTO(arena_close) struct arena *scratch = arena_new("artifacts", 0);
    struct inspection work = {.r = r, .want = want};
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct artifact_plan *artifact = plan->changes.items[i]->subject;
        if (sends_own(plan->changes.items[i]) && !str_is_null(artifact->model->path))
            *VEC_PUSH(scratch, &work.artifacts) = artifact;
    }
    size_t batches = batch_count(work.artifacts.len, ARTIFACTS_AT_ONCE);
    work.errs = ARENA_ARRAY(scratch, batches, struct err);
    batch_run(r->loop, work.artifacts.len, ARTIFACTS_AT_ONCE, check_range, &work);
    for (size_t i = 0; i < batches; i++)
        if (work.errs[i].code != ERR_NONE) {
            *err = work.errs[i];
            return err->code;
        }
    return ERR_NONE;
}

/* Those of a set; what is parted was checked then. */
static enum err_code check_own_channels(
    struct reconciler *r,
    const struct want *want,
    const struct want_model *model,
    struct map *checked,
    struct err *err)
{
    enum err_code code = ERR_NONE;
    for (size_t i = 0; code == ERR_NONE && i < model->n_channels; i++) {
        const struct want_channel *channel = &model->channels[i];
        if (channel->split == NULL && map_put(checked, channel->digest, r) == NULL)
            code = check_channel(r, want, channel, err);
    }
    return code;
}

static enum err_code check_change(
    struct reconciler *r,
    const struct want *want,
    const struct change *change,
    struct map *checked,
    bool *trains,
    struct err *err)
{
    if (change->action == ACTION_NOOP || change->action == ACTION_DELETE)
        return ERR_NONE;
    if (change->kind == KIND_DATA) {
        const struct object_plan *subject = change->subject;
        if (subject->channel->split != NULL) /* checked when it was parted */
            return ERR_NONE;
        return check_channel(r, want, subject->channel, err);
    }
    if (change->kind == KIND_LOCAL_TRAINING) {
        const struct training_plan *subject = change->subject;
        if (subject->model->channels != NULL)
            return check_own_channels(r, want, subject->model, checked, err);
        *trains = true;
    }
    const struct artifact_plan *artifact = change->subject;
    if (!sends_own(change) || !str_is_null(artifact->model->path))
        return ERR_NONE;
    enum err_code code = r->world->ops->check_artifact(r->world, want, artifact->model, err);
    if (code == ERR_NONE)
        return code;
    err_wrap(err, "model '" STR_FMT "'", STR_ARG(artifact->name));
    return err_locate(err, artifact->model->at);
}

enum err_code preflight(struct reconciler *r, const struct plan *plan, struct err *err)
{
    const struct plan_context *context = plan->context;
    bool trains = false;
    AUTO(arena_close) struct arena *scratch = arena_new("checked", 0);
    struct map *checked = map_new(scratch);
    enum err_code code = check_artifacts(r, context->want, plan, err);
    if (code != ERR_NONE)
        return code;
    for (size_t i = 0; i < plan->changes.len; i++) {
        code = check_change(r, context->want, plan->changes.items[i], checked, &trains, err);
        if (code != ERR_NONE)
            return code;
    }
    for (size_t i = 0; trains && i < context->want->n_channels; i++) {
        code = check_channel(r, context->want, &context->want->channels[i], err);
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}
