/* tests/bench/bench.h - what the programs of the benchmarks share: a clock, and an end when
 * something breaks.
 *
 * A program prints one line per round, "OURS BASELINE" or one of the two, in microseconds;
 * tests/bench/run.sh makes medians of them. Threads: any.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Nothing is measured with something broken. */
#define DIE(...) (fprintf(stderr, "bench: " __VA_ARGS__), fputc('\n', stderr), exit(1))

/* For programs that include xgboost/c_api.h. */
#define XGB(call) \
    do { \
        if ((call) != 0) \
            DIE("libxgboost: %s", XGBGetLastError()); \
    } while (0)

static inline int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *) a, y = *(const int64_t *) b;
    return x < y ? -1 : x > y ? 1 : 0;
}

static inline int64_t median_of(int64_t *values, size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
    return values[count / 2];
}

static inline size_t number_of(const char *text)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value == 0)
        DIE("'%s' is not a number above zero", text);
    return value;
}

#endif
