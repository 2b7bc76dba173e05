#include "tests/unit/engine/local/fixture.h"

#define PART_BYTES MIB(5)

static struct str text_of(struct world *world, struct http_response response, const char *name)
{
    struct err err = {0};
    struct xml *xml = NULL;
    assert_ok(xml_parse(world->arena, response.body, MIB(16), &xml, &err), &err);
    return str_dup(world->arena, xml_get_text(xml, name));
}

static const char *begin(struct world *world, const char *sum_name)
{
    struct http_response response =
        sum_name != NULL ? call(
                               world, "POST", "/bucket/k?uploads", "", "x-amz-checksum-algorithm",
                               sum_name, NULL)
                         : call(world, "POST", "/bucket/k?uploads", "", "x-amz-meta-a", "1", NULL);
    assert_status(response, 200);
    return str_z(world->arena, text_of(world, response, "UploadId"));
}

static const char *part_target(struct world *world, const char *id, int number)
{
    return str_fmt(world->arena, "/bucket/k?partNumber=%d&uploadId=%s", number, id).ptr;
}

static struct str big(struct world *world, char fill, size_t len)
{
    char *bytes = arena_alloc(world->arena, len);
    memset(bytes, fill, len);
    return str_of(bytes, len);
}

static struct http_response
put_part(struct world *world, const char *id, int number, struct str body)
{
    return call_with(world, "PUT", part_target(world, id, number), body, NULL, 0);
}

static struct http_response complete(struct world *world, const char *id, const char *parts)
{
    return call(
        world, "POST", str_fmt(world->arena, "/bucket/k?uploadId=%s", id).ptr,
        str_fmt(world->arena, "<CompleteMultipartUpload>%s</CompleteMultipartUpload>", parts).ptr,
        NULL);
}

static const char *item(struct world *world, int number, struct http_response part)
{
    return str_fmt(
               world->arena, "<Part><PartNumber>%d</PartNumber><ETag>" STR_FMT "</ETag></Part>",
               number, STR_ARG(header(part, "etag")))
        .ptr;
}

static void joins_parts(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    const char *id = begin(world, NULL);
    assert_status(put_part(world, id, 1, STR("replaced")), 200);
    struct http_response one = put_part(world, id, 1, big(world, 'a', PART_BYTES));
    struct http_response two = put_part(world, id, 7, STR("tail"));
    struct http_response list = call(
        world, "GET", str_fmt(world->arena, "/bucket/k?uploadId=%s&max-parts=1", id).ptr, "", NULL);
    assert_refused(list, 200, "<NextPartNumberMarker>1</NextPartNumberMarker>");
    assert_true(contains(list, "<IsTruncated>true</IsTruncated>"));
    assert_refused(call(world, "GET", "/bucket?uploads", "", NULL), 200, "<Key>k</Key>");
    assert_status(call(world, "HEAD", "/bucket/k", "", NULL), 404);
    struct http_response done = complete(
        world, id, str_fmt(world->arena, "%s%s", item(world, 1, one), item(world, 7, two)).ptr);
    assert_refused(done, 200, "-2&quot;</ETag>");
    struct http_response get = call(world, "GET", "/bucket/k", "", NULL);
    assert_int_equal(get.body.len, PART_BYTES + 4);
    assert_str(str_from_index(get.body, PART_BYTES), "tail");
    assert_str(header(get, "x-amz-meta-a"), "1");
    assert_refused(complete(world, id, item(world, 1, one)), 404, "NoSuchUpload");
    assert_refused(call(world, "GET", "/bucket?uploads", "", NULL), 200, "<IsTruncated>false<");
    /* A copy is one piece again. */
    struct http_response copy =
        call(world, "PUT", "/bucket/copy", "", "x-amz-copy-source", "bucket/k", NULL);
    struct md5 md5 = md5_of(get.body);
    assert_str_len(
        text_of(world, copy, "ETag"),
        str_fmt(
            world->arena, "\"" STR_FMT "\"", STR_ARG(hex_of(world->arena, md5.bytes, MD5_LEN))));
}

static void refuses_wrong_lists(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    const char *id = begin(world, NULL);
    struct http_response one = put_part(world, id, 1, STR("short"));
    struct http_response two = put_part(world, id, 2, STR("tail"));
    assert_refused(
        complete(
            world, id, str_fmt(world->arena, "%s%s", item(world, 1, one), item(world, 2, two)).ptr),
        400, "EntityTooSmall");
    assert_refused(
        complete(
            world, id, str_fmt(world->arena, "%s%s", item(world, 2, two), item(world, 1, one)).ptr),
        400, "InvalidPartOrder");
    assert_refused(complete(world, id, item(world, 1, two)), 400, "InvalidPart");
    assert_refused(complete(world, id, item(world, 3, two)), 400, "InvalidPart");
    assert_refused(complete(world, id, ""), 400, "MalformedXML");
    assert_refused(put_part(world, id, 0, STR("x")), 400, "InvalidArgument");
    assert_refused(put_part(world, id, 10001, STR("x")), 400, "InvalidArgument");
    assert_refused(put_part(world, "nope", 1, STR("x")), 404, "NoSuchUpload");
    assert_status(call(world, "PUT", "/bucket/k", "there", NULL), 200);
    assert_refused(
        call(
            world, "POST", str_fmt(world->arena, "/bucket/k?uploadId=%s", id).ptr,
            str_fmt(
                world->arena, "<CompleteMultipartUpload>%s</CompleteMultipartUpload>",
                item(world, 1, one))
                .ptr,
            "If-None-Match", "*", NULL),
        412, "PreconditionFailed");
    assert_status(complete(world, id, item(world, 1, one)), 200);
}

static void aborts(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    const char *id = begin(world, NULL);
    const char *target = str_fmt(world->arena, "/bucket/k?uploadId=%s", id).ptr;
    assert_status(put_part(world, id, 1, STR("x")), 200);
    assert_status(call(world, "DELETE", target, "", NULL), 204);
    assert_refused(call(world, "DELETE", target, "", NULL), 404, "NoSuchUpload");
}

static void copies_into_a_part(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    assert_status(call(world, "PUT", "/bucket/src", "0123456789", NULL), 200);
    const char *id = begin(world, NULL);
    struct http_response part = call(
        world, "PUT", part_target(world, id, 1), "", "x-amz-copy-source", "bucket/src",
        "x-amz-copy-source-range", "bytes=2-4", NULL);
    assert_refused(part, 200, "CopyPartResult");
    assert_refused(
        call(
            world, "PUT", part_target(world, id, 1), "", "x-amz-copy-source", "bucket/src",
            "x-amz-copy-source-range", "bytes=20-40", NULL),
        400, "InvalidArgument");
    assert_refused(
        call(world, "PUT", part_target(world, id, 1), "", "x-amz-copy-source", "bucket/none", NULL),
        404, "NoSuchKey");
    struct str etag = text_of(world, part, "ETag");
    assert_status(
        complete(
            world, id,
            str_fmt(
                world->arena, "<Part><PartNumber>1</PartNumber><ETag>" STR_FMT "</ETag></Part>",
                STR_ARG(etag))
                .ptr),
        200);
    assert_refused(call(world, "GET", "/bucket/k", "", NULL), 200, "234");
}

/* The checksum of one part's checksum, and of the whole. */
static void checksums_of_uploads(void **state)
{
    struct world *world = *state;
    struct arena *arena = world->arena;
    make_bucket(world, "bucket");
    const char *id = begin(world, "SHA256");
    struct sha256 sum = sha256_of(STR("bytes"));
    struct str part_sum = base64_of(arena, sum.bytes, SHA256_LEN);
    struct http_response part = call(
        world, "PUT", part_target(world, id, 1), "bytes", "x-amz-checksum-sha256", part_sum.ptr,
        NULL);
    assert_status(part, 200);
    assert_status(complete(world, id, item(world, 1, part)), 200);
    struct sha256 outer = sha256_of(str_of(sum.bytes, SHA256_LEN));
    struct http_response head =
        call(world, "HEAD", "/bucket/k", "", "x-amz-checksum-mode", "ENABLED", NULL);
    assert_str_len(
        header(head, "x-amz-checksum-sha256"),
        str_fmt(arena, STR_FMT "-1", STR_ARG(base64_of(arena, outer.bytes, SHA256_LEN))));
    assert_str(header(head, "x-amz-checksum-type"), "COMPOSITE");
    id = begin(world, "SHA1");
    part = call(
        world, "PUT", part_target(world, id, 1), "123456789", "x-amz-checksum-sha1",
        "98O8HYCOBHMq32eZZczDTKeuNEE=", NULL);
    assert_status(part, 200);
    assert_status(complete(world, id, item(world, 1, part)), 200);
    head = call(world, "HEAD", "/bucket/k", "", "x-amz-checksum-mode", "ENABLED", NULL);
    assert_str(header(head, "x-amz-checksum-sha1"), "zGcEPHvP9e6lVmvZsfPHT9mlz10=-1");
    id = begin(world, "CRC64NVME");
    part = put_part(world, id, 1, STR("123456789"));
    assert_status(complete(world, id, item(world, 1, part)), 200);
    head = call(world, "HEAD", "/bucket/k", "", "x-amz-checksum-mode", "ENABLED", NULL);
    assert_str(header(head, "x-amz-checksum-crc64nvme"), "rosUhgp5mIg=");
    assert_str(header(head, "x-amz-checksum-type"), "FULL_OBJECT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(joins_parts), WITH_WORLD(refuses_wrong_lists), WITH_WORLD(aborts),
        WITH_WORLD(copies_into_a_part), WITH_WORLD(checksums_of_uploads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
