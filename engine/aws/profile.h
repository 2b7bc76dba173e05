/* engine/aws/profile.h - the shared config and credentials files, seen through one profile.
 *
 * Files: AWS_CONFIG_FILE or ~/.aws/config, AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials; a
 * missing file is an empty one. Keys of the credentials file win. The profile is the one asked for,
 * else AWS_PROFILE, else `default`. Lives on the arena (so do the secrets of the files: the arena
 * is the command's and profile_wipe() overwrites them).
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html
 */
#ifndef ENGINE_AWS_PROFILE_H
#define ENGINE_AWS_PROFILE_H

#include "engine/aws/creds.h"

/* asked is --profile, or null. ERR_AUTH when a profile was named (by flag or variable) that neither
 * file has, or a file is broken or unreadable. */
enum err_code profile_load(
    struct arena *arena,
    env_fn *env,
    struct str asked,
    struct profile **ret_profile,
    struct err *err) MUST_USE;
void profile_wipe(struct profile *profile); /* accepts NULL */
struct str profile_name(const struct profile *profile);
bool profile_was_asked(const struct profile *profile); /* by --profile: no environment keys then */
bool profile_exists(const struct profile *profile);
/* A key of the profile, STR_NULL when absent; profile may be NULL. */
struct str profile_get(const struct profile *profile, const char *key);
/* The endpoint_url the profile gives a service ("s3", "sagemaker_runtime") through its `services`
 * section, else its own endpoint_url; STR_NULL when neither, or when it says
 * ignore_configured_endpoint_urls. */
struct str profile_endpoint_url(const struct profile *profile, struct str service_key);
/* The region: asked (--region), AWS_REGION, AWS_DEFAULT_REGION, the profile's; STR_NULL when none
 * says one. */
struct str aws_region_find(env_fn *env, const struct profile *profile, struct str asked);

#endif
