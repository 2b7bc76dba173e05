/* engine/reconcile/planner.h - from wanted and seen to a plan. PURE: no I/O, no clock, no
 * randomness.
 *
 * Same inputs, same plan. Where the snapshot does not say enough (an object whose owner is not
 * known, training jobs not listed yet), the planner names the gaps and its plan is not final: fill
 * them, plan again. Errors: ERR_CONFLICT when something that is not ours stands where we would put
 * something.
 */
#ifndef ENGINE_RECONCILE_PLANNER_H
#define ENGINE_RECONCILE_PLANNER_H

#include "engine/plan/artifact.h"
#include "engine/plan/plan.h"
#include "engine/plan/snapshot.h"

/* What a person asked for besides the spec; struct reconciler has the same members. */
struct plan_options {
    bool retry_failed;
    /* Guards that are lifted: engine/reconcile/guard.h. */
    bool allow_empty;
    int64_t allow_deletes;    /* 0: as many as the guard lets through */
    struct str allow_destroy; /* the stack that may be torn down though it is protected */
    /* Addresses; "*" in an index stands for anything. */
    const struct str *targets, *replaces;
    size_t n_targets, n_replaces;
};

struct plan_gaps {
    VEC(struct seen_object *) objects; /* look at their metadata */
    VEC(struct seen_job *) jobs;       /* look at their details */
    bool list_jobs;
};

bool gaps_any(const struct plan_gaps *gaps);

struct held_model {
    const struct want_model *model;
    struct artifact_plan *candidate; /* NULL: nothing is kept of it */
    const struct json *metrics;
    struct str reason, check;
};

/* What the executor and the views keep behind plan->context. */
struct plan_context {
    struct want *want;
    struct snapshot *seen;
    struct str generation;          /* stable: the one this plan publishes to */
    struct change *endpoint;        /* NULL when the endpoint does not change */
    struct str wanted_config;       /* STR_NULL when nothing can be deployed */
    const struct json *wanted_tags; /* of the endpoint */
    /* With autoscaling wanted: its digest, and what becomes of its two parts. */
    struct str scaling_fp;
    const struct change *scaling_target, *scaling_policy;
    VEC(struct artifact_plan *)
    artifacts;                   /* one per model that is or will be there, sorted by name */
    VEC(struct str) left_out;    /* names of models that cannot be made now */
    VEC(struct held_model) held; /* whose wanted version is held back, sorted by name */
};

/* Of the model, among those planned so far; NULL when it gets none. */
struct artifact_plan *planner_artifact(const struct plan_context *context, struct str name);

enum err_code plan_build(
    struct arena *arena,
    struct want *want,
    struct snapshot *seen,
    enum plan_mode mode,
    const struct plan_options *options,
    struct plan **ret_plan,
    struct plan_gaps *ret_gaps,
    struct err *err) MUST_USE;

/* The record as it should be after this plan went through (fresh serial, writer and times are the
 * caller's). Only models whose artifact is there (done, or unchanged) move; the others keep what
 * they had. rolled: the endpoint is on the wanted config. */
struct record record_after(
    struct arena *arena, const struct plan *plan, bool rolled, struct str at, struct str by);
/* Whether that is the same as what there is (record_same()), found out without making all of it. */
bool record_stays(struct arena *arena, const struct plan *plan, bool rolled);

#endif
