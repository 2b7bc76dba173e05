#include "tests/unit/engine/local/fixture.h"

static void names(void **state)
{
    struct world *world = *state;
    static const char *const bad[] = {"ab",   "Upper",   "-dash",    "dash-",
                                      "a..b", "1.2.3.4", "under_sc", "xn--a"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_refused(
            call(world, "PUT", str_fmt(world->arena, "/%s", bad[i]).ptr, "", NULL), 400,
            "InvalidBucketName");
    make_bucket(world, "a.b-c0");
}

static void regions(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *region, *constraint;
        int status;
        const char *code;
    } rows[] = {
        {"us-east-1", NULL, 200, ""},
        {"us-east-1", "us-east-1", 400, "InvalidLocationConstraint"},
        {"us-east-1", "eu-west-1", 200, ""},
        {"eu-west-1", "eu-west-1", 200, ""},
        {"eu-west-1", NULL, 400, "IllegalLocationConstraintException"},
        {"eu-west-1", "eu-north-1", 400, "IllegalLocationConstraintException"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *body =
            rows[i].constraint == NULL
                ? ""
                : str_fmt(
                      world->arena,
                      "<CreateBucketConfiguration><LocationConstraint>%s</LocationConstraint>"
                      "</CreateBucketConfiguration>",
                      rows[i].constraint)
                      .ptr;
        world->region = rows[i].region;
        assert_refused(
            call(world, "PUT", str_fmt(world->arena, "/bucket-%zu", i).ptr, body, NULL),
            rows[i].status, rows[i].code);
    }
    assert_refused(
        call(world, "GET", "/bucket-2?location", "", NULL), 200, ">eu-west-1</LocationConstraint>");
    world->region = "us-east-1";
    assert_refused(
        call(world, "GET", "/bucket-0?location", "", NULL), 200, "\"></LocationConstraint>");
    assert_refused(
        call(world, "GET", "/bucket-2?location", "", NULL), 200, ">eu-west-1</LocationConstraint>");
}

static void again_and_gone(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    make_bucket(world, "bucket"); /* us-east-1 says 200 */
    world->region = "eu-west-1";
    assert_refused(
        call(
            world, "PUT", "/bucket",
            "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint>"
            "</CreateBucketConfiguration>",
            NULL),
        409, "BucketAlreadyOwnedByYou");
    world->region = "us-east-1";
    assert_status(call(world, "PUT", "/bucket/k", "1", NULL), 200);
    assert_refused(call(world, "DELETE", "/bucket", "", NULL), 409, "BucketNotEmpty");
    assert_status(call(world, "DELETE", "/bucket/k", "", NULL), 204);
    assert_status(call(world, "POST", "/bucket/k?uploads", "", NULL), 200);
    assert_status(call(world, "DELETE", "/bucket", "", NULL), 204);
    assert_refused(call(world, "DELETE", "/bucket", "", NULL), 404, "NoSuchBucket");
    assert_status(call(world, "HEAD", "/bucket", "", NULL), 404);
}

static void sub_resources(void **state)
{
    struct world *world = *state;
    static const char tagging[] = "<?xml version=\"1.0\"?><Tagging><TagSet><Tag><Key>k</Key>"
                                  "<Value>v</Value></Tag></TagSet></Tagging>";
    make_bucket(world, "bucket");
    assert_refused(call(world, "GET", "/bucket?tagging", "", NULL), 404, "NoSuchTagSet");
    assert_refused(
        call(world, "PUT", "/bucket?tagging", tagging, NULL), 400,
        "Missing required header for this request: Content-MD5");
    assert_refused(
        call(
            world, "PUT", "/bucket?tagging", "<Wrong/>", "x-amz-checksum-sha256",
            "xK9m9mOD0eYTLP8oFyyzEfuHsG5ICBWN5ZKQXZfWPbQ=", NULL),
        400, "");
    struct str sum = base64_of(world->arena, sha256_of(str_from(tagging)).bytes, SHA256_LEN);
    assert_status(
        call(world, "PUT", "/bucket?tagging", tagging, "x-amz-checksum-sha256", sum.ptr, NULL),
        204);
    struct http_response get = call(world, "GET", "/bucket?tagging", "", NULL);
    assert_refused(get, 200, "<Key>k</Key><Value>v</Value>");
    assert_true(str_find(str_from_index(get.body, 5), STR("<?xml")) == SIZE_MAX);
    assert_status(call(world, "DELETE", "/bucket?tagging", "", NULL), 204);
    assert_refused(call(world, "GET", "/bucket?tagging", "", NULL), 404, "NoSuchTagSet");
    assert_refused(
        call(world, "GET", "/bucket?publicAccessBlock", "", NULL), 200, "<BlockPublicPolicy>true<");
    assert_refused(call(world, "GET", "/bucket?encryption", "", NULL), 200, "AES256");
    assert_refused(call(world, "GET", "/bucket?versioning", "", NULL), 200, "<VersioningConf");
    assert_refused(call(world, "GET", "/bucket?lifecycle", "", NULL), 404, "NoSuchLifecycle");
    assert_refused(call(world, "GET", "/bucket?policy", "", NULL), 404, "NoSuchBucketPolicy");
    assert_refused(call(world, "PUT", "/bucket?policy", "{}", NULL), 501, "NotImplemented");
    assert_refused(call(world, "GET", "/bucket?cors", "", NULL), 404, "NoSuchCORSConfiguration");
    assert_refused(call(world, "GET", "/bucket?logging", "", NULL), 200, "<BucketLoggingStatus");
    assert_refused(
        call(world, "GET", "/bucket?ownershipControls", "", NULL), 200, "BucketOwnerEnforced");
    assert_refused(call(world, "GET", "/bucket?acl", "", NULL), 200, "FULL_CONTROL");
}

static void object_tags(void **state)
{
    struct world *world = *state;
    static const char tagging[] =
        "<Tagging><TagSet><Tag><Key>a b</Key><Value>&amp;</Value></Tag></TagSet></Tagging>";
    struct str sum = base64_of(world->arena, md5_of(str_from(tagging)).bytes, MD5_LEN);
    make_bucket(world, "bucket");
    assert_status(call(world, "PUT", "/bucket/k", "1", "x-amz-tagging", "x=1", NULL), 200);
    assert_refused(call(world, "GET", "/bucket/k?tagging", "", NULL), 200, "<Key>x</Key>");
    assert_status(
        call(world, "PUT", "/bucket/k?tagging", tagging, "Content-MD5", sum.ptr, NULL), 200);
    assert_refused(
        call(world, "GET", "/bucket/k?tagging", "", NULL), 200,
        "<Key>a b</Key><Value>&amp;</Value>");
    assert_refused(call(world, "GET", "/bucket/k", "", NULL), 200, "1");
    assert_status(call(world, "DELETE", "/bucket/k?tagging", "", NULL), 204);
    assert_refused(call(world, "GET", "/bucket/k?tagging", "", NULL), 200, "<TagSet></TagSet>");
    assert_refused(call(world, "GET", "/bucket/none?tagging", "", NULL), 404, "NoSuchKey");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(names), WITH_WORLD(regions), WITH_WORLD(again_and_gone),
        WITH_WORLD(sub_resources), WITH_WORLD(object_tags)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
