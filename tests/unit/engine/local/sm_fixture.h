/* tests/unit/engine/local/sm_fixture.h - a world in memory on a virtual clock, and signed calls to
 * it in process.
 *
 * Header-only, included by one test file per binary. Time stands still unless world_pass() moves
 * it. The trainer makes deterministic bytes and takes as long as the test says, unless `real` is
 * asked for.
 */
#ifndef TESTS_UNIT_ENGINE_LOCAL_SM_FIXTURE_H
#define TESTS_UNIT_ENGINE_LOCAL_SM_FIXTURE_H

#include "tests/harness/test.h"

#include "engine/aws/sigv4.h"
#include "engine/local/local.h"
#include "engine/local/trainer.h"

#include <sched.h>

#define REGION "eu-west-1"
#define ROLE "arn:aws:iam::123456789012:role/SageMakerRole"
#define IMAGE "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1"

struct world {
    struct arena *arena;
    struct local *local;
    struct local_key key;
    _Atomic int64_t now_ms;
    int64_t training_ms;  /* what the fake trainer says it took */
    bool until_cancelled; /* the fake trainer runs until it is told to stop */
    _Atomic unsigned trained, cancelled;
    const char *region;
};

struct reply {
    int status;
    struct str body, error; /* error: __type, or x-amzn-ErrorType */
    struct json *json;      /* NULL when the body is none */
    struct httpd_response http;
};

static int64_t fixture_now(void *self)
{
    return ((struct world *) self)->now_ms;
}

static const struct clock_ops fixture_clock = {fixture_now, fixture_now};

/* "model:<name>", and one metric. */
static enum err_code fixture_train(
    void *self,
    struct arena *arena,
    const struct trainer_job *job,
    struct trainer_outcome *out,
    struct err *err)
{
    struct world *world = self;

    world->trained++;
    while (world->until_cancelled) {
        if (__atomic_load_n(job->cancel, __ATOMIC_RELAXED)) {
            world->cancelled++;
            return err_set(err, ERR_CANCELLED, "stopped");
        }
        sched_yield();
    }
    job->log(job->log_arg, STR("[0]\ttrain-auc:0.5"));
    out->model =
        str_fmt(arena, "model:" STR_FMT ":%zu", STR_ARG(job->name), (size_t) job->train->bytes.len);
    out->metrics = ARENA_NEW(arena, struct trainer_metric);
    out->metrics[0] = (struct trainer_metric){.name = STR("train:auc"), .value = 0.5};
    out->n_metrics = 1;
    out->took_ms = world->training_ms;
    return ERR_NONE;
}

struct opening {
    bool real, threads; /* libxgboost; on threads instead of inside the request */
    const char *folder;
    size_t serve_memory_bytes;
};

static struct world *world_open_with(struct opening opening)
{
    struct arena *arena = arena_new("world", 0);
    struct world *world = ARENA_NEW(arena, struct world);
    struct local_trainer *trainer = ARENA_NEW(arena, struct local_trainer);
    struct err err = {0};

    world->arena = arena;
    world->now_ms = INT64_C(1800000000000);
    world->region = REGION;
    *trainer = (struct local_trainer){fixture_train, world};
    struct local_options options = {
        .folder = opening.folder,
        .account = STR("123456789012"),
        .clock = {&fixture_clock, world},
        .seed = opening.folder != NULL ? 0 : 7, /* ids must not repeat in one folder */
        .trainer = opening.real ? NULL : trainer,
        .serve_memory_bytes = opening.serve_memory_bytes,
        .inline_work = !opening.threads,
    };
    assert_ok(local_open(&options, &world->local, &err), &err);
    assert_ok(local_first_key(world->local, arena, &world->key, &err), &err);
    return world;
}

UNUSED static struct world *world_open(void)
{
    return world_open_with((struct opening){0});
}

static void world_close(struct world **world)
{
    local_close((*world)->local);
    arena_free((*world)->arena);
}

UNUSED static void world_pass(struct world *world, int64_t ms)
{
    world->now_ms += ms;
}

struct sending {
    const char *service, *method, *path, *target;
    struct http_header headers[4];
    size_t n_headers;
    struct str body;
};

static struct http_header *
sign(struct world *world, const struct sending *sending, struct http_header *given, size_t *count)
{
    struct str hash = sha256_hex(world->arena, sending->body);
    struct http_request request = {
        .method = str_from(sending->method),
        .url = str_fmt(world->arena, "http://127.0.0.1:4566%s", sending->path),
        .headers = given,
        .n_headers = *count,
        .body = sending->body,
    };
    struct sigv4_creds creds = {
        world->key.access_key, world->key.secret_key, world->key.session_token};
    struct sigv4_params params = {
        .region = str_from(world->region),
        .service = str_from(sending->service),
        .wall_ms = world->now_ms,
        .payload_hash = hash,
        .rules = sigv4_rules_for(str_from(sending->service)),
    };
    struct http_header *headers = NULL;
    struct err err = {0};

    assert_ok(
        sigv4_sign(world->arena, NULL, &creds, &params, &request, &headers, count, NULL, &err),
        &err);
    return headers;
}

static struct reply world_send(struct world *world, const struct sending *sending)
{
    struct http_header given[8] = {{{0}, {0}}}, *headers;
    size_t count = 0;
    struct httpd_request request = {
        .method = str_from(sending->method),
        .target = str_from(sending->path),
        .host = STR("127.0.0.1:4566"),
        .body = sending->body,
        .body_fd = -1,
    };
    struct reply reply = {.http = {.body_fd = -1}};
    struct err err = {0};

    if (sending->target != NULL)
        given[count++] = (struct http_header){STR("X-Amz-Target"), str_from(sending->target)};
    for (size_t i = 0; i < sending->n_headers; i++)
        given[count++] = sending->headers[i];
    headers = sign(world, sending, given, &count);
    request.headers = arena_array(world->arena, count + 1, sizeof(*request.headers));
    for (size_t i = 0; i < count; i++)
        request.headers[i] = (struct httpd_header){headers[i].name, headers[i].value};
    request.headers[count++] = (struct httpd_header){STR("Host"), request.host};
    request.n_headers = count;
    local_request_digest(&request);
    local_handle(world->local, world->arena, &request, &reply.http);
    reply.status = reply.http.status;
    reply.body = reply.http.body;
    if (json_parse(world->arena, reply.body, MIB(16), &reply.json, &err) != ERR_NONE)
        reply.json = NULL;
    reply.error = json_get_str(reply.json, "__type");
    for (size_t i = 0; i < reply.http.headers.len; i++)
        if (str_eq_nocase(reply.http.headers.items[i].name, STR("x-amzn-ErrorType")))
            reply.error = reply.http.headers.items[i].value;
    return reply;
}

UNUSED static struct str reply_header(const struct reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->http.headers.len; i++)
        if (str_eq_nocase(reply->http.headers.items[i].name, str_from(name)))
            return reply->http.headers.items[i].value;
    return STR_NULL;
}

/* A json 1.1 call; body may be written with ' for ". */
static struct reply json_call(
    struct world *world, const char *service, const char *prefix, const char *op, const char *body)
{
    char *text = str_z(world->arena, str_from(body));
    struct sending sending = {.service = service, .method = "POST", .path = "/"};

    for (char *c = text; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    sending.body = str_from(text);
    sending.target = str_z(world->arena, str_fmt(world->arena, "%s%s", prefix, op));
    return world_send(world, &sending);
}

UNUSED static struct reply sm(struct world *world, const char *op, const char *body)
{
    return json_call(world, "sagemaker", "SageMaker.", op, body);
}

UNUSED static struct reply logs(struct world *world, const char *op, const char *body)
{
    return json_call(world, "logs", "Logs_20140328.", op, body);
}

UNUSED static struct reply
admin(struct world *world, const char *method, const char *path, const char *body)
{
    char *text = str_z(world->arena, str_from(body));
    struct sending sending = {.service = "mmectl", .method = method, .path = path};

    for (char *c = text; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    sending.body = str_from(text);
    return world_send(world, &sending);
}

/* POST /endpoints/NAME/invocations; target and accept may be NULL. */
UNUSED static struct reply invoke(
    struct world *world,
    const char *endpoint,
    const char *target,
    const char *accept,
    struct str body)
{
    struct str path = str_fmt(world->arena, "/endpoints/%s/invocations", endpoint);
    struct sending sending = {
        .service = "sagemaker", .method = "POST", .path = str_z(world->arena, path), .body = body};

    sending.headers[sending.n_headers++] =
        (struct http_header){STR("Content-Type"), STR("text/csv")};
    if (target != NULL)
        sending.headers[sending.n_headers++] =
            (struct http_header){STR("X-Amzn-SageMaker-Target-Model"), str_from(target)};
    if (accept != NULL)
        sending.headers[sending.n_headers++] =
            (struct http_header){STR("Accept"), str_from(accept)};
    return world_send(world, &sending);
}

static struct reply put(struct world *world, const char *path, struct str bytes)
{
    struct sending sending = {.service = "s3", .method = "PUT", .path = path, .body = bytes};
    struct reply reply = world_send(world, &sending);

    if (reply.status != 200)
        print_error("PUT %s: " STR_FMT "\n", path, STR_ARG(reply.body));
    assert_int_equal(reply.status, 200);
    return reply;
}

UNUSED static struct reply get(struct world *world, const char *path)
{
    struct sending sending = {.service = "s3", .method = "GET", .path = path};

    return world_send(world, &sending);
}

UNUSED static void rm(struct world *world, const char *path)
{
    struct sending sending = {.service = "s3", .method = "DELETE", .path = path};

    assert_int_equal(world_send(world, &sending).status, 204);
}

UNUSED static void make_bucket(struct world *world, const char *name)
{
    struct str body = str_fmt(
        world->arena,
        "<CreateBucketConfiguration><LocationConstraint>%s</LocationConstraint>"
        "</CreateBucketConfiguration>",
        world->region);
    put(world, str_z(world->arena, str_fmt(world->arena, "/%s", name)), body);
}

/* The call succeeded. */
#define assert_done(reply) check_reply((reply), 200, NULL, NULL, __FILE__, __LINE__)
/* It failed with this code, and its message contains part. */
#define assert_refused(reply, code, part) \
    check_reply((reply), 400, (code), (part), __FILE__, __LINE__)

UNUSED static void check_reply(
    struct reply reply, int status, const char *code, const char *part, const char *file, int line)
{
    struct str message = json_get_str(reply.json, "message");

    if (str_is_null(message))
        message = json_get_str(reply.json, "Message");
    if (reply.status == status && (code == NULL || (str_eq_z(reply.error, code) &&
                                                    str_find(message, str_from(part)) != SIZE_MAX)))
        return;
    print_error(
        "got  %d " STR_FMT ": " STR_FMT "\nwant %d %s: ...%s...\n", reply.status,
        STR_ARG(reply.error), STR_ARG(reply.body), status, code != NULL ? code : "",
        part != NULL ? part : "");
    _fail(file, line);
}

/* A text inside an answer: at(reply, "ProductionVariants.0.VariantName"). */
UNUSED static const struct json *at(struct reply reply, const char *path)
{
    struct str rest = str_from(path), part;
    const struct json *node = reply.json;
    int64_t index;

    while (str_split(&rest, '.', &part)) {
        char key[128];
        if (str_to_i64(part, &index)) {
            node = json_at(node, (size_t) index);
            continue;
        }
        snprintf(key, sizeof(key), STR_FMT, STR_ARG(part));
        node = json_get(node, key);
    }
    return node;
}

#define assert_text(reply, path, text) assert_str(json_str(at((reply), (path))), (text))

/* One CSV with a label column, two informative ones and noise: enough for a real model. */
UNUSED static struct str fixture_csv(struct world *world, size_t rows, uint64_t seed)
{
    struct buf text = BUF_INIT(MIB(8));
    struct rng rng;
    struct str out;

    rng_seed(&rng, seed);
    for (size_t i = 0; i < rows; i++) {
        double a = rng_unit(&rng), b = rng_unit(&rng), c = rng_unit(&rng);
        buf_fmt(&text, "%d,%.4f,%.4f,%.4f\n", a + b > 1.0, a, b, c);
    }
    out = str_dup(world->arena, buf_str(&text));
    buf_done(&text);
    return out;
}

UNUSED static const char s_job[] =
    "{'TrainingJobName':'%s','RoleArn':'" ROLE "','AlgorithmSpecification':{'TrainingImage':'" IMAGE
    "','TrainingInputMode':'File'},'HyperParameters':{'num_round':'%s','max_depth':'3','eta':'0.3',"
    "'objective':'binary:logistic'},'InputDataConfig':[{'ChannelName':'train','ContentType':"
    "'text/csv','DataSource':{'S3DataSource':{'S3DataType':'S3Prefix','S3Uri':'s3://data-b/%s'}}}],"
    "'OutputDataConfig':{'S3OutputPath':'s3://data-b/out/'},'ResourceConfig':{'InstanceType':"
    "'ml.m5.large','InstanceCount':1,'VolumeSizeInGB':10},'StoppingCondition':{"
    "'MaxRuntimeInSeconds':60},'Tags':[{'Key':'mmectl:uid','Value':'abc'}]}";

#endif
