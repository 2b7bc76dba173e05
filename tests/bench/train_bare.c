/* Trains the variants of a spec with libxgboost's C functions and nothing around them: the CSV
 * read once, one booster per variant, its parameters, its rounds with their metrics (what the
 * job's log shows), the model's bytes. THREADS threads share the variants out, nthread is 1 each.
 * Prints the microseconds from the first byte read to the last model; with a folder, keeps the
 * models there.
 *
 *     train_bare SPEC THREADS [FOLDER]
 */
#include "engine/base/arena.h"
#include "engine/base/str.h"
#include "specs/spec.h"
#include "tests/bench/bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <xgboost/c_api.h>

enum { MAX_THREADS = 64 };

struct table {
    float *values, *labels;
    size_t rows, cols;
};

struct model {
    char *bytes;
    size_t len;
};

struct work {
    const struct spec *spec;
    struct arena *arena;
    struct table train, validation;
    struct model *models;
    atomic_size_t next;
};

/* gcc's <omp.h> is not in clang's path; the prototype is OpenMP's own. */
extern void omp_set_num_threads(int threads);

/* Label first, no header, every cell a number. */
static struct table read_table(struct arena *arena, const char *path)
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
    struct table table = {0};
    for (const char *c = text; *c != '\n' && *c != '\0'; c++)
        table.cols += *c == ',';
    for (const char *c = text; *c != '\0'; c++)
        table.rows += *c == '\n';
    table.values = ARENA_ARRAY(arena, table.rows * table.cols, float);
    table.labels = ARENA_ARRAY(arena, table.rows, float);
    char *at = text;
    for (size_t row = 0; row < table.rows; row++) {
        table.labels[row] = strtof(at, &at);
        for (size_t col = 0; col < table.cols; col++)
            table.values[row * table.cols + col] = strtof(at + 1, &at);
        if (*at++ != '\n')
            DIE("%s: row %zu is not as wide as the first", path, row + 1);
    }
    return table;
}

static DMatrixHandle matrix_of(const struct table *table)
{
    char array[160];
    DMatrixHandle matrix = NULL;
    snprintf(
        array, sizeof(array),
        "{\"data\":[%ju,true],\"shape\":[%zu,%zu],\"typestr\":\"<f4\",\"version\":3}",
        (uintmax_t) (uintptr_t) table->values, table->rows, table->cols);
    XGB(XGDMatrixCreateFromDense(array, "{\"missing\":NaN,\"nthread\":1}", &matrix));
    XGB(XGDMatrixSetFloatInfo(matrix, "label", table->labels, table->rows));
    return matrix;
}

static void train(struct work *work, struct arena *arena, size_t index)
{
    const struct spec_map *parameters = &work->spec->models[index].hyperparameters;
    DMatrixHandle sets[2] = {matrix_of(&work->train), matrix_of(&work->validation)};
    const char *names[2] = {"train", "validation"};
    BoosterHandle booster = NULL;
    int64_t rounds = 0;
    XGB(XGBoosterCreate(sets, 2, &booster));
    for (size_t i = 0; i < parameters->len; i++) {
        const struct spec_pair *pair = &parameters->items[i];
        if (str_eq_z(pair->name, "num_round")
                ? !str_to_i64(pair->value, &rounds)
                : XGBoosterSetParam(booster, str_z(arena, pair->name), str_z(arena, pair->value)) !=
                      0)
            DIE("parameter " STR_FMT, STR_ARG(pair->name));
    }
    XGB(XGBoosterSetParam(booster, "nthread", "1"));
    for (int round = 0; round < rounds; round++) {
        const char *line = NULL;
        XGB(XGBoosterUpdateOneIter(booster, round, sets[0]));
        XGB(XGBoosterEvalOneIter(booster, round, sets, names, 2, &line));
    }
    const char *bytes = NULL;
    bst_ulong len = 0;
    XGB(XGBoosterSaveModelToBuffer(booster, "{\"format\":\"deprecated\"}", &len, &bytes));
    work->models[index] = (struct model){malloc(len), len};
    if (work->models[index].bytes == NULL)
        DIE("no memory");
    memcpy(work->models[index].bytes, bytes, len);
    XGB(XGBoosterFree(booster));
    XGB(XGDMatrixFree(sets[0]));
    XGB(XGDMatrixFree(sets[1]));
}

static void *run(void *arg)
{
    struct work *work = arg;
    struct arena *arena = arena_new("training", 0);
    omp_set_num_threads(1);
    XGB(XGBSetGlobalConfig("{\"verbosity\":0}"));
    for (;;) {
        size_t index = atomic_fetch_add(&work->next, 1);
        if (index >= work->spec->n_models)
            break;
        train(work, arena, index);
    }
    arena_free(arena);
    return NULL;
}

static const char *path_of(struct work *work, const char *channel)
{
    const struct spec_training *training = &work->spec->training;
    for (size_t i = 0; i < training->n_channels; i++)
        if (str_eq_z(training->channels[i].name.value, channel))
            return str_z(work->arena, training->channels[i].path);
    DIE("the spec has no channel '%s'", channel);
}

static void load_spec(struct work *work, const char *path)
{
    struct str paths[] = {str_from(path)};
    struct spec_options options = {.region = STR_NULL};
    struct diags diags;
    struct spec_list specs = {0};
    struct err err = {0};
    diags_init(&diags, work->arena);
    if (spec_load(work->arena, paths, 1, &options, &diags, &specs, &err) != ERR_NONE ||
        specs.len != 1)
        DIE("%s: not one spec: %s", path, err.message);
    work->spec = specs.items[0];
    work->models = ARENA_ARRAY(work->arena, work->spec->n_models, struct model);
}

static void keep(const struct work *work, const char *folder)
{
    for (size_t i = 0; i < work->spec->n_models; i++) {
        struct str path =
            str_fmt(work->arena, "%s/" STR_FMT, folder, STR_ARG(work->spec->models[i].name.value));
        FILE *file = fopen(str_z(work->arena, path), "wb");
        if (file == NULL ||
            fwrite(work->models[i].bytes, 1, work->models[i].len, file) != work->models[i].len ||
            fclose(file) != 0)
            DIE("cannot write to %s", folder);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 4)
        DIE("usage: train_bare SPEC THREADS [FOLDER]");
    struct work work = {.arena = arena_new("bench", 0)};
    size_t n_threads = number_of(argv[2]);
    if (n_threads > MAX_THREADS)
        DIE("more than %d threads", MAX_THREADS);
    load_spec(&work, argv[1]);
    const char *train_path = path_of(&work, "train");
    const char *validation_path = path_of(&work, "validation");

    int64_t start_us = now_us();
    work.train = read_table(work.arena, train_path);
    work.validation = read_table(work.arena, validation_path);
    pthread_t threads[MAX_THREADS];
    for (size_t i = 0; i < n_threads; i++)
        if (pthread_create(&threads[i], NULL, run, &work) != 0)
            DIE("no thread");
    for (size_t i = 0; i < n_threads; i++)
        pthread_join(threads[i], NULL);
    printf("%jd\n", (intmax_t) (now_us() - start_us));

    if (argc == 4)
        keep(&work, argv[3]);
    for (size_t i = 0; i < work.spec->n_models; i++)
        free(work.models[i].bytes);
    arena_free(work.arena);
    return 0;
}
