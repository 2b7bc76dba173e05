#include "tests/harness/test.h"

#include "engine/cost/cost.h"

#include <math.h>

#define assert_near(a, b) assert_true(fabs((a) - (b)) < 1e-9)

/* The tutorial's tables, at today's prices: five endpoints cost five times one, 80 % more. */
static void hosting_against_one_endpoint_each(void **state)
{
    (void) state;
    static const struct {
        uint64_t models;
        double separate_hour, saved_ratio;
    } s_cases[] = {
        {1, 0.115, 0.0}, {5, 0.575, 0.8}, {10, 1.15, 0.9}, {100, 11.5, 0.99}, {1000, 115.0, 0.999}};
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct cost_hosting cost;
        assert_true(cost_hosting(STR("ml.m5.large"), 1, s_cases[i].models, &cost));
        assert_near(cost.shared_hour, 0.115);
        assert_near(cost.shared_month, 83.95);
        assert_near(cost.separate_hour, s_cases[i].separate_hour);
        assert_near(cost.saved_ratio, s_cases[i].saved_ratio);
        assert_near(cost.saved_month, cost.separate_month - cost.shared_month);
    }
    /* Containers of their own need another endpoint after each fifteenth. */
    static const uint64_t endpoints[][2] = {{1, 1}, {15, 1}, {16, 2}, {100, 7}, {1000, 67}};
    for (size_t i = 0; i < ARRAY_LEN(endpoints); i++) {
        struct cost_hosting cost;
        assert_true(cost_hosting(STR("ml.m5.large"), 1, endpoints[i][0], &cost));
        assert_int_equal(cost.container_endpoints, endpoints[i][1]);
        assert_near(cost.container_hour, 0.115 * (double) endpoints[i][1]);
        assert_near(cost.container_month, 83.95 * (double) endpoints[i][1]);
    }
    struct cost_hosting two;
    assert_true(cost_hosting(STR("ml.m5.large"), 2, 5, &two));
    assert_near(two.shared_hour, 0.23);
    assert_near(two.saved_ratio, 0.8);
}

static void training_at_most_and_actually(void **state)
{
    (void) state;
    struct cost_training cost;
    assert_true(cost_training(STR("ml.m5.xlarge"), 2, 0, 3600, -1, &cost));
    assert_near(cost.max_usd, 0.46);
    assert_false(cost.actual_known);
    assert_true(cost_training(STR("ml.m5.xlarge"), 1, 730, 7200, 1800, &cost));
    assert_near(cost.hour, 0.23);
    assert_near(cost.max_usd, 2 * (0.23 + 0.14));
    assert_true(cost.actual_known);
    assert_near(cost.actual_usd, 0.5 * (0.23 + 0.14));
}

static void unknown_types_have_no_price(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    struct cost_hosting hosting;
    struct cost_training training;
    assert_null(price_find(STR("ml.m6g.large")));
    assert_null(price_find(STR("m5.large")));
    assert_false(cost_hosting(STR("ml.m6g.large"), 1, 5, &hosting));
    assert_false(cost_training(STR(""), 1, 10, 60, 60, &training));
    assert_str(cost_line(arena, STR("ml.x.y"), 3), "ml.x.y × 3: no price for this type");
    assert_str(cost_line(arena, STR("ml.m5.large"), 1), "ml.m5.large × 1: $0.115/h");
    arena_free(arena);
}

static void every_type_is_listed_once_and_has_a_price(void **state)
{
    (void) state;
    for (size_t i = 0; i < price_count(); i++) {
        const struct price *price = price_at(i);
        assert_true(str_starts(str_from(price->type), STR("ml.")));
        assert_true(price->usd_per_hour > 0.01 && price->usd_per_hour < 100);
        assert_true(price->memory_gib >= price->vcpus);
        assert_ptr_equal(price_find(str_from(price->type)), price);
    }
}

static void amounts(void **state)
{
    (void) state;
    static const struct {
        double amount;
        const char *text;
    } s_cases[] = {
        {0, "$0.000"},          {0.115, "$0.115"},
        {1, "$1.00"},           {83.95, "$83.95"},
        {999.999, "$1,000.00"}, {1234.5, "$1,234.50"},
        {83950, "$83,950.00"},  {1234567.891, "$1,234,567.89"},
    };
    struct arena *arena = arena_new("test", 0);
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++)
        assert_str(cost_usd(arena, s_cases[i].amount), s_cases[i].text);
    assert_near(cost_data(1073741824ULL * 10), 0.16);
    assert_near(cost_s3_month(1073741824ULL * 100), 2.3);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosting_against_one_endpoint_each),
        cmocka_unit_test(training_at_most_and_actually),
        cmocka_unit_test(unknown_types_have_no_price),
        cmocka_unit_test(every_type_is_listed_once_and_has_a_price),
        cmocka_unit_test(amounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
