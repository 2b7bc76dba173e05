#include "tests/harness/test.h"

#include "engine/base/file.h"
#include "engine/kinds/kinds_internal.h"

static struct str written(struct arena *arena, const char *folder, const char *text)
{
    struct err err = {0};
    struct str path = path_join(arena, str_from(folder), STR("file.csv"));
    assert_ok(file_write_atomic(str_z(arena, path), str_from(text), 0600, &err), &err);
    return path;
}

struct reading {
    const char *text, *fault; /* NULL: none */
};

static void payloads(void **state)
{
    static const struct reading s_cases[] = {
        {"1,2,3\n4,,6\n", NULL},
        {"1;2\r\n3;4\r\n\n", NULL},
        {"", "it has no rows"},
        {"1,2\n3\n", "row 2 has 1 column, row 1 has 2"},
        {"1,2\n3,4,5\n", "row 2 has 3 columns, row 1 has 2"},
        {"1,2\n3,x\n", "row 2, column 2: 'x' is not a number"},
        {"1,inf\n", "row 1, column 2: 'inf' is not finite"},
        {"1,2\n\n3,4\n", "row 2 has 1 column, row 1 has 2"},
    };
    const char *folder = test_folder_new(*state);
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct want_check check = {.rows = 0};
        struct err err = {0};
        struct str path = written(*state, folder, s_cases[i].text);
        enum err_code code = kinds_read_payload(NULL, *state, path, &check, &err);
        if (s_cases[i].fault != NULL) {
            assert_fails(code, ERR_SPEC, &err, s_cases[i].fault);
            continue;
        }
        assert_ok(code, &err);
        assert_int_equal(check.rows, 2);
        assert_int_equal((int) check.values[check.cols], i == 0 ? 4 : 3);
    }
    struct want_check check;
    struct err err = {0};
    assert_fails(
        kinds_read_payload(NULL, *state, STR("/nowhere/x.csv"), &check, &err), ERR_NOT_FOUND, &err,
        "");
    test_folder_remove(folder);
}

static void golden_predictions(void **state)
{
    static const struct reading s_cases[] = {
        {"0.1\n0.9\n", NULL},
        {"[0.1, 0.9]\n[0.2, 0.8]\n\n", NULL},
        {"0.1\n", "it has 1 row, the payload has 2"},
        {"0.1\n0.2\n0.3\n", "it has 3 rows, the payload has 2"},
        {"prediction\n0.1\n0.2\n", "row 1: 'prediction' is not a number"},
        {"0.1\nnan\n", "row 2: 'nan' is not a number"},
        {"0.1,0.2\n0.3\n", "row 2 has 1 number, row 1 has 2"},
        {"0.1\n\n0.3\n", "row 2 has 0 numbers, row 1 has 1"},
    };
    const char *folder = test_folder_new(*state);
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct want_check check = {.rows = 2};
        struct err err = {0};
        struct str path = written(*state, folder, s_cases[i].text);
        enum err_code code = kinds_read_golden(NULL, *state, path, &check, &err);
        if (s_cases[i].fault != NULL) {
            assert_fails(code, ERR_SPEC, &err, s_cases[i].fault);
            continue;
        }
        assert_ok(code, &err);
        assert_int_equal(check.n_expected, i == 0 ? 2 : 4);
        assert_true(check.expected[1] > 0.89 && check.expected[1] < 0.91);
    }
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_ARENA(payloads), WITH_ARENA(golden_predictions)};
    return cmocka_run_group_tests_name("kinds/check", tests, NULL, NULL);
}
