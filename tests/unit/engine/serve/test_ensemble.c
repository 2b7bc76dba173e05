#include "engine/serve/ensemble.h"

#include "engine/xgb/artifact.h"
#include "tests/unit/engine/serve/models.h"

#include <sys/stat.h>
#include <unistd.h>

enum { MEMBERS = 10 };

static void averages_as_numpy_does(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    const char *folder = test_folder_new(arena);
    struct ensemble all, each[MEMBERS];
    struct err err = {0};
    struct str path = STR_NULL;
    for (unsigned i = 0; i < MEMBERS; i++) {
        struct str bytes = model_bytes(arena, 1 + i, "reg:squarederror", 2);
        char file[32];
        snprintf(file, sizeof(file), "xgboost-model-%u", i);
        path = model_file(arena, folder, "all", file, bytes);
        assert_ok(
            ensemble_load(path_join(arena, path, str_from(file)), true, &each[i], &err), &err);
    }
    assert_ok(ensemble_load(path, true, &all, &err), &err);
    assert_int_equal(all.len, MEMBERS);
    assert_int_equal(ensemble_features(&all), MODEL_COLS);
    assert_int_equal(ensemble_outputs(&all), 1);
    assert_null(ensemble_fallback(&all));
    const float rows[] = {1, 2, 3, 4, -1, -2, -3, -4};
    float one[MEMBERS], two[2], got = 0;
    float columns[8], sum = 0, want[2] = {0};
    size_t memory = 0;
    for (size_t i = 0; i < MEMBERS; i++) {
        assert_ok(ensemble_predict(&each[i], arena, rows, 2, MODEL_COLS, two, 2, &err), &err);
        one[i] = two[0];
        want[0] += two[0];
        want[1] += two[1];
        memory += ensemble_memory(&each[i]);
        ensemble_done(&each[i]);
    }
    assert_int_equal(ensemble_memory(&all), memory);
    /* Several rows: in turn. */
    assert_ok(ensemble_predict(&all, arena, rows, 2, MODEL_COLS, two, 2, &err), &err);
    for (size_t i = 0; i < 2; i++) {
        want[i] /= MEMBERS;
        assert_memory_equal(&two[i], &want[i], sizeof(float));
    }
    /* One value a model: in eight columns, and the rest in turn. */
    memcpy(columns, one, sizeof(columns));
    sum = ((columns[0] + columns[1]) + (columns[2] + columns[3])) +
          ((columns[4] + columns[5]) + (columns[6] + columns[7]));
    sum = (sum + one[8] + one[9]) / MEMBERS;
    assert_ok(ensemble_predict(&all, arena, rows, 1, MODEL_COLS, &got, 1, &err), &err);
    assert_memory_equal(&got, &sum, sizeof(float));
    assert_int_equal(
        ensemble_predict(&all, arena, rows, 1, MODEL_COLS - 1, &got, 1, &err), ERR_SPEC);
    assert_int_equal(ensemble_predict(&all, arena, rows, 2, 2, two, 2, &err), ERR_SPEC);
    ensemble_done(&all);
}

static void takes_the_files_that_the_container_takes(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    const char *folder = test_folder_new(arena);
    struct str a = model_bytes(arena, 1, "binary:logistic", 2);
    struct str b = model_bytes(arena, 2, "binary:logistic", 2);
    struct str path = model_file(arena, folder, "m", "b", b);
    model_file(arena, folder, "m", "a", a);
    model_file(arena, folder, "m", ".hidden", STR("no model"));
    model_file(arena, folder, "m/code", "inference.py", STR("no model"));
    assert_int_equal(symlink("/etc/passwd", path_join(arena, path, STR("link")).ptr), 0);
    struct ensemble two, first;
    struct err err = {0};
    assert_ok(ensemble_load(path, true, &two, &err), &err);
    assert_int_equal(two.len, 2);
    assert_ok(ensemble_load(path, false, &first, &err), &err);
    assert_int_equal(first.len, 1);
    struct ensemble alone;
    assert_ok(ensemble_load(path_join(arena, path, STR("a")), true, &alone, &err), &err);
    assert_int_equal(ensemble_memory(&first), ensemble_memory(&alone));
    ensemble_done(&two);
    ensemble_done(&first);
    ensemble_done(&alone);
    /* A packed one is a file, and not a file of a folder. */
    AUTO(buf_done) struct buf packed = BUF_INIT(MIB(1));
    assert_ok(artifact_pack(a, &packed, &err), &err);
    path = model_file(arena, folder, "packed", "model.tar.gz", buf_str(&packed));
    assert_ok(ensemble_load(path_join(arena, path, STR("model.tar.gz")), true, &alone, &err), &err);
    ensemble_done(&alone);
    assert_fails(
        ensemble_load(path, true, &alone, &err), ERR_PROTOCOL, &err, "file 'model.tar.gz'");
}

static void refuses_the_rest_with_a_reason(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    const char *folder = test_folder_new(arena);
    struct str model = model_bytes(arena, 1, "binary:logistic", 2);
    model_file(arena, folder, "stray", "xgboost-model", model);
    model_file(arena, folder, "stray", "README", STR("read me"));
    model_file(arena, folder, "pickle", "xgboost-model", str_of("\x80\x04\x95rest", 7));
    model_file(arena, folder, "classes", "a", model);
    model_file(arena, folder, "classes", "b", model_bytes(arena, 1, "multi:softprob", 3));
    model_file(arena, folder, "hidden", ".model", model);
    assert_int_equal(mkfifo(str_fmt(arena, "%s/fifo", folder).ptr, 0600), 0);
    for (unsigned i = 0; i < 101; i++) {
        char file[16];
        snprintf(file, sizeof(file), "%03u", i);
        model_file(arena, folder, "many", file, STR("x"));
    }
    static const struct {
        const char *path, *message;
        enum err_code code;
    } cases[] = {
        {"none", "opening '", ERR_NOT_FOUND},
        {"stray", "file 'README'", ERR_PROTOCOL},
        {"pickle", "a Python pickle, which is never run here", ERR_PROTOCOL},
        {"classes", "an ensemble's models have to fit each other", ERR_PROTOCOL},
        {"hidden", "there is no model in", ERR_PROTOCOL},
        {"fifo", "is neither a folder nor a file", ERR_PROTOCOL},
        {"many", "holds 101 models, an ensemble has at most 100", ERR_PROTOCOL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ensemble out = {0};
        struct err err = {0};
        struct str path = str_fmt(arena, "%s/%s", folder, cases[i].path);

        assert_fails(ensemble_load(path, true, &out, &err), cases[i].code, &err, cases[i].message);
        assert_null(out.members);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(averages_as_numpy_does),
        cmocka_unit_test(takes_the_files_that_the_container_takes),
        cmocka_unit_test(refuses_the_rest_with_a_reason),
    };
    return cmocka_run_group_tests_name("ensemble", tests, NULL, NULL);
}
