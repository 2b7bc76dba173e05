/* engine/resource/advice.h - what SageMaker's reasons mean, and what helps.
 *
 * FailureReason texts of endpoints and training jobs, and texts of refused calls (developer guide:
 * troubleshooting; service quotas). Pure; results on the arena.
 */
#ifndef ENGINE_RESOURCE_ADVICE_H
#define ENGINE_RESOURCE_ADVICE_H

#include "engine/base/str.h"

struct advice {
    struct str means; /* in one sentence part */
    struct str helps;
};

/* The quota that a refused call names ("ml.m5.large for training job usage"); STR_NULL: none. */
struct str advice_quota(struct str reason);
/* What no row of the table knows gets the reason itself and where to read on. */
struct advice advice_for(struct arena *arena, struct str reason);

#endif
