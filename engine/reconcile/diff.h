/* engine/reconcile/diff.h - two attribute trees compared, leaf by leaf. Pure.
 */
#ifndef ENGINE_RECONCILE_DIFF_H
#define ENGINE_RECONCILE_DIFF_H

#include "engine/plan/plan.h"

/* Fills change->diffs from change->before and change->after: one entry per differing leaf, paths
 * joined with dots, list indexes as numbers. Whether a difference replaces comes from the kind's
 * schema. */
void diff_change(struct arena *arena, struct change *change);

#endif
