/* specs/spec_sets.h - spec.modelSets: what its {places} may be, and the models of a matrix.
 *
 * The part of spec_complete() that is about sets. Models of a partition are found in the data,
 * which nobody reads here. Ownership: on the arena. Errors: to diags.
 */
#ifndef SPECS_SPEC_SETS_H
#define SPECS_SPEC_SETS_H

#include "specs/spec.h"

/* The place that stands for a partition's value. */
#define SPEC_SET_KEY "key"

/* Completes each set's channels, reports what is wrong with it, and adds the models of every matrix
 * behind those that are written out. */
void spec_sets_complete(struct arena *arena, struct diags *diags, struct spec *spec);

#endif
