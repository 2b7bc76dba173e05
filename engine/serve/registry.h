/* engine/serve/registry.h - models that are loaded and unloaded by name, by order of somebody else.
 *
 * What the multi-model container's management calls work on: SageMaker decides what is in memory,
 * so nothing is dropped here to make room; a model that does not fit is refused (507), and the
 * platform unloads others and tries again. Where there is no platform the registry may evict: those
 * that were not called for the longest time go first, pinned ones never. A model that is being
 * unloaded answers the calls that have it, and no new ones. Threads: all functions from any;
 * registry_acquire(), registry_acquire_only() and registry_release() take no lock and no memory.
 * Errors: stated at each.
 */
#ifndef ENGINE_SERVE_REGISTRY_H
#define ENGINE_SERVE_REGISTRY_H

#include "engine/serve/ensemble.h"

#include <stdatomic.h>

struct registry;

struct registry_options {
    size_t memory_bytes; /* of all models together */
    bool ensembles;      /* several files in a folder are one model */
    bool evicts;         /* a load that finds no memory drops others */
    struct str pins;     /* as pins.h; outlives the registry */
};

struct registry *registry_new(const struct registry_options *options);
void registry_free(struct registry *registry); /* nothing may be in use */

/* ERR_EXISTS: the name is there or loading; ERR_QUOTA: no memory, also when what is pinned leaves
 * none; else as ensemble_load(). */
enum err_code
registry_load(struct registry *registry, struct str name, struct str path, struct err *err)
    MUST_USE;
/* Never to be dropped for another, whatever `pins` says; false when there is no such model. */
bool registry_pin(struct registry *registry, struct str name);
/* Returns when the last call of the model has ended and its memory is given back. ERR_NOT_FOUND. */
enum err_code registry_unload(struct registry *registry, struct str name, struct err *err) MUST_USE;

/* One model in use; release it exactly once. */
struct served {
    struct str name, path; /* as long as it is in use */
    struct entry *entry;   /* the registry's own */
    const struct ensemble *ensemble;
    /* of the model, for its user to count; last_us is of clock_tick_us() */
    atomic_uint_fast64_t *calls, *failures, *busy_us, *last_us;
};

/* False when no such model is ready. */
bool registry_acquire(struct registry *registry, struct str name, struct served *out);
/* The only model there is; false when there is none, or more than one. */
bool registry_acquire_only(struct registry *registry, struct served *out);
void registry_release(struct registry *registry, const struct served *served);

struct registered {
    struct str name, path; /* on the arena */
    size_t memory_bytes;
    uint64_t calls, failures, busy_us, load_us;
    bool pinned;
    const char *fallback; /* as ensemble_fallback() */
};

/* Ready models by name, those after `after` (null: all), at most max; *ret_more: there are more. */
void registry_list(
    struct registry *registry,
    struct arena *arena,
    struct str after,
    size_t max,
    struct registered **ret_items,
    size_t *ret_len,
    bool *ret_more);

struct registry_totals {
    size_t models, loading, used_bytes, memory_bytes;
    size_t pinned; /* of the models */
    uint64_t loads, load_failures, load_us, unloads, unload_us, evictions;
};

struct registry_totals registry_totals(struct registry *registry);

#endif
