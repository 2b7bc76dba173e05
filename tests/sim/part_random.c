/* Random pairs of specs: A, B, A again, destroy, with whatever may happen in between (T-4). Each
 * seed enables a random subset of what can go wrong, so that rare things meet (swarm testing).
 * A seed that fails is tried again with less: fewer models, then without one thing after another.
 */
#include "tests/sim/drift.h"
#include "tests/sim/faults.h"
#include "tests/sim/parts.h"
#include "tests/sim/reference.h"
#include "tests/sim/run.h"
#include "tests/sim/scenarios.h"

#include <stdio.h>

#define MAX_RERUNS 3
#define LATE_MS 60000
#define ANYWHERE 60 /* requests are struck among the first so many */

/* What a seed has switched on. */
enum swarm {
    SWARM_FAULTS = 1,
    SWARM_DEATHS = 2,
    SWARM_DRIFT = 4,
    SWARM_DELAYS = 8,
    SWARM_LATENCY = 16,
    SWARM_ALONE = 32,
    SWARM_ALL = 63
};

struct course {
    struct sim_report *report;
    struct account *account;
    struct rng rng;
    unsigned swarm;
    struct sim_spec a, b;
    bool trace;
    struct str untouched;
};

static struct local_delays random_delays(struct course *course)
{
    struct local_delays delays = local_delays_zero();
    if ((course->swarm & SWARM_DELAYS) == 0)
        return delays;
    delays.endpoint_creating_ms = (int64_t) rng_below(&course->rng, 2000);
    delays.endpoint_updating_ms = (int64_t) rng_below(&course->rng, 2000);
    delays.endpoint_rollback_ms = (int64_t) rng_below(&course->rng, 500);
    delays.endpoint_deleting_ms = (int64_t) rng_below(&course->rng, 500);
    delays.training_starting_ms = (int64_t) rng_below(&course->rng, 500);
    delays.training_deleting_ms = (int64_t) rng_below(&course->rng, 500);
    delays.log_group_recreate_ms = (int64_t) rng_below(&course->rng, 500);
    return delays;
}

static struct sim_order an_order(struct course *course, enum sim_verb verb, struct sim_spec spec)
{
    return (struct sim_order){
        .verb = verb,
        .spec = spec,
        .trace = course->trace,
        .longest_ms = (course->swarm & SWARM_LATENCY) != 0 ? 50 : 1};
}

/* What this run meets on its way. */
static void draw_strike(struct course *course, struct sim_order *order)
{
    bool dies = (course->swarm & SWARM_DEATHS) != 0 && rng_below(&course->rng, 3) == 0;
    bool fault = (course->swarm & SWARM_FAULTS) != 0 && rng_below(&course->rng, 2) == 0;
    size_t nth = 1 + (size_t) rng_below(&course->rng, ANYWHERE);
    uint64_t which = rng_u64(&course->rng);
    if (dies) {
        order->strike = (enum strike)(STRIKE_BEFORE + which % 4);
        order->nth = nth;
    } else if (fault) {
        order->strike = STRIKE_FAULT;
        order->fault = fault_at((size_t) (which % fault_count()));
        order->nth = nth;
    }
}

static void judge(struct course *course, const struct sim_order *order, enum err_code code)
{
    if (code != ERR_NONE)
        return;
    if (order->verb == SIM_APPLY) {
        course->account->now_ms += 60000; /* a training that a dead run had begun has ended */
        reference_applied(course->account, &order->spec);
        return;
    }
    drift_undo(course->account);
    reference_gone(course->account, course->untouched);
}

/* One command, with what it meets, and then again without until it is done. */
static void step(struct course *course, enum sim_verb verb, struct sim_spec spec)
{
    struct account *account = course->account;
    struct sim_order order = an_order(course, verb, spec);
    draw_strike(course, &order);
    if (course->trace)
        fprintf(
            stderr, "%s " STR_FMT "\n", verb == SIM_APPLY ? "apply" : "destroy",
            STR_ARG(sim_spec_line(account->arena, &spec)));
    struct sim_result result = sim_run(account, &order);
    if (order.fault != NULL && fault_is_late(order.fault))
        account->now_ms += LATE_MS;
    bool untrue = order.fault != NULL && result.struck && fault_is_untrue(order.fault);
    if (untrue && result.code == ERR_NONE)
        result.code = ERR_PARTIAL; /* as far as it could know */
    judge(course, &order, result.code);
    order = an_order(course, verb, spec);
    order.retry_failed = true; /* a struck update may have been rolled back */
    for (int i = 0; i < MAX_RERUNS && result.code != ERR_NONE && account_is_well(account); i++) {
        if (result.code == ERR_CONFLICT && drift_clear(account) && course->trace)
            fprintf(stderr, "what was overwritten is moved away\n");
        result = sim_run(account, &order);
        judge(course, &order, result.code);
    }
    if (result.code != ERR_NONE)
        account_violation(
            account, "I16", "still not done after %d more runs: %s: %s", MAX_RERUNS,
            err_name(result.code), result.err.message);
}

/* I12: the same plan twice, and from another order of the same lines. */
static void check_plans(struct course *course, struct sim_spec spec)
{
    struct account *account = course->account;
    struct sim_order order = an_order(course, SIM_PLAN, spec);
    account->now_ms += 60000; /* what goes on has ended */
    struct sim_result first = sim_run(account, &order);
    order.spec.dress ^= 1;
    struct sim_result second = sim_run(account, &order);
    stage_judge_same(account, &first, &second);
}

static void check_record(struct course *course, struct sim_spec spec)
{
    struct sim_order order = an_order(course, SIM_PLAN, spec);
    stage_judge_without_record(course->account, &order);
}

static void drift(struct course *course)
{
    if ((course->swarm & SWARM_DRIFT) == 0)
        return;
    for (uint64_t n = rng_below(&course->rng, 3); n > 0; n--) {
        const char *what = drift_random(course->account, &course->rng);
        if (course->trace)
            fprintf(stderr, "drift: %s\n", what);
    }
}

static void play(struct course *course)
{
    struct account *account = course->account;
    struct local_delays delays = random_delays(course);
    struct account_options options = {
        .seed = rng_u64(&course->rng),
        .delays = &delays,
        .alone = (course->swarm & SWARM_ALONE) != 0};
    account_reset(account, &options);
    course->untouched = reference_text(account);
    bool plans = rng_below(&course->rng, 8) == 0;
    const struct sim_spec *steps[] = {&course->a, &course->b, &course->a};
    for (size_t i = 0; i < ARRAY_LEN(steps) && account_is_well(account); i++) {
        step(course, SIM_APPLY, *steps[i]);
        if (!account_is_well(account))
            return;
        const struct sim_spec *next = steps[(i + 1) % ARRAY_LEN(steps)];
        /* What was overwritten, only the record tells; and where the other mode begins, which older
         * version is taken along. */
        bool known = account->n_tampered == 0 && !account->etag_lied;
        if (plans && known && sim_spec_stable(next) == sim_spec_stable(steps[i]))
            check_record(course, *next);
        drift(course);
        if (plans)
            check_plans(course, *next);
    }
    if (account_is_well(account))
        step(course, SIM_DESTROY, course->a);
}

static bool play_seed(struct course *course, uint64_t seed, unsigned without, size_t models)
{
    rng_seed(&course->rng, seed);
    course->swarm = (unsigned) rng_below(&course->rng, SWARM_ALL + 1) & ~without;
    course->a = sim_spec_random(&course->rng);
    course->b = sim_spec_changed(&course->rng, &course->a);
    for (size_t i = models; i < SIM_MODELS; i++)
        course->a.depth[i] = course->b.depth[i] = 0;
    if (sim_spec_models(&course->a) == 0)
        course->a.depth[0] = 1;
    if (sim_spec_models(&course->b) == 0)
        course->b.depth[0] = 1;
    play(course);
    return account_is_well(course->account);
}

/* The least of it that still fails the same way. */
static void shrink(struct course *course, uint64_t seed)
{
    struct verdict wanted = course->account->verdict;
    unsigned without = 0;
    size_t models = SIM_MODELS;
    for (unsigned bit = 1; bit <= SWARM_ALL; bit *= 2)
        if (!play_seed(course, seed, without | bit, models) &&
            strcmp(course->account->verdict.rule, wanted.rule) == 0)
            without |= bit;
    while (models > 1 && !play_seed(course, seed, without, models - 1) &&
           strcmp(course->account->verdict.rule, wanted.rule) == 0)
        models--;
    course->trace = report_is_replay(course->report);
    if (course->trace)
        fprintf(stderr, "the least that fails: without %u, %zu models\n", without, models);
    (void) play_seed(course, seed, without, models);
    snprintf(
        course->report->name, sizeof(course->report->name), "random/%llu",
        (unsigned long long) seed);
}

void part_random(struct sim_report *report)
{
    report->part = PART_RANDOM;
    for (uint64_t seed = 1; seed <= report->options.seeds; seed++) {
        if (!report_case(report, "%llu", (unsigned long long) seed))
            continue;
        struct course course = {.report = report, .account = report->account};
        if (!play_seed(&course, seed, 0, SIM_MODELS))
            shrink(&course, seed);
        else if (report_is_replay(report)) {
            course.trace = true;
            (void) play_seed(&course, seed, 0, SIM_MODELS);
        }
        report_verdict(report);
    }
}
