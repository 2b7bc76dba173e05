/* engine/serve/serve.h - many models in memory behind one call: load on first use, keep, evict.
 *
 * The engine behind the stand-in's endpoints (and `mmectl serve`). A model is fetched as a
 * model.tar.gz through the store, checked, loaded, and kept until memory is short; then the least
 * recently used go first. Loads of one model are coalesced; a load never blocks calls to another
 * model. Payload rules: the XGBoost container's in multi-model mode. Threads: everything here may
 * be called from any thread.
 */
#ifndef ENGINE_SERVE_SERVE_H
#define ENGINE_SERVE_SERVE_H

#include "engine/base/err.h"

struct serve;

/* Where artifacts come from. fetch: the whole model.tar.gz on the arena; ERR_NOT_FOUND when there
 * is none. */
struct serve_store_ops {
    enum err_code (*fetch)(
        void *self,
        struct arena *arena,
        struct str target,
        struct str *ret_tar_gz,
        struct err *err);
};

/* What was done with models, for who measures it; called with no lock held. */
struct serve_watch_ops {
    void (*loaded)(void *self, int64_t took_us);   /* unpacked and read; without the fetch */
    void (*unloaded)(void *self, int64_t took_us); /* not when all goes with serve_free() */
};

struct serve_options {
    size_t memory_bytes;       /* for loaded models; 0 = 1 GiB */
    bool cache_disabled;       /* ModelCacheSetting=Disabled: unload after each call */
    struct str default_accept; /* SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT; null = application/json */
    struct str pins;           /* MMECTL_PIN, as pins.h */
    const struct serve_store_ops *store;
    void *store_self;
    const struct serve_watch_ops *watch; /* NULL: nobody does */
    void *watch_self;
};

struct serve *serve_new(const struct serve_options *options);
void serve_free(struct serve *serve);

struct serve_request {
    struct str target;               /* TargetModel */
    struct str content_type, accept; /* null when absent */
    struct str body;
};

struct serve_response {
    int status;                    /* the container's: 200, 4xx with a reason, 500, 507 */
    struct str content_type, body; /* on the arena; body of an error is its reason */
    bool loaded_now;               /* the call had to load the model */
    int64_t load_us, predict_us;
};

/* ERR_NOT_FOUND when the store has no such artifact; anything the container would answer is a
 * response. */
enum err_code serve_invoke(
    struct serve *serve,
    struct arena *arena,
    const struct serve_request *request,
    struct serve_response *ret_response,
    struct err *err) MUST_USE;
/* Ahead of the first call; what does not load is said by that. */
void serve_load(struct serve *serve, struct str target);
bool serve_is_loaded(struct serve *serve, struct str target);
void serve_unload(struct serve *serve, struct str target); /* absent is fine */
void serve_unload_all(struct serve *serve);
size_t serve_loaded_count(struct serve *serve);

#endif
