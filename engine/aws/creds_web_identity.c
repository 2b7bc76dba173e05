/* A token of somebody whom AWS trusts (GitHub, GitLab, a Kubernetes cluster), exchanged for a
 * role's credentials. The token's file is read each time: whoever wrote it writes it anew.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html */
#include "engine/aws/creds_sts.h"

#include "engine/aws/profile.h"
#include "engine/base/arena.h"

#define MAX_TOKEN_BYTES 20000

struct creds_web {
    struct creds_provider base;
    struct creds_context context;
    const struct profile *profile;
    bool use_env;
    struct creds_sts sts;
};

static struct str setting(const struct creds_web *self, const char *variable, const char *key)
{
    struct str value = self->use_env ? creds_env_get(self->context.env, variable) : STR_NULL;
    return str_is_null(value) ? profile_get(self->profile, key) : value;
}

static enum err_code
web_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct creds_web *self = (struct creds_web *) provider;
    struct str path = setting(self, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
    struct sts_role role = {
        .arn = setting(self, "AWS_ROLE_ARN", "role_arn"),
        .session_name = setting(self, "AWS_ROLE_SESSION_NAME", "role_session_name"),
    };
    if (path.len == 0)
        return self->use_env ? err_set(err, ERR_NOT_FOUND, "AWS_WEB_IDENTITY_TOKEN_FILE is not set")
                             : creds_lacks(self->profile, "web_identity_token_file", err);
    if (role.arn.len == 0) {
        err_set(
            err, ERR_AUTH, "there is a web identity's token in '" STR_FMT "', but no role for it",
            STR_ARG(path));
        return err_hint(err, "set AWS_ROLE_ARN, or role_arn in the profile");
    }
    AUTO(arena_close_wiped) struct arena *arena = arena_new("web identity", MIB(8));
    enum err_code code = creds_token_file(
        arena, path, "reading the web identity's token", &role.web_identity_token, err);
    if (code != ERR_NONE)
        return code;
    if (!creds_text_ok(role.web_identity_token, MAX_TOKEN_BYTES))
        return err_set(
            err, ERR_AUTH,
            "the web identity's token in '" STR_FMT
            "' has a blank, a control character or more than %d characters",
            STR_ARG(path), MAX_TOKEN_BYTES);
    code = creds_sts_assume(&self->sts, &self->context, arena, NULL, &role, err);
    if (code == ERR_NONE)
        *ret_creds = &self->sts.keys.creds;
    return code;
}

static void web_close(struct creds_provider *provider)
{
    struct creds_web *self = (struct creds_web *) provider;
    creds_sts_close(&self->sts);
    xfree(self);
}

static const struct creds_provider_ops s_web_ops = {
    .name = "web identity", .get = web_get, .close = web_close};

struct creds_provider *creds_web_identity_new(
    const struct creds_context *context, const struct profile *profile, bool use_env)
{
    struct creds_web *self = xmalloc(sizeof(*self));
    *self = (struct creds_web){
        .base = {&s_web_ops}, .context = *context, .profile = profile, .use_env = use_env};
    return &self->base;
}
