/* engine/aws/creds.h - where credentials come from.
 *
 * A provider is an ops table; static keys, the environment, profile files and a chain of providers
 * are peers. creds_get() lends a view that is valid until the next creds_get() on that provider;
 * secrets stay inside the provider, in struct secret, and are wiped when it closes. They have no
 * print path: nothing here formats one. Errors: ERR_NOT_FOUND means "this source has nothing" (the
 * chain goes on), ERR_AUTH "it has something, and that is broken" (the chain stops).
 * To add a source: one creds_<x>.c, one constructor here, one line in cmd's chain.
 * Threads: the loop's.
 */
#ifndef ENGINE_AWS_CREDS_H
#define ENGINE_AWS_CREDS_H

#include "engine/aws/sigv4.h"
#include "engine/base/clock.h"

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
    const char *source;                 /* "environment", "profile 'x'" ... for messages */
};

struct creds_provider;

struct creds_provider_ops {
    const char *name; /* "environment" */
    enum err_code (*get)(
        struct creds_provider *self, const struct creds **ret_creds, struct err *err);
    void (*close)(struct creds_provider *self); /* frees self */
};

/* Embedded as the first member of each implementation. */
struct creds_provider {
    const struct creds_provider_ops *ops;
};

enum err_code
creds_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
    MUST_USE;
void creds_close(struct creds_provider *provider); /* accepts NULL */

/* session_token may be null. source names it in messages and must be a literal. */
struct creds_provider *creds_static_new(
    struct str access_key_id, struct str secret_key, struct str session_token, const char *source);
/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_ACCOUNT_ID,
 * AWS_CREDENTIAL_EXPIRATION. */
struct creds_provider *creds_env_new(env_fn *env);
/* aws_access_key_id and so on of the profile; the profile must outlive the provider. */
struct creds_provider *creds_profile_new(const struct profile *profile);
/* Asks the providers in turn, once, and stays with the first that answers until its credentials
 * are within ten minutes of their end. Owns the providers (copies the array). When none answers:
 * ERR_AUTH whose hint says what each source said. */
struct creds_provider *
creds_chain_new(struct creds_provider *const *providers, size_t count, struct clock clock);

#endif
