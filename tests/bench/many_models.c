/* Makes many artifacts and the spec that publishes them: one small model, trained once on random
 * rows until its archive has BYTES, and then told apart by an attribute that libxgboost stores in
 * it. Another SALT makes other content under the same names.
 *
 *     many_models FOLDER COUNT BYTES SALT
 *
 * writes FOLDER/models/customer-00000.tar.gz ... and FOLDER/mme.yaml. The files differ by a few
 * bytes in size, as the attribute compresses.
 */
#include "engine/base/arena.h"
#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "engine/base/str.h"
#include "engine/xgb/artifact.h"
#include "tests/bench/bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <xgboost/c_api.h>

enum { ROWS = 2000, COLS = 20, MAX_ROUNDS = 2000, MAX_BYTES = 1 << 20, THREADS = 2 };

static BoosterHandle booster_new(const DMatrixHandle *data)
{
    BoosterHandle booster;
    XGB(XGBoosterCreate(data, 1, &booster));
    XGB(XGBoosterSetParam(booster, "objective", "binary:logistic"));
    XGB(XGBoosterSetParam(booster, "max_depth", "4"));
    XGB(XGBoosterSetParam(booster, "nthread", "1"));
    return booster;
}

static void pack(BoosterHandle booster, const char *name, struct buf *out)
{
    struct err err = {0};
    const char *bytes;
    bst_ulong len;
    XGB(XGBoosterSetAttr(booster, "variant", name));
    XGB(XGBoosterSaveModelToBuffer(booster, "{\"format\": \"deprecated\"}", &len, &bytes));
    if (artifact_pack(str_of(bytes, len), out, &err) != ERR_NONE)
        DIE("%s", err.message);
}

static struct str train(struct arena *arena, size_t wanted)
{
    struct rng rng;
    rng_seed(&rng, 7);
    float *values = ARENA_ARRAY(arena, (size_t) ROWS * COLS, float);
    float *labels = ARENA_ARRAY(arena, ROWS, float);
    for (size_t i = 0; i < (size_t) ROWS * COLS; i++)
        values[i] = (float) (rng_u64(&rng) % 100000) / 1000.0F;
    for (size_t i = 0; i < ROWS; i++)
        labels[i] = (float) (rng_u64(&rng) % 2);
    DMatrixHandle data;
    XGB(XGDMatrixCreateFromMat(values, ROWS, COLS, -1.0F, &data));
    XGB(XGDMatrixSetFloatInfo(data, "label", labels, ROWS));
    BoosterHandle booster = booster_new(&data);
    const char *bytes = NULL;
    bst_ulong len = 0;
    for (int round = 0; round < MAX_ROUNDS; round++) {
        AUTO(buf_done) struct buf packed = BUF_INIT(MAX_BYTES);
        XGB(XGBoosterUpdateOneIter(booster, round, data));
        pack(booster, "customer-00000/0", &packed);
        if (packed.len < wanted)
            continue;
        XGB(XGBoosterSaveModelToBuffer(booster, "{\"format\": \"deprecated\"}", &len, &bytes));
        break;
    }
    if (len == 0)
        DIE("no model of %zu bytes in %d rounds", wanted, MAX_ROUNDS);
    struct str model = str_dup(arena, str_of(bytes, len));
    XGBoosterFree(booster);
    XGDMatrixFree(data);
    return model;
}

struct work {
    const char *folder, *salt;
    struct str model;
    size_t count;
    atomic_size_t next;
};

static void *make(void *arg)
{
    struct work *work = arg;
    BoosterHandle booster;
    XGB(XGBoosterCreate(NULL, 0, &booster));
    XGB(XGBoosterLoadModelFromBuffer(booster, work->model.ptr, work->model.len));
    for (size_t i; (i = atomic_fetch_add(&work->next, 1)) < work->count;) {
        AUTO(buf_done) struct buf packed = BUF_INIT(MAX_BYTES);
        char name[64], path[4096];
        snprintf(name, sizeof(name), "customer-%05zu/%s", i, work->salt);
        snprintf(path, sizeof(path), "%s/models/customer-%05zu.tar.gz", work->folder, i);
        pack(booster, name, &packed);
        FILE *file = fopen(path, "wb");
        if (file == NULL || fwrite(packed.ptr, 1, packed.len, file) != packed.len ||
            fclose(file) != 0)
            DIE("cannot write %s", path);
    }
    XGBoosterFree(booster);
    return NULL;
}

static void write_spec(const char *folder, size_t count)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/mme.yaml", folder);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        DIE("cannot write %s", path);
    fputs(
        "apiVersion: mmectl/v1\nkind: MultiModelEndpoint\nmetadata: {name: bulk}\nspec:\n"
        "  region: us-east-1\n  role: arn:aws:iam::123456789012:role/SageMakerExecutionRole\n"
        "  endpoint:\n    targetModels: versioned\n    instance: {type: ml.m5.large, count: 1}\n"
        "  models:\n",
        file);
    for (size_t i = 0; i < count; i++)
        fprintf(
            file, "    - name: customer-%05zu\n      artifact: models/customer-%05zu.tar.gz\n", i,
            i);
    if (fclose(file) != 0)
        DIE("cannot write %s", path);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        DIE("usage: many_models FOLDER COUNT BYTES SALT");
    struct arena *arena = arena_new("models", 0);
    struct err err = {0};
    struct work work = {.folder = argv[1], .salt = argv[4], .count = number_of(argv[2])};
    if (file_mkdirs(str_fmt(arena, "%s/models", argv[1]).ptr, 0777, &err) != ERR_NONE)
        DIE("%s", err.message);
    work.model = train(arena, number_of(argv[3]));
    atomic_init(&work.next, 0);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, make, &work) != 0)
            DIE("no thread");
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    write_spec(argv[1], work.count);
    arena_free(arena);
    return 0;
}
