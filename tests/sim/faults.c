#include "tests/sim/faults.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"

enum fault_way {
    WAY_NOT_SENT,      /* no connection */
    WAY_LOST_REQUEST,  /* the connection broke before it arrived */
    WAY_LOST_ANSWER,   /* ... after it took effect */
    WAY_SLOW_REQUEST,  /* the deadline passed, and it never arrived */
    WAY_SLOW_ANSWER,   /* the deadline passed, and it took effect */
    WAY_UNTRUSTED,     /* TLS */
    WAY_TOO_BIG,       /* the answer is larger than allowed */
    WAY_REFUSED,       /* an error instead of an effect */
    WAY_REFUSED_AFTER, /* an error though it took effect */
    WAY_TWICE,         /* delivered twice, the second answer counts */
    WAY_TWICE_FIRST,   /* delivered twice, the first answer counts */
    WAY_LATE_AGAIN,    /* delivered once more, three requests later */
    WAY_EMPTY_PAGE,    /* a page with nothing but a token before the real one */
    WAY_SAME_PAGE,     /* the page twice */
    WAY_MANGLED,       /* the answer is changed */
};

enum mangle {
    MANGLE_NONE,
    MANGLE_HALF,
    MANGLE_GARBAGE,
    MANGLE_BOM,
    MANGLE_NUL,
    MANGLE_ETAG,
    MANGLE_ENUM,
    MANGLE_FIELDS,
    MANGLE_LENGTH,
    MANGLE_ERROR,
};

struct fault {
    const char *name;
    enum fault_way way;
    int status;
    const char *code; /* AWS's */
    enum mangle mangle;
};

static const struct fault s_faults[] = {
    {"dns", WAY_NOT_SENT, 0, "could not resolve host", 0},
    {"refused", WAY_NOT_SENT, 0, "connection refused", 0},
    {"tls", WAY_UNTRUSTED, 0, "certificate has expired", 0},
    {"reset-before", WAY_LOST_REQUEST, 0, "connection reset by peer", 0},
    {"reset-after", WAY_LOST_ANSWER, 0, "connection reset by peer", 0},
    {"timeout-before", WAY_SLOW_REQUEST, 0, "did not answer in time", 0},
    {"timeout-after", WAY_SLOW_ANSWER, 0, "did not answer in time", 0},
    {"slow-drip", WAY_SLOW_ANSWER, 0, "less than 1 KB/s", 0},
    {"truncated", WAY_LOST_ANSWER, 0, "transfer closed with bytes remaining", 0},
    {"cut-body", WAY_MANGLED, 0, NULL, MANGLE_HALF},
    {"wrong-length", WAY_MANGLED, 0, NULL, MANGLE_LENGTH},
    {"error-in-200", WAY_MANGLED, 0, NULL, MANGLE_ERROR},
    {"500", WAY_REFUSED, 500, "InternalError", 0},
    {"500-after", WAY_REFUSED_AFTER, 500, "InternalError", 0},
    {"502", WAY_REFUSED, 502, "BadGateway", 0},
    {"503", WAY_REFUSED, 503, "ServiceUnavailable", 0},
    {"504", WAY_REFUSED, 504, "GatewayTimeout", 0},
    {"504-after", WAY_REFUSED_AFTER, 504, "GatewayTimeout", 0},
    {"slow-down", WAY_REFUSED, 503, "SlowDown", 0},
    {"throttling", WAY_REFUSED, 400, "Throttling", 0},
    {"throttling-exception", WAY_REFUSED, 400, "ThrottlingException", 0},
    {"throttled-exception", WAY_REFUSED, 400, "ThrottledException", 0},
    {"request-throttled-exception", WAY_REFUSED, 400, "RequestThrottledException", 0},
    {"too-many-requests", WAY_REFUSED, 429, "TooManyRequestsException", 0},
    {"throughput-exceeded", WAY_REFUSED, 400, "ProvisionedThroughputExceededException", 0},
    {"transaction-in-progress", WAY_REFUSED, 400, "TransactionInProgressException", 0},
    {"request-limit", WAY_REFUSED, 503, "RequestLimitExceeded", 0},
    {"bandwidth-limit", WAY_REFUSED, 503, "BandwidthLimitExceeded", 0},
    {"limit-exceeded", WAY_REFUSED, 400, "LimitExceededException", 0},
    {"request-throttled", WAY_REFUSED, 400, "RequestThrottled", 0},
    {"prior-request", WAY_REFUSED, 400, "PriorRequestNotComplete", 0},
    {"ec2-throttled", WAY_REFUSED, 503, "EC2ThrottledException", 0},
    {"expired-token", WAY_REFUSED, 400, "ExpiredToken", 0},
    {"too-skewed", WAY_REFUSED, 403, "RequestTimeTooSkewed", 0},
    {"403", WAY_REFUSED, 403, "AccessDenied", 0},
    {"404", WAY_REFUSED, 404, NULL, 0},
    {"409", WAY_REFUSED, 409, "OperationAborted", 0},
    {"412", WAY_REFUSED, 412, "PreconditionFailed", 0},
    {"301", WAY_REFUSED, 301, "PermanentRedirect", 0},
    {"307", WAY_REFUSED, 307, "TemporaryRedirect", 0},
    {"garbage", WAY_MANGLED, 0, NULL, MANGLE_GARBAGE},
    {"huge-body", WAY_TOO_BIG, 0, NULL, 0},
    {"twice", WAY_TWICE, 0, NULL, 0},
    {"twice-first", WAY_TWICE_FIRST, 0, NULL, 0},
    {"late-again", WAY_LATE_AGAIN, 0, NULL, 0},
    {"empty-page", WAY_EMPTY_PAGE, 0, NULL, 0},
    {"same-page", WAY_SAME_PAGE, 0, NULL, 0},
    {"garbage-etag", WAY_MANGLED, 0, NULL, MANGLE_ETAG},
    {"unknown-enum", WAY_MANGLED, 0, NULL, MANGLE_ENUM},
    {"new-fields", WAY_MANGLED, 0, NULL, MANGLE_FIELDS},
    {"bom", WAY_MANGLED, 0, NULL, MANGLE_BOM},
    {"nul", WAY_MANGLED, 0, NULL, MANGLE_NUL},
};

#define PAGE_TOKEN "simulatedpage"

size_t fault_count(void)
{
    return ARRAY_LEN(s_faults);
}

const struct fault *fault_at(size_t index)
{
    return &s_faults[index];
}

const char *fault_name(const struct fault *fault)
{
    return fault->name;
}

const struct fault *fault_named(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(s_faults); i++)
        if (str_eq_z(name, s_faults[i].name))
            return &s_faults[i];
    return NULL;
}

/* ---- answers ---- */

static bool is_json(const struct http_request *request)
{
    return wire_operation(request).len > 0;
}

static bool is_list(const struct http_request *request)
{
    return str_starts(wire_operation(request), STR("List")) ||
           str_find(request->url, STR("list-type=2")) != SIZE_MAX;
}

static void
add_header(struct arena *arena, struct http_response *response, struct str name, struct str value)
{
    struct http_header *headers = ARENA_ARRAY(arena, response->n_headers + 1, struct http_header);
    size_t n = 0;
    for (size_t i = 0; i < response->n_headers; i++)
        if (!str_eq_nocase(response->headers[i].name, name))
            headers[n++] = response->headers[i];
    headers[n++] = (struct http_header){name, value};
    response->headers = headers;
    response->n_headers = n;
}

static void refuse(
    const struct wire *wire,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *response)
{
    const struct fault *fault = wire->fault;
    *response = (struct http_response){.status = fault->status, .body = STR("")};
    add_header(arena, response, STR("Date"), time_http(arena, wire->account->now_ms));
    if (fault->code == NULL) {
        response->body = STR("<html><body>not found</body></html>");
        return;
    }
    if (is_json(request))
        response->body = str_fmt(arena, "{\"__type\":\"%s\",\"message\":\"no\"}", fault->code);
    else if (!str_eq(request->method, STR("HEAD")))
        response->body = str_fmt(
            arena,
            "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>no</Message>"
            "<RequestId>1</RequestId></Error>",
            fault->code);
}

static struct str replaced(struct arena *arena, struct str text, const char *find, const char *with)
{
    size_t at = str_find(text, str_from(find));
    if (at == SIZE_MAX)
        return text;
    return str_fmt(
        arena, STR_FMT "%s" STR_FMT, STR_ARG(str_slice(text, 0, at)), with,
        STR_ARG(str_from_index(text, at + strlen(find))));
}

static struct str unknown_words(struct arena *arena, struct str body)
{
    static const char *const statuses[] = {"\"InService\"", "\"Creating\"",   "\"Updating\"",
                                           "\"Completed\"", "\"InProgress\"", "\"MultiModel\""};
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        body = replaced(arena, body, statuses[i], "\"Reticulating\"");
    return body;
}

static struct str with_nul(struct arena *arena, struct str body)
{
    char *copy = arena_alloc(arena, body.len + 1);
    size_t half = body.len / 2;
    memcpy(copy, body.ptr, half);
    copy[half] = '\0';
    memcpy(copy + half + 1, body.ptr + half, body.len - half);
    return str_of(copy, body.len + 1);
}

static void mangle(
    struct arena *arena,
    const struct http_request *request,
    enum mangle how,
    struct http_response *response)
{
    struct str body = response->body;
    switch (how) {
    case MANGLE_HALF:
        response->body.len /= 2;
        break;
    case MANGLE_GARBAGE:
        response->body = body.len > 0 ? STR("<<<{{{ \xff\xfe not an answer") : body;
        break;
    case MANGLE_BOM:
        response->body = str_fmt(arena, "\xef\xbb\xbf" STR_FMT, STR_ARG(body));
        break;
    case MANGLE_NUL:
        response->body = body.len > 0 ? with_nul(arena, body) : body;
        break;
    case MANGLE_ETAG:
        add_header(arena, response, STR("ETag"), STR("W/garbage"));
        break;
    case MANGLE_ENUM:
        response->body = unknown_words(arena, body);
        break;
    case MANGLE_FIELDS:
        response->body =
            is_json(request)
                ? replaced(arena, body, "{", "{\"NewThing\":{\"Deep\":[1,{\"Er\":null}]},")
                : replaced(arena, body, "</", "<NewThing>1</NewThing></");
        if (is_json(request) && str_eq_z(body, "{}"))
            response->body = body;
        break;
    case MANGLE_LENGTH:
        add_header(arena, response, STR("Content-Length"), STR("99999999"));
        break;
    case MANGLE_ERROR:
        response->body = STR("<Error><Code>InternalError</Code><Message>no</Message></Error>");
        break;
    case MANGLE_NONE:
        break;
    }
}

/* ---- pages ---- */

static struct str empty_page(struct arena *arena, const struct http_request *request)
{
    if (!is_json(request))
        return STR("<?xml version=\"1.0\"?><ListBucketResult><Name>" SIM_BUCKET "</Name>"
                   "<KeyCount>0</KeyCount><IsTruncated>true</IsTruncated>"
                   "<NextContinuationToken>" PAGE_TOKEN "</NextContinuationToken>"
                   "</ListBucketResult>");
    /* ListModels -> Models */
    struct str things = str_from_index(wire_operation(request), 4);
    return str_fmt(arena, "{\"" STR_FMT "\":[],\"NextToken\":\"" PAGE_TOKEN "\"}", STR_ARG(things));
}

static struct str
with_token(struct arena *arena, const struct http_request *request, struct str body)
{
    if (is_json(request))
        return replaced(
            arena, body, "{",
            str_eq_z(body, "{}") ? "{\"NextToken\":\"" PAGE_TOKEN "\""
                                 : "{\"NextToken\":\"" PAGE_TOKEN "\",");
    return replaced(
        arena, body, "<IsTruncated>false</IsTruncated>",
        "<IsTruncated>true</IsTruncated><NextContinuationToken>" PAGE_TOKEN
        "</NextContinuationToken>");
}

/* What must outlive the call's arena. */
static struct http_response keep_page(struct wire *wire, const struct http_response *page)
{
    struct arena *arena = wire->account->arena;
    struct http_response copy = *page;
    copy.body = str_dup(arena, page->body);
    copy.headers = ARENA_ARRAY(arena, page->n_headers, struct http_header);
    for (size_t i = 0; i < page->n_headers; i++)
        copy.headers[i] = (struct http_header){
            str_dup(arena, page->headers[i].name), str_dup(arena, page->headers[i].value)};
    return copy;
}

bool fault_continues(
    struct wire *wire, const struct http_request *request, struct http_response *ret_response)
{
    if (!wire->later.has_page || (str_find(request->url, STR(PAGE_TOKEN)) == SIZE_MAX &&
                                  str_find(request->body, STR(PAGE_TOKEN)) == SIZE_MAX))
        return false;
    wire->later.has_page = false;
    *ret_response = wire->later.page;
    return true;
}

static struct http_request keep_request(struct wire *wire, const struct http_request *request)
{
    struct arena *arena = wire->account->arena;
    struct http_request copy = *request;
    copy.method = str_dup(arena, request->method);
    copy.url = str_dup(arena, request->url);
    copy.body = str_dup(arena, request->body);
    copy.headers = ARENA_ARRAY(arena, request->n_headers, struct http_header);
    for (size_t i = 0; i < request->n_headers; i++)
        copy.headers[i] = (struct http_header){
            str_dup(arena, request->headers[i].name), str_dup(arena, request->headers[i].value)};
    return copy;
}

/* ---- playing ---- */

static enum err_code broken(struct wire *wire, bool not_sent, struct err *err)
{
    err_set(err, ERR_TRANSIENT, "%s", wire->fault->code);
    err->aws.not_sent = not_sent;
    return ERR_TRANSIENT;
}

static enum err_code
too_slow(struct wire *wire, const struct http_request *request, struct err *err)
{
    loop_sleep_ms(wire->loop, request->timeout_ms > 0 ? request->timeout_ms : 30000);
    return err_set(err, ERR_TIMEOUT, "%s", wire->fault->code);
}

static enum err_code play_answer(
    struct wire *wire,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *response,
    struct err *err)
{
    const struct fault *fault = wire->fault;
    struct http_response first = *response;
    switch (fault->way) {
    case WAY_LOST_ANSWER:
        return broken(wire, false, err);
    case WAY_SLOW_ANSWER:
        return too_slow(wire, request, err);
    case WAY_TOO_BIG:
        return err_set(err, ERR_PROTOCOL, "the answer is larger than allowed");
    case WAY_REFUSED_AFTER:
        refuse(wire, arena, request, response);
        break;
    case WAY_TWICE:
        return wire_deliver(wire, arena, request, response, err);
    case WAY_TWICE_FIRST:
        return wire_deliver(wire, arena, request, &first, err);
    case WAY_LATE_AGAIN:
        wire->later.again = keep_request(wire, request);
        wire->later.again_at = wire->requests + 3;
        break;
    case WAY_EMPTY_PAGE:
    case WAY_SAME_PAGE:
        wire->later.page = keep_page(wire, response);
        wire->later.has_page = true;
        response->body = fault->way == WAY_EMPTY_PAGE ? empty_page(arena, request)
                                                      : with_token(arena, request, response->body);
        break;
    case WAY_MANGLED:
        wire->account->etag_lied = wire->account->etag_lied || fault->mangle == MANGLE_ETAG;
        mangle(arena, request, fault->mangle, response);
        break;
    case WAY_NOT_SENT:
    case WAY_LOST_REQUEST:
    case WAY_SLOW_REQUEST:
    case WAY_UNTRUSTED:
    case WAY_REFUSED:
        break;
    }
    return ERR_NONE;
}

enum err_code fault_play(
    struct wire *wire,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err)
{
    switch (wire->fault->way) {
    case WAY_NOT_SENT:
        return broken(wire, true, err);
    case WAY_LOST_REQUEST:
        return broken(wire, false, err);
    case WAY_SLOW_REQUEST:
        return too_slow(wire, request, err);
    case WAY_UNTRUSTED:
        return err_set(err, ERR_TERMINAL, "cannot be trusted: %s", wire->fault->code);
    case WAY_REFUSED:
        refuse(wire, arena, request, ret_response);
        return ERR_NONE;
    case WAY_LOST_ANSWER:
    case WAY_SLOW_ANSWER:
    case WAY_TOO_BIG:
    case WAY_REFUSED_AFTER:
    case WAY_TWICE:
    case WAY_TWICE_FIRST:
    case WAY_LATE_AGAIN:
    case WAY_EMPTY_PAGE:
    case WAY_SAME_PAGE:
    case WAY_MANGLED:
        break;
    }
    enum err_code code = wire_deliver(wire, arena, request, ret_response, err);
    if (code != ERR_NONE)
        return code;
    return play_answer(wire, arena, request, ret_response, err);
}

bool fault_is_late(const struct fault *fault)
{
    return fault->way == WAY_LATE_AGAIN;
}

bool fault_is_untrue(const struct fault *fault)
{
    return fault->status == 403 || fault->status == 404 || fault->status == 412 ||
           fault->mangle == MANGLE_ETAG;
}

bool fault_applies(const struct fault *fault, const struct http_request *request)
{
    bool list = is_list(request), json = is_json(request);
    if (fault->way == WAY_EMPTY_PAGE || fault->way == WAY_SAME_PAGE)
        return list && !str_eq(wire_operation(request), STR("ListTags"));
    if (fault->mangle == MANGLE_ERROR)
        return !json && str_eq(request->method, STR("PUT"));
    if (fault->mangle == MANGLE_ENUM)
        return json;
    return true;
}
