#include "specs/spec_read.h"

#include "engine/base/arena.h"
#include "specs/yaml_scalar.h"

#include <regex.h>

/* Where in the document a block stands, for messages; a chain on the stack. */
struct place {
    const struct place *parent;
    struct str name;
    size_t index; /* in a list; SIZE_MAX otherwise */
};

struct pattern {
    const char *text;
    regex_t *regex;
};

struct spec_patterns {
    VEC(struct pattern) list;
};

/* A scalar of the document, variables replaced. */
struct scalar {
    struct str text;
    bool plain; /* its type comes from its text */
    struct srcloc at;
};

enum scalar_state { SCALAR_THERE, SCALAR_ABSENT, SCALAR_FAULTY };

void spec_reader_init(
    struct spec_reader *reader,
    struct arena *arena,
    struct diags *diags,
    const struct spec_options *options)
{
    *reader = (struct spec_reader){.arena = arena, .diags = diags, .options = options};
    reader->patterns = ARENA_NEW(arena, struct spec_patterns);
}

void spec_reader_done(struct spec_reader *reader)
{
    if (reader->patterns == NULL)
        return;
    for (size_t i = 0; i < reader->patterns->list.len; i++)
        regfree(reader->patterns->list.items[i].regex);
    reader->patterns = NULL;
}

static const regex_t *compiled(struct spec_reader *reader, const char *text)
{
    struct spec_patterns *patterns = reader->patterns;
    for (size_t i = 0; i < patterns->list.len; i++)
        if (patterns->list.items[i].text == text)
            return patterns->list.items[i].regex;
    regex_t *regex = ARENA_NEW(reader->arena, regex_t);
    if (regcomp(regex, text, REG_EXTENDED | REG_NOSUB) != 0)
        return NULL;
    *VEC_PUSH(reader->arena, &patterns->list) = (struct pattern){text, regex};
    return regex;
}

bool spec_matches(struct spec_reader *reader, const char *pattern, struct str text)
{
    const regex_t *regex = compiled(reader, pattern);
    return regex != NULL && regexec(regex, str_z(reader->arena, text), 0, NULL, 0) == 0;
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
    case FIELD_MAP:
        return "a mapping of names to values";
    case FIELD_BLOCK:
        return "a mapping";
    case FIELD_BLOCKS:
        return "a list of mappings";
    case FIELD_NAMED:
        return "a mapping of names to mappings";
    }
    return "?";
}

bool spec_duration(struct str text, int64_t *ret_seconds)
{
    if (text.len < 2)
        return false;
    char unit = text.ptr[text.len - 1];
    int64_t scale = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : 0;
    struct str digits = str_slice(text, 0, text.len - 1);
    for (size_t i = 0; i < digits.len; i++)
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return false;
    int64_t count = 0, seconds = 0;
    if (scale == 0 || !str_to_i64(digits, &count) || __builtin_mul_overflow(count, scale, &seconds))
        return false;
    *ret_seconds = seconds;
    return true;
}

static bool near(struct str name, const char *word, size_t *best)
{
    size_t distance = str_distance(name, str_from(word));
    if (distance >= *best || distance > 1 + name.len / 4)
        return false;
    *best = distance;
    return true;
}

const char *spec_nearest_word(struct str name, const char *const *words)
{
    const char *found = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; words[i] != NULL; i++)
        if (near(name, words[i], &best))
            found = words[i];
    return found;
}

/* --- places and words ------------------------------------------------------------------------ */

static struct str place_text(struct spec_reader *reader, const struct place *place)
{
    if (place == NULL)
        return STR_NULL;
    struct str parent = place_text(reader, place->parent);
    const char *dot = str_is_empty(parent) || str_is_empty(place->name) ? "" : ".";
    if (place->index != SIZE_MAX)
        return str_fmt(reader->arena, STR_FMT "[%zu]", STR_ARG(parent), place->index);
    return str_fmt(reader->arena, STR_FMT "%s" STR_FMT, STR_ARG(parent), dot, STR_ARG(place->name));
}

/* " in 'spec.endpoint'", or nothing at the root. */
static struct str in_place(struct spec_reader *reader, const struct place *place)
{
    struct str text = place_text(reader, place);
    if (str_is_empty(text))
        return STR("");
    return str_fmt(reader->arena, " in '" STR_FMT "'", STR_ARG(text));
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

static struct str scalar_words(struct spec_reader *reader, const struct scalar *scalar)
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

/* Every place in the language where a key of this name may stand. */
static struct str homes_of(
    struct spec_reader *reader, const struct spec_block *block, struct str path, struct str name)
{
    struct str found = STR_NULL;
    for (size_t i = 0; i < block->n_fields; i++) {
        const struct spec_field *field = &block->fields[i];
        struct str more = STR_NULL;
        if (str_eq_z(name, field->name))
            more = str_fmt(
                reader->arena, "'" STR_FMT "'",
                STR_ARG(str_is_empty(path) ? STR("the document") : path));
        else if (field->block != NULL)
            more = homes_of(
                reader, field->block,
                str_fmt(
                    reader->arena, STR_FMT "%s%s%s", STR_ARG(path), str_is_empty(path) ? "" : ".",
                    field->name, field->type == FIELD_BLOCKS ? "[]" : ""),
                name);
        if (str_is_empty(found))
            found = more;
        else if (!str_is_empty(more))
            found = str_fmt(reader->arena, STR_FMT " or " STR_FMT, STR_ARG(found), STR_ARG(more));
    }
    return found;
}

static void unknown_key(
    struct spec_reader *reader,
    const struct spec_block *block,
    const struct ynode *key,
    const struct place *place)
{
    struct diag *diag = diags_error(
        reader->diags, key->at, "unknown key '" STR_FMT "'" STR_FMT, STR_ARG(key->text),
        STR_ARG(in_place(reader, place)));
    if (str_eq_z(key->text, "<<")) {
        diag_hint(reader->diags, diag, "YAML 1.2 has no merge keys; write the keys out");
        return;
    }
    const char *nearest = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < block->n_fields; i++)
        if (near(key->text, block->fields[i].name, &best))
            nearest = block->fields[i].name;
    struct str homes = homes_of(reader, &spec_document_block, STR(""), key->text);
    if (!str_is_empty(homes)) {
        diag_hint(
            reader->diags, diag, "'" STR_FMT "' belongs in " STR_FMT, STR_ARG(key->text),
            STR_ARG(homes));
    } else if (nearest != NULL) {
        diag_hint(reader->diags, diag, "did you mean '%s'?", nearest);
    } else {
        struct str known = STR("");
        for (size_t i = 0; i < block->n_fields; i++)
            if ((block->fields[i].flags & FIELD_UNSUPPORTED) == 0)
                known = str_fmt(
                    reader->arena, STR_FMT "%s%s", STR_ARG(known), known.len > 0 ? ", " : "",
                    block->fields[i].name);
        diag_hint(reader->diags, diag, "known keys here: " STR_FMT, STR_ARG(known));
    }
}

static void wrong_kind(
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
        struct scalar scalar = {node->text, node->style != YNODE_QUOTED, node->at};
        found = scalar_words(reader, &scalar);
    }
    diags_error(
        reader->diags, at, "'" STR_FMT "' must be %s, not " STR_FMT, STR_ARG(name), wanted,
        STR_ARG(found));
}

/* --- scalars --------------------------------------------------------------------------------- */

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
static bool
check_controls(struct spec_reader *reader, struct srcloc at, struct str name, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char) text.ptr[i];
        if (c >= 0x20 && c != 0x7F)
            continue;
        const char *what = c == '\n' ? "a line break" : "a control character";
        struct diag *diag =
            diags_error(reader->diags, at, "'" STR_FMT "' contains %s", STR_ARG(name), what);
        diag_hint(reader->diags, diag, "keep it on one line; '>-' folds long text");
        return false;
    }
    return true;
}

static enum scalar_state read_scalar(
    struct spec_reader *reader,
    struct str name,
    const char *wanted,
    const struct ynode *node,
    struct scalar *ret_scalar)
{
    if (node->kind != YNODE_SCALAR) {
        wrong_kind(reader, node->at, name, wanted, node);
        return SCALAR_FAULTY;
    }
    bool emptied = false;
    struct str text;
    if (!spec_vars_expand(&reader->vars, node, &text, &emptied) || !check_tag(reader, node, text))
        return SCALAR_FAULTY;
    bool plain = node->style != YNODE_QUOTED;
    if (emptied || (plain && yscalar_of(text).type == YSCALAR_NULL))
        return SCALAR_ABSENT;
    if (!check_controls(reader, node->at, name, text))
        return SCALAR_FAULTY;
    *ret_scalar = (struct scalar){text, plain, node->at};
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
static bool check_limits(
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

static bool check_length(
    struct spec_reader *reader,
    struct srcloc at,
    struct str name,
    struct str text,
    int64_t min,
    int64_t max)
{
    struct str what = str_fmt(reader->arena, "'" STR_FMT "' must have", STR_ARG(name));
    if (text.len == 0 && min > 0) {
        diags_error(reader->diags, at, "'" STR_FMT "' is empty", STR_ARG(name));
        return false;
    }
    return check_limits(reader, at, what, " characters", count_characters(text), min, max);
}

static bool check_pattern(
    struct spec_reader *reader,
    struct srcloc at,
    struct str name,
    struct str text,
    const char *pattern,
    const char *note)
{
    if (pattern == NULL || spec_matches(reader, pattern, text))
        return true;
    struct diag *diag = diags_error(
        reader->diags, at, "'" STR_FMT "' is not valid as '" STR_FMT "'",
        STR_ARG(brief(reader, text)), STR_ARG(name));
    diag_hint(reader->diags, diag, "'" STR_FMT "' takes %s", STR_ARG(name), note);
    return false;
}

/* A scheme other than s3 is a slip, not a file called "http:". */
static bool check_path(struct spec_reader *reader, const struct scalar *scalar, struct str name)
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
    diag_hint(
        reader->diags, diag, "'" STR_FMT "' takes a local path or s3://bucket/key", STR_ARG(name));
    return false;
}

/* --- values into the struct ------------------------------------------------------------------ */

/* A string at fault is kept as well: nobody gets to use it, and it is not reported as missing. */
static void
keep_string(const struct spec_field *field, struct str text, struct srcloc at, char *base)
{
    struct spec_str value = {text, at};
    memcpy(base + field->offset, &value, sizeof(value));
}

static void put_string(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct scalar *scalar,
    char *base)
{
    struct str name = str_from(field->name);
    if (check_length(reader, scalar->at, name, scalar->text, field->min, field->max) &&
        check_pattern(
            reader, scalar->at, name, scalar->text, field->pattern, field->pattern_note) &&
        (field->flags & FIELD_PATH) != 0)
        (void) check_path(reader, scalar, name);
    keep_string(field, scalar->text, scalar->at, base);
}

static void
type_fault(struct spec_reader *reader, const struct spec_field *field, const struct scalar *scalar)
{
    struct diag *diag = diags_error(
        reader->diags, scalar->at, "'%s' must be %s, not " STR_FMT, field->name,
        field_type_words(field), STR_ARG(scalar_words(reader, scalar)));
    static const char *const s_words[] = {"yes", "no", "on", "off", NULL};
    enum yscalar_type meant = yscalar_of(scalar->text).type;
    if (field->type == FIELD_BOOL && spec_nearest_word(scalar->text, s_words) != NULL)
        diag_hint(reader->diags, diag, "YAML 1.2 knows only 'true' and 'false'");
    else if (!scalar->plain && (meant == YSCALAR_INT || meant == YSCALAR_BOOL))
        diag_hint(reader->diags, diag, "leave the quotes out");
}

static void put_int(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct scalar *scalar,
    char *base)
{
    struct yscalar value = yscalar_of(scalar->text);
    if (!scalar->plain || value.type != YSCALAR_INT) {
        type_fault(reader, field, scalar);
        return;
    }
    struct str what = str_fmt(reader->arena, "'%s' must be", field->name);
    if (check_limits(reader, scalar->at, what, "", value.integer, field->min, field->max))
        memcpy(base + field->offset, &value.integer, sizeof(value.integer));
}

static void put_bool(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct scalar *scalar,
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
    const struct scalar *scalar,
    char *base)
{
    int64_t seconds = 0;
    if (!spec_duration(scalar->text, &seconds)) {
        type_fault(reader, field, scalar);
        return;
    }
    struct str what = str_fmt(reader->arena, "'%s' must be", field->name);
    if (check_limits(reader, scalar->at, what, " seconds", seconds, field->min, field->max))
        memcpy(base + field->offset, &seconds, sizeof(seconds));
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
    const struct scalar *scalar,
    char *base)
{
    for (unsigned i = 0; field->values[i] != NULL; i++) {
        if (!str_eq_z(scalar->text, field->values[i]))
            continue;
        if (field->n_supported != 0 && i >= field->n_supported)
            diags_error(
                reader->diags, scalar->at, "'%s: %s' is not supported by this version", field->name,
                field->values[i]);
        else if (field->offset != FIELD_NOWHERE)
            memcpy(base + field->offset, &i, sizeof(i));
        return;
    }
    struct diag *diag = diags_error(
        reader->diags, scalar->at, "'%s' must be " STR_FMT ", not " STR_FMT, field->name,
        STR_ARG(enum_words(reader, field)), STR_ARG(scalar_words(reader, scalar)));
    const char *nearest = spec_nearest_word(scalar->text, field->values);
    if (nearest != NULL)
        diag_hint(reader->diags, diag, "did you mean '%s'?", nearest);
}

static void put_scalar(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct scalar *scalar,
    char *base)
{
    switch (field->type) {
    case FIELD_STRING:
        put_string(reader, field, scalar, base);
        break;
    case FIELD_INT:
        put_int(reader, field, scalar, base);
        break;
    case FIELD_BOOL:
        put_bool(reader, field, scalar, base);
        break;
    case FIELD_DURATION:
        put_duration(reader, field, scalar, base);
        break;
    case FIELD_ENUM:
        put_enum(reader, field, scalar, base);
        break;
    case FIELD_MAP:
    case FIELD_BLOCK:
    case FIELD_BLOCKS:
    case FIELD_NAMED:
        break;
    }
}

/* A name in a mapping of the user's own names. */
static bool
check_name(struct spec_reader *reader, const struct spec_field *field, const struct ynode *key)
{
    struct str what = str_fmt(reader->arena, "a name in %s", field->name);
    return check_controls(reader, key->at, what, key->text) &&
           check_length(reader, key->at, what, key->text, 1, field->key_max) &&
           check_pattern(reader, key->at, what, key->text, field->key_pattern, field->key_note);
}

static bool read_pair(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct yentry *entry,
    struct spec_pair *ret_pair)
{
    struct str name = entry->key->text;
    *ret_pair =
        (struct spec_pair){.name = name, .at = entry->key->at, .value_at = entry->value->at};
    bool literal = (field->flags & FIELD_LITERAL) != 0;
    if (!check_name(reader, field, entry->key))
        return false;
    if (literal && entry->value->kind == YNODE_SCALAR) {
        bool null = entry->value->style != YNODE_QUOTED &&
                    yscalar_of(entry->value->text).type == YSCALAR_NULL;
        ret_pair->value = null ? STR_NULL : entry->value->text;
        return null ||
               check_length(reader, entry->value->at, name, ret_pair->value, 0, field->value_max);
    }
    struct scalar scalar;
    enum scalar_state state = read_scalar(reader, name, "a single value", entry->value, &scalar);
    if (state == SCALAR_ABSENT && str_find(entry->value->text, STR("${")) == SIZE_MAX) {
        struct diag *diag = diags_error(
            reader->diags, entry->value->at, "'" STR_FMT "' has no value", STR_ARG(name));
        diag_hint(reader->diags, diag, "write \"\" for an empty text");
    }
    if (state != SCALAR_THERE ||
        !check_length(reader, scalar.at, name, scalar.text, 0, field->value_max) ||
        !check_pattern(reader, scalar.at, name, scalar.text, field->pattern, field->pattern_note))
        return false;
    ret_pair->value = scalar.text;
    return true;
}

static void read_map(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct ynode *node,
    struct spec_map *ret_map)
{
    struct str name = str_from(field->name);
    if (node->kind != YNODE_MAP) {
        wrong_kind(reader, node->at, name, field_type_words(field), node);
        return;
    }
    struct str what = str_fmt(reader->arena, "'%s' must have", field->name);
    if (!check_limits(
            reader, node->at, what, " entries", (int64_t) node->len, field->min, field->max))
        return;
    struct spec_pair *items = ARENA_ARRAY(reader->arena, node->len, struct spec_pair);
    size_t len = 0;
    for (size_t i = 0; i < node->len; i++)
        len += read_pair(reader, field, &node->entries[i], &items[len]);
    *ret_map = (struct spec_map){items, len};
}

/* --- blocks ---------------------------------------------------------------------------------- */

/* at: what a missing field of the block is reported at. node: NULL when the block is absent. */
static void read_block(
    struct spec_reader *reader,
    const struct spec_block *block,
    const struct ynode *node,
    struct srcloc at,
    const struct place *place,
    char *base);

static void read_blocks(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct ynode *node,
    const struct place *place,
    char *base)
{
    bool named = field->type == FIELD_NAMED;
    if (node->kind != (named ? YNODE_MAP : YNODE_LIST)) {
        wrong_kind(reader, node->at, str_from(field->name), field_type_words(field), node);
        return;
    }
    struct str what = str_fmt(reader->arena, "'%s' must have", field->name);
    if (node->len == 0 && field->min > 0)
        diags_error(
            reader->diags, node->at, "'" STR_FMT "' is empty", STR_ARG(place_text(reader, place)));
    else if (!check_limits(
                 reader, node->at, what, " entries", (int64_t) node->len, field->min, field->max))
        return;
    char *items = arena_array(reader->arena, node->len, field->block->size);
    size_t len = 0;
    for (size_t i = 0; i < node->len; i++) {
        char *item = items + len * field->block->size;
        if (named) {
            const struct yentry *entry = &node->entries[i];
            if (!check_name(reader, field, entry->key))
                continue;
            struct place here = {place, entry->key->text, SIZE_MAX};
            struct spec_str name = {entry->key->text, entry->key->at};
            memcpy(item + field->block->name_offset, &name, sizeof(name));
            read_block(reader, field->block, entry->value, entry->key->at, &here, item);
        } else {
            struct place here = {place, STR_NULL, i};
            read_block(reader, field->block, node->items[i], node->items[i]->at, &here, item);
        }
        len++;
    }
    memcpy(base + field->offset, &items, sizeof(items));
    memcpy(base + field->len_offset, &len, sizeof(len));
}

static void fill_default(
    struct spec_reader *reader, const struct spec_field *field, struct srcloc at, char *base)
{
    if (field->offset == FIELD_NOWHERE)
        return;
    if (field->type == FIELD_STRING) {
        keep_string(field, str_from(field->fallback), at, base);
    } else if (field->fallback != NULL) {
        struct scalar scalar = {str_from(field->fallback), true, at};
        put_scalar(reader, field, &scalar, base);
    }
}

static void missing(
    struct spec_reader *reader,
    const struct spec_field *field,
    struct srcloc at,
    const struct place *place)
{
    struct diag *diag = diags_error(
        reader->diags, at, "missing '%s'" STR_FMT, field->name, STR_ARG(in_place(reader, place)));
    if (field->example != NULL)
        diag_hint(reader->diags, diag, "for example '%s: %s'", field->name, field->example);
}

/* A block that may be left out is filled with the defaults of its fields; its struct need not be
 * zeroed before. */
static void read_field(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct yentry *entry,
    struct srcloc at,
    const struct place *place,
    char *base)
{
    struct place here = {place, str_from(field->name), SIZE_MAX};
    const struct ynode *node = entry != NULL ? entry->value : NULL;
    struct scalar scalar;
    bool leaf = field->type < FIELD_MAP;
    enum scalar_state state = SCALAR_ABSENT;
    if (node != NULL && (leaf || node->kind == YNODE_SCALAR))
        state = read_scalar(reader, str_from(field->name), field_type_words(field), node, &scalar);
    else if (node != NULL)
        state = SCALAR_THERE;

    if (leaf) {
        fill_default(reader, field, at, base);
        if (state == SCALAR_THERE)
            put_scalar(reader, field, &scalar, base);
        else if (state == SCALAR_FAULTY && field->type == FIELD_STRING)
            keep_string(field, node->kind == YNODE_SCALAR ? node->text : STR("?"), node->at, base);
    }
    if (state == SCALAR_ABSENT) {
        if ((field->flags & FIELD_REQUIRED) != 0)
            missing(reader, field, at, place);
        node = NULL;
    }
    if (leaf || state == SCALAR_FAULTY)
        return;
    if (field->type == FIELD_BLOCK)
        read_block(
            reader, field->block, node, entry != NULL ? entry->key->at : at, &here,
            base + field->offset);
    else if (node != NULL && field->type == FIELD_MAP)
        read_map(reader, field, node, (struct spec_map *) (void *) (base + field->offset));
    else if (node != NULL)
        read_blocks(reader, field, node, &here, base);
}

/* Tells apart a required field of a block that is there from one of a block that is not. */
static void read_absent_block(
    struct spec_reader *reader, const struct spec_block *block, struct srcloc at, char *base)
{
    for (size_t i = 0; i < block->n_fields; i++) {
        const struct spec_field *field = &block->fields[i];
        if (field->type == FIELD_BLOCK)
            read_absent_block(reader, field->block, at, base + field->offset);
        else
            fill_default(reader, field, at, base);
    }
    if (block->at_offset != FIELD_NOWHERE)
        memcpy(base + block->at_offset, &at, sizeof(at));
}

static void check_keys(
    struct spec_reader *reader,
    const struct spec_block *block,
    const struct ynode *node,
    const struct place *place)
{
    for (size_t i = 0; i < node->len; i++) {
        const struct ynode *key = node->entries[i].key;
        const struct spec_field *field = spec_field_find(block, key->text);
        if (field == NULL)
            unknown_key(reader, block, key, place);
        else if ((field->flags & FIELD_UNSUPPORTED) != 0)
            diags_error(
                reader->diags, key->at, "'%s' is not supported by this version", field->name);
    }
}

static void read_block(
    struct spec_reader *reader,
    const struct spec_block *block,
    const struct ynode *node,
    struct srcloc at,
    const struct place *place,
    char *base)
{
    if (node == NULL) {
        read_absent_block(reader, block, at, base);
        return;
    }
    if (node->kind != YNODE_MAP) {
        wrong_kind(
            reader, node->at, place != NULL ? place_text(reader, place) : STR("the document"),
            "a mapping", node);
        read_absent_block(reader, block, at, base);
        return;
    }
    check_keys(reader, block, node, place);
    for (size_t i = 0; i < block->n_fields; i++) {
        const struct spec_field *field = &block->fields[i];
        if ((field->flags & (FIELD_UNSUPPORTED | FIELD_LITERAL)) == 0)
            read_field(reader, field, ynode_entry(node, field->name), at, place, base);
    }
    bool set = true;
    if (block->set_offset != FIELD_NOWHERE)
        memcpy(base + block->set_offset, &set, sizeof(set));
    if (block->at_offset != FIELD_NOWHERE)
        memcpy(base + block->at_offset, &at, sizeof(at));
}

void spec_read_document(struct spec_reader *reader, const struct ynode *root, struct spec *ret_spec)
{
    struct spec_map declared = {0};
    const struct ynode *variables = ynode_get(root, "variables");
    bool given =
        variables != NULL && (variables->kind != YNODE_SCALAR || variables->style == YNODE_QUOTED ||
                              yscalar_of(variables->text).type != YSCALAR_NULL);
    if (given)
        read_map(
            reader, spec_field_find(&spec_document_block, STR("variables")), variables, &declared);
    spec_vars_init(&reader->vars, reader->arena, reader->diags, &declared, reader->options);
    read_block(reader, &spec_document_block, root, root->at, NULL, (char *) ret_spec);
}
