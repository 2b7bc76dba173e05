/* engine/aws/runtime.h - InvokeEndpoint.
 *
 * A model that is being loaded for the first time may need minutes: ModelNotReadyException, 429 and
 * 530 are sent again for up to 360 s. An error of the container (424 ModelError) carries the
 * container's own status and text. Bodies are at most 6 MiB either way.
 * https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
 */
#ifndef ENGINE_AWS_RUNTIME_H
#define ENGINE_AWS_RUNTIME_H

#include "engine/aws/aws.h"

#define RUNTIME_MAX_BODY ((size_t) 6291456)

struct runtime_request {
    struct str endpoint;
    struct str target_model;         /* null for endpoints with one model */
    struct str target_container;     /* TargetContainerHostname; null: none */
    struct str target_variant;       /* null: by weight */
    struct str content_type, accept; /* null: text/csv; null: not sent */
    struct str custom_attributes;    /* null: none */
    struct str body;
    int64_t load_wait_ms; /* 0 = 360 s */
};

struct runtime_response {
    int status;
    struct str content_type, variant, body;
    struct http_header *headers;
    size_t n_headers;
    int64_t total_us; /* of the attempt that answered */
    unsigned attempts;
};

/* What the container said, when the error is a ModelError; 0 and null otherwise. May be NULL. */
struct runtime_fault {
    int original_status;
    struct str original_message;
};

enum err_code runtime_invoke(
    struct aws *aws,
    struct arena *arena,
    const struct runtime_request *request,
    struct runtime_response *ret_response,
    struct runtime_fault *ret_fault,
    struct err *err) MUST_USE;

#endif
