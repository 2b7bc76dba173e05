#include "engine/reconcile/lease.h"

#include "engine/reconcile/executor.h"
#include "engine/reconcile/lease_info.h"
#include "engine/resource/names.h"

#include <assert.h>

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_LONGEST_MS 16000
#define RETRY_RENEWAL_MS 2000
#define MAX_UNLUCKY 50
#define UNLUCKY_MS 100
#define TRIES 4 /* of a compare-and-set against answers that were lost, and of a release */

struct lease {
    struct reconciler *r;
    const struct want *want;
    struct arena *arena; /* as long as the lease */
    struct lease_info own;
    char etag[160];
    uint64_t renewal;
    int64_t deadline_ms;
    struct gate gate; /* one write at a time */
    struct task *task;
    bool sleeping, stopping, lost;
    struct err why; /* the last failure of a renewal */
};

static int64_t now_ms(const struct reconciler *r)
{
    return clock_mono_ms(loop_clock(r->loop));
}

static void tell_held(const struct lease *lease)
{
    struct event event = {
        .type = EVENT_LEASE,
        .name = lease->own.id,
        .elapsed_ms = lease->deadline_ms + LEASE_GRACE_MS - now_ms(lease->r)};
    reconcile_tell(lease->r, &event);
}

/* ---- one compare-and-set ---- */

static void keep_etag(struct lease *lease, struct str etag)
{
    assert(etag.len < sizeof(lease->etag));
    memcpy(lease->etag, etag.ptr, etag.len);
    lease->etag[etag.len] = '\0';
}

static enum err_code
write_own(struct lease *lease, struct arena *scratch, struct str if_etag, struct err *err)
{
    struct world *world = lease->r->world;
    int64_t sent_ms = now_ms(lease->r);
    struct str text = lease_info_text(scratch, &lease->own, lease->renewal++);
    struct str etag;
    enum err_code code =
        world->ops->lease_write(world, scratch, lease->want, text, if_etag, &etag, err);
    if (code != ERR_NONE)
        return code;
    keep_etag(lease, etag);
    lease->deadline_ms = sent_ms + LEASE_TTL_MS;
    tell_held(lease);
    return ERR_NONE;
}

enum err_code lease_peek(
    struct reconciler *r,
    struct arena *arena,
    const struct want *want,
    struct lease_info *out,
    struct err *err)
{
    struct seen_lease seen;
    enum err_code code = r->world->ops->lease_read(r->world, arena, want, &seen, err);
    if (code == ERR_NONE)
        *out = lease_info_read(arena, &seen);
    return code;
}

/* The store says that the condition did not hold, or nobody knows what came of the write. */
static bool must_read_back(enum err_code code, const struct err *failure)
{
    return code == ERR_PRECONDITION || code == ERR_NOT_FOUND || failure->aws.maybe_done;
}

/* ---- keeping it ---- */

static enum err_code lose(struct lease *lease, const struct lease_info *found, struct err *err)
{
    lease->lost = true;
    if (found->present)
        err_set(
            err, ERR_LOCKED, "the lease of stack '" STR_FMT "' was taken over by " STR_FMT,
            STR_ARG(lease->want->stack), STR_ARG(found->who));
    else
        err_set(
            err, ERR_LOCKED, "the lease of stack '" STR_FMT "' was removed while this run had it",
            STR_ARG(lease->want->stack));
    lease->why = *err;
    return ERR_LOCKED;
}

/* A lost answer meets its own object: only another compare-and-set that succeeds proves that it is
 * still ours, since somebody may have taken it between our write and our look. */
static enum err_code renew(struct lease *lease, struct err *err)
{
    struct reconciler *r = lease->r;
    AUTO(arena_close) struct arena *scratch = arena_new("lease", 0);
    for (int i = 0; i < TRIES; i++) {
        struct err failure = {0};
        struct lease_info found = {0};
        enum err_code code = write_own(lease, scratch, str_from(lease->etag), &failure);
        if (code == ERR_NONE)
            return ERR_NONE;
        *err = failure;
        if (!must_read_back(code, &failure))
            return code;
        code = lease_peek(r, scratch, lease->want, &found, err);
        if (code != ERR_NONE)
            return code;
        if (!found.present || !str_eq(found.id, lease->own.id))
            return lose(lease, &found, err);
        keep_etag(lease, found.etag);
    }
    return err_set(err, ERR_TRANSIENT, "the lease could not be renewed");
}

static bool is_fresh(const struct lease *lease)
{
    return now_ms(lease->r) <= lease->deadline_ms - LEASE_MARGIN_MS;
}

static enum err_code renew_alone(struct lease *lease, bool only_if_old, struct err *err)
{
    enum err_code code = ERR_NONE;
    gate_enter(lease->r->loop, &lease->gate);
    if (lease->lost) {
        *err = lease->why;
        code = err->code;
    } else if (!only_if_old || !is_fresh(lease)) {
        struct err failure = {0};
        code = renew(lease, &failure);
        if (code != ERR_NONE)
            *err = lease->why = failure;
    }
    gate_leave(lease->r->loop, &lease->gate);
    return code;
}

static void warn(struct lease *lease, struct str text)
{
    struct event event = {
        .type = EVENT_WARNING,
        .name = lease->want->stack,
        .text = text,
        .hint = STR("nothing new is started; run the same command again when the other has ended")};
    reconcile_tell(lease->r, &event);
}

/* Waits until it is time, or until the release wakes it. */
static void nap(struct lease *lease, int64_t ms)
{
    lease->sleeping = true;
    /* An interrupted loop does not sleep any more, and ends long before the lease does. */
    if (loop_cancelled(lease->r->loop))
        loop_suspend(lease->r->loop);
    else
        loop_sleep_ms(lease->r->loop, ms);
    lease->sleeping = false;
}

static void renewals(void *arg)
{
    struct lease *lease = arg;
    int64_t wait_ms = LEASE_RENEW_MS;
    while (!lease->stopping && !lease->lost) {
        nap(lease, wait_ms);
        if (lease->stopping || loop_cancelled(lease->r->loop))
            continue;
        struct err err = {0};
        enum err_code code = renew_alone(lease, false, &err);
        wait_ms = code == ERR_NONE ? LEASE_RENEW_MS : RETRY_RENEWAL_MS;
        if (lease->lost)
            warn(lease, str_from(err.message));
    }
}

bool lease_held(const struct lease *lease)
{
    return lease == NULL || (!lease->lost && is_fresh(lease));
}

enum err_code lease_check(struct lease *lease, struct err *err)
{
    if (lease_held(lease))
        return ERR_NONE;
    struct err failure = {0};
    enum err_code code = renew_alone(lease, true, &failure);
    if (code == ERR_NONE)
        return ERR_NONE;
    *err = failure;
    if (code != ERR_LOCKED) {
        err_wrap(
            err, "the lease of stack '" STR_FMT "' could not be renewed",
            STR_ARG(lease->want->stack));
        err->code = ERR_LOCKED;
    }
    err_hint(err, "nothing new was started; run the same command again");
    return ERR_LOCKED;
}

bool lease_may_return(const struct lease *lease)
{
    return !lease->lost && err_may_pass(lease->why.code);
}

/* ---- taking it ---- */

bool lease_is_live(struct reconciler *r, const struct lease_info *info)
{
    AUTO(arena_close) struct arena *scratch = arena_new("lease", 0);
    return info->present && lease_info_left_ms(info) > 0 &&
           !host_saw_it_end(r->host, scratch, &info->host);
}

static enum err_code locked(struct lease *lease, const struct lease_info *found, struct err *err)
{
    AUTO(buf_done) struct buf block = BUF_INIT(KIB(4));
    lease_describe(&block, found);
    const char *file = lease->want->at.file;
    err_set(err, ERR_LOCKED, "Error acquiring the state lock\n" STR_FMT, STR_ARG(buf_str(&block)));
    return err_hint(
        err,
        "another run works on this stack; when it is surely dead: "
        "mmectl force-unlock " STR_FMT " -f %s" STR_FMT,
        STR_ARG(found->id), file != NULL ? file : "SPEC", STR_ARG(lease->r->options));
}

struct waiting {
    int64_t started_ms, next_ms;
    bool told;
};

/* Somebody else's: wait for it, or ERR_LOCKED. */
static enum err_code wait_for(
    struct lease *lease, struct waiting *waiting, const struct lease_info *found, struct err *err)
{
    struct reconciler *r = lease->r;
    int64_t left_ms = r->lock_timeout_ms - (now_ms(r) - waiting->started_ms);
    if (left_ms <= 0)
        return locked(lease, found, err);
    if (!waiting->told) {
        AUTO(arena_close) struct arena *scratch = arena_new("lease", 0);
        struct event event = {
            .type = EVENT_WAIT,
            .name = STR("the stack's lease"),
            .text = str_fmt(
                scratch, "held by " STR_FMT " (" STR_FMT ") since " STR_FMT, STR_ARG(found->who),
                STR_ARG(found->operation), STR_ARG(found->created))};
        reconcile_tell(r, &event);
        waiting->told = true;
    }
    int64_t ms = waiting->next_ms, expires_ms = lease_info_left_ms(found);
    ms = ms > expires_ms ? expires_ms : ms;
    /* The store's times are whole seconds: who asks more often learns nothing new. */
    ms = ms < BACKOFF_FIRST_MS ? BACKOFF_FIRST_MS : ms;
    ms = ms > left_ms ? left_ms : ms;
    waiting->next_ms *= 2;
    if (waiting->next_ms > BACKOFF_LONGEST_MS)
        waiting->next_ms = BACKOFF_LONGEST_MS;
    loop_sleep_ms(r->loop, ms);
    return ERR_NONE;
}

/* One attempt after a first look: takes over what is ours already, expired, or a dead run's. */
static enum err_code take_over(
    struct lease *lease,
    struct arena *scratch,
    const struct lease_info *found,
    bool *ret_taken,
    struct err *err)
{
    struct err failure = {0};
    enum err_code code = write_own(lease, scratch, found->etag, &failure);
    if (code != ERR_NONE && !must_read_back(code, &failure)) {
        *err = failure;
        return code;
    }
    *ret_taken = code == ERR_NONE;
    if (!*ret_taken || str_eq(found->id, lease->own.id))
        return ERR_NONE;
    struct event event = {
        .type = EVENT_NOTE,
        .name = lease->want->stack,
        .text = str_fmt(
            scratch, "took over the lease that " STR_FMT " left behind (%s since " STR_FMT ")",
            STR_ARG(found->who), str_z(scratch, found->operation), STR_ARG(found->created))};
    reconcile_tell(lease->r, &event);
    return ERR_NONE;
}

static enum err_code take(struct lease *lease, struct err *err)
{
    struct reconciler *r = lease->r;
    struct waiting waiting = {.started_ms = now_ms(r), .next_ms = BACKOFF_FIRST_MS};
    AUTO(arena_close) struct arena *scratch = arena_new("lease", 0);
    for (int unlucky = 0;; arena_reset(scratch)) {
        struct err failure = {0};
        struct lease_info found = {0};
        bool taken = false;
        if (loop_cancelled(r->loop))
            return err_set(err, ERR_CANCELLED, "interrupted while waiting for the stack's lease");
        enum err_code code = write_own(lease, scratch, STR_NULL, &failure);
        if (code == ERR_NONE)
            return ERR_NONE;
        if (code == ERR_NOT_FOUND || !must_read_back(code, &failure)) {
            *err = failure;
            return code;
        }
        code = lease_peek(r, scratch, lease->want, &found, err);
        if (code != ERR_NONE)
            return code;
        bool ours = found.present && str_eq(found.id, lease->own.id);
        if (!found.present && ++unlucky == MAX_UNLUCKY) {
            *err = failure;
            return err->code;
        }
        if (!found.present) /* released this moment, or two writers met (409) */
            loop_sleep_ms(r->loop, UNLUCKY_MS);
        else if (ours || !lease_is_live(r, &found))
            code = take_over(lease, scratch, &found, &taken, err);
        else
            code = wait_for(lease, &waiting, &found, err);
        if (code != ERR_NONE || taken)
            return code;
    }
}

static struct lease_info
own_info(struct reconciler *r, struct arena *arena, const struct want *want, const char *operation)
{
    return (struct lease_info){
        .present = true,
        .id = rng_uuid(r->rng, arena),
        .operation = str_from(operation),
        .info = STR(""),
        .who = r->writer,
        .version = str_is_null(r->version) ? STR("") : r->version,
        .created = time_iso(arena, clock_wall_ms(loop_clock(r->loop))),
        .path = str_fmt(
            arena, "s3://" STR_FMT "/" STR_FMT, STR_ARG(want->bucket),
            STR_ARG(key_lease(arena, want))),
        .host = host_self(r->host, arena),
        .ttl_ms = LEASE_TTL_MS,
        .etag = STR_NULL};
}

enum err_code lease_acquire(
    struct reconciler *r,
    const struct want *want,
    const char *operation,
    struct lease **ret_lease,
    struct err *err)
{
    if (r->use_lock && r->lease == NULL) {
        assert(r->rng != NULL);
        struct arena *arena = arena_new("lease", 0);
        struct lease *lease = ARENA_NEW(arena, struct lease);
        *lease = (struct lease){.r = r, .want = want, .arena = arena};
        lease->own = own_info(r, arena, want, operation);
        gate_init(&lease->gate, 1);
        enum err_code code = take(lease, err);
        if (code != ERR_NONE) {
            arena_free(arena);
            return code;
        }
        lease->task = loop_spawn(r->loop, renewals, lease);
        r->lease = lease;
    }
    if (ret_lease != NULL)
        *ret_lease = r->lease;
    return ERR_NONE;
}

/* ---- giving it back ---- */

/* A renewal whose answer was lost has left another ETag than the one we know. */
static enum err_code remove_own(struct lease *lease, struct err *err)
{
    struct world *world = lease->r->world;
    enum err_code code = ERR_NONE;
    AUTO(arena_close) struct arena *scratch = arena_new("lease", 0);
    for (int i = 0; i < TRIES; i++) {
        struct err failure = {0};
        struct lease_info found = {0};
        code = world->ops->lease_delete(world, lease->want, str_from(lease->etag), &failure);
        if (code == ERR_NONE)
            return ERR_NONE;
        *err = failure;
        if (code != ERR_PRECONDITION)
            continue;
        if (lease_peek(lease->r, scratch, lease->want, &found, &failure) != ERR_NONE)
            continue;
        if (!found.present || !str_eq(found.id, lease->own.id))
            return ERR_NONE; /* gone, or another's: not ours to remove */
        keep_etag(lease, found.etag);
    }
    return code;
}

static void tell_left_behind(const struct lease *lease, const struct err *failure)
{
    AUTO(arena_close) struct arena *scratch = arena_new("lease", 0);
    int64_t left_ms = lease->deadline_ms + LEASE_GRACE_MS - now_ms(lease->r);
    struct event event = {
        .type = EVENT_WARNING,
        .name = lease->want->stack,
        .text = str_fmt(scratch, "the stack's lease could not be given back: %s", failure->message),
        .hint = str_fmt(
            scratch,
            "it ends by itself in %lld s; or: mmectl force-unlock " STR_FMT " -f %s" STR_FMT,
            (long long) (left_ms > 0 ? (left_ms + 999) / 1000 : 0), STR_ARG(lease->own.id),
            lease->want->at.file != NULL ? lease->want->at.file : "SPEC",
            STR_ARG(lease->r->options))};
    reconcile_tell(lease->r, &event);
}

void lease_release(struct lease *lease)
{
    if (lease == NULL)
        return;
    struct reconciler *r = lease->r;
    lease->stopping = true;
    if (lease->sleeping)
        loop_ready(r->loop, lease->task);
    loop_join(r->loop, lease->task);
    struct err err = {0};
    if (!lease->lost && remove_own(lease, &err) != ERR_NONE)
        tell_left_behind(lease, &err);
    struct event event = {.type = EVENT_LEASE, .name = STR_NULL};
    reconcile_tell(r, &event);
    r->lease = NULL;
    arena_free(lease->arena);
}

static enum err_code refuse_id(struct err *err, const struct lease_info *found, struct str id)
{
    err_set(
        err, ERR_CONFLICT,
        "failed to unlock state: lock ID '" STR_FMT "' does not match existing lock ID '" STR_FMT
        "'",
        STR_ARG(id), STR_ARG(found->id));
    return err_hint(
        err, "held by " STR_FMT " since " STR_FMT, STR_ARG(found->who), STR_ARG(found->created));
}

enum err_code
lease_force_unlock(struct reconciler *r, const struct want *want, struct str id, struct err *err)
{
    struct err failure = {0};
    for (int i = 0; i < TRIES; i++) { /* its run may be alive and renew it meanwhile */
        struct lease_info found;
        enum err_code code = lease_peek(r, r->arena, want, &found, err);
        if (code != ERR_NONE)
            return code;
        if (!found.present && i > 0)
            return ERR_NONE;
        if (!found.present)
            return err_set(
                err, ERR_NOT_FOUND, "failed to unlock state: stack '" STR_FMT "' is not locked",
                STR_ARG(want->stack));
        if (!str_eq(found.id, id))
            return refuse_id(err, &found, id);
        code = r->world->ops->lease_delete(r->world, want, found.etag, &failure);
        if (code == ERR_NONE)
            return ERR_NONE;
        if (code != ERR_PRECONDITION)
            break;
    }
    *err = failure;
    return err_wrap(err, "failed to unlock state");
}
