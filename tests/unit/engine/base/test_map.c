#include "tests/harness/test.h"

#include "engine/base/map.h"

static void absent_keys(void **state)
{
    struct map *map = map_new(*state);
    assert_null(map_get(map, STR("a")));
    assert_false(map_has(map, STR("a")));
    assert_int_equal(map_len(map), 0);
}

static void null_values_and_odd_keys(void **state)
{
    int one = 1;
    struct map *map = map_new(*state);
    assert_null(map_put(map, STR("nothing"), NULL));
    assert_true(map_has(map, STR("nothing")));
    assert_null(map_get(map, STR("nothing")));
    map_put(map, STR(""), &one);
    assert_ptr_equal(map_get(map, STR("")), &one);
    assert_null(map_put(map, STR("a\0b"), &one));
    assert_false(map_has(map, STR("a")));
}

static void replacing_keeps_the_place(void **state)
{
    int one = 1, two = 2, three = 3;
    struct map *map = map_new(*state);
    map_put(map, STR("a"), &one);
    map_put(map, STR("b"), &two);
    assert_ptr_equal(map_put(map, STR("a"), &three), &one);
    assert_int_equal(map_len(map), 2);
    assert_str(map_key_at(map, 0), "a");
    assert_ptr_equal(map_value_at(map, 0), &three);
    assert_str(map_key_at(map, 1), "b");
}

static void many_keys_in_the_order_they_came(void **state)
{
    enum { COUNT = 20000 };
    static int s_values[COUNT];
    struct arena *arena = *state;
    struct map *map = map_new(arena);
    for (int i = 0; i < COUNT; i++)
        assert_null(map_put(map, str_fmt(arena, "model-%d", i), &s_values[i]));
    assert_int_equal(map_len(map), COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_ptr_equal(map_get(map, str_fmt(arena, "model-%d", i)), &s_values[i]);
        assert_ptr_equal(map_value_at(map, (size_t) i), &s_values[i]);
    }
    assert_false(map_has(map, STR("model-20000")));
}

static void room_made_ahead_is_not_asked_for_again(void **state)
{
    enum { COUNT = 3000 };
    struct arena *arena = *state;
    struct map *map = map_new(arena);
    map_put(map, STR("before"), NULL);
    map_reserve(map, COUNT);
    map_reserve(map, 10);
    size_t keys_used = 0;
    size_t before = arena_used(arena);
    for (int i = 1; i < COUNT; i++) {
        size_t at = arena_used(arena);
        struct str key = str_fmt(arena, "model-%d", i);
        keys_used += arena_used(arena) - at;
        assert_null(map_put(map, key, &map));
    }
    assert_int_equal(arena_used(arena) - before, keys_used);
    assert_int_equal(map_len(map), COUNT);
    assert_true(map_has(map, STR("before")));
    assert_ptr_equal(map_get(map, STR("model-2999")), &map);
    map_put(map, STR("one more"), &map);
    assert_true(map_has(map, STR("one more")));
    assert_true(map_has(map, STR("model-1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(absent_keys),
        WITH_ARENA(null_values_and_odd_keys),
        WITH_ARENA(replacing_keeps_the_place),
        WITH_ARENA(many_keys_in_the_order_they_came),
        WITH_ARENA(room_made_ahead_is_not_asked_for_again),
    };
    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
