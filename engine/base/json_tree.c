/* The tree of json.h: looking up, building, comparing. */
#include "engine/base/json.h"

#include "engine/base/arena.h"

#include <assert.h>
#include <math.h>

#define MAX_EXACT 9007199254740992.0 /* 2^53: every integer up to it is a double */

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

struct json *json_add(struct json *object, struct str key, struct json *value)
{
    assert(object->type == JSON_OBJECT && value->next == NULL && str_is_null(value->key));
    value->key = key;
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

void json_put_copy(
    struct arena *arena,
    struct json *to,
    const char *name,
    const struct json *from,
    const char *member)
{
    const struct json *value = json_get(from, member);
    if (value != NULL)
        json_set(arena, to, str_from(name), json_copy(arena, value));
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
