#include "engine/xgb/hyper.h"

/* What the objectives of libxgboost 1.7 evaluate when nothing else is asked for:
 * DefaultEvalMetric() in its src/objective. Objectives that are not here: not known. */
static const struct {
    struct str objective, metric;
} s_defaults[] = {
    {STR_INIT("binary:logistic"), STR_INIT("logloss")},
    {STR_INIT("binary:logitraw"), STR_INIT("logloss")},
    {STR_INIT("binary:hinge"), STR_INIT("error")},
    {STR_INIT("multi:softmax"), STR_INIT("mlogloss")},
    {STR_INIT("multi:softprob"), STR_INIT("mlogloss")},
    {STR_INIT("reg:squarederror"), STR_INIT("rmse")},
    {STR_INIT("reg:linear"), STR_INIT("rmse")},
    {STR_INIT("reg:logistic"), STR_INIT("rmse")},
    {STR_INIT("reg:absoluteerror"), STR_INIT("mae")},
    {STR_INIT("reg:squaredlogerror"), STR_INIT("rmsle")},
    {STR_INIT("reg:pseudohubererror"), STR_INIT("mphe")},
    {STR_INIT("reg:gamma"), STR_INIT("gamma-nloglik")},
    {STR_INIT("count:poisson"), STR_INIT("poisson-nloglik")},
    {STR_INIT("survival:cox"), STR_INIT("cox-nloglik")},
    {STR_INIT("survival:aft"), STR_INIT("aft-nloglik")},
};

/* Computed by the container itself, besides what libxgboost evaluates: metrics.c here. The others
 * of that list (rmse, mae) are libxgboost's, too. */
static const struct str s_own[] = {
    STR_INIT("accuracy"),
    STR_INIT("balanced_accuracy"),
    STR_INIT("f1"),
    STR_INIT("f1_binary"),
    STR_INIT("f1_macro"),
    STR_INIT("mse"),
    STR_INIT("precision"),
    STR_INIT("precision_macro"),
    STR_INIT("precision_micro"),
    STR_INIT("recall"),
    STR_INIT("recall_macro"),
    STR_INIT("recall_micro"),
    STR_INIT("r2"),
    STR_INIT("rmse"),
    STR_INIT("mae"),
};

static struct str value_of(const struct hyper_value *values, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_z(values[i].name, name))
            return str_trim(values[i].value);
    return STR_NULL;
}

static bool is_own(struct str metric)
{
    for (size_t i = 0; i < ARRAY_LEN(s_own); i++)
        if (str_eq(s_own[i], metric))
            return true;
    return false;
}

bool hyper_evaluates(const struct hyper_value *values, size_t count, struct str metric)
{
    struct str tuned = value_of(values, count, "_tuning_objective_metric");
    size_t colon = str_index(tuned, ':');
    if (colon != SIZE_MAX)
        tuned = str_from_index(tuned, colon + 1);
    if (str_eq(tuned, metric))
        return true;
    struct str rest = value_of(values, count, "eval_metric"), name;
    bool native = tuned.len > 0 && !is_own(tuned);
    while (str_split(&rest, ',', &name)) {
        name = str_trim(name);
        if (str_eq(name, metric))
            return true;
        native = native || (name.len > 0 && !is_own(name));
    }
    if (native)
        return false;
    struct str objective = value_of(values, count, "objective");
    if (objective.len == 0)
        objective = STR("reg:squarederror");
    for (size_t i = 0; i < ARRAY_LEN(s_defaults); i++)
        if (str_eq(s_defaults[i].objective, objective))
            return str_eq(s_defaults[i].metric, metric);
    return true;
}
