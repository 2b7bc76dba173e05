/* The only file that includes libmicrohttpd. One struct peer per connection holds the arena and
 * the body buffer, both reused from request to request; a request begins in on_target() (where the
 * raw target is still to be seen) and ends in on_completed(). Traps of the library that are dealt
 * with here: a HEAD needs a response that knows its size without having bytes; Content-Length
 * together with Transfer-Encoding must be refused by us (CWE-444). */
#include "engine/httpd/httpd.h"

#include "engine/base/buf.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/base/str.h"
#include "engine/httpd/half.h"
#include "engine/httpd/header_name.h"
#include "engine/httpd/later.h"
#include "engine/httpd/listen.h"
#include "engine/httpd/spool.h"
#include "engine/httpd/workers.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* Of libmicrohttpd, for headers and read-ahead; it clears all of it after each request. */
    CONNECTION_MEMORY = 64 * 1024,
    CONNECTION_TIMEOUT_S = 300,
    MAX_HEADERS = 200,
    KEEP_BODY_BYTES = 64 * 1024,
    STOP_WAIT_S = 10,
    WORKERS = 4,
    KEPT = 64,       /* responses that a connection keeps, at most */
    KEPT_TEXT = 512, /* bytes of an answer that is sent by one of them */
};

struct httpd {
    struct httpd_options options;
    struct MHD_Daemon *daemon;
    struct later *later;
    struct workers *workers;
    uint16_t port;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    atomic_size_t running; /* requests between their first line and their last byte */
    atomic_bool stopping;
};

/* A response of the library's that a connection keeps for the next answer of the same length and
 * type: making one costs six allocations. It points to the connection's own text, and a connection
 * sends one answer at a time. */
struct kept {
    struct MHD_Response *response;
    size_t len;
    struct str type; /* of the header Content-Type; the bytes are behind type_text */
    char type_text[40];
};

struct peer {
    struct arena *arena;
    struct buf body; /* bytes in memory, before and unless they are spooled */
    struct digest *digest;
    struct httpd_request request;
    struct httpd_response late; /* of a suspended request */
    struct MHD_Connection *connection;
    bool counted, started, refused, suspended;
    struct kept *kept; /* KEPT of them, once there is one */
    char text[KEPT_TEXT];
};

static void request_begin(struct peer *peer)
{
    arena_reset(peer->arena);
    if (peer->body.cap > KEEP_BODY_BYTES)
        buf_done(&peer->body);
    else
        buf_clear(&peer->body);
    peer->request = (struct httpd_request){.body_fd = -1};
    peer->late = (struct httpd_response){.body_fd = -1};
    peer->started = peer->refused = peer->suspended = false;
}

static void request_end(struct peer *peer)
{
    if (peer->request.body_fd >= 0)
        fd_close(&peer->request.body_fd);
    if (peer->late.body_fd >= 0)
        fd_close(&peer->late.body_fd);
    digest_close(&peer->digest);
}

static void on_connection(
    void *arg,
    struct MHD_Connection *connection,
    void **context,
    enum MHD_ConnectionNotificationCode code)
{
    struct httpd *httpd = arg;
    (void) connection;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct peer *peer = xmalloc(sizeof(*peer));
        *peer = (struct peer){.arena = arena_new("request", 0)};
        buf_init(&peer->body, httpd->options.max_body);
        peer->request.body_fd = peer->late.body_fd = -1;
        *context = peer;
    } else if (*context != NULL) {
        struct peer *peer = *context;
        request_end(peer);
        for (size_t i = 0; i < KEPT && peer->kept != NULL; i++)
            if (peer->kept[i].response != NULL)
                MHD_destroy_response(peer->kept[i].response);
        xfree(peer->kept);
        buf_done(&peer->body);
        arena_free(peer->arena);
        xfree(peer);
        *context = NULL;
    }
}

static struct peer *peer_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

static void *on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
    struct httpd *httpd = arg;
    struct peer *peer = peer_of(connection);
    if (peer == NULL)
        return NULL;
    request_begin(peer);
    peer->request.target = str_dup(peer->arena, str_from(target));
    atomic_fetch_add(&httpd->running, 1);
    peer->counted = true;
    return peer;
}

static void on_completed(
    void *arg,
    struct MHD_Connection *connection,
    void **context,
    enum MHD_RequestTerminationCode code)
{
    struct httpd *httpd = arg;
    struct peer *peer = *context;
    (void) connection;
    (void) code;
    if (peer == NULL)
        return;
    request_end(peer);
    if (peer->counted) {
        peer->counted = false;
        if (atomic_fetch_sub(&httpd->running, 1) == 1 && atomic_load(&httpd->stopping)) {
            pthread_mutex_lock(&httpd->lock);
            pthread_cond_broadcast(&httpd->idle);
            pthread_mutex_unlock(&httpd->lock);
        }
    }
    *context = NULL;
}

struct header_walk {
    struct peer *peer;
    VEC(struct httpd_header) headers;
    size_t n_length, n_encoding, n_host;
    struct str encoding;
    uint64_t length;
    bool bad;
};

static enum MHD_Result on_header(
    void *arg,
    enum MHD_ValueKind kind,
    const char *name_ptr,
    size_t name_len,
    const char *value_ptr,
    size_t value_len)
{
    struct header_walk *walk = arg;
    struct str name = str_of(name_ptr, name_len), value = str_of(value_ptr, value_len);
    (void) kind;
    if (walk->headers.len == MAX_HEADERS || !header_name_is_sound(name)) {
        walk->bad = true;
        return MHD_NO;
    }
    /* Views: the library keeps them until the request has ended. */
    struct httpd_header *header = VEC_PUSH(walk->peer->arena, &walk->headers);
    header->name = name;
    header->value = str_trim(value);
    if (str_eq_nocase(name, STR("content-length"))) {
        walk->n_length++;
        walk->bad |= !str_to_u64(header->value, &walk->length);
    } else if (str_eq_nocase(name, STR("transfer-encoding"))) {
        walk->n_encoding++;
        walk->encoding = header->value;
    } else if (str_eq_nocase(name, STR("host"))) {
        walk->n_host++;
        walk->peer->request.host = header->value;
    }
    return MHD_YES;
}

/* Answers before the body was read; the library closes the connection afterwards. */
static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *why)
{
    struct str text = str_from(why);
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(
        text.len, (void *) (uintptr_t) why, NULL);
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, "Connection", "close");
    MHD_add_response_header(response, "Content-Type", "text/plain");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* Reads the headers; what cannot be framed beyond doubt is refused (RFC 9112, 6.3). */
static enum MHD_Result headers_read(
    struct httpd *httpd, struct peer *peer, struct MHD_Connection *connection, const char *method)
{
    struct header_walk walk = {.peer = peer};
    peer->started = true;
    peer->request.method = str_dup(peer->arena, str_from(method));
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, on_header, &walk);
    peer->request.headers = walk.headers.items;
    peer->request.n_headers = walk.headers.len;
    const char *why = NULL;
    unsigned status = MHD_HTTP_BAD_REQUEST;
    if (walk.bad)
        why = "too many headers, or a broken one\n";
    else if (walk.n_length > 1 || walk.n_encoding > 1 || walk.n_host > 1)
        why = "Content-Length, Transfer-Encoding or Host is given twice\n";
    else if (walk.n_length > 0 && walk.n_encoding > 0)
        why = "Content-Length and Transfer-Encoding exclude each other\n";
    else if (walk.n_encoding > 0 && !str_eq_nocase(walk.encoding, STR("chunked")))
        why = "unknown Transfer-Encoding\n";
    else if (walk.length > httpd->options.max_body) {
        why = "the body is too large\n";
        status = MHD_HTTP_CONTENT_TOO_LARGE;
    }
    if (why == NULL)
        return MHD_YES;
    peer->refused = true;
    return refuse(connection, status, why);
}

/* Moves from memory to a file when the body grows past the limit. A disk that is full is the
 * handler's to report; the rest of the body is read and dropped. */
static void body_add(struct httpd *httpd, struct peer *peer, struct str data)
{
    const struct httpd_options *options = &httpd->options;
    struct httpd_request *request = &peer->request;
    request->body_len += data.len;
    if (request->body_errno != 0)
        return;
    bool spool = options->spool_bytes > 0 && request->body_len > options->spool_bytes;
    if (spool && request->body_fd < 0) {
        request->body_fd = spool_open(options->spool_folder);
        if (request->body_fd < 0) {
            request->body_errno = errno;
            return;
        }
        if (options->want_digest) {
            peer->digest = digest_new();
            digest_add(peer->digest, buf_str(&peer->body));
        }
        request->body_errno = spool_write(request->body_fd, buf_str(&peer->body));
        if (request->body_errno != 0)
            return;
        buf_done(&peer->body);
    }
    if (!spool) {
        buf_add(&peer->body, data);
        return;
    }
    if (peer->digest != NULL)
        digest_add(peer->digest, data);
    request->body_errno = spool_write(request->body_fd, data);
}

static void body_end(struct httpd *httpd, struct peer *peer)
{
    struct httpd_request *request = &peer->request;
    if (request->body_errno != 0) {
        if (request->body_fd >= 0)
            fd_close(&request->body_fd);
        request->body_fd = -1;
        digest_close(&peer->digest);
        return;
    }
    if (request->body_fd < 0) {
        request->body = buf_str(&peer->body);
        if (httpd->options.want_digest) {
            request->body_sha256 = sha256_of(request->body);
            request->body_md5 = md5_of(request->body);
        }
        return;
    }
    if (lseek(request->body_fd, 0, SEEK_SET) != 0)
        request->body_errno = errno;
    if (peer->digest != NULL)
        digest_end(peer->digest, &request->body_sha256, &request->body_md5);
    digest_close(&peer->digest);
}

static ssize_t no_bytes(void *arg, uint64_t offset, char *buffer, size_t max)
{
    (void) arg;
    (void) offset;
    (void) buffer;
    (void) max;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *response_make(struct httpd_response *answer)
{
    uint64_t length =
        answer->body_fd >= 0 || answer->head_only ? answer->body_len : answer->body.len;
    if (answer->head_only && length == 0)
        length = answer->body.len;
    if (answer->head_only && length > 0) {
        if (answer->body_fd >= 0)
            fd_close(&answer->body_fd);
        return MHD_create_response_from_callback(length, 4096, no_bytes, NULL, NULL);
    }
    if (answer->body_fd >= 0 && length > 0)
        return MHD_create_response_from_fd_at_offset64(
            length, answer->body_fd, answer->body_offset);
    if (answer->body_fd >= 0)
        fd_close(&answer->body_fd);
    return MHD_create_response_from_buffer_with_free_callback(
        (size_t) length, (void *) (uintptr_t) answer->body.ptr, NULL);
}

/* NULL when the answer is not of the sort that repeats itself: short, with a type and no more. */
static struct MHD_Response *response_kept(struct peer *peer, const struct httpd_response *answer)
{
    if (answer->body_fd >= 0 || answer->head_only || answer->body.len > KEPT_TEXT ||
        answer->headers.len != 1)
        return NULL;
    const struct httpd_header *header = &answer->headers.items[0];
    struct str type = header->value;
    if (!str_eq_nocase(header->name, STR("content-type")) ||
        type.len >= sizeof(peer->kept->type_text))
        return NULL;
    if (peer->kept == NULL) {
        peer->kept = xmalloc(KEPT * sizeof(*peer->kept));
        memset(peer->kept, 0, KEPT * sizeof(*peer->kept));
    }
    struct kept *kept = &peer->kept[(answer->body.len + 7 * type.len) % KEPT];
    if (kept->response == NULL || kept->len != answer->body.len || !str_eq(kept->type, type)) {
        if (kept->response != NULL)
            MHD_destroy_response(kept->response);
        memcpy(kept->type_text, type.ptr, type.len);
        kept->type_text[type.len] = '\0';
        kept->type = str_of(kept->type_text, type.len);
        kept->len = answer->body.len;
        kept->response =
            MHD_create_response_from_buffer_with_free_callback(kept->len, peer->text, NULL);
        if (kept->response == NULL ||
            MHD_add_response_header(kept->response, "Content-Type", kept->type_text) != MHD_YES)
            return NULL;
    }
    memcpy(peer->text, answer->body.ptr, answer->body.len);
    return kept->response;
}

/* The library closes the connection; that it is a reset is the socket's doing. */
static enum MHD_Result hang_up(struct MHD_Connection *connection, struct httpd_response *answer)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (info != NULL)
        setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    if (answer->body_fd >= 0)
        fd_close(&answer->body_fd);
    return MHD_NO;
}

static ssize_t half_part(void *arg, uint64_t position, char *buffer, size_t max)
{
    ssize_t n = half_read(arg, position, buffer, max);
    return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

/* NULL when there is no body that could be cut. */
static struct MHD_Response *response_half(struct httpd_response *answer)
{
    uint64_t len = 0;
    struct half *half = half_new(answer, &len);
    return half == NULL ? NULL
                        : MHD_create_response_from_callback(len, 4096, half_part, half, half_free);
}

static enum MHD_Result
respond(struct peer *peer, struct MHD_Connection *connection, struct httpd_response *answer)
{
    struct MHD_Response *half = answer->cut == HTTPD_HALF ? response_half(answer) : NULL;
    if (answer->cut != HTTPD_WHOLE && half == NULL)
        return hang_up(connection, answer);
    struct MHD_Response *kept = half == NULL ? response_kept(peer, answer) : NULL;
    if (kept != NULL)
        return MHD_queue_response(
            connection, answer->status > 0 ? (unsigned) answer->status : 500, kept);
    struct MHD_Response *response = half != NULL ? half : response_make(answer);
    if (response == NULL)
        return MHD_NO;
    for (size_t i = 0; i < answer->headers.len; i++) {
        const struct httpd_header *header = &answer->headers.items[i];
        if (str_eq_nocase(header->name, STR("content-length")))
            continue;
        if (MHD_add_response_header(
                response, str_z(peer->arena, header->name), str_z(peer->arena, header->value)) !=
            MHD_YES)
            log_debug("httpd", "header '" STR_FMT "' cannot be sent", STR_ARG(header->name));
    }
    unsigned status = answer->status > 0 ? (unsigned) answer->status : 500;
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static void work_and_resume(void *arg)
{
    struct peer *peer = arg;
    struct MHD_Connection *connection = peer->connection;
    peer->late.work(peer->late.work_arg, peer->arena, &peer->late);
    MHD_resume_connection(connection); /* the peer may be gone from here on */
}

static enum MHD_Result on_access(
    void *arg,
    struct MHD_Connection *connection,
    const char *url,
    const char *method,
    const char *version,
    const char *upload,
    size_t *upload_size,
    void **context)
{
    struct httpd *httpd = arg;
    struct peer *peer = *context;
    (void) url;
    (void) version;
    if (peer == NULL)
        return MHD_NO;
    if (!peer->started)
        return headers_read(httpd, peer, connection, method);
    if (peer->refused)
        return MHD_NO;
    if (peer->suspended) { /* its time has come */
        peer->suspended = false;
        struct httpd_response answer = peer->late;
        peer->late = (struct httpd_response){.body_fd = -1};
        return respond(peer, connection, &answer);
    }
    if (*upload_size > 0) {
        struct str data = str_of(upload, *upload_size);
        if (peer->request.body_len + data.len > httpd->options.max_body) {
            peer->refused = true; /* a chunked body that went past the limit: the link is cut */
            return MHD_NO;
        }
        body_add(httpd, peer, data);
        *upload_size = 0;
        return MHD_YES;
    }
    body_end(httpd, peer);
    struct httpd_response answer = {.body_fd = -1};
    httpd->options.handler(httpd->options.arg, peer->arena, &peer->request, &answer);
    if (answer.delay_ms <= 0 && answer.work == NULL)
        return respond(peer, connection, &answer);
    peer->late = answer;
    peer->suspended = true;
    peer->connection = connection;
    MHD_suspend_connection(connection);
    if (answer.work != NULL)
        workers_submit(httpd->workers, work_and_resume, peer);
    else
        later_call(httpd->later, connection, answer.delay_ms);
    return MHD_YES;
}

static void resume(void *connection)
{
    MHD_resume_connection(connection);
}

enum err_code httpd_start(const struct httpd_options *options, struct httpd **out, struct err *err)
{
    assert(options->handler != NULL && options->max_body > 0);
    int fd = -1;
    uint16_t port = 0;
    enum err_code code = listen_open(options->address, options->port, &fd, &port, err);
    if (code != ERR_NONE)
        return code;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = options->threads > 0 ? options->threads : cores > 2 ? (unsigned) cores : 2;
    struct httpd *httpd = xmalloc(sizeof(*httpd));
    *httpd = (struct httpd){
        .options = *options,
        .port = port,
        .later = later_new(resume),
        .workers = workers_new(options->workers > 0 ? options->workers : WORKERS)};
    pthread_mutex_init(&httpd->lock, NULL);
    pthread_cond_init(&httpd->idle, NULL);
    httpd->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME, port, NULL, NULL,
        on_access, httpd, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
        threads > 1 ? threads : 0, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned) CONNECTION_TIMEOUT_S,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, on_target, httpd,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, httpd, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, httpd, MHD_OPTION_END);
    if (httpd->daemon == NULL) {
        int saved = errno;
        close(fd);
        later_free(httpd->later);
        workers_free(httpd->workers);
        pthread_cond_destroy(&httpd->idle);
        pthread_mutex_destroy(&httpd->lock);
        xfree(httpd);
        return err_errno(err, saved, "starting the HTTP server on port %u", port);
    }
    *out = httpd;
    return ERR_NONE;
}

uint16_t httpd_port(const struct httpd *httpd)
{
    return httpd->port;
}

void httpd_stop(struct httpd *httpd)
{
    if (httpd == NULL)
        return;
    int fd = MHD_quiesce_daemon(httpd->daemon);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec +=
        httpd->options.stop_wait_s > 0 ? (time_t) httpd->options.stop_wait_s : STOP_WAIT_S;
    atomic_store(&httpd->stopping, true);
    pthread_mutex_lock(&httpd->lock);
    while (atomic_load(&httpd->running) > 0)
        if (pthread_cond_timedwait(&httpd->idle, &httpd->lock, &until) != 0)
            break;
    pthread_mutex_unlock(&httpd->lock);
    later_stop(httpd->later); /* the library stops with nothing suspended */
    workers_free(httpd->workers);
    MHD_stop_daemon(httpd->daemon);
    later_free(httpd->later);
    if (fd >= 0)
        close(fd);
    pthread_cond_destroy(&httpd->idle);
    pthread_mutex_destroy(&httpd->lock);
    xfree(httpd);
}

void httpd_defer(struct httpd_response *response, httpd_work_fn *fn, void *arg)
{
    response->work = fn;
    response->work_arg = arg;
}

void httpd_add_header(
    struct arena *arena, struct httpd_response *response, struct str name, struct str value)
{
    struct httpd_header *header = VEC_PUSH(arena, &response->headers);
    header->name = name;
    header->value = value;
}

struct str httpd_header_get(const struct httpd_request *request, const char *name)
{
    struct str wanted = str_from(name);
    for (size_t i = 0; i < request->n_headers; i++)
        if (request->headers[i].name.len == wanted.len &&
            str_eq_nocase(request->headers[i].name, wanted))
            return request->headers[i].value;
    return STR_NULL;
}
