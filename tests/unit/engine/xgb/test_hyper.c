#include "tests/harness/test.h"

#include "engine/base/vec.h"
#include "engine/xgb/hyper.h"

struct faults {
    struct arena *arena;
    VEC(struct str) messages;
    VEC(size_t) indexes;
};

static void collect(void *arg, size_t index, struct str message)
{
    struct faults *faults = arg;
    *VEC_PUSH(faults->arena, &faults->messages) = message;
    *VEC_PUSH(faults->arena, &faults->indexes) = index;
}

/* given: "name=value;name=value" */
static struct faults check(struct arena *arena, const char *given)
{
    struct faults faults = {.arena = arena};
    VEC(struct hyper_value) values = {0};
    struct str rest = str_from(given), pair;
    while (str_split(&rest, ';', &pair)) {
        size_t equals = str_index(pair, '=');
        *VEC_PUSH(arena, &values) =
            (struct hyper_value){str_slice(pair, 0, equals), str_from_index(pair, equals + 1)};
    }
    size_t count = hyper_check(arena, values.items, values.len, collect, &faults);
    assert_int_equal(count, faults.messages.len);
    return faults;
}

/* What github.com/aws/sagemaker-xgboost-container's own validator says first of the same values. */
static void as_the_container(void **state)
{
    static const struct {
        const char *given, *message; /* "": accepted */
    } s_cases[] = {
        {"num_round=10", ""},
        {"num_round=10;objective=binary:logistic;eval_metric=auc;eta=0.3;max_depth=6", ""},
        {"eta=0.3", "Missing required hyperparameter: num_round"},
        {"num_round=0", "Hyperparameter num_round: 0 is not in [1, +inf)"},
        {"num_round=1.0", "Hyperparameter num_round: could not parse value (caused by ValueError)"},
        {"num_round=ten", "Hyperparameter num_round: could not parse value (caused by ValueError)"},
        {"num_round=+5", ""},
        {"num_round= 7 ", ""},
        {"num_round=1_000", ""},
        {"num_round=1__0",
         "Hyperparameter num_round: could not parse value (caused by ValueError)"},
        {"num_round=99999999999999999999", ""},
        {"num_round=10;silent=1", "Extraneous hyperparameter found: silent"},
        {"num_round=10;Eta=0.3", "Extraneous hyperparameter found: Eta"},
        {"num_round=10;eta=1.5", "Hyperparameter eta: 1.5 is not in [0, 1]"},
        {"num_round=10;eta=1", ""},
        {"num_round=10;eta=-1e-7", "Hyperparameter eta: -1e-07 is not in [0, 1]"},
        {"num_round=10;learning_rate=2", "Hyperparameter eta: 2.0 is not in [0, 1]"},
        {"num_round=10;min_split_loss=-1", "Hyperparameter gamma: -1.0 is not in [0, +inf)"},
        {"num_round=10;reg_lambda=-1", "Hyperparameter lambda: -1.0 is not in [0, +inf)"},
        {"num_round=10;reg_alpha=1e-7", ""},
        {"num_round=10;eta=fast",
         "Hyperparameter eta: could not parse value (caused by ValueError)"},
        {"num_round=10;eta=", "Hyperparameter eta: could not parse value (caused by ValueError)"},
        {"num_round=10;gamma=inf", ""},
        {"num_round=10;gamma=-inf", "Hyperparameter gamma: -inf is not in [0, +inf)"},
        {"num_round=10;alpha=1e16", ""},
        {"num_round=10;subsample=0", "Hyperparameter subsample: 0.0 is not in (0, 1]"},
        {"num_round=10;subsample=1.0", ""},
        {"num_round=10;subsample=123456789.125",
         "Hyperparameter subsample: 123456789.125 is not in (0, 1]"},
        {"num_round=10;colsample_bytree=1e22",
         "Hyperparameter colsample_bytree: 1e+22 is not in (0, 1]"},
        {"num_round=10;colsample_bylevel=-0.00001",
         "Hyperparameter colsample_bylevel: -1e-05 is not in (0, 1]"},
        {"num_round=10;colsample_bynode=-0.0001",
         "Hyperparameter colsample_bynode: -0.0001 is not in (0, 1]"},
        {"num_round=10;sketch_eps=1", "Hyperparameter sketch_eps: 1.0 is not in (0, 1)"},
        {"num_round=10;scale_pos_weight=0",
         "Hyperparameter scale_pos_weight: 0.0 is not in (0, +inf)"},
        {"num_round=10;tweedie_variance_power=2",
         "Hyperparameter tweedie_variance_power: 2.0 is not in (1, 2)"},
        {"num_round=10;max_depth=-1", "Hyperparameter max_depth: -1 is not in [0, +inf)"},
        {"num_round=10;max_depth=6.0",
         "Hyperparameter max_depth: could not parse value (caused by ValueError)"},
        {"num_round=10;csv_weights=2", "Hyperparameter csv_weights: 2 is not in [0, 1]"},
        {"num_round=10;verbosity=4", "Hyperparameter verbosity: 4 is not in [0, 3]"},
        {"num_round=10;nthread=0", "Hyperparameter nthread: 0 is not in [1, +inf)"},
        {"num_round=10;seed=2147483647",
         "Hyperparameter seed: 2147483647 is not in (-2147483648, 2147483647)"},
        {"num_round=10;seed=2147483646", ""},
        {"num_round=10;seed=-2147483648",
         "Hyperparameter seed: -2147483648 is not in (-2147483648, 2147483647)"},
        {"num_round=10;prob_buffer_row=1",
         "Hyperparameter prob_buffer_row: 1 is not in (1.0, +inf)"},
        {"num_round=10;booster=tree",
         "Hyperparameter booster: tree is not in ['gbtree', 'gblinear', 'dart']"},
        {"num_round=10;tree_method=Hist", "Hyperparameter tree_method: Hist is not in ['auto', "
                                          "'exact', 'approx', 'hist', 'gpu_hist']"},
        {"num_round=10;save_model_on_termination=True",
         "Hyperparameter save_model_on_termination: True is not in ['true', 'false']"},
        {"num_round=10;updater=prune,refresh", ""},
        {"num_round=10;updater=",
         "Hyperparameter updater: value [''] not in range ['grow_colmaker', 'distcol', "
         "'grow_histmaker', 'grow_skmaker', 'sync', 'refresh', 'prune', 'grow_colmaker', "
         "'distcol', 'grow_histmaker', 'grow_colmaker', 'shotgun', 'coord_descent', 'refresh', "
         "'prune']"},
        {"num_round=10;updater=prune,none",
         "Hyperparameter updater: value ['prune', 'none'] not in range ['grow_colmaker', "
         "'distcol', 'grow_histmaker', 'grow_skmaker', 'sync', 'refresh', 'prune', "
         "'grow_colmaker', 'distcol', 'grow_histmaker', 'grow_colmaker', 'shotgun', "
         "'coord_descent', 'refresh', 'prune']"},
        {"num_round=10;updater=shotgun",
         "Tree updater should be selected from these options: 'grow_colmaker', 'distcol', "
         "'grow_histmaker', 'grow_skmaker', 'grow_quantile_histmaker', 'sync', 'refresh', 'prune', "
         "'shortgun', 'coord_descent'."},
        {"num_round=10;updater=grow_colmaker,distcol",
         "Only one tree grow plugin can be selected. Choose one from thefollowing: "
         "'grow_colmaker', 'distcol', 'grow_histmaker', 'grow_skmaker'"},
        {"num_round=10;process_type=update;updater=sync",
         "process_type 'update' can only be used with updater 'refresh' and 'prune'"},
        {"num_round=10;process_type=update;updater=refresh,prune", ""},
        {"num_round=10;booster=gblinear;updater=shotgun", ""},
        {"num_round=10;monotone_constraints=(1,0,-1)",
         "monotone_constraints can be used only when the tree_method parameter is set to either "
         "'exact' or 'hist'."},
        {"num_round=10;monotone_constraints=(1,0,-1);tree_method=approx",
         "monotone_constraints can be used only when the tree_method parameter is set to either "
         "'exact' or 'hist'."},
        {"num_round=10;monotone_constraints=(1,0,-1);tree_method=hist", ""},
        {"num_round=10;monotone_constraints=(1,2);tree_method=hist",
         "Hyperparameter monotone_constraints: value (1, 2) not in range [-1, 0, 1]"},
        {"num_round=10;monotone_constraints=(7,);tree_method=hist",
         "Hyperparameter monotone_constraints: value (7,) not in range [-1, 0, 1]"},
        {"num_round=10;interaction_constraints=[[1,2],[3]]",
         "interaction_constraints can be used only when the tree_method parameter is set to either "
         "'exact', 'hist' or 'approx'."},
        {"num_round=10;interaction_constraints=[[1,2],[3]];tree_method=approx", ""},
        {"num_round=10;interaction_constraints=[[0,1]];tree_method=hist",
         "Hyperparameter interaction_constraints: value [[0, 1]] not in range [1, +inf)"},
        {"num_round=10;objective=multi:softmax",
         "Require input for parameter 'num_class' for multi-classification"},
        {"num_round=10;objective=multi:softprob;num_class=3", ""},
        {"num_round=10;objective=multi:softmax;num_class=1",
         "Hyperparameter num_class: 1 is not in [2, +inf)"},
        {"num_round=10;objective=binary:logit",
         "Hyperparameter objective: binary:logit is not in ['aft_loss_distribution', "
         "'binary:logistic', 'binary:logitraw', 'binary:hinge', 'count:poisson', 'multi:softmax', "
         "'multi:softprob', 'rank:pairwise', 'rank:ndcg', 'rank:map', 'reg:linear', "
         "'reg:squarederror', 'reg:logistic', 'reg:gamma', 'reg:pseudohubererror', "
         "'reg:squaredlogerror', 'reg:absoluteerror', 'reg:tweedie', 'survival:aft', "
         "'survival:cox']"},
        {"num_round=10;eval_metric=auc",
         "Hyperparameter eval_metric: objective must be set, too (caused by KeyError)"},
        {"num_round=10;eval_metric=auc;objective=reg:squarederror",
         "Metric 'auc' can only be applied for classification and ranking problems."},
        {"num_round=10;eval_metric=error,auc;objective=rank:ndcg", ""},
        {"num_round=10;eval_metric=aft-nloglik;objective=survival:cox",
         "Metric 'aft-nloglik' can only be applied for 'survival:aft' objective."},
        {"num_round=10;eval_metric=error@0.7,ndcg@5,map@1;objective=rank:ndcg", ""},
        {"num_round=10;eval_metric=auc@1;objective=rank:ndcg",
         "Metric 'auc@1' is not supported. Parameter 'eval_metric' with customized threshold "
         "should be one of these options: 'error', 'ndcg', 'map'."},
        {"num_round=10;eval_metric=error@x;objective=rank:ndcg",
         "Threshold value 't' in 'error@t' expects float input."},
        {"num_round=10;eval_metric=error,zz;objective=rank:ndcg",
         "Hyperparameter eval_metric: value ['error', 'zz'] not in range ['accuracy', 'auc', "
         "'aucpr', 'balanced_accuracy', 'f1', 'f1_binary', 'f1_macro', 'map', 'ndcg', 'precision', "
         "'r2', 'recall', 'precision_macro', 'precision_micro', 'recall_macro', 'recall_micro', "
         "'aft-nloglik', 'cox-nloglik', 'error', 'gamma-deviance', 'gamma-nloglik', "
         "'interval-regression-accuracy', 'logloss', 'mae', 'mape', 'merror', 'mlogloss', 'mphe', "
         "'mse', 'poisson-nloglik', 'rmse', 'rmsle', 'tweedie-nloglik']"},
        {"num_round=10;eval_metric=zz,error@;objective=rank:ndcg",
         "Threshold value 't' in 'error@t' expects float input."},
        {"num_round=10;_tuning_objective_metric=validation:auc", ""},
        {"num_round=10;_kfold=1", "Hyperparameter _kfold: 1 is not in [2, +inf)"},
        {"num_round=10;eta=9;silent=1", "Extraneous hyperparameter found: silent"},
        {"num_round=x;eta=9",
         "Hyperparameter num_round: could not parse value (caused by ValueError)"},
        {"num_round=10;eval_metric=zz;objective=multi:softmax",
         "Hyperparameter eval_metric: value ['zz'] not in range ['accuracy', 'auc', 'aucpr', "
         "'balanced_accuracy', 'f1', 'f1_binary', 'f1_macro', 'map', 'ndcg', 'precision', 'r2', "
         "'recall', 'precision_macro', 'precision_micro', 'recall_macro', 'recall_micro', "
         "'aft-nloglik', 'cox-nloglik', 'error', 'gamma-deviance', 'gamma-nloglik', "
         "'interval-regression-accuracy', 'logloss', 'mae', 'mape', 'merror', 'mlogloss', 'mphe', "
         "'mse', 'poisson-nloglik', 'rmse', 'rmsle', 'tweedie-nloglik']"},
        {"num_round=10;eval_metric=auc;objective=multi:softmax",
         "Require input for parameter 'num_class' for multi-classification"},
        {"num_round=10;objective=multi:softmax;eval_metric=auc",
         "Require input for parameter 'num_class' for multi-classification"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct faults faults = check(*state, s_cases[i].given);
        struct str first = faults.messages.len > 0 ? faults.messages.items[0] : STR("");
        if (!str_eq_z(first, s_cases[i].message))
            print_message("for %s\n", s_cases[i].given);
        assert_str(first, s_cases[i].message);
    }
}

/* Where this check differs from the container's on purpose. */
static void stricter_than_the_container(void **state)
{
    static const struct {
        const char *given, *message;
    } s_cases[] = {
        /* It would pass these on to XGBoost, which fails. */
        {"num_round=10;max_depth=2147483648",
         "Hyperparameter max_depth: 2147483648 is not in [0, 2147483647]"},
        {"num_round=10;eta=nan",
         "Hyperparameter eta: could not parse value (caused by ValueError)"},
        /* It fails with a Python error, or prints the address of an object. */
        {"num_round=10;tree_method=hist;monotone_constraints=1,0",
         "Hyperparameter monotone_constraints: could not parse value (caused by ValueError)"},
        {"num_round=10;tree_method=hist;monotone_constraints=(1)",
         "Hyperparameter monotone_constraints: could not parse value (caused by ValueError)"},
        {"num_round=10;tree_method=hist;interaction_constraints=[1,2]",
         "Hyperparameter interaction_constraints: could not parse value (caused by ValueError)"},
        {"num_round=10;booster=gblinear;updater=prune",
         "Linear updater should be one of these options: 'shotgun', 'coord_descent'."},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct faults faults = check(*state, s_cases[i].given);
        assert_int_equal(faults.messages.len, 1);
        assert_str(faults.messages.items[0], s_cases[i].message);
    }
}

static void all_faults_with_their_places(void **state)
{
    struct faults faults =
        check(*state, "eta=9;silent=1;max_depth=x;objective=multi:softmax;eval_metric=auc");
    static const struct {
        size_t index;
        const char *message;
    } s_expected[] = {
        {SIZE_MAX, "Missing required hyperparameter: num_round"},
        {1, "Extraneous hyperparameter found: silent"},
        {2, "Hyperparameter max_depth: could not parse value (caused by ValueError)"},
        {0, "Hyperparameter eta: 9.0 is not in [0, 1]"},
        {3, "Require input for parameter 'num_class' for multi-classification"},
        {4, "Metric 'auc' can only be applied for classification and ranking problems."},
    };
    assert_int_equal(faults.messages.len, ARRAY_LEN(s_expected));
    for (size_t i = 0; i < ARRAY_LEN(s_expected); i++) {
        assert_str(faults.messages.items[i], s_expected[i].message);
        assert_int_equal(faults.indexes.items[i], s_expected[i].index);
    }
    /* What depends on a value at fault is left alone. */
    assert_int_equal(check(*state, "num_round=1;objective=zz;eval_metric=auc").messages.len, 1);
    /* No values at all. */
    assert_int_equal(hyper_check(*state, NULL, 0, collect, &faults), 1);
}

static void names(void **state)
{
    (void) state;
    assert_str(hyper_canonical(STR("learning_rate")), "eta");
    assert_str(hyper_canonical(STR("min_split_loss")), "gamma");
    assert_str(hyper_canonical(STR("reg_lambda")), "lambda");
    assert_str(hyper_canonical(STR("reg_alpha")), "alpha");
    assert_str(hyper_canonical(STR("eta")), "eta");
    assert_str(hyper_canonical(STR("whatever")), "whatever");
    assert_str(hyper_nearest(STR("maxdepth")), "max_depth");
    assert_str(hyper_nearest(STR("num_rounds")), "num_round");
    assert_str(hyper_nearest(STR("learningrate")), "learning_rate");
    assert_str(hyper_nearest(STR("ets")), "eta");
    assert_true(str_is_null(hyper_nearest(STR("n_estimators"))));
    assert_true(str_is_null(hyper_nearest(STR(""))));
}

/* Every line of the table: its default is accepted, and it says what it is. */
static void the_table(void **state)
{
    struct arena *arena = *state;
    assert_int_equal(hyper_count(), 53);
    for (size_t i = 0; i < hyper_count(); i++) {
        struct hyper_info info = hyper_info_at(i);
        assert_non_null(info.name);
        assert_non_null(info.type);
        assert_non_null(info.range);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(info.name, hyper_info_at(j).name);
        if (info.default_text == NULL)
            continue;
        struct str given = str_fmt(
            arena, "num_round=1;objective=binary:logistic;%s=%s", info.name, info.default_text);
        if (str_eq_z(STR("objective"), info.name))
            given = str_fmt(arena, "num_round=1;%s=%s", info.name, info.default_text);
        assert_int_equal(check(arena, str_z(arena, given)).messages.len, 0);
    }
    assert_string_equal(hyper_info_at(6).name, "eta");
    assert_string_equal(hyper_info_at(6).alias, "learning_rate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(as_the_container),
        WITH_ARENA(stricter_than_the_container),
        WITH_ARENA(all_faults_with_their_places),
        WITH_ARENA(names),
        WITH_ARENA(the_table),
    };
    return cmocka_run_group_tests_name("xgb/hyper", tests, NULL, NULL);
}
