/* engine/reconcile/route.h - from a name that callers use to the TargetModel to send.
 *
 * By the stack's record alone (one GET): a model's name is its live version, a route's name is the
 * model that engine/stack/route.h picks for a key. Threads: the loop's. Ownership: results hang off
 * r->arena.
 */
#ifndef ENGINE_RECONCILE_ROUTE_H
#define ENGINE_RECONCILE_ROUTE_H

#include "engine/reconcile/reconcile.h"
#include "engine/stack/record.h"

enum route_names {
    ROUTE_MODELS = 1, /* the name may be a model's */
    ROUTE_ROUTES = 2, /* or a route's */
};

struct route_target {
    struct str model, target, fp; /* model is STR_NULL when there is none */
    struct record_hold hold;      /* fp is STR_NULL when there is none */
};

struct route {
    bool split; /* the name is a route's */
    struct route_target answer;
    struct route_target shadow; /* of a route */
};

/* names: of enum route_names. key: whose request it is; a route needs one. ERR_NOT_FOUND when
 * nothing of that name is published, ERR_USAGE without a key. */
enum err_code reconcile_route(
    struct reconciler *r,
    const struct spec *spec,
    unsigned names,
    struct str name,
    struct str key,
    struct route *out,
    struct err *err) MUST_USE;

#endif
