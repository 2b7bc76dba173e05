/* Bodies that become blobs, and the checksums that come with them.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
#include "engine/local/blobs.h"
#include "engine/local/s3.h"
#include "engine/local/s3_chunked.h"
#include "engine/local/s3_signed.h"
#include "engine/local/world.h"

#include <assert.h>

enum { MAX_TEXT_BYTES = 16 * 1024 * 1024 };

/* To add an algorithm: a row, its number in s3.h, and crc_of() or a hash for it. */
static const struct {
    const char *header, *element, *name;
    size_t bytes;
    uint64_t polynomial; /* of a CRC: reflected; else 0 */
    enum hash_kind hash;
} s_sums[] = {
    [S3_SUM_NONE] = {NULL, NULL, NULL, 0, 0, HASH_MD5},
    [S3_SUM_SHA256] = {"x-amz-checksum-sha256", "ChecksumSHA256", "SHA256", 32, 0, HASH_SHA256},
    [S3_SUM_CRC32] =
        {"x-amz-checksum-crc32", "ChecksumCRC32", "CRC32", 4, UINT64_C(0xEDB88320), HASH_MD5},
    [S3_SUM_CRC32C] =
        {"x-amz-checksum-crc32c", "ChecksumCRC32C", "CRC32C", 4, UINT64_C(0x82F63B78), HASH_MD5},
    [S3_SUM_CRC64NVME] =
        {"x-amz-checksum-crc64nvme", "ChecksumCRC64NVME", "CRC64NVME", 8,
         UINT64_C(0x9A6C9329AC4BC9B5), HASH_MD5},
    [S3_SUM_SHA1] = {"x-amz-checksum-sha1", "ChecksumSHA1", "SHA1", 20, 0, HASH_SHA1},
    [S3_SUM_SHA512] = {"x-amz-checksum-sha512", "ChecksumSHA512", "SHA512", 64, 0, HASH_SHA512},
    [S3_SUM_MD5] = {"x-amz-checksum-md5", "ChecksumMD5", "MD5", 16, 0, HASH_MD5},
};

const char *s3_sum_header(enum s3_sum_kind kind)
{
    return s_sums[kind].header;
}

const char *s3_sum_element(enum s3_sum_kind kind)
{
    return s_sums[kind].element;
}

enum s3_sum_kind s3_sum_by_name(struct str name)
{
    for (size_t i = 1; i < ARRAY_LEN(s_sums); i++)
        if (str_eq_nocase(name, str_from(s_sums[i].name)))
            return (enum s3_sum_kind) i;
    return S3_SUM_NONE;
}

static uint64_t crc_of(enum s3_sum_kind kind, uint64_t crc, struct str data)
{
    if (kind == S3_SUM_CRC32)
        return crc32_of((uint32_t) crc, data);
    uint64_t mask = kind == S3_SUM_CRC64NVME ? UINT64_MAX : UINT32_MAX, table[16];
    for (uint64_t i = 0; i < 16; i++) {
        table[i] = i;
        for (int bit = 0; bit < 4; bit++)
            table[i] = (table[i] >> 1) ^ (table[i] & 1 ? s_sums[kind].polynomial : 0);
    }
    crc ^= mask;
    for (size_t i = 0; i < data.len; i++) {
        crc ^= (unsigned char) data.ptr[i];
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return crc ^ mask;
}

/* Big-endian bytes in base64, as S3 writes them. */
static struct str crc_text(struct arena *arena, enum s3_sum_kind kind, uint64_t crc)
{
    unsigned char bytes[8];
    size_t len = s_sums[kind].bytes;
    assert(len <= sizeof(bytes));
    for (size_t i = 0; i < len; i++)
        bytes[i] = (unsigned char) (crc >> (8 * (len - 1 - i)));
    return base64_of(arena, bytes, len);
}

bool s3_sum_is_crc(enum s3_sum_kind kind)
{
    return s_sums[kind].polynomial != 0;
}

struct s3_summing s3_summing_begin(enum s3_sum_kind kind)
{
    bool hashes = kind != S3_SUM_NONE && !s3_sum_is_crc(kind);
    return (struct s3_summing){.kind = kind, .hash = hashes ? hash_new(s_sums[kind].hash) : NULL};
}

void s3_summing_add(struct s3_summing *summing, struct str bytes)
{
    if (summing->hash != NULL)
        hash_add(summing->hash, bytes);
    else if (summing->kind != S3_SUM_NONE)
        summing->crc = crc_of(summing->kind, summing->crc, bytes);
}

struct str s3_summing_end(struct s3_summing *summing, struct arena *arena)
{
    unsigned char bytes[HASH_MAX_LEN];
    if (summing->kind == S3_SUM_NONE)
        return STR_NULL;
    if (summing->hash == NULL)
        return crc_text(arena, summing->kind, summing->crc);
    size_t len = hash_end(summing->hash, bytes);
    hash_close(&summing->hash);
    return base64_of(arena, bytes, len);
}

/* What one pass over the decoded bytes computes. */
struct pass {
    struct blob_writer *writer; /* may be NULL */
    struct buf *text;           /* may be NULL */
    struct digest *digest;      /* may be NULL */
    struct s3_summing summing;
    uint64_t size_bytes;
    struct chunk_signatures *signatures; /* NULL: chunks are not signed */
};

static enum err_code pass_add(void *arg, struct str bytes, struct err *err)
{
    struct pass *pass = arg;
    pass->size_bytes += bytes.len;
    if (pass->digest != NULL)
        digest_add(pass->digest, bytes);
    s3_summing_add(&pass->summing, bytes);
    if (pass->signatures != NULL)
        chunk_signatures_add(pass->signatures, bytes);
    if (pass->text != NULL)
        buf_add(pass->text, bytes);
    return pass->writer != NULL ? blob_write(pass->writer, bytes, err) : ERR_NONE;
}

static enum err_code end_chunk(void *arg, struct str signature, struct err *err)
{
    struct pass *pass = arg;
    if (pass->signatures != NULL)
        chunk_signatures_check(pass->signatures, signature);
    (void) err;
    return ERR_NONE;
}

static enum err_code feed_chunked(void *arg, struct str bytes, struct err *err)
{
    return chunked_feed(arg, bytes, err);
}

static enum err_code
each_piece(const struct httpd_request *http, fd_piece_fn *fn, void *arg, struct err *err)
{
    if (http->body_fd >= 0)
        return fd_each_piece(http->body_fd, 0, http->body_len, fn, arg, err);
    return http->body.len > 0 ? fn(arg, http->body, err) : ERR_NONE;
}

static bool is_streaming(const struct local_call *call)
{
    return str_starts(call_request_header(call, "x-amz-content-sha256"), STR("STREAMING-"));
}

/* In base64, and as long as its algorithm makes them. false: answered. */
static bool sum_is_readable(struct local_call *call, const struct s3_sum *sum)
{
    struct str bytes;
    if (str_is_null(sum->value) ||
        (base64_decode(call->arena, sum->value, &bytes) && bytes.len == s_sums[sum->kind].bytes))
        return true;
    call_fail(
        call, 400, "InvalidRequest", "Value for %s header is invalid.", s_sums[sum->kind].header);
    return false;
}

/* The checksum that the headers (or the trailer) announce. false: answered. */
static bool announced_sum(struct local_call *call, struct s3_sum *out)
{
    struct str trailer = call_request_header(call, "x-amz-trailer");
    *out = (struct s3_sum){0};
    for (size_t i = 1; i < ARRAY_LEN(s_sums); i++) {
        struct str value = call_request_header(call, s_sums[i].header);
        bool trails = str_eq_nocase(trailer, str_from(s_sums[i].header));
        if (str_is_null(value) && !trails)
            continue;
        if (out->kind != S3_SUM_NONE) {
            call_fail(
                call, 400, "InvalidRequest",
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not "
                "allowed.");
            return false;
        }
        *out = (struct s3_sum){(enum s3_sum_kind) i, value};
    }
    if (out->kind != S3_SUM_NONE)
        return sum_is_readable(call, out);
    if (!str_is_null(call_request_header(call, "x-amz-sdk-checksum-algorithm"))) {
        call_fail(
            call, 400, "InvalidRequest",
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or "
            "x-amz-trailer headers were found.");
        return false;
    }
    struct str prefix = STR("x-amz-checksum-");
    for (size_t i = 0; i < call->http->n_headers; i++) {
        struct str name = call->http->headers[i].name;
        if (!str_eq_nocase(str_slice(name, 0, prefix.len), prefix))
            continue;
        struct str what = str_from_index(name, prefix.len);
        if (str_eq_nocase(what, STR("algorithm")) || str_eq_nocase(what, STR("type")) ||
            str_eq_nocase(what, STR("mode")))
            continue;
        call_fail(
            call, 501, "NotImplemented", "The checksum of header '" STR_FMT "' is not implemented.",
            STR_ARG(name));
        return false;
    }
    return true;
}

/* Compares what came with what was announced. false: answered. */
static bool verify(
    struct local_call *call, const struct s3_sum *sum, struct str computed, const struct md5 *md5)
{
    struct str said = call_request_header(call, "content-md5");
    if (!str_is_null(said)) {
        struct str bytes;
        if (!base64_decode(call->arena, said, &bytes) || bytes.len != MD5_LEN) {
            call_fail(call, 400, "InvalidDigest", "The Content-MD5 you specified was invalid.");
            return false;
        }
        if (memcmp(bytes.ptr, md5->bytes, MD5_LEN) != 0) {
            call_fail(
                call, 400, "BadDigest",
                "The Content-MD5 you specified did not match what we received.");
            return false;
        }
    }
    if (sum->kind == S3_SUM_NONE || str_eq(sum->value, computed))
        return true;
    call_fail(
        call, 400, "BadDigest", "The %s you specified did not match the calculated checksum.",
        s_sums[sum->kind].name);
    return false;
}

/* Decodes aws-chunked into the pass; the trailer's checksum lands in sum. *ret_ok false: answered.
 */
static enum err_code decode(
    struct local_call *call, struct pass *pass, struct s3_sum *sum, bool *ret_ok, struct err *err)
{
    struct chunked *chunked = ARENA_NEW(call->arena, struct chunked);
    *chunked =
        (struct chunked){.arena = call->arena, .sink = pass_add, .end = end_chunk, .arg = pass};
    struct err why = {0};
    enum err_code code = each_piece(call->http, feed_chunked, chunked, &why);
    uint64_t length = 0;
    struct str said = call_request_header(call, "x-amz-decoded-content-length");
    *ret_ok = false;
    if (code != ERR_NONE && code != ERR_PROTOCOL) {
        *err = why;
        return code;
    }
    bool complete = chunked->state == CHUNKED_DONE ||
                    (chunked->state == CHUNKED_TRAILER && chunked->line_len == 0);
    if (code == ERR_PROTOCOL || !complete || !str_to_u64(said, &length) ||
        length != pass->size_bytes) {
        call_fail(
            call, 400, "IncompleteBody",
            "The request body terminated unexpectedly, or is not well-formed aws-chunked.");
        return ERR_NONE;
    }
    if (pass->signatures != NULL && !chunk_signatures_hold(pass->signatures, chunked)) {
        call_fail(
            call, 403, "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check "
            "your key and signing method.");
        return ERR_NONE;
    }
    for (size_t i = 0; i < chunked->trailers.len; i++)
        if (sum->kind != S3_SUM_NONE &&
            str_eq_nocase(chunked->trailers.items[i].name, str_from(s_sums[sum->kind].header)))
            sum->value = chunked->trailers.items[i].value;
    *ret_ok = true;
    return ERR_NONE;
}

/* One pass over the body: decoded, digested, verified. When the body is plain, its digests are
 * known already and the pass is skipped unless something wants the bytes. */
static enum err_code read_body(
    struct local_call *call, struct pass *pass, struct s3_body *out, bool *ret_ok, struct err *err)
{
    struct s3_sum sum;
    enum s3_sum_kind wanted = out->sum.kind;
    *ret_ok = false;
    if (!announced_sum(call, &sum))
        return ERR_NONE;
    bool announced = sum.kind != S3_SUM_NONE;
    if (!announced)
        sum.kind = wanted;
    struct sha256 sha256 = call->http->body_sha256;
    struct md5 md5 = call->http->body_md5;
    bool known = sum.kind == S3_SUM_SHA256 && !is_streaming(call); /* computed as it arrived */
    pass->summing = s3_summing_begin(known ? S3_SUM_NONE : sum.kind);
    pass->signatures = chunk_signatures_of(call);
    enum err_code code = ERR_NONE;
    AUTO(digest_close) struct digest *digest = is_streaming(call) ? digest_new() : NULL;
    pass->digest = digest;
    if (digest != NULL) {
        code = decode(call, pass, &sum, ret_ok, err);
        digest_end(digest, &sha256, &md5);
    } else if (pass->writer != NULL || pass->text != NULL || pass->summing.kind != S3_SUM_NONE) {
        code = each_piece(call->http, pass_add, pass, err);
        *ret_ok = code == ERR_NONE;
    } else {
        *ret_ok = true;
    }
    chunk_signatures_close(&pass->signatures);
    struct str computed = s3_summing_end(&pass->summing, call->arena);
    if (code != ERR_NONE || !*ret_ok)
        return code;
    if (known)
        computed = base64_of(call->arena, sha256.bytes, SHA256_LEN);
    if (!announced)
        sum.value = computed;
    *ret_ok = verify(call, &sum, computed, &md5);
    out->size_bytes = digest != NULL ? pass->size_bytes : call->http->body_len;
    out->md5 = md5;
    out->sum = sum;
    return ERR_NONE;
}

enum err_code s3_body_store(
    struct local_call *call,
    enum s3_sum_kind wanted,
    struct s3_body *out,
    bool *ret_ok,
    struct err *err)
{
    struct blobs *blobs = call->local->blobs;
    struct s3_body body = {.blob = world_new_id(call->local, call->arena), .sum = {.kind = wanted}};
    AUTO(blob_writer_close) struct blob_writer *writer = NULL;
    enum err_code code = ERR_NONE;
    bool streaming = is_streaming(call);
    if (streaming)
        code = blobs_create(blobs, body.blob, &writer, err);
    struct pass pass = {.writer = writer};
    if (code == ERR_NONE)
        code = read_body(call, &pass, &body, ret_ok, err);
    if (code != ERR_NONE || !*ret_ok)
        return code;
    if (streaming)
        code = blob_finish(writer, err);
    else if (call->http->body_fd >= 0)
        code = blobs_adopt(blobs, body.blob, call->http->body_fd, err);
    else
        code = blobs_keep(blobs, call->arena, body.blob, call->http->body, &body.blob, err);
    if (code == ERR_NONE)
        *out = body;
    return code;
}

bool s3_body_text(struct local_call *call, struct str *out)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_TEXT_BYTES);
    struct pass pass = {.text = &text};
    struct s3_body body = {0};
    struct err err = {0};
    bool ok = false;
    if (read_body(call, &pass, &body, &ok, &err) != ERR_NONE) {
        call_fail(call, 500, "InternalError", "We encountered an internal error: %s", err.message);
        return false;
    }
    if (ok && !buf_ok(&text)) {
        call_fail(call, 400, "MaxMessageLengthExceeded", "Your request was too large.");
        return false;
    }
    if (ok && (call->op->flags & OP_NEEDS_DIGEST) != 0 && body.sum.kind == S3_SUM_NONE &&
        str_is_null(call_request_header(call, "content-md5"))) {
        call_fail(
            call, 400, "InvalidRequest",
            "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
        return false;
    }
    if (ok)
        *out = text.len > 0 ? str_dup(call->arena, buf_str(&text)) : STR("");
    return ok;
}

bool s3_body_xml(struct local_call *call, const char *root, struct xml **out)
{
    struct str text;
    struct err err;
    if (!s3_body_text(call, &text))
        return false;
    if (xml_parse(call->arena, text, MAX_TEXT_BYTES, out, &err) == ERR_NONE &&
        str_eq_z((*out)->name, root))
        return true;
    call_fail(
        call, 400, "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published "
        "schema");
    return false;
}
