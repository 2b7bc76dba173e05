#include "engine/xgb/ubjson.h"

enum { DEPTH_MAX = 64 };

uint64_t ubjson_length(struct reader *reader)
{
    if (take_char(reader) != 'L')
        reader->failed = true;
    const unsigned char *bytes = take(reader, 8);
    uint64_t value = 0;
    for (int i = 0; bytes != NULL && i < 8; i++)
        value = value << 8 | bytes[i];
    if (value > INT64_MAX)
        reader->failed = true;
    return value;
}

struct str ubjson_text(struct reader *reader)
{
    uint64_t len = ubjson_length(reader);
    const unsigned char *text = take(reader, len);
    return reader->failed ? STR_NULL : str_of(text, len);
}

unsigned ubjson_number_size(int type)
{
    switch (type) {
    case 'i':
    case 'U':
    case 'C':
        return 1;
    case 'I':
        return 2;
    case 'l':
    case 'd':
        return 4;
    case 'L':
    case 'D':
        return 8;
    default:
        return 0;
    }
}

/* ---- what is not looked at ---- */

static bool skip(struct reader *reader, int type, int depth);

static bool skip_elements(struct reader *reader)
{
    (void) take(reader, 1);
    int element = take_char(reader);
    unsigned size = ubjson_number_size(element);
    if ((element != 'd' && element != 'U' && element != 'l' && element != 'L') ||
        take_char(reader) != '#')
        return false;
    uint64_t count = ubjson_length(reader);
    return !reader->failed && count <= (uint64_t) (reader->end - reader->at) / size &&
           take(reader, count * size) != NULL;
}

static bool skip_array(struct reader *reader, int depth)
{
    if (peek(reader) == '$')
        return skip_elements(reader);
    uint64_t count = 0;
    if (peek(reader) == '#') {
        if (!ubjson_take_list(reader, '[', &count))
            return false;
        for (uint64_t i = 0; i < count; i++)
            if (!skip(reader, take_char(reader), depth))
                return false;
        return true;
    }
    while (peek(reader) != ']')
        if (!skip(reader, take_char(reader), depth))
            return false;
    return take(reader, 1) != NULL;
}

static bool skip_object(struct reader *reader, int depth)
{
    while (peek(reader) != '}') {
        (void) ubjson_text(reader);
        if (!skip(reader, take_char(reader), depth))
            return false;
    }
    return take(reader, 1) != NULL;
}

static bool skip(struct reader *reader, int type, int depth)
{
    if (depth == DEPTH_MAX || reader->failed)
        return false;
    switch (type) {
    case '[':
        return skip_array(reader, depth + 1);
    case '{':
        return skip_object(reader, depth + 1);
    case 'S':
        (void) ubjson_text(reader);
        return !reader->failed;
    case 'T':
    case 'F':
    case 'Z':
        return true;
    case 'D': /* "f64 is not supported." */
        return false;
    default:
        return ubjson_number_size(type) > 0 && take(reader, ubjson_number_size(type)) != NULL;
    }
}

bool ubjson_skip(struct reader *reader, int type)
{
    return skip(reader, type, 0);
}

/* ---- what is ---- */

/* Members mostly come as they stand in the table, which is searched from where the last one was. */
static size_t find(const struct ubjson_member *members, size_t count, size_t start, struct str name)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = start + i < count ? start + i : start + i - count;
        if (str_eq(members[at].name, name))
            return at;
    }
    return count;
}

bool ubjson_take_object(
    struct reader *reader,
    int type,
    const struct ubjson_member *members,
    size_t count,
    bool others,
    void *out)
{
    uint32_t seen = 0;
    size_t next = 0;
    if (type != '{')
        return false;
    while (peek(reader) != '}') {
        struct str name = ubjson_text(reader);
        int value = take_char(reader);
        if (reader->failed)
            return false;
        size_t at = find(members, count, next, name);
        if (at == count) {
            if (!others || !ubjson_skip(reader, value))
                return false;
            continue;
        }
        /* The first of two counts for libxgboost; nobody has to know that. */
        if ((seen >> at & 1) != 0 ||
            !members[at].take(reader, value, (char *) out + members[at].offset))
            return false;
        seen |= UINT32_C(1) << at;
        next = at + 1;
    }
    return take(reader, 1) != NULL && seen == (UINT32_C(1) << count) - 1;
}

bool ubjson_take_list(struct reader *reader, int type, uint64_t *ret_count)
{
    if (type != '[' || take_char(reader) != '#')
        return false;
    *ret_count = ubjson_length(reader);
    return !reader->failed && *ret_count <= (uint64_t) (reader->end - reader->at);
}

bool ubjson_take_array(struct reader *reader, int type, int element, struct ubjson_array *ret_array)
{
    if (type != '[' || take_char(reader) != '$' || take_char(reader) != element ||
        take_char(reader) != '#')
        return false;
    unsigned size = ubjson_number_size(element);
    ret_array->count = ubjson_length(reader);
    if (reader->failed || ret_array->count > (uint64_t) (reader->end - reader->at) / size)
        return false;
    ret_array->at = take(reader, ret_array->count * size);
    return ret_array->at != NULL;
}

bool ubjson_take_integer(struct reader *reader, int type, int64_t *ret_number)
{
    unsigned size = ubjson_number_size(type);
    const unsigned char *bytes = take(reader, size);
    if (size == 0 || type == 'C' || type == 'd' || type == 'D' || bytes == NULL)
        return false;
    uint64_t value = type != 'U' && bytes[0] >= 0x80 ? UINT64_MAX : 0;
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    *ret_number = (int64_t) value;
    return true;
}

bool ubjson_take_text(struct reader *reader, int type, void *ret_str)
{
    if (type != 'S')
        return false;
    *(struct str *) ret_str = ubjson_text(reader);
    return !reader->failed;
}

/* As it is printed: without a sign, a blank or a zero before it. */
bool ubjson_take_number(struct reader *reader, int type, void *ret_u32)
{
    struct str text = STR_NULL;
    uint64_t value = 0;
    if (!ubjson_take_text(reader, type, &text) || text.len == 0 || text.len > 10)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        value = value * 10 + (uint64_t) (text.ptr[i] - '0');
    }
    if (value > INT32_MAX || (text.ptr[0] == '0' && text.len > 1))
        return false;
    *(uint32_t *) ret_u32 = (uint32_t) value;
    return true;
}
