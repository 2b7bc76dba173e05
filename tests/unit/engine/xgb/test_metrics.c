#include "engine/xgb/metrics.h"

#include "tests/unit/engine/xgb/fixture.h"

#include <math.h>

/* Two classes: margins give 1 0 1 1 0 0 against 1 0 0 1 1 0. */
static const float s_labels[] = {1, 0, 0, 1, 1, 0};
static const float s_margins[] = {2, -1, 0.5F, 3, -0.5F, 0};
/* Three classes: predicted 0 1 2 1 0 1 against 0 1 2 2 0 0. */
static const float s_three[] = {0, 1, 2, 2, 0, 0};
static const float s_three_margins[] = {3, 1, 2, 0, 5, 1, 0, 0, 1, 0, 2, 1, 9, 0, 0, 1, 2, 1};

/* Values worked out by hand from scikit-learn's definitions. */
static void test_values(void **state)
{
    (void) state;
    static const struct {
        const char *name;
        size_t outputs;
        double value;
    } cases[] = {
        {"accuracy", 1, 4.0 / 6},
        {"balanced_accuracy", 1, 2.0 / 3},
        {"precision", 1, 2.0 / 3},
        {"recall", 1, 2.0 / 3},
        {"f1_binary", 1, 2.0 / 3},
        {"f1", 1, 2.0 / 3},
        {"mse", 1, (1 + 1 + 0.25 + 4 + 2.25 + 0) / 6},
        {"mae", 1, (1 + 1 + 0.5 + 2 + 1.5 + 0) / 6},
        {"rmse", 1, 1.1902380714238083},
        {"r2", 1, 1 - 8.5 / 1.5},
        {"accuracy", 3, 4.0 / 6},
        {"precision_micro", 3, 4.0 / 6},
        {"recall_micro", 3, 4.0 / 6},
        {"balanced_accuracy", 3, (2.0 / 3 + 1 + 0.5) / 3},
        {"recall_macro", 3, (2.0 / 3 + 1 + 0.5) / 3},
        {"precision_macro", 3, (1 + 1.0 / 3 + 1) / 3},
        {"f1_macro", 3, (0.8 + 0.5 + 2.0 / 3) / 3},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool three = cases[i].outputs == 3;
        double value = 0;
        struct err err = {0};
        must(
            metric_value(
                str_from(cases[i].name), three ? s_three : s_labels,
                three ? s_three_margins : s_margins, 6, cases[i].outputs, &value, &err),
            &err);
        if (fabs(value - cases[i].value) > 1e-12)
            fail_msg("%s: %.17g, not %.17g", cases[i].name, value, cases[i].value);
        assert_true(metric_is_own(str_from(cases[i].name)));
    }
}

static void test_unsuited(void **state)
{
    (void) state;
    double value = 0;
    struct err err = {0};
    assert_int_equal(
        metric_value(STR("f1_binary"), s_three, s_three_margins, 6, 3, &value, &err), ERR_SPEC);
    assert_non_null(strstr(err.message, "Target is multiclass but average='binary'"));
    assert_int_equal(
        metric_value(STR("mse"), s_three, s_three_margins, 6, 3, &value, &err), ERR_SPEC);
    const float half[] = {0, 0.5F};
    assert_int_equal(metric_value(STR("accuracy"), half, s_margins, 2, 1, &value, &err), ERR_SPEC);
    assert_string_equal(
        err.message, "metric 'accuracy' needs classes 0, 1, 2, ... as labels, row 2 has 0.5");
    assert_int_equal(metric_value(STR("auc"), half, s_margins, 2, 1, &value, &err), ERR_INTERNAL);
}

static void test_direction(void **state)
{
    (void) state;
    static const char *const up[] = {"auc", "aucpr", "map", "ndcg", "accuracy", "f1", "r2"};
    static const char *const down[] = {"error", "logloss", "rmse", "mae", "mse", "ndcg@3"};
    for (size_t i = 0; i < ARRAY_LEN(up); i++)
        assert_true(metric_is_maximized(str_from(up[i])));
    for (size_t i = 0; i < ARRAY_LEN(down); i++)
        assert_false(metric_is_maximized(str_from(down[i])));
    assert_false(metric_is_own(STR("auc")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_unsuited),
        cmocka_unit_test(test_direction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
