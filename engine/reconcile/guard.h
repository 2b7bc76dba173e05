/* engine/reconcile/guard.h - what apply and destroy refuse to do without being told twice.
 *
 * A guard that trips is written into the plan (plan->guards): a plan shows it as a warning,
 * carrying the plan out refuses with ERR_REFUSED before anything is changed. Every plan is guarded,
 * so one that is built again under the lease is, too. Only what the stack owns counts: nothing else
 * is ever planned to go. To add a guard: a row in s_guards (guard.c), its flag in cmd/args.c, a
 * line in README.md under "Guards", a case in test_guard.c.
 */
#ifndef ENGINE_RECONCILE_GUARD_H
#define ENGINE_RECONCILE_GUARD_H

#include "engine/reconcile/planner.h"

/* As many models may go without a word, or a tenth of them when that is more. */
#define GUARD_DELETES_FREE 20

/* Fills in plan->guards of a finished plan. */
void guard_plan(struct arena *arena, struct plan *plan, const struct plan_options *options);
/* ERR_REFUSED when a guard tripped: the first one's message and hint. */
enum err_code guard_check(const struct plan *plan, struct err *err) MUST_USE;

/* Where the spec belongs and where the credentials and --region lead. STR_NULL: not said. */
struct guard_place {
    struct str account, spec_account, role, role_account;
    struct str region, spec_region;
    struct srcloc account_at, role_at, region_at;
};
/* ERR_REFUSED for a wrong account or region: no flag helps, the hint says what to change. */
enum err_code guard_place(const struct guard_place *place, struct err *err) MUST_USE;

#endif
