#include "engine/base/clock.h"

#include "engine/base/arena.h"

static int64_t read_clock(clockid_t id)
{
    struct timespec now = {0};
    clock_gettime(id, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *self)
{
    (void) self;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_mono_ms(void *self)
{
    (void) self;
    /* CLOCK_BOOTTIME is Linux's number 7; POSIX headers do not name it. */
    return read_clock((clockid_t) 7);
}

static const struct clock_ops s_system = {system_wall_ms, system_mono_ms};

struct clock clock_system(void)
{
    return (struct clock){&s_system, NULL};
}

int64_t clock_tick_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(struct clock clock)
{
    return clock.ops->wall_ms(clock.self);
}

int64_t clock_mono_ms(struct clock clock)
{
    return clock.ops->mono_ms(clock.self);
}

struct parts {
    int64_t year, month, day, hour, minute, second, ms, weekday;
};

/* Days <-> date by the civil calendar (howardhinnant.github.io/date_algorithms.html). */
static struct parts parts_of(int64_t wall_ms)
{
    int64_t days = wall_ms / 86400000, ms = wall_ms % 86400000;
    if (ms < 0) {
        days--;
        ms += 86400000;
    }
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;
    return (struct parts){
        .year = yoe + era * 400 + (month <= 2),
        .month = month,
        .day = doy - (153 * mp + 2) / 5 + 1,
        .hour = ms / 3600000,
        .minute = ms / 60000 % 60,
        .second = ms / 1000 % 60,
        .ms = ms % 1000,
        .weekday = ((days + 4) % 7 + 7) % 7};
}

static int64_t ms_of(const struct parts *p)
{
    int64_t y = p->year - (p->month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (p->month > 2 ? p->month - 3 : p->month + 9) + 2) / 5 + p->day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    int64_t days = era * 146097 + doe - 719468;
    return ((days * 24 + p->hour) * 60 + p->minute) * 60000 + p->second * 1000 + p->ms;
}

static const char s_days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char s_months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* By hand, since every request and every answer has a date in it. */
static char *put(char *at, int64_t value, size_t width)
{
    for (size_t i = width; i > 0; i--) {
        at[i - 1] = (char) ('0' + value % 10);
        value /= 10;
    }
    return at + width;
}

static inline char *put_text(char *at, struct str text)
{
    if (text.len > 0)
        memcpy(at, text.ptr, text.len);
    return at + text.len;
}

static char *put_year(char *at, int64_t year)
{
    if (year >= 0 && year <= 9999)
        return put(at, year, 4);
    return at + snprintf(at, 24, "%04lld", (long long) year);
}

#define STAMP_BYTES 64 /* longer than every form with the longest year */

/* "2026-07-01T12:00:00", with these two in between; what follows is the caller's. */
static inline char *put_iso(char *at, const struct parts *p, struct str dash, struct str colon)
{
    at = put_text(put_year(at, p->year), dash);
    at = put_text(put(at, p->month, 2), dash);
    at = put_text(put(at, p->day, 2), STR("T"));
    at = put_text(put(at, p->hour, 2), colon);
    at = put_text(put(at, p->minute, 2), colon);
    return put(at, p->second, 2);
}

static struct str ended(char *text, char *at)
{
    *at = '\0';
    return str_of(text, (size_t) (at - text));
}

struct str time_iso_basic(struct arena *arena, int64_t wall_ms)
{
    struct parts p = parts_of(wall_ms);
    char *text = arena_chars(arena, STAMP_BYTES);
    return ended(text, put_text(put_iso(text, &p, STR(""), STR("")), STR("Z")));
}

struct str time_iso(struct arena *arena, int64_t wall_ms)
{
    struct parts p = parts_of(wall_ms);
    char *text = arena_chars(arena, STAMP_BYTES);
    return ended(text, put_text(put_iso(text, &p, STR("-"), STR(":")), STR("Z")));
}

struct str time_iso_ms(struct arena *arena, int64_t wall_ms)
{
    struct parts p = parts_of(wall_ms);
    char *text = arena_chars(arena, STAMP_BYTES);
    char *at = put_text(put_iso(text, &p, STR("-"), STR(":")), STR("."));
    return ended(text, put_text(put(at, p.ms, 3), STR("Z")));
}

struct str time_http(struct arena *arena, int64_t wall_ms)
{
    struct parts p = parts_of(wall_ms);
    char *text = arena_chars(arena, STAMP_BYTES);
    char *at = put_text(put_text(text, str_of(s_days[p.weekday], 3)), STR(", "));
    at = put_text(put(at, p.day, 2), STR(" "));
    at = put_text(put_text(at, str_of(s_months[p.month - 1], 3)), STR(" "));
    at = put_text(put_year(at, p.year), STR(" "));
    at = put_text(put(at, p.hour, 2), STR(":"));
    at = put_text(put(at, p.minute, 2), STR(":"));
    return ended(text, put_text(put(at, p.second, 2), STR(" GMT")));
}

/* Reads exactly `digits` digits, a few. */
static bool number(struct str *rest, size_t digits, int64_t *out)
{
    int64_t value = 0;
    if (rest->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        unsigned digit = (unsigned) rest->ptr[i] - '0';
        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    *rest = str_from_index(*rest, digits);
    return true;
}

static bool literal(struct str *rest, struct str text)
{
    if (!str_starts(*rest, text))
        return false;
    *rest = str_from_index(*rest, text.len);
    return true;
}

static bool parse_iso(struct str text, bool basic, struct parts *p)
{
    struct str dash = basic ? STR("") : STR("-"), colon = basic ? STR("") : STR(":");
    if (!number(&text, 4, &p->year) || !literal(&text, dash) || !number(&text, 2, &p->month) ||
        !literal(&text, dash) || !number(&text, 2, &p->day) || !literal(&text, STR("T")) ||
        !number(&text, 2, &p->hour) || !literal(&text, colon) || !number(&text, 2, &p->minute) ||
        !literal(&text, colon) || !number(&text, 2, &p->second))
        return false;
    if (literal(&text, STR("."))) {
        int64_t scale = 100, digit;
        while (number(&text, 1, &digit)) {
            p->ms += digit * scale;
            scale /= 10;
        }
    }
    return str_eq(text, STR("Z")) || str_eq(text, STR("+00:00"));
}

static bool parse_http(struct str text, struct parts *p)
{
    size_t comma = str_index(text, ',');
    if (comma != 3)
        return false;
    text = str_from_index(text, 5);
    if (!number(&text, 2, &p->day) || !literal(&text, STR(" ")) || text.len < 3)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(s_months); i++)
        if (memcmp(text.ptr, s_months[i], 3) == 0)
            p->month = (int64_t) i + 1;
    text = str_from_index(text, 3);
    return literal(&text, STR(" ")) && number(&text, 4, &p->year) && literal(&text, STR(" ")) &&
           number(&text, 2, &p->hour) && literal(&text, STR(":")) && number(&text, 2, &p->minute) &&
           literal(&text, STR(":")) && number(&text, 2, &p->second) && str_eq(text, STR(" GMT"));
}

bool time_parse(struct str text, int64_t *wall_ms)
{
    struct parts p = {0};
    bool ok = parse_iso(text, text.len > 8 && text.ptr[8] == 'T', &p);
    if (!ok) {
        p = (struct parts){0};
        ok = parse_http(text, &p);
    }
    if (!ok || p.month < 1 || p.month > 12 || p.day < 1 || p.day > 31 || p.hour > 23 ||
        p.minute > 59 || p.second > 60)
        return false;
    int64_t ms = ms_of(&p);
    /* 31 April would come out as 1 May. A leap second may carry into the next day. */
    if (p.second < 60 && p.day > 28 && parts_of(ms).day != p.day)
        return false;
    *wall_ms = ms;
    return true;
}
