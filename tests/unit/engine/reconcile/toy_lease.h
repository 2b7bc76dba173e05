/* tests/unit/engine/reconcile/toy_lease.h - the toy world's lease: one object whose answers follow
 * a script.
 *
 * Header-only; t->lease_faults says what comes of each write and removal.
 */
#ifndef TESTS_UNIT_ENGINE_RECONCILE_TOY_LEASE_H
#define TESTS_UNIT_ENGINE_RECONCILE_TOY_LEASE_H

#include "tests/unit/engine/reconcile/toy_base.h"

static UNUSED enum err_code toy_lease_read(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct seen_lease *out,
    struct err *err)
{
    (void) want;
    struct toy *t = toy_of(world);
    if (t->lease_reads_fail > 0 && t->lease_reads_fail-- > 0)
        return err_set(err, ERR_TRANSIENT, "the store does not answer");
    *out = t->lease;
    t->n_lease_reads++;
    out->age_ms = t->lease_without_age ? -1 : (t->now_ms - t->lease_written_ms) / 1000 * 1000;
    out->text = str_dup(arena, t->lease.text);
    out->etag = str_dup(arena, t->lease.etag);
    return ERR_NONE;
}

static UNUSED void toy_lease_put(struct toy *t, struct str text)
{
    t->lease = (struct seen_lease){
        .present = true,
        .text = str_dup(t->s->arena, text),
        .etag = str_fmt(t->s->arena, "\"l%zu\"", ++t->n_lease_writes)};
    t->lease_written_ms = t->now_ms;
}

static UNUSED enum err_code toy_lease_fault(struct toy *t, bool *ret_has_effect, struct err *err)
{
    enum toy_fault fault = TOY_WORKS;
    if (t->lease_faults != NULL && *t->lease_faults != TOY_END)
        fault = *t->lease_faults++;
    *ret_has_effect = fault == TOY_WORKS || fault == TOY_ANSWER_LOST;
    if (fault == TOY_WORKS)
        return ERR_NONE;
    if (fault == TOY_REFUSED)
        return err_set(err, ERR_DENIED, "s3:PutObject is not allowed");
    if (fault == TOY_GONE)
        t->lease = (struct seen_lease){.present = false};
    if (fault == TOY_CONFLICT || fault == TOY_GONE)
        return err_set(err, ERR_PRECONDITION, "409");
    err_set(err, ERR_TRANSIENT, "the store does not answer");
    err->aws.maybe_done = true;
    return err->code;
}

static UNUSED enum err_code toy_lease_write(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct str text,
    struct str if_etag,
    struct str *ret_etag,
    struct err *err)
{
    (void) want;
    struct toy *t = toy_of(world);
    bool has_effect;
    struct err fault = {0};
    toy_note(&t->trace, "write lease", STR_NULL);
    loop_sleep_ms(t->loop, t->lease_takes_ms);
    if (t->no_bucket)
        return err_set(err, ERR_NOT_FOUND, "NoSuchBucket");
    enum err_code code = toy_lease_fault(t, &has_effect, &fault);
    if (has_effect && !str_is_null(if_etag) && !t->lease.present)
        return err_set(err, ERR_NOT_FOUND, "NoSuchKey");
    if (has_effect && (str_is_null(if_etag) ? t->lease.present : !str_eq(t->lease.etag, if_etag)))
        return err_set(err, ERR_PRECONDITION, "412");
    if (has_effect)
        toy_lease_put(t, text);
    if (code != ERR_NONE) {
        *err = fault;
        return code;
    }
    *ret_etag = str_dup(arena, t->lease.etag);
    return ERR_NONE;
}

static UNUSED enum err_code
toy_lease_delete(struct world *world, const struct want *want, struct str if_etag, struct err *err)
{
    (void) want;
    struct toy *t = toy_of(world);
    bool has_effect;
    struct err fault = {0};
    toy_note(&t->trace, "delete lease", STR_NULL);
    enum err_code code = toy_lease_fault(t, &has_effect, &fault);
    if (has_effect && t->lease.present && !str_eq(t->lease.etag, if_etag))
        return err_set(err, ERR_PRECONDITION, "412");
    if (has_effect)
        t->lease = (struct seen_lease){.present = false};
    if (code != ERR_NONE)
        *err = fault;
    return code;
}

#endif
