/* engine/base/str.h - a view of bytes, passed by value.
 *
 * A struct str never owns its bytes and is not NUL-terminated; whoever made it (an arena, a buf, a
 * literal) owns them. The empty string is {NULL or any, 0}; "absent" is str_is_null().
 * Use str_z() at the libc edge. Threads: values, no shared state.
 */
#ifndef ENGINE_BASE_STR_H
#define ENGINE_BASE_STR_H

#include "engine/base/base.h"

#include <stdarg.h>
#include <string.h>

struct arena;

struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NULL ((struct str){NULL, 0})
#define STR_INIT(literal) \
    { \
        "" literal, sizeof(literal) - 1 \
    }

/* For printf: printf("'" STR_FMT "'", STR_ARG(s)). Lengths above INT_MAX are cut. */
#define STR_FMT "%.*s"
#define STR_ARG(s) str_len_int(s), str_chars(s)
int str_len_int(struct str s);
static inline const char *str_chars(struct str s)
{
    return s.ptr != NULL ? s.ptr : "";
}

/* The smallest are here, so that each caller has its own: a literal's length is then known. */
static inline struct str str_of(const void *ptr, size_t len)
{
    return (struct str){(const char *) ptr, len};
}

/* z may be NULL: gives STR_NULL. */
static inline struct str str_from(const char *z)
{
    return z != NULL ? (struct str){z, strlen(z)} : STR_NULL;
}

static inline bool str_is_null(struct str s)
{
    return s.ptr == NULL;
}

/* True for null, too. */
static inline bool str_is_empty(struct str s)
{
    return s.len == 0;
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* NULL is as "". */
static inline bool str_eq_z(struct str a, const char *z)
{
    return str_eq(a, str_from(z));
}

static inline bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

bool str_eq_nocase(struct str a, struct str b); /* ASCII only */
int str_cmp(struct str a, struct str b);        /* bytewise, shorter first on a common prefix */
bool str_ends(struct str s, struct str suffix);
/* Index of the first / last byte c, or first occurrence of needle; SIZE_MAX when absent. */
size_t str_index(struct str s, char c);
size_t str_rindex(struct str s, char c);
size_t str_find(struct str s, struct str needle);
struct str str_from_index(struct str s, size_t start);        /* tail; empty when past the end */
struct str str_slice(struct str s, size_t start, size_t end); /* clamped */
struct str str_trim(struct str s);                            /* ASCII white space, both ends */
/* Takes the part of *rest before the separator and moves *rest behind it; false when *rest is null.
 */
bool str_split(struct str *rest, char separator, struct str *part);

/* Strict decimal parsers: the whole string must be used, no blanks, no overflow. */
bool str_to_i64(struct str s, int64_t *out);
bool str_to_u64(struct str s, uint64_t *out);
/* "30s", "5m", "2h" -> seconds. */
bool str_to_seconds(struct str s, int64_t *out);
/* How many bytes at the start are printable ASCII (0x20 to 0x7E) and neither of these two. Looks at
 * eight at a time and stops before those in which there is one: what is left is looked at by hand.
 */
size_t str_plain(struct str s, char stop, char other);
/* As Python's float(): also "inf", "nan", exponents; the whole string must be used. */
bool str_to_f64(struct str s, double *out);

/* FNV-1a: for tables of names whose number is capped elsewhere. */
uint64_t str_hash(struct str s);
struct str str_dup(struct arena *arena, struct str s);
char *str_z(struct arena *arena, struct str s); /* NUL-terminated copy */
struct str str_fmt(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* vsnprintf() for the texts of this program: the same, but quick for %s, STR_FMT, %c and whole
 * numbers, padded with zeros or not. Another directive anywhere in fmt makes it vsnprintf() itself.
 * The length the whole text has. */
size_t str_vformat(char *text, size_t size, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));
struct str str_lower(struct arena *arena, struct str s);
/* The parts one after another, with the separator in between; NUL-terminated. Many times quicker
 * than str_fmt(), for what every request needs. */
struct str
str_join(struct arena *arena, const struct str *parts, size_t count, struct str separator);
/* Levenshtein distance, for "did you mean"; strings above 64 bytes count as far apart. */
size_t str_distance(struct str a, struct str b);

#endif
