/* engine/base/pages.h - memory on huge pages, for what is large, long-lived and read all over.
 *
 * Thousands of models, called in any order, are looked at in places that were not looked at lately.
 * On pages of 4 KiB each such look costs the processor a walk through its page tables as well. Here
 * the blocks lie side by side in regions that ask the kernel for huge pages (madvise(2),
 * MADV_HUGEPAGE), whether it has them or not.
 *
 * A block belongs to who took it, who gives it back with its size; a region that is empty goes back
 * to the system. Not zeroed. Out of memory aborts, as xmalloc() does. Threads: any, like malloc(3).
 */
#ifndef ENGINE_BASE_PAGES_H
#define ENGINE_BASE_PAGES_H

#include "engine/base/base.h"

#define PAGES_ALIGNMENT 64U /* a cache line */

void *pages_take(size_t size_bytes);
void pages_give(void *block, size_t size_bytes); /* accepts NULL */
/* What the system was asked for at this moment. */
size_t pages_mapped_bytes(void);

#endif
