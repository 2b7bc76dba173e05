/* cmd/term.h - the terminal: what it can do, colours, clean text, errors, questions.
 *
 * Data goes to standard output, everything else to standard error. Each stream is coloured only
 * when it is a terminal and neither NO_COLOR, TERM=dumb nor --no-color says otherwise. Text that
 * came from a server or a file passes term_clean() before it is printed: no escape sequence of
 * theirs reaches the terminal.
 */
#ifndef CMD_TERM_H
#define CMD_TERM_H

#include "engine/base/buf.h"
#include "engine/base/json.h"
#include "engine/base/loop.h"
#include "specs/diags.h"

enum paint { PAINT_RED, PAINT_GREEN, PAINT_YELLOW, PAINT_CYAN, PAINT_BOLD, PAINT_DIM };

struct term {
    bool in_tty, out_tty, err_tty;
    bool color_out, color_err;
    int ask_fd;     /* where a question is seen by whoever can answer it; -1: nowhere */
    unsigned width; /* of standard error, for live lines; 80 when unknown */
};

void term_init(struct term *term, const char *(*getenv)(const char *name));
/* "" or the escape sequence; `on` is the color_* of the stream the text goes to. */
const char *paint(bool on, enum paint paint);
const char *paint_end(bool on);
/* Without control characters (C0 but \n and \t, DEL, C1), which become '?'. */
struct str term_clean(struct arena *arena, struct str text);
void buf_add_clean(struct buf *buf, struct str text);

/* Writes everything or says why not; errno is then that of the write. */
enum err_code term_write(int fd, struct str text, struct err *err) MUST_USE;
/* One line to standard error; best effort. */
void term_note(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* "Error: ...", the place with its source line, AWS's code and request id, "hint: ...". */
void term_render_error(struct buf *buf, bool color, const struct err *err);
void term_render_diags(struct buf *buf, bool color, const struct diags *diags, bool compact);
/* Terraform's diagnostic objects: severity, summary, detail, range. */
struct json *term_error_json(struct arena *arena, const struct err *err);
struct json *term_diags_json(struct arena *arena, const struct diags *diags);

/* Prints the question to fd and reads one line, while other tasks go on. ERR_CANCELLED on an
 * interrupt; end of input is an empty answer. */
enum err_code term_ask(
    struct arena *arena,
    struct loop *loop,
    int fd,
    const char *question,
    struct str *ret_answer,
    struct err *err) MUST_USE;

#endif
