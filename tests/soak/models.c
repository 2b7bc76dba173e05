#include "tests/soak/models.h"

#include "engine/base/arena.h"
#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "engine/serve/evaluate.h"
#include "engine/xgb/artifact.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <xgboost/c_api.h>

enum { ROWS = 150, COLS = 8, MODELS = 24 };

extern void omp_set_num_threads(int threads);

#define DIE(...) (fprintf(stderr, "soak: " __VA_ARGS__), fputc('\n', stderr), exit(1))
#define XGB(call) \
    do { \
        if ((call) != 0) \
            DIE("libxgboost: %s", XGBGetLastError()); \
    } while (0)

/* as_old: before 1.0 the base score was kept as a margin, which a flat array gets wrong and is not
 * believed for. */
static const struct {
    const char *booster, *objective, *format;
    bool as_old;
} s_sorts[] = {
    {"gbtree", "binary:logistic", "deprecated", false},
    {"gbtree", "reg:squarederror", "ubj", false},
    {"gbtree", "multi:softprob", "json", false},
    {"dart", "binary:logistic", "deprecated", false},
    {"gblinear", "reg:squarederror", "deprecated", false},
    {"gbtree", "binary:logistic", "deprecated", true},
};

static struct str train(struct arena *arena, struct rng *rng, size_t sort)
{
    float values[ROWS * COLS], labels[ROWS];
    for (size_t i = 0; i < ROWS * COLS; i++)
        values[i] = rng_below(rng, 9) == 0 ? NAN : (float) rng_unit(rng) * 8 - 4;
    for (size_t i = 0; i < ROWS; i++)
        labels[i] = (float) rng_below(rng, sort == 2 ? 3 : 2);
    DMatrixHandle data;
    BoosterHandle booster;
    XGB(XGDMatrixCreateFromMat(values, ROWS, COLS, NAN, &data));
    XGB(XGDMatrixSetFloatInfo(data, "label", labels, ROWS));
    XGB(XGBoosterCreate(&data, 1, &booster));
    XGB(XGBoosterSetParam(booster, "nthread", "1"));
    XGB(XGBoosterSetParam(booster, "booster", s_sorts[sort].booster));
    XGB(XGBoosterSetParam(booster, "objective", s_sorts[sort].objective));
    XGB(XGBoosterSetParam(booster, "max_depth", "4"));
    XGB(XGBoosterSetParam(booster, "rate_drop", "0.3"));
    if (sort == 2)
        XGB(XGBoosterSetParam(booster, "num_class", "3"));
    for (int i = 0; i < 12; i++)
        XGB(XGBoosterUpdateOneIter(booster, i, data));
    char how[64];
    const char *bytes;
    bst_ulong len;
    snprintf(how, sizeof(how), "{\"format\": \"%s\"}", s_sorts[sort].format);
    XGB(XGBoosterSaveModelToBuffer(booster, how, &len, &bytes));
    char *copy = ARENA_ARRAY(arena, len, char);
    memcpy(copy, bytes, len);
    if (s_sorts[sort].as_old)
        memset(copy + 24, 0, 4); /* the major version */
    XGB(XGBoosterFree(booster));
    XGB(XGDMatrixFree(data));
    return str_of(copy, len);
}

static struct str payload_make(struct arena *arena, struct rng *rng)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));
    size_t rows = rng_below(rng, 4) == 0 ? 1 + rng_below(rng, 60) : 1;
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < COLS; k++) {
            if (rng_below(rng, 9) != 0)
                buf_fmt(&text, "%.4f", rng_unit(rng) * 8 - 4);
            buf_add_char(&text, k + 1 < COLS ? ',' : '\n');
        }
    return str_dup(arena, buf_str(&text));
}

static void write_file(struct arena *arena, struct str folder, const char *name, struct str bytes)
{
    struct err err = {0};
    if (file_write_atomic(
            str_z(arena, path_join(arena, folder, str_from(name))), bytes, 0644, &err) != ERR_NONE)
        DIE("%s", err.message);
}

/* By libxgboost: flat arrays are off. */
static void
work_out(struct arena *arena, struct soak_model *model, struct booster **members, size_t len)
{
    const struct ensemble oracle = {.members = members, .len = len};
    for (size_t i = 0; i < SOAK_PAYLOADS; i++) {
        struct evaluated evaluated = evaluate(
            arena, &oracle,
            &(struct evaluation){
                .content_type = STR("text/csv"),
                .accept = STR("text/csv"),
                .default_accept = STR_NULL,
                .body = model->payloads[i]});
        if (evaluated.status != 200)
            DIE("libxgboost: " STR_FMT, STR_ARG(evaluated.body));
        model->answers[i] = evaluated.body;
    }
}

static size_t make_model(
    struct arena *arena, struct rng *rng, const char *folder, size_t i, struct soak_model *model)
{
    size_t sort = i % ARRAY_LEN(s_sorts);
    struct booster *oracle = NULL, *loaded = NULL;
    struct err err = {0};
    AUTO(buf_done) struct buf packed = BUF_INIT(MIB(4));
    struct str bytes = train(arena, rng, sort);
    model->name = str_fmt(arena, "model-%02zu", i);
    model->path = str_fmt(arena, "%s/" STR_FMT, folder, STR_ARG(model->name));
    if (file_mkdirs(model->path.ptr, 0777, &err) != ERR_NONE ||
        artifact_pack(bytes, &packed, &err) != ERR_NONE ||
        booster_load_oracle(bytes, &oracle, &err) != ERR_NONE ||
        booster_load(bytes, &loaded, &err) != ERR_NONE)
        DIE("%s", err.message);
    bool flat = sort < 4;
    if ((booster_fallback(loaded) == NULL) != flat)
        DIE("%s %s: not answered as it should be", s_sorts[sort].booster, s_sorts[sort].objective);
    model->tar_gz = str_dup(arena, buf_str(&packed));
    write_file(arena, model->path, "xgboost-model", bytes);
    for (size_t k = 0; k < SOAK_PAYLOADS; k++)
        model->payloads[k] = payload_make(arena, rng);
    work_out(arena, model, &oracle, 1);
    size_t memory = booster_memory(loaded);
    booster_free(oracle);
    booster_free(loaded);
    return memory;
}

struct soak_models soak_models_make(struct arena *arena, const char *folder, uint64_t seed)
{
    struct soak_models models = {
        .items = ARENA_ARRAY(arena, MODELS, struct soak_model), .len = MODELS};
    struct rng rng;
    rng_seed(&rng, seed);
    omp_set_num_threads(1);
    XGB(XGBSetGlobalConfig("{\"verbosity\":0}"));
    for (size_t i = 0; i < MODELS; i++)
        models.memory_bytes += make_model(arena, &rng, folder, i, &models.items[i]);
    return models;
}
