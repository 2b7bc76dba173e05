#include "engine/aws/http_curl.h"

#include "engine/aws/http_failure.h"
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/vec.h"
#include "engine/base/watch.h"

#include <assert.h>
#include <curl/curl.h>

#define CONNECT_TIMEOUT_MS 3100 /* botocore's advice: just above a multiple of TCP's 3 s */
#define DEFAULT_TIMEOUT_MS 30000
#define DEFAULT_MAX_BODY MIB(64)
#define MAX_HEADERS 100
#define MAX_HEADER_BYTES KIB(64)
#define IDLE_HANDLES 64
#define EVENTS 64
#define STALLED_S 75L /* longer than a container may take to answer */
#define UPLOAD_BUFFER_BYTES 524288L
#define LARGE_BODY MIB(1)
#define SMALL_BODY KIB(64) /* below this libcurl sends head and body in one go */
/* After an interrupt: what was under way may end, and what must still be told AWS (the record, the
 * lease) gets the rest of the five seconds that a pipeline waits before it kills. */
#define UNDER_WAY_MS 3000
#define LAST_WORDS_MS 4500

struct http_curl {
    struct http_transport base;
    struct loop *loop;
    CURLM *multi;
    char *user_agent, *ca_bundle; /* ca_bundle may be NULL */
    int64_t connect_timeout_ms;
    CURL *idle[IDLE_HANDLES];
    size_t n_idle, active;
    struct exchange *first; /* under way */
    int64_t cancelled_ms;   /* when the interrupt was seen; 0: there was none */
    struct watch *watch;    /* the sockets that libcurl waits for */
    int64_t timer_ms;       /* when libcurl wants to be called, by its own clock; -1: not */
    int wake_fd;            /* of the loop, once it is watched; -1 */
};

/* One exchange, on the stack of the task that waits for it. */
struct exchange {
    struct http_curl *self;
    struct exchange *next, **link; /* of self->first */
    bool late;                     /* began after an interrupt */
    struct task *task;
    struct arena *arena;
    const struct http_request *request;
    CURL *easy;
    struct curl_slist *header_lines;
    VEC(struct http_header) headers;
    size_t header_bytes, sent_bytes;
    struct buf body;
    const char *too_large; /* what went over its limit, or NULL */
    bool done, sent, sent_twice;
    CURLcode result;
    char reason[CURL_ERROR_SIZE];
};

/* ---- callbacks of libcurl ---- */

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct exchange *exchange = arg;
    buf_add_mem(&exchange->body, data, size * count);
    if (!buf_ok(&exchange->body)) {
        exchange->too_large = "body";
        return 0;
    }
    return size * count;
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    struct exchange *exchange = arg;
    struct str line = str_of(data, size * count);
    if (str_starts(line, STR("HTTP/"))) { /* an interim answer (100) came before */
        exchange->headers.len = 0;
        exchange->header_bytes = 0;
        return line.len;
    }
    size_t colon = str_index(line, ':');
    if (colon == SIZE_MAX)
        return line.len;
    exchange->header_bytes += line.len;
    if (exchange->headers.len >= MAX_HEADERS || exchange->header_bytes > MAX_HEADER_BYTES) {
        exchange->too_large = "header";
        return 0;
    }
    *VEC_PUSH(exchange->arena, &exchange->headers) = (struct http_header){
        str_dup(exchange->arena, str_slice(line, 0, colon)),
        str_dup(exchange->arena, str_trim(str_from_index(line, colon + 1))),
    };
    return line.len;
}

static size_t on_read(char *out, size_t size, size_t count, void *arg)
{
    struct exchange *exchange = arg;
    struct str rest = str_from_index(exchange->request->body, exchange->sent_bytes);
    size_t len = size * count < rest.len ? size * count : rest.len;
    if (len > 0)
        memcpy(out, rest.ptr, len);
    exchange->sent_bytes += len;
    return len;
}

/* When a kept connection dies under a request, libcurl sends it again by itself. Whether to send
 * again is decided in one place only, which must know that it happened; a read is sent again
 * without harm. */
static int on_connection(
    void *arg, UNUSED char *to_ip, UNUSED char *from_ip, UNUSED int to_port, UNUSED int from_port)
{
    struct exchange *exchange = arg;
    struct str method = exchange->request->method;
    bool reads = str_eq_z(method, "GET") || str_eq_z(method, "HEAD");
    exchange->sent_twice = exchange->sent && !reads;
    exchange->sent = true;
    return exchange->sent_twice ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* A body that is read piece by piece would have to be rewound first. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
    const struct exchange *exchange = arg;
    bool untouched = exchange->sent_bytes == 0 && offset == 0 && origin == SEEK_SET;
    return untouched ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

/* ---- setting up ---- */

#define SET(exchange, option, value) \
    ok = curl_easy_setopt((exchange)->easy, (option), (value)) == CURLE_OK && ok

static bool add_line(struct exchange *exchange, const char *line)
{
    struct curl_slist *longer = curl_slist_append(exchange->header_lines, line);
    if (longer == NULL)
        return false;
    exchange->header_lines = longer;
    return true;
}

/* What the request does not name must not be sent: a signature covers what is there. */
static bool set_headers(struct exchange *exchange)
{
    const struct http_request *request = exchange->request;
    static const char *const s_defaults[] = {"accept", "content-type", "expect"};
    bool ok = true;
    for (size_t i = 0; i < request->n_headers; i++) {
        const struct http_header *header = &request->headers[i];
        /* libcurl's spelling of an empty value is a semicolon. */
        struct str line = header->value.len > 0
                              ? str_fmt(
                                    exchange->arena, STR_FMT ": " STR_FMT, STR_ARG(header->name),
                                    STR_ARG(header->value))
                              : str_fmt(exchange->arena, STR_FMT ";", STR_ARG(header->name));
        ok = add_line(exchange, line.ptr) && ok;
    }
    for (size_t i = 0; i < ARRAY_LEN(s_defaults); i++)
        if (str_is_null(http_header_get(request->headers, request->n_headers, s_defaults[i])))
            ok = add_line(exchange, str_fmt(exchange->arena, "%s:", s_defaults[i]).ptr) && ok;
    SET(exchange, CURLOPT_HTTPHEADER, exchange->header_lines);
    return ok;
}

static bool set_method(struct exchange *exchange)
{
    const struct http_request *request = exchange->request;
    bool ok = true;
    bool is_get = str_eq_z(request->method, "GET");
    if (str_eq_z(request->method, "HEAD")) {
        SET(exchange, CURLOPT_NOBODY, 1L);
        return ok;
    }
    if (request->body.len > 0 || str_eq_z(request->method, "PUT") ||
        str_eq_z(request->method, "POST")) {
        SET(exchange, CURLOPT_POST, 1L);
        SET(exchange, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body.len);
        if (request->body.len > 0 && request->body.len < SMALL_BODY) {
            SET(exchange, CURLOPT_POSTFIELDS, request->body.ptr);
        } else {
            SET(exchange, CURLOPT_READFUNCTION, on_read);
            SET(exchange, CURLOPT_READDATA, exchange);
            SET(exchange, CURLOPT_SEEKFUNCTION, on_seek);
            SET(exchange, CURLOPT_SEEKDATA, exchange);
        }
        if (request->body.len > LARGE_BODY)
            SET(exchange, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER_BYTES);
    } else {
        SET(exchange, CURLOPT_HTTPGET, 1L);
    }
    if (!is_get || request->body.len > 0)
        SET(exchange, CURLOPT_CUSTOMREQUEST, str_z(exchange->arena, request->method));
    return ok;
}

/* Redirects, cookies, netrc and other protocols stay off: AWS needs none of them, and each has let
 * some client be sent elsewhere with its Authorization. */
static bool set_safety(struct exchange *exchange)
{
    const struct http_curl *self = exchange->self;
    bool ok = true;
    SET(exchange, CURLOPT_PATH_AS_IS, 1L);
    SET(exchange, CURLOPT_FOLLOWLOCATION, 0L);
    SET(exchange, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(exchange, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    SET(exchange, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
    SET(exchange, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(exchange, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(exchange, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
    SET(exchange, CURLOPT_NOSIGNAL, 1L);
    SET(exchange, CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
    SET(exchange, CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
    SET(exchange, CURLOPT_PROXY_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
    if (self->ca_bundle != NULL) { /* and nobody else: not what the system trusts besides */
        SET(exchange, CURLOPT_CAINFO, self->ca_bundle);
        SET(exchange, CURLOPT_CAPATH, NULL);
        SET(exchange, CURLOPT_PROXY_CAINFO, self->ca_bundle);
        SET(exchange, CURLOPT_PROXY_CAPATH, NULL);
    }
    if (exchange->request->direct || http_is_direct(exchange->request->url))
        SET(exchange, CURLOPT_PROXY, "");
    return ok;
}

static bool set_limits(struct exchange *exchange)
{
    const struct http_curl *self = exchange->self;
    int64_t timeout_ms = exchange->request->timeout_ms;
    bool ok = true;
    if (timeout_ms <= 0)
        timeout_ms = DEFAULT_TIMEOUT_MS;
    SET(exchange, CURLOPT_CONNECTTIMEOUT_MS, (long) self->connect_timeout_ms);
    SET(exchange, CURLOPT_TIMEOUT_MS, (long) timeout_ms);
    bool transfers =
        exchange->request->body.len > LARGE_BODY || str_eq_z(exchange->request->method, "GET");
    if (transfers) {
        SET(exchange, CURLOPT_LOW_SPEED_LIMIT, 1L);
        SET(exchange, CURLOPT_LOW_SPEED_TIME, STALLED_S);
    }
    return ok;
}

static bool set_up(struct exchange *exchange)
{
    bool ok = true;
    SET(exchange, CURLOPT_PRIVATE, exchange);
    SET(exchange, CURLOPT_URL, str_z(exchange->arena, exchange->request->url));
    SET(exchange, CURLOPT_USERAGENT, exchange->self->user_agent);
    SET(exchange, CURLOPT_ERRORBUFFER, exchange->reason);
    SET(exchange, CURLOPT_WRITEFUNCTION, on_body);
    SET(exchange, CURLOPT_WRITEDATA, exchange);
    SET(exchange, CURLOPT_HEADERFUNCTION, on_header);
    SET(exchange, CURLOPT_HEADERDATA, exchange);
    SET(exchange, CURLOPT_PREREQFUNCTION, on_connection);
    SET(exchange, CURLOPT_PREREQDATA, exchange);
    ok = set_safety(exchange) && ok;
    ok = set_limits(exchange) && ok;
    ok = set_method(exchange) && ok;
    return set_headers(exchange) && ok;
}

/* ---- what came of it ---- */

static enum http_failure_kind kind_of(int result)
{
    switch (result) {
    case CURLE_ABORTED_BY_CALLBACK:
        return HTTP_INTERRUPTED;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_TIMED_OUT;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        return HTTP_NO_PROXY;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return HTTP_NO_CONNECTION;
    case CURLE_SSL_CONNECT_ERROR:
        return HTTP_NO_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return HTTP_NOT_TRUSTED;
    case CURLE_SSL_CACERT_BADFILE:
        return HTTP_BAD_BUNDLE;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return HTTP_BROKEN_CALL;
    default:
        return HTTP_BROKE_OFF;
    }
}

static enum err_code read_failure(const struct exchange *exchange, struct err *err)
{
    long proxy_status = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    struct http_failure failure = {
        .kind = kind_of((int) exchange->result),
        .url = exchange->request->url,
        .reason =
            exchange->reason[0] != '\0' ? exchange->reason : curl_easy_strerror(exchange->result),
        .ca_bundle = exchange->self->ca_bundle,
        .proxy_status = (int) proxy_status,
        .not_sent = !exchange->sent && exchange->result != CURLE_ABORTED_BY_CALLBACK,
    };
    if (exchange->too_large != NULL)
        return err_set(
            err, ERR_PROTOCOL, "the %s of the answer from '" STR_FMT "' is larger than allowed",
            exchange->too_large, STR_ARG(exchange->request->url));
    if (exchange->sent_twice) {
        failure.kind = HTTP_BROKE_OFF;
        failure.reason = "it hung up";
    }
    if (failure.not_sent && proxy_status / 100 != 2 && proxy_status != 0)
        failure.kind = HTTP_NO_PROXY;
    return http_failure_err(&failure, err);
}

static void read_response(struct exchange *exchange, struct http_response *ret_response)
{
    long status = 0;
    curl_off_t total_us = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(exchange->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    *ret_response = (struct http_response){
        .status = (int) status,
        .headers = exchange->headers.items,
        .n_headers = exchange->headers.len,
        .body = buf_give(&exchange->body, exchange->arena),
        .total_us = (int64_t) total_us,
    };
}

static CURL *handle_take(struct http_curl *self)
{
    if (self->n_idle > 0)
        return self->idle[--self->n_idle];
    return curl_easy_init();
}

static void handle_give(struct http_curl *self, CURL *easy)
{
    if (self->n_idle < IDLE_HANDLES) {
        curl_easy_reset(easy); /* forgets options, and with them all pointers into the exchange */
        self->idle[self->n_idle++] = easy;
    } else {
        curl_easy_cleanup(easy);
    }
}

static void enlist(struct http_curl *self, struct exchange *exchange)
{
    exchange->late = loop_cancelled(self->loop);
    exchange->next = self->first;
    exchange->link = &self->first;
    if (self->first != NULL)
        self->first->link = &exchange->next;
    self->first = exchange;
    self->active++;
}

static void delist(struct http_curl *self, struct exchange *exchange)
{
    *exchange->link = exchange->next;
    if (exchange->next != NULL)
        exchange->next->link = exchange->link;
    self->active--;
}

static enum err_code curl_send(
    struct http_transport *transport,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err)
{
    struct http_curl *self = (struct http_curl *) transport;
    struct exchange exchange = {
        .self = self,
        .task = loop_current(self->loop),
        .arena = arena,
        .request = request,
        .easy = handle_take(self),
        .body = BUF_INIT(request->max_body > 0 ? request->max_body : DEFAULT_MAX_BODY),
    };
    enum err_code code = ERR_NONE;
    if (exchange.easy == NULL)
        return err_set(err, ERR_INTERNAL, "libcurl gives no more handles");
    if (!set_up(&exchange) || curl_multi_add_handle(self->multi, exchange.easy) != CURLM_OK) {
        code = err_set(err, ERR_INTERNAL, "libcurl refuses the request's options");
        err->aws.not_sent = true;
    } else {
        enlist(self, &exchange);
        while (!exchange.done)
            loop_suspend(self->loop);
        delist(self, &exchange);
        curl_multi_remove_handle(self->multi, exchange.easy);
        if (exchange.result == CURLE_OK)
            read_response(&exchange, ret_response);
        else
            code = read_failure(&exchange, err);
    }
    handle_give(self, exchange.easy);
    curl_slist_free_all(exchange.header_lines);
    buf_done(&exchange.body);
    return code;
}

/* ---- the poller ---- */

/* Readies the tasks whose answers are whole; false when there were none. */
static bool drain(struct http_curl *self)
{
    bool any = false;
    int left;
    for (CURLMsg *message = curl_multi_info_read(self->multi, &left); message != NULL;
         message = curl_multi_info_read(self->multi, &left)) {
        if (message->msg != CURLMSG_DONE)
            continue;
        char *private = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        struct exchange *exchange = (void *) private;
        if (!exchange->done)
            exchange->result = message->data.result;
        exchange->done = true;
        loop_ready(self->loop, exchange->task);
        any = true;
    }
    return any;
}

/* How long the poll may take before an exchange has to be given up: without an interrupt, what was
 * asked for. Ends those whose time is over. */
static int64_t abandon(struct http_curl *self, int64_t timeout_ms)
{
    if (!loop_cancelled(self->loop))
        return timeout_ms;
    int64_t now = clock_mono_ms(loop_clock(self->loop));
    if (self->cancelled_ms == 0)
        self->cancelled_ms = now;
    for (struct exchange *exchange = self->first; exchange != NULL; exchange = exchange->next) {
        int64_t left_ms =
            self->cancelled_ms + (exchange->late ? LAST_WORDS_MS : UNDER_WAY_MS) - now;
        if (left_ms <= 0 && !exchange->done) {
            exchange->result = CURLE_ABORTED_BY_CALLBACK;
            exchange->done = true;
            loop_ready(self->loop, exchange->task);
        }
        if (timeout_ms < 0 || left_ms < timeout_ms)
            timeout_ms = left_ms > 0 ? left_ms : 0;
    }
    return timeout_ms;
}

static_assert(
    WATCH_IN == CURL_POLL_IN && WATCH_OUT == CURL_POLL_OUT && WATCH_IN == CURL_CSELECT_IN &&
        WATCH_OUT == CURL_CSELECT_OUT && WATCH_ERROR == CURL_CSELECT_ERR,
    "libcurl's bits are the watch's");

/* CURLMOPT_SOCKETFUNCTION: what libcurl waits for on one of its sockets. */
static int on_socket(UNUSED CURL *easy, curl_socket_t fd, int what, void *arg, UNUSED void *unused)
{
    struct http_curl *self = arg;
    return watch_set(self->watch, fd, what == CURL_POLL_REMOVE ? 0U : (unsigned) what) ? 0 : -1;
}

static int64_t now_ms(void)
{
    return clock_mono_ms(clock_system());
}

/* CURLMOPT_TIMERFUNCTION: when libcurl wants to be called though nothing happens; -1: never. */
static int on_timer(UNUSED CURLM *multi, long timeout_ms, void *arg)
{
    struct http_curl *self = arg;
    self->timer_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    return 0;
}

static void run_timer(struct http_curl *self)
{
    int running;
    if (self->timer_ms < 0 || self->timer_ms > now_ms())
        return;
    self->timer_ms = -1; /* it sets the next one */
    curl_multi_socket_action(self->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

/* At most timeout_ms, or until libcurl's own timer. */
static void wait_for_sockets(struct http_curl *self, int64_t timeout_ms)
{
    struct watch_event events[EVENTS];
    int running;
    if (self->timer_ms >= 0) {
        int64_t left_ms = self->timer_ms - now_ms();
        left_ms = left_ms > 0 ? left_ms : 0;
        timeout_ms = timeout_ms < 0 || left_ms < timeout_ms ? left_ms : timeout_ms;
    }
    size_t count = watch_wait(self->watch, events, EVENTS, timeout_ms);
    for (size_t i = 0; i < count; i++)
        if (events[i].fd != self->wake_fd)
            curl_multi_socket_action(self->multi, events[i].fd, (int) events[i].bits, &running);
}

static void curl_poll(void *arg, int64_t timeout_ms, int wake_fd)
{
    struct http_curl *self = arg;
    if (self->wake_fd < 0 && watch_set(self->watch, wake_fd, WATCH_IN))
        self->wake_fd = wake_fd;
    run_timer(self);
    timeout_ms = abandon(self, timeout_ms);
    if (drain(self))
        return;
    wait_for_sockets(self, timeout_ms);
    run_timer(self);
    drain(self);
}

static const struct loop_poller_ops s_poller_ops = {.poll = curl_poll};

/* ---- life ---- */

static void curl_close(struct http_transport *transport)
{
    struct http_curl *self = (struct http_curl *) transport;
    assert(self->active == 0);
    loop_set_poller(self->loop, NULL, NULL);
    for (size_t i = 0; i < self->n_idle; i++)
        curl_easy_cleanup(self->idle[i]);
    curl_multi_cleanup(self->multi);
    curl_global_cleanup();
    watch_free(self->watch);
    xfree(self->user_agent);
    xfree(self->ca_bundle);
    xfree(self);
}

static const struct http_transport_ops s_curl_ops = {
    .name = "libcurl", .send = curl_send, .close = curl_close};

static char *copy_z(const char *text)
{
    if (text == NULL || text[0] == '\0')
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = xmalloc(size);
    memcpy(copy, text, size);
    return copy;
}

enum err_code http_curl_new(
    const struct http_curl_options *options, struct http_transport **ret_transport, struct err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, ERR_INTERNAL, "libcurl cannot be initialised");
    struct watch *watch = NULL;
    CURLM *multi = curl_multi_init();
    if (multi == NULL || watch_new(&watch, err) != ERR_NONE) {
        curl_multi_cleanup(multi);
        curl_global_cleanup();
        return err_set(err, ERR_INTERNAL, "libcurl cannot be initialised");
    }
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 128L);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long) CURLPIPE_NOTHING);
    struct http_curl *self = xmalloc(sizeof(*self));
    *self = (struct http_curl){
        .base = {&s_curl_ops},
        .loop = options->loop,
        .multi = multi,
        .user_agent = copy_z(options->user_agent),
        .ca_bundle = copy_z(options->ca_bundle),
        .connect_timeout_ms =
            options->connect_timeout_ms > 0 ? options->connect_timeout_ms : CONNECT_TIMEOUT_MS,
        .watch = watch,
        .timer_ms = -1,
        .wake_fd = -1,
    };
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, self);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, self);
    loop_set_poller(options->loop, &s_poller_ops, self);
    *ret_transport = &self->base;
    return ERR_NONE;
}

/* Not curl_version(), which asks every library libcurl uses for its own version, too: OpenLDAP
 * reads its configuration and loads its plug-ins before it answers. */
const char *http_curl_version(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}
