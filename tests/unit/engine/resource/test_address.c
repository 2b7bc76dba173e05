#include "tests/harness/test.h"

#include "engine/base/buf.h"
#include "engine/resource/address.h"

static void patterns(void **state)
{
    (void) state;
    static const struct {
        const char *pattern, *address;
        bool matches;
    } cases[] = {
        {"aws_s3_bucket.this", "aws_s3_bucket.this", true},
        {"aws_s3_bucket.this", "aws_s3_bucket.that", false},
        {"aws_s3_bucket", "aws_s3_bucket.this", false},
        {"aws_s3_object.model[\"x\"]", "aws_s3_object.model[\"x\"]", true},
        {"aws_s3_object.model[x]", "aws_s3_object.model[\"x\"]", true},
        {"aws_s3_object.model", "aws_s3_object.model[\"x\"]", true},
        {"aws_s3_object.model[\"x\"]", "aws_s3_object.model[\"xy\"]", false},
        {"aws_s3_object.model[\"x\"]", "aws_s3_object.data[\"x\"]", false},
        {"aws_s3_object.model[\"x\"]", "aws_s3_object.model", false},
        {"aws_s3_object.model[\"x*\"]", "aws_s3_object.model[\"xy\"]", true},
        {"aws_s3_object.model[\"*y\"]", "aws_s3_object.model[\"xy\"]", true},
        {"aws_s3_object.model[\"*\"]", "aws_s3_object.model[\"xy\"]", true},
        {"aws_s3_object.model[\"x*z*\"]", "aws_s3_object.model[\"xyyzzy\"]", true},
        {"aws_s3_object.model[\"x*z\"]", "aws_s3_object.model[\"xyzy\"]", false},
        {"aws_s3_object.model[\"?y\"]", "aws_s3_object.model[\"xy\"]", true},
        {"aws_s3_object.model[\"?\"]", "aws_s3_object.model[\"xy\"]", false},
        {"aws_s3_object.model[\"a.b-c\"]", "aws_s3_object.model[\"a.b-c\"]", true},
        {"aws_s3_object.model[\"x\"", "aws_s3_object.model[\"x\"]", false},
        {"aws_s3_object.model[]", "aws_s3_object.model[\"x\"]", false},
        {"aws_s3_object.model[\"\"]", "aws_s3_object.model[\"x\"]", false},
        {"model", "model", false},
        {".model", ".model", false},
        {"aws_s3_object.", "aws_s3_object.", false},
        {"", "", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (address_matches(str_from(cases[i].pattern), str_from(cases[i].address)) !=
            cases[i].matches)
            fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].address);
}

/* Stars without an end do not take for ever. */
static void many_stars(void **state)
{
    (void) state;
    struct buf pattern AUTO(buf_done) = BUF_INIT(KIB(1)), text AUTO(buf_done) = BUF_INIT(KIB(1));
    buf_add_z(&pattern, "a.b[");
    buf_add_z(&text, "a.b[");
    for (size_t i = 0; i < 60; i++)
        buf_add_z(&pattern, "a*");
    for (size_t i = 0; i < 200; i++)
        buf_add_char(&text, 'a');
    buf_add_z(&pattern, "b]");
    buf_add_char(&text, ']');
    assert_false(address_matches(buf_str(&pattern), buf_str(&text)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
        cmocka_unit_test(many_stars),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
