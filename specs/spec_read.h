/* specs/spec_read.h - one YAML document into the struct its table describes.
 *
 * Fills in every field that specs/spec_fields.c knows, with its default when it is left out, and
 * reports everything that is wrong with a single field. Rules of more than one field come later, in
 * specs/spec_check.h. Ownership: on the arena; the reader itself holds compiled patterns until
 * spec_reader_done(). Threads: one owner. Errors: to diags.
 */
#ifndef SPECS_SPEC_READ_H
#define SPECS_SPEC_READ_H

#include "specs/spec_fields.h"
#include "specs/spec_vars.h"

struct spec_patterns;

struct spec_reader {
    struct arena *arena;
    struct diags *diags;
    const struct spec_options *options;
    struct spec_vars vars; /* of the document read last */
    struct spec_patterns *patterns;
    struct map *quoted; /* of spec_quoted() */
};

void spec_reader_init(
    struct spec_reader *reader,
    struct arena *arena,
    struct diags *diags,
    const struct spec_options *options);
void spec_reader_done(struct spec_reader *reader); /* for AUTO */

/* Faults are in diags; what they spoil keeps its default or stays empty. */
void spec_read_document(
    struct spec_reader *reader, const struct ynode *root, struct spec *ret_spec);

#endif
