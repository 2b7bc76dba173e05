/* engine/base/banned.h - libc calls that have no safe use here become compile errors.
 *
 * Poisoning follows git's banned.h. Standard headers that mention a name must come first, hence the
 * includes below. Use instead: str_fmt/buf_fmt, str_* and parse helpers of str.h, struct rng,
 * clock.h.
 */
#ifndef ENGINE_BASE_BANNED_H
#define ENGINE_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok atoi atol atof sscanf
#pragma GCC poison gmtime localtime ctime asctime rand srand

#endif
