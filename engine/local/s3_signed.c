#include "engine/local/s3_signed.h"

#include "engine/base/digest.h"
#include "engine/local/access.h"
#include "engine/local/auth.h"
#include "engine/local/world.h"

struct chunk_signatures {
    struct local_call *call;
    struct sigv4_claim claim;
    struct hash *hash; /* of the chunk at hand */
    struct str previous;
    bool wrong, trailer;
};

struct chunk_signatures *chunk_signatures_of(struct local_call *call)
{
    struct str kind = call_request_header(call, "x-amz-content-sha256");
    UNFILLED struct auth auth;
    if (!str_starts(kind, STR("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")))
        return NULL;
    auth_read(call, &auth); /* it was believed already */
    struct chunk_signatures *out = ARENA_NEW(call->arena, struct chunk_signatures);
    *out = (struct chunk_signatures){
        .call = call,
        .claim = auth.claim,
        .hash = hash_new(HASH_SHA256),
        .previous = auth.claim.signature,
        .trailer = str_ends(kind, STR("-TRAILER"))};
    return out;
}

void chunk_signatures_close(struct chunk_signatures **signatures)
{
    if (*signatures != NULL)
        hash_close(&(*signatures)->hash);
    *signatures = NULL;
}

void chunk_signatures_add(struct chunk_signatures *signatures, struct str bytes)
{
    hash_add(signatures->hash, bytes);
}

static struct str
expected(const struct chunk_signatures *signatures, bool trailer, const struct sha256 *content)
{
    struct local_call *call = signatures->call;
    return sigv4_chunk_signature(
        call->arena, call->local->signing_keys, &signatures->claim, call->caller->key.secret_key,
        trailer, signatures->previous, content);
}

void chunk_signatures_check(struct chunk_signatures *signatures, struct str signature)
{
    unsigned char bytes[HASH_MAX_LEN];
    struct sha256 content;
    hash_end(signatures->hash, bytes);
    memcpy(content.bytes, bytes, SHA256_LEN);
    hash_close(&signatures->hash);
    signatures->hash = hash_new(HASH_SHA256);
    struct str right = expected(signatures, false, &content);
    if (str_is_null(signature) || !secret_eq(signature, right))
        signatures->wrong = true;
    signatures->previous = right;
}

bool chunk_signatures_hold(const struct chunk_signatures *signatures, const struct chunked *chunked)
{
    AUTO(buf_done) struct buf text = BUF_INIT(KIB(64));
    struct str said = STR_NULL;
    for (size_t i = 0; i < chunked->trailers.len; i++) {
        const struct chunked_trailer *trailer = &chunked->trailers.items[i];
        if (str_eq_nocase(trailer->name, STR("x-amz-trailer-signature")))
            said = trailer->value;
        else
            buf_fmt(
                &text, STR_FMT ":" STR_FMT "\n", STR_ARG(trailer->name), STR_ARG(trailer->value));
    }
    if (signatures->wrong || !signatures->trailer)
        return !signatures->wrong;
    struct sha256 content = sha256_of(buf_str(&text));
    return !str_is_null(said) && secret_eq(said, expected(signatures, true, &content));
}
