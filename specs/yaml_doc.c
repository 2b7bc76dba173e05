#include "specs/yaml_doc.h"

#include "engine/base/map.h"
#include "engine/base/vec.h"

#include <assert.h>
#include <stdlib.h>
#include <yaml.h>

#define CORE_TAG "tag:yaml.org,2002:"

/* A node with an anchor. It is open while its content is still being read. */
struct anchor {
    struct ynode *node;
    bool open;
};

struct reader {
    struct arena *arena;
    struct diags *diags;
    const char *file;
    struct str text;
    struct arena *tree; /* nodes and what holds them together; `arena` has what they say */
    yaml_parser_t parser;
    struct map *anchors; /* of the document being read: name -> struct anchor */
    size_t nodes;        /* charged so far, aliases included */
    bool failed;         /* a fault that ends the reading */
    bool faulty;         /* any fault */
};

static struct srcloc mark_at(const struct reader *reader, yaml_mark_t mark)
{
    return (struct srcloc){
        .file = reader->file,
        .line = (unsigned) mark.line + 1,
        .column = (unsigned) mark.column + 1,
    };
}

static struct diag *fail(struct reader *reader, struct diag *diag)
{
    reader->failed = reader->faulty = true;
    return diag;
}

/* Reader errors carry a byte offset only. */
static struct srcloc offset_at(const struct reader *reader, size_t offset)
{
    struct srcloc at = {.file = reader->file, .line = 1, .column = 1};
    for (size_t i = 0; i < offset && i < reader->text.len; i++) {
        unsigned char c = (unsigned char) reader->text.ptr[i];
        if (c == '\n') {
            at.line++;
            at.column = 1;
        } else if ((c & 0xC0) != 0x80) {
            at.column++;
        }
    }
    return at;
}

static void fail_parser(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem != NULL ? parser->problem : "unknown fault";
    if (parser->error == YAML_READER_ERROR) {
        struct srcloc at = offset_at(reader, parser->problem_offset);
        struct diag *diag =
            fail(reader, diags_error(reader->diags, at, "not UTF-8 text: %s", problem));
        diag_hint(reader->diags, diag, "save the file as UTF-8, without control characters");
        return;
    }
    struct srcloc at = mark_at(reader, parser->problem_mark);
    struct diag *diag;
    if (parser->context != NULL) {
        struct srcloc start = mark_at(reader, parser->context_mark);
        diag = fail(
            reader, diags_error(
                        reader->diags, at, "not YAML: %s (%s at line %u, column %u)", problem,
                        parser->context, start.line, start.column));
    } else {
        diag = fail(reader, diags_error(reader->diags, at, "not YAML: %s", problem));
    }
    diag_hint(
        reader->diags, diag,
        "often the fault is on the line above: indentation, or a missing quote, bracket or colon");
}

static bool next_event(struct reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(&reader->parser, event))
        return true;
    fail_parser(reader);
    *event = (yaml_event_t){.type = YAML_NO_EVENT};
    return false;
}

static bool charge(struct reader *reader, struct srcloc at, size_t nodes, size_t depth)
{
    if (depth > YDOC_MAX_DEPTH) {
        struct diag *diag = fail(
            reader, diags_error(reader->diags, at, "nested deeper than %u levels", YDOC_MAX_DEPTH));
        diag_hint(reader->diags, diag, "nothing in this language is; aliases count as well");
        return false;
    }
    reader->nodes += nodes;
    if (reader->nodes > YDOC_MAX_NODES) {
        struct diag *diag = fail(
            reader,
            diags_error(
                reader->diags, at, "the file stands for more than %u nodes", YDOC_MAX_NODES));
        diag_hint(reader->diags, diag, "aliases count as what they stand for");
        return false;
    }
    return true;
}

/* Returns NULL without an anchor. A name defined anew hides the one before it. */
static struct anchor *
open_anchor(struct reader *reader, const yaml_char_t *name, struct ynode *node)
{
    if (name == NULL)
        return NULL;
    struct anchor *anchor = ARENA_NEW(reader->tree, struct anchor);
    *anchor = (struct anchor){.node = node, .open = true};
    struct str copy = str_dup(reader->tree, str_from((const char *) name));
    (void) map_put(reader->anchors, copy, anchor);
    return anchor;
}

static void close_anchor(struct anchor *anchor)
{
    if (anchor != NULL)
        anchor->open = false;
}

static void bad_tag(struct reader *reader, struct srcloc at, struct str tag, const char *what)
{
    struct str core = STR(CORE_TAG);
    bool is_core = str_starts(tag, core);
    struct str shown = is_core ? str_from_index(tag, core.len) : tag;
    struct diag *diag = diags_error(
        reader->diags, at, "%s '%s" STR_FMT "'", what, is_core ? "!!" : "", STR_ARG(shown));
    diag_hint(
        reader->diags, diag,
        "known tags are !!str, !!int, !!float, !!bool, !!null, !!map and !!seq");
    reader->faulty = true;
}

static enum ynode_style
scalar_style(struct reader *reader, const yaml_event_t *event, struct srcloc at)
{
    static const struct {
        const char *tag;
        enum ynode_style style;
    } s_tags[] = {
        {"!", YNODE_QUOTED},
        {YAML_STR_TAG, YNODE_QUOTED},
        {YAML_INT_TAG, YNODE_TAG_INT},
        {YAML_FLOAT_TAG, YNODE_TAG_FLOAT},
        {YAML_BOOL_TAG, YNODE_TAG_BOOL},
        {YAML_NULL_TAG, YNODE_TAG_NULL},
    };
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (event->data.scalar.tag == NULL)
        return plain ? YNODE_PLAIN : YNODE_QUOTED;
    struct str tag = str_from((const char *) event->data.scalar.tag);
    for (size_t i = 0; i < ARRAY_LEN(s_tags); i++)
        if (str_eq_z(tag, s_tags[i].tag))
            return s_tags[i].style;
    bool collection = str_eq_z(tag, YAML_MAP_TAG) || str_eq_z(tag, YAML_SEQ_TAG);
    bad_tag(reader, at, tag, collection ? "a scalar cannot have the tag" : "unknown tag");
    return YNODE_QUOTED;
}

static void check_collection_tag(
    struct reader *reader, const yaml_char_t *tag, const char *own, struct srcloc at)
{
    struct str text = str_from((const char *) tag);
    if (tag == NULL || str_eq_z(text, "!") || str_eq_z(text, own))
        return;
    bool core = str_starts(text, STR(CORE_TAG));
    bad_tag(reader, at, text, core ? "the wrong tag for what follows:" : "unknown tag");
}

static struct ynode *read_node(struct reader *reader, const yaml_event_t *event, unsigned depth);

static struct ynode *read_scalar(struct reader *reader, const yaml_event_t *event, struct srcloc at)
{
    size_t len = event->data.scalar.length;
    if (len > YDOC_MAX_SCALAR_BYTES) {
        struct diag *diag =
            fail(reader, diags_error(reader->diags, at, "a scalar is larger than 1 MiB"));
        diag_hint(reader->diags, diag, "a quote that is never closed makes one of the whole file");
        return NULL;
    }
    struct ynode *node = ARENA_NEW(reader->tree, struct ynode);
    *node = (struct ynode){
        .kind = YNODE_SCALAR,
        .style = scalar_style(reader, event, at),
        .at = at,
        .text = str_dup(reader->arena, str_of(event->data.scalar.value, len)),
        .weight = 1,
        .height = 1,
    };
    close_anchor(open_anchor(reader, event->data.scalar.anchor, node));
    return node;
}

static struct ynode *
read_alias(struct reader *reader, const yaml_event_t *event, struct srcloc at, unsigned depth)
{
    struct str name = str_from((const char *) event->data.alias.anchor);
    const struct anchor *anchor = map_get(reader->anchors, name);
    if (anchor == NULL || anchor->open) {
        const char *why =
            anchor == NULL ? "has no anchor before it" : "stands inside its own anchor";
        struct diag *diag = fail(
            reader, diags_error(reader->diags, at, "alias '*" STR_FMT "' %s", STR_ARG(name), why));
        diag_hint(
            reader->diags, diag, "put '&" STR_FMT "' before what it stands for, above this line",
            STR_ARG(name));
        return NULL;
    }
    struct ynode *node = anchor->node;
    if (!charge(reader, at, node->weight, depth + node->height - 1))
        return NULL;
    return node;
}

static void adopt(struct ynode *parent, const struct ynode *child)
{
    /* Charged before, so the sum stays below the limit. */
    parent->weight += child->weight;
    if (parent->height < child->height + 1)
        parent->height = child->height + 1;
}

/* Reads the next node; *ret_end when the collection ends instead. NULL without end is a failure. */
static struct ynode *
read_child(struct reader *reader, yaml_event_type_t end, unsigned depth, bool *ret_end)
{
    yaml_event_t event;
    if (!next_event(reader, &event))
        return NULL;
    struct ynode *child = NULL;
    if (event.type == end)
        *ret_end = true;
    else
        child = read_node(reader, &event, depth);
    yaml_event_delete(&event);
    return child;
}

static struct ynode *
read_list(struct reader *reader, const yaml_event_t *event, struct srcloc at, unsigned depth)
{
    check_collection_tag(reader, event->data.sequence_start.tag, YAML_SEQ_TAG, at);
    struct ynode *node = ARENA_NEW(reader->tree, struct ynode);
    *node = (struct ynode){.kind = YNODE_LIST, .at = at, .weight = 1, .height = 1};
    struct anchor *anchor = open_anchor(reader, event->data.sequence_start.anchor, node);
    VEC(struct ynode *) items = {0};
    bool end = false;
    for (;;) {
        struct ynode *child = read_child(reader, YAML_SEQUENCE_END_EVENT, depth + 1, &end);
        if (end)
            break;
        if (child == NULL)
            return NULL;
        *VEC_PUSH(reader->tree, &items) = child;
        adopt(node, child);
    }
    node->items = items.items;
    node->len = items.len;
    close_anchor(anchor);
    return node;
}

/* The keys of one mapping. Most are small, so an index is made for a large one only. */
struct keys {
    VEC(struct yentry) entries;
    struct map *index;
};

enum { KEYS_WITHOUT_INDEX = 16 };

static const struct ynode *find_key(const struct keys *keys, struct str text)
{
    if (keys->index != NULL)
        return map_get(keys->index, text);
    for (size_t i = 0; i < keys->entries.len; i++)
        if (str_eq(keys->entries.items[i].key->text, text))
            return keys->entries.items[i].key;
    return NULL;
}

static void add_key(struct reader *reader, struct keys *keys, struct yentry entry)
{
    *VEC_PUSH(reader->tree, &keys->entries) = entry;
    if (keys->index != NULL) {
        (void) map_put(keys->index, entry.key->text, entry.key);
    } else if (keys->entries.len > KEYS_WITHOUT_INDEX) {
        keys->index = map_new(reader->tree);
        for (size_t i = 0; i < keys->entries.len; i++) {
            struct ynode *key = keys->entries.items[i].key;
            (void) map_put(keys->index, key->text, key);
        }
    }
}

/* False when the key is not usable; its value is then forgotten. */
static bool check_key(struct reader *reader, const struct keys *keys, const struct ynode *key)
{
    if (key->kind != YNODE_SCALAR) {
        struct diag *diag =
            diags_error(reader->diags, key->at, "a key must be a plain or quoted scalar");
        diag_hint(reader->diags, diag, "'[' and '{' begin a list and a mapping: quote the key");
        reader->faulty = true;
        return false;
    }
    const struct ynode *first = find_key(keys, key->text);
    if (first == NULL)
        return true;
    struct str place = srcloc_text(reader->arena, first->at);
    struct diag *diag = diags_error(
        reader->diags, key->at, "duplicate key '" STR_FMT "', first at " STR_FMT,
        STR_ARG(key->text), STR_ARG(place));
    diag_hint(reader->diags, diag, "keep one of the two");
    reader->faulty = true;
    return false;
}

static struct ynode *
read_map(struct reader *reader, const yaml_event_t *event, struct srcloc at, unsigned depth)
{
    check_collection_tag(reader, event->data.mapping_start.tag, YAML_MAP_TAG, at);
    struct ynode *node = ARENA_NEW(reader->tree, struct ynode);
    *node = (struct ynode){.kind = YNODE_MAP, .at = at, .weight = 1, .height = 1};
    struct anchor *anchor = open_anchor(reader, event->data.mapping_start.anchor, node);
    struct keys keys = {0};
    bool end = false;
    for (;;) {
        struct ynode *key = read_child(reader, YAML_MAPPING_END_EVENT, depth + 1, &end);
        if (end)
            break;
        if (key == NULL)
            return NULL;
        struct ynode *value = read_child(reader, YAML_NO_EVENT, depth + 1, &end);
        if (value == NULL)
            return NULL;
        adopt(node, key);
        adopt(node, value);
        if (check_key(reader, &keys, key))
            add_key(reader, &keys, (struct yentry){key, value});
    }
    node->entries = keys.entries.items;
    node->len = keys.entries.len;
    close_anchor(anchor);
    return node;
}

/* Recursion is as deep as YDOC_MAX_DEPTH at most. */
static struct ynode *read_node(struct reader *reader, const yaml_event_t *event, unsigned depth)
{
    struct srcloc at = mark_at(reader, event->start_mark);
    if (event->type == YAML_ALIAS_EVENT)
        return read_alias(reader, event, at, depth);
    if (!charge(reader, at, 1, depth))
        return NULL;
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(reader, event, at);
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return read_list(reader, event, at, depth);
    assert(event->type == YAML_MAPPING_START_EVENT); /* by the grammar of events in yaml.h */
    return read_map(reader, event, at, depth);
}

static bool is_empty_root(const struct ynode *root)
{
    return root->kind == YNODE_SCALAR && root->style == YNODE_PLAIN && root->text.len == 0;
}

static void read_stream(struct reader *reader, struct ydoc_list *docs)
{
    for (bool done = false; !done && !reader->failed;) {
        yaml_event_t event;
        if (!next_event(reader, &event))
            return;
        if (event.type == YAML_STREAM_END_EVENT) {
            done = true;
        } else if (event.type == YAML_DOCUMENT_START_EVENT) {
            reader->anchors = map_new(reader->tree);
        } else if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_END_EVENT) {
            struct ynode *root = read_node(reader, &event, 1);
            if (root != NULL && !is_empty_root(root))
                *VEC_PUSH(reader->tree, docs) = root;
        }
        yaml_event_delete(&event);
    }
}

bool ydoc_read(
    struct arena *arena,
    struct arena *nodes,
    struct str text,
    const char *file,
    struct diags *diags,
    struct ydoc_list *ret_docs)
{
    struct reader reader = {
        .arena = arena, .tree = nodes, .diags = diags, .file = file, .text = text};
    *ret_docs = (struct ydoc_list){0};
    if (text.len > YDOC_MAX_BYTES) {
        struct diag *diag =
            diags_error(diags, (struct srcloc){file, 0, 0}, "the file is larger than 16 MiB");
        diag_hint(diags, diag, "a folder of smaller specs is read as one");
        return false;
    }
    if (!yaml_parser_initialize(&reader.parser))
        abort(); /* uncovered: there is no memory, as in xmalloc() */
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(
        &reader.parser, (const unsigned char *) (text.len > 0 ? text.ptr : ""), text.len);
    read_stream(&reader, ret_docs);
    yaml_parser_delete(&reader.parser);
    return !reader.faulty;
}

const struct yentry *ynode_entry(const struct ynode *node, const char *key)
{
    if (node == NULL || node->kind != YNODE_MAP)
        return NULL;
    for (size_t i = 0; i < node->len; i++)
        if (str_eq_z(node->entries[i].key->text, key))
            return &node->entries[i];
    return NULL;
}

const struct ynode *ynode_get(const struct ynode *node, const char *key)
{
    const struct yentry *entry = ynode_entry(node, key);
    return entry != NULL ? entry->value : NULL;
}
