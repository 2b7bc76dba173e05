/* engine/aws/creds.h - where credentials come from.
 *
 * A provider is an ops table; each source, a chain of providers and the cache in front of them are
 * peers. creds_get() lends a view that is valid until the calling task next waits; secrets stay
 * inside the provider, in struct secret, and are wiped when it closes. They have no print path:
 * nothing here formats one. Errors: ERR_NOT_FOUND means "this source has nothing" (the chain goes
 * on), anything else "it has something, and that is broken" (the chain stops: the next source is
 * not who the user meant).
 *
 * The order of creds_default_new() is that of botocore's create_credential_resolver(), and of
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 * To add a source: one creds_<x>.c, one constructor here, one line in creds_default.c.
 * Threads: the loop's. creds_get() may wait: call it inside a task.
 */
#ifndef ENGINE_AWS_CREDS_H
#define ENGINE_AWS_CREDS_H

#include "engine/aws/http.h"
#include "engine/aws/sigv4.h"
#include "engine/base/clock.h"
#include "engine/base/loop.h"
#include "engine/base/rng.h"

typedef const char *env_fn(const char *name); /* getenv(), or a test's */

struct profile; /* profile.h */

/* Bytes that are wiped before their memory is given back. */
struct secret {
    char *ptr;
    size_t len;
};
struct secret secret_from(struct str bytes); /* copies */
void secret_clear(struct secret *secret);    /* wipes and frees; for AUTO(secret_clear), too */
struct str secret_view(const struct secret *secret);

struct creds {
    struct str access_key_id;
    const struct secret *secret_key;
    const struct secret *session_token; /* NULL: none */
    int64_t expires_ms;                 /* wall time; 0: never */
    struct str account;                 /* STR_NULL: unknown */
    const char *source;                 /* "the environment", "profile 'x' ..." for messages */
    bool renews;                        /* asked again, the source may give another set */
    uint64_t serial;                    /* of the cache: another one for each set */
};

struct creds_provider;

struct creds_provider_ops {
    const char *name; /* "environment" */
    enum err_code (*get)(
        struct creds_provider *self, const struct creds **ret_creds, struct err *err);
    bool (*expired)(struct creds_provider *self, uint64_t serial); /* NULL: false */
    void (*close)(struct creds_provider *self);                    /* frees self */
};

/* Embedded as the first member of each implementation. */
struct creds_provider {
    const struct creds_provider_ops *ops;
};

enum err_code
creds_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
    MUST_USE;
/* AWS said that the set with this serial is over. True when creds_get() will now give another one:
 * it was renewed meanwhile, or the source will be asked first. */
bool creds_expired(struct creds_provider *provider, uint64_t serial);
void creds_close(struct creds_provider *provider); /* accepts NULL */

/* What the sources that ask somebody need. Everything is borrowed and outlives the providers. */
struct creds_context {
    struct loop *loop;
    struct clock clock;
    struct rng *rng;
    struct http_transport *http;
    env_fn *env;
    const struct profile *profile;
    struct str region;       /* where roles are assumed */
    struct str endpoint_url; /* --endpoint-url, or null: where STS and SSO are asked, too */
};

/* Every source in its order, chained and cached. A profile that was asked for by name takes the
 * environment's keys and its web identity out. */
struct creds_provider *creds_default_new(const struct creds_context *context);
/* Those of one profile: what a source_profile may use; its role only with visited, as keys come
 * first there. */
struct creds_provider *creds_profile_new(
    const struct creds_context *context, const struct profile *profile, const char *visited);

/* ---- the sources, in their order ---- */

/* session_token may be null. source names it in messages and must be a literal. */
struct creds_provider *creds_static_new(
    struct str access_key_id, struct str secret_key, struct str session_token, const char *source);
/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_ACCOUNT_ID,
 * AWS_CREDENTIAL_EXPIRATION. */
struct creds_provider *creds_env_new(env_fn *env);
/* role_arn with source_profile or credential_source. visited names the profiles on the way here,
 * each between two line ends, or is NULL. */
struct creds_provider *creds_role_new(
    const struct creds_context *context, const struct profile *profile, const char *visited);
/* web_identity_token_file with role_arn, or AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN unless
 * the environment does not count. */
struct creds_provider *creds_web_identity_new(
    const struct creds_context *context, const struct profile *profile, bool use_env);
/* What `aws sso login` left, exchanged for a role's credentials. */
struct creds_provider *
creds_sso_new(const struct creds_context *context, const struct profile *profile);
/* aws_access_key_id and so on, of ~/.aws/credentials or of ~/.aws/config. */
struct creds_provider *creds_file_new(const struct profile *profile, bool in_config);
/* credential_process. timeout_ms 0: a minute. */
struct creds_provider *creds_process_new(
    const struct creds_context *context, const struct profile *profile, int64_t timeout_ms);
/* The agent of ECS, EKS Pod Identity and the like: AWS_CONTAINER_CREDENTIALS_*. */
struct creds_provider *creds_container_new(const struct creds_context *context);
/* The role of an EC2 instance, by version 2 of its metadata service alone. */
struct creds_provider *creds_imds_new(const struct creds_context *context);

/* ---- what is put around them ---- */

/* Asks the providers in turn and stays with the first that answers. Owns them (copies the array).
 * When none answers: ERR_AUTH whose hint says what each source said. */
struct creds_provider *creds_chain_new(struct creds_provider *const *providers, size_t count);
/* Keeps a set and renews it before it ends: one at a time, and while the old one is good nobody
 * waits, nor fails, for it. Owns inner. */
struct creds_provider *
creds_cache_new(struct loop *loop, struct clock clock, struct creds_provider *inner);

#endif
