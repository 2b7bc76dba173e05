#include "tests/harness/test.h"

#include "cmd/exit.h"

static void errors_map_to_their_status(void **state)
{
    (void) state;
    static const struct {
        enum err_code code;
        int status;
    } s_cases[] = {
        {ERR_NONE, 0},        {ERR_SPEC, 1},    {ERR_AUTH, 1},      {ERR_DENIED, 1},
        {ERR_CONFLICT, 1},    {ERR_PARTIAL, 3}, {ERR_REFUSED, 6},   {ERR_PRECONDITION, 5},
        {ERR_ROLLED_BACK, 7}, {ERR_USAGE, 64},  {ERR_INTERNAL, 70}, {ERR_CANCELLED, 130},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++)
        assert_int_equal((int) exit_of_err(s_cases[i].code), s_cases[i].status);
}

static void worst_of_many_stacks(void **state)
{
    (void) state;
    static const int s_order[] = {0, 2, 1, 5, 6, 64, 3, 7, 70, 130};
    for (size_t i = 0; i < ARRAY_LEN(s_order); i++)
        for (size_t j = 0; j < ARRAY_LEN(s_order); j++)
            assert_int_equal(
                (int) exit_worst((enum exit_code) s_order[i], (enum exit_code) s_order[j]),
                s_order[i > j ? i : j]);
}

static void one_region_of_several(void **state)
{
    (void) state;
    static const struct {
        enum exit_code codes[3];
        int status;
    } s_cases[] = {
        {{EXIT_CODE_OK, EXIT_CODE_OK, EXIT_CODE_OK}, 0},
        {{EXIT_CODE_OK, EXIT_CODE_ERROR, EXIT_CODE_OK}, 3},
        {{EXIT_CODE_REFUSED, EXIT_CODE_OK, EXIT_CODE_OK}, 3},
        {{EXIT_CODE_LOCKED, EXIT_CODE_LOCKED, EXIT_CODE_LOCKED}, 4},
        {{EXIT_CODE_ERROR, EXIT_CODE_LOCKED, EXIT_CODE_ERROR}, 4},
        {{EXIT_CODE_OK, EXIT_CODE_ROLLED_BACK, EXIT_CODE_OK}, 7},
        {{EXIT_CODE_OK, EXIT_CODE_SIGINT, EXIT_CODE_OK}, 130},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++)
        assert_int_equal((int) exit_of_regions(s_cases[i].codes, 3), s_cases[i].status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_map_to_their_status),
        cmocka_unit_test(worst_of_many_stacks),
        cmocka_unit_test(one_region_of_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
