#include "specs/spec_check.h"

#include "engine/base/arena.h"
#include "specs/spec_instances.h"

/* The block `training`, with what it needs to train the models that have no artifact. */

const struct spec_channel *
spec_find_channel(const struct spec_channel *channels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_z(channels[i].name.value, name))
            return &channels[i];
    return NULL;
}

static bool is_local_type(struct str type)
{
    struct str rest = type, name;
    (void) str_split(&rest, ';', &name);
    name = str_trim(name);
    return str_ends(name, STR("csv")) || str_ends(name, STR("libsvm"));
}

static void check_channels(
    struct arena *arena,
    struct diags *diags,
    const struct spec *spec,
    const struct spec_channel *channels,
    size_t count)
{
    const struct spec_channel *train = spec_find_channel(channels, count, "train");
    const struct spec_channel *validation = spec_find_channel(channels, count, "validation");
    if (train != NULL && validation != NULL && !diags_has_error(diags, train->content_type.at) &&
        !diags_has_error(diags, validation->content_type.at) &&
        !str_eq(train->content_type.value, validation->content_type.value))
        diag_hint(
            diags,
            diags_error(
                diags, validation->content_type.at,
                "'validation' is '" STR_FMT "', but 'train' at " STR_FMT " is '" STR_FMT "'",
                STR_ARG(validation->content_type.value),
                STR_ARG(srcloc_text(arena, train->content_type.at)),
                STR_ARG(train->content_type.value)),
            "XGBoost reads all channels in one format");
    if (spec->training.backend != SPEC_BACKEND_LOCAL)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct spec_str *type = &channels[i].content_type;
        if (is_local_type(type->value) || diags_has_error(diags, type->at))
            continue;
        struct diag *diag = diags_error(
            diags, type->at, "backend 'local' does not read '" STR_FMT "'", STR_ARG(type->value));
        diag_hint(diags, diag, "use text/csv or text/libsvm, or backend sagemaker");
    }
}

static void check_image(struct diags *diags, const struct spec *spec)
{
    const struct spec_training *training = &spec->training;
    if (str_is_null(training->image.value))
        return;
    if (training->algorithm_set) {
        struct diag *diag =
            diags_error(diags, training->image.at, "'image' and 'algorithm' exclude each other");
        diag_hint(diags, diag, "keep one of the two");
    }
    if (training->backend == SPEC_BACKEND_LOCAL)
        diag_hint(
            diags, diags_error(diags, training->image.at, "backend 'local' cannot run an image"),
            "use 'algorithm', or backend sagemaker");
}

/* StoppingCondition of CreateTrainingJob; "SageMaker AI Managed Warm Pools: Considerations" of
 * https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools.html */
static void check_spot(struct diags *diags, const struct spec *spec)
{
    const struct spec_training *training = &spec->training;
    const struct spec_spot *spot = &training->spot;
    if (!spot->enabled)
        return;
    if (spot->max_wait_s < training->max_runtime_s)
        diag_hint(
            diags,
            diags_error(
                diags, spot->at, "'maxWait' is %lld s, less than the %lld s of 'maxRuntime'",
                (long long) spot->max_wait_s, (long long) training->max_runtime_s),
            "a job may run for maxRuntime and has to wait for spot instances besides");
    if (training->keep_alive_s > 0)
        diag_hint(
            diags, diags_error(diags, spot->at, "'spot' and 'keepAlive' exclude each other"),
            "AWS keeps no warm pools of spot instances; keep one of the two");
}

static bool lacks_train(const struct spec *spec)
{
    for (size_t i = 0; i < spec->n_models; i++)
        if (spec_is_trained(&spec->models[i]) &&
            spec_find_channel(spec->models[i].channels, spec->models[i].n_channels, "train") ==
                NULL)
            return true;
    for (size_t i = 0; i < spec->n_sets; i++)
        if (spec_find_channel(spec->sets[i].channels, spec->sets[i].n_channels, "train") == NULL)
            return true;
    return false;
}

void spec_check_training(struct arena *arena, struct diags *diags, const struct spec *spec)
{
    const struct spec_training *training = &spec->training;
    size_t n_trained = spec->n_sets;
    for (size_t i = 0; i < spec->n_models; i++)
        n_trained += spec_is_trained(&spec->models[i]);
    if (training->set && n_trained > 0) {
        if (lacks_train(spec)) {
            struct diag *diag = diags_error(
                diags, training->at, "missing channel 'train' in 'spec.training.channels'");
            diag_hint(
                diags, diag,
                "for example 'channels: {train: {source: data/train.csv, contentType: text/csv}}'");
        }
        if (training->backend == SPEC_BACKEND_SAGEMAKER &&
            str_is_null(training->instance.type.value)) {
            struct diag *diag = diags_error(
                diags, training->instance.at, "missing 'type' in 'spec.training.instance'");
            diag_hint(diags, diag, "for example 'instance: {type: ml.m5.large}'");
        }
    }
    check_channels(arena, diags, spec, training->channels, training->n_channels);
    for (size_t i = 0; i < spec->n_sets; i++)
        check_channels(arena, diags, spec, spec->sets[i].channels, spec->sets[i].n_channels);
    check_image(diags, spec);
    check_spot(diags, spec);
    spec_check_instance(diags, &training->instance, INSTANCE_TRAINING);
}
