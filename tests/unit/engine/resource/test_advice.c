#include "tests/harness/test.h"

#include "engine/resource/advice.h"

static void what_reasons_mean(void **state)
{
    (void) state;
    static const struct {
        const char *reason, *means, *helps;
    } cases[] = {
        {"ResourceLimitExceeded: The account-level service limit 'ml.m5.large for endpoint usage' "
         "is 0 Instances, with current utilization of 0 Instances",
         "quota 'ml.m5.large for endpoint usage'", "QuotaName=='ml.m5.large for endpoint usage'"},
        {"ResourceLimitExceeded", "a quota", "Service Quotas"},
        {"the account-level service limit 'cut", "a quota", "Service Quotas"},
        {"CapacityError: Unable to provision requested ML compute capacity", "no such instance",
         "later"},
        {"InsufficientInstanceCapacity", "no such instance", "later"},
        {"Could not assume role arn:aws:iam::1:role/r", "execution role", "trust policy"},
        {"The primary container did not pass the ping health check.", "did not come up", "log"},
        {"CannotPullContainerError", "cannot be pulled", "ecr:BatchGetImage"},
        {"Could not access model data at s3://b/p/", "read the models", "s3:GetObject"},
        {"AlgorithmError: framework error", "algorithm", "log"},
        {"ClientError: Unable to parse", "wrong", "spec"},
        {"MaxRuntimeExceeded", "longer", "maxRuntime"},
        {"MaxWaitTimeExceeded", "spot instances", "spot.maxWait"},
        {"Interrupted", "taken back", "checkpoints"},
        {"InternalServerError: we encountered", "fault of AWS", "again"},
        {"something new", "of its own", "log group"},
    };
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct advice advice = advice_for(arena, str_from(cases[i].reason));
        if (str_find(advice.means, str_from(cases[i].means)) == SIZE_MAX ||
            str_find(advice.helps, str_from(cases[i].helps)) == SIZE_MAX)
            fail_msg(
                "'%s': " STR_FMT " / " STR_FMT, cases[i].reason, STR_ARG(advice.means),
                STR_ARG(advice.helps));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_reasons_mean)};
    return cmocka_run_group_tests_name("advice", tests, NULL, NULL);
}
