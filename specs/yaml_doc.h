/* specs/yaml_doc.h - YAML text to trees of nodes that remember where they stood.
 *
 * The only file that knows libyaml, through its event parser. Aliases are expanded by sharing
 * nodes, so a tree is a graph without cycles and must be treated as read-only; what an alias stands
 * for is charged to the limits as if it had been written out, before anything is built. Mapping
 * keys are scalars and unique. Known tags are those of the core schema; anything else is a fault.
 * Ownership: what scalars say is on the arena, and may outlive the tree, which is on `nodes`;
 * `file` must live as long as the former, `text` as long as this call. Errors: all go to diags with
 * a position. Follows yaml.org/spec/1.2.2 for types (specs/yaml_scalar.h).
 */
#ifndef SPECS_YAML_DOC_H
#define SPECS_YAML_DOC_H

#include "engine/base/arena.h"
#include "specs/diags.h"

/* Limits of one text, all its documents together. */
#define YDOC_MAX_BYTES MIB(16)
#define YDOC_MAX_SCALAR_BYTES MIB(1)
#define YDOC_MAX_NODES 2000000U
#define YDOC_MAX_DEPTH 64U

enum ynode_kind { YNODE_SCALAR, YNODE_LIST, YNODE_MAP };

/* What a scalar was said to be: nothing (plain), quotes, block style or !!str, or a tag. */
enum ynode_style {
    YNODE_PLAIN,
    YNODE_QUOTED,
    YNODE_TAG_NULL,
    YNODE_TAG_BOOL,
    YNODE_TAG_INT,
    YNODE_TAG_FLOAT
};

struct ynode;

struct yentry {
    struct ynode *key; /* a scalar */
    struct ynode *value;
};

struct ynode {
    enum ynode_kind kind;
    enum ynode_style style; /* YNODE_SCALAR */
    struct srcloc at;
    struct str text; /* YNODE_SCALAR */
    union {
        struct ynode **items;   /* YNODE_LIST */
        struct yentry *entries; /* YNODE_MAP */
    };
    size_t len;
    /* What an alias to it costs. */
    uint32_t weight, height;
};

struct ydoc_list {
    struct ynode **items; /* the root of each document that is not empty */
    size_t len, cap;
};

/* Reads every document of text. False when a fault was reported, in which case ret_docs holds the
 * documents before it. */
bool ydoc_read(
    struct arena *arena,
    struct arena *nodes,
    struct str text,
    const char *file,
    struct diags *diags,
    struct ydoc_list *ret_docs) MUST_USE;

/* The value of a key; NULL when absent or node is not a mapping. */
const struct ynode *ynode_get(const struct ynode *node, const char *key);
const struct yentry *ynode_entry(const struct ynode *node, const char *key);

#endif
