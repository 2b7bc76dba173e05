/* A plan's file: as it came, and with the digest in its first line put right, as whoever wants to
 * deceive apply would do. What is read and written again is the same plan. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/digest.h"
#include "engine/plan/saved.h"

static void read_and_write(struct arena *arena, struct str bytes)
{
    struct saved_plan plan = {0}, again = {0};
    struct err err = {0};
    enum err_code code = saved_read(arena, bytes, &plan, &err);
    fuzz_check_err(code, &err);
    if (code != ERR_NONE)
        return;
    FUZZ_HOLDS(saved_is(bytes));
    AUTO(buf_done) struct buf first = BUF_INIT(MIB(8));
    AUTO(buf_done) struct buf second = BUF_INIT(MIB(8));
    saved_write(arena, &plan, &first);
    code = saved_read(arena, buf_str(&first), &again, &err);
    if (code != ERR_NONE)
        fprintf(stderr, "%s: " STR_FMT "\n", err.message, STR_ARG(buf_str(&first)));
    FUZZ_HOLDS(code == ERR_NONE);
    saved_write(arena, &again, &second);
    FUZZ_HOLDS(str_eq(buf_str(&first), buf_str(&second)));
    FUZZ_HOLDS(plan.n_stacks == again.n_stacks);
    for (size_t i = 0; i < plan.n_stacks; i++)
        FUZZ_HOLDS(saved_compare(arena, &plan.stacks[i], &again.stacks[i]).len == 0);
}

void fuzz_saved(struct str input)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));
    read_and_write(arena, input);
    buf_fmt(&text, SAVED_MAGIC "%d " STR_FMT "\n", SAVED_FORMAT, STR_ARG(sha256_hex(arena, input)));
    buf_add(&text, input);
    read_and_write(arena, buf_str(&text));
}
