#include "tests/harness/test.h"

#include "engine/aws/rate.h"

/* A service that takes `takes` requests in each second, and a client with 20 requests under way at
 * most: how many were accepted and refused in so many seconds. */
struct trial {
    unsigned accepted, refused, refused_late;
};

static struct trial try(unsigned takes, int64_t seconds)
{
    struct rate rate = {0};
    struct trial trial = {0};
    int64_t now = 1000000, second = -1;
    unsigned taken = 0;
    int64_t free_at[20] = {0};
    int64_t end = now + seconds * 1000;
    for (;;) {
        size_t first = 0; /* the client's task that is free first sends next */
        for (size_t i = 1; i < ARRAY_LEN(free_at); i++)
            first = free_at[i] < free_at[first] ? i : first;
        now = free_at[first] > now ? free_at[first] : now;
        if (now >= end)
            return trial;
        int64_t wait = rate_claim(&rate, now);
        int64_t sent = now + wait;
        free_at[first] = sent + 10;
        if (sent / 1000 != second) {
            second = sent / 1000;
            taken = 0;
        }
        if (taken < takes) {
            taken++;
            trial.accepted++;
            rate_success(&rate);
        } else {
            trial.refused++;
            trial.refused_late += sent > end - seconds * 500;
            rate_throttled(&rate, sent);
        }
    }
}

static void a_service_that_takes_all_is_not_slowed_down(void **state)
{
    (void) state;
    struct rate rate = {0};
    for (int64_t i = 0; i < 10000; i++) {
        assert_int_equal(rate_claim(&rate, i), 0);
        rate_success(&rate);
    }
}

static void the_rate_settles_near_what_is_taken(void **state)
{
    (void) state;
    static const unsigned takes[] = {5, 20, 100};
    for (size_t i = 0; i < ARRAY_LEN(takes); i++) {
        struct trial trial = try(takes[i], 120);
        /* Most of what could be had was had, with few refusals; 2,000 a second would else be sent.
         */
        assert_true(trial.accepted >= takes[i] * 120 * 5 / 10);
        assert_true(trial.refused_late <= trial.accepted / 5 + 10);
    }
}

static void one_burst_of_refusals_halves_once(void **state)
{
    (void) state;
    struct rate rate = {0};
    for (int i = 0; i < 32; i++)
        (void) rate_claim(&rate, 5000);
    for (int i = 0; i < 32; i++)
        rate_throttled(&rate, 5010);
    assert_true(rate.per_s > 15.9 && rate.per_s < 16.1);
    rate_throttled(&rate, 5010 + RATE_CUT_MS);
    assert_true(rate.per_s > 7.9 && rate.per_s < 8.1);
    for (int i = 0; i < 20; i++)
        rate_throttled(&rate, 10000 + i * RATE_CUT_MS);
    assert_true(rate.per_s >= 1.0 && rate.per_s < 1.01);
}

static void what_went_well_for_long_is_forgotten(void **state)
{
    (void) state;
    struct rate rate = {0};
    (void) rate_claim(&rate, 0);
    rate_throttled(&rate, 0);
    int64_t now = 0;
    int n = 0;
    for (; rate.limited && n < 1000; n++) {
        int64_t wait = rate_claim(&rate, now);
        assert_true(wait >= 0 && wait <= 1000);
        now += wait;
        rate_success(&rate);
    }
    assert_true(n > 10 && n < 1000);
    assert_true(now >= 10000 && now <= 60000);
    assert_int_equal(rate_claim(&rate, now), 0);
}

/* What was sent long ago says nothing about the rate now. */
static void only_the_last_seconds_count(void **state)
{
    (void) state;
    struct rate rate = {0};
    for (int i = 0; i < 100; i++)
        (void) rate_claim(&rate, 1000);
    for (int i = 0; i < 4; i++)
        (void) rate_claim(&rate, 60000);
    rate_throttled(&rate, 60000);
    assert_true(rate.per_s < 2.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_that_takes_all_is_not_slowed_down),
        cmocka_unit_test(the_rate_settles_near_what_is_taken),
        cmocka_unit_test(one_burst_of_refusals_halves_once),
        cmocka_unit_test(what_went_well_for_long_is_forgotten),
        cmocka_unit_test(only_the_last_seconds_count),
    };
    return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
