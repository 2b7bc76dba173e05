/* tests/harness/test.h - what every unit test includes first: cmocka, and checks for our types.
 *
 * Threads: none. Each check fails the running test with the file and line of the caller.
 */
#ifndef TESTS_HARNESS_TEST_H
#define TESTS_HARNESS_TEST_H

/* cmocka wants these four before itself, in this order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/base/str.h"

/* Bytes equal, printed as text when they are not. */
#define assert_str(actual, expected) \
    test_assert_str((actual), str_from(expected), __FILE__, __LINE__)
#define assert_str_len(actual, expected) test_assert_str((actual), (expected), __FILE__, __LINE__)
/* The call succeeded; prints the error when it did not. */
#define assert_ok(call, err) test_assert_code((call), ERR_NONE, (err), "", __FILE__, __LINE__)
/* The call failed with this code, and its message contains part. */
#define assert_fails(call, code, err, part) \
    test_assert_code((call), (code), (err), (part), __FILE__, __LINE__)

/* Whether valgrind runs this: its vfork(2) is a fork(2), so that some things happen otherwise. */
bool test_under_valgrind(void);

void test_assert_str(struct str actual, struct str expected, const char *file, int line);
void test_assert_code(
    enum err_code actual,
    enum err_code expected,
    const struct err *err,
    const char *part,
    const char *file,
    int line);

/* A seed from MMECTL_TEST_SEED or the system; printed, so that a failure can be replayed. */
uint64_t test_seed(void);
/* A new, empty folder under TMPDIR, on the arena; test_folder_remove() takes it away. */
const char *test_folder_new(struct arena *arena);
void test_folder_remove(const char *path);

/* cmocka fixtures that put a struct arena * into *state. */
int test_arena_setup(void **state);
int test_arena_teardown(void **state);
#define WITH_ARENA(function) \
    cmocka_unit_test_setup_teardown((function), test_arena_setup, test_arena_teardown)

#endif
