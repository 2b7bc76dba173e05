#include "engine/xgb/text.h"

#include <ctype.h>
#include <math.h>

/* ---- content types ---- */

static const struct {
    struct str name;
    enum data_format format;
} s_types[] = {
    {STR_INIT("csv"), DATA_FORMAT_CSV},
    {STR_INIT("text/csv"), DATA_FORMAT_CSV},
    {STR_INIT("libsvm"), DATA_FORMAT_LIBSVM},
    {STR_INIT("text/libsvm"), DATA_FORMAT_LIBSVM},
    {STR_INIT("text/x-libsvm"), DATA_FORMAT_LIBSVM},
    {STR_INIT("parquet"), DATA_FORMAT_PARQUET},
    {STR_INIT("application/x-parquet"), DATA_FORMAT_PARQUET},
    {STR_INIT("recordio-protobuf"), DATA_FORMAT_RECORDIO},
    {STR_INIT("application/x-recordio-protobuf"), DATA_FORMAT_RECORDIO},
};

static bool label_size_is_one(struct str parameters)
{
    struct str parameter;
    while (str_split(&parameters, ';', &parameter)) {
        struct str name = STR_NULL;
        if (!str_split(&parameter, '=', &name) || !str_eq_nocase(str_trim(name), STR("label_size")))
            continue;
        struct str value = str_trim(parameter);
        if (!str_eq(value, STR("1")) && !str_eq(value, STR("\"1\"")))
            return false;
    }
    return true;
}

enum data_format data_format_of(struct str content_type)
{
    struct str rest = content_type, name = STR_NULL;
    if (str_is_null(content_type) || !str_split(&rest, ';', &name) || str_is_empty(str_trim(name)))
        return DATA_FORMAT_LIBSVM;
    for (size_t i = 0; i < ARRAY_LEN(s_types); i++) {
        if (!str_eq_nocase(str_trim(name), s_types[i].name))
            continue;
        if (s_types[i].format == DATA_FORMAT_CSV && !label_size_is_one(rest))
            return DATA_FORMAT_BAD_LABEL_SIZE;
        return s_types[i].format;
    }
    return DATA_FORMAT_UNKNOWN;
}

/* ---- numbers ---- */

#define NUMBER_MAX_LEN 800 /* enough for every digit a double can have */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool word_parse(const char *at, const char *end, bool negative, float *out)
{
    struct str word = str_of(at, (size_t) (end - at));
    if (str_eq_nocase(word, STR("nan"))) {
        *out = NAN;
        return true;
    }
    if (str_eq_nocase(word, STR("inf")) || str_eq_nocase(word, STR("infinity"))) {
        *out = negative ? -INFINITY : INFINITY;
        return true;
    }
    return false;
}

/* The correctly rounded double of any decimal: libc's, on a terminated copy. Grammar was checked.
 */
static bool slow_parse(const char *start, const char *end, float *out)
{
    char copy[NUMBER_MAX_LEN + 1];
    size_t len = (size_t) (end - start);
    if (len > NUMBER_MAX_LEN)
        return false;
    memcpy(copy, start, len);
    copy[len] = '\0';
    *out = (float) strtod(copy, NULL);
    return true;
}

/* A decimal on its way to a double. */
struct decimal {
    uint64_t mantissa; /* of at most 19 significant digits */
    int digits;        /* how many were significant; above 19 the mantissa is not the number */
    int exponent;      /* of ten */
};

static const char *scan_digits(const char *at, const char *end, struct decimal *decimal, int step)
{
    for (; at < end && is_digit(*at); at++) {
        if (decimal->digits < 19)
            decimal->mantissa = decimal->mantissa * 10 + (uint64_t) (*at - '0');
        if (decimal->mantissa != 0)
            decimal->digits++;
        decimal->exponent -= step;
    }
    return at;
}

static const char *scan_exponent(const char *at, const char *end, struct decimal *decimal)
{
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end || !is_digit(*at))
        return NULL;
    int exponent = 0;
    for (; at < end && is_digit(*at); at++)
        if (exponent < 100000)
            exponent = exponent * 10 + (*at - '0');
    decimal->exponent += negative ? -exponent : exponent;
    return at;
}

/* A mantissa up to 2^53 times or over a power of ten up to 10^22 is one rounding of two exact
 * doubles, so it equals strtod's answer (Clinger 1990, "How to read floating point numbers
 * accurately"). Everything else goes to strtod itself. */
static bool fast_double(const struct decimal *decimal, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (decimal->digits > 19 || decimal->mantissa > (UINT64_C(1) << 53) ||
        decimal->exponent < -22 || decimal->exponent > 22)
        return false;
    double value = (double) decimal->mantissa;
    *out = decimal->exponent < 0 ? value / powers[-decimal->exponent]
                                 : value * powers[decimal->exponent];
    return true;
}

bool number_parse(struct str text, float *out)
{
    const char *start = text.ptr, *end = text.ptr + text.len;
    while (start < end && is_blank(*start))
        start++;
    while (end > start && is_blank(end[-1]))
        end--;
    const char *at = start;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return false;
    if (!is_digit(*at) && *at != '.')
        return word_parse(at, end, negative, out);

    struct decimal decimal = {0};
    const char *first = at;
    at = scan_digits(at, end, &decimal, 0);
    size_t n_digits = (size_t) (at - first);
    if (at < end && *at == '.') {
        first = ++at;
        at = scan_digits(at, end, &decimal, 1);
        n_digits += (size_t) (at - first);
    }
    if (n_digits == 0)
        return false;
    if (at < end && (*at == 'e' || *at == 'E'))
        at = scan_exponent(at + 1, end, &decimal);
    if (at != end)
        return false;
    double value;
    if (!fast_double(&decimal, &value))
        return slow_parse(start, end, out);
    *out = (float) (negative ? -value : value);
    return true;
}

/* ---- CSV ---- */

char csv_delimiter(struct str first_line)
{
    static const char preferred[] = {',', '\t', ';', ' ', ':'};
    struct str line = str_slice(first_line, 0, 512);
    for (size_t i = 0; i < sizeof(preferred); i++)
        if (str_index(line, preferred[i]) != SIZE_MAX)
            return preferred[i];
    size_t counts[128] = {0};
    size_t best = 0;
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char) line.ptr[i];
        if (c < ARRAY_LEN(counts))
            counts[c]++;
    }
    for (size_t c = 0; c < ARRAY_LEN(counts); c++)
        if (counts[c] > 0 && (counts[best] == 0 || counts[c] >= counts[best]))
            best = c;
    /* A sign or a point that wins is a single number, not a table. */
    bool usable = isgraph((int) best) && !isalnum((int) best) && best != '-' && best != '+' &&
                  best != '.' && best != '"';
    return usable ? (char) best : ',';
}

enum cell_fault csv_line(
    struct str line,
    char delimiter,
    float *values,
    size_t capacity,
    size_t *count,
    struct str *ret_cell)
{
    const char *at = line.ptr, *end = line.ptr + line.len;
    size_t n = 0;
    for (;;) {
        const char *stop = at;
        while (stop < end && *stop != delimiter)
            stop++;
        struct str cell = str_of(at, (size_t) (stop - at));
        if (n < capacity) {
            float value = NAN;
            if (!number_parse(cell, &value) && !str_is_empty(str_trim(cell))) {
                *ret_cell = cell;
                *count = n;
                return CELL_NOT_A_NUMBER;
            }
            if (isinf(value)) {
                *ret_cell = cell;
                *count = n;
                return CELL_NOT_FINITE;
            }
            values[n] = value;
        }
        n++;
        if (stop == end)
            break;
        at = stop + 1;
    }
    *count = n;
    return n > capacity ? CELL_TOO_MANY : CELL_OK;
}

/* ---- lines and libsvm ---- */

bool text_line(struct str *rest, struct str *line)
{
    if (rest->len == 0)
        return false;
    const char *newline = memchr(rest->ptr, '\n', rest->len);
    size_t len = newline != NULL ? (size_t) (newline - rest->ptr) : rest->len;
    *line = str_of(rest->ptr, len);
    *rest = newline != NULL ? str_from_index(*rest, len + 1) : str_of(rest->ptr + len, 0);
    if (line->len > 0 && line->ptr[line->len - 1] == '\r')
        line->len--;
    return true;
}

bool text_token(struct str *rest, struct str *token)
{
    const char *at = rest->ptr, *end = rest->ptr + rest->len;
    while (at < end && is_blank(*at))
        at++;
    if (at == end)
        return false;
    const char *stop = at;
    while (stop < end && !is_blank(*stop))
        stop++;
    *token = str_of(at, (size_t) (stop - at));
    *rest = str_of(stop, (size_t) (end - stop));
    return true;
}

enum cell_fault libsvm_pair(struct str token, unsigned *index, float *value)
{
    size_t colon = str_index(token, ':');
    if (colon == SIZE_MAX)
        return CELL_NO_COLON;
    uint64_t number = 0;
    if (!str_to_u64(str_slice(token, 0, colon), &number) || number >= LIBSVM_MAX_COLUMNS)
        return CELL_BAD_INDEX;
    if (!number_parse(str_from_index(token, colon + 1), value))
        return CELL_NOT_A_NUMBER;
    if (isinf(*value))
        return CELL_NOT_FINITE;
    *index = (unsigned) number;
    return CELL_OK;
}

const char *cell_shown(struct str cell, char *out)
{
    cell = str_trim(cell);
    size_t len = cell.len < 40 ? cell.len : 40;
    for (size_t i = 0; i < len; i++)
        out[i] = isprint((unsigned char) cell.ptr[i]) ? cell.ptr[i] : '?';
    memcpy(out + len, cell.len > len ? "..." : "", cell.len > len ? 4 : 1);
    return out;
}
