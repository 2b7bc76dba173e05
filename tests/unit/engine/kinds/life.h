/* tests/unit/engine/kinds/life.h - the whole line in one process: a spec, the reconciler, the AWS
 * client and the stand-in, on a clock that moves only when all wait.
 *
 * Header-only. A life is one AWS account; each call of life_*() is a new run of mmectl against it:
 * new credentials, session, kinds and arena, as another process would have. What comes of a run is
 * copied into the life. The trainer makes bytes of its own; `real` asks for libxgboost.
 */
#ifndef TESTS_UNIT_ENGINE_KINDS_LIFE_H
#define TESTS_UNIT_ENGINE_KINDS_LIFE_H

#include "tests/harness/http_fault.h"
#include "tests/unit/specs/spec_test.h"

#include "engine/aws/s3.h"
#include "engine/kinds/kinds.h"
#include "engine/local/trainer.h"
#include "engine/local/transport.h"
#include "engine/reconcile/reconcile.h"

#define LIFE_ACCOUNT "123456789012"
#define LIFE_ROLE "arn:aws:iam::" LIFE_ACCOUNT ":role/SageMaker"

#define LIFE_SPEC \
    "apiVersion: mmectl/v1\n" \
    "kind: MultiModelEndpoint\n" \
    "metadata: {name: demo, tags: {team: risk}}\n" \
    "spec:\n" \
    "  account: \"" LIFE_ACCOUNT "\"\n" \
    "  region: us-east-1\n" \
    "  role: " LIFE_ROLE "\n" \
    "  storage: {bucket: life-bucket, prefix: demo}\n" \
    "  training:\n" \
    "    backend: sagemaker\n" \
    "    algorithm: {name: xgboost, version: \"1.7-1\"}\n" \
    "    instance: {type: ml.m5.large, count: 1, volumeSizeInGB: 10}\n" \
    "    maxRuntime: 1h\n" \
    "    channels: {train: {source: train.csv, contentType: text/csv}}\n" \
    "    hyperparameters: {objective: \"binary:logistic\", num_round: 3}\n" \
    "  models:\n" \
    "    - {name: one, hyperparameters: {max_depth: 2}}\n" \
    "    - {name: two, hyperparameters: {max_depth: 3}}\n" \
    "  endpoint:\n" \
    "    name: demo\n" \
    "    targetModels: stable\n" \
    "    instance: {type: ml.m5.large, count: 1}\n"

struct life {
    struct arena *arena;
    const char *folder; /* of the spec and its files */
    struct local *local;
    struct http_transport *wire; /* straight to the stand-in */
    struct http_fault fault;     /* of the next run */
    struct local_key key;
    struct loop *loop;
    struct rng rng;
    int64_t now_ms;
    int64_t skew_ms; /* by which mmectl's own wall clock is ahead of AWS's */
    bool retry_failed, follow_logs, use_lock;
    int64_t lock_timeout_ms;
    /* Between the plan and its execution, as somebody else's change would be. */
    void (*between)(struct life *life, struct aws *aws, struct arena *arena);
    /* At every event of a run, within its task; for what happens while it runs. */
    void (*on_event)(struct life *life, const struct event *event);
    struct aws *aws; /* of the run that is under way */
    struct buf events;

    /* Of the last run. */
    enum err_code code;
    struct err err;
    struct report report;
    size_t n_add, n_change, n_destroy, n_drift;
    bool empty;
    size_t requests, mutating;
    size_t of_operation; /* requests of fault.operation */
    char lost[160];      /* the request that was lost; empty: none was */
};

/* ---- time, the trainer ---- */

static UNUSED int64_t life_now(void *self)
{
    return ((struct life *) self)->now_ms;
}

static UNUSED void life_wait(void *self, int64_t timeout_ms, int wake_fd)
{
    (void) wake_fd;
    if (timeout_ms < 0)
        fail_msg("every task waits and nothing can wake one");
    ((struct life *) self)->now_ms += timeout_ms;
}

static UNUSED int64_t life_own_now(void *self)
{
    return ((struct life *) self)->now_ms + ((struct life *) self)->skew_ms;
}

static const struct clock_ops s_life_clock = {life_now, life_now};
static const struct clock_ops s_life_own_clock = {life_own_now, life_now};
static const struct loop_poller_ops s_life_poller = {life_wait};

static UNUSED enum err_code life_train(
    void *self,
    struct arena *arena,
    const struct trainer_job *job,
    struct trainer_outcome *out,
    struct err *err)
{
    (void) self, (void) err;
    job->log(job->log_arg, STR("[0]\ttrain-logloss:0.5"));
    out->model = str_fmt(arena, "model of " STR_FMT, STR_ARG(job->name));
    out->metrics = ARENA_NEW(arena, struct trainer_metric);
    out->metrics[0] = (struct trainer_metric){.name = STR("train:logloss"), .value = 0.5};
    out->n_metrics = 1;
    out->took_ms = 1;
    return ERR_NONE;
}

/* ---- a life ---- */

static UNUSED void life_write(struct life *life, const char *name, const char *text)
{
    struct err err = {0};
    struct str path = path_join(life->arena, str_from(life->folder), str_from(name));
    assert_ok(file_write_atomic(str_z(life->arena, path), str_from(text), 0600, &err), &err);
}

static UNUSED struct life *life_new_delayed(bool real, struct local_delays delays)
{
    static const struct local_trainer trainer = {life_train, NULL};
    struct arena *arena = arena_new("life", 0);
    struct life *life = ARENA_NEW(arena, struct life);
    *life =
        (struct life){.arena = arena, .now_ms = INT64_C(1790000000000), .events = BUF_INIT(MIB(1))};
    rng_seed(&life->rng, 1);
    struct local_options options = {
        .clock = {&s_life_clock, life},
        .seed = 1,
        .delays = &delays,
        .trainer = real ? NULL : &trainer,
        .inline_work = true};
    struct err err = {0};
    assert_ok(local_open(&options, &life->local, &err), &err);
    assert_ok(local_first_key(life->local, arena, &life->key, &err), &err);
    life->wire = local_transport_new(life->local);
    life->fault.inner = life->wire;
    life->loop = loop_new((struct clock){&s_life_own_clock, life});
    loop_set_poller(life->loop, &s_life_poller, life);
    loop_set_offload(life->loop, 0);
    life->folder = test_folder_new(arena);
    life_write(life, "train.csv", "1,0.1,0.2\n0,0.3,0.4\n1,0.5,0.1\n0,0.9,0.7\n");
    return life;
}

static UNUSED struct life *life_new_with(bool real)
{
    return life_new_delayed(real, local_delays_zero());
}

static UNUSED struct life *life_new(void)
{
    return life_new_with(false);
}

static UNUSED void life_close(struct life **self)
{
    struct life *life = *self;
    test_folder_remove(life->folder);
    loop_free(life->loop);
    http_close(life->wire);
    local_close(life->local);
    buf_done(&life->events);
    arena_free(life->arena);
}

/* The account's things without times, and without what differs between runs: the bytes of the
 * record. */
static UNUSED struct str life_dump(struct life *life)
{
    struct json *dump;
    struct err err = {0};
    assert_ok(local_dump(life->local, life->arena, &dump, &err), &err);
    struct str text = json_text(life->arena, dump, JSON_PRETTY), line;
    struct buf out = BUF_INIT(MIB(16));
    unsigned skip = 0;
    while (str_split(&text, '\n', &line)) {
        skip = str_find(line, STR("control/stack.json")) != SIZE_MAX ? 3 : skip;
        if (skip == 0 || skip-- == 3)
            buf_fmt(&out, STR_FMT "\n", STR_ARG(line));
    }
    struct str copy = str_dup(life->arena, buf_str(&out));
    buf_done(&out);
    return copy;
}

/* ---- one run ---- */

typedef void life_work_fn(struct life *life, struct reconciler *r, struct aws *aws, void *arg);

struct life_run {
    struct life *life;
    struct arena *arena;
    struct aws *aws;
    struct world *world;
    struct reconciler r;
    life_work_fn *work;
    void *arg;
};

static UNUSED void life_event(void *arg, const struct event *event)
{
    struct life *life = arg;
    struct str name = event->change != NULL ? event->change->address : event->name;
    buf_fmt(&life->events, "%d " STR_FMT, (int) event->type, STR_ARG(name));
    buf_fmt(&life->events, " " STR_FMT "\n", STR_ARG(event->text));
    if (life->on_event != NULL)
        life->on_event(life, event);
}

static UNUSED void life_task(void *arg)
{
    struct life_run *run = arg;
    run->work(run->life, &run->r, run->aws, run->arg);
}

/* Opens what a process opens, does the work in a task, closes it all. */
static UNUSED void life_run(struct life *life, life_work_fn *work, void *arg)
{
    struct life_run run = {.life = life, .work = work, .arg = arg};
    struct http_transport *http = http_fault_new(&life->fault);
    struct creds_provider *creds = creds_static_new(
        life->key.access_key, life->key.secret_key, life->key.session_token, "a test");
    struct aws_options options = {
        .loop = life->loop,
        .clock = {&s_life_own_clock, life},
        .rng = &life->rng,
        .http = http,
        .creds = creds,
        .region = STR("us-east-1"),
        .endpoint_url = STR("http://127.0.0.1:1")};
    life->err = (struct err){0};
    life->events.len = 0;
    run.arena = arena_new("run", 0);
    assert_ok(aws_new(&options, &run.aws, &life->err), &life->err);
    struct kinds_options kinds = {run.aws, life->loop, STR("1"), NULL};
    run.world = kinds_world(run.arena, &kinds);
    life->aws = run.aws;
    run.r = (struct reconciler){
        .arena = run.arena,
        .loop = life->loop,
        .world = run.world,
        .writer = STR("me@here"),
        .on_event = life_event,
        .event_arg = life,
        .rng = &life->rng,
        .use_lock = life->use_lock,
        .lock_timeout_ms = life->lock_timeout_ms,
        .retry_failed = life->retry_failed,
        .follow_logs = life->follow_logs};
    loop_run(life->loop, life_task, &run);
    life->requests = life->fault.requests;
    life->of_operation = life->fault.of_operation;
    life->mutating = life->fault.mutating;
    memcpy(life->lost, life->fault.what, sizeof(life->lost));
    life->fault = (struct http_fault){.inner = life->wire};
    kinds_free(run.world);
    aws_free(run.aws);
    creds_close(creds);
    http_close(http);
    arena_free(run.arena);
}

struct life_order {
    struct str text;
    enum plan_mode mode;
    bool execute;
};

static UNUSED void life_work(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    const struct life_order *order = arg;
    struct diags diags;
    struct spec_list specs;
    struct spec_options options = {0};
    struct plan *plan = NULL;
    diags_init(&diags, r->arena);
    life->report = (struct report){0};
    struct str path = path_join(r->arena, str_from(life->folder), STR("spec.yaml"));
    life->code = file_write_atomic(str_z(r->arena, path), order->text, 0600, &life->err);
    if (life->code == ERR_NONE)
        life->code = spec_load(r->arena, &path, 1, &options, &diags, &specs, &life->err);
    bool waited;
    if (life->code == ERR_NONE)
        life->code = reconcile_wait_stable(r, specs.items[0], &waited, &life->err);
    if (life->code == ERR_NONE)
        life->code = reconcile_plan(r, specs.items[0], order->mode, &plan, &life->err);
    if (life->code != ERR_NONE)
        return;
    life->n_add = plan->n_add;
    life->n_change = plan->n_change;
    life->n_destroy = plan->n_destroy;
    life->n_drift = plan->drift.len;
    for (size_t i = 0; i < plan->notes.len; i++)
        buf_fmt(&life->events, "note: " STR_FMT "\n", STR_ARG(plan->notes.items[i]));
    for (size_t i = 0; i < plan->warnings.len; i++)
        buf_fmt(&life->events, "warning: " STR_FMT "\n", STR_ARG(plan->warnings.items[i].message));
    life->empty = plan_is_empty(plan) && plan->n_left_out == 0;
    if (!order->execute)
        return;
    if (life->between != NULL)
        life->between(life, aws, r->arena);
    life->code = reconcile_execute(r, plan, &life->report, &life->err);
    /* The lists lie on the run's arena. */
    life->report.failed.items = NULL;
    life->report.left.items = NULL;
}

static UNUSED enum err_code life_plan(struct life *life, struct str text)
{
    struct life_order order = {text, PLAN_APPLY, false};
    life_run(life, life_work, &order);
    return life->code;
}

static UNUSED enum err_code life_apply(struct life *life, struct str text)
{
    struct life_order order = {text, PLAN_APPLY, true};
    life_run(life, life_work, &order);
    return life->code;
}

static UNUSED enum err_code life_destroy(struct life *life, struct str text)
{
    struct life_order order = {text, PLAN_DESTROY, true};
    life_run(life, life_work, &order);
    return life->code;
}

/* Nothing is left to do, and that is found out without changing anything. */
static UNUSED void life_settled(struct life *life, struct str text)
{
    assert_ok(life_apply(life, text), &life->err);
    if (!life->empty || life->mutating != 0)
        fail_msg(
            "not settled: %zu/%zu/%zu, %zu mutating requests", life->n_add, life->n_change,
            life->n_destroy, life->mutating);
}

/* ---- what others do ---- */

/* Single quotes for double ones. */
static UNUSED struct str life_quoted(struct life *life, const char *text)
{
    char *quoted = str_z(life->arena, str_from(text));
    for (char *c = quoted; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    return str_from(quoted);
}

/* A signed request past all of mmectl, with the account's first key. */
static UNUSED struct str life_send(
    struct life *life, const char *service, const char *method, const char *target, struct str body)
{
    struct err err = {0};
    struct http_request request = {
        .method = str_from(method),
        .url = str_fmt(life->arena, "http://127.0.0.1:1%s", target),
        .body = body};
    struct sigv4_params params = {
        .region = STR("us-east-1"),
        .service = str_from(service),
        .wall_ms = life->now_ms,
        .payload_hash = sha256_hex(life->arena, body),
        .rules = sigv4_rules_for(str_from(service))};
    struct local_key key;
    assert_ok(local_first_key(life->local, life->arena, &key, &err), &err);
    struct sigv4_creds creds = {key.access_key, key.secret_key, key.session_token};
    assert_ok(
        sigv4_sign(
            life->arena, NULL, &creds, &params, &request, &request.headers, &request.n_headers,
            NULL, &err),
        &err);
    struct http_response response = {0};
    assert_ok(http_send(life->wire, life->arena, &request, &response, &err), &err);
    if (response.status != 200)
        fail_msg("%s %s: %d " STR_FMT, method, target, response.status, STR_ARG(response.body));
    return response.body;
}

/* POST to the stand-in's own paths: "faults" or "settings" (engine/local/faults.h). */
static UNUSED void life_tell(struct life *life, const char *path, const char *body)
{
    struct str target = str_fmt(life->arena, "/_mmectl/%s", path);
    life_send(life, "mmectl", "POST", str_z(life->arena, target), life_quoted(life, body));
}

static UNUSED void life_fault(struct life *life, const char *fault)
{
    life_tell(life, "faults", str_fmt(life->arena, "{'faults':[%s]}", fault).ptr);
}

/* From now on with a key that may not do these. */
static UNUSED void life_deny(struct life *life, const char *actions)
{
    struct err err = {0};
    life->key = (struct local_key){.deny = str_from(actions)};
    assert_ok(local_add_key(life->local, life->arena, &life->key, &err), &err);
}

static UNUSED void life_allow(struct life *life)
{
    struct err err = {0};
    assert_ok(local_first_key(life->local, life->arena, &life->key, &err), &err);
}

struct life_call {
    const char *operation; /* of SageMaker; NULL: PutObject */
    const struct json *body;
    struct str key, bytes;
};

static UNUSED void
life_call_work(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    const struct life_call *call = arg;
    struct s3_put_options options = {0};
    if (call->operation != NULL)
        life->code = aws_json_call(
            aws, r->arena, AWS_SAGEMAKER, call->operation, call->body, NULL, &life->err);
    else
        life->code = s3_put(
            aws, r->arena, STR("life-bucket"), call->key, call->bytes, &options, NULL, &life->err);
}

static UNUSED void life_sagemaker(struct life *life, const char *operation, const struct json *body)
{
    struct life_call call = {.operation = operation, .body = body};
    life_run(life, life_call_work, &call);
    assert_ok(life->code, &life->err);
}

static UNUSED void life_put(struct life *life, struct str key, struct str bytes)
{
    struct life_call call = {.key = key, .bytes = bytes};
    life_run(life, life_call_work, &call);
    assert_ok(life->code, &life->err);
}

static UNUSED const struct json *life_world(struct life *life)
{
    struct json *dump = NULL;
    struct err err = {0};
    assert_ok(local_dump(life->local, life->arena, &dump, &err), &err);
    return dump;
}

static UNUSED bool life_told(const struct life *life, const char *text)
{
    return str_find(buf_str(&life->events), str_from(text)) != SIZE_MAX;
}

#endif
