#include "engine/serve/registry.h"

#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/serve/pins.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define BUCKETS 8192U /* a power of two; ten thousand models make chains of two */

enum entry_state { ENTRY_LOADING, ENTRY_READY, ENTRY_LEAVING };

/* Changes are made with the lock held; calls look models up without it. Whoever takes an entry out
 * of sight (by its state, or out of its chain) then waits until nobody is walking where it was:
 * those who come later cannot see it, those who were there have counted themselves as users. */
struct walk {
    atomic_uint walkers;
};

struct entry {
    _Atomic(struct entry *) next;
    struct str name, path; /* behind the entry */
    _Atomic(enum entry_state) state;
    struct ensemble ensemble;
    size_t memory_bytes;
    atomic_size_t users; /* calls that have it */
    uint64_t hash, load_us;
    bool pinned; /* under the lock */
    atomic_uint_fast64_t calls, failures, busy_us, last_us;
};

struct bucket {
    _Atomic(struct entry *) first;
    struct walk walk;
};

struct registry {
    pthread_mutex_t lock;
    pthread_cond_t unused; /* a model that is leaving has lost its last user */
    atomic_uint leaving;   /* how many wait for that */
    struct registry_options options;
    struct registry_totals totals;
    _Atomic(struct entry *) only; /* the ready model when there is one alone */
    struct walk only_walk;
    struct bucket buckets[BUCKETS];
};

static struct bucket *bucket_of(struct registry *registry, uint64_t hash)
{
    return &registry->buckets[(hash ^ (hash >> 32)) & (BUCKETS - 1)];
}

/* With the lock held, or as a walker. */
static struct entry *find(struct bucket *bucket, struct str name, uint64_t hash)
{
    struct entry *entry = atomic_load(&bucket->first);
    while (entry != NULL && (entry->hash != hash || !str_eq(entry->name, name)))
        entry = atomic_load(&entry->next);
    return entry;
}

/* A walk is some nanoseconds long, unless its thread has just lost its core. */
static void wait_for_walkers(struct walk *walk)
{
    while (atomic_load(&walk->walkers) > 0)
        sched_yield();
}

struct registry *registry_new(const struct registry_options *options)
{
    struct registry *registry = xmalloc(sizeof(*registry));
    memset(registry, 0, sizeof(*registry));
    registry->options = *options;
    if (pthread_mutex_init(&registry->lock, NULL) != 0 ||
        pthread_cond_init(&registry->unused, NULL) != 0)
        abort();
    return registry;
}

static void entry_free(struct entry *entry)
{
    assert(atomic_load(&entry->users) == 0);
    ensemble_done(&entry->ensemble);
    xfree(entry);
}

void registry_free(struct registry *registry)
{
    if (registry == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct entry *entry = atomic_load(&registry->buckets[i].first);
        while (entry != NULL) {
            struct entry *next = atomic_load(&entry->next);
            entry_free(entry);
            entry = next;
        }
    }
    pthread_cond_destroy(&registry->unused);
    pthread_mutex_destroy(&registry->lock);
    xfree(registry);
}

/* ---- loading and unloading ---- */

static struct entry *entry_add(struct registry *registry, struct str name, struct str path)
{
    struct entry *entry = xmalloc(sizeof(*entry) + name.len + path.len);
    char *texts = (char *) (entry + 1);
    memset(entry, 0, sizeof(*entry));
    memcpy(texts, name.ptr, name.len);
    memcpy(texts + name.len, path.ptr, path.len);
    entry->name = str_of(texts, name.len);
    entry->path = str_of(texts + name.len, path.len);
    entry->hash = str_hash(name);
    entry->pinned = pins_have(registry->options.pins, name);
    struct bucket *bucket = bucket_of(registry, entry->hash);
    atomic_store(&entry->next, atomic_load(&bucket->first));
    atomic_store(&bucket->first, entry); /* from here on it is seen */
    return entry;
}

/* With the lock held; afterwards nobody sees it. */
static void unlink_entry(struct registry *registry, struct entry *entry)
{
    struct bucket *bucket = bucket_of(registry, entry->hash);
    _Atomic(struct entry *) *at = &bucket->first;
    while (atomic_load(at) != entry)
        at = &atomic_load(at)->next;
    atomic_store(at, atomic_load(&entry->next));
    wait_for_walkers(&bucket->walk);
}

/* With the lock held, when the number of ready models has changed. */
static void find_only(struct registry *registry)
{
    struct entry *only = NULL;
    for (size_t i = 0; i < BUCKETS && registry->totals.models == 1 && only == NULL; i++) {
        struct entry *entry = atomic_load(&registry->buckets[i].first);
        for (; entry != NULL && only == NULL; entry = atomic_load(&entry->next))
            if (atomic_load(&entry->state) == ENTRY_READY)
                only = entry;
    }
    atomic_store(&registry->only, only);
    wait_for_walkers(&registry->only_walk);
}

static bool is_full(const struct registry *registry, size_t more)
{
    return registry->totals.used_bytes + more > registry->options.memory_bytes;
}

static enum err_code refuse_full(const struct registry *registry, size_t needed, struct err *err)
{
    return err_set(
        err, ERR_QUOTA, "the model needs %zu bytes of memory; %zu of %zu are taken", needed,
        registry->totals.used_bytes, registry->options.memory_bytes);
}

static enum err_code refuse_pinned(const struct registry *registry, size_t needed, struct err *err)
{
    return err_set(
        err, ERR_QUOTA,
        "the model needs %zu bytes of memory; %zu of %zu are taken, and without the pinned models "
        "there is not enough to drop",
        needed, registry->totals.used_bytes, registry->options.memory_bytes);
}

static struct entry *next_entry(struct registry *registry, size_t *bucket, struct entry *entry)
{
    if (entry != NULL && (entry = atomic_load(&entry->next)) != NULL)
        return entry;
    while (*bucket < BUCKETS)
        if ((entry = atomic_load(&registry->buckets[(*bucket)++].first)) != NULL)
            return entry;
    return NULL;
}

/* With the lock held, but for as long as it waits for the last call. The name is free, and the
 * memory given back, afterwards. */
static void leave(struct registry *registry, struct entry *entry)
{
    int64_t start_us = clock_tick_us();
    atomic_store(&entry->state, ENTRY_LEAVING); /* the name is not free yet */
    registry->totals.models--;
    registry->totals.pinned -= entry->pinned;
    find_only(registry);
    wait_for_walkers(&bucket_of(registry, entry->hash)->walk);
    atomic_fetch_add(&registry->leaving, 1);
    while (atomic_load(&entry->users) > 0)
        pthread_cond_wait(&registry->unused, &registry->lock);
    atomic_fetch_sub(&registry->leaving, 1);
    unlink_entry(registry, entry);
    registry->totals.used_bytes -= entry->memory_bytes;
    registry->totals.unloads++;
    entry_free(entry);
    registry->totals.unload_us += (uint64_t) (clock_tick_us() - start_us);
}

/* With the lock held. Nothing is dropped when that would not be enough. */
static bool make_room(struct registry *registry, size_t needed)
{
    while (is_full(registry, needed)) {
        struct entry *oldest = NULL, *entry = NULL;
        size_t bucket = 0, pinned_bytes = 0;
        while ((entry = next_entry(registry, &bucket, entry)) != NULL) {
            if (atomic_load(&entry->state) != ENTRY_READY)
                continue;
            if (entry->pinned)
                pinned_bytes += entry->memory_bytes;
            else if (oldest == NULL || atomic_load(&entry->last_us) < atomic_load(&oldest->last_us))
                oldest = entry;
        }
        if (oldest == NULL || pinned_bytes + needed > registry->options.memory_bytes)
            return false;
        registry->totals.evictions++;
        leave(registry, oldest);
    }
    return true;
}

/* With the lock held, after the load. */
static enum err_code
admit(struct registry *registry, struct entry *entry, uint64_t took_us, struct err *err)
{
    entry->memory_bytes = ensemble_memory(&entry->ensemble);
    if (registry->options.evicts && !make_room(registry, entry->memory_bytes))
        return refuse_pinned(registry, entry->memory_bytes, err);
    if (is_full(registry, entry->memory_bytes))
        return refuse_full(registry, entry->memory_bytes, err);
    entry->load_us = took_us;
    atomic_store(&entry->last_us, (uint64_t) clock_tick_us());
    atomic_store(&entry->state, ENTRY_READY);
    registry->totals.used_bytes += entry->memory_bytes;
    registry->totals.models++;
    registry->totals.pinned += entry->pinned;
    find_only(registry);
    registry->totals.loads++;
    registry->totals.load_us += took_us;
    return ERR_NONE;
}

enum err_code
registry_load(struct registry *registry, struct str name, struct str path, struct err *err)
{
    pthread_mutex_lock(&registry->lock);
    uint64_t hash = str_hash(name);
    struct entry *entry = find(bucket_of(registry, hash), name, hash);
    enum err_code code = ERR_NONE;
    if (entry != NULL)
        code = err_set(err, ERR_EXISTS, "model '" STR_FMT "' is already there", STR_ARG(name));
    else if (!registry->options.evicts && is_full(registry, 1)) /* not even begun: it would only be
                                                                   thrown away */
        code = refuse_full(registry, 1, err);
    if (code == ERR_NONE) {
        entry = entry_add(registry, name, path);
        registry->totals.loading++;
    }
    pthread_mutex_unlock(&registry->lock);
    if (code != ERR_NONE)
        return code;
    int64_t start_us = clock_tick_us();
    code = ensemble_load(entry->path, registry->options.ensembles, &entry->ensemble, err);
    pthread_mutex_lock(&registry->lock);
    registry->totals.loading--;
    if (code == ERR_NONE)
        code = admit(registry, entry, (uint64_t) (clock_tick_us() - start_us), err);
    if (code != ERR_NONE) {
        registry->totals.load_failures++;
        unlink_entry(registry, entry);
    }
    pthread_mutex_unlock(&registry->lock);
    if (code != ERR_NONE)
        entry_free(entry);
    return code;
}

enum err_code registry_unload(struct registry *registry, struct str name, struct err *err)
{
    pthread_mutex_lock(&registry->lock);
    uint64_t hash = str_hash(name);
    struct entry *entry = find(bucket_of(registry, hash), name, hash);
    if (entry == NULL || atomic_load(&entry->state) != ENTRY_READY) {
        pthread_mutex_unlock(&registry->lock);
        return err_set(err, ERR_NOT_FOUND, "Model not found: " STR_FMT, STR_ARG(name));
    }
    leave(registry, entry);
    pthread_mutex_unlock(&registry->lock);
    return ERR_NONE;
}

bool registry_pin(struct registry *registry, struct str name)
{
    pthread_mutex_lock(&registry->lock);
    uint64_t hash = str_hash(name);
    struct entry *entry = find(bucket_of(registry, hash), name, hash);
    bool found = entry != NULL && atomic_load(&entry->state) == ENTRY_READY;
    if (found && !entry->pinned) {
        entry->pinned = true;
        registry->totals.pinned++;
    }
    pthread_mutex_unlock(&registry->lock);
    return found;
}

/* ---- use ---- */

/* As a walker. */
static bool use(struct entry *entry, struct served *out)
{
    if (entry == NULL || atomic_load(&entry->state) != ENTRY_READY)
        return false;
    atomic_fetch_add(&entry->users, 1);
    *out = (struct served){
        .name = entry->name,
        .path = entry->path,
        .entry = entry,
        .ensemble = &entry->ensemble,
        .calls = &entry->calls,
        .failures = &entry->failures,
        .busy_us = &entry->busy_us,
        .last_us = &entry->last_us};
    return true;
}

bool registry_acquire(struct registry *registry, struct str name, struct served *out)
{
    uint64_t hash = str_hash(name);
    struct bucket *bucket = bucket_of(registry, hash);
    atomic_fetch_add(&bucket->walk.walkers, 1);
    bool found = use(find(bucket, name, hash), out);
    atomic_fetch_sub(&bucket->walk.walkers, 1);
    return found;
}

bool registry_acquire_only(struct registry *registry, struct served *out)
{
    atomic_fetch_add(&registry->only_walk.walkers, 1);
    bool found = use(atomic_load(&registry->only), out);
    atomic_fetch_sub(&registry->only_walk.walkers, 1);
    return found;
}

/* The entry may be gone as soon as its last user has left, so whether somebody waits for that is
 * the registry's to know: either the number is seen here, or the leaving there. */
void registry_release(struct registry *registry, const struct served *served)
{
    if (atomic_fetch_sub(&served->entry->users, 1) > 1 || atomic_load(&registry->leaving) == 0)
        return;
    pthread_mutex_lock(&registry->lock);
    pthread_cond_broadcast(&registry->unused);
    pthread_mutex_unlock(&registry->lock);
}

/* ---- what there is ---- */

static int by_name(const void *a, const void *b)
{
    return str_cmp((*(struct entry *const *) a)->name, (*(struct entry *const *) b)->name);
}

static struct registered registered_of(struct arena *arena, struct entry *entry)
{
    return (struct registered){
        .name = str_dup(arena, entry->name),
        .path = str_dup(arena, entry->path),
        .memory_bytes = entry->memory_bytes,
        .calls = atomic_load(&entry->calls),
        .failures = atomic_load(&entry->failures),
        .busy_us = atomic_load(&entry->busy_us),
        .load_us = entry->load_us,
        .pinned = entry->pinned,
        .fallback = ensemble_fallback(&entry->ensemble)};
}

void registry_list(
    struct registry *registry,
    struct arena *arena,
    struct str after,
    size_t max,
    struct registered **ret_items,
    size_t *ret_len,
    bool *ret_more)
{
    pthread_mutex_lock(&registry->lock);
    struct entry **found = ARENA_ARRAY(arena, registry->totals.models + 1, struct entry *);
    size_t len = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct entry *entry = atomic_load(&registry->buckets[i].first); entry != NULL;
             entry = atomic_load(&entry->next))
            if (atomic_load(&entry->state) == ENTRY_READY &&
                (str_is_null(after) || str_cmp(entry->name, after) > 0))
                found[len++] = entry;
    qsort(found, len, sizeof(struct entry *), by_name);
    *ret_more = len > max;
    len = len > max ? max : len;
    *ret_items = ARENA_ARRAY(arena, len + 1, struct registered);
    for (size_t i = 0; i < len; i++)
        (*ret_items)[i] = registered_of(arena, found[i]);
    *ret_len = len;
    pthread_mutex_unlock(&registry->lock);
}

struct registry_totals registry_totals(struct registry *registry)
{
    pthread_mutex_lock(&registry->lock);
    struct registry_totals totals = registry->totals;
    pthread_mutex_unlock(&registry->lock);
    totals.memory_bytes = registry->options.memory_bytes;
    return totals;
}
