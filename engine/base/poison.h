/* engine/base/poison.h - telling AddressSanitizer what nobody may touch.
 *
 * For memory that is handed out in pieces by our own code: what nobody was given is forbidden, and
 * each piece is followed by bytes that are, so that running over its end is told, as it is for
 * malloc(3). Nothing in other builds.
 */
#ifndef ENGINE_BASE_POISON_H
#define ENGINE_BASE_POISON_H

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define POISON_WATCHED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(POISON_WATCHED)
#define POISON_WATCHED 1
#endif

#ifdef POISON_WATCHED
#include <sanitizer/asan_interface.h>
#define POISON_BEHIND_BYTES 16U /* after each piece */
#define POISON_ALIGNMENT 8U     /* what the sanitizer can tell apart */
#define POISON_FORBID(ptr, size) ASAN_POISON_MEMORY_REGION((ptr), (size))
#define POISON_ALLOW(ptr, size) ASAN_UNPOISON_MEMORY_REGION((ptr), (size))
#else
#define POISON_BEHIND_BYTES 0U
#define POISON_ALIGNMENT 1U
#define POISON_FORBID(ptr, size) ((void) 0)
#define POISON_ALLOW(ptr, size) ((void) 0)
#endif

#endif
