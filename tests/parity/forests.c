/* Random models, random rows: what engine/xgb answers equals libxgboost bit for bit.
 *
 *     forests MODELS ROWS
 *
 * trains MODELS of any objective, booster, base score, number of classes and parallel trees, some
 * as early stopping leaves them, and scores ROWS rows with each: missing values, values at, just
 * below and just above splits, zeros, very large and infinite ones. Every model has to be answered
 * by the flat array of forest.h, and every one that is saved as UBJSON has to be the same bytes in
 * the binary format as libxgboost writes. MMECTL_TEST_SEED=N replays a run.
 */
#include "engine/base/arena.h"
#include "engine/base/rng.h"
#include "engine/xgb/booster.h"
#include "engine/xgb/forest.h"
#include "engine/xgb/model_ubjson.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <xgboost/c_api.h>

enum { MAX_COLS = 40, TRAIN_ROWS = 120 };

extern void omp_set_num_threads(int threads);

#define DIE(...) (fprintf(stderr, "forests: " __VA_ARGS__), fputc('\n', stderr), exit(1))
#define XGB(call) \
    do { \
        if ((call) != 0) \
            DIE("libxgboost: %s", XGBGetLastError()); \
    } while (0)

enum labels { BINARY, REAL, POSITIVE, SHARE, COUNT, CLASS, GROUPS, CENSORED, BOUNDS };

static const struct {
    const char *name;
    enum labels labels;
} s_objectives[] = {
    {"binary:logistic", BINARY},    {"binary:logitraw", BINARY},    {"binary:hinge", BINARY},
    {"reg:squarederror", REAL},     {"reg:squaredlogerror", SHARE}, {"reg:logistic", SHARE},
    {"reg:pseudohubererror", REAL}, {"reg:absoluteerror", REAL},    {"reg:gamma", POSITIVE},
    {"reg:tweedie", POSITIVE},      {"multi:softmax", CLASS},       {"multi:softprob", CLASS},
    {"count:poisson", COUNT},       {"rank:pairwise", GROUPS},      {"rank:ndcg", GROUPS},
    {"rank:map", GROUPS},           {"survival:cox", CENSORED},     {"survival:aft", BOUNDS},
};

struct model {
    const char *objective;
    struct str bytes;
    size_t cols;
    unsigned trees; /* best_ntree_limit; 0: none */
    bool dart;
};

static const char *pick(struct rng *rng, const char *const *from, size_t count)
{
    return from[rng_below(rng, count)];
}
#define PICK(rng, ...) \
    pick( \
        (rng), (const char *const[]){__VA_ARGS__}, \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static float cell(struct rng *rng)
{
    if (rng_below(rng, 6) == 0)
        return NAN;
    if (rng_below(rng, 3) == 0)
        return (float) rng_below(rng, 7) - 3.0F;
    return (float) ((rng_unit(rng) - 0.5) * 20);
}

static float label_of(struct rng *rng, enum labels labels, const float *row, unsigned classes)
{
    float sum = (isnan(row[0]) ? 0 : row[0]) + (float) rng_unit(rng);
    switch (labels) {
    case BINARY:
    case GROUPS:
        return sum > 0 ? 1 : 0;
    case POSITIVE:
    case BOUNDS:
        return fabsf(sum) + 0.01F;
    case SHARE:
        return fabsf(sum) / 12;
    case COUNT:
        return floorf(fabsf(sum) * 3);
    case CLASS:
        return (float) (((unsigned) fabsf(sum * 2)) % classes);
    case CENSORED:
        return sum + 0.001F;
    case REAL:
    default:
        return sum * 1000;
    }
}

static void set_labels(
    DMatrixHandle data,
    struct rng *rng,
    enum labels labels,
    const float *values,
    size_t cols,
    unsigned classes)
{
    float lower[TRAIN_ROWS], upper[TRAIN_ROWS];
    for (size_t i = 0; i < TRAIN_ROWS; i++) {
        lower[i] = label_of(rng, labels, values + i * cols, classes);
        upper[i] = rng_below(rng, 3) == 0 ? INFINITY : lower[i] * 2;
    }
    if (labels == BOUNDS) {
        XGB(XGDMatrixSetFloatInfo(data, "label_lower_bound", lower, TRAIN_ROWS));
        XGB(XGDMatrixSetFloatInfo(data, "label_upper_bound", upper, TRAIN_ROWS));
    } else {
        XGB(XGDMatrixSetFloatInfo(data, "label", lower, TRAIN_ROWS));
    }
    static const unsigned groups[] = {TRAIN_ROWS / 3, TRAIN_ROWS / 3, TRAIN_ROWS / 3};
    if (labels == GROUPS)
        XGB(XGDMatrixSetUIntInfo(data, "group", groups, 3));
}

static void set_number(BoosterHandle booster, const char *name, double value)
{
    char text[64];
    snprintf(text, sizeof(text), "%.9g", value);
    XGB(XGBoosterSetParam(booster, name, text));
}

static BoosterHandle booster_new(
    const DMatrixHandle *data, struct rng *rng, size_t which, unsigned classes, struct model *model)
{
    BoosterHandle booster;
    enum labels labels = s_objectives[which].labels;
    XGB(XGBoosterCreate(data, 1, &booster));
    XGB(XGBoosterSetParam(booster, "nthread", "1"));
    XGB(XGBoosterSetParam(booster, "objective", s_objectives[which].name));
    XGB(XGBoosterSetParam(booster, "booster", model->dart ? "dart" : "gbtree"));
    XGB(XGBoosterSetParam(booster, "tree_method", PICK(rng, "exact", "hist", "approx")));
    XGB(XGBoosterSetParam(booster, "gamma", PICK(rng, "0", "0", "0.5")));
    XGB(XGBoosterSetParam(booster, "eta", PICK(rng, "0.03", "0.3", "1")));
    set_number(booster, "max_depth", (double) rng_below(rng, 7) + 1);
    if (model->dart)
        XGB(XGBoosterSetParam(booster, "rate_drop", PICK(rng, "0", "0.1", "0.5")));
    if (labels == CLASS)
        set_number(booster, "num_class", classes);
    if (rng_below(rng, 2) == 0)
        set_number(booster, "base_score", rng_unit(rng) * 0.98 + 0.01);
    return booster;
}

static struct model train(struct arena *arena, struct rng *rng, size_t which)
{
    struct model model = {
        .objective = s_objectives[which].name,
        .cols = rng_below(rng, MAX_COLS) + 1,
        .dart = rng_below(rng, 5) == 0};
    unsigned classes = (unsigned) rng_below(rng, 6) + 2, parallel = rng_below(rng, 4) == 0 ? 3 : 1;
    float *values = ARENA_ARRAY(arena, TRAIN_ROWS * model.cols, float);
    for (size_t i = 0; i < TRAIN_ROWS * model.cols; i++)
        values[i] = cell(rng);
    DMatrixHandle data;
    XGB(XGDMatrixCreateFromMat(values, TRAIN_ROWS, model.cols, NAN, &data));
    set_labels(data, rng, s_objectives[which].labels, values, model.cols, classes);
    BoosterHandle booster = booster_new(&data, rng, which, classes, &model);
    set_number(booster, "num_parallel_tree", parallel);
    unsigned rounds = (unsigned) rng_below(rng, 20) + 1;
    for (unsigned i = 0; i < rounds; i++)
        XGB(XGBoosterUpdateOneIter(booster, (int) i, data));
    if (rounds > 1 && rng_below(rng, 3) == 0) {
        char text[32];
        model.trees = (unsigned) (rng_below(rng, rounds - 1) + 1) * parallel;
        snprintf(text, sizeof(text), "%u", model.trees);
        XGB(XGBoosterSetAttr(booster, "best_ntree_limit", text));
    }
    const char *bytes;
    bst_ulong len;
    const char *formats[] = {
        "{\"format\": \"deprecated\"}", "{\"format\": \"ubj\"}", "{\"format\": \"json\"}"};
    XGB(XGBoosterSaveModelToBuffer(booster, formats[rng_below(rng, 3)], &len, &bytes));
    model.bytes = str_dup(arena, str_of(bytes, len));
    XGB(XGBoosterFree(booster));
    XGB(XGDMatrixFree(data));
    return model;
}

/* A DMatrix refuses infinite values; prediction in place takes them, and is the same for gbtree. */
static void draw(
    struct rng *rng,
    const struct model *model,
    const struct forest *forest,
    float *values,
    size_t rows)
{
    forest_draw(forest, rng, rows / 2, values);
    for (size_t i = rows / 2 * model->cols; i < rows * model->cols; i++) {
        values[i] = cell(rng);
        if (rng_below(rng, 40) == 0)
            values[i] = rng_below(rng, 2) == 0 ? 3e38F : -3e38F;
        if (!model->dart && rng_below(rng, 40) == 0)
            values[i] = rng_below(rng, 2) == 0 ? INFINITY : -INFINITY;
    }
}

static size_t oracle(
    struct arena *arena, const struct model *model, const float *values, size_t rows, float **out)
{
    BoosterHandle booster;
    DMatrixHandle data = NULL;
    bst_ulong count = 0, dim = 0;
    const bst_ulong *shape;
    const float *result;
    XGB(XGBoosterCreate(NULL, 0, &booster));
    XGB(XGBoosterLoadModelFromBuffer(booster, model->bytes.ptr, model->bytes.len));
    XGB(XGBoosterSetParam(booster, "nthread", "1"));
    if (model->dart) {
        XGB(XGDMatrixCreateFromMat(values, rows, model->cols, NAN, &data));
        XGB(XGBoosterPredict(booster, data, 0, model->trees, 0, &count, &result));
    } else {
        struct str array = str_fmt(
            arena, "{\"data\":[%ju,true],\"shape\":[%zu,%zu],\"typestr\":\"<f4\",\"version\":3}",
            (uintmax_t) (uintptr_t) values, rows, model->cols);
        const char *config;
        bst_ulong config_len;
        XGB(XGBoosterSaveJsonConfig(booster, &config_len, &config));
        struct str text = str_of(config, config_len), key = STR("\"num_parallel_tree\":\"");
        size_t at = str_find(text, key);
        unsigned parallel =
            at == SIZE_MAX ? 1 : (unsigned) strtoul(config + at + key.len, NULL, 10);
        struct str how = str_fmt(
            arena,
            "{\"type\":0,\"training\":false,\"iteration_begin\":0,\"iteration_end\":%u,"
            "\"missing\":NaN,\"strict_shape\":false,\"cache_id\":0}",
            model->trees / (parallel > 0 ? parallel : 1));
        XGB(XGProxyDMatrixCreate(&data));
        XGB(XGBoosterPredictFromDense(booster, array.ptr, how.ptr, data, &shape, &dim, &result));
        count = dim > 1 ? shape[0] * shape[1] : shape[0];
    }
    *out = ARENA_ARRAY(arena, count, float);
    memcpy(*out, result, count * sizeof(float));
    XGB(XGDMatrixFree(data));
    XGB(XGBoosterFree(booster));
    return count;
}

/* Of UBJSON the binary form is written without libxgboost, byte for byte as it would be. */
static void translate(const struct model *model, struct str want)
{
    AUTO(buf_done) struct buf got = BUF_INIT(0);
    if (!model_ubjson_translate(model->bytes, &got) || !str_eq(buf_str(&got), want))
        DIE("%s%s: other bytes in the binary format", model->objective,
            model->dart ? " (dart)" : "");
}

/* How many values differ. */
static size_t compare(struct arena *arena, struct rng *rng, const struct model *model, size_t rows)
{
    AUTO(booster_close) struct booster *booster = NULL;
    struct err err = {0};
    if (booster_load(model->bytes, &booster, &err) != ERR_NONE)
        DIE("%s: %s", model->objective, err.message);
    if (booster_fallback(booster) != NULL)
        DIE("%s: the forest %s", model->objective, booster_fallback(booster));
    BoosterHandle raw;
    const char *binary;
    bst_ulong len;
    XGB(XGBoosterCreate(NULL, 0, &raw));
    XGB(XGBoosterLoadModelFromBuffer(raw, model->bytes.ptr, model->bytes.len));
    XGB(XGBoosterSaveModelToBuffer(raw, "{\"format\": \"deprecated\"}", &len, &binary));
    if (model_format_of(model->bytes) == MODEL_FORMAT_UBJSON)
        translate(model, str_of(binary, len));
    struct forest *forest = forest_build(str_of(binary, len));
    float *values = ARENA_ARRAY(arena, rows * model->cols, float), *want = NULL;
    draw(rng, model, forest, values, rows);
    forest_free(forest);
    XGB(XGBoosterFree(raw));
    size_t count = oracle(arena, model, values, rows, &want), differ = 0;
    float *got = ARENA_ARRAY(arena, count, float);
    if (booster_predict(booster, values, rows, model->cols, got, count, &err) != ERR_NONE)
        DIE("%s: %s", model->objective, err.message);
    for (size_t i = 0; i < count; i++) {
        if (memcmp(&got[i], &want[i], sizeof(float)) == 0)
            continue;
        if (differ++ == 0)
            printf(
                "# %s%s: %.9g, libxgboost says %.9g\n", model->objective,
                model->dart ? " (dart)" : "", (double) got[i], (double) want[i]);
    }
    return differ;
}

int main(int argc, char **argv)
{
    size_t models = argc == 3 ? strtoul(argv[1], NULL, 10) : 0, differ = 0, values = 0;
    size_t rows = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (models == 0 || rows < 2)
        DIE("usage: forests MODELS ROWS");
    const char *replay = getenv("MMECTL_TEST_SEED");
    uint64_t seed = replay != NULL ? strtoull(replay, NULL, 10)
                                   : (uint64_t) time(NULL) * 2654435761U ^ (uint64_t) clock();
    printf("# seed %ju\n", (uintmax_t) seed);
    omp_set_num_threads(1);
    XGB(XGBSetGlobalConfig("{\"verbosity\":0}"));
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t i = 0; i < models; i++) {
        AUTO(arena_close) struct arena *arena = arena_new("model", 0);
        struct model model = train(arena, &rng, i % ARRAY_LEN(s_objectives));
        differ += compare(arena, &rng, &model, rows);
        values += rows;
    }
    printf("%zu of %zu rows of %zu models differ\n", differ, values, models);
    return differ > 0;
}
