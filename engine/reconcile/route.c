#include "engine/reconcile/route.h"

#include "engine/plan/world.h"
#include "engine/reconcile/desired.h"
#include "engine/resource/names.h"
#include "engine/stack/route.h"

static struct route_target target_of(const struct want *want, const struct record_model *model)
{
    return (struct route_target){
        .model = model->name,
        .target = key_target_model(want, model->live.key),
        .fp = model->live.fp,
        .hold = model->hold};
}

static enum err_code unknown_name(
    const struct want *want,
    const struct record *record,
    unsigned names,
    struct str name,
    struct err *err)
{
    static const char *const s_whats[] = {
        [ROUTE_MODELS] = "model",
        [ROUTE_ROUTES] = "route",
        [ROUTE_MODELS | ROUTE_ROUTES] = "model"};
    err_set(
        err, ERR_NOT_FOUND, "%s '" STR_FMT "' is not published in stack '" STR_FMT "'",
        s_whats[names], STR_ARG(name), STR_ARG(want->stack));
    if ((names & ROUTE_ROUTES) == 0 && route_find(record, name) != NULL)
        return err_hint(err, "it is a route: '--route=" STR_FMT "'", STR_ARG(name));
    if ((names & ROUTE_MODELS) == 0 && route_published(record, name) != NULL)
        return err_hint(err, "it is a model: '--model=" STR_FMT "'", STR_ARG(name));
    return err_hint(err, "run 'mmectl status' to see what is, and 'mmectl apply' to publish it");
}

static enum err_code resolve_split(
    const struct want *want,
    const struct record *record,
    const struct record_route *route,
    struct str key,
    struct route *out,
    struct err *err)
{
    if (str_is_empty(key)) {
        err_set(
            err, ERR_USAGE, "route '" STR_FMT "' needs a key to choose a model by",
            STR_ARG(route->name));
        return err_hint(
            err, "'--key=CUSTOMER'; the same key is answered by the same model every time");
    }
    if (key.len > ROUTE_MAX_KEY)
        return err_set(
            err, ERR_USAGE, "the key has %zu bytes, at most %d are taken", key.len, ROUTE_MAX_KEY);
    AUTO(arena_close) struct arena *scratch = arena_new("route", 0);
    const struct record_model *model = route_pick(scratch, record, route, key);
    if (model == NULL) {
        err_set(
            err, ERR_NOT_FOUND,
            "no model of route '" STR_FMT "' is published in stack '" STR_FMT "'",
            STR_ARG(route->name), STR_ARG(want->stack));
        return err_hint(err, "run 'mmectl status' to see why, and 'mmectl apply' to publish them");
    }
    const struct record_model *shadow = route_published(record, route->shadow);
    *out = (struct route){.split = true, .answer = target_of(want, model)};
    if (shadow != NULL && shadow != model)
        out->shadow = target_of(want, shadow);
    return ERR_NONE;
}

enum err_code reconcile_route(
    struct reconciler *r,
    const struct spec *spec,
    unsigned names,
    struct str name,
    struct str key,
    struct route *out,
    struct err *err)
{
    struct want *want;
    struct record record = {0};
    enum err_code code = desired_build(r, spec, true, &want, err);
    if (code == ERR_NONE && want->mode != WANT_MULTI_MODEL) {
        err_set(
            err, ERR_USAGE, "endpoint '" STR_FMT "' has containers, and no TargetModel",
            STR_ARG(want->endpoint));
        return err_hint(
            err, "%s",
            want->mode == WANT_DIRECT ? "a container is called by its name: TargetContainerHostname"
                                      : "a call goes through all containers of a pipeline");
    }
    if (code == ERR_NONE)
        code = r->world->ops->record_read(r->world, r->arena, want, &record, err);
    if (code != ERR_NONE)
        return code;
    const struct record_route *route =
        (names & ROUTE_ROUTES) != 0 ? route_find(&record, name) : NULL;
    if (route != NULL)
        return resolve_split(want, &record, route, key, out, err);
    const struct record_model *model =
        (names & ROUTE_MODELS) != 0 ? route_published(&record, name) : NULL;
    if (model == NULL)
        return unknown_name(want, &record, names, name, err);
    *out = (struct route){.answer = target_of(want, model)};
    return ERR_NONE;
}
