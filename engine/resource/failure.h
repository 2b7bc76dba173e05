/* engine/resource/failure.h - what words of SageMaker mean: failures that may go away when the same
 * thing is tried again, states that have to be waited for.
 *
 * FailureReason texts as SageMaker writes them (developer guide: troubleshooting training jobs and
 * endpoints). Everything else (ClientError, AlgorithmError, MaxRuntimeExceeded) comes from what was
 * asked for.
 */
#ifndef ENGINE_RESOURCE_FAILURE_H
#define ENGINE_RESOURCE_FAILURE_H

#include "engine/base/str.h"

bool failure_may_pass(struct str reason);
/* An endpoint in this state can be neither changed nor deleted (API_DescribeEndpoint,
 * EndpointStatus). */
bool endpoint_is_busy(struct str status);

#endif
