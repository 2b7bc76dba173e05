/* sign: signs what tests/interop/sigv4.py made up, for it to compare with botocore's signer.
 *
 * Each line of stdin is a JSON object: key, secret, token (or null), service, region, time (ISO
 * 8601), method, url, headers ([[name, value], ...]), payload (its hash, or words like
 * UNSIGNED-PAYLOAD), expires (0: sign the headers; else presign). Answered with Authorization and
 * the signature the receiving side computes of what would arrive; or with the presigned URL and
 * that.
 */
#include "engine/aws/sigv4.h"
#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/uri.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_LINE = 1 << 20 };

static void die(const struct err *err)
{
    fprintf(stderr, "sign: %s\n", err->message);
    exit(1);
}

/* What the stand-in would compute of the request. */
static struct str received_signature(
    struct arena *arena,
    struct sigv4_keys *keys,
    struct str secret,
    struct str method,
    struct str url_text,
    const struct http_header *headers,
    size_t count,
    struct str payload)
{
    struct err err = {0};
    struct url url;
    if (url_parse(url_text, &url, &err) != ERR_NONE)
        die(&err);
    bool usual = url.port == (str_eq_z(url.scheme, "https") ? 443 : 80);
    struct http_header *all = ARENA_ARRAY(arena, count + 1, struct http_header);
    all[0] = (struct http_header){
        STR("Host"),
        usual ? url.host : str_fmt(arena, STR_FMT ":%u", STR_ARG(url.host), (unsigned) url.port)};
    for (size_t i = 0; i < count; i++)
        all[i + 1] = headers[i];
    struct sigv4_received received = {method, url.path, url.query, all, count + 1};
    struct sigv4_claim claim;
    struct sigv4_stages stages;
    if (sigv4_claim_read(arena, &received, &claim, &err) != ERR_NONE ||
        sigv4_expected(arena, keys, &received, &claim, secret, payload, &stages, &err) != ERR_NONE)
        die(&err);
    return stages.signature;
}

static void sign(struct arena *arena, struct sigv4_keys *keys, const struct json *node)
{
    struct err err = {0};
    const struct json *pairs = json_get(node, "headers");
    struct http_header *headers = ARENA_ARRAY(arena, pairs->len + 1, struct http_header);
    struct http_request request = {
        .method = json_get_str(node, "method"),
        .url = json_get_str(node, "url"),
        .headers = headers,
    };
    JSON_EACH (pair, pairs)
        headers[request.n_headers++] =
            (struct http_header){json_str(json_at(pair, 0)), json_str(json_at(pair, 1))};
    struct sigv4_creds creds = {
        json_get_str(node, "key"), json_get_str(node, "secret"), json_get_str(node, "token")};
    struct sigv4_params params = {
        .region = json_get_str(node, "region"),
        .service = json_get_str(node, "service"),
        .payload_hash = json_get_str(node, "payload"),
        .rules = sigv4_rules_for(json_get_str(node, "service")),
    };
    if (!time_parse(json_get_str(node, "time"), &params.wall_ms))
        exit(2);
    unsigned expires_s = (unsigned) json_get_int(node, "expires", 0);
    struct http_header *all = NULL;
    size_t count = 0;
    struct str url = request.url, shown;
    enum err_code code =
        expires_s > 0
            ? sigv4_presign(
                  arena, &creds, &params, request.method, request.url, expires_s, &url, &err)
            : sigv4_sign(arena, keys, &creds, &params, &request, &all, &count, NULL, &err);
    if (code != ERR_NONE)
        die(&err);
    shown = expires_s > 0 ? url : http_header_get(all, count, "authorization");
    struct str seen = received_signature(
        arena, keys, creds.secret_key, request.method, url, all, count,
        expires_s > 0 ? STR(SIGV4_UNSIGNED) : params.payload_hash);
    printf(STR_FMT "\t" STR_FMT "\n", STR_ARG(shown), STR_ARG(seen));
}

int main(void)
{
    static char s_line[MAX_LINE];
    struct arena *arena = arena_new("sign", 0);
    struct sigv4_keys *keys = sigv4_keys_new();
    while (fgets(s_line, sizeof(s_line), stdin) != NULL) {
        struct json *node;
        struct err err = {0};
        arena_reset(arena);
        if (json_parse(arena, str_from(s_line), MAX_LINE, &node, &err) != ERR_NONE)
            die(&err);
        sign(arena, keys, node);
    }
    sigv4_keys_free(keys);
    arena_free(arena);
    return 0;
}
