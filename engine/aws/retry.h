/* engine/aws/retry.h - whether and when a request is sent again: decisions only, nothing waits
 * here.
 *
 * The "standard" mode of the AWS SDKs in its 2026 revision: three attempts, full jitter below an
 * exponential bound that starts at 50 ms for faults and at 1 s for throttling, at most 20 s, a
 * server's x-amz-retry-after honoured within 5 s of that bound, and a quota of 500 tokens that
 * stops a storm of retries when everything fails. botocore/retries/standard.py
 */
#ifndef ENGINE_AWS_RETRY_H
#define ENGINE_AWS_RETRY_H

#include "engine/base/rng.h"

enum retry_kind {
    RETRY_NEVER,
    RETRY_FAULT,    /* 5xx, lost connection */
    RETRY_THROTTLE, /* told to slow down */
    RETRY_CLOCK,    /* the signature's date is off: correct it, once */
    RETRY_REGION    /* the bucket is in another region: sign for that one, once */
};

/* Of an answer; never RETRY_REGION, which takes more to know. code is AWS's error code, or null. To
 * add a code: one line in s_codes. */
enum retry_kind retry_kind_of(int http_status, struct str code);
bool retry_is_throttle(struct str code);

/* Before retry number `retry` (1, 2, ...). retry_after_ms is the server's hint, negative for none.
 */
int64_t
retry_delay_ms(struct rng *rng, enum retry_kind kind, unsigned retry, int64_t retry_after_ms);

/* One per session. */
struct retry_quota {
    int tokens;
};
void retry_quota_init(struct retry_quota *quota);
/* Pays for a retry; false when the quota is used up. ret_cost is to be given back on success. */
bool retry_quota_take(struct retry_quota *quota, enum retry_kind kind, int *ret_cost);
/* cost of the last retry, or 0 after a success at the first attempt. */
void retry_quota_success(struct retry_quota *quota, int cost);

#endif
