/* engine/cost/cost.h - what a stack costs, from numbers alone.
 *
 * Hosting: one multi-model endpoint against one endpoint per model on the same instances, for the
 * stack's own number of models and for 10, 100 and 1,000. Training: per job, at most (the limit of
 * its run time) and actually (when its billable seconds are known). Pure: no spec, no I/O. A price
 * the table does not have makes `known` false and the amounts zero.
 */
#ifndef ENGINE_COST_COST_H
#define ENGINE_COST_COST_H

#include "engine/cost/price.h"

struct cost_hosting {
    uint64_t models;
    double separate_hour, separate_month; /* one endpoint per model */
    double shared_hour, shared_month;     /* one multi-model endpoint */
    uint64_t container_endpoints;         /* multi-container ones: 15 containers are the most */
    double container_hour, container_month;
    double saved_month;
    double saved_ratio; /* 0.8 = 80 % cheaper */
};

struct cost_training {
    double hour;       /* instances and their price */
    double max_usd;    /* when it runs as long as it may, volume included */
    double actual_usd; /* of the billable seconds */
    bool actual_known;
};

/* "Managed spot training can optimize the cost of training models up to 90% over on-demand
 * instances." https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html */
#define COST_SPOT_MAX_PERCENT 90

/* False when the instance type has no price. */
bool cost_hosting(
    struct str instance_type, int64_t instances, uint64_t models, struct cost_hosting *out);
/* billable_s below 0: not known. */
bool cost_training(
    struct str instance_type,
    int64_t instances,
    int64_t volume_gb,
    int64_t max_runtime_s,
    int64_t billable_s,
    struct cost_training *out);
/* "Multi-container endpoints ... up to 15 different containers."
 * https://docs.aws.amazon.com/sagemaker/latest/dg/multi-container-endpoints.html */
#define COST_CONTAINERS_MAX 15
double cost_s3_month(uint64_t bytes);
/* What goes into and comes out of an endpoint. */
double cost_data(uint64_t bytes);
/* "ml.m5.large × 1: $0.115/h", or "...: no price for this type". */
struct str cost_line(struct arena *arena, struct str instance_type, int64_t instances);
/* "$0.115", "$83.95", "$1,234.50": three digits after the point below one dollar, else two. */
struct str cost_usd(struct arena *arena, double amount);

#endif
