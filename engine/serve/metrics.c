#include "engine/serve/metrics.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/file.h"

#include <math.h>
#include <unistd.h>

enum { MODELS_MAX = 100000 };

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_fmt(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(struct buf *out, double value)
{
    if (value - floor(value) < 1e-9)
        buf_fmt(out, " %.0f\n", value);
    else
        buf_fmt(out, " %.6f\n", value);
}

static void one(struct buf *out, const char *name, const char *type, const char *help, double value)
{
    head(out, name, type, help);
    buf_add_z(out, name);
    number(out, value);
}

static double seconds(uint64_t us)
{
    return (double) us / 1e6;
}

/* A label's value: backslash, quote and line end are escaped. */
static void label(struct buf *out, const char *name, struct str model)
{
    buf_fmt(out, "%s{model=\"", name);
    for (size_t i = 0; i < model.len; i++) {
        char c = model.ptr[i];
        if (c == '\\' || c == '"')
            buf_add_char(out, '\\');
        if (c == '\n')
            buf_add_z(out, "\\n");
        else
            buf_add_char(out, c);
    }
    buf_add_char(out, '"');
}

enum per_model { CALLS, FAILURES, BUSY, LOAD, MEMORY, PINNED };

static double value_of(const struct registered *model, enum per_model which)
{
    switch (which) {
    case CALLS:
        return (double) model->calls;
    case FAILURES:
        return (double) model->failures;
    case BUSY:
        return seconds(model->busy_us);
    case LOAD:
        return seconds(model->load_us);
    case MEMORY:
        return (double) model->memory_bytes;
    case PINNED:
        return model->pinned ? 1 : 0;
    default:
        return 0;
    }
}

static const struct {
    enum per_model which;
    const char *name, *type, *help;
} s_per_model[] = {
    {CALLS, "mmectl_model_invocations_total", "counter", "Calls of the model."},
    {FAILURES, "mmectl_model_invocation_errors_total", "counter",
     "Calls of the model that were refused."},
    {BUSY, "mmectl_model_seconds_total", "counter", "Seconds spent in calls of the model."},
    {LOAD, "mmectl_model_load_seconds", "gauge", "Seconds it took to load the model."},
    {MEMORY, "mmectl_model_memory_bytes", "gauge", "Estimated memory of the model."},
    {PINNED, "mmectl_model_pinned", "gauge", "1: the model is never evicted."},
};

static void totals(struct buf *out, const struct registry_totals *t, uint64_t hits, uint64_t misses)
{
    one(out, "mmectl_loaded_model_count", "gauge", "Models in memory.", (double) t->models);
    one(out, "mmectl_pinned_model_count", "gauge", "Models in memory that are never evicted.",
        (double) t->pinned);
    one(out, "mmectl_loading_model_count", "gauge", "Models being loaded.", (double) t->loading);
    one(out, "mmectl_model_memory_used_bytes", "gauge", "Estimated memory of all models.",
        (double) t->used_bytes);
    one(out, "mmectl_model_memory_limit_bytes", "gauge", "What models may take together.",
        (double) t->memory_bytes);
    one(out, "mmectl_model_loads_total", "counter", "Models loaded.", (double) t->loads);
    one(out, "mmectl_model_load_failures_total", "counter", "Models that could not be loaded.",
        (double) t->load_failures);
    one(out, "mmectl_model_loading_time_seconds_total", "counter", "Time spent loading.",
        seconds(t->load_us));
    one(out, "mmectl_model_unloads_total", "counter", "Models unloaded.", (double) t->unloads);
    one(out, "mmectl_model_evictions_total", "counter",
        "Models unloaded to make room for others, of those.", (double) t->evictions);
    one(out, "mmectl_model_unloading_time_seconds_total", "counter",
        "Time spent unloading, waiting for the last call included.", seconds(t->unload_us));
    one(out, "mmectl_model_cache_hits_total", "counter", "Calls whose model was loaded.",
        (double) hits);
    one(out, "mmectl_model_cache_misses_total", "counter", "Calls whose model was not loaded.",
        (double) misses);
}

static void summary(struct buf *out, const char *name, const char *help, uint64_t n, uint64_t sum)
{
    head(out, name, "summary", help);
    buf_fmt(
        out, "%s_sum %llu\n%s_count %llu\n", name, (unsigned long long) sum, name,
        (unsigned long long) n);
}

/* As CloudWatch names them in AWS/SageMaker, in its units: sum over count is its Average. The wait
 * for a load and the download are the platform's, which calls only what is loaded:
 * https://docs.aws.amazon.com/sagemaker/latest/dg/multi-model-endpoint-cloudwatch-metrics.html */
static void
as_cloudwatch(struct buf *out, const struct registry_totals *t, uint64_t hits, uint64_t misses)
{
    one(out, "LoadedModelCount", "gauge", "Models in memory.", (double) t->models);
    summary(out, "ModelCacheHit", "Calls, and how many found their model.", hits + misses, hits);
    summary(out, "ModelLoadingTime", "Loads, and their microseconds.", t->loads, t->load_us);
    summary(
        out, "ModelUnloadingTime", "Unloads, and their microseconds.", t->unloads, t->unload_us);
    summary(
        out, "ModelLoadingWaitTime",
        "Calls that waited for their model, and for how many microseconds: none do here.", 0, 0);
    summary(
        out, "ModelDownloadingTime", "Downloads, and their microseconds: SageMaker's own.", 0, 0);
}

static void fallbacks(struct buf *out, const struct registered *models, size_t len)
{
    static const char *const name = "mmectl_model_fallback";
    head(
        out, name, "gauge",
        "Models that libxgboost answers itself, more slowly: their kind is unknown to the flat "
        "array, or it differs.");
    for (size_t i = 0; i < len; i++) {
        if (models[i].fallback == NULL)
            continue;
        label(out, name, models[i].name);
        buf_fmt(out, ",reason=\"%s\"} 1\n", models[i].fallback);
    }
}

struct str
metrics_text(struct arena *arena, struct registry *registry, uint64_t hits, uint64_t misses)
{
    AUTO(buf_done) struct buf out = BUF_INIT(MIB(64));
    struct registry_totals t = registry_totals(registry);
    struct registered *models = NULL;
    size_t len = 0;
    bool more = false;
    registry_list(registry, arena, STR_NULL, MODELS_MAX, &models, &len, &more);
    totals(&out, &t, hits, misses);
    as_cloudwatch(&out, &t, hits, misses);
    for (size_t k = 0; k < ARRAY_LEN(s_per_model); k++) {
        head(&out, s_per_model[k].name, s_per_model[k].type, s_per_model[k].help);
        for (size_t i = 0; i < len; i++) {
            label(&out, s_per_model[k].name, models[i].name);
            buf_add_char(&out, '}');
            number(&out, value_of(&models[i], s_per_model[k].which));
        }
    }
    fallbacks(&out, models, len);
    return str_dup(arena, buf_str(&out));
}

/* Control groups, version 2 and 1; "max", or a number near 2^63, is no limit. */
size_t memory_of_machine(void)
{
    static const char *const files[] = {
        "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    AUTO(arena_close) struct arena *arena = arena_new("memory limit", KIB(64));
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    size_t bytes = pages > 0 && page > 0 ? (size_t) pages * (size_t) page : MIB(1024);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct str text = STR_NULL;
        struct err ignored = {0};
        uint64_t limit = 0;
        if (file_read(arena, files[i], KIB(4), &text, &ignored) == ERR_NONE &&
            str_to_u64(str_trim(text), &limit) && limit > 0 && limit < bytes)
            bytes = (size_t) limit;
    }
    return bytes;
}
