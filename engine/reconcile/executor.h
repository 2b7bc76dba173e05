/* engine/reconcile/executor.h - carries a plan out: in its order, side by side, and tells what
 * happens.
 *
 * execute_phase() runs a set of changes: each starts when all it needs is done, at most
 * `parallelism` at once; a failure stops only what needs it. The reconciler strings phases together
 * (reconcile.c).
 */
#ifndef ENGINE_RECONCILE_EXECUTOR_H
#define ENGINE_RECONCILE_EXECUTOR_H

#include "engine/reconcile/reconcile.h"

struct want;
struct snapshot;

/* Outcomes end up in the changes. Changes outside `changes` count by the outcome they have; NOOP
 * counts as done. */
void execute_phase(
    struct reconciler *r,
    const struct want *want,
    struct snapshot *seen,
    struct change **changes,
    size_t count);

/* Nothing new is started after an interrupt, without the lease, or after a failure with fail_fast.
 */
bool reconcile_may_start(struct reconciler *r);
/* because: what it needs and was not done; NULL: the run ends. */
void reconcile_skip(struct reconciler *r, struct change *change, const struct change *because);

void reconcile_tell(struct reconciler *r, const struct event *event);
void reconcile_tell_change(
    struct reconciler *r, enum event_type type, const struct change *change, struct str text);

#endif
