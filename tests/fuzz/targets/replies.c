/* What AWS answers, or somebody in its place: the client's calls against any status, headers and
 * bodies. The first line is "CALL STATUS"; then "name: value" lines, an empty line, and the bodies
 * of one answer after the other, parted by lines "%%%"; the last one repeats. */
#include "tests/fuzz/fuzz.h"

#include "engine/aws/creds_keys.h"
#include "engine/aws/iam.h"
#include "engine/aws/logs.h"
#include "engine/aws/runtime.h"
#include "engine/aws/s3.h"
#include "engine/aws/sts.h"

enum { MAX_HEADERS = 20, MAX_ANSWERS = 60 };

struct scene {
    struct http_transport base;
    struct str bodies; /* what is left of them */
    int status;
    struct http_header headers[MAX_HEADERS];
    size_t n_headers, answers;
    int64_t now_ms;
    struct loop *loop;
    struct aws *aws;
    struct arena *arena;
    unsigned call;
};

static int64_t scene_now(void *self)
{
    return ((struct scene *) self)->now_ms;
}

static const struct clock_ops s_clock_ops = {scene_now, scene_now};

/* Time is what is waited for. */
static void scene_poll(void *self, int64_t timeout_ms, int wake_fd)
{
    (void) wake_fd;
    FUZZ_HOLDS(timeout_ms >= 0);
    ((struct scene *) self)->now_ms += timeout_ms;
}

static const struct loop_poller_ops s_poller_ops = {scene_poll};

static enum err_code scene_send(
    struct http_transport *self,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err)
{
    struct scene *scene = (struct scene *) self;
    size_t parted = str_find(scene->bodies, STR("\n%%%\n"));
    struct str body = str_slice(scene->bodies, 0, parted);
    size_t most = request->max_body > 0 ? request->max_body : MIB(64);
    if (++scene->answers > MAX_ANSWERS)
        return err_set(err, ERR_CANCELLED, "enough");
    if (parted != SIZE_MAX)
        scene->bodies = str_from_index(scene->bodies, parted + 5);
    if (body.len > most)
        return err_set(err, ERR_PROTOCOL, "the answer is too large");
    struct http_response response = {
        .status = scene->status, .headers = scene->headers, .n_headers = scene->n_headers};
    response.body = str_eq_z(request->method, "HEAD") ? STR("") : str_dup(arena, body);
    *ret_response = response;
    return ERR_NONE;
}

static const struct http_transport_ops s_transport_ops = {.name = "fuzz", .send = scene_send};

static enum err_code s3_calls(struct scene *scene, struct err *err)
{
    struct aws *aws = scene->aws;
    struct arena *arena = scene->arena;
    struct str bucket = STR("a-bucket"), key = STR("a/key"), text;
    struct s3_listing listing = {0};
    struct s3_list_options list = {.prefix = STR("a/"), .delimiter = STR("/"), .max_objects = 5000};
    struct s3_upload *uploads = NULL;
    struct s3_info info = {0};
    struct s3_put_result put = {0};
    struct s3_tag *tags = NULL;
    struct s3_delete_failure *failures = NULL;
    struct s3_delete_key keys[] = {{STR("a"), STR_NULL}, {STR("b&<"), STR("\"e\"")}};
    struct s3_copy_options copy = {.source_if_match = STR("\"e\"")};
    size_t count = 0;
    bool yes = false;
    switch (scene->call) {
    case 'a':
        return s3_list(aws, arena, bucket, &list, &listing, err);
    case 'b':
        return s3_list_uploads(aws, arena, bucket, STR(""), &uploads, &count, err);
    case 'c':
        return s3_head(aws, arena, bucket, key, &info, err);
    case 'd':
        return s3_get(aws, arena, bucket, key, NULL, &text, &info, err);
    case 'e':
        return s3_put(aws, arena, bucket, key, STR("x"), NULL, &put, err);
    case 'f':
        return s3_copy(aws, arena, bucket, key, STR("from"), &copy, &put, err);
    case 'g':
        return s3_delete_many(aws, arena, bucket, keys, 2, &failures, &count, err);
    case 'h':
        return s3_bucket_get_tags(aws, arena, bucket, &tags, &count, err);
    case 'i':
        return s3_bucket_is_versioned(aws, arena, bucket, &yes, err);
    case 'j':
        return s3_bucket_is_private(aws, arena, bucket, &yes, err);
    case 'k':
        return s3_bucket_encryption(aws, arena, bucket, &text, err);
    case 'l':
        return s3_bucket_aborts_uploads(aws, arena, bucket, STR("p/"), &yes, err);
    default:
        return s3_bucket_create(aws, arena, bucket, err);
    }
}

static enum err_code other_calls(struct scene *scene, struct err *err)
{
    struct aws *aws = scene->aws;
    struct arena *arena = scene->arena;
    struct sts_identity identity = {0};
    struct iam_role role = {0};
    struct runtime_request request = {.endpoint = STR("e"), .target_model = STR("m.tar.gz")};
    struct runtime_response response = {0};
    struct runtime_fault fault = {0};
    struct logs_event *events = NULL;
    struct str *names = NULL, token = STR_NULL;
    const struct json *output = NULL;
    size_t count = 0;
    switch (scene->call) {
    case 'A':
        return sts_caller_identity(aws, arena, &identity, err);
    case 'B':
        return iam_role_get(aws, arena, STR("r"), &role, err);
    case 'C':
        return runtime_invoke(aws, arena, &request, &response, &fault, err);
    case 'D':
        return logs_streams(aws, arena, STR("g"), STR("p"), &names, &count, err);
    case 'E':
        return logs_events(aws, arena, STR("g"), STR("s"), &token, &events, &count, err);
    case 'F':
        return aws_json_call(aws, arena, AWS_SAGEMAKER, "CreateEndpoint", NULL, &output, err);
    case 'G':
        return aws_json_call(aws, arena, AWS_CLOUDWATCH, "DescribeAlarms", NULL, &output, err);
    default:
        return aws_json_call(aws, arena, AWS_SAGEMAKER, "DescribeTrainingJob", NULL, &output, err);
    }
}

static void call(void *arg)
{
    struct scene *scene = arg;
    struct err err = {0};
    enum err_code code = scene->call >= 'a' ? s3_calls(scene, &err) : other_calls(scene, &err);
    fuzz_check_err(code, &err);
}

static void read_scene(struct scene *scene, struct str input)
{
    struct str line = fuzz_line(&input);
    int64_t status = 0;
    scene->call = line.len > 0 ? (unsigned char) line.ptr[0] : 0;
    (void) str_to_i64(str_trim(str_slice(line, 1, 5)), &status);
    scene->status = status >= 100 && status < 1000 ? (int) status : 200;
    for (line = fuzz_line(&input); line.len > 0 && scene->n_headers < MAX_HEADERS;
         line = fuzz_line(&input)) {
        size_t colon = str_index(line, ':');
        scene->headers[scene->n_headers++] = (struct http_header){
            str_slice(line, 0, colon),
            colon == SIZE_MAX ? STR("") : str_trim(str_from_index(line, colon + 1))};
    }
    scene->bodies = input.len > 0 ? input : STR("");
}

/* What a program, an agent or an instance prints of credentials. */
static void as_credentials(struct arena *arena, struct str text)
{
    static const struct creds_names s_names = {"AccessKeyId", "SecretAccessKey", "SessionToken",
                                               "Expiration",  "AccountId",       true};
    struct creds_raw raw = {0};
    struct err err = {0};
    enum err_code code = creds_raw_parse(arena, text, &s_names, "the answer", &raw, &err);
    fuzz_check_err(code, &err);
    if (code != ERR_NONE)
        return;
    struct creds_keys keys = {0};
    code = creds_keys_take(&keys, &raw, "the answer", &err);
    fuzz_check_err(code, &err);
    if (code == ERR_NONE)
        FUZZ_HOLDS(keys.creds.access_key_id.len > 0 && keys.creds.secret_key->len > 0);
    creds_keys_clear(&keys);
}

void fuzz_replies(struct str input)
{
    struct scene scene = {.base = {&s_transport_ops}, .now_ms = INT64_C(1795501740000)};
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    struct clock clock = {&s_clock_ops, &scene};
    struct rng rng;
    struct err err = {0};
    rng_seed(&rng, 7);
    read_scene(&scene, input);
    scene.arena = arena;
    scene.loop = loop_new(clock);
    loop_set_offload(scene.loop, 0);
    loop_set_poller(scene.loop, &s_poller_ops, &scene);
    struct creds_provider *creds = creds_static_new(STR("AKID"), STR("secret"), STR_NULL, "here");
    struct aws_options options = {
        .loop = scene.loop,
        .clock = clock,
        .rng = &rng,
        .http = &scene.base,
        .creds = creds,
        .region = STR("us-east-1")};
    FUZZ_HOLDS(aws_new(&options, &scene.aws, &err) == ERR_NONE);
    aws_set_account(scene.aws, STR("123456789012"));
    loop_run(scene.loop, call, &scene);
    as_credentials(arena, scene.bodies);
    aws_free(scene.aws);
    creds_close(creds);
    loop_free(scene.loop);
}
