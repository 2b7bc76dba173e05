/* Every request of some scenarios meets every fault that can happen to it, once (T-3). The run may
 * fail, but cleanly; without faults the same command then leads where it always does. */
#include "tests/sim/faults.h"
#include "tests/sim/parts.h"
#include "tests/sim/scenarios.h"

#include "engine/base/arena.h"

#define MOST_REQUESTS 400
#define LATE_MS 60000

static const struct {
    const char *name;
    bool stable;
} s_chosen[] = {
    {"create", false},   {"create", true},   {"update-one", false}, {"update-one", true},
    {"instance", false}, {"destroy", false}, {"rollback", false},   {"adopt", false},
};

static const struct scenario *find(const char *name)
{
    for (size_t i = 0; i < n_scenarios; i++)
        if (strcmp(scenarios[i].name, name) == 0)
            return &scenarios[i];
    return NULL;
}

static void fault_at_request(
    struct sim_report *report,
    const struct account_moment *start,
    struct stage *stage,
    size_t nth,
    const struct fault *fault)
{
    account_return(report->account, start);
    struct sim_order order = stage->order;
    order.strike = STRIKE_FAULT;
    order.fault = fault;
    order.nth = nth;
    order.trace = stage->trace;
    struct sim_result result = sim_run(report->account, &order);
    if (fault_is_late(fault))
        report->account->now_ms += LATE_MS;
    if (fault_is_untrue(fault) && result.code == ERR_NONE)
        result.code = ERR_PARTIAL; /* as far as it could know */
    stage_judge(stage, &result);
    if (result.code == ERR_NONE && account_is_well(report->account))
        stage_settle(stage);
    else if (account_is_well(report->account))
        stage_converge(stage);
    report_verdict(report);
}

static void fault_scenario(struct sim_report *report, const struct scenario *scenario, bool stable)
{
    struct stage stage = {.trace = report_is_replay(report)};
    stage_set(&stage, report->account, scenario, stable);
    uint64_t *masks = ARENA_ARRAY(report->account->arena, MOST_REQUESTS, uint64_t);
    struct account_moment *start = account_keep(report->account);
    struct sim_order order = stage.order;
    order.masks = masks;
    order.n_masks = MOST_REQUESTS;
    struct sim_result result = sim_run(report->account, &order);
    for (size_t nth = 1; nth <= result.requests && nth <= MOST_REQUESTS; nth++)
        for (size_t i = 0; i < fault_count(); i++)
            if ((masks[nth - 1] >> i & 1) != 0 &&
                report_case(
                    report, "%s/%s/%zu/%s", scenario->name, stable ? "stable" : "versioned", nth,
                    fault_name(fault_at(i))))
                fault_at_request(report, start, &stage, nth, fault_at(i));
    account_forget(report->account, start);
}

void part_fault(struct sim_report *report)
{
    report->part = PART_FAULT;
    for (size_t i = 0; i < ARRAY_LEN(s_chosen); i++)
        if (report_within(
                report, "%s/%s", s_chosen[i].name, s_chosen[i].stable ? "stable" : "versioned"))
            fault_scenario(report, find(s_chosen[i].name), s_chosen[i].stable);
}
