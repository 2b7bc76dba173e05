#include "tests/harness/test.h"

#include "engine/local/aws_host.h"

static void test_hosts(void **state)
{
    static const struct {
        const char *name, *service, *region, *bucket, *base;
    } hosts[] = {
        {"sts.amazonaws.com", "sts", NULL, NULL, "sts.amazonaws.com"},
        {"iam.amazonaws.com", "iam", NULL, NULL, NULL},
        {"sts.us-east-1.amazonaws.com", "sts", "us-east-1", NULL, NULL},
        {"sts-fips.us-east-1.amazonaws.com", "sts-fips", "us-east-1", NULL, NULL},
        {"api.sagemaker.eu-west-1.amazonaws.com", "api.sagemaker", "eu-west-1", NULL, NULL},
        {"runtime.sagemaker.us-gov-west-1.amazonaws.com", "runtime.sagemaker", "us-gov-west-1",
         NULL, NULL},
        {"logs.cn-north-1.amazonaws.com.cn", "logs", "cn-north-1", NULL, NULL},
        {"logs.us-east-1.api.aws", "logs", "us-east-1", NULL, NULL},
        {"application-autoscaling.us-east-1.amazonaws.com", "application-autoscaling", "us-east-1",
         NULL, NULL},
        {"s3.amazonaws.com", "s3", NULL, NULL, "s3.amazonaws.com"},
        {"s3.eu-west-1.amazonaws.com", "s3", "eu-west-1", NULL, "s3.eu-west-1.amazonaws.com"},
        {"s3-eu-west-1.amazonaws.com", "s3", "eu-west-1", NULL, NULL},
        {"s3-fips.dualstack.us-east-1.amazonaws.com", "s3", "us-east-1", NULL, NULL},
        {"b.s3.amazonaws.com", "s3", NULL, "b", "s3.amazonaws.com"},
        {"b.s3.dualstack.us-east-1.amazonaws.com", "s3", "us-east-1", "b",
         "s3.dualstack.us-east-1.amazonaws.com"},
        {"a.b.s3.us-east-1.amazonaws.com", "s3", "us-east-1", "a.b", "s3.us-east-1.amazonaws.com"},
        {"x.s3.y.s3.us-east-1.amazonaws.com", "s3", "us-east-1", "x.s3.y", NULL},
        {"b.s3.cn-north-1.amazonaws.com.cn", "s3", "cn-north-1", "b", NULL},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        struct aws_host host;
        if (!aws_host_read(str_from(hosts[i].name), &host))
            fail_msg("'%s' is no host of AWS", hosts[i].name);
        assert_str(host.service, hosts[i].service);
        assert_str(host.region, hosts[i].region);
        assert_str(host.bucket, hosts[i].bucket);
        if (hosts[i].base != NULL)
            assert_str(host.base, hosts[i].base);
    }
}

static void test_others(void **state)
{
    static const char *const names[] = {
        "",
        ".",
        "amazonaws.com",
        ".amazonaws.com",
        "api.aws",
        "example.com",
        "evilamazonaws.com",
        "sts.amazonaws.com.evil.org",
        "sts.amazonaws.com.",
        "us-east-1.amazonaws.com",
        "sts..amazonaws.com",
        "-a.amazonaws.com",
        "a-.amazonaws.com",
        "a_b.amazonaws.com",
        "STS.amazonaws.com",
        "a b.amazonaws.com",
        "*.amazonaws.com",
        "192.0.2.1",
        "[::1]",
        "dualstack.us-east-1.amazonaws.com",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.amazonaws.com"};
    char text[400];
    struct aws_host host;
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (aws_host_read(str_from(names[i]), &host))
            fail_msg("'%s' is taken for a host of AWS", names[i]);
    for (size_t i = 0; i < 300; i++)
        text[i] = i % 2 == 0 ? 'a' : '.';
    snprintf(text + 300, sizeof(text) - 300, "sts.amazonaws.com");
    assert_false(aws_host_read(str_from(text), &host));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
