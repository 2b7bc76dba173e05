#include "engine/xgb/metrics.h"

#include "engine/base/arena.h"

#include <math.h>

#define MAX_CLASSES 100000U

/* Per class: how many rows are of it, were predicted as it, and both. */
struct class_count {
    size_t truth, predicted, both;
};

struct confusion {
    struct class_count *classes;
    size_t n_classes, rows;
};

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0; /* scikit-learn's zero_division default */
}

static double precision(const struct class_count *c)
{
    return ratio((double) c->both, (double) c->predicted);
}

static double recall(const struct class_count *c)
{
    return ratio((double) c->both, (double) c->truth);
}

static double f1(const struct class_count *c)
{
    return ratio(2.0 * (double) c->both, (double) (c->truth + c->predicted));
}

typedef double class_score_fn(const struct class_count *count);

/* The mean over the classes that occur, in the labels or in the predictions. */
static double macro(const struct confusion *confusion, class_score_fn *score)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < confusion->n_classes; i++) {
        const struct class_count *c = &confusion->classes[i];
        if (c->truth + c->predicted == 0)
            continue;
        sum += score(c);
        n++;
    }
    return ratio(sum, (double) n);
}

static double accuracy(const struct confusion *confusion)
{
    size_t right = 0;
    for (size_t i = 0; i < confusion->n_classes; i++)
        right += confusion->classes[i].both;
    return ratio((double) right, (double) confusion->rows);
}

/* The mean recall over the classes of the labels. */
static double balanced_accuracy(const struct confusion *confusion)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < confusion->n_classes; i++) {
        if (confusion->classes[i].truth == 0)
            continue;
        sum += recall(&confusion->classes[i]);
        n++;
    }
    return ratio(sum, (double) n);
}

static double squared_error(const float *labels, const float *margins, size_t rows)
{
    double sum = 0;
    for (size_t i = 0; i < rows; i++) {
        double d = (double) labels[i] - (double) margins[i];
        sum += d * d;
    }
    return sum;
}

static double absolute_error(const float *labels, const float *margins, size_t rows)
{
    double sum = 0;
    for (size_t i = 0; i < rows; i++)
        sum += fabs((double) labels[i] - (double) margins[i]);
    return sum;
}

static double r2(const float *labels, const float *margins, size_t rows)
{
    double mean = 0, total = 0;
    for (size_t i = 0; i < rows; i++)
        mean += (double) labels[i];
    mean /= (double) rows;
    for (size_t i = 0; i < rows; i++)
        total += ((double) labels[i] - mean) * ((double) labels[i] - mean);
    double residual = squared_error(labels, margins, rows);
    if (total > 0)
        return 1 - residual / total;
    return residual > 0 ? 0 : 1;
}

enum metric_kind {
    METRIC_ACCURACY,
    METRIC_BALANCED,
    METRIC_MACRO,
    METRIC_BINARY, /* of class 1; more than two classes are an error */
    METRIC_MSE,
    METRIC_RMSE,
    METRIC_MAE,
    METRIC_R2
};

static const struct metric {
    struct str name;
    enum metric_kind kind;
    class_score_fn *score; /* of METRIC_MACRO and METRIC_BINARY */
} s_metrics[] = {
    {STR_INIT("accuracy"), METRIC_ACCURACY, NULL},
    {STR_INIT("balanced_accuracy"), METRIC_BALANCED, NULL},
    {STR_INIT("f1"), METRIC_MACRO, f1},
    {STR_INIT("f1_binary"), METRIC_BINARY, f1},
    {STR_INIT("f1_macro"), METRIC_MACRO, f1},
    {STR_INIT("mse"), METRIC_MSE, NULL},
    {STR_INIT("rmse"), METRIC_RMSE, NULL},
    {STR_INIT("mae"), METRIC_MAE, NULL},
    {STR_INIT("precision"), METRIC_BINARY, precision},
    {STR_INIT("precision_macro"), METRIC_MACRO, precision},
    {STR_INIT("precision_micro"), METRIC_ACCURACY, NULL}, /* one label a row: the same number */
    {STR_INIT("r2"), METRIC_R2, NULL},
    {STR_INIT("recall"), METRIC_BINARY, recall},
    {STR_INIT("recall_macro"), METRIC_MACRO, recall},
    {STR_INIT("recall_micro"), METRIC_ACCURACY, NULL},
};

/* xgb_constants.XGB_MAXIMIZE_METRICS beyond the ones above. */
static const struct str s_maximized[] = {
    STR_INIT("auc"), STR_INIT("aucpr"), STR_INIT("map"), STR_INIT("ndcg")};

static const struct metric *find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(s_metrics); i++)
        if (str_eq(s_metrics[i].name, name))
            return &s_metrics[i];
    return NULL;
}

bool metric_is_own(struct str name)
{
    return find(name) != NULL;
}

bool metric_is_maximized(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(s_maximized); i++)
        if (str_eq(s_maximized[i], name))
            return true;
    const struct metric *metric = find(name);
    return metric != NULL && metric->kind != METRIC_MSE && metric->kind != METRIC_RMSE &&
           metric->kind != METRIC_MAE;
}

static size_t predicted_class(const float *margins, size_t outputs)
{
    if (outputs == 1)
        return margins[0] > 0;
    size_t best = 0;
    for (size_t i = 1; i < outputs; i++)
        if (margins[i] > margins[best])
            best = i;
    return best;
}

static bool class_of(float label, size_t *ret_class)
{
    if (!(label >= 0) || label >= (float) MAX_CLASSES || truncf(label) < label)
        return false;
    *ret_class = (size_t) label;
    return true;
}

static enum err_code count_classes(
    struct str name,
    const float *labels,
    const float *margins,
    size_t rows,
    size_t outputs,
    struct confusion *confusion,
    struct err *err)
{
    size_t n = outputs > 2 ? outputs : 2, class = 0;
    for (size_t i = 0; i < rows; i++) {
        if (!class_of(labels[i], &class))
            return err_set(
                err, ERR_SPEC,
                "metric '" STR_FMT "' needs classes 0, 1, 2, ... as labels, row %zu has %g",
                STR_ARG(name), i + 1, (double) labels[i]);
        n = class >= n ? class + 1 : n;
    }
    confusion->rows = rows;
    confusion->n_classes = n;
    confusion->classes = xmalloc(n * sizeof(*confusion->classes));
    memset(confusion->classes, 0, n * sizeof(*confusion->classes));
    for (size_t i = 0; i < rows; i++) {
        size_t predicted = predicted_class(margins + i * outputs, outputs);
        (void) class_of(labels[i], &class);
        confusion->classes[class].truth++;
        confusion->classes[predicted].predicted++;
        confusion->classes[class].both += class == predicted;
    }
    return ERR_NONE;
}

static enum err_code class_metric(
    const struct metric *metric, const struct confusion *confusion, double *out, struct err *err)
{
    if (metric->kind == METRIC_ACCURACY)
        *out = accuracy(confusion);
    else if (metric->kind == METRIC_BALANCED)
        *out = balanced_accuracy(confusion);
    else if (metric->kind == METRIC_MACRO)
        *out = macro(confusion, metric->score);
    else {
        for (size_t i = 2; i < confusion->n_classes; i++)
            if (confusion->classes[i].truth + confusion->classes[i].predicted > 0)
                return err_set(
                    err, ERR_SPEC,
                    "metric '" STR_FMT "': Target is multiclass but average='binary'",
                    STR_ARG(metric->name));
        *out = metric->score(&confusion->classes[1]);
    }
    return ERR_NONE;
}

enum err_code metric_value(
    struct str name,
    const float *labels,
    const float *margins,
    size_t rows,
    size_t outputs,
    double *ret_value,
    struct err *err)
{
    const struct metric *metric = find(name);
    if (metric == NULL)
        return err_set(err, ERR_INTERNAL, "'" STR_FMT "' is libxgboost's metric", STR_ARG(name));
    bool regression = metric->kind == METRIC_MSE || metric->kind == METRIC_RMSE ||
                      metric->kind == METRIC_MAE || metric->kind == METRIC_R2;
    if (regression) {
        if (outputs != 1)
            return err_set(
                err, ERR_SPEC,
                "metric '" STR_FMT "' needs one prediction per row, the objective gives %zu",
                STR_ARG(name), outputs);
        double mean_square = squared_error(labels, margins, rows) / (double) rows;
        *ret_value = metric->kind == METRIC_MSE    ? mean_square
                     : metric->kind == METRIC_RMSE ? sqrt(mean_square)
                     : metric->kind == METRIC_MAE
                         ? absolute_error(labels, margins, rows) / (double) rows
                         : r2(labels, margins, rows);
        return ERR_NONE;
    }
    struct confusion confusion = {0};
    enum err_code code = count_classes(name, labels, margins, rows, outputs, &confusion, err);
    if (code == ERR_NONE)
        code = class_metric(metric, &confusion, ret_value, err);
    xfree(confusion.classes);
    return code;
}
