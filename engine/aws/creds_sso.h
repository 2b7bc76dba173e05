/* engine/aws/creds_sso.h - the token that `aws sso login` keeps for the user; internal to
 * creds_*.c.
 *
 * ~/.aws/sso/cache/<sha1 of the session's name, or of the start URL>.json, shared with the AWS CLI
 * and every SDK: a token that is renewed here is written back, since its refresh token may be good
 * for one use.
 */
#ifndef ENGINE_AWS_CREDS_SSO_H
#define ENGINE_AWS_CREDS_SSO_H

#include "engine/aws/creds_sts.h"

struct sso_settings {
    struct str session; /* name of the sso-session; null: the older form, without one */
    struct str start_url, region, account, role;
    struct str profile; /* for hints */
};

/* The token, on the arena, which is secret then. One that ends within 15 minutes is renewed when
 * that can be done. ERR_AUTH with the command to sign in. *aws is the session with the OIDC
 * service, made when it is needed. */
enum err_code sso_token(
    const struct creds_context *context,
    struct arena *arena,
    const struct sso_settings *settings,
    struct aws **aws,
    struct str *ret_token,
    struct err *err) MUST_USE;
/* Says how to sign in, whatever was said before. */
enum err_code sso_hint(const struct sso_settings *settings, struct err *err);

#endif
