/* cmd/cmd.h - the command list.
 *
 * To add a command:
 *   1. cmd/cmd_<name>.c with its option table and a `const struct cmd cmd_<name>`;
 *   2. a line in CMD_LIST, at the place where help should show it;
 *   3. `make docs` copies the new tables into README.md (a gate notices when it was forgotten);
 *   4. a test in tests/e2e.
 * Help, the man page, completions and README's tables follow from the list and the option tables.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "cmd/app.h"

#define CMD_LIST(X) \
    X(init) \
    X(validate) \
    X(plan) \
    X(apply) \
    X(destroy) \
    X(show) \
    X(status) \
    X(test) \
    X(invoke) \
    X(cost) \
    X(history) \
    X(rollback) \
    X(resume) \
    X(route) \
    X(import) \
    X(forget) \
    X(gc) \
    X(doctor) \
    X(iam_policy) \
    X(force_unlock) \
    X(local_start) \
    X(local_stop) \
    X(local_status) \
    X(local_reset) \
    X(local_env) \
    X(local_fault) \
    X(local_latency) \
    X(local_run) \
    X(serve) \
    X(schema) \
    X(help) \
    X(completion) \
    X(version)

/* What an operand or a value may be: --help, the man page and README list it. */
struct cmd_word {
    const char *name, *help;
};

struct cmd_words {
    const char *title; /* "kind of fault"; a last one without title ends the lists of a command */
    const struct cmd_word *words;
    size_t len;
};

struct cmd {
    const char *name;     /* "plan"; "local start" is two words on the command line */
    const char *alias;    /* "diff"; NULL for none */
    const char *operands; /* "[SPEC...]"; "" for none */
    size_t max_operands;
    const char *summary; /* one line, lower case */
    const char *text;    /* paragraphs of --help and the man page, wrapped at 78 */
    bool hidden;         /* works, but is not listed */
    bool streams;        /* --json prints events as they happen, not one document */
    bool names_model;    /* its first operand is a model or a route: of several regions, those that
                            have it are meant */
    bool one_region;     /* makes sense in one region only; --region says in which */
    bool any_region;     /* --region may name one that 'regions' has no more: what is left there */
    const struct opt_set *const *sets; /* ends with NULL */
    const struct cmd_words *lists;     /* NULL: none */
    enum exit_code (*run)(struct app *app);
};

#define CMD_DECLARE(name) extern const struct cmd cmd_##name;
CMD_LIST(CMD_DECLARE)
#undef CMD_DECLARE

size_t cmd_count(void);
const struct cmd *cmd_at(size_t index);
/* Finds the command that argv starts with; *words is how many words name it. NULL and ERR_USAGE
 * with the nearest name when there is none. */
const struct cmd *cmd_find(int argc, char *const *argv, int *words, struct err *err);

#endif
