#include "specs/diags.h"

#include "engine/base/arena.h"
#include "engine/base/str.h"

#include <stdarg.h>

enum { KEPT_MAX = 100, TEXT_MAX = 1000 };

void diags_init(struct diags *diags, struct arena *arena)
{
    *diags = (struct diags){.arena = arena};
}

/* A spec is text from outside: none of it may reach a terminal as an escape sequence. C1 controls
 * are two bytes in UTF-8, C2 80 to C2 9F. */
static void disarm(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char) text[i];
        bool c1 = c == 0xC2 && i + 1 < len && (unsigned char) text[i + 1] < 0xA0;
        if (c < 0x20 || c == 0x7F || c1)
            text[i] = '?';
        if (c1)
            text[i + 1] = '?';
    }
}

/* Cuts at a character's start, so that the text stays UTF-8. */
static size_t cut_utf8(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char) text[len] & 0xC0) == 0x80)
        len--;
    return len;
}

static struct str format(struct arena *arena, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

static struct str format(struct arena *arena, const char *fmt, va_list args)
{
    char *text = arena_alloc(arena, TEXT_MAX + 1);
    int wanted = vsnprintf(text, TEXT_MAX + 1, fmt, args);
    size_t len = wanted < 0 ? 0 : (size_t) wanted;
    if (len > TEXT_MAX) {
        len = cut_utf8(text, TEXT_MAX - 3);
        memcpy(text + len, "...", 3);
        len += 3;
    }
    text[len] = '\0';
    disarm(text, len);
    return str_of(text, len);
}

static int srcloc_cmp(struct srcloc a, struct srcloc b)
{
    int by_file = str_cmp(str_from(a.file), str_from(b.file));
    if (by_file != 0)
        return by_file;
    if (a.line != b.line)
        return a.line < b.line ? -1 : 1;
    if (a.column != b.column)
        return a.column < b.column ? -1 : 1;
    return 0;
}

static struct diag *
add(struct diags *diags, enum diag_severity severity, struct srcloc at, struct str message)
{
    for (size_t i = 0; i < diags->list.len; i++) {
        struct diag *old = &diags->list.items[i];
        if (old->severity == severity && srcloc_cmp(old->at, at) == 0 &&
            str_eq(old->message, message))
            return old;
    }
    if (severity == DIAG_ERROR)
        diags->n_errors++;
    struct diag *entry;
    if (diags->list.len < KEPT_MAX) {
        entry = VEC_PUSH(diags->arena, &diags->list);
    } else {
        diags->dropped++;
        entry = ARENA_NEW(diags->arena, struct diag);
    }
    *entry = (struct diag){.severity = severity, .at = at, .message = message};
    return entry;
}

struct diag *diags_error(struct diags *diags, struct srcloc at, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct str message = format(diags->arena, fmt, args);
    va_end(args);
    return add(diags, DIAG_ERROR, at, message);
}

struct diag *diags_warning(struct diags *diags, struct srcloc at, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct str message = format(diags->arena, fmt, args);
    va_end(args);
    return add(diags, DIAG_WARNING, at, message);
}

bool diags_has_error(const struct diags *diags, struct srcloc at)
{
    for (size_t i = 0; i < diags->list.len; i++)
        if (diags->list.items[i].severity == DIAG_ERROR &&
            srcloc_cmp(diags->list.items[i].at, at) == 0)
            return true;
    return false;
}

void diag_hint(struct diags *diags, struct diag *diag, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    diag->hint = format(diags->arena, fmt, args);
    va_end(args);
}

void diags_sort(struct diags *diags)
{
    /* Insertion sort: at most 100 entries, and equal places keep the order they were found in. */
    for (size_t i = 1; i < diags->list.len; i++) {
        struct diag moving = diags->list.items[i];
        size_t hole = i;
        while (hole > 0 && srcloc_cmp(diags->list.items[hole - 1].at, moving.at) > 0) {
            diags->list.items[hole] = diags->list.items[hole - 1];
            hole--;
        }
        diags->list.items[hole] = moving;
    }
}

struct str srcloc_text(struct arena *arena, struct srcloc at)
{
    const char *file = at.file != NULL ? at.file : "?";
    if (at.line == 0)
        return str_fmt(arena, "%s", file);
    return str_fmt(arena, "%s:%u:%u", file, at.line, at.column);
}
