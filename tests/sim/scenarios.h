/* tests/sim/scenarios.h - the lives whose every request is struck: what was there before,
 * which command runs, and how the world must end.
 *
 * To add one: a function that sets the stage, and a line in the table (scenarios.c).
 */
#ifndef TESTS_SIM_SCENARIOS_H
#define TESTS_SIM_SCENARIOS_H

#include "tests/sim/run.h"

struct stage {
    struct account *account;
    bool stable;
    struct sim_order order; /* the command */
    enum err_code ends;     /* how it ends when nothing is in its way; ERR_NONE mostly */
    struct sim_spec world;  /* what it leads to, where that is not what the order's spec says */
    bool has_world;
    struct str untouched; /* the world before mmectl came */
    bool trace;
    const struct account_moment *moment; /* a part's own: where its cases begin */
};

struct scenario {
    const char *name;
    bool versioned, stable; /* the modes in which it differs */
    bool alone;
    void (*set)(struct stage *stage);
};

extern const struct scenario scenarios[];
extern const size_t n_scenarios;

/* The world as it is when the command starts. */
void stage_set(
    struct stage *stage, struct account *account, const struct scenario *scenario, bool stable);
/* The same command again and again until it ends as it should (I16: three times at most), then
 * everything that must be true then. */
void stage_converge(struct stage *stage);
/* What must be true once the command has done all it should (I1, I11, I14). */
void stage_settle(struct stage *stage);
/* What must be true of a run that ended this way, before anything else is done (I10). */
void stage_judge(struct stage *stage, const struct sim_result *result);
/* Of a plan when there should be nothing to do (I1, I11, I14). */
void stage_judge_plan(struct account *account, const struct sim_result *plan);
/* Of two plans of the same world and content (I12). */
void stage_judge_same(
    struct account *account, const struct sim_result *first, const struct sim_result *second);
/* The record only hints: with it gone, what exists is planned the same (I13). */
void stage_judge_without_record(struct account *account, const struct sim_order *plan);
/* Of a run that was interrupted (I18). */
void stage_judge_interrupted(struct account *account, const struct sim_result *result);

#endif
