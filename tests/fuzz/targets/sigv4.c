/* Signature Version 4, both sides: what the client signs, the stand-in accepts; a byte changed, and
 * it does not. A canonical request is its own canonical form. The input is "SERVICE METHOD URL",
 * "name: value" lines, an empty line, and the body. */
#include "tests/fuzz/fuzz.h"

#include "engine/aws/sigv4_canonical.h"

#define MAX_HEADERS 20
#define NOW_MS INT64_C(1795501740000)

static const struct sigv4_creds s_creds = {
    STR_INIT("AKIDEXAMPLE"), STR_INIT("a secret"), STR_INIT("a/token=")};

static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7F ||
            strchr("\"(),/:;<=>?@[\\]{}", text.ptr[i]))
            return false;
    return text.len > 0;
}

/* What a transport would send: no control characters, and none of the headers that signing adds. */
static bool may_send(struct http_header header)
{
    static const char *const ours[] = {"authorization",        "x-amz-date", "x-amz-content-sha256",
                                       "x-amz-security-token", "host",       "date"};
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        if (str_eq_nocase(header.name, str_from(ours[i])))
            return false;
    for (size_t i = 0; i < header.value.len; i++)
        if ((unsigned char) header.value.ptr[i] < 0x20 && header.value.ptr[i] != '\t')
            return false;
    return is_token(header.name);
}

static size_t read_headers(struct arena *arena, struct str *rest, struct http_header **out)
{
    size_t count = 0;
    *out = ARENA_ARRAY(arena, MAX_HEADERS, struct http_header);
    for (;;) {
        struct str line = fuzz_line(rest);
        size_t colon = str_index(line, ':');
        if (line.len == 0 || count == MAX_HEADERS)
            return count;
        struct http_header header = {
            str_slice(line, 0, colon),
            colon == SIZE_MAX ? STR("") : str_trim(str_from_index(line, colon + 1))};
        if (may_send(header))
            (*out)[count++] = header;
    }
}

/* As it arrives: Host among the headers, path and query parted. */
static struct sigv4_received
arrived(struct arena *arena, const struct http_request *request, const struct url *url)
{
    struct http_header *headers = ARENA_ARRAY(arena, request->n_headers + 1, struct http_header);
    for (size_t i = 0; i < request->n_headers; i++)
        headers[i] = request->headers[i];
    headers[request->n_headers] = (struct http_header){STR("Host"), sigv4_host(arena, url)};
    return (struct sigv4_received){
        request->method, url->path, url->query, headers, request->n_headers + 1};
}

static struct str expected(
    struct arena *arena,
    const struct sigv4_received *received,
    struct str hash,
    struct sigv4_claim *claim,
    struct sigv4_stages *stages)
{
    struct err err = {0};
    FUZZ_HOLDS(sigv4_claim_read(arena, received, claim, &err) == ERR_NONE);
    enum err_code code =
        sigv4_expected(arena, NULL, received, claim, s_creds.secret_key, hash, stages, &err);
    fuzz_check_err(code, &err);
    return code == ERR_NONE ? stages->signature : STR_NULL;
}

/* The canonical request, taken as a request, has the same canonical request. */
static void own_canonical_form(
    struct arena *arena,
    const struct sigv4_received *received,
    const struct sigv4_claim *claim,
    const struct sigv4_stages *stages,
    struct str hash)
{
    struct sigv4_rules rules = sigv4_rules_for(claim->service);
    struct str rest = stages->canonical_request;
    struct sigv4_received again = *received;
    struct sigv4_stages next;
    struct sigv4_claim second;
    again.method = fuzz_line(&rest);
    struct str path = fuzz_line(&rest);
    again.query = fuzz_line(&rest);
    if (!rules.double_encode_path)
        again.path = path; /* encoded once: a second time changes nothing */
    (void) expected(arena, &again, hash, &second, &next);
    FUZZ_HOLDS(str_eq(stages->canonical_request, next.canonical_request));
}

/* Nothing of what is signed can be changed. */
static void tampered(
    struct arena *arena,
    struct rng *rng,
    const struct sigv4_received *received,
    struct str hash,
    struct str signature)
{
    struct sigv4_received other = *received;
    struct sigv4_stages stages;
    struct sigv4_claim claim;
    char *changed = arena_chars(arena, received->path.len + 1);
    memcpy(changed, received->path.ptr, received->path.len);
    changed[received->path.len] = (char) ('a' + (int) rng_below(rng, 26));
    other.path = str_of(changed, received->path.len + 1);
    FUZZ_HOLDS(!str_eq(expected(arena, &other, hash, &claim, &stages), signature));
    other = *received;
    other.method = str_fmt(arena, STR_FMT "X", STR_ARG(received->method));
    FUZZ_HOLDS(!str_eq(expected(arena, &other, hash, &claim, &stages), signature));
    other = *received;
    struct str more = sha256_hex(arena, signature);
    FUZZ_HOLDS(!str_eq(expected(arena, &other, more, &claim, &stages), signature));
    other.query = str_fmt(
        arena, STR_FMT "%sq=1", STR_ARG(received->query), received->query.len > 0 ? "&" : "");
    FUZZ_HOLDS(!str_eq(expected(arena, &other, hash, &claim, &stages), signature));
}

static void presigned(
    struct arena *arena, const struct sigv4_params *params, struct str method, struct str url_text)
{
    struct err err = {0};
    struct str signed_url;
    enum err_code code =
        sigv4_presign(arena, &s_creds, params, method, url_text, 300, &signed_url, &err);
    FUZZ_HOLDS(code == ERR_NONE);
    struct url url;
    if (url_parse(signed_url, &url, &err) != ERR_NONE)
        return; /* longer than a URL may be */
    struct http_request request = {.method = method};
    struct sigv4_received received = arrived(arena, &request, &url);
    struct sigv4_claim claim;
    struct sigv4_stages stages;
    code = sigv4_claim_read(arena, &received, &claim, &err);
    fuzz_check_err(code, &err);
    if (code != ERR_NONE)
        return; /* the URL has parameters of a signature already */
    FUZZ_HOLDS(claim.presigned);
    FUZZ_HOLDS(
        str_eq(expected(arena, &received, STR(SIGV4_UNSIGNED), &claim, &stages), claim.signature));
}

/* A signature from outside. */
static void claimed(struct arena *arena, struct str input)
{
    struct str rest = input;
    struct http_header headers[MAX_HEADERS];
    struct sigv4_received received = {.method = STR("GET"), .path = STR("/"), .headers = headers};
    received.query = fuzz_line(&rest);
    while (!str_is_null(rest) && received.n_headers < MAX_HEADERS) {
        struct str line = fuzz_line(&rest);
        size_t colon = str_index(line, ':');
        headers[received.n_headers++] = (struct http_header){
            str_slice(line, 0, colon),
            colon == SIZE_MAX ? STR("") : str_trim(str_from_index(line, colon + 1))};
    }
    struct err err = {0};
    struct sigv4_claim claim;
    struct sigv4_stages stages;
    enum err_code code = sigv4_claim_read(arena, &received, &claim, &err);
    fuzz_check_err(code, &err);
    if (code != ERR_NONE)
        return;
    code = sigv4_expected(
        arena, NULL, &received, &claim, s_creds.secret_key, STR("UNSIGNED-PAYLOAD"), &stages, &err);
    fuzz_check_err(code, &err);
}

void fuzz_sigv4(struct str input)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    claimed(arena, input);
    struct rng rng = fuzz_rng(input);
    struct err err = {0};
    struct str rest = input, line = fuzz_line(&rest), service, method;
    if (!str_split(&line, ' ', &service) || !str_split(&line, ' ', &method) || !is_token(method))
        return;
    struct http_request request = {.method = method, .url = line};
    struct url url;
    if (service.len == 0 || service.len > 40 || str_index(service, '/') != SIZE_MAX ||
        !is_token(service) || url_parse(line, &url, &err) != ERR_NONE)
        return;
    request.n_headers = read_headers(arena, &rest, &request.headers);
    struct str hash = sha256_hex(arena, rest);
    struct sigv4_params params = {
        .region = STR("us-east-1"),
        .service = service,
        .wall_ms = NOW_MS,
        .payload_hash = hash,
        .rules = sigv4_rules_for(service)};
    struct sigv4_stages signed_stages, stages;
    struct http_request sent = request;
    enum err_code code = sigv4_sign(
        arena, NULL, &s_creds, &params, &request, &sent.headers, &sent.n_headers, &signed_stages,
        &err);
    FUZZ_HOLDS(code == ERR_NONE);
    struct sigv4_received received = arrived(arena, &sent, &url);
    struct sigv4_claim claim;
    struct str signature = expected(arena, &received, hash, &claim, &stages);
    FUZZ_HOLDS(str_eq(signed_stages.canonical_request, stages.canonical_request));
    FUZZ_HOLDS(str_eq(signature, claim.signature));
    FUZZ_HOLDS(str_eq(signature, signed_stages.signature));
    FUZZ_HOLDS(str_eq(claim.session_token, s_creds.session_token));
    own_canonical_form(arena, &received, &claim, &stages, hash);
    tampered(arena, &rng, &received, hash, signature);
    presigned(arena, &params, method, line);
}
