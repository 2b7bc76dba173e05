#include "engine/aws/http.h"

#define MAX_HEADERS 100
#define MAX_HEADER_BYTES KIB(64)

/* RFC 9110 section 5.6.2: letters, digits and "!#$%&'*+-.^_`|~". One bit for each byte. */
static bool is_token(struct str text)
{
    static const uint64_t s_set[4] = {UINT64_C(0x03ff6cfa00000000), UINT64_C(0x57ffffffc7fffffe)};
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char) text.ptr[i];
        if ((s_set[byte >> 6] >> (byte & 63) & 1) == 0)
            return false;
    }
    return text.len > 0;
}

/* libcurl writes header lines as they come, so a line break in a value would be another header. */
static enum err_code check_header(const struct http_header *header, struct err *err)
{
    if (!is_token(header->name))
        return err_set(
            err, ERR_USAGE, "the header name '" STR_FMT "' cannot be sent", STR_ARG(header->name));
    for (size_t i = str_plain(header->value, '\0', '\0'); i < header->value.len; i++) {
        unsigned char c = (unsigned char) header->value.ptr[i];
        if (c < 0x20 || c > 0x7E)
            return err_set(
                err, ERR_USAGE,
                "the value of header '" STR_FMT
                "' has the byte 0x%02x at %zu, which cannot be sent",
                STR_ARG(header->name), c, i + 1);
    }
    return ERR_NONE;
}

static enum err_code check_request(const struct http_request *request, struct err *err)
{
    if (!is_token(request->method))
        return err_set(err, ERR_USAGE, "the HTTP method is not a word");
    if (request->n_headers > MAX_HEADERS)
        return err_set(
            err, ERR_USAGE, "a request of %zu headers, at most %d", request->n_headers,
            MAX_HEADERS);
    size_t total = 0;
    for (size_t i = 0; i < request->n_headers; i++) {
        enum err_code code = check_header(&request->headers[i], err);
        if (code != ERR_NONE)
            return code;
        total += request->headers[i].name.len + request->headers[i].value.len + 4;
    }
    if (total > MAX_HEADER_BYTES)
        return err_set(err, ERR_USAGE, "%zu bytes of request headers, at most 65536", total);
    return ERR_NONE;
}

enum err_code http_send(
    struct http_transport *transport,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err)
{
    enum err_code code = check_request(request, err);
    if (code != ERR_NONE)
        return code;
    return transport->ops->send(transport, arena, request, ret_response, err);
}

void http_close(struct http_transport *transport)
{
    if (transport != NULL)
        transport->ops->close(transport);
}

struct str http_header_get(const struct http_header *headers, size_t count, const char *name)
{
    struct str wanted = str_from(name);
    for (size_t i = 0; i < count; i++)
        if (headers[i].name.len == wanted.len && str_eq_nocase(headers[i].name, wanted))
            return headers[i].value;
    return STR_NULL;
}
