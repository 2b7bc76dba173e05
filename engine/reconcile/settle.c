#include "engine/reconcile/settle.h"

#include "engine/reconcile/executor.h"
#include "engine/reconcile/lease.h"

void pace_start(struct pace *pace, struct loop *loop)
{
    int64_t now = clock_mono_ms(loop_clock(loop));
    *pace = (struct pace){.next_ms = SETTLE_FIRST_MS, .started_ms = now, .told_ms = now};
}

int64_t pace_elapsed_ms(const struct pace *pace, struct loop *loop)
{
    return clock_mono_ms(loop_clock(loop)) - pace->started_ms;
}

bool pace_is_over(struct pace *pace, const struct reconciler *r, bool silent)
{
    int64_t now = clock_mono_ms(loop_clock(r->loop));
    int64_t patience = r->patience_ms > 0 ? r->patience_ms : PATIENCE_MS;
    if (!silent)
        pace->silent_ms = 0;
    else if (pace->silent_ms == 0)
        pace->silent_ms = now;
    return silent && now - pace->silent_ms > patience;
}

enum err_code pace_wait(struct pace *pace, struct loop *loop, struct err *err)
{
    if (loop_cancelled(loop))
        return err_set(err, ERR_CANCELLED, "interrupted while waiting");
    if (pace_elapsed_ms(pace, loop) > SETTLE_LIMIT_MS)
        return err_set(err, ERR_TIMEOUT, "still not done after 6 hours");
    loop_sleep_ms(loop, pace->next_ms);
    pace->next_ms = pace->next_ms * 2 > SETTLE_LONGEST_MS ? SETTLE_LONGEST_MS : pace->next_ms * 2;
    if (loop_cancelled(loop))
        return err_set(err, ERR_CANCELLED, "interrupted while waiting");
    return ERR_NONE;
}

/* A poll may change things, too: there is none without the lease. While its store cannot be asked,
 * the wait goes on. */
static enum err_code hold(struct reconciler *r, struct pace *pace, struct err *err)
{
    struct pace silence = {0};
    for (;;) {
        struct err failure = {0};
        enum err_code code = lease_check(r->lease, &failure);
        if (code == ERR_NONE)
            return ERR_NONE;
        if (!lease_may_return(r->lease) || pace_is_over(&silence, r, true)) {
            *err = failure;
            return code;
        }
        code = pace_wait(pace, r->loop, err);
        if (code != ERR_NONE)
            return code;
    }
}

enum err_code settle_change(struct reconciler *r, struct world_call *call, struct err *err)
{
    struct pace pace;
    pace_start(&pace, r->loop);
    struct str last = STR_NULL;
    for (;;) {
        struct settle settle = {.state = SETTLE_DONE, .status = STR_NULL};
        enum err_code code = r->world->ops->poll(r->world, call, &settle, err);
        if (code != ERR_NONE || settle.state == SETTLE_DONE)
            return code;
        call->impatient = pace_is_over(&pace, r, settle.silent);
        int64_t now = clock_mono_ms(loop_clock(r->loop));
        if (!str_is_null(settle.status) && !str_eq(settle.status, last)) {
            last = settle.status;
            pace.told_ms = now;
            reconcile_tell_change(r, EVENT_STATUS, call->change, last);
        } else if (now - pace.told_ms >= HEARTBEAT_MS) {
            pace.told_ms = now;
            reconcile_tell_change(r, EVENT_PROGRESS, call->change, last);
        }
        code = pace_wait(&pace, r->loop, err);
        if (code == ERR_NONE)
            code = hold(r, &pace, err);
        if (code != ERR_NONE)
            return code;
    }
}
