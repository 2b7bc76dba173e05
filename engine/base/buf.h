/* engine/base/buf.h - a growable byte buffer with a maximum.
 *
 * Owns heap memory: buf_done() frees it (or AUTO(buf_done)). Appending past the maximum stores
 * nothing more and sets `overflow`; check it once at the end with buf_ok(). Threads: one owner.
 */
#ifndef ENGINE_BASE_BUF_H
#define ENGINE_BASE_BUF_H

#include "engine/base/str.h"

struct buf {
    char *ptr;
    size_t len, cap, max;
    bool overflow;
};

#define BUF_INIT(max_bytes) \
    { \
        NULL, 0, 0, (max_bytes), false \
    }

void buf_init(struct buf *buf, size_t max_bytes);
void buf_done(struct buf *buf); /* frees; the buffer can be used again */
/* The bytes as text on the arena; the buffer is empty afterwards. Long ones are not copied. */
struct str buf_give(struct buf *buf, struct arena *arena);
void buf_clear(struct buf *buf); /* len = 0, keeps the memory */
bool buf_ok(const struct buf *buf);
void buf_fmt(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Room for len more bytes, to be filled by the caller; NULL on overflow. Commit with buf->len += n.
 */
char *buf_reserve(struct buf *buf, size_t len);
struct str buf_str(const struct buf *buf); /* a view; valid until the next append */
void buf_grow_add(struct buf *buf, const void *ptr, size_t len); /* buf_add_mem() without room */

static inline void buf_add_mem(struct buf *buf, const void *ptr, size_t len)
{
    if (len == 0 || len > buf->cap - buf->len || buf->overflow) {
        buf_grow_add(buf, ptr, len);
        return;
    }
    memcpy(buf->ptr + buf->len, ptr, len);
    buf->len += len;
}

static inline void buf_add(struct buf *buf, struct str s)
{
    buf_add_mem(buf, s.ptr, s.len);
}

static inline void buf_add_z(struct buf *buf, const char *z)
{
    buf_add(buf, str_from(z));
}

static inline void buf_add_char(struct buf *buf, char c)
{
    if (buf->len < buf->cap && !buf->overflow)
        buf->ptr[buf->len++] = c;
    else
        buf_grow_add(buf, &c, 1);
}

#endif
