#include "engine/local/s3_chunked.h"

enum { MAX_TRAILERS = 16 };

static enum err_code bad(struct err *err)
{
    return err_set(err, ERR_PROTOCOL, "the aws-chunked body is broken");
}

/* 1a2b;chunk-signature=... */
static bool parse_size(struct str line, uint64_t *out)
{
    struct str digits = str_slice(line, 0, str_index(line, ';'));
    uint64_t size = 0;
    if (digits.len == 0 || digits.len > 15)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.ptr[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned) (c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned) (c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned) (c - 'A') + 10
                                                : 16;
        if (digit == 16)
            return false;
        size = size * 16 + digit;
    }
    *out = size;
    return true;
}

/* ;chunk-signature=<64 hex digits> */
static void read_signature(struct chunked *chunked, struct str line)
{
    struct str mark = STR(";chunk-signature=");
    size_t at = str_find(line, mark);
    struct str text = at == SIZE_MAX ? STR("") : str_from_index(line, at + mark.len);
    chunked->signature_len = text.len == sizeof(chunked->signature) ? text.len : 0;
    memcpy(chunked->signature, text.ptr, chunked->signature_len);
}

static enum err_code end_chunk(struct chunked *chunked, struct err *err)
{
    struct str signature =
        chunked->signature_len > 0 ? str_of(chunked->signature, chunked->signature_len) : STR_NULL;
    return chunked->end != NULL ? chunked->end(chunked->arg, signature, err) : ERR_NONE;
}

static enum err_code end_line(struct chunked *chunked, struct err *err)
{
    struct str line = str_of(chunked->line, chunked->line_len);
    chunked->line_len = 0;
    if (str_ends(line, STR("\r")))
        line.len--;
    switch (chunked->state) {
    case CHUNKED_SIZE:
        if (!parse_size(line, &chunked->left))
            return bad(err);
        read_signature(chunked, line);
        chunked->state = chunked->left > 0 ? CHUNKED_DATA : CHUNKED_TRAILER;
        return chunked->left > 0 ? ERR_NONE : end_chunk(chunked, err);
    case CHUNKED_DATA_END:
        chunked->state = CHUNKED_SIZE;
        return line.len == 0 ? ERR_NONE : bad(err);
    case CHUNKED_TRAILER: {
        size_t colon = str_index(line, ':');
        if (line.len == 0) {
            chunked->state = CHUNKED_DONE;
            return ERR_NONE;
        }
        if (colon == SIZE_MAX || chunked->trailers.len == MAX_TRAILERS)
            return bad(err);
        struct chunked_trailer *trailer = VEC_PUSH(chunked->arena, &chunked->trailers);
        trailer->name = str_dup(chunked->arena, str_trim(str_slice(line, 0, colon)));
        trailer->value = str_dup(chunked->arena, str_trim(str_from_index(line, colon + 1)));
        return ERR_NONE;
    }
    case CHUNKED_DATA:
    case CHUNKED_DONE:
    default:
        return bad(err);
    }
}

enum err_code chunked_feed(struct chunked *chunked, struct str piece, struct err *err)
{
    while (piece.len > 0) {
        enum err_code code = ERR_NONE;
        if (chunked->state == CHUNKED_DONE)
            return bad(err);
        if (chunked->state == CHUNKED_DATA) {
            size_t n = piece.len < chunked->left ? piece.len : (size_t) chunked->left;
            code = chunked->sink(chunked->arg, str_slice(piece, 0, n), err);
            piece = str_from_index(piece, n);
            chunked->left -= n;
            if (chunked->left == 0)
                chunked->state = CHUNKED_DATA_END;
            if (chunked->left == 0 && code == ERR_NONE)
                code = end_chunk(chunked, err);
        } else {
            char c = piece.ptr[0];
            piece = str_from_index(piece, 1);
            if (c == '\n')
                code = end_line(chunked, err);
            else if (chunked->line_len == sizeof(chunked->line))
                code = bad(err);
            else
                chunked->line[chunked->line_len++] = c;
        }
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}
