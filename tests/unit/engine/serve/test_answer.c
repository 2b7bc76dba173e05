#include "engine/serve/answer.h"

#include "tests/unit/engine/xgb/fixture.h"

#include <math.h>

static void test_types(void **state)
{
    (void) state;
    static const struct {
        const char *accept, *fallback;
        int status; /* 0: found */
        enum answer_format format;
        const char *content_type;
    } cases[] = {
        {NULL, NULL, 0, ANSWER_JSON, "application/json"},
        {"", NULL, 0, ANSWER_JSON, "application/json"},
        {"*/*", NULL, 0, ANSWER_JSON, "application/json"},
        {NULL, "text/csv", 0, ANSWER_CSV, "text/csv"},
        {"*/*", "text/csv", 0, ANSWER_CSV, "text/csv"},
        {"application/json", "text/csv", 0, ANSWER_JSON, "application/json"},
        {"text/csv", NULL, 0, ANSWER_CSV, "text/csv"},
        {"Text/CSV", NULL, 0, ANSWER_CSV, "Text/CSV"},
        {"csv", NULL, 0, ANSWER_CSV, "csv"},
        {"json", NULL, 0, ANSWER_JSON, "json"},
        {"text/csv; charset=utf-8", NULL, 0, ANSWER_CSV, "text/csv"},
        {"text/html, text/csv;q=0.9, */*", NULL, 0, ANSWER_CSV, "text/csv"},
        {"text/html, */*;q=0.1", NULL, 0, ANSWER_JSON, "application/json"},
        {"application/*", "text/csv", 0, ANSWER_JSON, "application/json"},
        {"text/*", NULL, 0, ANSWER_CSV, "text/csv"},
        {"application/x-npy", NULL, 406, ANSWER_JSON,
         "application/x-npy is not an accepted Accept type. Please choose one of the following: "
         "['text/csv', 'application/json']."},
        {"*/*", "application/x-npy", 406, ANSWER_JSON,
         "application/x-npy is not an accepted Accept type. Please choose one of the following: "
         "['text/csv', 'application/json']."},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer_type type = {0};
        struct refusal refusal = {0};
        bool ok =
            answer_type_of(str_from(cases[i].accept), str_from(cases[i].fallback), &type, &refusal);
        assert_int_equal(ok, cases[i].status == 0);
        assert_int_equal(refusal.status, cases[i].status);
        if (!ok) {
            assert_string_equal(refusal.reason, cases[i].content_type);
            continue;
        }
        assert_int_equal(type.format, cases[i].format);
        assert_true(str_eq_z(type.content_type, cases[i].content_type));
    }
}

static void test_bodies(void **state)
{
    (void) state;
    static const struct {
        enum answer_format format;
        size_t outputs, rows;
        float values[6];
        const char *text;
    } cases[] = {
        {ANSWER_JSON, 1, 1, {0.5F}, "[0.5]"},
        {ANSWER_JSON, 1, 2, {0.39883366F, 2}, "[0.39883366227149963, 2.0]"},
        {ANSWER_JSON, 1, 2, {NAN, INFINITY}, "[NaN, Infinity]"},
        {ANSWER_CSV, 1, 1, {0.5F}, "0.5"},
        {ANSWER_CSV, 1, 3, {0.1F, 2, 1e-5F}, "0.10000000149011612,2.0,9.999999747378752e-06"},
        {ANSWER_CSV, 1, 2, {NAN, -INFINITY}, "nan,-inf"},
        {ANSWER_JSON, 3, 2, {0.5F, 0.25F, 0.25F, 0, 1, 0}, "[[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]]"},
        {ANSWER_CSV, 3, 2, {0.5F, 0.25F, 0.25F, 0, 1, 0}, "[0.5, 0.25, 0.25],[0.0, 1.0, 0.0]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t block = 1; block <= cases[i].rows; block++) {
            AUTO(buf_done) struct buf text = BUF_INIT(1000);
            struct answer answer = {
                .format = cases[i].format, .outputs = cases[i].outputs, .out = &text};
            answer_begin(&answer);
            for (size_t row = 0; row < cases[i].rows; row += block) {
                size_t left = cases[i].rows - row;
                answer_rows(
                    &answer, cases[i].values + row * cases[i].outputs, left < block ? left : block);
            }
            answer_end(&answer);
            assert_true(str_eq_z(buf_str(&text), cases[i].text));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
