#include "engine/local/pattern.h"

#include "tests/harness/test.h"

struct pattern_case {
    const char *pattern, *text;
    bool matches;
};

#define NAME "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
#define A62 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct pattern_case s_cases[] = {
    {"", "", true},
    {"", "a", false},
    {"abc", "abc", true},
    {"abc", "abcd", false},
    {"^abc$", "abc", true},
    {"a|bc|", "bc", true},
    {"a|bc|", "", true},
    {"a|bc", "c", false},
    {NAME, "a", true},
    {NAME, "a-b", true},
    {NAME, "a--b", true},
    {NAME, "-a", false},
    {NAME, "a-", false},
    {NAME, "a_b", false},
    {NAME, "", false},
    {NAME, A62 "a", true},
    {NAME, A62 "ab", false},
    {"[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?", "a-1", true},
    {"[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?", "a-", false},
    {"(https|s3)://([^/]+)/?(.*)", "s3://bucket/key", true},
    {"(https|s3)://([^/]+)/?(.*)", "s3:///key", false},
    {"(https|s3)://([^/]+)/?(.*)", "s3://bucket/a\nb", false},
    {"arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
     "arn:aws:iam::123456789012:role/a", true},
    {"arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
     "arn:aws:iam::12345678901:role/a", false},
    {"(?!\\s*$).+", "a", true},
    {"(?!\\s*$).+", "  ", false},
    {"(?=a).b", "ab", true},
    {"(?=a).b", "cb", false},
    {"([a-z]([a-z-]){0,9})(?<!-)(\\/[0-9]{1,9})?", "a-b/12", true},
    {"([a-z]([a-z-]){0,9})(?<!-)(\\/[0-9]{1,9})?", "a-/12", false},
    {"\\w+(?:-\\w+)+", "eu-west-1", true},
    {"\\w+(?:-\\w+)+", "eu", false},
    {"[a-z0-9-\\.]{1,3}", "a-.", true},
    {"[a-z0-9-\\.]{1,3}", "a-.b", false},
    {"[\\S\\s]*", "a \n\xc3\xa9", true},
    {".*", "\xc3\xa9", true},
    {".{2}", "\xc3\xa9", false},
    {".{2,}", "abc", true},
    {"a{2}?b", "aab", true},
    {"a{2}", "a", false},
    {"\\D\\W\\S", "a- ", false},
    {"\\D\\W\\S", "a-b", true},
    {"([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)", "Team \xc3\xa9 7", true},
    {"([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)", "a<b", false},
    {"\\p{Print}+", "a b", true},
    {"\\p{Print}+", "a\x01", false},
    {"[\\p{Alnum}\\p{ASCII}]", "-", true},
    {"\\p{Unknown}", "a", false},
    {"[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*",
     "a\t\xf0\x9f\x98\x80", true},
    {"[\\u0020-\\uD7FF\\r\\n\\t]*", "\x01", false},
    {"[^:*]*", "a:b", false},
    {"[^:*]*", "ab", true},
    {"(a*)*b", "aaab", true},
    {"(a|b)*(\\(|\\))", "ab)", true},
    {"([(]|x)", "(", true},
    {"x[", "x", false},
};

static void test_cases(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++)
        if (pattern_matches(s_cases[i].pattern, str_from(s_cases[i].text)) != s_cases[i].matches)
            fail_msg("'%s' and '%s'", s_cases[i].pattern, s_cases[i].text);
}

/* What would take for ever is given up, and no text is too long for the stack. */
static void test_bounded(void **state)
{
    static char text[100 * 1000];
    (void) state;
    memset(text, 'a', sizeof(text));
    assert_false(pattern_matches("(a|a|a)*b", str_of(text, 40)));
    assert_false(pattern_matches("((a*)*)*b", str_of(text, 60)));
    assert_true(pattern_matches("[a-z]*", str_of(text, sizeof(text))));
    assert_false(pattern_matches("([a-z])*", str_of(text, sizeof(text))));
    assert_true(pattern_matches("([a-z])*", str_of(text, 500)));
    assert_true(pattern_matches(".*", STR_NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
