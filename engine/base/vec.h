/* engine/base/vec.h - typed growable arrays on an arena.
 *
 *     VEC(struct str) names = {0};
 *     *VEC_PUSH(arena, &names) = STR("x");
 *     for (size_t i = 0; i < names.len; i++) use(names.items[i]);
 *
 * Pushing may move the items; pointers into a vec do not survive a push.
 */
#ifndef ENGINE_BASE_VEC_H
#define ENGINE_BASE_VEC_H

#include "engine/base/arena.h"

#define VEC(type) \
    struct { \
        type *items; \
        size_t len, cap; \
    }

/* Makes room for one more and returns a pointer to the new, zeroed item. */
#define VEC_PUSH(arena, v) \
    ((v)->items = vec_grow((arena), (v)->items, (v)->len, &(v)->cap, sizeof(*(v)->items)), \
     (v)->len++, &(v)->items[(v)->len - 1])

/* Room for that many in all, where it is known: no copies on the way, and nothing left over. */
#define VEC_RESERVE(arena, v, count) \
    ((v)->items = \
         vec_reserve((arena), (v)->items, (v)->len, &(v)->cap, (count), sizeof(*(v)->items)))

void *vec_reserve(
    struct arena *arena, void *items, size_t len, size_t *cap, size_t wanted, size_t item_size);
void *vec_grow(struct arena *arena, void *items, size_t len, size_t *cap, size_t item_size);

#endif
