#include "tests/bench/serve_load.h"

#include "engine/base/buf.h"
#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "engine/serve/repr.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xgboost/c_api.h>

enum { ROWS = 4000, COLS = 30, TREES = 130 };

extern void omp_set_num_threads(int threads);

#define XGB(call) \
    do { \
        if ((call) != 0) \
            DIE("libxgboost: %s", XGBGetLastError()); \
    } while (0)

static float score(BoosterHandle booster, const float *row)
{
    char array[160];
    DMatrixHandle proxy = NULL;
    const bst_ulong *shape = NULL;
    bst_ulong dim = 0;
    const float *result = NULL;
    snprintf(
        array, sizeof(array),
        "{\"data\":[%ju,true],\"shape\":[1,%d],\"typestr\":\"<f4\",\"version\":3}",
        (uintmax_t) (uintptr_t) row, COLS);
    XGB(XGProxyDMatrixCreate(&proxy));
    XGB(XGBoosterPredictFromDense(
        booster, array,
        "{\"type\":0,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,"
        "\"missing\":NaN,\"strict_shape\":false,\"cache_id\":0}",
        proxy, &shape, &dim, &result));
    float value = *result;
    XGB(XGDMatrixFree(proxy));
    return value;
}

static BoosterHandle load(struct str bytes)
{
    BoosterHandle booster;
    omp_set_num_threads(1);
    XGB(XGBoosterCreate(NULL, 0, &booster));
    XGB(XGBoosterLoadModelFromBuffer(booster, bytes.ptr, bytes.len));
    XGB(XGBoosterSetParam(booster, "nthread", "1"));
    return booster;
}

static void read_row(struct str text, float *values)
{
    char *at = (char *) (uintptr_t) text.ptr; /* strtof() gives its end without const */
    for (size_t i = 0; i < COLS; i++)
        values[i] = strtof(i == 0 ? at : at + 1, &at);
}

int64_t bench_load_and_score(struct str bytes, struct str row)
{
    float values[COLS];
    read_row(row, values);
    int64_t start_us = now_us();
    BoosterHandle booster = load(bytes);
    score(booster, values);
    int64_t took_us = now_us() - start_us;
    XGB(XGBoosterFree(booster));
    return took_us;
}

static size_t resident_kib(void)
{
    struct load_server self = {.pid = getpid()};
    return load_server_kib(&self);
}

size_t bench_boosters_kib(const char *folder, size_t count)
{
    struct arena *arena = arena_new("boosters", 0);
    struct str bytes[BENCH_MODELS];
    BoosterHandle *boosters = xmalloc(count * sizeof(*boosters));
    float values[COLS];
    read_row(bench_read(arena, folder, 0, "row"), values);
    for (size_t i = 0; i < BENCH_MODELS; i++)
        bytes[i] = bench_read(arena, folder, i, "bin");
    size_t before = resident_kib();
    for (size_t i = 0; i < count; i++) {
        boosters[i] = load(bytes[i % BENCH_MODELS]);
        score(boosters[i], values);
    }
    size_t grown = resident_kib() - before;
    for (size_t i = 0; i < count; i++)
        XGB(XGBoosterFree(boosters[i]));
    xfree(boosters);
    arena_free(arena);
    return grown;
}

static void
write_out(struct arena *arena, const char *folder, size_t model, const char *end, struct str bytes)
{
    struct err err = {0};
    struct str path = str_fmt(arena, "%s/%02zu.%s", folder, model, end);
    if (file_write_atomic(path.ptr, bytes, 0644, &err) != ERR_NONE)
        DIE("%s", err.message);
}

static void save(
    struct arena *arena,
    BoosterHandle booster,
    const char *format,
    const char *folder,
    size_t model,
    const char *end)
{
    const char *bytes;
    bst_ulong len;
    XGB(XGBoosterSaveModelToBuffer(booster, format, &len, &bytes));
    write_out(arena, folder, model, end, str_of(bytes, len));
}

static void train_one(struct arena *arena, const char *folder, size_t model, const float *row)
{
    float *values = ARENA_ARRAY(arena, ROWS * COLS, float),
          *labels = ARENA_ARRAY(arena, ROWS, float);
    struct rng rng;
    rng_seed(&rng, model + 1);
    for (size_t i = 0; i < ROWS * COLS; i++)
        values[i] = (float) rng_unit(&rng) * 20 - 10;
    for (size_t i = 0; i < ROWS; i++)
        labels[i] =
            values[i * COLS] + 60 * (float) rng_unit(&rng) > 30 ? 1 : 0; /* hard: full trees */
    DMatrixHandle data;
    BoosterHandle booster;
    XGB(XGDMatrixCreateFromMat(values, ROWS, COLS, NAN, &data));
    XGB(XGDMatrixSetFloatInfo(data, "label", labels, ROWS));
    XGB(XGBoosterCreate(&data, 1, &booster));
    XGB(XGBoosterSetParam(booster, "objective", "binary:logistic"));
    XGB(XGBoosterSetParam(booster, "max_depth", "6"));
    XGB(XGBoosterSetParam(booster, "tree_method", "hist"));
    XGB(XGBoosterSetParam(booster, "min_child_weight", "0.01"));
    XGB(XGBoosterSetParam(booster, "nthread", "1"));
    for (int i = 0; i < TREES; i++)
        XGB(XGBoosterUpdateOneIter(booster, i, data));
    save(arena, booster, "{\"format\": \"deprecated\"}", folder, model, "bin");
    save(arena, booster, "{\"format\": \"ubj\"}", folder, model, "ubj");
    char text[REPR_MAX];
    size_t len = repr_float((double) score(booster, row), false, text);
    write_out(arena, folder, model, "answer", str_of(text, len));
    XGB(XGBoosterFree(booster));
    XGB(XGDMatrixFree(data));
}

void bench_train(struct arena *arena, const char *folder)
{
    float row[COLS];
    AUTO(buf_done) struct buf text = BUF_INIT(KIB(4));
    struct err err = {0};
    struct rng rng;
    rng_seed(&rng, 7);
    omp_set_num_threads(1);
    if (file_mkdirs(folder, 0777, &err) != ERR_NONE)
        DIE("%s", err.message);
    for (size_t i = 0; i < COLS; i++)
        buf_fmt(&text, "%s%.4f", i > 0 ? "," : "", rng_unit(&rng) * 20 - 10);
    buf_add_char(&text, '\n');
    struct str line = str_dup(arena, buf_str(&text));
    write_out(arena, folder, 0, "row", line);
    read_row(line, row);
    for (size_t i = 0; i < BENCH_MODELS; i++)
        train_one(arena, folder, i, row);
}
