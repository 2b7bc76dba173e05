#include "engine/aws/runtime.h"

#include "engine/aws/call.h"
#include "engine/base/arena.h"
#include "engine/base/uri.h"

#define TIMEOUT_MS 70000 /* the container has 60 s */
#define LOAD_WAIT_MS 360000

/* A ModelError says what the container answered. */
static void read_fault(
    struct arena *arena,
    const struct http_response *response,
    struct runtime_fault *ret_fault,
    struct err *err)
{
    struct json *body;
    struct err ignored;
    struct runtime_fault fault = {.original_status = 0, .original_message = STR_NULL};
    if (response->body.len > 0 &&
        json_parse(arena, response->body, RUNTIME_MAX_BODY, &body, &ignored) == ERR_NONE) {
        fault.original_status = (int) json_get_int(body, "OriginalStatusCode", 0);
        fault.original_message = json_get_str(body, "OriginalMessage");
    }
    if (ret_fault != NULL)
        *ret_fault = fault;
    if (fault.original_status == 0)
        return;
    err_hint(
        err, "the container answered %d: " STR_FMT, fault.original_status,
        STR_ARG(str_slice(fault.original_message, 0, 300)));
    for (char *p = err->hint; *p != '\0'; p++)
        if ((unsigned char) *p < 0x20 || (unsigned char) *p == 0x7F)
            *p = ' ';
}

static size_t write_headers(const struct runtime_request *request, struct http_header *headers)
{
    const struct http_header wanted[] = {
        {STR("content-type"),
         str_is_null(request->content_type) ? STR("text/csv") : request->content_type},
        {STR("accept"), request->accept},
        {STR("x-amzn-sagemaker-target-model"), request->target_model},
        {STR("x-amzn-sagemaker-target-container-hostname"), request->target_container},
        {STR("x-amzn-sagemaker-target-variant"), request->target_variant},
        {STR("x-amzn-sagemaker-custom-attributes"), request->custom_attributes},
    };
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        if (!str_is_null(wanted[i].value))
            headers[count++] = wanted[i];
    return count;
}

enum err_code runtime_invoke(
    struct aws *aws,
    struct arena *arena,
    const struct runtime_request *request,
    struct runtime_response *ret_response,
    struct runtime_fault *ret_fault,
    struct err *err)
{
    if (request->body.len > RUNTIME_MAX_BODY)
        return err_set(
            err, ERR_USAGE, "a payload of %zu bytes: an endpoint takes at most 6291456",
            request->body.len);
    struct http_header headers[6];
    unsigned attempts = 0;
    struct aws_call call = {
        .service = AWS_RUNTIME,
        .operation = "InvokeEndpoint",
        .subject = request->endpoint,
        .method = STR("POST"),
        .path = str_fmt(
            arena, "/endpoints/" STR_FMT "/invocations",
            STR_ARG(uri_encoded(arena, request->endpoint, false))),
        .headers = headers,
        .n_headers = write_headers(request, headers),
        .body = request->body,
        .timeout_ms = TIMEOUT_MS,
        .max_body = RUNTIME_MAX_BODY,
        .load_wait_ms = request->load_wait_ms > 0 ? request->load_wait_ms : LOAD_WAIT_MS,
        .ret_attempts = &attempts,
    };
    struct http_response response;
    enum err_code code = aws_call(aws, arena, &call, &response, err);
    if (code != ERR_NONE) {
        read_fault(arena, &response, ret_fault, err);
        return code;
    }
    *ret_response = (struct runtime_response){
        .status = response.status,
        .content_type = http_header_get(response.headers, response.n_headers, "content-type"),
        .variant = http_header_get(
            response.headers, response.n_headers, "x-amzn-invoked-production-variant"),
        .body = response.body,
        .headers = response.headers,
        .n_headers = response.n_headers,
        .total_us = response.total_us,
        .attempts = attempts,
    };
    return ERR_NONE;
}
