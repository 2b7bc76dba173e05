#include "engine/local/proxy_head.h"

#include "engine/base/str.h"

static void refuse(struct proxy_head *head, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void refuse(struct proxy_head *head, int status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(head->why, sizeof(head->why), fmt, args);
    va_end(args);
    head->status = status;
}

/* Nothing but printable ASCII and tabs: a TLS greeting or a binary protocol is seen at once. */
static bool is_text(struct str bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char) bytes.ptr[i];
        if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c >= 0x7F)
            return false;
    }
    return true;
}

static bool read_authority(struct str authority, struct proxy_head *head, struct str *ret_port)
{
    size_t colon = str_rindex(authority, ':');
    struct str host = str_slice(authority, 0, colon);
    if (colon == SIZE_MAX || host.len == 0 || host.len > AWS_HOST_MAX)
        return false;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        head->name[i] = (char) (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    head->name[host.len] = '\0';
    *ret_port = str_from_index(authority, colon + 1);
    return true;
}

static void read_connect(struct str authority, struct proxy_head *head)
{
    struct str port = STR_NULL;
    if (!read_authority(authority, head, &port)) {
        refuse(head, 400, "CONNECT takes HOST:443");
        return;
    }
    if (!aws_host_read(str_from(head->name), &head->host)) {
        refuse(
            head, 403,
            "'%s' is not a host of AWS: this proxy is the AWS stand-in of mmectl, and nothing "
            "leaves the machine through it",
            head->name);
        return;
    }
    if (!str_eq_z(port, "443")) {
        refuse(head, 403, "only port 443 of '%s' is served here", head->name);
        return;
    }
    head->status = 200;
}

static void read_line(struct str line, struct proxy_head *head)
{
    struct str rest = line, method = STR_NULL, target = STR_NULL;
    if (!str_split(&rest, ' ', &method) || !str_split(&rest, ' ', &target) ||
        (!str_eq_z(rest, "HTTP/1.1") && !str_eq_z(rest, "HTTP/1.0"))) {
        refuse(head, 400, "that is no HTTP request");
        return;
    }
    if (str_eq_z(method, "CONNECT")) {
        read_connect(target, head);
        return;
    }
    if (target.len > 0 && target.ptr[0] == '/')
        refuse(
            head, 405,
            "this is a proxy for HTTPS_PROXY, no endpoint; 'mmectl local env' prints "
            "the endpoint's URL");
    else
        refuse(
            head, 403,
            "plain http does not go through this proxy: set HTTPS_PROXY alone, and "
            "AWS_ENDPOINT_URL for clients without TLS");
}

void proxy_head_read(struct str bytes, size_t max, struct proxy_head *out)
{
    struct str window = str_slice(bytes, 0, max);
    size_t end = str_find(window, STR("\r\n\r\n")), line_end = str_find(window, STR("\r\n"));
    memset(out, 0, sizeof(*out));
    struct str seen = str_slice(window, 0, end);
    if (!is_text(seen)) {
        out->len = bytes.len;
        refuse(out, 400, "that is no HTTP request");
        return;
    }
    if (end == SIZE_MAX) {
        if (bytes.len < max)
            return;
        out->len = bytes.len;
        refuse(out, 431, "the headers of the CONNECT have more than %zu bytes", max);
        return;
    }
    out->len = end + 4;
    size_t headers = 0;
    struct str rest = seen, line = STR_NULL;
    while (str_split(&rest, '\n', &line))
        headers++;
    if (headers > PROXY_HEADERS + 1) {
        refuse(out, 431, "the CONNECT has more than %d headers", PROXY_HEADERS);
        return;
    }
    read_line(str_slice(window, 0, line_end), out);
}
