/* engine/aws/sigv4.h - AWS Signature Version 4, both sides.
 *
 * The signing side adds the headers of one request; the receiving side (the stand-in) recomputes a
 * signature from what came over the wire, in the Authorization header or in the query of a
 * presigned URL. Both share one canonicalisation. No clock, no environment: time and keys are
 * arguments. Derived signing keys are cached in a struct sigv4_keys per (access key, date, region,
 * service) and wiped when it closes. Threads: all of it is re-entrant, and a struct sigv4_keys may
 * be shared. Results live on the arena.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
#ifndef ENGINE_AWS_SIGV4_H
#define ENGINE_AWS_SIGV4_H

#include "engine/aws/http.h"
#include "engine/base/digest.h"

#define SIGV4_ALGORITHM "AWS4-HMAC-SHA256"
#define SIGV4_UNSIGNED "UNSIGNED-PAYLOAD"
#define SIGV4_EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* Views; whoever owns the secret wipes it. A null session token means there is none. */
struct sigv4_creds {
    struct str access_key_id, secret_key, session_token;
};

/* How a service's path becomes the canonical path. S3 takes it as sent; every other service wants
 * dot segments and doubled slashes removed and the encoded path encoded once more. */
struct sigv4_rules {
    bool normalize_path, double_encode_path;
    bool content_sha256_header; /* add x-amz-content-sha256: required by S3 only */
};
struct sigv4_rules sigv4_rules_for(struct str service);

/* What the signature is computed over; the three texts AWS's documents and errors speak of. */
struct sigv4_stages {
    struct str canonical_request, string_to_sign, signature, signed_headers;
};

struct sigv4_keys; /* cache of derived keys */
struct sigv4_keys *sigv4_keys_new(void);
void sigv4_keys_free(struct sigv4_keys *keys);

struct sigv4_params {
    struct str region, service;
    int64_t wall_ms;         /* the signing time */
    struct str payload_hash; /* hex SHA-256 of the body, or SIGV4_UNSIGNED */
    struct sigv4_rules rules;
};

/* Gives the request's headers followed by x-amz-date, x-amz-content-sha256 (by the rules),
 * x-amz-security-token and authorization. Host is signed from the URL and left to the transport,
 * which writes the same text. keys may be NULL. ERR_INTERNAL when the URL is broken. */
enum err_code sigv4_sign(
    struct arena *arena,
    struct sigv4_keys *keys,
    const struct sigv4_creds *creds,
    const struct sigv4_params *params,
    const struct http_request *request,
    struct http_header **ret_headers,
    size_t *ret_count,
    struct sigv4_stages *ret_stages, /* may be NULL */
    struct err *err) MUST_USE;

/* The URL with X-Amz-Algorithm .. X-Amz-Signature in its query; valid for expires_s seconds. Only
 * Host is signed and the payload is SIGV4_UNSIGNED. */
enum err_code sigv4_presign(
    struct arena *arena,
    const struct sigv4_creds *creds,
    const struct sigv4_params *params,
    struct str method,
    struct str url,
    unsigned expires_s,
    struct str *ret_url,
    struct err *err) MUST_USE;

/* ---- the receiving side ---- */

/* A request as it came: path and query still encoded, header names in any case, Host among the
 * headers. */
struct sigv4_received {
    struct str method, path, query;
    const struct http_header *headers;
    size_t n_headers;
};

/* What the request claims about itself. */
struct sigv4_claim {
    struct str access_key_id, session_token;
    struct str date, region, service; /* the credential scope; date has 8 digits */
    struct str amz_date;              /* 20150830T123600Z */
    int64_t signed_at_ms;
    struct str signed_headers, signature;
    bool presigned;
    unsigned expires_s;      /* presigned only */
    struct str payload_hash; /* x-amz-content-sha256 as sent; STR_NULL when absent */
};

/* Reads Authorization, or the X-Amz-* parameters of a presigned query. ERR_NOT_FOUND when the
 * request is not signed at all, ERR_AUTH when what is there is broken (message says what). */
enum err_code sigv4_claim_read(
    struct arena *arena,
    const struct sigv4_received *received,
    struct sigv4_claim *ret_claim,
    struct err *err) MUST_USE;

/* Computes the signature that the holder of secret_key would have sent. payload_hash is the hash of
 * the body that arrived, or the claim's own text when it is UNSIGNED-PAYLOAD or STREAMING-...;
 * compare the signatures with secret_eq(). ERR_AUTH when a signed header is missing. */
enum err_code sigv4_expected(
    struct arena *arena,
    struct sigv4_keys *keys, /* may be NULL */
    const struct sigv4_received *received,
    const struct sigv4_claim *claim,
    struct str secret_key,
    struct str payload_hash,
    struct sigv4_stages *ret_stages,
    struct err *err) MUST_USE;

/* The signature of one chunk of a body signed in pieces (STREAMING-AWS4-HMAC-SHA256-PAYLOAD), or of
 * its trailer. previous: the signature before it, the first being the request's own.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html */
struct str sigv4_chunk_signature(
    struct arena *arena,
    struct sigv4_keys *keys, /* may be NULL */
    const struct sigv4_claim *claim,
    struct str secret_key,
    bool trailer,
    struct str previous,
    const struct sha256 *content);

#endif
