/* specs/spec_value.h - one value of the spec: read it, check it against its field, put it in place.
 *
 * The part of reading that knows types, limits and patterns but no blocks; spec_read.c is its only
 * caller, besides who needs a word of the tables. All checks report to diags and return whether the
 * value may be used. Ownership: on the reader's arena. Threads: one owner.
 */
#ifndef SPECS_SPEC_VALUE_H
#define SPECS_SPEC_VALUE_H

#include "specs/spec_read.h"

/* A scalar of the document, variables replaced. */
struct spec_scalar {
    struct str text;
    bool plain; /* its type comes from its text */
    struct srcloc at;
};

enum scalar_state { SCALAR_THERE, SCALAR_ABSENT, SCALAR_FAULTY };

struct spec_patterns *spec_patterns_new(struct arena *arena);
void spec_patterns_done(struct spec_patterns *patterns); /* accepts NULL */
/* Whether text matches a pattern of the tables; keeps it compiled. */
bool spec_matches(struct spec_reader *reader, const char *pattern, struct str text);

const char *field_type_words(const struct spec_field *field); /* "a whole number" */
/* Whether word is near to name and nearer than *best, which it then replaces. */
bool spec_is_nearer(struct str name, const char *word, size_t *best);

/* name, wanted: for the message that it is no scalar. Absent: null, or emptied by a variable. */
enum scalar_state spec_scalar_read(
    struct spec_reader *reader,
    struct str name,
    const char *wanted,
    const struct ynode *node,
    struct spec_scalar *ret_scalar);
/* Stores a value in the struct at base, unless it is at fault. */
void spec_scalar_put(
    struct spec_reader *reader,
    const struct spec_field *field,
    const struct spec_scalar *scalar,
    char *base);
/* A string at fault is kept as well: nobody gets to use it, and it is not reported as missing. */
void spec_string_put(const struct spec_field *field, struct str text, struct srcloc at, char *base);
void spec_default_put(
    struct spec_reader *reader, const struct spec_field *field, struct srcloc at, char *base);

/* Returns the entry, for a hint. */
struct diag *spec_wrong_kind(
    struct spec_reader *reader,
    struct srcloc at,
    struct str name,
    const char *wanted,
    const struct ynode *node);
struct str spec_quoted(struct spec_reader *reader, struct str name); /* 'name' */
/* what: the subject as it stands in a message, "'count'" or "a name in 'tags'". */
bool spec_check_controls(
    struct spec_reader *reader, struct srcloc at, struct str what, struct str text);
/* what: "'count' must be", unit: "" or " entries"; max 0: no limit. */
bool spec_check_limits(
    struct spec_reader *reader,
    struct srcloc at,
    struct str what,
    const char *unit,
    int64_t value,
    int64_t min,
    int64_t max);
/* In characters. */
bool spec_check_length(
    struct spec_reader *reader,
    struct srcloc at,
    struct str what,
    struct str text,
    int64_t min,
    int64_t max);
/* A value of a mapping whose values are whole numbers; its text becomes plain digits. */
bool spec_check_item(
    struct spec_reader *reader,
    const struct spec_field *field,
    struct str name,
    struct spec_scalar *scalar);
bool spec_check_pattern(
    struct spec_reader *reader,
    struct srcloc at,
    struct str what,
    struct str text,
    const char *pattern,
    const char *note);

#endif
