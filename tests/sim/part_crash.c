/* Every request of every scenario is struck in each way, once (T-1) and, for some, once more in the
 * recovery (T-2). */
#include "tests/sim/parts.h"
#include "tests/sim/scenarios.h"

#include <stdio.h>

static const struct {
    const char *name;
    enum strike strike;
} s_strikes[] = {
    {"before", STRIKE_BEFORE},
    {"effect", STRIKE_EFFECT},
    {"after", STRIKE_AFTER},
    {"interrupt", STRIKE_INTERRUPT},
};
#define N_DEATHS 3 /* the first so many are deaths */
#define LONGEST 400

static const char *mode_name(bool stable)
{
    return stable ? "stable" : "versioned";
}

typedef void scenario_fn(struct sim_report *report, const struct scenario *scenario, bool stable);

static void each_scenario(struct sim_report *report, scenario_fn *fn)
{
    for (size_t i = 0; i < n_scenarios; i++)
        for (int stable = 0; stable < 2; stable++) {
            const struct scenario *scenario = &scenarios[i];
            if (!(stable ? scenario->stable : scenario->versioned))
                continue;
            if (report_within(report, "%s/%s", scenario->name, mode_name(stable)))
                fn(report, scenario, stable);
        }
}

/* Plays the scenario without a strike; how many requests it has. 0: it does not even work so. */
static size_t
count_requests(struct sim_report *report, const struct scenario *scenario, bool stable)
{
    struct stage stage = {0};
    stage_set(&stage, report->account, scenario, stable);
    struct sim_result result = sim_run(stage.account, &stage.order);
    stage_judge(&stage, &result);
    if (result.code != stage.ends)
        account_violation(
            stage.account, "I16", "without any strike: %s: %s", err_name(result.code),
            result.err.message);
    if (account_is_well(stage.account))
        stage_converge(&stage);
    return account_is_well(stage.account) ? result.requests : 0;
}

static struct sim_result strike_once(struct stage *stage, enum strike strike, size_t nth)
{
    struct sim_order order = stage->order;
    order.strike = strike;
    order.nth = nth;
    order.trace = stage->trace;
    struct sim_result result = sim_run(stage->account, &order);
    if (strike == STRIKE_INTERRUPT && result.struck)
        stage_judge_interrupted(stage->account, &result);
    return result;
}

static void crash_scenario(struct sim_report *report, const struct scenario *scenario, bool stable)
{
    const char *mode = mode_name(stable);
    size_t count = count_requests(report, scenario, stable);
    if (count == 0) {
        if (report_case(report, "%s/%s/0", scenario->name, mode))
            report_verdict(report);
        return;
    }
    struct stage stage = {.trace = report_is_replay(report)};
    stage_set(&stage, report->account, scenario, stable);
    struct account_moment *start = account_keep(report->account);
    for (size_t nth = 1; nth <= count; nth++)
        for (size_t i = 0; i < ARRAY_LEN(s_strikes); i++) {
            if (!report_case(report, "%s/%s/%zu/%s", scenario->name, mode, nth, s_strikes[i].name))
                continue;
            account_return(report->account, start);
            strike_once(&stage, s_strikes[i].strike, nth);
            stage_converge(&stage);
            report_verdict(report);
        }
    account_forget(report->account, start);
}

void part_crash(struct sim_report *report)
{
    report->part = PART_CRASH;
    each_scenario(report, crash_scenario);
}

/* ---- twice ---- */

/* From one state that a first death left: death at every request of the recovery. */
static void double_second(struct sim_report *report, struct stage *stage, const char *first)
{
    struct account_moment *start = account_keep(report->account);
    bool struck = true;
    for (size_t nth = 1; struck && nth < LONGEST; nth++)
        for (size_t i = 0; struck && i < N_DEATHS; i++) {
            if (!report_case(report, "%s/%zu/%s", first, nth, s_strikes[i].name))
                continue;
            account_return(report->account, start);
            struck = strike_once(stage, s_strikes[i].strike, nth).struck;
            if (!struck) {
                report->cases[report->part]--; /* the recovery has no such request */
                break;
            }
            stage_converge(stage);
            report_verdict(report);
        }
    account_forget(report->account, start);
}

static bool is_double(const struct scenario *scenario, bool stable)
{
    static const struct {
        const char *name;
        bool stable;
    } chosen[] = {{"create", false}, {"update-one", true}, {"instance", false}, {"destroy", false}};
    for (size_t i = 0; i < ARRAY_LEN(chosen); i++)
        if (strcmp(chosen[i].name, scenario->name) == 0 && chosen[i].stable == stable)
            return true;
    return false;
}

/* A death leaves the same world as one before it when nothing was changed in between: so the first
 * one comes right before and right after every request that can change something. */
static void double_scenario(struct sim_report *report, const struct scenario *scenario, bool stable)
{
    if (!is_double(scenario, stable))
        return;
    size_t count = count_requests(report, scenario, stable), before = SIZE_MAX;
    struct stage stage = {.trace = report_is_replay(report)};
    stage_set(&stage, report->account, scenario, stable);
    struct account_moment *start = account_keep(report->account);
    for (size_t nth = 1; nth <= count; nth++) {
        char first[100];
        snprintf(first, sizeof(first), "%s/%s/%zu/effect", scenario->name, mode_name(stable), nth);
        if (!report_within(report, "%s", first))
            continue;
        account_return(report->account, start);
        struct sim_result result = strike_once(&stage, STRIKE_EFFECT, nth);
        if (before != result.mutating)
            double_second(report, &stage, first);
        before = result.mutating;
    }
    account_forget(report->account, start);
}

void part_double(struct sim_report *report)
{
    report->part = PART_DOUBLE;
    each_scenario(report, double_scenario);
}
