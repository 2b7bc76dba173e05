#include "tests/harness/test.h"

#include "engine/cost/capacity.h"

#define MIB_OF(bytes) ((bytes) / 1048576)

/* 100 trees of depth 6 are 446 KiB on disk when most are full. */
static void full_trees(void **state)
{
    (void) state;
    assert_int_equal(capacity_full_trees(100, 1, 6), 100 * 127 * 36);
    assert_int_equal(capacity_full_trees(10, 3, 1), 10 * 3 * 3 * 36);
    assert_int_equal(capacity_full_trees(1, 1, 0), capacity_full_trees(1, 1, 14));
    assert_int_equal(capacity_full_trees(1, 1, 4000), capacity_full_trees(1, 1, 14));
}

static void what_a_model_takes(void **state)
{
    (void) state;
    assert_int_equal(MIB_OF(capacity_resident(CAPACITY_AWS, 0, 1)), 124);
    assert_int_equal(MIB_OF(capacity_resident(CAPACITY_AWS, 0, 4)), 466);
    assert_int_equal(MIB_OF(capacity_resident(CAPACITY_SERVE, 0, 4)), 0);
    assert_int_equal(MIB_OF(capacity_resident(CAPACITY_SERVE, 10 << 20, 4)), 14);
    assert_int_equal(MIB_OF(capacity_resident(CAPACITY_AWS, 10 << 20, 2)), 267);
    assert_string_equal(capacity_container_name(CAPACITY_AWS), "aws");
    assert_string_equal(capacity_container_name(CAPACITY_SERVE), "serve");
}

static void how_many_stay(void **state)
{
    (void) state;
    const struct price *large = price_find(STR("ml.m5.large"));
    uint64_t of_aws = capacity_models(CAPACITY_AWS, large, 1, 10000, 457200, 1);
    uint64_t of_serve = capacity_models(CAPACITY_SERVE, large, 1, 10000, 457200, 1);
    assert_true(of_aws >= 40 && of_aws <= 60);
    assert_true(of_serve >= 8000 && of_serve < 10000);
    assert_int_equal(capacity_models(CAPACITY_AWS, large, 2, 10000, 457200, 1), 2 * of_aws);
    assert_int_equal(capacity_models(CAPACITY_AWS, large, 1, 5, 457200, 1), 5);
    /* Nothing is left on an instance that the container itself fills. */
    const struct price tiny = {"ml.tiny", 64, 1, 0.01};
    assert_int_equal(capacity_room(CAPACITY_AWS, &tiny), 0);
    assert_int_equal(capacity_models(CAPACITY_AWS, &tiny, 1, 5, 457200, 1), 0);
}

/* No cheaper type holds the share, and each that is chosen does. */
static void the_cheapest_holds_the_share(void **state)
{
    (void) state;
    static const uint64_t counts[] = {1, 5, 100, 1000, 5000};
    static const uint64_t shares[] = {1, 50, 80, 100};
    for (int c = 0; c < CAPACITY_COUNT; c++)
        for (size_t i = 0; i < ARRAY_LEN(counts); i++)
            for (size_t k = 0; k < ARRAY_LEN(shares); k++) {
                enum capacity_container container = (enum capacity_container) c;
                uint64_t wanted = (counts[i] * shares[k] + 99) / 100;
                const struct price *best =
                    capacity_cheapest(container, 1, counts[i], shares[k], 457200, 1);
                bool any = false;
                for (size_t t = 0; t < price_count(); t++) {
                    const struct price *type = price_at(t);
                    if (!capacity_is_general(type) ||
                        capacity_models(container, type, 1, counts[i], 457200, 1) < wanted)
                        continue;
                    any = true;
                    assert_true(best != NULL && best->usd_per_hour <= type->usd_per_hour);
                }
                assert_int_equal(any, best != NULL);
                if (best != NULL)
                    assert_true(
                        capacity_models(container, best, 1, counts[i], 457200, 1) >= wanted);
            }
    /* With one Python process each, more than 5,000 models are too many for any of them. */
    assert_null(capacity_cheapest(CAPACITY_AWS, 1, 5000, 100, 457200, 1));
    assert_non_null(capacity_cheapest(CAPACITY_SERVE, 1, 5000, 100, 457200, 1));
}

/* Containers are all loaded: more of them, or larger models, need more memory. */
static void containers_of_their_own(void **state)
{
    (void) state;
    const struct price *large = price_find(STR("ml.m5.large"));
    assert_int_equal(MIB_OF(capacity_containers(large, 2, 0)), 2 * (60 + 2 * 114));
    assert_int_equal(MIB_OF(capacity_containers(large, 1, 100 << 20)), 60 + 2 * (114 + 150));
    assert_string_equal(capacity_cheapest_containers(2, 0)->type, "ml.t2.medium");
    assert_string_equal(capacity_cheapest_containers(15, 0)->type, "ml.t2.large");
    assert_string_equal(capacity_cheapest_containers(15, UINT64_C(150) << 20)->type, "ml.r5.large");
    assert_null(capacity_cheapest_containers(15, UINT64_C(100) << 30));
}

static void accelerators_are_left_out(void **state)
{
    (void) state;
    assert_false(capacity_is_general(price_find(STR("ml.g4dn.xlarge"))));
    assert_false(capacity_is_general(price_find(STR("ml.p3.2xlarge"))));
    assert_false(capacity_is_general(price_find(STR("ml.inf2.xlarge"))));
    assert_true(capacity_is_general(price_find(STR("ml.c5.large"))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_trees),
        cmocka_unit_test(what_a_model_takes),
        cmocka_unit_test(how_many_stay),
        cmocka_unit_test(the_cheapest_holds_the_share),
        cmocka_unit_test(containers_of_their_own),
        cmocka_unit_test(accelerators_are_left_out),
    };
    return cmocka_run_group_tests_name("capacity", tests, NULL, NULL);
}
