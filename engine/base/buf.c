#include "engine/base/buf.h"

#include "engine/base/arena.h"

#include <stdarg.h>

#define COPIED_BYTES KIB(64) /* up to here a copy is cheaper than a block of its own */

void buf_init(struct buf *buf, size_t max_bytes)
{
    *buf = (struct buf){.max = max_bytes};
}

void buf_done(struct buf *buf)
{
    xfree(buf->ptr);
    buf_init(buf, buf->max);
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->overflow = false;
}

bool buf_ok(const struct buf *buf)
{
    return !buf->overflow;
}

char *buf_reserve(struct buf *buf, size_t len)
{
    if (buf->overflow || len > buf->max || buf->len > buf->max - len) {
        buf->overflow = true;
        return NULL;
    }
    size_t need = buf->len + len;
    if (need > buf->cap) {
        size_t cap = buf->cap > 0 ? buf->cap : buf->max < 256 ? buf->max : 256;
        while (cap < need)
            cap = cap > buf->max / 2 ? buf->max : cap * 2;
        buf->ptr = xrealloc(buf->ptr, cap + 1); /* buf_fmt() writes a NUL behind the last byte */
        buf->cap = cap;
    }
    /* An empty reservation of an empty buffer still wants a valid pointer. */
    if (buf->ptr == NULL)
        buf->ptr = xmalloc(1);
    return buf->ptr + buf->len;
}

void buf_grow_add(struct buf *buf, const void *ptr, size_t len)
{
    char *room = buf_reserve(buf, len);
    if (room == NULL || len == 0)
        return;
    memcpy(room, ptr, len);
    buf->len += len;
}

void buf_fmt(struct buf *buf, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    /* First into the room that is there; it has a byte more than cap for the NUL. */
    size_t free_bytes = buf->cap > buf->len ? buf->cap - buf->len : 0;
    char *end = free_bytes > 0 ? buf->ptr + buf->len : NULL;
    size_t len = str_vformat(end, end != NULL ? free_bytes + 1 : 0, fmt, args);
    va_end(args);
    char *room = buf_reserve(buf, len);
    if (room != NULL) {
        if (len > free_bytes)
            str_vformat(room, len + 1, fmt, again);
        buf->len += len;
    }
    va_end(again);
}

struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->ptr != NULL ? buf->ptr : "", buf->len};
}

struct str buf_give(struct buf *buf, struct arena *arena)
{
    struct str text = buf_str(buf);
    if (buf->cap <= COPIED_BYTES) {
        text = str_dup(arena, text);
    } else {
        char *ptr = xrealloc(buf->ptr, buf->len + 1);
        ptr[buf->len] = '\0'; /* as str_dup() leaves it */
        text = str_of(ptr, buf->len);
        arena_adopt(arena, ptr, buf->len + 1);
        buf->ptr = NULL;
    }
    buf_done(buf);
    return text;
}
