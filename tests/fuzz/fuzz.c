#include "tests/fuzz/fuzz.h"

#define FUZZ_ROW(name, max, what) {#name, fuzz_##name, (max), (what)},
const struct fuzz_target fuzz_targets[] = {FUZZ_TARGETS(FUZZ_ROW)};
#undef FUZZ_ROW
const size_t fuzz_n_targets = ARRAY_LEN(fuzz_targets);

const struct fuzz_target *fuzz_find(struct str name)
{
    for (size_t i = 0; i < fuzz_n_targets; i++)
        if (str_eq_z(name, fuzz_targets[i].name))
            return &fuzz_targets[i];
    return NULL;
}

NORETURN void fuzz_broken(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

void fuzz_check_err(enum err_code code, const struct err *err)
{
    if (code == ERR_NONE)
        return;
    FUZZ_HOLDS(code == err->code);
    FUZZ_HOLDS(err->code != ERR_INTERNAL);
    FUZZ_HOLDS(err->message[0] != '\0');
}

struct rng fuzz_rng(struct str input)
{
    struct rng rng;
    rng_seed(&rng, str_hash(input));
    return rng;
}

struct str fuzz_line(struct str *rest)
{
    struct str line = STR("");
    if (!str_split(rest, '\n', &line))
        return STR("");
    return line;
}

unsigned fuzz_byte(struct str *rest)
{
    if (rest->len == 0)
        return 0;
    unsigned byte = (unsigned char) rest->ptr[0];
    *rest = str_from_index(*rest, 1);
    return byte;
}
