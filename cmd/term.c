#include "cmd/term.h"

#include "engine/base/file.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_SPEC_BYTES MIB(16)
#define MAX_SOURCE_LINE 200U
#define ASK_POLL_MS 100 /* to notice an interrupt */

void term_init(struct term *term, const char *(*getenv_fn)(const char *name))
{
    const char *no_color = getenv_fn("NO_COLOR");
    const char *kind = getenv_fn("TERM");
    bool color = (no_color == NULL || no_color[0] == '\0') &&
                 (kind != NULL && kind[0] != '\0' && !str_eq_z(str_from(kind), "dumb"));
    term->in_tty = isatty(STDIN_FILENO) == 1;
    term->out_tty = isatty(STDOUT_FILENO) == 1;
    term->err_tty = isatty(STDERR_FILENO) == 1;
    term->ask_fd = -1;
    if (term->in_tty && (term->err_tty || term->out_tty))
        term->ask_fd = term->err_tty ? STDERR_FILENO : STDOUT_FILENO;
    term->color_out = color && term->out_tty;
    term->color_err = color && term->err_tty;
    term->width = 80;
    struct winsize size;
    if (term->err_tty && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        term->width = size.ws_col;
}

const char *paint(bool on, enum paint paint)
{
    static const char *const s_codes[] = {
        [PAINT_RED] = "\x1b[31m",  [PAINT_GREEN] = "\x1b[32m", [PAINT_YELLOW] = "\x1b[33m",
        [PAINT_CYAN] = "\x1b[36m", [PAINT_BOLD] = "\x1b[1m",   [PAINT_DIM] = "\x1b[2m",
    };
    return on ? s_codes[paint] : "";
}

const char *paint_end(bool on)
{
    return on ? "\x1b[0m" : "";
}

void buf_add_clean(struct buf *buf, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char) text.ptr[i];
        bool control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
        /* C1 controls are two bytes in UTF-8; terminals obey them as they obey ESC. */
        bool c1 = c == 0xc2 && i + 1 < text.len && (unsigned char) text.ptr[i + 1] >= 0x80 &&
                  (unsigned char) text.ptr[i + 1] < 0xa0;
        if (c1)
            i++;
        buf_add_char(buf, control || c1 ? '?' : (char) c);
    }
}

struct str term_clean(struct arena *arena, struct str text)
{
    struct buf buf = BUF_INIT(text.len + 1);
    buf_add_clean(&buf, text);
    struct str clean = str_dup(arena, buf_str(&buf));
    buf_done(&buf);
    return clean;
}

enum err_code term_write(int fd, struct str text, struct err *err)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.ptr, text.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int saved = errno;
            err_errno(
                err, saved, "writing to %s",
                fd == STDOUT_FILENO ? "standard output" : "the stream");
            errno = saved;
            return err->code;
        }
        text = str_from_index(text, (size_t) n);
    }
    return ERR_NONE;
}

void term_note(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

/* The line of the file at `at`, cut at MAX_SOURCE_LINE; null when it cannot be read. */
static struct str source_line(struct arena *arena, struct srcloc at)
{
    struct err ignored = {0};
    struct str text;
    if (at.file == NULL || at.line == 0 ||
        file_read(arena, at.file, MAX_SPEC_BYTES, &text, &ignored) != ERR_NONE)
        return STR_NULL;
    struct str line = STR_NULL;
    for (unsigned n = 0; n < at.line; n++)
        if (!str_split(&text, '\n', &line))
            return STR_NULL;
    return str_slice(line, 0, MAX_SOURCE_LINE);
}

/*  --> file:12:5
 *      |
 *   12 |     hyperparamters: {}
 *      |     ^                      */
static void render_place(struct buf *buf, bool color, struct srcloc at)
{
    if (at.file == NULL)
        return;
    const char *dim = paint(color, PAINT_CYAN), *end = paint_end(color);
    if (at.line == 0) {
        buf_fmt(buf, "%s  --> %s%s\n", dim, end, at.file);
        return;
    }
    buf_fmt(buf, "%s  --> %s%s:%u:%u\n", dim, end, at.file, at.line, at.column);
    struct arena *scratch = arena_new("source line", MAX_SPEC_BYTES * 2);
    struct str line = source_line(scratch, at);
    if (!str_is_empty(line)) {
        buf_fmt(buf, "%s%5u |%s ", dim, at.line, end);
        buf_add_clean(buf, line);
        buf_fmt(buf, "\n%s      |%s ", dim, end);
        for (unsigned i = 1; i < at.column && i <= line.len; i++)
            buf_add_char(buf, line.ptr[i - 1] == '\t' ? '\t' : ' ');
        buf_fmt(buf, "%s^%s\n", paint(color, PAINT_RED), end);
    }
    arena_free(scratch);
}

static void render_hint(struct buf *buf, bool color, struct str hint)
{
    if (str_is_empty(hint))
        return;
    struct str rest = hint, line;
    const char *lead = "hint: ";
    while (str_split(&rest, '\n', &line)) {
        if (lead[0] == 'h')
            buf_fmt(buf, "%shint:%s ", paint(color, PAINT_CYAN), paint_end(color));
        else
            buf_add_z(buf, lead);
        buf_add_clean(buf, line);
        buf_add_char(buf, '\n');
        lead = "      ";
    }
}

static void
render_head(struct buf *buf, bool color, enum diag_severity severity, struct str message)
{
    bool is_error = severity == DIAG_ERROR;
    buf_fmt(
        buf, "%s%s%s", paint(color, is_error ? PAINT_RED : PAINT_YELLOW),
        is_error ? "Error: " : "Warning: ", paint_end(color));
    buf_add_clean(buf, message);
    buf_add_char(buf, '\n');
}

void term_render_error(struct buf *buf, bool color, const struct err *err)
{
    render_head(buf, color, DIAG_ERROR, str_from(err->message));
    render_place(buf, color, err->at);
    if (err->aws.code[0] != '\0' || err->aws.request_id[0] != '\0') {
        buf_add_z(buf, "  AWS answered ");
        buf_add_clean(buf, str_from(err->aws.code[0] != '\0' ? err->aws.code : "an error"));
        if (err->aws.http_status != 0)
            buf_fmt(buf, " (HTTP %d)", err->aws.http_status);
        if (err->aws.request_id[0] != '\0') {
            buf_add_z(buf, ", request id ");
            buf_add_clean(buf, str_from(err->aws.request_id));
        }
        buf_add_char(buf, '\n');
    }
    render_hint(buf, color, str_from(err->hint));
}

void term_render_diags(struct buf *buf, bool color, const struct diags *diags, bool compact)
{
    for (size_t i = 0; i < diags->list.len; i++) {
        const struct diag *diag = &diags->list.items[i];
        if (i > 0 && !(compact && diag->severity == DIAG_WARNING))
            buf_add_char(buf, '\n');
        render_head(buf, color, diag->severity, diag->message);
        if (compact && diag->severity == DIAG_WARNING)
            continue;
        render_place(buf, color, diag->at);
        render_hint(buf, color, diag->hint);
    }
    if (diags->dropped > 0)
        buf_fmt(buf, "\n... and %zu more\n", diags->dropped);
}

static struct json *diag_json(
    struct arena *arena,
    enum diag_severity severity,
    struct str message,
    struct str detail,
    struct srcloc at)
{
    struct json *out = json_object(arena);
    json_put(arena, out, "severity", json_z(arena, severity == DIAG_ERROR ? "error" : "warning"));
    json_put(arena, out, "summary", json_string(arena, str_dup(arena, message)));
    json_put(arena, out, "detail", json_string(arena, str_dup(arena, detail)));
    if (at.file != NULL) {
        struct json *range = json_object(arena), *start = json_object(arena);
        json_put(arena, start, "line", json_int(arena, at.line));
        json_put(arena, start, "column", json_int(arena, at.column));
        json_put(arena, range, "filename", json_z(arena, at.file));
        json_put(arena, range, "start", start);
        json_put(arena, range, "end", json_copy(arena, start));
        json_put(arena, out, "range", range);
    }
    return out;
}

struct json *term_error_json(struct arena *arena, const struct err *err)
{
    struct json *out =
        diag_json(arena, DIAG_ERROR, str_from(err->message), str_from(err->hint), err->at);
    if (err->aws.code[0] != '\0' || err->aws.request_id[0] != '\0') {
        struct json *aws = json_object(arena);
        json_put(arena, aws, "code", json_string(arena, str_dup(arena, str_from(err->aws.code))));
        json_put(arena, aws, "http_status", json_int(arena, err->aws.http_status));
        json_put(
            arena, aws, "request_id",
            json_string(arena, str_dup(arena, str_from(err->aws.request_id))));
        json_put(arena, out, "aws", aws);
    }
    return out;
}

struct json *term_diags_json(struct arena *arena, const struct diags *diags)
{
    struct json *out = json_array(arena);
    for (size_t i = 0; i < diags->list.len; i++) {
        const struct diag *diag = &diags->list.items[i];
        struct str hint = str_is_null(diag->hint) ? STR("") : diag->hint;
        json_push(out, diag_json(arena, diag->severity, diag->message, hint, diag->at));
    }
    return out;
}

/* Read on a thread of the loop's, which goes on meanwhile: the stack's lease is kept while somebody
 * thinks. */
struct asking {
    const bool *cancelled;
    char line[256];
    size_t len;
    enum err_code code;
    struct err err;
};

static void read_line(void *arg)
{
    struct asking *asking = arg;
    while (asking->len < sizeof(asking->line)) {
        if (__atomic_load_n(asking->cancelled, __ATOMIC_ACQUIRE)) {
            asking->code =
                err_set(&asking->err, ERR_CANCELLED, "interrupted while waiting for an answer");
            return;
        }
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        int ready = poll(&input, 1, ASK_POLL_MS);
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        ssize_t n = read(STDIN_FILENO, asking->line + asking->len, 1);
        if (n < 0) {
            asking->code = err_errno(&asking->err, errno, "reading the answer");
            return;
        }
        if (n == 0 || asking->line[asking->len] == '\n')
            return;
        asking->len++;
    }
}

enum err_code term_ask(
    struct arena *arena,
    struct loop *loop,
    int fd,
    const char *question,
    struct str *ret_answer,
    struct err *err)
{
    struct asking asking = {.cancelled = loop_cancel_flag(loop)};
    enum err_code code = term_write(fd, str_from(question), err);
    if (code != ERR_NONE)
        return code;
    loop_offload(loop, read_line, &asking);
    if (asking.code == ERR_NONE)
        *ret_answer = str_dup(arena, str_trim(str_of(asking.line, asking.len)));
    else
        *err = asking.err;
    return asking.code;
}
