/* engine/reconcile/reconcile.h - the line from a spec to a changed world.
 *
 *   spec -> desired_build -> observe -> plan_build (pure) -> execute_plan -> settle
 *
 * What commands call. Everything runs inside a task of the loop and may wait. Ownership: results
 * hang off r->arena. Errors: ERR_SPEC (positioned), ERR_CONFLICT (something not ours is in the
 * way), ERR_AUTH, ERR_DENIED, ERR_REFUSED, ERR_PRECONDITION (another apply won the record),
 * ERR_CANCELLED, and what AWS said.
 */
#ifndef ENGINE_RECONCILE_RECONCILE_H
#define ENGINE_RECONCILE_RECONCILE_H

#include "engine/base/host.h"
#include "engine/base/loop.h"
#include "engine/base/rng.h"
#include "engine/plan/event.h"
#include "engine/plan/plan.h"
#include "engine/resource/want.h"

struct record;
struct rollback;
struct saved_stack;
struct spec;
struct world;

struct checkpoint;
struct lease;

struct reconciler {
    struct arena *arena;
    struct loop *loop;
    struct world *world; /* engine/kinds/kinds.h: kinds_world() */
    struct str account;  /* sts:GetCallerIdentity's; STR_NULL: asked for */
    struct str region;   /* STR_NULL: the spec's */
    struct str writer;   /* "user@host", for the record */
    event_fn *on_event;  /* NULL: nobody listens */
    void *event_arg;
    size_t parallelism; /* 0 = 10, and 32 for objects */
    bool retry_failed;  /* try failed jobs and rolled-back configs again */
    bool follow_logs;
    bool fail_fast;           /* the first failure ends the run, not only what depends on it */
    struct str allow_destroy; /* --allow-destroy=STACK: torn down though it is protected */
    /* The stack's lease (lease.h). */
    bool use_lock;             /* what changes something takes it */
    int64_t lock_timeout_ms;   /* how long to wait for another run's; 0: not at all */
    struct rng *rng;           /* for its ID; required with use_lock */
    struct host host;          /* who we are; unknown: a dead run's lease just has to expire */
    struct str version;        /* mmectl's */
    struct str options;        /* " --local": what commands in hints need, besides the spec */
    struct lease *lease;       /* held, or NULL; lease_acquire() and lease_release() set it */
    int64_t patience_ms;       /* how long a wait goes on without an answer; 0: PATIENCE_MS */
    size_t checkpoint_uploads; /* a note in the record after so many; 0: checkpoint.h's */
    bool allow_empty;          /* a spec without models empties the stack */
    int64_t allow_deletes;     /* how many models may go at once; 0: what the guard lets through */
    const struct str *targets, *replaces; /* addresses */
    size_t n_targets, n_replaces;
    struct rollback *rollback;          /* what PLAN_ROLLBACK is about (rollback.h); else NULL */
    const struct saved_stack *approved; /* a saved plan: nothing else is carried out; NULL: any */
    /* Changes of other regions' plans that copy from this stack (regions.h): nothing is removed
     * before they are through. */
    VEC(const struct change *) readers;
    /* Of the run under way (executor.c). */
    bool failed;                   /* something did */
    struct checkpoint *checkpoint; /* while artifacts are published, else NULL */
    struct err ends;               /* why nothing new is started; ERR_NONE: it is */
};

/* Reads and compares; mutates nothing. An endpoint that is being changed is planned against its
 * pending config. */
enum err_code reconcile_plan(
    struct reconciler *r,
    const struct spec *spec,
    enum plan_mode mode,
    struct plan **ret_plan,
    struct err *err) MUST_USE;

/* Plans against an endpoint in a stable state: one that is being changed is waited for first. */
enum err_code reconcile_plan_settled(
    struct reconciler *r,
    const struct spec *spec,
    enum plan_mode mode,
    struct plan **ret_plan,
    struct err *err) MUST_USE;

/* Takes the stack's lease (lease.h) for what this plan would change. Nothing is taken for an empty
 * plan, nor before there is a bucket: then reconcile_execute() takes it as soon as it has made one.
 * What was planned before is to be planned again. */
enum err_code reconcile_lock(struct reconciler *r, const struct plan *plan, struct err *err)
    MUST_USE;
/* On every way out; fine without a lease. */
void reconcile_unlock(struct reconciler *r);

/* Removes another run's lease; see lease_force_unlock(). */
enum err_code reconcile_force_unlock(
    struct reconciler *r, const struct spec *spec, struct str id, struct err *err) MUST_USE;

struct report {
    size_t n_added, n_changed, n_destroyed; /* what was done */
    size_t n_imported;                      /* import: taken over */
    size_t n_failed;
    size_t n_skipped;      /* because something they need failed */
    size_t n_interrupted;  /* started, and no longer waited for: the next run finds out */
    size_t n_not_started;  /* because the run ended before: interrupted, --fail-fast, lease lost */
    size_t n_kept_foreign; /* destroy: things under the prefix that are not ours and stay */
    size_t n_stacks_out;   /* of several regions, added up: those where nothing was done */
    VEC(struct str) left;  /* destroy: what is still there and should not be */
    VEC(struct change *) failed; /* first failures first */
};

/* Waits until the endpoint is in a stable state; then the plan must be built again. True when it
 * had to wait. */
enum err_code reconcile_wait_stable(
    struct reconciler *r, const struct spec *spec, bool *ret_waited, struct err *err) MUST_USE;
/* Carries the plan out. ERR_PARTIAL when some of it failed (the report names it), ERR_ROLLED_BACK
 * when SageMaker rolled the endpoint back; *ret_report is filled in then, too. */
enum err_code reconcile_execute(
    struct reconciler *r, struct plan *plan, struct report *ret_report, struct err *err) MUST_USE;

/* In the multi-container modes a container, and target_model its name. */
struct status_model {
    struct str name, fp, target_model, key, etag;
    uint64_t size;
    const struct json *metrics; /* object of numbers; NULL */
    bool in_spec, published;    /* published: what clients reach is what the spec says */
    bool held, pinned;          /* to a version chosen by hand, which is what is published then */
    bool image_only;            /* a container without a model of ours */
    bool other_image;           /* than the algorithm's: only it knows what it answers */
};

struct status {
    struct str stack, account, region, uid, home;
    bool endpoint_present;
    struct str endpoint, endpoint_status, failure_reason, config, model, model_data_url;
    struct str instance_type;
    int64_t instance_count;
    struct status_model *models;
    size_t n_models;
    size_t n_foreign;
    bool stable;
    enum want_mode mode;
    const struct record *record; /* its routes, and what they resolve to */
    struct plan *plan;           /* what apply would do: drift */
};

enum err_code reconcile_status(
    struct reconciler *r, const struct spec *spec, struct status **ret_status, struct err *err)
    MUST_USE;
/* Makes the spec's checks of a published model, as apply does before it publishes one. What was
 * chosen by hand is not judged. *ret_calls: how many; *ret_fault: what is wrong, STR_NULL when
 * nothing is. An error: a call could not be made. */
enum err_code reconcile_check(
    struct reconciler *r,
    const struct status *status,
    const struct status_model *model,
    size_t *ret_calls,
    struct str *ret_fault,
    struct err *err) MUST_USE;

#endif
