/* Small objects, listings and a large upload: the stand-in and another S3 get the same signed
 * requests from the same client, in turns.
 *
 *     s3_load put|get|list ROUNDS COUNT WIDTH PORT OTHER_PORT
 *     s3_load upload ROUNDS MIB WIDTH PORT OTHER_PORT
 *     s3_load memory ROUNDS MIB WIDTH PORT OTHER_PORT PID OTHER_PID
 *
 * A line per round, "OURS OTHER": microseconds a request (an upload: all of it), kilobytes with
 * memory: how far the process grew at most beyond what it held before the upload. Both are on
 * 127.0.0.1; WIDTH threads send, each on a connection that is kept while the server keeps it.
 * put comes before get and list, which read what it has written. The keys come from the
 * environment. Objects have 4 KiB, a listing has 1,000 keys, a part of an upload 8 MiB.
 */
#include "engine/aws/sigv4.h"
#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "tests/bench/bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEYS 1000
#define OBJECT_BYTES KIB(4)
#define PART_BYTES MIB(8)
#define ANSWER_BYTES MIB(2)
#define BUCKET "bench-load"

struct server {
    unsigned port;
    size_t pid;
};

struct client {
    struct server server;
    struct arena *arena;
    struct sigv4_keys *keys;
    char *answer;      /* ANSWER_BYTES */
    size_t answer_len; /* head and body */
    int fd;            /* -1: not connected */
};

/* What all threads of one measurement share. */
struct load {
    struct server server;
    const char *mode;
    size_t count;
    const char *upload_id;
    struct str body;
    atomic_size_t next;
    char (*etags)[64]; /* of parts */
};

static struct sigv4_creds s_creds;

static void disconnect(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

static void connect_to(struct client *client)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t) client->server.port),
        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int one = 1;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 || connect(client->fd, (struct sockaddr *) &at, sizeof(at)) != 0)
        DIE("cannot connect to port %u", client->server.port);
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static bool send_all(struct client *client, struct str data)
{
    while (data.len > 0) {
        ssize_t sent = send(client->fd, data.ptr, data.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data = str_from_index(data, (size_t) sent);
    }
    return true;
}

/* The answer's head and body; false: the connection was closed before the first byte. */
static bool read_answer(struct client *client, bool is_head)
{
    size_t len = 0, need = SIZE_MAX;
    bool closing = false;
    while (len < need) {
        if (len == ANSWER_BYTES)
            DIE("an answer is too long");
        ssize_t got = recv(client->fd, client->answer + len, ANSWER_BYTES - len, 0);
        if (got <= 0 && len == 0)
            return false;
        if (got <= 0 && need == SIZE_MAX)
            break; /* its end is the end of the connection */
        if (got <= 0)
            DIE("an answer ends early");
        len += (size_t) got;
        struct str all = str_of(client->answer, len);
        size_t head = need == SIZE_MAX ? str_find(all, STR("\r\n\r\n")) : SIZE_MAX;
        if (head == SIZE_MAX)
            continue;
        struct str top = str_slice(all, 0, head), line;
        while (str_split(&top, '\n', &line)) {
            size_t colon = str_find(line, STR(":"));
            if (colon == SIZE_MAX)
                continue;
            struct str name = str_slice(line, 0, colon);
            struct str value = str_trim(str_from_index(line, colon + 1));
            uint64_t number;
            if (str_eq_nocase(name, STR("content-length")) && str_to_u64(value, &number))
                need = head + 4 + number;
            if (str_eq_nocase(name, STR("connection")) && str_eq_nocase(value, STR("close")))
                closing = true;
        }
        if (is_head || str_starts(str_from_index(all, 8), STR(" 204")))
            need = head + 4;
    }
    client->answer_len = len;
    if (closing || need == SIZE_MAX)
        disconnect(client);
    return true;
}

static void exchange(
    struct client *client,
    const char *method,
    const char *target,
    struct str body,
    struct str body_hash,
    int expected)
{
    arena_reset(client->arena);
    struct http_request request = {
        .method = str_from(method),
        .url = str_fmt(client->arena, "http://127.0.0.1:%u%s", client->server.port, target),
        .body = body};
    struct sigv4_params params = {
        .region = STR("us-east-1"),
        .service = STR("s3"),
        .wall_ms = clock_wall_ms(clock_system()),
        .payload_hash = body_hash,
        .rules = sigv4_rules_for(STR("s3"))};
    struct http_header *headers;
    size_t n_headers;
    struct err err = {0};
    if (sigv4_sign(
            client->arena, client->keys, &s_creds, &params, &request, &headers, &n_headers, NULL,
            &err) != ERR_NONE)
        DIE("%s", err.message);
    AUTO(buf_done) struct buf head = BUF_INIT(KIB(8));
    buf_fmt(
        &head, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: %zu\r\n", method, target,
        client->server.port, body.len);
    for (size_t i = 0; i < n_headers; i++)
        buf_fmt(
            &head, STR_FMT ": " STR_FMT "\r\n", STR_ARG(headers[i].name),
            STR_ARG(headers[i].value));
    buf_add_z(&head, "\r\n");
    for (int attempt = 0;; attempt++) {
        bool fresh = client->fd < 0;
        if (fresh)
            connect_to(client);
        if (send_all(client, buf_str(&head)) && send_all(client, body) &&
            read_answer(client, strcmp(method, "HEAD") == 0))
            break;
        disconnect(client); /* an idle connection may have been closed meanwhile */
        if (fresh || attempt > 0)
            DIE("%s %s: no answer", method, target);
    }
    uint64_t status = 0;
    if (client->answer_len < 12 || !str_to_u64(str_of(client->answer + 9, 3), &status))
        DIE("%s %s: no HTTP", method, target);
    if ((int) status != expected)
        DIE("%s %s: %d instead of %d: %.*s", method, target, (int) status, expected,
            (int) (client->answer_len > 1000 ? 1000 : client->answer_len), client->answer);
}

static void client_open(struct client *client, struct server server)
{
    *client = (struct client){
        .server = server,
        .arena = arena_new("client", 0),
        .keys = sigv4_keys_new(),
        .answer = xmalloc(ANSWER_BYTES),
        .fd = -1};
}

static void client_close(struct client *client)
{
    disconnect(client);
    xfree(client->answer);
    sigv4_keys_free(client->keys);
    arena_free(client->arena);
}

static struct str hash_of(struct arena *arena, struct str body)
{
    return body.len == 0 ? STR(SIGV4_EMPTY_HASH) : sha256_hex(arena, body);
}

/* The text behind `before` in the answer, up to `after`. */
static struct str between(struct client *client, const char *before, const char *after)
{
    struct str all = str_of(client->answer, client->answer_len);
    size_t from = str_find(all, str_from(before));
    if (from == SIZE_MAX)
        DIE("no '%s' in an answer", before);
    all = str_from_index(all, from + strlen(before));
    size_t to = str_find(all, str_from(after));
    return str_slice(all, 0, to == SIZE_MAX ? all.len : to);
}

static void keep_etag(struct client *client, char out[64])
{
    struct str all = str_of(client->answer, client->answer_len), line;
    while (str_split(&all, '\n', &line))
        if (str_eq_nocase(str_slice(line, 0, line.len < 5 ? line.len : 5), STR("etag:"))) {
            struct str value = str_trim(str_from_index(line, 5));
            snprintf(out, 64, STR_FMT, STR_ARG(value));
            return;
        }
    DIE("a part has no ETag");
}

static void *work(void *arg)
{
    struct load *load = arg;
    struct client client;
    client_open(&client, load->server);
    struct arena *kept = arena_new("hash", 0);
    struct str hash = hash_of(kept, load->body);
    char target[256];
    for (size_t i = atomic_fetch_add(&load->next, 1); i < load->count;
         i = atomic_fetch_add(&load->next, 1)) {
        const char *method = "GET";
        if (strcmp(load->mode, "put") == 0 || strcmp(load->mode, "get") == 0) {
            snprintf(target, sizeof(target), "/" BUCKET "/o/%04zu", i % KEYS);
            method = strcmp(load->mode, "put") == 0 ? "PUT" : "GET";
        } else if (strcmp(load->mode, "list") == 0) {
            snprintf(target, sizeof(target), "/" BUCKET "?list-type=2&prefix=o%%2F");
        } else {
            snprintf(
                target, sizeof(target), "/" BUCKET "/large?partNumber=%zu&uploadId=%s", i + 1,
                load->upload_id);
            method = "PUT";
        }
        exchange(&client, method, target, load->body, hash, 200);
        if (load->etags != NULL)
            keep_etag(&client, load->etags[i]);
    }
    arena_free(kept);
    client_close(&client);
    return NULL;
}

static int64_t run(struct load *load, size_t width)
{
    pthread_t threads[64];
    if (width > ARRAY_LEN(threads))
        DIE("at most %zu at once", ARRAY_LEN(threads));
    load->next = 0;
    int64_t start = now_us();
    for (size_t i = 0; i < width; i++)
        if (pthread_create(&threads[i], NULL, work, load) != 0)
            DIE("no thread");
    for (size_t i = 0; i < width; i++)
        pthread_join(threads[i], NULL);
    return now_us() - start;
}

/* ---- an upload in parts ---- */

static int64_t upload(struct server server, size_t mib, size_t width, struct str part)
{
    struct client client;
    client_open(&client, server);
    struct arena *arena = arena_new("upload", 0);
    int64_t start = now_us();
    exchange(&client, "POST", "/" BUCKET "/large?uploads=", STR(""), STR(SIGV4_EMPTY_HASH), 200);
    struct load load = {
        .server = server, .mode = "upload", .count = mib / (PART_BYTES / MIB(1)), .body = part};
    load.upload_id = str_z(arena, between(&client, "<UploadId>", "<"));
    load.etags = arena_alloc(arena, load.count * sizeof(*load.etags));
    run(&load, width);
    AUTO(buf_done) struct buf done = BUF_INIT(MIB(1));
    buf_add_z(&done, "<CompleteMultipartUpload>");
    for (size_t i = 0; i < load.count; i++)
        buf_fmt(
            &done, "<Part><PartNumber>%zu</PartNumber><ETag>%s</ETag></Part>", i + 1,
            load.etags[i]);
    buf_add_z(&done, "</CompleteMultipartUpload>");
    char target[256];
    snprintf(target, sizeof(target), "/" BUCKET "/large?uploadId=%s", load.upload_id);
    exchange(&client, "POST", target, buf_str(&done), hash_of(arena, buf_str(&done)), 200);
    between(&client, "</CompleteMultipartUploadResult>", "\n");
    int64_t took = now_us() - start;
    exchange(&client, "DELETE", "/" BUCKET "/large", STR(""), STR(SIGV4_EMPTY_HASH), 204);
    arena_free(arena);
    client_close(&client);
    return took;
}

/* Kilobytes of a line of /proc/PID/status: "VmRSS:", "VmHWM:". */
static int64_t status_kib(size_t pid, const char *name)
{
    char path[64], line[256];
    snprintf(path, sizeof(path), "/proc/%zu/status", pid);
    FILE *file = fopen(path, "re");
    int64_t kib = -1;
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtoll(line + strlen(name), NULL, 10);
    if (file == NULL || kib < 0)
        DIE("%s has no %s", path, name);
    fclose(file);
    return kib;
}

static int64_t growth(struct server server, size_t mib, size_t width, struct str part)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%zu/clear_refs", server.pid);
    FILE *file = fopen(path, "we");
    if (file == NULL || fputs("5", file) < 0 || fclose(file) != 0) /* the peak starts anew */
        DIE("cannot write to %s", path);
    int64_t before = status_kib(server.pid, "VmRSS:");
    upload(server, mib, width, part);
    int64_t kib = status_kib(server.pid, "VmHWM:") - before;
    return kib > 0 ? kib : 1;
}

static void prepare(struct server server)
{
    struct client client;
    client_open(&client, server);
    exchange(&client, "HEAD", "/" BUCKET, STR(""), STR(SIGV4_EMPTY_HASH), 404);
    exchange(&client, "PUT", "/" BUCKET, STR(""), STR(SIGV4_EMPTY_HASH), 200);
    client_close(&client);
}

static bool is_there(struct server server)
{
    struct client client;
    client_open(&client, server);
    exchange(&client, "GET", "/", STR(""), STR(SIGV4_EMPTY_HASH), 200);
    struct str all = str_of(client.answer, client.answer_len);
    bool there = str_find(all, STR("<Name>" BUCKET "</Name>")) != SIZE_MAX;
    client_close(&client);
    return there;
}

int main(int argc, char **argv)
{
    if (argc != 7 && argc != 9)
        DIE("usage: s3_load put|get|list|upload|memory ROUNDS COUNT WIDTH PORT OTHER_PORT [PID "
            "OTHER_PID]");
    const char *mode = argv[1], *id = getenv("AWS_ACCESS_KEY_ID"),
               *secret = getenv("AWS_SECRET_ACCESS_KEY");
    size_t rounds = number_of(argv[2]), count = number_of(argv[3]), width = number_of(argv[4]);
    if (id == NULL || secret == NULL)
        DIE("there are no keys in the environment");
    s_creds = (struct sigv4_creds){.access_key_id = str_from(id), .secret_key = str_from(secret)};
    struct server servers[2];
    for (size_t i = 0; i < 2; i++) {
        servers[i].port = (unsigned) number_of(argv[5 + i]);
        servers[i].pid = argc == 9 ? number_of(argv[7 + i]) : 0;
        if (!is_there(servers[i]))
            prepare(servers[i]);
    }
    bool parts = strcmp(mode, "upload") == 0 || strcmp(mode, "memory") == 0;
    struct arena *arena = arena_new("body", 0);
    size_t size = parts ? PART_BYTES : strcmp(mode, "put") == 0 ? OBJECT_BYTES : 0;
    char *body = arena_alloc(arena, size + 1);
    for (size_t i = 0; i < size; i++)
        body[i] = (char) (i * 2654435761U >> 13);
    for (size_t round = 0; round < rounds; round++) {
        int64_t took[2];
        for (size_t i = 0; i < 2; i++) {
            struct load load = {
                .server = servers[i], .mode = mode, .count = count, .body = str_of(body, size)};
            took[i] = strcmp(mode, "upload") == 0   ? upload(servers[i], count, width, load.body)
                      : strcmp(mode, "memory") == 0 ? growth(servers[i], count, width, load.body)
                                                    : run(&load, width) / (int64_t) count;
        }
        printf("%lld %lld\n", (long long) took[0], (long long) took[1]);
        fflush(stdout);
    }
    arena_free(arena);
    return 0;
}
