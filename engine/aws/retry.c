#include "engine/aws/retry.h"

#define MAX_DELAY_MS 20000
#define FAULT_SCALE_MS 50
#define THROTTLE_SCALE_MS 1000
#define HINT_WINDOW_MS 5000
#define QUOTA_TOKENS 500
#define FAULT_COST 14
#define THROTTLE_COST 5

/* botocore/retries/standard.py, ThrottledRetryableChecker and TransientRetryableChecker; the
 * clock's codes are smithy-typescript's clockSkewErrorCodes. ServiceUnavailable, InternalError and
 * OperationAborted are S3's and InternalFailure is SageMaker's: they come with 5xx (409 for
 * OperationAborted), and as codes inside a 200 of CopyObject. */
static const struct {
    const char *code;
    enum retry_kind kind;
} s_codes[] = {
    {"Throttling", RETRY_THROTTLE},
    {"ThrottlingException", RETRY_THROTTLE},
    {"ThrottledException", RETRY_THROTTLE},
    {"RequestThrottledException", RETRY_THROTTLE},
    {"TooManyRequestsException", RETRY_THROTTLE},
    {"ProvisionedThroughputExceededException", RETRY_THROTTLE},
    {"TransactionInProgressException", RETRY_THROTTLE},
    {"RequestLimitExceeded", RETRY_THROTTLE},
    {"BandwidthLimitExceeded", RETRY_THROTTLE},
    {"LimitExceededException", RETRY_THROTTLE},
    {"RequestThrottled", RETRY_THROTTLE},
    {"SlowDown", RETRY_THROTTLE},
    {"PriorRequestNotComplete", RETRY_THROTTLE},
    {"EC2ThrottledException", RETRY_THROTTLE},
    {"RequestTimeout", RETRY_FAULT},
    {"RequestTimeoutException", RETRY_FAULT},
    {"InternalError", RETRY_FAULT},
    {"InternalFailure", RETRY_FAULT},
    {"InternalServerError", RETRY_FAULT},
    {"ServiceUnavailable", RETRY_FAULT},
    {"ServiceUnavailableException", RETRY_FAULT},
    {"IDPCommunicationError", RETRY_FAULT}, /* STS could not ask the identity provider */
    {"OperationAborted", RETRY_FAULT},
    {"OperationAbortedException", RETRY_FAULT},
    {"AuthFailure", RETRY_CLOCK},
    {"InvalidSignatureException", RETRY_CLOCK},
    {"RequestExpired", RETRY_CLOCK},
    {"RequestInTheFuture", RETRY_CLOCK},
    {"RequestTimeTooSkewed", RETRY_CLOCK},
    {"SignatureDoesNotMatch", RETRY_CLOCK},
};

enum retry_kind retry_kind_of(int http_status, struct str code)
{
    for (size_t i = 0; i < ARRAY_LEN(s_codes); i++)
        if (str_eq_z(code, s_codes[i].code))
            return s_codes[i].kind;
    switch (http_status) {
    case 500:
    case 502:
    case 503:
    case 504:
        return RETRY_FAULT;
    case 403:
        /* A HEAD has no body to name its reason; the dates decide whether it is the clock. */
        return str_is_null(code) ? RETRY_CLOCK : RETRY_NEVER;
    default:
        return RETRY_NEVER;
    }
}

bool retry_is_throttle(struct str code)
{
    return retry_kind_of(0, code) == RETRY_THROTTLE;
}

int64_t
retry_delay_ms(struct rng *rng, enum retry_kind kind, unsigned retry, int64_t retry_after_ms)
{
    if (kind == RETRY_CLOCK || kind == RETRY_REGION)
        return 0;
    int64_t bound = kind == RETRY_THROTTLE ? THROTTLE_SCALE_MS : FAULT_SCALE_MS;
    for (unsigned i = 1; i < retry && bound < MAX_DELAY_MS; i++)
        bound *= 2;
    if (bound > MAX_DELAY_MS)
        bound = MAX_DELAY_MS;
    int64_t delay = (int64_t) rng_below(rng, (uint64_t) bound + 1);
    if (retry_after_ms < 0)
        return delay;
    if (retry_after_ms < delay)
        return delay;
    return retry_after_ms > delay + HINT_WINDOW_MS ? delay + HINT_WINDOW_MS : retry_after_ms;
}

void retry_quota_init(struct retry_quota *quota)
{
    quota->tokens = QUOTA_TOKENS;
}

bool retry_quota_take(struct retry_quota *quota, enum retry_kind kind, int *ret_cost)
{
    int cost = kind == RETRY_THROTTLE ? THROTTLE_COST : FAULT_COST;
    if (quota->tokens < cost)
        return false;
    quota->tokens -= cost;
    *ret_cost = cost;
    return true;
}

void retry_quota_success(struct retry_quota *quota, int cost)
{
    quota->tokens += cost > 0 ? cost : 1;
    if (quota->tokens > QUOTA_TOKENS)
        quota->tokens = QUOTA_TOKENS;
}
