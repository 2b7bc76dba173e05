/* engine/cost/capacity.h - how many models stay in an instance's memory, and the cheapest instance
 * that holds a given share of them.
 *
 * Estimates: AWS publishes neither what a loaded model takes nor when it begins to unload. What is
 * assumed of each container is one row of the table in capacity.c, with where it comes from. Pure:
 * numbers in, numbers out; what is known of memory and prices is price.h's table. All models share
 * the memory of an endpoint, and with several instances SageMaker spreads them.
 */
#ifndef ENGINE_COST_CAPACITY_H
#define ENGINE_COST_CAPACITY_H

#include "engine/cost/price.h"

enum capacity_container {
    CAPACITY_AWS,   /* AWS's XGBoost image: a Python process for each loaded model */
    CAPACITY_SERVE, /* mmectl serve: one process for all */
    CAPACITY_COUNT
};

const char *capacity_container_name(enum capacity_container container); /* "aws", "serve" */
/* What a model of so many bytes (xgboost-model, not compressed) takes once it is loaded. workers:
 * SAGEMAKER_NUM_MODEL_WORKERS, at least 1. */
uint64_t
capacity_resident(enum capacity_container container, uint64_t model_bytes, uint64_t workers);
/* Memory of one instance that is left for models. */
uint64_t capacity_room(enum capacity_container container, const struct price *type);
/* How many of `models` of that mean size stay loaded on so many instances. */
uint64_t capacity_models(
    enum capacity_container container,
    const struct price *type,
    uint64_t instances,
    uint64_t models,
    uint64_t mean_bytes,
    uint64_t workers);
/* The cheapest type whose `instances` hold `percent` of the models; NULL when none does. Types with
 * accelerators are left out: trees are evaluated on the CPU. */
const struct price *capacity_cheapest(
    enum capacity_container container,
    uint64_t instances,
    uint64_t models,
    uint64_t percent,
    uint64_t mean_bytes,
    uint64_t workers);
/* Of a multi-container endpoint: what its containers take on one instance, all of them at all
 * times, each as AWS's XGBoost image does with one model: a Python process for each vCPU. */
uint64_t capacity_containers(const struct price *type, uint64_t containers, uint64_t mean_bytes);
const struct price *
capacity_cheapest_containers(uint64_t containers, uint64_t mean_bytes); /* NULL: none */
bool capacity_is_general(const struct price *type);                     /* no accelerator */

/* The largest that a model of such hyperparameters can be: every tree full. */
uint64_t capacity_full_trees(uint64_t rounds, uint64_t trees_per_round, uint64_t max_depth);

#endif
