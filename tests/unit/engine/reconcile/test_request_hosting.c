#include "tests/unit/engine/reconcile/sample.h"

#include "engine/reconcile/request.h"

static const struct str s_subnets[] = {STR_INIT("subnet-a"), STR_INIT("subnet-b")};
static const struct str s_groups[] = {STR_INIT("sg-a")};

static struct str compact(struct arena *arena, const struct json *node)
{
    return json_text(arena, node, JSON_COMPACT);
}

/* Names are digests of what is sent: a spec that says nothing keeps the names it had. */
static void nothing_is_sent_of_what_is_not_asked_for(void **state)
{
    struct want *want = sample_want(*state);
    struct json *body = json_object(*state);
    request_add_network(*state, want, body);
    request_add_variant(*state, want, body);
    request_add_hosting(*state, want, body);
    assert_int_equal(body->len, 0);
    attributes_add_network(*state, body, body);
    attributes_add_variant(*state, body, body);
    attributes_add_hosting(*state, body, body);
    assert_int_equal(body->len, 0);
}

static void network(void **state)
{
    struct want *want = sample_want(*state);
    struct json *body = json_object(*state), *shown = json_object(*state);
    want->subnets = s_subnets;
    want->n_subnets = 2;
    want->security_groups = s_groups;
    want->n_security_groups = 1;
    want->isolated = true;
    request_add_network(*state, want, body);
    assert_str(
        compact(*state, body), "{\"VpcConfig\":{\"SecurityGroupIds\":[\"sg-a\"],\"Subnets\":["
                               "\"subnet-a\",\"subnet-b\"]},\"EnableNetworkIsolation\":true}");
    attributes_add_network(*state, body, shown);
    assert_str(
        compact(*state, shown),
        "{\"vpc_config\":[{\"security_group_ids\":[\"sg-a\"],\"subnets\":[\"subnet-a\","
        "\"subnet-b\"]}],\"enable_network_isolation\":true}");
}

static void instances(void **state)
{
    struct want *want = sample_want(*state);
    struct json *variant = json_object(*state), *shown = json_object(*state);
    want->volume_gb = 50;
    want->download_timeout_s = 60;
    want->health_check_timeout_s = 3600;
    request_add_variant(*state, want, variant);
    assert_str(
        compact(*state, variant), "{\"VolumeSizeInGB\":50,\"ModelDataDownloadTimeoutInSeconds\":60,"
                                  "\"ContainerStartupHealthCheckTimeoutInSeconds\":3600}");
    attributes_add_variant(*state, variant, shown);
    assert_str(
        compact(*state, shown),
        "{\"volume_size_in_gb\":50,\"model_data_download_timeout_in_seconds\":60,"
        "\"container_startup_health_check_timeout_in_seconds\":3600}");
}

static void records_and_keys(void **state)
{
    static const struct want_capture both = {
        .percent = 10, .destination = STR_INIT("s3://b/p"), .input = true, .output = true};
    static const struct want_capture one = {
        .percent = 100,
        .destination = STR_INIT("s3://b"),
        .kms_key = STR_INIT("alias/k"),
        .output = true};
    struct want *want = sample_want(*state);
    struct json *body = json_object(*state), *shown = json_object(*state);
    want->capture = &both;
    request_add_hosting(*state, want, body);
    assert_str(
        compact(*state, body),
        "{\"DataCaptureConfig\":{\"EnableCapture\":true,\"InitialSamplingPercentage\":10,"
        "\"DestinationS3Uri\":\"s3://b/p\",\"CaptureOptions\":[{\"CaptureMode\":\"Input\"},{"
        "\"CaptureMode\":\"Output\"}],\"CaptureContentTypeHeader\":{\"CsvContentTypes\":["
        "\"text/csv\"],\"JsonContentTypes\":[\"application/json\"]}}}");
    want->capture = &one;
    want->disk_key = STR("alias/d");
    body = json_object(*state);
    request_add_hosting(*state, want, body);
    attributes_add_hosting(*state, body, shown);
    assert_str(
        compact(*state, shown),
        "{\"kms_key_arn\":\"alias/d\",\"data_capture_config\":[{\"enable_capture\":true,"
        "\"initial_sampling_percentage\":100,\"destination_s3_uri\":\"s3://b\",\"kms_key_id\":"
        "\"alias/k\",\"capture_options\":[{\"capture_mode\":\"Output\"}]}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(nothing_is_sent_of_what_is_not_asked_for),
        WITH_ARENA(network),
        WITH_ARENA(instances),
        WITH_ARENA(records_and_keys),
    };
    return cmocka_run_group_tests_name("request_hosting", tests, NULL, NULL);
}
