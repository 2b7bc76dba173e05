/* cmd/exit.h - the exit statuses, in one table.
 *
 * Help, the man page and the README print this table; exit_of_err() maps an error to a line of it.
 * To add a status: one line here, and the mapping in exit.c when an error code leads to it.
 */
#ifndef CMD_EXIT_H
#define CMD_EXIT_H

#include "engine/base/err.h"

#define EXIT_LIST(X) \
    X(OK, 0, "done; or a plan with no difference") \
    X(ERROR, 1, "an error; nothing was applied (`test`: a model failed)") \
    X(CHANGES, 2, "`plan -detailed-exitcode` only: there are changes") \
    X(PARTIAL, 3, "applied in part: some of it failed, the rest is done") \
    X(LOCKED, 4, "another run holds the lock") \
    X(STALE, 5, "a saved plan is stale, or another run changed the stack in between") \
    X(REFUSED, 6, "refused by a guard (protection, many deletions, wrong account)") \
    X(ROLLED_BACK, 7, "SageMaker rolled the endpoint update back") \
    X(USAGE, 64, "the command line is wrong") \
    X(INTERNAL, 70, "a defect in mmectl") \
    X(SIGINT, 130, "interrupted (SIGINT)") \
    X(SIGTERM, 143, "terminated (SIGTERM)")

enum exit_code {
#define EXIT_ENUM(name, value, meaning) EXIT_CODE_##name = (value),
    EXIT_LIST(EXIT_ENUM)
#undef EXIT_ENUM
};

struct exit_info {
    int code;
    const char *meaning;
};

size_t exit_count(void);
struct exit_info exit_info_at(size_t index);
/* ERR_CANCELLED is EXIT_CODE_SIGINT here; main knows which signal it was. */
enum exit_code exit_of_err(enum err_code code);
/* The worse of two, for commands over several stacks: 130/143, 70, 7, 3, then the larger one. */
enum exit_code exit_worst(enum exit_code a, enum exit_code b);

/* Of a command that worked on several regions: one that failed beside one that went well makes it
 * "in part". */
enum exit_code exit_of_regions(const enum exit_code *codes, size_t count);

#endif
