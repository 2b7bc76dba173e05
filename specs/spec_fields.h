/* specs/spec_fields.h - the spec language as data: one table per block.
 *
 * The tables in spec_fields.c are the only place where a field is named. Reading (spec_read.c),
 * defaults, checks of single fields, `mmectl help spec` (spec_help.c) and the JSON Schema
 * (spec_schema.c) are derived from them. Rules that need two fields are in spec_check.c.
 * Threads: constant data.
 */
#ifndef SPECS_SPEC_FIELDS_H
#define SPECS_SPEC_FIELDS_H

#include "engine/base/str.h"

enum field_type {
    FIELD_STRING,   /* struct spec_str */
    FIELD_INT,      /* int64_t */
    FIELD_BOOL,     /* bool */
    FIELD_ENUM,     /* an enum whose values are numbered as `values` lists them */
    FIELD_DURATION, /* int64_t seconds */
    FIELD_NUMBER,   /* struct spec_number */
    FIELD_MAP,      /* struct spec_map: names to scalars */
    FIELD_LISTS,    /* struct spec_lists: names to lists of scalars */
    FIELD_BLOCK,    /* a struct inside the struct */
    FIELD_BLOCKS,   /* a list of blocks: pointer and size_t */
    FIELD_NAMED,  /* a mapping of names to blocks: pointer and size_t; the name is a struct spec_str
                   */
    FIELD_STRINGS /* a list of strings: pointer to struct spec_str, and size_t */
};

enum field_flag {
    FIELD_REQUIRED = 1,
    FIELD_PATH = 2,    /* a local path or s3:// */
    FIELD_LITERAL = 4, /* variables are not replaced in it; nulls are kept */
    FIELD_HYPER = 8    /* hyperparameters: the names are in engine/xgb/hyper.h */
};

#define FIELD_NOWHERE SIZE_MAX /* an offset: checked but not kept */

struct spec_block;

/* For `help spec`: what a choice means, in three columns; the first row is the head. */
struct spec_table {
    const char *const (*rows)[3];
    size_t n_rows;
};

struct spec_field {
    const char *name;
    enum field_type type;
    unsigned flags;
    const char *fallback;      /* the default, as it would be written; NULL for none */
    const char *fallback_note; /* a default that other fields give, in words */
    /* FIELD_INT, FIELD_NUMBER: the value. FIELD_DURATION: seconds. FIELD_STRING: characters. Maps
     * and lists: entries. No limit when max is 0. */
    int64_t min, max;
    const char
        *pattern; /* POSIX extended and ECMAScript at once; of maps and lists: their values */
    const char *pattern_note; /* what the pattern says, in words */
    int64_t value_max;        /* FIELD_MAP: characters of a value */
    int64_t item_min;         /* FIELD_MAP of whole numbers: each value, when item_max is not 0; */
    int64_t item_max;         /* pattern_note says it in words */
    const char *key_pattern;  /* FIELD_MAP, FIELD_NAMED */
    const char *key_note;
    int64_t key_max;                /* characters */
    const char *const *values;      /* FIELD_ENUM: ends with NULL */
    size_t offset;                  /* in the struct of the block it stands in */
    size_t len_offset;              /* FIELD_BLOCKS, FIELD_NAMED, FIELD_STRINGS: of the count */
    size_t where;                   /* of a struct srcloc for what was written; 0: nobody asks */
    const struct spec_block *block; /* FIELD_BLOCK, FIELD_BLOCKS, FIELD_NAMED */
    const char *help;
    const char *example;
    const struct spec_table *table; /* NULL for none */
};

struct spec_block {
    const char *help; /* of a block that is no field: the document, a model, a channel */
    const struct spec_field *fields;
    size_t n_fields;
    size_t size;        /* of the struct, for lists; 0 when it is part of another */
    size_t at_offset;   /* of its struct srcloc; FIELD_NOWHERE for none */
    size_t name_offset; /* FIELD_NAMED: of the struct spec_str that takes the name */
    size_t set_offset;  /* of a bool that says the block is there; FIELD_NOWHERE for none */
};

extern const struct spec_block spec_document_block; /* the root; its struct is struct spec */
const struct spec_field *spec_field_find(const struct spec_block *block, struct str name);

#endif
