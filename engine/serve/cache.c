#include "engine/serve/cache.h"

#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/serve/pins.h"

#include <assert.h>
#include <pthread.h>

#define BUCKETS 8192U /* a power of two; ten thousand models make chains of two */

enum cached_state { CACHED_LOADING, CACHED_READY, CACHED_FAILED };

struct cached {
    struct cached *next_in_bucket;
    struct cached *newer, *older; /* order of use; ready models in the table only */
    struct booster *booster;
    size_t memory_bytes;
    size_t users; /* callers between acquire and release, waiters and the loader included */
    bool pinned;
    bool in_table; /* else it goes with its last user */
    enum cached_state state;
    pthread_cond_t loaded;
    struct err err; /* of CACHED_FAILED */
    uint64_t hash;
    size_t name_len;
    char name[];
};

struct cache {
    pthread_mutex_t lock;
    struct cached *buckets[BUCKETS];
    struct cached *newest, *oldest;
    size_t memory_bytes, used_bytes, pinned_bytes, n_ready;
    struct str pins;
    cache_load_fn *load;
    cache_unloaded_fn *unloaded; /* NULL: nobody watches */
    void *self;
};

static struct cached **bucket_of(struct cache *cache, uint64_t hash)
{
    return &cache->buckets[(hash ^ (hash >> 32)) & (BUCKETS - 1)];
}

static struct cached *find(struct cache *cache, struct str name, uint64_t hash)
{
    struct cached *model = *bucket_of(cache, hash);
    while (model != NULL &&
           (model->hash != hash || !str_eq(str_of(model->name, model->name_len), name)))
        model = model->next_in_bucket;
    return model;
}

static void use_unlink(struct cache *cache, struct cached *model)
{
    *(model->newer != NULL ? &model->newer->older : &cache->newest) = model->older;
    *(model->older != NULL ? &model->older->newer : &cache->oldest) = model->newer;
    model->newer = model->older = NULL;
}

static void use_link(struct cache *cache, struct cached *model)
{
    model->newer = NULL;
    model->older = cache->newest;
    if (cache->newest != NULL)
        cache->newest->newer = model;
    else
        cache->oldest = model;
    cache->newest = model;
}

static struct cached *table_add(struct cache *cache, struct str name, uint64_t hash)
{
    struct cached *model = xmalloc(sizeof(*model) + name.len);
    *model = (struct cached){
        .hash = hash, .name_len = name.len, .users = 1, .in_table = true, .state = CACHED_LOADING};
    memcpy(model->name, name.ptr, name.len);
    if (pthread_cond_init(&model->loaded, NULL) != 0)
        abort();
    struct cached **bucket = bucket_of(cache, hash);
    model->next_in_bucket = *bucket;
    *bucket = model;
    return model;
}

/* Takes the model out; when nobody uses it, it goes to the front of *garbage, for freeing without
 * the lock. */
static void table_remove(struct cache *cache, struct cached *model, struct cached **garbage)
{
    assert(model->in_table);
    struct cached **at = bucket_of(cache, model->hash);
    while (*at != model)
        at = &(*at)->next_in_bucket;
    *at = model->next_in_bucket;
    model->in_table = false;
    if (model->state == CACHED_READY) {
        use_unlink(cache, model);
        cache->used_bytes -= model->memory_bytes;
        cache->pinned_bytes -= model->pinned ? model->memory_bytes : 0;
        cache->n_ready--;
    }
    if (model->users == 0) {
        model->next_in_bucket = *garbage;
        *garbage = model;
    }
}

/* Without the lock. */
static void free_all(const struct cache *cache, struct cached *garbage)
{
    while (garbage != NULL) {
        struct cached *model = garbage;
        bool watched = cache->unloaded != NULL && model->state == CACHED_READY;
        int64_t start_us = watched ? clock_tick_us() : 0;
        garbage = model->next_in_bucket;
        booster_free(model->booster);
        if (watched)
            cache->unloaded(cache->self, clock_tick_us() - start_us);
        (void) pthread_cond_destroy(&model->loaded);
        xfree(model);
    }
}

/* With the lock held: one user less. */
static void leave(struct cached *model, struct cached **garbage)
{
    assert(model->users > 0);
    if (--model->users == 0 && !model->in_table) {
        model->next_in_bucket = *garbage;
        *garbage = model;
    }
}

struct cache *cache_new(size_t memory_bytes, struct str pins, cache_load_fn *load, void *self)
{
    struct cache *cache = xmalloc(sizeof(*cache));
    memset(cache, 0, sizeof(*cache));
    cache->memory_bytes = memory_bytes;
    cache->pins = pins;
    cache->load = load;
    cache->self = self;
    if (pthread_mutex_init(&cache->lock, NULL) != 0)
        abort();
    return cache;
}

void cache_watch(struct cache *cache, cache_unloaded_fn *unloaded)
{
    cache->unloaded = unloaded;
}

void cache_free(struct cache *cache)
{
    if (cache == NULL)
        return;
    cache->unloaded = NULL;
    cache_drop_all(cache);
    (void) pthread_mutex_destroy(&cache->lock);
    xfree(cache);
}

/* There is one: the pinned ones leave room. */
static struct cached *oldest_unpinned(struct cache *cache)
{
    struct cached *model = cache->oldest;
    while (model->pinned)
        model = model->newer;
    return model;
}

/* With the lock held, after a load that went well: counts the model in and makes room. */
static void admit(struct cache *cache, struct cached *model, struct cached **garbage)
{
    model->memory_bytes = booster_memory(model->booster);
    if (model->memory_bytes > cache->memory_bytes) {
        model->state = CACHED_FAILED;
        (void) err_set(
            &model->err, ERR_QUOTA, "the model needs %zu bytes of memory, the endpoint has %zu",
            model->memory_bytes, cache->memory_bytes);
        return;
    }
    if (model->memory_bytes > cache->memory_bytes - cache->pinned_bytes && model->in_table) {
        model->state = CACHED_FAILED;
        (void) err_set(
            &model->err, ERR_QUOTA,
            "the model needs %zu bytes of memory; pinned models take %zu of %zu",
            model->memory_bytes, cache->pinned_bytes, cache->memory_bytes);
        return;
    }
    model->state = CACHED_READY;
    if (!model->in_table)
        return; /* dropped while it loaded: this call still gets it */
    model->pinned = pins_have(cache->pins, str_of(model->name, model->name_len));
    while (cache->used_bytes + model->memory_bytes > cache->memory_bytes)
        table_remove(cache, oldest_unpinned(cache), garbage);
    cache->used_bytes += model->memory_bytes;
    cache->pinned_bytes += model->pinned ? model->memory_bytes : 0;
    cache->n_ready++;
    use_link(cache, model);
}

/* Called without the lock by the one caller that found no model; returns with it. */
static void load(struct cache *cache, struct cached *model, struct cached **garbage)
{
    struct booster *booster = NULL;
    struct err err = {0};
    enum err_code code =
        cache->load(cache->self, str_of(model->name, model->name_len), &booster, &err);
    pthread_mutex_lock(&cache->lock);
    model->booster = booster;
    if (code == ERR_NONE) {
        admit(cache, model, garbage);
    } else {
        model->state = CACHED_FAILED;
        model->err = err;
    }
    if (model->state == CACHED_FAILED && model->in_table)
        table_remove(cache, model, garbage);
    pthread_cond_broadcast(&model->loaded);
}

enum err_code cache_acquire(
    struct cache *cache, struct str name, struct cached **out, bool *ret_waited, struct err *err)
{
    uint64_t hash = str_hash(name);
    struct cached *garbage = NULL;
    pthread_mutex_lock(&cache->lock);
    struct cached *model = find(cache, name, hash);
    *ret_waited = model == NULL || model->state == CACHED_LOADING;
    if (model == NULL) {
        model = table_add(cache, name, hash);
        pthread_mutex_unlock(&cache->lock);
        load(cache, model, &garbage);
    } else {
        model->users++;
        while (model->state == CACHED_LOADING)
            pthread_cond_wait(&model->loaded, &cache->lock);
        if (model->in_table && cache->newest != model && model->state == CACHED_READY) {
            use_unlink(cache, model);
            use_link(cache, model);
        }
    }
    enum err_code code = ERR_NONE;
    if (model->state == CACHED_FAILED) {
        *err = model->err;
        code = err->code;
        leave(model, &garbage);
    } else {
        *out = model;
    }
    pthread_mutex_unlock(&cache->lock);
    free_all(cache, garbage);
    return code;
}

struct booster *cached_booster(const struct cached *model)
{
    return model->booster;
}

void cache_release(struct cache *cache, struct cached *model, bool drop)
{
    struct cached *garbage = NULL;
    pthread_mutex_lock(&cache->lock);
    if (drop && model->in_table)
        table_remove(cache, model, &garbage);
    leave(model, &garbage);
    pthread_mutex_unlock(&cache->lock);
    free_all(cache, garbage);
}

bool cache_has(struct cache *cache, struct str name)
{
    pthread_mutex_lock(&cache->lock);
    const struct cached *model = find(cache, name, str_hash(name));
    bool has = model != NULL && model->state == CACHED_READY;
    pthread_mutex_unlock(&cache->lock);
    return has;
}

void cache_drop(struct cache *cache, struct str name)
{
    struct cached *garbage = NULL;
    pthread_mutex_lock(&cache->lock);
    struct cached *model = find(cache, name, str_hash(name));
    if (model != NULL)
        table_remove(cache, model, &garbage);
    pthread_mutex_unlock(&cache->lock);
    free_all(cache, garbage);
}

void cache_drop_all(struct cache *cache)
{
    struct cached *garbage = NULL;
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < BUCKETS; i++)
        while (cache->buckets[i] != NULL)
            table_remove(cache, cache->buckets[i], &garbage);
    pthread_mutex_unlock(&cache->lock);
    free_all(cache, garbage);
}

size_t cache_count(struct cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    size_t count = cache->n_ready;
    pthread_mutex_unlock(&cache->lock);
    return count;
}
