#include "tests/sim/account.h"

#include "engine/aws/sigv4.h"
#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/local/trainer.h"
#include "engine/local/transport.h"
#include "engine/local/world.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define START_MS INT64_C(1790000000000)

void sim_must(enum err_code code, const struct err *err, const char *doing)
{
    if (code == ERR_NONE)
        return;
    fprintf(stderr, "sim: %s: %s\n", doing, err->message);
    exit(70);
}

/* ---- time ---- */

static int64_t aws_now(void *self)
{
    return ((struct account *) self)->now_ms;
}

static int64_t client_wall(void *self)
{
    const struct account *account = self;
    return account->now_ms + account->skew_ms;
}

static void wait_on(void *self, int64_t timeout_ms, int wake_fd)
{
    (void) wake_fd;
    if (timeout_ms < 0) {
        fprintf(stderr, "sim: every task waits and nothing can wake one\n");
        abort();
    }
    ((struct account *) self)->now_ms += timeout_ms;
}

static const struct clock_ops s_aws_clock = {aws_now, aws_now};
static const struct clock_ops s_client_clock = {client_wall, aws_now};
static const struct loop_poller_ops s_poller = {wait_on};

struct clock account_clock(struct account *account)
{
    return (struct clock){&s_aws_clock, account};
}

struct clock account_client_clock(struct account *account)
{
    return (struct clock){&s_client_clock, account};
}

struct loop *account_loop(struct account *account)
{
    struct loop *loop = loop_new(account_client_clock(account));
    loop_set_poller(loop, &s_poller, account);
    loop_set_offload(loop, 0);
    return loop;
}

/* ---- the account ---- */

static enum err_code train(
    void *self,
    struct arena *arena,
    const struct trainer_job *job,
    struct trainer_outcome *out,
    struct err *err)
{
    (void) self, (void) err;
    job->log(job->log_arg, STR("[0]\ttrain-logloss:0.5"));
    out->model = str_fmt(arena, "model of " STR_FMT, STR_ARG(job->name));
    out->metrics = ARENA_NEW(arena, struct trainer_metric);
    out->metrics[0] = (struct trainer_metric){.name = STR("train:logloss"), .value = 0.5};
    out->n_metrics = 1;
    out->took_ms = 1;
    return ERR_NONE;
}

static void write_once(struct account *account, struct str name, struct str text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/" STR_FMT, account->folder, STR_ARG(name));
    if (file_exists(path))
        return;
    FILE *file = fopen(path, "w");
    bool whole = file != NULL && fwrite(text.ptr, 1, text.len, file) == text.len;
    if (file == NULL || fclose(file) != 0 || !whole) {
        perror(path);
        exit(70);
    }
}

static void open_world(struct account *account)
{
    static const struct local_trainer trainer = {train, NULL};
    struct err err = {0};
    struct local_options options = {
        .clock = account_clock(account), .seed = 1, .trainer = &trainer, .inline_work = true};
    sim_must(local_open(&options, &account->local, &err), &err, "opening a world");
    account->wire = local_transport_new(account->local);
}

static size_t open_files(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        closedir(folder);
    return count;
}

void account_check_files(struct account *account)
{
    size_t now = open_files();
    if (now != account->files)
        account_violation(account, "I17", "%zu files are open, %zu were", now, account->files);
}

static void nothing(UNUSED void *arg)
{
}

/* A sanitizer opens the file of its reports when a task first runs; that one is not ours to close.
 */
static void run_once(struct account *account)
{
    struct loop *loop = account_loop(account);
    loop_run(loop, nothing, NULL);
    loop_free(loop);
}

struct account *account_open(void)
{
    struct account *account = xmalloc(sizeof(*account));
    *account = (struct account){.arena = arena_new("case", 0), .now_ms = START_MS};
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");
    char *folder = xmalloc(256);
    snprintf(folder, 256, "%s/mmectl-sim.XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        exit(70);
    }
    account->folder = folder;
    for (unsigned i = 0; i < 2; i++)
        write_once(account, sim_data_name(i), sim_data_bytes(i));
    open_world(account);
    run_once(account);
    account->files = open_files();
    return account;
}

void account_close(struct account *account)
{
    struct err err = {0};
    sim_must(file_remove_tree(account->folder, &err), &err, "removing the specs");
    for (size_t i = 0; i < ARRAY_LEN(account->untouched); i++)
        local_snapshot_free(account->untouched[i]);
    http_close(account->wire);
    local_close(account->local);
    arena_free(account->arena);
    xfree((void *) (uintptr_t) account->folder);
    xfree(account);
}

static void make(struct account *account, const char *target, const char *bytes)
{
    if (account_send(account, "s3", "PUT", str_from(target), str_from(bytes), NULL, NULL) == 200)
        return;
    fprintf(stderr, "sim: PUT %s failed\n", target);
    exit(70);
}

/* What somebody else has in the same account and bucket. */
static void move_neighbours_in(struct account *account)
{
    make(account, "/their-bucket", "");
    make(account, "/their-bucket/model.tar.gz", "theirs");
    if (!account->alone) {
        make(account, "/" SIM_BUCKET, "");
        account_put(account, "foreign/model.tar.gz", "theirs");
        account_put(account, SIM_PREFIX "/models/README.txt", "notes of a colleague");
        account_put(account, SIM_PREFIX "x/models/m0--0123456789abcdef.tar.gz", "another stack's");
    }
    account_sagemaker(
        account, "CreateModel",
        "{'ModelName':'theirs','ExecutionRoleArn':'" SIM_ROLE "','PrimaryContainer':{"
        "'Image':'683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1',"
        "'ModelDataUrl':'s3://their-bucket/model.tar.gz'}}");
    account_sagemaker(
        account, "CreateEndpointConfig",
        "{'EndpointConfigName':'theirs','ProductionVariants':[{'VariantName':'a','ModelName':"
        "'theirs','InstanceType':'ml.m5.large','InitialInstanceCount':1}]}");
}

struct local_delays account_delays(void)
{
    struct local_delays delays = local_delays_zero();
    delays.endpoint_creating_ms = 150;
    delays.endpoint_updating_ms = 150;
    delays.endpoint_rollback_ms = 50;
    delays.endpoint_deleting_ms = 50;
    delays.training_downloading_ms = 50;
    return delays;
}

/* The first time it is all made; from then on that moment is gone back to. */
static void begin_again(struct account *account)
{
    struct err err = {0};
    struct local_snapshot **untouched = &account->untouched[account->alone];
    if (*untouched != NULL) {
        sim_must(local_snapshot_restore(account->local, *untouched, &err), &err, "beginning again");
        return;
    }
    sim_must(local_reset(account->local, &err), &err, "emptying the world");
    move_neighbours_in(account);
    sim_must(local_snapshot_take(account->local, untouched, &err), &err, "keeping a world");
}

void account_reset(struct account *account, const struct account_options *options)
{
    struct err err = {0};
    arena_reset(account->arena);
    *account = (struct account){
        .arena = account->arena,
        .folder = account->folder,
        .local = account->local,
        .wire = account->wire,
        .untouched = {account->untouched[0], account->untouched[1]},
        .now_ms = START_MS,
        .alone = options->alone,
        .files = account->files,
        .requests = account->requests};
    account->local->delays = options->delays != NULL ? *options->delays : account_delays();
    rng_seed(&account->rng, options->seed);
    sim_must(local_first_key(account->local, account->arena, &account->key, &err), &err, "the key");
    begin_again(account);
}

/* ---- requests of others ---- */

static struct str unquoted(struct arena *arena, struct str text)
{
    char *copy = str_z(arena, text);
    for (char *c = copy; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    return str_of(copy, text.len);
}

int account_send(
    struct account *account,
    const char *service,
    const char *method,
    struct str target,
    struct str body,
    const char *operation,
    struct str *ret_body)
{
    struct arena *arena = account->arena;
    struct err err = {0};
    struct http_header headers[] = {
        {STR("content-type"), STR("application/x-amz-json-1.1")},
        {STR("x-amz-target"), str_fmt(arena, "SageMaker.%s", operation != NULL ? operation : "")}};
    struct http_request request = {
        .method = str_from(method),
        .url = str_fmt(arena, "http://127.0.0.1:1" STR_FMT, STR_ARG(target)),
        .headers = headers,
        .n_headers = operation != NULL ? ARRAY_LEN(headers) : 0,
        .body = body};
    struct sigv4_params params = {
        .region = STR(SIM_REGION),
        .service = str_from(service),
        .wall_ms = account->now_ms,
        .payload_hash = sha256_hex(arena, body),
        .rules = sigv4_rules_for(str_from(service))};
    struct local_key key;
    sim_must(local_first_key(account->local, arena, &key, &err), &err, "the key");
    struct sigv4_creds creds = {key.access_key, key.secret_key, key.session_token};
    sim_must(
        sigv4_sign(
            arena, NULL, &creds, &params, &request, &request.headers, &request.n_headers, NULL,
            &err),
        &err, "signing");
    struct http_response response = {0};
    sim_must(http_send(account->wire, arena, &request, &response, &err), &err, "sending");
    if (ret_body != NULL)
        *ret_body = response.body;
    return response.status;
}

void account_sagemaker(struct account *account, const char *operation, const char *body, ...)
{
    char text[4096];
    va_list args;
    va_start(args, body);
    vsnprintf(text, sizeof(text), body, args);
    va_end(args);
    struct str answer;
    int status = account_send(
        account, "sagemaker", "POST", STR("/"), unquoted(account->arena, str_from(text)), operation,
        &answer);
    if (status == 200)
        return;
    fprintf(stderr, "sim: %s: %d " STR_FMT "\n", operation, status, STR_ARG(answer));
    exit(70);
}

void account_put(struct account *account, const char *key, const char *bytes)
{
    make(account, str_fmt(account->arena, "/" SIM_BUCKET "/%s", key).ptr, bytes);
}

void account_tell(struct account *account, const char *method, const char *path, const char *body)
{
    struct str target = str_fmt(account->arena, "/_mmectl/%s", path), answer;
    int status = account_send(
        account, "mmectl", method, target, unquoted(account->arena, str_from(body)), NULL, &answer);
    if (status == 200)
        return;
    fprintf(stderr, "sim: %s: %d " STR_FMT "\n", path, status, STR_ARG(answer));
    exit(70);
}

/* ---- looking ---- */

struct str account_spec_file(struct account *account, const struct sim_spec *spec)
{
    struct str text = sim_spec_text(account->arena, spec);
    struct str name = str_fmt(
        account->arena, "s" STR_FMT ".yaml",
        STR_ARG(str_slice(sha256_hex(account->arena, text), 0, 16)));
    write_once(account, name, text);
    return path_join(account->arena, str_from(account->folder), name);
}

struct json *account_dump(struct account *account, struct arena *arena)
{
    struct json *dump = NULL;
    struct err err = {0};
    sim_must(local_dump(account->local, arena, &dump, &err), &err, "looking at the world");
    return dump;
}

void account_violation(struct account *account, const char *rule, const char *fmt, ...)
{
    if (account->verdict.rule[0] != '\0')
        return;
    snprintf(account->verdict.rule, sizeof(account->verdict.rule), "%s", rule);
    va_list args;
    va_start(args, fmt);
    vsnprintf(account->verdict.text, sizeof(account->verdict.text), fmt, args);
    va_end(args);
}

bool account_is_well(const struct account *account)
{
    return account->verdict.rule[0] == '\0';
}

bool account_is_tampered(const struct account *account, struct str key)
{
    for (size_t i = 0; i < account->n_tampered; i++)
        if (str_eq(account->tampered[i], key))
            return true;
    return false;
}
