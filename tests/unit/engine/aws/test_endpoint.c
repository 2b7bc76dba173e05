/* Which host a service of a region has, and what may override it. */
#include "tests/harness/test.h"

#include "engine/aws/aws.h"
#include "engine/aws/endpoint.h"
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

/* ---- endpoints ---- */

static void test_endpoints(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *region, *flag, *service_url, *url, *ignore;
        enum aws_service service;
        const char *base;
    } s_cases[] = {
        {"us-east-1", NULL, NULL, NULL, NULL, AWS_SAGEMAKER,
         "https://api.sagemaker.us-east-1.amazonaws.com"},
        {"us-east-1", NULL, NULL, NULL, NULL, AWS_RUNTIME,
         "https://runtime.sagemaker.us-east-1.amazonaws.com"},
        {"cn-north-1", NULL, NULL, NULL, NULL, AWS_STS, "https://sts.cn-north-1.amazonaws.com.cn"},
        /* One IAM per partition. */
        {"eu-west-1", NULL, NULL, NULL, NULL, AWS_IAM, "https://iam.amazonaws.com"},
        {"cn-north-1", NULL, NULL, NULL, NULL, AWS_IAM, "https://iam.cn-north-1.amazonaws.com.cn"},
        {"us-gov-east-1", NULL, NULL, NULL, NULL, AWS_IAM, "https://iam.us-gov.amazonaws.com"},
        {"us-east-1", NULL, NULL, "http://127.0.0.1:1/", NULL, AWS_S3, "http://127.0.0.1:1"},
        {"us-east-1", NULL, "http://127.0.0.1:2", "http://127.0.0.1:1", NULL, AWS_S3,
         "http://127.0.0.1:2"},
        {"us-east-1", NULL, "http://127.0.0.1:2", "http://127.0.0.1:1", NULL, AWS_LOGS,
         "http://127.0.0.1:1"},
        {"us-east-1", "http://127.0.0.1:3", "http://127.0.0.1:2", NULL, NULL, AWS_S3,
         "http://127.0.0.1:3"},
        {"us-east-1", NULL, "http://127.0.0.1:2", "http://127.0.0.1:1", "true", AWS_S3,
         "https://s3.us-east-1.amazonaws.com"},
        {"us-east-1", "http://127.0.0.1:3", NULL, NULL, "true", AWS_S3, "http://127.0.0.1:3"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        env_reset();
        env_set("AWS_ENDPOINT_URL_S3", s_cases[i].service_url);
        env_set("AWS_ENDPOINT_URL", s_cases[i].url);
        env_set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", s_cases[i].ignore);
        struct endpoint_options options = {
            .region = str_from(s_cases[i].region),
            .endpoint_url = str_from(s_cases[i].flag),
            .env = test_env};
        struct endpoint endpoint;
        struct err err = {0};
        assert_ok(endpoint_find(arena, &options, s_cases[i].service, &endpoint, &err), &err);
        assert_str(endpoint.base, s_cases[i].base);
    }
    env_reset();
    env_set("AWS_ENDPOINT_URL", "localhost:4566");
    struct endpoint_options options = {.region = STR("us-east-1"), .env = test_env};
    struct endpoint endpoint;
    struct err err = {0};
    assert_fails(
        endpoint_find(arena, &options, AWS_S3, &endpoint, &err), ERR_USAGE, &err,
        "AWS_ENDPOINT_URL is not a URL: 'localhost:4566'");
}

#define VECTORS "tests/vectors/endpoints/endpoints.tsv"

/* botocore's names. */
static const char *const s_names[AWS_SERVICE_COUNT] = {
    [AWS_S3] = "s3",
    [AWS_SAGEMAKER] = "sagemaker",
    [AWS_RUNTIME] = "sagemaker-runtime",
    [AWS_STS] = "sts",
    [AWS_LOGS] = "logs",
    [AWS_IAM] = "iam",
    [AWS_SCALING] = "application-autoscaling",
    [AWS_CLOUDWATCH] = "cloudwatch",
};

static enum aws_service service_named(struct str name)
{
    unsigned i = 0;
    while (i < AWS_SERVICE_COUNT && !str_eq_z(name, s_names[i] != NULL ? s_names[i] : ""))
        i++;
    return (enum aws_service) i;
}

/* Every service, region and switch: what botocore's resolver answered. */
static void test_botocore(void **state)
{
    struct arena *arena = *state;
    struct str text, line;
    struct err err = {0};
    size_t count = 0;
    assert_ok(file_read(arena, VECTORS, MIB(1), &text, &err), &err);
    while (str_split(&text, '\n', &line)) {
        struct str field[6] = {{NULL, 0}};
        size_t fields = 0;
        while (fields < 6 && str_split(&line, '\t', &field[fields]))
            fields++;
        if (fields < 5)
            continue; /* the comment */
        env_reset();
        env_set("AWS_USE_FIPS_ENDPOINT", str_eq_z(field[2], "1") ? "true" : "false");
        env_set("AWS_USE_DUALSTACK_ENDPOINT", str_eq_z(field[3], "1") ? "True" : NULL);
        enum aws_service service = service_named(field[0]);
        assert_true(service < AWS_SERVICE_COUNT);
        struct endpoint_options options = {.region = field[1], .env = test_env};
        struct endpoint endpoint;
        enum err_code code = endpoint_find(arena, &options, service, &endpoint, &err);
        if (str_eq_z(field[4], "error")) {
            assert_int_equal(code, ERR_USAGE);
        } else {
            assert_ok(code, &err);
            struct str bucket = service == AWS_S3 ? STR("bkt") : STR_NULL;
            assert_str_len(endpoint_url(arena, &endpoint, bucket, STR(""), STR("")), field[4]);
            assert_str_len(endpoint_sign_region(service, options.region), field[5]);
        }
        count++;
    }
    assert_true(count > 1000);
}

/* ---- profiles ---- */

#define PROFILES \
    "[default]\nservices = local\nendpoint_url = http://127.0.0.1:9\n" \
    "[profile fips]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n" \
    "[profile off]\nignore_configured_endpoint_urls = true\nendpoint_url = http://127.0.0.1:9\n" \
    "[profile typo]\nuse_fips_endpoint = yes\n" \
    "[profile both]\nuse_dualstack_endpoint = true\nendpoint_url = http://127.0.0.1:9\n" \
    "[profile path]\ns3 =\n  addressing_style = path\n" \
    "[profile virtual]\nendpoint_url = http://s3.test:99\ns3 =\n  addressing_style = virtual\n" \
    "[profile style]\ns3 =\n  addressing_style = other\n" \
    "[services local]\nsagemaker_runtime =\n  endpoint_url = http://127.0.0.1:8\n"

static void test_profiles(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *profile, *variable, *value;
        enum aws_service service;
        const char *url; /* of bucket "bkt", or the message */
        enum err_code code;
    } s_cases[] = {
        {"default", NULL, NULL, AWS_RUNTIME, "http://127.0.0.1:8", ERR_NONE},
        {"default", NULL, NULL, AWS_S3, "http://127.0.0.1:9/bkt", ERR_NONE},
        {"default", "AWS_ENDPOINT_URL", "http://127.0.0.1:7/", AWS_RUNTIME, "http://127.0.0.1:7",
         ERR_NONE},
        {"default", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE", AWS_S3,
         "https://bkt.s3.eu-west-1.amazonaws.com", ERR_NONE},
        {"fips", NULL, NULL, AWS_S3, "https://bkt.s3-fips.dualstack.eu-west-1.amazonaws.com",
         ERR_NONE},
        {"fips", "AWS_USE_FIPS_ENDPOINT", "false", AWS_STS, "https://sts.eu-west-1.api.aws",
         ERR_NONE},
        {"off", NULL, NULL, AWS_LOGS, "https://logs.eu-west-1.amazonaws.com", ERR_NONE},
        /* Off for the environment's URLs, too; what the environment says of it wins. */
        {"off", "AWS_ENDPOINT_URL", "http://127.0.0.1:7", AWS_LOGS,
         "https://logs.eu-west-1.amazonaws.com", ERR_NONE},
        {"off", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false", AWS_LOGS, "http://127.0.0.1:9",
         ERR_NONE},
        {"typo", NULL, NULL, AWS_LOGS, "use_fips_endpoint is 'yes', not true or false", ERR_USAGE},
        {"path", "AWS_USE_DUALSTACK_ENDPOINT", "1", AWS_S3,
         "AWS_USE_DUALSTACK_ENDPOINT is '1', not true or false", ERR_USAGE},
        {"path", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "on", AWS_S3,
         "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is 'on', not true or false", ERR_USAGE},
        {"both", NULL, NULL, AWS_LOGS,
         "use_dualstack_endpoint asks for dual-stack endpoints, and the profile's endpoint_url "
         "names another: 'http://127.0.0.1:9'",
         ERR_USAGE},
        {"both", "AWS_USE_FIPS_ENDPOINT", "true", AWS_LOGS,
         "AWS_USE_FIPS_ENDPOINT asks for FIPS endpoints", ERR_USAGE},
        {"path", NULL, NULL, AWS_S3, "https://s3.eu-west-1.amazonaws.com/bkt", ERR_NONE},
        {"virtual", NULL, NULL, AWS_S3, "http://bkt.s3.test:99", ERR_NONE},
        /* An address has no names below it. */
        {"virtual", "AWS_ENDPOINT_URL", "http://127.0.0.1:9", AWS_S3, "http://127.0.0.1:9/bkt",
         ERR_NONE},
        {"virtual", "AWS_ENDPOINT_URL", "http://[::1]:9", AWS_S3, "http://[::1]:9/bkt", ERR_NONE},
        {"style", NULL, NULL, AWS_S3,
         "the profile's s3 addressing_style is 'other', not auto, virtual or path", ERR_USAGE},
        {"style", NULL, NULL, AWS_LOGS, "https://logs.eu-west-1.amazonaws.com", ERR_NONE},
    };
    const char *folder = test_folder_new(arena);
    const char *config = path_join(arena, str_from(folder), STR("config")).ptr;
    struct err err = {0};
    assert_ok(file_write_atomic(config, STR(PROFILES), 0600, &err), &err);
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct profile *profile;
        env_reset();
        env_set("AWS_CONFIG_FILE", config);
        if (s_cases[i].variable != NULL)
            env_set(s_cases[i].variable, s_cases[i].value);
        assert_ok(
            profile_load(arena, test_env, str_from(s_cases[i].profile), &profile, &err), &err);
        struct endpoint_options options = {
            .region = STR("eu-west-1"), .env = test_env, .profile = profile};
        struct endpoint endpoint;
        struct str bucket = s_cases[i].service == AWS_S3 ? STR("bkt") : STR_NULL;
        enum err_code code = endpoint_find(arena, &options, s_cases[i].service, &endpoint, &err);
        if (s_cases[i].code != ERR_NONE) {
            assert_fails(code, s_cases[i].code, &err, s_cases[i].url);
            continue;
        }
        assert_ok(code, &err);
        assert_str(endpoint_url(arena, &endpoint, bucket, STR(""), STR("")), s_cases[i].url);
    }
    test_folder_remove(folder);
}

/* ---- S3's addresses ---- */

static void test_addressing(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *base;
        bool virtual_hosts;
        const char *bucket, *path, *query, *url;
    } s_cases[] = {
        {"https://s3.eu-west-1.amazonaws.com", true, "my-bucket", "/a/b%20c", "x=1",
         "https://my-bucket.s3.eu-west-1.amazonaws.com/a/b%20c?x=1"},
        {"https://s3.eu-west-1.amazonaws.com", true, "my-bucket", "/", "list-type=2",
         "https://my-bucket.s3.eu-west-1.amazonaws.com/?list-type=2"},
        /* Names that a certificate for *.s3... does not cover, or that are no labels. */
        {"https://s3.eu-west-1.amazonaws.com", true, "my.bucket", "/a", "",
         "https://s3.eu-west-1.amazonaws.com/my.bucket/a"},
        {"https://s3.eu-west-1.amazonaws.com", true, "My_Bucket", "/a", "",
         "https://s3.eu-west-1.amazonaws.com/My_Bucket/a"},
        {"https://s3.eu-west-1.amazonaws.com", true, "ab", "/a", "",
         "https://s3.eu-west-1.amazonaws.com/ab/a"},
        {"https://s3.eu-west-1.amazonaws.com", true, "evil/../x@", "/", "",
         "https://s3.eu-west-1.amazonaws.com/evil%2F..%2Fx%40"},
        {"http://127.0.0.1:4566", false, "my-bucket", "/", "uploads",
         "http://127.0.0.1:4566/my-bucket?uploads"},
        {"http://localhost:4566", true, "my-bucket", "/k", "", "http://my-bucket.localhost:4566/k"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct endpoint endpoint = {
            .base = str_from(s_cases[i].base), .virtual_hosts = s_cases[i].virtual_hosts};
        assert_str(
            endpoint_url(
                arena, &endpoint, str_from(s_cases[i].bucket), str_from(s_cases[i].path),
                str_from(s_cases[i].query)),
            s_cases[i].url);
    }
}

/* ---- regions ---- */

static void test_regions(void **state)
{
    (void) state;
    static const char *const s_good[] = {"us-east-1", "eu-isoe-west-1", "us-gov-west-1"};
    static const char *const s_bad[] = {"",    "US-EAST-1", "us--east",      "-us",
                                        "us-", "us east",   "evil.example/", "a"};
    for (size_t i = 0; i < ARRAY_LEN(s_good); i++)
        assert_true(endpoint_region_ok(str_from(s_good[i])));
    for (size_t i = 0; i < ARRAY_LEN(s_bad); i++) {
        struct aws_options options = {.region = str_from(s_bad[i])};
        struct aws *aws;
        struct err err = {0};
        assert_int_equal(aws_new(&options, &aws, &err), ERR_USAGE);
    }
}

static void test_sign_region(void **state)
{
    (void) state;
    assert_str(endpoint_sign_region(AWS_S3, STR("eu-west-1")), "eu-west-1");
    assert_str(endpoint_sign_region(AWS_IAM, STR("eu-west-1")), "us-east-1");
    assert_str(endpoint_sign_region(AWS_IAM, STR("us-gov-east-1")), "us-gov-west-1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_endpoints),     WITH_ARENA(test_botocore),
        WITH_ARENA(test_profiles),      WITH_ARENA(test_addressing),
        cmocka_unit_test(test_regions), cmocka_unit_test(test_sign_region),
    };
    return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
