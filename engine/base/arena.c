#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "engine/base/arena.h"

#include "engine/base/poison.h"
#include "engine/base/vec.h"

#include <sys/mman.h>

#define FIRST_BLOCK KIB(16)
#define LARGEST_BLOCK MIB(1)
#define MAPPED_BYTES KIB(256)
#define DEFAULT_LIMIT (MIB(1024))
#define ALIGNMENT (sizeof(max_align_t))
#define FIRST_VEC_BYTES 128U

struct block {
    struct block *next;
    size_t size, used;
    max_align_t bytes[];
};

struct adopted {
    struct adopted *next;
    void *ptr;
    size_t size;
};

struct arena {
    const char *name;
    size_t limit, total;
    struct block *first, *current;
    struct adopted *adopted;
};

static NORETURN void die(const char *what, const char *name)
{
    fprintf(stderr, "mmectl: %s (%s)\n", what, name);
    abort();
}

void *xmalloc(size_t size)
{
    void *ptr = malloc(size > 0 ? size : 1);
    if (ptr == NULL)
        die("out of memory", "heap");
    return ptr;
}

void *xrealloc(void *ptr, size_t size)
{
    void *moved = realloc(ptr, size > 0 ? size : 1);
    if (moved == NULL)
        die("out of memory", "heap");
    return moved;
}

void xfree(void *ptr)
{
    free(ptr);
}

/* Large blocks come from the system and go straight back to it: what a listing or a record needed
 * while it was read is not kept for later by malloc(3), whose limit for that moves up. */
static void *block_memory(const struct arena *arena, size_t bytes)
{
    if (bytes < MAPPED_BYTES)
        return xmalloc(bytes);
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        die("out of memory", arena->name);
    return memory;
}

static void block_free(struct block *block)
{
    size_t bytes = offsetof(struct block, bytes) + block->size;
    POISON_ALLOW(block->bytes, block->size);
    if (bytes < MAPPED_BYTES)
        free(block);
    else
        munmap(block, bytes);
}

static struct block *block_new(struct arena *arena, size_t size)
{
    if (size > arena->limit - arena->total)
        die("memory limit reached", arena->name);
    struct block *block = block_memory(arena, offsetof(struct block, bytes) + size);
    block->next = NULL;
    block->size = size;
    block->used = 0;
    arena->total += size;
    POISON_FORBID(block->bytes, size);
    return block;
}

struct arena *arena_new(const char *name, size_t limit_bytes)
{
    struct arena *arena = xmalloc(sizeof(*arena));
    *arena = (struct arena){.name = name, .limit = limit_bytes > 0 ? limit_bytes : DEFAULT_LIMIT};
    return arena;
}

static void free_adopted(struct arena *arena)
{
    for (struct adopted *adopted = arena->adopted; adopted != NULL; adopted = adopted->next)
        free(adopted->ptr);
    arena->adopted = NULL;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    free_adopted(arena);
    for (struct block *block = arena->first; block != NULL;) {
        struct block *next = block->next;
        block_free(block);
        block = next;
    }
    free(arena);
}

void arena_close(struct arena **arena)
{
    arena_free(*arena);
    *arena = NULL;
}

void arena_close_wiped(struct arena **arena)
{
    for (struct adopted *adopted = *arena != NULL ? (*arena)->adopted : NULL; adopted != NULL;
         adopted = adopted->next)
        explicit_bzero(adopted->ptr, adopted->size);
    for (struct block *block = *arena != NULL ? (*arena)->first : NULL; block != NULL;
         block = block->next)
        explicit_bzero(block->bytes, block->used);
    arena_close(arena);
}

void arena_reset(struct arena *arena)
{
    free_adopted(arena);
    if (arena->first == NULL)
        return;
    for (struct block *block = arena->first->next; block != NULL;) {
        struct block *next = block->next;
        block_free(block);
        block = next;
    }
    arena->first->next = NULL;
    arena->first->used = 0;
    POISON_FORBID(arena->first->bytes, arena->first->size);
    arena->current = arena->first;
    arena->total = arena->first->size;
}

size_t arena_used(const struct arena *arena)
{
    return arena->total;
}

static void *place(struct block *block, size_t start, size_t size)
{
    size_t end = start + size + POISON_BEHIND_BYTES;
    block->used = end < block->size ? end : block->size;
    POISON_ALLOW((char *) block->bytes + start, size);
    return (char *) block->bytes + start;
}

/* The current block has no room for it. */
static __attribute__((noinline)) void *take_more(struct arena *arena, size_t size)
{
    if (size > arena->limit)
        die("memory limit reached", arena->name);
    struct block *block = arena->current;
    size_t need = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t grown = block == NULL ? FIRST_BLOCK : block->size * 2;
    if (grown > LARGEST_BLOCK)
        grown = LARGEST_BLOCK;
    /* The limit counts what was asked for, not how generously blocks grow. */
    if (grown > arena->limit - arena->total)
        grown = arena->limit - arena->total;
    /* Something large gets a block of its own size behind the current one, which stays in use. */
    struct block *fresh = block_new(arena, need > grown ? need : grown);
    if (block == NULL) {
        arena->first = fresh;
    } else {
        fresh->next = block->next;
        block->next = fresh;
    }
    if (block == NULL || need <= grown)
        arena->current = fresh;
    return place(fresh, 0, size);
}

/* alignment is a power of two. Neither aligned up nor zeroed in itself: `used` of a block is
 * wherever the last thing ended. */
static inline void *take(struct arena *arena, size_t size, size_t alignment)
{
    struct block *block = arena->current;
    if (block != NULL) {
        size_t start = (block->used + alignment - 1) & ~(alignment - 1);
        if (start <= block->size && size <= block->size - start)
            return place(block, start, size);
    }
    return take_more(arena, size);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(take(arena, size, ALIGNMENT), 0, size);
}

char *arena_chars(struct arena *arena, size_t size)
{
    return take(arena, size, POISON_ALIGNMENT);
}

void arena_adopt(struct arena *arena, void *ptr, size_t size)
{
    struct adopted *adopted = ARENA_NEW(arena, struct adopted);
    if (size > arena->limit - arena->total)
        die("memory limit reached", arena->name);
    arena->total += size;
    *adopted = (struct adopted){arena->adopted, ptr, size};
    arena->adopted = adopted;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size > 0 && count > SIZE_MAX / size)
        die("memory limit reached", arena->name);
    return arena_alloc(arena, count * size);
}

/* Small items start with a few, large ones with one: most lists of those stay short. */
static size_t first_cap(size_t item_size)
{
    return item_size >= FIRST_VEC_BYTES ? 1 : item_size <= 16 ? 8 : FIRST_VEC_BYTES / item_size;
}

void *vec_reserve(
    struct arena *arena, void *items, size_t len, size_t *cap, size_t wanted, size_t item_size)
{
    if (wanted <= *cap)
        return items;
    void *moved = arena_array(arena, wanted, item_size);
    if (len > 0)
        memcpy(moved, items, len * item_size);
    *cap = wanted;
    return moved;
}

void *vec_grow(struct arena *arena, void *items, size_t len, size_t *cap, size_t item_size)
{
    if (len < *cap) {
        /* A caller may have popped what was here. */
        memset((char *) items + len * item_size, 0, item_size);
        return items;
    }
    size_t grown = *cap > 0 ? *cap * 2 : first_cap(item_size);
    return vec_reserve(arena, items, len, cap, grown, item_size);
}
