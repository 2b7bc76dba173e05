/* engine/local/identity.h - STS and IAM, as far as clients need them to know who they are.
 */
#ifndef ENGINE_LOCAL_IDENTITY_H
#define ENGINE_LOCAL_IDENTITY_H

#include "engine/local/call.h"

/* X(service, name, action, handler, flags); call.h has the checklist. */
#define LOCAL_ID_OPS(X) \
    X(LOCAL_STS, "GetCallerIdentity", "sts:GetCallerIdentity", sts_get_caller_identity, 0) \
    X(LOCAL_STS, "AssumeRole", "sts:AssumeRole", sts_assume_role_call, OP_OUTSIDE) \
    X(LOCAL_STS, "AssumeRoleWithWebIdentity", "sts:AssumeRoleWithWebIdentity", \
      sts_assume_role_web, OP_OUTSIDE | OP_OPEN) \
    X(LOCAL_IAM, "GetRole", "iam:GetRole", iam_get_role, 0)

#define ID_DECLARE(service, name, action, handler, flags) local_op_fn handler;
LOCAL_ID_OPS(ID_DECLARE)
#undef ID_DECLARE

#endif
