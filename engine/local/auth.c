#include "engine/local/auth.h"

#include "engine/local/route.h"
#include "engine/local/world.h"

enum { SKEW_MS = 15 * 60 * 1000 };

enum auth_fault {
    FAULT_UNSIGNED,
    FAULT_BROKEN,
    FAULT_UNKNOWN_KEY,
    FAULT_BAD_TOKEN,
    FAULT_EXPIRED_TOKEN,
    FAULT_SKEW,
    FAULT_SIGNATURE,
    FAULT_SCOPE,
    N_FAULTS
};

struct fault_words {
    int status;
    const char *code, *message;
};

#define WORDS_MISMATCH \
    "The request signature we calculated does not match the signature you provided. Check your " \
    "key and signing method."
#define WORDS_TOKEN "The security token included in the request is invalid."
#define WORDS_EXPIRED "The security token included in the request is expired"

/* S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * JSON and query: https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html */
static const struct fault_words s_s3[N_FAULTS] = {
    [FAULT_UNSIGNED] = {403, "AccessDenied", "Access Denied"},
    [FAULT_BROKEN] = {400, "AuthorizationHeaderMalformed", NULL},
    [FAULT_UNKNOWN_KEY] =
        {403, "InvalidAccessKeyId",
         "The AWS Access Key Id you provided does not exist in our records."},
    [FAULT_BAD_TOKEN] =
        {400, "InvalidToken", "The provided token is malformed or otherwise invalid."},
    [FAULT_EXPIRED_TOKEN] = {400, "ExpiredToken", "The provided token has expired."},
    [FAULT_SKEW] =
        {403, "RequestTimeTooSkewed",
         "The difference between the request time and the current time is too large."},
    [FAULT_SIGNATURE] = {403, "SignatureDoesNotMatch", WORDS_MISMATCH},
    [FAULT_SCOPE] = {400, "AuthorizationHeaderMalformed", NULL},
};
static const struct fault_words s_json[N_FAULTS] = {
    [FAULT_UNSIGNED] = {403, "MissingAuthenticationTokenException", "Missing Authentication Token"},
    [FAULT_BROKEN] = {403, "IncompleteSignatureException", NULL},
    [FAULT_UNKNOWN_KEY] = {403, "UnrecognizedClientException", WORDS_TOKEN},
    [FAULT_BAD_TOKEN] = {403, "UnrecognizedClientException", WORDS_TOKEN},
    [FAULT_EXPIRED_TOKEN] = {403, "ExpiredTokenException", WORDS_EXPIRED},
    [FAULT_SKEW] = {403, "InvalidSignatureException", NULL},
    [FAULT_SIGNATURE] = {403, "InvalidSignatureException", WORDS_MISMATCH},
    [FAULT_SCOPE] = {403, "InvalidSignatureException", NULL},
};
static const struct fault_words s_query[N_FAULTS] = {
    [FAULT_UNSIGNED] =
        {403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
    [FAULT_BROKEN] = {400, "IncompleteSignature", NULL},
    [FAULT_UNKNOWN_KEY] = {403, "InvalidClientTokenId", WORDS_TOKEN},
    [FAULT_BAD_TOKEN] = {403, "InvalidClientTokenId", WORDS_TOKEN},
    [FAULT_EXPIRED_TOKEN] = {403, "ExpiredToken", WORDS_EXPIRED},
    [FAULT_SKEW] = {403, "SignatureDoesNotMatch", NULL},
    [FAULT_SIGNATURE] = {403, "SignatureDoesNotMatch", WORDS_MISMATCH},
    [FAULT_SCOPE] = {403, "SignatureDoesNotMatch", NULL},
};

static bool refuse(struct local_call *call, enum auth_fault fault, struct str detail)
{
    const struct fault_words *words = &s_json[fault];
    if (call->service == LOCAL_S3)
        words = &s_s3[fault];
    else if (call_speaks_query(call))
        words = &s_query[fault];
    struct str message = words->message != NULL ? str_from(words->message) : detail;
    call_fail(call, words->status, words->code, STR_FMT, STR_ARG(message));
    return false;
}

void auth_refuse_expired(struct local_call *call)
{
    refuse(call, FAULT_EXPIRED_TOKEN, STR_NULL);
}

void auth_read(struct local_call *call, struct auth *out)
{
    const struct httpd_request *http = call->http;
    size_t mark = str_index(http->target, '?');
    struct http_header *headers = ARENA_ARRAY(call->arena, http->n_headers + 1, struct http_header);
    for (size_t i = 0; i < http->n_headers; i++)
        headers[i] = (struct http_header){http->headers[i].name, http->headers[i].value};
    out->received = (struct sigv4_received){
        .method = http->method,
        .path = str_slice(http->target, 0, mark),
        .query = mark == SIZE_MAX ? STR("") : str_from_index(http->target, mark + 1),
        .headers = headers,
        .n_headers = http->n_headers};
    out->state = AUTH_CLAIMED;
    enum err_code code = sigv4_claim_read(call->arena, &out->received, &out->claim, &out->reason);
    if (code != ERR_NONE)
        out->state = code == ERR_NOT_FOUND ? AUTH_UNSIGNED : AUTH_BROKEN;
}

/* The hash that went into the signature; null when the request was answered. */
static struct str payload_hash(struct local_call *call, const struct sigv4_claim *claim)
{
    struct str said = claim->payload_hash;
    struct str seen =
        hex_of(call->arena, call->http->body_sha256.bytes, sizeof(call->http->body_sha256.bytes));
    if (str_is_null(said)) {
        if (call->service != LOCAL_S3)
            return seen;
        if (claim->presigned)
            return STR(SIGV4_UNSIGNED);
        call_fail(
            call, 400, "InvalidRequest",
            "Missing required header for this request: x-amz-content-sha256");
        return STR_NULL;
    }
    if (str_eq(said, STR(SIGV4_UNSIGNED)) || str_starts(said, STR("STREAMING-")))
        return said;
    if (call->http->body_errno != 0 || str_eq(said, seen))
        return said; /* a body that could not be kept is answered by the operation */
    call_fail(
        call, 400, "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.");
    return STR_NULL;
}

static bool check_time(struct local_call *call, const struct sigv4_claim *claim)
{
    int64_t now_ms = call->now_ms + call->skew_ms, age_ms = now_ms - claim->signed_at_ms;
    if (claim->presigned) {
        if (age_ms <= (int64_t) claim->expires_s * 1000 && age_ms >= -SKEW_MS)
            return true;
        call_fail(call, 403, "AccessDenied", "Request has expired");
        return false;
    }
    if (age_ms <= SKEW_MS && age_ms >= -SKEW_MS)
        return true;
    struct str now = time_iso_basic(call->arena, now_ms);
    return refuse(
        call, FAULT_SKEW,
        str_fmt(
            call->arena, "Signature %s: " STR_FMT " is %s " STR_FMT " (" STR_FMT " %c 15 min.)",
            age_ms > 0 ? "expired" : "not yet current", STR_ARG(claim->amz_date),
            age_ms > 0 ? "now earlier than" : "still later than",
            STR_ARG(time_iso_basic(call->arena, age_ms > 0 ? now_ms - SKEW_MS : now_ms + SKEW_MS)),
            STR_ARG(now), age_ms > 0 ? '-' : '+'));
}

static bool
check_signature(struct local_call *call, const struct auth *auth, const struct local_key *key)
{
    const struct sigv4_claim *claim = &auth->claim;
    struct str hash = payload_hash(call, claim);
    if (str_is_null(hash))
        return false;
    struct sigv4_stages stages;
    UNFILLED struct err err;
    enum err_code code = sigv4_expected(
        call->arena, call->local->signing_keys, &auth->received, claim, key->secret_key, hash,
        &stages, &err);
    if (code != ERR_NONE)
        return refuse(call, FAULT_BROKEN, str_dup(call->arena, str_from(err.message)));
    return secret_eq(stages.signature, claim->signature) || refuse(call, FAULT_SIGNATURE, STR_NULL);
}

/* A host of one region takes no signature for another. */
static bool check_region(struct local_call *call, const struct sigv4_claim *claim)
{
    struct str wanted = route_host_region(call);
    if (str_is_null(wanted) || str_eq(claim->region, wanted))
        return true;
    if (call->service != LOCAL_S3)
        return refuse(call, FAULT_SCOPE, STR("Credential should be scoped to a valid region. "));
    return refuse(
        call, FAULT_SCOPE,
        str_fmt(
            call->arena,
            "The authorization header is malformed; the region '" STR_FMT
            "' is wrong; expecting '" STR_FMT "'",
            STR_ARG(claim->region), STR_ARG(wanted)));
}

bool auth_check(struct local_call *call, const struct auth *auth)
{
    if (auth->state == AUTH_UNSIGNED && call->service == LOCAL_S3 &&
        call_has_param(call, "AWSAccessKeyId")) {
        call_fail(
            call, 400, "InvalidRequest",
            "The authorization mechanism you have provided is not supported. Please use "
            "AWS4-HMAC-SHA256.");
        return false;
    }
    if (auth->state == AUTH_UNSIGNED)
        return refuse(call, FAULT_UNSIGNED, STR_NULL);
    if (auth->state == AUTH_BROKEN)
        return refuse(call, FAULT_BROKEN, str_dup(call->arena, str_from(auth->reason.message)));
    const struct sigv4_claim *claim = &auth->claim;
    struct str wanted = service_sign_name(call->service);
    if (!str_eq(claim->service, wanted))
        return refuse(
            call, FAULT_SCOPE,
            str_fmt(
                call->arena, "Credential should be scoped to correct service: '" STR_FMT "'. ",
                STR_ARG(wanted)));
    if (!check_region(call, claim))
        return false;
    const struct known_key *known = keys_find(call->local, claim->access_key_id);
    if (known == NULL)
        return refuse(call, FAULT_UNKNOWN_KEY, STR_NULL);
    const struct local_key *key = &known->key;
    if (!str_eq(key->session_token, claim->session_token))
        return refuse(call, FAULT_BAD_TOKEN, STR_NULL);
    if (key->expires_ms != 0 && call->now_ms >= key->expires_ms)
        return refuse(call, FAULT_EXPIRED_TOKEN, STR_NULL);
    if (!check_time(call, claim) || !check_signature(call, auth, key))
        return false;
    call->access_key = key->access_key;
    call->account = key->account;
    call->caller = known;
    return true;
}
