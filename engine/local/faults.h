/* engine/local/faults.h - errors, failures and throttling on demand, for tests of what talks to
 * AWS.
 *
 * A signed POST to /_mmectl/faults adds faults, GET lists them with what they counted, DELETE
 * forgets them all. The body is {"faults": [...]}; a fault:
 *
 *   operation  AWS's name ("CreateModel", "PutObject"); absent: any
 *   name       only calls whose subject (job, model, config, endpoint, bucket/key) contains it
 *   kind       "error"     the call is answered with status/code/message (default: 400
 *                          ThrottlingException "Rate exceeded") and changes nothing
 *              "fail"      CreateTrainingJob: the job ends Failed with `reason`; CreateEndpoint:
 *                          the endpoint does; UpdateEndpoint: the same as "rollback"
 *              "capacity"  "fail" with SageMaker's capacity reason
 *              "rollback"  UpdateEndpoint: RollingBack, then InService on the old config with
 *                          `reason` as FailureReason ("" for none, which AWS does too)
 *              "status"    puts endpoint `name` into `status` (SystemUpdating) for `forMs`, now
 *   nth        only the nth call that matches     every   each nth call that matches
 *   times      else: the first so many (default 1; 0 = all)
 *
 * POST /_mmectl/settings {"name": "value"} sets what the world is like (null removes it):
 *   unassumableRoleSuffix               roles with this ending cannot be assumed by SageMaker
 *   quota.<type> for <usage> usage      instances allowed: "quota.ml.m5.large for endpoint usage"
 *   s3IgnoresConditions                 "true": If-Match and If-None-Match of writes are ignored
 *   answerDelayMs                       every answer of a server comes that much later (to 60000)
 *   multiModelImages                    more repositories with the multi-model label, by commas
 *
 * Both survive a restart. Threads: any. Requests are signed for the service "mmectl"; these paths
 * exist in the stand-in only.
 */
#ifndef ENGINE_LOCAL_FAULTS_H
#define ENGINE_LOCAL_FAULTS_H

#include "engine/local/call.h"

extern const struct local_room local_faults_room;

local_op_fn faults_op, settings_op;

enum fault_kind { FAULT_ERROR, FAULT_FAIL, FAULT_ROLLBACK };

/* Asks, before the handler and with the world not entered, whether this call is to be answered with
 * an error; true: it has been. Costs one load when there are no faults. */
bool local_fault_check(struct local_call *call);
/* By answerDelayMs; 0 for the paths of the stand-in itself. */
int64_t local_answer_delay_ms(const struct local_call *call);
/* Inside a handler, world entered: takes a fault of that kind for its operation. A true answer
 * counts only if the call succeeds. */
bool faults_take(
    struct local_call *call, enum fault_kind kind, struct str subject, struct str *ret_reason);

#endif
