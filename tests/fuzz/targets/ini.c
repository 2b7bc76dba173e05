/* The shared config and credentials files, as a profile sees them: the first line names the profile
 * that is asked for, a line "%%%" parts config from credentials. */
#define _GNU_SOURCE /* memfd_create() */
#include "tests/fuzz/fuzz.h"

#include "engine/aws/ini.h"
#include "engine/aws/profile.h"

#include <sys/mman.h>
#include <unistd.h>

static _Thread_local char s_paths[2][40];

static const char *env(const char *name)
{
    if (strcmp(name, "AWS_CONFIG_FILE") == 0)
        return s_paths[0];
    return strcmp(name, "AWS_SHARED_CREDENTIALS_FILE") == 0 ? s_paths[1] : NULL;
}

static int file_of(struct str text, char path[40])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_HOLDS(fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t) text.len);
    snprintf(path, 40, "/proc/self/fd/%d", fd);
    return fd;
}

static bool inside(struct str part, struct str whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void read_alone(struct arena *arena, struct str text)
{
    struct ini *ini = NULL;
    struct err err = {0};
    enum err_code code = ini_parse(arena, text, "the input", &ini, &err);
    fuzz_check_err(code, &err);
    if (code != ERR_NONE)
        return;
    static const char *const keys[] = {"region", "role_arn", "s3", "aws_access_key_id"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct str value = ini_get(ini, STR("default"), str_from(keys[i]));
        FUZZ_HOLDS(inside(value, text));
        FUZZ_HOLDS(str_index(value, '\n') == SIZE_MAX);
        FUZZ_HOLDS(str_eq(value, str_trim(value)));
        FUZZ_HOLDS(str_is_null(value) || ini_has_section(ini, STR("default")));
    }
}

void fuzz_ini(struct str input)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    struct str rest = input, asked = fuzz_line(&rest);
    size_t parted = str_find(rest, STR("\n%%%\n"));
    struct str config = str_slice(rest, 0, parted);
    struct str credentials = parted == SIZE_MAX ? STR("") : str_from_index(rest, parted + 5);
    read_alone(arena, config);
    read_alone(arena, credentials);
    int fds[] = {file_of(config, s_paths[0]), file_of(credentials, s_paths[1])};
    struct profile *profile = NULL;
    struct err err = {0};
    enum err_code code = profile_load(arena, env, asked.len > 0 ? asked : STR_NULL, &profile, &err);
    fuzz_check_err(code, &err);
    if (code == ERR_NONE) {
        (void) profile_endpoint_url(profile, STR("sagemaker_runtime"));
        (void) aws_region_find(env, profile, STR_NULL);
        FUZZ_HOLDS(profile_name(profile).len > 0);
        static const char *const keys[] = {"aws_secret_access_key", "role_arn", "sso_session"};
        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
            if (!str_is_null(profile_get(profile, keys[i])))
                FUZZ_HOLDS(profile_exists(profile));
        profile_wipe(profile);
    }
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
}
