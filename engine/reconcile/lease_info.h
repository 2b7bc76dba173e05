/* engine/reconcile/lease_info.h - the text of control/lease, written and read.
 *
 * For lease.c alone. What is read is somebody else's: cut, cleaned and never believed further than
 * for messages and for whether a process of this machine still runs.
 */
#ifndef ENGINE_RECONCILE_LEASE_INFO_H
#define ENGINE_RECONCILE_LEASE_INFO_H

#include "engine/plan/world.h"
#include "engine/reconcile/lease.h"

struct str lease_info_text(struct arena *arena, const struct lease_info *info, uint64_t renewal);
struct lease_info lease_info_read(struct arena *arena, const struct seen_lease *seen);
/* Until anybody may take it, at the moment it was read; INT64_MAX: not known. */
int64_t lease_info_left_ms(const struct lease_info *info);

#endif
