#include "engine/reconcile/desired_internal.h"
#include "specs/spec.h"

#include <assert.h>

/* Which models there are is known when the spec is loaded, but for those of partitions. */

static enum err_code check_model(
    const struct want *want,
    const struct spec_route *route,
    struct str model,
    struct srcloc at,
    struct err *err)
{
    if (str_is_null(model) || want_find_model(want, model) != NULL)
        return ERR_NONE;
    err_set(
        err, ERR_SPEC, "route '" STR_FMT "' names model '" STR_FMT "', which the spec has not",
        STR_ARG(route->name.value), STR_ARG(model));
    err_hint(
        err, "no value of a partition makes a model of that name; take it out of the route, too");
    return err_locate(err, at);
}

static enum err_code check_name(
    struct arena *arena, const struct want *want, const struct spec_route *route, struct err *err)
{
    const struct want_model *model = want_find_model(want, route->name.value);
    if (model == NULL)
        return ERR_NONE;
    err_set(
        err, ERR_SPEC, "route '" STR_FMT "' has the name of a model, defined at " STR_FMT,
        STR_ARG(route->name.value), STR_ARG(srcloc_text(arena, model->at)));
    err_hint(err, "give one of the two another name");
    return err_locate(err, route->name.at);
}

static enum err_code fill_route(
    struct arena *arena,
    const struct want *want,
    const struct spec_route *from,
    struct want_route *route,
    struct err *err)
{
    size_t n = from->split.len;
    struct want_share *split = ARENA_ARRAY(arena, n, struct want_share);
    enum err_code code = check_name(arena, want, from, err);
    for (size_t i = 0; code == ERR_NONE && i < n; i++) {
        const struct spec_pair *pair = &from->split.items[i];
        split[i].model = pair->name;
        bool number = str_to_i64(pair->value, &split[i].weight);
        assert(number && "the spec was checked");
        (void) number;
        code = check_model(want, from, pair->name, pair->at, err);
    }
    if (code == ERR_NONE)
        code = check_model(want, from, from->shadow.value, from->shadow.at, err);
    *route = (struct want_route){
        .name = from->name.value,
        .split = split,
        .n_split = n,
        .shadow = from->shadow.value,
        .at = from->at};
    return code;
}

static int by_name(const void *a, const void *b)
{
    const struct want_route *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

enum err_code
desired_routes(struct arena *arena, const struct spec *spec, struct want *want, struct err *err)
{
    struct want_route *routes = ARENA_ARRAY(arena, spec->n_routes, struct want_route);
    for (size_t i = 0; i < spec->n_routes; i++) {
        enum err_code code = fill_route(arena, want, &spec->routes[i], &routes[i], err);
        if (code != ERR_NONE)
            return code;
    }
    if (spec->n_routes > 1)
        qsort(routes, spec->n_routes, sizeof(*routes), by_name);
    want->routes = routes;
    want->n_routes = spec->n_routes;
    return ERR_NONE;
}
