#include "tests/sim/spec.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"

static const char *const s_types[] = {"ml.m5.large", "ml.m5.xlarge", "ml.c5.large"};

const char *sim_instance_type(unsigned instance)
{
    return s_types[instance % ARRAY_LEN(s_types)];
}

struct str sim_model_name(struct arena *arena, size_t index)
{
    return str_fmt(arena, "m%zu", index);
}

struct str sim_data_bytes(unsigned data)
{
    return data % 2 == 0 ? STR("1,0.1,0.2\n0,0.3,0.4\n1,0.5,0.1\n0,0.9,0.7\n")
                         : STR("1,0.2,0.2\n0,0.4,0.4\n1,0.6,0.1\n0,0.8,0.7\n");
}

struct str sim_data_name(unsigned data)
{
    return data % 2 == 0 ? STR("train.csv") : STR("other.csv");
}

size_t sim_spec_models(const struct sim_spec *spec)
{
    size_t count = 0;
    for (size_t i = 0; i < SIM_MODELS; i++)
        count += spec->depth[i] > 0;
    return count;
}

bool sim_spec_contained(const struct sim_spec *spec)
{
    return spec->mode > 0 && sim_spec_models(spec) > 1;
}

bool sim_spec_stable(const struct sim_spec *spec)
{
    return spec->stable || sim_spec_contained(spec);
}

/* Their order is the pipeline's, whatever the dress. */
static void add_containers(struct buf *buf, const struct sim_spec *spec)
{
    buf_fmt(
        buf,
        "  endpoint:\n"
        "    mode: multi-container-%s\n"
        "    instance: {type: %s, count: %u}\n"
        "    containers:\n",
        spec->mode == 1 ? "direct" : "serial", sim_instance_type(spec->instance), spec->count);
    for (size_t i = 0; i < SIM_MODELS; i++) {
        if (spec->depth[i] == 0)
            continue;
        buf_fmt(
            buf, "    - {name: m%zu, image: builtin, hyperparameters: {max_depth: %u}", i,
            spec->depth[i]);
        if (spec->env > 0)
            buf_fmt(buf, ", environment: {WORKERS: \"%u\"}", spec->env);
        buf_add_z(buf, "}\n");
    }
}

static void add_models(struct buf *buf, const struct sim_spec *spec)
{
    if (sim_spec_contained(spec))
        return;
    buf_add_z(buf, sim_spec_models(spec) > 0 ? "  models:\n" : "  models: []\n");
    for (size_t i = 0; i < SIM_MODELS; i++) {
        size_t index = spec->dress % 2 == 0 ? i : SIM_MODELS - 1 - i;
        unsigned depth = spec->depth[index];
        if (depth == 0)
            continue;
        if (spec->dress % 2 == 0)
            buf_fmt(buf, "    - {name: m%zu, hyperparameters: {max_depth: %u}}\n", index, depth);
        else
            buf_fmt(
                buf,
                "    # the next one\n    - hyperparameters:\n        max_depth: %u\n"
                "      name: \"m%zu\"\n",
                depth, index);
    }
}

static void add_endpoint(struct buf *buf, const struct sim_spec *spec)
{
    if (sim_spec_contained(spec)) {
        add_containers(buf, spec);
        return;
    }
    buf_fmt(
        buf,
        "  endpoint:\n"
        "    name: " SIM_STACK "\n"
        "    targetModels: %s\n"
        "    instance: {type: %s, count: %u}\n"
        "    modelCache: %s\n",
        spec->stable ? "stable" : "versioned", sim_instance_type(spec->instance), spec->count,
        spec->no_cache ? "disabled" : "enabled");
    if (spec->env > 0)
        buf_fmt(buf, "    container: {environment: {WORKERS: \"%u\"}}\n", spec->env);
}

static void add_training(struct buf *buf, const struct sim_spec *spec)
{
    buf_fmt(
        buf,
        "  training:\n"
        "    backend: sagemaker\n"
        "    algorithm: {name: xgboost, version: \"1.7-1\"}\n"
        "    instance: {type: ml.m5.large, count: 1, volumeSizeInGB: 10}\n"
        "    maxRuntime: 1h\n"
        "    channels: {train: {source: " STR_FMT ", contentType: text/csv}}\n",
        STR_ARG(sim_data_name(spec->data)));
    buf_add_z(
        buf, spec->dress % 2 == 0
                 ? "    hyperparameters: {objective: \"binary:logistic\", num_round: 3}\n"
                 : "    hyperparameters: {num_round: 3, objective: binary:logistic}\n");
}

struct str sim_spec_text(struct arena *arena, const struct sim_spec *spec)
{
    struct buf buf = BUF_INIT(KIB(64));
    buf_fmt(
        &buf,
        "apiVersion: mmectl/v1\n"
        "kind: MultiModelEndpoint\n"
        "metadata: {name: " SIM_STACK ", tags: {team: t%u}}\n"
        "spec:\n"
        "  account: \"" SIM_ACCOUNT "\"\n"
        "  region: " SIM_REGION "\n"
        "  role: " SIM_ROLE "\n"
        "  storage: {bucket: " SIM_BUCKET ", prefix: " SIM_PREFIX "}\n",
        spec->team);
    if (spec->dress % 2 == 0) {
        add_training(&buf, spec);
        add_models(&buf, spec);
        add_endpoint(&buf, spec);
    } else {
        add_endpoint(&buf, spec);
        add_models(&buf, spec);
        add_training(&buf, spec);
    }
    struct str text = str_dup(arena, buf_str(&buf));
    buf_done(&buf);
    return text;
}

struct str sim_spec_line(struct arena *arena, const struct sim_spec *spec)
{
    const unsigned *d = spec->depth;
    return str_fmt(
        arena, "%s%s %u.%u.%u.%u.%u.%u type %ux%u env %u team %u data %u%s",
        spec->mode == 0   ? ""
        : spec->mode == 1 ? "direct or "
                          : "serial or ",
        spec->stable ? "stable" : "versioned", d[0], d[1], d[2], d[3], d[4], d[5], spec->instance,
        spec->count, spec->env, spec->team, spec->data, spec->no_cache ? " no-cache" : "");
}

static unsigned draw(struct rng *rng, unsigned bound)
{
    return (unsigned) rng_below(rng, bound);
}

struct sim_spec sim_spec_random(struct rng *rng)
{
    struct sim_spec spec = {
        .stable = draw(rng, 2) == 0,
        .instance = draw(rng, 2),
        .count = 1 + draw(rng, 2),
        .env = draw(rng, 3),
        .team = draw(rng, 2),
        .dress = draw(rng, 2)};
    unsigned models = 1 + draw(rng, 3);
    for (unsigned i = 0; i < models; i++)
        spec.depth[draw(rng, SIM_MODELS)] = 1 + draw(rng, 4);
    spec.mode = draw(rng, 2) * draw(rng, 3);
    return spec;
}

struct sim_spec sim_spec_changed(struct rng *rng, const struct sim_spec *from)
{
    struct sim_spec spec = *from;
    for (unsigned changes = 1 + draw(rng, 3); changes > 0; changes--) {
        unsigned index = draw(rng, SIM_MODELS);
        switch (draw(rng, 10)) {
        case 0:
            spec.instance = draw(rng, 3);
            break;
        case 1:
            spec.count = 1 + draw(rng, 3);
            break;
        case 2:
            spec.env = draw(rng, 3);
            break;
        case 3:
            spec.team = draw(rng, 3);
            break;
        case 4:
            spec.data ^= draw(rng, 2);
            break;
        case 5:
            spec.stable = draw(rng, 4) == 0 ? !spec.stable : spec.stable;
            break;
        case 6:
            spec.mode = draw(rng, 3);
            break;
        case 7:
            spec.depth[index] = 0;
            break;
        default:
            spec.depth[index] = 1 + draw(rng, 4);
            break;
        }
    }
    spec.dress = draw(rng, 2);
    return spec;
}
