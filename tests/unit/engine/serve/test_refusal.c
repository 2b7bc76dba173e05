#include "engine/serve/refusal.h"

#include "tests/harness/test.h"

static void keeps_the_status_and_what_fits_of_the_reason(void **state)
{
    (void) state;
    struct refusal refusal = {0};
    assert_false(refuse(&refusal, 415, "row %d: '%s'", 7, "x"));
    assert_int_equal(refusal.status, 415);
    assert_string_equal(refusal.reason, "row 7: 'x'");
    assert_false(refuse(&refusal, 400, "%2000d", 1));
    assert_int_equal(refusal.status, 400);
    assert_int_equal(strlen(refusal.reason), sizeof(refusal.reason) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_status_and_what_fits_of_the_reason)};
    return cmocka_run_group_tests_name("refusal", tests, NULL, NULL);
}
