/* cmd/advice.h - how large a stack's models are, and which instances hold them.
 *
 * Sizes come from the live stack when it is asked for, else from local artifacts, else from
 * hyperparameters: the largest that such trees can be. What becomes of them:
 * engine/cost/capacity.h.
 */
#ifndef CMD_ADVICE_H
#define CMD_ADVICE_H

#include "cmd/partitions.h"
#include "cmd/table.h"
#include "engine/cost/capacity.h"
#include "engine/reconcile/reconcile.h"

struct advice_sizes {
    uint64_t models;
    uint64_t bytes; /* of all, as XGBoost reads them: not compressed */
    uint64_t n_live, n_artifacts, n_estimated, n_unknown; /* where they come from */
};

/* status: NULL without --live. */
struct advice_sizes advice_sizes(
    struct arena *arena,
    const struct spec *spec,
    const struct partitions *found,
    const struct status *status);

struct advice_capacity {
    struct advice_sizes sizes;
    uint64_t mean_bytes, workers, percent;
    struct table *table; /* of the types worth a look; empty: no sizes */
    struct table *all;   /* of every type, for JSON */
    const struct price *cheapest[CAPACITY_COUNT];
    uint64_t containers; /* of a multi-container endpoint, instead of all that; 0: it is none */
    uint64_t needed_bytes;
};

/* percent: of the models, that the cheapest type has to hold. */
struct advice_capacity advice_capacity(
    struct arena *arena,
    const struct spec *spec,
    const struct advice_sizes *sizes,
    uint64_t percent);
void advice_text(
    struct arena *arena,
    struct buf *buf,
    const struct spec *spec,
    const struct advice_capacity *capacity,
    bool color);
struct json *advice_json(struct arena *arena, const struct advice_capacity *capacity);

#endif
