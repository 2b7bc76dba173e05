#include "engine/aws/creds_keys.h"

#include "engine/base/arena.h"
#include "engine/base/clock.h"

struct creds_env {
    struct creds_provider base;
    env_fn *env;
    struct creds_keys keys;
};

static struct str variable(const struct creds_env *self, const char *name)
{
    struct str value = str_from(self->env != NULL ? self->env(name) : NULL);
    return value.len > 0 ? value : STR_NULL;
}

static enum err_code
env_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct creds_env *self = (struct creds_env *) provider;
    struct str id = variable(self, "AWS_ACCESS_KEY_ID");
    struct str secret = variable(self, "AWS_SECRET_ACCESS_KEY");
    if (str_is_null(id) && str_is_null(secret))
        return err_set(err, ERR_NOT_FOUND, "AWS_ACCESS_KEY_ID is not set");
    if (str_is_null(id) || str_is_null(secret)) {
        err_set(
            err, ERR_AUTH, "%s is set but %s is not",
            str_is_null(id) ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
            str_is_null(id) ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY");
        return err_hint(err, "set both or neither");
    }
    creds_keys_set(
        &self->keys, id, secret, variable(self, "AWS_SESSION_TOKEN"),
        variable(self, "AWS_ACCOUNT_ID"));
    self->keys.creds.source = "the environment";
    struct str expires = variable(self, "AWS_CREDENTIAL_EXPIRATION");
    if (!str_is_null(expires) && !time_parse(expires, &self->keys.creds.expires_ms))
        return err_set(err, ERR_AUTH, "AWS_CREDENTIAL_EXPIRATION is not a time");
    *ret_creds = &self->keys.creds;
    return ERR_NONE;
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
    return &self->base;
}
