/* engine/reconcile/compare.h - which fields of a Describe answer count as a difference.
 *
 * Equality is by name (a digest of what was sent), so the service's echo is hardly ever looked at:
 * it fills in defaults, adds members with time, and counts instances and weights that autoscaling
 * moves. The few fields that only somebody else can have changed are in one table (compare.c); a
 * field that is not in it is never compared.
 */
#ifndef ENGINE_RECONCILE_COMPARE_H
#define ENGINE_RECONCILE_COMPARE_H

#include "engine/resource/kind.h"

/* Whether the thing that is described is another one than was asked for. describe NULL: not looked
 * at, so no. */
bool compare_differs(enum kind_id kind, const struct json *request, const struct json *describe);
/* "A.0.B" -> the member; NULL when there is none. */
const struct json *compare_at(const struct json *node, const char *path);

#endif
