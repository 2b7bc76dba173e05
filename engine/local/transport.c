#include "engine/local/transport.h"

#include "engine/base/file.h"
#include "engine/base/uri.h"

#include <errno.h>
#include <unistd.h>

enum { DEFAULT_MAX_BODY = 64 * 1024 * 1024 };

struct local_transport {
    struct http_transport base;
    struct local *local;
};

/* Bodies that a server would send from a file. */
static enum err_code
body_read(struct arena *arena, struct httpd_response *answer, struct str *out, struct err *err)
{
    *out = answer->body;
    if (answer->body_fd < 0)
        return ERR_NONE;
    char *bytes = arena_alloc(arena, (size_t) answer->body_len + 1);
    for (uint64_t done = 0; done < answer->body_len;) {
        ssize_t n = pread(
            answer->body_fd, bytes + done, (size_t) (answer->body_len - done),
            (off_t) (answer->body_offset + done));
        if (n <= 0 && errno != EINTR)
            return err_errno(err, n < 0 ? errno : EIO, "reading an object");
        done += n > 0 ? (uint64_t) n : 0;
    }
    *out = str_of(bytes, (size_t) answer->body_len);
    return ERR_NONE;
}

static bool has_host(const struct http_request *request)
{
    return !str_is_null(http_header_get(request->headers, request->n_headers, "host"));
}

static void headers_set(
    struct arena *arena,
    struct httpd_request *wire,
    const struct http_request *request,
    const struct url *url)
{
    wire->headers = ARENA_ARRAY(arena, request->n_headers + 1, struct httpd_header);
    for (size_t i = 0; i < request->n_headers; i++)
        wire->headers[wire->n_headers++] =
            (struct httpd_header){request->headers[i].name, request->headers[i].value};
    if (!has_host(request)) {
        struct str host = url->port_given
                              ? str_fmt(arena, STR_FMT ":%u", STR_ARG(url->host), url->port)
                              : url->host;
        wire->headers[wire->n_headers++] = (struct httpd_header){STR("Host"), host};
    }
    wire->host = httpd_header_get(wire, "host");
}

static enum err_code transport_send(
    struct http_transport *self,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err)
{
    struct local_transport *transport = (struct local_transport *) self;
    struct url url;
    enum err_code code = url_parse(request->url, &url, err);
    if (code != ERR_NONE)
        return code;
    struct str target = url.path;
    if (url.query.len > 0)
        target = str_join(arena, (struct str[]){url.path, url.query}, 2, STR("?"));
    struct httpd_request wire = {
        .method = request->method, .target = target, .body = request->body, .body_fd = -1};
    headers_set(arena, &wire, request, &url);
    local_request_digest(&wire);
    struct httpd_response answer = {.body_fd = -1};
    local_handle(transport->local, arena, &wire, &answer);
    if (answer.cut != HTTPD_WHOLE) {
        fd_close(&answer.body_fd);
        return err_set(err, ERR_TRANSIENT, "the exchange with the stand-in broke off");
    }
    struct http_response response = {.status = answer.status};
    code = body_read(arena, &answer, &response.body, err);
    fd_close(&answer.body_fd);
    size_t max = request->max_body > 0 ? request->max_body : DEFAULT_MAX_BODY;
    if (code == ERR_NONE && response.body.len > max)
        code = err_set(err, ERR_PROTOCOL, "the answer has more than %zu bytes", max);
    if (code != ERR_NONE)
        return code;
    uint64_t length = answer.head_only ? answer.body_len : response.body.len;
    httpd_add_header(
        arena, &answer, STR("Content-Length"), str_fmt(arena, "%llu", (unsigned long long) length));
    response.headers = ARENA_ARRAY(arena, answer.headers.len, struct http_header);
    for (size_t i = 0; i < answer.headers.len; i++)
        response.headers[i] =
            (struct http_header){answer.headers.items[i].name, answer.headers.items[i].value};
    response.n_headers = answer.headers.len;
    if (answer.head_only)
        response.body = STR("");
    *ret_response = response;
    return ERR_NONE;
}

static void transport_close(struct http_transport *self)
{
    xfree(self);
}

struct http_transport *local_transport_new(struct local *local)
{
    static const struct http_transport_ops ops = {"local", transport_send, transport_close};
    struct local_transport *transport = xmalloc(sizeof(*transport));
    *transport = (struct local_transport){.base = {&ops}, .local = local};
    return &transport->base;
}
