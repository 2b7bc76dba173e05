#include "engine/serve/evaluate.h"

#include "tests/unit/engine/serve/models.h"

static struct evaluated
ask(struct arena *arena, const struct ensemble *ensemble, struct evaluation evaluation)
{
    return evaluate(arena, ensemble, &evaluation);
}

static void answers_and_refuses(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct err err = {0};
    struct ensemble ensemble = {.members = xmalloc(sizeof(struct booster *)), .len = 1};
    must(booster_load(model_bytes(arena, 3, "multi:softmax", 3), &ensemble.members[0], &err), &err);
    static const struct {
        const char *body, *type, *accept, *want;
        int status;
        bool batch;
    } cases[] = {
        {"1,2,3,4", "text/csv", "text/csv", "csv", 200, false},
        {"1,2,3,4\n1,2,3,4", "text/csv", NULL, "json", 200, false},
        {"1,2,3,4\n1,2,3,4", "text/csv", "csv", "lines", 200, true},
        {"1,2,3,4", "text/csv", "application/json", "json", 200, true},
        {"0:1", NULL, "json", "json", 200, false},
        {"", "text/csv", NULL, "", 204, false},
        {"1,2", "text/csv", NULL, "Feature size of csv inference data 2 is not", 400, false},
        {"1,2,3,x", "text/csv", NULL, "row 1, column 4: 'x' is not a number", 400, false},
        {"1,2,3,4", "image/png", NULL, "Content-Type 'image/png' is not supported", 415, false},
        {"1,2,3,4", "text/csv", "image/png", "image/png is not an accepted Accept", 406, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct evaluated got =
            ask(arena, &ensemble,
                (struct evaluation){
                    .content_type = str_from(cases[i].type),
                    .accept = str_from(cases[i].accept),
                    .body = str_from(cases[i].body),
                    .batch = cases[i].batch});
        assert_int_equal(got.status, cases[i].status);
        if (got.status != 200) {
            assert_str(got.content_type, "text/plain");
            if (str_find(got.body, str_from(cases[i].want)) == SIZE_MAX)
                fail_msg("%s: " STR_FMT, cases[i].body, STR_ARG(got.body));
            continue;
        }
        const char *shape = cases[i].want;
        bool json = strcmp(shape, "json") == 0;
        assert_int_equal(got.body.ptr[0] == '[', json);
        assert_int_equal(str_ends(got.body, STR("\n")), strcmp(shape, "lines") == 0);
        assert_str_len(
            got.content_type,
            cases[i].accept != NULL ? str_from(cases[i].accept) : STR("application/json"));
    }
    ensemble_done(&ensemble);
}

/* More rows than one call to libxgboost takes, so that blocks follow each other. */
static void goes_block_by_block(void **state)
{
    (void) state;
    enum { ROWS = 70000 };
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(buf_done) struct buf body = BUF_INIT(MIB(4));
    struct err err = {0};
    struct ensemble ensemble = {.members = xmalloc(sizeof(struct booster *)), .len = 1};
    must(
        booster_load(model_bytes(arena, 3, "binary:logistic", 2), &ensemble.members[0], &err),
        &err);
    for (size_t i = 0; i < ROWS; i++)
        buf_add_z(&body, i % 2 == 0 ? "9,-9,9,9\n" : "-9,9,-9,-9\n");
    struct evaluated got = ask(
        arena, &ensemble,
        (struct evaluation){
            .content_type = STR("text/csv"), .accept = STR("text/csv"), .body = buf_str(&body)});
    assert_int_equal(got.status, 200);
    struct str rest = got.body, cell, first[2] = {STR_NULL, STR_NULL};
    size_t n = 0;
    for (; str_split(&rest, ',', &cell); n++) {
        if (n < 2)
            first[n] = cell;
        else if (!str_eq(cell, first[n % 2]))
            fail_msg("row %zu", n);
    }
    assert_int_equal(n, ROWS);
    assert_false(str_eq(first[0], first[1]));
    ensemble_done(&ensemble);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_and_refuses),
        cmocka_unit_test(goes_block_by_block),
    };
    return cmocka_run_group_tests_name("evaluate", tests, NULL, NULL);
}
