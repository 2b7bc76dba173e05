/* What the user signed in to with `aws sso login`, as credentials of one of its roles.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html */
#include "engine/aws/creds_sso.h"

#include "engine/aws/call.h"
#include "engine/aws/endpoint.h"
#include "engine/aws/profile.h"
#include "engine/base/arena.h"
#include "engine/base/uri.h"

#define MAX_ANSWER_BYTES KIB(64)

struct creds_sso {
    struct creds_provider base;
    struct creds_context context;
    const struct profile *profile;
    struct aws *portal, *oidc; /* NULL until they are needed */
    struct creds_keys keys;
};

/* A key of the session, or of the profile itself; the two may not disagree. */
static enum err_code merged(
    const struct creds_sso *self,
    struct str session,
    const char *key,
    struct str *out,
    struct err *err)
{
    struct str own = profile_get(self->profile, key);
    struct str theirs =
        session.len > 0 ? profile_sso_session(self->profile, session, key, NULL) : STR_NULL;
    if (own.len > 0 && theirs.len > 0 && !str_eq(own, theirs))
        return err_set(
            err, ERR_AUTH,
            "%s of profile '" STR_FMT "' is '" STR_FMT "', and '" STR_FMT
            "' in its sso-session '" STR_FMT "'",
            key, STR_ARG(profile_name(self->profile)), STR_ARG(own), STR_ARG(theirs),
            STR_ARG(session));
    *out = theirs.len > 0 ? theirs : own;
    return ERR_NONE;
}

static enum err_code
read_settings(const struct creds_sso *self, struct sso_settings *out, struct err *err)
{
    struct sso_settings settings = {
        .profile = profile_name(self->profile),
        .session = profile_get(self->profile, "sso_session"),
        .account = profile_get(self->profile, "sso_account_id"),
        .role = profile_get(self->profile, "sso_role_name"),
    };
    bool exists = true;
    if (settings.session.len > 0)
        (void) profile_sso_session(self->profile, settings.session, "sso_region", &exists);
    if (!exists)
        return err_set(
            err, ERR_AUTH,
            "the profile '" STR_FMT "' names sso_session '" STR_FMT "', which does not exist",
            STR_ARG(settings.profile), STR_ARG(settings.session));
    enum err_code code = merged(self, settings.session, "sso_start_url", &settings.start_url, err);
    if (code == ERR_NONE)
        code = merged(self, settings.session, "sso_region", &settings.region, err);
    if (code != ERR_NONE)
        return code;
    const struct {
        const char *key;
        struct str value;
    } needed[] = {
        {"sso_account_id", settings.account},
        {"sso_role_name", settings.role},
        {"sso_start_url", settings.start_url},
        {"sso_region", settings.region},
    };
    for (size_t i = 0; i < ARRAY_LEN(needed); i++)
        if (needed[i].value.len == 0)
            return err_set(
                err, ERR_AUTH, "the profile '" STR_FMT "' uses SSO, but has no %s",
                STR_ARG(settings.profile), needed[i].key);
    if (!endpoint_region_ok(settings.region))
        return err_set(
            err, ERR_AUTH, "sso_region is '" STR_FMT "', which is not an AWS region",
            STR_ARG(settings.region));
    *out = settings;
    return ERR_NONE;
}

/* https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html */
static enum err_code read_answer(
    struct creds_sso *self,
    struct arena *arena,
    const struct sso_settings *settings,
    struct str body,
    struct err *err)
{
    struct json *json;
    struct err broken;
    if (json_parse(arena, body, MAX_ANSWER_BYTES, &json, &broken) != ERR_NONE)
        return err_set(
            err, ERR_AUTH, "the answer to GetRoleCredentials is not JSON: %s", broken.message);
    const struct json *keys = json_get(json, "roleCredentials");
    const struct creds_raw raw = {
        .access_key_id = json_get_str(keys, "accessKeyId"),
        .secret_key = json_get_str(keys, "secretAccessKey"),
        .session_token = json_get_str(keys, "sessionToken"),
        .account = settings->account,
        .expires_ms = json_get_int(keys, "expiration", 0),
    };
    if (raw.expires_ms <= 0)
        return err_set(err, ERR_AUTH, "the answer to GetRoleCredentials has no expiration");
    creds_keys_name(
        &self->keys, "SSO, profile '" STR_FMT "', role '" STR_FMT "'", STR_ARG(settings->profile),
        STR_ARG(settings->role));
    self->keys.creds.renews = true;
    return creds_keys_take(&self->keys, &raw, "the answer to GetRoleCredentials", err);
}

static enum err_code
ask(struct creds_sso *self, const struct sso_settings *settings, struct err *err)
{
    AUTO(arena_close_wiped) struct arena *arena = arena_new("SSO", MIB(8));
    struct http_header header = {STR("x-amz-sso_bearer_token"), STR_NULL};
    enum err_code code =
        sso_token(&self->context, arena, settings, &self->oidc, &header.value, err);
    if (code == ERR_NONE && self->portal == NULL)
        code = creds_session_new(&self->context, settings->region, NULL, &self->portal, err);
    if (code != ERR_NONE)
        return code;
    const struct aws_call call = {
        .service = AWS_SSO,
        .operation = "GetRoleCredentials",
        .subject = settings->role,
        .method = STR("GET"),
        .path = STR("/federation/credentials"),
        .query = str_fmt(
            arena, "role_name=" STR_FMT "&account_id=" STR_FMT,
            STR_ARG(uri_encoded(arena, settings->role, false)),
            STR_ARG(uri_encoded(arena, settings->account, false))),
        .headers = &header,
        .n_headers = 1,
        .max_body = MAX_ANSWER_BYTES,
        .anonymous = true,
    };
    struct http_response response;
    code = aws_call(self->portal, arena, &call, &response, err);
    if (code != ERR_NONE && response.status == 401) {
        err->code = ERR_AUTH;
        return sso_hint(settings, err);
    }
    if (code != ERR_NONE)
        return code == ERR_NOT_FOUND ? (err->code = ERR_AUTH) : code;
    return read_answer(self, arena, settings, response.body, err);
}

static enum err_code
sso_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct creds_sso *self = (struct creds_sso *) provider;
    if (profile_get(self->profile, "sso_account_id").len == 0 &&
        profile_get(self->profile, "sso_role_name").len == 0)
        return creds_lacks(self->profile, "sso_account_id", err);
    struct sso_settings settings;
    enum err_code code = read_settings(self, &settings, err);
    if (code == ERR_NONE)
        code = ask(self, &settings, err);
    if (code == ERR_NONE)
        *ret_creds = &self->keys.creds;
    return code;
}

static void sso_close(struct creds_provider *provider)
{
    struct creds_sso *self = (struct creds_sso *) provider;
    aws_free(self->portal);
    aws_free(self->oidc);
    creds_keys_clear(&self->keys);
    xfree(self);
}

static const struct creds_provider_ops s_sso_ops = {
    .name = "SSO", .get = sso_get, .close = sso_close};

struct creds_provider *
creds_sso_new(const struct creds_context *context, const struct profile *profile)
{
    struct creds_sso *self = xmalloc(sizeof(*self));
    *self = (struct creds_sso){.base = {&s_sso_ops}, .context = *context, .profile = profile};
    return &self->base;
}
