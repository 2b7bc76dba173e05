/* The short texts that name places: URLs, queries, S3 URIs, images, ARNs, addresses, times,
 * encodings. The whole input is each of them. */
#include "tests/fuzz/fuzz.h"

#include "engine/aws/endpoint.h"
#include "engine/aws/s3.h"
#include "engine/base/digest.h"
#include "engine/base/partition.h"
#include "engine/base/template.h"
#include "engine/base/uri.h"
#include "engine/base/utf8.h"
#include "engine/reconcile/desired.h"
#include "engine/resource/address.h"
#include "engine/resource/image.h"

static void as_url(struct arena *arena, struct str input)
{
    struct url url, again;
    struct err err = {0};
    enum err_code code = url_parse(input, &url, &err);
    fuzz_check_err(code, &err);
    if (code != ERR_NONE)
        return;
    FUZZ_HOLDS(url.host.len > 0 && url.port > 0 && url.path.ptr[0] == '/');
    struct str text = str_fmt(
        arena, STR_FMT "://" STR_FMT ":%u" STR_FMT "%s" STR_FMT, STR_ARG(url.scheme),
        STR_ARG(url.host), (unsigned) url.port, STR_ARG(url.path), url.query.len > 0 ? "?" : "",
        STR_ARG(url.query));
    if (text.len > 8192)
        return;
    FUZZ_HOLDS(url_parse(text, &again, &err) == ERR_NONE);
    FUZZ_HOLDS(str_eq(url.scheme, again.scheme) && str_eq(url.host, again.host));
    FUZZ_HOLDS(url.port == again.port && str_eq(url.path, again.path));
    FUZZ_HOLDS(str_eq(url.query, again.query));
}

static void as_endpoint(struct arena *arena, struct str input)
{
    static const char *const regions[] = {"us-east-1", "cn-north-1", "us-gov-west-1"};
    struct str region = endpoint_region_ok(input) && input.len < 40
                            ? input
                            : str_from(regions[input.len % ARRAY_LEN(regions)]);
    struct endpoint_options options = {.region = region, .endpoint_url = input};
    for (int i = 0; i < AWS_SERVICE_COUNT; i++) {
        struct endpoint endpoint;
        struct err err = {0};
        enum aws_service service = (enum aws_service) i;
        enum err_code code = endpoint_find(arena, &options, service, &endpoint, &err);
        fuzz_check_err(code, &err);
        if (code != ERR_NONE)
            continue;
        FUZZ_HOLDS(!str_ends(endpoint.base, STR("/")));
        struct url url;
        struct str text = endpoint_url(
            arena, &endpoint, service == AWS_S3 ? STR("a-bucket") : STR_NULL, STR("/a%2Fb"),
            STR("c=d"));
        FUZZ_HOLDS(text.len > 8192 || url_parse(text, &url, &err) == ERR_NONE);
    }
    (void) partition_of(input);
}

static void as_query(struct arena *arena, struct str input)
{
    struct query_param *params = NULL;
    size_t count = 0;
    struct err err = {0};
    struct str plain;
    fuzz_check_err(query_parse(arena, input, 64, &params, &count, &err), &err);
    FUZZ_HOLDS(count <= 64);
    struct str encoded = uri_encoded(arena, input, input.len % 2 == 0);
    FUZZ_HOLDS(uri_is_plain(input, input.len % 2 == 0) == str_eq(encoded, input));
    FUZZ_HOLDS(uri_decode(arena, encoded, false, &plain) && str_eq(plain, input));
    FUZZ_HOLDS(uri_decode(arena, encoded, true, &plain) && str_eq(plain, input));
    (void) uri_decode(arena, input, true, &plain);
}

static void as_encodings(struct arena *arena, struct str input)
{
    struct str plain;
    unsigned char bytes[16];
    struct str text = base64_of(arena, input.ptr, input.len);
    FUZZ_HOLDS(base64_decode(arena, text, &plain) && str_eq(plain, input));
    (void) base64_decode(arena, input, &plain);
    (void) hex_decode(input, bytes, sizeof(bytes));
    for (size_t at = 0; at < input.len;) {
        size_t len = utf8_char_len(input, at);
        FUZZ_HOLDS(len <= 4 && at + len <= input.len);
        at += len > 0 ? len : 1;
    }
    int64_t ms = 0, again = 0;
    if (time_parse(input, &ms)) {
        FUZZ_HOLDS(time_parse(time_iso_ms(arena, ms), &again) && again == ms);
        FUZZ_HOLDS(time_parse(time_http(arena, ms), &again) && again / 1000 == ms / 1000);
    }
    int64_t seconds = 0;
    (void) str_to_seconds(input, &seconds);
    double number = 0;
    (void) str_to_f64(input, &number);
}

static void as_name(struct arena *arena, struct str input)
{
    struct str bucket, key, base, index, text, unknown;
    if (s3_uri_split(input, &bucket, &key)) {
        FUZZ_HOLDS(bucket.len > 0 && str_index(bucket, '/') == SIZE_MAX);
        size_t rest = input.len - 5 - bucket.len;
        FUZZ_HOLDS(str_eq(bucket, str_slice(input, 5, 5 + bucket.len)));
        FUZZ_HOLDS(rest == 0 ? key.len == 0 : rest == 1 + key.len && str_ends(input, key));
    }
    (void) image_version_of(input);
    (void) account_of_arn(input);
    if (address_split(input, &base, &index))
        FUZZ_HOLDS(base.len + index.len <= input.len);
    (void) address_matches(input, input);
    struct template_value values[] = {{STR("key"), STR("v")}, {STR("region"), STR("{key}")}};
    if (template_fill(arena, input, values, ARRAY_LEN(values), &text, &unknown))
        (void) template_matches(input, text);
}

void fuzz_url(struct str input)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    as_url(arena, input);
    as_endpoint(arena, input);
    as_query(arena, input);
    as_encodings(arena, input);
    as_name(arena, input);
}
