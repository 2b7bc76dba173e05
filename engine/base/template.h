/* engine/base/template.h - text with named places: "customer-{key}".
 *
 * A place is a name in braces: {region}, of letters, digits and '_', first no digit. {{ stands for
 * a plain {; every other brace is plain. Threads: pure functions.
 */
#ifndef ENGINE_BASE_TEMPLATE_H
#define ENGINE_BASE_TEMPLATE_H

#include "engine/base/str.h"

struct template_value {
    struct str name, value;
};

/* The next place of *rest: what stands before it, with {{ undone by the caller, and its name. False
 * at the end, when plain is all that was left. */
bool template_next(struct str *rest, struct str *plain, struct str *name);
bool template_has(struct str text, struct str name);
/* False, with the place in *ret_unknown, when one of them has no value. */
bool template_fill(
    struct arena *arena,
    struct str text,
    const struct template_value *values,
    size_t count,
    struct str *ret_text,
    struct str *ret_unknown);
/* Whether a text could have been made of the template, whatever the values were. */
bool template_matches(struct str text, struct str made);

#endif
