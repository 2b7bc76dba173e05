/* engine/reconcile/lease.h - who may change a stack now: control/lease beside its record.
 *
 * One run at a time, so that two do not get in each other's way. Correctness never rests on it:
 * what two runs must not both do is decided by compare-and-set of the record (claim.h), by names
 * that follow from content, and by conditional deletes. So it may expire, be taken over or be
 * missing.
 *
 * It lives for LEASE_TTL_MS on the store's own clock (Date - Last-Modified of the object) and is
 * renewed by a task of the loop. The holder measures its own deadline on the clock that counts
 * suspended time, from before a renewal was sent, and starts nothing new in its last
 * LEASE_MARGIN_MS unless a renewal succeeds first: only a successful compare-and-set proves that
 * nobody else took it. The body has the field names of Terraform's LockInfo.
 *
 * Every command that changes something calls lease_acquire() before its first look that counts, and
 * lease_release() on every way out. Threads: the loop's. Errors: ERR_LOCKED (somebody else has it;
 * or ours was lost), ERR_CANCELLED, ERR_NOT_FOUND (there is no bucket yet), and what the store
 * said.
 */
#ifndef ENGINE_RECONCILE_LEASE_H
#define ENGINE_RECONCILE_LEASE_H

#include "engine/reconcile/reconcile.h"
#include "engine/resource/want.h"

#define LEASE_TTL_MS 120000
#define LEASE_RENEW_MS 30000
#define LEASE_MARGIN_MS 30000
/* Last-Modified counts whole seconds: only past this is a lease surely over. */
#define LEASE_GRACE_MS 2000
#define LEASE_TIMEOUT_MS 150000 /* more than a lease lasts: a run after a crash just works */

struct lease_info {
    bool present;
    struct str id, operation, info, who, version, created, path;
    struct host_process host;
    int64_t ttl_ms;
    int64_t age_ms; /* -1: not known */
    struct str etag;
};

/* Takes the lease, waiting for another run's as long as r->lock_timeout_ms, and keeps it renewed;
 * r->lease is it then. Without r->use_lock, or with the lease held already, there is nothing to do.
 * `want` must outlive it. *ret_lease (may be NULL) is r->lease. */
enum err_code lease_acquire(
    struct reconciler *r,
    const struct want *want,
    const char *operation,
    struct lease **ret_lease,
    struct err *err) MUST_USE;
/* Gives it back, also after an interrupt; accepts NULL. What cannot be given back expires, and a
 * warning says so. */
void lease_release(struct lease *lease);
/* It is ours and will be for a while. NULL: there is none, which is no reason not to go on. */
bool lease_held(const struct lease *lease);
/* Before something is changed: renews first when time is short. ERR_LOCKED: it was lost. */
enum err_code lease_check(struct lease *lease, struct err *err) MUST_USE;
/* After a failed check: nobody has taken it, its store just could not be asked. */
bool lease_may_return(const struct lease *lease);

/* What is there now; out->present is false when nothing is. */
enum err_code lease_peek(
    struct reconciler *r,
    struct arena *arena,
    const struct want *want,
    struct lease_info *out,
    struct err *err) MUST_USE;
/* Somebody may still be working: it has not expired, and its run is not known to be dead. */
bool lease_is_live(struct reconciler *r, const struct lease_info *info);
/* Removes another run's lease. ERR_NOT_FOUND: there is none; ERR_CONFLICT: it has another ID. */
enum err_code
lease_force_unlock(struct reconciler *r, const struct want *want, struct str id, struct err *err)
    MUST_USE;
/* "Lock Info:" and its lines, as Terraform prints them. */
void lease_describe(struct buf *buf, const struct lease_info *info);

#endif
