/* Keys in ~/.aws/credentials and ~/.aws/config: two sources, since others come between them. */
#include "engine/aws/creds_keys.h"

#include "engine/aws/profile.h"
#include "engine/base/arena.h"

struct creds_file {
    struct creds_provider base;
    const struct profile *profile;
    enum profile_file file;
    struct creds_keys keys;
};

static enum err_code
file_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct creds_file *self = (struct creds_file *) provider;
    struct str name = profile_name(self->profile);
    struct creds_raw raw = {
        .access_key_id = profile_get_in(self->profile, self->file, "aws_access_key_id"),
        .secret_key = profile_get_in(self->profile, self->file, "aws_secret_access_key"),
        .session_token = profile_get_in(self->profile, self->file, "aws_session_token"),
        .account = profile_get(self->profile, "aws_account_id"),
    };
    bool has_id = raw.access_key_id.len > 0, has_secret = raw.secret_key.len > 0;
    if (!has_id && !has_secret)
        return creds_lacks(self->profile, "aws_access_key_id in it", err);
    if (!has_id || !has_secret)
        return err_set(
            err, ERR_AUTH, "the profile '" STR_FMT "' has %s but no %s", STR_ARG(name),
            has_id ? "aws_access_key_id" : "aws_secret_access_key",
            has_id ? "aws_secret_access_key" : "aws_access_key_id");
    char from[320];
    snprintf(from, sizeof(from), "the profile '" STR_FMT "'", STR_ARG(name));
    enum err_code code = creds_keys_take(&self->keys, &raw, from, err);
    if (code == ERR_NONE)
        *ret_creds = &self->keys.creds;
    return code;
}

static void file_close(struct creds_provider *provider)
{
    struct creds_file *self = (struct creds_file *) provider;
    creds_keys_clear(&self->keys);
    xfree(self);
}

static const struct creds_provider_ops s_credentials_ops = {
    .name = "credentials file", .get = file_get, .close = file_close};
static const struct creds_provider_ops s_config_ops = {
    .name = "config file", .get = file_get, .close = file_close};

struct creds_provider *creds_file_new(const struct profile *profile, bool in_config)
{
    struct creds_file *self = xmalloc(sizeof(*self));
    *self = (struct creds_file){
        .base = {in_config ? &s_config_ops : &s_credentials_ops},
        .profile = profile,
        .file = in_config ? PROFILE_CONFIG : PROFILE_CREDENTIALS};
    creds_keys_name(
        &self->keys, "keys of profile '" STR_FMT "' in the %s file", STR_ARG(profile_name(profile)),
        in_config ? "config" : "credentials");
    return &self->base;
}
