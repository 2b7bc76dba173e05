/* engine/reconcile/versions.h - which versions of a model there are.
 *
 * The record knows when each was published, and by whom; the listing knows which of them still
 * exist. A version that only the listing tells of - the record was lost, or a run was killed before
 * it wrote one - is known by its key. Pure; everything is on the arena given to the index.
 */
#ifndef ENGINE_RECONCILE_VERSIONS_H
#define ENGINE_RECONCILE_VERSIONS_H

#include "engine/plan/snapshot.h"
#include "engine/resource/names.h"

struct version {
    /* fp: 64 digits, the 16 of its key where that is all there is, or STR_NULL of a live object
     * whose metadata was not read yet. etag: STR_NULL when it cannot be vouched for. */
    struct record_version known;
    struct seen_object *object; /* NULL: it is gone */
    bool live;                  /* what clients reach now */
    bool listed;                /* only its key tells of it: the record does not */
    bool held;                  /* never published: a gate or a check holds it back ... */
    struct str reason;          /* ... for this; STR_NULL where only the listing tells of it */
};

struct versions {
    struct version *items;
    size_t len, cap;
};

struct version_index;

/* Empty, for the planner, which has classified every key already; or with all that was seen. */
struct version_index *
version_index_new(struct arena *arena, const struct want *want, const struct snapshot *seen);
struct version_index *
version_index_of(struct arena *arena, const struct want *want, const struct snapshot *seen);
void version_index_add(
    struct version_index *index,
    struct seen_object *object,
    enum key_class class,
    const struct key_parts *parts);

/* The live one first, then the newest first; each fingerprint once. */
struct versions versions_of(const struct version_index *index, struct str name);
/* The list itself on another arena. */
struct versions
versions_in(const struct version_index *index, struct arena *arena, struct str name);
/* Same content, as far as both are known (the first 16 digits). */
bool version_is(struct str fp, struct str other);
/* `prefix` are the first digits of `fp`. */
bool version_matches(struct str fp, struct str prefix);
/* "3f2a9c1e (live), 77b0c2d4": those that are there, for messages. */
struct str versions_text(struct arena *arena, const struct versions *versions);
/* The generation that a ModelDataUrl names, when it is one of this stack's; STR_NULL else. */
struct str live_generation(struct arena *arena, const struct want *want, struct str model_data_url);

#endif
