/* engine/reconcile/desired_internal.h - what the files of desired_build() share; nobody else
 * includes it.
 */
#ifndef ENGINE_RECONCILE_DESIRED_INTERNAL_H
#define ENGINE_RECONCILE_DESIRED_INTERNAL_H

#include "engine/base/map.h"
#include "engine/reconcile/desired.h"

struct set_models {
    struct want_model *items; /* without fingerprints */
    size_t len, cap;
};

/* The models of every partition (model_sets.c), and want->sets. unread: NULL, or those that read
 * s3:// are only counted. */
enum err_code desired_partitions(
    struct reconciler *r,
    const struct spec *spec,
    struct want *want,
    struct set_models *out,
    size_t *unread,
    struct err *err) MUST_USE;

/* What the block `endpoint` asks for besides machines and image (desired_endpoint.c). */
void desired_endpoint(struct arena *arena, const struct spec *spec, struct want *want);

/* want->routes (desired_routes.c), once the models are known. ERR_SPEC, positioned: a route names a
 * model that no partition has made, or has the name of one. */
enum err_code
desired_routes(struct arena *arena, const struct spec *spec, struct want *want, struct err *err)
    MUST_USE;

#endif
