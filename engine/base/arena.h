/* engine/base/arena.h - memory that is freed all at once.
 *
 * One arena per command, per request or per test; everything allocated from it lives as long as it.
 * Memory is zeroed and aligned for any type. Running out of memory, or past the arena's limit,
 * aborts with a message: outside-sized input must have been capped before it gets here. Threads: an
 * arena belongs to one thread at a time.
 */
#ifndef ENGINE_BASE_ARENA_H
#define ENGINE_BASE_ARENA_H

#include "engine/base/base.h"

struct arena;

/* name appears in the abort message; limit_bytes 0 means 1 GiB. */
struct arena *arena_new(const char *name, size_t limit_bytes) MUST_USE;
void arena_free(struct arena *arena);         /* accepts NULL */
void arena_close(struct arena **arena);       /* for AUTO(arena_close) */
void arena_close_wiped(struct arena **arena); /* the same for one that held secrets: overwritten */
void arena_reset(struct arena *arena);        /* forgets everything, keeps the first block */
size_t arena_used(const struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size);
char *arena_chars(struct arena *arena, size_t size); /* neither aligned nor zeroed: for text */
/* Takes over a block of xmalloc()'s: it is freed with the rest. For what is too large to copy. */
void arena_adopt(struct arena *arena, void *ptr, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size); /* checks the product */
#define ARENA_NEW(arena, type) ((type *) arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *) arena_array((arena), (count), sizeof(type)))

/* malloc/realloc that abort instead of failing, for the few owners that live outside an arena. */
void *xmalloc(size_t size);
void *xrealloc(void *ptr, size_t size);
void xfree(void *ptr);

#endif
