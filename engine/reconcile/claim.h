/* engine/reconcile/claim.h - the stack's record as the thing two runs compete for.
 *
 * Whoever writes it first goes on; everybody else who planned from the same one stops with
 * ERR_PRECONDITION before changing anything. A run that looks again must find the record it wrote
 * itself.
 */
#ifndef ENGINE_RECONCILE_CLAIM_H
#define ENGINE_RECONCILE_CLAIM_H

#include "engine/reconcile/planner.h"
#include "engine/reconcile/reconcile.h"

/* Writes the record as it is, with a new serial and our name. ask: also find out which conditional
 * requests the store checks, once in a stack's life. */
enum err_code claim_record(struct reconciler *r, const struct plan *plan, bool ask, struct err *err)
    MUST_USE;
/* Compare-and-set against what was read or written last; seen->record then has the new ETag and
 * serial. */
enum err_code claim_write(
    struct reconciler *r,
    const struct want *want,
    struct snapshot *seen,
    struct record *record,
    struct err *err) MUST_USE;
/* The second plan was made from the record that the first one's run wrote. */
enum err_code claim_check(const struct plan *first, const struct plan *second, struct err *err)
    MUST_USE;
/* Sets the error of a lost claim. */
enum err_code claim_lost(const struct want *want, struct err *err);

#endif
