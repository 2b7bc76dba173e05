/* The lease where it is weak (T-6): its holder is stopped at every one of its requests until
 * another machine has taken the lease over and done its own work; answers about it are lost; clocks
 * are an hour off. */
#include "tests/sim/faults.h"
#include "tests/sim/parts.h"
#include "tests/sim/scenarios.h"

#include "engine/base/arena.h"

#define HOUR_MS INT64_C(3600000)
#define MOST_REQUESTS 400

static const struct {
    const char *name;
    int64_t ms;
} s_skews[] = {{"on-time", 0}, {"an-hour-late", -HOUR_MS}, {"an-hour-early", HOUR_MS}};

struct rival {
    struct sim_order order;
    struct sim_result result;
    int64_t skew_ms;
};

/* While one is stopped, the other waits for the lease to expire, takes it and does all it has to.
 */
static void let_rival_work(struct wire *wire)
{
    struct account *account = wire->account;
    struct rival *rival = wire->pause_arg;
    int64_t own = account->skew_ms;
    account->skew_ms = rival->skew_ms;
    rival->result = sim_run(account, &rival->order);
    account->skew_ms = own;
}

struct lease_case {
    const char *name;
    struct sim_spec base, a, b;
};

static void pause_at(
    struct sim_report *report,
    const struct lease_case *c,
    const struct account_moment *start,
    size_t nth,
    size_t skew)
{
    struct account *account = report->account;
    bool trace = report_is_replay(report);
    account_return(account, start);
    struct stage stage = {.account = account, .trace = trace};
    struct rival rival = {
        .order = {.verb = SIM_APPLY, .spec = c->b, .elsewhere = true, .trace = trace},
        .skew_ms = -s_skews[skew].ms};
    struct sim_order order = {
        .verb = SIM_APPLY,
        .spec = c->a,
        .trace = trace,
        .strike = STRIKE_PAUSE,
        .nth = nth,
        .pause = let_rival_work,
        .pause_arg = &rival};
    account->skew_ms = s_skews[skew].ms;
    account->unfenced = true;
    struct sim_result result = sim_run(account, &order);
    if (rival.result.code != ERR_NONE && rival.result.code != ERR_PRECONDITION)
        account_violation(account, "I16", "the other run: %s", rival.result.err.message);
    if (result.code == ERR_INTERNAL)
        account_violation(account, "I10", "a defect: %s", result.err.message);
    stage.order.verb = SIM_APPLY;
    stage.order.spec = nth % 2 == 0 ? c->a : c->b;
    struct sim_result end = sim_run(
        account, &(struct sim_order){.verb = SIM_APPLY, .spec = stage.order.spec, .trace = trace});
    stage_judge(&stage, &end);
    if (end.code != ERR_NONE)
        account_violation(
            account, "I16", "one more apply after both (%s, %s): %s", err_name(result.code),
            err_name(rival.result.code), end.err.message);
    stage_settle(&stage);
    report_verdict(report);
}

static void lose_at(
    struct sim_report *report,
    const struct lease_case *c,
    const struct account_moment *start,
    size_t nth,
    size_t skew,
    const struct fault *fault)
{
    struct account *account = report->account;
    account_return(account, start);
    struct stage stage = {.account = account, .trace = report_is_replay(report)};
    stage.order = (struct sim_order){.verb = SIM_APPLY, .spec = c->a, .elsewhere = true};
    account->skew_ms = s_skews[skew].ms;
    struct sim_order order = stage.order;
    order.trace = stage.trace;
    order.strike = STRIKE_FAULT;
    order.fault = fault;
    order.nth = nth;
    struct sim_result result = sim_run(account, &order);
    if (fault_is_untrue(fault) && result.code == ERR_NONE)
        result.code = ERR_PARTIAL; /* as far as it could know */
    stage_judge(&stage, &result);
    stage_converge(&stage);
    report_verdict(report);
}

static void lease_faults(
    struct sim_report *report,
    const struct lease_case *c,
    const struct account_moment *start,
    size_t skew)
{
    AUTO(arena_close) struct arena *scratch = arena_new("masks", 0);
    struct account *account = report->account;
    account_return(account, start);
    account->skew_ms = s_skews[skew].ms;
    uint64_t *masks = ARENA_ARRAY(scratch, MOST_REQUESTS, uint64_t);
    struct sim_order order = {
        .verb = SIM_APPLY, .spec = c->a, .masks = masks, .n_masks = MOST_REQUESTS};
    size_t count = sim_run(account, &order).requests;
    for (size_t nth = 1; nth <= count && nth <= MOST_REQUESTS; nth++)
        for (size_t i = 0; (masks[nth - 1] & WIRE_LEASE) != 0 && i < fault_count(); i++)
            if ((masks[nth - 1] >> i & 1) != 0 &&
                report_case(
                    report, "%s/%s/%zu/%s", c->name, s_skews[skew].name, nth,
                    fault_name(fault_at(i))))
                lose_at(report, c, start, nth, skew, fault_at(i));
    for (size_t nth = 1; nth <= count; nth++)
        if (report_case(report, "%s/%s/%zu/pause", c->name, s_skews[skew].name, nth))
            pause_at(report, c, start, nth, skew);
}

static void lease_case(struct sim_report *report, const struct lease_case *c)
{
    struct account_options options = {.seed = 1};
    account_reset(report->account, &options);
    struct sim_order order = {.verb = SIM_APPLY, .spec = c->base};
    (void) sim_run(report->account, &order);
    struct account_moment *start = account_keep(report->account);
    for (size_t skew = 0; skew < ARRAY_LEN(s_skews); skew++)
        if (report_within(report, "%s/%s", c->name, s_skews[skew].name))
            lease_faults(report, c, start, skew);
    account_forget(report->account, start);
}

void part_lease(struct sim_report *report)
{
    report->part = PART_LEASE;
    const struct sim_spec two = {.depth = {1, 2}, .count = 1};
    struct sim_spec deeper = two, typed = two, stable = two, stable_deeper, stable_less;
    deeper.depth[0] = 3;
    typed.instance = 1;
    stable.stable = true;
    stable_deeper = stable_less = stable;
    stable_deeper.depth[0] = 3;
    stable_less.depth[1] = 0;
    stable_less.env = 1;
    const struct lease_case cases[] = {
        {"versioned", two, deeper, typed},
        {"instance", two, typed, deeper},
        {"stable", stable, stable_deeper, stable_less},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (report_within(report, "%s", cases[i].name))
            lease_case(report, &cases[i]);
}
