/* Where credentials and regions come from. */
#include "tests/harness/test.h"

#include "engine/aws/ini.h"
#include "engine/aws/profile.h"
#include "engine/base/file.h"

/* ---- an environment ---- */

static struct {
    const char *name, *value;
} s_env[12];

static const char *test_env(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(s_env) && s_env[i].name != NULL; i++)
        if (strcmp(s_env[i].name, name) == 0)
            return s_env[i].value;
    return NULL;
}

static void env_reset(void)
{
    memset(s_env, 0, sizeof(s_env));
}

static void env_set(const char *name, const char *value)
{
    size_t i = 0;
    while (s_env[i].name != NULL)
        i++;
    assert_true(i < ARRAY_LEN(s_env));
    s_env[i].name = name;
    s_env[i].value = value;
}

/* ---- INI ---- */

static void test_ini(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    struct ini *ini;
    assert_ok(
        ini_parse(
            arena,
            STR("# comment\r\n[default]\r\nregion = eu-west-1 ; here\nkey=a#b\n\n"
                "[profile  dev]\nregion=us-west-2\ns3 =\n  addressing_style = path\n  other = 1\n"
                "output = json\n[default]\nkey = second\n[services local]\nsagemaker =\n"
                "\tendpoint_url = http://127.0.0.1:1\n"),
            "config", &ini, &err),
        &err);
    assert_str(ini_get(ini, STR("default"), STR("region")), "eu-west-1");
    assert_str(ini_get(ini, STR("default"), STR("key")), "second");
    assert_str(ini_get(ini, STR("profile dev"), STR("region")), "us-west-2");
    assert_str(ini_get(ini, STR("profile dev"), STR("output")), "json");
    assert_true(str_is_null(ini_get(ini, STR("profile dev"), STR("addressing_style"))));
    assert_str(ini_get_nested(ini, STR("profile dev"), STR("s3"), STR("addressing_style")), "path");
    assert_str(
        ini_get_nested(ini, STR("services local"), STR("sagemaker"), STR("endpoint_url")),
        "http://127.0.0.1:1");
    assert_false(ini_has_section(ini, STR("profile none")));
}

static void test_ini_broken(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *text, *message;
    } s_cases[] = {
        {"[default]\nnonsense\n", "'f' line 2"}, {"key = before any section\n", "'f' line 1"},
        {"[unclosed\n", "'f' line 1"},           {"[]\n", "'f' line 1"},
        {"[a]\n= value\n", "'f' line 2"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct ini *ini;
        struct err err = {0};
        assert_fails(
            ini_parse(arena, str_from(s_cases[i].text), "f", &ini, &err), ERR_AUTH, &err,
            s_cases[i].message);
    }
}

/* ---- profiles ---- */

static const char *s_folder;

static const char *write_file(struct arena *arena, const char *name, const char *text)
{
    struct err err = {0};
    const char *path = path_join(arena, str_from(s_folder), str_from(name)).ptr;
    assert_ok(file_write_atomic(path, str_from(text), 0600, &err), &err);
    return path;
}

static void write_files(struct arena *arena)
{
    env_reset();
    env_set(
        "AWS_CONFIG_FILE",
        write_file(
            arena, "config",
            "[default]\nregion = eu-west-1\n[profile dev]\nregion = us-west-2\naws_access_key_id = "
            "FROMCONFIG\n"
            "aws_secret_access_key = c\nservices = local\nendpoint_url = http://127.0.0.1:9\n"
            "[services local]\nsagemaker_runtime =\n  endpoint_url = http://127.0.0.1:8\n"
            "[profile sso]\nsso_session = corp\n[profile half]\naws_access_key_id = X\n"
            "[profile off]\nignore_configured_endpoint_urls = true\nendpoint_url = "
            "http://127.0.0.1:7\n"));
    env_set(
        "AWS_SHARED_CREDENTIALS_FILE",
        write_file(
            arena, "credentials",
            "[default]\naws_access_key_id = AKDEFAULT\naws_secret_access_key = canary-secret\n"
            "[dev]\naws_access_key_id = AKDEV\naws_secret_access_key = "
            "canary-dev\naws_session_token = canary-token\n"
            "aws_account_id = 123456789012\n"));
}

static void test_profiles(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    s_folder = test_folder_new(arena);
    write_files(arena);
    struct profile *profile;
    assert_ok(profile_load(arena, test_env, STR_NULL, &profile, &err), &err);
    assert_str(profile_name(profile), "default");
    assert_false(profile_was_asked(profile));
    assert_str(profile_get(profile, "region"), "eu-west-1");
    assert_str(profile_get(profile, "aws_access_key_id"), "AKDEFAULT");
    assert_true(str_is_null(profile_endpoint_url(profile, STR("s3"))));
    assert_str(aws_region_find(test_env, profile, STR_NULL), "eu-west-1");
    assert_str(aws_region_find(test_env, profile, STR("us-east-2")), "us-east-2");
    env_set("AWS_DEFAULT_REGION", "ap-south-1");
    assert_str(aws_region_find(test_env, profile, STR_NULL), "ap-south-1");
    env_set("AWS_REGION", "ap-east-1");
    assert_str(aws_region_find(test_env, profile, STR_NULL), "ap-east-1");
    assert_true(str_is_null(aws_region_find(NULL, NULL, STR_NULL)));

    assert_ok(profile_load(arena, test_env, STR("dev"), &profile, &err), &err);
    assert_true(profile_was_asked(profile));
    assert_str(profile_get(profile, "aws_access_key_id"), "AKDEV"); /* credentials win */
    assert_str(profile_endpoint_url(profile, STR("sagemaker_runtime")), "http://127.0.0.1:8");
    assert_str(profile_endpoint_url(profile, STR("s3")), "http://127.0.0.1:9");

    env_set("AWS_PROFILE", "nowhere");
    assert_fails(
        profile_load(arena, test_env, STR_NULL, &profile, &err), ERR_AUTH, &err, "'nowhere'");
    assert_non_null(strstr(err.hint, "AWS_PROFILE"));
    test_folder_remove(s_folder);
}

static void test_no_files(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    struct profile *profile;
    env_reset();
    env_set("HOME", "/nonexistent");
    assert_ok(profile_load(arena, test_env, STR_NULL, &profile, &err), &err);
    assert_false(profile_exists(profile));
    assert_true(str_is_null(profile_get(profile, "region")));
}

/* ---- providers ---- */

static void test_profile_creds(void **state)
{
    struct arena *arena = *state;
    s_folder = test_folder_new(arena);
    write_files(arena);
    static const struct {
        const char *profile;
        enum err_code code;
        const char *message, *id, *secret, *token;
    } s_cases[] = {
        {"default", ERR_NONE, NULL, "AKDEFAULT", "canary-secret", NULL},
        {"dev", ERR_NONE, NULL, "AKDEV", "canary-dev", "canary-token"},
        {"sso", ERR_NOT_FOUND, "profile 'sso' has no aws_access_key_id in it", NULL, NULL, NULL},
        {"half", ERR_AUTH, "has aws_access_key_id but no aws_secret_access_key", NULL, NULL, NULL},
        {"off", ERR_NOT_FOUND, "has no aws_access_key_id", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct err err = {0};
        struct profile *profile;
        assert_ok(
            profile_load(arena, test_env, str_from(s_cases[i].profile), &profile, &err), &err);
        struct creds_provider *provider =
            creds_file_new(profile, strcmp(s_cases[i].profile, "half") == 0);
        const struct creds *creds = NULL;
        enum err_code code = creds_get(provider, &creds, &err);
        if (s_cases[i].code != ERR_NONE) {
            assert_fails(code, s_cases[i].code, &err, s_cases[i].message);
        } else {
            assert_ok(code, &err);
            assert_str(creds->access_key_id, s_cases[i].id);
            assert_str(secret_view(creds->secret_key), s_cases[i].secret);
            if (s_cases[i].token != NULL)
                assert_str(secret_view(creds->session_token), s_cases[i].token);
            else
                assert_null(creds->session_token);
        }
        creds_close(provider);
        profile_wipe(profile);
    }
    test_folder_remove(s_folder);
}

static void test_env_creds(void **state)
{
    (void) state;
    struct err err = {0};
    const struct creds *creds;
    struct creds_provider *provider = creds_env_new(test_env);
    env_reset();
    assert_fails(creds_get(provider, &creds, &err), ERR_NOT_FOUND, &err, "AWS_ACCESS_KEY_ID");
    env_set("AWS_ACCESS_KEY_ID", "AK");
    assert_fails(creds_get(provider, &creds, &err), ERR_AUTH, &err, "AWS_SECRET_ACCESS_KEY is not");
    env_set("AWS_SECRET_ACCESS_KEY", "canary");
    assert_ok(creds_get(provider, &creds, &err), &err);
    assert_str(creds->access_key_id, "AK");
    assert_str(secret_view(creds->secret_key), "canary");
    assert_null(creds->session_token);
    env_set("AWS_SESSION_TOKEN", "tok");
    env_set("AWS_ACCOUNT_ID", "123456789012");
    env_set("AWS_CREDENTIAL_EXPIRATION", "2026-11-24T06:29:00Z");
    assert_ok(creds_get(provider, &creds, &err), &err);
    assert_str(secret_view(creds->session_token), "tok");
    assert_str(creds->account, "123456789012");
    assert_int_equal(creds->expires_ms, INT64_C(1795501740000));
    creds_close(provider);
}

/* ---- the chain ---- */

static void test_chain(void **state)
{
    (void) state;
    struct err err = {0};
    const struct creds *creds;
    env_reset();
    struct creds_provider *sources[] = {
        creds_env_new(test_env), creds_static_new(STR("AKSTATIC"), STR("s"), STR_NULL, "a test")};
    struct creds_provider *chain = creds_chain_new(sources, 2);
    assert_ok(creds_get(chain, &creds, &err), &err);
    assert_str(creds->access_key_id, "AKSTATIC");
    env_set("AWS_ACCESS_KEY_ID", "AKENV");
    env_set("AWS_SECRET_ACCESS_KEY", "e");
    assert_ok(creds_get(chain, &creds, &err), &err);
    assert_str(creds->access_key_id, "AKSTATIC"); /* it stays with the one that answered */
    creds_close(chain);

    struct creds_provider *first[] = {
        creds_env_new(test_env), creds_static_new(STR("AKSTATIC"), STR("s"), STR_NULL, "a test")};
    chain = creds_chain_new(first, 2);
    assert_ok(creds_get(chain, &creds, &err), &err);
    assert_str(creds->access_key_id, "AKENV");
    creds_close(chain);
}

static void test_chain_empty(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    const struct creds *creds;
    struct profile *profile;
    env_reset();
    env_set("HOME", "/nonexistent");
    assert_ok(profile_load(arena, test_env, STR_NULL, &profile, &err), &err);
    struct creds_provider *sources[] = {creds_env_new(test_env), creds_file_new(profile, false)};
    struct creds_provider *chain = creds_chain_new(sources, 2);
    assert_fails(creds_get(chain, &creds, &err), ERR_AUTH, &err, "no AWS credentials were found");
    assert_string_equal(
        err.hint, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile; asked in turn:\n"
                  "environment: AWS_ACCESS_KEY_ID is not set\n"
                  "credentials file: there is no profile 'default'");
    /* A broken source stops the chain: the next one is not who the user meant. */
    env_set("AWS_ACCESS_KEY_ID", "AK");
    assert_fails(creds_get(chain, &creds, &err), ERR_AUTH, &err, "AWS_SECRET_ACCESS_KEY is not");
    creds_close(chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_ini),           WITH_ARENA(test_ini_broken),
        WITH_ARENA(test_profiles),      WITH_ARENA(test_no_files),
        WITH_ARENA(test_profile_creds), cmocka_unit_test(test_env_creds),
        cmocka_unit_test(test_chain),   WITH_ARENA(test_chain_empty),
    };
    return cmocka_run_group_tests_name("creds", tests, NULL, NULL);
}
