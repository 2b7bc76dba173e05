#include "engine/reconcile/planner_internal.h"
#include "engine/stack/route.h"

struct record_route route_of_want(struct arena *arena, const struct want_route *want)
{
    struct record_route route = {.name = want->name, .shadow = want->shadow};
    for (size_t i = 0; i < want->n_split; i++)
        *VEC_PUSH(arena, &route.split) =
            (struct record_share){want->split[i].model, want->split[i].weight};
    return route;
}

static bool all_published(const struct record *models, const struct record_route *route)
{
    for (size_t i = 0; i < route->split.len; i++)
        if (route_published(models, route->split.items[i].model) == NULL)
            return false;
    return str_is_null(route->shadow) || route_published(models, route->shadow) != NULL;
}

void record_routes(
    struct arena *arena,
    const struct plan *plan,
    const struct record *models,
    struct str at,
    struct str by,
    struct record *ret_record)
{
    const struct plan_context *context = plan->context;
    const struct want *want = context->want;
    const struct record *before = &context->seen->record;
    ret_record->routes.items = NULL;
    ret_record->routes.len = ret_record->routes.cap = 0;
    if (plan->mode == PLAN_ROLLBACK || plan->targeted) {
        ret_record->routes.items = before->routes.items;
        ret_record->routes.len = ret_record->routes.cap = before->routes.len;
        return;
    }
    for (size_t i = 0; i < want->n_routes; i++) {
        struct record_route route = route_of_want(arena, &want->routes[i]);
        const struct record_route *old = route_find(before, route.name);
        if (old != NULL && (route_same(&route, old) || !all_published(models, &route))) {
            *VEC_PUSH(arena, &ret_record->routes) = *old;
        } else if (all_published(models, &route)) {
            route.fp = route_fp(arena, &route);
            route.at = at;
            route.by = by;
            route.unknown = old != NULL ? old->unknown : NULL;
            *VEC_PUSH(arena, &ret_record->routes) = route;
        }
    }
}
