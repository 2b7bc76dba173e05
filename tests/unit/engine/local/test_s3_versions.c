#include "tests/unit/engine/local/fixture.h"

#include "engine/base/uri.h"

#define VERSIONING(status) \
    "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>" status \
    "</Status></VersioningConfiguration>"

static struct http_response
with_md5(struct world *world, const char *method, const char *target, const char *body)
{
    struct md5 md5 = md5_of(str_from(body));
    struct str text = base64_of(world->arena, md5.bytes, MD5_LEN);
    return call(world, method, target, body, "Content-MD5", str_z(world->arena, text), NULL);
}

static void set_versioning(struct world *world, const char *body)
{
    assert_status(with_md5(world, "PUT", "/data-b?versioning", body), 200);
}

static const char *put(struct world *world, const char *key, const char *body)
{
    struct http_response response = call(world, "PUT", key, body, NULL);
    assert_status(response, 200);
    struct str version = header(response, "x-amz-version-id");
    return str_is_null(version) ? "" : str_z(world->arena, version);
}

static const char *at_version(struct world *world, const char *key, const char *version)
{
    return str_fmt(world->arena, "%s?versionId=%s", key, version).ptr;
}

static size_t count(struct http_response response, const char *part)
{
    size_t found = 0;
    struct str rest = response.body;
    for (size_t at; (at = str_find(rest, str_from(part))) != SIZE_MAX; found++)
        rest = str_from_index(rest, at + 1);
    return found;
}

static void test_versions(void **state)
{
    struct world *world = *state;
    make_bucket(world, "data-b");
    assert_string_equal(put(world, "/data-b/old", "from before"), "");
    assert_refused(
        with_md5(world, "PUT", "/data-b?versioning", VERSIONING("Maybe")), 400,
        "IllegalVersioningConfigurationException");
    set_versioning(world, VERSIONING("Enabled"));
    assert_true(contains(call(world, "GET", "/data-b?versioning", "", NULL), "Enabled"));

    const char *first = put(world, "/data-b/a", "one"), *second = put(world, "/data-b/a", "two");
    assert_string_not_equal(first, second);
    assert_true(contains(call(world, "GET", "/data-b/a", "", NULL), "two"));
    assert_true(
        contains(call(world, "GET", at_version(world, "/data-b/a", first), "", NULL), "one"));
    assert_true(
        contains(call(world, "GET", at_version(world, "/data-b/a", second), "", NULL), "two"));
    assert_refused(
        call(world, "GET", at_version(world, "/data-b/a", "nonsense"), "", NULL), 404,
        "NoSuchVersion");
    put(world, "/data-b/old", "newer");
    assert_true(contains(
        call(world, "GET", at_version(world, "/data-b/old", "null"), "", NULL), "from before"));

    struct http_response gone = call(world, "DELETE", "/data-b/a", "", NULL);
    assert_status(gone, 204);
    assert_str(header(gone, "x-amz-delete-marker"), "true");
    const char *marker = str_z(world->arena, header(gone, "x-amz-version-id"));
    gone = call(world, "GET", "/data-b/a", "", NULL);
    assert_refused(gone, 404, "NoSuchKey");
    assert_str(header(gone, "x-amz-delete-marker"), "true");
    assert_refused(
        call(world, "GET", at_version(world, "/data-b/a", marker), "", NULL), 405,
        "MethodNotAllowed");
    assert_true(contains(call(world, "GET", "/data-b?list-type=2", "", NULL), "<KeyCount>1<"));
    assert_refused(call(world, "DELETE", "/data-b", "", NULL), 409, "BucketNotEmpty");
    assert_status(call(world, "PUT", "/data-b/a", "new", "If-None-Match", "*", NULL), 200);
    assert_refused(
        call(world, "PUT", "/data-b/a", "new", "If-None-Match", "*", NULL), 412,
        "PreconditionFailed");

    struct http_response all = call(world, "GET", "/data-b?versions", "", NULL);
    assert_int_equal(count(all, "<Version>"), 5);
    assert_int_equal(count(all, "<DeleteMarker>"), 1);
    assert_int_equal(count(all, "<IsLatest>true"), 2);
}

static void test_removal_by_id(void **state)
{
    struct world *world = *state;
    make_bucket(world, "data-b");
    set_versioning(world, VERSIONING("Enabled"));
    const char *first = put(world, "/data-b/a", "one"), *second = put(world, "/data-b/a", "two");
    assert_status(call(world, "DELETE", at_version(world, "/data-b/a", second), "", NULL), 204);
    assert_true(contains(call(world, "GET", "/data-b/a", "", NULL), "one"));
    struct http_response gone = call(world, "DELETE", "/data-b/a", "", NULL);
    const char *marker = str_z(world->arena, header(gone, "x-amz-version-id"));
    gone = call(world, "DELETE", at_version(world, "/data-b/a", marker), "", NULL);
    assert_status(gone, 204);
    assert_str(header(gone, "x-amz-delete-marker"), "true");
    assert_true(contains(call(world, "GET", "/data-b/a", "", NULL), "one"));
    assert_refused(
        call(world, "DELETE", at_version(world, "/data-b/a", second), "", NULL), 404,
        "NoSuchVersion");
    assert_status(call(world, "DELETE", "/data-b/a", "", NULL), 204);
    const char *body = str_fmt(
                           world->arena,
                           "<Delete><Object><Key>a</Key><VersionId>%s</VersionId></Object>"
                           "<Object><Key>a</Key><VersionId>x</VersionId></Object>"
                           "<Object><Key>b</Key></Object></Delete>",
                           first)
                           .ptr;
    struct http_response answer = with_md5(world, "POST", "/data-b?delete", body);
    assert_status(answer, 200);
    assert_int_equal(count(answer, "<Deleted>"), 2);
    assert_int_equal(count(answer, "<Code>NoSuchVersion</Code>"), 1);
    assert_int_equal(count(answer, "<DeleteMarkerVersionId>"), 1);
    answer = call(world, "GET", "/data-b?versions", "", NULL);
    assert_int_equal(count(answer, "<Version>"), 0);
    assert_int_equal(count(answer, "<DeleteMarker>"), 2);
}

static void test_suspended(void **state)
{
    struct world *world = *state;
    make_bucket(world, "data-b");
    set_versioning(world, VERSIONING("Enabled"));
    put(world, "/data-b/a", "one");
    set_versioning(world, VERSIONING("Suspended"));
    assert_string_equal(put(world, "/data-b/a", "two"), "null");
    assert_string_equal(put(world, "/data-b/a", "three"), "null");
    struct http_response all = call(world, "GET", "/data-b?versions", "", NULL);
    assert_int_equal(count(all, "<Version>"), 2);
    struct http_response gone = call(world, "DELETE", "/data-b/a", "", NULL);
    assert_str(header(gone, "x-amz-version-id"), "null");
    all = call(world, "GET", "/data-b?versions", "", NULL);
    assert_int_equal(count(all, "<Version>"), 1);
    assert_int_equal(count(all, "<DeleteMarker>"), 1);
}

static void test_copies_and_tags(void **state)
{
    struct world *world = *state;
    make_bucket(world, "data-b");
    set_versioning(world, VERSIONING("Enabled"));
    const char *first = put(world, "/data-b/a", "one");
    put(world, "/data-b/a", "two");
    const char *source = at_version(world, "/data-b/a", first);
    assert_status(call(world, "PUT", "/data-b/b", "", "x-amz-copy-source", source, NULL), 200);
    assert_true(contains(call(world, "GET", "/data-b/b", "", NULL), "one"));
    source = at_version(world, "/data-b/a", "none");
    assert_refused(
        call(world, "PUT", "/data-b/b", "", "x-amz-copy-source", source, NULL), 404,
        "NoSuchVersion");
    assert_status(
        with_md5(
            world, "PUT", "/data-b/a?tagging",
            "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"),
        200);
    struct http_response all = call(world, "GET", "/data-b?versions&prefix=a", "", NULL);
    assert_int_equal(count(all, "<Version>"), 2);
    assert_true(contains(call(world, "GET", "/data-b/a?tagging", "", NULL), "<Value>v</Value>"));
}

/* Every page size gives the same list. */
static void test_pages(void **state)
{
    struct world *world = *state;
    make_bucket(world, "data-b");
    set_versioning(world, VERSIONING("Enabled"));
    for (int i = 0; i < 12; i++)
        put(world, str_fmt(world->arena, "/data-b/k%d/%d", i % 3, i % 2).ptr, "x");
    for (int i = 0; i < 3; i++)
        assert_status(
            call(world, "DELETE", str_fmt(world->arena, "/data-b/k%d/0", i).ptr, "", NULL), 204);
    for (int max = 1; max < 20; max++) {
        size_t versions = 0, markers = 0, latest = 0;
        struct str key = STR(""), version = STR("");
        for (bool more = true; more;) {
            struct str marker =
                version.len > 0
                    ? str_fmt(world->arena, "&version-id-marker=" STR_FMT, STR_ARG(version))
                    : STR("");
            struct str target = str_fmt(
                world->arena, "/data-b?versions&max-keys=%d&key-marker=" STR_FMT STR_FMT, max,
                STR_ARG(uri_encoded(world->arena, key, true)), STR_ARG(marker));
            struct http_response page = call(world, "GET", target.ptr, "", NULL);
            struct xml *xml;
            struct err err = {0};
            assert_status(page, 200);
            assert_ok(xml_parse(world->arena, page.body, MIB(1), &xml, &err), &err);
            versions += count(page, "<Version>");
            markers += count(page, "<DeleteMarker>");
            latest += count(page, "<IsLatest>true");
            more = contains(page, "<IsTruncated>true");
            key = xml_get_text(xml, "NextKeyMarker");
            version = xml_get_text(xml, "NextVersionIdMarker");
        }
        assert_int_equal(versions, 12);
        assert_int_equal(markers, 3);
        assert_int_equal(latest, 6);
    }
    struct http_response groups =
        call(world, "GET", "/data-b?versions&delimiter=/&max-keys=2", "", NULL);
    assert_int_equal(count(groups, "<CommonPrefixes>"), 2);
    assert_true(contains(groups, "<NextKeyMarker>k1/</NextKeyMarker>"));
    groups = call(world, "GET", "/data-b?versions&delimiter=/&key-marker=k1/", "", NULL);
    assert_int_equal(count(groups, "<CommonPrefixes>"), 1);
    assert_refused(
        call(world, "GET", "/data-b?versions&version-id-marker=x", "", NULL), 400,
        "InvalidArgument");
}

/* An ETag of what is encrypted with KMS is no digest, and another one each time. */
static void test_kms(void **state)
{
    struct world *world = *state;
    make_bucket(world, "data-b");
    struct http_response one =
        call(world, "PUT", "/data-b/a", "x", "x-amz-server-side-encryption", "aws:kms", NULL);
    struct http_response two =
        call(world, "PUT", "/data-b/a", "x", "x-amz-server-side-encryption", "aws:kms", NULL);
    assert_false(str_eq(header(one, "ETag"), header(two, "ETag")));
    assert_str(header(two, "x-amz-server-side-encryption"), "aws:kms");
    two = call(world, "HEAD", "/data-b/a", "", NULL);
    assert_str(header(two, "x-amz-server-side-encryption"), "aws:kms");
    struct http_response plain = call(world, "PUT", "/data-b/b", "x", NULL);
    assert_str(header(plain, "ETag"), "\"9dd4e461268c8034f5c8564e155c67a6\"");
    assert_status(
        with_md5(
            world, "PUT", "/data-b?encryption",
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
            "<SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>"
            "</ServerSideEncryptionConfiguration>"),
        200);
    plain = call(world, "PUT", "/data-b/b", "x", NULL);
    assert_str(header(plain, "x-amz-server-side-encryption"), "aws:kms");
    assert_true(!str_eq(header(plain, "ETag"), STR("\"9dd4e461268c8034f5c8564e155c67a6\"")));
    assert_status(
        call(
            world, "PUT", "/data-b/c", "", "x-amz-copy-source", "/data-b/a",
            "x-amz-server-side-encryption", "AES256", NULL),
        200);
    assert_str(
        header(call(world, "HEAD", "/data-b/c", "", NULL), "ETag"),
        "\"9dd4e461268c8034f5c8564e155c67a6\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_versions),  WITH_WORLD(test_removal_by_id),
        WITH_WORLD(test_suspended), WITH_WORLD(test_copies_and_tags),
        WITH_WORLD(test_pages),     WITH_WORLD(test_kms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
