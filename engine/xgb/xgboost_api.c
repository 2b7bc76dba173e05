#include "engine/xgb/xgboost_api.h"

#include "engine/base/arena.h"

#include <assert.h>
#include <pthread.h>
#include <xgboost/c_api.h>

/* gcc's <omp.h> is not in clang's path; the prototype is OpenMP's own. */
extern void omp_set_num_threads(int threads);

/* What a thread keeps for its calls. */
struct xgb_thread {
    DMatrixHandle proxy; /* NULL until the first prediction */
    struct xgb_thread *next;
};

static pthread_once_t s_once = PTHREAD_ONCE_INIT;
static pthread_key_t s_key;
/* What ended threads kept, for the next ones. */
static pthread_mutex_t s_idle_lock = PTHREAD_MUTEX_INITIALIZER;
static struct xgb_thread *s_idle;

/* Nothing is freed here: C++'s thread_locals of this thread are gone by now, and a call into
 * libxgboost would make one anew that nobody destroys. */
static void thread_end(void *self)
{
    struct xgb_thread *thread = self;
    (void) pthread_mutex_lock(&s_idle_lock);
    thread->next = s_idle;
    s_idle = thread;
    (void) pthread_mutex_unlock(&s_idle_lock);
}

static struct xgb_thread *take_idle(void)
{
    (void) pthread_mutex_lock(&s_idle_lock);
    struct xgb_thread *thread = s_idle;
    if (thread != NULL)
        s_idle = thread->next;
    (void) pthread_mutex_unlock(&s_idle_lock);
    if (thread == NULL) {
        thread = xmalloc(sizeof(*thread));
        thread->proxy = NULL;
    }
    thread->next = NULL;
    return thread;
}

static void key_new(void)
{
    if (pthread_key_create(&s_key, thread_end) != 0)
        abort();
}

/* Loading and training start an OpenMP pool as wide as the machine whatever nthread says later, so
 * each thread gives up its claim to one first. Verbosity is a per-thread setting of libxgboost. */
static struct xgb_thread *thread_ready(void)
{
    (void) pthread_once(&s_once, key_new);
    struct xgb_thread *thread = pthread_getspecific(s_key);
    if (thread == NULL) {
        thread = take_idle();
        if (pthread_setspecific(s_key, thread) != 0)
            abort();
        omp_set_num_threads(1);
        (void) XGBSetGlobalConfig("{\"verbosity\":0}");
    }
    return thread;
}

/* "[06:12:41] ./src/learner.cc:1017: what went wrong\nStack trace:\n..." -> "what went wrong" */
static struct str last_message(void)
{
    struct str text = str_from(XGBGetLastError());
    size_t trace = str_find(text, STR("\nStack trace:"));
    if (trace != SIZE_MAX)
        text = str_slice(text, 0, trace);
    if (text.len > 11 && text.ptr[0] == '[' && text.ptr[9] == ']') {
        text = str_from_index(text, 11);
        size_t colon = str_find(text, STR(": "));
        size_t blank = str_index(text, ' ');
        if (colon != SIZE_MAX && colon + 1 == blank)
            text = str_from_index(text, colon + 2);
    }
    return str_trim(text);
}

static enum err_code failed(struct err *err)
{
    struct str message = last_message();
    return err_set(err, ERR_SPEC, STR_FMT, STR_ARG(message));
}

#define CHECK(call) ((call) == 0 ? ERR_NONE : failed(err))

static void array_json(char *out, size_t size, const float *values, size_t rows, size_t cols)
{
    (void) snprintf(
        out, size, "{\"data\":[%ju,true],\"shape\":[%zu,%zu],\"typestr\":\"<f4\",\"version\":3}",
        (uintmax_t) (uintptr_t) values, rows, cols);
}

enum err_code xgb_matrix_dense(
    const float *values, size_t rows, size_t cols, struct xgb_matrix **out, struct err *err)
{
    (void) thread_ready();
    char array[160];
    array_json(array, sizeof(array), values, rows, cols);
    DMatrixHandle handle = NULL;
    if (XGDMatrixCreateFromDense(array, "{\"missing\":NaN,\"nthread\":1}", &handle) != 0)
        return failed(err);
    *out = handle;
    return ERR_NONE;
}

enum err_code xgb_matrix_csr(
    const size_t *row_start,
    const unsigned *columns,
    const float *values,
    size_t rows,
    size_t cols,
    struct xgb_matrix **out,
    struct err *err)
{
    (void) thread_ready();
    DMatrixHandle handle = NULL;
    if (XGDMatrixCreateFromCSREx(
            row_start, columns, values, rows + 1, row_start[rows], cols, &handle) != 0)
        return failed(err);
    *out = handle;
    return ERR_NONE;
}

enum err_code xgb_matrix_set_floats(
    struct xgb_matrix *matrix,
    const char *field,
    const float *values,
    size_t count,
    struct err *err)
{
    return CHECK(XGDMatrixSetFloatInfo(matrix, field, values, count));
}

enum err_code xgb_matrix_set_queries(
    struct xgb_matrix *matrix, const unsigned *ids, size_t count, struct err *err)
{
    return CHECK(XGDMatrixSetUIntInfo(matrix, "qid", ids, count));
}

void xgb_matrix_close(struct xgb_matrix **matrix)
{
    if (*matrix != NULL)
        (void) XGDMatrixFree(*matrix);
    *matrix = NULL;
}

enum err_code xgb_booster_new(
    struct xgb_matrix *const *matrices, size_t count, struct xgb_booster **out, struct err *err)
{
    (void) thread_ready();
    DMatrixHandle handles[4];
    assert(count <= ARRAY_LEN(handles));
    for (size_t i = 0; i < count; i++)
        handles[i] = matrices[i];
    BoosterHandle handle = NULL;
    if (XGBoosterCreate(handles, count, &handle) != 0)
        return failed(err);
    *out = handle;
    return ERR_NONE;
}

enum err_code xgb_booster_load(struct str bytes, struct xgb_booster **out, struct err *err)
{
    (void) thread_ready();
    BoosterHandle handle = NULL;
    if (XGBoosterCreate(NULL, 0, &handle) != 0)
        return failed(err);
    /* nthread must come after the load: loading resets it, and an unset one halves the speed of
     * every prediction. */
    if (XGBoosterLoadModelFromBuffer(handle, bytes.ptr, bytes.len) != 0 ||
        XGBoosterSetParam(handle, "nthread", "1") != 0) {
        enum err_code code = failed(err);
        (void) XGBoosterFree(handle);
        return code;
    }
    *out = handle;
    return ERR_NONE;
}

enum err_code xgb_booster_restore(struct xgb_booster *booster, struct str bytes, struct err *err)
{
    (void) thread_ready();
    if (XGBoosterLoadModelFromBuffer(booster, bytes.ptr, bytes.len) != 0)
        return failed(err);
    return ERR_NONE;
}

void xgb_booster_close(struct xgb_booster **booster)
{
    if (*booster != NULL)
        (void) XGBoosterFree(*booster);
    *booster = NULL;
}

enum err_code
xgb_booster_set(struct xgb_booster *booster, const char *name, const char *value, struct err *err)
{
    return CHECK(XGBoosterSetParam(booster, name, value));
}

enum err_code xgb_booster_update(
    struct xgb_booster *booster, int round, struct xgb_matrix *train, struct err *err)
{
    (void) thread_ready();
    return CHECK(XGBoosterUpdateOneIter(booster, round, train));
}

enum err_code xgb_booster_eval(
    struct xgb_booster *booster,
    int round,
    struct xgb_matrix *const *matrices,
    const char *const *names,
    size_t count,
    struct str *ret_line,
    struct err *err)
{
    DMatrixHandle handles[4];
    const char *labels[4];
    assert(count <= ARRAY_LEN(handles));
    for (size_t i = 0; i < count; i++) {
        handles[i] = matrices[i];
        labels[i] = names[i];
    }
    const char *line = NULL;
    if (XGBoosterEvalOneIter(booster, round, handles, labels, count, &line) != 0)
        return failed(err);
    *ret_line = str_from(line);
    return ERR_NONE;
}

enum err_code xgb_booster_rounds(struct xgb_booster *booster, int *ret_rounds, struct err *err)
{
    return CHECK(XGBoosterBoostedRounds(booster, ret_rounds));
}

enum err_code xgb_booster_slice(
    struct xgb_booster *booster, int rounds, struct xgb_booster **out, struct err *err)
{
    BoosterHandle handle = NULL;
    if (XGBoosterSlice(booster, 0, rounds, 1, &handle) != 0)
        return failed(err);
    *out = handle;
    return ERR_NONE;
}

enum err_code xgb_booster_set_attr(
    struct xgb_booster *booster, const char *name, const char *value, struct err *err)
{
    return CHECK(XGBoosterSetAttr(booster, name, value));
}

enum err_code xgb_booster_attr(
    struct xgb_booster *booster, const char *name, struct str *ret_value, struct err *err)
{
    const char *value = NULL;
    int found = 0;
    if (XGBoosterGetAttr(booster, name, &value, &found) != 0)
        return failed(err);
    *ret_value = found != 0 ? str_from(value) : STR_NULL;
    return ERR_NONE;
}

enum err_code
xgb_booster_features(struct xgb_booster *booster, size_t *ret_features, struct err *err)
{
    bst_ulong features = 0;
    if (XGBoosterGetNumFeature(booster, &features) != 0)
        return failed(err);
    *ret_features = features;
    return ERR_NONE;
}

/* The C API has no call for it; Python reads the same configuration. */
enum err_code
xgb_booster_parallel_trees(struct xgb_booster *booster, size_t *ret_parallel, struct err *err)
{
    const char *config = NULL;
    bst_ulong len = 0;
    if (XGBoosterSaveJsonConfig(booster, &len, &config) != 0)
        return failed(err);
    struct str text = str_of(config, len);
    struct str key = STR("\"num_parallel_tree\":\"");
    uint64_t parallel = 0;
    size_t at = str_find(text, key);
    if (at != SIZE_MAX) {
        struct str rest = str_from_index(text, at + key.len);
        struct str digits = STR_NULL;
        if (!str_split(&rest, '"', &digits) || !str_to_u64(digits, &parallel))
            parallel = 1;
    }
    *ret_parallel = parallel;
    return ERR_NONE;
}

enum err_code xgb_booster_save(
    struct xgb_booster *booster, const char *format, struct str *ret_bytes, struct err *err)
{
    char config[48];
    (void) snprintf(config, sizeof(config), "{\"format\":\"%s\"}", format);
    const char *bytes = NULL;
    bst_ulong len = 0;
    if (XGBoosterSaveModelToBuffer(booster, config, &len, &bytes) != 0)
        return failed(err);
    *ret_bytes = str_of(bytes, len);
    return ERR_NONE;
}

static size_t shape_count(const bst_ulong *shape, bst_ulong dim)
{
    size_t count = 1;
    for (bst_ulong i = 0; i < dim; i++)
        count *= shape[i];
    return count;
}

/* cache_id is not documented but required. Without a proxy of ours libxgboost makes one per call,
 * and reads two files of the cgroup each time. */
enum err_code xgb_predict_dense(
    struct xgb_booster *booster,
    const float *values,
    size_t rows,
    size_t cols,
    int rounds,
    const float **ret_values,
    size_t *ret_count,
    struct err *err)
{
    struct xgb_thread *thread = thread_ready();
    if (thread->proxy == NULL && XGProxyDMatrixCreate(&thread->proxy) != 0)
        return failed(err);
    char array[160], config[192];
    array_json(array, sizeof(array), values, rows, cols);
    (void) snprintf(
        config, sizeof(config),
        "{\"type\":0,\"training\":false,\"iteration_begin\":0,\"iteration_end\":%d,"
        "\"missing\":NaN,\"strict_shape\":false,\"cache_id\":0}",
        rounds);
    const bst_ulong *shape = NULL;
    bst_ulong dim = 0;
    const float *result = NULL;
    if (XGBoosterPredictFromDense(booster, array, config, thread->proxy, &shape, &dim, &result) !=
        0)
        return failed(err);
    *ret_values = result;
    *ret_count = shape_count(shape, dim);
    return ERR_NONE;
}

enum err_code xgb_predict_matrix(
    struct xgb_booster *booster,
    struct xgb_matrix *matrix,
    bool margin,
    int rounds,
    const float **ret_values,
    size_t *ret_count,
    struct err *err)
{
    (void) thread_ready();
    char config[160];
    (void) snprintf(
        config, sizeof(config),
        "{\"type\":%d,\"training\":false,\"iteration_begin\":0,\"iteration_end\":%d,"
        "\"strict_shape\":false}",
        margin ? 1 : 0, rounds);
    const bst_ulong *shape = NULL;
    bst_ulong dim = 0;
    const float *result = NULL;
    if (XGBoosterPredictFromDMatrix(booster, matrix, config, &shape, &dim, &result) != 0)
        return failed(err);
    *ret_values = result;
    *ret_count = shape_count(shape, dim);
    return ERR_NONE;
}

void xgb_version(int *ret_major, int *ret_minor, int *ret_patch)
{
    XGBoostVersion(ret_major, ret_minor, ret_patch);
}
