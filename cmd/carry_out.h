/* cmd/carry_out.h - plan, show, ask, do, report: what apply, destroy and rollback have in common.
 *
 * For one stack, or for those of one spec in several regions: these are planned side by side, shown
 * as one plan, approved by one answer and carried out side by side. A region that fails stops
 * nobody; when others went well, the exit status says "in part". Runs inside a task of the loop.
 */
#ifndef CMD_CARRY_OUT_H
#define CMD_CARRY_OUT_H

#include "cmd/session.h"
#include "engine/plan/saved.h"

struct direction {
    enum plan_mode mode;
    const char *name;     /* of the command, and of the operation in JSON */
    const char *question; /* Terraform's words */
    const char *refused;
    const struct saved_plan *saved; /* approved already; NULL: ask */
};

/* The sessions are of one group (session_groups_of). */
enum exit_code carry_out(struct session *sessions, size_t count, const struct direction *direction);

#endif
