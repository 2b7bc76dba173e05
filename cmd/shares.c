#include "cmd/shares.h"

#include <math.h>

enum { COL_MODEL, COL_RESULT, COL_WEIGHT, COL_WANTED, COL_OBSERVED, COL_KEYS };

static const struct table_column s_columns[] = {
    [COL_MODEL] = {"MODEL", "model", false, false},
    [COL_RESULT] = {"RESULT", "result", false, false},
    [COL_WEIGHT] = {"WEIGHT", "weight", true, false},
    [COL_WANTED] = {"WANTED %", "wanted_percent", true, false},
    [COL_OBSERVED] = {"OBSERVED %", "observed_percent", true, false},
    [COL_KEYS] = {"KEYS", "keys", true, false},
};

/* How many keys fall on each model of the split, in its order. */
static size_t *
count_keys(struct arena *arena, const struct record *record, const struct record_route *route)
{
    AUTO(arena_close) struct arena *scratch = arena_new("keys", 0);
    size_t *counts = ARENA_ARRAY(arena, route->split.len, size_t);
    for (unsigned i = 0; i < SHARES_KEYS; i++) {
        arena_reset(scratch);
        const struct record_model *model =
            route_pick(scratch, record, route, str_fmt(scratch, "%u", i));
        for (size_t k = 0; model != NULL && k < route->split.len; k++)
            counts[k] += str_eq(route->split.items[k].model, model->name);
    }
    return counts;
}

/* Without the second half a share of one half would be called wrong once in six hundred routes. */
static double limit_of(double wanted)
{
    double chance = 5 * sqrt(wanted * (1 - wanted) / SHARES_KEYS);
    return chance > SHARES_LIMIT ? chance : SHARES_LIMIT;
}

static const char *
result_of(const struct record *record, struct str model, double difference, double limit)
{
    if (route_published(record, model) == NULL)
        return "not published";
    return difference <= limit ? "ok" : "failed";
}

struct shares
shares_count(struct arena *arena, const struct record *record, const struct record_route *route)
{
    const size_t *counts = count_keys(arena, record, route);
    struct shares shares = {
        .table = table_new(arena, s_columns, ARRAY_LEN(s_columns)), .good = route->split.len > 0};
    int64_t sum = 0;
    for (size_t i = 0; i < route->split.len; i++)
        sum += route->split.items[i].weight;
    for (size_t i = 0; i < route->split.len; i++) {
        const struct record_share *share = &route->split.items[i];
        double wanted = (double) share->weight / (double) sum;
        double observed = (double) counts[i] / SHARES_KEYS;
        double difference = fabs(observed - wanted);
        struct str result = str_from(result_of(record, share->model, difference, limit_of(wanted)));
        bool ok = str_eq_z(result, "ok");
        table_row(shares.table);
        table_text(shares.table, COL_MODEL, share->model);
        table_text(shares.table, COL_RESULT, result);
        table_paint(shares.table, COL_RESULT, ok ? PAINT_GREEN : PAINT_RED);
        table_int(shares.table, COL_WEIGHT, share->weight);
        table_number(shares.table, COL_WANTED, 100 * wanted, 2);
        table_number(shares.table, COL_OBSERVED, 100 * observed, 2);
        table_int(shares.table, COL_KEYS, (int64_t) counts[i]);
        shares.worst = difference > shares.worst ? difference : shares.worst;
        shares.good = shares.good && ok;
    }
    return shares;
}
