#include "engine/base/digest.h"
#include "engine/kinds/kinds_internal.h"

#include <pthread.h>
#include <sys/stat.h>

/* What was read of the user's files, for every world that shares it: parsed channels, parted
 * channels, and the digests of files that have not changed since. Digests are asked for on the
 * pool's threads, too. */

struct kept_digest {
    struct str sha256;
    uint64_t size;
};

struct kinds_sources {
    struct arena *arena;
    struct map *digests; /* a file and its state -> struct kept_digest */
    pthread_mutex_t lock;
    struct kinds_data data;
};

struct kinds_sources *kinds_sources_new(void)
{
    struct kinds_sources *sources = xmalloc(sizeof(*sources));
    *sources = (struct kinds_sources){.arena = arena_new("sources", 0)};
    sources->digests = map_new(sources->arena);
    gate_init(&sources->data.gate, 1);
    if (pthread_mutex_init(&sources->lock, NULL) != 0)
        abort();
    return sources;
}

void kinds_sources_free(struct kinds_sources *sources)
{
    if (sources == NULL)
        return;
    training_data_free(sources->data.parsed);
    splits_free(sources->data.splits);
    (void) pthread_mutex_destroy(&sources->lock);
    arena_free(sources->arena);
    xfree(sources);
}

struct kinds_data *kinds_data_of(struct kinds_sources *sources)
{
    return &sources->data;
}

/* STR_NULL for what cannot be looked at: reading it says what is wrong. */
static struct str file_state(struct arena *arena, struct str path)
{
    struct stat info;
    if (stat(str_z(arena, path), &info) != 0 || !S_ISREG(info.st_mode))
        return STR_NULL;
    return str_fmt(
        arena, STR_FMT "|%llu:%llu:%lld:%lld.%09ld:%lld.%09ld", STR_ARG(path),
        (unsigned long long) info.st_dev, (unsigned long long) info.st_ino,
        (long long) info.st_size, (long long) info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
        (long long) info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
}

struct str sources_find(
    struct kinds_sources *sources,
    struct arena *arena,
    struct str path,
    struct str *ret_sha256,
    uint64_t *ret_size)
{
    struct str state = file_state(arena, path);
    *ret_sha256 = STR_NULL;
    if (str_is_null(state))
        return state;
    pthread_mutex_lock(&sources->lock);
    const struct kept_digest *kept = map_get(sources->digests, state);
    if (kept != NULL) {
        *ret_sha256 = str_dup(arena, kept->sha256);
        *ret_size = kept->size;
    }
    pthread_mutex_unlock(&sources->lock);
    return state;
}

bool sources_has(struct kinds_sources *sources, struct str state)
{
    pthread_mutex_lock(&sources->lock);
    bool known = !str_is_null(state) && map_has(sources->digests, state);
    pthread_mutex_unlock(&sources->lock);
    return known;
}

void sources_keep(struct kinds_sources *sources, struct str state, struct str sha256, uint64_t size)
{
    if (str_is_null(state))
        return;
    pthread_mutex_lock(&sources->lock);
    struct kept_digest *kept = ARENA_NEW(sources->arena, struct kept_digest);
    *kept = (struct kept_digest){str_dup(sources->arena, sha256), size};
    (void) map_put(sources->digests, str_dup(sources->arena, state), kept);
    pthread_mutex_unlock(&sources->lock);
}
