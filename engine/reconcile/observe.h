/* engine/reconcile/observe.h - wanted, seen, and a plan without gaps: the front half of every
 * command.
 */
#ifndef ENGINE_RECONCILE_OBSERVE_H
#define ENGINE_RECONCILE_OBSERVE_H

#include "engine/plan/world.h"
#include "engine/reconcile/planner.h"
#include "engine/reconcile/reconcile.h"

/* Reads the world and plans, filling gaps until there are none. */
enum err_code observe_and_plan(
    struct reconciler *r,
    struct want *want,
    enum plan_mode mode,
    struct plan **ret_plan,
    struct err *err) MUST_USE;
/* The same for a world that was read already. */
enum err_code plan_seen(
    struct reconciler *r,
    struct want *want,
    struct snapshot *seen,
    enum plan_mode mode,
    struct plan **ret_plan,
    struct err *err) MUST_USE;
/* Another run was under way when the plan was made: among its warnings. */
void reconcile_warn_other_run(struct reconciler *r, struct plan *plan);
/* Checks the local files and artifacts that the plan would send. */
enum err_code preflight(struct reconciler *r, const struct plan *plan, struct err *err) MUST_USE;

#endif
