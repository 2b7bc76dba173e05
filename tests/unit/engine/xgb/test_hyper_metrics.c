#include "tests/harness/test.h"

#include "engine/xgb/hyper.h"

static void what_is_evaluated(void **state)
{
    (void) state;
    static const struct {
        const char *objective, *eval_metric, *tuned, *metric;
        bool evaluated;
    } s_cases[] = {
        {"binary:logistic", "auc", NULL, "auc", true},
        {"binary:logistic", "auc,error@0.7", NULL, "error@0.7", true},
        {"binary:logistic", "auc", NULL, "logloss", false},
        {"binary:logistic", NULL, NULL, "logloss", true},
        {"binary:logistic", "accuracy", NULL, "logloss", true},
        {"binary:logistic", "accuracy", NULL, "auc", false},
        {"binary:logistic", NULL, "validation:auc", "auc", true},
        {"binary:logistic", NULL, "validation:auc", "logloss", false},
        {NULL, NULL, NULL, "rmse", true},
        {NULL, NULL, NULL, "mae", false},
        {"rank:ndcg", NULL, NULL, "ndcg", true}, /* not known here */
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct hyper_value values[3];
        size_t count = 0;
        const char *const names[] = {"objective", "eval_metric", "_tuning_objective_metric"};
        const char *const texts[] = {
            s_cases[i].objective, s_cases[i].eval_metric, s_cases[i].tuned};
        for (size_t k = 0; k < 3; k++)
            if (texts[k] != NULL)
                values[count++] = (struct hyper_value){str_from(names[k]), str_from(texts[k])};
        if (hyper_evaluates(values, count, str_from(s_cases[i].metric)) != s_cases[i].evaluated)
            fail_msg("case %zu: %s", i, s_cases[i].metric);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_evaluated)};
    return cmocka_run_group_tests_name("xgb/hyper_metrics", tests, NULL, NULL);
}
