#include "tests/harness/test.h"

#include "engine/base/rng.h"
#include "engine/base/uri.h"

static void urls(void **state)
{
    (void) state;
    static const struct {
        const char *text, *scheme, *host;
        uint16_t port;
        bool given;
        const char *path, *query;
    } s_cases[] = {
        {"https://a.example", "https", "a.example", 443, false, "/", ""},
        {"HTTP://a/", "http", "a", 80, false, "/", ""},
        {"http://127.0.0.1:8080", "http", "127.0.0.1", 8080, true, "/", ""},
        {"http://[::1]:9/x", "http", "[::1]", 9, true, "/x", ""},
        {"http://[::1]", "http", "[::1]", 80, false, "/", ""},
        {"http://a_b-c:65535/p%2F?q=1&r", "http", "a_b-c", 65535, true, "/p%2F", "q=1&r"},
        {"http://a?x:y@z", "http", "a", 80, false, "/", "x:y@z"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct url url = {0};
        struct err err = {0};
        assert_ok(url_parse(str_from(s_cases[i].text), &url, &err), &err);
        assert_str(url.scheme, s_cases[i].scheme);
        assert_str(url.host, s_cases[i].host);
        assert_int_equal(url.port, s_cases[i].port);
        assert_int_equal(url.port_given, s_cases[i].given);
        assert_str(url.path, s_cases[i].path);
        assert_str(url.query, s_cases[i].query);
    }
}

static void urls_refused(void **state)
{
    (void) state;
    static const char *const s_cases[] = {
        "",
        "a.example",
        "ftp://a",
        "http:/a",
        "http://",
        "http:///x",
        "http://:80",
        "http://a:",
        "http://a:0",
        "http://a:65536",
        "http://a:8x",
        "http://a:-1",
        "http://user@a",
        "http://user:pw@a",
        "http://a/#f",
        "http://a b",
        "http://a/\x01",
        "http://a/\r\nHost: b",
        "http://a/\xc3\xa4",
        "http://[::1",
        "http://[]",
        "http://[g::1]",
        "http://a,b",
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct url url = {.port = 7};
        struct err err = {0};
        if (url_parse(str_from(s_cases[i]), &url, &err) != ERR_USAGE)
            fail_msg("'%s' was accepted", s_cases[i]);
        assert_int_equal(url.port, 7);
    }
    /* A password must not show up in the message. */
    struct url url = {0};
    struct err err = {0};
    assert_int_equal(url_parse(STR("http://user:s3cret@a"), &url, &err), ERR_USAGE);
    assert_null(strstr(err.message, "s3cret"));
}

static void encoding(void **state)
{
    struct arena *arena = *state;
    struct str text = STR("aZ09-._~/ +&=%\xe2\x82\xac!*'()");
    assert_str(
        uri_encoded(arena, text, false), "aZ09-._~%2F%20%2B%26%3D%25%E2%82%AC%21%2A%27%28%29");
    assert_str(uri_encoded(arena, text, true), "aZ09-._~/%20%2B%26%3D%25%E2%82%AC%21%2A%27%28%29");
    assert_str(uri_encoded(arena, STR(""), false), "");
}

static void decoding(void **state)
{
    struct arena *arena = *state;
    struct str out = STR_NULL;
    assert_true(uri_decode(arena, STR("a%2fb+%E2%82%ac"), false, &out));
    assert_str(out, "a/b+\xe2\x82\xac");
    assert_true(uri_decode(arena, STR("a+b%2B"), true, &out));
    assert_str(out, "a b+");
    static const char *const s_bad[] = {"%", "%2", "%zz", "a%2", "%-1", "%%20"};
    for (size_t i = 0; i < ARRAY_LEN(s_bad); i++)
        assert_false(uri_decode(arena, str_from(s_bad[i]), false, &out));
    assert_str(out, "a b+");
}

static void encoding_reads_back(void **state)
{
    struct arena *arena = *state;
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (int i = 0; i < 500; i++) {
        char bytes[40];
        size_t len = rng_below(&rng, sizeof(bytes));
        for (size_t at = 0; at < len; at++)
            bytes[at] = (char) rng_u64(&rng);
        struct str out = STR_NULL;
        struct str text = str_of(bytes, len);
        assert_true(uri_decode(arena, uri_encoded(arena, text, i % 2 == 0), i % 3 == 0, &out));
        assert_str_len(out, text);
    }
}

static void queries(void **state)
{
    struct query_param *params = NULL;
    size_t count = 0;
    struct err err = {0};
    struct str query = STR("list-type=2&&prefix=a%2Fb+c&delete&empty=&x=1=2&x=3");
    assert_ok(query_parse(*state, query, 10, &params, &count, &err), &err);
    assert_int_equal(count, 6);
    assert_str(query_find(params, count, "list-type")->value, "2");
    assert_str(query_find(params, count, "prefix")->value, "a/b c");
    assert_str(query_find(params, count, "delete")->value, "");
    assert_str(query_find(params, count, "empty")->value, "");
    assert_str(query_find(params, count, "x")->value, "1=2");
    assert_null(query_find(params, count, "none"));
    assert_ok(query_parse(*state, STR(""), 10, &params, &count, &err), &err);
    assert_int_equal(count, 0);
    assert_ok(query_parse(*state, STR_NULL, 10, &params, &count, &err), &err);
    assert_ok(query_parse(*state, STR("a&b"), 2, &params, &count, &err), &err);
    assert_fails(
        query_parse(*state, STR("a&b&c"), 2, &params, &count, &err), ERR_PROTOCOL, &err,
        "more than 2");
    assert_fails(
        query_parse(*state, STR("a=%4"), 2, &params, &count, &err), ERR_PROTOCOL, &err, "'a=%4'");
    assert_int_equal(count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls), cmocka_unit_test(urls_refused),  WITH_ARENA(encoding),
        WITH_ARENA(decoding),   WITH_ARENA(encoding_reads_back), WITH_ARENA(queries),
    };
    return cmocka_run_group_tests_name("uri", tests, NULL, NULL);
}
