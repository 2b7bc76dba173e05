/* engine/reconcile/settle.h - waiting for AWS: poll after 10 ms, then twice as long each time, up
 * to 30 s.
 */
#ifndef ENGINE_RECONCILE_SETTLE_H
#define ENGINE_RECONCILE_SETTLE_H

#include "engine/plan/world.h"
#include "engine/reconcile/reconcile.h"

#define SETTLE_FIRST_MS 10
#define SETTLE_LONGEST_MS 30000
#define SETTLE_LIMIT_MS ((int64_t) 6 * 3600 * 1000)
#define HEARTBEAT_MS 30000
#define PATIENCE_MS ((int64_t) 30 * 60 * 1000)

struct pace {
    int64_t next_ms, started_ms, told_ms;
    int64_t silent_ms; /* since when there is no answer; 0: there was one */
};

void pace_start(struct pace *pace, struct loop *loop);
/* Waits for the next poll; ERR_CANCELLED when interrupted, ERR_TIMEOUT past SETTLE_LIMIT_MS. */
enum err_code pace_wait(struct pace *pace, struct loop *loop, struct err *err) MUST_USE;
/* Notes whether there was an answer; true when there has been none for longer than r's patience. */
bool pace_is_over(struct pace *pace, const struct reconciler *r, bool silent);
int64_t pace_elapsed_ms(const struct pace *pace, struct loop *loop);

/* Polls a started change until it has settled; tells every change of status, and a heartbeat. */
enum err_code settle_change(struct reconciler *r, struct world_call *call, struct err *err)
    MUST_USE;

#endif
