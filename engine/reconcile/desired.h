/* engine/reconcile/desired.h - from the spec to what is wanted: names, keys, digests, fingerprints.
 *
 * The only file of the reconciler that knows struct spec. Reads local files and s3:// listings
 * through the world, checks what needs the account (guards), and reports the first fault with its
 * place in the spec.
 */
#ifndef ENGINE_RECONCILE_DESIRED_H
#define ENGINE_RECONCILE_DESIRED_H

#include "engine/reconcile/reconcile.h"
#include "engine/resource/want.h"

/* arn:aws:iam::123456789012:role/x -> 123456789012; STR_NULL when it is shorter than that. */
struct str account_of_arn(struct str arn);

/* What the spec alone says, without a look at anything: names, places, machines and images; no
 * channels, no models. */
enum err_code desired_outline(
    struct arena *arena,
    const struct spec *spec,
    struct str account,
    struct want *out,
    struct err *err) MUST_USE;

/* With the models' names and pins, without a look at files: nothing can be made from it, but what
 * is there can be told apart, and served. */
enum err_code desired_names(
    struct reconciler *r, const struct spec *spec, struct want **ret_want, struct err *err)
    MUST_USE;

/* With the names of all models and what became of partitions, without AWS. Partitions that read
 * s3:// are left out; ret_unread says how many. */
enum err_code desired_offline(
    struct reconciler *r,
    const struct spec *spec,
    struct want **ret_want,
    size_t *ret_unread,
    struct err *err) MUST_USE;

/* Gates and checks of the models, which stand in the spec's order still (desired_gates.c); the
 * files of checks are read. */
enum err_code
desired_gates(struct reconciler *r, const struct spec *spec, struct want *want, struct err *err)
    MUST_USE;

enum err_code desired_build(
    struct reconciler *r,
    const struct spec *spec,
    bool destroy,
    struct want **ret_want,
    struct err *err) MUST_USE;

#endif
