#include "engine/base/map.h"

#include "engine/base/vec.h"

#include <assert.h>

struct entry {
    struct str key;
    void *value;
    uint64_t hash;
};

struct map {
    struct arena *arena;
    VEC(struct entry) entries;
    uint32_t *slots; /* index + 1 into entries; 0 = free */
    size_t n_slots;
};

/* The low bits choose the slot. */
static uint64_t hash_of(struct str key)
{
    uint64_t hash = str_hash(key);
    return hash ^ (hash >> 29);
}

struct map *map_new(struct arena *arena)
{
    struct map *map = ARENA_NEW(arena, struct map);
    map->arena = arena;
    return map;
}

static size_t slot_of(const struct map *map, struct str key, uint64_t hash)
{
    size_t slot = (size_t) hash & (map->n_slots - 1);
    while (map->slots[slot] != 0) {
        const struct entry *entry = &map->entries.items[map->slots[slot] - 1];
        if (entry->hash == hash && str_eq(entry->key, key))
            break;
        slot = (slot + 1) & (map->n_slots - 1);
    }
    return slot;
}

static const struct entry *find(const struct map *map, struct str key)
{
    if (map->n_slots == 0)
        return NULL;
    size_t at = map->slots[slot_of(map, key, hash_of(key))];
    return at != 0 ? &map->entries.items[at - 1] : NULL;
}

void *map_get(const struct map *map, struct str key)
{
    const struct entry *entry = find(map, key);
    return entry != NULL ? entry->value : NULL;
}

bool map_has(const struct map *map, struct str key)
{
    return find(map, key) != NULL;
}

static void resize(struct map *map, size_t n_slots)
{
    map->n_slots = n_slots;
    map->slots = ARENA_ARRAY(map->arena, n_slots, uint32_t);
    for (size_t i = 0; i < map->entries.len; i++) {
        const struct entry *entry = &map->entries.items[i];
        map->slots[slot_of(map, entry->key, entry->hash)] = (uint32_t) i + 1;
    }
}

void map_reserve(struct map *map, size_t count)
{
    assert(count < UINT32_MAX / 4);
    size_t wanted = 16;
    while (count * 4 > wanted * 3)
        wanted *= 2;
    VEC_RESERVE(map->arena, &map->entries, count);
    if (wanted > map->n_slots)
        resize(map, wanted);
}

void *map_put(struct map *map, struct str key, void *value)
{
    assert(map->entries.len < UINT32_MAX - 1);
    if ((map->entries.len + 1) * 4 > map->n_slots * 3)
        resize(map, map->n_slots > 0 ? map->n_slots * 2 : 16);
    uint64_t hash = hash_of(key);
    size_t slot = slot_of(map, key, hash);
    if (map->slots[slot] != 0) {
        struct entry *entry = &map->entries.items[map->slots[slot] - 1];
        void *before = entry->value;
        entry->value = value;
        return before;
    }
    *VEC_PUSH(map->arena, &map->entries) = (struct entry){key, value, hash};
    map->slots[slot] = (uint32_t) map->entries.len;
    return NULL;
}

size_t map_len(const struct map *map)
{
    return map->entries.len;
}

struct str map_key_at(const struct map *map, size_t index)
{
    return map->entries.items[index].key;
}

void *map_value_at(const struct map *map, size_t index)
{
    return map->entries.items[index].value;
}
