#include "specs/spec_check.h"

#include "engine/base/arena.h"
#include "engine/base/file.h"
#include "engine/base/map.h"
#include "engine/xgb/hyper.h"
#include "specs/spec_instances.h"
#include "specs/spec_regions.h"
#include "specs/spec_sets.h"

#define MAX_WAIT_S 2419200 /* 28 days */

/* --- completion ------------------------------------------------------------------------------ */

static bool is_s3(struct str source)
{
    return str_starts(source, STR("s3://"));
}

struct str spec_resolve(struct arena *arena, const struct spec *spec, struct str source)
{
    if (str_is_empty(source) || is_s3(source))
        return STR_NULL;
    if (source.ptr[0] == '/' || str_eq_z(spec->folder, "."))
        return str_dup(arena, source);
    return path_join(arena, spec->folder, source);
}

static struct str strip_slashes(struct str text)
{
    while (text.len > 0 && text.ptr[0] == '/')
        text = str_from_index(text, 1);
    while (text.len > 0 && text.ptr[text.len - 1] == '/')
        text.len--;
    return text;
}

/* With an image of one's own names mean what that image says, so aliases are not known. */
static struct str canonical(const struct spec *spec, struct str name)
{
    return str_is_null(spec->training.image.value) ? hyper_canonical(name) : name;
}

static int pair_cmp(const void *a, const void *b)
{
    const struct spec_pair *left = a, *right = b;
    return str_cmp(left->name, right->name);
}

/* Reports an alias beside its canonical name, where the container would quietly take the last. */
static void check_aliases(struct diags *diags, const struct spec *spec, const struct spec_map *map)
{
    for (size_t i = 0; i < map->len; i++)
        for (size_t j = 0; j < i; j++) {
            struct str a = map->items[j].name, b = map->items[i].name;
            if (!str_eq(canonical(spec, a), canonical(spec, b)))
                continue;
            struct diag *diag = diags_error(
                diags, map->items[i].at,
                "'" STR_FMT "' and '" STR_FMT "' are the same hyperparameter", STR_ARG(a),
                STR_ARG(b));
            diag_hint(diags, diag, "keep one of the two");
        }
}

static struct spec_map
merge(struct arena *arena, const struct spec *spec, const struct spec_map *own)
{
    const struct spec_map *shared = &spec->training.hyperparameters;
    struct spec_pair *items = ARENA_ARRAY(arena, shared->len + own->len, struct spec_pair);
    size_t len = 0;
    for (size_t i = 0; i < own->len; i++)
        items[len++] = own->items[i];
    for (size_t i = 0; i < shared->len; i++) {
        bool overridden = false;
        for (size_t j = 0; j < own->len; j++)
            overridden |=
                str_eq(canonical(spec, own->items[j].name), canonical(spec, shared->items[i].name));
        if (!overridden)
            items[len++] = shared->items[i];
    }
    if (len > 1)
        qsort(items, len, sizeof(*items), pair_cmp);
    return (struct spec_map){items, len};
}

bool spec_is_trained(const struct spec_model *model)
{
    return str_is_null(model->artifact.value);
}

static void complete_spot(struct spec_training *training)
{
    struct spec_spot *spot = &training->spot;
    if (spot->max_wait_s != 0)
        return;
    spot->max_wait_s = 2 * training->max_runtime_s;
    if (spot->max_wait_s > MAX_WAIT_S)
        spot->max_wait_s = MAX_WAIT_S;
}

void spec_complete(struct arena *arena, struct diags *diags, struct spec *spec)
{
    if (str_is_null(spec->prefix.value))
        spec->prefix.value = spec->name.value;
    spec->prefix.value = strip_slashes(spec->prefix.value);
    if (str_is_null(spec->endpoint.name.value))
        spec->endpoint.name.value = spec->name.value;
    complete_spot(&spec->training);
    for (size_t i = 0; i < spec->training.n_channels; i++) {
        struct spec_channel *channel = &spec->training.channels[i];
        channel->path = spec_resolve(arena, spec, channel->source.value);
    }
    for (size_t i = 0; i < spec->n_checks; i++) {
        struct spec_check *check = &spec->checks[i];
        check->payload_path = spec_resolve(arena, spec, check->payload.value);
        check->expect_path = spec_resolve(arena, spec, check->expect.value);
    }
    check_aliases(diags, spec, &spec->training.hyperparameters);
    spec_containers_complete(arena, spec);
    for (size_t i = 0; i < spec->n_models; i++) {
        spec->models[i].channels = spec->training.channels;
        spec->models[i].n_channels = spec->training.n_channels;
    }
    spec_sets_complete(arena, diags, spec);
    for (size_t i = 0; i < spec->n_sets; i++) {
        struct spec_map *own = &spec->sets[i].hyperparameters;
        check_aliases(diags, spec, own);
        *own = merge(arena, spec, own);
    }
    for (size_t i = 0; i < spec->n_models; i++) {
        struct spec_model *model = &spec->models[i];
        model->artifact_path = spec_resolve(arena, spec, model->artifact.value);
        check_aliases(diags, spec, &model->hyperparameters);
        if (spec_is_trained(model))
            model->hyperparameters = merge(arena, spec, &model->hyperparameters);
    }
}

/* --- account, storage, names ----------------------------------------------------------------- */

/* arn:aws:iam::123456789012:role/x -> 123456789012; STR_NULL when it is no such thing. */
static struct str role_account(const struct spec *spec)
{
    struct str rest = spec->role.value, part = STR_NULL;
    for (int i = 0; i < 5; i++)
        if (!str_split(&rest, ':', &part))
            return STR_NULL;
    return part;
}

static void check_account(struct arena *arena, struct diags *diags, const struct spec *spec)
{
    if (str_is_null(spec->region.value) && spec->regions == NULL) {
        struct diag *diag = diags_error(diags, spec->at, "missing 'region' in 'spec'");
        diag_hint(diags, diag, "for example 'region: us-east-1', or --region us-east-1");
    }
    struct str of_role = role_account(spec);
    if (diags_has_error(diags, spec->role.at) || diags_has_error(diags, spec->account.at) ||
        of_role.len != 12 || spec->account.value.len != 12 || str_eq(of_role, spec->account.value))
        return;
    struct diag *diag = diags_error(
        diags, spec->role.at,
        "role '" STR_FMT "' is of account " STR_FMT ", but spec.account at " STR_FMT " is " STR_FMT,
        STR_ARG(spec->role.value), STR_ARG(of_role), STR_ARG(srcloc_text(arena, spec->account.at)),
        STR_ARG(spec->account.value));
    diag_hint(diags, diag, "SageMaker can only assume a role of its own account");
}

static bool looks_like_ip(struct str name)
{
    size_t dots = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '.')
            dots++;
        else if (name.ptr[i] < '0' || name.ptr[i] > '9')
            return false;
    }
    return dots == 3;
}

/* docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
static void check_storage(struct diags *diags, const struct spec *spec)
{
    static const char *const s_starts[] = {"xn--", "sthree-", "amzn-s3-demo-"};
    static const char *const s_ends[] = {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"};
    struct str bucket = spec->bucket.value;
    const char *why = NULL;
    if (str_find(bucket, STR("..")) != SIZE_MAX)
        why = "two dots in a row are not allowed";
    else if (looks_like_ip(bucket))
        why = "it must not look like an IP address";
    for (size_t i = 0; i < ARRAY_LEN(s_starts); i++)
        if (str_starts(bucket, str_from(s_starts[i])))
            why = "S3 reserves this beginning";
    for (size_t i = 0; i < ARRAY_LEN(s_ends); i++)
        if (str_ends(bucket, str_from(s_ends[i])))
            why = "S3 reserves this ending";
    if (why != NULL && !diags_has_error(diags, spec->bucket.at)) {
        struct diag *diag = diags_error(
            diags, spec->bucket.at, "'" STR_FMT "' is not valid as 'bucket'", STR_ARG(bucket));
        diag_hint(diags, diag, "%s", why);
    }
    struct str rest = spec->prefix.value, part;
    while (str_split(&rest, '/', &part))
        if (str_eq_z(part, ".") || str_eq_z(part, "..")) {
            struct diag *diag = diags_error(
                diags, spec->prefix.at, "'" STR_FMT "' is not valid as 'prefix'",
                STR_ARG(spec->prefix.value));
            diag_hint(diags, diag, "'.' and '..' are not folders in S3");
        }
}

static void check_tags(struct diags *diags, const struct spec *spec)
{
    for (size_t i = 0; i < spec->tags.len; i++) {
        const struct spec_pair *tag = &spec->tags.items[i];
        bool aws = tag->name.len >= 4 && str_eq_nocase(str_slice(tag->name, 0, 4), STR("aws:"));
        if (aws || str_starts(tag->name, STR("mmectl:")))
            diag_hint(
                diags,
                diags_error(
                    diags, tag->at, "tag '" STR_FMT "' is reserved for %s", STR_ARG(tag->name),
                    aws ? "AWS" : "mmectl"),
                "give it another name");
    }
}

void spec_check_instance(
    struct diags *diags, const struct spec_instance *instance, enum instance_use use)
{
    struct str type = instance->type.value;
    if (str_is_null(type) || diags_has_error(diags, instance->type.at) ||
        spec_instance_known(type, use))
        return;
    bool hosting = use == INSTANCE_HOSTING;
    bool elsewhere = spec_instance_known(type, hosting ? INSTANCE_TRAINING : INSTANCE_HOSTING);
    struct diag *diag = diags_warning(
        diags, instance->type.at, "'" STR_FMT "' is not known as an instance type for %s",
        STR_ARG(type), hosting ? "endpoints" : "training");
    diag_hint(
        diags, diag, "%s",
        elsewhere ? (hosting ? "SageMaker offers it for training only"
                             : "SageMaker offers it for endpoints only")
                  : "it may be new; SageMaker has the last word");
}

/* --- models ---------------------------------------------------------------------------------- */

struct hyper_report {
    struct diags *diags;
    const struct spec_model *model;
};

static void report_hyper(void *arg, size_t index, struct str message)
{
    const struct hyper_report *report = arg;
    const struct spec_model *model = report->model;
    if (index == SIZE_MAX) {
        struct diag *diag = diags_error(
            report->diags, model->at, "model '" STR_FMT "': " STR_FMT, STR_ARG(model->name.value),
            STR_ARG(message));
        diag_hint(
            report->diags, diag,
            "set it here, or for every model in spec.training.hyperparameters");
        return;
    }
    const struct spec_pair *pair = &model->hyperparameters.items[index];
    bool unknown = str_starts(message, STR("Extraneous"));
    struct diag *diag =
        diags_error(report->diags, unknown ? pair->at : pair->value_at, STR_FMT, STR_ARG(message));
    struct str nearest = unknown ? hyper_nearest(pair->name) : STR_NULL;
    if (!str_is_null(nearest))
        diag_hint(report->diags, diag, "did you mean '" STR_FMT "'?", STR_ARG(nearest));
    else
        diag_hint(
            report->diags, diag, "AWS's XGBoost container would fail the training job with this");
}

static const struct spec_pair *find_hyper(const struct spec_model *model, const char *name)
{
    for (size_t i = 0; i < model->hyperparameters.len; i++)
        if (str_eq_z(model->hyperparameters.items[i].name, name))
            return &model->hyperparameters.items[i];
    return NULL;
}

/* The container ignores early stopping without both; see algorithm_mode/train.py there. */
static void check_early_stopping(struct diags *diags, const struct spec_model *model)
{
    const struct spec_pair *rounds = find_hyper(model, "early_stopping_rounds");
    if (rounds == NULL)
        return;
    bool metric = find_hyper(model, "eval_metric") != NULL ||
                  find_hyper(model, "_tuning_objective_metric") != NULL;
    const char *lack = NULL;
    if (spec_find_channel(model->channels, model->n_channels, "validation") == NULL)
        lack = "a 'validation' channel";
    else if (!metric)
        lack = "'eval_metric'";
    if (lack != NULL)
        diags_warning(diags, rounds->at, "'early_stopping_rounds' is ignored without %s", lack);
}

static void check_hyperparameters(
    struct arena *arena,
    struct diags *diags,
    const struct spec *spec,
    const struct spec_model *model)
{
    const struct spec_map *map = &model->hyperparameters;
    if (map->len > 100)
        diag_hint(
            diags,
            diags_error(
                diags, model->at,
                "model '" STR_FMT "' has %zu hyperparameters, SageMaker takes 100",
                STR_ARG(model->name.value), map->len),
            "those of spec.training.hyperparameters count as well");
    if (!str_is_null(spec->training.image.value))
        return;
    struct hyper_value *values = ARENA_ARRAY(arena, map->len, struct hyper_value);
    for (size_t i = 0; i < map->len; i++)
        values[i] = (struct hyper_value){map->items[i].name, map->items[i].value};
    struct hyper_report report = {diags, model};
    (void) hyper_check(arena, values, map->len, report_hyper, &report);
    check_early_stopping(diags, model);
}

static void needs_artifact(struct diags *diags, struct srcloc at, const char *key)
{
    struct diag *diag = diags_error(diags, at, "'%s' needs an 'artifact'", key);
    diag_hint(diags, diag, "take it out: a model that is trained here has no artifact of yours");
}

static void
check_artifact(struct diags *diags, const struct spec *spec, const struct spec_model *model)
{
    struct diag *diag = NULL;
    if (spec_is_trained(model)) {
        if (!spec->training.set) {
            diag = diags_error(
                diags, model->at,
                "model '" STR_FMT "' has neither 'artifact' nor a 'training' block",
                STR_ARG(model->name.value));
            diag_hint(
                diags, diag,
                "give the model an 'artifact', or the spec a 'training' block with a "
                "'train' channel");
        }
        if (!str_is_null(model->sha256.value))
            needs_artifact(diags, model->sha256.at, "sha256");
        if (model->allow_pickle)
            needs_artifact(diags, model->at, "allowPickle");
        return;
    }
    if (model->hyperparameters.len > 0) {
        diag = diags_error(
            diags, model->hyperparameters.items[0].at,
            "model '" STR_FMT "' has both 'artifact' and 'hyperparameters'",
            STR_ARG(model->name.value));
        diag_hint(diags, diag, "a model that is brought along is not trained; keep one of the two");
    }
}

/* The models of a partition are not known yet; what they have in common is. */
static void check_sets(struct arena *arena, struct diags *diags, const struct spec *spec)
{
    for (size_t i = 0; spec->training.set && i < spec->n_sets; i++) {
        const struct spec_model_set *set = &spec->sets[i];
        const struct spec_model common = {
            .name = set->name,
            .hyperparameters = set->hyperparameters,
            .channels = set->channels,
            .n_channels = set->n_channels,
            .at = set->at};
        bool bad = false; /* a place in one of them, which is said already */
        for (size_t k = 0; k < set->hyperparameters.len; k++)
            bad = bad || diags_has_error(diags, set->hyperparameters.items[k].value_at);
        if (set->partition.set && !bad)
            check_hyperparameters(arena, diags, spec, &common);
    }
}

static void check_models(struct arena *arena, struct diags *diags, const struct spec *spec)
{
    AUTO(arena_close) struct arena *scratch = arena_new("names", 0);
    struct map *names = map_new(scratch);
    map_reserve(names, spec->n_models);
    for (size_t i = 0; i < spec->n_models; i++) {
        const struct spec_model *model = &spec->models[i];
        struct str name = model->name.value;
        if (!str_is_null(name) && !model->in_container) {
            const struct spec_model *first = map_get(names, name);
            if (first != NULL)
                diag_hint(
                    diags,
                    diags_error(
                        diags, model->name.at,
                        "model '" STR_FMT "' is defined twice, first at " STR_FMT, STR_ARG(name),
                        STR_ARG(srcloc_text(arena, first->name.at))),
                    "give one of the two another name");
            else
                (void) map_put(names, name, &spec->models[i]);
        }
        check_artifact(diags, spec, model);
        if (spec_is_trained(model) && spec->training.set && !str_is_null(name))
            check_hyperparameters(arena, diags, spec, model);
    }
}

void spec_check(struct arena *arena, struct diags *diags, const struct spec *spec)
{
    check_account(arena, diags, spec);
    check_storage(diags, spec);
    check_tags(diags, spec);
    spec_check_training(arena, diags, spec);
    check_models(arena, diags, spec);
    check_sets(arena, diags, spec);
    spec_check_routes(arena, diags, spec);
    spec_check_instance(diags, &spec->endpoint.instance, INSTANCE_HOSTING);
    spec_check_endpoint(diags, spec);
    spec_check_containers(arena, diags, spec);
    spec_check_gates(diags, spec);
    spec_check_regions(arena, diags, spec);
}

void spec_check_list(struct arena *arena, struct diags *diags, const struct spec_list *specs)
{
    struct map *stacks = map_new(arena);
    for (size_t i = 0; i < specs->len; i++) {
        struct spec *spec = specs->items[i];
        if (str_is_empty(spec->name.value))
            continue;
        struct str account =
            str_is_null(spec->account.value) ? role_account(spec) : spec->account.value;
        struct str key = str_fmt(
            arena, STR_FMT "|" STR_FMT "|" STR_FMT, STR_ARG(account), STR_ARG(spec->region.value),
            STR_ARG(spec->name.value));
        const struct spec *first = map_get(stacks, key);
        if (first == NULL) {
            (void) map_put(stacks, key, spec);
            continue;
        }
        struct diag *diag = diags_error(
            diags, spec->name.at, "stack '" STR_FMT "' is defined twice, first at " STR_FMT,
            STR_ARG(spec->name.value), STR_ARG(srcloc_text(arena, first->name.at)));
        diag_hint(diags, diag, "a name is unique in one account and region");
    }
}
