#include "engine/base/json.h"

#include "engine/base/arena.h"
#include "engine/base/map.h"
#include "engine/base/utf8.h"
#include "engine/base/vec.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <pthread.h>

#define MAX_DEPTH 64
#define MAX_NUMBER_LEN 64
#define SMALL_OBJECT 12 /* below it, comparing every pair of keys beats a map */

/* Parsing takes two passes. cJSON (1.7.15) builds the tree, but it is lenient where this project
 * must not be: it reads "01" and "1." as numbers, control characters and broken UTF-8 in strings,
 * any byte up to 0x20 as white space; it cuts strings at \u0000 and keeps numbers as doubles only;
 * and on some truncated texts it reads one byte too far (fixed in its 1.7.18). So scan() first
 * checks every token and the nesting by RFC 8259 and collects the numbers' texts, in order; cJSON
 * then sees only texts whose tokens are good, and copying its tree takes the numbers from that
 * list. cJSON_GetErrorPtr() is never used: it is the one part of cJSON that threads share.
 *
 * cJSON's tree lies on the caller's arena: its strings are the copy's, and nothing of it is freed
 * one by one, which took as long as the parsing. */
static pthread_once_t s_once = PTHREAD_ONCE_INIT;
static _Thread_local struct arena *s_arena; /* where cJSON builds, on this thread, right now */

static void *tree_alloc(size_t size)
{
    /* Nodes want to be aligned; everything else it asks for is text. */
    return size == sizeof(cJSON) ? arena_alloc(s_arena, size) : arena_chars(s_arena, size);
}

static void tree_free(void *ptr)
{
    (void) ptr;
}

static void use_arenas(void)
{
    cJSON_Hooks hooks = {tree_alloc, tree_free};
    cJSON_InitHooks(&hooks);
}

static cJSON *build(struct arena *arena, struct str text, const char **ret_end)
{
    (void) pthread_once(&s_once, use_arenas);
    s_arena = arena;
    cJSON *root = cJSON_ParseWithLengthOpts(text.len > 0 ? text.ptr : "", text.len, ret_end, 0);
    s_arena = NULL;
    return root;
}

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
    scan->at += str_plain(str_from_index(scan->text, scan->at), '"', '\\');
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
        size_t len = c < 0x80 ? 1 : utf8_char_len(scan->text, scan->at);
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
    if (peek(scan, 0) == '0' && is_digit(peek(scan, 1)))
        return fault(scan, "a number with a leading zero");
    if (!scan_digits(scan))
        return false;
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

static void link_child(struct json *parent, struct json *child)
{
    if (parent->last != NULL)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->len++;
}

static struct json *copy_number(struct copier *copier, const cJSON *from)
{
    struct str text = *copier->numbers++;
    int64_t exact = 0;
    if (str_to_i64(text, &exact))
        return json_int(copier->arena, exact);
    if (isfinite(from->valuedouble))
        return json_num(copier->arena, from->valuedouble);
    copier->fault = "a number beyond a double's range";
    copier->culprit = text;
    return NULL;
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
    struct json *node =
        type == JSON_OBJECT ? json_object(copier->arena) : json_array(copier->arena);
    for (const cJSON *item = from->child; item != NULL; item = item->next) {
        struct json *child = copy_node(copier, item);
        if (child == NULL)
            return NULL;
        if (type == JSON_OBJECT)
            child->key = str_from(item->string);
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
        return json_string(copier->arena, str_from(from->valuestring));
    case cJSON_Array:
        return copy_children(copier, from, JSON_ARRAY);
    default:
        return copy_children(copier, from, JSON_OBJECT);
    }
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
    const cJSON *root = build(arena, text, &end);
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

/* ---- in parts ---- */

static void skip_blanks(struct scan *scan)
{
    while (is_blank(peek(scan, 0)))
        scan->at++;
}

static bool skip_char(struct scan *scan, char wanted, const char *otherwise)
{
    skip_blanks(scan);
    if (peek(scan, 0) != wanted)
        return fault(scan, otherwise);
    scan->at++;
    return true;
}

/* One value of any kind; what is wrong between its tokens is found when it is parsed. */
static bool skip_value(struct scan *scan)
{
    size_t depth = scan->depth;
    scan->numbers.len = 0;
    skip_blanks(scan);
    do {
        if (!scan_token(scan))
            return false;
        if (scan->at >= scan->text.len)
            return scan->depth == depth || fault(scan, "the end, where a bracket is still open");
    } while (scan->depth > depth);
    return scan->depth == depth || fault(scan, "no value");
}

struct member {
    size_t name, name_end, value, value_end; /* in the text; the name with its quotes */
};

/* The next member of an object whose brace was opened; *last: it was the last, or there is none. */
static bool next_member(struct scan *scan, bool first, struct member *out, bool *last)
{
    skip_blanks(scan);
    *last = peek(scan, 0) == '}';
    if (*last) {
        scan->at++;
        return true;
    }
    if (!first && !skip_char(scan, ',', "no comma between two members"))
        return false;
    skip_blanks(scan);
    if (peek(scan, 0) != '"')
        return fault(scan, "no name of a member");
    out->name = scan->at;
    if (!scan_string(scan))
        return false;
    out->name_end = scan->at;
    if (!skip_char(scan, ':', "no colon after a name"))
        return false;
    skip_blanks(scan);
    out->value = scan->at;
    return true;
}

struct parts {
    struct scan scan;
    struct arena *scratch;
    json_part_fn *on_part;
    void *arg;
};

static enum err_code
part_parse(struct parts *parts, const struct member *member, struct str text, struct err *err)
{
    struct json *name, *node;
    arena_reset(parts->scratch);
    struct str raw = str_slice(text, member->name, member->name_end);
    enum err_code code = json_parse(parts->scratch, raw, raw.len, &name, err);
    struct str value = str_slice(text, member->value, member->value_end);
    if (code == ERR_NONE)
        code = json_parse(parts->scratch, value, value.len, &node, err);
    if (code != ERR_NONE)
        return err_wrap(err, "JSON member " STR_FMT, STR_ARG(raw));
    parts->on_part(parts->arg, name->string, node);
    return ERR_NONE;
}

/* The object that `at` stands before, member by member. */
static enum err_code parts_parse(struct parts *parts, struct err *err)
{
    struct scan *scan = &parts->scan;
    struct member member;
    bool last = false;
    scan->at++;
    for (bool first = true;; first = false) {
        if (!next_member(scan, first, &member, &last))
            return err_at(err, scan->text, scan->at, scan->fault);
        if (last)
            return ERR_NONE;
        if (!skip_value(scan))
            return err_at(err, scan->text, scan->at, scan->fault);
        member.value_end = scan->at;
        enum err_code code = part_parse(parts, &member, scan->text, err);
        if (code != ERR_NONE)
            return code;
    }
}

/* Finds the member, hands out what is in it, and says where it stood; a document that is no object
 * or does not have it is left to json_parse(). */
static enum err_code
find_parts(struct parts *parts, struct str quoted, struct member *found, struct err *err)
{
    struct scan *scan = &parts->scan;
    bool last = false;
    skip_blanks(scan);
    if (peek(scan, 0) != '{')
        return ERR_NONE;
    scan->at++;
    for (bool first = true;; first = false) {
        struct member member;
        if (!next_member(scan, first, &member, &last))
            return err_at(err, scan->text, scan->at, scan->fault);
        if (last)
            return ERR_NONE;
        struct str name = str_slice(scan->text, member.name, member.name_end);
        if (found->value_end == 0 && str_eq(name, quoted) && peek(scan, 0) == '{') {
            enum err_code code = parts_parse(parts, err);
            if (code != ERR_NONE)
                return code;
            *found = member;
            found->value_end = scan->at;
        } else if (!skip_value(scan)) {
            return err_at(err, scan->text, scan->at, scan->fault);
        }
    }
}

enum err_code json_parse_parts(
    struct arena *arena,
    struct str text,
    size_t max_bytes,
    const char *member,
    json_part_fn *on_part,
    void *arg,
    struct json **out,
    struct err *err)
{
    if (text.len > max_bytes)
        return err_set(err, ERR_PROTOCOL, "JSON of %zu bytes, at most %zu", text.len, max_bytes);
    AUTO(arena_close) struct arena *scan_arena = arena_new("JSON", 0);
    AUTO(arena_close) struct arena *scratch = arena_new("JSON part", 0);
    struct parts parts = {
        .scan = {.arena = scan_arena, .text = text},
        .scratch = scratch,
        .on_part = on_part,
        .arg = arg};
    struct member found = {.value_end = 0};
    struct str quoted = str_fmt(scan_arena, "\"%s\"", member);
    enum err_code code = find_parts(&parts, quoted, &found, err);
    if (code != ERR_NONE)
        return code;
    if (found.value_end == 0)
        return json_parse(arena, text, max_bytes, out, err);
    AUTO(buf_done) struct buf rest = BUF_INIT(max_bytes);
    buf_add(&rest, str_slice(text, 0, found.value));
    buf_add_z(&rest, "{}");
    buf_add(&rest, str_from_index(text, found.value_end));
    return json_parse(arena, buf_str(&rest), max_bytes, out, err);
}
