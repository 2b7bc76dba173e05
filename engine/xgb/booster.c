#include "engine/xgb/booster.h"

#include "engine/base/arena.h"
#include "engine/xgb/forest.h"
#include "engine/xgb/model_check.h"
#include "engine/xgb/model_ubjson.h"
#include "engine/xgb/xgboost_api.h"

#include <math.h>
#include <pthread.h>

/* Values of the rows a forest is compared on, and how many rows: the cost of a load. */
#define CHECK_VALUES KIB(64)
#define CHECK_ROWS_MIN 8U
#define CHECK_ROWS_MAX 64U

struct booster {
    struct xgb_booster *handle; /* NULL when the forest answers */
    struct forest *forest;      /* NULL when libxgboost answers */
    size_t features, outputs, memory_bytes;
    int rounds;           /* to predict with; 0 for all */
    size_t trees;         /* the same as trees of each class */
    bool in_place;        /* libxgboost can predict without a DMatrix, with the same result */
    bool differs;         /* the forest was compared and not equal */
    pthread_mutex_t lock; /* held to predict with a DMatrix: its cache is not safe to share */
};

static const char *const s_formats[] = {
    [MODEL_FORMAT_UNKNOWN] = "unknown", [MODEL_FORMAT_BINARY] = "binary",
    [MODEL_FORMAT_UBJSON] = "UBJSON",   [MODEL_FORMAT_JSON] = "JSON",
    [MODEL_FORMAT_PICKLE] = "pickle",
};

enum model_format model_format_of(struct str bytes)
{
    if (str_starts(bytes, STR("binf")))
        return MODEL_FORMAT_BINARY;
    if (str_starts(bytes, STR("{L")))
        return MODEL_FORMAT_UBJSON;
    /* Protocol 2 to 5 start with their number. */
    if (bytes.len > 2 && bytes.ptr[0] == '\x80' && bytes.ptr[1] >= 2 && bytes.ptr[1] <= 5)
        return MODEL_FORMAT_PICKLE;
    if (bytes.len > 0 && bytes.ptr[0] == '{') {
        struct str rest = str_trim(str_slice(bytes, 1, 64));
        if (rest.len > 0 && rest.ptr[0] == '"')
            return MODEL_FORMAT_JSON;
    }
    return MODEL_FORMAT_UNKNOWN;
}

const char *model_format_name(enum model_format format)
{
    return s_formats[format];
}

/* best_ntree_limit counts trees; libxgboost wants rounds (Python's _convert_ntree_limit). */
static enum err_code rounds_to_use(struct booster *booster, struct err *err)
{
    struct str limit = STR_NULL;
    enum err_code code = xgb_booster_attr(booster->handle, "best_ntree_limit", &limit, err);
    uint64_t trees = 0;
    if (code != ERR_NONE || !str_to_u64(limit, &trees) || trees == 0)
        return code;
    size_t parallel = 1;
    int all = 0;
    code = xgb_booster_rounds(booster->handle, &all, err);
    if (code == ERR_NONE)
        code = xgb_booster_parallel_trees(booster->handle, &parallel, err);
    if (code == ERR_NONE && parallel > 0 && trees / parallel < (uint64_t) all)
        booster->rounds = (int) (trees / parallel);
    booster->trees = (size_t) booster->rounds * parallel;
    return code;
}

static enum err_code predict_matrix(
    const struct booster *booster,
    const float *values,
    size_t rows,
    size_t cols,
    const float **ret_values,
    size_t *ret_count,
    struct err *err)
{
    AUTO(xgb_matrix_close) struct xgb_matrix *matrix = NULL;
    enum err_code code = xgb_matrix_dense(values, rows, cols, &matrix, err);
    if (code != ERR_NONE)
        return code;
    return xgb_predict_matrix(
        booster->handle, matrix, false, booster->rounds, ret_values, ret_count, err);
}

/* One row of missing values tells how many values a row gives and whether in-place prediction
 * works, and makes libxgboost configure itself, which it must have done before threads share it. */
static enum err_code first_prediction(struct booster *booster, struct err *err)
{
    float *row = xmalloc(booster->features * sizeof(float));
    for (size_t i = 0; i < booster->features; i++)
        row[i] = NAN;
    const float *values = NULL;
    enum err_code code = ERR_NONE;
    struct err ignored = {0};
    booster->in_place =
        booster->in_place && xgb_predict_dense(
                                 booster->handle, row, 1, booster->features, booster->rounds,
                                 &values, &booster->outputs, &ignored) == ERR_NONE;
    if (!booster->in_place)
        code = predict_matrix(booster, row, 1, booster->features, &values, &booster->outputs, err);
    xfree(row);
    if (code == ERR_NONE && booster->outputs == 0)
        code = err_set(err, ERR_SPEC, "the model predicts nothing");
    return code;
}

/* Measured as growth of the process over loads of 10 to 500 trees. */
static size_t estimate_memory(struct str bytes, enum model_format format)
{
    size_t model = format == MODEL_FORMAT_JSON ? bytes.len : bytes.len + bytes.len / 2;
    return model + KIB(24);
}

/* libxgboost trusts its input. Bytes that would lead its readers astray are kept from it; trees in
 * the other formats are looked at in the binary form, ours or the one it writes of them itself. */
static enum err_code load_text(
    struct booster *booster,
    struct str bytes,
    enum model_format format,
    struct str *ret_binary,
    struct err *err)
{
    enum err_code code = format == MODEL_FORMAT_UBJSON ? model_check_ubjson(bytes, err)
                                                       : model_check_json(bytes, err);
    if (code == ERR_NONE)
        code = xgb_booster_load(bytes, &booster->handle, err);
    if (code == ERR_NONE)
        code = xgb_booster_save(booster->handle, "deprecated", ret_binary, err);
    return code == ERR_NONE ? model_check_binary(*ret_binary, err) : code;
}

static enum err_code
load_checked(struct booster *booster, struct str bytes, enum model_format format, struct err *err)
{
    AUTO(buf_done) struct buf translated = BUF_INIT(0);
    struct str binary = STR_NULL;
    if (format == MODEL_FORMAT_BINARY)
        binary = bytes;
    else if (format == MODEL_FORMAT_UBJSON && model_ubjson_translate(bytes, &translated))
        binary = buf_str(&translated);
    enum err_code code = ERR_NONE;
    if (str_is_null(binary)) {
        code = load_text(booster, bytes, format, &binary, err);
    } else {
        code = model_check_binary(binary, err);
        if (code == ERR_NONE)
            code = xgb_booster_load(binary, &booster->handle, err);
    }
    if (code == ERR_NONE) {
        booster->forest = forest_build(binary);
        /* Dart::InplacePredict() weighs trees with the base score still in them and takes it out
         * again: other bits than Dart::PredictBatchImpl(), which the container uses. */
        booster->in_place = !str_eq_z(model_booster_name(binary), "dart");
    }
    return code;
}

static size_t rows_to_compare(const struct booster *booster)
{
    size_t rows = CHECK_VALUES / booster->features;
    return rows < CHECK_ROWS_MIN ? 0 : rows > CHECK_ROWS_MAX ? CHECK_ROWS_MAX : rows;
}

/* libxgboost and the forest agree on rows that pass close by the splits. */
static bool forest_agrees(const struct booster *booster)
{
    size_t rows = rows_to_compare(booster), count = rows * booster->outputs;
    if (booster->outputs != forest_outputs(booster->forest))
        return false;
    AUTO(arena_close) struct arena *arena = arena_new("forest check", MIB(1));
    float *values = ARENA_ARRAY(arena, rows * booster->features, float);
    float *got = ARENA_ARRAY(arena, count, float);
    struct rng rng;
    rng_seed(&rng, rows);
    forest_draw(booster->forest, &rng, rows, values);
    forest_predict(booster->forest, values, rows, got);
    const float *want = NULL;
    size_t n_want = 0;
    struct err err = {0};
    enum err_code code =
        booster->in_place
            ? xgb_predict_dense(
                  booster->handle, values, rows, booster->features, booster->rounds, &want, &n_want,
                  &err)
            : predict_matrix(booster, values, rows, booster->features, &want, &n_want, &err);
    return code == ERR_NONE && n_want == count && memcmp(got, want, count * sizeof(*got)) == 0;
}

/* From here on either the forest answers or libxgboost does; the other is not kept. */
static void choose(struct booster *booster, bool oracle)
{
    if (booster->forest != NULL)
        forest_limit(booster->forest, booster->trees);
    bool comparable = !oracle && booster->forest != NULL && rows_to_compare(booster) > 0;
    if (comparable && forest_agrees(booster)) {
        xgb_booster_close(&booster->handle);
        booster->memory_bytes = sizeof(*booster) + forest_memory(booster->forest);
        return;
    }
    booster->differs = comparable;
    forest_free(booster->forest);
    booster->forest = NULL;
}

static enum err_code load(struct str bytes, bool oracle, struct booster **out, struct err *err)
{
    enum model_format format = model_format_of(bytes);
    if (format == MODEL_FORMAT_PICKLE) {
        (void) err_set(err, ERR_PROTOCOL, "the model is a Python pickle, which is never run here");
        return err_hint(err, "save it with Booster.save_model() instead");
    }
    if (format == MODEL_FORMAT_UNKNOWN)
        return err_set(err, ERR_PROTOCOL, "the bytes are not an XGBoost model");

    struct booster *booster = xmalloc(sizeof(*booster));
    *booster = (struct booster){.memory_bytes = estimate_memory(bytes, format)};
    if (pthread_mutex_init(&booster->lock, NULL) != 0)
        abort();
    enum err_code code = load_checked(booster, bytes, format, err);
    if (code == ERR_NONE)
        code = xgb_booster_features(booster->handle, &booster->features, err);
    if (code == ERR_NONE && (booster->features == 0 || booster->features > 10000000))
        code = err_set(err, ERR_PROTOCOL, "the model has %zu features", booster->features);
    if (code == ERR_NONE)
        code = rounds_to_use(booster, err);
    if (code == ERR_NONE)
        code = first_prediction(booster, err);
    if (code != ERR_NONE) {
        err->code = ERR_PROTOCOL;
        booster_free(booster);
        return err_wrap(err, "the %s model cannot be loaded", model_format_name(format));
    }
    choose(booster, oracle);
    *out = booster;
    return ERR_NONE;
}

enum err_code booster_load(struct str bytes, struct booster **out, struct err *err)
{
    return load(bytes, false, out, err);
}

enum err_code booster_load_oracle(struct str bytes, struct booster **out, struct err *err)
{
    return load(bytes, true, out, err);
}

void booster_free(struct booster *booster)
{
    if (booster == NULL)
        return;
    xgb_booster_close(&booster->handle);
    forest_free(booster->forest);
    (void) pthread_mutex_destroy(&booster->lock);
    xfree(booster);
}

void booster_close(struct booster **booster)
{
    booster_free(*booster);
    *booster = NULL;
}

size_t booster_features(const struct booster *booster)
{
    return booster->features;
}

size_t booster_outputs(const struct booster *booster)
{
    return booster->outputs;
}

size_t booster_memory(const struct booster *booster)
{
    return booster->memory_bytes;
}

const char *booster_fallback(const struct booster *booster)
{
    if (booster->forest != NULL)
        return NULL;
    return booster->differs ? "differs" : "unknown";
}

static enum err_code take(
    const struct booster *booster,
    const float *values,
    size_t count,
    size_t rows,
    float *predictions,
    struct err *err)
{
    if (count != rows * booster->outputs)
        return err_set(
            err, ERR_INTERNAL, "libxgboost gave %zu predictions for %zu rows of %zu", count, rows,
            booster->outputs);
    memcpy(predictions, values, count * sizeof(float));
    return ERR_NONE;
}

enum err_code booster_predict(
    const struct booster *booster,
    const float *values,
    size_t rows,
    size_t cols,
    float *predictions,
    size_t capacity,
    struct err *err)
{
    if (cols != booster->features)
        return err_set(
            err, ERR_SPEC, "the rows have %zu features, the model has %zu", cols,
            booster->features);
    if (rows > capacity / booster->outputs)
        return err_set(
            err, ERR_INTERNAL, "no room for %zu predictions of %zu values", rows, booster->outputs);
    if (rows == 0)
        return ERR_NONE;
    if (booster->forest != NULL) {
        forest_predict(booster->forest, values, rows, predictions);
        return ERR_NONE;
    }
    const float *result = NULL;
    size_t count = 0;
    if (booster->in_place) {
        enum err_code code = xgb_predict_dense(
            booster->handle, values, rows, cols, booster->rounds, &result, &count, err);
        return code == ERR_NONE ? take(booster, result, count, rows, predictions, err) : code;
    }
    /* The lock is not part of what const promises: predicting changes nothing a caller can see. */
    pthread_mutex_t *lock = (pthread_mutex_t *) (uintptr_t) &booster->lock;
    pthread_mutex_lock(lock);
    enum err_code code = predict_matrix(booster, values, rows, cols, &result, &count, err);
    if (code == ERR_NONE)
        code = take(booster, result, count, rows, predictions, err);
    pthread_mutex_unlock(lock);
    return code;
}

struct str xgboost_version(struct arena *arena)
{
    int major = 0, minor = 0, patch = 0;
    xgb_version(&major, &minor, &patch);
    return str_fmt(arena, "%d.%d.%d", major, minor, patch);
}
