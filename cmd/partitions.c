#include "cmd/partitions.h"

#include "engine/kinds/kinds.h"
#include "engine/reconcile/desired.h"

static void count_of_sets(const struct spec *spec, const struct want *want, struct partitions *out)
{
    out->n_models = want->n_models;
    for (size_t i = spec->n_models; i < want->n_models; i++)
        for (size_t k = 0; k < spec->n_sets; k++)
            if (str_eq(want->models[i].set, spec->sets[k].name.value)) {
                out->of_set[k]++;
                break;
            }
}

enum err_code
partitions_find(struct app *app, const struct spec *spec, struct partitions *out, struct err *err)
{
    *out = (struct partitions){
        .n_models = spec->n_models, .of_set = ARENA_ARRAY(app->arena, spec->n_sets, size_t)};
    if (spec->n_sets == 0)
        return ERR_NONE;
    const struct kinds_options options = {NULL, app->loop, STR(MMECTL_VERSION), NULL};
    struct world *world = kinds_world(app->arena, &options);
    struct reconciler r = {.arena = app->arena, .loop = app->loop, .world = world};
    struct want *want;
    enum err_code code = desired_offline(&r, spec, &want, &out->n_unread, err);
    if (code == ERR_NONE)
        count_of_sets(spec, want, out);
    kinds_free(world);
    return code;
}
