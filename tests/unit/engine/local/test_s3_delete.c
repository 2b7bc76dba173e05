#include "tests/unit/engine/local/fixture.h"

static struct http_response delete_many(struct world *world, const char *xml)
{
    struct str sum = base64_of(world->arena, md5_of(str_from(xml)).bytes, MD5_LEN);
    return call(world, "POST", "/bucket?delete", xml, "Content-MD5", sum.ptr, NULL);
}

static void one_by_one(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    assert_status(call(world, "DELETE", "/bucket/none", "", NULL), 204);
    assert_refused(
        call(world, "DELETE", "/bucket/none", "", "If-Match", "*", NULL), 404, "NoSuchKey");
    assert_status(call(world, "PUT", "/bucket/k", "hello\n", NULL), 200);
    assert_refused(
        call(world, "DELETE", "/bucket/k", "", "If-Match", "\"x\"", NULL), 412,
        "PreconditionFailed");
    assert_status(call(world, "HEAD", "/bucket/k", "", NULL), 200);
    assert_status(
        call(
            world, "DELETE", "/bucket/k", "", "If-Match", "\"b1946ac92492d2347c6235b4d2611184\"",
            NULL),
        204);
    assert_status(call(world, "HEAD", "/bucket/k", "", NULL), 404);
}

static void many_at_once(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    assert_status(call(world, "PUT", "/bucket/a", "1", NULL), 200);
    assert_status(call(world, "PUT", "/bucket/b%3C", "1", NULL), 200);
    struct http_response response = delete_many(
        world, "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
               "<Object><Key>a</Key><ETag>\"x\"</ETag></Object>"
               "<Object><Key>b&lt;</Key></Object><Object><Key>none</Key></Object></Delete>");
    assert_refused(response, 200, "<Error><Key>a</Key><Code>PreconditionFailed</Code>");
    assert_true(contains(response, "<Deleted><Key>b&lt;</Key></Deleted>"));
    assert_true(contains(response, "<Deleted><Key>none</Key></Deleted>"));
    assert_status(call(world, "HEAD", "/bucket/a", "", NULL), 200);
    assert_status(call(world, "HEAD", "/bucket/b%3C", "", NULL), 404);
    response =
        delete_many(world, "<Delete><Quiet>true</Quiet><Object><Key>a</Key></Object></Delete>");
    assert_status(response, 200);
    assert_false(contains(response, "Deleted>"));
    assert_refused(delete_many(world, "<Delete></Delete>"), 400, "MalformedXML");
    assert_refused(delete_many(world, "<Delete><Object></Object></Delete>"), 400, "MalformedXML");
    assert_refused(delete_many(world, "<!DOCTYPE a []><Delete/>"), 400, "MalformedXML");
    assert_refused(
        call(world, "POST", "/bucket?delete", "<Delete/>", NULL), 400, "Missing required header");
}

static void a_thousand_and_one_more(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    for (size_t n = 1000; n <= 1001; n++) {
        AUTO(buf_done) struct buf xml = BUF_INIT(MIB(1));
        buf_add_z(&xml, "<Delete>");
        for (size_t i = 0; i < n; i++)
            buf_fmt(&xml, "<Object><Key>%zu</Key></Object>", i);
        buf_add_z(&xml, "</Delete>");
        const char *text = str_z(world->arena, buf_str(&xml));
        assert_status(delete_many(world, text), n == 1000 ? 200 : 400);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(one_by_one), WITH_WORLD(many_at_once), WITH_WORLD(a_thousand_and_one_more)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
