#include "engine/serve/registry.h"

#include "engine/base/arena.h"
#include "engine/base/clock.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#define BUCKETS 8192U /* a power of two; ten thousand models make chains of two */

enum entry_state { ENTRY_LOADING, ENTRY_READY, ENTRY_LEAVING };

struct entry {
    struct entry *next;
    struct str name, path; /* behind the entry */
    enum entry_state state;
    struct ensemble ensemble;
    size_t memory_bytes, users;
    uint64_t hash, load_us;
    atomic_uint_fast64_t calls, failures, busy_us;
    pthread_cond_t unused;
};

struct registry {
    pthread_mutex_t lock;
    struct registry_options options;
    struct registry_totals totals;
    struct entry *buckets[BUCKETS];
};

static struct entry **bucket_of(struct registry *registry, uint64_t hash)
{
    return &registry->buckets[(hash ^ (hash >> 32)) & (BUCKETS - 1)];
}

static struct entry *find(struct registry *registry, struct str name)
{
    uint64_t hash = str_hash(name);
    struct entry *entry = *bucket_of(registry, hash);
    while (entry != NULL && (entry->hash != hash || !str_eq(entry->name, name)))
        entry = entry->next;
    return entry;
}

struct registry *registry_new(const struct registry_options *options)
{
    struct registry *registry = xmalloc(sizeof(*registry));
    memset(registry, 0, sizeof(*registry));
    registry->options = *options;
    if (pthread_mutex_init(&registry->lock, NULL) != 0)
        abort();
    return registry;
}

static void entry_free(struct entry *entry)
{
    assert(entry->users == 0);
    ensemble_done(&entry->ensemble);
    pthread_cond_destroy(&entry->unused);
    xfree(entry);
}

void registry_free(struct registry *registry)
{
    if (registry == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        while (registry->buckets[i] != NULL) {
            struct entry *entry = registry->buckets[i];
            registry->buckets[i] = entry->next;
            entry_free(entry);
        }
    }
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
    if (pthread_cond_init(&entry->unused, NULL) != 0)
        abort();
    struct entry **bucket = bucket_of(registry, entry->hash);
    entry->next = *bucket;
    *bucket = entry;
    return entry;
}

/* With the lock held. */
static void unlink_entry(struct registry *registry, struct entry *entry)
{
    struct entry **at = bucket_of(registry, entry->hash);
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
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

/* With the lock held, after the load. */
static enum err_code
admit(struct registry *registry, struct entry *entry, uint64_t took_us, struct err *err)
{
    entry->memory_bytes = ensemble_memory(&entry->ensemble);
    if (is_full(registry, entry->memory_bytes))
        return refuse_full(registry, entry->memory_bytes, err);
    entry->state = ENTRY_READY;
    entry->load_us = took_us;
    registry->totals.used_bytes += entry->memory_bytes;
    registry->totals.models++;
    registry->totals.loads++;
    registry->totals.load_us += took_us;
    return ERR_NONE;
}

enum err_code
registry_load(struct registry *registry, struct str name, struct str path, struct err *err)
{
    pthread_mutex_lock(&registry->lock);
    struct entry *entry = find(registry, name);
    enum err_code code = ERR_NONE;
    if (entry != NULL)
        code = err_set(err, ERR_EXISTS, "model '" STR_FMT "' is already there", STR_ARG(name));
    else if (is_full(registry, 1)) /* not even begun: it would only be thrown away */
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
    int64_t start_us = clock_tick_us();
    pthread_mutex_lock(&registry->lock);
    struct entry *entry = find(registry, name);
    if (entry == NULL || entry->state != ENTRY_READY) {
        pthread_mutex_unlock(&registry->lock);
        return err_set(err, ERR_NOT_FOUND, "Model not found: " STR_FMT, STR_ARG(name));
    }
    entry->state = ENTRY_LEAVING; /* the name is not free yet */
    registry->totals.models--;
    while (entry->users > 0)
        pthread_cond_wait(&entry->unused, &registry->lock);
    unlink_entry(registry, entry);
    registry->totals.used_bytes -= entry->memory_bytes;
    registry->totals.unloads++;
    pthread_mutex_unlock(&registry->lock);
    entry_free(entry);
    pthread_mutex_lock(&registry->lock);
    registry->totals.unload_us += (uint64_t) (clock_tick_us() - start_us);
    pthread_mutex_unlock(&registry->lock);
    return ERR_NONE;
}

/* ---- use ---- */

static bool use(struct entry *entry, struct served *out)
{
    if (entry == NULL || entry->state != ENTRY_READY)
        return false;
    entry->users++;
    *out = (struct served){
        .name = entry->name,
        .path = entry->path,
        .ensemble = &entry->ensemble,
        .calls = &entry->calls,
        .failures = &entry->failures,
        .busy_us = &entry->busy_us};
    return true;
}

bool registry_acquire(struct registry *registry, struct str name, struct served *out)
{
    pthread_mutex_lock(&registry->lock);
    bool found = use(find(registry, name), out);
    pthread_mutex_unlock(&registry->lock);
    return found;
}

bool registry_acquire_only(struct registry *registry, struct served *out)
{
    bool found = false;
    pthread_mutex_lock(&registry->lock);
    for (size_t i = 0; i < BUCKETS && registry->totals.models == 1 && !found; i++)
        for (struct entry *entry = registry->buckets[i]; entry != NULL && !found;
             entry = entry->next)
            found = use(entry, out);
    pthread_mutex_unlock(&registry->lock);
    return found;
}

void registry_release(struct registry *registry, const struct served *served)
{
    pthread_mutex_lock(&registry->lock);
    struct entry *entry = find(registry, served->name);
    assert(entry != NULL && entry->users > 0);
    if (--entry->users == 0)
        pthread_cond_broadcast(&entry->unused);
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
        for (struct entry *entry = registry->buckets[i]; entry != NULL; entry = entry->next)
            if (entry->state == ENTRY_READY &&
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
