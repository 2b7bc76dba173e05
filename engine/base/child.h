/* engine/base/child.h - runs another program to its end and keeps what it says.
 *
 * No shell. The child gets this process's environment and standard error's twin of a pipe, no
 * input, every signal at its default. Blocks the thread: run it through loop_offload(). What
 * outlives the child (a daemon that it leaves) is not waited for.
 */
#ifndef ENGINE_BASE_CHILD_H
#define ENGINE_BASE_CHILD_H

#include "engine/base/buf.h"
#include "engine/base/err.h"

struct child_options {
    char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    int64_t timeout_ms;
    const bool *cancelled; /* ends it; may be NULL */
};

/* *out and *said get its standard output and error, each to its buffer's maximum; past that of *out
 * it is killed. The status it ends with is *ret_status, negative: by that signal. Errors:
 * ERR_NOT_FOUND (no such program, or it may not be run), ERR_TIMEOUT, ERR_CANCELLED, ERR_IO. */
enum err_code child_run(
    const struct child_options *options,
    struct buf *out,
    struct buf *said,
    int *ret_status,
    struct err *err) MUST_USE;

#endif
