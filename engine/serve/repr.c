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

/* ---- without printf ---- */

__extension__ typedef unsigned __int128 wide;

static wide power_of_ten(int k) /* up to 10^38 */
{
    static const uint64_t powers[] = {
        UINT64_C(1),
        UINT64_C(10),
        UINT64_C(100),
        UINT64_C(1000),
        UINT64_C(10000),
        UINT64_C(100000),
        UINT64_C(1000000),
        UINT64_C(10000000),
        UINT64_C(100000000),
        UINT64_C(1000000000),
        UINT64_C(10000000000),
        UINT64_C(100000000000),
        UINT64_C(1000000000000),
        UINT64_C(10000000000000),
        UINT64_C(100000000000000),
        UINT64_C(1000000000000000),
        UINT64_C(10000000000000000),
        UINT64_C(100000000000000000),
        UINT64_C(1000000000000000000),
        UINT64_C(10000000000000000000)};
    return (wide) powers[k / 2] * powers[k - k / 2];
}

/* value x 10^k, exactly: scaled / 2^shift, with 17 digits before the point. A double is near enough
 * to it to be read back when it is not further away than half. */
struct exact {
    wide scaled, half;
    int shift, k;
    bool ties; /* half itself is near enough */
    bool power_of_two;
};

/* False when it does not fit 128 bits, which those from 10^-13 to 2^52 that were floats do. */
static bool make_exact(double value, struct exact *out)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    int exponent = (int) (bits >> 52) - 1075;
    uint64_t mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    int zeros = __builtin_ctzll(mantissa);
    int decimal = (int) floor((double) (exponent + 52) * 0.30102999566398120); /* or one more */
    out->shift = -(exponent + zeros);
    out->k = 16 - decimal;
    mantissa >>= zeros;
    for (int tries = 0; tries < 2; tries++, out->k--) {
        /* 10^k takes fewer than 3.33 k + 1 bits */
        if (out->shift < 1 || out->shift > 100 || out->k < 0 ||
            53 - zeros + (out->k * 3322 + 999) / 1000 + 1 > 127)
            return false;
        wide power = power_of_ten(out->k);
        out->scaled = mantissa * power;
        out->half = power >> (zeros + 1);
        out->ties = zeros > 0;
        out->power_of_two = zeros == 52;
        if (!out->ties && (power & 1) == 0)
            out->half--; /* zeros is 0: half of an even power is whole, and not near enough */
        if (out->scaled >> out->shift < UINT64_C(100000000000000000))
            return true;
    }
    return false;
}

/* The decimal of so many digits that is nearest to it, as a whole number; false when that reads
 * back as another double, or may do so. */
static bool nearest(const struct exact *exact, int n, uint64_t *out)
{
    static const uint64_t units[] = {1, 10, 100};
    uint64_t unit = units[17 - n], whole = (uint64_t) (exact->scaled >> exact->shift);
    wide fraction = exact->scaled & (((wide) 1 << exact->shift) - 1);
    wide over = ((wide) (whole % unit) << exact->shift) + fraction;
    wide under = ((wide) unit << exact->shift) - over;
    *out = whole / unit;
    bool up = over > under || (over == under && (*out & 1) != 0);
    *out += up;
    wide off = up ? under : over;
    return off <= exact->half;
}

static bool shortest_exact(double value, struct digits *out)
{
    struct exact exact;
    uint64_t number = 0;
    int n = 15;
    if (!make_exact(value, &exact))
        return false;
    while (n <= 17 && !nearest(&exact, n, &number))
        n++;
    if (n > 17 || exact.power_of_two) /* below one, doubles are twice as dense */
        return false;
    char text[24] = {0};
    int len = 0, point = 17 - n - exact.k;
    while (number % 10 == 0) {
        number /= 10;
        point++;
    }
    for (; number > 0; number /= 10)
        text[len++] = (char) ('0' + number % 10);
    for (int i = 0; i < len; i++)
        out->text[i] = text[len - 1 - i];
    out->len = len;
    out->point = point + len;
    return true;
}

/* Any decimal of up to 15 digits survives a double, 17 always tell it apart; the first of 15, 16
 * and 17 digits that reads back is the shortest (15 covers all shorter ones: trailing zeros go). */
static void shortest(double value, struct digits *out)
{
    char text[40];
    if (shortest_exact(value, out))
        return;
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
