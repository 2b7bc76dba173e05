#define _GNU_SOURCE /* accept4's flags, MSG_NOSIGNAL */
#include "engine/httpd/quick_link.h"

#include "engine/base/log.h"
#include "engine/httpd/workers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    TURNS = 16,            /* reads of one link before the others have theirs */
    READ_ROOM = 4 * 1024,  /* at least, of a request that does not fit the loop's buffer */
    HELD_FREE = 16 * 1024, /* by one link, whatever all of them hold */
    OUT_BATCH = 64 * 1024, /* pipelined answers are sent when they are so many bytes */
    OUT_KEPT = 256 * 1024,
};

/* Of one answer with its head; larger ones are engine/serve's to refuse. */
#define OUT_MAX MIB(256)

static const struct {
    int status;
    const char *reason;
} s_reasons[] = {
    {200, "OK"},
    {204, "No Content"},
    {400, "Bad Request"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(s_reasons); i++)
        if (s_reasons[i].status == status)
            return s_reasons[i].reason;
    return "Status";
}

/* ---- what is held ---- */

static void count_held(struct link *link)
{
    size_t held = (link->in.borrowed ? 0 : link->in.cap) + link->body.cap + link->out.cap;
    if (held == link->held)
        return;
    atomic_fetch_add(link->loop->held, held - link->held); /* may wrap, and comes right */
    link->held = held;
}

static bool too_much_held(const struct link *link)
{
    return link->held > HELD_FREE &&
           atomic_load(link->loop->held) > link->loop->options->held_bytes;
}

static void input_clear(struct link *link)
{
    if (!link->in.borrowed)
        xfree(link->in.ptr);
    link->in = (struct input){.ptr = NULL};
}

/* Room behind what has come; the loop's buffer when nothing has. */
static void input_room(struct link *link)
{
    struct input *in = &link->in;
    if (in->ptr == NULL) {
        *in = (struct input){.ptr = link->loop->buffer, .cap = LOOP_BUFFER, .borrowed = true};
        return;
    }
    if (in->at > 0) {
        memmove(in->ptr, in->ptr + in->at, in->len - in->at);
        in->len -= in->at;
        in->at = 0;
    }
    if (in->cap - in->len >= READ_ROOM)
        return;
    in->cap = in->cap < READ_ROOM ? 2 * READ_ROOM : 2 * in->cap;
    in->ptr = xrealloc(in->ptr, in->cap);
}

/* The loop's buffer is for the next link: what is left in it moves. */
static void input_settle(struct link *link)
{
    struct input *in = &link->in;
    if (in->at == in->len) {
        input_clear(link);
        return;
    }
    if (!in->borrowed)
        return;
    struct input own = {.len = in->len - in->at};
    own.cap = own.len < 1024 ? 1024 : own.len;
    own.ptr = memcpy(xmalloc(own.cap), in->ptr + in->at, own.len);
    *in = own;
}

void link_close(struct link *link)
{
    struct loop *loop = link->loop;
    close(link->fd);
    if (link->prev != NULL)
        link->prev->next = link->next;
    else
        loop->links = link->next;
    if (link->next != NULL)
        link->next->prev = link->prev;
    input_clear(link);
    buf_done(&link->body);
    buf_done(&link->out);
    count_held(link);
    arena_free(link->arena);
    atomic_fetch_sub(&loop->n_links, 1);
    xfree(link);
}

void link_post(struct link *link)
{
    struct loop *loop = link->loop;
    uint64_t one = 1;
    pthread_mutex_lock(&loop->lock);
    link->next_in_box = loop->box;
    loop->box = link;
    ssize_t n = write(loop->wake, &one, sizeof(one));
    (void) n; /* a counter that is full wakes as well */
    pthread_mutex_unlock(&loop->lock);
}

/* ---- answers ---- */

static void add_date(struct loop *loop)
{
    int64_t now_s = (int64_t) time(NULL);
    if (now_s != loop->date_s) {
        struct tm tm;
        time_t when = (time_t) now_s;
        loop->date_s = now_s;
        static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        if (gmtime_r(&when, &tm) == NULL)
            return;
        (void) snprintf(
            loop->date, sizeof(loop->date), "%s, %02u %s %04u %02u:%02u:%02u GMT",
            days[tm.tm_wday % 7], (unsigned) tm.tm_mday % 100, months[tm.tm_mon % 12],
            (unsigned) (tm.tm_year + 1900) % 10000, (unsigned) tm.tm_hour % 100,
            (unsigned) tm.tm_min % 100, (unsigned) tm.tm_sec % 100);
    }
    buf_add(&loop->out, STR("Date: "));
    buf_add_z(&loop->out, loop->date);
}

static void add_number(struct buf *out, size_t number)
{
    char digits[24];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char) ('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buf_add_mem(out, digits + at, sizeof(digits) - at);
}

static bool may_be_sent(struct str text)
{
    return memchr(str_chars(text), '\r', text.len) == NULL &&
           memchr(str_chars(text), '\n', text.len) == NULL;
}

static void add_answer(struct link *link, const struct httpd_response *answer)
{
    struct loop *loop = link->loop;
    struct buf *out = &loop->out;
    int status = answer->status > 0 ? answer->status : 500;
    if (status == 200) {
        buf_add(out, STR("HTTP/1.1 200 OK\r\n"));
    } else {
        buf_add(out, STR("HTTP/1.1 "));
        add_number(out, (size_t) status);
        buf_add_char(out, ' ');
        buf_add_z(out, reason_of(status));
        buf_add(out, STR("\r\n"));
    }
    add_date(loop);
    for (size_t i = 0; i < answer->headers.len; i++) {
        const struct httpd_header *header = &answer->headers.items[i];
        if (!may_be_sent(header->name) || !may_be_sent(header->value)) {
            log_debug("httpd", "header '" STR_FMT "' cannot be sent", STR_ARG(header->name));
            continue;
        }
        buf_add(out, STR("\r\n"));
        buf_add(out, header->name);
        buf_add(out, STR(": "));
        buf_add(out, header->value);
    }
    if (status != 204) {
        buf_add(out, STR("\r\nContent-Length: "));
        add_number(out, answer->body.len);
    }
    if (link->closes)
        buf_add(out, STR("\r\nConnection: close"));
    buf_add(out, STR("\r\n\r\n"));
    if (!link->is_head && status != 204)
        buf_add(out, answer->body);
}

/* Whatever cannot be told from the next request's bytes ends the connection. */
static void refuse(struct link *link, int status, const char *why)
{
    struct httpd_header type = {STR_INIT("Content-Type"), STR_INIT("text/plain")};
    struct httpd_response answer = {.status = status, .body = str_from(why), .body_fd = -1};
    answer.headers.items = &type;
    answer.headers.len = 1;
    link->closes = true;
    link->is_head = false;
    add_answer(link, &answer);
    link->phase = LINK_ENDING;
}

/* Sends what it can; gives how much. */
static size_t send_some(struct link *link, struct str bytes)
{
    size_t sent = 0;
    while (sent < bytes.len) {
        ssize_t n = send(link->fd, bytes.ptr + sent, bytes.len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            link->broken |= errno != EAGAIN;
            break;
        }
        sent += (size_t) n;
    }
    return sent;
}

static bool is_unsent(const struct link *link)
{
    return link->sent < link->out.len;
}

/* False when the other side takes no more yet; what was not taken is then the link's, and the
 * loop's buffer is empty in any case. */
static bool flush(struct link *link)
{
    struct loop *loop = link->loop;
    size_t sent = 0;
    if (is_unsent(link)) {
        size_t n = send_some(link, str_from_index(buf_str(&link->out), link->sent));
        link->sent += n;
        if (n > 0)
            link->since_ms = loop->now_ms;
    }
    if (!is_unsent(link)) {
        buf_done(&link->out);
        link->sent = 0;
        sent = send_some(link, buf_str(&loop->out));
    }
    link->broken |= !buf_ok(&loop->out); /* an answer that is not whole */
    if (sent < loop->out.len)
        buf_add(&link->out, str_from_index(buf_str(&loop->out), sent));
    buf_clear(&loop->out);
    if (loop->out.cap > OUT_KEPT)
        buf_done(&loop->out);
    count_held(link);
    return !is_unsent(link) && !link->broken;
}

/* ---- requests ---- */

static void run_worker(void *arg)
{
    struct link *link = arg;
    link->late.work(link->late.work_arg, link->arena, &link->late);
    link_post(link);
}

/* What the request points to stays where it is: the loop gets another buffer and another arena. */
static void hand_over(struct link *link, const struct httpd_response *answer)
{
    struct loop *loop = link->loop;
    link->late = *answer;
    link->arena = loop->arena;
    loop->arena = arena_new("request", 0);
    struct httpd_header *headers =
        ARENA_ARRAY(link->arena, link->request.n_headers, struct httpd_header);
    for (size_t i = 0; i < link->request.n_headers; i++)
        headers[i] = link->request.headers[i];
    link->request.headers = headers;
    if (link->in.borrowed) {
        link->in.borrowed = false;
        loop->buffer = xmalloc(LOOP_BUFFER);
        count_held(link);
    }
    link->phase = LINK_BUSY;
}

static void after_answer(struct link *link)
{
    link->since_ms = link->loop->now_ms;
    if (link->closes)
        link->phase = LINK_ENDING;
}

static void handle(struct link *link, const struct head *head, struct str body)
{
    struct loop *loop = link->loop;
    struct httpd_response answer = {.body_fd = -1};
    link->closes = head->closes || atomic_load_explicit(loop->stopping, memory_order_relaxed);
    link->is_head = str_eq(head->method, STR("HEAD"));
    link->continued = false;
    link->request = (struct httpd_request){
        .method = head->method,
        .target = head->target,
        .host = head->host,
        .headers = loop->headers,
        .n_headers = head->n_headers,
        .body = body,
        .body_fd = -1,
        .body_len = body.len};
    arena_reset(loop->arena);
    loop->options->handler(loop->options->arg, loop->arena, &link->request, &answer);
    if (answer.work != NULL) {
        hand_over(link, &answer);
        return;
    }
    add_answer(link, &answer);
    after_answer(link);
}

static struct str unused_input(const struct link *link)
{
    return str_of(link->in.ptr + link->in.at, link->in.len - link->in.at);
}

/* Takes the framing off what has come; true when the request has been handled. */
static bool serve_chunked(struct link *link)
{
    struct input *in = &link->in;
    char *head_at = in->ptr + in->at, *raw = head_at + link->head_bytes;
    size_t have = in->len - in->at - link->head_bytes;
    size_t used = chunks_add(&link->chunks, str_of(raw, have), &link->body);
    memmove(raw, raw + used, have - used);
    in->len -= used;
    count_held(link);
    if (link->chunks.at == CHUNKS_BAD)
        refuse(link, 400, "the chunks are broken\n");
    if (link->chunks.at == CHUNKS_TOO_LARGE || !buf_ok(&link->body))
        refuse(link, 413, "the body is too large\n");
    if (link->chunks.at != CHUNKS_DONE)
        return false;
    struct head head;
    struct head_fault fault;
    link->chunked = false;
    if (head_parse(str_of(head_at, link->head_bytes), link->loop->headers, &head, &fault) !=
        HEAD_WHOLE)
        abort(); /* it was whole before */
    in->at += link->head_bytes;
    handle(link, &head, buf_str(&link->body));
    if (link->phase != LINK_BUSY)
        buf_done(&link->body);
    count_held(link);
    return true;
}

/* One request; false when it is not whole, or none can follow. */
static bool serve_one(struct link *link)
{
    struct loop *loop = link->loop;
    struct str data = unused_input(link);
    struct head head;
    struct head_fault fault;
    if (link->chunked)
        return serve_chunked(link);
    if (data.len < link->need)
        return false;
    enum head_state state = head_parse(data, loop->headers, &head, &fault);
    if (state == HEAD_BAD)
        refuse(link, fault.status, fault.why);
    if (state != HEAD_WHOLE)
        return false;
    if (head.length > loop->options->max_body) {
        refuse(link, 413, "the body is too large\n");
        return false;
    }
    bool whole = !head.chunked && data.len - head.bytes >= head.length;
    if (!whole && head.expects && !link->continued && data.len == head.bytes) {
        link->continued = true;
        buf_add(&loop->out, STR("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    if (head.chunked) {
        link->chunked = true;
        link->head_bytes = head.bytes;
        link->chunks = (struct chunks){.at = CHUNKS_SIZE};
        buf_init(&link->body, loop->options->max_body);
        return serve_chunked(link);
    }
    link->need = whole ? 0 : head.bytes + (size_t) head.length;
    if (!whole)
        return false;
    link->in.at += head.bytes + (size_t) head.length;
    handle(link, &head, str_of(data.ptr + head.bytes, (size_t) head.length));
    return true;
}

/* False when nothing can be done before something happens. */
static bool serve(struct link *link)
{
    struct loop *loop = link->loop;
    bool sent = true;
    while (sent && link->phase == LINK_OPEN && link->in.at < link->in.len) {
        bool done = serve_one(link);
        if (!done || loop->out.len >= OUT_BATCH)
            sent = flush(link);
        if (!done)
            break;
    }
    if (sent && loop->out.len > 0)
        sent = flush(link);
    if (link->phase != LINK_BUSY)
        input_settle(link);
    count_held(link);
    if (link->phase == LINK_OPEN && too_much_held(link)) {
        refuse(link, 503, "too many requests are incomplete\n");
        sent = flush(link);
    }
    if (link->phase == LINK_BUSY)
        workers_submit(loop->workers, run_worker, link);
    return sent && link->phase != LINK_BUSY;
}

/* Closing what has unread bytes would take the answer away from the other side as well. */
static void end(struct link *link)
{
    input_clear(link);
    count_held(link);
    shutdown(link->fd, SHUT_WR);
}

/* Bytes that have come; 0 when there are none yet, or no more. */
static size_t receive(struct link *link, bool *ret_drained)
{
    struct input *in = &link->in;
    ssize_t n;
    input_room(link);
    size_t room = in->cap - in->len;
    do
        n = recv(link->fd, in->ptr + in->len, room, 0);
    while (n < 0 && errno == EINTR);
    if (n <= 0) {
        link->hung_up |= n == 0;
        link->broken |= n < 0 && errno != EAGAIN;
        *ret_drained = true;
        if (in->borrowed)
            input_clear(link);
        return 0;
    }
    /* A short read was all there is; whatever comes later wakes us again. */
    *ret_drained = (size_t) n < room && !link->hung_up;
    if (in->len == 0)
        link->since_ms = link->loop->now_ms;
    in->len += (size_t) n;
    return (size_t) n;
}

/* The last answer is out: what still comes is thrown away until the other side has closed. */
static void drain(struct link *link)
{
    bool drained = false;
    end(link);
    for (int turn = 0; turn < TURNS && !drained; turn++) {
        (void) receive(link, &drained);
        input_clear(link);
    }
    if (link->broken || (link->hung_up && drained)) {
        link_close(link);
        return;
    }
    link->more = !drained;
    link->loop->again |= link->more;
}

/* Serves and reads in turn until something has to be waited for. */
static void take_turns(struct link *link)
{
    bool drained = false, sent = true;
    if (link->in.at < link->in.len)
        sent = serve(link);
    for (int turn = 0; turn < TURNS && sent && link->phase == LINK_OPEN && !drained; turn++)
        if (receive(link, &drained) > 0)
            sent = serve(link);
    if (link->phase == LINK_OPEN && sent && drained && link->hung_up)
        link->broken = true; /* everything is answered, and no more comes */
    link->more = link->phase == LINK_OPEN && sent && !drained;
}

void link_go_on(struct link *link)
{
    link->more = false;
    if (link->phase == LINK_BUSY)
        return;
    if ((!is_unsent(link) || flush(link)) && link->phase == LINK_OPEN)
        take_turns(link);
    if (link->phase == LINK_BUSY)
        return;
    if (link->broken)
        link_close(link);
    else if (link->phase == LINK_ENDING && !is_unsent(link))
        drain(link);
    else
        link->loop->again |= link->more;
}

void link_finish(struct link *link)
{
    struct httpd_response answer = link->late;
    link->phase = LINK_OPEN;
    add_answer(link, &answer);
    after_answer(link);
    (void) flush(link);
    arena_free(link->arena);
    link->arena = NULL;
    buf_done(&link->body);
    input_settle(link);
    count_held(link);
    link_go_on(link);
}

void link_expire(struct link *link)
{
    bool waited = link->phase == LINK_OPEN && !is_unsent(link) && link->in.len > 0;
    if (!waited) {
        link_close(link);
        return;
    }
    refuse(link, 408, "the request took too long to arrive\n");
    link->since_ms = link->loop->now_ms;
    if (flush(link))
        drain(link);
    else
        link_close(link);
}
