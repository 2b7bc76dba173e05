#include "engine/xgb/model_check.h"

#include "engine/xgb/booster.h"
#include "engine/xgb/xgboost_api.h"
#include "tests/unit/engine/xgb/fixture.h"

enum { COLS = 4 };

static struct str model_of(struct arena *arena, const char *booster, const char *classes)
{
    AUTO(dataset_close) struct dataset *data = fixture_dataset(fixture_csv(arena, 31, 80, COLS, 2));
    struct hyper_value values[] = {
        HYPER("num_round", "4"),
        HYPER("max_depth", "3"),
        {STR("booster"), str_from(booster)},
        {STR("objective"), classes != NULL ? STR("multi:softprob") : STR("binary:logistic")},
        {STR("num_class"), str_from(classes)},
    };
    return fixture_train(arena, data, NULL, values, classes != NULL ? 5 : 4).model;
}

static struct str saved_as(struct arena *arena, struct str model, const char *format)
{
    AUTO(xgb_booster_close) struct xgb_booster *booster = NULL;
    struct err err = {0};
    struct str bytes = STR_NULL;
    must(xgb_booster_load(model, &booster, &err), &err);
    must(xgb_booster_save(booster, format, &bytes, &err), &err);
    return str_dup(arena, bytes);
}

static void test_real_models_pass(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    static const struct {
        const char *booster, *classes;
    } kinds[] = {{"gbtree", NULL}, {"gbtree", "3"}, {"dart", NULL}, {"gblinear", NULL}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct str model = model_of(arena, kinds[i].booster, kinds[i].classes);
        struct err err = {0};
        must(model_check_binary(model, &err), &err);
        must(model_check_ubjson(saved_as(arena, model, "ubj"), &err), &err);
        must(model_check_json(saved_as(arena, model, "json"), &err), &err);
    }
}

/* Said to be there, and found among the attributes. */
static void test_metrics(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(dataset_close) struct dataset *data = fixture_dataset(fixture_csv(arena, 31, 80, COLS, 2));
    struct hyper_value values[] = {
        HYPER("num_round", "4"),
        HYPER("objective", "binary:logistic"),
        HYPER("eval_metric", "auc"),
    };
    struct str model = fixture_train(arena, data, data, values, 3).model;
    struct err err = {0};
    must(model_check_binary(model, &err), &err);
}

/* Whatever is cut off is noticed, before libxgboost sees it. */
static void test_every_cut_is_noticed(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct str binary = model_of(arena, "gbtree", NULL), ubj = saved_as(arena, binary, "ubj");
    for (size_t len = 0; len < ubj.len; len++) {
        char *copy = xmalloc(len + 1); /* on the heap, so that a read past the end is seen */
        memcpy(copy, ubj.ptr, len);
        struct err err = {0};
        assert_int_equal(model_check_ubjson(str_of(copy, len), &err), ERR_PROTOCOL);
        xfree(copy);
    }
    static const char *const kinds[] = {"gbtree", "dart", "gblinear"};
    for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
        binary = model_of(arena, kinds[kind], NULL);
        for (size_t len = 4; len < binary.len; len++) {
            char *copy = xmalloc(len);
            memcpy(copy, binary.ptr, len);
            struct err err = {0};
            assert_int_equal(model_check_binary(str_of(copy, len), &err), ERR_PROTOCOL);
            xfree(copy);
        }
    }
}

/* What libxgboost would make room for, or read, because the model says so. */
static void test_numbers_that_lie(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    static const struct {
        const char *booster, *after; /* a text of the model; NULL: its start */
        int offset;                  /* of eight bytes, from that text's end */
        uint64_t value;
        const char *why;
    } s_lies[] = {
        {"gblinear", NULL, 4 + 4, 4000000000U, "weights of its features are missing"},
        {"gblinear", NULL, 4 + 8, 1000000, "weights of its features are missing"},
        {"gblinear", NULL, 4 + 28, 2, "weights of its features are missing"},
        {"gblinear", "gblinear", 136, UINT64_MAX / 4, "weights of its features are missing"},
        {"gblinear", "gblinear", 136, 1, "weights of its features are missing"},
        {"gbtree", NULL, 4 + 8, 1000001, "more than 1000000 classes"},
        {"gbtree", NULL, 4 + 28, UINT32_MAX, "more than 1000000 classes"},
        {"gbtree", "best_iteration", 0, UINT64_C(1) << 40, "cut off or damaged"},
        {"gbtree", "best_iteration", -14 - 8, UINT64_C(1) << 40, "cut off or damaged"},
        {"gbtree", "best_iteration", -14 - 16, UINT64_C(1) << 62, "cut off or damaged"},
        {"gbtree", "gbtree", 4, 0, "0 trees of each class in a round"},
        {"gbtree", "gbtree", 4, UINT32_MAX, "4294967295 trees of each class in a round"},
        {"dart", "best_iteration", -14 - 16 - 4 * 4 - 8, 3, "its trees have other weights"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_lies); i++) {
        struct str model = model_of(arena, s_lies[i].booster, NULL);
        size_t at = 0;
        if (s_lies[i].after != NULL)
            at = str_find(model, str_from(s_lies[i].after)) + strlen(s_lies[i].after);
        char *copy = arena_chars(arena, model.len);
        memcpy(copy, model.ptr, model.len);
        memcpy(copy + at + s_lies[i].offset, &s_lies[i].value, s_lies[i].after != NULL ? 8 : 4);
        struct err err = {0};
        if (model_check_binary(str_of(copy, model.len), &err) != ERR_PROTOCOL)
            fail_msg("lie %zu is believed", i);
        if (strstr(err.message, s_lies[i].why) == NULL)
            fail_msg("lie %zu: %s", i, err.message);
    }
}

/* "from" becomes "to", of the same length, in its nth place. */
static struct str
changed(struct arena *arena, struct str model, struct str from, struct str to, unsigned nth)
{
    char *copy = arena_chars(arena, model.len);
    memcpy(copy, model.ptr, model.len);
    size_t at = 0;
    for (; nth > 0; nth--, at += nth > 0 ? from.len : 0) {
        size_t next = str_find(str_from_index(model, at), from);
        assert_int_not_equal(next, SIZE_MAX);
        at += next;
    }
    assert_int_equal(from.len, to.len);
    memcpy(copy + at, to.ptr, to.len);
    return str_of(copy, model.len);
}

/* libxgboost believes num_trees for the list of classes, leaves out what no id names, and looks for
 * gblinear's weights without asking whether they were found. */
static void test_a_forest_has_all_its_trees(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct str binary = model_of(arena, "gbtree", NULL);
    struct str json = saved_as(arena, binary, "json"), ubj = saved_as(arena, binary, "ubj");
    struct err err = {0};
    const struct {
        struct str from, to;
        unsigned nth;
    } lies[] = {
        {STR("\"num_trees\":\"4\""), STR("\"num_trees\":\"7\""), 1},
        {STR("\"num_trees\":\"4\""), STR("\"num_trees\":\"-\""), 1},
        {STR("\"tree_info\":[0,"), STR("\"tree_info\":[  "), 1},
        {STR("\"tree_info\""), STR("\"tree_xxxx\""), 1},
        {STR("\"id\":1"), STR("\"id\":0"), 1},
        {STR("\"id\":3"), STR("\"id\":9"), 1},
        {STR("\"id\":2"), STR("\"ie\":2"), 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        struct str lie = changed(arena, json, lies[i].from, lies[i].to, lies[i].nth);
        if (model_check_json(lie, &err) != ERR_PROTOCOL)
            fail_msg("lie %zu is believed", i);
    }
    struct str linear = saved_as(arena, model_of(arena, "gblinear", NULL), "json");
    must(model_check_json(linear, &err), &err);
    struct str no_weights = changed(arena, linear, STR("\"weights\""), STR("\"weighty\""), 1);
    assert_int_equal(model_check_json(no_weights, &err), ERR_PROTOCOL);
    struct str escaped = changed(arena, linear, STR("\"weights\""), STR("\"\\u0077s\""), 1);
    assert_int_equal(model_check_json(escaped, &err), ERR_PROTOCOL);
    linear = saved_as(arena, linear, "ubj");
    must(model_check_ubjson(linear, &err), &err);
    no_weights = changed(arena, linear, STR("weights"), STR("weighty"), 1);
    assert_int_equal(model_check_ubjson(no_weights, &err), ERR_PROTOCOL);
    struct str trees = STR("num_treesSL\0\0\0\0\0\0\0\0014"), id = STR("\2idi\1");
    must(model_check_ubjson(ubj, &err), &err);
    struct str lie = changed(arena, ubj, trees, STR("num_treesSL\0\0\0\0\0\0\0\0017"), 1);
    assert_int_equal(model_check_ubjson(lie, &err), ERR_PROTOCOL);
    lie = changed(arena, ubj, id, STR("\2idi\0"), 1);
    assert_int_equal(model_check_ubjson(lie, &err), ERR_PROTOCOL);
    lie = changed(arena, ubj, id, STR("\2idi\201"), 1);
    assert_int_equal(model_check_ubjson(lie, &err), ERR_PROTOCOL);
}

/* libxgboost looks up the parent of each node but the first while it loads. */
static void test_parents_exist(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct str binary = model_of(arena, "gbtree", NULL);
    struct str json = saved_as(arena, binary, "json"), ubj = saved_as(arena, binary, "ubj");
    struct err err = {0};
    static const struct str lies[] = {
        STR_INIT("\x7f\xff\xff\xff\x7f\xff\xff\xff"), STR_INIT("\x7f\xff\xff\xff\xff\xff\xff\xff"),
        STR_INIT("\x7f\xff\xff\xff\0\0\1\0")};
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        struct str from = STR("\x7f\xff\xff\xff\0\0\0\0"),
                   lie = changed(arena, ubj, from, lies[i], 1);
        assert_int_equal(model_check_ubjson(lie, &err), ERR_PROTOCOL);
    }
    struct str from = STR("\"parents\":[2147483647,0,0,"), to = STR("\"parents\":[2147483647,-1, ");
    assert_int_equal(model_check_json(changed(arena, json, from, to, 1), &err), ERR_PROTOCOL);
    to = STR("\"parents\":[ 214748364,0,0,");
    assert_int_equal(model_check_json(changed(arena, json, from, to, 1), &err), ERR_PROTOCOL);
}

/* Changed bytes may load or not, and may predict anything; they may not read where nothing is. */
static void test_changed_bytes_do_no_harm(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct str binary = model_of(arena, "gbtree", "3");
    struct str models[] = {binary, saved_as(arena, binary, "ubj"), saved_as(arena, binary, "json")};
    size_t refused[3] = {0};
    struct rng rng;
    uint64_t seed = 20260101; /* fixed: a changed model may take libxgboost any time to predict */
    rng_seed(&rng, seed);
    for (size_t m = 0; m < ARRAY_LEN(models); m++) {
        char *copy = ARENA_ARRAY(arena, models[m].len, char);
        for (int i = 0; i < 1500; i++) {
            memcpy(copy, models[m].ptr, models[m].len);
            /* Into the trees, which start behind the header. */
            size_t at = 360 + rng_below(&rng, models[m].len - 720);
            copy[at] = (char) rng_u64(&rng);
            AUTO(booster_close) struct booster *booster = NULL;
            struct err err = {0};
            float row[COLS] = {0}, out[8];
            if (booster_load(str_of(copy, models[m].len), &booster, &err) != ERR_NONE)
                refused[m]++;
            else if (booster_features(booster) == COLS && booster_outputs(booster) <= 8)
                must(booster_predict(booster, row, 1, COLS, out, 8, &err), &err);
        }
        assert_true(refused[m] > 50);
    }
}

static void test_not_a_tree(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct str model = model_of(arena, "gbtree", NULL);
    /* The first tree's first node follows header, names, and the two parameter blocks. */
    size_t name = str_find(model, STR("gbtree"));
    size_t node = name + strlen("gbtree") + 160 + 148;
    static const struct {
        size_t offset;
        uint32_t value;
    } changes[] = {{4, 1000000}, {8, 1000000}, {4, 0},     {8, 0},          {8, UINT32_MAX},
                   {4, 2},       {8, 3},       {12, COLS}, {12, 0x80000004}};
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        char *copy = ARENA_ARRAY(arena, model.len, char);
        memcpy(copy, model.ptr, model.len);
        memcpy(copy + node + changes[i].offset, &changes[i].value, 4);
        struct err err = {0};
        assert_int_equal(model_check_binary(str_of(copy, model.len), &err), ERR_PROTOCOL);
        assert_string_equal(err.message, "the model is cut off or damaged: tree 0 is not a tree");
    }
}

static void test_nesting_is_limited(void **state)
{
    (void) state;
    char deep[4000];
    memset(deep, '[', sizeof(deep));
    struct err err = {0};
    assert_int_equal(model_check_ubjson(str_of(deep, sizeof(deep)), &err), ERR_PROTOCOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_models_pass),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_every_cut_is_noticed),
        cmocka_unit_test(test_not_a_tree),
        cmocka_unit_test(test_nesting_is_limited),
        cmocka_unit_test(test_numbers_that_lie),
        cmocka_unit_test(test_parents_exist),
        cmocka_unit_test(test_changed_bytes_do_no_harm),
        cmocka_unit_test(test_a_forest_has_all_its_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
