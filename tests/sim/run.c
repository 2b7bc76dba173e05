#include "tests/sim/run.h"

#include "tests/sim/faults.h"

#include "engine/base/arena.h"
#include "engine/base/digest.h"
#include "engine/base/json.h"
#include "engine/reconcile/adopt.h"
#include "engine/reconcile/approve.h"
#include "specs/spec.h"

#include <stdio.h>
#include <stdlib.h>

/* As the command line's: longer than a lease lasts. */
#define LOCK_TIMEOUT_MS 150000

/* All processes run on one machine; what is dead there is known to be. */
static struct host_process who_am_i(void *self, struct arena *arena)
{
    (void) arena;
    const struct sim_process *process = self;
    return (struct host_process){
        .machine = STR("machine"),
        .boot = STR("boot"),
        .pid_namespace = STR("pids"),
        .pid = process->pid,
        .start_time = 1};
}

static bool is_alive(void *self, int64_t pid, uint64_t start_time)
{
    (void) start_time;
    const struct account *account = ((struct sim_process *) self)->account;
    for (size_t i = 0; i < ARRAY_LEN(account->alive); i++)
        if (account->alive[i] == pid)
            return true;
    return false;
}

static const struct host_ops s_host = {who_am_i, is_alive};

static void
replace_pid(struct account *account, int64_t from, int64_t to, const struct reconciler *running)
{
    for (size_t i = 0; i < ARRAY_LEN(account->alive); i++)
        if (account->alive[i] == from) {
            account->alive[i] = to;
            account->running[i] = running;
            return;
        }
    abort();
}

static void hear(void *arg, const struct event *event)
{
    struct sim_process *process = arg;
    struct str name = event->change != NULL ? event->change->address : event->name;
    buf_fmt(&process->said, STR_FMT " " STR_FMT "\n", STR_ARG(name), STR_ARG(event->text));
    if (process->order->trace)
        fprintf(
            stderr, "       %d " STR_FMT " " STR_FMT "\n", (int) event->type, STR_ARG(name),
            STR_ARG(event->text));
}

void sim_process_open(
    struct sim_process *process,
    struct account *account,
    struct loop *loop,
    const struct sim_order *order)
{
    *process = (struct sim_process){
        .account = account, .order = order, .arena = arena_new("run", 0), .said = BUF_INIT(MIB(4))};
    rng_seed(&process->rng, rng_u64(&account->rng) + ++account->serial);
    wire_init(&process->wire, account, loop);
    process->wire.trace = order->trace;
    process->wire.strike = order->strike;
    process->wire.nth = order->nth;
    process->wire.fault = order->fault;
    process->wire.pause = order->pause;
    process->wire.pause_arg = order->pause_arg;
    process->wire.masks = order->masks;
    process->wire.n_masks = order->n_masks;
    if (order->longest_ms > 0)
        process->wire.longest_ms = order->longest_ms;
    process->creds = creds_static_new(
        account->key.access_key, account->key.secret_key, account->key.session_token, "the sim");
    struct aws_options options = {
        .loop = loop,
        .clock = account_client_clock(account),
        .rng = &process->rng,
        .http = &process->wire.base,
        .creds = process->creds,
        .region = STR(SIM_REGION),
        .endpoint_url = STR("http://127.0.0.1:1")};
    struct err err = {0};
    sim_must(aws_new(&options, &process->aws, &err), &err, "a session");
    struct kinds_options kinds = {process->aws, loop, STR("1"), NULL};
    process->world = kinds_world(process->arena, &kinds);
    process->r = (struct reconciler){
        .arena = process->arena,
        .loop = loop,
        .world = process->world,
        .writer = STR("me@here"),
        .on_event = hear,
        .event_arg = process,
        .retry_failed = order->retry_failed,
        .use_lock = !order->no_lock,
        .lock_timeout_ms = LOCK_TIMEOUT_MS,
        .rng = &process->rng,
        .version = STR("1"),
        .allow_empty = true,
        .checkpoint_uploads = order->checkpoint_uploads,
        .approved = order->approved};
    process->rollback =
        (struct rollback){.model = str_from(order->model), .reason = STR("drill"), .to = STR_NULL};
    if (order->verb == SIM_ROLLBACK)
        process->r.rollback = &process->rollback;
    process->pid = (int64_t) account->serial;
    replace_pid(account, 0, process->pid, &process->r);
    if (!order->elsewhere)
        process->r.host = (struct host){&s_host, process};
}

void sim_check_secrets(struct account *account, struct str said, const struct err *err)
{
    struct str secret = account->key.secret_key;
    if (str_find(said, secret) != SIZE_MAX ||
        str_find(str_from(err->message), secret) != SIZE_MAX ||
        str_find(str_from(err->hint), secret) != SIZE_MAX)
        account_violation(account, "I15", "the secret key was said");
}

void sim_process_close(struct sim_process *process)
{
    struct wire *wire = &process->wire;
    process->result.requests = wire->requests;
    process->result.mutating = wire->mutating;
    process->result.struck = wire->struck;
    process->result.after_strike_ms = process->account->now_ms - wire->struck_ms;
    memcpy(process->result.what, wire->what, sizeof(wire->what));
    buf_add(&process->said, process->result.plan);
    sim_check_secrets(process->account, buf_str(&process->said), &process->result.err);
    replace_pid(process->account, process->pid, 0, NULL);
    process->account->struck = process->account->struck || wire->struck;
    kinds_free(process->world);
    aws_free(process->aws);
    creds_close(process->creds);
    buf_done(&process->said);
    arena_free(process->arena);
}

/* A plan as text: which change, of what, why. */
static struct str plan_text(struct arena *arena, const struct plan *plan)
{
    struct buf buf = BUF_INIT(MIB(1));
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        if (change->action == ACTION_NOOP)
            continue;
        buf_fmt(
            &buf, "%s " STR_FMT " " STR_FMT " " STR_FMT " %s " STR_FMT "\n",
            action_name(change->action), STR_ARG(change->address), STR_ARG(change->name),
            STR_ARG(change->old_name),
            reason_name(change->reason) != NULL ? reason_name(change->reason) : "",
            STR_ARG(change->note));
        if (change->after != NULL)
            json_write(&buf, change->after, JSON_CANONICAL);
    }
    buf_fmt(&buf, "%zu %zu %zu\n", plan->n_add, plan->n_change, plan->n_destroy);
    struct str text = str_dup(arena, buf_str(&buf));
    buf_done(&buf);
    return text;
}

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *) a, *(const struct str *) b);
}

/* What would be done to which thing of AWS, in no order. Which model an object belonged to that is
 * to go, and whether clients were sent to it, only the record knows. */
static struct str plan_deeds(struct arena *arena, const struct plan *plan)
{
    size_t count = 0;
    struct str *lines = ARENA_ARRAY(arena, plan->changes.len + 1, struct str);
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        struct str after =
            change->after != NULL ? json_text(arena, change->after, JSON_CANONICAL) : STR("");
        if (change->action != ACTION_NOOP)
            lines[count++] = str_fmt(
                arena, "%s " STR_FMT " " STR_FMT " " STR_FMT, action_name(change->action),
                STR_ARG(change->name), STR_ARG(change->old_name), STR_ARG(after));
    }
    qsort(lines, count, sizeof(lines[0]), by_text);
    struct buf buf = BUF_INIT(MIB(1));
    for (size_t i = 0; i < count; i++)
        buf_fmt(&buf, STR_FMT "\n", STR_ARG(lines[i]));
    struct str text = str_dup(arena, buf_str(&buf));
    buf_done(&buf);
    return text;
}

/* As cmd_apply.c: without the lock, and again under it. */
static enum err_code locked_plan(
    struct sim_process *process,
    const struct spec *spec,
    enum plan_mode mode,
    struct plan **ret_plan,
    struct err *err)
{
    enum err_code code = reconcile_plan_settled(&process->r, spec, mode, ret_plan, err);
    if (code == ERR_NONE)
        code = reconcile_lock(&process->r, *ret_plan, err);
    if (code == ERR_NONE && process->r.lease != NULL)
        code = reconcile_plan_settled(&process->r, spec, mode, ret_plan, err);
    return code;
}

/* Written and read again, as by `plan -out` and `apply FILE`. */
static const struct saved_stack *saved_again(struct sim_process *process, const struct plan *plan)
{
    struct arena *arena = process->account->arena;
    struct err err = {0};
    struct saved_stack stack;
    saved_describe(process->arena, plan, &stack);
    stack.observed_sha256 = plan_observed(process->arena, plan);
    stack.text = STR("a plan");
    stack.json = STR("{}");
    stack.spec_file = STR("spec");
    stack.spec_sha256 = sha256_hex(process->arena, stack.spec_file);
    const struct saved_plan file = {
        .tool_version = STR("1"), .created = STR("now"), .stacks = &stack, .n_stacks = 1};
    struct saved_plan *read = ARENA_NEW(arena, struct saved_plan);
    struct buf bytes = BUF_INIT(SAVED_MAX_BYTES);
    saved_write(process->arena, &file, &bytes);
    struct str kept = str_dup(arena, buf_str(&bytes));
    buf_done(&bytes);
    sim_must(saved_read(arena, kept, read, &err), &err, "reading a saved plan");
    return &read->stacks[0];
}

/* As cmd_import.c. */
static enum err_code import(struct sim_process *process, const struct spec *spec, struct err *err)
{
    struct adopt_options options = {.from_stack = STR_NULL};
    struct report report = {0};
    bool waited;
    enum err_code code = reconcile_wait_stable(&process->r, spec, &waited, err);
    if (code == ERR_NONE)
        code = adopt_execute(&process->r, spec, &options, &report, err);
    return code;
}

static enum plan_mode mode_of(enum sim_verb verb)
{
    return verb == SIM_DESTROY ? PLAN_DESTROY : verb == SIM_ROLLBACK ? PLAN_ROLLBACK : PLAN_APPLY;
}

static enum err_code work(struct sim_process *process, struct err *err)
{
    const struct sim_order *order = process->order;
    struct sim_result *result = &process->result;
    struct spec_list specs;
    struct spec_options options = {0};
    struct diags diags;
    diags_init(&diags, process->arena);
    struct str path = account_spec_file(process->account, &order->spec);
    enum err_code code = spec_load(process->arena, &path, 1, &options, &diags, &specs, err);
    if (code != ERR_NONE)
        return code;
    struct plan *plan = NULL;
    struct report report = {0};
    struct record_hold lifted;
    if (order->verb == SIM_IMPORT)
        return import(process, specs.items[0], err);
    if (order->verb == SIM_RESUME)
        return reconcile_resume(&process->r, specs.items[0], str_from(order->model), &lifted, err);
    if (order->verb == SIM_PLAN)
        code = reconcile_plan(&process->r, specs.items[0], PLAN_APPLY, &plan, err);
    else
        code = locked_plan(process, specs.items[0], mode_of(order->verb), &plan, err);
    if (code != ERR_NONE)
        return code;
    result->planned = true;
    result->n_add = plan->n_add;
    result->n_change = plan->n_change;
    result->n_destroy = plan->n_destroy;
    result->empty = plan_is_empty(plan) && plan->n_left_out == 0;
    if (order->verb == SIM_PLAN) {
        result->plan = plan_text(process->account->arena, plan);
        result->deeds = plan_deeds(process->account->arena, plan);
        result->saved = saved_again(process, plan);
        return ERR_NONE;
    }
    return reconcile_execute(&process->r, plan, &report, err);
}

void sim_process_main(void *arg)
{
    struct sim_process *process = arg;
    process->result.code = work(process, &process->result.err);
    reconcile_unlock(&process->r);
}

struct sim_result sim_run(struct account *account, const struct sim_order *order)
{
    struct loop *loop = account_loop(account);
    struct sim_process process;
    sim_process_open(&process, account, loop, order);
    process.wire.own_loop = true;
    account->destroying = order->verb == SIM_DESTROY;
    loop_run(loop, sim_process_main, &process);
    sim_process_close(&process);
    loop_free(loop);
    if (order->verb == SIM_APPLY && process.result.code == ERR_NONE)
        account->published = true;
    if (account->published)
        account->record_lost = false;
    if (order->verb == SIM_DESTROY)
        account->published = false;
    if (order->trace)
        fprintf(stderr, "  = %s %s\n", err_name(process.result.code), process.result.err.message);
    return process.result;
}
