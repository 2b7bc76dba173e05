/* engine/base/clock.h - time as a seam.
 *
 * clock_system() is the real one; tests pass their own ops. Wall time is milliseconds since the
 * Unix epoch; mono time only ever grows and counts suspended time (CLOCK_BOOTTIME). Waiting belongs
 * to loop.h.
 */
#ifndef ENGINE_BASE_CLOCK_H
#define ENGINE_BASE_CLOCK_H

#include "engine/base/str.h"

struct clock_ops {
    int64_t (*wall_ms)(void *self);
    int64_t (*mono_ms)(void *self);
};

struct clock {
    const struct clock_ops *ops;
    void *self;
};

struct clock clock_system(void);
int64_t clock_wall_ms(struct clock clock);
int64_t clock_mono_ms(struct clock clock);

/* Microseconds that only grow, for measuring and for pthread_cond_timedwait(): CLOCK_MONOTONIC, and
 * no seam. */
int64_t clock_tick_us(void);

/* UTC formats. ISO basic: 20150830T123600Z; ISO: 2026-11-23T05:49:00Z; HTTP: Sun, 06 Nov 1994
 * 08:49:37 GMT. iso_ms has milliseconds, as in S3's XML: 2026-11-23T05:49:00.000Z */
struct str time_iso_basic(struct arena *arena, int64_t wall_ms);
struct str time_iso(struct arena *arena, int64_t wall_ms);
struct str time_iso_ms(struct arena *arena, int64_t wall_ms);
struct str time_http(struct arena *arena, int64_t wall_ms);
/* Parse any of the four; false when it is none of them. */
bool time_parse(struct str text, int64_t *wall_ms);

#endif
