/* engine/httpd/later.h - calls a function with a pointer when its time has come: answers that are
 * given late.
 *
 * One thread, started with the first call; entries fire in the order of their times, within a
 * millisecond. Threads: later_call() from any.
 */
#ifndef ENGINE_HTTPD_LATER_H
#define ENGINE_HTTPD_LATER_H

#include <stdint.h>

struct later;

typedef void later_fn(void *arg);

struct later *later_new(later_fn *fn);
/* After later_stop() has begun: at once. */
void later_call(struct later *later, void *arg, int64_t after_ms);
/* Fires what is left, now, and ends the thread. Calls of later_call() are still allowed. */
void later_stop(struct later *later);
void later_free(struct later *later); /* stopped before; accepts NULL */

#endif
