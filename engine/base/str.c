#include "engine/base/str.h"

#include "engine/base/arena.h"

#include <errno.h>
#include <limits.h>
#include <math.h>

int str_len_int(struct str s)
{
    return s.len > INT_MAX ? INT_MAX : (int) s.len;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
    /* Most names that are compared differ in length or in their last byte, whatever its case. */
    if (a.len != b.len || (a.len > 0 && ((a.ptr[a.len - 1] ^ b.ptr[b.len - 1]) & ~0x20) != 0))
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (a.ptr[i] != b.ptr[i] && lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;
    if (order != 0)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_from_index(s, s.len - suffix.len), suffix);
}

size_t str_index(struct str s, char c)
{
    const char *at = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;
    return at != NULL ? (size_t) (at - s.ptr) : SIZE_MAX;
}

size_t str_rindex(struct str s, char c)
{
    for (size_t i = s.len; i > 0; i--)
        if (s.ptr[i - 1] == c)
            return i - 1;
    return SIZE_MAX;
}

size_t str_find(struct str s, struct str needle)
{
    for (size_t i = 0; i + needle.len <= s.len; i++)
        if (str_eq(str_slice(s, i, i + needle.len), needle))
            return i;
    return SIZE_MAX;
}

struct str str_slice(struct str s, size_t start, size_t end)
{
    if (end > s.len)
        end = s.len;
    if (start > end)
        start = end;
    return s.ptr == NULL ? s : (struct str){s.ptr + start, end - start};
}

struct str str_from_index(struct str s, size_t start)
{
    return str_slice(s, start, s.len);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    while (s.len > 0 && is_blank(s.ptr[0]))
        s = str_from_index(s, 1);
    while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* A borrow or a carry from one byte into the next only comes out of one that is not plain. */
size_t str_plain(struct str s, char stop, char other)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
    const uint64_t stops = ones * (unsigned char) stop, others = ones * (unsigned char) other;
    size_t at = 0;
    for (uint64_t word; s.len - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, s.ptr + at, sizeof(word));
        uint64_t a = word ^ stops, b = word ^ others;
        uint64_t unusual = word | (word - ones * 0x20) | (word + ones);
        uint64_t stopped = ((a - ones) & ~a) | ((b - ones) & ~b);
        if (((unusual | stopped) & highs) != 0)
            break;
    }
    return at;
}

bool str_split(struct str *rest, char separator, struct str *part)
{
    if (str_is_null(*rest))
        return false;
    size_t at = str_index(*rest, separator);
    if (at == SIZE_MAX) {
        *part = *rest;
        *rest = STR_NULL;
    } else {
        *part = str_slice(*rest, 0, at);
        *rest = str_from_index(*rest, at + 1);
    }
    return true;
}

bool str_to_u64(struct str s, uint64_t *out)
{
    if (s.len == 0)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        uint64_t digit = (uint64_t) (s.ptr[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool str_to_i64(struct str s, int64_t *out)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+'))
        s = str_from_index(s, 1);
    uint64_t value;
    if (!str_to_u64(s, &value) || value > (uint64_t) INT64_MAX + (negative ? 1 : 0))
        return false;
    *out = negative ? (int64_t) (0 - value) : (int64_t) value;
    return true;
}

bool str_to_seconds(struct str s, int64_t *out)
{
    if (s.len < 2)
        return false;
    char unit = s.ptr[s.len - 1];
    int64_t scale = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : 0;
    uint64_t count = 0;
    int64_t seconds = 0;
    if (scale == 0 || !str_to_u64(str_slice(s, 0, s.len - 1), &count) ||
        __builtin_mul_overflow(count, scale, &seconds))
        return false;
    *out = seconds;
    return true;
}

bool str_to_f64(struct str s, double *out)
{
    char text[400];
    if (s.len == 0 || s.len >= sizeof(text) || is_blank(s.ptr[0]) ||
        memchr(s.ptr, '\0', s.len) != NULL)
        return false;
    /* strtod also reads hexadecimal and nan(...), which Python's float() does not. */
    if (str_index(s, 'x') != SIZE_MAX || str_index(s, 'X') != SIZE_MAX ||
        str_index(s, '(') != SIZE_MAX)
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    char *end = NULL;
    double value = strtod(text, &end);
    if (end != text + s.len)
        return false;
    *out = value;
    return true;
}

uint64_t str_hash(struct str s)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char) s.ptr[i]) * UINT64_C(1099511628211);
    return hash;
}

struct str str_dup(struct arena *arena, struct str s)
{
    if (str_is_null(s))
        return s;
    char *copy = arena_chars(arena, s.len + 1);
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return (struct str){copy, s.len};
}

char *str_z(struct arena *arena, struct str s)
{
    char *copy = arena_chars(arena, s.len + 1);
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

/* ---- formatting ---- */

/* What was written so far; bytes that do not fit are only counted. */
struct output {
    char *text;
    size_t size, len;
};

static void output_add(struct output *out, const char *bytes, size_t len)
{
    size_t room = out->len < out->size ? out->size - out->len : 0;
    if (room > 0 && len > 0)
        memcpy(out->text + out->len, bytes, len < room ? len : room);
    out->len += len;
}

static void output_number(struct output *out, uint64_t value, bool negative, bool hex, size_t width)
{
    UNFILLED char digits[128]; /* room for the widest padding */
    size_t at = sizeof(digits), sign = negative ? 1 : 0;
    if (hex)
        do
            digits[--at] = "0123456789abcdef"[value & 15];
        while ((value >>= 4) > 0);
    else
        do
            digits[--at] = (char) ('0' + value % 10);
        while ((value /= 10) > 0);
    while (sizeof(digits) - at + sign < width)
        digits[--at] = '0';
    if (negative)
        digits[--at] = '-';
    output_add(out, digits + at, sizeof(digits) - at);
}

/* %u, %d and %x of any length, with zeros in front: "%04d", "%zu", "%016llx". The end of the
 * directive; NULL when it is another one. */
static const char *output_integer(struct output *out, const char *at, va_list *args)
{
    enum { INT, LONG, LONG_LONG, SIZE, MAX } length = INT;
    size_t width = 0;
    if (*at == '0' && at[1] >= '1' && at[1] <= '9')
        for (at++; *at >= '0' && *at <= '9' && width < 10; at++)
            width = width * 10 + (size_t) (*at - '0');
    if (*at == 'l') {
        at++;
        length = *at == 'l' ? LONG_LONG : LONG;
        at += length == LONG_LONG;
    } else if (*at == 'z' || *at == 'j') {
        length = *at++ == 'z' ? SIZE : MAX;
    }
    if (*at != 'u' && *at != 'd' && *at != 'x')
        return NULL;
    if (*at == 'd') {
        int64_t value = length == INT         ? va_arg(*args, int)
                        : length == LONG      ? va_arg(*args, long)
                        : length == LONG_LONG ? va_arg(*args, long long)
                        : length == SIZE      ? va_arg(*args, ssize_t)
                                              : va_arg(*args, intmax_t);
        uint64_t size = value < 0 ? ~(uint64_t) value + 1 : (uint64_t) value;
        output_number(out, size, value < 0, false, width);
    } else {
        uint64_t value = length == INT         ? va_arg(*args, unsigned)
                         : length == LONG      ? va_arg(*args, unsigned long)
                         : length == LONG_LONG ? va_arg(*args, unsigned long long)
                         : length == SIZE      ? va_arg(*args, size_t)
                                               : va_arg(*args, uintmax_t);
        output_number(out, value, false, *at == 'x', width);
    }
    return at + 1;
}

/* false: a directive this does not know. */
static bool output_all(struct output *out, const char *fmt, va_list *args)
{
    while (*fmt != '\0') {
        const char *mark = strchr(fmt, '%');
        size_t plain = mark != NULL ? (size_t) (mark - fmt) : strlen(fmt);
        output_add(out, fmt, plain);
        fmt += plain;
        if (*fmt == '\0')
            break;
        fmt++;
        if (*fmt == 's') {
            const char *text = va_arg(*args, const char *);
            if (text == NULL)
                return false;
            output_add(out, text, strlen(text));
            fmt++;
        } else if (strncmp(fmt, ".*s", 3) == 0) {
            int len = va_arg(*args, int);
            const char *text = va_arg(*args, const char *);
            if (len < 0 || (text == NULL && len > 0))
                return false;
            if (len > 0)
                output_add(out, text, strnlen(text, (size_t) len));
            fmt += 3;
        } else if (*fmt == 'c') {
            char c = (char) va_arg(*args, int);
            output_add(out, &c, 1);
            fmt++;
        } else if (*fmt == '%') {
            output_add(out, fmt++, 1);
        } else {
            fmt = output_integer(out, fmt, args);
            if (fmt == NULL)
                return false;
        }
    }
    return true;
}

size_t str_vformat(char *text, size_t size, const char *fmt, va_list args)
{
    struct output out = {.text = text, .size = size > 0 ? size - 1 : 0};
    va_list again;
    va_copy(again, args);
    bool known = output_all(&out, fmt, &again);
    va_end(again);
    if (!known) {
        int len = vsnprintf(text, size, fmt, args);
        return len > 0 ? (size_t) len : 0;
    }
    if (size > 0)
        text[out.len < out.size ? out.len : out.size] = '\0';
    return out.len;
}

struct str str_fmt(struct arena *arena, const char *fmt, ...)
{
    UNFILLED char small[256]; /* most texts fit, and are formatted once */
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    size_t size = str_vformat(small, sizeof(small), fmt, args);
    va_end(args);
    char *text = arena_chars(arena, size + 1);
    if (size < sizeof(small))
        memcpy(text, small, size);
    else
        str_vformat(text, size + 1, fmt, again);
    text[size] = '\0';
    va_end(again);
    return (struct str){text, size};
}

static char *append(char *at, struct str part)
{
    if (part.len > 0)
        memcpy(at, part.ptr, part.len);
    return at + part.len;
}

struct str
str_join(struct arena *arena, const struct str *parts, size_t count, struct str separator)
{
    size_t len = count > 1 ? (count - 1) * separator.len : 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    char *text = arena_chars(arena, len + 1), *at = text;
    for (size_t i = 0; i < count; i++)
        at = append(i > 0 ? append(at, separator) : at, parts[i]);
    *at = '\0';
    return str_of(text, len);
}

struct str str_lower(struct arena *arena, struct str s)
{
    char *copy = str_z(arena, s);
    for (size_t i = 0; i < s.len; i++)
        copy[i] = lower(copy[i]);
    return (struct str){copy, s.len};
}

size_t str_distance(struct str a, struct str b)
{
    enum { LIMIT = 64 };
    if (a.len > LIMIT || b.len > LIMIT)
        return SIZE_MAX;
    size_t row[LIMIT + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t above = row[j];
            size_t best = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[b.len];
}
