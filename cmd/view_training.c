#include "cmd/view.h"

#include "engine/cost/cost.h"

/* What the training of a plan costs, for its last lines. */

#define DEFAULT_CONCURRENCY 10 /* of the reconciler, when nobody says */

struct bill {
    struct cost_training one; /* a job that runs as long as it may */
    double max_usd, expected_usd, pools_usd;
};

/* Pools wait once for each job that runs beside the others, at most. */
static bool bill_of(const struct plan *plan, struct bill *out)
{
    const struct plan_training *t = &plan->training;
    size_t width = t->concurrency > 0 ? t->concurrency : DEFAULT_CONCURRENCY;
    struct cost_training all, pools;
    width = width < t->jobs ? width : t->jobs;
    *out = (struct bill){0};
    if (!cost_training(
            t->instance_type, t->instances, t->volume_gb, t->max_runtime_s, -1, &out->one) ||
        !cost_training(t->instance_type, t->instances, t->volume_gb, 0, t->expected_s, &all) ||
        !cost_training(t->instance_type, t->instances, t->volume_gb, 0, t->keep_alive_s, &pools))
        return false;
    out->max_usd = out->one.max_usd * (double) t->jobs;
    out->expected_usd = all.actual_usd;
    out->pools_usd = pools.actual_usd * (double) width;
    return true;
}

struct str view_training_line(struct arena *arena, const struct plan *plan)
{
    const struct plan_training *t = &plan->training;
    struct bill bill;
    if (t->jobs == 0)
        return STR_NULL;
    struct str line = str_fmt(
        arena, "training %zu job%s on " STR_FMT " × %lld", t->jobs, t->jobs == 1 ? "" : "s",
        STR_ARG(t->instance_type), (long long) t->instances);
    if (!bill_of(plan, &bill))
        return str_fmt(arena, STR_FMT ": no price for this type", STR_ARG(line));
    if (t->known)
        line = str_fmt(
            arena, STR_FMT ": about " STR_FMT " if they take as long as before, at most " STR_FMT,
            STR_ARG(line), STR_ARG(cost_usd(arena, bill.expected_usd)),
            STR_ARG(cost_usd(arena, bill.max_usd)));
    else
        line = str_fmt(
            arena, STR_FMT ": at most " STR_FMT, STR_ARG(line),
            STR_ARG(cost_usd(arena, bill.max_usd)));
    line = str_fmt(
        arena, STR_FMT " (maxRuntime %lld s each)", STR_ARG(line), (long long) t->max_runtime_s);
    if (t->max_wait_s > 0)
        line = str_fmt(
            arena, STR_FMT ", less up to %d %% for spot", STR_ARG(line), COST_SPOT_MAX_PERCENT);
    if (t->keep_alive_s > 0)
        line = str_fmt(
            arena, STR_FMT ", and at most " STR_FMT " for warm pools", STR_ARG(line),
            STR_ARG(cost_usd(arena, bill.pools_usd)));
    return line;
}

struct json *view_training_json(struct arena *arena, const struct plan *plan)
{
    const struct plan_training *t = &plan->training;
    struct json *out = json_object(arena);
    struct bill bill;
    if (t->jobs == 0)
        return NULL;
    json_put(arena, out, "jobs", json_int(arena, (int64_t) t->jobs));
    json_put(arena, out, "instance_type", json_string(arena, t->instance_type));
    json_put(arena, out, "instance_count", json_int(arena, t->instances));
    json_put(arena, out, "max_runtime_seconds", json_int(arena, t->max_runtime_s));
    json_put(arena, out, "spot", json_bool(arena, t->max_wait_s > 0));
    if (t->known)
        json_put(arena, out, "expected_seconds", json_int(arena, t->expected_s));
    if (!bill_of(plan, &bill))
        return out;
    json_put(arena, out, "usd_per_hour", json_num(arena, bill.one.hour));
    json_put(arena, out, "max_usd", json_num(arena, bill.max_usd));
    if (t->known)
        json_put(arena, out, "expected_usd", json_num(arena, bill.expected_usd));
    if (t->max_wait_s > 0)
        json_put(arena, out, "spot_discount_up_to_percent", json_int(arena, COST_SPOT_MAX_PERCENT));
    if (t->keep_alive_s > 0)
        json_put(arena, out, "warm_pools_max_usd", json_num(arena, bill.pools_usd));
    return out;
}
