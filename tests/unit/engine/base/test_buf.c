#include "tests/harness/test.h"

#include "engine/base/buf.h"

static void appending(void **state)
{
    (void) state;
    AUTO(buf_done) struct buf buf = BUF_INIT(1000);
    assert_str(buf_str(&buf), "");
    buf_add(&buf, STR("ab"));
    buf_add(&buf, STR_NULL);
    buf_add_z(&buf, "cd");
    buf_add_char(&buf, '\0');
    buf_add_mem(&buf, "ef", 2);
    buf_fmt(&buf, "%s=%d", "x", 5);
    assert_str_len(buf_str(&buf), STR("abcd\0efx=5"));
    buf_clear(&buf);
    assert_str(buf_str(&buf), "");
    assert_true(buf_ok(&buf));
}

static void grows_without_losing_bytes(void **state)
{
    (void) state;
    AUTO(buf_done) struct buf buf = BUF_INIT(MIB(1));
    for (unsigned i = 0; i < 100000; i++)
        buf_add_char(&buf, (char) ('a' + i % 26));
    assert_int_equal(buf.len, 100000);
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(buf.ptr[i], 'a' + i % 26);
}

static void the_maximum_holds(void **state)
{
    (void) state;
    AUTO(buf_done) struct buf buf = BUF_INIT(4);
    buf_add(&buf, STR("abcd"));
    assert_true(buf_ok(&buf));
    buf_add_char(&buf, 'e');
    assert_false(buf_ok(&buf));
    assert_str(buf_str(&buf), "abcd");
    /* Once over, nothing more is stored, not even what would fit. */
    buf.len = 0;
    buf_add_char(&buf, 'x');
    assert_str(buf_str(&buf), "");
    buf_clear(&buf);
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_false(buf_ok(&buf));
}

static void formatting_past_the_maximum(void **state)
{
    (void) state;
    AUTO(buf_done) struct buf buf = BUF_INIT(4);
    buf_fmt(&buf, "%d", 12345);
    assert_false(buf_ok(&buf));
    assert_str(buf_str(&buf), "");
}

static void formatting_exactly_the_maximum(void **state)
{
    (void) state;
    AUTO(buf_done) struct buf buf = BUF_INIT(4);
    buf_fmt(&buf, "%d", 1234);
    assert_true(buf_ok(&buf));
    assert_str(buf_str(&buf), "1234");
}

static void reserving(void **state)
{
    (void) state;
    AUTO(buf_done) struct buf buf;
    buf_init(&buf, 10);
    char *room = buf_reserve(&buf, 10);
    assert_non_null(room);
    assert_int_equal(buf.len, 0);
    memcpy(room, "abc", 3);
    buf.len += 3;
    assert_str(buf_str(&buf), "abc");
    assert_non_null(buf_reserve(&buf, 0));
    buf_done(&buf);
    buf_add(&buf, STR("again"));
    assert_str(buf_str(&buf), "again");
}

static void giving_away_leaves_text_and_an_empty_buffer(void **state)
{
    struct arena *arena = *state;
    static const size_t s_sizes[] = {0, 1, 1000, KIB(64), KIB(64) + 1, MIB(3)};
    struct str texts[ARRAY_LEN(s_sizes)];
    struct buf buf = BUF_INIT(MIB(4));
    for (size_t i = 0; i < ARRAY_LEN(s_sizes); i++) {
        for (size_t k = 0; k < s_sizes[i]; k++)
            buf_add_char(&buf, (char) ('a' + (k + i) % 26));
        texts[i] = buf_give(&buf, arena);
        assert_int_equal(buf.len, 0);
        assert_true(buf_ok(&buf));
    }
    for (size_t i = 0; i < ARRAY_LEN(s_sizes); i++) {
        assert_int_equal(texts[i].len, s_sizes[i]);
        for (size_t k = 0; k < s_sizes[i]; k++)
            assert_int_equal(texts[i].ptr[k], 'a' + (k + i) % 26);
        if (s_sizes[i] > 0)
            assert_int_equal(texts[i].ptr[texts[i].len], '\0');
    }
    assert_true(arena_used(arena) > MIB(3));
    arena_reset(arena);
    assert_true(arena_used(arena) < MIB(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(giving_away_leaves_text_and_an_empty_buffer),
        cmocka_unit_test(appending),
        cmocka_unit_test(grows_without_losing_bytes),
        cmocka_unit_test(the_maximum_holds),
        cmocka_unit_test(formatting_past_the_maximum),
        cmocka_unit_test(formatting_exactly_the_maximum),
        cmocka_unit_test(reserving),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
