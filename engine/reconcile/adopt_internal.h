/* engine/reconcile/adopt_internal.h - shared by the files of adoption; nobody else includes it.
 */
#ifndef ENGINE_RECONCILE_ADOPT_INTERNAL_H
#define ENGINE_RECONCILE_ADOPT_INTERNAL_H

#include "engine/plan/artifact.h"
#include "engine/reconcile/adopt.h"

struct adopting {
    struct arena *arena;
    const struct adopt_look *look;
    const struct adopt_options *options;
    struct adoption *out;
    struct str generation; /* stable mode: where the copies go */
    size_t n_renamed;      /* models whose TargetModel changes; the first one's: */
    struct str renamed_from, renamed_to;
};

/* adopt_check.c: nothing in the way of taking the endpoint over. Pure. */
enum err_code
adopt_check(const struct adopt_look *look, const struct adopt_options *options, struct err *err)
    MUST_USE;

/* adopt_stack.c: the artifacts and the record of the stack that was renamed. */
enum err_code adopt_old_stack(struct adopting *a, struct err *err) MUST_USE;

/* adopt_build.c */
void adopt_warn(struct adopting *a, struct str hint, const char *fmt, ...) PRINTF_LIKE(3, 4);
struct str adopt_key(const struct adopting *a, const struct want_model *model);
/* The copy of an object to a key of ours; NULL when it is there already. ERR_CONFLICT when
 * something else is. */
enum err_code adopt_copy(
    struct adopting *a,
    const struct want_model *model,
    struct str name,
    struct str fp,
    struct str key,
    const struct adopt_source *source,
    struct artifact_plan **ret_artifact,
    struct err *err) MUST_USE;

#endif
