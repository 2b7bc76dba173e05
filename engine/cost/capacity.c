#include "engine/cost/capacity.h"

#define MIB_BYTES UINT64_C(1048576)
#define GIB_BYTES UINT64_C(1073741824)

/* To add a container: a value in the enum, a row here.
 *
 * AWS: multi-model-server starts a Python process per worker and one that forks it, and preloads
 * nothing: numpy, scipy, pandas and xgboost are in each (measured: 114 MiB and about 10). Its JVM
 * takes a heap that grows with the vCPUs and as much direct memory (mms_patch of the container).
 * serve: measured on models of 10 to 500 trees: 0.66 MiB for a file of 446 KiB, 2.2 for 1.5 MiB.
 * Of the memory, what is not the operating system's and the agent's is a guess on the safe side. */
static const struct {
    const char *name;
    uint64_t base_mib, base_mib_per_vcpu;
    uint64_t model_mib, worker_mib; /* of each loaded model; and for each of its workers */
    uint64_t bytes_percent;         /* of the model's own bytes */
    uint64_t usable_percent;
} s_containers[CAPACITY_COUNT] = {
    [CAPACITY_AWS] = {"aws", 256, 44, 10, 114, 150, 80},
    [CAPACITY_SERVE] = {"serve", 64, 0, 0, 0, 150, 80},
};

/* A node of a tree in XGBoost's binary format: 20 bytes and 16 of its statistics. */
#define NODE_BYTES 36
#define DEEPEST 14 /* beyond that no tree is full */

const char *capacity_container_name(enum capacity_container container)
{
    return s_containers[container].name;
}

uint64_t
capacity_resident(enum capacity_container container, uint64_t model_bytes, uint64_t workers)
{
    uint64_t copies = container == CAPACITY_AWS ? workers : 1;
    return (s_containers[container].model_mib + s_containers[container].worker_mib * copies) *
               MIB_BYTES +
           model_bytes / 100 * s_containers[container].bytes_percent * copies + 1;
}

uint64_t capacity_room(enum capacity_container container, const struct price *type)
{
    uint64_t usable = type->memory_gib * GIB_BYTES / 100 * s_containers[container].usable_percent;
    uint64_t base = (s_containers[container].base_mib +
                     s_containers[container].base_mib_per_vcpu * type->vcpus) *
                    MIB_BYTES;
    return usable > base ? usable - base : 0;
}

uint64_t capacity_models(
    enum capacity_container container,
    const struct price *type,
    uint64_t instances,
    uint64_t models,
    uint64_t mean_bytes,
    uint64_t workers)
{
    uint64_t fit = capacity_room(container, type) /
                   capacity_resident(container, mean_bytes, workers) * instances;
    return fit < models ? fit : models;
}

bool capacity_is_general(const struct price *type)
{
    static const char *const accelerated[] = {"ml.g", "ml.p", "ml.inf", "ml.trn"};
    for (size_t i = 0; i < ARRAY_LEN(accelerated); i++)
        if (str_starts(str_from(type->type), str_from(accelerated[i])))
            return false;
    return true;
}

const struct price *capacity_cheapest(
    enum capacity_container container,
    uint64_t instances,
    uint64_t models,
    uint64_t percent,
    uint64_t mean_bytes,
    uint64_t workers)
{
    uint64_t wanted = (models * percent + 99) / 100;
    const struct price *best = NULL;
    for (size_t i = 0; i < price_count(); i++) {
        const struct price *type = price_at(i);
        if (!capacity_is_general(type) ||
            capacity_models(container, type, instances, models, mean_bytes, workers) < wanted)
            continue;
        if (best == NULL || type->usd_per_hour < best->usd_per_hour)
            best = type;
    }
    return best;
}

uint64_t capacity_containers(const struct price *type, uint64_t containers, uint64_t mean_bytes)
{
    const uint64_t server_mib = 60; /* nginx and gunicorn */
    uint64_t worker = s_containers[CAPACITY_AWS].worker_mib * MIB_BYTES +
                      mean_bytes / 100 * s_containers[CAPACITY_AWS].bytes_percent;
    return containers * (server_mib * MIB_BYTES + worker * type->vcpus);
}

const struct price *capacity_cheapest_containers(uint64_t containers, uint64_t mean_bytes)
{
    const struct price *best = NULL;
    for (size_t i = 0; i < price_count(); i++) {
        const struct price *type = price_at(i);
        uint64_t usable =
            type->memory_gib * GIB_BYTES / 100 * s_containers[CAPACITY_AWS].usable_percent;
        if (!capacity_is_general(type) ||
            capacity_containers(type, containers, mean_bytes) > usable)
            continue;
        if (best == NULL || type->usd_per_hour < best->usd_per_hour)
            best = type;
    }
    return best;
}

uint64_t capacity_full_trees(uint64_t rounds, uint64_t trees_per_round, uint64_t max_depth)
{
    uint64_t depth = max_depth == 0 || max_depth > DEEPEST ? DEEPEST : max_depth;
    return rounds * trees_per_round * ((UINT64_C(2) << depth) - 1) * NODE_BYTES;
}
