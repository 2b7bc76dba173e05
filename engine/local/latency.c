#include "engine/local/latency.h"

#include "engine/base/rng.h"

#include <math.h>

enum { MAX_MS = 60000, MAX_JITTER = 100 };

/* The 99th percentile of the normal distribution, in deviations. */
static const double s_z99 = 2.3263478740408408;
static const double s_two_pi = 6.283185307179586;

static enum err_code unknown(struct str text, struct err *err)
{
    err_set(err, ERR_USAGE, "'" STR_FMT "' is not a latency", STR_ARG(text));
    return err_hint(err, "'none', '20ms', '20ms,jitter=50' or 'aws', each also with ',seed=N'");
}

static bool read_ms(struct str text, int64_t *out)
{
    if (str_ends(text, STR("ms")))
        text = str_slice(text, 0, text.len - 2);
    return str_to_i64(text, out) && *out >= 0 && *out <= MAX_MS;
}

static enum err_code read_option(struct str part, struct latency *latency, struct err *err)
{
    size_t equals = str_index(part, '=');
    struct str name = str_slice(part, 0, equals), value = str_from_index(part, equals + 1);
    if (equals != SIZE_MAX && str_eq_z(name, "seed") && str_to_i64(value, &latency->seed) &&
        latency->seed >= 0) {
        latency->seeded = true;
        return ERR_NONE;
    }
    if (equals != SIZE_MAX && str_eq_z(name, "jitter") &&
        str_to_i64(value, &latency->jitter_percent) && latency->jitter_percent >= 0 &&
        latency->jitter_percent <= MAX_JITTER && !latency->aws)
        return ERR_NONE;
    if (equals != SIZE_MAX && str_eq_z(name, "jitter") && latency->aws)
        return err_set(err, ERR_USAGE, "latency 'aws' has a distribution and takes no 'jitter'");
    if (equals != SIZE_MAX && str_eq_z(name, "jitter"))
        return err_set(err, ERR_USAGE, "'jitter' of a latency is from 0 to 100 percent");
    if (equals != SIZE_MAX && str_eq_z(name, "seed"))
        return err_set(err, ERR_USAGE, "'seed' of a latency is a whole number, not below 0");
    return unknown(part, err);
}

enum err_code latency_read(struct str text, struct latency *out, struct err *err)
{
    struct latency latency = {0};
    struct str rest = str_trim(text), part = STR_NULL;
    if (!str_split(&rest, ',', &part))
        return unknown(text, err);
    if (str_eq_z(part, "aws"))
        latency.aws = true;
    else if (!str_eq_z(part, "none") && !read_ms(part, &latency.fixed_ms))
        return unknown(text, err);
    while (str_split(&rest, ',', &part)) {
        enum err_code code = read_option(str_trim(part), &latency, err);
        if (code != ERR_NONE)
            return code;
    }
    latency.seeded |= !latency.aws && latency.jitter_percent == 0;
    *out = latency;
    return ERR_NONE;
}

struct str latency_text(struct arena *arena, const struct latency *latency)
{
    if (latency->aws)
        return str_fmt(arena, "aws,seed=%lld", (long long) latency->seed);
    if (latency->fixed_ms == 0)
        return STR("none");
    if (latency->jitter_percent == 0)
        return str_fmt(arena, "%lldms", (long long) latency->fixed_ms);
    return str_fmt(
        arena, "%lldms,jitter=%lld,seed=%lld", (long long) latency->fixed_ms,
        (long long) latency->jitter_percent, (long long) latency->seed);
}

/* Box and Muller, from two numbers of this call's own. */
static double normal(struct rng *rng)
{
    double u = 1.0 - rng_unit(rng), v = rng_unit(rng);
    return sqrt(-2.0 * log(u)) * cos(s_two_pi * v);
}

int64_t latency_ms(const struct latency *latency, enum local_service service, uint64_t nth)
{
    static const struct {
        double median, p99;
    } figures[LOCAL_N_SERVICES] = {
#define LATENCY_ROW(service, median, p99) [service] = {median, p99},
        LOCAL_LATENCIES(LATENCY_ROW)
#undef LATENCY_ROW
    };
    struct rng rng;
    rng_seed(&rng, ((uint64_t) latency->seed << 40) ^ nth);
    if (!latency->aws) {
        double part = (2.0 * rng_unit(&rng) - 1.0) * (double) latency->jitter_percent / 100.0;
        return (int64_t) ((double) latency->fixed_ms * (1.0 + part) + 0.5);
    }
    double median = figures[service].median, p99 = figures[service].p99;
    if (median <= 0)
        return 0;
    double ms = median * exp(log(p99 / median) / s_z99 * normal(&rng));
    return (int64_t) (ms < 4 * p99 ? ms : 4 * p99);
}
