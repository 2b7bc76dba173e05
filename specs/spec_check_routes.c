#include "engine/base/arena.h"
#include "engine/base/map.h"
#include "specs/spec_check.h"
#include "specs/spec_value.h"

struct route_check {
    struct arena *arena, *scratch;
    struct diags *diags;
    const struct spec *spec;
    struct map *models; /* name -> struct spec_model */
    bool parted;        /* there are models that only the data knows */
};

static struct map *models_by_name(struct arena *arena, const struct spec *spec)
{
    struct map *models = map_new(arena);
    map_reserve(models, spec->n_models);
    for (size_t i = 0; i < spec->n_models; i++)
        if (!str_is_null(spec->models[i].name.value))
            map_put(models, spec->models[i].name.value, &spec->models[i]);
    return models;
}

static const char *nearest_model(const struct route_check *check, struct str name)
{
    const char *nearest = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < check->spec->n_models; i++) {
        const char *model = str_z(check->scratch, check->spec->models[i].name.value);
        if (spec_is_nearer(name, model, &best))
            nearest = model;
    }
    return nearest;
}

static void check_model(
    const struct route_check *check,
    const struct spec_route *route,
    struct str model,
    struct srcloc at)
{
    if (check->parted || map_has(check->models, model) || diags_has_error(check->diags, at))
        return;
    struct diag *diag = diags_error(
        check->diags, at, "route '" STR_FMT "' names model '" STR_FMT "', which the spec has not",
        STR_ARG(route->name.value), STR_ARG(model));
    const char *nearest = nearest_model(check, model);
    if (nearest != NULL)
        diag_hint(
            check->diags, diag,
            "did you mean '%s'? A model that goes has to leave its routes first", nearest);
    else
        diag_hint(check->diags, diag, "add it to 'models', or take it out of the route, too");
}

static void check_shadow(const struct route_check *check, const struct spec_route *route)
{
    struct str shadow = route->shadow.value;
    if (str_is_null(shadow))
        return;
    check_model(check, route, shadow, route->shadow.at);
    for (size_t i = 0; i < route->split.len; i++) {
        if (!str_eq(route->split.items[i].name, shadow))
            continue;
        struct diag *diag = diags_error(
            check->diags, route->shadow.at,
            "model '" STR_FMT "' is the shadow of route '" STR_FMT "' and in its split",
            STR_ARG(shadow), STR_ARG(route->name.value));
        diag_hint(check->diags, diag, "a shadow answers nobody; take it out of one of the two");
    }
}

static void check_name(const struct route_check *check, struct map *names, struct spec_route *route)
{
    struct str name = route->name.value;
    if (str_is_null(name))
        return;
    const struct spec_model *model = map_get(check->models, name);
    const struct spec_route *first = map_get(names, name);
    struct diag *diag = NULL;
    if (model != NULL)
        diag = diags_error(
            check->diags, route->name.at,
            "route '" STR_FMT "' has the name of a model, defined at " STR_FMT, STR_ARG(name),
            STR_ARG(srcloc_text(check->arena, model->name.at)));
    else if (first != NULL)
        diag = diags_error(
            check->diags, route->name.at, "route '" STR_FMT "' is defined twice, first at " STR_FMT,
            STR_ARG(name), STR_ARG(srcloc_text(check->arena, first->name.at)));
    else
        map_put(names, name, route);
    if (diag != NULL)
        diag_hint(check->diags, diag, "give one of the two another name");
}

void spec_check_routes(struct arena *arena, struct diags *diags, const struct spec *spec)
{
    if (spec->n_routes == 0)
        return;
    AUTO(arena_close) struct arena *scratch = arena_new("routes", 0);
    struct map *names = map_new(scratch);
    struct route_check check = {arena, scratch, diags, spec, models_by_name(scratch, spec), false};
    for (size_t i = 0; i < spec->n_sets; i++)
        check.parted = check.parted || spec->sets[i].partition.set;
    for (size_t i = 0; i < spec->n_routes; i++) {
        struct spec_route *route = &spec->routes[i];
        check_name(&check, names, route);
        for (size_t k = 0; k < route->split.len; k++)
            check_model(&check, route, route->split.items[k].name, route->split.items[k].at);
        check_shadow(&check, route);
    }
}
