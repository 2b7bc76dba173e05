/* engine/aws/fault.h - an answer that is no success becomes a struct err.
 *
 * The four shapes of AWS's errors (JSON 1.1, REST JSON, query XML, S3 XML; a HEAD has none) are
 * read into one struct fault, and one table gives each its err_code. Errors of SageMaker that share
 * ValidationException are told apart by their text, as its other clients do.
 */
#ifndef ENGINE_AWS_FAULT_H
#define ENGINE_AWS_FAULT_H

#include "engine/aws/aws.h"

struct fault {
    int status;
    struct str code; /* null: the answer carried none */
    struct str message;
    struct str region;     /* the bucket's, when S3 says so */
    struct str request_id; /* S3: request id and id-2, joined by '/' */
    bool foreign;          /* there is a body, and it is none of AWS's errors */
    struct str body_type;  /* Content-Type; may be null */
};

/* What the error is about, for the message and the hint. */
struct fault_context {
    enum aws_service service;
    const char *operation; /* "PutObject" */
    struct str subject;    /* "s3://bucket/key", "my-endpoint"; may be null */
    struct str region;     /* that the request was sent to */
    struct str account;    /* of the session; may be null */
};

/* Reads what the answer says; never fails: what cannot be read is left null. */
struct fault
fault_read(struct arena *arena, enum aws_service service, const struct http_response *response);

/* Whether a 200 of CopyObject or CompleteMultipartUpload is an error in disguise: its body is
 * <Error>, or broken off. */
bool fault_in_success(struct arena *arena, const struct http_response *response);

/* The session token of the credentials is over; other credentials may do. */
bool fault_is_expired(const struct fault *fault);

/* Whether S3 says that the bucket is in another region than the context's, or that a request must
 * go elsewhere. */
bool fault_other_region(const struct fault *fault, const struct fault_context *context);

/* Sets err from the fault. To add a mapping: one line in s_rules in fault_rules.c. */
enum err_code
fault_err(const struct fault *fault, const struct fault_context *context, struct err *err);

/* ERR_PROTOCOL: an answer that says success and is not what AWS sends then. */
enum err_code
fault_unreadable(const char *operation, const char *format, const char *why, struct err *err);
enum err_code
fault_other_root(const char *operation, const char *wanted, struct str got, struct err *err);

/* ---- fault_rules.c ---- */
enum err_code fault_code(
    enum aws_service service,
    const char *operation,
    const struct fault *fault,
    const char **ret_hint);
/* The IAM action an operation needs, written into text ("s3:ListBucket"). */
void fault_action(enum aws_service service, const char *operation, char *text, size_t size);

#endif
