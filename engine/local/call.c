/* Answering one request: read it, believe it, find its operation, run that, finish the answer. */
#include "engine/local/call.h"

#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/base/xml.h"
#include "engine/local/access.h"
#include "engine/local/auth.h"
#include "engine/local/faults.h"
#include "engine/local/input.h"
#include "engine/local/record_wire.h"
#include "engine/local/route.h"
#include "engine/local/world.h"

#include <stdarg.h>

enum { MAX_RESOURCE = 2048 };

void call_header(struct local_call *call, const char *name, struct str value)
{
    if (!str_is_null(value))
        httpd_add_header(call->arena, call->response, str_from(name), value);
}

struct str call_request_header(const struct local_call *call, const char *name)
{
    return httpd_header_get(call->http, name);
}

struct str call_param(const struct local_call *call, const char *name)
{
    const struct query_param *param = query_find(call->params, call->n_params, name);
    return param == NULL ? STR_NULL : param->value.ptr != NULL ? param->value : STR("");
}

bool call_has_param(const struct local_call *call, const char *name)
{
    return query_find(call->params, call->n_params, name) != NULL;
}

struct str call_arn(const struct local_call *call, const char *service, const char *fmt, ...)
{
    char resource[MAX_RESOURCE];
    va_list args;
    va_start(args, fmt);
    size_t len = str_vformat(resource, sizeof(resource), fmt, args);
    va_end(args);
    struct str parts[] = {
        STR("arn:aws"), str_from(service), call->region, call->account,
        str_of(resource, len < MAX_RESOURCE ? len : MAX_RESOURCE - 1)};
    return str_join(call->arena, parts, ARRAY_LEN(parts), STR(":"));
}

static void answer(struct local_call *call, int status, const char *type, struct str body)
{
    call->response->status = status;
    call->response->body = body;
    if (type != NULL)
        call_header(call, "Content-Type", str_from(type));
}

bool call_speaks_query(const struct local_call *call)
{
    return call->service == LOCAL_STS || call->service == LOCAL_IAM ||
           (call->service == LOCAL_CLOUDWATCH &&
            str_is_null(call_request_header(call, "x-amz-target")));
}

static const char *json_type(const struct local_call *call)
{
    if (call->service == LOCAL_CLOUDWATCH)
        return "application/x-amz-json-1.0";
    return call->service == LOCAL_RUNTIME || call->service == LOCAL_ADMIN
               ? "application/json"
               : "application/x-amz-json-1.1";
}

enum err_code call_json(struct local_call *call, const struct json *body)
{
    answer(call, 200, json_type(call), json_text(call->arena, body, JSON_COMPACT));
    return ERR_NONE;
}

enum err_code call_xml(struct local_call *call, struct str body)
{
    struct str text =
        str_fmt(call->arena, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" STR_FMT, STR_ARG(body));
    answer(call, 200, call->service == LOCAL_S3 ? "application/xml" : "text/xml", text);
    return ERR_NONE;
}

enum err_code call_empty(struct local_call *call, int status)
{
    answer(call, status, NULL, STR(""));
    return ERR_NONE;
}

static void fail_s3(struct local_call *call, int status, struct str code, struct str message)
{
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(1));
    buf_add_z(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
    xml_element(&xml, "Code", code);
    xml_element(&xml, "Message", message);
    if (!str_is_null(call->bucket))
        xml_element(&xml, "BucketName", call->bucket);
    if (!str_is_null(call->key))
        xml_element(&xml, "Key", call->key);
    xml_element(&xml, "Resource", call->path);
    xml_element(&xml, "RequestId", call->request_id);
    xml_element(&xml, "HostId", STR("mmectl-local"));
    buf_add_z(&xml, "</Error>");
    answer(call, status, "application/xml", str_dup(call->arena, buf_str(&xml)));
}

static void fail_query(struct local_call *call, int status, struct str code, struct str message)
{
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(1));
    buf_add_z(&xml, "<ErrorResponse><Error>");
    xml_element(&xml, "Type", status < 500 ? STR("Sender") : STR("Receiver"));
    xml_element(&xml, "Code", code);
    xml_element(&xml, "Message", message);
    buf_add_z(&xml, "</Error>");
    xml_element(&xml, "RequestId", call->request_id);
    buf_add_z(&xml, "</ErrorResponse>");
    answer(call, status, "text/xml", str_dup(call->arena, buf_str(&xml)));
}

static void fail_json(struct local_call *call, int status, struct str code, struct str message)
{
    struct json *body = json_object(call->arena);
    if (call->service == LOCAL_RUNTIME) {
        call_header(call, "x-amzn-ErrorType", code);
        json_put(call->arena, body, "Message", json_string(call->arena, message));
    } else {
        json_put(call->arena, body, "__type", json_string(call->arena, code));
        json_put(call->arena, body, "message", json_string(call->arena, message));
    }
    answer(call, status, json_type(call), json_text(call->arena, body, JSON_COMPACT));
}

static void fail_with(struct local_call *call, int status, struct str code, struct str message)
{
    call->failed = true;
    if (call->response->body_fd >= 0)
        fd_close(&call->response->body_fd);
    call->response->body_fd = -1;
    call->response->headers.len = 0;
    /* CloudWatch has a name of its own for what the others call a ValidationException. */
    if (call->service == LOCAL_CLOUDWATCH && str_eq(code, STR("ValidationException")))
        code = STR("ValidationError");
    if (call->service == LOCAL_S3)
        fail_s3(call, status, code, message);
    else if (call_speaks_query(call))
        fail_query(call, status, code, message);
    else
        fail_json(call, status, code, message);
}

enum err_code call_fail(struct local_call *call, int status, const char *code, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    size_t size = len < 0 ? 1 : (size_t) len + 1;
    char *message = arena_alloc(call->arena, size);
    vsnprintf(message, size, fmt, args);
    va_end(args);
    fail_with(call, status, str_from(code), str_of(message, size - 1));
    return ERR_NONE;
}

/* What went wrong here is ours; it is said, since whoever reads it runs this process. */
static void fail_internal(struct local_call *call, const struct err *err)
{
    log_write(
        LOG_LEVEL_WARN, "local", "%s %s: %s", call->op != NULL ? call->op->name : "a request",
        err_name(err->code), err->message);
    bool s3 = call->service == LOCAL_S3;
    struct str message = str_fmt(
        call->arena, "%s (%s)",
        s3 ? "We encountered an internal error. Please try again." : "Internal failure.",
        err->message);
    fail_with(call, 500, s3 ? STR("InternalError") : STR("InternalFailure"), message);
}

bool call_is_denied(const struct local_call *call, const char *action)
{
    struct str rest = call->caller != NULL ? call->caller->key.deny : STR_NULL, rule;
    while (str_split(&rest, ',', &rule)) {
        rule = str_trim(rule);
        bool prefix = rule.len > 0 && rule.ptr[rule.len - 1] == '*';
        if (prefix ? str_starts(str_from(action), str_slice(rule, 0, rule.len - 1))
                   : str_eq_z(rule, action))
            return true;
    }
    return false;
}

static bool has_op(struct local_call *call, struct str name)
{
    if (call->op != NULL)
        return true;
    if (call->service == LOCAL_S3)
        call_fail(
            call, 501, "NotImplemented",
            "A header or query you provided implies functionality that is not implemented.");
    else if (call_speaks_query(call))
        call_fail(call, 400, "InvalidAction", "Could not find operation " STR_FMT, STR_ARG(name));
    else
        call_fail(
            call, 404, "UnknownOperationException", "The stand-in has no operation '" STR_FMT "'",
            STR_ARG(name));
    return false;
}

static void run_op(struct local_call *call)
{
    UNFILLED struct err err;
    bool outside = (call->op->flags & OP_OUTSIDE) != 0;
    enum err_code code = outside ? ERR_NONE : world_enter(call->local, &err);
    if (code != ERR_NONE) {
        fail_internal(call, &err);
        return;
    }
    code = call->op->handler(call, &err);
    if (outside) {
        if (code != ERR_NONE)
            fail_internal(call, &err);
        return;
    }
    /* A statement that failed outweighs what the handler made of it. */
    if (db_failed(call->db) || (code == ERR_NONE && !call->failed))
        code = world_leave(call->local, &err);
    else
        world_abandon(call->local);
    if (code != ERR_NONE)
        fail_internal(call, &err);
}

static void answer_call(struct local_call *call)
{
    UNFILLED struct auth auth;
    struct str name;
    auth_read(call, &auth);
    bool claimed = auth.state == AUTH_CLAIMED;
    if (claimed)
        call->region = auth.claim.region;
    if (!route_read(call, claimed ? auth.claim.service : STR_NULL, &name))
        return;
    /* What it is meant to be, also when it is refused: for the record and the log. */
    call->op = str_is_null(name) ? NULL : local_op_find(call->service, name);
    bool open = (call->service == LOCAL_ADMIN && str_eq(name, STR("identity"))) ||
                (call->op != NULL && (call->op->flags & OP_OPEN) != 0);
    local_fault_clock(call);
    if (!open && !auth_check(call, &auth))
        return;
    if (call->http->body_errno != 0) {
        UNFILLED struct err err;
        err_errno(&err, call->http->body_errno, "keeping the body of a request");
        fail_internal(call, &err);
        return;
    }
    if (has_op(call, name) && input_read(call) && access_check(call) && !local_fault_check(call) &&
        input_check(call))
        run_op(call);
}

/* Ids and the date in the form of the service; a HEAD loses the body of an error. */
static void finish(struct local_call *call)
{
    call_header(call, "Date", time_http(call->arena, call->now_ms + call->skew_ms));
    if (call->service == LOCAL_S3) {
        call_header(call, "Server", STR("AmazonS3"));
        call_header(call, "x-amz-request-id", call->request_id);
        call_header(call, "x-amz-id-2", STR("mmectl-local"));
    } else {
        call_header(call, "x-amzn-RequestId", call->request_id);
    }
    call->response->delay_ms = local_answer_delay_ms(call) + call->slow_ms;
    call->response->cut = call->cut;
    if (!str_eq(call->http->method, STR("HEAD")))
        return;
    call->response->head_only = true;
    if (call->failed)
        call->response->body = STR("");
}

void local_handle(
    struct local *local,
    struct arena *arena,
    const struct httpd_request *request,
    struct httpd_response *response)
{
    response->body_fd = -1;
    struct local_call call = {
        .local = local,
        .arena = arena,
        .http = request,
        .response = response,
        .db = local->db,
        .now_ms = clock_wall_ms(local->options.clock),
        .service = LOCAL_S3,
        .request_id = world_new_uuid(local, arena),
        .account = local->account,
        .region = STR("us-east-1"),
    };
    answer_call(&call);
    finish(&call);
    if (local->options.record != NULL)
        record_wire_add(local->options.record, &call);
    log_debug(
        "local", STR_FMT " " STR_FMT " %s: %d", STR_ARG(request->method), STR_ARG(request->target),
        call.op != NULL ? call.op->name : "-", response->status);
}

void local_request_digest(struct httpd_request *request)
{
    request->body_len = request->body.len;
    request->body_sha256 = sha256_of(request->body);
    request->body_md5 = md5_of(request->body);
}
