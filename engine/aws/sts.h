/* engine/aws/sts.h - who the credentials belong to.
 */
#ifndef ENGINE_AWS_STS_H
#define ENGINE_AWS_STS_H

#include "engine/aws/aws.h"

struct sts_identity {
    int64_t date_ms; /* the clock of AWS when it answered; 0 when it did not say */
    struct str account, arn, user_id;
};

/* GetCallerIdentity: needs no permission, so any failure is about the credentials or the network.
 * Does not set the session's account. */
enum err_code sts_caller_identity(
    struct aws *aws, struct arena *arena, struct sts_identity *ret_identity, struct err *err)
    MUST_USE;

#endif
