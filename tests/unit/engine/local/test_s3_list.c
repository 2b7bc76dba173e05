#include "tests/unit/engine/local/fixture.h"

#include "engine/local/objects.h"

static void put_many(struct world *world, const char *format_prefix, size_t count)
{
    struct err err = {0};
    for (size_t i = 0; i < count; i++) {
        struct str key = str_fmt(world->arena, "%s%05zu", format_prefix, i);
        assert_ok(
            objects_write(
                world->local, STR("bucket"), key, STR("1"), STR("text/plain"), STR_NULL, &err),
            &err);
    }
}

static struct xml *list(struct world *world, const char *query)
{
    struct err err = {0};
    struct xml *xml = NULL;
    struct http_response response =
        call(world, "GET", str_fmt(world->arena, "/bucket?%s", query).ptr, "", NULL);
    assert_status(response, 200);
    assert_ok(xml_parse(world->arena, response.body, MIB(16), &xml, &err), &err);
    return xml;
}

static size_t count(const struct xml *xml, const char *name)
{
    size_t n = 0;
    XML_EACH (child, xml, name)
        n++;
    return n;
}

/* Every page of a listing, with the number of keys on each. */
static void pages_are_exact_at_the_boundary(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    put_many(world, "a", 1000);
    struct xml *page = list(world, "list-type=2");
    assert_int_equal(count(page, "Contents"), 1000);
    assert_str(xml_get_text(page, "IsTruncated"), "false");
    assert_true(str_is_null(xml_get_text(page, "NextContinuationToken")));
    put_many(world, "b", 1);
    page = list(world, "list-type=2");
    assert_int_equal(count(page, "Contents"), 1000);
    assert_str(xml_get_text(page, "IsTruncated"), "true");
    struct str token =
        uri_encoded(world->arena, xml_get_text(page, "NextContinuationToken"), false);
    page = list(
        world,
        str_fmt(world->arena, "list-type=2&continuation-token=" STR_FMT, STR_ARG(token)).ptr);
    assert_int_equal(count(page, "Contents"), 1);
    assert_str(xml_get_text(xml_get(page, "Contents"), "Key"), "b00000");
    assert_str(xml_get_text(page, "IsTruncated"), "false");
    assert_str(xml_get_text(list(world, "list-type=2&max-keys=5000"), "MaxKeys"), "1000");
    page = list(world, "list-type=2&max-keys=0");
    assert_str(xml_get_text(page, "IsTruncated"), "false");
    assert_int_equal(count(page, "Contents"), 0);
}

static void groups_are_entries_of_a_page(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    put_many(world, "a/x", 3);
    put_many(world, "b/x", 3);
    put_many(world, "c", 2);
    put_many(world, "d/x/y", 1);
    struct xml *page = list(world, "list-type=2&delimiter=%2F&max-keys=3");
    assert_int_equal(count(page, "CommonPrefixes"), 2);
    assert_int_equal(count(page, "Contents"), 1);
    assert_str(xml_get_text(page, "KeyCount"), "3");
    assert_str(xml_get_text(page, "IsTruncated"), "true");
    struct str token =
        uri_encoded(world->arena, xml_get_text(page, "NextContinuationToken"), false);
    page = list(
        world, str_fmt(
                   world->arena, "list-type=2&delimiter=/&max-keys=3&continuation-token=" STR_FMT,
                   STR_ARG(token))
                   .ptr);
    assert_str(xml_get_text(xml_get(page, "Contents"), "Key"), "c00001");
    assert_str(xml_get_text(xml_get(page, "CommonPrefixes"), "Prefix"), "d/");
    assert_str(xml_get_text(page, "IsTruncated"), "false");
    page = list(world, "list-type=2&delimiter=/&prefix=d/");
    assert_str(xml_get_text(xml_get(page, "CommonPrefixes"), "Prefix"), "d/x/");
}

/* Walking with tiny pages sees everything once, in both versions. */
static void small_pages_lose_nothing(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    put_many(world, "a/x", 4);
    put_many(world, "b", 3);
    put_many(world, "b/", 2);
    put_many(world, "c/d/e", 2);
    for (size_t max = 1; max <= 3; max++) {
        struct str marker = STR("");
        size_t keys = 0, groups = 0, turns = 0;
        for (bool more = true; more; turns++) {
            assert_true(turns < 20);
            struct xml *page = list(
                world, str_fmt(
                           world->arena, "delimiter=/&max-keys=%zu&marker=" STR_FMT, max,
                           STR_ARG(uri_encoded(world->arena, marker, false)))
                           .ptr);
            keys += count(page, "Contents");
            groups += count(page, "CommonPrefixes");
            more = str_eq(xml_get_text(page, "IsTruncated"), STR("true"));
            marker = xml_get_text(page, "NextMarker");
        }
        assert_int_equal(keys, 3);
        assert_int_equal(groups, 3);
    }
}

static void start_after_and_encoding(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    assert_status(call(world, "PUT", "/bucket/a%20%2Bb/%C3%BC%26", "1", NULL), 200);
    put_many(world, "k", 3);
    struct xml *page = list(world, "list-type=2&start-after=k00000&fetch-owner=true");
    assert_int_equal(count(page, "Contents"), 2);
    assert_str(xml_get_text(xml_get(page, "Contents"), "Key"), "k00001");
    assert_str(xml_get_text(xml_get(xml_get(page, "Contents"), "Owner"), "ID"), "123456789012");
    page = list(world, "encoding-type=url&prefix=a");
    assert_str(xml_get_text(xml_get(page, "Contents"), "Key"), "a%20%2Bb/%C3%BC%26");
    page = list(world, "list-type=2&prefix=a%20");
    assert_str(xml_get_text(xml_get(page, "Contents"), "Key"), "a +b/\xc3\xbc&");
    assert_refused(
        call(world, "GET", "/bucket?list-type=2&max-keys=x", "", NULL), 400, "InvalidArgument");
    assert_refused(
        call(world, "GET", "/bucket?list-type=2&continuation-token=%21", "", NULL), 400,
        "InvalidArgument");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(pages_are_exact_at_the_boundary), WITH_WORLD(groups_are_entries_of_a_page),
        WITH_WORLD(small_pages_lose_nothing), WITH_WORLD(start_after_and_encoding)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
