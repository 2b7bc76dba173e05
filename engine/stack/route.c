#include "engine/stack/route.h"

#include "engine/base/digest.h"

/* ---- the rule ---- */

/* The first eight bytes of SHA-256(route 0x00 model 0x00 key), the last bit set so that it is never
 * 0. */
static uint64_t hash(struct arena *scratch, struct str route, struct str model, struct str key)
{
    const struct str parts[] = {route, STR_INIT("\0"), model, STR_INIT("\0"), key};
    size_t len = 0, at = 0;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        len += parts[i].len;
    char *bytes = arena_alloc(scratch, len);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i].len > 0)
            memcpy(bytes + at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    struct sha256 digest = sha256_of(str_of(bytes, len));
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | digest.bytes[i];
    return value | 1;
}

/* Bit by bit: a number of 32 bits stands for one in [1, 2); its square is at least 2 exactly when
 * the next bit of its logarithm is 1. Every product fits in 64 bits, and is cut, not rounded. */
uint64_t route_cost(struct arena *scratch, struct str route, struct str model, struct str key)
{
    uint64_t value = hash(scratch, route, model, key), zeros = 0, fraction = 0;
    while (value >> 63 == 0) {
        value <<= 1;
        zeros++;
    }
    uint64_t mantissa = value >> 32;
    for (int i = 0; i < 32; i++) {
        uint64_t square = mantissa * mantissa, bit = square >> 63;
        mantissa = square >> (31 + bit);
        fraction = fraction << 1 | bit;
    }
    return ((zeros + 1) << 32) - fraction;
}

const struct record_model *route_published(const struct record *record, struct str model)
{
    const struct record_model *found = record_find(record, model);
    return found != NULL && !str_is_empty(found->live.key) ? found : NULL;
}

/* cost / weight, as fractions; the first by name where they are equal. */
static bool is_better(
    uint64_t cost,
    const struct record_share *share,
    uint64_t best_cost,
    const struct record_share *best)
{
    uint64_t left = cost * (uint64_t) best->weight, right = best_cost * (uint64_t) share->weight;
    return left < right || (left == right && str_cmp(share->model, best->model) < 0);
}

const struct record_model *route_pick(
    struct arena *scratch,
    const struct record *record,
    const struct record_route *route,
    struct str key)
{
    const struct record_model *picked = NULL;
    const struct record_share *best = NULL;
    uint64_t best_cost = 0;
    for (size_t i = 0; i < route->split.len; i++) {
        const struct record_share *share = &route->split.items[i];
        const struct record_model *model = route_published(record, share->model);
        if (model == NULL)
            continue;
        uint64_t cost = route_cost(scratch, route->name, share->model, key);
        if (best != NULL && !is_better(cost, share, best_cost, best))
            continue;
        picked = model;
        best = share;
        best_cost = cost;
    }
    return picked;
}

/* ---- routes of a record ---- */

static int route_by_name(const void *a, const void *b)
{
    const struct record_route *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

const struct record_route *route_find(const struct record *record, struct str name)
{
    struct record_route key = {.name = name};
    if (record->routes.len == 0)
        return NULL;
    return bsearch(&key, record->routes.items, record->routes.len, sizeof(key), route_by_name);
}

int64_t route_weight(const struct record_route *route, struct str model)
{
    for (size_t i = 0; i < route->split.len; i++)
        if (str_eq(route->split.items[i].model, model))
            return route->split.items[i].weight;
    return 0;
}

bool route_same(const struct record_route *a, const struct record_route *b)
{
    if (!str_eq(a->name, b->name) || !str_eq(a->shadow, b->shadow) || a->split.len != b->split.len)
        return false;
    for (size_t i = 0; i < a->split.len; i++)
        if (route_weight(b, a->split.items[i].model) != a->split.items[i].weight)
            return false;
    return true;
}

bool routes_same(const struct record *a, const struct record *b)
{
    if (a->routes.len != b->routes.len)
        return false;
    for (size_t i = 0; i < a->routes.len; i++)
        if (!route_same(&a->routes.items[i], &b->routes.items[i]))
            return false;
    return true;
}

/* ---- JSON ---- */

static struct json *split_node(struct arena *arena, const struct record_route *route)
{
    struct json *split = json_object(arena);
    for (size_t i = 0; i < route->split.len; i++)
        json_set(
            arena, split, route->split.items[i].model,
            json_int(arena, route->split.items[i].weight));
    return split;
}

struct str route_fp(struct arena *arena, const struct record_route *route)
{
    struct json *node = json_object(arena);
    json_put(arena, node, "split", split_node(arena, route));
    if (!str_is_null(route->shadow))
        json_put(arena, node, "shadow", json_string(arena, route->shadow));
    return str_slice(sha256_hex(arena, json_text(arena, node, JSON_CANONICAL)), 0, 16);
}

static bool is_known_member(struct str key)
{
    static const char *const known[] = {"split", "shadow", "fp", "at", "by"};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (str_eq_z(key, known[i]))
            return true;
    return false;
}

/* Whatever a hand put there, the rest stays readable: apply writes it as the spec says. */
static void parse_route(struct arena *arena, const struct json *node, struct record_route *route)
{
    *route = (struct record_route){
        .name = node->key,
        .shadow = json_get_str(node, "shadow"),
        .fp = json_get_str(node, "fp"),
        .at = json_get_str(node, "at"),
        .by = json_get_str(node, "by")};
    const struct json *split = json_get(node, "split");
    JSON_EACH (share, split) {
        if (split->type == JSON_OBJECT && share->is_int && share->integer >= 1 &&
            share->integer <= ROUTE_MAX_WEIGHT)
            *VEC_PUSH(arena, &route->split) = (struct record_share){share->key, share->integer};
    }
    struct json *unknown = NULL;
    JSON_EACH (member, node) {
        if (is_known_member(member->key) || node->type != JSON_OBJECT)
            continue;
        if (unknown == NULL)
            unknown = json_object(arena);
        json_set(arena, unknown, member->key, json_copy(arena, member));
    }
    route->unknown = unknown;
}

void routes_parse(struct arena *arena, const struct json *node, struct record *record)
{
    if (node == NULL || node->type != JSON_OBJECT)
        return;
    JSON_EACH (route, node) {
        parse_route(arena, route, VEC_PUSH(arena, &record->routes));
    }
    if (record->routes.len > 1)
        qsort(record->routes.items, record->routes.len, sizeof(struct record_route), route_by_name);
}

static void put_text(struct arena *arena, struct json *object, const char *key, struct str value)
{
    if (!str_is_null(value))
        json_set(arena, object, str_from(key), json_string(arena, value));
}

struct json *routes_node(struct arena *arena, const struct record *record)
{
    struct json *routes = json_object(arena);
    for (size_t i = 0; i < record->routes.len; i++) {
        const struct record_route *route = &record->routes.items[i];
        struct json *node = json_object(arena);
        json_put(arena, node, "split", split_node(arena, route));
        put_text(arena, node, "shadow", route->shadow);
        put_text(arena, node, "fp", route->fp);
        put_text(arena, node, "at", route->at);
        put_text(arena, node, "by", route->by);
        JSON_EACH (member, route->unknown) {
            json_set(arena, node, member->key, json_copy(arena, member));
        }
        json_add(routes, route->name, node);
    }
    return routes;
}
