#include "tests/harness/test.h"

#include "engine/resource/failure.h"

/* Texts of DescribeTrainingJob.FailureReason and DescribeEndpoint.FailureReason as AWS words them.
 */
static void what_may_pass(void **state)
{
    (void) state;
    static const struct {
        const char *reason;
        bool may_pass;
    } cases[] = {
        {"CapacityError: Unable to provision requested ML compute capacity. Please retry.", true},
        {"CapacityError: Insufficient capacity", true},
        {"InsufficientInstanceCapacity", true},
        {"InternalServerError: We encountered an internal error. Please try again.", true},
        {"Request to service failed. If failure persists after retry, contact support", true},
        {"Interrupted", true},
        {"Could not assume role arn:aws:iam::123456789012:role/r. Please ensure", true},
        {"AlgorithmError: framework error: exit code: 1", false},
        {"ClientError: Unable to parse the csv file", false},
        {"MaxRuntimeExceeded", false},
        {"", false},
        {"The primary container for production variant AllTraffic did not pass the ping health "
         "check.",
         false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (failure_may_pass(str_from(cases[i].reason)) != cases[i].may_pass)
            fail_msg("'%s'", cases[i].reason);
    assert_false(failure_may_pass(STR_NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_may_pass)};
    return cmocka_run_group_tests_name("failure", tests, NULL, NULL);
}
