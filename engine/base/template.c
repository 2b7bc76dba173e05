#include "engine/base/template.h"

#include "engine/base/arena.h"

#include <ctype.h>

static bool is_name_start(char c)
{
    return isalpha((unsigned char) c) || c == '_';
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char) c) || c == '_';
}

/* The length of "{name}" at the start of text; 0 when there is none. */
static size_t place_len(struct str text)
{
    size_t len = 1;
    if (text.len < 3 || text.ptr[0] != '{' || !is_name_start(text.ptr[1]))
        return 0;
    while (len < text.len && is_name_char(text.ptr[len]))
        len++;
    return len < text.len && text.ptr[len] == '}' ? len + 1 : 0;
}

bool template_next(struct str *rest, struct str *plain, struct str *name)
{
    for (size_t at = 0; at < rest->len; at++) {
        if (rest->ptr[at] != '{')
            continue;
        if (at + 1 < rest->len && rest->ptr[at + 1] == '{') {
            at++;
            continue;
        }
        size_t len = place_len(str_from_index(*rest, at));
        if (len == 0)
            continue;
        *plain = str_slice(*rest, 0, at);
        *name = str_slice(*rest, at + 1, at + len - 1);
        *rest = str_from_index(*rest, at + len);
        return true;
    }
    *plain = *rest;
    *rest = STR("");
    return false;
}

bool template_has(struct str text, struct str name)
{
    struct str plain, found;
    while (template_next(&text, &plain, &found))
        if (str_eq(found, name))
            return true;
    return false;
}

static const struct template_value *
find(const struct template_value *values, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(values[i].name, name))
            return &values[i];
    return NULL;
}

/* With {{ undone. */
static size_t add_plain(char *out, struct str plain)
{
    size_t len = 0;
    for (size_t i = 0; i < plain.len; i++) {
        out[len++] = plain.ptr[i];
        if (plain.ptr[i] == '{' && i + 1 < plain.len && plain.ptr[i + 1] == '{')
            i++;
    }
    return len;
}

bool template_fill(
    struct arena *arena,
    struct str text,
    const struct template_value *values,
    size_t count,
    struct str *ret_text,
    struct str *ret_unknown)
{
    struct str rest = text, plain, name;
    size_t most = text.len;
    while (template_next(&rest, &plain, &name)) {
        const struct template_value *value = find(values, count, name);
        if (value == NULL) {
            *ret_unknown = name;
            return false;
        }
        most += value->value.len;
    }
    char *out = arena_chars(arena, most + 1);
    size_t len = 0;
    rest = text;
    for (bool more = true; more;) {
        more = template_next(&rest, &plain, &name);
        len += add_plain(out + len, plain);
        const struct template_value *value = more ? find(values, count, name) : NULL;
        if (value == NULL || value->value.len == 0)
            continue;
        memcpy(out + len, value->value.ptr, value->value.len);
        len += value->value.len;
    }
    *ret_text = str_of(out, len);
    return true;
}
bool template_matches(struct str text, struct str made)
{
    struct str plain, name;
    bool more = template_next(&text, &plain, &name), first = true;
    if (!more)
        return str_eq(plain, made);
    while (more) {
        size_t at = str_find(made, plain);
        if (at == SIZE_MAX || (first && at != 0))
            return false;
        made = str_from_index(made, at + plain.len);
        first = false;
        more = template_next(&text, &plain, &name);
    }
    return str_ends(made, plain);
}
