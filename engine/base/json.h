/* engine/base/json.h - JSON values on an arena; cJSON parses (json.c is the only file that includes
 * it).
 *
 * Parsing copies into the arena, so nodes live as long as it. Limits: 64 levels, the byte limit
 * given by the caller, duplicate keys refused, numbers of at most 64 characters. Accessors accept
 * NULL nodes and wrong types and then give the stated default, so that chains of lookups need no
 * checks. Threads: a tree belongs to one thread while it is built; read-only trees can be shared.
 */
#ifndef ENGINE_BASE_JSON_H
#define ENGINE_BASE_JSON_H

#include "engine/base/buf.h"
#include "engine/base/err.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_type type;
    bool boolean;
    bool is_int; /* the number is exactly `integer` */
    int64_t integer;
    double number;
    struct str string;
    struct str key;                   /* the name, when it is a member of an object */
    struct json *first, *last, *next; /* members or elements, in order */
    size_t len;                       /* how many */
};

enum err_code json_parse(
    struct arena *arena, struct str text, size_t max_bytes, struct json **out, struct err *err)
    MUST_USE;

/* For a document whose one large member is an object of many: its members are given to on_part one
 * by one, in order, and are gone afterwards (name and node live on an arena of their own); *out has
 * an empty object in its place. A name that comes twice there is the caller's to notice. on_part is
 * also called when the rest turns out to be broken. */
typedef void json_part_fn(void *arg, struct str name, const struct json *node);
enum err_code json_parse_parts(
    struct arena *arena,
    struct str text,
    size_t max_bytes,
    const char *member,
    json_part_fn *on_part,
    void *arg,
    struct json **out,
    struct err *err) MUST_USE;

const struct json *json_get(const struct json *object, const char *key); /* NULL when absent */
const struct json *json_at(const struct json *array, size_t index);
struct str json_str(const struct json *node); /* STR_NULL unless a string */
struct str json_get_str(const struct json *object, const char *key);
bool json_get_bool(const struct json *object, const char *key, bool absent);
int64_t json_get_int(const struct json *object, const char *key, int64_t absent);
double json_get_num(const struct json *object, const char *key, double absent);
#define JSON_EACH(child, parent) \
    for (const struct json *child = (parent) != NULL ? (parent)->first : NULL; child != NULL; \
         child = child->next)

/* Building. json_set replaces an existing member in place. A NULL value is skipped (absent member).
 */
struct json *json_null(struct arena *arena);
struct json *json_bool(struct arena *arena, bool value);
struct json *json_int(struct arena *arena, int64_t value);
struct json *json_num(struct arena *arena, double value);
struct json *json_string(struct arena *arena, struct str value); /* the bytes are not copied */
struct json *json_z(struct arena *arena, const char *value);     /* not copied either */
struct json *json_array(struct arena *arena);
struct json *json_object(struct arena *arena);
struct json *json_push(struct json *array, struct json *value); /* returns array */
/* key must live as long as the tree (a literal, usually). A node can hang in one parent only. */
struct json *json_set(struct arena *arena, struct json *object, struct str key, struct json *value);
/* The same for a key that cannot be there yet: without looking, for objects of thousands. */
struct json *json_add(struct json *object, struct str key, struct json *value);
#define json_put(arena, object, key, value) json_set((arena), (object), STR(key), (value))
struct json *json_copy(struct arena *arena, const struct json *node);
/* A copy of a member, under another name; nothing where it is absent. */
void json_put_copy(
    struct arena *arena,
    struct json *to,
    const char *name,
    const struct json *from,
    const char *member);
bool json_equal(const struct json *a, const struct json *b); /* order of members does not count */

enum json_style {
    JSON_COMPACT,
    JSON_PRETTY,   /* two spaces */
    JSON_CANONICAL /* compact, members sorted bytewise: for hashing */
};
/* Doubles print as the shortest text that reads back the same. */
void json_write(struct buf *buf, const struct json *node, enum json_style style);
struct str json_text(struct arena *arena, const struct json *node, enum json_style style);

#endif
