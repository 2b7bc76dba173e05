/* engine/local/measures.h - what the calls of endpoints come to, by the minute, as CloudWatch keeps
 * it.
 *
 * A series is one variant of one endpoint: for each metric and minute the number, sum, least and
 * greatest of its values, and some of them for percentiles: all of up to MEASURES_SAMPLES, from
 * then on as many that chance picked. It is kept in memory for MEASURES_MINUTES, of the last
 * MEASURES_SERIES variants besides those that serve, and is gone with the process.
 * Minutes are of the stand-in's clock, durations of the machine's.
 * Ownership: measures_open() gives a reference, measures_close() returns it. Threads: any.
 * Follows: docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
 */
#ifndef ENGINE_LOCAL_MEASURES_H
#define ENGINE_LOCAL_MEASURES_H

#include "engine/local/call.h"

enum { MEASURES_MINUTES = 180, MEASURES_SAMPLES = 100, MEASURES_SERIES = 64 };

#define MEASURES_CALLS "AWS/SageMaker"
#define MEASURES_INSTANCES "/aws/sagemaker/Endpoints"

/* X(MEASURE, namespace, name, unit). To add one: a line, and measures_add() where it happens. All
 * have the dimensions EndpointName and VariantName. */
#define MEASURES(X) \
    X(INVOCATIONS, MEASURES_CALLS, "Invocations", "None") \
    X(PER_INSTANCE, MEASURES_CALLS, "InvocationsPerInstance", "None") \
    X(ERRORS_4XX, MEASURES_CALLS, "Invocation4XXErrors", "None") \
    X(ERRORS_5XX, MEASURES_CALLS, "Invocation5XXErrors", "None") \
    X(MODEL_ERRORS, MEASURES_CALLS, "InvocationModelErrors", "None") \
    X(MODEL_LATENCY, MEASURES_CALLS, "ModelLatency", "Microseconds") \
    X(OVERHEAD_LATENCY, MEASURES_CALLS, "OverheadLatency", "Microseconds") \
    X(CACHE_HIT, MEASURES_CALLS, "ModelCacheHit", "None") \
    X(LOADING_WAIT, MEASURES_CALLS, "ModelLoadingWaitTime", "Microseconds") \
    X(DOWNLOADING, MEASURES_CALLS, "ModelDownloadingTime", "Microseconds") \
    X(LOADING, MEASURES_CALLS, "ModelLoadingTime", "Microseconds") \
    X(UNLOADING, MEASURES_CALLS, "ModelUnloadingTime", "Microseconds") \
    X(LOADED_MODELS, MEASURES_INSTANCES, "LoadedModelCount", "None")

enum measure {
#define MEASURE_ENUM(measure, space, name, unit) MEASURE_##measure,
    MEASURES(MEASURE_ENUM)
#undef MEASURE_ENUM
        MEASURE_COUNT
};

struct measure_info {
    struct str space, name, unit;
};
const struct measure_info *measure_info(enum measure which);
bool measure_find(struct str space, struct str name, enum measure *out);

extern const struct local_room local_measures_room;

/* ---- measuring ---- */

struct measures;
struct measures *
measures_open(struct local *local, struct str region, struct str endpoint, struct str variant);
void measures_close(struct measures *series); /* accepts NULL */
struct measure_value {
    enum measure which;
    double value;
};
void measures_record(
    struct measures *series, int64_t now_ms, const struct measure_value *values, size_t len);
void measures_add(struct measures *series, enum measure which, int64_t now_ms, double value);
/* What is published once a minute: of several in a minute the last counts, and one stands for the
 * minutes up to the next of the same run. */
void measures_gauge(
    struct measures *series, enum measure which, int64_t run, int64_t now_ms, double value);

/* ---- reading ---- */

struct measures_query {
    struct str region, endpoint, variant;
    enum measure which;
    int64_t start_ms, end_ms; /* the whole minute of start; up to, and without, end */
    int64_t period_ms;        /* whole minutes */
};

struct measured { /* what a period comes to */
    int64_t start_ms;
    double n, sum, min, max;
    struct measured_sample {
        double value, weight; /* for how many values it stands */
    } * samples;              /* by value */
    size_t n_samples;
};

/* The periods that have a value, in their order. */
size_t measures_read(
    struct local *local,
    struct arena *arena,
    const struct measures_query *query,
    struct measured **out);
/* The least value that is not exceeded by this percentage of all; 0 to 100. */
double measured_percentile(const struct measured *period, double percent);

struct measures_name {
    struct str endpoint, variant;
    enum measure which;
};
/* Whatever has a value, by endpoint, variant and metric. */
size_t measures_list(
    struct local *local, struct arena *arena, struct str region, struct measures_name **out);

#endif
