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
/* The same of one of the two files alone. */
enum profile_file { PROFILE_CONFIG, PROFILE_CREDENTIALS };
struct str profile_get_in(const struct profile *profile, enum profile_file file, const char *key);
/* Another profile of the same files, on the same arena; NULL when neither file has it. */
struct profile *profile_named(const struct profile *profile, struct str name);
/* A key of `[sso-session NAME]`; STR_NULL when absent. ret_exists may be NULL. */
struct str profile_sso_session(
    const struct profile *profile, struct str name, const char *key, bool *ret_exists);
/* What is under the user's home, NUL-terminated; NULL when nobody knows where that is. A variable
 * that is set wins, unless variable is NULL. */
const char *
profile_home_path(struct arena *arena, env_fn *env, const char *variable, const char *under_home);
/* An indented key of the profile's section in the config file: `addressing_style` below `s3 =`. */
struct str profile_get_nested(const struct profile *profile, const char *key, const char *nested);
/* The endpoint_url the profile gives a service ("s3", "sagemaker_runtime") through its `services`
 * section, else its own endpoint_url; STR_NULL when neither. */
struct str profile_endpoint_url(const struct profile *profile, struct str service_key);
/* The region: asked (--region), AWS_REGION, AWS_DEFAULT_REGION, the profile's; STR_NULL when none
 * says one. */
struct str aws_region_find(env_fn *env, const struct profile *profile, struct str asked);

#endif
