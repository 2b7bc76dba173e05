/* specs/diags.h - every fault of a spec, collected before anything is said.
 *
 * Library code appends; only cmd/ prints. Sorted by file, line and column by diags_sort(). At most
 * 100 are kept; `dropped` counts the rest. The same text at the same place is kept once. Texts are
 * cut at 1,000 bytes, and control characters in them (they may quote the spec) become '?'.
 * Ownership: everything is on the arena given to diags_init(). Threads: one owner.
 */
#ifndef SPECS_DIAGS_H
#define SPECS_DIAGS_H

#include "engine/base/err.h"
#include "engine/base/vec.h"

enum diag_severity { DIAG_ERROR, DIAG_WARNING };

struct diag {
    enum diag_severity severity;
    struct srcloc at;
    struct str message;
    struct str hint; /* STR_NULL for none */
};

struct diags {
    struct arena *arena;
    VEC(struct diag) list;
    size_t n_errors, dropped;
};

void diags_init(struct diags *diags, struct arena *arena);
/* Both return the new entry so that a hint can be set with diag_hint(); the entry may be a dropped
 * one. */
struct diag *diags_error(struct diags *diags, struct srcloc at, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
struct diag *diags_warning(struct diags *diags, struct srcloc at, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void diag_hint(struct diags *diags, struct diag *diag, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Whether an error is kept for this very place: what else is wrong there is a consequence. */
bool diags_has_error(const struct diags *diags, struct srcloc at);
void diags_sort(struct diags *diags);
/* "file:line:col", for a message that names a second place. */
struct str srcloc_text(struct arena *arena, struct srcloc at);

#endif
