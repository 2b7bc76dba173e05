#include "engine/aws/s3_call.h"

#include "engine/aws/fault.h"
#include "engine/base/arena.h"
#include "engine/base/digest.h"
#include "engine/base/uri.h"

#include <assert.h>

#define MAX_META 40
#define MAX_META_BYTES 2048 /* S3's limit on user metadata */

void s3_header_add(struct s3_headers *headers, const char *name, struct str value)
{
    if (str_is_null(value))
        return;
    assert(headers->count < S3_MAX_HEADERS);
    headers->items[headers->count++] = (struct http_header){str_from(name), value};
}

/* With a bucket key, S3 need not ask KMS for every object. */
void s3_kms_add(struct s3_headers *headers, struct str kms_key)
{
    if (str_is_null(kms_key))
        return;
    s3_header_add(headers, "x-amz-server-side-encryption", STR("aws:kms"));
    s3_header_add(headers, "x-amz-server-side-encryption-aws-kms-key-id", kms_key);
    s3_header_add(headers, "x-amz-server-side-encryption-bucket-key-enabled", STR("true"));
}

enum err_code s3_meta_add(
    struct arena *arena,
    struct s3_headers *headers,
    const struct s3_meta *meta,
    size_t count,
    struct err *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += meta[i].name.len + meta[i].value.len;
    if (count > MAX_META || bytes > MAX_META_BYTES)
        return err_set(
            err, ERR_USAGE, "%zu metadata entries of %zu bytes, at most 40 of 2048", count, bytes);
    for (size_t i = 0; i < count; i++)
        s3_header_add(
            headers, str_fmt(arena, "x-amz-meta-" STR_FMT, STR_ARG(meta[i].name)).ptr,
            str_is_null(meta[i].value) ? STR("") : meta[i].value);
    return ERR_NONE;
}

struct aws_call s3_call_of(
    struct arena *arena,
    const char *operation,
    const char *method,
    struct str bucket,
    struct str key)
{
    const struct str subject[] = {STR("s3://"), bucket, str_is_null(key) ? STR("") : STR("/"), key};
    struct buf path = BUF_INIT(KIB(8));
    buf_add_char(&path, '/');
    uri_encode(&path, key, true);
    struct aws_call call = {
        .service = AWS_S3,
        .operation = operation,
        .subject = str_join(arena, subject, ARRAY_LEN(subject), STR("")),
        .method = str_from(method),
        .bucket = bucket,
        .path = str_dup(arena, buf_str(&path)),
        .mutating = strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0,
    };
    buf_done(&path);
    return call;
}

struct str s3_content_md5(struct arena *arena, struct str body)
{
    struct md5 digest = md5_of(body);
    return base64_of(arena, digest.bytes, MD5_LEN);
}

void s3_query_add(struct buf *query, const char *name, struct str value)
{
    if (str_is_null(value))
        return;
    if (query->len > 0)
        buf_add_char(query, '&');
    buf_add_z(query, name);
    buf_add_char(query, '=');
    uri_encode(query, value, false);
}

/* Most of S3's roots are named after what they hold; emulators that derive theirs from the service
 * model name some after the operation, as the other services do: "GetBucketVersioningResponse". */
static bool is_response_of(const char *operation, struct str root)
{
    struct str name = str_from(operation);
    return str_starts(root, name) && str_eq_z(str_from_index(root, name.len), "Response");
}

enum err_code s3_xml(
    struct arena *arena,
    const char *operation,
    const char *root_name,
    struct str body,
    struct xml **ret_root,
    struct err *err)
{
    UNFILLED struct err broken;
    struct xml *root;
    if (xml_parse(arena, str_trim(body), S3_MAX_XML, &root, &broken) != ERR_NONE)
        return fault_unreadable(operation, "XML", broken.message, err);
    if (!str_eq_z(root->name, root_name) && !is_response_of(operation, root->name))
        return fault_other_root(operation, root_name, root->name, err);
    *ret_root = root;
    return ERR_NONE;
}

int64_t s3_date_ms(const struct http_response *response)
{
    int64_t at_ms = 0;
    struct str date = http_header_get(response->headers, response->n_headers, "date");
    return date.len > 0 && time_parse(date, &at_ms) ? at_ms : 0;
}

bool s3_uri_split(struct str uri, struct str *ret_bucket, struct str *ret_key)
{
    if (!str_starts(uri, STR("s3://")))
        return false;
    struct str rest = str_from_index(uri, 5);
    size_t slash = str_index(rest, '/');
    struct str bucket = str_slice(rest, 0, slash);
    if (bucket.len == 0)
        return false;
    *ret_bucket = bucket;
    *ret_key = slash == SIZE_MAX ? STR("") : str_from_index(rest, slash + 1);
    return true;
}
