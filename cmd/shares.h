/* cmd/shares.h - how a route's keys fall on its models, counted.
 *
 * Pure: no request is sent. The keys are the numbers from 0 on, so that a count can be repeated.
 * Ownership: on the arena. Errors: none.
 */
#ifndef CMD_SHARES_H
#define CMD_SHARES_H

#include "cmd/table.h"
#include "engine/stack/route.h"

#define SHARES_KEYS 100000U
#define SHARES_LIMIT 0.005 /* of all keys; or what chance does, at five standard deviations */

struct shares {
    struct table *table; /* a row for each model of the split */
    double worst;        /* the largest difference of a share to its weight's; of 1 */
    bool good;           /* none is too large, and every model is published */
};

struct shares
shares_count(struct arena *arena, const struct record *record, const struct record_route *route);

#endif
