#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise() */
#include "engine/base/pages.h"

#include "engine/base/arena.h"
#include "engine/base/poison.h"

#include <assert.h>
#include <pthread.h>
#include <sys/mman.h>

#define HUGE_BYTES MIB(2)
#define REGION_BYTES MIB(32)
#define LARGE_BYTES MIB(4) /* from here on a block is a region of its own */

struct extent {
    size_t at, len;
};

struct region {
    struct region *next;
    char *base;
    struct extent *unused; /* in order, never side by side */
    size_t n_unused, cap;
};

/* Memory is the process's, and this is where some of it is, as malloc(3)'s own. */
static pthread_mutex_t s_lock = PTHREAD_MUTEX_INITIALIZER;
static struct region *s_regions;
static size_t s_mapped;

static size_t rounded(size_t size, size_t unit)
{
    return (size + unit - 1) / unit * unit;
}

static size_t block_bytes(size_t size)
{
    return rounded(size + POISON_BEHIND_BYTES, PAGES_ALIGNMENT);
}

/* Begins where a huge page may. */
static char *map(size_t size)
{
    char *memory =
        mmap(NULL, size + HUGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "mmectl: out of memory (models)\n");
        abort();
    }
    size_t before = (HUGE_BYTES - (uintptr_t) memory % HUGE_BYTES) % HUGE_BYTES;
    if (before > 0)
        munmap(memory, before);
    munmap(memory + before + size, HUGE_BYTES - before);
    (void) madvise(memory + before, size, MADV_HUGEPAGE); /* or there are none */
    return memory + before;
}

static void extent_insert(struct region *region, size_t index, struct extent extent)
{
    if (region->n_unused == region->cap) {
        region->cap = region->cap > 0 ? 2 * region->cap : 8;
        region->unused = xrealloc(region->unused, region->cap * sizeof(*region->unused));
    }
    memmove(
        region->unused + index + 1, region->unused + index,
        (region->n_unused - index) * sizeof(*region->unused));
    region->unused[index] = extent;
    region->n_unused++;
}

static void extent_remove(struct region *region, size_t index)
{
    region->n_unused--;
    memmove(
        region->unused + index, region->unused + index + 1,
        (region->n_unused - index) * sizeof(*region->unused));
}

/* The first place that is large enough. */
static void *take_from(struct region *region, size_t len)
{
    for (size_t i = 0; i < region->n_unused; i++) {
        struct extent *extent = &region->unused[i];
        if (extent->len < len)
            continue;
        char *block = region->base + extent->at;
        extent->at += len;
        extent->len -= len;
        if (extent->len == 0)
            extent_remove(region, i);
        return block;
    }
    return NULL;
}

static struct region *region_new(void)
{
    struct region *region = xmalloc(sizeof(*region));
    *region = (struct region){.next = s_regions, .base = map(REGION_BYTES)};
    extent_insert(region, 0, (struct extent){0, REGION_BYTES});
    POISON_FORBID(region->base, REGION_BYTES);
    s_regions = region;
    s_mapped += REGION_BYTES;
    return region;
}

void *pages_take(size_t size)
{
    size_t len = block_bytes(size);
    void *block = NULL;
    pthread_mutex_lock(&s_lock);
    if (len >= LARGE_BYTES) {
        len = rounded(len, KIB(4));
        block = map(len);
        s_mapped += len;
        POISON_FORBID(block, len);
    }
    for (struct region *region = s_regions; block == NULL && region != NULL; region = region->next)
        block = take_from(region, len);
    if (block == NULL)
        block = take_from(region_new(), len);
    POISON_ALLOW(block, size);
    pthread_mutex_unlock(&s_lock);
    return block;
}

/* Joins what is unused on either side. */
static void put_back(struct region *region, struct extent back)
{
    size_t i = 0;
    while (i < region->n_unused && region->unused[i].at < back.at)
        i++;
    extent_insert(region, i, back);
    struct extent *here = &region->unused[i];
    if (i + 1 < region->n_unused && here->at + here->len == here[1].at) {
        here->len += here[1].len;
        extent_remove(region, i + 1);
    }
    if (i > 0 && here[-1].at + here[-1].len == here->at) {
        here[-1].len += here->len;
        extent_remove(region, i);
    }
}

static void region_free(struct region **at)
{
    struct region *region = *at;
    *at = region->next;
    POISON_ALLOW(region->base, REGION_BYTES);
    munmap(region->base, REGION_BYTES);
    s_mapped -= REGION_BYTES;
    xfree(region->unused);
    xfree(region);
}

void pages_give(void *block, size_t size)
{
    size_t len = block_bytes(size);
    if (block == NULL)
        return;
    pthread_mutex_lock(&s_lock);
    if (len >= LARGE_BYTES) {
        len = rounded(len, KIB(4));
        POISON_ALLOW(block, len);
        munmap(block, len);
        s_mapped -= len;
    } else {
        struct region **at = &s_regions;
        while (*at != NULL &&
               ((char *) block < (*at)->base || (char *) block >= (*at)->base + REGION_BYTES))
            at = &(*at)->next;
        assert(*at != NULL);
        POISON_FORBID(block, len);
        put_back(*at, (struct extent){(size_t) ((char *) block - (*at)->base), len});
        if ((*at)->unused[0].len == REGION_BYTES)
            region_free(at);
    }
    pthread_mutex_unlock(&s_lock);
}

size_t pages_mapped_bytes(void)
{
    pthread_mutex_lock(&s_lock);
    size_t mapped = s_mapped;
    pthread_mutex_unlock(&s_lock);
    return mapped;
}
