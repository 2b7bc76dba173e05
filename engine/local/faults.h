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
 *              "interrupt" CreateTrainingJob on spot instances: they are taken back when `atRound`
 *                          rounds (absent: half) are done, and come again after `forMs`; the job
 *                          goes on from its checkpoint, or from the beginning without one
 *              "rollback"  UpdateEndpoint: RollingBack, then InService on the old config with
 *                          `reason` as FailureReason ("" for none, which AWS does too)
 *              "stuck"     CreateEndpoint and UpdateEndpoint: stays Creating or Updating for
 * `forMs` (absent: for ever), whatever the delays are "key"       DeleteObjects: a key whose
 * bucket/key contains `name` is answered with an <Error> of `code` and `message` (default:
 * InternalError) and stays "status"    puts endpoint `name` into `status` (SystemUpdating) for
 * `forMs`, now conditional  true: only calls with If-Match or If-None-Match ("error", status 409,
 * code ConditionalRequestConflict is what S3 answers when such writes race) nth        only the nth
 * call that matches     every   each nth call that matches times      else: the first so many
 * (default 1; 0 = all)
 *
 * POST /_mmectl/settings {"name": "value"} sets what the world is like (null removes it):
 *   unassumableRoleSuffix               roles with this ending cannot be assumed by SageMaker
 *   quota.<type> for <usage> usage      instances allowed: "quota.ml.m5.large for endpoint usage";
 *                                       usage: endpoint, training job, spot training job, training
 *                                       warm pool
 *   s3IgnoresConditions                 "true": If-Match and If-None-Match of writes are ignored
 *   answerDelayMs                       every answer of a server comes that much later (to 60000)
 *   multiModelImages                    more repositories with the multi-model label, by commas
 *   visibleAfterMs                      a new model, config or endpoint is not found, listed or
 *                                       usable before; creating it again says it exists
 *   visibleAfterMs.<kind>               the same for "model", "endpoint-config", "endpoint" alone
 *   recreateAfterMs                     so long after a deletion is complete, creating a thing of
 *                                       the same name is refused as already existing
 *   failureReasonMs                     how long an endpoint InService keeps a FailureReason
 *   serverDefaults                      what Describe answers besides what was sent: "all" fills in
 *                                       every optional member the service may, "future" also
 *                                       members and values that this program cannot know
 *   opaqueEtags                         "true": every ETag is as that of an object encrypted with
 *                                       KMS, which is no digest of its bytes
 *
 * Both survive a restart. Threads: any. Requests are signed for the service "mmectl"; these paths
 * exist in the stand-in only.
 */
#ifndef ENGINE_LOCAL_FAULTS_H
#define ENGINE_LOCAL_FAULTS_H

#include "engine/local/call.h"

extern const struct local_room local_faults_room;

local_op_fn faults_op, settings_op;

enum fault_kind {
    FAULT_ERROR,
    FAULT_FAIL,
    FAULT_ROLLBACK,
    FAULT_STUCK,
    FAULT_KEY,
    FAULT_INTERRUPT
};

/* Asks, before the handler and with the world not entered, whether this call is to be answered with
 * an error; true: it has been. Costs one load when there are no faults. */
bool local_fault_check(struct local_call *call);
/* By answerDelayMs; 0 for the paths of the stand-in itself. */
int64_t local_answer_delay_ms(const struct local_call *call);
/* Inside a handler, world entered: takes a fault of that kind for its operation. A true answer
 * counts only if the call succeeds. */
bool faults_take(
    struct local_call *call, enum fault_kind kind, struct str subject, struct str *ret_reason);
/* The same, giving the fault as it was planted; NULL: none. */
const struct json *faults_fired(struct local_call *call, enum fault_kind kind, struct str subject);
/* A setting, until the world is left; STR_NULL when there is none. World entered. */
struct str faults_setting(struct local *local, struct str name);

#endif
