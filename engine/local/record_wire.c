#include "engine/local/record_wire.h"

#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/base/utf8.h"
#include "engine/local/route.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

#define MAX_LINE_BYTES MIB(32) /* two bodies, each of their bytes escaped */

struct record_wire {
    int fd;
    atomic_bool broken;
};

enum err_code record_wire_open(const char *path, struct record_wire **out, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        err_errno(err, errno, "opening '%s'", path);
        return err_hint(err, "requests are recorded in a file that can be written to");
    }
    struct record_wire *record = xmalloc(sizeof(*record));
    record->fd = fd;
    atomic_init(&record->broken, false);
    *out = record;
    return ERR_NONE;
}

void record_wire_close(struct record_wire *record)
{
    if (record == NULL)
        return;
    fd_close(&record->fd);
    xfree(record);
}

/* Whoever reads the record must not be able to act as the caller, nor to send the request again. */
static bool is_secret_header(struct str name)
{
    static const char *const s_secret[] = {
        "authorization", "proxy-authorization", "x-amz-security-token", "cookie", "set-cookie"};
    for (size_t i = 0; i < ARRAY_LEN(s_secret); i++)
        if (str_eq_nocase(name, str_from(s_secret[i])))
            return true;
    /* x-amz-server-side-encryption-customer-key and its copy-source twin are keys in plain text. */
    return str_find(name, STR("-customer-key")) != SIZE_MAX;
}

static bool is_secret_param(struct str param)
{
    static const char *const s_secret[] = {
        "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "Signature",
        "AWSAccessKeyId"};
    struct str name = str_slice(param, 0, str_index(param, '='));
    for (size_t i = 0; i < ARRAY_LEN(s_secret); i++)
        if (str_eq_nocase(name, str_from(s_secret[i])))
            return true;
    return false;
}

static struct str clean_query(struct arena *arena, struct str query)
{
    struct str rest = query, param, out = STR("");
    while (str_split(&rest, '&', &param))
        if (!is_secret_param(param))
            out = str_fmt(
                arena, STR_FMT "%s" STR_FMT, STR_ARG(out), out.len > 0 ? "&" : "", STR_ARG(param));
    return out;
}

static bool is_text(struct str bytes)
{
    for (size_t at = 0; at < bytes.len;) {
        size_t len = bytes.ptr[at] != '\0' ? utf8_char_len(bytes, at) : 0;
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

static struct json *text_node(struct arena *arena, struct str text)
{
    return is_text(text) ? json_string(arena, text)
                         : json_string(arena, base64_of(arena, text.ptr, text.len));
}

static struct json *
headers_node(struct arena *arena, const struct httpd_header *items, size_t count)
{
    struct json *out = json_object(arena);
    for (size_t i = 0; i < count; i++) {
        struct str name = str_lower(arena, items[i].name), value = items[i].value;
        if (is_secret_header(name) || !is_text(name))
            continue;
        JSON_EACH (earlier, out) {
            if (str_eq(earlier->key, name))
                value = str_fmt(
                    arena, STR_FMT ", " STR_FMT, STR_ARG(json_str(earlier)), STR_ARG(value));
        }
        json_set(arena, out, name, text_node(arena, value));
    }
    return out;
}

/* Its first bytes; without moving the file's offset, which the sender of an answer needs. */
static struct str read_part(struct arena *arena, int fd, uint64_t offset, uint64_t len)
{
    size_t want = (size_t) (len < RECORD_BODY_BYTES ? len : RECORD_BODY_BYTES), got = 0;
    char *bytes = arena_alloc(arena, want + 1);
    while (got < want) {
        ssize_t n = pread(fd, bytes + got, want - got, (off_t) (offset + got));
        if (n <= 0)
            break;
        got += (size_t) n;
    }
    return str_of(bytes, got);
}

/* A character that the cut goes through does not make it bytes. */
static struct str whole_characters(struct str text)
{
    for (size_t back = 0; back < 4 && back < text.len; back++) {
        struct str shorter = str_slice(text, 0, text.len - back);
        if (is_text(shorter))
            return shorter;
    }
    return text;
}

static struct json *body_node(struct arena *arena, struct str bytes, uint64_t len)
{
    struct json *out = json_object(arena);
    bool cut = bytes.len > RECORD_BODY_BYTES || bytes.len < len;
    if (cut)
        bytes = whole_characters(str_slice(bytes, 0, RECORD_BODY_BYTES));
    json_put(arena, out, "bytes", json_int(arena, (int64_t) len));
    if (is_text(bytes))
        json_put(arena, out, "text", json_string(arena, bytes));
    else
        json_put(arena, out, "base64", json_string(arena, base64_of(arena, bytes.ptr, bytes.len)));
    if (cut)
        json_put(arena, out, "cut", json_bool(arena, true));
    return out;
}

/* What is between two marks, or behind the first up to the second or the end. */
static struct str hide(struct arena *arena, struct str text, const char *from, const char *to)
{
    size_t start = str_find(text, str_from(from));
    if (start == SIZE_MAX)
        return text;
    start += strlen(from);
    size_t len = str_find(str_from_index(text, start), str_from(to));
    size_t end = len == SIZE_MAX ? text.len : start + len;
    return str_fmt(
        arena, STR_FMT "hidden" STR_FMT, STR_ARG(str_slice(text, 0, start)),
        STR_ARG(str_from_index(text, end)));
}

/* STS takes and gives what makes a caller. */
static struct str without_secrets(const struct local_call *call, struct str body)
{
    if (call->op == NULL || call->service != LOCAL_STS)
        return body;
    body = hide(call->arena, body, "WebIdentityToken=", "&");
    body = hide(call->arena, body, "<SecretAccessKey>", "<");
    return hide(call->arena, body, "<SessionToken>", "<");
}

static struct json *request_body(const struct local_call *call)
{
    struct arena *arena = call->arena;
    const struct httpd_request *request = call->http;
    struct str body = without_secrets(call, request->body);
    bool spooled = request->body_fd >= 0 && request->body_len > request->body.len;
    return spooled ? body_node(
                         arena, read_part(arena, request->body_fd, 0, request->body_len),
                         request->body_len)
                   : body_node(arena, body, body.len);
}

static struct json *answer_body(const struct local_call *call)
{
    struct arena *arena = call->arena;
    const struct httpd_response *response = call->response;
    if (response->head_only)
        return NULL;
    struct str body = without_secrets(call, response->body);
    if (response->body_fd < 0)
        return body_node(arena, body, body.len);
    return body_node(
        arena, read_part(arena, response->body_fd, response->body_offset, response->body_len),
        response->body_len);
}

static struct json *exchange_node(const struct local_call *call)
{
    struct arena *arena = call->arena;
    const struct httpd_request *request = call->http;
    const struct httpd_response *response = call->response;
    size_t mark = str_index(request->target, '?');
    struct str query = mark == SIZE_MAX ? STR("") : str_from_index(request->target, mark + 1);
    struct json *out = json_object(arena);
    json_put(arena, out, "time", json_string(arena, time_iso_ms(arena, call->now_ms)));
    if (call->op != NULL) {
        const char *service = call->service == LOCAL_RUNTIME ? "sagemaker-runtime" : NULL;
        json_put(
            arena, out, "service",
            json_string(
                arena, service != NULL ? str_from(service) : service_sign_name(call->service)));
        json_put(arena, out, "operation", json_z(arena, call->op->name));
    }
    json_put(arena, out, "method", text_node(arena, request->method));
    json_put(arena, out, "path", text_node(arena, str_slice(request->target, 0, mark)));
    json_put(arena, out, "query", text_node(arena, clean_query(arena, query)));
    json_put(arena, out, "headers", headers_node(arena, request->headers, request->n_headers));
    json_put(arena, out, "body", request_body(call));
    json_put(arena, out, "status", json_int(arena, response->status));
    struct json *answer = json_object(arena);
    json_put(
        arena, answer, "headers",
        headers_node(arena, response->headers.items, response->headers.len));
    json_put(arena, answer, "body", answer_body(call));
    json_put(arena, out, "answer", answer);
    return out;
}

void record_wire_add(struct record_wire *record, const struct local_call *call)
{
    if (call->service == LOCAL_ADMIN || atomic_load(&record->broken))
        return;
    AUTO(buf_done) struct buf line = BUF_INIT(MAX_LINE_BYTES);
    json_write(&line, exchange_node(call), JSON_COMPACT);
    buf_add_char(&line, '\n');
    if (buf_ok(&line) && write(record->fd, line.ptr, line.len) == (ssize_t) line.len)
        return;
    if (!atomic_exchange(&record->broken, true))
        log_write(LOG_LEVEL_WARN, "local", "requests are recorded no more: a write failed");
}
