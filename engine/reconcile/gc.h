/* engine/reconcile/gc.h - what of this stack nothing uses any more.
 *
 * Mostly what the next apply would prune anyway, found by its own plan, without making anything:
 * old versions and generations, models, configurations and data that neither the spec nor the live
 * endpoint needs. And what no apply looks for: training jobs of recipes that nobody wants any more
 * with what they wrote, unfinished uploads, the probe of a killed run. Only what is ours, each
 * object only while its ETag is the one seen. Whatever serves or is published stays, whatever the
 * spec says: that is for apply to change. gc_build() is pure.
 */
#ifndef ENGINE_RECONCILE_GC_H
#define ENGINE_RECONCILE_GC_H

#include "engine/plan/snapshot.h"
#include "engine/reconcile/reconcile.h"

struct garbage {
    struct plan *plan; /* removals only */
    size_t n_things;   /* objects, jobs, models, configurations */
    size_t n_uploads;  /* unfinished ones */
    uint64_t bytes;    /* of the objects */
};

bool garbage_is_none(const struct garbage *garbage);
/* Jobs whose owner has to be known before gc_build; as many as *ret_count. */
struct seen_job **gc_suspects(struct arena *arena, const struct plan *apply, size_t *ret_count);
/* apply: a plan without gaps, of a world read for destroy. */
struct garbage *gc_build(struct arena *arena, const struct plan *apply);

enum err_code gc_plan(
    struct reconciler *r, const struct spec *spec, struct garbage **ret_garbage, struct err *err)
    MUST_USE;
/* Looks again under the lease and removes. ERR_PARTIAL when some of it failed. */
enum err_code gc_execute(
    struct reconciler *r, const struct spec *spec, struct report *ret_report, struct err *err)
    MUST_USE;

#endif
