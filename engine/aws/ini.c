#include "engine/aws/ini.h"

#include "engine/base/vec.h"

#define MAX_ENTRIES 20000

struct entry {
    struct str section, key, nested, value; /* nested is null on the outer level */
};

struct ini {
    VEC(struct entry) entries;
    VEC(struct str) sections;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A comment inside a line needs white space before its sign. */
static struct str without_comment(struct str text)
{
    for (size_t i = 1; i < text.len; i++)
        if ((text.ptr[i] == '#' || text.ptr[i] == ';') && is_blank(text.ptr[i - 1]))
            return str_trim(str_slice(text, 0, i));
    return str_trim(text);
}

/* [name], ["name"] and [ name ] are the same. */
static bool read_section(struct str line, struct str *ret_name)
{
    size_t end = str_index(line, ']');
    if (end == SIZE_MAX)
        return false;
    struct str tail = str_trim(str_from_index(line, end + 1));
    struct str name = str_trim(str_slice(line, 1, end));
    if (name.len == 0 || (tail.len > 0 && tail.ptr[0] != '#' && tail.ptr[0] != ';'))
        return false;
    *ret_name = name;
    return true;
}

struct reader {
    struct arena *arena;
    struct ini *ini;
    struct str section;
    struct str open_key; /* a key with an empty value: indented lines below are its children */
};

static bool read_line(struct reader *reader, struct str raw)
{
    struct str line = str_trim(raw);
    if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';')
        return true;
    if (line.ptr[0] == '[') {
        reader->open_key = STR_NULL;
        if (!read_section(line, &reader->section))
            return false;
        *VEC_PUSH(reader->arena, &reader->ini->sections) = reader->section;
        return true;
    }
    size_t equals = str_index(line, '=');
    if (equals == SIZE_MAX || equals == 0 || str_is_null(reader->section))
        return false;
    struct entry entry = {
        .section = reader->section,
        .key = str_trim(str_slice(line, 0, equals)),
        .nested = STR_NULL,
        .value = without_comment(str_from_index(line, equals + 1)),
    };
    bool indented = is_blank(raw.ptr[0]);
    if (indented && !str_is_null(reader->open_key)) {
        entry.nested = entry.key;
        entry.key = reader->open_key;
    } else {
        reader->open_key = entry.value.len == 0 ? entry.key : STR_NULL;
    }
    *VEC_PUSH(reader->arena, &reader->ini->entries) = entry;
    return reader->ini->entries.len <= MAX_ENTRIES;
}

enum err_code ini_parse(
    struct arena *arena, struct str text, const char *path, struct ini **ret_ini, struct err *err)
{
    struct ini *ini = ARENA_NEW(arena, struct ini);
    struct reader reader = {.arena = arena, .ini = ini, .section = STR_NULL, .open_key = STR_NULL};
    struct str rest = text, line;
    for (unsigned number = 1; str_split(&rest, '\n', &line); number++)
        if (!read_line(&reader, line))
            return err_set(
                err, ERR_AUTH, "'%s' line %u is neither '[section]' nor 'key = value' in a section",
                path, number);
    *ret_ini = ini;
    return ERR_NONE;
}

/* "profile x" with any white space between equals "profile x" with one blank. */
static bool section_eq(struct str a, struct str b)
{
    size_t i = 0, j = 0;
    while (i < a.len && j < b.len) {
        if (is_blank(a.ptr[i]) && is_blank(b.ptr[j])) {
            while (i < a.len && is_blank(a.ptr[i]))
                i++;
            while (j < b.len && is_blank(b.ptr[j]))
                j++;
        } else if (a.ptr[i++] != b.ptr[j++]) {
            return false;
        }
    }
    return i == a.len && j == b.len;
}

bool ini_has_section(const struct ini *ini, struct str section)
{
    for (size_t i = 0; ini != NULL && i < ini->sections.len; i++)
        if (section_eq(ini->sections.items[i], section))
            return true;
    return false;
}

struct str
ini_get_nested(const struct ini *ini, struct str section, struct str key, struct str nested)
{
    struct str value = STR_NULL;
    for (size_t i = 0; ini != NULL && i < ini->entries.len; i++) {
        const struct entry *entry = &ini->entries.items[i];
        if (str_is_null(entry->nested) == str_is_null(nested) &&
            section_eq(entry->section, section) && str_eq(entry->key, key) &&
            (str_is_null(nested) || str_eq(entry->nested, nested)))
            value = entry->value;
    }
    return value;
}

struct str ini_get(const struct ini *ini, struct str section, struct str key)
{
    return ini_get_nested(ini, section, key, STR_NULL);
}
