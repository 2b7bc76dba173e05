/* engine/aws/iam.h - the one call of IAM that mmectl makes: reading a role.
 *
 * Results live on the arena. ERR_NOT_FOUND, ERR_DENIED (callers often lack iam:GetRole), and as in
 * aws.h. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
 */
#ifndef ENGINE_AWS_IAM_H
#define ENGINE_AWS_IAM_H

#include "engine/aws/aws.h"

struct iam_role {
    struct str arn;
    const struct json *trust; /* the trust policy; NULL when there is none */
};

enum err_code iam_role_get(
    struct aws *aws,
    struct arena *arena,
    struct str name,
    struct iam_role *ret_role,
    struct err *err) MUST_USE;

#endif
