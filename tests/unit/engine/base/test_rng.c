#include "tests/harness/test.h"

#include "engine/base/rng.h"

/* xoshiro256** seeded by splitmix64(0), from the authors' reference code (prng.di.unimi.it). */
static void the_published_sequence(void **state)
{
    (void) state;
    static const uint64_t s_expected[] = {
        0x99ec5f36cb75f2b4, 0xbf6e1f784956452a, 0x1a5f849d4933e6e0, 0x6aa594f1262d2d2c};
    struct rng rng;
    rng_seed(&rng, 0);
    for (size_t i = 0; i < ARRAY_LEN(s_expected); i++)
        assert_true(rng_u64(&rng) == s_expected[i]);
}

static void a_seed_replays(void **state)
{
    (void) state;
    uint64_t seed = test_seed();
    struct rng a, b, c;
    rng_seed(&a, seed);
    rng_seed(&b, seed);
    rng_seed(&c, seed + 1);
    bool differs = false;
    for (int i = 0; i < 100; i++) {
        uint64_t x = rng_u64(&a);
        assert_true(x == rng_u64(&b));
        differs = differs || x != rng_u64(&c);
    }
    assert_true(differs);
}

static void bounds_hold_and_every_value_comes(void **state)
{
    (void) state;
    struct rng rng;
    rng_seed(&rng, test_seed());
    unsigned counts[6] = {0};
    for (int i = 0; i < 6000; i++)
        counts[rng_below(&rng, 6)]++;
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        assert_in_range(counts[i], 800, 1200); /* 7 standard deviations */
    assert_true(rng_below(&rng, 1) == 0);
    assert_true(rng_below(&rng, UINT64_MAX) < UINT64_MAX);
    for (int i = 0; i < 1000; i++) {
        double unit = rng_unit(&rng);
        assert_true(unit >= 0 && unit < 1);
    }
}

static void uuids_have_their_form(void **state)
{
    struct arena *arena = *state;
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (int i = 0; i < 100; i++) {
        struct str uuid = rng_uuid(&rng, arena);
        assert_int_equal(uuid.len, 36);
        for (size_t at = 0; at < uuid.len; at++) {
            bool dash = at == 8 || at == 13 || at == 18 || at == 23;
            assert_int_equal(uuid.ptr[at] == '-', dash);
            assert_true(dash || strchr("0123456789abcdef", uuid.ptr[at]) != NULL);
        }
        assert_int_equal(uuid.ptr[14], '4');
        assert_non_null(strchr("89ab", uuid.ptr[19]));
    }
}

static void secrets_differ(void **state)
{
    (void) state;
    unsigned char a[32] = {0}, b[32] = {0};
    struct err err = {0};
    assert_ok(rng_secret(a, sizeof(a), &err), &err);
    assert_ok(rng_secret(b, sizeof(b), &err), &err);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_true(rng_entropy() != rng_entropy());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_sequence),
        cmocka_unit_test(a_seed_replays),
        cmocka_unit_test(bounds_hold_and_every_value_comes),
        WITH_ARENA(uuids_have_their_form),
        cmocka_unit_test(secrets_differ),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
