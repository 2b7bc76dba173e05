#include "engine/base/json.h"

#include "engine/base/arena.h"
#include "engine/base/map.h"
#include "engine/base/utf8.h"
#include "engine/base/vec.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <float.h>
#include <math.h>

#define MAX_DEPTH 64
#define MAX_NUMBER_LEN 64
#define MAX_EXACT 9007199254740992.0 /* 2^53: every integer up to it is a double */
#define SMALL_OBJECT 12              /* below it, comparing every pair of keys beats a map */

/* Parsing takes two passes. cJSON (1.7.15) builds the tree, but it is lenient where this project
 * must not be: it reads "01" and "1." as numbers, control characters and broken UTF-8 in strings,
 * any byte up to 0x20 as white space; it cuts strings at \u0000 and keeps numbers as doubles only;
 * and on some truncated texts it reads one byte too far (fixed in its 1.7.18). So scan() first
 * checks every token and the nesting by RFC 8259 and collects the numbers' texts, in order; cJSON
 * then sees only texts whose tokens are good, and copying its tree takes the numbers from that
 * list. cJSON_GetErrorPtr() is never used: it is the one part of cJSON that threads share. */
struct scan {
    struct arena *arena;
    struct str text;
    size_t at;
    const char *fault; /* what is wrong at `at` */
    char closers[MAX_DEPTH];
    size_t depth;
    VEC(struct str) numbers;
};

static bool fault(struct scan *scan, const char *what)
{
    scan->fault = what;
    return false;
}

static char peek(const struct scan *scan, size_t ahead)
{
    return scan->at + ahead < scan->text.len ? scan->text.ptr[scan->at + ahead] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool scan_escape(struct scan *scan)
{
    char c = peek(scan, 1);
    if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
        return fault(scan, "an unknown escape in a string");
    if (c != 'u') {
        scan->at += 2;
        return true;
    }
    for (size_t i = 2; i < 6; i++)
        if (!is_hex(peek(scan, i)))
            return fault(scan, "a \\u escape without four hexadecimal digits");
    if (memcmp(scan->text.ptr + scan->at, "\\u0000", 6) == 0)
        return fault(scan, "a NUL character in a string");
    scan->at += 6;
    return true;
}

static bool scan_string(struct scan *scan)
{
    scan->at++;
    while (scan->at < scan->text.len) {
        unsigned char c = (unsigned char) scan->text.ptr[scan->at];
        if (c == '"') {
            scan->at++;
            return true;
        }
        if (c < 0x20)
            return fault(scan, "a control character in a string");
        if (c == '\\') {
            if (!scan_escape(scan))
                return false;
            continue;
        }
        size_t len = utf8_char_len(scan->text, scan->at);
        if (len == 0)
            return fault(scan, "bytes that are not UTF-8");
        scan->at += len;
    }
    return fault(scan, "a string without its closing quote");
}

static bool scan_digits(struct scan *scan)
{
    if (!is_digit(peek(scan, 0)))
        return fault(scan, "a number that is not written as JSON wants it");
    while (is_digit(peek(scan, 0)))
        scan->at++;
    return true;
}

static bool scan_number(struct scan *scan)
{
    size_t start = scan->at;
    if (peek(scan, 0) == '-')
        scan->at++;
    bool zero = peek(scan, 0) == '0';
    if (!scan_digits(scan))
        return false;
    if (zero && is_digit(scan->text.ptr[scan->at - 1]) &&
        scan->at - start > (scan->text.ptr[start] == '-' ? 2U : 1U))
        return fault(scan, "a number with a leading zero");
    if (peek(scan, 0) == '.') {
        scan->at++;
        if (!scan_digits(scan))
            return false;
    }
    if (peek(scan, 0) == 'e' || peek(scan, 0) == 'E') {
        scan->at++;
        if (peek(scan, 0) == '+' || peek(scan, 0) == '-')
            scan->at++;
        if (!scan_digits(scan))
            return false;
    }
    if (scan->at - start > MAX_NUMBER_LEN - 1)
        return fault(scan, "a number of 64 characters or more");
    *VEC_PUSH(scan->arena, &scan->numbers) = str_slice(scan->text, start, scan->at);
    return true;
}

static bool scan_word(struct scan *scan)
{
    static const struct str s_words[] = {STR_INIT("true"), STR_INIT("false"), STR_INIT("null")};
    for (size_t i = 0; i < ARRAY_LEN(s_words); i++)
        if (str_starts(str_from_index(scan->text, scan->at), s_words[i])) {
            scan->at += s_words[i].len;
            return true;
        }
    return fault(scan, "a character that starts no value");
}

static bool scan_bracket(struct scan *scan, char c)
{
    if (c == '{' || c == '[') {
        if (scan->depth == MAX_DEPTH)
            return fault(scan, "more than 64 levels");
        scan->closers[scan->depth++] = c == '{' ? '}' : ']';
    } else {
        if (scan->depth == 0 || scan->closers[scan->depth - 1] != c)
            return fault(scan, "a bracket that closes nothing");
        scan->depth--;
    }
    scan->at++;
    return true;
}

static bool scan_token(struct scan *scan)
{
    char c = peek(scan, 0);
    if (is_blank(c) || c == ',' || c == ':') {
        scan->at++;
        return true;
    }
    if (c == '{' || c == '[' || c == '}' || c == ']')
        return scan_bracket(scan, c);
    if (c == '"')
        return scan_string(scan);
    if (c == '-' || is_digit(c))
        return scan_number(scan);
    return scan_word(scan);
}

static bool scan_all(struct scan *scan)
{
    while (scan->at < scan->text.len)
        if (!scan_token(scan))
            return false;
    return scan->depth == 0 || fault(scan, "the end, where a bracket is still open");
}

static enum err_code err_at(struct err *err, struct str text, size_t at, const char *what)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at && i < text.len; i++) {
        column = text.ptr[i] == '\n' ? 1 : column + 1;
        line += text.ptr[i] == '\n' ? 1 : 0;
    }
    return err_set(err, ERR_PROTOCOL, "JSON line %zu, column %zu: found %s", line, column, what);
}

struct copier {
    struct arena *arena;
    const struct str *numbers; /* the next one to use */
    const char *fault;
    struct str culprit;
};

static struct json *node_new(struct arena *arena, enum json_type type)
{
    struct json *node = ARENA_NEW(arena, struct json);
    node->type = type;
    return node;
}

static void link_child(struct json *parent, struct json *child)
{
    if (parent->last != NULL)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->len++;
}

/* "1e3" and "5.0" are integers, too: AWS's services and clients write either. */
static void number_fill(struct json *node, double value)
{
    bool integral = fabs(value) <= MAX_EXACT && !(fabs(value - trunc(value)) > 0);
    bool minus_zero = !(fabs(value) > 0) && signbit(value) != 0;
    node->number = value;
    node->is_int = integral && !minus_zero;
    node->integer = node->is_int ? (int64_t) value : 0;
}

static struct json *copy_number(struct copier *copier, const cJSON *from)
{
    struct str text = *copier->numbers++;
    struct json *node = node_new(copier->arena, JSON_NUMBER);
    if (!isfinite(from->valuedouble)) {
        copier->fault = "a number beyond a double's range";
        copier->culprit = text;
        return NULL;
    }
    number_fill(node, from->valuedouble);
    int64_t exact = 0;
    if (str_to_i64(text, &exact)) {
        node->is_int = true;
        node->integer = exact;
        node->number = (double) exact;
    }
    return node;
}

static bool keys_differ(struct copier *copier, const struct json *object)
{
    struct map *seen = object->len > SMALL_OBJECT ? map_new(copier->arena) : NULL;
    JSON_EACH (child, object) {
        bool again = false;
        if (seen != NULL)
            again = map_put(seen, child->key, copier) != NULL;
        else
            for (const struct json *p = object->first; p != child && !again; p = p->next)
                again = str_eq(p->key, child->key);
        if (again) {
            copier->fault = "a key that comes twice";
            copier->culprit = child->key;
            return false;
        }
    }
    return true;
}

static struct json *copy_node(struct copier *copier, const cJSON *from);

static struct json *copy_children(struct copier *copier, const cJSON *from, enum json_type type)
{
    struct json *node = node_new(copier->arena, type);
    for (const cJSON *item = from->child; item != NULL; item = item->next) {
        struct json *child = copy_node(copier, item);
        if (child == NULL)
            return NULL;
        if (type == JSON_OBJECT)
            child->key = str_dup(copier->arena, str_from(item->string));
        link_child(node, child);
    }
    if (type == JSON_OBJECT && !keys_differ(copier, node))
        return NULL;
    return node;
}

static struct json *copy_node(struct copier *copier, const cJSON *from)
{
    switch (from->type & 0xFF) {
    case cJSON_False:
    case cJSON_True:
        return json_bool(copier->arena, cJSON_IsTrue(from) != 0);
    case cJSON_NULL:
        return json_null(copier->arena);
    case cJSON_Number:
        return copy_number(copier, from);
    case cJSON_String:
        return json_string(copier->arena, str_dup(copier->arena, str_from(from->valuestring)));
    case cJSON_Array:
        return copy_children(copier, from, JSON_ARRAY);
    default:
        return copy_children(copier, from, JSON_OBJECT);
    }
}

static void cjson_close(cJSON **root)
{
    cJSON_Delete(*root);
}

enum err_code json_parse(
    struct arena *arena, struct str text, size_t max_bytes, struct json **out, struct err *err)
{
    if (text.len > max_bytes)
        return err_set(err, ERR_PROTOCOL, "JSON of %zu bytes, at most %zu", text.len, max_bytes);
    struct scan scan = {.arena = arena, .text = text};
    if (!scan_all(&scan))
        return err_at(err, text, scan.at, scan.fault);
    const char *end = NULL;
    AUTO(cjson_close)
    cJSON *root = cJSON_ParseWithLengthOpts(text.len > 0 ? text.ptr : "", text.len, &end, 0);
    size_t at = text.len > 0 && end != NULL ? (size_t) (end - text.ptr) : 0;
    if (root == NULL)
        return err_at(err, text, at, text.len > 0 ? "no JSON value" : "nothing");
    for (; at < text.len; at++)
        if (!is_blank(text.ptr[at]))
            return err_at(err, text, at, "something behind the value");

    struct copier copier = {.arena = arena, .numbers = scan.numbers.items};
    struct json *copy = copy_node(&copier, root);
    if (copy == NULL)
        return err_set(
            err, ERR_PROTOCOL, "JSON: found %s: '" STR_FMT "'", copier.fault,
            STR_ARG(copier.culprit));
    *out = copy;
    return ERR_NONE;
}

const struct json *json_get(const struct json *object, const char *key)
{
    if (object == NULL || object->type != JSON_OBJECT)
        return NULL;
    JSON_EACH (child, object) {
        if (str_eq_z(child->key, key))
            return child;
    }
    return NULL;
}

const struct json *json_at(const struct json *array, size_t index)
{
    if (array == NULL || array->type != JSON_ARRAY || index >= array->len)
        return NULL;
    const struct json *child = array->first;
    for (size_t i = 0; i < index; i++)
        child = child->next;
    return child;
}

struct str json_str(const struct json *node)
{
    return node != NULL && node->type == JSON_STRING ? node->string : STR_NULL;
}

struct str json_get_str(const struct json *object, const char *key)
{
    return json_str(json_get(object, key));
}

bool json_get_bool(const struct json *object, const char *key, bool absent)
{
    const struct json *node = json_get(object, key);
    return node != NULL && node->type == JSON_BOOL ? node->boolean : absent;
}

int64_t json_get_int(const struct json *object, const char *key, int64_t absent)
{
    const struct json *node = json_get(object, key);
    return node != NULL && node->type == JSON_NUMBER && node->is_int ? node->integer : absent;
}

double json_get_num(const struct json *object, const char *key, double absent)
{
    const struct json *node = json_get(object, key);
    return node != NULL && node->type == JSON_NUMBER ? node->number : absent;
}

struct json *json_null(struct arena *arena)
{
    return node_new(arena, JSON_NULL);
}

struct json *json_bool(struct arena *arena, bool value)
{
    struct json *node = node_new(arena, JSON_BOOL);
    node->boolean = value;
    return node;
}

struct json *json_int(struct arena *arena, int64_t value)
{
    struct json *node = node_new(arena, JSON_NUMBER);
    node->is_int = true;
    node->integer = value;
    node->number = (double) value;
    return node;
}

struct json *json_num(struct arena *arena, double value)
{
    struct json *node = node_new(arena, JSON_NUMBER);
    number_fill(node, value);
    return node;
}

struct json *json_string(struct arena *arena, struct str value)
{
    struct json *node = node_new(arena, JSON_STRING);
    /* Never null: an empty string is a string, not an absent one. */
    node->string = str_is_null(value) ? STR("") : value;
    return node;
}

struct json *json_z(struct arena *arena, const char *value)
{
    return json_string(arena, str_from(value));
}

struct json *json_array(struct arena *arena)
{
    return node_new(arena, JSON_ARRAY);
}

struct json *json_object(struct arena *arena)
{
    return node_new(arena, JSON_OBJECT);
}

struct json *json_push(struct json *array, struct json *value)
{
    assert(array->type == JSON_ARRAY);
    if (value == NULL)
        return array;
    assert(value->next == NULL);
    link_child(array, value);
    return array;
}

struct json *json_set(struct arena *arena, struct json *object, struct str key, struct json *value)
{
    (void) arena;
    assert(object->type == JSON_OBJECT);
    if (value == NULL)
        return object;
    assert(value->next == NULL && str_is_null(value->key));
    value->key = key;
    struct json *previous = NULL;
    for (struct json *child = object->first; child != NULL; previous = child, child = child->next) {
        if (!str_eq(child->key, key))
            continue;
        value->next = child->next;
        if (previous != NULL)
            previous->next = value;
        else
            object->first = value;
        if (object->last == child)
            object->last = value;
        return object;
    }
    link_child(object, value);
    return object;
}

struct json *json_copy(struct arena *arena, const struct json *node)
{
    if (node == NULL)
        return NULL;
    struct json *copy = ARENA_NEW(arena, struct json);
    *copy = *node;
    copy->first = copy->last = copy->next = NULL;
    copy->len = 0;
    copy->key = STR_NULL;
    if (node->type == JSON_STRING)
        copy->string = str_dup(arena, node->string);
    JSON_EACH (child, node) {
        struct json *child_copy = json_copy(arena, child);
        if (node->type == JSON_OBJECT)
            child_copy->key = str_dup(arena, child->key);
        link_child(copy, child_copy);
    }
    return copy;
}

static bool numbers_equal(const struct json *a, const struct json *b)
{
    if (a->is_int && b->is_int)
        return a->integer == b->integer;
    return !(a->number < b->number) && !(a->number > b->number);
}

static const struct json *member(const struct json *object, struct str key)
{
    const struct json *child = object->first;
    while (child != NULL && !str_eq(child->key, key))
        child = child->next;
    return child;
}

static bool children_equal(const struct json *a, const struct json *b)
{
    if (a->len != b->len)
        return false;
    const struct json *other = b->first;
    JSON_EACH (child, a) {
        bool same_place = a->type == JSON_ARRAY || str_eq(child->key, other->key);
        const struct json *match = same_place ? other : member(b, child->key);
        if (match == NULL || !json_equal(child, match))
            return false;
        other = other->next;
    }
    return true;
}

bool json_equal(const struct json *a, const struct json *b)
{
    if (a == NULL || b == NULL || a->type != b->type)
        return a == b;
    switch (a->type) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return a->boolean == b->boolean;
    case JSON_NUMBER:
        return numbers_equal(a, b);
    case JSON_STRING:
        return str_eq(a->string, b->string);
    case JSON_ARRAY:
    case JSON_OBJECT:
        return children_equal(a, b);
    }
    return false;
}
