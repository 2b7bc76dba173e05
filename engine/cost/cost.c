#include "engine/cost/cost.h"

#include "engine/base/buf.h"

#include <math.h>

#define SECONDS_PER_HOUR 3600.0
#define BYTES_PER_GB 1073741824.0

bool cost_hosting(
    struct str instance_type, int64_t instances, uint64_t models, struct cost_hosting *out)
{
    const struct price *price = price_find(instance_type);
    *out = (struct cost_hosting){.models = models};
    if (price == NULL)
        return false;
    out->shared_hour = price->usd_per_hour * (double) instances;
    out->separate_hour = out->shared_hour * (double) models;
    out->container_endpoints = (models + COST_CONTAINERS_MAX - 1) / COST_CONTAINERS_MAX;
    out->container_hour = out->shared_hour * (double) out->container_endpoints;
    out->container_month = out->container_hour * PRICE_HOURS_PER_MONTH;
    out->shared_month = out->shared_hour * PRICE_HOURS_PER_MONTH;
    out->separate_month = out->separate_hour * PRICE_HOURS_PER_MONTH;
    out->saved_month = out->separate_month - out->shared_month;
    out->saved_ratio = models > 0 ? 1.0 - 1.0 / (double) models : 0.0;
    return true;
}

bool cost_training(
    struct str instance_type,
    int64_t instances,
    int64_t volume_gb,
    int64_t max_runtime_s,
    int64_t billable_s,
    struct cost_training *out)
{
    const struct price *price = price_find(instance_type);
    *out = (struct cost_training){0};
    if (price == NULL)
        return false;
    double volume_hour =
        (double) volume_gb * PRICE_VOLUME_GB_MONTH / PRICE_HOURS_PER_MONTH * (double) instances;
    out->hour = price->usd_per_hour * (double) instances;
    out->max_usd = (out->hour + volume_hour) * (double) max_runtime_s / SECONDS_PER_HOUR;
    out->actual_known = billable_s >= 0;
    if (out->actual_known)
        out->actual_usd = (out->hour + volume_hour) * (double) billable_s / SECONDS_PER_HOUR;
    return true;
}

double cost_s3_month(uint64_t bytes)
{
    return (double) bytes / BYTES_PER_GB * PRICE_S3_GB_MONTH;
}

double cost_data(uint64_t bytes)
{
    return (double) bytes / BYTES_PER_GB * PRICE_DATA_GB;
}

struct str cost_line(struct arena *arena, struct str instance_type, int64_t instances)
{
    struct cost_hosting hosting;
    if (!cost_hosting(instance_type, instances, 1, &hosting))
        return str_fmt(
            arena, STR_FMT " × %lld: no price for this type", STR_ARG(instance_type),
            (long long) instances);
    return str_fmt(
        arena, STR_FMT " × %lld: " STR_FMT "/h", STR_ARG(instance_type), (long long) instances,
        STR_ARG(cost_usd(arena, hosting.shared_hour)));
}

struct str cost_usd(struct arena *arena, double amount)
{
    if (fabs(amount) < 1.0)
        return str_fmt(arena, "$%.3f", amount);
    struct str plain = str_fmt(arena, "%.2f", amount);
    size_t whole = str_index(plain, '.');
    struct buf buf = BUF_INIT(64);
    buf_add_char(&buf, '$');
    for (size_t i = 0; i < plain.len; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0 && plain.ptr[i - 1] != '-')
            buf_add_char(&buf, ',');
        buf_add_char(&buf, plain.ptr[i]);
    }
    struct str text = str_dup(arena, buf_str(&buf));
    buf_done(&buf);
    return text;
}
