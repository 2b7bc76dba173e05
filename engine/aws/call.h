/* engine/aws/call.h - one call to a service: sign, send, retry, map. Internal to engine/aws.
 *
 * The files of the services fill in a struct aws_call and read the answer; everything that all of
 * them share happens in aws_call(). Each attempt is signed anew.
 */
#ifndef ENGINE_AWS_CALL_H
#define ENGINE_AWS_CALL_H

#include "engine/aws/aws.h"

struct aws_call {
    enum aws_service service;
    const char *operation; /* "PutObject": for messages, hints and retry rules */
    struct str subject;    /* what it is about, for messages; may be null */
    struct str method;
    struct str bucket; /* S3 only; else null */
    struct str path;   /* encoded, starts with '/'; null: "/" */
    struct str query;  /* encoded */
    const struct http_header *headers;
    size_t n_headers;
    struct str body;
    const struct sha256 *body_sha256; /* NULL: computed here */
    int64_t timeout_ms;               /* 0: 30 s, and more for large bodies */
    size_t max_body;                  /* of the answer; 0: 64 MiB */
    int64_t load_wait_ms;             /* InvokeEndpoint: how long a model may take to load */
    bool mutating;                    /* counts as a mutation */
    bool any_region;                  /* S3: the bucket may be elsewhere; then sent there, once */
    bool once;                        /* not sent again when an attempt may have taken effect */
    bool error_in_200;                /* CopyObject, CompleteMultipartUpload */
    bool anonymous;                   /* not signed: it brings a token of its own */
    unsigned *ret_attempts;           /* NULL, or gets the number of attempts of a success */
};

/* On an HTTP error the answer is still stored in *ret_response when its status says so (for callers
 * that read more than the error's code); status 0 means there was none. */
enum err_code aws_call(
    struct aws *aws,
    struct arena *arena,
    const struct aws_call *call,
    struct http_response *ret_response,
    struct err *err) MUST_USE;

/* Whether calls for the bucket may name the account as its expected owner. */
bool aws_owns_bucket(const struct aws *aws, struct str bucket);

#endif
