/* engine/serve/cache.h - loaded models by name: load once, keep, drop the least recently used.
 *
 * One lock guards the table and the order of use and is never held while a model loads or predicts.
 * Callers that want a model somebody is loading wait for that load and share its outcome. A model
 * is counted: one that is dropped while in use lives until its last user releases it. Threads: all
 * functions from any thread, but cache_free(). Errors: what the loader returned, to everybody who
 * waited for it; ERR_QUOTA when a model alone is larger than the memory, or than what the pinned
 * ones leave of it.
 */
#ifndef ENGINE_SERVE_CACHE_H
#define ENGINE_SERVE_CACHE_H

#include "engine/xgb/booster.h"

struct cache;
struct cached; /* one model in use */

typedef enum err_code
cache_load_fn(void *self, struct str name, struct booster **out, struct err *err);

/* pins: as pins.h, of models that are never dropped for others; outlives the cache. */
struct cache *cache_new(size_t memory_bytes, struct str pins, cache_load_fn *load, void *self);
/* Before the first use: told of each model that is dropped, with no lock held. */
typedef void cache_unloaded_fn(void *self, int64_t took_us);
void cache_watch(struct cache *cache, cache_unloaded_fn *unloaded);
void cache_free(struct cache *cache); /* nothing may be in use */
/* ret_waited: it was not there yet. Release it exactly once. */
enum err_code cache_acquire(
    struct cache *cache, struct str name, struct cached **out, bool *ret_waited, struct err *err)
    MUST_USE;
struct booster *cached_booster(const struct cached *model);
/* drop: forget the model as well, as ModelCacheSetting=Disabled wants. */
void cache_release(struct cache *cache, struct cached *model, bool drop);
bool cache_has(struct cache *cache, struct str name);
void cache_drop(struct cache *cache, struct str name); /* absent is fine */
void cache_drop_all(struct cache *cache);
size_t cache_count(struct cache *cache); /* loaded, not loading */

#endif
