#include "specs/yaml_scalar.h"

#include <math.h>

static bool is_any(struct str text, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++)
        if (str_eq_z(text, words[i]))
            return true;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int digit_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

/* [0-9]+, 0o[0-7]+ or 0x[0-9a-fA-F]+ without its prefix. */
static bool read_digits(struct str digits, int base, bool negative, struct yscalar *out)
{
    if (digits.len == 0)
        return false;
    int64_t value = 0;
    double number = 0;
    bool overflow = false;
    for (size_t i = 0; i < digits.len; i++) {
        int digit = digit_value(digits.ptr[i]);
        if (digit >= base)
            return false;
        number = number * base + digit;
        int64_t step = negative ? -digit : digit;
        if (!overflow && (__builtin_mul_overflow(value, (int64_t) base, &value) ||
                          __builtin_add_overflow(value, step, &value)))
            overflow = true;
    }
    if (overflow)
        value = negative ? INT64_MIN : INT64_MAX;
    *out = (struct yscalar){
        .type = YSCALAR_INT,
        .overflow = overflow,
        .integer = value,
        .number = negative ? -number : number,
    };
    return true;
}

static bool read_int(struct str text, struct yscalar *out)
{
    if (str_starts(text, STR("0o")))
        return read_digits(str_from_index(text, 2), 8, false, out);
    if (str_starts(text, STR("0x")))
        return read_digits(str_from_index(text, 2), 16, false, out);
    bool negative = text.len > 0 && text.ptr[0] == '-';
    bool signed_text = negative || (text.len > 0 && text.ptr[0] == '+');
    return read_digits(str_from_index(text, signed_text ? 1 : 0), 10, negative, out);
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_float(struct str text)
{
    size_t i = 0, whole = 0, fraction = 0;
    if (i < text.len && (text.ptr[i] == '-' || text.ptr[i] == '+'))
        i++;
    for (; i < text.len && is_digit(text.ptr[i]); i++)
        whole++;
    if (i < text.len && text.ptr[i] == '.') {
        i++;
        for (; i < text.len && is_digit(text.ptr[i]); i++)
            fraction++;
    }
    if (whole + fraction == 0)
        return false;
    if (i < text.len && (text.ptr[i] == 'e' || text.ptr[i] == 'E')) {
        i++;
        if (i < text.len && (text.ptr[i] == '-' || text.ptr[i] == '+'))
            i++;
        size_t exponent = i;
        while (i < text.len && is_digit(text.ptr[i]))
            i++;
        if (i == exponent)
            return false;
    }
    return i == text.len;
}

static bool read_float(struct str text, struct yscalar *out)
{
    static const char *const s_infinite[] = {".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf",
                                             "+.INF", "-.inf", "-.Inf", "-.INF", NULL};
    static const char *const s_nan[] = {".nan", ".NaN", ".NAN", NULL};
    double number = 0;
    if (is_any(text, s_infinite))
        number = text.ptr[0] == '-' ? -(double) INFINITY : (double) INFINITY;
    else if (is_any(text, s_nan))
        number = (double) NAN;
    else if (!is_float(text) || !str_to_f64(text, &number))
        return false;
    *out = (struct yscalar){.type = YSCALAR_FLOAT, .number = number};
    return true;
}

struct yscalar yscalar_of(struct str text)
{
    static const char *const s_null[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const s_true[] = {"true", "True", "TRUE", NULL};
    static const char *const s_false[] = {"false", "False", "FALSE", NULL};
    struct yscalar scalar = {.type = YSCALAR_STRING};
    if (is_any(text, s_null))
        scalar.type = YSCALAR_NULL;
    else if (is_any(text, s_true))
        scalar = (struct yscalar){.type = YSCALAR_BOOL, .boolean = true};
    else if (is_any(text, s_false))
        scalar = (struct yscalar){.type = YSCALAR_BOOL, .boolean = false};
    else if (!read_int(text, &scalar) && !read_float(text, &scalar))
        scalar.type = YSCALAR_STRING;
    return scalar;
}

const char *yscalar_type_name(enum yscalar_type type)
{
    switch (type) {
    case YSCALAR_NULL:
        return "nothing";
    case YSCALAR_BOOL:
        return "true or false";
    case YSCALAR_INT:
        return "a whole number";
    case YSCALAR_FLOAT:
        return "a number";
    case YSCALAR_STRING:
        break;
    }
    return "a string";
}
