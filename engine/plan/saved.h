/* engine/plan/saved.h - a plan as a file: what was approved, so that apply can do exactly that.
 *
 * The file holds no spec, no variable, no credential and no container environment: apply reads the
 * spec again, looks at AWS again, plans again, and compares the actions
 * (engine/reconcile/approve.h). So it stays true when the world changed in a way that changes
 * nothing about the actions, and a file that was tampered with can at most approve what the spec
 * asks for. One line `mmectl-plan 1 <sha256 of the rest>`, then JSON; a flipped bit is refused.
 *
 * To add a member: a row in saved_write() and saved_read() (saved.c); when older programs must not
 * take the file, the number in SAVED_MAGIC. Ownership: everything hangs off the arena given.
 * Errors: ERR_SPEC for a file that cannot be taken.
 */
#ifndef ENGINE_PLAN_SAVED_H
#define ENGINE_PLAN_SAVED_H

#include "engine/plan/plan.h"

#define SAVED_MAGIC "mmectl-plan "
#define SAVED_FORMAT 1
#define SAVED_MAX_BYTES MIB(256)

/* One change: equal digests do the same to the same things. */
struct saved_action {
    struct str address; /* of a replaced thing's removal: "ADDRESS (old)" */
    struct str action;  /* "create" */
    struct str sha256;
};

struct saved_artifact {
    struct str name, fingerprint;
};

struct saved_stack {
    enum plan_mode mode;
    struct str stack, account, region, uid, home, endpoint;
    struct str spec_file, spec_sha256;
    struct str actions_sha256;
    struct str
        observed_sha256; /* of all that was seen; tells a changed world from a changed spec */
    struct saved_artifact *artifacts;
    size_t n_artifacts;
    struct saved_action *actions;
    size_t n_actions;
    struct str text, json; /* the plan as it was printed */
};

struct saved_plan {
    struct str tool_version, created;
    /* What was asked for on the command line. */
    bool retry_failed, allow_empty;
    int64_t allow_deletes;
    struct str allow_destroy, region;
    struct str *targets, *replaces;
    size_t n_targets, n_replaces;
    struct saved_stack *stacks;
    size_t n_stacks;
};

/* Fills in what follows from the plan: all but spec_*, observed_sha256, text and json. */
void saved_describe(struct arena *arena, const struct plan *plan, struct saved_stack *out);

void saved_write(struct arena *arena, const struct saved_plan *plan, struct buf *out);
bool saved_is(struct str bytes); /* it starts as one does */
enum err_code
saved_read(struct arena *arena, struct str bytes, struct saved_plan *out, struct err *err) MUST_USE;

struct saved_difference {
    struct str address;
    struct str before, after; /* actions; STR_NULL: not in that plan */
};

struct saved_differences {
    struct saved_difference *items;
    size_t len, cap;
};

/* Nothing when both do the same. */
struct saved_differences
saved_compare(struct arena *arena, const struct saved_stack *saved, const struct saved_stack *now);

#endif
