#include "tests/harness/test.h"

#include "engine/base/json.h"

#include <math.h>

static struct json *parsed(struct arena *arena, const char *text)
{
    struct json *out = NULL;
    struct err err = {0};
    assert_ok(json_parse(arena, str_from(text), KIB(64), &out, &err), &err);
    assert_non_null(out);
    return out;
}

static void written_back(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *in, *compact, *canonical;
    } s_cases[] = {
        {" null ", "null", "null"},
        {"true", "true", "true"},
        {"[ ]", "[]", "[]"},
        {"{ }", "{}", "{}"},
        {"[-0.0, -0, -0e7]", "[-0.0,0,-0.0]", "[-0.0,0,-0.0]"},
        {"[1, -2, 3.5, 1e3, 5.0]", "[1,-2,3.5,1000,5]", "[1,-2,3.5,1000,5]"},
        {"{\"b\":1,\"a\":[{\"d\":null,\"c\":\"x\"}]}", "{\"b\":1,\"a\":[{\"d\":null,\"c\":\"x\"}]}",
         "{\"a\":[{\"c\":\"x\",\"d\":null}],\"b\":1}"},
        {"\"\\u00e4\\/\\ud83d\\ude00\\n\"", "\"\xc3\xa4/\xf0\x9f\x98\x80\\n\"",
         "\"\xc3\xa4/\xf0\x9f\x98\x80\\n\""},
        {"{\"aa\":1,\"a\":2,\"B\":3,\"\":4}", "{\"aa\":1,\"a\":2,\"B\":3,\"\":4}",
         "{\"\":4,\"B\":3,\"a\":2,\"aa\":1}"},
        {"9223372036854775807", "9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808", "-9223372036854775808"},
        {"9007199254740993", "9007199254740993", "9007199254740993"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        const struct json *json = parsed(arena, s_cases[i].in);
        assert_str(json_text(arena, json, JSON_COMPACT), s_cases[i].compact);
        assert_str(json_text(arena, json, JSON_CANONICAL), s_cases[i].canonical);
        const struct json *again = parsed(arena, s_cases[i].canonical);
        assert_true(json_equal(json, again));
    }
}

static void pretty(void **state)
{
    const struct json *json = parsed(*state, "{\"a\":[1,{\"b\":[]}],\"c\":{}}");
    assert_str(
        json_text(*state, json, JSON_PRETTY),
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}");
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } s_cases[] = {
        {"", "nothing"},
        {"  \n ", "no JSON value"},
        {"{", "still open"},
        {"[1", "still open"},
        {"]", "closes nothing"},
        {"[}", "closes nothing"},
        {"[1,]", "line 1, column"},
        {"[1 2]", "line 1, column"},
        {"[,1]", "line 1, column"},
        {"{\"a\" 1}", "line 1, column"},
        {"{\"a\":1,}", "line 1, column"},
        {"{\"a\":1,", "still open"},
        {"{a:1}", "starts no value"},
        {"{1:2}", "line 1, column"},
        {"{\"a\":1}x", "starts no value"},
        {"1 2", "something behind"},
        {"{} {}", "something behind"},
        {"[1]\n,", "line 2, column 1"},
        {"'a'", "starts no value"},
        {"NaN", "starts no value"},
        {"Infinity", "starts no value"},
        {"tru", "starts no value"},
        {"01", "leading zero"},
        {"-01", "leading zero"},
        {"1.", "not written as JSON"},
        {".5", "starts no value"},
        {"-", "not written as JSON"},
        {"+1", "starts no value"},
        {"1e", "not written as JSON"},
        {"1e+", "not written as JSON"},
        {"1-2", "line 1"},
        {"1e999", "beyond a double's range: '1e999'"},
        {"\"a", "closing quote"},
        {"\"a\nb\"", "control character"},
        {"\"\\x\"", "unknown escape"},
        {"\"\\u12g4\"", "four hexadecimal"},
        {"\"\\u0000\"", "NUL"},
        {"{\"a\\u0000b\":1}", "NUL"},
        {"\"\\ud800\"", "line 1"},
        {"\"\\ude00\"", "line 1"},
        {"\"\\ud800\\u0041\"", "line 1"},
        {"\"\xff\"", "not UTF-8"},
        {"\"\xed\xa0\x80\"", "not UTF-8"},
        {"\xef\xbb\xbf{}", "starts no value"},
        {"/* c */ 1", "starts no value"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "a key that comes twice: 'a'"},
        {"[{\"k\":{\"x\":1,\"\\u0078\":1}}]", "a key that comes twice: 'x'"},
        {"\x01[]", "starts no value"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct json *out = NULL;
        struct err err = {0};
        struct str text = str_from(s_cases[i].text);
        assert_fails(
            json_parse(*state, text, KIB(64), &out, &err), ERR_PROTOCOL, &err, s_cases[i].why);
        assert_null(out);
    }
}

static void bytes_behind_the_view_are_not_read(void **state)
{
    struct json *out = NULL;
    struct err err = {0};
    assert_ok(json_parse(*state, str_of("12345", 2), 10, &out, &err), &err);
    assert_int_equal(out->integer, 12);
    /* On the heap, so that AddressSanitizer sees a read past the end. */
    static const char *const s_cut[] = {
        "{\"1\":1,", "[1,", "\"\\u00", "{\"a\":", "tru", "-", "[[["};
    for (size_t i = 0; i < ARRAY_LEN(s_cut); i++) {
        size_t len = strlen(s_cut[i]);
        char *heap = xmalloc(len);
        memcpy(heap, s_cut[i], len);
        assert_int_equal(json_parse(*state, str_of(heap, len), 100, &out, &err), ERR_PROTOCOL);
        xfree(heap);
    }
    assert_fails(
        json_parse(*state, STR("1\0"), 10, &out, &err), ERR_PROTOCOL, &err, "starts no value");
}

static struct str nested(struct arena *arena, size_t depth)
{
    char *text = arena_alloc(arena, depth * 2);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return str_of(text, depth * 2);
}

static void limits(void **state)
{
    struct arena *arena = *state;
    struct json *out = NULL;
    struct err err = {0};
    assert_ok(json_parse(arena, nested(arena, 64), 1000, &out, &err), &err);
    out = NULL;
    assert_fails(
        json_parse(arena, nested(arena, 65), 1000, &out, &err), ERR_PROTOCOL, &err, "64 levels");
    assert_fails(
        json_parse(arena, nested(arena, 100000), MIB(1), &out, &err), ERR_PROTOCOL, &err,
        "64 levels");
    assert_ok(json_parse(arena, STR("[1234]"), 6, &out, &err), &err);
    assert_fails(json_parse(arena, STR("[12345]"), 6, &out, &err), ERR_PROTOCOL, &err, "at most 6");
    char digits[65];
    memset(digits, '1', sizeof(digits));
    assert_ok(json_parse(arena, str_of(digits, 63), 100, &out, &err), &err);
    assert_false(out->is_int);
    assert_fails(
        json_parse(arena, str_of(digits, 64), 100, &out, &err), ERR_PROTOCOL, &err,
        "64 characters");
}

static void large_objects_find_duplicates(void **state)
{
    struct arena *arena = *state;
    AUTO(buf_done) struct buf buf = BUF_INIT(MIB(1));
    buf_add_char(&buf, '{');
    for (int i = 0; i < 5000; i++)
        buf_fmt(&buf, "\"key-%d\":%d,", i, i);
    struct json *out = NULL;
    struct err err = {0};
    struct str unique = str_fmt(arena, STR_FMT "\"last\":0}", STR_ARG(buf_str(&buf)));
    assert_ok(json_parse(arena, unique, MIB(1), &out, &err), &err);
    assert_int_equal(out->len, 5001);
    assert_int_equal(json_get_int(out, "key-4999", -1), 4999);
    struct str again = str_fmt(arena, STR_FMT "\"key-17\":0}", STR_ARG(buf_str(&buf)));
    assert_fails(json_parse(arena, again, MIB(1), &out, &err), ERR_PROTOCOL, &err, "'key-17'");
}

static void numbers(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *text;
        bool is_int;
        int64_t integer;
        double number;
    } s_cases[] = {
        {"0", true, 0, 0},
        {"-0", true, 0, 0},
        {"9007199254740993", true, 9007199254740993, 9007199254740992.0},
        {"9223372036854775808", false, 0, 9223372036854775808.0},
        {"1e3", true, 1000, 1000},
        {"1.5e1", true, 15, 15},
        {"1.25", false, 0, 1.25},
        {"-0.0", false, 0, -0.0},
        {"1e300", false, 0, 1e300},
        {"5e-324", false, 0, 5e-324},
        {"1e-400", true, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        const struct json *json = parsed(arena, s_cases[i].text);
        assert_int_equal(json->is_int, s_cases[i].is_int);
        assert_true(json->integer == s_cases[i].integer);
        assert_memory_equal(&json->number, &s_cases[i].number, sizeof(double));
    }
}

static void doubles_print_short(void **state)
{
    static const struct {
        double value;
        const char *text;
    } s_cases[] = {
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e21, "1e+21"},
        {-2.5e-7, "-2.5e-07"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {-0.0, "-0.0"},
        {(double) 0.1f, "0.10000000149011612"},
        {(double) INFINITY, "null"},
        {(double) NAN, "null"}};
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        const struct json *number = json_num(*state, s_cases[i].value);
        assert_str(json_text(*state, number, JSON_COMPACT), s_cases[i].text);
    }
}

static void strings_are_escaped(void **state)
{
    static const struct {
        const char *text, *written;
    } s_cases[] = {
        {"", "\"\""},
        {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
        {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
        {"\x01\x1b[31m\x7f", "\"\\u0001\\u001b[31m\\u007f\""},
        {"\xc3\xa4\xe2\x82\xac", "\"\xc3\xa4\xe2\x82\xac\""},
        {"a\xff\xc3z", "\"a\xef\xbf\xbd\xef\xbf\xbdz\""}};
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        const struct json *string = json_z(*state, s_cases[i].text);
        assert_str(json_text(*state, string, JSON_COMPACT), s_cases[i].written);
    }
    const struct json *string = json_string(*state, STR("a\0b"));
    assert_str(json_text(*state, string, JSON_COMPACT), "\"a\\u0000b\"");
}

static void lookups_accept_anything(void **state)
{
    struct arena *arena = *state;
    const struct json *json =
        parsed(arena, "{\"s\":\"x\",\"e\":\"\",\"t\":true,\"i\":7,\"d\":0.5,\"a\":[1,2]}");
    assert_str(json_get_str(json, "s"), "x");
    assert_false(str_is_null(json_get_str(json, "e")));
    assert_true(str_is_null(json_get_str(json, "i")));
    assert_true(str_is_null(json_get_str(json, "none")));
    assert_true(str_is_null(json_get_str(NULL, "s")));
    assert_true(json_get_bool(json, "t", false));
    assert_true(json_get_bool(json, "s", true));
    assert_int_equal(json_get_int(json, "i", -1), 7);
    assert_int_equal(json_get_int(json, "d", -1), -1);
    assert_true(json_get_num(json, "d", -1) > 0.49);
    assert_true(json_get_num(json, "s", -1) < 0);
    assert_int_equal(json_at(json_get(json, "a"), 1)->integer, 2);
    assert_null(json_at(json_get(json, "a"), 2));
    assert_null(json_at(json, 0));
    assert_null(json_get(json_get(json, "a"), "s"));
}

static void building(void **state)
{
    struct arena *arena = *state;
    struct json *object = json_object(arena);
    json_put(arena, object, "a", json_int(arena, 1));
    json_put(arena, object, "b", json_z(arena, "x"));
    json_put(arena, object, "c", json_null(arena));
    json_put(arena, object, "skipped", NULL);
    json_put(arena, object, "a", json_bool(arena, true));
    json_put(arena, object, "c", json_num(arena, 0.5));
    json_put(arena, object, "b", json_push(json_array(arena), json_string(arena, STR_NULL)));
    json_put(arena, object, "d", json_push(json_array(arena), NULL));
    assert_str(
        json_text(arena, object, JSON_COMPACT), "{\"a\":true,\"b\":[\"\"],\"c\":0.5,\"d\":[]}");
    assert_int_equal(object->len, 4);
    assert_str(json_text(arena, NULL, JSON_COMPACT), "null");
}

static void copies_are_equal_and_own(void **state)
{
    struct arena *arena = *state;
    const struct json *json = parsed(arena, "{\"a\":[1,{\"b\":\"x\"}],\"c\":2.5}");
    struct json *copy = json_copy(arena, json);
    assert_true(json_equal(json, copy));
    json_put(arena, copy, "c", json_int(arena, 3));
    assert_false(json_equal(json, copy));
    assert_null(json_copy(arena, NULL));
}

static void equality(void **state)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } s_cases[] = {
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true},
        {"[1,2]", "[2,1]", false},
        {"1", "1.0", true},
        {"1", "\"1\"", false},
        {"9007199254740993", "9007199254740992", false},
        {"{\"a\":1}", "{\"a\":1,\"b\":null}", false},
        {"{\"a\":1}", "{\"b\":1}", false},
        {"null", "false", false},
        {"true", "false", false}};
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        const struct json *a = parsed(*state, s_cases[i].a), *b = parsed(*state, s_cases[i].b);
        assert_int_equal(json_equal(a, b), s_cases[i].equal);
        assert_int_equal(json_equal(b, a), s_cases[i].equal);
    }
    assert_true(json_equal(NULL, NULL));
    assert_false(json_equal(NULL, parsed(*state, "null")));
}

/* ---- in parts ---- */

struct parts_seen {
    struct arena *arena;
    struct json *object; /* put together again */
};

static void put_part(void *arg, struct str name, const struct json *node)
{
    struct parts_seen *seen = arg;
    json_add(seen->object, str_dup(seen->arena, name), json_copy(seen->arena, node));
}

/* The document with its member put back; NULL and the code when it is refused. */
static struct json *
in_parts(struct arena *arena, struct str text, const char *member, enum err_code *ret_code)
{
    struct parts_seen seen = {arena, json_object(arena)};
    struct json *out = NULL;
    struct err err = {0};
    *ret_code = json_parse_parts(arena, text, MIB(1), member, put_part, &seen, &out, &err);
    if (*ret_code != ERR_NONE) {
        assert_true(err.code == *ret_code && err.message[0] != '\0');
        return NULL;
    }
    const struct json *there = json_get(out, member);
    if (there != NULL && there->type == JSON_OBJECT && there->len == 0)
        json_set(arena, out, str_from(member), seen.object);
    return out;
}

static void parts_make_the_whole(void **state)
{
    static const char *const s_texts[] = {
        "{\"m\":{}}",
        " { \"m\" : { } } ",
        "{\"m\":{\"a\":1}}",
        ("{\"x\":[1,{\"m\":{\"no\":2}}],\"m\":{\"a\":{\"b\":[1,2,{}]},\"c\":null,\"\\u00e4\\\"\":"
         "\"}{\"},\"y\":-1.5e3}"),
        "{\"m\":[1,2]}",
        "{\"m\":7}",
        "{\"other\":{\"m\":1}}",
        "[{\"m\":{}}]",
        "\"m\"",
        "{}",
    };
    for (size_t i = 0; i < ARRAY_LEN(s_texts); i++) {
        enum err_code code;
        const struct json *parts = in_parts(*state, str_from(s_texts[i]), "m", &code);
        assert_int_equal(code, ERR_NONE);
        assert_true(json_equal(parts, parsed(*state, s_texts[i])));
    }
}

/* Damaged at any place, and cut at any place: refused as the whole is. */
static void parts_refuse_what_the_whole_refuses(void **state)
{
    static const char s_text[] = "{\"a\":[1,2],\"m\":{\"k\":{\"v\":[true,\"s\\n\"]},\"l\":-0.5,"
                                 "\"z\":null},\"e\":{\"f\":\"g\"}}";
    static const char s_marks[] = "{}[]:,\"\\0ex\n\x01\xff ";
    for (size_t at = 0; at + 1 < sizeof(s_text); at++)
        for (size_t k = 0; k < sizeof(s_marks); k++) {
            AUTO(arena_close) struct arena *arena = arena_new("damaged", 0);
            struct json *whole = NULL;
            struct err err = {0};
            enum err_code code;
            char *damaged = str_z(arena, str_from(s_text));
            damaged[at] = s_marks[k]; /* the last mark is a NUL */
            struct str text = s_marks[k] == '\0' ? str_of(damaged, at) : str_from(damaged);
            const struct json *parts = in_parts(arena, text, "m", &code);
            enum err_code wanted = json_parse(arena, text, MIB(1), &whole, &err);
            /* A name twice in the member is the caller's business. */
            if (wanted != ERR_NONE && strstr(err.message, "comes twice") != NULL)
                continue;
            if (code != wanted)
                fail_msg("in parts %d, whole %d (%s): %s", code, wanted, err.message, damaged);
            assert_true(code != ERR_NONE || json_equal(parts, whole));
        }
    (void) state;
}

static void parts_have_limits(void **state)
{
    struct json *out = NULL;
    struct err err = {0};
    struct parts_seen seen = {*state, json_object(*state)};
    assert_fails(
        json_parse_parts(*state, STR("{\"m\":{}}"), 5, "m", put_part, &seen, &out, &err),
        ERR_PROTOCOL, &err, "at most 5");
    enum err_code code;
    assert_null(in_parts(*state, STR("{\"m\":{\"a\":1},\"m\":{\"b\":1}}"), "m", &code));
    assert_int_equal(code, ERR_PROTOCOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(parts_make_the_whole),
        WITH_ARENA(parts_refuse_what_the_whole_refuses),
        WITH_ARENA(parts_have_limits),
        WITH_ARENA(written_back),
        WITH_ARENA(pretty),
        WITH_ARENA(what_is_refused),
        WITH_ARENA(bytes_behind_the_view_are_not_read),
        WITH_ARENA(limits),
        WITH_ARENA(large_objects_find_duplicates),
        WITH_ARENA(numbers),
        WITH_ARENA(doubles_print_short),
        WITH_ARENA(strings_are_escaped),
        WITH_ARENA(lookups_accept_anything),
        WITH_ARENA(building),
        WITH_ARENA(copies_are_equal_and_own),
        WITH_ARENA(equality),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
