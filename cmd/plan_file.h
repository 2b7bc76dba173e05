/* cmd/plan_file.h - saved plans on disk: `plan -out=FILE`, `apply FILE`, `show FILE`.
 *
 * The file's content is engine/plan/saved.h's. Paths of specs are kept as they were given: a
 * pipeline applies in the same checkout that it planned in. Errors: ERR_SPEC for a damaged file,
 * ERR_PRECONDITION for a spec that changed.
 */
#ifndef CMD_PLAN_FILE_H
#define CMD_PLAN_FILE_H

#include "cmd/session.h"
#include "engine/plan/saved.h"

/* What `plan` has gathered for its file. */
struct plan_file {
    VEC(struct saved_stack) stacks;
};

/* Whether the path names a saved plan: by its first bytes. */
bool plan_file_is(const char *path);
enum err_code
plan_file_read(struct app *app, struct str path, struct saved_plan *out, struct err *err) MUST_USE;
/* Adds one stack's plan, as it is printed. */
void plan_file_add(struct plan_file *file, struct session *session, const struct plan *plan);
/* Whole or not at all, readable by the user alone. */
enum err_code
plan_file_write(struct app *app, const struct plan_file *file, struct str path, struct err *err)
    MUST_USE;

/* Sets the options the plan was made with, and loads its specs, from where they were or from -f;
 * all must be what they were. */
enum err_code plan_file_specs(
    struct app *app, const struct saved_plan *plan, struct spec_list *ret_specs, struct err *err)
    MUST_USE;
/* The stack's part of the plan. */
const struct saved_stack *plan_file_stack(const struct saved_plan *plan, const struct spec *spec);

#endif
