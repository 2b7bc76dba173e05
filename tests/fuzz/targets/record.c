/* control/stack.json and control/lease: what lies in a bucket that others may write to. */
#include "tests/fuzz/fuzz.h"

#include "engine/reconcile/lease_info.h"
#include "engine/stack/record.h"
#include "engine/stack/route.h"

static void as_lease(struct arena *arena, struct str input)
{
    struct seen_lease seen = {
        .present = true, .text = input, .etag = STR("\"e\""), .age_ms = (int64_t) input.len - 1};
    struct lease_info info = lease_info_read(arena, &seen);
    (void) lease_info_left_ms(&info);
    struct seen_lease again = seen;
    again.text = lease_info_text(arena, &info, 1);
    (void) lease_info_read(arena, &again);
}

static void as_routes(struct arena *arena, const struct record *record)
{
    for (size_t i = 0; i < record->routes.len; i++) {
        const struct record_route *route = &record->routes.items[i];
        FUZZ_HOLDS(route_find(record, route->name) != NULL);
        const struct record_model *model = route_pick(arena, record, route, STR("a key"));
        FUZZ_HOLDS(model == NULL || route_weight(route, model->name) > 0);
        FUZZ_HOLDS(route_fp(arena, route).len == 16);
    }
}

void fuzz_record(struct str input)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    struct err err = {0};
    struct record record = {0}, again = {0};
    as_lease(arena, input);
    enum err_code code = record_parse(arena, input, &record, &err);
    fuzz_check_err(code, &err);
    if (code != ERR_NONE)
        return;
    as_routes(arena, &record);
    for (size_t i = 0; i < record.models.len; i++)
        FUZZ_HOLDS(record_find(&record, record.models.items[i].name) != NULL);
    for (size_t i = 0; i < record.held.len; i++)
        FUZZ_HOLDS(record_find_held(&record, record.held.items[i].name) != NULL);
    struct str text = record_text(arena, &record);
    code = record_parse(arena, text, &again, &err);
    if (code != ERR_NONE)
        fprintf(stderr, "%s: " STR_FMT "\n", err.message, STR_ARG(text));
    FUZZ_HOLDS(code == ERR_NONE);
    FUZZ_HOLDS(record_same(&record, &again));
    struct str second = record_text(arena, &again);
    if (!str_eq(text, second))
        fprintf(stderr, STR_FMT "\n" STR_FMT "\n", STR_ARG(text), STR_ARG(second));
    FUZZ_HOLDS(str_eq(text, second));
}
