/* cmd/opt.h - option tables: parsing, --help, completion, the man page and README read the same
 * ones.
 *
 * A command lists the sets it takes (its own and the shared ones of args.h). Options take one or
 * two dashes, `-o=v` or `-o v`; a flag is negated by `--no-x` or `-x=false`; `--` ends the options,
 * which may also come after operands. Values land in a struct at `offset`. Errors: ERR_USAGE that
 * names the option, with the nearest known one as the hint. Texts live as long as argv.
 */
#ifndef CMD_OPT_H
#define CMD_OPT_H

#include "engine/base/err.h"
#include "engine/base/vec.h"

enum opt_type {
    OPT_FLAG,     /* bool, false unless given; shown as --x */
    OPT_FLAG_OFF, /* bool, true unless switched off; shown as --no-x */
    OPT_STRING,   /* struct str; the last one wins */
    OPT_LIST,     /* struct opt_list; every one counts */
    OPT_INT,      /* int64_t, at least `least` */
    OPT_DURATION, /* int64_t in ms; written "30s", "5m", "2h" */
    OPT_CHOICE    /* int: index into choices */
};

struct opt {
    enum opt_type type;
    char short_name; /* 0 for none */
    const char *long_name;
    const char *arg; /* what help calls the value; NULL for flags */
    size_t offset;
    const char *const *choices; /* OPT_CHOICE: NULL-terminated */
    int64_t least;
    const char *help; /* one sentence, lower case, no full stop */
};

struct opt_set {
    const struct opt *opts;
    size_t len;
};

#define OPT_SET(array) \
    { \
        (array), ARRAY_LEN(array) \
    }

struct opt_list {
    struct str *items;
    size_t len, cap;
};

/* Sets OPT_FLAG_OFF members to true; the rest is expected to be zero or the caller's default. */
void opt_defaults(const struct opt_set *const *sets, void *target);
/* sets ends with NULL. Operands are appended in order. argv[0] is the first word to look at. */
enum err_code opt_parse(
    struct arena *arena,
    const struct opt_set *const *sets,
    int argc,
    char *const *argv,
    void *target,
    struct opt_list *ret_operands,
    struct err *err) MUST_USE;
/* "-f, --file=SPEC", "--no-color", "--format=text|json|markdown" */
struct str opt_synopsis(struct arena *arena, const struct opt *opt);
/* The nearest of `names` to `word` by edit distance; NULL when none is near. */
const char *opt_nearest(struct str word, const char *const *names, size_t count);

#endif
