#include "engine/serve/serve.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/serve/answer.h"
#include "engine/serve/cache.h"
#include "engine/serve/payload.h"
#include "engine/xgb/artifact.h"

#include <time.h>

/* The artifact, its bytes unpacked and what the store needs besides; the reader caps each. */
#define LOAD_ARENA_BYTES MIB(4096)
/* Values of one call to libxgboost; more rows are predicted in turns. */
#define BLOCK_VALUES ((size_t) 1 << 18)

struct serve {
    struct serve_options options;
    struct str default_accept; /* a copy */
    struct arena *arena;
    struct cache *cache;
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* cache_load_fn: store -> tar.gz -> model bytes -> booster */
static enum err_code
load_model(void *self, struct str target, struct booster **out, struct err *err)
{
    const struct serve *serve = self;
    AUTO(arena_close) struct arena *arena = arena_new("model load", LOAD_ARENA_BYTES);
    struct str tar_gz = STR_NULL;
    struct artifact artifact;
    enum err_code code =
        serve->options.store->fetch(serve->options.store_self, arena, target, &tar_gz, err);
    if (code == ERR_NONE)
        code = artifact_read(arena, tar_gz, &artifact, err);
    if (code == ERR_NONE)
        code = booster_load(artifact.model, out, err);
    return code;
}

struct serve *serve_new(const struct serve_options *options)
{
    struct serve *serve = xmalloc(sizeof(*serve));
    struct arena *arena = arena_new("serve", MIB(1));
    *serve = (struct serve){
        .options = *options,
        .arena = arena,
        .default_accept = str_is_null(options->default_accept)
                              ? STR_NULL
                              : str_dup(arena, options->default_accept)};
    size_t memory_bytes = options->memory_bytes > 0 ? options->memory_bytes : MIB(1024);
    serve->cache = cache_new(memory_bytes, load_model, serve);
    return serve;
}

void serve_free(struct serve *serve)
{
    if (serve == NULL)
        return;
    cache_free(serve->cache);
    arena_free(serve->arena);
    xfree(serve);
}

static void
answer_refusal(struct arena *arena, const struct refusal *refusal, struct serve_response *response)
{
    response->status = refusal->status;
    response->content_type = STR("text/plain");
    response->body = str_dup(arena, str_from(refusal->reason));
}

/* Reads, predicts and writes block by block. */
static bool predict_blocks(
    struct arena *arena,
    const struct booster *booster,
    struct payload *payload,
    struct answer *answer,
    struct refusal *refusal)
{
    size_t cols = booster_features(booster), rows = payload_rows_left(payload);
    size_t wide = cols > answer->outputs ? cols : answer->outputs;
    size_t block = wide < BLOCK_VALUES ? BLOCK_VALUES / wide : 1;
    block = rows < block ? rows : block;
    float *values = ARENA_ARRAY(arena, block * cols, float);
    float *predictions = ARENA_ARRAY(arena, block * answer->outputs, float);
    answer_begin(answer);
    for (;;) {
        size_t n = 0;
        struct err err = {0};
        if (!payload_read(payload, values, block, &n, refusal))
            return false;
        if (n == 0)
            break;
        if (booster_predict(booster, values, n, cols, predictions, block * answer->outputs, &err) !=
            ERR_NONE)
            return refuse(refusal, 400, "Unable to evaluate payload provided: %s", err.message);
        answer_rows(answer, predictions, n);
        if (!buf_ok(answer->out))
            break;
    }
    answer_end(answer);
    if (!buf_ok(answer->out))
        return refuse(refusal, 413, "the predictions take more than %zu bytes", ANSWER_MAX_BYTES);
    return true;
}

static void evaluate(
    struct serve *serve,
    struct arena *arena,
    const struct booster *booster,
    const struct serve_request *request,
    struct serve_response *response)
{
    struct refusal refusal = {0};
    struct payload payload;
    struct answer_type type;
    AUTO(buf_done) struct buf text = BUF_INIT(ANSWER_MAX_BYTES);
    struct answer answer = {.outputs = booster_outputs(booster), .out = &text};
    if (!payload_open(
            &payload, request->body, request->content_type, booster_features(booster), &refusal) ||
        !answer_type_of(request->accept, serve->default_accept, &type, &refusal)) {
        answer_refusal(arena, &refusal, response);
        return;
    }
    answer.format = type.format;
    if (!predict_blocks(arena, booster, &payload, &answer, &refusal)) {
        answer_refusal(arena, &refusal, response);
        return;
    }
    response->status = 200;
    response->content_type = str_dup(arena, type.content_type);
    response->body = str_dup(arena, buf_str(&text));
}

/* What the container answers when a model does not load; the store's own faults stay errors. */
static bool load_refusal(const struct err *err, struct refusal *refusal)
{
    if (err->code == ERR_PROTOCOL)
        (void) refuse(refusal, 500, "Unable to load model: %s", err->message);
    else if (err->code == ERR_QUOTA)
        (void) refuse(refusal, 507, "Unable to load model: %s", err->message);
    else
        return false;
    return true;
}

enum err_code serve_invoke(
    struct serve *serve,
    struct arena *arena,
    const struct serve_request *request,
    struct serve_response *ret_response,
    struct err *err)
{
    struct cached *model = NULL;
    struct err load_err = {0};
    struct serve_response response = {.body = STR(""), .content_type = STR_NULL};
    int64_t start_us = now_us();
    enum err_code code =
        cache_acquire(serve->cache, request->target, &model, &response.loaded_now, &load_err);
    int64_t loaded_us = response.loaded_now ? now_us() : start_us;
    response.load_us = loaded_us - start_us;
    struct refusal refusal = {0};
    if (code != ERR_NONE && !load_refusal(&load_err, &refusal)) {
        *err = load_err;
        return code;
    }
    if (code != ERR_NONE) {
        answer_refusal(arena, &refusal, &response);
    } else {
        evaluate(serve, arena, cached_booster(model), request, &response);
        cache_release(serve->cache, model, serve->options.cache_disabled);
        response.predict_us = now_us() - loaded_us;
    }
    *ret_response = response;
    return ERR_NONE;
}

bool serve_is_loaded(struct serve *serve, struct str target)
{
    return cache_has(serve->cache, target);
}

void serve_unload(struct serve *serve, struct str target)
{
    cache_drop(serve->cache, target);
}

void serve_unload_all(struct serve *serve)
{
    cache_drop_all(serve->cache);
}

size_t serve_loaded_count(struct serve *serve)
{
    return cache_count(serve->cache);
}
