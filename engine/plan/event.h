/* engine/plan/event.h - what happens during an apply or destroy, told as it happens.
 *
 * The reconciler calls one event_fn for everything; views turn events into text or JSON lines.
 * Texts live as long as the call. Threads: always on the loop's thread.
 */
#ifndef ENGINE_PLAN_EVENT_H
#define ENGINE_PLAN_EVENT_H

#include "engine/plan/plan.h"

enum event_type {
    EVENT_OBSERVE, /* reading live state; text says what */
    EVENT_WAIT,   /* waiting for something that is being changed already; text = status, name = what
                   */
    EVENT_START,  /* change started */
    EVENT_STATUS, /* its state changed: text = "Training", "Creating"; progress below may be set */
    EVENT_PROGRESS, /* still at it: about every half minute; text = last status */
    EVENT_DONE,
    EVENT_FAILED, /* change->err */
    EVENT_SKIPPED,
    EVENT_LOG,     /* a line of a training log; name = the stream or model */
    EVENT_WARNING, /* text, hint */
    EVENT_NOTE,    /* text */
    EVENT_LEASE, /* the stack's lease is ours: name = its ID, elapsed_ms = how long it still lasts;
                    released: name is STR_NULL */
};

struct event {
    enum event_type type;
    const struct change *change; /* NULL for the ones that belong to none */
    struct str name, text, hint;
    int64_t elapsed_ms;
    uint64_t bytes_done, bytes_total; /* uploads */
    struct str region; /* where, when a command works on several; set on the way to the views */
};

typedef void event_fn(void *arg, const struct event *event);

#endif
