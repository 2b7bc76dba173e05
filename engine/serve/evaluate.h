/* engine/serve/evaluate.h - one call to a loaded model: a body is read, predicted and answered.
 *
 * What the container's transform function does (handler_service.py), with its words where a request
 * is refused. Memory does not grow with the body beyond the answer's. Threads: any, one arena each.
 */
#ifndef ENGINE_SERVE_EVALUATE_H
#define ENGINE_SERVE_EVALUATE_H

#include "engine/serve/ensemble.h"

struct evaluation {
    struct str content_type, accept; /* null when absent */
    struct str default_accept;       /* null: application/json */
    struct str body;
    bool batch; /* SAGEMAKER_BATCH: a line for each row in CSV, as batch transform wants it */
};

struct evaluated {
    int status;                    /* 200, or a refusal's with its reason as the body */
    struct str content_type, body; /* on the arena */
};

struct evaluated
evaluate(struct arena *arena, const struct ensemble *ensemble, const struct evaluation *evaluation);

#endif
