#include "tests/harness/test.h"

#include "cmd/shares.h"

#define MODEL(name) "\"" name "\":{\"live\":\"f\",\"key\":\"" name "\"}"

static struct record record_of(struct arena *arena, const char *split, const char *models)
{
    struct record record = {0};
    struct err err = {0};
    struct str text = str_fmt(
        arena, "{\"format\":1,\"uid\":\"u\",\"models\":{%s},\"routes\":{\"r\":{\"split\":%s}}}",
        models, split);
    assert_ok(record_parse(arena, text, &record, &err), &err);
    return record;
}

static struct str text_of(struct arena *arena, const struct shares *shares)
{
    struct buf buf AUTO(buf_done) = BUF_INIT(KIB(64));
    table_render(&buf, shares->table, false);
    return str_dup(arena, buf_str(&buf));
}

static void weights_are_met(void **state)
{
    static const char *const s_splits[] = {
        "{\"a\":90,\"b\":10}", "{\"a\":1,\"b\":1}", "{\"a\":1,\"b\":1,\"c\":1}",
        "{\"a\":10000,\"b\":1}", "{\"c\":7}"};
    for (size_t i = 0; i < ARRAY_LEN(s_splits); i++) {
        struct record record =
            record_of(*state, s_splits[i], MODEL("a") "," MODEL("b") "," MODEL("c"));
        struct shares shares = shares_count(*state, &record, &record.routes.items[0]);
        assert_true(shares.good);
        assert_true(shares.worst < 0.008);
        assert_true(str_find(text_of(*state, &shares), STR("failed")) == SIZE_MAX);
        struct shares again = shares_count(*state, &record, &record.routes.items[0]);
        assert_str_len(text_of(*state, &again), text_of(*state, &shares));
    }
}

static void a_model_that_is_not_published_leaves_its_keys_to_the_others(void **state)
{
    struct record record = record_of(*state, "{\"a\":80,\"b\":20}", MODEL("a"));
    struct shares shares = shares_count(*state, &record, &record.routes.items[0]);
    assert_false(shares.good);
    assert_str(
        text_of(*state, &shares), "MODEL  RESULT         WEIGHT  WANTED %  OBSERVED %    KEYS\n"
                                  "a      failed             80     80.00      100.00  100000\n"
                                  "b      not published      20     20.00        0.00       0\n");
}

static void a_route_of_nothing_is_not_good(void **state)
{
    struct record record = record_of(*state, "{\"a\":0}", MODEL("a"));
    struct shares shares = shares_count(*state, &record, &record.routes.items[0]);
    assert_false(shares.good);
    assert_int_equal(table_len(shares.table), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(weights_are_met),
        WITH_ARENA(a_model_that_is_not_published_leaves_its_keys_to_the_others),
        WITH_ARENA(a_route_of_nothing_is_not_good),
    };
    return cmocka_run_group_tests_name("shares", tests, NULL, NULL);
}
