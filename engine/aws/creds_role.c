/* A role that other credentials may become: AssumeRole. Those others come from a profile, which may
 * name a role itself, or from a source that needs no profile.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html */
#include "engine/aws/creds_sts.h"

#include "engine/aws/profile.h"
#include "engine/base/arena.h"

#define MAX_CHAIN 10

struct creds_role {
    struct creds_provider base;
    struct creds_context context;
    const struct profile *profile;
    char *visited;                 /* profiles on the way here, each between line ends */
    struct creds_provider *source; /* NULL until it is needed */
    struct creds_sts sts;
};

static bool has_keys(const struct profile *profile)
{
    return profile_get(profile, "aws_access_key_id").len > 0 ||
           profile_get(profile, "aws_secret_access_key").len > 0;
}

static enum err_code
source_of_profile(struct creds_role *self, struct str wanted, struct arena *arena, struct err *err)
{
    struct str name = profile_name(self->profile);
    struct profile *profile = profile_named(self->profile, wanted);
    if (profile == NULL)
        return err_set(
            err, ERR_AUTH,
            "the profile '" STR_FMT "' names source_profile '" STR_FMT "', which does not exist",
            STR_ARG(name), STR_ARG(wanted));
    struct str visited = str_fmt(arena, "%s\n" STR_FMT "\n", self->visited, STR_ARG(name));
    bool itself = str_eq(wanted, name);
    size_t depth = 0;
    for (size_t i = 0; i < visited.len; i++)
        depth += visited.ptr[i] == '\n';
    bool seen = str_find(visited, str_fmt(arena, "\n" STR_FMT "\n", STR_ARG(wanted))) != SIZE_MAX;
    /* A profile may hold both the keys and the role that they become. */
    if ((seen && !(itself && has_keys(profile))) || depth / 2 > MAX_CHAIN) {
        err_set(
            err, ERR_AUTH, "the source_profile of '" STR_FMT "' goes round in a circle",
            STR_ARG(name));
        return err_hint(
            err, "one of the profiles on the way must have keys, or another source, of its own");
    }
    self->source =
        creds_profile_new(&self->context, profile, has_keys(profile) ? NULL : visited.ptr);
    return ERR_NONE;
}

static enum err_code source_by_name(struct creds_role *self, struct str wanted, struct err *err)
{
    const struct creds_context *context = &self->context;
    struct creds_provider *inner = NULL;
    if (str_eq_nocase(wanted, STR("Environment")))
        inner = creds_env_new(context->env);
    else if (str_eq_nocase(wanted, STR("Ec2InstanceMetadata")))
        inner = creds_imds_new(context);
    else if (str_eq_nocase(wanted, STR("EcsContainer")))
        inner = creds_container_new(context);
    if (inner == NULL) {
        err_set(
            err, ERR_AUTH, "the profile '" STR_FMT "' has credential_source '" STR_FMT "'",
            STR_ARG(profile_name(self->profile)), STR_ARG(wanted));
        return err_hint(err, "it may be Environment, Ec2InstanceMetadata or EcsContainer");
    }
    self->source = creds_cache_new(context->loop, context->clock, inner);
    return ERR_NONE;
}

static enum err_code find_source(struct creds_role *self, struct arena *arena, struct err *err)
{
    struct str name = profile_name(self->profile);
    struct str from_profile = profile_get(self->profile, "source_profile");
    struct str by_name = profile_get(self->profile, "credential_source");
    if (profile_get(self->profile, "mfa_serial").len > 0) {
        err_set(
            err, ERR_AUTH, "the profile '" STR_FMT "' wants a code of an MFA device (mfa_serial)",
            STR_ARG(name));
        return err_hint(
            err,
            "mmectl asks for none; run: eval \"$(aws configure export-credentials "
            "--profile " STR_FMT " --format env)\"",
            STR_ARG(name));
    }
    if ((from_profile.len > 0) == (by_name.len > 0)) {
        err_set(
            err, ERR_AUTH, "the profile '" STR_FMT "' has role_arn and %s", STR_ARG(name),
            by_name.len > 0 ? "both source_profile and credential_source"
                            : "neither source_profile nor credential_source");
        return err_hint(err, "one of the two says whose keys may assume the role");
    }
    return by_name.len > 0 ? source_by_name(self, by_name, err)
                           : source_of_profile(self, from_profile, arena, err);
}

static enum err_code
role_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct creds_role *self = (struct creds_role *) provider;
    struct str name = profile_name(self->profile);
    struct sts_role role = {
        .arn = profile_get(self->profile, "role_arn"),
        .session_name = profile_get(self->profile, "role_session_name"),
        .external_id = profile_get(self->profile, "external_id"),
        .duration_seconds = profile_get(self->profile, "duration_seconds"),
    };
    if (role.arn.len == 0 || profile_get(self->profile, "web_identity_token_file").len > 0)
        return creds_lacks(self->profile, "role_arn", err);
    AUTO(arena_close_wiped) struct arena *arena = arena_new("assumed role", MIB(8));
    enum err_code code = self->source == NULL ? find_source(self, arena, err) : ERR_NONE;
    if (code == ERR_NONE)
        code = creds_sts_assume(&self->sts, &self->context, arena, self->source, &role, err);
    if (code != ERR_NONE)
        return err_wrap(err, "profile '" STR_FMT "'", STR_ARG(name));
    *ret_creds = &self->sts.keys.creds;
    return ERR_NONE;
}

static void role_close(struct creds_provider *provider)
{
    struct creds_role *self = (struct creds_role *) provider;
    creds_sts_close(&self->sts);
    creds_close(self->source);
    xfree(self->visited);
    xfree(self);
}

static const struct creds_provider_ops s_role_ops = {
    .name = "assumed role", .get = role_get, .close = role_close};

struct creds_provider *creds_role_new(
    const struct creds_context *context, const struct profile *profile, const char *visited)
{
    struct creds_role *self = xmalloc(sizeof(*self));
    *self = (struct creds_role){.base = {&s_role_ops}, .context = *context, .profile = profile};
    size_t size = strlen(visited != NULL ? visited : "") + 1;
    self->visited = xmalloc(size);
    memcpy(self->visited, visited != NULL ? visited : "", size);
    return &self->base;
}
