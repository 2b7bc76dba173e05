/* engine/serve/scratch.h - what a thread needs for every call and keeps for the next one.
 *
 * Rows, predictions and the text of an answer: after the first calls nothing is allocated for them.
 * What one large call needed is given back after it. Freed when its thread ends. Threads: each has
 * its own; nothing of it may be handed on.
 */
#ifndef ENGINE_SERVE_SCRATCH_H
#define ENGINE_SERVE_SCRATCH_H

#include "engine/base/buf.h"

struct scratch {
    float *values, *predictions;
    size_t n_values, n_predictions; /* floats there is room for */
    struct buf text;
};

/* The calling thread's, with an empty text that may grow to max_text bytes. */
struct scratch *scratch_take(size_t max_text);
/* Room for so many floats; what was there is lost. */
float *scratch_floats(float **floats, size_t *have, size_t wanted);
/* After a call: keeps what most calls need. */
void scratch_done(struct scratch *scratch);

#endif
