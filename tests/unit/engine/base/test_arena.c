#include "tests/harness/test.h"

#include <signal.h>
#include <stdalign.h>
#include <sys/wait.h>
#include <unistd.h>

static void memory_is_zeroed_and_aligned(void **state)
{
    struct arena *arena = *state;
    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *ptr = arena_alloc(arena, size);
        assert_non_null(ptr);
        assert_int_equal((uintptr_t) ptr % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(ptr[i], 0);
            ptr[i] = 0xAA; /* a later allocation must not see it */
        }
    }
}

static void allocations_do_not_overlap(void **state)
{
    enum { COUNT = 2000 };
    struct arena *arena = *state;
    size_t *cells[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        /* Every 100th is larger than any block, to mix both paths. */
        cells[i] = arena_alloc(arena, i % 100 == 99 ? MIB(2) : sizeof(size_t) + i % 50);
        *cells[i] = i;
    }
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(*cells[i], i);
}

/* Text packs without gaps; what follows is aligned and zeroed all the same. */
static void text_is_packed(void **state)
{
    struct arena *arena = *state;
    for (size_t size = 0; size < 3000; size += 13) {
        char *text = arena_chars(arena, size), *more = arena_chars(arena, 3);
        memset(text, 'x', size);
        memset(more, 'y', 3);
        unsigned char *ptr = arena_alloc(arena, 40);
        assert_int_equal((uintptr_t) ptr % alignof(max_align_t), 0);
        for (size_t i = 0; i < 40; i++)
            assert_int_equal(ptr[i], 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(text[i], 'x');
        assert_memory_equal(more, "yyy", 3);
    }
    char *first = arena_chars(arena, 5), *second = arena_chars(arena, 1);
#ifdef __SANITIZE_ADDRESS__
    assert_true(second > first + 5); /* with forbidden bytes in between */
#else
    assert_ptr_equal(second, first + 5);
#endif
}

static void reset_forgets_and_reuses(void **state)
{
    struct arena *arena = *state;
    char *first = arena_alloc(arena, 100);
    memset(first, 'x', 100);
    arena_alloc(arena, MIB(3));
    arena_reset(arena);
    size_t kept = arena_used(arena);
    assert_true(kept < MIB(1));
    char *again = arena_alloc(arena, 100);
    assert_ptr_equal(again, first);
    assert_int_equal(again[0], 0);
    assert_int_equal(arena_used(arena), kept);
}

static void empty_values_are_accepted(void **state)
{
    (void) state;
    struct arena *none = NULL;
    arena_free(NULL);
    arena_close(&none);
    xfree(NULL);
    AUTO(arena_close) struct arena *fresh = arena_new("fresh", 0);
    arena_reset(fresh);
    assert_int_equal(arena_used(fresh), 0);
}

static void past_the_limit(void)
{
    struct arena *arena = arena_new("small", KIB(64));
    for (int i = 0; i < 1000; i++)
        arena_alloc(arena, 1000);
}

static void one_too_large(void)
{
    arena_alloc(arena_new("small", KIB(64)), KIB(65));
}

static void product_overflows(void)
{
    arena_array(arena_new("product", 0), SIZE_MAX / 2, 3);
}

/* Aborting is the contract, so it happens in a child. */
static void limits_abort(void **state)
{
    static void (*const s_cases[])(void) = {past_the_limit, one_too_large, product_overflows};
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            signal(SIGABRT, SIG_DFL);
            if (freopen("/dev/null", "w", stderr) == NULL)
                _exit(1);
            s_cases[i]();
            _exit(0);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(memory_is_zeroed_and_aligned),
        WITH_ARENA(allocations_do_not_overlap),
        WITH_ARENA(text_is_packed),
        WITH_ARENA(reset_forgets_and_reuses),
        cmocka_unit_test(empty_values_are_accepted),
        cmocka_unit_test(limits_abort),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
