/* Trains one model for each value of a CSV's first column with libxgboost's C functions and nothing
 * around them: the file read and sorted into groups once, one booster per group, its parameters,
 * its rounds with their metric, the model's bytes. THREADS threads share the groups out, nthread is
 * 1 each. Prints the microseconds from the first booster to the last model, and those that as
 * many threads then need to pack the models as artifacts.
 *
 *     groups_bare CSV THREADS ROUNDS NAME=VALUE...
 */
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/str.h"
#include "engine/xgb/artifact.h"
#include "tests/bench/bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <xgboost/c_api.h>

enum { MAX_THREADS = 64 };

struct line {
    char *at;
    size_t number, key_len;
};

struct group {
    size_t start, len;
};

struct model {
    char *bytes;
    size_t len;
};

struct work {
    struct arena *arena;
    struct line *lines;
    size_t n_lines, cols;
    float *values, *labels;
    struct group *groups;
    size_t n_groups;
    struct model *models;
    char **parameters;
    int n_parameters, rounds;
    bool packing;
    atomic_size_t next;
};

/* gcc's <omp.h> is not in clang's path; the prototype is OpenMP's own. */
extern void omp_set_num_threads(int threads);

static char *read_file(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        DIE("cannot read %s", path);
    size_t size = (size_t) ftell(file);
    rewind(file);
    char *text = arena_alloc(arena, size + 1);
    if (fread(text, 1, size, file) != size)
        DIE("cannot read %s", path);
    fclose(file);
    return text;
}

static bool same_key(const struct line *a, const struct line *b)
{
    return a->key_len == b->key_len && memcmp(a->at, b->at, a->key_len) == 0;
}

static int by_key(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int order = memcmp(x->at, y->at, x->key_len < y->key_len ? x->key_len : y->key_len);
    if (order != 0)
        return order;
    if (x->key_len != y->key_len)
        return x->key_len < y->key_len ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

/* Key, label, features; no header, every other cell a number. */
static void read_groups(struct work *work, const char *path)
{
    char *text = read_file(work->arena, path);
    size_t rows = 0;
    for (const char *c = text; *c != '\n' && *c != '\0'; c++)
        work->cols += *c == ',';
    work->cols--;
    for (const char *c = text; *c != '\0'; c++)
        rows += *c == '\n';
    work->lines = ARENA_ARRAY(work->arena, rows, struct line);
    for (char *at = text; *at != '\0'; at = strchr(at, '\n') + 1) {
        size_t number = work->n_lines++;
        work->lines[number] = (struct line){at, number, (size_t) (strchr(at, ',') - at)};
    }
    qsort(work->lines, rows, sizeof(*work->lines), by_key);
    work->values = ARENA_ARRAY(work->arena, rows * work->cols, float);
    work->labels = ARENA_ARRAY(work->arena, rows, float);
    work->groups = ARENA_ARRAY(work->arena, rows, struct group);
    for (size_t row = 0; row < rows; row++) {
        const struct line *line = &work->lines[row];
        if (row == 0 || !same_key(line, &work->lines[row - 1]))
            work->groups[work->n_groups++] = (struct group){row, 0};
        work->groups[work->n_groups - 1].len++;
        char *at = line->at + line->key_len + 1;
        work->labels[row] = strtof(at, &at);
        for (size_t col = 0; col < work->cols; col++)
            work->values[row * work->cols + col] = strtof(at + 1, &at);
        if (*at != '\n')
            DIE("%s: row %zu is not as wide as the first", path, line->number + 1);
    }
    work->models = ARENA_ARRAY(work->arena, work->n_groups, struct model);
}

static DMatrixHandle matrix_of(const struct work *work, const struct group *group)
{
    char array[160];
    DMatrixHandle matrix = NULL;
    snprintf(
        array, sizeof(array),
        "{\"data\":[%ju,true],\"shape\":[%zu,%zu],\"typestr\":\"<f4\",\"version\":3}",
        (uintmax_t) (uintptr_t) (work->values + group->start * work->cols), group->len, work->cols);
    XGB(XGDMatrixCreateFromDense(array, "{\"missing\":NaN,\"nthread\":1}", &matrix));
    XGB(XGDMatrixSetFloatInfo(matrix, "label", work->labels + group->start, group->len));
    return matrix;
}

static void train(struct work *work, size_t index)
{
    DMatrixHandle matrix = matrix_of(work, &work->groups[index]);
    const char *names[1] = {"train"};
    BoosterHandle booster = NULL;
    XGB(XGBoosterCreate(&matrix, 1, &booster));
    for (int i = 0; i < work->n_parameters; i++) {
        const char *name = work->parameters[i]; /* its value stands behind its end */
        XGB(XGBoosterSetParam(booster, name, name + strlen(name) + 1));
    }
    XGB(XGBoosterSetParam(booster, "nthread", "1"));
    for (int round = 0; round < work->rounds; round++) {
        const char *line = NULL;
        XGB(XGBoosterUpdateOneIter(booster, round, matrix));
        XGB(XGBoosterEvalOneIter(booster, round, &matrix, names, 1, &line));
    }
    const char *bytes = NULL;
    bst_ulong len = 0;
    XGB(XGBoosterSaveModelToBuffer(booster, "{\"format\":\"deprecated\"}", &len, &bytes));
    work->models[index] = (struct model){malloc(len), len};
    if (work->models[index].bytes == NULL)
        DIE("no memory");
    memcpy(work->models[index].bytes, bytes, len);
    XGB(XGBoosterFree(booster));
    XGB(XGDMatrixFree(matrix));
}

static void pack(const struct model *model)
{
    struct buf tar_gz = BUF_INIT(MIB(64));
    struct err err = {0};
    if (artifact_pack(str_of(model->bytes, model->len), &tar_gz, &err) != ERR_NONE)
        DIE("packing: %s", err.message);
    buf_done(&tar_gz);
}

static void *run(void *arg)
{
    struct work *work = arg;
    omp_set_num_threads(1);
    XGB(XGBSetGlobalConfig("{\"verbosity\":0}"));
    for (;;) {
        size_t index = atomic_fetch_add(&work->next, 1);
        if (index >= work->n_groups)
            return NULL;
        if (work->packing)
            pack(&work->models[index]);
        else
            train(work, index);
    }
}

static void run_threads(struct work *work, size_t n_threads)
{
    pthread_t threads[MAX_THREADS];
    work->next = 0;
    for (size_t i = 0; i < n_threads; i++)
        if (pthread_create(&threads[i], NULL, run, work) != 0)
            DIE("no thread");
    for (size_t i = 0; i < n_threads; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        DIE("usage: groups_bare CSV THREADS ROUNDS NAME=VALUE...");
    struct work work = {
        .arena = arena_new("bench", 0), .parameters = argv + 4, .n_parameters = argc - 4};
    for (int i = 0; i < work.n_parameters; i++) {
        char *equals = strchr(work.parameters[i], '=');
        if (equals == NULL)
            DIE("'%s' is not NAME=VALUE", work.parameters[i]);
        *equals = '\0';
    }
    size_t n_threads = number_of(argv[2]);
    if (n_threads > MAX_THREADS)
        DIE("more than %d threads", MAX_THREADS);
    work.rounds = (int) number_of(argv[3]);
    read_groups(&work, argv[1]);
    int64_t start_us = now_us();
    run_threads(&work, n_threads);
    int64_t trained_us = now_us();
    work.packing = true;
    run_threads(&work, n_threads);
    printf("%jd %jd\n", (intmax_t) (trained_us - start_us), (intmax_t) (now_us() - trained_us));
    for (size_t i = 0; i < work.n_groups; i++)
        free(work.models[i].bytes);
    arena_free(work.arena);
    return 0;
}
