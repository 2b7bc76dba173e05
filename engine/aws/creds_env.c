#include "engine/aws/creds_keys.h"

#include "engine/base/arena.h"

struct creds_env {
    struct creds_provider base;
    env_fn *env;
    struct creds_keys keys;
};

static enum err_code
env_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct creds_env *self = (struct creds_env *) provider;
    struct creds_raw raw = {
        .access_key_id = creds_env_get(self->env, "AWS_ACCESS_KEY_ID"),
        .secret_key = creds_env_get(self->env, "AWS_SECRET_ACCESS_KEY"),
        .session_token = creds_env_get(self->env, "AWS_SESSION_TOKEN"),
        .account = creds_env_get(self->env, "AWS_ACCOUNT_ID"),
    };
    bool has_id = raw.access_key_id.len > 0, has_secret = raw.secret_key.len > 0;
    if (!has_id && !has_secret)
        return err_set(err, ERR_NOT_FOUND, "AWS_ACCESS_KEY_ID is not set");
    if (!has_id || !has_secret) {
        err_set(
            err, ERR_AUTH, "%s is set but %s is not",
            has_id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
            has_id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
        return err_hint(err, "set both or neither");
    }
    if (str_is_null(raw.session_token)) /* its name in the first SDKs */
        raw.session_token = creds_env_get(self->env, "AWS_SECURITY_TOKEN");
    struct str expires = creds_env_get(self->env, "AWS_CREDENTIAL_EXPIRATION");
    if (!str_is_null(expires) && !creds_time_parse(expires, &raw.expires_ms))
        return err_set(err, ERR_AUTH, "AWS_CREDENTIAL_EXPIRATION is not a time");
    enum err_code code = creds_keys_take(&self->keys, &raw, "the environment", err);
    if (code == ERR_NONE)
        *ret_creds = &self->keys.creds;
    return code;
}

static void env_close(struct creds_provider *provider)
{
    struct creds_env *self = (struct creds_env *) provider;
    creds_keys_clear(&self->keys);
    xfree(self);
}

static const struct creds_provider_ops s_env_ops = {
    .name = "environment", .get = env_get, .close = env_close};

struct creds_provider *creds_env_new(env_fn *env)
{
    struct creds_env *self = xmalloc(sizeof(*self));
    *self = (struct creds_env){.base = {&s_env_ops}, .env = env};
    creds_keys_name(&self->keys, "the environment");
    return &self->base;
}
