/* engine/serve/refusal.h - why a request is not answered: the status and the reason its body gives.
 *
 * The statuses are the ones AWS's XGBoost container means to send (its inference_errors.py; in
 * multi-model mode a defect there turns all of them into 503). Threads: a value.
 */
#ifndef ENGINE_SERVE_REFUSAL_H
#define ENGINE_SERVE_REFUSAL_H

#include "engine/base/str.h"

struct refusal {
    int status;
    char reason[640];
};

/* Always false, so that `return refuse(...)` reads well. */
bool refuse(struct refusal *refusal, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
