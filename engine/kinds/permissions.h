/* engine/kinds/permissions.h - the IAM policies that a stack needs, and no more.
 *
 * Pure: from the stacks' outlines (desired_outline()) to policy documents; asks nobody. Actions,
 * resources and condition keys follow the Service Authorization Reference
 * (https://docs.aws.amazon.com/service-authorization/latest/reference/). Results on the arena,
 * strings borrowed from the outlines.
 */
#ifndef ENGINE_KINDS_PERMISSIONS_H
#define ENGINE_KINDS_PERMISSIONS_H

#include "engine/resource/want.h"

/* What the policy's owner is going to do. */
enum permission_use {
    USE_PLAN = 1, /* everything that only looks: plan, status, history, drift checks */
    USE_APPLY = 2,
    USE_DESTROY = 4,
    USE_CALL = 8,    /* predictions: invoke, route; test looks, too */
    USE_IMPORT = 16, /* taking over what somebody else made: reads things of any name */
    USE_FORGET = 32, /* letting go of what it manages */
    USE_DOCTOR = 64,
    USE_OWN = USE_PLAN | USE_APPLY | USE_DESTROY | USE_CALL | USE_DOCTOR
};

struct permission_scope {
    const struct want *want;
    const struct str *sources; /* s3:// URIs outside of the stack that it reads from */
    size_t n_sources;
    bool trains;        /* with training jobs on SageMaker */
    bool bucket_exists; /* so it is neither made nor deleted */
    unsigned uses;      /* of enum permission_use */
};

/* The caller's policy for all the stacks together. */
struct json *
permissions_caller(struct arena *arena, const struct permission_scope *scopes, size_t count);
/* The execution role's policy: what SageMaker does in its name. */
struct json *
permissions_role(struct arena *arena, const struct permission_scope *scopes, size_t count);
/* The execution role's trust policy. */
struct json *
permissions_trust(struct arena *arena, const struct permission_scope *scopes, size_t count);

#endif
