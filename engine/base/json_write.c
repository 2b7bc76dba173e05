/* JSON out: the other half of json.h. */
#include "engine/base/json.h"

#include "engine/base/arena.h"
#include "engine/base/utf8.h"

#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>

#define MAX_TEXT_BYTES MIB(512)

static void write_escape(struct buf *buf, unsigned char c)
{
    switch (c) {
    case '"':
        buf_add(buf, STR("\\\""));
        break;
    case '\\':
        buf_add(buf, STR("\\\\"));
        break;
    case '\b':
        buf_add(buf, STR("\\b"));
        break;
    case '\f':
        buf_add(buf, STR("\\f"));
        break;
    case '\n':
        buf_add(buf, STR("\\n"));
        break;
    case '\r':
        buf_add(buf, STR("\\r"));
        break;
    case '\t':
        buf_add(buf, STR("\\t"));
        break;
    default:
        buf_fmt(buf, "\\u%04x", c);
        break;
    }
}

/* The escapes of RFC 8785 section 3.2.2.2, plus DEL: terminals act on it. Bytes that are not UTF-8
 * become U+FFFD, so that what is written can always be read again. */
static void write_string(struct buf *buf, struct str text)
{
    size_t plain = 0; /* where the run that needs no escape begins */
    buf_add_char(buf, '"');
    for (size_t at = str_plain(text, '"', '\\'); at < text.len;) {
        unsigned char c = (unsigned char) text.ptr[at];
        size_t len = c < 0x80 ? 1 : utf8_char_len(text, at);
        if (len > 0 && c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) {
            at += len;
            continue;
        }
        buf_add(buf, str_slice(text, plain, at));
        if (len == 0)
            buf_add(buf, UTF8_REPLACEMENT);
        else
            write_escape(buf, c);
        plain = ++at;
    }
    buf_add(buf, str_slice(text, plain, text.len));
    buf_add_char(buf, '"');
}

/* 15 digits suffice for every double that was written with up to 15; 17 for all. Subnormals have
 * fewer, so the search starts at one there. JSON knows no NaN and no infinity: null. */
static void write_double(struct buf *buf, double value)
{
    char text[40];
    if (!isfinite(value)) {
        buf_add(buf, STR("null"));
        return;
    }
    if (fabs(value) < 1e15 && fabs(value) >= 1 && fabs(value - trunc(value)) <= 0) {
        buf_fmt(buf, "%lld", (long long) value);
        return;
    }
    int digits = fabs(value) < DBL_MIN && fabs(value) > 0 ? 1 : 15;
    for (; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        double back = strtod(text, NULL);
        if (memcmp(&back, &value, sizeof(back)) == 0)
            break;
    }
    buf_add_z(buf, text);
    if (strcmp(text, "-0") == 0)
        buf_add_z(buf, ".0"); /* alone it would read as the whole number 0 */
}

static void new_line(struct buf *buf, size_t depth)
{
    buf_add_char(buf, '\n');
    for (size_t i = 0; i < depth; i++)
        buf_add(buf, STR("  "));
}

static void
write_node(struct buf *buf, const struct json *node, enum json_style style, size_t depth);

static void write_child(
    struct buf *buf,
    const struct json *child,
    const struct json *parent,
    enum json_style style,
    size_t depth)
{
    if (style == JSON_PRETTY)
        new_line(buf, depth + 1);
    if (parent->type == JSON_OBJECT) {
        write_string(buf, child->key);
        buf_add(buf, style == JSON_PRETTY ? STR(": ") : STR(":"));
    }
    write_node(buf, child, style, depth + 1);
}

static int compare_keys(const void *a, const void *b)
{
    const struct json *const *left = a, *const *right = b;
    return str_cmp((*left)->key, (*right)->key);
}

static void write_sorted(struct buf *buf, const struct json *object, size_t depth)
{
    const struct json **members = xmalloc(object->len * sizeof(struct json *));
    size_t count = 0;
    JSON_EACH (child, object) {
        members[count++] = child;
    }
    qsort(members, count, sizeof(struct json *), compare_keys);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_char(buf, ',');
        write_child(buf, members[i], object, JSON_CANONICAL, depth);
    }
    xfree(members);
}

static void
write_children(struct buf *buf, const struct json *node, enum json_style style, size_t depth)
{
    bool object = node->type == JSON_OBJECT;
    buf_add_char(buf, object ? '{' : '[');
    if (object && style == JSON_CANONICAL && node->len > 0) {
        write_sorted(buf, node, depth);
    } else {
        JSON_EACH (child, node) {
            if (child != node->first)
                buf_add_char(buf, ',');
            write_child(buf, child, node, style, depth);
        }
    }
    if (style == JSON_PRETTY && node->len > 0)
        new_line(buf, depth);
    buf_add_char(buf, object ? '}' : ']');
}

static void
write_node(struct buf *buf, const struct json *node, enum json_style style, size_t depth)
{
    switch (node->type) {
    case JSON_NULL:
        buf_add(buf, STR("null"));
        return;
    case JSON_BOOL:
        buf_add(buf, node->boolean ? STR("true") : STR("false"));
        return;
    case JSON_NUMBER:
        if (node->is_int)
            buf_fmt(buf, "%" PRId64, node->integer);
        else
            write_double(buf, node->number);
        return;
    case JSON_STRING:
        write_string(buf, node->string);
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        write_children(buf, node, style, depth);
        return;
    }
}

void json_write(struct buf *buf, const struct json *node, enum json_style style)
{
    if (node == NULL)
        buf_add(buf, STR("null"));
    else
        write_node(buf, node, style, 0);
}

struct str json_text(struct arena *arena, const struct json *node, enum json_style style)
{
    AUTO(buf_done) struct buf buf = BUF_INIT(MAX_TEXT_BYTES);
    json_write(&buf, node, style);
    assert(buf_ok(&buf));
    return str_dup(arena, buf_str(&buf));
}
