#include "tests/harness/test.h"

#include "engine/local/latency.h"

#include <stdlib.h>

static struct latency profile(const char *text)
{
    struct latency latency;
    struct err err = {0};
    assert_ok(latency_read(str_from(text), &latency, &err), &err);
    return latency;
}

static void test_texts(void **state)
{
    static const char *const texts[] = {"none", "20ms", "20ms,jitter=50,seed=7", "aws,seed=7"};
    static const char *const bad[] = {
        "",
        "soon",
        "5s",
        "-1ms",
        "60001",
        "20ms,",
        "20ms,seed",
        "aws,jitter=1",
        "20ms,jitter=101",
        "20ms,jitter=x",
        "aws,seed=-1",
        "aws,x=1"};
    struct arena *arena = *state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct latency latency = profile(texts[i]);
        assert_str(latency_text(arena, &latency), texts[i]);
        assert_true(latency.seeded);
    }
    assert_false(profile("aws").seeded);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct latency latency;
        struct err err = {0};
        assert_int_equal(latency_read(str_from(bad[i]), &latency, &err), ERR_USAGE);
    }
}

static void test_fixed(void **state)
{
    struct latency fixed = profile("20"), jitter = profile("20ms,jitter=50,seed=1");
    int64_t least = INT64_MAX, most = 0;
    (void) state;
    for (uint64_t i = 0; i < 1000; i++) {
        assert_int_equal(latency_ms(&fixed, LOCAL_S3, i), 20);
        int64_t ms = latency_ms(&jitter, LOCAL_S3, i);
        least = ms < least ? ms : least;
        most = ms > most ? ms : most;
    }
    assert_true(least >= 10 && least <= 11 && most <= 30 && most >= 29);
}

static int compare(const void *a, const void *b)
{
    return *(const int64_t *) a < *(const int64_t *) b
               ? -1
               : *(const int64_t *) a > *(const int64_t *) b;
}

static void test_aws(void **state)
{
    static const struct {
        enum local_service service;
        int64_t median, p99;
    } rows[] = {
#define LATENCY_ROW(service, median, p99) {service, median, p99},
        LOCAL_LATENCIES(LATENCY_ROW)
#undef LATENCY_ROW
    };
    enum { CALLS = 10000 };
    static int64_t ms[CALLS];
    struct latency latency = profile("aws,seed=4"), other = profile("aws,seed=5");
    size_t same = 0;
    (void) state;
    for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
        for (uint64_t i = 0; i < CALLS; i++) {
            ms[i] = latency_ms(&latency, rows[r].service, i);
            assert_int_equal(ms[i], latency_ms(&latency, rows[r].service, i));
            same += ms[i] == latency_ms(&other, rows[r].service, i);
        }
        qsort(ms, CALLS, sizeof(*ms), compare);
        assert_true(llabs(ms[CALLS / 2] - rows[r].median) <= rows[r].median / 10);
        assert_true(llabs(ms[CALLS * 99 / 100] - rows[r].p99) <= rows[r].p99 / 5);
    }
    assert_true(same < CALLS); /* of ARRAY_LEN(rows) times as many */
    assert_int_equal(latency_ms(&latency, LOCAL_ADMIN, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_texts),
        WITH_ARENA(test_fixed),
        WITH_ARENA(test_aws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
