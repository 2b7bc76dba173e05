/* engine/aws/sts.h - who the credentials belong to, and roles that they may become.
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

struct sts_role {
    struct str arn, session_name;
    struct str external_id;        /* null: none */
    struct str duration_seconds;   /* null: an hour */
    struct str web_identity_token; /* not null: AssumeRoleWithWebIdentity, which is not signed */
};

struct sts_credentials {
    struct str access_key_id, secret_key, session_token;
    int64_t expires_ms;
    struct str account; /* the role's */
};

/* What comes back is secret, and so is the arena then: arena_close_wiped(). */
enum err_code sts_assume_role(
    struct aws *aws,
    struct arena *arena,
    const struct sts_role *role,
    struct sts_credentials *ret_credentials,
    struct err *err) MUST_USE;

#endif
