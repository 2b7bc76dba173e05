#include "tests/harness/test.h"

#include "cmd/table.h"

static const struct table_column s_columns[] = {
    {"NAME", "name", false, false},      {"MS", "ms", true, false},
    {"N", "count", true, false},         {"OK", "ok", false, false},
    {"SECRET", "only_json", true, true},
};

static struct table *sample(struct arena *arena)
{
    struct table *table = table_new(arena, s_columns, ARRAY_LEN(s_columns));
    table_row(table);
    table_text(table, 0, STR("model_é"));
    table_number(table, 1, 12.345678, 2);
    table_int(table, 2, 7);
    table_bool(table, 3, true);
    table_paint(table, 3, PAINT_GREEN);
    table_number(table, 4, 0.5, -1);
    table_row(table);
    table_text(table, 0, STR("b\x1b[31m"));
    table_text(table, 3, STR_NULL);
    return table;
}

static void text_is_aligned_and_clean(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    struct buf buf = BUF_INIT(KIB(4));
    table_render(&buf, sample(arena), false);
    assert_str(
        buf_str(&buf), "NAME        MS  N  OK\n"
                       "model_é  12.35  7  yes\n"
                       "b?[31m       -  -  -\n");
    buf_done(&buf);
    arena_free(arena);
}

static void colour_does_not_move_columns(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    struct buf buf = BUF_INIT(KIB(4));
    table_render(&buf, sample(arena), true);
    assert_true(str_find(buf_str(&buf), STR("12.35  7  \x1b[32myes\x1b[0m\n")) != SIZE_MAX);
    buf_done(&buf);
    arena_free(arena);
}

static void json_keeps_the_values(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    const struct json *json = table_json(arena, sample(arena));
    assert_str(
        json_text(arena, json, JSON_COMPACT),
        "[{\"name\":\"model_é\",\"ms\":12.345678,\"count\":7,\"ok\":true,\"only_json\":0.5},"
        "{\"name\":\"b\\u001b[31m\",\"ms\":null,\"count\":null,\"ok\":null,\"only_json\":null}]");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_aligned_and_clean),
        cmocka_unit_test(colour_does_not_move_columns),
        cmocka_unit_test(json_keeps_the_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
