#include "engine/aws/sigv4_canonical.h"
#include "engine/base/clock.h"
#include "engine/base/uri.h"

#define MAX_QUERY_PARAMS 200
#define MAX_EXPIRES_S 604800 /* a week, the limit of a presigned URL */

static enum err_code broken(const char *what, struct err *err)
{
    return err_set(err, ERR_AUTH, "the signature cannot be read: %s", what);
}

/* AKID/20150830/us-east-1/s3/aws4_request */
static bool read_credential(struct str text, struct sigv4_claim *claim)
{
    struct str terminator, rest = text;
    bool whole = str_split(&rest, '/', &claim->access_key_id) &&
                 str_split(&rest, '/', &claim->date) && str_split(&rest, '/', &claim->region) &&
                 str_split(&rest, '/', &claim->service) && str_split(&rest, '/', &terminator);
    return whole && str_is_null(rest) && str_eq_z(terminator, "aws4_request") &&
           claim->access_key_id.len > 0 && claim->date.len == 8 && claim->region.len > 0 &&
           claim->service.len > 0;
}

static bool lists_host(struct str signed_headers)
{
    struct str rest = signed_headers, name;
    while (str_split(&rest, ';', &name))
        if (str_eq_z(name, "host"))
            return true;
    return false;
}

/* What both forms must hold. */
static enum err_code
check_claim(const struct sigv4_claim *parsed, struct sigv4_claim *ret_claim, struct err *err)
{
    struct sigv4_claim claim = *parsed;
    if (!lists_host(claim.signed_headers))
        return broken("'host' is not among the signed headers", err);
    if (claim.signature.len != (size_t) SHA256_LEN * 2)
        return broken("Signature is not 64 hex digits", err);
    if (str_is_null(claim.amz_date) || !time_parse(claim.amz_date, &claim.signed_at_ms))
        return broken("there is no date", err);
    if (!str_eq(str_slice(claim.amz_date, 0, 8), claim.date))
        return broken("the date is not that of the credential's scope", err);
    *ret_claim = claim;
    return ERR_NONE;
}

static enum err_code read_header_form(
    struct arena *arena,
    const struct sigv4_received *received,
    struct str authorization,
    struct sigv4_claim *ret_claim,
    struct err *err)
{
    struct sigv4_claim claim = {0};
    struct str algorithm, part, rest = authorization;
    if (!str_split(&rest, ' ', &algorithm) || !str_eq_z(algorithm, SIGV4_ALGORITHM))
        return broken("Authorization does not start with " SIGV4_ALGORITHM, err);
    bool have_credential = false;
    while (str_split(&rest, ',', &part)) {
        struct str field = str_trim(part);
        size_t equals = str_index(field, '=');
        struct str name = str_slice(field, 0, equals);
        struct str value = equals == SIZE_MAX ? STR_NULL : str_from_index(field, equals + 1);
        if (str_eq_z(name, "Credential"))
            have_credential = read_credential(value, &claim);
        else if (str_eq_z(name, "SignedHeaders"))
            claim.signed_headers = value;
        else if (str_eq_z(name, "Signature"))
            claim.signature = value;
    }
    if (!have_credential)
        return broken("Credential is not KEY/DATE/REGION/SERVICE/aws4_request", err);
    const struct http_header *headers = received->headers;
    claim.amz_date = http_header_get(headers, received->n_headers, "x-amz-date");
    if (str_is_null(claim.amz_date)) {
        int64_t at_ms;
        struct str date = http_header_get(headers, received->n_headers, "date");
        if (!str_is_null(date) && time_parse(date, &at_ms))
            claim.amz_date = time_iso_basic(arena, at_ms);
    }
    claim.session_token = http_header_get(headers, received->n_headers, "x-amz-security-token");
    claim.payload_hash = http_header_get(headers, received->n_headers, "x-amz-content-sha256");
    return check_claim(&claim, ret_claim, err);
}

static struct str param(const struct query_param *params, size_t count, const char *name)
{
    const struct query_param *found = query_find(params, count, name);
    return found != NULL ? found->value : STR_NULL;
}

/* Of two, one reader would believe the first and another the last. */
static bool comes_twice(const struct query_param *params, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_starts(params[i].name, STR("X-Amz-")))
            for (size_t j = 0; j < i; j++)
                if (str_eq(params[i].name, params[j].name))
                    return true;
    return false;
}

static enum err_code read_query_form(
    const struct query_param *params, size_t count, struct sigv4_claim *ret_claim, struct err *err)
{
    if (comes_twice(params, count))
        return broken("a parameter X-Amz-... is given twice", err);
    struct sigv4_claim claim = {.presigned = true, .payload_hash = STR(SIGV4_UNSIGNED)};
    uint64_t expires_s;
    if (!str_eq_z(param(params, count, "X-Amz-Algorithm"), SIGV4_ALGORITHM))
        return broken("X-Amz-Algorithm is not " SIGV4_ALGORITHM, err);
    if (!read_credential(param(params, count, "X-Amz-Credential"), &claim))
        return broken("X-Amz-Credential is not KEY/DATE/REGION/SERVICE/aws4_request", err);
    if (!str_to_u64(param(params, count, "X-Amz-Expires"), &expires_s) || expires_s == 0 ||
        expires_s > MAX_EXPIRES_S)
        return broken("X-Amz-Expires is not between 1 and 604800", err);
    claim.expires_s = (unsigned) expires_s;
    claim.amz_date = param(params, count, "X-Amz-Date");
    claim.session_token = param(params, count, "X-Amz-Security-Token");
    claim.signed_headers = param(params, count, "X-Amz-SignedHeaders");
    claim.signature = param(params, count, "X-Amz-Signature");
    return check_claim(&claim, ret_claim, err);
}

enum err_code sigv4_claim_read(
    struct arena *arena,
    const struct sigv4_received *received,
    struct sigv4_claim *ret_claim,
    struct err *err)
{
    struct str authorization =
        http_header_get(received->headers, received->n_headers, "authorization");
    if (!str_is_null(authorization))
        return read_header_form(arena, received, authorization, ret_claim, err);
    if (str_find(received->query, STR("X-Amz-Signature=")) != SIZE_MAX) {
        struct query_param *params;
        size_t count;
        if (query_parse(arena, received->query, MAX_QUERY_PARAMS, &params, &count, err) != ERR_NONE)
            return broken("the query is malformed", err);
        return read_query_form(params, count, ret_claim, err);
    }
    return err_set(err, ERR_NOT_FOUND, "the request is not signed");
}

enum err_code sigv4_expected(
    struct arena *arena,
    struct sigv4_keys *keys,
    const struct sigv4_received *received,
    const struct sigv4_claim *claim,
    struct str secret_key,
    struct str payload_hash,
    struct sigv4_stages *ret_stages,
    struct err *err)
{
    struct sigv4_scope scope = {
        .date = claim->date, .region = claim->region, .service = claim->service};
    struct sigv4_canonical canonical = {
        .method = received->method,
        .path = received->path,
        .query = received->query,
        .headers = received->headers,
        .n_headers = received->n_headers,
        .signed_headers = claim->signed_headers,
        .payload_hash = payload_hash,
        .rules = sigv4_rules_for(claim->service),
    };
    return sigv4_compute(
        arena, keys, &canonical, &scope, claim->amz_date, secret_key, ret_stages, err);
}

struct str sigv4_chunk_signature(
    struct arena *arena,
    struct sigv4_keys *keys,
    const struct sigv4_claim *claim,
    struct str secret_key,
    bool trailer,
    struct str previous,
    const struct sha256 *content)
{
    struct sigv4_scope scope = {
        .date = claim->date, .region = claim->region, .service = claim->service};
    struct str text = str_fmt(
        arena, SIGV4_ALGORITHM "-%s\n" STR_FMT "\n" STR_FMT "\n" STR_FMT "\n%s" STR_FMT,
        trailer ? "TRAILER" : "PAYLOAD", STR_ARG(claim->amz_date),
        STR_ARG(sigv4_scope_text(arena, &scope)), STR_ARG(previous),
        trailer ? "" : SIGV4_EMPTY_HASH "\n", STR_ARG(hex_of(arena, content->bytes, SHA256_LEN)));
    struct hmac_key key = sigv4_signing_key(keys, secret_key, &scope);
    struct sha256 signature = hmac_sha256_with(&key, text);
    secret_wipe(&key, sizeof(key));
    return hex_of(arena, signature.bytes, SHA256_LEN);
}
