#include "engine/local/measures.h"

#include "tests/unit/engine/local/sm_fixture.h"

enum { MINUTE = 60000 };

/* A series of the world's, under a name. */
static struct measures *open_named(struct world *world, const char *endpoint)
{
    return measures_open(world->local, STR(REGION), str_from(endpoint), STR("v"));
}

static size_t read_as(
    struct world *world,
    const char *endpoint,
    enum measure which,
    int64_t minutes,
    struct measured **out)
{
    struct measures_query query = {
        .region = STR(REGION),
        .endpoint = str_from(endpoint),
        .variant = STR("v"),
        .which = which,
        .start_ms = world->now_ms - 200 * MINUTE,
        .end_ms = world->now_ms + MINUTE,
        .period_ms = minutes * MINUTE};
    return measures_read(world->local, world->arena, &query, out);
}

static void periods_are_sums_of_minutes(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    struct measures *series = open_named(world, "e");
    struct measured *periods = NULL;
    int64_t start_ms = world->now_ms;
    for (int i = 0; i < 6; i++) /* 1 2 | 3 4 | 5 6 within three minutes */
        measures_add(series, MEASURE_MODEL_LATENCY, start_ms + i * MINUTE / 2, i + 1);
    struct measures_query query = {
        .region = STR(REGION),
        .endpoint = STR("e"),
        .variant = STR("v"),
        .which = MEASURE_MODEL_LATENCY,
        .start_ms = start_ms + 59999, /* of the minute that it is in */
        .end_ms = start_ms + 2 * MINUTE + 1,
        .period_ms = 2 * MINUTE};
    size_t len = measures_read(world->local, world->arena, &query, &periods);
    assert_int_equal(len, 2);
    assert_int_equal(periods[0].start_ms, start_ms);
    assert_true(memcmp(&(double[]){4, 10, 1, 4}, &periods[0].n, 4 * sizeof(double)) == 0);
    assert_int_equal(periods[1].start_ms, start_ms + 2 * MINUTE);
    assert_true(memcmp(&(double[]){2, 11, 5, 6}, &periods[1].n, 4 * sizeof(double)) == 0);
    query.end_ms = start_ms + 2 * MINUTE; /* without its end */
    assert_int_equal(measures_read(world->local, world->arena, &query, &periods), 1);
    /* Another metric, variant, region, endpoint. */
    assert_int_equal(read_as(world, "e", MEASURE_INVOCATIONS, 1, &periods), 0);
    assert_int_equal(read_as(world, "E", MEASURE_MODEL_LATENCY, 1, &periods), 0);
    query.variant = STR("w");
    assert_int_equal(measures_read(world->local, world->arena, &query, &periods), 0);
    query.variant = STR("v");
    query.region = STR("us-east-1");
    assert_int_equal(measures_read(world->local, world->arena, &query, &periods), 0);
    measures_close(series);
}

static void three_hours_are_kept(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    struct measures *series = open_named(world, "e");
    struct measured *periods = NULL;
    int64_t start_ms = world->now_ms;
    for (int i = 0; i < 190; i += 2)
        measures_add(series, MEASURE_INVOCATIONS, start_ms + i * MINUTE, 1);
    world->now_ms = start_ms + 188 * MINUTE;
    assert_int_equal(read_as(world, "e", MEASURE_INVOCATIONS, 1, &periods), 90);
    assert_int_equal(periods[0].start_ms, start_ms + 10 * MINUTE);
    measures_add(series, MEASURE_INVOCATIONS, start_ms, 1);                /* too long ago */
    measures_add(series, MEASURE_INVOCATIONS, start_ms + 101 * MINUTE, 1); /* a clock went back */
    assert_int_equal(read_as(world, "e", MEASURE_INVOCATIONS, 1, &periods), 91);
    for (size_t i = 1; i < 91; i++)
        assert_true(periods[i].start_ms > periods[i - 1].start_ms);
    measures_add(series, MEASURE_INVOCATIONS, start_ms + 1000 * MINUTE, 1);
    world->now_ms = start_ms + 1000 * MINUTE;
    assert_int_equal(read_as(world, "e", MEASURE_INVOCATIONS, 1, &periods), 1);
    measures_close(series);
}

static double percentile(struct world *world, double percent)
{
    struct measured *periods = NULL;
    assert_int_equal(read_as(world, "e", MEASURE_MODEL_LATENCY, 1000, &periods), 1);
    return measured_percentile(&periods[0], percent);
}

static void percentiles(void **state)
{
    (void) state;
    static const double exact[] = {0.5, 1, 50, 90, 99, 99.5, 100};
    AUTO(world_close) struct world *world = world_open();
    struct measures *series = open_named(world, "e");
    for (int i = 0; i < MEASURES_SAMPLES; i++) /* 1 to 100, in another order */
        measures_add(series, MEASURE_MODEL_LATENCY, world->now_ms, (i * 37) % 100 + 1);
    for (size_t i = 0; i < ARRAY_LEN(exact); i++) {
        double want = exact[i] > (int) exact[i] ? (int) exact[i] + 1 : exact[i];
        assert_float_equal(percentile(world, exact[i]), want, 1e-9);
    }
    assert_float_equal(percentile(world, 0), 1, 1e-9);
    /* More than are kept: an estimate, that a hundred samples place within 20 of 10000. */
    for (int i = 0; i < 9900; i++)
        measures_add(series, MEASURE_MODEL_LATENCY, world->now_ms, (i * 7919) % 9900 + 101);
    assert_float_equal(percentile(world, 50), 5000, 2000);
    assert_float_equal(percentile(world, 90), 9000, 1000);
    assert_float_equal(percentile(world, 0), 1, 1e-9);
    assert_float_equal(percentile(world, 100), 10000, 1e-9);
    /* A minute's samples count for as much as happened in it. */
    world->now_ms += MINUTE;
    for (int i = 0; i < 100; i++)
        measures_add(series, MEASURE_MODEL_LATENCY, world->now_ms, 1e6);
    assert_true(percentile(world, 98.9) <= 10000);
    assert_float_equal(percentile(world, 99.5), 1e6, 1e-9);
    measures_close(series);
}

static void a_gauge_stands_until_the_next(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    struct measures *series = open_named(world, "e");
    struct measured *periods = NULL;
    int64_t start_ms = world->now_ms;
    measures_gauge(series, MEASURE_LOADED_MODELS, 1, start_ms, 2);
    measures_gauge(series, MEASURE_LOADED_MODELS, 1, start_ms + 1, 3);
    measures_gauge(series, MEASURE_LOADED_MODELS, 1, start_ms + 4 * MINUTE, 5);
    measures_gauge(series, MEASURE_LOADED_MODELS, 2, start_ms + 7 * MINUTE, 1);
    world->now_ms += 10 * MINUTE;
    assert_int_equal(read_as(world, "e", MEASURE_LOADED_MODELS, 1, &periods), 6);
    static const int want[][2] = {{0, 3}, {1, 3}, {2, 3}, {3, 3}, {4, 5}, {7, 1}};
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_int_equal(periods[i].start_ms, start_ms + want[i][0] * MINUTE);
        assert_float_equal(periods[i].n, 1, 0);
        assert_float_equal(periods[i].sum, want[i][1], 0);
        assert_float_equal(periods[i].min, want[i][1], 0);
        assert_float_equal(periods[i].max, want[i][1], 0);
        assert_float_equal(measured_percentile(&periods[i], 50), want[i][1], 0);
    }
    /* Over more than is kept, too. */
    measures_gauge(series, MEASURE_LOADED_MODELS, 2, start_ms + 1000 * MINUTE, 4);
    world->now_ms = start_ms + 1000 * MINUTE;
    assert_int_equal(read_as(world, "e", MEASURE_LOADED_MODELS, 1, &periods), MEASURES_MINUTES);
    assert_float_equal(periods[MEASURES_MINUTES - 2].sum, 1, 0);
    measures_close(series);
}

static void the_last_series_are_kept(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    struct measures_name *names = NULL;
    struct measures *held = open_named(world, "held");
    measures_add(held, MEASURE_INVOCATIONS, world->now_ms, 1);
    for (int i = 0; i < MEASURES_SERIES + 10; i++) {
        struct measures *series = open_named(world, str_fmt(world->arena, "e-%03d", i).ptr);
        measures_add(series, MEASURE_INVOCATIONS, world->now_ms, 1);
        measures_add(series, MEASURE_CACHE_HIT, world->now_ms, 1);
        measures_close(series);
    }
    size_t len = measures_list(world->local, world->arena, STR(REGION), &names);
    assert_true(
        len > 2 * (size_t) MEASURES_SERIES && len <= 2 * (size_t) (MEASURES_SERIES + 1) + 1);
    assert_str(names[len - 1].endpoint, "held");
    assert_str(names[len - 2].endpoint, str_fmt(world->arena, "e-%03d", MEASURES_SERIES + 9).ptr);
    assert_int_equal(names[len - 2].which, MEASURE_CACHE_HIT);
    assert_int_equal(names[len - 3].which, MEASURE_INVOCATIONS);
    assert_int_equal(measures_list(world->local, world->arena, STR("us-east-1"), &names), 0);
    measures_close(held);
    measures_close(NULL);
}

static void every_metric_is_found_by_its_name(void **state)
{
    (void) state;
    enum measure which = MEASURE_COUNT;
    for (size_t i = 0; i < MEASURE_COUNT; i++) {
        const struct measure_info *info = measure_info((enum measure) i);
        assert_true(measure_find(info->space, info->name, &which));
        assert_int_equal(which, i);
    }
    assert_false(measure_find(STR("AWS/SageMaker"), STR("LoadedModelCount"), &which));
    assert_false(measure_find(STR("AWS/SageMaker"), STR("invocations"), &which));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods_are_sums_of_minutes),
        cmocka_unit_test(three_hours_are_kept),
        cmocka_unit_test(percentiles),
        cmocka_unit_test(a_gauge_stands_until_the_next),
        cmocka_unit_test(the_last_series_are_kept),
        cmocka_unit_test(every_metric_is_found_by_its_name),
    };
    return cmocka_run_group_tests_name("measures", tests, NULL, NULL);
}
