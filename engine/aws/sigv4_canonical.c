#include "engine/aws/sigv4_canonical.h"

#include "engine/base/arena.h"
#include "engine/base/uri.h"
#include "engine/base/vec.h"

#include <pthread.h>

#define MAX_CANONICAL MIB(1)
#define USUAL_CANONICAL 900
#define CACHED_KEYS 16
#define KEY_ID_BYTES 192

/* A derived key is found by everything it is derived from. */
struct sigv4_keys {
    pthread_mutex_t lock;
    struct {
        unsigned char id[KEY_ID_BYTES];
        struct hmac_key key;
    } slots[CACHED_KEYS];
    size_t used, next;
};

struct sigv4_keys *sigv4_keys_new(void)
{
    struct sigv4_keys *keys = xmalloc(sizeof(*keys));
    memset(keys, 0, sizeof(*keys));
    if (pthread_mutex_init(&keys->lock, NULL) != 0)
        abort();
    return keys;
}

void sigv4_keys_free(struct sigv4_keys *keys)
{
    if (keys == NULL)
        return;
    (void) pthread_mutex_destroy(&keys->lock);
    secret_wipe(keys, sizeof(*keys));
    xfree(keys);
}

static struct str sha256_view(const struct sha256 *digest)
{
    return str_of(digest->bytes, SHA256_LEN);
}

/* HMAC chain of the documents: date, region, service, "aws4_request". */
static struct hmac_key derive_key(struct str secret_key, const struct sigv4_scope *scope)
{
    struct buf start = BUF_INIT(KIB(4));
    (void) buf_reserve(&start, secret_key.len + 8); /* so that no copy is left behind by growing */
    buf_add_z(&start, "AWS4");
    buf_add(&start, secret_key);
    struct sha256 date = hmac_sha256(buf_str(&start), scope->date);
    struct sha256 region = hmac_sha256(sha256_view(&date), scope->region);
    struct sha256 service = hmac_sha256(sha256_view(&region), scope->service);
    struct sha256 key = hmac_sha256(sha256_view(&service), STR("aws4_request"));
    struct hmac_key prepared = hmac_key_of(sha256_view(&key));
    secret_wipe(&key, sizeof(key));
    secret_wipe(start.ptr, start.len);
    buf_done(&start);
    return prepared;
}

/* Everything the key is derived from, ended by zero bytes; false when it is too long to be kept. */
static bool
key_id(struct str secret_key, const struct sigv4_scope *scope, unsigned char id[KEY_ID_BYTES])
{
    const struct str parts[] = {scope->date, scope->region, scope->service, secret_key};
    size_t len = 0;
    memset(id, 0, KEY_ID_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i].len >= KEY_ID_BYTES - len)
            return false;
        if (parts[i].len > 0)
            memcpy(id + len, parts[i].ptr, parts[i].len);
        len += parts[i].len + 1;
    }
    return true;
}

static bool find_key(struct sigv4_keys *keys, const unsigned char *id, struct hmac_key *ret_key)
{
    bool found = false;
    pthread_mutex_lock(&keys->lock);
    for (size_t i = 0; i < keys->used && !found; i++) {
        found = memcmp(keys->slots[i].id, id, KEY_ID_BYTES) == 0;
        if (found)
            *ret_key = keys->slots[i].key;
    }
    pthread_mutex_unlock(&keys->lock);
    return found;
}

static void keep_key(struct sigv4_keys *keys, const unsigned char *id, const struct hmac_key *key)
{
    pthread_mutex_lock(&keys->lock);
    size_t slot = keys->next;
    keys->next = (keys->next + 1) % CACHED_KEYS;
    if (keys->used < CACHED_KEYS)
        keys->used++;
    memcpy(keys->slots[slot].id, id, KEY_ID_BYTES);
    keys->slots[slot].key = *key;
    pthread_mutex_unlock(&keys->lock);
}

struct hmac_key
sigv4_signing_key(struct sigv4_keys *keys, struct str secret_key, const struct sigv4_scope *scope)
{
    UNFILLED unsigned char id[KEY_ID_BYTES];
    struct hmac_key key;
    if (keys == NULL || !key_id(secret_key, scope, id))
        return derive_key(secret_key, scope);
    if (!find_key(keys, id, &key)) {
        key = derive_key(secret_key, scope);
        keep_key(keys, id, &key);
    }
    secret_wipe(id, sizeof(id));
    return key;
}

/* ---- path ---- */

/* Dot segments and doubled slashes go; a trailing slash stays when something is before it. */
static struct str path_normalized(struct arena *arena, struct str path)
{
    VEC(struct str) kept = {0};
    struct str rest = path, part;
    while (str_split(&rest, '/', &part)) {
        if (part.len == 0 || str_eq_z(part, "."))
            continue;
        if (!str_eq_z(part, ".."))
            *VEC_PUSH(arena, &kept) = part;
        else if (kept.len > 0)
            kept.len--;
    }
    struct buf out = BUF_INIT(MAX_CANONICAL);
    for (size_t i = 0; i < kept.len; i++) {
        buf_add_char(&out, '/');
        buf_add(&out, kept.items[i]);
    }
    if (out.len == 0 || str_ends(path, STR("/")))
        buf_add_char(&out, '/');
    struct str result = str_dup(arena, buf_str(&out));
    buf_done(&out);
    return result;
}

/* Decodes and encodes each segment, so that `$` and `%24`, which S3 takes for the same, sign the
 * same; a broken escape is left as it came. */
static struct str path_encoded_once(struct arena *arena, struct str path)
{
    if (path.len > 0 && uri_is_plain(path, true))
        return path; /* nearly every key */
    struct buf out = BUF_INIT(MAX_CANONICAL);
    struct str rest = path, part;
    bool first = true;
    while (str_split(&rest, '/', &part)) {
        struct str plain;
        if (!first)
            buf_add_char(&out, '/');
        first = false;
        if (uri_decode(arena, part, false, &plain))
            uri_encode(&out, plain, false);
        else
            buf_add(&out, part);
    }
    struct str result = out.len > 0 ? str_dup(arena, buf_str(&out)) : STR("/");
    buf_done(&out);
    return result;
}

static struct str canonical_path(struct arena *arena, const struct sigv4_canonical *canonical)
{
    struct str path = canonical->path.len > 0 ? canonical->path : STR("/");
    if (str_eq_z(path, "/"))
        return path;
    if (canonical->rules.normalize_path)
        path = path_normalized(arena, path);
    if (canonical->rules.double_encode_path)
        return uri_encoded(arena, path, true);
    return path_encoded_once(arena, path);
}

/* ---- query ---- */

struct encoded_param {
    struct str name, value;
};

static int compare_params(const void *a, const void *b)
{
    const struct encoded_param *left = a, *right = b;
    int order = str_cmp(left->name, right->name);
    return order != 0 ? order : str_cmp(left->value, right->value);
}

static struct str encoded_again(struct arena *arena, struct str text)
{
    struct str plain;
    if (uri_is_plain(text, false))
        return text;
    return uri_decode(arena, text, false, &plain) ? uri_encoded(arena, plain, false) : text;
}

static struct str canonical_query(struct arena *arena, struct str query)
{
    VEC(struct encoded_param) params = {0};
    struct str rest = query, part;
    if (query.len == 0)
        return STR("");
    while (str_split(&rest, '&', &part)) {
        if (part.len == 0)
            continue;
        size_t equals = str_index(part, '=');
        struct encoded_param param = {
            .name = encoded_again(arena, str_slice(part, 0, equals)),
            .value = equals == SIZE_MAX ? STR("")
                                        : encoded_again(arena, str_from_index(part, equals + 1)),
        };
        /* The signature of a presigned URL cannot sign itself. */
        if (!str_eq_z(param.name, "X-Amz-Signature"))
            *VEC_PUSH(arena, &params) = param;
    }
    if (params.len > 1)
        qsort(params.items, params.len, sizeof(params.items[0]), compare_params);
    struct buf out = BUF_INIT(MAX_CANONICAL);
    for (size_t i = 0; i < params.len; i++) {
        if (i > 0)
            buf_add_char(&out, '&');
        buf_add(&out, params.items[i].name);
        buf_add_char(&out, '=');
        buf_add(&out, params.items[i].value);
    }
    struct str result = str_dup(arena, buf_str(&out));
    buf_done(&out);
    return result;
}

/* ---- headers ---- */

/* Headers that proxies and HTTP libraries add or change on the way. */
static bool is_unsigned_header(struct str lower_name)
{
    static const struct str s_names[] = {
        STR_INIT("authorization"),
        STR_INIT("connection"),
        STR_INIT("expect"),
        STR_INIT("keep-alive"),
        STR_INIT("proxy-authenticate"),
        STR_INIT("proxy-authorization"),
        STR_INIT("te"),
        STR_INIT("trailer"),
        STR_INIT("transfer-encoding"),
        STR_INIT("upgrade"),
        STR_INIT("user-agent"),
        STR_INIT("x-amzn-trace-id"),
    };
    for (size_t i = 0; i < ARRAY_LEN(s_names); i++)
        if (lower_name.len == s_names[i].len && str_eq(lower_name, s_names[i]))
            return true;
    return false;
}

/* By insertion: a dozen names, most of them in order already. */
static void sort_names(struct str *names, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct str name = names[i];
        size_t at = i;
        for (; at > 0 && str_cmp(names[at - 1], name) > 0; at--)
            names[at] = names[at - 1];
        names[at] = name;
    }
}

/* Most are in lower case as they are. */
static struct str lower_name(struct arena *arena, struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z')
            return str_lower(arena, name);
    return name;
}

struct str
sigv4_signed_names(struct arena *arena, const struct http_header *headers, size_t n_headers)
{
    VEC(struct str) names = {0};
    VEC_RESERVE(arena, &names, n_headers);
    for (size_t i = 0; i < n_headers; i++) {
        struct str name = lower_name(arena, headers[i].name);
        if (!is_unsigned_header(name))
            *VEC_PUSH(arena, &names) = name;
    }
    sort_names(names.items, names.len);
    size_t kept = 0;
    for (size_t i = 0; i < names.len; i++)
        if (kept == 0 || !str_eq(names.items[i], names.items[kept - 1]))
            names.items[kept++] = names.items[i];
    return str_join(arena, names.items, kept, STR(";"));
}

/* Trimmed, with runs of blanks made one. */
static void add_value(struct buf *out, struct str value)
{
    struct str text = str_trim(value);
    bool blank = false;
    if (str_index(text, ' ') == SIZE_MAX && str_index(text, '\t') == SIZE_MAX) {
        buf_add(out, text);
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        bool is_blank = text.ptr[i] == ' ' || text.ptr[i] == '\t';
        if (!is_blank)
            buf_add_char(out, text.ptr[i]);
        else if (!blank)
            buf_add_char(out, ' ');
        blank = is_blank;
    }
}

static enum err_code
add_headers(struct buf *out, const struct sigv4_canonical *canonical, struct err *err)
{
    struct str rest = canonical->signed_headers, name;
    while (str_split(&rest, ';', &name)) {
        bool found = false;
        buf_add(out, name);
        buf_add_char(out, ':');
        for (size_t i = 0; i < canonical->n_headers; i++) {
            struct str other = canonical->headers[i].name;
            if (!str_eq(other, name) && !str_eq_nocase(other, name))
                continue;
            if (found)
                buf_add_char(out, ',');
            add_value(out, canonical->headers[i].value);
            found = true;
        }
        if (!found)
            return err_set(
                err, ERR_AUTH, "the header '" STR_FMT "' is named as signed but was not sent",
                STR_ARG(name));
        buf_add_char(out, '\n');
    }
    return ERR_NONE;
}

struct str sigv4_host(struct arena *arena, const struct url *url)
{
    bool usual = (str_eq_z(url->scheme, "https") && url->port == 443) ||
                 (str_eq_z(url->scheme, "http") && url->port == 80);
    if (usual)
        return str_dup(arena, url->host);
    return str_fmt(arena, STR_FMT ":%u", STR_ARG(url->host), (unsigned) url->port);
}

/* ---- the stages ---- */

struct sigv4_rules sigv4_rules_for(struct str service)
{
    bool s3 = str_eq_z(service, "s3");
    return (struct sigv4_rules){
        .normalize_path = !s3, .double_encode_path = !s3, .content_sha256_header = s3};
}

struct str sigv4_scope_text(struct arena *arena, const struct sigv4_scope *scope)
{
    const struct str parts[] = {scope->date, scope->region, scope->service, STR("aws4_request")};
    return str_join(arena, parts, ARRAY_LEN(parts), STR("/"));
}

static enum err_code canonical_request(
    struct arena *arena,
    const struct sigv4_canonical *canonical,
    struct str *ret_text,
    struct err *err)
{
    AUTO(buf_done) struct buf out = BUF_INIT(MAX_CANONICAL);
    (void) buf_reserve(&out, USUAL_CANONICAL);
    buf_add(&out, canonical->method);
    buf_add_char(&out, '\n');
    buf_add(&out, canonical_path(arena, canonical));
    buf_add_char(&out, '\n');
    buf_add(&out, canonical_query(arena, canonical->query));
    buf_add_char(&out, '\n');
    enum err_code code = add_headers(&out, canonical, err);
    if (code != ERR_NONE)
        return code;
    buf_add_char(&out, '\n');
    buf_add(&out, canonical->signed_headers);
    buf_add_char(&out, '\n');
    buf_add(&out, canonical->payload_hash);
    if (!buf_ok(&out))
        return err_set(err, ERR_AUTH, "the canonical request is larger than 1 MiB");
    *ret_text = str_dup(arena, buf_str(&out));
    return ERR_NONE;
}

enum err_code sigv4_compute(
    struct arena *arena,
    struct sigv4_keys *keys,
    const struct sigv4_canonical *canonical,
    const struct sigv4_scope *scope,
    struct str amz_date,
    struct str secret_key,
    struct sigv4_stages *ret_stages,
    struct err *err)
{
    struct sigv4_stages stages = {.signed_headers = canonical->signed_headers};
    enum err_code code = canonical_request(arena, canonical, &stages.canonical_request, err);
    if (code != ERR_NONE)
        return code;
    const struct str lines[] = {
        STR(SIGV4_ALGORITHM), amz_date, sigv4_scope_text(arena, scope),
        sha256_hex(arena, stages.canonical_request)};
    stages.string_to_sign = str_join(arena, lines, ARRAY_LEN(lines), STR("\n"));
    struct hmac_key key = sigv4_signing_key(keys, secret_key, scope);
    struct sha256 signature = hmac_sha256_with(&key, stages.string_to_sign);
    secret_wipe(&key, sizeof(key));
    stages.signature = hex_of(arena, signature.bytes, SHA256_LEN);
    *ret_stages = stages;
    return ERR_NONE;
}
