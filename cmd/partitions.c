#include "cmd/partitions.h"

#include "engine/kinds/kinds.h"
#include "engine/reconcile/desired.h"

enum err_code
partitions_find(struct app *app, const struct spec *spec, struct partitions *out, struct err *err)
{
    *out = (struct partitions){.n_models = spec->n_models};
    if (spec->n_sets == 0)
        return ERR_NONE;
    const struct kinds_options options = {NULL, app->loop, STR(MMECTL_VERSION)};
    struct world *world = kinds_world(app->arena, &options);
    struct reconciler r = {.arena = app->arena, .loop = app->loop, .world = world};
    struct want *want;
    enum err_code code = desired_offline(&r, spec, &want, &out->n_unread, err);
    if (code == ERR_NONE)
        out->n_models = want->n_models;
    kinds_free(world);
    return code;
}
