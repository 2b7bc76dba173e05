/* engine/base/map.h - string-keyed hash map on an arena, iterated in insertion order.
 *
 * Keys are not copied: they must live as long as the map. Values are pointers the map never
 * touches.
 */
#ifndef ENGINE_BASE_MAP_H
#define ENGINE_BASE_MAP_H

#include "engine/base/str.h"

struct map;

struct map *map_new(struct arena *arena);
void map_reserve(struct map *map, size_t count);      /* room for that many in all */
void *map_get(const struct map *map, struct str key); /* NULL when absent */
bool map_has(const struct map *map, struct str key);
/* Sets key to value; returns the value it replaces, or NULL. Keeps the first position. */
void *map_put(struct map *map, struct str key, void *value);
size_t map_len(const struct map *map);
struct str map_key_at(const struct map *map, size_t index);
void *map_value_at(const struct map *map, size_t index);

#endif
