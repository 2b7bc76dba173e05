#include "engine/base/arena.h"
#include "engine/base/map.h"
#include "specs/spec_check.h"

/* The modes of an endpoint: what each needs, and what belongs to the other.
 * docs.aws.amazon.com/sagemaker/latest/dg/multi-container-endpoints.html */

static bool is_builtin(const struct spec_container *container)
{
    return str_eq(container->image.value, STR("builtin"));
}

/* The image of the algorithm has nothing to serve without a model; another may bring along what it
 * serves. */
static bool has_model(const struct spec_container *container)
{
    return is_builtin(container) || !str_is_null(container->model.artifact.value) ||
           container->model.hyperparameters.len > 0;
}

void spec_containers_complete(struct arena *arena, struct spec *spec)
{
    struct spec_endpoint *endpoint = &spec->endpoint;
    if (endpoint->mode == SPEC_MULTI_MODEL || endpoint->n_containers == 0)
        return;
    struct spec_model *models =
        ARENA_ARRAY(arena, spec->n_models + endpoint->n_containers, struct spec_model);
    size_t n = spec->n_models;
    if (n > 0)
        memcpy(models, spec->models, n * sizeof(*models));
    for (size_t i = 0; i < endpoint->n_containers; i++) {
        struct spec_container *container = &endpoint->containers[i];
        container->has_model = has_model(container);
        container->model.in_container = true;
        if (container->has_model)
            models[n++] = container->model;
    }
    spec->models = models;
    spec->n_models = n;
}

void spec_check_environment(struct diags *diags, const struct spec_map *map)
{
    size_t total = 0;
    for (size_t i = 0; i < map->len; i++)
        total += map->items[i].name.len + map->items[i].value.len;
    if (total > KIB(32))
        diag_hint(
            diags,
            diags_error(
                diags, map->items[0].at, "'environment' has %zu bytes, SageMaker takes 32768",
                total),
            "keep large values in a file or a parameter store");
}

static void refuse(struct diags *diags, struct srcloc at, const char *what, const char *hint)
{
    if (at.line == 0)
        return;
    diag_hint(diags, diags_error(diags, at, "%s", what), "%s", hint);
}

static void check_names(struct arena *arena, struct diags *diags, const struct spec *spec)
{
    AUTO(arena_close) struct arena *scratch = arena_new("names", 0);
    struct map *names = map_new(scratch);
    for (size_t i = 0; i < spec->endpoint.n_containers; i++) {
        struct spec_container *container = &spec->endpoint.containers[i];
        struct str name = container->model.name.value;
        if (str_is_null(name))
            continue;
        const struct spec_container *first = map_get(names, name);
        if (first == NULL) {
            (void) map_put(names, name, container);
            continue;
        }
        struct diag *diag = diags_error(
            diags, container->model.name.at,
            "container '" STR_FMT "' is defined twice, first at " STR_FMT, STR_ARG(name),
            STR_ARG(srcloc_text(arena, first->model.name.at)));
        diag_hint(diags, diag, "a call tells containers apart by their names");
    }
}

/* What the image brings along is not what the spec describes. */
static void check_model(struct diags *diags, const struct spec_container *container)
{
    const struct spec_model *model = &container->model;
    const char *hint = "give it an 'artifact' or 'hyperparameters', or take this out";
    if (container->has_model)
        return;
    if (!str_is_null(model->sha256.value))
        refuse(diags, model->sha256.at, "'sha256' in a container without a model", hint);
    if (!str_is_null(model->version.value))
        refuse(diags, model->version.at, "'version' in a container without a model", hint);
    if (model->allow_pickle)
        refuse(diags, model->at, "'allowPickle' in a container without a model", hint);
}

static void check_belongings(struct diags *diags, const struct spec *spec)
{
    const struct spec_endpoint *endpoint = &spec->endpoint;
    const char *instead = "in this mode 'endpoint.containers' says what is served; take it out";
    if (spec->n_models > 0 && !spec->models[0].in_container)
        refuse(
            diags, spec->models[0].at, "'models' and 'endpoint.containers' exclude each other",
            "serve them with 'mode: multi-model', or make each a container");
    if (spec->n_sets > 0)
        refuse(diags, spec->sets[0].at, "'modelSets' need 'mode: multi-model'", instead);
    if (spec->n_routes > 0)
        refuse(
            diags, spec->routes[0].at, "'routes' need 'mode: multi-model'",
            "a route chooses a TargetModel; a container is called by its own name");
    if (endpoint->mode == SPEC_CONTAINERS_SERIAL && spec->n_checks > 0)
        refuse(
            diags, spec->checks[0].at, "'checks' do not go with 'mode: multi-container-serial'",
            "no container of a pipeline can be called alone; 'mmectl test' calls all of it");
    refuse(
        diags, endpoint->container_at, "'container' needs 'mode: multi-model'",
        "image and environment stand in each of 'endpoint.containers'");
    refuse(diags, endpoint->target_models_at, "'targetModels' needs 'mode: multi-model'", instead);
    refuse(diags, endpoint->model_cache_at, "'modelCache' needs 'mode: multi-model'", instead);
}

void spec_check_containers(struct arena *arena, struct diags *diags, const struct spec *spec)
{
    const struct spec_endpoint *endpoint = &spec->endpoint;
    if (endpoint->mode == SPEC_MULTI_MODEL) {
        if (!diags_has_error(diags, endpoint->mode_at) &&
            !diags_has_error(diags, endpoint->containers_at))
            refuse(
                diags, endpoint->containers_at, "'containers' need another 'endpoint.mode'",
                "'multi-container-direct' or 'multi-container-serial'; 'mmectl help spec "
                "endpoint.mode' compares them");
        return;
    }
    if (endpoint->containers_at.line == 0)
        refuse(
            diags, endpoint->mode_at, "missing 'containers' in 'spec.endpoint'",
            "for example 'containers: [{name: churn, image: builtin}, {name: fraud, image: "
            "builtin}]'");
    check_belongings(diags, spec);
    check_names(arena, diags, spec);
    for (size_t i = 0; i < endpoint->n_containers; i++) {
        spec_check_environment(diags, &endpoint->containers[i].environment);
        check_model(diags, &endpoint->containers[i]);
    }
}
