#include "engine/base/arena.h"
#include "engine/base/map.h"
#include "engine/xgb/hyper.h"
#include "specs/spec_check.h"

/* Gates on metrics and checks by calls: what stands in two fields, or in a gate and a model. */

/* What gates are held against: a model, or a set whose models the data will name. */
struct trained {
    struct str name;
    bool own; /* brought along: there are no metrics */
    const struct spec_map *hyperparameters;
    const struct spec_channel *channels;
    size_t n_channels;
};

struct scope {
    struct arena *scratch;
    struct diags *diags;
    const struct spec *spec;
    struct map *trained; /* name -> struct trained */
};

static void add_trained(struct scope *s, const struct trained *from)
{
    if (str_is_null(from->name))
        return;
    struct trained *copy = ARENA_NEW(s->scratch, struct trained);
    *copy = *from;
    (void) map_put(s->trained, from->name, copy);
}

static void add_all(struct scope *s)
{
    const struct spec *spec = s->spec;
    map_reserve(s->trained, spec->n_models + 2 * spec->n_sets);
    for (size_t i = 0; i < spec->n_models; i++) {
        const struct spec_model *model = &spec->models[i];
        const struct trained one = {
            model->name.value, !str_is_null(model->artifact.value), &model->hyperparameters,
            model->channels, model->n_channels};
        add_trained(s, &one);
    }
    for (size_t i = 0; i < spec->n_sets; i++) {
        const struct spec_model_set *set = &spec->sets[i];
        const struct trained one = {
            set->name.value, false, &set->hyperparameters, set->channels, set->n_channels};
        add_trained(s, &one);
    }
}

static void check_bounds(struct scope *s, const struct spec_gate *gate)
{
    struct diag *diag = NULL;
    if (gate->min.set && gate->max.set && gate->min.value > gate->max.value) {
        diag = diags_error(
            s->diags, gate->min.at, "'min' " STR_FMT " is above 'max' " STR_FMT,
            STR_ARG(gate->min.text), STR_ARG(gate->max.text));
        diag_hint(s->diags, diag, "no value lies between the two");
        return;
    }
    if (gate->min.set || gate->max.set || diags_has_error(s->diags, gate->min.at) ||
        diags_has_error(s->diags, gate->max.at))
        return;
    diag = diags_error(s->diags, gate->at, "the gate has neither 'min' nor 'max'");
    diag_hint(s->diags, diag, "for example 'min: 0.95'");
}

static bool has_channel(const struct trained *model, struct str name)
{
    for (size_t i = 0; i < model->n_channels; i++)
        if (str_eq(model->channels[i].name.value, name))
            return true;
    return false;
}

/* Whether training this model will compute it; with an image of one's own nobody knows. */
static void
check_computed(struct scope *s, const struct spec_gate *gate, const struct trained *model)
{
    struct str metric = gate->metric.value;
    size_t colon = str_index(metric, ':');
    struct str channel = str_slice(metric, 0, colon), name = str_from_index(metric, colon + 1);
    if (!s->spec->training.set || !str_is_null(s->spec->training.image.value) ||
        diags_has_error(s->diags, gate->metric.at))
        return;
    if (!has_channel(model, channel)) {
        struct diag *diag = diags_error(
            s->diags, gate->metric.at,
            "'" STR_FMT "' is never computed: there is no channel '" STR_FMT "'", STR_ARG(metric),
            STR_ARG(channel));
        diag_hint(
            s->diags, diag,
            "add '" STR_FMT "' to spec.training.channels, or gate on another metric",
            STR_ARG(channel));
        return;
    }
    const struct spec_map *map = model->hyperparameters;
    struct hyper_value *values = ARENA_ARRAY(s->scratch, map->len, struct hyper_value);
    for (size_t i = 0; i < map->len; i++)
        values[i] = (struct hyper_value){map->items[i].name, map->items[i].value};
    if (hyper_evaluates(values, map->len, name))
        return;
    struct diag *diag = diags_error(
        s->diags, gate->metric.at,
        "the training of model '" STR_FMT "' does not compute '" STR_FMT "'", STR_ARG(model->name),
        STR_ARG(metric));
    diag_hint(s->diags, diag, "add '" STR_FMT "' to its eval_metric", STR_ARG(name));
}

static const struct trained *find_model(struct scope *s, const struct spec_str *name)
{
    const struct trained *model = map_get(s->trained, name->value);
    if (model == NULL) {
        struct diag *diag = diags_error(
            s->diags, name->at, "there is no model '" STR_FMT "'", STR_ARG(name->value));
        diag_hint(s->diags, diag, "a name of spec.models, or of a set of spec.modelSets, is meant");
    }
    return model;
}

static void no_metrics(struct scope *s, struct srcloc at, struct str name)
{
    struct diag *diag = diags_error(
        s->diags, at, "model '" STR_FMT "' is brought along: there are no metrics to gate on",
        STR_ARG(name));
    diag_hint(s->diags, diag, "'spec.checks' calls it before it is published");
}

static void check_gate(struct scope *s, const struct spec_gate *gate)
{
    check_bounds(s, gate);
    bool known = !diags_has_error(s->diags, gate->metric.at);
    for (size_t i = 0; i < gate->n_models; i++) {
        const struct trained *model = find_model(s, &gate->models[i]);
        if (model != NULL && model->own)
            no_metrics(s, gate->models[i].at, model->name);
        else if (model != NULL && known)
            check_computed(s, gate, model);
    }
    for (size_t i = 0; known && gate->n_models == 0 && i < map_len(s->trained); i++) {
        const struct trained *model = map_value_at(s->trained, i);
        if (!model->own)
            check_computed(s, gate, model);
    }
}

static void check_own_gates(struct scope *s, const struct spec_model *from)
{
    const struct trained *model = map_get(s->trained, from->name.value);
    for (size_t i = 0; model != NULL && i < from->n_gates; i++) {
        const struct spec_gate *gate = &from->gates[i];
        check_bounds(s, gate);
        if (model->own)
            no_metrics(s, gate->at, model->name);
        else if (!diags_has_error(s->diags, gate->metric.at))
            check_computed(s, gate, model);
    }
}

static void local_only(struct scope *s, const struct spec_str *source)
{
    if (str_is_null(source->value) || !str_starts(source->value, STR("s3://")) ||
        diags_has_error(s->diags, source->at))
        return;
    struct diag *diag = diags_error(
        s->diags, source->at, "'" STR_FMT "' is not a local file", STR_ARG(source->value));
    diag_hint(s->diags, diag, "the files of a check stand beside the spec");
}

void spec_check_gates(struct diags *diags, const struct spec *spec)
{
    AUTO(arena_close) struct arena *scratch = arena_new("gates", 0);
    struct scope scope = {scratch, diags, spec, map_new(scratch)};
    add_all(&scope);
    for (size_t i = 0; i < spec->n_gates; i++)
        check_gate(&scope, &spec->gates[i]);
    for (size_t i = 0; i < spec->n_models; i++)
        check_own_gates(&scope, &spec->models[i]);
    for (size_t i = 0; i < spec->n_checks; i++) {
        const struct spec_check *check = &spec->checks[i];
        local_only(&scope, &check->payload);
        local_only(&scope, &check->expect);
        for (size_t k = 0; k < check->n_models; k++)
            (void) find_model(&scope, &check->models[k]);
    }
}
