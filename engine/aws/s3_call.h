/* engine/aws/s3_call.h - what the files of s3.h share. Internal to s3_*.c.
 */
#ifndef ENGINE_AWS_S3_CALL_H
#define ENGINE_AWS_S3_CALL_H

#include "engine/aws/call.h"
#include "engine/aws/s3.h"
#include "engine/base/xml.h"

#define S3_XMLNS "http://s3.amazonaws.com/doc/2006-03-01/"
#define S3_MAX_XML MIB(16)
#define S3_MAX_HEADERS 64
#define S3_LIST_MAX_OBJECTS 1000000

/* Headers under construction; more than fit are a programming error, since metadata is limited. */
struct s3_headers {
    struct http_header items[S3_MAX_HEADERS];
    size_t count;
};
/* A null value adds nothing. */
void s3_header_add(struct s3_headers *headers, const char *name, struct str value);
/* Encryption with a KMS key; a null key adds nothing. */
void s3_kms_add(struct s3_headers *headers, struct str kms_key);
/* ERR_USAGE: more than 2 KiB or 40 entries. */
enum err_code s3_meta_add(
    struct arena *arena,
    struct s3_headers *headers,
    const struct s3_meta *meta,
    size_t count,
    struct err *err) MUST_USE;

/* A call on a bucket (key null) or an object; everything else is zero. */
struct aws_call s3_call_of(
    struct arena *arena,
    const char *operation,
    const char *method,
    struct str bucket,
    struct str key);
/* The value of Content-MD5, which S3 requires on bodies that are not objects. */
struct str s3_content_md5(struct arena *arena, struct str body);
/* Writes name=value in query form, with an ampersand where one belongs. */
void s3_query_add(struct buf *query, const char *name, struct str value);
/* Parses an answer's body; ERR_PROTOCOL names the operation, also when the root is another element:
 * a page that some proxy answered with must not pass for an empty listing. */
enum err_code s3_xml(
    struct arena *arena,
    const char *operation,
    const char *root_name,
    struct str body,
    struct xml **ret_root,
    struct err *err) MUST_USE;
/* The Date of an answer: S3's clock; 0 when absent. */
int64_t s3_date_ms(const struct http_response *response);

/* What S3 holds of an upload that was begun and not completed. */
struct s3_unfinished {
    struct str upload_id; /* null: there is none to go on with */
    struct s3_part {
        size_t number; /* from 1 */
        uint64_t size_bytes;
        struct str etag, sha256; /* sha256 in base64 */
    } * parts;
    size_t n_parts;
};
/* Looks for an unfinished upload of this key whose parts can be told by their SHA-256; the one with
 * most parts is taken. The key's others are aborted. A caller who may not look finds none
 * (s3_resume.c). */
void s3_find_unfinished(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct s3_unfinished *out);

/* The multipart way of s3_put_file (s3_multipart.c). */
enum err_code s3_put_parts(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct str body,
    const struct s3_put_options *options,
    struct s3_put_result *ret_result,
    struct err *err) MUST_USE;

#endif
