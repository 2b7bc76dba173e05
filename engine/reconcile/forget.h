/* engine/reconcile/forget.h - letting go of what stays: our tags and record go, the things do not.
 *
 * The opposite of adopt.h, and Terraform's `removed` blocks. Of the whole stack (no address) the
 * record goes last, so that a killed run is finished by the next one; an endpoint alone leaves the
 * record without it. forget_build() is pure. Errors: ERR_NOT_FOUND (no such address), ERR_CONFLICT
 * (the prefix is another stack's), and what AWS said.
 */
#ifndef ENGINE_RECONCILE_FORGET_H
#define ENGINE_RECONCILE_FORGET_H

#include "engine/plan/snapshot.h"
#include "engine/reconcile/reconcile.h"
#include "engine/resource/want.h"

struct forget_item { /* something of SageMaker that loses our tags */
    enum kind_id kind;
    struct str address, name, arn;
};

struct forgetting {
    struct want *want;
    struct snapshot *seen;
    bool all;
    VEC(struct forget_item) items; /* the endpoint last */
    bool untags_bucket, deletes_record, writes_record;
    struct record record; /* what writes_record writes */
    /* What stays under the prefix, of the whole stack. */
    size_t n_objects;
    uint64_t bytes;
};

bool forgetting_is_empty(const struct forgetting *forgetting);
/* address null: everything. */
enum err_code forget_build(
    struct arena *arena,
    struct want *want,
    struct snapshot *seen,
    struct str address,
    struct forgetting **ret_forgetting,
    struct err *err) MUST_USE;
enum err_code forget_plan(
    struct reconciler *r,
    const struct spec *spec,
    struct str address,
    struct forgetting **ret_forgetting,
    struct err *err) MUST_USE;
/* *ret_forgotten: how many things lost our tags. */
enum err_code forget_execute(
    struct reconciler *r,
    const struct spec *spec,
    struct str address,
    size_t *ret_forgotten,
    struct err *err) MUST_USE;

#endif
