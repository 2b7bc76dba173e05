#include "engine/serve/metrics.h"

#include "tests/unit/engine/serve/models.h"

static void assert_has(struct str text, const char *line)
{
    if (str_find(text, str_from(line)) == SIZE_MAX)
        fail_msg("no %sin:\n" STR_FMT, line, STR_ARG(text));
}

static void tells_of_every_model(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    const char *folder = test_folder_new(arena);
    struct str model = model_bytes(arena, 3, "binary:logistic", 2);
    struct str good = model_file(arena, folder, "good", "xgboost-model", model);
    struct err err = {0};
    struct served served;
    struct registry *registry =
        registry_new(&(struct registry_options){.memory_bytes = MIB(64), .ensembles = true});
    assert_has(metrics_text(arena, registry, 0, 0), "mmectl_loaded_model_count 0\n");
    must(registry_load(registry, STR("a\"b\\c\nd"), good, &err), &err);
    must(registry_load(registry, STR("z"), good, &err), &err);
    assert_int_equal(registry_load(registry, STR("no"), STR("/no/such"), &err), ERR_NOT_FOUND);
    assert_true(registry_acquire(registry, STR("z"), &served));
    atomic_fetch_add(served.calls, 5);
    atomic_fetch_add(served.failures, 2);
    atomic_fetch_add(served.busy_us, 1500000);
    registry_release(registry, &served);
    struct str text = metrics_text(arena, registry, 7, 3);
    static const char *const lines[] = {
        "mmectl_loaded_model_count 2\n",
        "mmectl_loading_model_count 0\n",
        "mmectl_model_loads_total 2\n",
        "mmectl_model_load_failures_total 1\n",
        "mmectl_model_cache_hits_total 7\n",
        "mmectl_model_cache_misses_total 3\n",
        "mmectl_model_memory_limit_bytes 67108864\n",
        "mmectl_model_invocations_total{model=\"z\"} 5\n",
        "mmectl_model_invocation_errors_total{model=\"z\"} 2\n",
        "mmectl_model_seconds_total{model=\"z\"} 1.500000\n",
        "mmectl_model_invocations_total{model=\"a\\\"b\\\\c\\nd\"} 0\n",
        "# TYPE mmectl_model_fallback gauge\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        assert_has(text, lines[i]);
    assert_int_equal(str_find(text, STR("mmectl_model_fallback{")), SIZE_MAX);
    registry_free(registry);
}

static void names_who_is_not_answered_by_a_flat_array(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    const char *folder = test_folder_new(arena);
    AUTO(dataset_close)
    struct dataset *data = fixture_dataset(fixture_csv(arena, 7, MODEL_ROWS, MODEL_COLS, 2));
    struct hyper_value values[] = {
        HYPER("num_round", "3"), HYPER("objective", "reg:squarederror"),
        HYPER("booster", "gblinear")};
    struct str linear = fixture_train(arena, data, NULL, values, 3).model;
    struct str model = model_bytes(arena, 3, "binary:logistic", 2);
    char *old = ARENA_ARRAY(arena, model.len, char);
    memcpy(old, model.ptr, model.len);
    memset(old + 24, 0, 4); /* of a version that kept the base score as a margin */
    struct registry *registry =
        registry_new(&(struct registry_options){.memory_bytes = MIB(64), .ensembles = true});
    struct err err = {0};
    struct str paths[] = {
        model_file(arena, folder, "linear", "xgboost-model", linear),
        model_file(arena, folder, "old", "xgboost-model", str_of(old, model.len)),
        model_file(arena, folder, "good", "xgboost-model", model)};
    must(registry_load(registry, STR("linear"), paths[0], &err), &err);
    must(registry_load(registry, STR("old"), paths[1], &err), &err);
    must(registry_load(registry, STR("good"), paths[2], &err), &err);
    struct str text = metrics_text(arena, registry, 0, 0);
    assert_has(
        text, "mmectl_model_fallback{model=\"linear\",reason=\"unknown\"} 1\n"
              "mmectl_model_fallback{model=\"old\",reason=\"differs\"} 1\n");
    assert_int_equal(str_find(text, STR("mmectl_model_fallback{model=\"good\"")), SIZE_MAX);
    registry_free(registry);
}

static void the_machine_has_memory(void **state)
{
    (void) state;
    assert_true(memory_of_machine() >= MIB(16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_of_every_model),
        cmocka_unit_test(names_who_is_not_answered_by_a_flat_array),
        cmocka_unit_test(the_machine_has_memory),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
