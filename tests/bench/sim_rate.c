/* How many requests a simulation gets through: the AWS client, signing, calls the stand-in,
 * verifying, in one process and one thread, both as the simulator uses them: a world in memory and
 * a clock that stands still.
 *
 *     sim_rate ROUNDS REQUESTS
 *
 * Prints the microseconds of CPU that REQUESTS requests take, then what as many signatures alone
 * take. The mix is that of an apply: PUT, HEAD, GET, a small listing, the three Describe calls, PUT
 * If-Match.
 */
#include "tests/bench/bench.h"

#include "engine/aws/aws.h"
#include "engine/aws/s3.h"
#include "engine/aws/sigv4.h"
#include "engine/base/arena.h"
#include "engine/local/local.h"
#include "engine/local/transport.h"

enum { MIX = 8, BODY_BYTES = 256, KEYS = 64 };

struct bench {
    struct arena *arena;
    struct aws *aws;
    struct rng rng;
    struct local_key key;
    size_t rounds, requests;
    int64_t now_ms;
    char body[BODY_BYTES];
};

static int64_t bench_now(void *self)
{
    return ((struct bench *) self)->now_ms;
}

static const struct clock_ops s_clock = {bench_now, bench_now};

static int64_t cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

#define MUST(call) \
    do { \
        UNFILLED struct err err; \
        if ((call) != ERR_NONE) \
            DIE("%s: %s", #call, err.message); \
    } while (0)

static void
describe(struct bench *bench, const char *operation, const char *member, const char *name)
{
    struct json *input = json_object(bench->arena);
    const struct json *output = NULL;
    json_set(bench->arena, input, str_from(member), json_z(bench->arena, name));
    MUST(aws_json_call(bench->aws, bench->arena, AWS_SAGEMAKER, operation, input, &output, &err));
}

static void create(struct bench *bench, const char *operation, const char *text)
{
    struct json *input = NULL;
    MUST(json_parse(bench->arena, str_from(text), MIB(1), &input, &err));
    MUST(aws_json_call(bench->aws, bench->arena, AWS_SAGEMAKER, operation, input, NULL, &err));
}

static void prepare(struct bench *bench)
{
    MUST(s3_bucket_create(bench->aws, bench->arena, STR("data-b"), &err));
    create(
        bench, "CreateModel",
        "{\"ModelName\":\"m\",\"PrimaryContainer\":{\"Image\":\"141502667606.dkr.ecr.eu-west-1."
        "amazonaws.com/sagemaker-xgboost:1.7-1\"}}");
    create(
        bench, "CreateEndpointConfig",
        "{\"EndpointConfigName\":\"c\",\"ProductionVariants\":[{\"VariantName\":\"v\","
        "\"ModelName\":\"m\",\"InstanceType\":\"ml.m5.large\",\"InitialInstanceCount\":1}]}");
    create(bench, "CreateEndpoint", "{\"EndpointName\":\"e\",\"EndpointConfigName\":\"c\"}");
}

/* One turn of the mix. */
static void turn(struct bench *bench, size_t number)
{
    struct arena *arena = bench->arena;
    struct str key =
        str_fmt(arena, "models/demo%zu--%016zx.tar.gz", number % KEYS / 4, number % KEYS);
    struct str body = str_of(bench->body, BODY_BYTES), got = STR_NULL;
    struct s3_put_result stored = {0};
    struct s3_info info = {0};
    struct s3_listing listing = {0};
    struct s3_list_options range = {
        .prefix = str_fmt(arena, "models/demo%zu--", number % KEYS / 4)};
    MUST(s3_put(bench->aws, arena, STR("data-b"), key, body, NULL, &stored, &err));
    MUST(s3_head(bench->aws, arena, STR("data-b"), key, &info, &err));
    MUST(s3_get(bench->aws, arena, STR("data-b"), key, NULL, &got, &info, &err));
    MUST(s3_list(bench->aws, arena, STR("data-b"), &range, &listing, &err));
    describe(bench, "DescribeModel", "ModelName", "m");
    describe(bench, "DescribeEndpointConfig", "EndpointConfigName", "c");
    describe(bench, "DescribeEndpoint", "EndpointName", "e");
    struct s3_put_options match = {.if_match = stored.etag};
    MUST(s3_put(bench->aws, arena, STR("data-b"), key, body, &match, &stored, &err));
    if (got.len != BODY_BYTES || listing.count == 0)
        DIE("an answer is wrong");
    arena_reset(arena);
}

static int64_t sign_us(struct bench *bench)
{
    struct sigv4_creds creds = {
        bench->key.access_key, bench->key.secret_key, bench->key.session_token};
    struct sigv4_params params = {
        .region = STR("us-east-1"),
        .service = STR("s3"),
        .wall_ms = bench->now_ms,
        .rules = sigv4_rules_for(STR("s3"))};
    struct sigv4_keys *keys = sigv4_keys_new();
    int64_t start_us = cpu_us();
    for (size_t i = 0; i < bench->requests; i++) {
        struct http_request request = {
            .method = STR("PUT"),
            .url = STR("http://127.0.0.1:1/data-b/models/demo--0000000000000000.tar.gz"),
            .body = str_of(bench->body, BODY_BYTES)};
        params.payload_hash = sha256_hex(bench->arena, request.body);
        MUST(sigv4_sign(
            bench->arena, keys, &creds, &params, &request, &request.headers, &request.n_headers,
            NULL, &err));
        arena_reset(bench->arena);
    }
    int64_t took_us = cpu_us() - start_us;
    sigv4_keys_free(keys);
    return took_us;
}

static void measure(void *arg)
{
    struct bench *bench = arg;

    prepare(bench);
    for (size_t i = 0; i < 2 * KEYS; i++)
        turn(bench, i);
    for (size_t round = 0; round < bench->rounds; round++) {
        int64_t start_us = cpu_us();
        for (size_t i = 0; i < bench->requests / MIX; i++)
            turn(bench, i);
        int64_t took_us = cpu_us() - start_us;
        printf("%jd %jd\n", (intmax_t) took_us, (intmax_t) sign_us(bench));
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        DIE("usage: sim_rate ROUNDS REQUESTS");
    struct bench bench = {
        .arena = arena_new("bench", 0),
        .rounds = number_of(argv[1]),
        .requests = number_of(argv[2]),
        .now_ms = INT64_C(1790000000000)};
    struct clock clock = {&s_clock, &bench};
    struct local_delays delays = local_delays_zero();
    struct local_options world = {
        .clock = clock, .seed = 1, .delays = &delays, .inline_work = true};
    struct local *local = NULL;
    struct arena *arena = arena_new("keys", 0);
    memset(bench.body, 'x', sizeof(bench.body));
    rng_seed(&bench.rng, 1);
    MUST(local_open(&world, &local, &err));
    MUST(local_first_key(local, arena, &bench.key, &err));
    struct loop *loop = loop_new(clock);
    loop_set_offload(loop, 0);
    struct http_transport *http = local_transport_new(local);
    struct creds_provider *creds = creds_static_new(
        bench.key.access_key, bench.key.secret_key, bench.key.session_token, "the bench");
    struct aws_options options = {
        .loop = loop,
        .clock = clock,
        .rng = &bench.rng,
        .http = http,
        .creds = creds,
        .region = STR("us-east-1"),
        .endpoint_url = STR("http://127.0.0.1:1")};
    MUST(aws_new(&options, &bench.aws, &err));
    aws_set_account(bench.aws, bench.key.account);
    loop_run(loop, measure, &bench);
    aws_free(bench.aws);
    creds_close(creds);
    http_close(http);
    loop_free(loop);
    local_close(local);
    arena_free(arena);
    arena_free(bench.arena);
    return 0;
}
