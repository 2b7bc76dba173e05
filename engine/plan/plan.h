/* engine/plan/plan.h - what we would do, as data.
 *
 * A plan is built once by plan_build() (engine/reconcile/planner.h) and read by views and the
 * executor; nothing here talks to AWS. Ownership: everything hangs off the arena given to
 * plan_build(). Threads: immutable after build, but for `outcome`, which the executor writes.
 */
#ifndef ENGINE_PLAN_PLAN_H
#define ENGINE_PLAN_PLAN_H

#include "engine/base/err.h"
#include "engine/base/vec.h"
#include "engine/resource/kind.h"

struct want_set; /* engine/resource/want.h */

enum action {
    ACTION_NOOP,
    ACTION_CREATE,
    ACTION_UPDATE,
    ACTION_REPLACE, /* the new one first, the old one when nothing uses it any more */
    ACTION_DELETE,
};

/* Only explains; execution never reads it. */
enum reason {
    REASON_NONE,
    REASON_NOT_IN_SPEC,     /* ours, and the spec does not want it */
    REASON_CONTENT_CHANGED, /* another fingerprint */
    REASON_VERSION_CHOSEN,  /* held or pinned at another version */
    REASON_CHANGED_OUTSIDE, /* somebody else changed it */
    REASON_NEW_GENERATION,  /* unchanged, copied to the new generation's prefix */
    REASON_LEFT_BEHIND,     /* an unfinished or rolled-back run left it */
    REASON_ENDPOINT_FAILED, /* only a new endpoint helps */
    REASON_MOVED,           /* the stack's bucket, prefix or endpoint name changed */
    REASON_REQUESTED,       /* --replace */
    REASON_NOT_RETAINED,    /* an older version, beyond versions.retain */
    REASON_HELD_BACK,       /* never published, and not what the spec describes any more */
    REASON_DESTROY,
};

enum outcome { OUTCOME_PENDING, OUTCOME_DONE, OUTCOME_FAILED, OUTCOME_SKIPPED };

struct attr_diff {
    struct str path;                   /* "primary_container.model_data_url" */
    const struct json *before, *after; /* NULL: absent */
    bool replaces, secret;
};

struct change {
    enum kind_id kind;
    enum action action;
    enum reason reason;
    struct str address;
    struct str index;                  /* model or channel name; STR_NULL where there is only one */
    struct str name;                   /* the thing's AWS name or key after the change */
    struct str old_name;               /* REPLACE and DELETE: what goes */
    const struct json *before, *after; /* Terraform's attributes; NULL: absent */
    struct attr_diff *diffs;
    size_t n_diffs;
    struct str set;   /* "customer-{key}": the model set its model is of; STR_NULL for none */
    struct str note;  /* one line for people: "server-side copy", "trains 25 rounds" */
    struct srcloc at; /* in the spec, when it comes from there */
    void *subject; /* what the kind works on: the structs of engine/plan/artifact.h; made for this
                      plan */

    struct change **needs; /* must be done before this one starts */
    size_t n_needs;
    bool uncounted;    /* shown, but there already: a training job to attach to */
    bool needs_any;    /* one artifact of its needs is enough */
    bool removal_half; /* goes with another change: the delete of a REPLACE, the copy that keeps
                          what it replaces; not counted, not shown */
    bool delete_first; /* of a REPLACE: the old one has to go before the new one can be made */
    bool selected;     /* by --target; the planner's own mark */
    size_t n_members;  /* things in it, where one change stands for many (training output); 0 counts
                          as 1 */

    /* Written by the executor. */
    enum outcome outcome;
    struct err *err; /* when FAILED; when SKIPPED: the failure it waited for */
    int64_t started_ms, ended_ms;
};

enum plan_mode {
    PLAN_APPLY,
    PLAN_DESTROY,
    PLAN_ROLLBACK, /* one model to another of its versions; nothing else moves */
};

/* A model whose version was chosen by hand; no difference. */
struct plan_hold {
    struct str model, fp;
    bool pinned;               /* by the spec; the rest is of a rollback */
    struct str at, by, reason; /* STR_NULL where not known */
    bool differs;              /* from the content that the spec describes */
};

/* A route of the record that changes: a write of the record, never counted. */
struct plan_route {
    struct str name;
    enum action action;                /* CREATE, UPDATE or DELETE */
    bool outside;                      /* what is recorded was not written by mmectl */
    struct str text;                   /* "model_a 90 -> 80, model_b 10 -> 20" */
    const struct json *before, *after; /* {"split": {...}, "shadow": ...}; NULL: there is none */
    struct srcloc at;
};

/* A version that was made and is not published: a gate or a check holds it back; no difference. */
struct plan_held {
    struct str model, fp;
    struct str serving; /* the version that goes on serving; STR_NULL: there is none */
    struct str reason;  /* "validation:auc 0.931 is below 0.95 (gate at mme.yaml:40:7)" */
    struct str text;    /* all of it, in one line for people */
    bool by_check;      /* else by a gate */
    bool fresh;         /* found out now: the record does not say so yet */
};

/* The training jobs that will run. */
struct plan_training {
    size_t jobs;
    struct str instance_type;
    int64_t instances, volume_gb;
    int64_t max_runtime_s;
    int64_t max_wait_s;   /* on spot instances; 0: on demand */
    int64_t keep_alive_s; /* of warm pools; 0: none */
    size_t concurrency;   /* of the spec; 0: none */
    bool known;           /* how long such jobs took before: */
    int64_t expected_s;   /* all together, one after the other */
};

struct plan_warning {
    struct str message, hint;
};

/* Why apply will refuse, and the flag that lets it through (engine/reconcile/guard.h). */
struct plan_guard {
    const char *name; /* "deletes" */
    struct str message, hint;
};

struct plan {
    enum plan_mode mode;
    struct str stack, account, region, uid, home, endpoint;
    VEC(struct change *) changes; /* executable order: every change stands behind its needs */
    VEC(struct plan_warning) warnings;
    struct str other_run; /* who changes the stack at the moment; STR_NULL: nobody */
    VEC(struct plan_guard) guards;
    /* What somebody else changed (UPDATE) or removed (DELETE) since the last apply; before: as that
     * left it. Not executable: what is done about it stands among the changes. */
    VEC(struct change *) drift;
    VEC(struct str) notes; /* for people, in no order */
    /* --target: what there is to do besides, and is left for another run. */
    bool targeted, endpoint_aside;
    VEC(struct change *) aside;
    size_t n_waiting;            /* these, and models that differ and were not looked at */
    const struct want_set *sets; /* what partitions made of their data */
    size_t n_sets;
    VEC(struct plan_hold) holds;   /* sorted by model */
    VEC(struct plan_held) held;    /* sorted by model */
    VEC(struct plan_route) routes; /* sorted by name */
    size_t n_add, n_change, n_destroy;
    bool record_only; /* nothing but control/stack.json will be written */
    struct str
        note_roll; /* "the endpoint rolls once to a new fleet ..."; STR_NULL when it does not */
    struct str note_rollback; /* "model 'x' goes back from ... to ..."; STR_NULL in an apply */
    struct str
        note_blocked; /* the wanted config was rolled back before and will not be tried; STR_NULL */
    struct str note_busy; /* the endpoint is being changed: "Updating since ..."; STR_NULL */
    size_t n_left_out;    /* models that cannot be made now; warnings say why. Never "no changes" */
    size_t n_unchanged;
    size_t n_foreign; /* objects under our prefix that are not ours */
    /* For the cost line. */
    struct str instance_type;
    int64_t instance_count;
    struct str old_instance_type; /* of the live config; STR_NULL when there is none */
    int64_t old_instance_count;
    struct plan_training training;
    const void *context; /* the reconciler's own: what was wanted and seen */
};

/* Nothing to do at all: apply writes nothing. */
bool plan_is_empty(const struct plan *plan);
/* Leaves nothing but what is known: drift and warnings. For a plan that proposes nothing. */
void plan_only_drift(struct plan *plan);
/* Adds and counts a change; returns it. */
struct change *
plan_add(struct arena *arena, struct plan *plan, enum kind_id kind, enum action action);
void change_need(
    struct arena *arena,
    struct change *change,
    struct change *need); /* NULL and NOOP are skipped */
/* Sorts so that every change stands behind its needs (stable), and counts. */
void plan_finish(struct arena *arena, struct plan *plan);
const char *action_name(enum action action);                      /* "create" */
const char *action_symbol(enum action action, bool create_first); /* "+" "~" "-" "+/-" */
const char *reason_name(enum reason reason); /* Terraform's words where it has one */
/* The text after "  # ADDR ": "will be created". */
const char *change_phrase(const struct change *change);

#endif
