/* engine/reconcile/checkpoint.h - what a long publish has uploaded so far, noted in the record.
 *
 * Only hints, which spare the run after an interrupted one a HEAD for each of thousands of objects:
 * nothing is published by them. Written after CHECKPOINT_UPLOADS, or as many again as are noted
 * already, so that all of them together write no more than twice what the last one holds; and after
 * CHECKPOINT_MS in any case. By the same compare-and-set as everything in the record: one that is
 * lost ends the run, any other failure is left to the next one. Threads: the loop's.
 */
#ifndef ENGINE_RECONCILE_CHECKPOINT_H
#define ENGINE_RECONCILE_CHECKPOINT_H

#include "engine/reconcile/planner.h"
#include "engine/reconcile/reconcile.h"

#define CHECKPOINT_UPLOADS 1000
#define CHECKPOINT_MS 30000
#define CHECKPOINT_LEAST 10 /* at the end: fewer are not worth a request */

struct checkpoint *checkpoint_new(struct reconciler *r, const struct plan *plan);
/* A change is done. Accepts NULL. */
void checkpoint_note(struct checkpoint *checkpoint, const struct change *change);
/* Before the endpoint is touched, which looks at the record itself: waits until nothing is being
 * written. Accepts NULL. */
void checkpoint_settle(struct checkpoint *checkpoint);
/* Puts what is uploaded and not published by `record` into it; true when it knows more of that than
 * the record does. Accepts NULL. */
bool checkpoint_keep(const struct checkpoint *checkpoint, struct record *record);

#endif
