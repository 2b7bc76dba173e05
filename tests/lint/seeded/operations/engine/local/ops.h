/* engine/local/ops.h - two operations. */
#define OPS(X) \
    X(LOCAL_STS, "GetCallerIdentity", "sts:GetCallerIdentity", who, 0) \
    X(LOCAL_ADMIN, "identity", "mmectl:identity", ours, 0)
