/* engine/reconcile/approve.h - whether a plan may be carried out: no guard trips, and it does what
 * a saved plan said.
 *
 * Asked of every plan right before it is carried out (reconcile_execute), also of one that was made
 * again under the lease. A saved plan is compared by what it does (engine/plan/saved.h), not by
 * what was seen when it was made: what changed without changing the actions does not matter.
 */
#ifndef ENGINE_RECONCILE_APPROVE_H
#define ENGINE_RECONCILE_APPROVE_H

#include "engine/plan/saved.h"
#include "engine/reconcile/reconcile.h"

/* ERR_REFUSED by a guard; ERR_PRECONDITION when r->approved says something else, after telling each
 * difference. */
enum err_code plan_approve(struct reconciler *r, const struct plan *plan, struct err *err) MUST_USE;
/* Of all that the plan was made from on the AWS side; hex. */
struct str plan_observed(struct arena *arena, const struct plan *plan);

#endif
