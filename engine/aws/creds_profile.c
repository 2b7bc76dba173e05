#include "engine/aws/creds_keys.h"

#include "engine/aws/profile.h"
#include "engine/base/arena.h"

struct creds_profile {
    struct creds_provider base;
    const struct profile *profile;
    struct creds_keys keys;
};

/* Ways for a profile to name credentials that are not keys in a file. Silence about them would send
 * people looking for a mistake they did not make. */
static const char *other_source(const struct profile *profile)
{
    static const char *const s_keys[] = {
        "role_arn",      "web_identity_token_file", "sso_session",
        "sso_start_url", "login_session",           "credential_process",
    };
    for (size_t i = 0; i < ARRAY_LEN(s_keys); i++)
        if (profile_get(profile, s_keys[i]).len > 0)
            return s_keys[i];
    return NULL;
}

static enum err_code
profile_creds_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct creds_profile *self = (struct creds_profile *) provider;
    struct str name = profile_name(self->profile);
    struct str id = profile_get(self->profile, "aws_access_key_id");
    struct str secret = profile_get(self->profile, "aws_secret_access_key");
    const char *other = other_source(self->profile);
    if (other != NULL && id.len == 0) {
        err_set(
            err, ERR_AUTH,
            "the profile '" STR_FMT "' uses '%s', which is not supported by this version",
            STR_ARG(name), other);
        return err_hint(
            err,
            "run: eval \"$(aws configure export-credentials --profile " STR_FMT " --format env)\"",
            STR_ARG(name));
    }
    if (id.len == 0 && secret.len == 0)
        return err_set(
            err, ERR_NOT_FOUND,
            profile_exists(self->profile) ? "the profile '" STR_FMT "' has no keys"
                                          : "there is no profile '" STR_FMT "'",
            STR_ARG(name));
    if (id.len == 0 || secret.len == 0)
        return err_set(
            err, ERR_AUTH, "the profile '" STR_FMT "' has %s but no %s", STR_ARG(name),
            id.len == 0 ? "aws_secret_access_key" : "aws_access_key_id",
            id.len == 0 ? "aws_access_key_id" : "aws_secret_access_key");
    creds_keys_set(
        &self->keys, id, secret, profile_get(self->profile, "aws_session_token"),
        profile_get(self->profile, "aws_account_id"));
    self->keys.creds.source = "the profile";
    *ret_creds = &self->keys.creds;
    return ERR_NONE;
}

static void profile_creds_close(struct creds_provider *provider)
{
    struct creds_profile *self = (struct creds_profile *) provider;
    creds_keys_clear(&self->keys);
    xfree(self);
}

static const struct creds_provider_ops s_profile_ops = {
    .name = "profile files", .get = profile_creds_get, .close = profile_creds_close};

struct creds_provider *creds_profile_new(const struct profile *profile)
{
    struct creds_profile *self = xmalloc(sizeof(*self));
    *self = (struct creds_profile){.base = {&s_profile_ops}, .profile = profile};
    return &self->base;
}
