/* engine/base/watch.h - the descriptors that are waited for: epoll(7), which costs the same however
 * many there are.
 *
 * A watch does not own the descriptors. One that is closed must be unset first. Not thread-safe.
 */
#ifndef ENGINE_BASE_WATCH_H
#define ENGINE_BASE_WATCH_H

#include "engine/base/err.h"

struct watch;

enum watch_bits { WATCH_IN = 1, WATCH_OUT = 2, WATCH_ERROR = 4 };

struct watch_event {
    int fd;
    unsigned bits;
};

enum err_code watch_new(struct watch **out, struct err *err) MUST_USE;
void watch_free(struct watch *watch);
/* Waits for these bits of fd from now on; 0: for none any more. False when the kernel refuses. */
bool watch_set(struct watch *watch, int fd, unsigned bits);
/* What happened within timeout_ms (-1: whenever): the number of events, 0 after a signal, too. */
size_t watch_wait(struct watch *watch, struct watch_event *events, size_t max, int64_t timeout_ms);

#endif
