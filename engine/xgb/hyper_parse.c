#include "engine/xgb/hyper_parse.h"

#include <math.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Python allows '_' between two digits, and blanks around a number. False when one stands wrongly.
 */
static bool plain_digits(struct str text, char *out, size_t size, struct str *ret_plain)
{
    text = str_trim(text);
    size_t len = 0;
    if (text.len == 0 || text.len >= size)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '_') {
            out[len++] = text.ptr[i];
            continue;
        }
        bool between =
            i > 0 && i + 1 < text.len && is_digit(text.ptr[i - 1]) && is_digit(text.ptr[i + 1]);
        if (!between)
            return false;
    }
    out[len] = '\0';
    *ret_plain = str_of(out, len);
    return true;
}

bool py_int(struct str text, int64_t *ret_value)
{
    char room[320];
    struct str plain;
    if (!plain_digits(text, room, sizeof(room), &plain))
        return false;
    bool negative = plain.ptr[0] == '-';
    struct str digits = str_from_index(plain, negative || plain.ptr[0] == '+' ? 1 : 0);
    if (digits.len == 0)
        return false;
    int64_t value = 0;
    bool overflow = false;
    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.ptr[i]))
            return false;
        int64_t digit = digits.ptr[i] - '0';
        overflow = overflow || __builtin_mul_overflow(value, (int64_t) 10, &value) ||
                   __builtin_add_overflow(value, negative ? -digit : digit, &value);
    }
    *ret_value = overflow ? (negative ? INT64_MIN : INT64_MAX) : value;
    return true;
}

bool py_float(struct str text, double *ret_value)
{
    char room[320];
    struct str plain;
    double value = 0;
    if (!plain_digits(text, room, sizeof(room), &plain) || !str_to_f64(plain, &value) ||
        isnan(value))
        return false;
    *ret_value = value;
    return true;
}

static bool reads_back(const char *text, double value)
{
    double back = strtod(text, NULL);
    return !(back < value) && !(back > value);
}

/* Python's repr: the shortest digits that read back the same; an exponent below -4 and from 16. */
struct str py_float_text(struct arena *arena, double value)
{
    if (isinf(value))
        return value < 0 ? STR("-inf") : STR("inf");
    char text[40];
    int precision = 0;
    do {
        (void) snprintf(text, sizeof(text), "%.*e", precision++, value);
    } while (precision < 17 && !reads_back(text, value));
    struct str shown = str_from(text);
    int exponent = (int) strtol(shown.ptr + str_index(shown, 'e') + 1, NULL, 10);
    if (exponent < -4 || exponent >= 16)
        return str_dup(arena, shown);
    int decimals = precision - 1 - exponent;
    return str_fmt(arena, "%.*f", decimals < 1 ? 1 : decimals, value);
}

struct str py_list_text(struct arena *arena, struct str comma_list)
{
    struct str text = STR("[");
    struct str rest = comma_list, part;
    /* "".split(",") is [''] in Python. */
    if (comma_list.len == 0)
        return STR("['']");
    for (bool first = true; str_split(&rest, ',', &part); first = false)
        text = str_fmt(
            arena, STR_FMT "%s'" STR_FMT "'", STR_ARG(text), first ? "" : ", ", STR_ARG(part));
    return str_fmt(arena, STR_FMT "]", STR_ARG(text));
}

static void skip_blanks(struct str *text)
{
    while (text->len > 0 && (text->ptr[0] == ' ' || text->ptr[0] == '\t'))
        *text = str_from_index(*text, 1);
}

static bool take(struct str *text, char c)
{
    skip_blanks(text);
    if (text->len == 0 || text->ptr[0] != c)
        return false;
    *text = str_from_index(*text, 1);
    return true;
}

static bool take_int(struct str *text, int64_t *ret_value)
{
    skip_blanks(text);
    size_t len = text->len > 0 && (text->ptr[0] == '-' || text->ptr[0] == '+') ? 1 : 0;
    while (len < text->len && is_digit(text->ptr[len]))
        len++;
    bool good = py_int(str_slice(*text, 0, len), ret_value);
    *text = str_from_index(*text, len);
    return good;
}

/* The ints up to the closing character, appended to values; *ret_commas counts the commas. */
static bool take_ints(
    struct arena *arena, struct str *text, char close, struct py_ints *values, size_t *ret_commas)
{
    *ret_commas = 0;
    while (!take(text, close)) {
        int64_t value;
        if (!take_int(text, &value))
            return false;
        *VEC_PUSH(arena, &values->list) = value;
        if (take(text, ',')) {
            (*ret_commas)++;
        } else {
            if (!take(text, close))
                return false;
            break;
        }
    }
    return true;
}

static struct str ints_text(
    struct arena *arena,
    const struct py_ints *values,
    size_t first,
    const char *open,
    const char *close)
{
    struct str text = str_from(open);
    for (size_t i = first; i < values->list.len; i++)
        text = str_fmt(
            arena, STR_FMT "%s%lld", STR_ARG(text), i > first ? ", " : "",
            (long long) values->list.items[i]);
    return str_fmt(arena, STR_FMT "%s", STR_ARG(text), close);
}

bool py_int_tuple(
    struct arena *arena, struct str text, struct py_ints *ret_values, struct str *ret_text)
{
    struct py_ints values = {0};
    struct str rest = text;
    bool list = take(&rest, '[');
    size_t commas = 0;
    if ((!list && !take(&rest, '(')) ||
        !take_ints(arena, &rest, list ? ']' : ')', &values, &commas))
        return false;
    skip_blanks(&rest);
    /* "(1)" is a number in parentheses, no tuple. */
    if (rest.len > 0 || (!list && values.list.len == 1 && commas == 0))
        return false;
    *ret_values = values;
    const char *close = list ? "]" : values.list.len == 1 ? ",)" : ")";
    *ret_text = ints_text(arena, &values, 0, list ? "[" : "(", close);
    return true;
}

bool py_nested_list(
    struct arena *arena, struct str text, struct py_ints *ret_values, struct str *ret_text)
{
    struct py_ints values = {0};
    struct str rest = text, shown = STR("[");
    if (!take(&rest, '['))
        return false;
    while (!take(&rest, ']')) {
        size_t first = values.list.len, commas;
        if (!take(&rest, '[') || !take_ints(arena, &rest, ']', &values, &commas))
            return false;
        struct str inner = ints_text(arena, &values, first, "[", "]");
        shown = str_fmt(
            arena, STR_FMT "%s" STR_FMT, STR_ARG(shown), shown.len > 1 ? ", " : "", STR_ARG(inner));
        if (!take(&rest, ',')) {
            if (!take(&rest, ']'))
                return false;
            break;
        }
    }
    skip_blanks(&rest);
    if (rest.len > 0)
        return false;
    *ret_values = values;
    *ret_text = str_fmt(arena, STR_FMT "]", STR_ARG(shown));
    return true;
}
