/* engine/local/faults.h - errors, failures and throttling on demand, for tests of what talks to
 * AWS.
 *
 * A signed POST to /_mmectl/faults adds faults, GET lists them with what they counted, DELETE
 * forgets them all. The body is {"faults": [...]}; fault_rule.h says what a fault is. `mmectl local
 * start --fault` plants some for the life of the process; `mmectl local fault` does it later.
 *
 * POST /_mmectl/settings {"name": "value"} sets what the world is like (null removes it):
 *   unassumableRoleSuffix               roles with this ending cannot be assumed by SageMaker
 *   quota.<type> for <usage> usage      instances allowed: "quota.ml.m5.large for endpoint usage";
 *                                       usage: endpoint, training job, spot training job, training
 *                                       warm pool
 *   s3IgnoresConditions                 "true": If-Match and If-None-Match of writes are ignored
 *   answerDelayMs                       every answer of a server comes that much later (to 60000)
 *   latency                             how long answers take: latency.h
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
#include "engine/local/fault_rule.h"

extern const struct local_room local_faults_room;

local_op_fn faults_op, settings_op;

/* Rules and a latency for the life of this process, instead of those that an earlier one had.
 * ERR_USAGE when one is wrong. Null latency: none of this process's own. */
enum err_code local_faults_start(
    struct local *local,
    const struct str *rules,
    size_t n_rules,
    struct str latency,
    struct err *err) MUST_USE;

/* Before the signature is looked at: sets call->skew_ms. */
void local_fault_clock(struct local_call *call);
/* Asks, before the handler and with the world not entered, whether this call is to be answered with
 * an error; true: it has been. Otherwise sets slow_ms and cut. Costs one load when there are no
 * faults. */
bool local_fault_check(struct local_call *call);
/* fault_answer.c: as such a fault wants it. */
void fault_answer(struct local_call *call, const struct json *fault);
/* By answerDelayMs and the latency; 0 for the paths of the stand-in itself. */
int64_t local_answer_delay_ms(const struct local_call *call);
/* Inside a handler, world entered: takes a fault of that moment for its operation. A true answer
 * counts only if the call succeeds. */
bool faults_take(
    struct local_call *call, enum fault_moment moment, struct str subject, struct str *ret_reason);
/* The same, giving the fault as it was planted; NULL: none. */
const struct json *
faults_fired(struct local_call *call, enum fault_moment moment, struct str subject);
/* A setting, until the world is left; STR_NULL when there is none. World entered. */
struct str faults_setting(struct local *local, struct str name);
/* The one of this name for one kind of thing, NAME.WHAT, else NAME. */
struct str faults_setting_of(struct local *local, struct str name, struct str what);

#endif
