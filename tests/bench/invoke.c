/* Calls models of the stand-in's endpoint over one kept connection with a request signed once, and
 * measures until the last byte of the answer.
 *
 *     invoke warm ROUNDS CALLS ENDPOINT ROW STATIC_SERVER THREADS MODEL
 *         p50 of CALLS calls of one loaded model; the baseline gets the same bytes from the same
 *         client: STATIC_SERVER with an answer of the same size
 *     invoke cold ROUNDS ENDPOINT ROW FOLDER MODEL...
 *         the first call of each model after it was unloaded and its artifact forgotten; the
 *         baseline is libxgboost loading the bytes in FOLDER/MODEL and scoring the same row
 *
 * ROW is a file with one row in CSV. Finds the stand-in of MMECTL_HOME.
 */
#include "engine/aws/sigv4.h"
#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/local/local_client.h"
#include "tests/bench/bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xgboost/c_api.h>

enum { MAX_ANSWER = 65536, MAX_CALLS = 1000000, MAX_COLS = 4096 };

extern char **environ;
extern void omp_set_num_threads(int threads);

/* ---- one kept connection ---- */

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
        DIE("cannot connect to port %u", port);
    return fd;
}

/* Reads one answer, ended by a zero byte; gives its body. Everything but 200 is broken. */
static struct str read_answer(int fd, char *buffer)
{
    size_t have = 0, end = SIZE_MAX, body = 0;
    for (;;) {
        ssize_t n = recv(fd, buffer + have, MAX_ANSWER - have, 0);
        if (n <= 0)
            DIE("the connection ended");
        have += (size_t) n;
        struct str text = str_of(buffer, have);
        if (end == SIZE_MAX) {
            size_t blank = str_find(text, STR("\r\n\r\n"));
            if (blank == SIZE_MAX)
                continue;
            size_t at = str_find(text, STR("Content-Length: "));
            if (!str_starts(text, STR("HTTP/1.1 200 ")) || at > blank)
                DIE("answer: " STR_FMT, STR_ARG(text));
            body = blank + 4;
            end = body + strtoul(buffer + at + 16, NULL, 10);
        }
        if (have < end)
            continue;
        if (have > end)
            DIE("more came than one answer");
        buffer[end] = '\0';
        return str_of(buffer + body, end - body);
    }
}

static struct str exchange(int fd, struct str request, char *buffer)
{
    if (send(fd, request.ptr, request.len, MSG_NOSIGNAL) != (ssize_t) request.len)
        DIE("the request could not be sent");
    return read_answer(fd, buffer);
}

/* ---- signed requests ---- */

struct bench {
    struct arena *arena;
    struct local_info info;
    const char *endpoint;
    struct str row;
    char buffer[MAX_ANSWER + 1];
};

static struct str signed_request(
    struct bench *bench,
    const char *service,
    struct str path,
    struct str body,
    struct http_header *headers,
    size_t n_headers)
{
    struct arena *arena = bench->arena;
    struct http_request request = {
        .method = STR("POST"),
        .url = str_fmt(arena, STR_FMT STR_FMT, STR_ARG(bench->info.url), STR_ARG(path)),
        .headers = headers,
        .n_headers = n_headers,
        .body = body,
    };
    struct sigv4_creds creds = {bench->info.access_key, bench->info.secret_key, STR_NULL};
    struct sigv4_params params = {
        .region = bench->info.region,
        .service = str_from(service),
        .wall_ms = clock_wall_ms(clock_system()),
        .payload_hash = sha256_hex(arena, body),
        .rules = sigv4_rules_for(str_from(service)),
    };
    struct err err = {0};
    if (sigv4_sign(
            arena, NULL, &creds, &params, &request, &request.headers, &request.n_headers, NULL,
            &err) != ERR_NONE)
        DIE("signing: %s", err.message);
    AUTO(buf_done) struct buf out = BUF_INIT(MIB(8));
    buf_fmt(&out, "POST " STR_FMT " HTTP/1.1\r\n", STR_ARG(path));
    buf_fmt(&out, "Host: 127.0.0.1:%u\r\n", bench->info.port);
    for (size_t i = 0; i < request.n_headers; i++)
        buf_fmt(
            &out, STR_FMT ": " STR_FMT "\r\n", STR_ARG(request.headers[i].name),
            STR_ARG(request.headers[i].value));
    buf_fmt(&out, "Content-Length: %zu\r\n\r\n", body.len);
    buf_add(&out, body);
    return str_dup(arena, buf_str(&out));
}

static struct str invocation(struct bench *bench, const char *model)
{
    struct arena *arena = bench->arena;
    struct http_header *headers = ARENA_ARRAY(arena, 3, struct http_header);
    headers[0] = (struct http_header){STR("Content-Type"), STR("text/csv")};
    headers[1] = (struct http_header){STR("Accept"), STR("text/csv")};
    headers[2] = (struct http_header){
        STR("X-Amzn-SageMaker-Target-Model"), str_fmt(arena, "%s.tar.gz", model)};
    struct str path = str_fmt(arena, "/endpoints/%s/invocations", bench->endpoint);
    return signed_request(bench, "sagemaker", path, bench->row, headers, 3);
}

static struct str unloading(struct bench *bench, const char *model)
{
    struct str path = str_fmt(
        bench->arena, "/_mmectl/unload?endpoint=%s&model=%s.tar.gz", bench->endpoint, model);
    return signed_request(bench, "mmectl", path, STR(""), NULL, 0);
}

/* ---- warm ---- */

struct server {
    pid_t pid;
    int input;
    uint16_t port;
};

static struct server server_start(char *program, size_t bytes, char *threads)
{
    char size[32];
    snprintf(size, sizeof(size), "%zu", bytes);
    char *argv[] = {program, size, threads, NULL};
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0)
        DIE("no pipe");
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], 0);
    posix_spawn_file_actions_adddup2(&files, out[1], 1);
    posix_spawn_file_actions_addclose(&files, in[1]);
    struct server server = {.input = in[1]};
    if (posix_spawn(&server.pid, program, &files, NULL, argv, environ) != 0)
        DIE("cannot run %s", program);
    posix_spawn_file_actions_destroy(&files);
    close(in[0]);
    close(out[1]);
    char line[32] = "";
    ssize_t n = read(out[0], line, sizeof(line) - 1);
    close(out[0]);
    server.port = (uint16_t) strtoul(line, NULL, 10);
    if (n <= 0 || server.port == 0)
        DIE("%s did not say its port", program);
    return server;
}

static void server_end(struct server *server)
{
    int status = 0;
    close(server->input);
    if (waitpid(server->pid, &status, 0) != server->pid || status != 0)
        DIE("the static server ended with status %d", status);
}

static int64_t
p50_of(struct bench *bench, int fd, struct str request, int64_t *times, size_t calls, size_t size)
{
    for (size_t i = 0; i < calls; i++) {
        int64_t start_us = now_us();
        struct str body = exchange(fd, request, bench->buffer);
        times[i] = now_us() - start_us;
        if (body.len != size)
            DIE("an answer of %zu bytes instead of %zu", body.len, size);
    }
    return median_of(times, calls);
}

static void warm(struct bench *bench, size_t rounds, size_t calls, char **server_argv, char *model)
{
    if (calls > MAX_CALLS)
        DIE("more than %d calls", MAX_CALLS);
    struct str request = invocation(bench, model);
    int ours = connect_to(bench->info.port);
    size_t size = exchange(ours, request, bench->buffer).len;
    struct server server = server_start(server_argv[0], size, server_argv[1]);
    int baseline = connect_to(server.port);
    int64_t *times = ARENA_ARRAY(bench->arena, calls, int64_t);
    p50_of(bench, ours, request, times, calls, size); /* not counted */
    p50_of(bench, baseline, request, times, calls, size);
    for (; rounds > 0; rounds--) {
        int64_t ours_us = p50_of(bench, ours, request, times, calls, size);
        int64_t baseline_us = p50_of(bench, baseline, request, times, calls, size);
        printf("%jd %jd\n", (intmax_t) ours_us, (intmax_t) baseline_us);
    }
    close(ours);
    close(baseline);
    server_end(&server);
}

/* ---- cold ---- */

static size_t read_row(const char *text, float *values)
{
    size_t cols = 0;
    char *at = (char *) (uintptr_t) text; /* strtof() gives its end without const */
    do {
        if (cols == MAX_COLS)
            DIE("more than %d columns", MAX_COLS);
        values[cols++] = strtof(at, &at);
    } while (*at++ == ',');
    return cols;
}

static int64_t load_and_score(struct str bytes, const float *row, size_t cols)
{
    char array[160];
    BoosterHandle booster = NULL;
    DMatrixHandle proxy = NULL;
    const bst_ulong *shape = NULL;
    bst_ulong dim = 0;
    const float *result = NULL;
    snprintf(
        array, sizeof(array),
        "{\"data\":[%ju,true],\"shape\":[1,%zu],\"typestr\":\"<f4\",\"version\":3}",
        (uintmax_t) (uintptr_t) row, cols);
    int64_t start_us = now_us();
    if (XGBoosterCreate(NULL, 0, &booster) != 0 ||
        XGBoosterLoadModelFromBuffer(booster, bytes.ptr, bytes.len) != 0 ||
        XGBoosterSetParam(booster, "nthread", "1") != 0 || XGProxyDMatrixCreate(&proxy) != 0 ||
        XGBoosterPredictFromDense(
            booster, array,
            "{\"type\":0,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,"
            "\"missing\":NaN,\"strict_shape\":false,\"cache_id\":0}",
            proxy, &shape, &dim, &result) != 0)
        DIE("libxgboost: %s", XGBGetLastError());
    int64_t took_us = now_us() - start_us;
    XGDMatrixFree(proxy);
    XGBoosterFree(booster);
    return took_us;
}

static void cold(struct bench *bench, size_t rounds, const char *folder, char **models)
{
    float *row = ARENA_ARRAY(bench->arena, MAX_COLS, float);
    size_t cols = read_row(str_z(bench->arena, bench->row), row);
    int fd = connect_to(bench->info.port);
    omp_set_num_threads(1);
    for (; rounds > 0; rounds--)
        for (char **model = models; *model != NULL; model++) {
            struct str bytes, path = str_fmt(bench->arena, "%s/%s", folder, *model);
            struct err err = {0};
            if (file_read(bench->arena, str_z(bench->arena, path), MIB(64), &bytes, &err) !=
                ERR_NONE)
                DIE("%s", err.message);
            struct str request = invocation(bench, *model);
            exchange(fd, unloading(bench, *model), bench->buffer);
            int64_t start_us = now_us();
            exchange(fd, request, bench->buffer);
            int64_t ours_us = now_us() - start_us;
            if (str_find(str_from(bench->buffer), STR("x-mmectl-model-loaded: miss")) == SIZE_MAX)
                DIE("%s was in memory after it was unloaded", *model);
            int64_t baseline_us = load_and_score(bytes, row, cols);
            printf("%jd %jd\n", (intmax_t) ours_us, (intmax_t) baseline_us);
        }
    close(fd);
}

int main(int argc, char **argv)
{
    static struct bench s_bench;
    struct bench *bench = &s_bench;
    bool is_warm = argc == 9 && strcmp(argv[1], "warm") == 0;
    bool is_cold = argc >= 7 && strcmp(argv[1], "cold") == 0;
    if (!is_warm && !is_cold)
        DIE("usage: in the first comment of tests/bench/invoke.c");
    char **rest = argv + (is_warm ? 4 : 3);
    struct err err = {0};
    const char *home = getenv("MMECTL_HOME");
    bench->arena = arena_new("bench", 0);
    bench->endpoint = rest[0];
    if (home == NULL || local_info_read(bench->arena, home, &bench->info, &err) != ERR_NONE ||
        file_read(bench->arena, rest[1], KIB(64), &bench->row, &err) != ERR_NONE)
        DIE("%s", home == NULL ? "MMECTL_HOME is not set" : err.message);
    if (is_warm)
        warm(bench, number_of(argv[2]), number_of(argv[3]), rest + 2, rest[4]);
    else
        cold(bench, number_of(argv[2]), rest[2], rest + 3);
    arena_free(bench->arena);
    return 0;
}
