/* engine/stack/route.h - routes: which model answers a key, by weighted rendezvous hashing. Pure.
 *
 * The rule is written down for every language in engine/stack/routes.md, with test vectors in
 * tests/vectors/routes/; this is its C. The answer depends on the record and the key alone, takes
 * integers only, and is the same on every machine. A weight that changes moves the share of keys
 * that has to move, and no other. Ownership: results hang off the record or the arena given.
 */
#ifndef ENGINE_STACK_ROUTE_H
#define ENGINE_STACK_ROUTE_H

#include "engine/stack/record.h"

#define ROUTE_MAX_WEIGHT 10000
#define ROUTE_MAX_KEY 4096 /* bytes; of commands, not of the rule */

/* -log2 of the hash of (route, model, key) as a fraction of 1, times 2^32: above 0, below 2^39. The
 * smaller, divided by the weight, the better. */
uint64_t route_cost(struct arena *scratch, struct str route, struct str model, struct str key)
    MUST_USE;

const struct record_route *route_find(const struct record *record, struct str name); /* NULL */
/* The published model that answers the key; NULL when none of the split is published. */
const struct record_model *route_pick(
    struct arena *scratch,
    const struct record *record,
    const struct record_route *route,
    struct str key);
/* A published model; NULL. */
const struct record_model *route_published(const struct record *record, struct str model);

/* 16 hex digits of what the route is: its split, in any order, and its shadow. */
struct str route_fp(struct arena *arena, const struct record_route *route);
int64_t route_weight(const struct record_route *route, struct str model); /* 0: not in the split */
bool route_same(const struct record_route *a, const struct record_route *b);

/* For record.c. */
void routes_parse(struct arena *arena, const struct json *node, struct record *record);
struct json *routes_node(struct arena *arena, const struct record *record);
bool routes_same(const struct record *a, const struct record *b);

#endif
