/* engine/reconcile/gates.h - what the metrics of a training have to reach. Pure.
 *
 * A gate stands between a version that was made and its publication, never between callers and what
 * they reach already: the version that serves is not judged again.
 */
#ifndef ENGINE_RECONCILE_GATES_H
#define ENGINE_RECONCILE_GATES_H

#include "engine/resource/want.h"

/* Why metrics (an object of numbers) do not pass the model's gates: "validation:auc 0.931 is below
 * 0.95 (gate at mme.yaml:40:7)", one after the other; STR_NULL when they do. */
struct str
gates_fault(struct arena *arena, const struct want_model *model, const struct json *metrics);
/* What they ask for: "validation:auc at least 0.95"; STR_NULL without gates. */
struct str gates_text(struct arena *arena, const struct want_model *model);

#endif
