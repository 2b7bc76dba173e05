/* engine/base/utf8.h - which bytes are well-formed UTF-8 (RFC 3629).
 *
 * Pure functions over views; nothing is owned. Overlong forms, surrogates and code points above
 * U+10FFFF are not well-formed.
 */
#ifndef ENGINE_BASE_UTF8_H
#define ENGINE_BASE_UTF8_H

#include "engine/base/str.h"

/* U+FFFD, what stands in for bytes that mean nothing. */
#define UTF8_REPLACEMENT STR("\xef\xbf\xbd")

/* Gives the length (1 to 4) of the well-formed character at s[at], 0 when there is none. */
size_t utf8_char_len(struct str s, size_t at);

#endif
