#include "engine/resource/want.h"

#include "engine/base/arena.h"

static int by_name(const void *a, const void *b)
{
    const struct want_model *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

size_t want_channels(
    const struct want *want,
    const struct want_model *model,
    const struct want_channel **ret_channels)
{
    bool own = model->channels != NULL;
    *ret_channels = own ? model->channels : want->channels;
    return !model->trained ? 0 : own ? model->n_channels : want->n_channels;
}

bool want_has_other_image(const struct want *want, struct str model)
{
    for (size_t i = 0; i < want->n_containers; i++)
        if (str_eq(want->containers[i].name, model))
            return !str_eq(want->containers[i].image, want->image);
    return false;
}

const struct want_run *want_run(const struct want_model *model)
{
    static const struct want_run s_nothing = {0};
    return model->run != NULL ? model->run : &s_nothing;
}

struct want_run *want_run_edit(struct arena *arena, struct want_model *model)
{
    if (model->run == NULL)
        model->run = ARENA_NEW(arena, struct want_run);
    return model->run;
}

const struct want_model *want_find_model(const struct want *want, struct str name)
{
    struct want_model key = {.name = name};
    if (want->n_models == 0)
        return NULL;
    return bsearch(&key, want->models, want->n_models, sizeof(*want->models), by_name);
}
