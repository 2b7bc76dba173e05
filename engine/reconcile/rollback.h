/* engine/reconcile/rollback.h - older versions, for people: what there is, going back, going on.
 *
 * A rollback is a hold in the stack's record; that the world follows is the planner's everyday work
 * (planner_versions.c). So it is planned and carried out like an apply, about one model alone: in
 * versioned mode one write of the record, in stable mode a new generation and a roll of the
 * endpoint. A run that was killed is finished by the same command or by the next apply. Threads:
 * the loop's. Ownership: results hang off r->arena.
 */
#ifndef ENGINE_RECONCILE_ROLLBACK_H
#define ENGINE_RECONCILE_ROLLBACK_H

#include "engine/reconcile/reconcile.h"
#include "engine/reconcile/versions.h"

/* What PLAN_ROLLBACK is about; r->rollback. */
struct rollback {
    struct str model, reason; /* reason: STR_NULL for none */
    struct str to;            /* the first digits of a version; STR_NULL: the newest older one */
    /* Worked out by the first look; the same for every later one of the run. */
    struct record_hold hold;
};

/* Chooses the version and puts the hold into what was seen, before it is planned. The models that
 * only the record knows join the wanted ones, frozen like all others but the one. ERR_NOT_FOUND: no
 * such model or version, or it is gone; ERR_CONFLICT: it is live already, pinned, or more than one
 * fits. */
enum err_code
rollback_prepare(struct reconciler *r, struct want *want, struct snapshot *seen, struct err *err)
    MUST_USE;

struct history_model {
    struct str name;
    struct versions versions;
    struct record_hold hold; /* fp is STR_NULL when there is none */
    struct str pin;
};

struct history {
    struct str stack;
    struct history_model *models; /* sorted by name */
    size_t n_models;
};

/* Of one model, or with STR_NULL of all that have a version. ERR_NOT_FOUND: none has. */
enum err_code reconcile_history(
    struct reconciler *r,
    const struct spec *spec,
    struct str model,
    struct history *out,
    struct err *err) MUST_USE;

/* Lifts the hold; the next apply publishes what the spec says. ERR_NOT_FOUND: there is none. */
enum err_code reconcile_resume(
    struct reconciler *r,
    const struct spec *spec,
    struct str model,
    struct record_hold *ret_lifted,
    struct err *err) MUST_USE;

#endif
