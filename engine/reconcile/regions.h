/* engine/reconcile/regions.h - the stacks of one spec in several regions, next to each other.
 *
 * Each is a stack of its own, with its record, lease and plan; what they share is the content of
 * their models, whose fingerprints are the same everywhere (decision 12). So each model is trained
 * in the first region of the list that has to make it, and copied to the others; and what a region
 * has already is copied rather than made. Nobody waits for a region that takes no part, and one
 * that fails stops nobody: who waited for its training trains then.
 *
 * Ownership: marks and plans hang off the reconcilers' arenas; a plan reads the plans of the other
 * regions while it is carried out, so all of them last as long. Threads: the loop's.
 */
#ifndef ENGINE_RECONCILE_REGIONS_H
#define ENGINE_RECONCILE_REGIONS_H

#include "engine/reconcile/reconcile.h"

struct regional {
    struct reconciler *reconciler;
    struct plan *plan; /* NULL: it takes no part */
    struct err err;    /* why not, when it could not be planned again */
};

/* Given the plans that each region has by itself, in the order of the list: plans those again that
 * can take something from another. Asks AWS for nothing but what such a plan needs to know. */
void regions_share(struct regional *regions, size_t count);
/* The run is over, or there will be none: nobody waits for this plan any more. */
void regions_give_up(struct plan *plan);
/* Until what the other regions copy from this stack is copied. */
void regions_wait_for_readers(struct reconciler *r);

#endif
