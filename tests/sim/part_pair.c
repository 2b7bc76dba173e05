/* Two appliers of different specs at once, in every order of their requests with at most two
 * preemptions (T-5): the first runs until its i-th request, the other until its k-th, then the
 * first to its end, then the other. Afterwards one more apply of either ends exactly in its spec's
 * state. With the lease, and without it: correctness must not rest on it. */
#include "tests/sim/parts.h"
#include "tests/sim/scenarios.h"

#include "engine/base/arena.h"

#include <stdio.h>

#define MAX_WAITING 32

struct director {
    struct loop *loop;
    struct sim_process *process[2];
    size_t first;    /* who starts */
    size_t until[2]; /* requests of the first, then of the other, before a preemption */
    size_t sent[2];
    bool ended[2];
    int phase;
    struct task *waiting[2][MAX_WAITING];
    size_t n_waiting[2];
};

static size_t runner(const struct director *director)
{
    size_t chosen = director->phase % 2 == 0 ? director->first : 1 - director->first;
    return director->ended[chosen] ? 1 - chosen : chosen;
}

static void wake(struct director *director)
{
    size_t who = runner(director);
    for (size_t i = 0; i < director->n_waiting[who]; i++)
        loop_ready(director->loop, director->waiting[who][i]);
    director->n_waiting[who] = 0;
}

static void advance(struct director *director)
{
    size_t first = director->first;
    if (director->phase == 0 && director->sent[first] >= director->until[0])
        director->phase = 1;
    else if (director->phase == 1 && director->sent[1 - first] >= director->until[1])
        director->phase = 2;
    wake(director);
}

static void take_turn(struct wire *wire)
{
    struct director *director = wire->turn_arg;
    size_t me = &director->process[1]->wire == wire;
    advance(director);
    while (runner(director) != me) {
        if (director->n_waiting[me] == MAX_WAITING)
            abort();
        director->waiting[me][director->n_waiting[me]++] = loop_current(director->loop);
        loop_suspend(director->loop);
    }
    director->sent[me]++;
    wire->account->now_ms++;
}

struct actor {
    struct director *director;
    size_t who;
};

static void act(void *arg)
{
    struct actor *actor = arg;
    struct director *director = actor->director;
    sim_process_main(director->process[actor->who]);
    director->ended[actor->who] = true;
    wake(director);
}

static void act_both(void *arg)
{
    struct actor *actors = arg;
    struct director *director = actors[0].director;
    struct task *other = loop_spawn(director->loop, act, &actors[1 - director->first]);
    act(&actors[director->first]);
    loop_join(director->loop, other);
}

/* Both at once; what became of each. */
static void run_both(
    struct account *account,
    struct director *director,
    const struct sim_order orders[2],
    struct sim_result results[2])
{
    struct sim_process *processes = ARENA_ARRAY(account->arena, 2, struct sim_process);
    struct actor actors[2] = {{director, 0}, {director, 1}};
    director->loop = account_loop(account);
    for (size_t i = 0; i < 2; i++) {
        sim_process_open(&processes[i], account, director->loop, &orders[i]);
        processes[i].wire.turn = take_turn;
        processes[i].wire.turn_arg = director;
        director->process[i] = &processes[i];
    }
    account->destroying = orders[0].verb == SIM_DESTROY || orders[1].verb == SIM_DESTROY;
    loop_run(director->loop, act_both, actors);
    for (size_t i = 0; i < 2; i++) {
        sim_process_close(&processes[i]);
        results[i] = processes[i].result;
    }
    loop_free(director->loop);
}

/* ---- which two ---- */

struct pair_case {
    const char *name;
    bool lock, stable;
    struct sim_spec base, a, b;
};

static void schedule(
    struct sim_report *report,
    struct stage *stage,
    const struct pair_case *pair,
    const struct account_moment *start,
    const struct director *script,
    size_t last)
{
    struct account *account = report->account;
    account_return(account, start);
    struct director director = *script;
    account->unfenced = !pair->lock;
    struct sim_result results[2];
    struct sim_order orders[2] = {
        {.verb = SIM_APPLY, .spec = pair->a, .trace = stage->trace, .no_lock = !pair->lock},
        {.verb = SIM_APPLY, .spec = pair->b, .trace = stage->trace, .no_lock = !pair->lock}};
    run_both(account, &director, orders, results);
    for (size_t i = 0; i < 2; i++)
        if (results[i].code == ERR_INTERNAL)
            account_violation(account, "I10", "a defect: %s", results[i].err.message);
    if (!account_is_well(account))
        return;
    stage->order = orders[last];
    /* What one took from under the other without a fence, the next apply makes anew. */
    struct sim_result end = sim_run(account, &stage->order);
    account->unfenced = false;
    stage_judge(stage, &end);
    if (end.code != ERR_NONE)
        account_violation(
            account, "I16", "one more apply after both (%s, %s): %s: %s", err_name(results[0].code),
            err_name(results[1].code), err_name(end.code), end.err.message);
    stage_settle(stage);
}

/* How many requests one of the two needs alone. */
static size_t requests_of(
    struct account *account,
    const struct account_moment *start,
    const struct pair_case *pair,
    size_t who)
{
    account_return(account, start);
    struct sim_order order = {
        .verb = SIM_APPLY, .spec = who == 0 ? pair->a : pair->b, .no_lock = !pair->lock};
    return sim_run(account, &order).requests;
}

static void pair_case(struct sim_report *report, const struct pair_case *pair)
{
    struct account *account = report->account;
    struct account_options options = {.seed = 1};
    account_reset(account, &options);
    struct stage stage = {.account = account, .trace = report_is_replay(report)};
    struct sim_order order = {.verb = SIM_APPLY, .spec = pair->base};
    (void) sim_run(account, &order);
    struct account_moment *start = account_keep(account);
    size_t count[2];
    for (size_t i = 0; i < 2; i++)
        count[i] = requests_of(account, start, pair, i);
    for (size_t first = 0; first < 2; first++)
        for (size_t i = 0; i <= count[first]; i++)
            for (size_t k = 1; k <= count[1 - first] + 1; k++) {
                if (!report_case(report, "%s/%zu/%zu/%zu", pair->name, first, i, k))
                    continue;
                struct director script = {.first = first, .until = {i, k}};
                schedule(report, &stage, pair, start, &script, (first + i + k) % 2);
                report_verdict(report);
            }
    account_forget(account, start);
}

void part_pair(struct sim_report *report)
{
    report->part = PART_PAIR;
    const struct sim_spec two = {.depth = {1, 2}, .count = 1};
    struct sim_spec stable = two, other = two, more = two, type = two, stable_other;
    stable.stable = true;
    other.depth[0] = 3;
    more.depth[1] = 4;
    type.instance = 1;
    stable_other = stable;
    stable_other.depth[0] = 3;
    struct sim_spec stable_more = stable;
    stable_more.depth[1] = 0;
    stable_more.depth[2] = 5;
    const struct pair_case pairs[] = {
        {"models", true, false, two, other, more},
        {"models-no-lock", false, false, two, other, more},
        {"instance-no-lock", false, false, two, other, type},
        {"stable", true, true, stable, stable_other, stable_more},
        {"stable-no-lock", false, true, stable, stable_other, stable_more},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        if (report_within(report, "%s", pairs[i].name))
            pair_case(report, &pairs[i]);
}
