#include "engine/aws/fault.h"

#include "engine/base/arena.h"
#include "engine/base/xml.h"

#define MAX_ERROR_BYTES MIB(1)
#define HINT_ENDPOINT "this is no answer of AWS's: check the endpoint URL and any proxy"

/* "com.amazonaws#NotFound:http://..." is NotFound: botocore/parsers.py, BaseJSONParser. */
static struct str short_code(struct str code)
{
    size_t hash = str_rindex(code, '#');
    if (hash != SIZE_MAX)
        code = str_from_index(code, hash + 1);
    size_t colon = str_index(code, ':');
    return colon != SIZE_MAX ? str_slice(code, 0, colon) : code;
}

static void
read_json(struct arena *arena, const struct http_response *response, struct fault *fault)
{
    struct json *body = NULL;
    struct err ignored;
    struct str type = http_header_get(response->headers, response->n_headers, "x-amzn-errortype");
    bool parsed = json_parse(arena, response->body, MAX_ERROR_BYTES, &body, &ignored) == ERR_NONE;
    /* What a service that used to speak another protocol called it then: "Code;Sender". */
    struct str older =
        http_header_get(response->headers, response->n_headers, "x-amzn-query-error");
    if (older.len > 0)
        type = str_slice(older, 0, str_index(older, ';'));
    if (type.len == 0 && parsed)
        type = json_get_str(body, "__type");
    if (type.len == 0 && parsed)
        type = json_get_str(body, "code");
    if (type.len > 0)
        fault->code = short_code(type);
    if (parsed)
        fault->message = json_get_str(body, "message");
    if (parsed && str_is_null(fault->message))
        fault->message = json_get_str(body, "Message");
    fault->foreign = fault->code.len == 0 && fault->message.len == 0 && response->body.len > 0 &&
                     !str_eq_z(str_trim(response->body), "{}");
}

/* S3's root is <Error>, the query protocol's is <ErrorResponse><Error>. */
static void read_xml(struct arena *arena, const struct http_response *response, struct fault *fault)
{
    struct xml *root = NULL;
    struct err ignored;
    fault->foreign = true;
    if (xml_parse(arena, str_trim(response->body), MAX_ERROR_BYTES, &root, &ignored) != ERR_NONE)
        return;
    const struct xml *error = str_eq_z(root->name, "Error") ? root : xml_get(root, "Error");
    if (error == NULL)
        return;
    fault->code = xml_get_text(error, "Code");
    fault->message = xml_get_text(error, "Message");
    fault->region = xml_get_text(error, "Region");
    fault->foreign = fault->code.len == 0;
    if (fault->request_id.len == 0)
        fault->request_id = xml_get_text(error, "RequestId");
    if (fault->request_id.len == 0)
        fault->request_id = xml_get_text(root, "RequestId");
}

static struct str read_request_id(struct arena *arena, const struct http_response *response)
{
    const struct http_header *headers = response->headers;
    struct str id = http_header_get(headers, response->n_headers, "x-amzn-requestid");
    if (id.len > 0)
        return id;
    id = http_header_get(headers, response->n_headers, "x-amz-request-id");
    struct str id2 = http_header_get(headers, response->n_headers, "x-amz-id-2");
    if (id.len > 0 && id2.len > 0)
        return str_fmt(arena, STR_FMT "/" STR_FMT, STR_ARG(id), STR_ARG(id2));
    return id;
}

struct fault
fault_read(struct arena *arena, enum aws_service service, const struct http_response *response)
{
    struct fault fault = {
        .status = response->status,
        .code = STR_NULL,
        .message = STR_NULL,
        .region = STR_NULL,
        .request_id = read_request_id(arena, response),
        .body_type = http_header_get(response->headers, response->n_headers, "content-type"),
    };
    bool by_header =
        http_header_get(response->headers, response->n_headers, "x-amzn-errortype").len > 0;
    if (response->body.len > 0 || by_header) {
        if (service == AWS_S3 || service == AWS_STS || service == AWS_IAM)
            read_xml(arena, response, &fault);
        else
            read_json(arena, response, &fault);
    }
    struct str region =
        http_header_get(response->headers, response->n_headers, "x-amz-bucket-region");
    if (region.len > 0)
        fault.region = region;
    return fault;
}

/* Server texts reach terminals and logs: no control characters. */
static void copy_plain(char *out, size_t size, struct str text)
{
    size_t len = text.len < size - 1 ? text.len : size - 1;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char) text.ptr[i];
        out[i] = c < 0x20 || c == 0x7F ? ' ' : text.ptr[i];
    }
    out[len] = '\0';
}

enum err_code
fault_unreadable(const char *operation, const char *format, const char *why, struct err *err)
{
    err_set(err, ERR_PROTOCOL, "the answer to %s is not %s: %s", operation, format, why);
    return err_hint(err, HINT_ENDPOINT);
}

enum err_code
fault_other_root(const char *operation, const char *wanted, struct str got, struct err *err)
{
    char name[64];
    copy_plain(name, sizeof(name), got);
    err_set(err, ERR_PROTOCOL, "the answer to %s is <%s>, not <%s>", operation, name, wanted);
    return err_hint(err, HINT_ENDPOINT);
}

bool fault_in_success(struct arena *arena, const struct http_response *response)
{
    struct xml *root = NULL;
    struct err ignored;
    /* S3 sends blanks to keep the connection alive before it knows the outcome. */
    struct str body = str_trim(response->body);
    return xml_parse(arena, body, MAX_ERROR_BYTES, &root, &ignored) != ERR_NONE ||
           str_eq_z(root->name, "Error");
}

bool fault_other_region(const struct fault *fault, const struct fault_context *context)
{
    if (context->service != AWS_S3)
        return false;
    bool differs = fault->region.len > 0 && !str_eq(fault->region, context->region);
    if (fault->status == 301 || fault->status == 302 || fault->status == 307)
        return true;
    return (differs && fault->status == 400) || str_eq_z(fault->code, "PermanentRedirect") ||
           (str_eq_z(fault->code, "IllegalLocationConstraintException"));
}

static enum err_code
other_region(const struct fault *fault, const struct fault_context *context, struct err *err)
{
    if (fault->region.len > 0)
        err_set(
            err, ERR_TERMINAL,
            "%s '" STR_FMT "': the bucket is in region '" STR_FMT "', not in '" STR_FMT "'",
            context->operation, STR_ARG(context->subject), STR_ARG(fault->region),
            STR_ARG(context->region));
    else
        err_set(
            err, ERR_TERMINAL,
            "%s '" STR_FMT "': the bucket is in another region than '" STR_FMT "'",
            context->operation, STR_ARG(context->subject), STR_ARG(context->region));
    return err_hint(
        err, "a multi-model endpoint reads only buckets of its own region: set region, or use "
             "another bucket");
}

static void hint_denied(const struct fault_context *context, struct err *err)
{
    char action[96];
    fault_action(context->service, context->operation, action, sizeof(action));
    const char *blank = context->subject.len > 0 ? " on " : "";
    bool owner_sent = context->service == AWS_S3 && context->account.len > 0;
    err_hint(
        err,
        owner_sent ? "the caller needs %s%s" STR_FMT
                     ", and the bucket must belong to account " STR_FMT
                   : "the caller needs %s%s" STR_FMT,
        action, blank, STR_ARG(context->subject), STR_ARG(context->account));
}

/* The answer to a HEAD has no body: S3 says 400 there, and nothing else. */
bool fault_is_expired(const struct fault *fault)
{
    if (fault->status == 400 && str_is_null(fault->code))
        return true;
    static const char *const s_codes[] = {
        "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"};
    for (size_t i = 0; i < ARRAY_LEN(s_codes); i++)
        if (str_eq_z(fault->code, s_codes[i]))
            return true;
    return false;
}

enum err_code
fault_err(const struct fault *fault, const struct fault_context *context, struct err *err)
{
    if (fault_other_region(fault, context)) {
        other_region(fault, context, err);
    } else {
        const char *hint;
        enum err_code code = fault_code(context->service, context->operation, fault, &hint);
        char said[640];
        if (fault->message.len > 0)
            copy_plain(said, sizeof(said), fault->message);
        else if (fault->code.len > 0)
            copy_plain(said, sizeof(said), fault->code);
        else if (fault->foreign)
            snprintf(
                said, sizeof(said), "HTTP status %d with a body that is not AWS's (" STR_FMT ")",
                fault->status,
                STR_ARG(
                    fault->body_type.len > 0 ? str_slice(fault->body_type, 0, 80)
                                             : STR("no Content-Type")));
        else
            snprintf(said, sizeof(said), "HTTP status %d", fault->status);
        if (context->subject.len > 0)
            err_set(
                err, code, "%s '" STR_FMT "': %s", context->operation, STR_ARG(context->subject),
                said);
        else
            err_set(err, code, "%s: %s", context->operation, said);
        if (hint != NULL)
            err_hint(err, "%s", hint);
        else if (code == ERR_DENIED)
            hint_denied(context, err);
        else if (code == ERR_TRANSIENT)
            err_hint(err, "the fault is on the other side and may pass: try again");
        else if (code == ERR_THROTTLED)
            err_hint(err, "too many requests at once: try again in a moment");
    }
    err->aws.http_status = fault->status;
    copy_plain(err->aws.code, sizeof(err->aws.code), fault->code);
    copy_plain(err->aws.request_id, sizeof(err->aws.request_id), fault->request_id);
    return err->code;
}
