#include "engine/serve/repr.h"

#include <float.h>
#include <math.h>

/* Decimal digits without leading or trailing zeros; the value is 0.d1d2... x 10^point. */
struct digits {
    char text[20];
    int len, point;
};

/* Splits "d.ddde+XX", which is what "%.*e" prints in the C locale. */
static void split(const char *text, struct digits *out)
{
    const char *exponent = strchr(text, 'e');
    out->len = 0;
    for (const char *at = text; at < exponent; at++)
        if (*at != '.')
            out->text[out->len++] = *at;
    while (out->len > 1 && out->text[out->len - 1] == '0')
        out->len--;
    out->point = (int) strtol(exponent + 1, NULL, 10) + 1;
}

static bool reads_back(const char *text, double value)
{
    double again = strtod(text, NULL);
    return memcmp(&again, &value, sizeof(value)) == 0;
}

/* At a power of two the doubles below are twice as dense as those above, so the decimal next above
 * the nearest one can be the one that reads back (2^-44 is 5.684341886080802e-14). */
static bool next_reads_back(char *text, double value)
{
    int unused = 0;
    double half = frexp(value, &unused);
    char *last = strchr(text, 'e') - 1;
    if (half > 0.5 || half < 0.5 || *last == '9')
        return false;
    (*last)++;
    if (reads_back(text, value))
        return true;
    (*last)--;
    return false;
}

/* Any decimal of up to 15 digits survives a double, 17 always tell it apart; the first of 15, 16
 * and 17 digits that reads back is the shortest (15 covers all shorter ones: trailing zeros go). */
static void shortest(double value, struct digits *out)
{
    char text[40];
    if (value < DBL_MIN) { /* fewer bits down there: a few digits may do */
        for (int decimals = 0; decimals < 17; decimals++) {
            (void) snprintf(text, sizeof(text), "%.*e", decimals, value);
            if (reads_back(text, value))
                break;
        }
        split(text, out);
        return;
    }
    (void) snprintf(text, sizeof(text), "%.14e", value);
    if (!reads_back(text, value)) {
        (void) snprintf(text, sizeof(text), "%.15e", value);
        if (!reads_back(text, value) && !next_reads_back(text, value))
            (void) snprintf(text, sizeof(text), "%.16e", value);
    }
    split(text, out);
}

static size_t copy(char *out, const char *text)
{
    size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

static size_t with_exponent(const struct digits *digits, char *out)
{
    size_t n = 0;
    out[n++] = digits->text[0];
    if (digits->len > 1) {
        out[n++] = '.';
        memcpy(out + n, digits->text + 1, (size_t) digits->len - 1);
        n += (size_t) digits->len - 1;
    }
    char exponent[16];
    (void) snprintf(exponent, sizeof(exponent), "e%+03d", digits->point - 1);
    return n + copy(out + n, exponent);
}

static size_t with_point(const struct digits *digits, char *out)
{
    size_t n = 0;
    if (digits->point <= 0)
        n += copy(out, "0.");
    for (int i = digits->point; i < 0; i++)
        out[n++] = '0';
    for (int i = 0; i < digits->len || i < digits->point; i++) {
        if (i == digits->point && i > 0)
            out[n++] = '.';
        out[n++] = i < digits->len ? digits->text[i] : '0';
    }
    if (digits->point >= digits->len)
        n += copy(out + n, ".0");
    return n;
}

size_t repr_float(double value, bool json, char *out)
{
    if (isnan(value))
        return copy(out, json ? "NaN" : "nan");
    size_t n = 0;
    if (signbit(value))
        out[n++] = '-';
    value = fabs(value);
    if (isinf(value))
        return n + copy(out + n, json ? "Infinity" : "inf");
    struct digits digits = {.text = "0", .len = 1, .point = 1};
    if (value > 0)
        shortest(value, &digits);
    if (digits.point <= -4 || digits.point > 16)
        return n + with_exponent(&digits, out + n);
    return n + with_point(&digits, out + n);
}
