/* engine/local/access.h - what a caller may do: the policy of its key, applied to calls.
 *
 * A key without a policy may do everything but what its `deny` names. A key with one is judged as
 * IAM judges: every action a call needs (CreateModel also iam:PassRole, and sagemaker:AddTags when
 * it brings tags) on every resource it touches. What was asked under such a key is counted by
 * statement and action, so that a test can find permissions nobody uses: GET
 * /_mmectl/used?access_key=AKIA... gives {"used": [{"action", "resource" (the first), "statement",
 * "allowed", "count"}]}; it is forgotten when the process ends. Which actions and resources:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/
 * Threads: any.
 */
#ifndef ENGINE_LOCAL_ACCESS_H
#define ENGINE_LOCAL_ACCESS_H

#include "engine/local/call.h"

/* Whether the call may be made, before its handler and with the world not entered. false: answered
 * with AccessDenied. */
bool access_check(struct local_call *call);
/* Inside an S3 handler: one more action, on a resource of its own (key null: the bucket). if_match:
 * of that object; null when there is none. */
bool access_allows(
    struct local_call *call,
    const char *action,
    struct str bucket,
    struct str key,
    struct str if_match);

/* Inside a handler: one more action of Application Auto Scaling. */
bool access_allows_action(struct local_call *call, const char *action);

/* What was asked under a key. */
struct access_log;
struct access_log *access_log_new(void);
void access_log_free(struct access_log *log); /* accepts NULL */

local_op_fn access_used;

#endif
