/* engine/xgb/ubjson.h - UBJSON as XGBoost's writers have it, read in order and never beyond.
 *
 * The subset that src/common/json.cc of xgboost 1.7 (UBJWriter, UBJReader) uses: lengths are 'L'
 * and eight bytes, and numbers are big-endian. Readers of values are told the type's byte, which
 * has been taken, and give false for what they do not expect; the reader may then stand anywhere.
 * Private to engine/xgb. Threads: pure functions. Errors: none, only false.
 */
#ifndef ENGINE_XGB_UBJSON_H
#define ENGINE_XGB_UBJSON_H

#include "engine/xgb/model_reader.h"

/* Reads a value of this type into out. */
typedef bool (*ubjson_take_fn)(struct reader *reader, int type, void *out);

/* What an object has to have: a table of these says where in `out` each goes. */
struct ubjson_member {
    struct str name;
    ubjson_take_fn take;
    size_t offset;
};

/* Elements of one type, big-endian, that lie in the model's bytes. */
struct ubjson_array {
    const unsigned char *at;
    uint64_t count;
};

static inline uint32_t ubjson_u32_at(const unsigned char *bytes)
{
    return (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[2] << 8 |
           (uint32_t) bytes[3];
}

/* 'L' and eight bytes; the reader fails when it is anything else, or negative. */
uint64_t ubjson_length(struct reader *reader);
struct str ubjson_text(struct reader *reader); /* a length, and so many bytes; a view */
/* The bytes of a number of this type; 0 for anything else. */
unsigned ubjson_number_size(int type);
/* False when it is cut off, nested deeply, or nothing that libxgboost reads. */
bool ubjson_skip(struct reader *reader, int type);

/* Each member once, in any order; others are skipped, or not expected. At most 31 members. */
bool ubjson_take_object(
    struct reader *reader,
    int type,
    const struct ubjson_member *members,
    size_t count,
    bool others,
    void *out);
/* The head of a list, "[#" and a length; a value takes a byte at least. */
bool ubjson_take_list(struct reader *reader, int type, uint64_t *ret_count);
/* "[$" element "#" and a length. */
bool ubjson_take_array(
    struct reader *reader, int type, int element, struct ubjson_array *ret_array);
bool ubjson_take_integer(struct reader *reader, int type, int64_t *ret_number);
bool ubjson_take_text(struct reader *reader, int type, void *ret_str);   /* struct str; a view */
bool ubjson_take_number(struct reader *reader, int type, void *ret_u32); /* "42", below 2^31 */

#endif
