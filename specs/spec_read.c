#include "specs/spec_read.h"

#include "engine/base/arena.h"
#include "engine/base/map.h"
#include "specs/spec_value.h"
#include "specs/yaml_scalar.h"

/* Where in the document a block stands, for messages; a chain on the stack. */
struct place {
    const struct place *parent;
    struct str name;
    size_t index; /* in a list; SIZE_MAX otherwise */
};

void spec_reader_init(
    struct spec_reader *reader,
    struct arena *arena,
    struct diags *diags,
    const struct spec_options *options)
{
    *reader = (struct spec_reader){.arena = arena, .diags = diags, .options = options};
    reader->patterns = spec_patterns_new(arena);
    reader->quoted = map_new(arena);
}

void spec_reader_done(struct spec_reader *reader)
{
    spec_patterns_done(reader->patterns);
    reader->patterns = NULL;
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
        if (spec_is_nearer(key->text, block->fields[i].name, &best))
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
            known = str_fmt(
                reader->arena, STR_FMT "%s%s", STR_ARG(known), known.len > 0 ? ", " : "",
                block->fields[i].name);
        diag_hint(reader->diags, diag, "known keys here: " STR_FMT, STR_ARG(known));
    }
}

/* --- mappings of the user's own names ----------------------------------------------------- */

/* A name in a mapping of the user's own names. */
static bool
check_name(struct spec_reader *reader, const struct spec_field *field, const struct ynode *key)
{
    struct str what = str_fmt(reader->arena, "a name in '%s'", field->name);
    return spec_check_controls(reader, key->at, what, key->text) &&
           spec_check_length(reader, key->at, what, key->text, 1, field->key_max) &&
           spec_check_pattern(
               reader, key->at, what, key->text, field->key_pattern, field->key_note);
}

/* A variable at fault is kept as well, so that its uses are not reported as undeclared. */
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
    struct str what = spec_quoted(reader, name);
    bool good = check_name(reader, field, entry->key);
    if (literal && entry->value->kind == YNODE_SCALAR) {
        bool null = entry->value->style != YNODE_QUOTED &&
                    yscalar_of(entry->value->text).type == YSCALAR_NULL;
        ret_pair->value = null ? STR_NULL : entry->value->text;
        if (!null)
            (void) spec_check_length(
                reader, entry->value->at, what, ret_pair->value, 0, field->value_max);
        return true;
    }
    struct spec_scalar scalar;
    enum scalar_state state =
        spec_scalar_read(reader, name, "a single value", entry->value, &scalar);
    if (state == SCALAR_ABSENT && str_find(entry->value->text, STR("${")) == SIZE_MAX) {
        struct diag *diag = diags_error(
            reader->diags, entry->value->at, "'" STR_FMT "' has no value", STR_ARG(name));
        diag_hint(reader->diags, diag, "leave the key out, or write \"\" for an empty text");
    }
    if (literal) {
        ret_pair->value = STR("");
        return true;
    }
    if (!good || state != SCALAR_THERE || !spec_check_item(reader, field, name, &scalar) ||
        !spec_check_length(reader, scalar.at, what, scalar.text, 0, field->value_max) ||
        !spec_check_pattern(
            reader, scalar.at, what, scalar.text, field->pattern, field->pattern_note))
        return false;
    ret_pair->value = scalar.text;
    return true;
}

/* Whether the node is what the field is, with as many entries as it may have. */
static bool check_entries(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct ynode *node,
    enum ynode_kind kind)
{
    if (node->kind != kind) {
        spec_wrong_kind(reader, node->at, str_from(field->name), field_type_words(field), node);
        return false;
    }
    struct str what = str_fmt(reader->arena, "'%s' must have", field->name);
    return spec_check_limits(
        reader, node->at, what, " entries", (int64_t) node->len, field->min, field->max);
}

static void read_map(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct ynode *node,
    struct spec_map *ret_map)
{
    if (!check_entries(reader, field, node, YNODE_MAP))
        return;
    struct spec_pair *items = ARENA_ARRAY(reader->arena, node->len, struct spec_pair);
    size_t len = 0;
    for (size_t i = 0; i < node->len; i++)
        len += read_pair(reader, field, &node->entries[i], &items[len]);
    *ret_map = (struct spec_map){items, len};
}

/* A list of scalars under one name, which is known even when some of them are at fault. */
static bool read_values(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct yentry *entry,
    struct spec_values *ret_values)
{
    struct str name = entry->key->text;
    const struct ynode *list = entry->value;
    *ret_values = (struct spec_values){.name = name, .at = entry->key->at};
    if (!check_name(reader, field, entry->key))
        return false;
    if (list->kind != YNODE_LIST) {
        spec_wrong_kind(reader, list->at, name, "a list of values", list);
        return true;
    }
    if (list->len == 0)
        diags_error(reader->diags, list->at, "'" STR_FMT "' is empty", STR_ARG(name));
    ret_values->items = ARENA_ARRAY(reader->arena, list->len, struct spec_str);
    struct str what = spec_quoted(reader, name);
    for (size_t i = 0; i < list->len; i++) {
        struct spec_scalar scalar;
        enum scalar_state state =
            spec_scalar_read(reader, name, "a list of values", list->items[i], &scalar);
        if (state == SCALAR_ABSENT)
            diags_error(
                reader->diags, list->items[i]->at, "a value of '" STR_FMT "' is empty",
                STR_ARG(name));
        if (state == SCALAR_THERE &&
            spec_check_length(reader, scalar.at, what, scalar.text, 1, field->value_max))
            ret_values->items[ret_values->len++] = (struct spec_str){scalar.text, scalar.at};
    }
    return true;
}

static void read_lists(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct ynode *node,
    struct spec_lists *ret_lists)
{
    if (!check_entries(reader, field, node, YNODE_MAP))
        return;
    struct spec_values *items = ARENA_ARRAY(reader->arena, node->len, struct spec_values);
    size_t len = 0;
    for (size_t i = 0; i < node->len; i++)
        len += read_values(reader, field, &node->entries[i], &items[len]);
    *ret_lists = (struct spec_lists){items, len};
}

/* A value at fault is left out, so that nobody takes it for a name that does not exist. */
static void read_strings(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct ynode *node,
    char *base)
{
    struct str name = str_from(field->name);
    /* One at fault is there all the same: it is not missing. */
    size_t most = node->kind == YNODE_LIST ? node->len + 1 : 1;
    struct spec_str *items = ARENA_ARRAY(reader->arena, most, struct spec_str);
    memcpy(base + field->offset, &items, sizeof(items));
    if (!check_entries(reader, field, node, YNODE_LIST))
        return;
    struct str entry = str_fmt(reader->arena, "an entry of '%s'", field->name);
    size_t len = 0;
    for (size_t i = 0; i < node->len; i++) {
        struct spec_scalar scalar;
        enum scalar_state state =
            spec_scalar_read(reader, name, field_type_words(field), node->items[i], &scalar);
        if (state == SCALAR_ABSENT)
            diags_error(reader->diags, node->items[i]->at, STR_FMT " has no value", STR_ARG(entry));
        else if (
            state == SCALAR_THERE &&
            spec_check_pattern(
                reader, scalar.at, entry, scalar.text, field->pattern, field->pattern_note))
            items[len++] = (struct spec_str){scalar.text, scalar.at};
    }
    memcpy(base + field->len_offset, &len, sizeof(len));
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
    if (!check_entries(reader, field, node, named ? YNODE_MAP : YNODE_LIST))
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

/* 'mmectl help spec' takes a path without indices. */
static struct str help_path(struct spec_reader *reader, const struct place *place)
{
    if (place == NULL)
        return STR_NULL;
    struct str parent = help_path(reader, place->parent);
    if (place->index != SIZE_MAX)
        return parent;
    return str_fmt(
        reader->arena, STR_FMT "%s" STR_FMT, STR_ARG(parent), str_is_empty(parent) ? "" : ".",
        STR_ARG(place->name));
}

/* Where no better hint is known, the field's own help says what may stand there. */
static void point_to_help(struct spec_reader *reader, const struct place *place, size_t first_diag)
{
    struct diags *diags = reader->diags;
    for (size_t i = first_diag; i < diags->list.len; i++)
        if (str_is_null(diags->list.items[i].hint))
            diag_hint(
                diags, &diags->list.items[i], "'mmectl help spec " STR_FMT "' explains it",
                STR_ARG(help_path(reader, place)));
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
    struct spec_scalar scalar;
    bool leaf = field->type < FIELD_MAP;
    enum scalar_state state = SCALAR_ABSENT;
    if (node != NULL && (leaf || node->kind == YNODE_SCALAR))
        state =
            spec_scalar_read(reader, str_from(field->name), field_type_words(field), node, &scalar);
    else if (node != NULL)
        state = SCALAR_THERE;

    if (leaf) {
        spec_default_put(reader, field, at, base);
        if (state == SCALAR_THERE)
            spec_scalar_put(reader, field, &scalar, base);
        else if (state == SCALAR_FAULTY && field->type == FIELD_STRING)
            spec_string_put(
                field, node->kind == YNODE_SCALAR ? node->text : STR("?"), node->at, base);
    }
    if (state == SCALAR_ABSENT) {
        if ((field->flags & FIELD_REQUIRED) != 0)
            missing(reader, field, at, place);
        node = NULL;
    }
    if (node != NULL && field->where != 0)
        memcpy(base + field->where, &node->at, sizeof(node->at));
    if (leaf || state == SCALAR_FAULTY)
        return;
    if (field->type == FIELD_BLOCK)
        read_block(
            reader, field->block, node, entry != NULL ? entry->key->at : at, &here,
            base + field->offset);
    else if (node != NULL && field->type == FIELD_MAP)
        read_map(reader, field, node, (struct spec_map *) (void *) (base + field->offset));
    else if (node != NULL && field->type == FIELD_LISTS)
        read_lists(reader, field, node, (struct spec_lists *) (void *) (base + field->offset));
    else if (node != NULL && field->type == FIELD_STRINGS)
        read_strings(reader, field, node, base);
    else if (node != NULL)
        read_blocks(reader, field, node, &here, base);
}

static void read_explained(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct yentry *entry,
    struct srcloc at,
    const struct place *place,
    char *base)
{
    struct place here = {place, str_from(field->name), SIZE_MAX};
    size_t before = reader->diags->list.len;
    read_field(reader, field, entry, at, place, base);
    point_to_help(reader, &here, before);
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
            spec_default_put(reader, field, at, base);
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
        struct diag *diag = spec_wrong_kind(
            reader, node->at, place != NULL ? place_text(reader, place) : STR("the document"),
            "a mapping", node);
        if (place == NULL)
            diag_hint(reader->diags, diag, "'mmectl init' writes a spec to start from");
        read_absent_block(reader, block, at, base);
        return;
    }
    check_keys(reader, block, node, place);
    for (size_t i = 0; i < block->n_fields; i++) {
        const struct spec_field *field = &block->fields[i];
        if ((field->flags & FIELD_LITERAL) == 0)
            read_explained(reader, field, ynode_entry(node, field->name), at, place, base);
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
