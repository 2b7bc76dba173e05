#include "engine/aws/creds.h"

#include "engine/aws/profile.h"

struct creds_provider *creds_profile_new(
    const struct creds_context *context, const struct profile *profile, const char *visited)
{
    struct creds_provider *sources[8];
    size_t count = 0;
    if (visited != NULL)
        sources[count++] = creds_role_new(context, profile, visited);
    sources[count++] = creds_web_identity_new(context, profile, false);
    sources[count++] = creds_sso_new(context, profile);
    sources[count++] = creds_file_new(profile, false);
    sources[count++] = creds_process_new(context, profile, 0);
    sources[count++] = creds_file_new(profile, true);
    return creds_cache_new(context->loop, context->clock, creds_chain_new(sources, count));
}

struct creds_provider *creds_default_new(const struct creds_context *context)
{
    const struct profile *profile = context->profile;
    bool use_env = !profile_was_asked(profile);
    struct creds_provider *sources[12];
    size_t count = 0;
    if (use_env)
        sources[count++] = creds_env_new(context->env);
    sources[count++] = creds_role_new(context, profile, NULL);
    sources[count++] = creds_web_identity_new(context, profile, use_env);
    sources[count++] = creds_sso_new(context, profile);
    sources[count++] = creds_file_new(profile, false);
    sources[count++] = creds_process_new(context, profile, 0);
    sources[count++] = creds_file_new(profile, true);
    sources[count++] = creds_container_new(context);
    sources[count++] = creds_imds_new(context);
    return creds_cache_new(context->loop, context->clock, creds_chain_new(sources, count));
}
