/* specs/spec_help.h - the field reference as text, made from the tables.
 *
 * For `mmectl help spec [FIELD]` and the reference page. A field is named by its dotted path, with
 * or without the leading "spec": "endpoint.instance.type", "models.name", "metadata.tags",
 * "training.channels.train.source", "hyperparameters.eta". Threads: pure functions.
 */
#ifndef SPECS_SPEC_HELP_H
#define SPECS_SPEC_HELP_H

#include "engine/base/buf.h"

enum spec_help_style { SPEC_HELP_TEXT, SPEC_HELP_MARKDOWN };

/* Appends the reference of one field or block, or of the whole language when path is empty. False
 * when there is no such field; nothing is appended then. */
bool spec_help(struct buf *out, struct arena *arena, struct str path, enum spec_help_style style)
    MUST_USE;
/* The path nearest to one that does not exist, for "did you mean"; STR_NULL when none is near. */
struct str spec_help_nearest(struct arena *arena, struct str path);

#endif
