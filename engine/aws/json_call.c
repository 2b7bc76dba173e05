#include "engine/aws/call.h"

#include "engine/aws/endpoint.h"
#include "engine/aws/fault.h"
#include "engine/base/arena.h"

#define MAX_ANSWER_BYTES MIB(16)

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_read(const char *operation)
{
    static const char *const s_verbs[] = {"Describe", "List", "Get", "Search", "Filter"};
    for (size_t i = 0; i < ARRAY_LEN(s_verbs); i++)
        if (starts_with(operation, s_verbs[i]))
            return true;
    return false;
}

/* SageMaker's Create* and Update* have no idempotency token, and a second one fails differently
 * from the first: who may have succeeded has to look, not send again. */
static bool is_once(enum aws_service service, const char *operation)
{
    return service == AWS_SAGEMAKER &&
           (starts_with(operation, "Create") || starts_with(operation, "Update"));
}

/* The first member called ...Name is what the call is about, in SageMaker and in Logs
 * (logGroupName; the stream's is more telling, and comes second). */
static struct str subject_of_input(const struct json *input)
{
    struct str subject = STR_NULL;
    JSON_EACH (member, input) {
        if (str_eq_z(member->key, "logStreamName"))
            return json_str(member);
        if (str_is_null(subject) && str_ends(member->key, STR("Name")))
            subject = json_str(member);
    }
    return subject;
}

enum err_code aws_json_call(
    struct aws *aws,
    struct arena *arena,
    enum aws_service service,
    const char *operation,
    const struct json *input,
    const struct json **ret_output,
    struct err *err)
{
    struct http_header headers[] = {
        {STR("content-type"), service == AWS_CLOUDWATCH ? STR("application/x-amz-json-1.0")
                                                        : STR("application/x-amz-json-1.1")},
        {STR("x-amz-target"), str_fmt(arena, "%s.%s", service_info(service)->target, operation)},
    };
    struct aws_call call = {
        .service = service,
        .operation = operation,
        .subject = subject_of_input(input),
        .method = STR("POST"),
        .bucket = STR_NULL,
        .headers = headers,
        .n_headers = ARRAY_LEN(headers),
        .body = input != NULL ? json_text(arena, input, JSON_COMPACT) : STR("{}"),
        .max_body = MAX_ANSWER_BYTES,
        .mutating = !is_read(operation),
        .once = is_once(service, operation),
    };
    struct http_response response;
    enum err_code code = aws_call(aws, arena, &call, &response, err);
    if (code != ERR_NONE)
        return code;
    if (ret_output == NULL)
        return ERR_NONE;
    if (str_trim(response.body).len == 0) {
        *ret_output = json_object(arena);
        return ERR_NONE;
    }
    struct json *output;
    UNFILLED struct err broken;
    if (json_parse(arena, response.body, MAX_ANSWER_BYTES, &output, &broken) != ERR_NONE)
        return fault_unreadable(operation, "JSON", broken.message, err);
    if (output->type != JSON_OBJECT)
        return fault_unreadable(operation, "JSON", "it is no object", err);
    *ret_output = output;
    return ERR_NONE;
}
