#include "engine/httpd/chunks.h"

enum { MAX_DIGITS = 15, MAX_EXTRA = 8192 };

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static enum chunks_at after_size(struct chunks *chunks, char c, const struct buf *out)
{
    int digit = digit_of(c);
    if (digit >= 0) {
        chunks->left = chunks->left * 16 + (uint64_t) digit;
        if (++chunks->line > MAX_DIGITS)
            return CHUNKS_BAD;
        return chunks->left > out->max - out->len ? CHUNKS_TOO_LARGE : CHUNKS_SIZE;
    }
    if (chunks->line == 0)
        return CHUNKS_BAD;
    return c == '\r' ? CHUNKS_SIZE_LF : c == ';' ? CHUNKS_EXTENSION : CHUNKS_BAD;
}

/* A lone line end inside would be one to somebody else. */
static enum chunks_at
after_text(struct chunks *chunks, char c, enum chunks_at same, enum chunks_at end)
{
    if (c == '\n' || c == '\0' || ++chunks->extra > MAX_EXTRA)
        return CHUNKS_BAD;
    return c == '\r' ? end : same;
}

static enum chunks_at after(struct chunks *chunks, char c, const struct buf *out)
{
    switch (chunks->at) {
    case CHUNKS_SIZE:
        return after_size(chunks, c, out);
    case CHUNKS_EXTENSION:
        return after_text(chunks, c, CHUNKS_EXTENSION, CHUNKS_SIZE_LF);
    case CHUNKS_SIZE_LF:
        chunks->line = 0;
        return c != '\n' ? CHUNKS_BAD : chunks->left > 0 ? CHUNKS_DATA : CHUNKS_TRAILER;
    case CHUNKS_DATA_CR:
        return c == '\r' ? CHUNKS_DATA_LF : CHUNKS_BAD;
    case CHUNKS_DATA_LF:
        return c == '\n' ? CHUNKS_SIZE : CHUNKS_BAD;
    case CHUNKS_TRAILER:
        return c == '\r' ? CHUNKS_LAST_LF
                         : after_text(chunks, c, CHUNKS_TRAILER_TEXT, CHUNKS_TRAILER_LF);
    case CHUNKS_TRAILER_TEXT:
        return after_text(chunks, c, CHUNKS_TRAILER_TEXT, CHUNKS_TRAILER_LF);
    case CHUNKS_TRAILER_LF:
        return c == '\n' ? CHUNKS_TRAILER : CHUNKS_BAD;
    case CHUNKS_LAST_LF:
        return c == '\n' ? CHUNKS_DONE : CHUNKS_BAD;
    case CHUNKS_DATA:
    case CHUNKS_DONE:
    case CHUNKS_BAD:
    case CHUNKS_TOO_LARGE:
    default:
        return CHUNKS_BAD;
    }
}

size_t chunks_add(struct chunks *chunks, struct str bytes, struct buf *out)
{
    size_t i = 0;
    while (i < bytes.len && chunks->at < CHUNKS_DONE) {
        if (chunks->at != CHUNKS_DATA) {
            chunks->at = after(chunks, bytes.ptr[i++], out);
            continue;
        }
        size_t n = bytes.len - i;
        n = n > chunks->left ? (size_t) chunks->left : n;
        buf_add_mem(out, bytes.ptr + i, n);
        i += n;
        chunks->left -= n;
        if (chunks->left == 0)
            chunks->at = CHUNKS_DATA_CR;
    }
    return i;
}
