/* engine/resource/failure.h - which of SageMaker's failures may go away when the same thing is
 * tried again.
 *
 * FailureReason texts as SageMaker writes them (developer guide: troubleshooting training jobs and
 * endpoints). Everything else (ClientError, AlgorithmError, MaxRuntimeExceeded) comes from what was
 * asked for.
 */
#ifndef ENGINE_RESOURCE_FAILURE_H
#define ENGINE_RESOURCE_FAILURE_H

#include "engine/base/str.h"

bool failure_may_pass(struct str reason);

#endif
