/* engine/reconcile/planner_internal.h - shared by the planner's files and the record's; nobody else
 * includes it.
 */
#ifndef ENGINE_RECONCILE_PLANNER_INTERNAL_H
#define ENGINE_RECONCILE_PLANNER_INTERNAL_H

#include "engine/reconcile/diff.h"
#include "engine/reconcile/fingerprint.h"
#include "engine/reconcile/planner.h"
#include "engine/reconcile/request.h"
#include "engine/reconcile/versions.h"

struct seen_artifact {
    struct seen_object *object;
    enum key_class class;
    bool kept; /* wanted, or moved along, or retained */
};

struct planner {
    struct arena *arena;
    struct arena *scratch; /* for what only the planner needs, until the plan is finished */
    struct want *want;
    struct snapshot *seen;
    const struct plan_options *options;
    struct plan *plan;
    struct plan_context *context;
    struct plan_gaps *gaps;

    struct change *bucket;           /* NULL when it is there */
    struct map *data;                /* channel name -> change */
    VEC(struct change *) artifacts;  /* changes that must be done before the model is made */
    VEC(struct seen_artifact) found; /* everything under models/ with our grammar */
    struct map *by_key;              /* key -> struct seen_artifact */
    struct map *by_fp16;             /* fp16 -> struct seen_object, of ours; NULL: not asked yet */
    struct version_index *versions;
    VEC(struct change *) keeps; /* copies of older versions to where they are kept */
    struct map *asked;          /* key -> object whose owner is a gap already */
    struct str live_gen;        /* STR_NULL when the endpoint does not serve a generation of ours */
    bool new_generation;
    size_t n_copies;
    bool cannot_serve; /* a container is without its model: what is live stays as it is */
    bool unrecorded;   /* the record says of no model what is published: it is lost, or there was
                          none; of one, a rollback may have noted its hold */
};

/* planner_artifacts.c */
/* Clients reach the content that the spec describes already. */
bool planner_serves_wanted(struct planner *p, const struct want_model *model);
enum err_code plan_artifacts(struct planner *p, struct err *err) MUST_USE;
void plan_old_artifacts(struct planner *p, struct change *after);
/* Where nothing is left to serve, what is live stays as it is: but for versions that were called
 * and did not pass. */
void plan_refused(struct planner *p);
/* planner_versions.c: which version of each model is wanted (want_model.fp, .fixed), and which
 * others are kept. */
enum err_code plan_fixed(struct planner *p, struct err *err) MUST_USE;
void plan_retained(struct planner *p);
/* planner_gates.c: which models may not go to the version that the spec describes, and why ... */
void plan_gates(struct planner *p);
/* ... as soon as the metrics of one are known; false: it is held back ... */
bool planner_passes(
    struct planner *p,
    struct want_model *model,
    const struct json *metrics,
    struct artifact_plan *from);
/* Of the version that the spec describes, where it has been trained before; NULL: not known. */
const struct json *planner_metrics(struct planner *p, const struct want_model *model);
/* Of content that is there: whether no gate asks for metrics that nobody knows. */
bool planner_judged(struct planner *p, const struct want_model *model);
/* ... and what is kept of them. */
void plan_candidates(struct planner *p);
/* planner_training.c: how to make the model's artifact; false when it cannot be made now
 * (model->left_out is set). */
enum err_code plan_source(
    struct planner *p,
    struct want_model *model,
    struct artifact_plan *artifact,
    struct change **ret_need,
    struct err *err) MUST_USE;
/* planner_cost.c: how long the training jobs of the finished plan may take. */
void plan_training_time(struct planner *p);
/* planner_regions.c: the same content where another region has it; false: it has not. The model
 * may be held back then (model->left_out). */
bool plan_from_elsewhere(
    struct planner *p, struct want_model *model, struct artifact_plan *artifact);
/* The same training in another region, which this one waits for; NULL: there is none to wait for.
 */
const struct change *planner_lead(const struct want_model *model);
/* "trained once, in us-east-1": of an artifact that comes from another region; else STR_NULL. */
struct str planner_elsewhere_note(
    struct planner *p, const struct artifact_plan *artifact, const struct change *training);
/* planner_sagemaker.c */
enum err_code plan_sagemaker(struct planner *p, struct err *err) MUST_USE;
/* planner_scaling.c: after the endpoint's own change, and before its removal. */
enum err_code plan_scaling(struct planner *p, struct change *endpoint, struct err *err) MUST_USE;
void remove_scaling(struct planner *p, struct change *endpoint);
void plan_logs(struct planner *p); /* planner_logs.c */
/* planner_old.c: the same content at the stack's old home; what is left there, to go after `after`.
 */
bool plan_copy_from_old(
    struct planner *p, const struct want_model *model, struct artifact_plan *artifact);
void plan_old_endpoints(struct planner *p, struct change *after);
void plan_old_home(struct planner *p, struct change *after);
/* planner_handover.c: before a destroy, an endpoint that a renamed stack has taken over. */
enum err_code plan_handover(struct planner *p, struct err *err) MUST_USE;
/* planner_destroy.c */
void plan_destroy(struct planner *p);
void plan_emptied(struct planner *p); /* a spec without models */
/* planner_scope.c: --target and --replace. Marks the models before planning ... */
enum err_code scope_prepare(struct planner *p, struct err *err) MUST_USE;
/* ... says whether the thing is to be made again though it is there ... */
bool scope_replaces(const struct planner *p, enum kind_id kind, struct str index);
/* ... and takes out of the plan what is not meant. ERR_USAGE for an address nobody knows. */
enum err_code scope_select(struct planner *p, struct err *err) MUST_USE;
/* planner_routes.c: which routes of the record change. */
void plan_routes(struct planner *p);
/* planner_drift.c: what differs from what the last apply left. */
void plan_drift(struct planner *p);
/* planner_sets.c: which set each change is of, and what people want to know of the sets. */
void plan_sets(struct planner *p);

/* record_routes.c: the routes as they are after a run that leaves `models` published. A route moves
 * when every model that it names is published; else it stays as it was. at, by: of what is new. */
void record_routes(
    struct arena *arena,
    const struct plan *plan,
    const struct record *models,
    struct str at,
    struct str by,
    struct record *ret_record);
struct record_route route_of_want(struct arena *arena, const struct want_route *want);

/* Helpers of planner.c. */
struct change *
planner_change(struct planner *p, enum kind_id kind, enum action action, struct str index);
void planner_warn(struct planner *p, struct str hint, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Of its key: there are as many as objects, and few are ever asked. */
struct key_parts planner_parts(const struct planner *p, const struct seen_artifact *found);
/* An artifact of ours with that content, wherever it is; NULL. */
const struct seen_object *planner_same_content(struct planner *p, struct str fp);
/* Notes that the object's owner has to be known. */
void planner_ask(struct planner *p, struct seen_object *object);
/* It is wanted, retained, or goes with another change: not a leftover. */
void planner_keep(struct planner *p, struct str key);
/* Ours? A gap (and false) when it is not known yet. */
bool planner_owns(struct planner *p, struct seen_object *object);
/* The removal of objects (one or many) of a kind, once `after` is done. */
struct change *planner_remove_object(
    struct planner *p,
    enum kind_id kind,
    struct seen_object *object,
    struct str index,
    struct change *after);
/* "<name>--<fp16>", "<gen10>/<name>": what tells an artifact's object from the others. */
struct str artifact_tail(const struct want *want, enum key_class class, struct str key);
struct json *object_attributes(struct planner *p, struct str key, struct str fp, struct str source);
/* The tags that go on everything; extra: "mmectl:fp" when not null. As an object of strings. */
struct json *planner_tags(struct planner *p);

#endif
