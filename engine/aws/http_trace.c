#include "engine/aws/http_trace.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"

#define MAX_TEXT KIB(256)

struct http_trace {
    struct http_transport base;
    struct http_transport *inner;
    http_trace_fn *sink;
    void *sink_arg;
};

/* To hide another one: its name here, in lower case. */
static const char *const s_secret_headers[] = {
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "x-amz-security-token",
    "x-amz-sso_bearer_token",
    "x-aws-ec2-metadata-token",
};
static const char *const s_secret_params[] = {
    "X-Amz-Credential=", "X-Amz-Security-Token=", "X-Amz-Signature="};

static void add_plain(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char) text.ptr[i];
        if (c < 0x20 || c == 0x7F)
            buf_fmt(out, "\\x%02x", c);
        else
            buf_add_char(out, text.ptr[i]);
    }
}

static bool is_secret_header(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(s_secret_headers); i++)
        if (str_eq_nocase(name, str_from(s_secret_headers[i])))
            return true;
    return false;
}

static void add_headers(struct buf *out, char mark, const struct http_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_fmt(out, "%c ", mark);
        add_plain(out, headers[i].name);
        if (is_secret_header(headers[i].name)) {
            buf_fmt(out, ": (%zu bytes hidden)\n", headers[i].value.len);
            continue;
        }
        buf_add_z(out, ": ");
        add_plain(out, headers[i].value);
        buf_add_char(out, '\n');
    }
}

/* The values of signing parameters are left out. */
static void add_url(struct buf *out, struct str url)
{
    size_t question = str_index(url, '?');
    add_plain(out, str_slice(url, 0, question));
    if (question == SIZE_MAX)
        return;
    struct str rest = str_from_index(url, question + 1), part;
    char separator = '?';
    while (str_split(&rest, '&', &part)) {
        buf_add_char(out, separator);
        separator = '&';
        struct str shown = part;
        for (size_t i = 0; i < ARRAY_LEN(s_secret_params); i++)
            if (str_starts(part, str_from(s_secret_params[i])))
                shown = str_from(s_secret_params[i]);
        add_plain(out, shown);
        if (shown.len < part.len)
            buf_fmt(out, "(%zu bytes hidden)", part.len - shown.len);
    }
}

static enum err_code trace_send(
    struct http_transport *transport,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err)
{
    struct http_trace *self = (struct http_trace *) transport;
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_TEXT);
    buf_add_z(&text, "> ");
    add_plain(&text, request->method);
    buf_add_char(&text, ' ');
    add_url(&text, request->url);
    buf_fmt(&text, " (%zu bytes)\n", request->body.len);
    add_headers(&text, '>', request->headers, request->n_headers);
    self->sink(self->sink_arg, buf_str(&text));

    enum err_code code = http_send(self->inner, arena, request, ret_response, err);
    buf_clear(&text);
    buf_add_z(&text, "< ");
    if (code != ERR_NONE) {
        add_plain(&text, str_from(err->message));
        buf_add_char(&text, '\n');
    } else {
        buf_fmt(
            &text, "%d in %lld.%01lld ms (%zu bytes)\n", ret_response->status,
            (long long) (ret_response->total_us / 1000),
            (long long) (ret_response->total_us % 1000 / 100), ret_response->body.len);
        add_headers(&text, '<', ret_response->headers, ret_response->n_headers);
    }
    self->sink(self->sink_arg, buf_str(&text));
    return code;
}

static void trace_close(struct http_transport *transport)
{
    xfree(transport);
}

static const struct http_transport_ops s_trace_ops = {
    .name = "trace", .send = trace_send, .close = trace_close};

struct http_transport *
http_trace_new(struct http_transport *inner, http_trace_fn *sink, void *sink_arg)
{
    struct http_trace *self = xmalloc(sizeof(*self));
    *self = (struct http_trace){
        .base = {&s_trace_ops}, .inner = inner, .sink = sink, .sink_arg = sink_arg};
    return &self->base;
}
