/* engine/reconcile/adopt.h - taking over what is there: an endpoint made by other means, or the
 * things of a stack that was renamed.
 *
 * Adoption copies the artifacts server-side to keys of ours, writes the record, and puts our tags
 * on the endpoint last; so a run that was killed anywhere is finished by the next one, and until
 * then the endpoint is what it was. Nothing that somebody else made is changed or deleted: the old
 * artifacts, model and configuration stay and are named. The endpoint rolls with the next apply,
 * never here.
 *
 * That an imported artifact is what the spec describes is the user's word; it is written into the
 * object's metadata (mmectl-imported) and is never checked again. adopt_look() reads;
 * adopt_build() is pure. Errors: ERR_NOT_FOUND (no such endpoint or stack), ERR_CONFLICT (another
 * stack's), ERR_REFUSED (something mmectl does not manage, or another tool does).
 */
#ifndef ENGINE_RECONCILE_ADOPT_H
#define ENGINE_RECONCILE_ADOPT_H

#include "engine/plan/snapshot.h"
#include "engine/reconcile/reconcile.h"
#include "engine/resource/want.h"

struct adopt_options {
    struct str from_stack, from_home; /* null: an endpoint that no stack made */
    const struct want_pair *from; /* model -> key behind the endpoint's ModelDataUrl, or s3:// */
    size_t n_from;
    const struct str *leave_out; /* models that are not imported: apply makes them */
    size_t n_leave_out;
    bool allow_managed; /* though another tool's tags are on it */
};

/* Where a model's artifact is now. */
struct adopt_source {
    struct str bucket, key, uri;
    const struct seen_object *object; /* NULL: there is none */
};

/* What was read. */
struct adopt_look {
    struct want *want;
    struct snapshot *seen;
    struct adopt_source *sources; /* one per model of want; not for a stack that was renamed */
    struct map *there;            /* everything behind the endpoint's ModelDataUrl; or NULL */
    struct {
        bool asked, found;
        struct want want; /* its names and places */
        struct record record;
        struct map *objects;
    } old;
};

struct adopt_left { /* what stays and is the user's to remove */
    const char *what;
    struct str name, command;
};

struct adoption {
    struct want *want;
    struct snapshot *seen;
    struct plan *plan;             /* what is made: the bucket, copies of artifacts */
    bool tags_endpoint;            /* it takes our tags; the last thing that is done */
    struct str from_uid;           /* it was another stack's; else null */
    struct change *model, *config; /* what the next apply gives the endpoint; only to be shown */
    struct record record;          /* as it will be; keys and ETags of copies are filled in later */
    bool writes_record;
    VEC(struct str) to_make; /* models that the next apply makes */
    VEC(struct adopt_left) left;
};

bool adoption_is_empty(const struct adoption *adoption);
/* What will be done, by what was read. */
enum err_code adopt_build(
    struct arena *arena,
    const struct adopt_look *look,
    const struct adopt_options *options,
    struct adoption **ret_adoption,
    struct err *err) MUST_USE;
/* Looks and builds. */
enum err_code adopt_plan(
    struct reconciler *r,
    const struct spec *spec,
    const struct adopt_options *options,
    struct adoption **ret_adoption,
    struct err *err) MUST_USE;
/* ERR_PARTIAL when some of it failed; the same command again goes on. */
enum err_code adopt_execute(
    struct reconciler *r,
    const struct spec *spec,
    const struct adopt_options *options,
    struct report *ret_report,
    struct err *err) MUST_USE;

#endif
