/* engine/local/latency.h - how long answers of the stand-in take, for tests of what waits for them.
 *
 *     none                     at once
 *     20ms                     that long, each
 *     20ms,jitter=50,seed=7    from 10 to 30 ms
 *     aws,seed=7               by service, distributed as below
 *
 * The n-th call takes the same time on every run with the same seed.
 */
#ifndef ENGINE_LOCAL_LATENCY_H
#define ENGINE_LOCAL_LATENCY_H

#include "engine/local/call.h"

/* X(service, median ms, 99th percentile ms): the profile 'aws', log-normal between the two. S3's
 * first byte of small objects: https://docs.aws.amazon.com/AmazonS3/latest/userguide/
 * optimizing-performance.html ("roughly 100-200 milliseconds"); warm calls of an endpoint: 50 to
 * 100 ms seen from a client. AWS publishes nothing for the control planes. */
#define LOCAL_LATENCIES(X) \
    X(LOCAL_S3, 100, 200) \
    X(LOCAL_SAGEMAKER, 120, 600) \
    X(LOCAL_RUNTIME, 60, 100) \
    X(LOCAL_LOGS, 60, 300) \
    X(LOCAL_SCALING, 80, 400) \
    X(LOCAL_CLOUDWATCH, 60, 300) \
    X(LOCAL_STS, 50, 250) \
    X(LOCAL_IAM, 80, 400)

struct latency {
    bool aws;
    int64_t fixed_ms;
    int64_t jitter_percent;
    int64_t seed;
    bool seeded; /* the seed was given, or is of no use */
};

/* ERR_USAGE with what is wrong. */
enum err_code latency_read(struct str text, struct latency *out, struct err *err) MUST_USE;
/* As it is written, with its seed. */
struct str latency_text(struct arena *arena, const struct latency *latency);
int64_t latency_ms(const struct latency *latency, enum local_service service, uint64_t nth);

#endif
