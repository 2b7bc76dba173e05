/* engine/aws/creds_sts.h - what the two sources that ask STS for a role share; internal to
 * creds_*.c.
 */
#ifndef ENGINE_AWS_CREDS_STS_H
#define ENGINE_AWS_CREDS_STS_H

#include "engine/aws/creds_keys.h"
#include "engine/aws/sts.h"

struct creds_sts {
    struct aws *aws; /* NULL until it is needed */
    struct creds_keys keys;
};

/* A session in a region of its own, for sources that ask AWS. creds may be NULL when nothing will
 * be signed. */
enum err_code creds_session_new(
    const struct creds_context *context,
    struct str region,
    struct creds_provider *creds,
    struct aws **ret_aws,
    struct err *err) MUST_USE;

/* Assumes the role with creds, or with the role's web identity, into sts->keys. */
enum err_code creds_sts_assume(
    struct creds_sts *sts,
    const struct creds_context *context,
    struct arena *arena,
    struct creds_provider *creds,
    struct sts_role *role,
    struct err *err) MUST_USE;
void creds_sts_close(struct creds_sts *sts);

#endif
