/* Everything that engine/serve does, at once, for a while, with every answer checked.
 *
 *     soak SECONDS CLIENTS FOLDER
 *
 * One process, so that a sanitizer sees both ends: the container of `mmectl serve` on a free port,
 * and the cache behind the stand-in's endpoints. Three of four clients speak HTTP and load, unload,
 * call, list, pipeline, hang up in the middle and send what has to be refused; the others call the
 * cache, which has memory for half of the models. What a model has to answer was worked out before
 * by libxgboost alone. Ends with SIGTERM under load, prints what was done, and fails when an answer
 * was wrong or a sort of work did not happen. Built by `make soak` with ThreadSanitizer and with
 * AddressSanitizer; it links base, xgb, httpd and serve only.
 */
#include "engine/base/arena.h"
#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "engine/serve/container.h"
#include "engine/serve/evaluate.h"
#include "engine/serve/serve.h"
#include "engine/xgb/artifact.h"
#include "tests/soak/models.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CLIENTS = 256, MAX_ANSWER = 1 << 20, BURST = 5 };

#define DIE(...) (fprintf(stderr, "soak: " __VA_ARGS__), fputc('\n', stderr), exit(1))

enum work {
    CALLED,
    NOT_LOADED,
    LOADED,
    LOADED_ALREADY,
    NO_MEMORY,
    UNLOADED,
    LISTED,
    REFUSED,
    PIPELINED,
    HUNG_UP,
    CACHE_HIT,
    CACHE_MISS,
    CACHE_DROPPED,
    WORKS
};

static const char *const s_works[WORKS] = {
    [CALLED] = "calls",
    [NOT_LOADED] = "calls of models that were not loaded",
    [LOADED] = "loads",
    [LOADED_ALREADY] = "loads of models that were there",
    [NO_MEMORY] = "loads that found no memory",
    [UNLOADED] = "unloads",
    [LISTED] = "lists, descriptions, pings and metrics",
    [REFUSED] = "refusals",
    [PIPELINED] = "bursts in one write",
    [HUNG_UP] = "hang-ups",
    [CACHE_HIT] = "calls of the cache that hit",
    [CACHE_MISS] = "that missed",
    [CACHE_DROPPED] = "drops from the cache",
};

struct soak {
    const struct soak_models *models;
    struct serve *serve, *uncached;
    uint16_t port;
    int64_t until_us;
    atomic_bool ending;
    atomic_uint_fast64_t counts[WORKS];
    pthread_t clients[MAX_CLIENTS], end;
    size_t n_clients;
    uint64_t seed;
};

struct client {
    struct soak *soak;
    struct arena *arena;
    struct rng rng;
    int fd;
    char *answer;
    size_t have; /* bytes of answers that have come and are not read */
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void count(struct client *client, enum work work)
{
    atomic_fetch_add_explicit(&client->soak->counts[work], 1, memory_order_relaxed);
}

/* ---- HTTP ---- */

static void connect_again(struct client *client)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(client->soak->port),
        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int on = 1;
    if (client->fd >= 0)
        close(client->fd);
    client->have = 0;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 || connect(client->fd, (struct sockaddr *) &address, sizeof(address)) != 0) {
        if (!atomic_load(&client->soak->ending))
            DIE("cannot connect");
        return;
    }
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static bool send_text(struct client *client, struct str text)
{
    return send(client->fd, text.ptr, text.len, MSG_NOSIGNAL) == (ssize_t) text.len;
}

static bool more(struct client *client)
{
    ssize_t n = recv(client->fd, client->answer + client->have, MAX_ANSWER - client->have, 0);
    if (n <= 0) {
        if (!atomic_load(&client->soak->ending))
            DIE("the server closed a connection");
        return false;
    }
    client->have += (size_t) n;
    return true;
}

static size_t body_length(struct str head)
{
    size_t at = str_find(head, STR("Content-Length: "));
    uint64_t length = 0;
    if (at == SIZE_MAX)
        return 0;
    struct str rest = str_from_index(head, at + 16), number = STR_NULL;
    if (!str_split(&rest, '\r', &number) || !str_to_u64(number, &length))
        DIE("answer: " STR_FMT, STR_ARG(head));
    return (size_t) length;
}

/* Reads one answer; what came behind it stays for the next. False when the server ended. */
static bool read_answer(struct client *client, int *ret_status, struct str *ret_body)
{
    size_t blank, head, total;
    while ((blank = str_find(str_of(client->answer, client->have), STR("\r\n\r\n"))) == SIZE_MAX)
        if (!more(client))
            return false;
    head = blank + 4;
    total = head + body_length(str_of(client->answer, blank + 2));
    if (total > MAX_ANSWER)
        DIE("an answer of %zu bytes", total);
    while (client->have < total)
        if (!more(client))
            return false;
    *ret_status = (int) strtol(client->answer + 9, NULL, 10);
    *ret_body = str_dup(client->arena, str_of(client->answer + head, total - head));
    bool closes = str_find(str_of(client->answer, head), STR("Connection: close")) != SIZE_MAX;
    memmove(client->answer, client->answer + total, client->have - total);
    client->have -= total;
    if (closes)
        connect_again(client);
    return true;
}

static struct str request_text(
    struct client *client, const char *method, struct str path, const char *type, struct str body)
{
    return str_fmt(
        client->arena,
        "%s " STR_FMT " HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nAccept: text/csv\r\n"
        "Content-Length: %zu\r\n\r\n" STR_FMT,
        method, STR_ARG(path), type, body.len, STR_ARG(body));
}

static bool
ask(struct client *client,
    const char *method,
    struct str path,
    struct str body,
    int *ret_status,
    struct str *ret_body)
{
    if (!send_text(client, request_text(client, method, path, "text/csv", body))) {
        if (!atomic_load(&client->soak->ending))
            DIE("the server closed a connection");
        return false;
    }
    return read_answer(client, ret_status, ret_body);
}

/* ---- what a client does ---- */

static const struct soak_model *any_model(struct client *client)
{
    const struct soak_models *models = client->soak->models;
    return &models->items[rng_below(&client->rng, models->len)];
}

static void check_call(
    struct client *client,
    const struct soak_model *model,
    size_t payload,
    int status,
    struct str body)
{
    struct str want = model->answers[payload];
    if (status == 404 && str_find(body, STR("Model not found: ")) != SIZE_MAX)
        count(client, NOT_LOADED);
    else if (status == 200 && str_eq(body, want))
        count(client, CALLED);
    else
        DIE("model " STR_FMT ": %d " STR_FMT "\nwanted " STR_FMT, STR_ARG(model->name), status,
            STR_ARG(body), STR_ARG(want));
}

static struct str invoke_path(struct client *client, const struct soak_model *model)
{
    return str_fmt(client->arena, "/models/" STR_FMT "/invoke", STR_ARG(model->name));
}

static bool call(struct client *client)
{
    const struct soak_model *model = any_model(client);
    size_t payload = rng_below(&client->rng, SOAK_PAYLOADS);
    int status = 0;
    struct str body = STR_NULL;
    if (!ask(client, "POST", invoke_path(client, model), model->payloads[payload], &status, &body))
        return false;
    check_call(client, model, payload, status, body);
    return true;
}

static bool burst(struct client *client)
{
    const struct soak_model *models[BURST];
    size_t payloads[BURST];
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));
    for (size_t i = 0; i < BURST; i++) {
        models[i] = any_model(client);
        payloads[i] = rng_below(&client->rng, SOAK_PAYLOADS);
        buf_add(
            &text, request_text(
                       client, "POST", invoke_path(client, models[i]), "text/csv",
                       models[i]->payloads[payloads[i]]));
    }
    if (!send_text(client, buf_str(&text)))
        return false;
    int fd = client->fd;
    for (size_t i = 0; i < BURST && fd == client->fd; i++) {
        int status = 0;
        struct str body = STR_NULL;
        if (!read_answer(client, &status, &body))
            return false;
        check_call(client, models[i], payloads[i], status, body);
    }
    count(client, PIPELINED);
    return true;
}

static bool load(struct client *client)
{
    const struct soak_model *model = any_model(client);
    int status = 0;
    struct str body = STR_NULL,
               order = str_fmt(
                   client->arena, "{\"model_name\": \"" STR_FMT "\", \"url\": \"" STR_FMT "\"}",
                   STR_ARG(model->name), STR_ARG(model->path));
    if (!ask(client, "POST", STR("/models"), order, &status, &body))
        return false;
    if (status != 200 && status != 409 && status != 507)
        DIE("loading: %d " STR_FMT, status, STR_ARG(body));
    count(client, status == 200 ? LOADED : status == 409 ? LOADED_ALREADY : NO_MEMORY);
    return true;
}

static bool unload(struct client *client)
{
    int status = 0;
    struct str body = STR_NULL;
    struct str path = str_fmt(client->arena, "/models/" STR_FMT, STR_ARG(any_model(client)->name));
    if (!ask(client, "DELETE", path, STR(""), &status, &body))
        return false;
    if (status != 200 && status != 404)
        DIE("unloading: %d " STR_FMT, status, STR_ARG(body));
    if (status == 200)
        count(client, UNLOADED);
    return true;
}

static bool look(struct client *client)
{
    static const char *const paths[] = {
        "/models", "/models?limit=3", "/ping", "/metrics", "/execution-parameters"};
    struct str path = str_from(paths[rng_below(&client->rng, ARRAY_LEN(paths))]), body = STR_NULL;
    bool one = rng_below(&client->rng, 3) == 0;
    int status = 0;
    if (one)
        path = str_fmt(client->arena, "/models/" STR_FMT, STR_ARG(any_model(client)->name));
    if (!ask(client, "GET", path, STR(""), &status, &body))
        return false;
    if (status != 200 && !(one && status == 404))
        DIE(STR_FMT ": %d " STR_FMT, STR_ARG(path), status, STR_ARG(body));
    count(client, LISTED);
    return true;
}

static bool be_refused(struct client *client)
{
    static const struct {
        const char *path, *body;
        int status;
    } cases[] = {
        {"/models", "{", 400},
        {"/models", "{\"model_name\": \"x\", \"url\": \"/no/such\"}", 404},
        {"/models", "{\"model_name\": \"x\", \"url\": \"/etc/passwd\"}", 500},
        {"/models/none/invoke", "1,2", 404},
        {"/nothing", "", 404},
        {"/ping", "", 405},
    };
    size_t i = rng_below(&client->rng, ARRAY_LEN(cases));
    int status = 0;
    struct str body = STR_NULL;
    if (!ask(client, "POST", str_from(cases[i].path), str_from(cases[i].body), &status, &body))
        return false;
    /* Another client is being refused the same; or all memory is taken, which is said first. */
    bool busy =
        status == 409 || (status == 507 && cases[i].body[0] == '{' && cases[i].status != 400);
    if (status != cases[i].status && !busy)
        DIE("%s: %d " STR_FMT, cases[i].path, status, STR_ARG(body));
    count(client, REFUSED);
    return true;
}

static bool hang_up(struct client *client)
{
    const struct soak_model *model = any_model(client);
    struct str text =
        request_text(client, "POST", invoke_path(client, model), "text/csv", model->payloads[0]);
    (void) send_text(client, str_slice(text, 0, 1 + rng_below(&client->rng, text.len)));
    connect_again(client);
    count(client, HUNG_UP);
    return client->fd >= 0;
}

static bool over_http(struct client *client)
{
    switch (rng_below(&client->rng, 32)) {
    case 0:
    case 1:
    case 2:
    case 3:
        return load(client);
    case 4:
    case 5:
    case 6:
        return unload(client);
    case 7:
        return look(client);
    case 8:
        return be_refused(client);
    case 9:
        return hang_up(client);
    case 10:
    case 11:
        return burst(client);
    default:
        return call(client);
    }
}

static bool in_cache(struct client *client)
{
    const struct soak_model *model = any_model(client);
    size_t payload = rng_below(&client->rng, SOAK_PAYLOADS);
    struct soak *soak = client->soak;
    if (rng_below(&client->rng, 50) == 0) {
        serve_unload(soak->serve, model->name);
        count(client, CACHE_DROPPED);
        return true;
    }
    struct serve *serve = rng_below(&client->rng, 10) == 0 ? soak->uncached : soak->serve;
    const struct serve_request request = {
        .target = model->name,
        .content_type = STR("text/csv"),
        .accept = STR("text/csv"),
        .body = model->payloads[payload]};
    struct serve_response response;
    struct err err = {0};
    if (serve_invoke(serve, client->arena, &request, &response, &err) != ERR_NONE)
        DIE("the cache: %s", err.message);
    if (response.status != 200 || !str_eq(response.body, model->answers[payload]))
        DIE("the cache: %d " STR_FMT, response.status, STR_ARG(response.body));
    count(client, response.loaded_now ? CACHE_MISS : CACHE_HIT);
    return true;
}

static void *client_run(void *arg)
{
    struct client *client = arg;
    bool http = client->fd != -2;
    if (http)
        connect_again(client);
    while (!atomic_load(&client->soak->ending) && (http ? over_http(client) : in_cache(client)))
        arena_reset(client->arena);
    if (client->fd >= 0)
        close(client->fd);
    arena_free(client->arena);
    xfree(client->answer);
    xfree(client);
    return NULL;
}

/* ---- the whole ---- */

static void *end_later(void *arg)
{
    struct soak *soak = arg;
    int64_t left_us = soak->until_us - now_us();
    struct timespec left = {
        .tv_sec = (time_t) (left_us / 1000000), .tv_nsec = (long) (left_us % 1000000) * 1000};
    while (left_us > 0 && nanosleep(&left, &left) != 0) {
    }
    atomic_store(&soak->ending, true);
    kill(getpid(), SIGTERM);
    return NULL;
}

static void begin(void *arg, uint16_t port)
{
    struct soak *soak = arg;
    soak->port = port;
    for (size_t i = 0; i < soak->n_clients; i++) {
        struct client *client = xmalloc(sizeof(*client));
        *client = (struct client){
            .soak = soak,
            .arena = arena_new("client", 0),
            .fd = i % 4 == 3 ? -2 : -1,
            .answer = xmalloc(MAX_ANSWER)};
        rng_seed(&client->rng, soak->seed + i);
        if (pthread_create(&soak->clients[i], NULL, client_run, client) != 0)
            DIE("no thread");
    }
    if (pthread_create(&soak->end, NULL, end_later, soak) != 0)
        DIE("no thread");
}

static enum err_code
fetch(void *self, struct arena *arena, struct str target, struct str *ret_tar_gz, struct err *err)
{
    const struct soak_models *models = self;
    for (size_t i = 0; i < models->len; i++)
        if (str_eq(models->items[i].name, target)) {
            *ret_tar_gz = str_dup(arena, models->items[i].tar_gz);
            return ERR_NONE;
        }
    return err_set(err, ERR_NOT_FOUND, "no such model");
}

static int report(const struct soak *soak, double seconds)
{
    int idle = 0;
    for (size_t i = 0; i < WORKS; i++) {
        uint64_t n = atomic_load(&soak->counts[i]);
        printf("%ju %s\n", (uintmax_t) n, s_works[i]);
        if (n == 0 && seconds >= 5) {
            printf("there was none of: %s\n", s_works[i]);
            idle = 1;
        }
    }
    return idle;
}

int main(int argc, char **argv)
{
    static struct soak soak;
    double seconds = argc == 4 ? strtod(argv[1], NULL) : 0;
    soak.n_clients = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    if (seconds <= 0 || soak.n_clients == 0 || soak.n_clients > MAX_CLIENTS)
        DIE("usage: soak SECONDS CLIENTS FOLDER");
    const char *replay = getenv("MMECTL_TEST_SEED");
    soak.seed = replay != NULL ? strtoull(replay, NULL, 10) : (uint64_t) now_us();
    printf("seed %ju\n", (uintmax_t) soak.seed);
    struct arena *arena = arena_new("soak", 0);
    struct soak_models models = soak_models_make(arena, argv[3], soak.seed);
    static const struct serve_store_ops ops = {.fetch = fetch};
    struct serve_options options = {
        .memory_bytes = models.memory_bytes / 2, .store = &ops, .store_self = &models};
    soak.models = &models;
    soak.serve = serve_new(&options);
    options.cache_disabled = true;
    soak.uncached = serve_new(&options);
    soak.until_us = now_us() + (int64_t) (seconds * 1e6);
    struct err err = {0};
    const struct container_server server = {
        .container = {.memory_bytes = models.memory_bytes / 2, .threads = 4},
        .address = "127.0.0.1",
        .on_ready = begin,
        .arg = &soak};
    if (container_run(&server, &err) != ERR_NONE)
        DIE("%s", err.message);
    for (size_t i = 0; i < soak.n_clients; i++)
        pthread_join(soak.clients[i], NULL);
    pthread_join(soak.end, NULL);
    serve_free(soak.serve);
    serve_free(soak.uncached);
    arena_free(arena);
    return report(&soak, seconds);
}
