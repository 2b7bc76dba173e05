#include "engine/local/measures.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MINUTE_MS = 60000 };

struct value {
    uint64_t n;
    double sum, min, max;
    double *samples;
    uint32_t n_samples, room;
};

struct minute {
    struct minute *older;
    int64_t number; /* since 1970 */
    struct value values[MEASURE_COUNT];
};

struct measures {
    struct measures *next; /* guarded by the room's lock, like the three names */
    char *region, *endpoint, *variant;
    _Atomic unsigned refs; /* one of the list while it is in it */
    pthread_mutex_t lock;  /* of what follows */
    struct minute *newest;
    uint64_t dice;
    int64_t gauge_run[MEASURE_COUNT];
};

struct state {
    pthread_mutex_t lock;
    struct measures *first; /* most recently opened first */
};

static const struct measure_info s_info[] = {
#define MEASURE_INFO(measure, space, name, unit) {STR_INIT(space), STR_INIT(name), STR_INIT(unit)},
    MEASURES(MEASURE_INFO)
#undef MEASURE_INFO
};

const struct measure_info *measure_info(enum measure which)
{
    return &s_info[which];
}

bool measure_find(struct str space, struct str name, enum measure *out)
{
    for (size_t i = 0; i < MEASURE_COUNT; i++)
        if (str_eq(s_info[i].space, space) && str_eq(s_info[i].name, name)) {
            *out = (enum measure) i;
            return true;
        }
    return false;
}

/* ------------------------------------------------------------------ series */

static void minute_free(struct minute *minute)
{
    for (size_t i = 0; i < MEASURE_COUNT; i++)
        xfree(minute->values[i].samples);
    xfree(minute);
}

static void minutes_free(struct minute *minute)
{
    while (minute != NULL) {
        struct minute *older = minute->older;
        minute_free(minute);
        minute = older;
    }
}

static char *copy_of(struct str text)
{
    char *copy = xmalloc(text.len + 1);

    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

void measures_close(struct measures *series)
{
    if (series == NULL || atomic_fetch_sub(&series->refs, 1) != 1)
        return;
    minutes_free(series->newest);
    pthread_mutex_destroy(&series->lock);
    xfree(series->region);
    xfree(series->endpoint);
    xfree(series->variant);
    xfree(series);
}

/* The place of a series in the list, or the list's end. Lock held. */
static struct measures **
place_of(struct state *state, struct str region, struct str endpoint, struct str variant)
{
    struct measures **at = &state->first;

    while (*at != NULL && !(str_eq_z(endpoint, (*at)->endpoint) &&
                            str_eq_z(variant, (*at)->variant) && str_eq_z(region, (*at)->region)))
        at = &(*at)->next;
    return at;
}

/* Those that nobody measures any more, but for the last ones. Lock held. */
static void forget_old(struct state *state)
{
    size_t idle = 0;

    for (struct measures **at = &state->first; *at != NULL;) {
        struct measures *series = *at;
        if (atomic_load(&series->refs) > 1 || idle++ < MEASURES_SERIES) {
            at = &series->next;
            continue;
        }
        *at = series->next;
        measures_close(series);
    }
}

struct measures *
measures_open(struct local *local, struct str region, struct str endpoint, struct str variant)
{
    struct state *state = local_state(local, &local_measures_room);

    pthread_mutex_lock(&state->lock);
    struct measures **at = place_of(state, region, endpoint, variant), *series = *at;
    if (series != NULL) {
        *at = series->next;
    } else {
        series = xmalloc(sizeof(*series));
        *series = (struct measures){
            .region = copy_of(region),
            .endpoint = copy_of(endpoint),
            .variant = copy_of(variant),
            .dice = 1};
        atomic_init(&series->refs, 1);
        pthread_mutex_init(&series->lock, NULL);
        forget_old(state);
    }
    series->next = state->first;
    state->first = series;
    atomic_fetch_add(&series->refs, 1);
    pthread_mutex_unlock(&state->lock);
    return series;
}

/* ------------------------------------------------------------------ measuring */

/* Made when it is not there; NULL when it is too long ago. Lock held. */
static struct minute *minute_of(struct measures *series, int64_t number)
{
    struct minute **at = &series->newest, *fresh;

    while (*at != NULL && (*at)->number > number)
        at = &(*at)->older;
    if (*at != NULL && (*at)->number == number)
        return *at;
    if (series->newest != NULL && number <= series->newest->number - MEASURES_MINUTES)
        return NULL;
    fresh = xmalloc(sizeof(*fresh));
    *fresh = (struct minute){.number = number, .older = *at};
    *at = fresh;
    while (*at != NULL && (*at)->number > series->newest->number - MEASURES_MINUTES)
        at = &(*at)->older;
    minutes_free(*at);
    *at = NULL;
    return fresh;
}

/* Uniform enough to pick samples by: splitmix64. */
static uint64_t roll(struct measures *series)
{
    uint64_t z = series->dice += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Keeps each of n values with the same chance: Vitter's algorithm R. */
static void sample(struct measures *series, struct value *value, double number)
{
    if (value->n_samples == MEASURES_SAMPLES) {
        uint64_t pick = roll(series) % value->n;
        if (pick < MEASURES_SAMPLES)
            value->samples[pick] = number;
        return;
    }
    if (value->n_samples == value->room) {
        value->room = value->room == 0 ? 4 : value->room * 2;
        if (value->room > MEASURES_SAMPLES)
            value->room = MEASURES_SAMPLES;
        value->samples = xrealloc(value->samples, value->room * sizeof(*value->samples));
    }
    value->samples[value->n_samples++] = number;
}

static void add(struct measures *series, struct value *value, double number)
{
    value->min = value->n == 0 || number < value->min ? number : value->min;
    value->max = value->n == 0 || number > value->max ? number : value->max;
    value->n++;
    value->sum += number;
    sample(series, value, number);
}

void measures_record(
    struct measures *series, int64_t now_ms, const struct measure_value *values, size_t len)
{
    pthread_mutex_lock(&series->lock);
    struct minute *minute = minute_of(series, now_ms / MINUTE_MS);
    for (size_t i = 0; i < len && minute != NULL; i++)
        add(series, &minute->values[values[i].which], values[i].value);
    pthread_mutex_unlock(&series->lock);
}

void measures_add(struct measures *series, enum measure which, int64_t now_ms, double value)
{
    struct measure_value one = {which, value};

    measures_record(series, now_ms, &one, 1);
}

/* The newest minute before this one that has a value. Lock held. */
static const struct minute *
before(const struct measures *series, enum measure which, int64_t number)
{
    const struct minute *minute = series->newest;

    while (minute != NULL && (minute->number >= number || minute->values[which].n == 0))
        minute = minute->older;
    return minute;
}

void measures_gauge(
    struct measures *series, enum measure which, int64_t run, int64_t now_ms, double value)
{
    int64_t now = now_ms / MINUTE_MS;

    pthread_mutex_lock(&series->lock);
    const struct minute *last = before(series, which, now);
    int64_t from = last == NULL ? now : last->number + 1;
    double stood = last == NULL ? 0 : last->values[which].sum;
    struct minute *minute = minute_of(series, now);
    if (from < now - MEASURES_MINUTES)
        from = now - MEASURES_MINUTES;
    for (int64_t i = from; i < now && series->gauge_run[which] == run; i++) {
        struct minute *between = minute_of(series, i);
        if (between != NULL)
            add(series, &between->values[which], stood);
    }
    if (minute != NULL) {
        minute->values[which].n = 0;
        minute->values[which].n_samples = 0;
        minute->values[which].sum = 0;
        add(series, &minute->values[which], value);
    }
    series->gauge_run[which] = run;
    pthread_mutex_unlock(&series->lock);
}

/* ------------------------------------------------------------------ reading */

static int by_value(const void *a, const void *b)
{
    double x = ((const struct measured_sample *) a)->value;
    double y = ((const struct measured_sample *) b)->value;

    return (x > y) - (x < y);
}

/* Behind the samples of the period there is room. */
static void merge(struct measured *period, const struct value *value)
{
    double weight = (double) value->n / (double) value->n_samples;

    period->min = period->n <= 0 || value->min < period->min ? value->min : period->min;
    period->max = period->n <= 0 || value->max > period->max ? value->max : period->max;
    period->n += (double) value->n;
    period->sum += value->sum;
    for (size_t i = 0; i < value->n_samples; i++)
        period->samples[period->n_samples++] = (struct measured_sample){value->samples[i], weight};
}

/* Lock held. Gives them in the order of the minutes, which are kept the newest first. */
static size_t read_periods(
    const struct measures *series,
    struct arena *arena,
    const struct measures_query *query,
    struct measured *periods)
{
    int64_t start_ms = query->start_ms / MINUTE_MS * MINUTE_MS;
    const struct minute *minutes[MEASURES_MINUTES];
    size_t n_minutes = 0, n_samples = 0, len = 0;

    for (const struct minute *m = series->newest; m != NULL; m = m->older) {
        int64_t at_ms = m->number * MINUTE_MS;
        if (at_ms >= start_ms && at_ms < query->end_ms && m->values[query->which].n > 0) {
            minutes[n_minutes++] = m;
            n_samples += m->values[query->which].n_samples;
        }
    }
    struct measured_sample *samples = ARENA_ARRAY(arena, n_samples, struct measured_sample);
    while (n_minutes > 0) {
        const struct minute *m = minutes[--n_minutes];
        int64_t nth = (m->number * MINUTE_MS - start_ms) / query->period_ms;
        int64_t at_ms = start_ms + nth * query->period_ms;
        if (len == 0 || periods[len - 1].start_ms != at_ms)
            periods[len++] = (struct measured){.start_ms = at_ms, .samples = samples};
        merge(&periods[len - 1], &m->values[query->which]);
        samples += m->values[query->which].n_samples;
    }
    for (size_t i = 0; i < len; i++)
        qsort(periods[i].samples, periods[i].n_samples, sizeof(*periods[i].samples), by_value);
    return len;
}

size_t measures_read(
    struct local *local,
    struct arena *arena,
    const struct measures_query *query,
    struct measured **out)
{
    struct state *state = local_state(local, &local_measures_room);
    size_t len = 0;

    *out = ARENA_ARRAY(arena, MEASURES_MINUTES, struct measured);
    pthread_mutex_lock(&state->lock);
    struct measures *series = *place_of(state, query->region, query->endpoint, query->variant);
    if (series != NULL) {
        pthread_mutex_lock(&series->lock);
        len = read_periods(series, arena, query, *out);
        pthread_mutex_unlock(&series->lock);
    }
    pthread_mutex_unlock(&state->lock);
    return len;
}

double measured_percentile(const struct measured *period, double percent)
{
    double wanted = period->n * percent / 100, below = 0;

    if (percent >= 100)
        return period->max;
    for (size_t i = 0; i < period->n_samples && percent > 0; i++) {
        below += period->samples[i].weight;
        if (below >= wanted)
            return period->samples[i].value;
    }
    return percent > 0 ? period->max : period->min;
}

static int by_name(const void *a, const void *b)
{
    const struct measures_name *x = a, *y = b;
    int order = str_cmp(x->endpoint, y->endpoint);

    order = order != 0 ? order : str_cmp(x->variant, y->variant);
    return order != 0 ? order : (int) x->which - (int) y->which;
}

static bool has_value(const struct measures *series, enum measure which)
{
    const struct minute *minute = series->newest;

    while (minute != NULL && minute->values[which].n == 0)
        minute = minute->older;
    return minute != NULL;
}

size_t measures_list(
    struct local *local, struct arena *arena, struct str region, struct measures_name **out)
{
    struct state *state = local_state(local, &local_measures_room);
    VEC(struct measures_name) names = {0};

    pthread_mutex_lock(&state->lock);
    for (struct measures *series = state->first; series != NULL; series = series->next) {
        if (!str_eq_z(region, series->region))
            continue;
        struct str endpoint = str_dup(arena, str_from(series->endpoint));
        struct str variant = str_dup(arena, str_from(series->variant));
        pthread_mutex_lock(&series->lock);
        for (size_t i = 0; i < MEASURE_COUNT; i++)
            if (has_value(series, (enum measure) i))
                *VEC_PUSH(arena, &names) =
                    (struct measures_name){endpoint, variant, (enum measure) i};
        pthread_mutex_unlock(&series->lock);
    }
    pthread_mutex_unlock(&state->lock);
    if (names.len > 0)
        qsort(names.items, names.len, sizeof(*names.items), by_name);
    *out = names.items;
    return names.len;
}

/* ------------------------------------------------------------------ room */

static enum err_code start(struct local *local, void **ret_state, struct err *err)
{
    struct state *state = xmalloc(sizeof(*state));

    (void) local;
    (void) err;
    *state = (struct state){.first = NULL};
    pthread_mutex_init(&state->lock, NULL);
    *ret_state = state;
    return ERR_NONE;
}

static void forget_all(struct state *state)
{
    pthread_mutex_lock(&state->lock);
    while (state->first != NULL) {
        struct measures *series = state->first;
        state->first = series->next;
        measures_close(series);
    }
    pthread_mutex_unlock(&state->lock);
}

static void stop(struct local *local, void *state)
{
    (void) local;
    if (state == NULL)
        return;
    forget_all(state);
    pthread_mutex_destroy(&((struct state *) state)->lock);
    xfree(state);
}

static void wipe(struct local *local)
{
    forget_all(local_state(local, &local_measures_room));
}

const struct local_room local_measures_room = {
    .name = "measures",
    .start = start,
    .stop = stop,
    .wipe = wipe,
    .restored = wipe,
};
