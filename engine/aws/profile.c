#include "engine/aws/profile.h"

#include "engine/aws/ini.h"
#include "engine/base/arena.h"
#include "engine/base/file.h"

#include <pwd.h>
#include <unistd.h>

#define MAX_FILE_BYTES MIB(1)

struct profile {
    struct arena *arena;
    struct str name;
    struct str config_section; /* "profile x", or "default" */
    bool asked;
    struct ini *config, *credentials; /* never NULL after loading */
    struct str texts[2];              /* what the two files held: wiped at the end */
};

static struct str env_get(env_fn *env, const char *name)
{
    struct str value = str_from(env != NULL ? env(name) : NULL);
    return value.len > 0 ? value : STR_NULL; /* set to nothing counts as unset */
}

const char *
profile_home_path(struct arena *arena, env_fn *env, const char *variable, const char *under_home)
{
    struct str path = variable != NULL ? env_get(env, variable) : STR_NULL;
    struct str home = env_get(env, "HOME");
    if (!str_is_null(path) && !str_starts(path, STR("~/")))
        return str_z(arena, path);
    if (str_is_null(home) && env != NULL) {
        const struct passwd *entry = getpwuid(getuid());
        home = str_from(entry != NULL ? entry->pw_dir : NULL);
    }
    if (str_is_null(home))
        return NULL;
    struct str tail = str_is_null(path) ? str_from(under_home) : str_from_index(path, 2);
    return path_join(arena, home, tail).ptr;
}

static enum err_code load_file(
    struct arena *arena,
    const char *path,
    struct str *ret_text,
    struct ini **ret_ini,
    struct err *err)
{
    struct err local;
    struct str text = STR("");
    if (path != NULL) {
        enum err_code code = file_read(arena, path, MAX_FILE_BYTES, &text, &local);
        if (code != ERR_NONE && code != ERR_NOT_FOUND) {
            *err = local;
            err->code = ERR_AUTH;
            err_hint(err, "check the owner and the mode of '%s'", path);
            return err->code;
        }
    }
    *ret_text = text;
    return ini_parse(arena, text, path != NULL ? path : "", ret_ini, err);
}

bool profile_exists(const struct profile *profile)
{
    return ini_has_section(profile->config, profile->config_section) ||
           ini_has_section(profile->credentials, profile->name);
}

static void name_section(struct profile *profile)
{
    profile->config_section = str_fmt(profile->arena, "profile " STR_FMT, STR_ARG(profile->name));
    if (str_eq_z(profile->name, "default") &&
        !ini_has_section(profile->config, profile->config_section))
        profile->config_section = STR("default");
}

struct profile *profile_named(const struct profile *profile, struct str name)
{
    struct profile *other = ARENA_NEW(profile->arena, struct profile);
    *other = *profile;
    other->name = str_dup(profile->arena, name);
    name_section(other);
    return profile_exists(other) ? other : NULL;
}

enum err_code profile_load(
    struct arena *arena,
    env_fn *env,
    struct str asked,
    struct profile **ret_profile,
    struct err *err)
{
    struct profile *profile = ARENA_NEW(arena, struct profile);
    struct str from_env = env_get(env, "AWS_PROFILE");
    const char *variable = "AWS_PROFILE";
    if (str_is_null(from_env)) { /* the AWS CLI's own name for it */
        from_env = env_get(env, "AWS_DEFAULT_PROFILE");
        variable = "AWS_DEFAULT_PROFILE";
    }
    profile->arena = arena;
    profile->asked = !str_is_null(asked);
    bool named = profile->asked || !str_is_null(from_env);
    profile->name = str_dup(arena, profile->asked ? asked : named ? from_env : STR("default"));

    const char *config = profile_home_path(arena, env, "AWS_CONFIG_FILE", ".aws/config");
    const char *credentials =
        profile_home_path(arena, env, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
    enum err_code code = load_file(arena, config, &profile->texts[0], &profile->config, err);
    if (code == ERR_NONE)
        code = load_file(arena, credentials, &profile->texts[1], &profile->credentials, err);
    if (code != ERR_NONE)
        return code;

    name_section(profile);
    if (named && !profile_exists(profile) && !str_eq_z(profile->name, "default")) {
        err_set(err, ERR_AUTH, "there is no AWS profile '" STR_FMT "'", STR_ARG(profile->name));
        return err_hint(
            err, "looked in '%s' and '%s'; %s names it", config != NULL ? config : "~/.aws/config",
            credentials != NULL ? credentials : "~/.aws/credentials",
            profile->asked ? "--profile" : variable);
    }
    *ret_profile = profile;
    return ERR_NONE;
}

void profile_wipe(struct profile *profile)
{
    if (profile == NULL)
        return;
    for (size_t i = 0; i < ARRAY_LEN(profile->texts); i++) {
        /* The views were handed out read-only; the bytes are our arena's. */
        union {
            const char *shown;
            char *owned;
        } bytes = {.shown = profile->texts[i].ptr};
        if (profile->texts[i].len > 0)
            secret_wipe(bytes.owned, profile->texts[i].len);
    }
}

struct str profile_name(const struct profile *profile)
{
    return profile->name;
}

bool profile_was_asked(const struct profile *profile)
{
    return profile->asked;
}

struct str profile_get(const struct profile *profile, const char *key)
{
    if (profile == NULL)
        return STR_NULL;
    struct str value = ini_get(profile->credentials, profile->name, str_from(key));
    if (str_is_null(value))
        value = ini_get(profile->config, profile->config_section, str_from(key));
    return value;
}

struct str profile_get_in(const struct profile *profile, enum profile_file file, const char *key)
{
    return file == PROFILE_CONFIG ? ini_get(profile->config, profile->config_section, str_from(key))
                                  : ini_get(profile->credentials, profile->name, str_from(key));
}

struct str profile_sso_session(
    const struct profile *profile, struct str name, const char *key, bool *ret_exists)
{
    struct str section = str_fmt(profile->arena, "sso-session " STR_FMT, STR_ARG(name));
    if (ret_exists != NULL)
        *ret_exists = ini_has_section(profile->config, section);
    return ini_get(profile->config, section, str_from(key));
}

struct str profile_get_nested(const struct profile *profile, const char *key, const char *nested)
{
    if (profile == NULL)
        return STR_NULL;
    return ini_get_nested(
        profile->config, profile->config_section, str_from(key), str_from(nested));
}

/* https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
struct str profile_endpoint_url(const struct profile *profile, struct str service_key)
{
    if (profile == NULL)
        return STR_NULL;
    struct str services = profile_get(profile, "services");
    if (services.len > 0 && services.len < 128) {
        char section[160];
        int len = snprintf(section, sizeof(section), "services " STR_FMT, STR_ARG(services));
        struct str url = ini_get_nested(
            profile->config, str_of(section, (size_t) len), service_key, STR("endpoint_url"));
        if (url.len > 0)
            return url;
    }
    return profile_get(profile, "endpoint_url");
}

struct str aws_region_find(env_fn *env, const struct profile *profile, struct str asked)
{
    struct str candidates[] = {
        asked,
        env_get(env, "AWS_REGION"),
        env_get(env, "AWS_DEFAULT_REGION"),
        profile_get(profile, "region"),
    };
    for (size_t i = 0; i < ARRAY_LEN(candidates); i++)
        if (candidates[i].len > 0)
            return candidates[i];
    return STR_NULL;
}
