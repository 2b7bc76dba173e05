#include "engine/base/uri.h"

#include "engine/base/arena.h"
#include "engine/base/vec.h"

#define MAX_URL_BYTES KIB(8)

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 3986 section 2.3; SigV4 names the same set: letters, digits, "-._~". One bit for each byte.
 */
static bool is_unreserved(char c)
{
    static const uint64_t s_set[4] = {UINT64_C(0x03ff600000000000), UINT64_C(0x47fffffe87fffffe)};
    unsigned char byte = (unsigned char) c;
    return (s_set[byte >> 6] >> (byte & 63) & 1) != 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool host_ok(struct str host)
{
    bool literal = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    struct str inner = literal ? str_slice(host, 1, host.len - 1) : host;
    for (size_t i = 0; i < inner.len; i++) {
        char c = inner.ptr[i];
        bool good = literal ? hex_value(c) >= 0 || c == ':' || c == '.'
                            : is_alnum(c) || c == '-' || c == '.' || c == '_';
        if (!good)
            return false;
    }
    return inner.len > 0;
}

/* Splits "host:port" or "[::1]:port". */
static bool authority_parse(struct str authority, struct url *url)
{
    size_t bracket = str_rindex(authority, ']');
    size_t colon = str_rindex(authority, ':');
    bool has_port = colon != SIZE_MAX && (bracket == SIZE_MAX || colon > bracket);
    url->host = has_port ? str_slice(authority, 0, colon) : authority;
    if (!host_ok(url->host))
        return false;
    if (!has_port)
        return true;
    uint64_t port = 0;
    if (!str_to_u64(str_from_index(authority, colon + 1), &port) || port == 0 || port > 65535)
        return false;
    url->port = (uint16_t) port;
    url->port_given = true;
    return true;
}

static bool scheme_parse(struct str *rest, struct url *url)
{
    static const struct {
        struct str prefix, scheme;
        uint16_t port;
    } s_schemes[] = {
        {STR_INIT("https://"), STR_INIT("https"), 443},
        {STR_INIT("http://"), STR_INIT("http"), 80},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_schemes); i++) {
        struct str prefix = s_schemes[i].prefix;
        if (!str_eq_nocase(str_slice(*rest, 0, prefix.len), prefix))
            continue;
        url->scheme = s_schemes[i].scheme;
        url->port = s_schemes[i].port;
        *rest = str_from_index(*rest, prefix.len);
        return true;
    }
    return false;
}

static enum err_code refuse(struct str text, const char *why, struct err *err)
{
    return err_set(err, ERR_USAGE, "the URL '" STR_FMT "' %s", STR_ARG(text), why);
}

enum err_code url_parse(struct str text, struct url *out, struct err *err)
{
    struct url url = {0};
    struct str rest = text;
    if (text.len > MAX_URL_BYTES)
        return err_set(err, ERR_USAGE, "a URL of %zu bytes, at most 8192", text.len);
    for (size_t i = str_plain(text, ' ', ' '); i < text.len; i++)
        if ((unsigned char) text.ptr[i] <= 0x20 || (unsigned char) text.ptr[i] >= 0x7F)
            return err_set(err, ERR_USAGE, "the URL has a blank or unprintable byte at %zu", i + 1);
    if (!scheme_parse(&rest, &url))
        return refuse(text, "does not start with http:// or https://", err);
    if (str_index(rest, '#') != SIZE_MAX)
        return refuse(text, "has a fragment", err);

    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?')
        end++;
    struct str authority = str_slice(rest, 0, end);
    rest = str_from_index(rest, end);
    if (str_index(authority, '@') != SIZE_MAX)
        return err_set(err, ERR_USAGE, "the URL has a user name or password in it");
    if (!authority_parse(authority, &url))
        return refuse(text, "has no valid host and port", err);

    size_t question = str_index(rest, '?');
    url.path = question == SIZE_MAX ? rest : str_slice(rest, 0, question);
    url.query = question == SIZE_MAX ? STR("") : str_from_index(rest, question + 1);
    if (url.path.len == 0)
        url.path = STR("/");
    *out = url;
    return ERR_NONE;
}

bool uri_is_plain(struct str text, bool keep_slash)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_unreserved(text.ptr[i]) && !(keep_slash && text.ptr[i] == '/'))
            return false;
    return true;
}

void uri_encode(struct buf *buf, struct str text, bool keep_slash)
{
    static const char s_digits[] = "0123456789ABCDEF";
    size_t plain = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (is_unreserved(c) || (keep_slash && c == '/'))
            continue;
        unsigned char byte = (unsigned char) c;
        char escape[3] = {'%', s_digits[byte >> 4], s_digits[byte & 15]};
        buf_add(buf, str_slice(text, plain, i));
        buf_add_mem(buf, escape, sizeof(escape));
        plain = i + 1;
    }
    buf_add(buf, str_slice(text, plain, text.len));
}

struct str uri_encoded(struct arena *arena, struct str text, bool keep_slash)
{
    if (uri_is_plain(text, keep_slash))
        return str_dup(arena, str_is_null(text) ? STR("") : text);
    AUTO(buf_done) struct buf buf = BUF_INIT(text.len * 3);
    uri_encode(&buf, text, keep_slash);
    return str_dup(arena, buf_str(&buf));
}

bool uri_decode(struct arena *arena, struct str text, bool plus_is_space, struct str *out)
{
    char *bytes = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '+' && plus_is_space)
            c = ' ';
        if (c == '%') {
            int high = i + 2 < text.len ? hex_value(text.ptr[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_value(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char) (unsigned char) (high * 16 + low);
            i += 2;
        }
        bytes[len++] = c;
    }
    *out = str_of(bytes, len);
    return true;
}

enum err_code query_parse(
    struct arena *arena,
    struct str query,
    size_t max_params,
    struct query_param **out,
    size_t *count,
    struct err *err)
{
    VEC(struct query_param) params = {0};
    struct str rest = query, part = STR_NULL;
    while (str_split(&rest, '&', &part)) {
        if (part.len == 0)
            continue;
        if (params.len == max_params)
            return err_set(err, ERR_PROTOCOL, "more than %zu query parameters", max_params);
        size_t equals = str_index(part, '=');
        struct str name = str_slice(part, 0, equals);
        struct str value = equals == SIZE_MAX ? STR("") : str_from_index(part, equals + 1);
        struct query_param *param = VEC_PUSH(arena, &params);
        if (!uri_decode(arena, name, true, &param->name) ||
            !uri_decode(arena, value, true, &param->value))
            return err_set(
                err, ERR_PROTOCOL, "the query part '" STR_FMT "' has a broken %%XX escape",
                STR_ARG(part));
    }
    *out = params.items;
    *count = params.len;
    return ERR_NONE;
}

const struct query_param *
query_find(const struct query_param *params, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_z(params[i].name, name))
            return &params[i];
    return NULL;
}
