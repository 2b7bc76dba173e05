/* engine/kinds/conditions.h - S3s that ignore conditional requests, and what replaces them there.
 *
 * Some S3-compatible stores take If-Match and If-None-Match and do as they please. The first apply
 * of a stack finds out with an object of its own (control/probe), the record remembers the answer,
 * and what is missing is replaced by a HEAD before the write or the delete: no longer atomic, which
 * one warning says.
 */
#ifndef ENGINE_KINDS_CONDITIONS_H
#define ENGINE_KINDS_CONDITIONS_H

#include "engine/kinds/kinds_internal.h"

/* Fills in record->conditions. */
enum err_code kinds_probe_conditions(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct record *record,
    struct err *err) MUST_USE;

/* Before a write: ERR_PRECONDITION when the condition does not hold and the store would not say so
 * itself. */
enum err_code kinds_guard_write(
    struct kinds *kinds,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct str if_match,
    bool if_none_match,
    struct err *err) MUST_USE;
/* Before a delete by DELETE (batch: by DeleteObjects). */
enum err_code kinds_guard_delete(
    struct kinds *kinds,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct str etag,
    bool batch,
    struct err *err) MUST_USE;

#endif
