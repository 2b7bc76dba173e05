/* engine/reconcile/fan.h - many small reads side by side.
 */
#ifndef ENGINE_RECONCILE_FAN_H
#define ENGINE_RECONCILE_FAN_H

#include "engine/base/err.h"
#include "engine/base/loop.h"

#define FAN_WIDTH 32

typedef enum err_code fan_fn(void *arg, size_t index, struct err *err);

/* Calls work(arg, 0) ... work(arg, count - 1), up to FAN_WIDTH at once; the first error ends it. */
enum err_code fan_out(
    struct loop *loop, struct arena *arena, size_t count, fan_fn *work, void *arg, struct err *err)
    MUST_USE;

#endif
