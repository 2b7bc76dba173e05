#include "tests/harness/test.h"

#include "engine/base/file.h"
#include "engine/base/rng.h"

#include <inttypes.h>

bool test_under_valgrind(void)
{
    const char *loaded = getenv("LD_PRELOAD");
    return loaded != NULL && strstr(loaded, "vgpreload") != NULL;
}

void test_assert_str(struct str actual, struct str expected, const char *file, int line)
{
    if (str_eq(actual, expected))
        return;
    print_error("got  '" STR_FMT "'\nwant '" STR_FMT "'\n", STR_ARG(actual), STR_ARG(expected));
    _fail(file, line);
}

void test_assert_code(
    enum err_code actual,
    enum err_code expected,
    const struct err *err,
    const char *part,
    const char *file,
    int line)
{
    bool same = actual == expected;
    if (same && expected == ERR_NONE)
        return;
    if (same && err->code == expected && strstr(err->message, part) != NULL)
        return;
    print_error(
        "got  %s '%s'\nwant %s '%s'\n", err_name(actual), actual == ERR_NONE ? "" : err->message,
        err_name(expected), part);
    _fail(file, line);
}

uint64_t test_seed(void)
{
    uint64_t seed = rng_entropy();
    const char *fixed = getenv("MMECTL_TEST_SEED");
    if (fixed != NULL && !str_to_u64(str_from(fixed), &seed))
        print_error("# MMECTL_TEST_SEED is not a number\n");
    print_message("# seed: MMECTL_TEST_SEED=%" PRIu64 "\n", seed);
    return seed;
}

const char *test_folder_new(struct arena *arena)
{
    const char *base = getenv("TMPDIR");
    struct str template =
        path_join(arena, str_from(base != NULL ? base : "/tmp"), STR("mmectl-test-XXXXXX"));
    char *path = str_z(arena, template);
    assert_non_null(mkdtemp(path));
    return path;
}

void test_folder_remove(const char *path)
{
    struct err err = {0};
    assert_ok(file_remove_tree(path, &err), &err);
}

int test_arena_setup(void **state)
{
    *state = arena_new("test", 0);
    return 0;
}

int test_arena_teardown(void **state)
{
    arena_free(*state);
    return 0;
}
