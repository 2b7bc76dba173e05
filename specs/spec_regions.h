/* specs/spec_regions.h - spec.regions: one stack in each.
 *
 * A document that lists regions becomes one struct spec per region: the same but for `region`, the
 * models and sets that are meant for it, the routes between them, and {region} in the names that
 * differ from region to region (the bucket, images of one's own). What the document is, all of it,
 * is `whole`. Ownership: on the arena. Errors: to diags. Threads: pure functions.
 */
#ifndef SPECS_SPEC_REGIONS_H
#define SPECS_SPEC_REGIONS_H

#include "specs/spec.h"

/* Whether the stack has a model or a route of that name. What no region defines may be a
 * partition's, and may be anywhere. */
bool spec_region_has(const struct spec *spec, struct str name);
/* A region before this one in the list has the model, too: what is trained is trained there. */
bool spec_is_copied(const struct spec *spec, const struct spec_model *model);
/* A part of spec_check(): what the lists of regions say, and what they leave of each region. */
void spec_check_regions(struct arena *arena, struct diags *diags, const struct spec *spec);
/* The stacks of a document that was checked, in the order of its list; one that has no list is its
 * own only stack. */
void spec_regions_expand(
    struct arena *arena,
    struct diags *diags,
    const struct spec_options *options,
    struct spec *spec,
    struct spec_list *ret_specs);

#endif
