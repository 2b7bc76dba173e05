#include "engine/xgb/model_ubjson.h"

#include "engine/xgb/model_check.h"
#include "engine/xgb/xgboost_api.h"
#include "tests/harness/test.h"
#include "tests/unit/engine/xgb/fixture.h"

#include <math.h>

enum { COLS = 6, ROWS = 90, GROUP = 30 };

/* What labels an objective can be trained on. */
enum labels { BINARY, REAL, POSITIVE, CLASSES, GROUPS, BOUNDS };

static const struct {
    const char *objective;
    enum labels labels;
} s_objectives[] = {
    {"binary:logistic", BINARY},    {"binary:logitraw", BINARY}, {"binary:hinge", BINARY},
    {"reg:logistic", BINARY},       {"reg:squarederror", REAL},  {"reg:linear", REAL},
    {"reg:pseudohubererror", REAL}, {"reg:absoluteerror", REAL}, {"reg:squaredlogerror", POSITIVE},
    {"reg:gamma", POSITIVE},        {"reg:tweedie", POSITIVE},   {"count:poisson", POSITIVE},
    {"survival:cox", REAL},         {"survival:aft", BOUNDS},    {"rank:pairwise", GROUPS},
    {"rank:ndcg", GROUPS},          {"rank:map", GROUPS},        {"multi:softmax", CLASSES},
    {"multi:softprob", CLASSES},
};

struct setting {
    const char *name, *value;
};

#define SETTINGS_MAX 8

struct recipe {
    const char *objective;
    enum labels labels;
    unsigned rounds;
    struct setting settings[SETTINGS_MAX];
};

static float label_of(enum labels labels, float sum)
{
    switch (labels) {
    case BINARY:
    case GROUPS:
        return sum > 0 ? 1 : 0;
    case CLASSES:
        return sum < -8 ? 0 : sum < 8 ? 1 : 2;
    case POSITIVE:
    case BOUNDS:
        return fabsf(sum) + 0.5F;
    case REAL:
    default:
        return sum * 100 + 0.25F;
    }
}

static struct xgb_matrix *matrix_of(uint64_t seed, enum labels labels)
{
    float values[ROWS * COLS], label[ROWS], upper[ROWS];
    unsigned queries[ROWS];
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t k = 0; k < COLS; k++)
            values[i * COLS + k] =
                rng_below(&rng, 9) == 0 ? NAN : (float) (rng_unit(&rng) * 20 - 10);
        float first = values[i * COLS], second = values[i * COLS + 1];
        label[i] = label_of(labels, (isnan(first) ? 3 : first) - (isnan(second) ? 3 : second));
        upper[i] = label[i] * 2;
        queries[i] = (unsigned) i / GROUP;
    }
    struct xgb_matrix *matrix = NULL;
    struct err err = {0};
    must(xgb_matrix_dense(values, ROWS, COLS, &matrix, &err), &err);
    must(xgb_matrix_set_floats(matrix, "label", label, ROWS, &err), &err);
    if (labels == BOUNDS) {
        must(xgb_matrix_set_floats(matrix, "label_lower_bound", label, ROWS, &err), &err);
        must(xgb_matrix_set_floats(matrix, "label_upper_bound", upper, ROWS, &err), &err);
    }
    if (labels == GROUPS)
        must(xgb_matrix_set_queries(matrix, queries, ROWS, &err), &err);
    return matrix;
}

static struct str saved(struct arena *arena, struct xgb_booster *booster, const char *format)
{
    struct err err = {0};
    struct str bytes = STR_NULL;
    must(xgb_booster_save(booster, format, &bytes, &err), &err);
    return str_dup(arena, bytes);
}

/* Trained, with a few attributes as Python and early stopping leave them. */
static struct str ubjson_of(struct arena *arena, const struct recipe *recipe)
{
    AUTO(xgb_matrix_close) struct xgb_matrix *matrix = matrix_of(91, recipe->labels);
    AUTO(xgb_booster_close) struct xgb_booster *booster = NULL;
    struct err err = {0};
    must(xgb_booster_new(&matrix, 1, &booster, &err), &err);
    must(xgb_booster_set(booster, "nthread", "1", &err), &err);
    must(xgb_booster_set(booster, "objective", recipe->objective, &err), &err);
    if (recipe->labels == CLASSES)
        must(xgb_booster_set(booster, "num_class", "3", &err), &err);
    for (size_t i = 0; i < SETTINGS_MAX && recipe->settings[i].name != NULL; i++) {
        const struct setting *setting = &recipe->settings[i];
        if (setting->name[0] == '@')
            must(xgb_booster_set_attr(booster, setting->name + 1, setting->value, &err), &err);
        else
            must(xgb_booster_set(booster, setting->name, setting->value, &err), &err);
    }
    for (unsigned i = 0; i < recipe->rounds; i++)
        must(xgb_booster_update(booster, (int) i, matrix, &err), &err);
    return saved(arena, booster, "ubj");
}

/* The oracle: what libxgboost writes of it. */
static struct str binary_of(struct arena *arena, struct str ubjson)
{
    AUTO(xgb_booster_close) struct xgb_booster *booster = NULL;
    struct err err = {0};
    must(xgb_booster_load(ubjson, &booster, &err), &err);
    return saved(arena, booster, "deprecated");
}

static struct str ubjson_score(struct str ubjson)
{
    size_t at = str_find(ubjson, STR("base_score"));
    return str_slice(ubjson, at + 20, at + 40);
}

static void same(struct arena *arena, struct str ubjson, const char *what)
{
    struct str want = binary_of(arena, ubjson);
    AUTO(buf_done) struct buf got = BUF_INIT(0);
    struct err err = {0};
    if (!model_ubjson_translate(ubjson, &got))
        fail_msg("%s: not translated: " STR_FMT, what, STR_ARG(ubjson_score(ubjson)));
    if (!str_eq(buf_str(&got), want)) {
        size_t at = 0;
        while (at < want.len && at < got.len && want.ptr[at] == got.ptr[at])
            at++;
        fail_msg("%s: %zu bytes, not %zu; they differ at %zu", what, got.len, want.len, at);
    }
    must(model_check_binary(want, &err), &err);
}

static void same_of(const struct recipe *recipe)
{
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    same(arena, ubjson_of(arena, recipe), recipe->objective);
}

static void test_every_objective(void **state)
{
    (void) state;
    static const char *const boosters[] = {"gbtree", "dart"};
    for (size_t i = 0; i < ARRAY_LEN(s_objectives); i++)
        for (size_t k = 0; k < ARRAY_LEN(boosters); k++)
            same_of(&(struct recipe){
                s_objectives[i].objective,
                s_objectives[i].labels,
                5,
                {{"booster", boosters[k]}, {"rate_drop", "0.4"}, {"eta", "0.7"}}});
}

static void test_shapes(void **state)
{
    (void) state;
    static const struct recipe recipes[] = {
        {"reg:squarederror", REAL, 0, {{NULL, NULL}}},
        {"multi:softprob", CLASSES, 0, {{"booster", "dart"}}},
        {"binary:logistic", BINARY, 6, {{"num_parallel_tree", "3"}, {"subsample", "0.6"}}},
        {"multi:softmax", CLASSES, 4, {{"num_parallel_tree", "2"}, {"booster", "dart"}}},
        {"binary:logistic", BINARY, 8, {{"gamma", "2"}, {"max_depth", "6"}}}, /* deleted nodes */
        {"reg:squarederror", REAL, 4, {{"gamma", "1e9"}, {"tree_method", "exact"}}},
        {"reg:squarederror", REAL, 4, {{"tree_method", "hist"}, {"grow_policy", "lossguide"}}},
        {"reg:squarederror", REAL, 4, {{"tree_method", "approx"}, {"max_leaves", "5"}}},
        {"binary:logistic",
         BINARY,
         5,
         {{"@best_iteration", "2"},
          {"@best_ntree_limit", "3"},
          {"@best_score", "0.693147"},
          {"@scikit_learn", "{\"n_estimators\": 3, \"type\": \"\\u00e9\"}"},
          {"@Zeta", ""},
          {"@\xc3\xa9t\xc3\xa9", "\xff\x01"},
          {"@", "a name without letters"},
          {"@objectives", "x"}}},
        {"binary:logistic", BINARY, 3, {{"eval_metric", "auc"}, {"scale_pos_weight", "0.1"}}},
        {"binary:logistic", BINARY, 3, {{"scale_pos_weight", "12345678"}, {"seed", "7"}}},
        {"binary:logistic", BINARY, 3, {{"scale_pos_weight", "1e-10"}}},
        {"binary:logistic", BINARY, 3, {{"scale_pos_weight", "0.333333343"}}},
        {"reg:tweedie", POSITIVE, 3, {{"tweedie_variance_power", "1.2"}}},
        {"count:poisson", POSITIVE, 3, {{"max_delta_step", "0.31"}}},
        {"reg:pseudohubererror", REAL, 3, {{"huber_slope", "2.7"}}},
        {"survival:aft",
         BOUNDS,
         3,
         {{"aft_loss_distribution", "extreme"}, {"aft_loss_distribution_scale", "1.3"}}},
        {"survival:aft", BOUNDS, 3, {{"aft_loss_distribution", "logistic"}}},
        {"rank:ndcg", GROUPS, 3, {{"num_pairsample", "3"}, {"fix_list_weight", "0.7"}}},
    };
    for (size_t i = 0; i < ARRAY_LEN(recipes); i++)
        same_of(&recipes[i]);
}

static void test_depths(void **state)
{
    (void) state;
    for (unsigned depth = 1; depth <= 8; depth++) {
        char text[8];
        (void) snprintf(text, sizeof(text), "%u", depth);
        same_of(&(struct recipe){
            "reg:squarederror", REAL, 3, {{"max_depth", text}, {"min_child_weight", "0"}}});
    }
}

/* Read to the same bits, whatever the number. */
static void test_base_scores(void **state)
{
    (void) state;
    static const char *const scores[] = {
        "0.5",      "1e-7",    "0.1234567", "123456.789", "3e38",    "1.2e-38",
        "16777216", "-0.375",  "-1e-20",    "1",          "10",      "0.99999994",
        "0",        "8388609", "1e10",      "3.402e38",   "4.2e-31",
    };
    for (size_t i = 0; i < ARRAY_LEN(scores); i++)
        same_of(&(struct recipe){"reg:squarederror", REAL, 1, {{"base_score", scores[i]}}});
    uint64_t seed = test_seed();
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t i = 0; i < 300; i++) {
        uint32_t bits = (uint32_t) rng_u64(&rng);
        float value = 0;
        char text[32];
        memcpy(&value, &bits, sizeof(value));
        if (!isnormal(value))
            continue;
        (void) snprintf(text, sizeof(text), "%.9g", (double) value);
        same_of(&(struct recipe){"reg:squarederror", REAL, 0, {{"base_score", text}}});
    }
}

/* ---- what is not translated ---- */

#define SMALL \
    (&(struct recipe){"binary:logistic", BINARY, 2, {{"max_depth", "2"}, {"@best_iteration", "1"}}})

static bool translates(struct str ubjson)
{
    AUTO(buf_done) struct buf out = BUF_INIT(0);
    return model_ubjson_translate(ubjson, &out);
}

static void test_kinds_left_to_libxgboost(void **state)
{
    (void) state;
    static const struct recipe recipes[] = {
        {"binary:logistic", BINARY, 2, {{"booster", "gblinear"}}},
        /* Loading a binary model takes these attributes for its own. */
        {"binary:logistic", BINARY, 1, {{"@metrics", "no such metric"}}},
        {"binary:logistic", BINARY, 1, {{"@objective", "{}"}}},
        {"count:poisson", POSITIVE, 1, {{"@count_poisson_max_delta_step", "0.7"}}},
        {"binary:logistic", BINARY, 1, {{"@SAVED_PARAM_num_round", "3"}}},
    };
    for (size_t i = 0; i < ARRAY_LEN(recipes); i++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        assert_false(translates(ubjson_of(arena, &recipes[i])));
    }
}

/* The model with what comes `skip` bytes behind the first `after` overwritten. */
static struct str
overwritten(struct arena *arena, struct str model, struct str after, size_t skip, struct str with)
{
    size_t at = str_find(model, after);
    assert_true(at != SIZE_MAX);
    char *copy = arena_chars(arena, model.len);
    memcpy(copy, model.ptr, model.len);
    memcpy(copy + at + after.len + skip, with.ptr, with.len);
    return str_of(copy, model.len);
}

/* A text's head is 'S', 'L' and eight bytes; an array's "[$", its type, "#L" and eight bytes. */
enum { TEXT = 10, ARRAY = 13 };

static void test_unusual_models(void **state)
{
    (void) state;
    static const struct {
        struct str after;
        size_t skip;
        struct str with;
    } edits[] = {
        {STR_INIT("base_score"), TEXT, STR_INIT("5E+1")},
        {STR_INIT("base_score"), TEXT, STR_INIT("5..1")},
        {STR_INIT("base_score"), TEXT, STR_INIT(".5E0")},
        {STR_INIT("base_score"), TEXT, STR_INIT("E-11")},
        {STR_INIT("base_score"), TEXT, STR_INIT("5E-x")},
        {STR_INIT("base_score"), TEXT, STR_INIT("-5E-")},
        {STR_INIT("base_score"), TEXT, STR_INIT("5E99")},
        {STR_INIT("base_score"), TEXT, STR_INIT("0.5 ")},
        {STR_INIT("base_score"), 0, STR_INIT("T")},
        {STR_INIT("boost_from_average"), TEXT, STR_INIT("2")},
        {STR_INIT("num_class"), TEXT, STR_INIT("3")}, /* would be multi:softmax */
        {STR_INIT("num_target"), TEXT, STR_INIT("2")},
        {STR_INIT("num_target"), TEXT, STR_INIT("-")},
        {STR_INIT("num_trees"), TEXT, STR_INIT("1")},
        {STR_INIT("num_parallel_tree"), TEXT, STR_INIT("0")},
        {STR_INIT("num_deleted"), TEXT, STR_INIT("1")},
        {STR_INIT("num_nodes"), TEXT, STR_INIT("6")},
        {STR_INIT("split_type"), ARRAY, STR_INIT("\1")}, /* categorical */
        {STR_INIT("split_type"), 2, STR_INIT("l")},
        {STR_INIT("split_indices"), 2, STR_INIT("d")},
        {STR_INIT("categories_sizes"), 2, STR_INIT("l")},
        {STR_INIT("left_children"), 3, STR_INIT("L")},
        {STR_INIT("parents"), ARRAY + 4, STR_INIT("\x7f\xff\xff\xff")}, /* not the root */
        {STR_INIT("parents"), ARRAY + 4, STR_INIT("\xff\xff\xff\xff")},
        {STR_INIT("tree_info"), 11, STR_INIT("d")},
        {STR_INIT("trees"), 0, STR_INIT("T")},
        {STR_INIT("default_left"), 12, STR_INIT("\x7f")}, /* longer than there are bytes */
        {STR_INIT("left_children"), 5, STR_INIT("\xff")},
        {STR_INIT("\2idi"), 0, STR_INIT("\1")},
        {STR_INIT("\2id"), 0, STR_INIT("d")},
        {STR_INIT("loss_change"), 0, STR_INIT("t")},
        {STR_INIT("feature_names"), 1, STR_INIT("$")},
        {STR_INIT("best_iteration"), 0, STR_INIT("i")},
        {STR_INIT("binary:logisti"), 0, STR_INIT("k")},
        {STR_INIT("scale_pos_weigh"), 0, STR_INIT("d")},
        {STR_INIT("scale_pos_weight"), TEXT, STR_INIT("x")},
        {STR_INIT("reg_loss_para"), 0, STR_INIT("n")},
        {STR_INIT("version"), 4, STR_INIT("\1")},
        {STR_INIT("versio"), 0, STR_INIT("x")},
        {STR_INIT("nameSL\0\0\0\0\0\0\0\6gbtre"), 0, STR_INIT("a")},
        {STR_INIT("\5model"), 0, STR_INIT("T")},
        {STR_INIT("{L\0\0\0\0\0\0\0\7learne"), 0, STR_INIT("x")},
    };
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct str model = ubjson_of(arena, SMALL);
    assert_true(translates(model));
    for (size_t i = 0; i < ARRAY_LEN(edits); i++)
        if (translates(overwritten(arena, model, edits[i].after, edits[i].skip, edits[i].with)))
            fail_msg("edit %zu behind '%s' is translated", i, edits[i].after.ptr);
}

static void test_unusual_parameters(void **state)
{
    (void) state;
    static const struct {
        struct recipe recipe;
        struct str after;
        size_t skip;
        struct str with;
    } edits[] = {
        {{"binary:logistic", BINARY, 2, {{"booster", "dart"}}},
         STR_INIT("weight_drop"),
         11,
         STR_INIT("l")},
        {{"binary:logistic", BINARY, 2, {{"booster", "dart"}}},
         STR_INIT("weight_drop"),
         10,
         STR_INIT("\1")},
        {{"binary:logistic", BINARY, 12, {{NULL, NULL}}},
         STR_INIT("num_trees"),
         TEXT,
         STR_INIT("02")},
        {{"binary:logistic", BINARY, 1, {{"scale_pos_weight", "1.5"}}},
         STR_INIT("scale_pos_weight"),
         TEXT,
         STR_INIT("-.5")},
        {{"binary:logistic", BINARY, 1, {{"scale_pos_weight", "1.5"}}},
         STR_INIT("scale_pos_weight"),
         TEXT,
         STR_INIT("nan")},
        {{"binary:logistic", BINARY, 1, {{"scale_pos_weight", "1.5"}}},
         STR_INIT("scale_pos_weight"),
         TEXT,
         STR_INIT("1.0")},
        {{"reg:tweedie", POSITIVE, 1, {{NULL, NULL}}},
         STR_INIT("tweedie_variance_power"),
         TEXT,
         STR_INIT("0.5")},
        {{"rank:ndcg", GROUPS, 1, {{NULL, NULL}}}, STR_INIT("num_pairsample"), TEXT, STR_INIT("0")},
        {{"rank:ndcg", GROUPS, 1, {{NULL, NULL}}}, STR_INIT("num_pairsampl"), 0, STR_INIT("s")},
        {{"multi:softprob", CLASSES, 1, {{NULL, NULL}}},
         STR_INIT("softmax_multiclass_param{L\0\0\0\0\0\0\0\tnum_class"),
         TEXT,
         STR_INIT("2")},
        {{"survival:aft", BOUNDS, 1, {{NULL, NULL}}},
         STR_INIT("aft_loss_distribution"),
         TEXT,
         STR_INIT("N")},
    };
    for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct str model = ubjson_of(arena, &edits[i].recipe);
        assert_true(translates(model));
        if (translates(overwritten(arena, model, edits[i].after, edits[i].skip, edits[i].with)))
            fail_msg("edit %zu behind '%s' is translated", i, edits[i].after.ptr);
    }
}

/* Later writers have members that 1.7 does not know, and looks past as we do. */
static void test_unknown_members(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct str model = ubjson_of(arena, SMALL);
    static const struct str unknown = STR_INIT(
        "L\0\0\0\0\0\0\0\5other{L\0\0\0\0\0\0\0\1a[#L\0\0\0\0\0\0\0\4i\1T[$U#L\0\0\0\0\0\0\0\2\1\2"
        "SL\0\0\0\0\0\0\0\1xL\0\0\0\0\0\0\0\1b[i\1ZF]}");
    static const struct str before[] = {
        STR_INIT("L\0\0\0\0\0\0\0\7learner"),    STR_INIT("L\0\0\0\0\0\0\0\12attributes"),
        STR_INIT("L\0\0\0\0\0\0\0\11tree_info"), STR_INIT("L\0\0\0\0\0\0\0\14default_left"),
        STR_INIT("L\0\0\0\0\0\0\0\7version"),
    };
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        size_t at = str_find(model, before[i]);
        assert_true(at != SIZE_MAX);
        char *longer = arena_chars(arena, model.len + unknown.len);
        memcpy(longer, model.ptr, at);
        memcpy(longer + at, unknown.ptr, unknown.len);
        memcpy(longer + at + unknown.len, model.ptr + at, model.len - at);
        same(arena, str_of(longer, model.len + unknown.len), "an unknown member");
    }
}

static void test_every_cut(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct str model = ubjson_of(arena, SMALL);
    for (size_t len = 0; len < model.len; len++) {
        char *copy = xmalloc(len + 1); /* on the heap, so that a read past the end is seen */
        memcpy(copy, model.ptr, len);
        assert_false(translates(str_of(copy, len)));
        xfree(copy);
    }
}

/* STR_NULL: libxgboost refuses to load it. */
static struct str binary_if_loaded(struct arena *arena, struct str model)
{
    AUTO(xgb_booster_close) struct xgb_booster *booster = NULL;
    struct err err = {0};
    struct str bytes = STR_NULL;
    if (xgb_booster_load(model, &booster, &err) != ERR_NONE ||
        xgb_booster_save(booster, "deprecated", &bytes, &err) != ERR_NONE)
        return STR_NULL;
    return str_dup(arena, bytes);
}

/* What is translated and sound is what libxgboost would have made of it, and the check of UBJSON
 * would have let it see. */
static bool check_changed(struct arena *arena, struct str model)
{
    AUTO(buf_done) struct buf out = BUF_INIT(0);
    struct err err = {0};
    if (!model_ubjson_translate(model, &out) || model_check_binary(buf_str(&out), &err) != ERR_NONE)
        return false;
    if (model_check_ubjson(model, &err) != ERR_NONE)
        fail_msg("translated, and yet %s", err.message);
    struct str want = binary_if_loaded(arena, model);
    if (str_is_null(want))
        assert_true(str_is_null(binary_if_loaded(arena, buf_str(&out))));
    else
        assert_true(str_eq(buf_str(&out), want));
    return true;
}

static void test_every_byte_changed(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct str model = ubjson_of(arena, SMALL);
    struct rng rng;
    uint64_t seed = test_seed();
    rng_seed(&rng, seed);
    size_t same_bytes = 0;
    for (size_t at = 0; at < model.len; at++) {
        const unsigned char masks[] = {1, 0x80, 0xff, (unsigned char) (rng_below(&rng, 255) + 1)};
        for (size_t i = 0; i < ARRAY_LEN(masks); i++) {
            char *copy = xmalloc(model.len);
            memcpy(copy, model.ptr, model.len);
            copy[at] = (char) (copy[at] ^ masks[i]);
            AUTO(arena_close) struct arena *once = arena_new("change", 0);
            same_bytes += check_changed(once, str_of(copy, model.len));
            xfree(copy);
        }
    }
    assert_true(
        same_bytes > model.len / 4); /* most of a model is numbers, and any number will do */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_objective),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_depths),
        cmocka_unit_test(test_base_scores),
        cmocka_unit_test(test_kinds_left_to_libxgboost),
        cmocka_unit_test(test_unusual_models),
        cmocka_unit_test(test_unusual_parameters),
        cmocka_unit_test(test_unknown_members),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_every_byte_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
