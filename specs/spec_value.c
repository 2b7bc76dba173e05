#include "specs/spec_value.h"

#include "engine/base/arena.h"
#include "engine/base/map.h"
#include "specs/yaml_scalar.h"

#include <assert.h>
#include <math.h>
#include <regex.h>

struct pattern {
    const char *text;
    regex_t *regex;
};

struct spec_patterns {
    VEC(struct pattern) list;
};

struct spec_patterns *spec_patterns_new(struct arena *arena)
{
    return ARENA_NEW(arena, struct spec_patterns);
}

void spec_patterns_done(struct spec_patterns *patterns)
{
    for (size_t i = 0; i < patterns->list.len; i++)
        regfree(patterns->list.items[i].regex);
    patterns->list.len = 0;
}

/* The patterns are those of the tables, so all of them compile. */
static const regex_t *compiled(struct spec_reader *reader, const char *text)
{
    struct spec_patterns *patterns = reader->patterns;
    for (size_t i = 0; i < patterns->list.len; i++)
        if (patterns->list.items[i].text == text)
            return patterns->list.items[i].regex;
    regex_t *regex = ARENA_NEW(reader->arena, regex_t);
    int failed = regcomp(regex, text, REG_EXTENDED | REG_NOSUB);
    assert(failed == 0);
    (void) failed;
    *VEC_PUSH(reader->arena, &patterns->list) = (struct pattern){text, regex};
    return regex;
}

bool spec_matches(struct spec_reader *reader, const char *pattern, struct str text)
{
    return regexec(compiled(reader, pattern), str_z(reader->arena, text), 0, NULL, 0) == 0;
}

const char *field_type_words(const struct spec_field *field)
{
    switch (field->type) {
    case FIELD_STRING:
        return "a string";
    case FIELD_INT:
        return "a whole number";
    case FIELD_BOOL:
        return "true or false";
    case FIELD_ENUM:
        return "a word";
    case FIELD_DURATION:
        return "a time such as 30s, 5m or 2h";
    case FIELD_NUMBER:
        return "a number";
    case FIELD_MAP:
        return "a mapping of names to values";
    case FIELD_LISTS:
        return "a mapping of names to lists";
    case FIELD_BLOCK:
        return "a mapping";
    case FIELD_BLOCKS:
        return "a list of mappings";
    case FIELD_STRINGS:
        return "a list of strings";
    case FIELD_NAMED:
        break;
    }
    return "a mapping of names to mappings";
}

bool spec_is_nearer(struct str name, const char *word, size_t *best)
{
    size_t distance = str_distance(name, str_from(word));
    if (distance >= *best || distance > 1 + name.len / 4)
        return false;
    *best = distance;
    return true;
}

/* words ends with NULL; so does a search without success. */
static const char *nearest_word(struct str name, const char *const *words)
{
    const char *found = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; words[i] != NULL; i++)
        if (spec_is_nearer(name, words[i], &best))
            found = words[i];
    return found;
}

/* The first characters of a text that may be long. */
static struct str brief(struct spec_reader *reader, struct str text)
{
    size_t len = 80;
    if (text.len <= len)
        return text;
    while (len > 0 && ((unsigned char) text.ptr[len] & 0xC0) == 0x80)
        len--;
    return str_fmt(reader->arena, STR_FMT "...", STR_ARG(str_slice(text, 0, len)));
}

/* Asked for with every value of a field, and read only when one is wrong. */
struct str spec_quoted(struct spec_reader *reader, struct str name)
{
    const struct str *known = map_get(reader->quoted, name);
    if (known != NULL)
        return *known;
    struct str *quoted = ARENA_NEW(reader->arena, struct str);
    *quoted = str_fmt(reader->arena, "'" STR_FMT "'", STR_ARG(name));
    map_put(reader->quoted, str_slice(*quoted, 1, quoted->len - 1), quoted);
    return *quoted;
}

static struct str scalar_words(struct spec_reader *reader, const struct spec_scalar *scalar)
{
    const char *type = "the string";
    if (scalar->plain) {
        enum yscalar_type found = yscalar_of(scalar->text).type;
        if (found == YSCALAR_INT || found == YSCALAR_FLOAT)
            type = "the number";
        else if (found == YSCALAR_BOOL)
            type = "the truth value";
        else if (found == YSCALAR_NULL)
            return STR("nothing");
    }
    return str_fmt(reader->arena, "%s '" STR_FMT "'", type, STR_ARG(brief(reader, scalar->text)));
}

struct diag *spec_wrong_kind(
    struct spec_reader *reader,
    struct srcloc at,
    struct str name,
    const char *wanted,
    const struct ynode *node)
{
    struct str found = STR("a list");
    if (node->kind == YNODE_MAP)
        found = STR("a mapping");
    if (node->kind == YNODE_SCALAR) {
        struct spec_scalar scalar = {node->text, node->style != YNODE_QUOTED, node->at};
        found = scalar_words(reader, &scalar);
    }
    return diags_error(
        reader->diags, at, "'" STR_FMT "' must be %s, not " STR_FMT, STR_ARG(name), wanted,
        STR_ARG(found));
}

static bool check_tag(struct spec_reader *reader, const struct ynode *node, struct str text)
{
    enum yscalar_type wanted, found = yscalar_of(text).type;
    switch (node->style) {
    case YNODE_TAG_NULL:
        wanted = YSCALAR_NULL;
        break;
    case YNODE_TAG_BOOL:
        wanted = YSCALAR_BOOL;
        break;
    case YNODE_TAG_INT:
        wanted = YSCALAR_INT;
        break;
    case YNODE_TAG_FLOAT:
        wanted = YSCALAR_FLOAT;
        break;
    case YNODE_PLAIN:
    case YNODE_QUOTED:
    default:
        return true;
    }
    if (found == wanted || (wanted == YSCALAR_FLOAT && found == YSCALAR_INT))
        return true;
    diags_error(
        reader->diags, node->at, "'" STR_FMT "' is not %s, as its tag says",
        STR_ARG(brief(reader, text)), yscalar_type_name(wanted));
    return false;
}

/* Control characters end up in headers and on terminals; nothing in this language needs them. */
bool spec_check_controls(
    struct spec_reader *reader, struct srcloc at, struct str what, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char) text.ptr[i];
        if (c >= 0x20 && c != 0x7F)
            continue;
        struct diag *diag = diags_error(
            reader->diags, at, STR_FMT " contains %s", STR_ARG(what),
            c == '\n' ? "a line break" : "a control character");
        if (c == '\n')
            diag_hint(reader->diags, diag, "'>-' folds long text into one line");
        return false;
    }
    return true;
}

enum scalar_state spec_scalar_read(
    struct spec_reader *reader,
    struct str name,
    const char *wanted,
    const struct ynode *node,
    struct spec_scalar *ret_scalar)
{
    if (node->kind != YNODE_SCALAR) {
        spec_wrong_kind(reader, node->at, name, wanted, node);
        return SCALAR_FAULTY;
    }
    bool emptied = false;
    struct str text;
    if (!spec_vars_expand(&reader->vars, node, &text, &emptied) || !check_tag(reader, node, text))
        return SCALAR_FAULTY;
    bool plain = node->style != YNODE_QUOTED;
    if (emptied || (plain && yscalar_of(text).type == YSCALAR_NULL))
        return SCALAR_ABSENT;
    if (!spec_check_controls(reader, node->at, spec_quoted(reader, name), text))
        return SCALAR_FAULTY;
    *ret_scalar = (struct spec_scalar){text, plain, node->at};
    return SCALAR_THERE;
}

static int64_t count_characters(struct str text)
{
    int64_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char) text.ptr[i] & 0xC0) != 0x80;
    return count;
}

/* what: "'count' must be", "the name 'x' must have"; unit: "", " characters". */
bool spec_check_limits(
    struct spec_reader *reader,
    struct srcloc at,
    struct str what,
    const char *unit,
    int64_t value,
    int64_t min,
    int64_t max)
{
    if (max == 0 || (value >= min && value <= max))
        return true;
    if (min == max)
        diags_error(
            reader->diags, at, STR_FMT " %lld%s, not %lld", STR_ARG(what), (long long) min, unit,
            (long long) value);
    else
        diags_error(
            reader->diags, at, STR_FMT " %lld to %lld%s, not %lld", STR_ARG(what), (long long) min,
            (long long) max, unit, (long long) value);
    return false;
}

bool spec_check_length(
    struct spec_reader *reader,
    struct srcloc at,
    struct str what,
    struct str text,
    int64_t min,
    int64_t max)
{
    if (text.len == 0 && min > 0) {
        diags_error(reader->diags, at, STR_FMT " is empty", STR_ARG(what));
        return false;
    }
    int64_t count = count_characters(text);
    if (max == 0 || (count >= min && count <= max))
        return true;
    return spec_check_limits(
        reader, at, str_fmt(reader->arena, STR_FMT " must have", STR_ARG(what)), " characters",
        count, min, max);
}

bool spec_check_pattern(
    struct spec_reader *reader,
    struct srcloc at,
    struct str what,
    struct str text,
    const char *pattern,
    const char *note)
{
    if (pattern == NULL || spec_matches(reader, pattern, text))
        return true;
    struct diag *diag = diags_error(
        reader->diags, at, "'" STR_FMT "' is not valid as " STR_FMT, STR_ARG(brief(reader, text)),
        STR_ARG(what));
    diag_hint(reader->diags, diag, STR_FMT " takes %s", STR_ARG(what), note);
    return false;
}

/* A scheme other than s3 is a slip, not a file called "http:". */
static bool
check_path(struct spec_reader *reader, const struct spec_scalar *scalar, struct str what)
{
    struct str text = scalar->text;
    struct diag *diag = NULL;
    if (str_starts(text, STR("s3://"))) {
        struct str rest = str_from_index(text, 5);
        size_t slash = str_index(rest, '/');
        if (slash != SIZE_MAX && slash > 0 && slash + 1 < rest.len)
            return true;
        diag = diags_error(
            reader->diags, scalar->at, "'" STR_FMT "' names no object",
            STR_ARG(brief(reader, text)));
    } else if (str_find(text, STR("://")) != SIZE_MAX) {
        diag = diags_error(
            reader->diags, scalar->at, "'" STR_FMT "' is neither a local path nor s3://",
            STR_ARG(brief(reader, text)));
    } else {
        return true;
    }
    diag_hint(reader->diags, diag, STR_FMT " takes a local path or s3://bucket/key", STR_ARG(what));
    return false;
}

void spec_string_put(const struct spec_field *field, struct str text, struct srcloc at, char *base)
{
    struct spec_str value = {text, at};
    memcpy(base + field->offset, &value, sizeof(value));
}

static void put_string(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct spec_scalar *scalar,
    char *base)
{
    struct str what = spec_quoted(reader, str_from(field->name));
    if (spec_check_length(reader, scalar->at, what, scalar->text, field->min, field->max) &&
        spec_check_pattern(
            reader, scalar->at, what, scalar->text, field->pattern, field->pattern_note) &&
        (field->flags & FIELD_PATH) != 0)
        (void) check_path(reader, scalar, what);
    spec_string_put(field, scalar->text, scalar->at, base);
}

static void type_fault(
    struct spec_reader *reader, const struct spec_field *field, const struct spec_scalar *scalar)
{
    struct diag *diag = diags_error(
        reader->diags, scalar->at, "'%s' must be %s, not " STR_FMT, field->name,
        field_type_words(field), STR_ARG(scalar_words(reader, scalar)));
    static const char *const s_words[] = {"yes", "no", "on", "off", NULL};
    enum yscalar_type meant = yscalar_of(scalar->text).type;
    if (field->type == FIELD_BOOL && nearest_word(scalar->text, s_words) != NULL)
        diag_hint(reader->diags, diag, "YAML 1.2 knows only 'true' and 'false'");
    else if (
        !scalar->plain && (meant == YSCALAR_INT || meant == YSCALAR_BOOL ||
                           (field->type == FIELD_NUMBER && meant == YSCALAR_FLOAT)))
        diag_hint(reader->diags, diag, "leave the quotes out");
    else if (field->type == FIELD_DURATION && meant == YSCALAR_INT)
        diag_hint(reader->diags, diag, "write '" STR_FMT "s' for seconds", STR_ARG(scalar->text));
}

static void put_int(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct spec_scalar *scalar,
    char *base)
{
    struct yscalar value = yscalar_of(scalar->text);
    if (!scalar->plain || value.type != YSCALAR_INT) {
        type_fault(reader, field, scalar);
        return;
    }
    struct str what = str_fmt(reader->arena, "'%s' must be", field->name);
    if (value.overflow)
        diags_error(
            reader->diags, scalar->at, STR_FMT " %lld to %lld, not " STR_FMT, STR_ARG(what),
            (long long) field->min, (long long) field->max, STR_ARG(brief(reader, scalar->text)));
    else if (spec_check_limits(reader, scalar->at, what, "", value.integer, field->min, field->max))
        memcpy(base + field->offset, &value.integer, sizeof(value.integer));
}

bool spec_check_item(
    struct spec_reader *reader,
    const struct spec_field *field,
    struct str name,
    struct spec_scalar *scalar)
{
    if (field->item_max == 0)
        return true;
    struct yscalar value = yscalar_of(scalar->text);
    struct diag *diag;
    struct str what = str_fmt(reader->arena, "'" STR_FMT "' must be", STR_ARG(name));
    if (!scalar->plain || value.type != YSCALAR_INT)
        diag = diags_error(
            reader->diags, scalar->at, STR_FMT " a whole number, not " STR_FMT, STR_ARG(what),
            STR_ARG(scalar_words(reader, scalar)));
    else if (value.overflow)
        diag = diags_error(
            reader->diags, scalar->at, STR_FMT " %lld to %lld, not " STR_FMT, STR_ARG(what),
            (long long) field->item_min, (long long) field->item_max,
            STR_ARG(brief(reader, scalar->text)));
    else if (value.integer < field->item_min || value.integer > field->item_max)
        diag = diags_error(
            reader->diags, scalar->at, STR_FMT " %lld to %lld, not %lld", STR_ARG(what),
            (long long) field->item_min, (long long) field->item_max, (long long) value.integer);
    else {
        scalar->text = str_fmt(reader->arena, "%lld", (long long) value.integer);
        return true;
    }
    diag_hint(reader->diags, diag, "'%s' takes %s", field->name, field->pattern_note);
    return false;
}

static void put_bool(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct spec_scalar *scalar,
    char *base)
{
    struct yscalar value = yscalar_of(scalar->text);
    if (!scalar->plain || value.type != YSCALAR_BOOL)
        type_fault(reader, field, scalar);
    else
        memcpy(base + field->offset, &value.boolean, sizeof(value.boolean));
}

static void put_duration(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct spec_scalar *scalar,
    char *base)
{
    int64_t seconds = 0;
    if (!str_to_seconds(scalar->text, &seconds)) {
        type_fault(reader, field, scalar);
        return;
    }
    struct str what = str_fmt(reader->arena, "'%s' must be", field->name);
    if (spec_check_limits(reader, scalar->at, what, " seconds", seconds, field->min, field->max))
        memcpy(base + field->offset, &seconds, sizeof(seconds));
}

static void put_number(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct spec_scalar *scalar,
    char *base)
{
    struct yscalar value = yscalar_of(scalar->text);
    bool number = value.type == YSCALAR_INT || value.type == YSCALAR_FLOAT;
    struct spec_number out = {false, 0, STR_NULL, scalar->at};
    memcpy(base + field->offset, &out, sizeof(out)); /* a fault is known by its place */
    if (!scalar->plain || !number || !isfinite(value.number)) {
        type_fault(reader, field, scalar);
        return;
    }
    if (field->max != 0 &&
        (value.number < (double) field->min || value.number > (double) field->max)) {
        diags_error(
            reader->diags, scalar->at, "'%s' must be %lld to %lld, not " STR_FMT, field->name,
            (long long) field->min, (long long) field->max, STR_ARG(brief(reader, scalar->text)));
        return;
    }
    out = (struct spec_number){true, value.number, scalar->text, scalar->at};
    memcpy(base + field->offset, &out, sizeof(out));
}

static struct str enum_words(struct spec_reader *reader, const struct spec_field *field)
{
    struct str words = STR("");
    for (size_t i = 0; field->values[i] != NULL; i++) {
        const char *glue = i == 0 ? "" : field->values[i + 1] == NULL ? " or " : ", ";
        words = str_fmt(reader->arena, STR_FMT "%s'%s'", STR_ARG(words), glue, field->values[i]);
    }
    return words;
}

static void put_enum(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct spec_scalar *scalar,
    char *base)
{
    for (unsigned i = 0; field->values[i] != NULL; i++) {
        if (!str_eq_z(scalar->text, field->values[i]))
            continue;
        if (field->offset != FIELD_NOWHERE)
            memcpy(base + field->offset, &i, sizeof(i));
        return;
    }
    struct diag *diag = diags_error(
        reader->diags, scalar->at, "'%s' must be " STR_FMT ", not " STR_FMT, field->name,
        STR_ARG(enum_words(reader, field)), STR_ARG(scalar_words(reader, scalar)));
    const char *nearest = nearest_word(scalar->text, field->values);
    if (nearest != NULL)
        diag_hint(reader->diags, diag, "did you mean '%s'?", nearest);
}

/* By type; the others are no scalars. */
static void (*const s_putters[])(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct spec_scalar *scalar,
    char *base) = {
    [FIELD_STRING] = put_string,     [FIELD_INT] = put_int,   [FIELD_BOOL] = put_bool,
    [FIELD_DURATION] = put_duration, [FIELD_ENUM] = put_enum, [FIELD_NUMBER] = put_number,
};

void spec_scalar_put(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct spec_scalar *scalar,
    char *base)
{
    assert(field->type < ARRAY_LEN(s_putters) && s_putters[field->type] != NULL);
    s_putters[field->type](reader, field, scalar, base);
}

void spec_default_put(
    struct spec_reader *reader, const struct spec_field *field, struct srcloc at, char *base)
{
    if (field->offset == FIELD_NOWHERE)
        return;
    if (field->type == FIELD_STRING) {
        spec_string_put(field, str_from(field->fallback), at, base);
        return;
    }
    if (field->type == FIELD_NUMBER) {
        struct spec_number none = {.at = at};
        memcpy(base + field->offset, &none, sizeof(none));
    }
    if (field->fallback != NULL) {
        struct spec_scalar scalar = {str_from(field->fallback), true, at};
        spec_scalar_put(reader, field, &scalar, base);
    }
}
