#include "specs/spec_check.h"

#include <stdarg.h>

/* Rules between the fields of `endpoint`. */

static void check_autoscaling(struct diags *diags, const struct spec *spec)
{
    const struct spec_autoscaling *scaling = &spec->endpoint.autoscaling;
    int64_t count = spec->endpoint.instance.count;
    if (!scaling->set || scaling->min < 1 || scaling->max < 1)
        return; /* said already */
    if (scaling->min > scaling->max)
        diag_hint(
            diags,
            diags_error(
                diags, scaling->at, "'autoscaling' has 'min' %lld above 'max' %lld",
                (long long) scaling->min, (long long) scaling->max),
            "the count moves between the two");
    else if (count > scaling->max)
        diag_hint(
            diags,
            diags_error(
                diags, spec->endpoint.instance.at,
                "'instance' has 'count' %lld, above the 'max' %lld of 'autoscaling'",
                (long long) count, (long long) scaling->max),
            "start with at most as many, or raise 'max'");
}

/* --- how it moves ---------------------------------------------------------------------------- */

static void fault(struct diags *diags, struct srcloc at, const char *hint, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

static void fault(struct diags *diags, struct srcloc at, const char *hint, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    diag_hint(diags, diags_error(diags, at, "%s", text), "%s", hint);
}

struct way {
    const char *name;
    const struct spec_step *step;
    int64_t min_percent; /* of the fleet, for one step; the most is half of it */
};

/* The most instances there can be. */
static int64_t fleet_of(const struct spec_endpoint *endpoint)
{
    return endpoint->autoscaling.set ? endpoint->autoscaling.max : endpoint->instance.count;
}

/* A fault of the value itself is said already. */
static bool is_whole(struct diags *diags, const char *name, const struct spec_number *number)
{
    if (!number->set)
        return !diags_has_error(diags, number->at);
    if (str_index(number->text, '.') == SIZE_MAX)
        return true;
    fault(
        diags, number->at, "leave out what is behind the point", "'%s' must be a whole number",
        name);
    return false;
}

/* API_CapacitySize: a share, or a number of instances that is one. */
static void check_size(struct diags *diags, const struct spec *spec, const struct way *way)
{
    const struct spec_step *step = way->step;
    int64_t fleet = fleet_of(&spec->endpoint), taken = (int64_t) step->instances.value;
    bool whole = is_whole(diags, "percent", &step->percent);
    if (!is_whole(diags, "instances", &step->instances) || !whole)
        return;
    if (step->percent.set == step->instances.set)
        fault(
            diags, step->at, "the size of a step is a share of the instances, or a number of them",
            step->percent.set ? "'%s' has both 'percent' and 'instances'"
                              : "'%s' needs 'percent' or 'instances'",
            way->name);
    else if (step->instances.set && taken * 2 > fleet)
        fault(
            diags, step->instances.at, "SageMaker takes at most half of them at once",
            "'%s' takes %lld of %lld instance%s", way->name, (long long) taken, (long long) fleet,
            fleet == 1 ? "" : "s");
    else if (step->instances.set && taken * 100 < fleet * way->min_percent)
        fault(
            diags, step->instances.at, "take more at once",
            "'%s' takes %lld of %lld instances, less than %lld %%", way->name, (long long) taken,
            (long long) fleet, (long long) way->min_percent);
}

/* All waiting of a way, in seconds: after each of its steps. */
static int64_t waits_of(const struct spec *spec, const struct way *way)
{
    const struct spec_step *step = way->step;
    const struct spec_number *size = step->percent.set ? &step->percent : &step->instances;
    int64_t all = step->percent.set ? 100 : fleet_of(&spec->endpoint);
    int64_t one = size->set && size->value >= 1 ? (int64_t) size->value : all;
    bool in_steps = way->min_percent > 1; /* a canary has two, all at once is one */
    int64_t steps = in_steps ? (all + one - 1) / one : size->set ? 2 : 1;
    return steps * step->wait_s;
}

static void check_times(struct diags *diags, const struct spec *spec, const struct way *way)
{
    const struct spec_update *update = &spec->endpoint.update;
    int64_t needed = update->termination_wait_s + (way != NULL ? waits_of(spec, way) : 0);
    if (update->max_execution_s > 0 && needed > update->max_execution_s)
        fault(
            diags, update->at, "SageMaker would give up and roll back: allow more, or wait less",
            "'maximumExecutionTimeout' is %lld s, and the update waits for %lld s in all",
            (long long) update->max_execution_s, (long long) needed);
}

static void check_alarms(struct diags *diags, const struct spec_update *update, bool watched)
{
    for (size_t i = 0; i < update->n_alarms; i++)
        for (size_t k = 0; k < i; k++)
            if (str_eq(update->alarms[i].value, update->alarms[k].value))
                diag_hint(
                    diags,
                    diags_error(
                        diags, update->alarms[i].at, "alarm '" STR_FMT "' is named twice",
                        STR_ARG(update->alarms[i].value)),
                    "name it once");
    if (update->n_alarms > 0 && !watched)
        diag_hint(
            diags,
            diags_warning(
                diags, update->alarms[0].at,
                "'rollbackAlarms' are not looked at: nothing is waited for while the endpoint "
                "moves"),
            "give the new instances time, for example 'allAtOnce: {bake: 5m}'");
}

static void check_strategy(struct diags *diags, const struct spec_update *update)
{
    bool rolling = str_eq_z(update->strategy.value, "rolling");
    if (!str_is_null(update->strategy.value) && rolling != update->rolling.set)
        fault(
            diags, update->strategy.at,
            rolling ? "for example 'rolling: {percent: 20, interval: 5m}'"
                    : "'rolling' is a strategy of its own, without a second fleet",
            rolling ? "'strategy: rolling' needs 'rolling'"
                    : "'strategy: blue-green' excludes 'rolling'");
    if (update->rolling.set && update->termination_wait_s > 0)
        fault(
            diags, update->rolling.at, "no second fleet is kept that could be waited for",
            "'rolling' has no 'terminationWait'");
}

static void check_update(struct diags *diags, const struct spec *spec)
{
    const struct spec_update *update = &spec->endpoint.update;
    const struct way ways[] = {
        {"allAtOnce", &update->all_at_once, 1},
        {"canary", &update->canary, 1},
        {"linear", &update->linear, 10},
        {"rolling", &update->rolling, 5}};
    const struct way *first = NULL;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        if (!ways[i].step->set)
            continue;
        if (first != NULL)
            fault(
                diags, ways[i].step->at, "an endpoint moves in one way; keep one of the two",
                "'%s' and '%s' exclude each other", first->name, ways[i].name);
        else
            first = &ways[i];
        if (ways[i].step != &update->all_at_once)
            check_size(diags, spec, &ways[i]);
    }
    if (!update->set)
        return;
    check_strategy(diags, update);
    check_times(diags, spec, first);
    check_alarms(diags, update, first != NULL && first->step->wait_s > 0);
}

/* --- where it runs --------------------------------------------------------------------------- */

/* Families with a local NVMe disk have a 'd' behind their number, or are one of a few.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/host-instance-storage.html */
static bool has_local_disk(struct str type)
{
    static const char *const families[] = {"g5", "g6",  "g6e",  "gr6",  "g7",    "g7e",
                                           "p5", "p5e", "p5en", "trn1", "trn1n", "trn2"};
    struct str rest = type, family = STR_NULL;
    (void) str_split(&rest, '.', &family);
    (void) str_split(&rest, '.', &family);
    bool digit = false;
    for (size_t i = 0; i < family.len; i++) {
        digit = digit || (family.ptr[i] >= '0' && family.ptr[i] <= '9');
        if (digit && family.ptr[i] == 'd')
            return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        if (str_eq_z(family, families[i]))
            return true;
    return false;
}

static void check_volume(struct diags *diags, const struct spec *spec)
{
    const struct spec_instance *instance = &spec->endpoint.instance;
    const struct spec_number *volume = &instance->hosting_volume_gb;
    if (!volume->set || !is_whole(diags, "volumeSizeInGB", volume) ||
        !has_local_disk(instance->type.value))
        return;
    diag_hint(
        diags,
        diags_error(
            diags, volume->at, "'volumeSizeInGB' is not for '" STR_FMT "'",
            STR_ARG(instance->type.value)),
        "the type has a local disk of its own; take the line out");
}

/* https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
 */
static void check_retention(struct diags *diags, const struct spec *spec)
{
    static const int16_t allowed[] = {1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                      365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
    const struct spec_number *days = &spec->endpoint.retention_days;
    int wanted = (int) days->value, above = 0;
    if (!days->set || !is_whole(diags, "retentionDays", days))
        return;
    for (size_t i = 0; i < ARRAY_LEN(allowed) && above < wanted; i++)
        above = allowed[i];
    if (above == wanted)
        return;
    diag_hint(
        diags, diags_error(diags, days->at, "CloudWatch cannot keep logs for %d days", wanted),
        "the next longer time that it knows is %d days", above);
}

/* What lies under the stack's prefix is the stack's, and goes with it. */
static void check_capture(struct diags *diags, const struct spec *spec)
{
    const struct spec_capture *capture = &spec->endpoint.capture;
    struct str rest = capture->destination.value;
    struct str bucket = spec->bucket.value, prefix = spec->prefix.value;
    if (!capture->set || str_is_null(bucket) || !str_starts(rest, STR("s3://")))
        return;
    rest = str_from_index(rest, 5);
    if (!str_starts(rest, bucket) || rest.len <= bucket.len || rest.ptr[bucket.len] != '/')
        return;
    rest = str_from_index(rest, bucket.len + 1);
    bool inside =
        str_starts(rest, prefix) && (rest.len == prefix.len || rest.ptr[prefix.len] == '/');
    if (inside)
        diag_hint(
            diags,
            diags_error(
                diags, capture->destination.at,
                "'destination' lies in the stack's own prefix '" STR_FMT "'", STR_ARG(prefix)),
            "record to another prefix or bucket: this one holds what the stack is made of");
}

void spec_check_endpoint(struct diags *diags, const struct spec *spec)
{
    check_autoscaling(diags, spec);
    check_update(diags, spec);
    check_volume(diags, spec);
    check_retention(diags, spec);
    check_capture(diags, spec);
    spec_check_environment(diags, &spec->endpoint.environment);
}
