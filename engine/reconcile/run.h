/* engine/reconcile/run.h - apply and destroy, phase by phase.
 *
 * apply:   bucket -> claim the record -> data and training -> (what failed is left out, plan again)
 * -> artifacts, model, config, endpoint -> commit the record -> removals. destroy: endpoint,
 * configs, models, jobs -> objects -> look again after a pause -> the record -> the bucket.
 */
#ifndef ENGINE_RECONCILE_RUN_H
#define ENGINE_RECONCILE_RUN_H

#include "engine/reconcile/reconcile.h"

struct want;

enum err_code
run_apply(struct reconciler *r, struct plan *plan, struct report *report, struct err *err) MUST_USE;
enum err_code
run_destroy(struct reconciler *r, struct plan *plan, struct report *report, struct err *err)
    MUST_USE;

/* Shared: runs the object removals among them in batches and the rest through the executor. */
void run_removals(struct reconciler *r, struct plan *plan, struct change **changes, size_t count);
/* Adds what happened to these changes to the report. */
void run_count(struct arena *arena, struct change **changes, size_t count, struct report *report);
enum err_code
run_result(struct reconciler *r, const struct report *report, const char *what, struct err *err);

/* Calls what this run is about to publish (stable: has published) and marks the models that do not
 * pass, or could not be called (run_checks.c). True when all passed. */
bool run_checks(struct reconciler *r, const struct plan *plan);
/* ERR_PARTIAL for what run_checks() marked, unless the plan tells of it: a version held back. */
enum err_code run_checks_result(const struct want *want, struct err *err) MUST_USE;

#endif
