/* Loads `mmectl serve`, and what it is compared with, in rounds that alternate. Each answer is
 * checked. Prints lines "OURS BASELINE" in microseconds for tests/bench/run.sh.
 *
 *     serve_load train FOLDER
 *         MODELS models of 130 trees, depth 6 (450 KB), as FOLDER/NN.bin and .ubj, and what they
 * answer serve_load warm p50|rate CONNECTIONS MODELS ROUNDS CALLS FOLDER MMECTL STATIC_SERVER calls
 * of MODELS models drawn evenly; the baseline is STATIC_SERVER with an answer of the same size.
 * p50: of a call; rate: what a thousand calls take serve_load many FEW MANY ROUNDS CALLS FOLDER
 * MMECTL OUT one model's p50 while MANY models are loaded, and while FEW are: to OUT/loaded.txt; a
 *         thousand calls of all of MANY drawn evenly, and of the FEW: to OUT/uniform.txt; resident
 *         kilobytes of MANY, and of as many boosters of libxgboost (measured on a tenth): to
 *         OUT/memory.txt
 *     serve_load cold bin|ubj ROUNDS LOADS FOLDER MMECTL
 *         p99 of POST /models and the first call together; the baseline is libxgboost loading the
 *         same bytes and scoring the row
 *     serve_load zipf ROUNDS CALLS MODELS ROOM FOLDER
 *         a thousand calls of the cache of engine/serve/serve.h, by Zipf's law (s = 1), with memory
 *         for ROOM models; the baseline has memory for all
 */
#include "tests/bench/serve_load.h"

#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "engine/serve/serve.h"
#include "engine/xgb/artifact.h"

#include <string.h>

enum { LOADING = 4 }; /* connections that load models */

static struct str file_of(struct arena *arena, const char *folder, size_t model, const char *end)
{
    return str_fmt(arena, "%s/%02zu.%s", folder, model % BENCH_MODELS, end);
}

struct str bench_read(struct arena *arena, const char *folder, size_t model, const char *end)
{
    struct str bytes = STR_NULL;
    struct err err = {0};
    if (file_read(arena, file_of(arena, folder, model, end).ptr, MIB(64), &bytes, &err) != ERR_NONE)
        DIE("%s", err.message);
    return bytes;
}

/* ---- what is asked ---- */

static struct load_call
post(struct arena *arena, struct str path, const char *type, struct str body, struct str want)
{
    return (struct load_call){
        .text = str_fmt(
            arena,
            "POST " STR_FMT
            " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: %s\r\nAccept: text/csv\r\n"
            "X-Amzn-SageMaker-Target-Model: model.tar.gz\r\nUser-Agent: bench\r\n"
            "Content-Length: %zu\r\n\r\n" STR_FMT,
            STR_ARG(path), type, body.len, STR_ARG(body)),
        .want = want};
}

static struct load_call
load_call(struct arena *arena, const char *folder, size_t model, const char *end)
{
    struct str body = str_fmt(
        arena, "{\"model_name\": \"m%zu\", \"url\": \"" STR_FMT "\"}", model,
        STR_ARG(file_of(arena, folder, model, end)));
    return post(arena, STR("/models"), "application/json", body, STR_NULL);
}

static struct load_call invoke_call(struct arena *arena, const char *folder, size_t model)
{
    return post(
        arena, str_fmt(arena, "/models/m%zu/invoke", model), "text/csv",
        bench_read(arena, folder, 0, "row"), bench_read(arena, folder, model, "answer"));
}

static struct load_call *invoke_calls(struct arena *arena, const char *folder, size_t models)
{
    struct load_call *calls = ARENA_ARRAY(arena, models, struct load_call);
    for (size_t i = 0; i < models; i++) /* the texts of the same model are shared */
        calls[i] = invoke_call(arena, folder, i);
    return calls;
}

static void load_all(struct arena *arena, const char *folder, uint16_t port, size_t models)
{
    struct load_call *calls = ARENA_ARRAY(arena, models, struct load_call);
    for (size_t i = 0; i < models; i++)
        calls[i] = load_call(arena, folder, i, "bin");
    load_run(
        &(struct load_plan){
            .port = port,
            .connections = LOADING,
            .calls = calls,
            .n_calls = models,
            .total = models},
        NULL);
}

static struct load_server serve_start(const char *mmectl)
{
    const char *argv[] = {mmectl, "serve", "--port", "0", NULL};
    return load_server_start(argv);
}

static struct load_server static_start(const char *program, size_t bytes)
{
    char size[32];
    snprintf(size, sizeof(size), "%zu", bytes);
    const char *argv[] = {program, size, "2", NULL};
    return load_server_start(argv);
}

/* Microseconds: the median, or of a thousand calls. */
static int64_t measure(struct load_plan plan, uint16_t port, bool rate, int64_t *times)
{
    plan.port = port;
    int64_t start_us = now_us();
    load_run(&plan, times);
    int64_t took_us = now_us() - start_us;
    return rate ? took_us * 1000 / (int64_t) plan.total : median_of(times, plan.total);
}

/* ---- warm ---- */

static void warm(struct arena *arena, char **argv)
{
    bool rate = strcmp(argv[0], "rate") == 0;
    size_t connections = number_of(argv[1]), models = number_of(argv[2]);
    size_t rounds = number_of(argv[3]), total = number_of(argv[4]);
    struct load_server ours = serve_start(argv[6]);
    load_all(arena, argv[5], ours.port, models);
    struct load_plan plan = {
        .connections = connections,
        .calls = invoke_calls(arena, argv[5], models),
        .n_calls = models,
        .total = total,
        .drawn = true};
    struct load_server fixed = static_start(argv[7], plan.calls[0].want.len);
    struct load_plan blind = plan;
    struct load_call *calls = ARENA_ARRAY(arena, models, struct load_call);
    for (size_t i = 0; i < models; i++)
        calls[i].text = plan.calls[i].text; /* the fixed answer is another */
    blind.calls = calls;
    int64_t *times = ARENA_ARRAY(arena, total, int64_t);
    measure(plan, ours.port, rate, times); /* not counted */
    measure(blind, fixed.port, rate, times);
    for (; rounds > 0; rounds--) {
        int64_t ours_us = measure(plan, ours.port, rate, times);
        int64_t fixed_us = measure(blind, fixed.port, rate, times);
        printf("%jd %jd\n", (intmax_t) ours_us, (intmax_t) fixed_us);
    }
    load_server_end(&ours);
    load_server_end(&fixed);
}

/* ---- ten thousand ---- */

static FILE *open_out(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        DIE("cannot write %s", path);
    return file;
}

static void many(struct arena *arena, char **argv)
{
    size_t few = number_of(argv[0]), all = number_of(argv[1]), rounds = number_of(argv[2]);
    size_t total = number_of(argv[3]);
    struct load_server large = serve_start(argv[5]), small = serve_start(argv[5]);
    size_t empty_kib = load_server_kib(&large);
    load_all(arena, argv[4], large.port, all);
    load_all(arena, argv[4], small.port, few);
    FILE *memory = open_out(argv[6], "memory.txt");
    size_t tenth = all / 10 > 0 ? all / 10 : 1;
    fprintf(
        memory, "%zu %zu\n", load_server_kib(&large) - empty_kib,
        bench_boosters_kib(argv[4], tenth) * all / tenth);
    fclose(memory);
    struct load_plan one = {
        .connections = 1, .calls = invoke_calls(arena, argv[4], 1), .n_calls = 1, .total = total};
    struct load_plan even = {
        .connections = 64,
        .calls = invoke_calls(arena, argv[4], all),
        .n_calls = all,
        .total = total,
        .drawn = true};
    struct load_plan even_few = even;
    even_few.n_calls = few;
    int64_t *times = ARENA_ARRAY(arena, total, int64_t);
    FILE *loaded = open_out(argv[6], "loaded.txt"), *uniform = open_out(argv[6], "uniform.txt");
    measure(one, large.port, false, times); /* not counted */
    measure(one, small.port, false, times);
    for (; rounds > 0; rounds--) {
        int64_t a = measure(one, large.port, false, times),
                b = measure(one, small.port, false, times);
        fprintf(loaded, "%jd %jd\n", (intmax_t) a, (intmax_t) b);
        a = measure(even, large.port, true, times);
        b = measure(even_few, small.port, true, times);
        fprintf(uniform, "%jd %jd\n", (intmax_t) a, (intmax_t) b);
    }
    fclose(loaded);
    fclose(uniform);
    load_server_end(&large);
    load_server_end(&small);
}

/* ---- cold ---- */

static void cold(struct arena *arena, char **argv)
{
    const char *end = argv[0];
    size_t rounds = number_of(argv[1]), loads = number_of(argv[2]);
    struct load_server ours = serve_start(argv[4]);
    int64_t *times = ARENA_ARRAY(arena, loads, int64_t), *bare = ARENA_ARRAY(arena, loads, int64_t);
    struct str row = bench_read(arena, argv[3], 0, "row");
    size_t next = 0;
    for (size_t round = 0; round <= rounds; round++) {
        for (size_t i = 0; i < loads; i++, next++) {
            struct load_call calls[] = {
                load_call(arena, argv[3], next, end), invoke_call(arena, argv[3], next)};
            struct str bytes = bench_read(arena, argv[3], next, end);
            int64_t start_us = now_us();
            load_run(
                &(struct load_plan){
                    .port = ours.port, .connections = 1, .calls = calls, .n_calls = 2, .total = 2},
                NULL);
            times[i] = now_us() - start_us;
            bare[i] = bench_load_and_score(bytes, row);
        }
        qsort(times, loads, sizeof(*times), by_value);
        qsort(bare, loads, sizeof(*bare), by_value);
        if (round > 0) /* the first is not counted */
            printf(
                "%jd %jd\n", (intmax_t) times[loads - 1 - loads / 100],
                (intmax_t) bare[loads - 1 - loads / 100]);
    }
    load_server_end(&ours);
}

/* ---- a cache that is too small ---- */

struct shelf {
    struct str *archives;
};

static enum err_code
fetch(void *self, struct arena *arena, struct str target, struct str *ret_tar_gz, struct err *err)
{
    const struct shelf *shelf = self;
    uint64_t model = 0;
    (void) arena;
    if (!str_to_u64(str_from_index(target, 1), &model))
        return err_set(err, ERR_NOT_FOUND, "no such model");
    *ret_tar_gz = shelf->archives[model % BENCH_MODELS];
    return ERR_NONE;
}

static struct serve *cache_of(const struct shelf *shelf, size_t models, size_t model_bytes)
{
    static const struct serve_store_ops ops = {.fetch = fetch};
    return serve_new(&(struct serve_options){
        .memory_bytes = models * model_bytes,
        .store = &ops,
        .store_self = (void *) (uintptr_t) shelf});
}

static int64_t
zipf_us(struct serve *serve, const char *folder, const double *sums, size_t models, size_t total)
{
    struct arena *arena = arena_new("call", 0), *kept = arena_new("row", 0);
    struct str row = bench_read(kept, folder, 0, "row");
    struct rng rng;
    rng_seed(&rng, total);
    int64_t start_us = now_us();
    for (size_t i = 0; i < total; i++) {
        double at = rng_unit(&rng) * sums[models - 1];
        size_t low = 0, high = models - 1;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (sums[middle] < at)
                low = middle + 1;
            else
                high = middle;
        }
        struct serve_request request = {
            .target = str_fmt(arena, "m%zu", low),
            .content_type = STR("text/csv"),
            .accept = STR("text/csv"),
            .body = row};
        struct serve_response response;
        struct err err = {0};
        if (serve_invoke(serve, arena, &request, &response, &err) != ERR_NONE ||
            response.status != 200)
            DIE("the cache: %s" STR_FMT, err.message, STR_ARG(response.body));
        arena_reset(arena);
    }
    int64_t took_us = (now_us() - start_us) * 1000 / (int64_t) total;
    arena_free(arena);
    arena_free(kept);
    return took_us;
}

static void zipf(struct arena *arena, char **argv)
{
    size_t rounds = number_of(argv[0]), total = number_of(argv[1]), models = number_of(argv[2]);
    size_t room = number_of(argv[3]), model_bytes = 0;
    struct shelf shelf = {.archives = ARENA_ARRAY(arena, BENCH_MODELS, struct str)};
    double *sums = ARENA_ARRAY(arena, models, double), sum = 0;
    struct err err = {0};
    for (size_t i = 0; i < models; i++)
        sums[i] = sum += 1.0 / (double) (i + 1);
    for (size_t i = 0; i < BENCH_MODELS; i++) {
        AUTO(booster_close) struct booster *booster = NULL;
        AUTO(buf_done) struct buf packed = BUF_INIT(MIB(8));
        struct str bytes = bench_read(arena, argv[4], i, "bin");
        if (artifact_pack(bytes, &packed, &err) != ERR_NONE ||
            booster_load(bytes, &booster, &err) != ERR_NONE)
            DIE("%s", err.message);
        shelf.archives[i] = str_dup(arena, buf_str(&packed));
        if (booster_memory(booster) > model_bytes)
            model_bytes = booster_memory(booster);
    }
    struct serve *small = cache_of(&shelf, room, model_bytes);
    struct serve *large = cache_of(&shelf, models, model_bytes);
    zipf_us(small, argv[4], sums, models, total); /* not counted */
    zipf_us(large, argv[4], sums, models, total);
    for (; rounds > 0; rounds--) {
        int64_t ours_us = zipf_us(small, argv[4], sums, models, total);
        int64_t all_us = zipf_us(large, argv[4], sums, models, total);
        printf("%jd %jd\n", (intmax_t) ours_us, (intmax_t) all_us);
    }
    serve_free(small);
    serve_free(large);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int arguments;
        void (*run)(struct arena *arena, char **argv);
    } modes[] = {{"warm", 8, warm}, {"many", 7, many}, {"cold", 5, cold}, {"zipf", 5, zipf}};
    struct arena *arena = arena_new("bench", MIB(4096));
    if (argc == 3 && strcmp(argv[1], "train") == 0) {
        bench_train(arena, argv[2]);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (argc == modes[i].arguments + 2 && strcmp(argv[1], modes[i].name) == 0) {
            modes[i].run(arena, argv + 2);
            arena_free(arena);
            return 0;
        }
    DIE("usage: in the first comment of tests/bench/serve_load.c");
}
