#include "cmd/advice.h"

#include "engine/base/file.h"
#include "engine/base/map.h"
#include "engine/cost/cost.h"
#include "engine/xgb/artifact.h"

#define MAX_ARTIFACT_BYTES MIB(1024)
/* A binary model unpacks to about three times its archive. */
#define UNPACKED_TIMES 3

/* ---- how large ---- */

static uint64_t number_of(const struct spec_map *map, const char *name, uint64_t otherwise)
{
    uint64_t value = 0;
    for (size_t i = 0; i < map->len; i++)
        if (str_eq_z(map->items[i].name, name) && str_to_u64(map->items[i].value, &value))
            return value;
    return otherwise;
}

/* 0: not to be told (an image of one's own, or no trees). */
static uint64_t estimate_bytes(const struct spec_map *hyperparameters)
{
    uint64_t rounds = number_of(hyperparameters, "num_round", 0);
    uint64_t classes = number_of(hyperparameters, "num_class", 1);
    uint64_t parallel = number_of(hyperparameters, "num_parallel_tree", 1);
    for (size_t i = 0; i < hyperparameters->len; i++)
        if (str_eq_z(hyperparameters->items[i].name, "booster") &&
            str_eq_z(hyperparameters->items[i].value, "gblinear"))
            return 0;
    if (rounds == 0 || rounds > 1000000 || classes > 10000 || parallel > 10000)
        return 0;
    return capacity_full_trees(
        rounds, (classes > 0 ? classes : 1) * (parallel > 0 ? parallel : 1),
        number_of(hyperparameters, "max_depth", 6));
}

/* What XGBoost reads of it; 0: it cannot be read, which validate and plan say why. */
static uint64_t artifact_bytes(struct str path)
{
    AUTO(arena_close) struct arena *scratch = arena_new("artifact", 4 * MAX_ARTIFACT_BYTES);
    struct str bytes;
    struct artifact artifact;
    struct err ignored = {0};
    if (file_read(scratch, str_z(scratch, path), MAX_ARTIFACT_BYTES, &bytes, &ignored) != ERR_NONE)
        return 0;
    if (artifact_read(scratch, bytes, &artifact, &ignored) != ERR_NONE)
        return UNPACKED_TIMES * bytes.len;
    return artifact.model.len;
}

static void add_estimate(struct advice_sizes *sizes, uint64_t bytes, uint64_t models)
{
    sizes->models += models;
    sizes->bytes += bytes * models;
    *(bytes > 0 ? &sizes->n_estimated : &sizes->n_unknown) += models;
}

static void add_model(struct advice_sizes *sizes, const struct spec_model *model)
{
    uint64_t bytes;
    if (str_is_null(model->artifact.value)) {
        add_estimate(sizes, estimate_bytes(&model->hyperparameters), 1);
        return;
    }
    bytes = str_is_null(model->artifact_path) ? 0 : artifact_bytes(model->artifact_path);
    sizes->models++;
    sizes->bytes += bytes;
    *(bytes > 0 ? &sizes->n_artifacts : &sizes->n_unknown) += 1;
}

struct advice_sizes advice_sizes(
    struct arena *arena,
    const struct spec *spec,
    const struct partitions *found,
    const struct status *status)
{
    struct advice_sizes sizes = {0};
    struct map *live = map_new(arena);
    for (size_t i = 0; status != NULL && i < status->n_models; i++) {
        const struct status_model *model = &status->models[i];
        if (model->size == 0)
            continue;
        map_put(live, model->name, (void *) (uintptr_t) model);
        sizes.models++;
        sizes.n_live++;
        sizes.bytes += UNPACKED_TIMES * model->size;
    }
    for (size_t i = 0; i < spec->n_models; i++)
        if (!map_has(live, spec->models[i].name.value))
            add_model(&sizes, &spec->models[i]);
    for (size_t i = 0; i < spec->n_sets && sizes.n_live == 0; i++)
        add_estimate(&sizes, estimate_bytes(&spec->sets[i].hyperparameters), found->of_set[i]);
    return sizes;
}

/* ---- which instances ---- */

enum {
    COL_TYPE,
    COL_VCPUS,
    COL_MEMORY,
    COL_HOUR,
    COL_AWS,
    COL_AWS_SHARE,
    COL_SERVE,
    COL_SERVE_SHARE
};

static const struct table_column s_columns[] = {
    [COL_TYPE] = {"INSTANCE", "instance_type", false, false},
    [COL_VCPUS] = {"VCPUS", "vcpus", true, false},
    [COL_MEMORY] = {"GIB", "memory_gib", true, false},
    [COL_HOUR] = {"USD/H", "usd_per_hour", true, false},
    [COL_AWS] = {"AWS IMAGE HOLDS", "aws_models", true, false},
    [COL_AWS_SHARE] = {"%", "aws_percent", true, false},
    [COL_SERVE] = {"MMECTL SERVE HOLDS", "serve_models", true, false},
    [COL_SERVE_SHARE] = {"%", "serve_percent", true, false},
};

/* How many would fit, and the share of the stack's own that do. False: some do not. */
static bool add_row(
    struct table *table, const struct advice_capacity *c, const struct price *type, uint64_t count)
{
    static const size_t columns[CAPACITY_COUNT] = {COL_AWS, COL_SERVE};
    bool all = true;
    table_row(table);
    table_text(table, COL_TYPE, str_from(type->type));
    table_int(table, COL_VCPUS, type->vcpus);
    table_int(table, COL_MEMORY, type->memory_gib);
    table_number(table, COL_HOUR, type->usd_per_hour * (double) count, 3);
    for (int k = 0; k < CAPACITY_COUNT; k++) {
        uint64_t fit = capacity_models(
            (enum capacity_container) k, type, count, UINT64_MAX, c->mean_bytes, c->workers);
        uint64_t held = fit < c->sizes.models ? fit : c->sizes.models;
        table_int(table, columns[k], (int64_t) fit);
        table_number(table, columns[k] + 1, 100.0 * (double) held / (double) c->sizes.models, 0);
        all = all && held == c->sizes.models;
    }
    return all;
}

/* More memory than anything cheaper has. */
static bool is_worth_a_look(const struct price *type)
{
    for (size_t i = 0; i < price_count(); i++) {
        const struct price *other = price_at(i);
        bool cheaper = other->usd_per_hour < type->usd_per_hour;
        bool first = !(other->usd_per_hour > type->usd_per_hour) && other < type;
        if (capacity_is_general(other) && other->memory_gib >= type->memory_gib &&
            (cheaper || first))
            return false;
    }
    return true;
}

static int by_price(const void *a, const void *b)
{
    const struct price *x = *(const struct price *const *) a, *y = *(const struct price *const *) b;
    return x->usd_per_hour < y->usd_per_hour ? -1 : x->usd_per_hour > y->usd_per_hour;
}

struct advice_capacity advice_capacity(
    struct arena *arena,
    const struct spec *spec,
    const struct advice_sizes *sizes,
    uint64_t percent)
{
    const struct spec_instance *instance = &spec->endpoint.instance;
    struct advice_capacity c = {
        .sizes = *sizes,
        .workers = number_of(&spec->endpoint.environment, "SAGEMAKER_NUM_MODEL_WORKERS", 1),
        .percent = percent,
        .table = table_new(arena, s_columns, ARRAY_LEN(s_columns)),
        .all = table_new(arena, s_columns, ARRAY_LEN(s_columns))};
    uint64_t count = (uint64_t) instance->count, known = sizes->models - sizes->n_unknown;
    if (c.workers == 0 || c.workers > 1000)
        c.workers = 1;
    if (known == 0)
        return c;
    c.mean_bytes = sizes->bytes / known;
    if (spec->endpoint.mode != SPEC_MULTI_MODEL) {
        const struct price *type = price_find(instance->type.value);
        c.containers = sizes->models;
        c.cheapest[CAPACITY_AWS] = capacity_cheapest_containers(c.containers, c.mean_bytes);
        c.needed_bytes = type != NULL ? capacity_containers(type, c.containers, c.mean_bytes) : 0;
        return c;
    }
    for (int k = 0; k < CAPACITY_COUNT; k++)
        c.cheapest[k] = capacity_cheapest(
            (enum capacity_container) k, count, sizes->models, percent, c.mean_bytes, c.workers);
    const struct price **types = ARENA_ARRAY(arena, price_count(), const struct price *);
    size_t n = 0;
    for (size_t i = 0; i < price_count(); i++)
        if (capacity_is_general(price_at(i)) || str_eq_z(instance->type.value, price_at(i)->type))
            types[n++] = price_at(i);
    qsort(types, n, sizeof(const struct price *), by_price);
    bool enough = false; /* nobody has to look at larger ones */
    for (size_t i = 0; i < n; i++) {
        (void) !add_row(c.all, &c, types[i], count);
        bool own = str_eq_z(instance->type.value, types[i]->type);
        if (own || (!enough && is_worth_a_look(types[i])))
            enough = add_row(c.table, &c, types[i], count) || enough;
    }
    return c;
}

/* ---- as text and JSON ---- */

static struct str sources(struct arena *arena, const struct advice_sizes *sizes)
{
    const struct {
        uint64_t count;
        const char *text;
    } parts[] = {
        {sizes->n_live, "by what is published"},
        {sizes->n_artifacts, "by their artifacts"},
        {sizes->n_estimated, "at most, by num_round and max_depth"},
    };
    struct str text = STR_NULL;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (parts[i].count == sizes->models)
            text = str_from(parts[i].text);
        else if (parts[i].count > 0)
            text = str_fmt(
                arena, STR_FMT "%s%llu %s", STR_ARG(str_is_null(text) ? STR("") : text),
                str_is_null(text) ? "" : ", ", (unsigned long long) parts[i].count, parts[i].text);
    if (sizes->n_unknown > 0)
        text = str_fmt(
            arena, STR_FMT ", %llu as the mean", STR_ARG(text),
            (unsigned long long) sizes->n_unknown);
    return text;
}

/* All of them are loaded, called or not. */
static void
containers_text(struct buf *buf, const struct spec *spec, const struct advice_capacity *c)
{
    const struct price *best = c->cheapest[CAPACITY_AWS];
    const struct price *type = price_find(spec->endpoint.instance.type.value);
    if (type != NULL)
        buf_fmt(
            buf,
            "\nMemory: %llu containers take about %.1f of %s's %u GiB, all of them at all times.\n",
            (unsigned long long) c->containers, (double) c->needed_bytes / 1073741824.0, type->type,
            type->memory_gib);
    if (best != NULL)
        buf_fmt(buf, "Cheapest that holds them: %s, $%.3f/h\n", best->type, best->usd_per_hour);
    buf_add_z(
        buf, "Estimates: each as AWS's XGBoost image, with a Python process of about 114 MiB for "
             "each vCPU.\n");
}

void advice_text(
    struct arena *arena,
    struct buf *buf,
    const struct spec *spec,
    const struct advice_capacity *c,
    bool color)
{
    static const char *const images[CAPACITY_COUNT] = {"AWS's image", "mmectl serve"};
    if (c->containers > 0)
        containers_text(buf, spec, c);
    if (table_len(c->table) == 0)
        return;
    buf_fmt(
        buf,
        "\nMemory: a model is %.1f KiB (" STR_FMT "). How many stay loaded on %lld\n"
        "instance%s, and the share of this stack's; others are loaded when they are called:\n\n",
        (double) c->mean_bytes / 1024.0, STR_ARG(sources(arena, &c->sizes)),
        (long long) spec->endpoint.instance.count, spec->endpoint.instance.count == 1 ? "" : "s");
    table_render(buf, c->table, color);
    buf_add_char(buf, '\n');
    for (int k = 0; k < CAPACITY_COUNT; k++) {
        const struct price *type = c->cheapest[k];
        if (type == NULL)
            buf_fmt(
                buf, "No priced type holds %llu %% of the models with %s: take more instances.\n",
                (unsigned long long) c->percent, images[k]);
        else
            buf_fmt(
                buf, "Cheapest that holds %llu %% of the models with %s: %s, $%.3f/h each\n",
                (unsigned long long) c->percent, images[k], type->type, type->usd_per_hour);
    }
    buf_fmt(
        buf,
        "Estimates: AWS's image starts %llu Python process%s of about 114 MiB for each loaded "
        "model,\nmmectl serve keeps all in one; four fifths of the memory are for models.\n",
        (unsigned long long) c->workers, c->workers == 1 ? "" : "es");
}

struct json *advice_json(struct arena *arena, const struct advice_capacity *c)
{
    struct json *out = json_object(arena), *from = json_object(arena);
    json_put(arena, out, "models", json_int(arena, (int64_t) c->sizes.models));
    json_put(arena, out, "mean_model_bytes", json_int(arena, (int64_t) c->mean_bytes));
    json_put(arena, from, "published", json_int(arena, (int64_t) c->sizes.n_live));
    json_put(arena, from, "artifacts", json_int(arena, (int64_t) c->sizes.n_artifacts));
    json_put(arena, from, "hyperparameters", json_int(arena, (int64_t) c->sizes.n_estimated));
    json_put(arena, from, "unknown", json_int(arena, (int64_t) c->sizes.n_unknown));
    json_put(arena, out, "sizes_from", from);
    if (c->containers > 0) {
        json_put(arena, out, "containers", json_int(arena, (int64_t) c->containers));
        json_put(arena, out, "needed_bytes", json_int(arena, (int64_t) c->needed_bytes));
    }
    json_put(arena, out, "workers_per_model", json_int(arena, (int64_t) c->workers));
    json_put(arena, out, "instances", table_json(arena, c->all));
    json_put(arena, out, "resident_percent", json_int(arena, (int64_t) c->percent));
    struct json *cheapest = json_object(arena);
    for (int k = 0; k < CAPACITY_COUNT; k++)
        json_set(
            arena, cheapest, str_from(capacity_container_name((enum capacity_container) k)),
            c->cheapest[k] != NULL ? json_string(arena, str_from(c->cheapest[k]->type))
                                   : json_null(arena));
    json_put(arena, out, "cheapest", cheapest);
    return out;
}
