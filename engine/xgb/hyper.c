#include "engine/xgb/hyper.h"

#include "engine/base/arena.h"
#include "engine/xgb/hyper_parse.h"

#define METRICS \
    "accuracy,auc,aucpr,balanced_accuracy,f1,f1_binary,f1_macro,map,ndcg,precision,r2,recall," \
    "precision_macro,precision_micro,recall_macro,recall_micro,aft-nloglik,cox-nloglik,error," \
    "gamma-deviance,gamma-nloglik,interval-regression-accuracy,logloss,mae,mape,merror,mlogloss," \
    "mphe,mse,poisson-nloglik,rmse,rmsle,tweedie-nloglik"
#define OBJECTIVES \
    "aft_loss_distribution,binary:logistic,binary:logitraw,binary:hinge,count:poisson," \
    "multi:softmax,multi:softprob,rank:pairwise,rank:ndcg,rank:map,reg:linear,reg:squarederror," \
    "reg:logistic,reg:gamma,reg:pseudohubererror,reg:squaredlogerror,reg:absoluteerror," \
    "reg:tweedie,survival:aft,survival:cox"
/* With the repetitions of the original: the range is part of a message. */
#define UPDATERS \
    "grow_colmaker,distcol,grow_histmaker,grow_skmaker,sync,refresh,prune,grow_colmaker,distcol," \
    "grow_histmaker,grow_colmaker,shotgun,coord_descent,refresh,prune"

enum kind { INTEGER, CONTINUOUS, CATEGORICAL, COMMA_LIST, TUPLE, NESTED_LIST };

static const char *const s_kind_names[] = {
    [INTEGER] = "integer",       [CONTINUOUS] = "number", [CATEGORICAL] = "one of",
    [COMMA_LIST] = "comma list", [TUPLE] = "tuple",       [NESTED_LIST] = "nested list",
};

struct rule {
    const char *name;
    enum kind kind;
    const char *range; /* an interval as the container prints it, or words parted by commas */
    const char *default_text;
    const char *note;
};

/* To add a hyperparameter: one line, in the container's order; a dependency on others also needs a
 * case in check_dependency() and, when the order of checks matters, in s_depends.
 * Defaults: docs.aws.amazon.com/sagemaker/latest/dg/xgboost_hyperparameters.html */
static const struct rule s_rules[] = {
    {"num_round", INTEGER, "[1, +inf)", NULL, "rounds of boosting; required"},
    {"csv_weights", INTEGER, "[0, 1]", "0", "1: the second CSV column holds row weights"},
    {"early_stopping_rounds", INTEGER, "[1, +inf)", NULL,
     "needs a validation channel and eval_metric"},
    {"booster", CATEGORICAL, "gbtree,gblinear,dart", "gbtree", NULL},
    {"verbosity", INTEGER, "[0, 3]", "1", NULL},
    {"nthread", INTEGER, "[1, +inf)", NULL, "default: all"},
    {"eta", CONTINUOUS, "[0, 1]", "0.3", NULL},
    {"gamma", CONTINUOUS, "[0, +inf)", "0", NULL},
    {"max_depth", INTEGER, "[0, +inf)", "6", "0: no limit"},
    {"min_child_weight", CONTINUOUS, "[0, +inf)", "1", NULL},
    {"max_delta_step", CONTINUOUS, "[0, +inf)", "0", NULL},
    {"subsample", CONTINUOUS, "(0, 1]", "1", NULL},
    {"colsample_bytree", CONTINUOUS, "(0, 1]", "1", NULL},
    {"colsample_bylevel", CONTINUOUS, "(0, 1]", "1", NULL},
    {"colsample_bynode", CONTINUOUS, "(0, 1]", "1", NULL},
    {"lambda", CONTINUOUS, "[0, +inf)", "1", NULL},
    {"alpha", CONTINUOUS, "[0, +inf)", "0", NULL},
    {"tree_method", CATEGORICAL, "auto,exact,approx,hist,gpu_hist", "auto", NULL},
    {"sketch_eps", CONTINUOUS, "(0, 1)", "0.03", "tree_method approx"},
    {"scale_pos_weight", CONTINUOUS, "(0, +inf)", "1", NULL},
    {"updater", COMMA_LIST, UPDATERS, "grow_colmaker,prune", NULL},
    {"dsplit", CATEGORICAL, "row,col", "row", NULL},
    {"refresh_leaf", INTEGER, "[0, 1]", "1", NULL},
    {"process_type", CATEGORICAL, "default,update", "default", NULL},
    {"grow_policy", CATEGORICAL, "depthwise,lossguide", "depthwise", NULL},
    {"max_leaves", INTEGER, "[0, +inf)", "0", NULL},
    {"max_bin", INTEGER, "[0, +inf)", "256", NULL},
    {"predictor", CATEGORICAL, "auto,cpu_predictor,gpu_predictor", "auto", NULL},
    {"monotone_constraints", TUPLE, "-1,0,1", NULL,
     "such as (1,0,-1); needs tree_method exact or hist"},
    {"interaction_constraints", NESTED_LIST, "[1, +inf)", NULL,
     "such as [[1,2],[3,4]]; needs tree_method exact, hist or approx"},
    {"sample_type", CATEGORICAL, "uniform,weighted", "uniform", "booster dart"},
    {"normalize_type", CATEGORICAL, "tree,forest", "tree", "booster dart"},
    {"rate_drop", CONTINUOUS, "[0, 1]", "0", "booster dart"},
    {"one_drop", INTEGER, "[0, 1]", "0", "booster dart"},
    {"skip_drop", CONTINUOUS, "[0, 1]", "0", "booster dart"},
    {"lambda_bias", CONTINUOUS, "[0, 1]", "0", "booster gblinear"},
    {"tweedie_variance_power", CONTINUOUS, "(1, 2)", "1.5", "objective reg:tweedie"},
    {"objective", CATEGORICAL, OBJECTIVES, "reg:squarederror", "multi:* needs num_class"},
    {"num_class", INTEGER, "[2, +inf)", NULL, "objective multi:*"},
    {"base_score", CONTINUOUS, "[0, +inf)", "0.5", NULL},
    {"_kfold", INTEGER, "[2, +inf)", NULL, "cross-validation folds"},
    {"_num_cv_round", INTEGER, "[1, +inf)", "1", NULL},
    {"_tuning_objective_metric", CATEGORICAL, METRICS, NULL, "validation:<metric>"},
    {"eval_metric", COMMA_LIST, METRICS, NULL,
     "needs objective; error, ndcg and map take @t; default: by objective"},
    {"seed", INTEGER, "(-2147483648, 2147483647)", "0", NULL},
    {"num_parallel_tree", INTEGER, "[1, +inf)", "1", NULL},
    {"save_model_on_termination", CATEGORICAL, "true,false", "false", NULL},
    {"aft_loss_distribution", CATEGORICAL, "normal,logistic,extreme", NULL,
     "objective survival:aft"},
    {"aft_loss_distribution_scale", CONTINUOUS, "[0, +inf)", NULL, "objective survival:aft"},
    {"deterministic_histogram", CATEGORICAL, "true,false", "true", "tree_method gpu_hist"},
    {"sampling_method", CATEGORICAL, "uniform,gradient_based", "uniform", NULL},
    {"prob_buffer_row", INTEGER, "(1.0, +inf)", NULL, "process_type update"},
    {"use_dask_gpu_training", CATEGORICAL, "true,false", "false", NULL},
};

static const struct {
    const char *alias, *name;
} s_aliases[] = {
    {"learning_rate", "eta"},
    {"min_split_loss", "gamma"},
    {"reg_lambda", "lambda"},
    {"reg_alpha", "alpha"},
};

/* What is looked at when the first is checked, so it is checked before. */
static const struct {
    const char *name;
    const char *needs[3];
} s_depends[] = {
    {"updater", {"booster", "process_type", NULL}},
    {"monotone_constraints", {"tree_method", NULL, NULL}},
    {"interaction_constraints", {"tree_method", NULL, NULL}},
    {"objective", {"num_class", NULL, NULL}},
    {"eval_metric", {"objective", NULL, NULL}},
};

struct check {
    struct arena *arena;
    const struct hyper_value *values;
    size_t count;
    const struct rule **rules; /* of each value; NULL for unknown */
    bool *faulty;              /* each value: it cannot be parsed or is out of its range */
    bool *visited;
    hyper_fault_fn *fault;
    void *arg;
    size_t n_faults;
};

static const struct rule *find_rule(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(s_rules); i++)
        if (str_eq_z(name, s_rules[i].name))
            return &s_rules[i];
    return NULL;
}

static void tell(struct check *check, size_t index, struct str message)
{
    check->n_faults++;
    check->fault(check->arg, index, message);
}

static void report(struct check *check, size_t index, struct str message)
{
    check->faulty[index] = true;
    tell(check, index, message);
}

static bool in_words(const char *words, struct str word)
{
    struct str rest = str_from(words), part;
    while (str_split(&rest, ',', &part))
        if (str_eq(part, word))
            return true;
    return false;
}

/* "(0, 1]" and a number. "+inf" is no bound at all, so infinity is inside, as in the container. */
static bool in_interval(const char *interval, double value)
{
    struct str text = str_from(interval);
    bool min_open = interval[0] == '(', max_open = str_ends(text, STR(")"));
    double min = strtod(interval + 1, NULL);
    if (!(min_open ? value > min : value >= min))
        return false;
    if (str_find(text, STR("+inf")) != SIZE_MAX)
        return true;
    double max = strtod(interval + str_index(text, ',') + 1, NULL);
    return max_open ? value < max : value <= max;
}

/* libxgboost keeps integers in 32 bits; the container would pass a larger one and fail in training.
 */
static bool fits_parameter(const struct rule *rule, int64_t value)
{
    return value <= INT32_MAX || str_eq_z(STR("num_round"), rule->name);
}

static struct str unparsable(struct check *check, const struct rule *rule)
{
    return str_fmt(
        check->arena, "Hyperparameter %s: could not parse value (caused by ValueError)",
        rule->name);
}

static struct str outside(
    struct check *check,
    const struct rule *rule,
    const char *words,
    struct str value,
    struct str range)
{
    return str_fmt(
        check->arena, "Hyperparameter %s: " STR_FMT STR_FMT " %s " STR_FMT, rule->name,
        STR_ARG(str_eq_z(STR("not in range"), words) ? STR("value ") : STR("")), STR_ARG(value),
        words, STR_ARG(range));
}

static struct str list_of(struct check *check, const char *words)
{
    return py_list_text(check->arena, str_from(words));
}

/* Each of the checks below returns the message of a fault, or STR_NULL. `parsing`: only whether it
 * can be parsed; the container parses all values before it looks at any range. */

static struct str
check_integer(struct check *check, const struct rule *rule, struct str text, bool parsing)
{
    int64_t value = 0;
    if (!py_int(text, &value))
        return unparsable(check, rule);
    if (parsing)
        return STR_NULL;
    struct str shown = str_fmt(check->arena, "%lld", (long long) value);
    if (!in_interval(rule->range, (double) value))
        return outside(check, rule, "is not in", shown, str_from(rule->range));
    if (!fits_parameter(rule, value))
        return outside(check, rule, "is not in", shown, STR("[0, 2147483647]"));
    return STR_NULL;
}

static struct str
check_continuous(struct check *check, const struct rule *rule, struct str text, bool parsing)
{
    double value = 0;
    if (!py_float(text, &value))
        return unparsable(check, rule);
    if (parsing || in_interval(rule->range, value))
        return STR_NULL;
    return outside(
        check, rule, "is not in", py_float_text(check->arena, value), str_from(rule->range));
}

static struct str check_categorical(struct check *check, const struct rule *rule, struct str text)
{
    struct str word = text;
    const char *words = rule->range;
    if (str_eq_z(STR("_tuning_objective_metric"), rule->name)) {
        if (str_starts(text, STR("validation:")) &&
            in_words(words, str_from_index(text, STR("validation:").len)))
            return STR_NULL;
        struct str range = STR(""), rest = str_from(words), part;
        while (str_split(&rest, ',', &part))
            range = str_fmt(
                check->arena, STR_FMT "%svalidation:" STR_FMT, STR_ARG(range),
                range.len > 0 ? "," : "", STR_ARG(part));
        return outside(check, rule, "is not in", text, py_list_text(check->arena, range));
    }
    if (in_words(words, word))
        return STR_NULL;
    return outside(check, rule, "is not in", text, list_of(check, words));
}

/* A metric with a threshold, "error@0.7". */
static struct str check_threshold(struct check *check, struct str metric)
{
    struct str rest = metric, name, threshold = STR("");
    double value = 0;
    (void) str_split(&rest, '@', &name);
    (void) str_split(&rest, '@', &threshold);
    name = str_trim(name);
    if (!in_words("error,ndcg,map", name))
        return str_fmt(
            check->arena,
            "Metric '" STR_FMT "' is not supported. Parameter 'eval_metric' with customized "
            "threshold should be one of these options: 'error', 'ndcg', 'map'.",
            STR_ARG(metric));
    if (!py_float(threshold, &value))
        return str_fmt(
            check->arena, "Threshold value 't' in '" STR_FMT "@t' expects float input.",
            STR_ARG(name));
    return STR_NULL;
}

/* A metric that is refused whatever the others are. */
static struct str check_metric(struct check *check, struct str metric)
{
    if (str_find(metric, STR("<function")) != SIZE_MAX)
        return str_fmt(
            check->arena, "User defined evaluation metric " STR_FMT " is not supported yet.",
            STR_ARG(metric));
    if (str_index(metric, '@') != SIZE_MAX)
        return check_threshold(check, metric);
    return STR_NULL;
}

static struct str check_comma_list(struct check *check, const struct rule *rule, struct str text)
{
    bool metrics = str_eq_z(STR("eval_metric"), rule->name), known = text.len > 0;
    struct str rest = text, part;
    while (rest.len > 0 && str_split(&rest, ',', &part)) {
        struct str fault = metrics ? check_metric(check, part) : STR_NULL;
        if (!str_is_null(fault))
            return fault;
        bool threshold = metrics && str_index(part, '@') != SIZE_MAX;
        known = known && (threshold || in_words(rule->range, part));
    }
    if (known && text.ptr[text.len - 1] != ',')
        return STR_NULL;
    return outside(
        check, rule, "not in range", py_list_text(check->arena, text), list_of(check, rule->range));
}

static struct str
check_tuple(struct check *check, const struct rule *rule, struct str text, bool parsing)
{
    struct py_ints values;
    struct str shown;
    bool nested = rule->kind == NESTED_LIST;
    if (!(nested ? py_nested_list(check->arena, text, &values, &shown)
                 : py_int_tuple(check->arena, text, &values, &shown)))
        return unparsable(check, rule);
    if (parsing)
        return STR_NULL;
    for (size_t i = 0; i < values.list.len; i++) {
        int64_t value = values.list.items[i];
        if (nested ? !in_interval(rule->range, (double) value) : value < -1 || value > 1)
            return outside(
                check, rule, "not in range", shown,
                nested ? str_from(rule->range) : STR("[-1, 0, 1]"));
    }
    return STR_NULL;
}

static struct str
check_value(struct check *check, const struct rule *rule, struct str text, bool parsing)
{
    switch (rule->kind) {
    case INTEGER:
        return check_integer(check, rule, text, parsing);
    case CONTINUOUS:
        return check_continuous(check, rule, text, parsing);
    case CATEGORICAL:
        return parsing ? STR_NULL : check_categorical(check, rule, text);
    case COMMA_LIST:
        return parsing ? STR_NULL : check_comma_list(check, rule, text);
    case TUPLE:
    case NESTED_LIST:
        return check_tuple(check, rule, text, parsing);
    }
    return STR_NULL;
}

/* --- dependencies ---------------------------------------------------------------------------- */

/* The index of a value that is there, faulty or not; SIZE_MAX otherwise. */
static size_t find_value(const struct check *check, const char *name)
{
    for (size_t i = check->count; i > 0; i--)
        if (check->rules[i - 1] != NULL && str_eq_z(str_from(name), check->rules[i - 1]->name))
            return i - 1;
    return SIZE_MAX;
}

static struct str value_of(const struct check *check, const char *name)
{
    size_t index = find_value(check, name);
    return index != SIZE_MAX ? check->values[index].value : STR_NULL;
}

static size_t count_in(struct str list, const char *words, size_t *ret_total)
{
    struct str part;
    size_t total = 0, known = 0;
    for (struct str rest = list; str_split(&rest, ',', &part); total++)
        known += in_words(words, part);
    *ret_total = total;
    return known;
}

static struct str check_updater(const struct check *check, struct str value)
{
    size_t total = 0;
    if (str_eq_z(value_of(check, "booster"), "gblinear")) {
        if (count_in(value, "shotgun,coord_descent", &total) == 1 && total == 1)
            return STR_NULL;
        return STR("Linear updater should be one of these options: 'shotgun', 'coord_descent'.");
    }
    if (str_eq_z(value_of(check, "process_type"), "update")) {
        if (count_in(value, "refresh,prune", &total) == total)
            return STR_NULL;
        return STR("process_type 'update' can only be used with updater 'refresh' and 'prune'");
    }
    const char *plugins = "grow_colmaker,distcol,grow_histmaker,grow_skmaker,sync,refresh,prune,"
                          "grow_quantile_histmaker";
    if (count_in(value, plugins, &total) != total)
        return STR(
            "Tree updater should be selected from these options: 'grow_colmaker', 'distcol', "
            "'grow_histmaker', 'grow_skmaker', 'grow_quantile_histmaker', 'sync', 'refresh', "
            "'prune', 'shortgun', 'coord_descent'.");
    const char *builders = "grow_colmaker,distcol,grow_histmaker,grow_quantile_histmaker";
    if (count_in(value, builders, &total) > 1)
        return STR("Only one tree grow plugin can be selected. Choose one from the"
                   "following: 'grow_colmaker', 'distcol', 'grow_histmaker', 'grow_skmaker'");
    return STR_NULL;
}

static struct str check_eval_metric(const struct check *check, struct str value)
{
    struct str objective = value_of(check, "objective");
    if (str_is_null(objective))
        return STR("Hyperparameter eval_metric: objective must be set, too (caused by KeyError)");
    size_t total;
    if (count_in(value, "auc", &total) > 0 && !str_starts(objective, STR("binary:")) &&
        !str_starts(objective, STR("rank:")))
        return STR("Metric 'auc' can only be applied for classification and ranking problems.");
    if (count_in(value, "aft-nloglik", &total) > 0 && !str_eq_z(objective, "survival:aft"))
        return STR("Metric 'aft-nloglik' can only be applied for 'survival:aft' objective.");
    return STR_NULL;
}

static struct str check_dependency(const struct check *check, const char *name, struct str value)
{
    struct str hyper = str_from(name), tree_method = value_of(check, "tree_method");
    bool exact_or_hist = str_eq_z(tree_method, "exact") || str_eq_z(tree_method, "hist");
    if (str_eq_z(hyper, "updater"))
        return check_updater(check, value);
    if (str_eq_z(hyper, "eval_metric"))
        return check_eval_metric(check, value);
    if (str_eq_z(hyper, "objective") && in_words("multi:softmax,multi:softprob", value) &&
        find_value(check, "num_class") == SIZE_MAX)
        return STR("Require input for parameter 'num_class' for multi-classification");
    if (str_eq_z(hyper, "monotone_constraints") && !exact_or_hist)
        return STR("monotone_constraints can be used only when the tree_method parameter is set to "
                   "either 'exact' or 'hist'.");
    if (str_eq_z(hyper, "interaction_constraints") && !exact_or_hist &&
        !str_eq_z(tree_method, "approx"))
        return STR("interaction_constraints can be used only when the tree_method parameter is set "
                   "to either 'exact', 'hist' or 'approx'.");
    return STR_NULL;
}

static const char *const *needs_of(const char *name)
{
    static const char *const s_nothing[] = {NULL};
    for (size_t i = 0; i < ARRAY_LEN(s_depends); i++)
        if (str_eq_z(str_from(name), s_depends[i].name))
            return s_depends[i].needs;
    return s_nothing;
}

/* What a value looks at comes before it, as in the container. Two levels deep: eval_metric,
 * objective, num_class. A value that looks at a faulty one is left alone. */
static void visit(struct check *check, size_t index)
{
    if (index == SIZE_MAX || check->rules[index] == NULL || check->visited[index])
        return;
    check->visited[index] = true;
    bool sound = !check->faulty[index];
    const char *const *needs = needs_of(check->rules[index]->name);
    for (size_t i = 0; needs[i] != NULL; i++) {
        size_t needed = find_value(check, needs[i]);
        visit(check, needed);
        sound = sound && (needed == SIZE_MAX || !check->faulty[needed]);
    }
    if (!sound)
        return;
    struct str message =
        check_dependency(check, check->rules[index]->name, check->values[index].value);
    if (!str_is_null(message))
        tell(check, index, message);
}

/* --- the public calls ------------------------------------------------------------------------ */

static void check_all(struct check *check, bool parsing)
{
    for (size_t i = 0; i < check->count; i++) {
        const struct rule *rule = check->rules[i];
        if (check->faulty[i] || (rule == NULL && !parsing))
            continue;
        struct str message;
        if (rule == NULL)
            message = str_fmt(
                check->arena, "Extraneous hyperparameter found: " STR_FMT,
                STR_ARG(hyper_canonical(check->values[i].name)));
        else
            message = check_value(check, rule, check->values[i].value, parsing);
        if (!str_is_null(message))
            report(check, i, message);
    }
}

size_t hyper_check(
    struct arena *arena,
    const struct hyper_value *values,
    size_t count,
    hyper_fault_fn *fault,
    void *arg)
{
    struct check check = {
        .arena = arena,
        .values = values,
        .count = count,
        .rules = ARENA_ARRAY(arena, count, const struct rule *),
        .faulty = ARENA_ARRAY(arena, count, bool),
        .visited = ARENA_ARRAY(arena, count, bool),
        .fault = fault,
        .arg = arg,
    };
    for (size_t i = 0; i < count; i++)
        check.rules[i] = find_rule(hyper_canonical(values[i].name));
    if (find_value(&check, "num_round") == SIZE_MAX)
        tell(&check, SIZE_MAX, STR("Missing required hyperparameter: num_round"));
    check_all(&check, true);
    check_all(&check, false);
    for (size_t i = 0; i < count; i++)
        visit(&check, i);
    return check.n_faults;
}

struct str hyper_canonical(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(s_aliases); i++)
        if (str_eq_z(name, s_aliases[i].alias))
            return str_from(s_aliases[i].name);
    return name;
}

static void consider(struct str name, const char *known, size_t *best_distance, struct str *best)
{
    size_t distance = str_distance(name, str_from(known));
    if (distance > 1 + name.len / 4 || distance >= *best_distance)
        return;
    *best_distance = distance;
    *best = str_from(known);
}

struct str hyper_nearest(struct str name)
{
    size_t best_distance = SIZE_MAX;
    struct str best = STR_NULL;
    for (size_t i = 0; i < ARRAY_LEN(s_rules); i++)
        consider(name, s_rules[i].name, &best_distance, &best);
    for (size_t i = 0; i < ARRAY_LEN(s_aliases); i++)
        consider(name, s_aliases[i].alias, &best_distance, &best);
    return best;
}

size_t hyper_count(void)
{
    return ARRAY_LEN(s_rules);
}

struct hyper_info hyper_info_at(size_t index)
{
    const struct rule *rule = &s_rules[index];
    const char *alias = NULL;
    for (size_t i = 0; i < ARRAY_LEN(s_aliases); i++)
        if (str_eq_z(str_from(rule->name), s_aliases[i].name))
            alias = s_aliases[i].alias;
    return (struct hyper_info){
        .name = rule->name,
        .type = s_kind_names[rule->kind],
        .range = rule->range,
        .default_text = rule->default_text,
        .note = rule->note,
        .alias = alias,
    };
}
