#include "specs/spec_sets.h"

#include "engine/base/arena.h"
#include "engine/base/template.h"
#include "specs/spec_check.h"

#include <ctype.h>

#define NAME_MAX_LEN 101

static bool name_valid(struct str name)
{
    if (name.len == 0 || name.len > NAME_MAX_LEN || !isalnum((unsigned char) name.ptr[0]))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!isalnum((unsigned char) c) && c != '.' && c != '_' && c != '-')
            return false;
        if (c == '-' && name.ptr[i - 1] == '-')
            return false;
    }
    return true;
}

/* --- channels -------------------------------------------------------------------------------- */

static const struct spec_channel *
find_channel(const struct spec_channel *channels, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(channels[i].name.value, name))
            return &channels[i];
    return NULL;
}

/* The set's own, then those of training that it does not name. */
static void merge_channels(struct arena *arena, const struct spec *spec, struct spec_model_set *set)
{
    const struct spec_training *training = &spec->training;
    if (set->n_channels == 0) {
        set->channels = training->channels;
        set->n_channels = training->n_channels;
        return;
    }
    struct spec_channel *all =
        ARENA_ARRAY(arena, set->n_channels + training->n_channels, struct spec_channel);
    size_t len = 0;
    for (size_t i = 0; i < set->n_channels; i++) {
        all[len] = set->channels[i];
        all[len].path = spec_resolve(arena, spec, all[len].source.value);
        len++;
    }
    for (size_t i = 0; i < training->n_channels; i++)
        if (find_channel(set->channels, set->n_channels, training->channels[i].name.value) == NULL)
            all[len++] = training->channels[i];
    set->channels = all;
    set->n_channels = len;
}

/* --- places ---------------------------------------------------------------------------------- */

static bool is_known(const struct spec_model_set *set, struct str name)
{
    if (set->partition.set)
        return str_eq_z(name, SPEC_SET_KEY);
    for (size_t i = 0; i < set->matrix.len; i++)
        if (str_eq(set->matrix.items[i].name, name))
            return true;
    return false;
}

/* "{region}, {depth}" */
static struct str known_places(struct arena *arena, const struct spec_model_set *set)
{
    if (set->partition.set)
        return STR("{" SPEC_SET_KEY "}");
    struct str known = STR("");
    for (size_t i = 0; i < set->matrix.len; i++)
        known = str_fmt(
            arena, STR_FMT "%s{" STR_FMT "}", STR_ARG(known), i > 0 ? ", " : "",
            STR_ARG(set->matrix.items[i].name));
    return known;
}

static void check_places(
    struct diags *diags, const struct spec_model_set *set, struct str text, struct srcloc at)
{
    struct str plain, name;
    while (template_next(&text, &plain, &name)) {
        if (is_known(set, name))
            continue;
        struct diag *diag =
            diags_error(diags, at, "'{" STR_FMT "}' stands for nothing in this set", STR_ARG(name));
        diag_hint(
            diags, diag, "known here: " STR_FMT "; '{{' is a plain '{'",
            STR_ARG(known_places(diags->arena, set)));
    }
}

/* What is the same for all models of a partition holds no places. */
static void
check_no_places(struct diags *diags, struct str text, struct srcloc at, const char *what)
{
    struct str plain, name;
    if (!template_next(&text, &plain, &name))
        return;
    struct diag *diag = diags_error(
        diags, at, "'{" STR_FMT "}' cannot stand in %s of a partition", STR_ARG(name), what);
    diag_hint(diags, diag, "it may stand in 'name' and 'description'; a matrix may use it here");
}

static void check_name(struct diags *diags, const struct spec_model_set *set)
{
    struct str text = set->name.value;
    if (diags_has_error(diags, set->name.at))
        return;
    check_places(diags, set, text, set->name.at);
    size_t count = set->partition.set ? 1 : set->matrix.len;
    for (size_t i = 0; i < count; i++) {
        struct str name = set->partition.set ? STR(SPEC_SET_KEY) : set->matrix.items[i].name;
        if (template_has(text, name))
            continue;
        struct diag *diag = diags_error(
            diags, set->name.at, "name '" STR_FMT "' lacks '{" STR_FMT "}'", STR_ARG(text),
            STR_ARG(name));
        diag_hint(diags, diag, "without it the set's models would all have one name");
    }
}

/* --- partitions ------------------------------------------------------------------------------ */

static bool is_csv(struct str type)
{
    struct str rest = type, name = STR("");
    (void) str_split(&rest, ';', &name);
    return str_ends(str_trim(name), STR("csv"));
}

static void check_partition(struct diags *diags, const struct spec_model_set *set)
{
    const struct spec_str *channel = &set->partition.channel;
    if (find_channel(set->channels, set->n_channels, channel->value) == NULL) {
        struct diag *diag = diags_error(
            diags, channel->at, "there is no channel '" STR_FMT "' to part",
            STR_ARG(channel->value));
        diag_hint(diags, diag, "channels stand in 'spec.training.channels', or in the set itself");
    }
    for (size_t i = 0; i < set->n_channels; i++) {
        const struct spec_channel *used = &set->channels[i];
        check_no_places(diags, used->source.value, used->source.at, "a channel");
        if (is_csv(used->content_type.value) || diags_has_error(diags, used->content_type.at))
            continue;
        struct diag *diag = diags_error(
            diags, used->content_type.at,
            "channel '" STR_FMT "' is '" STR_FMT "', which a partition cannot part",
            STR_ARG(used->name.value), STR_ARG(used->content_type.value));
        diag_hint(diags, diag, "only text/csv has columns by number");
    }
    for (size_t i = 0; i < set->hyperparameters.len; i++)
        check_no_places(
            diags, set->hyperparameters.items[i].value, set->hyperparameters.items[i].value_at,
            "the hyperparameters");
}

/* --- matrices -------------------------------------------------------------------------------- */

static size_t combinations(const struct spec_model_set *set)
{
    size_t count = 1;
    for (size_t i = 0; i < set->matrix.len && count <= SPEC_SET_MODELS_MAX; i++)
        count *= set->matrix.items[i].len;
    return count;
}

struct expansion {
    struct arena *arena;
    struct diags *diags;
    const struct spec *spec;
    const struct spec_model_set *set;
    const struct template_value *values;
};

/* The places were checked before. */
static struct str filled(const struct expansion *e, struct str text)
{
    struct str out = text, unknown;
    if (!str_is_empty(text))
        (void) template_fill(e->arena, text, e->values, e->set->matrix.len, &out, &unknown);
    return out;
}

static void fill_channels(const struct expansion *e, struct spec_model *model)
{
    struct spec_channel *channels = ARENA_ARRAY(e->arena, e->set->n_channels, struct spec_channel);
    bool same = true;
    for (size_t i = 0; i < e->set->n_channels; i++) {
        channels[i] = e->set->channels[i];
        struct str source = filled(e, channels[i].source.value);
        if (str_eq(source, channels[i].source.value))
            continue;
        same = false;
        channels[i].source.value = source;
        channels[i].path = spec_resolve(e->arena, e->spec, source);
    }
    model->channels = same ? e->set->channels : channels;
    model->n_channels = e->set->n_channels;
}

static void fill_model(const struct expansion *e, struct spec_model *model)
{
    const struct spec_model_set *set = e->set;
    const struct spec_map *from = &set->hyperparameters;
    struct spec_pair *pairs = ARENA_ARRAY(e->arena, from->len, struct spec_pair);
    for (size_t i = 0; i < from->len; i++) {
        pairs[i] = from->items[i];
        pairs[i].value = filled(e, pairs[i].value);
    }
    *model = (struct spec_model){
        .name = {filled(e, set->name.value), set->name.at},
        .description = {filled(e, set->description.value), set->description.at},
        .hyperparameters = {pairs, from->len},
        .artifact = {STR_NULL, set->at},
        .sha256 = {STR_NULL, set->at},
        .version = {STR_NULL, set->at},
        .regions = set->regions,
        .n_regions = set->n_regions,
        .protect = set->protect,
        .set = set,
        .at = set->at};
    fill_channels(e, model);
    if (name_valid(model->name.value))
        return;
    struct diag *diag = diags_error(
        e->diags, set->name.at, "'" STR_FMT "' is not valid as the name of a model",
        STR_ARG(model->name.value));
    diag_hint(
        e->diags, diag,
        "a name takes up to 101 letters, digits, '.', '_' and single '-', first a letter or digit");
}

/* Counts through the combinations as a clock does, the last list fastest. */
static void expand(
    struct arena *arena,
    struct diags *diags,
    const struct spec *spec,
    const struct spec_model_set *set,
    struct spec_model *models,
    size_t count)
{
    size_t len = set->matrix.len;
    struct template_value *values = ARENA_ARRAY(arena, len, struct template_value);
    struct expansion e = {arena, diags, spec, set, values};
    for (size_t n = 0; n < count; n++) {
        size_t rest = n;
        for (size_t i = len; i-- > 0;) {
            const struct spec_values *list = &set->matrix.items[i];
            values[i] = (struct template_value){list->name, list->items[rest % list->len].value};
            rest /= list->len;
        }
        fill_model(&e, &models[n]);
    }
}

static void check_matrix(struct diags *diags, const struct spec_model_set *set)
{
    for (size_t i = 0; i < set->n_channels; i++)
        check_places(diags, set, set->channels[i].source.value, set->channels[i].source.at);
    for (size_t i = 0; i < set->hyperparameters.len; i++)
        check_places(
            diags, set, set->hyperparameters.items[i].value,
            set->hyperparameters.items[i].value_at);
    if (set->min_rows != 1)
        diag_hint(
            diags, diags_error(diags, set->at, "'minRows' needs a 'partition'"),
            "the models of a matrix are all trained on the same rows");
}

/* --- sets ------------------------------------------------------------------------------------ */

static void
check_set(struct diags *diags, const struct spec *spec, const struct spec_model_set *set)
{
    bool matrix = set->matrix.items != NULL;
    if (set->partition.set == matrix) {
        struct diag *diag = diags_error(
            diags, set->at, "a model set has %s 'partition' %s 'matrix'",
            matrix ? "either" : "neither", matrix ? "or" : "nor");
        diag_hint(
            diags, diag, "%s",
            matrix ? "keep one of the two"
                   : "for example 'partition: {column: 0}' or 'matrix: {depth: [4, 6]}'");
        return;
    }
    check_name(diags, set);
    check_places(diags, set, set->description.value, set->description.at);
    if (matrix)
        check_matrix(diags, set);
    else
        check_partition(diags, set);
    if (spec->training.set)
        return;
    struct diag *diag = diags_error(diags, set->at, "a model set needs a 'training' block");
    diag_hint(diags, diag, "its models are trained: 'training: {backend: local}', for example");
}

static void too_many(struct diags *diags, struct srcloc at)
{
    struct diag *diag = diags_error(
        diags, at, "a stack with model sets has at most %d models", SPEC_SET_MODELS_MAX);
    diag_hint(diags, diag, "split it into several stacks");
}

void spec_sets_complete(struct arena *arena, struct diags *diags, struct spec *spec)
{
    size_t total = spec->n_models, n_errors = diags->n_errors;
    /* One that could not be read is not missing. */
    bool contained =
        spec->endpoint.mode != SPEC_MULTI_MODEL || spec->endpoint.containers_at.line > 0;
    if (n_errors == 0 && spec->models == NULL && spec->n_sets == 0 && !contained) {
        struct diag *diag = diags_error(diags, spec->at, "missing 'models' in 'spec'");
        diag_hint(
            diags, diag,
            "for example 'models: [{name: churn, artifact: model.tar.gz}]', or 'modelSets'");
    }
    for (size_t i = 0; i < spec->n_sets; i++) {
        struct spec_model_set *set = &spec->sets[i];
        merge_channels(arena, spec, set);
        check_set(diags, spec, set);
        total += set->matrix.len > 0 ? combinations(set) : 0;
        if (total > SPEC_SET_MODELS_MAX) {
            too_many(diags, set->at);
            break;
        }
    }
    if (spec->n_sets == 0 || diags->n_errors > n_errors)
        return;
    struct spec_model *models = ARENA_ARRAY(arena, total, struct spec_model);
    if (spec->n_models > 0)
        memcpy(models, spec->models, spec->n_models * sizeof(*models));
    size_t len = spec->n_models;
    for (size_t i = 0; i < spec->n_sets; i++) {
        size_t count = spec->sets[i].matrix.len > 0 ? combinations(&spec->sets[i]) : 0;
        expand(arena, diags, spec, &spec->sets[i], models + len, count);
        len += count;
    }
    spec->models = models;
    spec->n_models = len;
}
