/* engine/local/sm_ops.h - the operations of SageMaker, SageMaker Runtime and CloudWatch Logs.
 *
 * X(service, name, action, handler, flags), one line per operation; call.h has the checklist.
 */
#ifndef ENGINE_LOCAL_SM_OPS_H
#define ENGINE_LOCAL_SM_OPS_H

#define LOCAL_SM_OPS(X)

/* X(room): struct local_room variables of these services, in the order they start. */
#define LOCAL_SM_ROOMS(X)

#endif
