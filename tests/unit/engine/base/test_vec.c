#include "tests/harness/test.h"

#include "engine/base/vec.h"

struct pair {
    size_t index;
    char tag;
};

static void pushing_keeps_what_was_there(void **state)
{
    VEC(struct pair) pairs = {0};
    for (size_t i = 0; i < 10000; i++) {
        struct pair *pair = VEC_PUSH(*state, &pairs);
        assert_int_equal(pair->index, 0);
        assert_int_equal(pair->tag, 0);
        *pair = (struct pair){i, 'x'};
    }
    assert_int_equal(pairs.len, 10000);
    for (size_t i = 0; i < pairs.len; i++)
        assert_int_equal(pairs.items[i].index, i);
}

static void popped_places_come_back_zeroed(void **state)
{
    VEC(int) numbers = {0};
    *VEC_PUSH(*state, &numbers) = 7;
    numbers.len--;
    assert_int_equal(*VEC_PUSH(*state, &numbers), 0);
}

static void room_made_ahead_is_used(void **state)
{
    VEC(struct pair) pairs = {0};
    VEC_PUSH(*state, &pairs)->index = 41;
    VEC_RESERVE(*state, &pairs, 1000);
    VEC_RESERVE(*state, &pairs, 3);
    const struct pair *items = pairs.items;
    for (size_t i = 1; i < 1000; i++)
        assert_int_equal(VEC_PUSH(*state, &pairs)->index, 0);
    assert_ptr_equal(pairs.items, items);
    assert_int_equal(pairs.items[0].index, 41);
    VEC_PUSH(*state, &pairs)->index = 42;
    assert_int_equal(pairs.items[1000].index, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(pushing_keeps_what_was_there),
        WITH_ARENA(popped_places_come_back_zeroed),
        WITH_ARENA(room_made_ahead_is_used),
    };
    return cmocka_run_group_tests_name("vec", tests, NULL, NULL);
}
