/* specs/spec_vars.h - `${name}` in scalars: declared in `variables`, given by --set or
 * MMECTL_VAR_name.
 *
 * One struct spec_vars per document. --set wins over the environment, which wins over the value in
 * the file. Values are put in as they are, once: a value is never searched for variables. Threads:
 * one owner. Ownership: on the arena. Errors: to diags.
 */
#ifndef SPECS_SPEC_VARS_H
#define SPECS_SPEC_VARS_H

#include "specs/spec.h"
#include "specs/yaml_doc.h"

struct spec_vars {
    struct arena *arena;
    struct diags *diags;
    struct spec_map vars;  /* value: STR_NULL while unset */
    size_t expanded_bytes; /* so far, of this document */
};

/* declared: the document's `variables`; a value that is STR_NULL must come from outside. */
void spec_vars_init(
    struct spec_vars *vars,
    struct arena *arena,
    struct diags *diags,
    const struct spec_map *declared,
    const struct spec_options *options);

/* Whether a document declares the name. */
bool spec_vars_declares(const struct spec_vars *vars, struct str name);

/* Replaces the variables in a scalar's text. False when a fault was reported. *ret_emptied: there
 * was a variable and nothing is left, so the key counts as absent. */
bool spec_vars_expand(
    struct spec_vars *vars, const struct ynode *scalar, struct str *ret_text, bool *ret_emptied)
    MUST_USE;

#endif
