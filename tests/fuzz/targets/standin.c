/* One to four requests to a stand-in that has a bucket with an object, a model and an endpoint:
 * each is answered with a status, and a 500 is a defect. The input is requests parted by a line
 * "%%%": "SERVICE METHOD TARGET", "name: value" lines, an empty line and the body. They are signed
 * here unless the service is written "-". */
#include "tests/fuzz/fuzz.h"

#include "engine/aws/sigv4.h"
#include "engine/base/uri.h"
#include "engine/local/local.h"
#include "engine/local/transport.h"

#include <unistd.h>

#define NOW_MS INT64_C(1795501740000)
#define MAX_HEADERS 16
#define HOST "127.0.0.1:1"

struct world {
    struct local *local;
    struct http_transport *transport;
    struct local_snapshot *snapshot;
    struct local_key key;
    struct arena *arena;
};

static int64_t now(void *self)
{
    (void) self;
    return NOW_MS;
}

static const struct clock_ops s_clock_ops = {now, now};

static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7F ||
            strchr("\"(),/:;<=>?@[\\]{}", text.ptr[i]))
            return false;
    return text.len > 0;
}

static bool is_text(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char) text.ptr[i] < 0x20 || (unsigned char) text.ptr[i] > 0x7E)
            return false;
    return true;
}

static size_t read_headers(struct str *rest, struct http_header *headers)
{
    size_t count = 0;
    for (struct str line = fuzz_line(rest); line.len > 0 && count < MAX_HEADERS;
         line = fuzz_line(rest)) {
        size_t colon = str_index(line, ':');
        struct http_header header = {
            str_slice(line, 0, colon),
            colon == SIZE_MAX ? STR("") : str_trim(str_from_index(line, colon + 1))};
        if (is_token(header.name) && is_text(header.value))
            headers[count++] = header;
    }
    return count;
}

static struct http_response send_request(
    struct world *world, struct arena *arena, struct http_request *request, struct str service)
{
    struct err err = {0};
    struct http_response response = {0};
    if (!str_eq_z(service, "-")) {
        struct sigv4_creds creds = {world->key.access_key, world->key.secret_key, STR_NULL};
        struct sigv4_params params = {
            .region = STR("us-east-1"),
            .service = service,
            .wall_ms = NOW_MS,
            .payload_hash = sha256_hex(arena, request->body),
            .rules = sigv4_rules_for(service)};
        FUZZ_HOLDS(
            sigv4_sign(
                arena, NULL, &creds, &params, request, &request->headers, &request->n_headers, NULL,
                &err) == ERR_NONE);
    }
    enum err_code code = http_send(world->transport, arena, request, &response, &err);
    if (code != ERR_NONE)
        fprintf(stderr, "%s\n", err.message);
    FUZZ_HOLDS(code == ERR_NONE);
    return response;
}

static bool play(struct world *world, struct str text)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    struct http_header headers[MAX_HEADERS];
    struct str rest = text, line = fuzz_line(&rest), service = STR("-"), method = STR("GET");
    if (!str_split(&line, ' ', &service) || !str_split(&line, ' ', &method) || !is_token(method) ||
        !is_token(service) || str_index(service, '/') != SIZE_MAX)
        return false;
    struct http_request request = {.method = method, .headers = headers};
    request.url = str_fmt(arena, "http://" HOST STR_FMT, STR_ARG(line));
    struct url url;
    struct err err = {0};
    if (line.len == 0 || line.ptr[0] != '/' || url_parse(request.url, &url, &err) != ERR_NONE)
        return false;
    request.n_headers = read_headers(&rest, headers);
    request.body = rest.len > 0 ? rest : STR("");
    struct http_response response = send_request(world, arena, &request, service);
    if (response.status == 500)
        fprintf(stderr, STR_FMT "\n", STR_ARG(response.body));
    FUZZ_HOLDS(response.status >= 200 && response.status < 600);
    FUZZ_HOLDS(response.status != 500);
    return true;
}

static void must_play(struct world *world, const char *text)
{
    FUZZ_HOLDS(play(world, str_from(text)));
}

static struct world *world_of_all(void)
{
    static struct world s_world;
    struct world *world = &s_world;
    if (world->local != NULL)
        return world;
    struct local_delays delays = local_delays_zero();
    struct local_options options = {
        .clock = {&s_clock_ops, NULL}, .seed = 1, .delays = &delays, .inline_work = true};
    struct err err = {0};
    world->arena = arena_new("world", 0);
    FUZZ_HOLDS(local_open(&options, &world->local, &err) == ERR_NONE);
    FUZZ_HOLDS(local_first_key(world->local, world->arena, &world->key, &err) == ERR_NONE);
    world->transport = local_transport_new(world->local);
    must_play(world, "s3 PUT /bucket\n\n");
    must_play(world, "s3 PUT /bucket/a/key\nx-amz-meta-a: b\n\nsome bytes");
    must_play(world, "s3 POST /bucket/parts?uploads\n\n");
    must_play(
        world, "sagemaker POST /\nX-Amz-Target: SageMaker.CreateModel\nContent-Type: "
               "application/x-amz-json-1.1\n\n{\"ModelName\":\"m\",\"ExecutionRoleArn\":"
               "\"arn:aws:iam::123456789012:role/r\",\"PrimaryContainer\":{\"Image\":"
               "\"683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1\","
               "\"Mode\":\"MultiModel\",\"ModelDataUrl\":\"s3://bucket/a/\"}}");
    must_play(
        world, "sagemaker POST /\nX-Amz-Target: SageMaker.CreateEndpointConfig\nContent-Type: "
               "application/x-amz-json-1.1\n\n{\"EndpointConfigName\":\"c\",\"ProductionVariants\":"
               "[{\"VariantName\":\"v\",\"ModelName\":\"m\",\"InitialInstanceCount\":1,"
               "\"InstanceType\":\"ml.m5.large\"}]}");
    must_play(
        world, "sagemaker POST /\nX-Amz-Target: SageMaker.CreateEndpoint\nContent-Type: "
               "application/x-amz-json-1.1\n\n{\"EndpointName\":\"e\",\"EndpointConfigName\":"
               "\"c\"}");
    FUZZ_HOLDS(local_snapshot_take(world->local, &world->snapshot, &err) == ERR_NONE);
    return world;
}

void fuzz_standin(struct str input)
{
    struct world *world = world_of_all();
    struct err err = {0};
    struct str rest = input;
    for (int i = 0; i < 4 && rest.len > 0; i++) {
        size_t parted = str_find(rest, STR("\n%%%\n"));
        (void) play(world, str_slice(rest, 0, parted));
        rest = parted == SIZE_MAX ? STR("") : str_from_index(rest, parted + 5);
    }
    struct json *dump = NULL;
    AUTO(arena_close) struct arena *arena = arena_new("dump", 0);
    FUZZ_HOLDS(local_dump(world->local, arena, &dump, &err) == ERR_NONE);
    FUZZ_HOLDS(local_snapshot_restore(world->local, world->snapshot, &err) == ERR_NONE);
}
