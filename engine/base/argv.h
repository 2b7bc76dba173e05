/* engine/base/argv.h - a line of words with quotes, as programs' configuration has it.
 *
 * Python's shlex.split(): blanks part words; '...' takes everything as it is; "..." does, but for
 * \" and \\; elsewhere a backslash takes the next character as it is. No variables, no patterns, no
 * comments: nothing of a shell.
 */
#ifndef ENGINE_BASE_ARGV_H
#define ENGINE_BASE_ARGV_H

#include "engine/base/err.h"

/* The words, NUL-terminated, with a NULL behind the last. ERR_USAGE: a quote is not closed, a
 * backslash is the last character, there is a NUL, or more than max_words. */
enum err_code argv_split(
    struct arena *arena,
    struct str line,
    size_t max_words,
    char ***ret_words,
    size_t *ret_count,
    struct err *err) MUST_USE;

#endif
