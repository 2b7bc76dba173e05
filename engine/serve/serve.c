#include "engine/serve/serve.h"

#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/serve/cache.h"
#include "engine/serve/evaluate.h"
#include "engine/serve/refusal.h"
#include "engine/xgb/artifact.h"

/* The artifact, its bytes unpacked and what the store needs besides; the reader caps each. */
#define LOAD_ARENA_BYTES MIB(4096)

struct serve {
    struct serve_options options;
    struct str default_accept; /* a copy */
    struct arena *arena;
    struct cache *cache;
};

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
    int64_t fetched_us = clock_tick_us();
    if (code == ERR_NONE)
        code = artifact_read(arena, tar_gz, &artifact, err);
    if (code == ERR_NONE)
        code = booster_load(artifact.model, out, err);
    if (code == ERR_NONE && serve->options.watch != NULL)
        serve->options.watch->loaded(serve->options.watch_self, clock_tick_us() - fetched_us);
    return code;
}

static void unloaded(void *self, int64_t took_us)
{
    const struct serve *serve = self;
    serve->options.watch->unloaded(serve->options.watch_self, took_us);
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
    serve->options.pins = str_is_null(options->pins) ? STR_NULL : str_dup(arena, options->pins);
    serve->cache = cache_new(memory_bytes, serve->options.pins, load_model, serve);
    if (options->watch != NULL)
        cache_watch(serve->cache, unloaded);
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
    int64_t start_us = clock_tick_us();
    enum err_code code =
        cache_acquire(serve->cache, request->target, &model, &response.loaded_now, &load_err);
    int64_t loaded_us = response.loaded_now ? clock_tick_us() : start_us;
    response.load_us = loaded_us - start_us;
    struct refusal refusal = {0};
    if (code != ERR_NONE && !load_refusal(&load_err, &refusal)) {
        *err = load_err;
        return code;
    }
    if (code != ERR_NONE) {
        answer_refusal(arena, &refusal, &response);
    } else {
        struct booster *booster = cached_booster(model);
        const struct ensemble alone = {.members = &booster, .len = 1};
        struct evaluated evaluated = evaluate(
            arena, &alone,
            &(struct evaluation){
                .content_type = request->content_type,
                .accept = request->accept,
                .default_accept = serve->default_accept,
                .body = request->body});
        response.status = evaluated.status;
        response.content_type = evaluated.content_type;
        response.body = evaluated.body;
        cache_release(serve->cache, model, serve->options.cache_disabled);
        response.predict_us = clock_tick_us() - loaded_us;
    }
    *ret_response = response;
    return ERR_NONE;
}

void serve_load(struct serve *serve, struct str target)
{
    struct cached *model = NULL;
    bool loaded_now;
    struct err ignored = {0};
    if (cache_acquire(serve->cache, target, &model, &loaded_now, &ignored) == ERR_NONE)
        cache_release(serve->cache, model, false);
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
