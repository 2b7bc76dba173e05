/* A backtracking matcher in continuation-passing style: each function matches a piece of the
 * pattern and then asks its continuation about the rest. Runs of single characters, which is what
 * nearly all patterns are made of, are counted in a loop and take no stack. */
#include "engine/local/pattern.h"

#include <limits.h>

enum { MAX_STEPS = 200 * 1000, MAX_DEPTH = 1500 };

struct matching {
    const char *start, *end; /* the text */
    unsigned steps, depth;
};

/* A piece of a pattern. */
struct span {
    const char *at, *end;
};

/* What has to match after the piece at hand. */
struct rest {
    bool (*match)(struct matching *m, const struct rest *rest, const char *text);
    const struct rest *next;
};

/* ------------------------------------------------------------------ characters */

/* A character of the text; bytes that are no UTF-8 stand for themselves. */
static uint32_t decode(const char *at, const char *end, const char **ret_next)
{
    unsigned char first = (unsigned char) *at;
    unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    uint32_t code = more == 0 ? first : first & (0x3fU >> more);
    const char *next = at + 1;
    while (more > 0 && next < end && ((unsigned char) *next & 0xc0U) == 0x80U) {
        code = code << 6 | ((unsigned char) *next++ & 0x3fU);
        more--;
    }
    *ret_next = next;
    return code;
}

static bool in_range(uint32_t c, uint32_t low, uint32_t high)
{
    return c >= low && c <= high;
}

static bool is_digit(uint32_t c)
{
    return in_range(c, '0', '9');
}

static bool is_letter(uint32_t c)
{
    return in_range(c, 'a', 'z') || in_range(c, 'A', 'Z');
}

static bool is_space(uint32_t c)
{
    return c == ' ' || in_range(c, '\t', '\r');
}

static bool has_property(struct str name, uint32_t c)
{
    if (str_eq_z(name, "L"))
        return is_letter(c) || c >= 0x80;
    if (str_eq_z(name, "N"))
        return is_digit(c);
    if (str_eq_z(name, "Z"))
        return c == ' ' || c == 0xa0 || in_range(c, 0x2000, 0x200a) || c == 0x3000;
    if (str_eq_z(name, "Alnum"))
        return is_letter(c) || is_digit(c);
    if (str_eq_z(name, "Print"))
        return in_range(c, 0x20, 0x7e);
    if (str_eq_z(name, "ASCII"))
        return c < 0x80;
    return false;
}

static uint32_t hex4(const char *at)
{
    uint32_t value = 0;
    for (int i = 0; i < 4 && at[i] != '\0'; i++) {
        uint32_t c = (unsigned char) at[i];
        value = value << 4 | (is_digit(c) ? c - '0' : (c & 0x4fU) - 'A' + 10);
    }
    return value;
}

/* What stands behind a backslash: one character, or a set of them. */
struct escape {
    bool set; /* \d \w \s \S \W \D \p{..} */
    bool member;
    uint32_t code;
    const char *next;
};

static struct escape property_escape(const char *at, const char *end, uint32_t c)
{
    const char *close = at + 1;
    while (close < end && *close != '}')
        close++;
    struct str name = at + 2 <= close ? str_of(at + 2, (size_t) (close - at) - 2) : STR("");
    return (struct escape){
        .set = true, .member = has_property(name, c), .next = close < end ? close + 1 : end};
}

/* at is behind the backslash; c is the character asked about. */
static struct escape read_escape(const char *at, const char *end, uint32_t c)
{
    struct escape out = {.set = true, .next = at + 1};
    bool word = is_letter(c) || is_digit(c) || c == '_';
    switch (*at) {
    case 'd':
    case 'D':
        out.member = is_digit(c) == (*at == 'd');
        return out;
    case 'w':
    case 'W':
        out.member = word == (*at == 'w');
        return out;
    case 's':
    case 'S':
        out.member = is_space(c) == (*at == 's');
        return out;
    case 'p':
        return property_escape(at, end, c);
    default:
        break;
    }
    out.set = false;
    out.code = (unsigned char) *at;
    if (*at == 'n' || *at == 'r' || *at == 't') {
        out.code = *at == 'n' ? '\n' : *at == 'r' ? '\r' : '\t';
    } else if (*at == 'u' && at + 5 <= end) {
        out.code = hex4(at + 1);
        out.next = at + 5;
        if (in_range(out.code, 0xd800, 0xdbff) && out.next + 6 <= end && out.next[0] == '\\' &&
            out.next[1] == 'u') { /* two surrogates are one character */
            out.code = 0x10000 + ((out.code - 0xd800) << 10) + (hex4(out.next + 2) - 0xdc00);
            out.next += 6;
        }
    }
    out.member = out.code == c;
    return out;
}

/* One item of [...]: a character, its escape, or the set that an escape names. */
static struct escape class_item(const char *at, const char *end, uint32_t c)
{
    if (*at == '\\' && at + 1 < end)
        return read_escape(at + 1, end, c);
    struct escape out = {0};
    out.code = decode(at, end, &out.next);
    out.member = out.code == c;
    return out;
}

/* class: [...] with its brackets. */
static bool class_has(struct span class, uint32_t c)
{
    const char *at = class.at + 1, *end = class.end - 1;
    bool negated = at < end && *at == '^', found = false;
    at += negated;
    while (at < end && !found) {
        struct escape low = class_item(at, end, c);
        at = low.next;
        found = low.member;
        if (low.set || at + 1 >= end || *at != '-')
            continue;
        struct escape high = class_item(at + 1, end, c);
        if (high.set || high.code < low.code)
            continue; /* the hyphen stands for itself */
        at = high.next;
        found = found || in_range(c, low.code, high.code);
    }
    return found != negated;
}

/* ------------------------------------------------------------------ reading the pattern */

static const char *skip_class(const char *at, const char *end)
{
    for (at++; at < end && *at != ']'; at++)
        at += *at == '\\' && at + 1 < end;
    return at < end ? at + 1 : end;
}

static const char *skip_atom(const char *at, const char *end)
{
    if (*at == '[')
        return skip_class(at, end);
    if (*at == '\\' && at + 1 < end)
        return read_escape(at + 1, end, 0).next;
    if (*at != '(')
        return at + 1;
    int open = 0;
    while (at < end) {
        if (*at == '[' || *at == '\\') {
            at = skip_atom(at, end);
            continue;
        }
        open += (*at == '(') - (*at == ')');
        at++;
        if (open == 0)
            break;
    }
    return at;
}

struct counts {
    unsigned min, max;
};

static unsigned read_number(const char **at, const char *end)
{
    unsigned value = 0;
    while (*at < end && is_digit((unsigned char) **at) && value < UINT_MAX / 20)
        value = value * 10 + (unsigned) (*(*at)++ - '0');
    return value;
}

/* * + ? {n} {n,} {n,m}; a ? behind it changes nothing about whether all matches. */
static struct counts read_counts(const char **at, const char *end)
{
    struct counts counts = {1, 1};
    if (*at >= end)
        return counts;
    char c = **at;
    if (c == '*' || c == '+' || c == '?') {
        counts = (struct counts){c == '+', c == '?' ? 1 : UINT_MAX};
        ++*at;
    } else if (c == '{') {
        ++*at;
        counts.min = counts.max = read_number(at, end);
        if (*at < end && **at == ',') {
            ++*at;
            counts.max = *at < end && **at == '}' ? UINT_MAX : read_number(at, end);
        }
        *at += *at < end;
    } else {
        return counts;
    }
    *at += *at < end && **at == '?';
    return counts;
}

/* ------------------------------------------------------------------ matching */

static bool
match_all(struct matching *m, struct span span, const char *text, const struct rest *rest);

static bool go_on(struct matching *m, const struct rest *rest, const char *text)
{
    return rest == NULL ? text == m->end : rest->match(m, rest, text);
}

static bool atom_takes(struct span atom, const char *text, const char *end, const char **ret_next)
{
    uint32_t c = decode(text, end, ret_next);
    switch (*atom.at) {
    case '.':
        return c != '\n' && c != '\r' && c != 0x85 && c != 0x2028 && c != 0x2029;
    case '[':
        return class_has(atom, c);
    case '\\':
        return read_escape(atom.at + 1, atom.end, c).member;
    default:
        return (unsigned char) *atom.at == c;
    }
}

/* As many as there are, then fewer. */
static bool match_run(
    struct matching *m,
    struct span atom,
    struct counts counts,
    struct span after,
    const char *text,
    const struct rest *rest)
{
    const char *at = text, *next;
    unsigned count = 0;
    while (count < counts.max && at < m->end && atom_takes(atom, at, m->end, &next)) {
        at = next;
        count++;
    }
    for (;; count--) {
        if (count < counts.min)
            return false;
        if (match_all(m, after, at, rest))
            return true;
        if (count == 0)
            return false;
        do
            at--;
        while (at > text && ((unsigned char) *at & 0xc0U) == 0x80U);
    }
}

/* A group that repeats: this is what follows each round of it. */
struct rounds {
    struct rest rest;
    struct span inner, after;
    struct counts counts;
    unsigned done;
    const char *began; /* where the last round began: an empty one is the last */
};

static bool match_rounds(struct matching *m, const struct rounds *rounds, const char *text)
{
    bool more = rounds->done < rounds->counts.max && (rounds->began != text || rounds->done == 0);
    if (more) {
        const struct rounds next = {
            .rest = rounds->rest,
            .inner = rounds->inner,
            .after = rounds->after,
            .counts = rounds->counts,
            .done = rounds->done + 1,
            .began = text};
        if (match_all(m, rounds->inner, text, &next.rest))
            return true;
    }
    return rounds->done >= rounds->counts.min &&
           match_all(m, rounds->after, text, rounds->rest.next);
}

static bool next_round(struct matching *m, const struct rest *rest, const char *text)
{
    return match_rounds(m, (const struct rounds *) rest, text); /* rest is its first member */
}

static bool found_it(struct matching *m, const struct rest *rest, const char *text)
{
    (void) m, (void) rest, (void) text;
    return true;
}

/* (?!..) (?=..) (?<!x): atom is the whole group. Neither takes any text. */
static bool look(struct matching *m, struct span atom, const char *text)
{
    struct rest anything = {.match = found_it, .next = NULL};
    const char *next;
    if (atom.at[2] != '<')
        return match_all(m, (struct span){atom.at + 3, atom.end - 1}, text, &anything) ==
               (atom.at[2] == '=');
    struct span one = {atom.at + 4, atom.end - 1};
    return text == m->start || !atom_takes(one, text - 1, m->end, &next);
}

static bool match_group(
    struct matching *m,
    struct span atom,
    struct counts counts,
    struct span after,
    const char *text,
    const struct rest *rest)
{
    struct rounds rounds = {
        .rest = {.match = next_round, .next = rest},
        .inner = {atom.at + 1, atom.end - 1},
        .after = after,
        .counts = counts,
    };
    if (atom.at[1] == '?' && atom.at[2] != ':')
        return look(m, atom, text) && match_all(m, after, text, rest);
    if (atom.at[1] == '?')
        rounds.inner.at += 2;
    return match_rounds(m, &rounds, text);
}

/* A sequence without alternatives at its own level. */
static bool
match_sequence(struct matching *m, struct span span, const char *text, const struct rest *rest)
{
    if (span.at == span.end)
        return go_on(m, rest, text);
    struct span atom = {span.at, skip_atom(span.at, span.end)};
    const char *at = atom.end;
    if (*atom.at == '^' || *atom.at == '$')
        return (*atom.at == '^' ? text == m->start : text == m->end) &&
               match_sequence(m, (struct span){at, span.end}, text, rest);
    struct counts counts = read_counts(&at, span.end);
    struct span after = {at, span.end};
    return *atom.at == '(' ? match_group(m, atom, counts, after, text, rest)
                           : match_run(m, atom, counts, after, text, rest);
}

static bool
match_all(struct matching *m, struct span span, const char *text, const struct rest *rest)
{
    bool matched = false;
    if (m->steps >= MAX_STEPS || m->depth >= MAX_DEPTH)
        return false;
    m->steps++;
    m->depth++;
    const char *at = span.at, *begin = span.at;
    while (!matched && at < span.end) {
        if (*at == '|') {
            matched = match_sequence(m, (struct span){begin, at}, text, rest);
            begin = ++at;
        } else {
            at = skip_atom(at, span.end);
        }
    }
    matched = matched || match_sequence(m, (struct span){begin, span.end}, text, rest);
    m->depth--;
    return matched;
}

bool pattern_matches(const char *pattern, struct str text)
{
    const char *start = text.len > 0 ? text.ptr : "";
    struct matching m = {.start = start, .end = start + text.len};
    return match_all(&m, (struct span){pattern, pattern + strlen(pattern)}, m.start, NULL);
}
