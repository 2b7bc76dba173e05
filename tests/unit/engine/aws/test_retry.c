#include "tests/harness/test.h"

#include "engine/aws/retry.h"

static void test_kinds(void **state)
{
    (void) state;
    static const struct {
        int status;
        const char *code;
        enum retry_kind kind;
    } s_cases[] = {
        {400, "ThrottlingException", RETRY_THROTTLE},
        {503, "SlowDown", RETRY_THROTTLE},
        {400, "RequestTimeout", RETRY_FAULT},
        {500, NULL, RETRY_FAULT},
        {502, NULL, RETRY_FAULT},
        {503, "ServiceUnavailable", RETRY_FAULT},
        {504, NULL, RETRY_FAULT},
        {501, NULL, RETRY_NEVER},
        {403, "RequestTimeTooSkewed", RETRY_CLOCK},
        {403, "AccessDenied", RETRY_NEVER},
        {403, NULL, RETRY_CLOCK}, /* HEAD: the dates decide */
        {400, "ResourceLimitExceeded", RETRY_NEVER},
        {400, "ValidationException", RETRY_NEVER},
        {412, "PreconditionFailed", RETRY_NEVER},
        {409, "ConditionalRequestConflict", RETRY_NEVER},
        {424, "ModelError", RETRY_NEVER},
        {301, "PermanentRedirect", RETRY_NEVER},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++)
        if (retry_kind_of(s_cases[i].status, str_from(s_cases[i].code)) != s_cases[i].kind)
            fail_msg("%d %s", s_cases[i].status, s_cases[i].code);
}

/* Full jitter: anywhere below the bound, and the whole range is used. */
static void test_delays(void **state)
{
    (void) state;
    static const struct {
        enum retry_kind kind;
        unsigned retry;
        int64_t bound_ms;
    } s_cases[] = {
        {RETRY_FAULT, 1, 50},      {RETRY_FAULT, 2, 100},      {RETRY_FAULT, 9, 12800},
        {RETRY_FAULT, 10, 20000},  {RETRY_FAULT, 99, 20000},   {RETRY_THROTTLE, 1, 1000},
        {RETRY_THROTTLE, 3, 4000}, {RETRY_THROTTLE, 7, 20000}, {RETRY_CLOCK, 1, 0},
    };
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        int64_t least = INT64_MAX, most = -1;
        for (int n = 0; n < 2000; n++) {
            int64_t delay = retry_delay_ms(&rng, s_cases[i].kind, s_cases[i].retry, -1);
            least = delay < least ? delay : least;
            most = delay > most ? delay : most;
        }
        assert_true(least >= 0 && most <= s_cases[i].bound_ms);
        assert_true(least <= s_cases[i].bound_ms / 10);
        assert_true(most >= s_cases[i].bound_ms * 9 / 10);
    }
}

static void test_server_hint(void **state)
{
    (void) state;
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (int n = 0; n < 200; n++) {
        assert_int_equal(retry_delay_ms(&rng, RETRY_FAULT, 1, 2000), 2000);
        int64_t cut = retry_delay_ms(&rng, RETRY_FAULT, 1, 900000);
        assert_true(cut >= 5000 && cut <= 5050);
        int64_t small = retry_delay_ms(&rng, RETRY_FAULT, 1, 0);
        assert_true(small >= 0 && small <= 50);
    }
}

static void test_quota(void **state)
{
    (void) state;
    struct retry_quota quota;
    int cost = 0, taken = 0;
    retry_quota_init(&quota);
    while (retry_quota_take(&quota, RETRY_FAULT, &cost))
        taken++;
    assert_int_equal(taken, 35);
    assert_int_equal(cost, 14);
    assert_true(retry_quota_take(&quota, RETRY_THROTTLE, &cost)); /* 10 left, 5 needed */
    retry_quota_success(&quota, cost);
    assert_int_equal(quota.tokens, 10);
    retry_quota_success(&quota, 0);
    assert_int_equal(quota.tokens, 11);
    for (int i = 0; i < 1000; i++)
        retry_quota_success(&quota, 14);
    assert_int_equal(quota.tokens, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_delays),
        cmocka_unit_test(test_server_hint),
        cmocka_unit_test(test_quota),
    };
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
