#include "engine/aws/aws.h"

#include "engine/aws/call.h"
#include "engine/aws/endpoint.h"
#include "engine/aws/fault.h"
#include "engine/aws/profile.h"
#include "engine/aws/rate.h"
#include "engine/aws/retry.h"
#include "engine/base/arena.h"
#include "engine/base/log.h"
#include "engine/base/partition.h"
#include "engine/base/vec.h"

#define MAX_ATTEMPTS 3
/* SageMaker's control plane has low rates per account, and a whole apply shares them. */
#define MAX_THROTTLE_ATTEMPTS 8
#define CLOCK_SKEW_MS INT64_C(300000)
#define TIMEOUT_MS 30000
#define SLOWEST_BYTES_PER_S 100000 /* of a body: adds to the timeout */
#define LOAD_RETRY_MS 500
#define LOAD_RETRY_MAX_MS 10000

struct far_bucket {
    struct str name, region;
    struct endpoint endpoint;
};

struct aws {
    struct aws_options options;
    struct arena *arena;
    struct str region, account;
    struct endpoint endpoints[AWS_SERVICE_COUNT];
    struct gate gates[AWS_SERVICE_COUNT];
    struct rate rates[AWS_SERVICE_COUNT];
    struct sigv4_keys *keys;
    struct retry_quota quota;
    unsigned max_attempts, max_throttle_attempts;
    int64_t clock_offset_ms; /* AWS's clock minus ours, once found to be far */
    VEC(struct str) foreign_buckets;
    VEC(struct far_bucket) far_buckets; /* those that were found in another region */
    struct aws_stats stats;
};

/* ---- the session ---- */

static enum err_code read_attempts(struct aws *aws, struct err *err)
{
    aws->max_attempts = MAX_ATTEMPTS;
    aws->max_throttle_attempts = MAX_THROTTLE_ATTEMPTS;
    const char *text = aws->options.env != NULL ? aws->options.env("AWS_MAX_ATTEMPTS") : NULL;
    struct str value = text != NULL && text[0] != '\0'
                           ? str_from(text)
                           : profile_get(aws->options.profile, "max_attempts");
    if (value.len == 0)
        return ERR_NONE;
    uint64_t count;
    if (!str_to_u64(value, &count) || count < 1 || count > 100)
        return err_set(
            err, ERR_USAGE, "AWS_MAX_ATTEMPTS is '" STR_FMT "', not a number from 1 to 100",
            STR_ARG(value));
    aws->max_attempts = (unsigned) count;
    aws->max_throttle_attempts = (unsigned) count;
    return ERR_NONE;
}

static struct endpoint_options endpoint_options(const struct aws *aws, struct str region)
{
    return (struct endpoint_options){
        .region = region,
        .endpoint_url = aws->options.endpoint_url,
        .env = aws->options.env,
        .profile = aws->options.profile,
    };
}

static enum err_code find_endpoints(struct aws *aws, struct err *err)
{
    struct endpoint_options options = endpoint_options(aws, aws->region);
    for (unsigned i = 0; i < AWS_SERVICE_COUNT; i++) {
        enum aws_service service = (enum aws_service) i;
        enum err_code code = endpoint_find(aws->arena, &options, service, &aws->endpoints[i], err);
        if (code != ERR_NONE)
            return code;
        gate_init(&aws->gates[i], service_info(service)->width);
    }
    return ERR_NONE;
}

enum err_code aws_new(const struct aws_options *options, struct aws **ret_aws, struct err *err)
{
    if (options->region.len == 0) {
        err_set(err, ERR_USAGE, "no AWS region is set");
        return err_hint(err, "set 'region' in the spec, --region, AWS_REGION or the profile's");
    }
    if (!endpoint_region_ok(options->region))
        return err_set(
            err, ERR_USAGE, "'" STR_FMT "' is not an AWS region", STR_ARG(options->region));
    struct arena *arena = arena_new("AWS session", 0);
    struct aws *aws = ARENA_NEW(arena, struct aws);
    aws->options = *options;
    aws->arena = arena;
    aws->region = str_dup(arena, options->region);
    aws->account = STR_NULL;
    retry_quota_init(&aws->quota);
    enum err_code code = read_attempts(aws, err);
    if (code == ERR_NONE)
        code = find_endpoints(aws, err);
    if (code != ERR_NONE) {
        arena_free(arena);
        return code;
    }
    aws->keys = sigv4_keys_new();
    *ret_aws = aws;
    return ERR_NONE;
}

void aws_free(struct aws *aws)
{
    if (aws == NULL)
        return;
    sigv4_keys_free(aws->keys);
    arena_free(aws->arena);
}

struct str aws_region(const struct aws *aws)
{
    return aws->region;
}

void aws_set_account(struct aws *aws, struct str account)
{
    aws->account = str_dup(aws->arena, account);
}

struct str aws_account(const struct aws *aws)
{
    return aws->account;
}

void aws_allow_foreign_bucket(struct aws *aws, struct str bucket)
{
    *VEC_PUSH(aws->arena, &aws->foreign_buckets) = str_dup(aws->arena, bucket);
}

bool aws_owns_bucket(const struct aws *aws, struct str bucket)
{
    for (size_t i = 0; i < aws->foreign_buckets.len; i++)
        if (str_eq(aws->foreign_buckets.items[i], bucket))
            return false;
    return aws->account.len > 0;
}

/* Where the bucket was found to be; NULL: where everything is. */
static const struct far_bucket *far_bucket(const struct aws *aws, struct str bucket)
{
    for (size_t i = 0; i < aws->far_buckets.len; i++)
        if (str_eq(aws->far_buckets.items[i].name, bucket))
            return &aws->far_buckets.items[i];
    return NULL;
}

/* What the answer says is checked, as the request that follows is signed: a region of ours, on a
 * host that we make of it. A Location is never looked at. */
static bool remember_far_bucket(struct aws *aws, struct str bucket, struct str region)
{
    struct endpoint endpoint;
    UNFILLED struct err ignored;
    if (!endpoint_region_ok(region) || str_eq(region, aws->region) ||
        partition_of(region) != partition_of(aws->region))
        return false;
    struct str copy = str_dup(aws->arena, region);
    struct endpoint_options options = endpoint_options(aws, copy);
    if (endpoint_find(aws->arena, &options, AWS_S3, &endpoint, &ignored) != ERR_NONE)
        return false;
    *VEC_PUSH(aws->arena, &aws->far_buckets) =
        (struct far_bucket){str_dup(aws->arena, bucket), copy, endpoint};
    return true;
}

struct str aws_keys_from(struct aws *aws, struct arena *arena)
{
    const struct creds *creds;
    struct err ignored;
    if (creds_get(aws->options.creds, &creds, &ignored) != ERR_NONE)
        return STR_NULL;
    return str_dup(arena, str_from(creds->source));
}

struct aws_stats aws_stats(const struct aws *aws)
{
    return aws->stats;
}

struct loop *aws_loop(const struct aws *aws)
{
    return aws->options.loop;
}

/* ---- one attempt ---- */

struct attempts {
    struct aws *aws;
    struct arena *arena;
    const struct aws_call *call;
    struct http_request request; /* without what differs between attempts */
    struct str payload_hash, invocation_id;
    struct str region; /* of the bucket, or the session's */
    unsigned count;
    int cost; /* what the last retry took from the quota */
    bool maybe_done, clock_corrected;
    bool unsent;           /* there were no credentials to sign the last attempt with */
    bool renewed;          /* after an expired token: once */
    uint64_t creds_serial; /* which set signed the last attempt */
    int64_t started_ms;
};

static int64_t timeout_of(const struct aws_call *call)
{
    if (call->timeout_ms > 0)
        return call->timeout_ms;
    size_t expected = strcmp(call->operation, "GetObject") == 0 ? call->max_body : 0;
    return TIMEOUT_MS + (int64_t) ((call->body.len + expected) / (SLOWEST_BYTES_PER_S / 1000));
}

/* What is the same for every attempt, and where it goes. */
static void prepare(struct attempts *attempts)
{
    const struct aws_call *call = attempts->call;
    struct aws *aws = attempts->aws;
    const struct far_bucket *far = call->any_region ? far_bucket(aws, call->bucket) : NULL;
    attempts->region = far != NULL ? far->region : aws->region;
    VEC(struct http_header) headers = {0};
    VEC_RESERVE(attempts->arena, &headers, call->n_headers + 1);
    for (size_t i = 0; i < call->n_headers; i++)
        *VEC_PUSH(attempts->arena, &headers) = call->headers[i];
    /* CreateBucket is the one call on a bucket that has no owner to expect. */
    if (!str_is_null(call->bucket) && aws_owns_bucket(aws, call->bucket) &&
        strcmp(call->operation, "CreateBucket") != 0)
        *VEC_PUSH(attempts->arena, &headers) =
            (struct http_header){STR("x-amz-expected-bucket-owner"), aws->account};
    attempts->request = (struct http_request){
        .method = call->method,
        .url = endpoint_url(
            attempts->arena, far != NULL ? &far->endpoint : &aws->endpoints[call->service],
            call->bucket, str_is_null(call->path) ? STR("/") : call->path, call->query),
        .headers = headers.items,
        .n_headers = headers.len,
        .body = call->body,
        .timeout_ms = timeout_of(call),
        .max_body = call->max_body,
    };
}

static enum err_code sign(struct attempts *attempts, struct http_request *request, struct err *err)
{
    struct aws *aws = attempts->aws;
    const struct creds *creds = NULL;
    bool anonymous = attempts->call->anonymous;
    enum err_code code = anonymous ? ERR_NONE : creds_get(aws->options.creds, &creds, err);
    attempts->unsent = code != ERR_NONE;
    if (code != ERR_NONE) {
        /* A single source that has nothing is a failure, too, once it is all there is. */
        return code == ERR_NOT_FOUND ? (err->code = ERR_AUTH) : code;
    }
    VEC(struct http_header) headers = {0};
    VEC_RESERVE(attempts->arena, &headers, attempts->request.n_headers + 2);
    for (size_t i = 0; i < attempts->request.n_headers; i++)
        *VEC_PUSH(attempts->arena, &headers) = attempts->request.headers[i];
    *VEC_PUSH(attempts->arena, &headers) =
        (struct http_header){STR("amz-sdk-invocation-id"), attempts->invocation_id};
    *VEC_PUSH(attempts->arena, &headers) = (struct http_header){
        STR("amz-sdk-request"),
        str_fmt(attempts->arena, "attempt=%u; max=%u", attempts->count, aws->max_attempts)};
    *request = attempts->request;
    request->headers = headers.items;
    request->n_headers = headers.len;
    if (anonymous)
        return ERR_NONE;
    attempts->creds_serial = creds->serial;

    struct str service = str_from(service_info(attempts->call->service)->sign);
    struct sigv4_params params = {
        .region = endpoint_sign_region(attempts->call->service, attempts->region),
        .service = service,
        .wall_ms = clock_wall_ms(aws->options.clock) + aws->clock_offset_ms,
        .payload_hash = attempts->payload_hash,
        .rules = sigv4_rules_for(service),
    };
    struct sigv4_creds keys = {
        .access_key_id = creds->access_key_id,
        .secret_key = secret_view(creds->secret_key),
        .session_token = secret_view(creds->session_token),
    };
    return sigv4_sign(
        attempts->arena, aws->keys, &keys, &params, request, &request->headers, &request->n_headers,
        NULL, err);
}

static struct str subject_of(const struct attempts *attempts)
{
    return str_is_null(attempts->call->subject) ? STR("") : attempts->call->subject;
}

/* Sends once; ERR_NONE means that an answer came, whatever its status. */
static enum err_code
send_once(struct attempts *attempts, struct http_response *ret_response, struct err *err)
{
    struct aws *aws = attempts->aws;
    struct gate *gate = &aws->gates[attempts->call->service];
    attempts->count++;
    /* Signed inside the gate: a long wait there must not age the signature. */
    gate_enter(aws->options.loop, gate);
    int64_t wait_ms =
        rate_claim(&aws->rates[attempts->call->service], clock_mono_ms(aws->options.clock));
    if (wait_ms > 0)
        loop_sleep_ms(aws->options.loop, wait_ms);
    struct http_request request;
    enum err_code code = sign(attempts, &request, err);
    if (code == ERR_NONE) {
        aws->stats.requests++;
        aws->stats.mutating += attempts->call->mutating ? 1 : 0;
        aws->stats.retried += attempts->count > 1 ? 1 : 0;
        code = http_send(aws->options.http, attempts->arena, &request, ret_response, err);
        if (code != ERR_NONE) {
            struct str subject = subject_of(attempts);
            err_wrap(
                err, subject.len > 0 ? "%s '" STR_FMT "'" : "%s", attempts->call->operation,
                STR_ARG(subject));
        }
    }
    gate_leave(aws->options.loop, gate);
    return code;
}

/* ---- retries ---- */

/* What came of one attempt. */
struct outcome {
    enum err_code code;
    enum retry_kind retry;
    int64_t retry_after_ms;
    bool loading; /* a model that is not in memory yet */
};

/* After these, AWS may or may not have done what was asked. A 503 and everything below 500 are
 * refusals made before anything was done. */
static bool is_unknown(int status)
{
    return status >= 500 && status != 503;
}

static bool far_clock(struct attempts *attempts, const struct http_response *response)
{
    struct aws *aws = attempts->aws;
    int64_t theirs;
    struct str date = http_header_get(response->headers, response->n_headers, "date");
    if (attempts->clock_corrected || date.len == 0 || !time_parse(date, &theirs))
        return false;
    int64_t offset = theirs - clock_wall_ms(aws->options.clock);
    int64_t change = offset - aws->clock_offset_ms;
    if (change > -CLOCK_SKEW_MS && change < CLOCK_SKEW_MS)
        return false;
    log_debug("aws", "this clock is %lld ms behind AWS's", (long long) offset);
    aws->clock_offset_ms = offset;
    attempts->clock_corrected = true;
    return true;
}

/* Once: a bucket that is not where S3 said either is an error. Another task may have found it. */
static bool follow_region(struct attempts *attempts, struct str region)
{
    struct aws *aws = attempts->aws;
    struct str before = attempts->region, bucket = attempts->call->bucket;
    if (far_bucket(aws, bucket) == NULL && !remember_far_bucket(aws, bucket, region))
        return false;
    prepare(attempts);
    return !str_eq(before, attempts->region);
}

static struct outcome
judge_answer(struct attempts *attempts, const struct http_response *response, struct err *err)
{
    struct aws *aws = attempts->aws;
    const struct aws_call *call = attempts->call;
    bool success = response->status >= 200 && response->status < 300;
    struct outcome outcome = {.retry_after_ms = -1};
    if (success && !(call->error_in_200 && fault_in_success(attempts->arena, response)))
        return outcome;

    struct fault fault = fault_read(attempts->arena, call->service, response);
    if (success) /* S3 says so itself: handle it as a 500 */
        fault.status = 500;
    struct fault_context context = {
        .service = call->service,
        .operation = call->operation,
        .subject = subject_of(attempts),
        .region = attempts->region,
        .account = str_is_null(call->bucket) || !aws_owns_bucket(aws, call->bucket) ? STR_NULL
                                                                                    : aws->account,
    };
    outcome.code = fault_err(&fault, &context, err);
    if (call->any_region && fault_other_region(&fault, &context) &&
        follow_region(attempts, fault.region)) {
        log_debug("aws", "%s", err->message);
        outcome.retry = RETRY_REGION;
        return outcome;
    }
    outcome.retry = retry_kind_of(fault.status, fault.code);
    if (outcome.retry == RETRY_CLOCK && !far_clock(attempts, response))
        outcome.retry = RETRY_NEVER;
    /* Once: credentials that were renewed and are refused again are not ours to mend. */
    if (fault_is_expired(&fault) && !call->anonymous && !attempts->renewed &&
        creds_expired(aws->options.creds, attempts->creds_serial)) {
        attempts->renewed = true;
        outcome.retry = RETRY_CLOCK; /* at once, and without a token of the quota */
    }
    if (outcome.retry == RETRY_FAULT && is_unknown(fault.status))
        attempts->maybe_done = true;
    outcome.loading = call->load_wait_ms > 0 && (fault.status == 429 || fault.status == 530 ||
                                                 str_eq_z(fault.code, "ModelNotReadyException"));
    uint64_t hint;
    struct str after = http_header_get(response->headers, response->n_headers, "x-amz-retry-after");
    if (after.len > 0 && str_to_u64(after, &hint) && hint < INT32_MAX)
        outcome.retry_after_ms = (int64_t) hint;
    return outcome;
}

static struct outcome judge_failure(struct attempts *attempts, const struct err *err)
{
    struct outcome outcome = {.code = err->code, .retry_after_ms = -1};
    /* Whoever was asked for credentials was asked as often as it makes sense. */
    if (attempts->unsent)
        return outcome;
    if (err->code == ERR_CANCELLED)
        attempts->maybe_done = true;
    if (err->code != ERR_TRANSIENT && err->code != ERR_TIMEOUT)
        return outcome;
    outcome.retry = RETRY_FAULT;
    if (!err->aws.not_sent)
        attempts->maybe_done = true;
    return outcome;
}

/* How long to wait before the next attempt; negative when there is none. */
static int64_t next_delay(struct attempts *attempts, const struct outcome *outcome)
{
    struct aws *aws = attempts->aws;
    int64_t elapsed_ms = clock_mono_ms(aws->options.clock) - attempts->started_ms;
    if (outcome->loading) {
        int64_t bound = LOAD_RETRY_MS;
        for (unsigned i = 1; i < attempts->count && bound < LOAD_RETRY_MAX_MS; i++)
            bound *= 2;
        if (bound > LOAD_RETRY_MAX_MS)
            bound = LOAD_RETRY_MAX_MS;
        int64_t delay = bound / 2 + (int64_t) rng_below(aws->options.rng, (uint64_t) bound / 2);
        return elapsed_ms + delay <= attempts->call->load_wait_ms ? delay : -1;
    }
    unsigned limit = outcome->retry == RETRY_THROTTLE && attempts->call->service == AWS_SAGEMAKER
                         ? aws->max_throttle_attempts
                         : aws->max_attempts;
    if (outcome->retry == RETRY_REGION)
        return 0;
    limit += attempts->renewed ? 1 : 0; /* what was refused for its credentials was no attempt */
    if (outcome->retry == RETRY_NEVER || attempts->count >= limit)
        return -1;
    if (attempts->maybe_done && attempts->call->once)
        return -1;
    if (outcome->retry != RETRY_CLOCK &&
        !retry_quota_take(&aws->quota, outcome->retry, &attempts->cost))
        return -1;
    return retry_delay_ms(
        aws->options.rng, outcome->retry, attempts->count, outcome->retry_after_ms);
}

static enum err_code give_up(struct attempts *attempts, struct err *last, struct err *err)
{
    last->aws.attempts = (int) attempts->count;
    last->aws.maybe_done = attempts->maybe_done;
    *err = *last;
    return err->code;
}

/* True when another attempt is to be made, after its wait. */
static bool
wait_for_retry(struct attempts *attempts, const struct outcome *outcome, struct err *last)
{
    struct loop *loop = attempts->aws->options.loop;
    int64_t delay_ms = next_delay(attempts, outcome);
    if (delay_ms < 0)
        return false;
    log_debug(
        "aws", "%s: %s; attempt %u in %lld ms", attempts->call->operation, last->message,
        attempts->count + 1, (long long) delay_ms);
    if (!loop_cancelled(loop))
        loop_sleep_ms(loop, delay_ms);
    if (!loop_cancelled(loop))
        return true;
    last->code = ERR_CANCELLED;
    err_wrap(last, "interrupted");
    return false;
}

enum err_code aws_call(
    struct aws *aws,
    struct arena *arena,
    const struct aws_call *call,
    struct http_response *ret_response,
    struct err *err)
{
    struct sha256 digest = call->body_sha256 != NULL ? *call->body_sha256 : sha256_of(call->body);
    struct attempts attempts = {
        .aws = aws,
        .arena = arena,
        .call = call,
        .payload_hash = hex_of(arena, digest.bytes, SHA256_LEN),
        .invocation_id = rng_uuid(aws->options.rng, arena),
        .started_ms = clock_mono_ms(aws->options.clock),
    };
    prepare(&attempts);
    for (;;) {
        UNFILLED struct err last;
        struct http_response response = {.status = 0};
        enum err_code code = send_once(&attempts, &response, &last);
        struct outcome outcome = code == ERR_NONE ? judge_answer(&attempts, &response, &last)
                                                  : judge_failure(&attempts, &last);
        *ret_response = response;
        if (outcome.retry == RETRY_THROTTLE && !outcome.loading)
            rate_throttled(&aws->rates[call->service], clock_mono_ms(aws->options.clock));
        if (outcome.code == ERR_NONE) {
            rate_success(&aws->rates[call->service]);
            retry_quota_success(&aws->quota, attempts.cost);
            if (call->ret_attempts != NULL)
                *call->ret_attempts = attempts.count;
            return ERR_NONE;
        }
        if (!wait_for_retry(&attempts, &outcome, &last))
            return give_up(&attempts, &last, err);
    }
}
