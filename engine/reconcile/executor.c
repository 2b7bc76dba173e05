#include "engine/reconcile/executor.h"

#include "engine/plan/world.h"
#include "engine/reconcile/checkpoint.h"
#include "engine/reconcile/lease.h"
#include "engine/reconcile/settle.h"

/* SageMaker's control plane has low rates; S3 takes thousands of requests a second. */
#define DEFAULT_PARALLELISM 10
#define STORE_PARALLELISM 32

void reconcile_tell(struct reconciler *r, const struct event *event)
{
    if (r->on_event != NULL)
        r->on_event(r->event_arg, event);
}

void reconcile_tell_change(
    struct reconciler *r, enum event_type type, const struct change *change, struct str text)
{
    int64_t until = change->ended_ms != 0 ? change->ended_ms : clock_mono_ms(loop_clock(r->loop));
    struct event event = {
        .type = type,
        .change = change,
        .name = change->name,
        .text = text,
        .elapsed_ms = change->started_ms != 0 ? until - change->started_ms : 0};
    reconcile_tell(r, &event);
}

/* One node of the phase: how many needs are still open, and who waits for it. */
struct node {
    struct change *change;
    size_t open;
    VEC(struct node *) waiting;
};

/* What waits for S3 does not wait for SageMaker, and the other way round. Training jobs that run
 * for hours are no operations: they have a lane of their own when the spec says how many may run.
 */
enum lane_id { LANE_CONTROL, LANE_STORE, LANE_TRAINING, LANE_COUNT };

struct lane {
    struct phase *phase;
    size_t width, count;      /* workers; changes */
    VEC(struct node *) ready; /* first in, first out: taken from `taken` */
    size_t taken;
    VEC(struct task *) idle; /* workers with nothing to do */
};

struct phase {
    struct reconciler *r;
    const struct want *want;
    struct snapshot *seen;
    struct arena *scratch;
    struct node *nodes;
    size_t count, left;
    struct lane lanes[LANE_COUNT];
};

static struct lane *lane_of(struct phase *phase, const struct change *change)
{
    bool store = change->kind == KIND_ARTIFACT || change->kind == KIND_DATA;
    bool trains = change->kind == KIND_TRAINING_JOB && change->action == ACTION_CREATE;
    if (trains && phase->want->training_concurrency > 0)
        return &phase->lanes[LANE_TRAINING];
    return &phase->lanes[store ? LANE_STORE : LANE_CONTROL];
}

static void make_ready(struct phase *phase, struct node *node)
{
    struct lane *lane = lane_of(phase, node->change);
    *VEC_PUSH(phase->scratch, &lane->ready) = node;
    if (lane->idle.len > 0)
        loop_ready(phase->r->loop, lane->idle.items[--lane->idle.len]);
}

/* Everything is done: nobody has to wait for more. */
static void wake_all(struct phase *phase)
{
    for (size_t k = 0; k < LANE_COUNT; k++) {
        struct lane *lane = &phase->lanes[k];
        while (lane->idle.len > 0)
            loop_ready(phase->r->loop, lane->idle.items[--lane->idle.len]);
    }
}

static bool is_done(const struct change *change)
{
    return change->action == ACTION_NOOP || change->outcome == OUTCOME_DONE;
}

/* The need that keeps it from running; NULL when it may. */
static const struct change *stopped_by(const struct change *change)
{
    const struct change *stopped = NULL;
    bool any_artifact = false;
    for (size_t i = 0; i < change->n_needs; i++) {
        const struct change *need = change->needs[i];
        bool artifact = need->kind == KIND_ARTIFACT;
        any_artifact = any_artifact || (artifact && is_done(need));
        if (!is_done(need) && (stopped == NULL || stopped->kind == KIND_ARTIFACT))
            stopped = need;
    }
    if (stopped != NULL && change->needs_any && stopped->kind == KIND_ARTIFACT && any_artifact)
        return NULL;
    return stopped;
}

static void on_status(struct world_call *call, struct str status)
{
    reconcile_tell_change(call->reporter, EVENT_STATUS, call->change, status);
}

static void on_progress(struct world_call *call, uint64_t done, uint64_t total)
{
    struct event event = {
        .type = EVENT_PROGRESS,
        .change = call->change,
        .name = call->change->name,
        .bytes_done = done,
        .bytes_total = total};
    reconcile_tell(call->reporter, &event);
}

static void on_log_line(struct world_call *call, struct str line)
{
    struct event event = {
        .type = EVENT_LOG, .change = call->change, .name = call->change->index, .text = line};
    reconcile_tell(call->reporter, &event);
}

static enum err_code carry_out(struct phase *phase, struct change *change, struct err *err)
{
    struct reconciler *r = phase->r;
    struct world_call call = {
        .arena = r->arena,
        .want = phase->want,
        .seen = phase->seen,
        .change = change,
        .status = on_status,
        .progress = on_progress,
        .log_line = on_log_line,
        .follow_logs = r->follow_logs,
        .reporter = r};
    enum err_code code = r->world->ops->start(r->world, &call, err);
    return code == ERR_NONE ? settle_change(r, &call, err) : code;
}

static void set_error(struct reconciler *r, struct change *change, const struct err *err)
{
    change->err = ARENA_NEW(r->arena, struct err);
    *change->err = *err;
}

bool reconcile_may_start(struct reconciler *r)
{
    if (loop_cancelled(r->loop) || r->ends.code != ERR_NONE || (r->fail_fast && r->failed))
        return false;
    struct err err = {0};
    if (lease_check(r->lease, &err) == ERR_NONE)
        return true;
    r->ends = err;
    return false;
}

void reconcile_skip(struct reconciler *r, struct change *change, const struct change *because)
{
    change->outcome = OUTCOME_SKIPPED;
    change->err = because != NULL ? because->err : NULL;
    struct str why = because != NULL ? because->address : STR("another change failed");
    if (because == NULL && loop_cancelled(r->loop))
        why = STR("interrupted");
    else if (because == NULL && r->ends.code != ERR_NONE)
        why = STR("the lease was lost");
    reconcile_tell_change(r, EVENT_SKIPPED, change, why);
}

static void run_one(struct phase *phase, struct change *change)
{
    struct reconciler *r = phase->r;
    const struct change *stopped = stopped_by(change);
    if (change->kind == KIND_ENDPOINT)
        checkpoint_settle(r->checkpoint);
    change->started_ms = clock_mono_ms(loop_clock(r->loop));
    if (stopped != NULL || !reconcile_may_start(r)) {
        reconcile_skip(r, change, stopped);
        return;
    }
    reconcile_tell_change(r, EVENT_START, change, STR_NULL);
    struct err err = {0};
    enum err_code code = carry_out(phase, change, &err);
    change->ended_ms = clock_mono_ms(loop_clock(r->loop));
    if (code == ERR_NONE) {
        change->outcome = OUTCOME_DONE;
        reconcile_tell_change(r, EVENT_DONE, change, STR_NULL);
        checkpoint_note(r->checkpoint, change);
        return;
    }
    err_locate(&err, change->at);
    set_error(r, change, &err);
    change->outcome = OUTCOME_FAILED;
    r->failed = true;
    reconcile_tell_change(r, EVENT_FAILED, change, str_from(err.message));
}

static void finish(struct phase *phase, struct node *node)
{
    phase->left--;
    for (size_t i = 0; i < node->waiting.len; i++) {
        struct node *waiting = node->waiting.items[i];
        if (--waiting->open == 0)
            make_ready(phase, waiting);
    }
    if (phase->left == 0)
        wake_all(phase);
}

static void worker(void *arg)
{
    struct lane *lane = arg;
    struct phase *phase = lane->phase;
    while (phase->left > 0) {
        if (lane->taken == lane->ready.len) {
            *VEC_PUSH(phase->scratch, &lane->idle) = loop_current(phase->r->loop);
            loop_suspend(phase->r->loop);
            continue;
        }
        struct node *node = lane->ready.items[lane->taken++];
        run_one(phase, node->change);
        finish(phase, node);
    }
}

static void link_nodes(struct phase *phase, struct change **changes)
{
    struct map *by_change = map_new(phase->scratch);
    for (size_t i = 0; i < phase->count; i++) {
        struct node *node = &phase->nodes[i];
        node->change = changes[i];
        map_put(by_change, str_of(&changes[i], sizeof(struct change *)), node);
    }
    for (size_t i = 0; i < phase->count; i++) {
        struct node *node = &phase->nodes[i];
        for (size_t k = 0; k < node->change->n_needs; k++) {
            struct change **need = &node->change->needs[k];
            struct node *other = map_get(by_change, str_of(need, sizeof(*need)));
            if (other == NULL)
                continue;
            node->open++;
            *VEC_PUSH(phase->scratch, &other->waiting) = node;
        }
    }
    for (size_t i = 0; i < phase->count; i++)
        if (phase->nodes[i].open == 0)
            make_ready(phase, &phase->nodes[i]);
}

static void run_lanes(struct phase *phase)
{
    struct reconciler *r = phase->r;
    size_t jobs = phase->want->training_concurrency, total = 0, n = 0;
    size_t widths[LANE_COUNT] = {DEFAULT_PARALLELISM, STORE_PARALLELISM, jobs};
    for (size_t i = 0; i < phase->count; i++)
        lane_of(phase, phase->nodes[i].change)->count++;
    for (size_t k = 0; k < LANE_COUNT; k++) {
        struct lane *lane = &phase->lanes[k];
        lane->phase = phase;
        lane->width = k != LANE_TRAINING && r->parallelism > 0 ? r->parallelism : widths[k];
        lane->width = lane->width > lane->count ? lane->count : lane->width;
        total += lane->width;
    }
    struct task **workers = ARENA_ARRAY(phase->scratch, total, struct task *);
    for (size_t k = 0; k < LANE_COUNT; k++)
        for (size_t i = 0; i < phase->lanes[k].width; i++)
            workers[n++] = loop_spawn(r->loop, worker, &phase->lanes[k]);
    for (size_t i = 0; i < total; i++)
        loop_join(r->loop, workers[i]);
}

void execute_phase(
    struct reconciler *r,
    const struct want *want,
    struct snapshot *seen,
    struct change **changes,
    size_t count)
{
    if (count == 0)
        return;
    AUTO(arena_close) struct arena *scratch = arena_new("phase", 0);
    struct phase phase = {
        .r = r,
        .want = want,
        .seen = seen,
        .scratch = scratch,
        .count = count,
        .left = count,
        .nodes = ARENA_ARRAY(scratch, count, struct node)};
    link_nodes(&phase, changes);
    run_lanes(&phase);
}
