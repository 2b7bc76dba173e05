/* engine/base/base.h - attributes and small macros used everywhere.
 *
 * What it is: compiler attributes, AUTO() cleanup, array length. No types, no functions.
 * Include it (or any header that does) in every file: it also bans unsafe libc calls.
 */
#ifndef ENGINE_BASE_BASE_H
#define ENGINE_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED __attribute__((unused))
/* A buffer that is written before it is read, on a hot path: the build zeroes all others. */
#define UNFILLED __attribute__((uninitialized))
#define NORETURN __attribute__((noreturn))

/* Runs closer(&variable) when the variable leaves its scope; closers accept the empty value. */
#define AUTO(closer) __attribute__((cleanup(closer)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define KIB(n) ((size_t) (n) *1024U)
#define MIB(n) ((size_t) (n) *1024U * 1024U)

#include "engine/base/banned.h"

#endif
