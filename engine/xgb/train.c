#include "engine/xgb/train.h"

#include "engine/base/arena.h"
#include "engine/base/vec.h"
#include "engine/xgb/metrics.h"
#include "engine/xgb/xgboost_api.h"

#include <limits.h>
#include <math.h>

/* What the container keeps to itself, and what this file sets in its own way. */
static const struct str s_not_passed[] = {
    STR_INIT("num_round"),
    STR_INIT("csv_weights"),
    STR_INIT("early_stopping_rounds"),
    STR_INIT("eval_metric"),
    STR_INIT("save_model_on_termination"),
    STR_INIT("use_dask_gpu_training"),
    STR_INIT("_tuning_objective_metric"),
    STR_INIT("_kfold"),
    STR_INIT("_num_cv_round"),
    STR_INIT("nthread"),
    STR_INIT("verbosity"),
};

#define MAX_SETS 2U

struct names {
    struct str *items;
    size_t len, cap;
};

struct history {
    struct train_metric metric;
    struct str set, name; /* "validation", "auc" */
    size_t cap;           /* of metric.rounds */
};

struct training {
    struct arena *arena;
    const struct train_request *request;
    struct xgb_booster *booster;
    const struct dataset *datasets[MAX_SETS];
    struct xgb_matrix *matrices[MAX_SETS];
    const char *names[MAX_SETS]; /* "train", "validation" */
    size_t n_sets;
    int64_t num_round;
    int64_t first_round;         /* those before it are in the booster already */
    struct names own_metrics;    /* computed here */
    VEC(struct history) history; /* in the order the container logs them */
    struct str stop_metric;      /* early stopping watches it; STR_NULL for none */
    int64_t stop_rounds, best_round;
    double best_score;
};

static struct str parameter(const struct train_request *request, const char *name)
{
    for (size_t i = 0; i < request->n_hyperparameters; i++)
        if (str_eq_z(request->hyperparameters[i].name, name))
            return str_trim(request->hyperparameters[i].value);
    return STR_NULL;
}

/* ---- setting up ---- */

static enum err_code read_rounds(struct training *training, struct err *err)
{
    struct str rounds = parameter(training->request, "num_round");
    if (!str_to_i64(rounds, &training->num_round) || training->num_round < 1 ||
        training->num_round > INT_MAX)
        return err_set(
            err, ERR_SPEC,
            "hyperparameter 'num_round' is '" STR_FMT "', not a whole number of at least 1",
            STR_ARG(rounds));
    if (!str_is_null(parameter(training->request, "_kfold")))
        return err_set(
            err, ERR_SPEC, "hyperparameter '_kfold' is not supported by training on this machine");
    return ERR_NONE;
}

static enum err_code check_columns(const struct train_request *request, struct err *err)
{
    if (request->validation == NULL)
        return ERR_NONE;
    size_t train = dataset_cols(request->train), other = dataset_cols(request->validation);
    /* A sparse file shows only the columns it uses, so it may show fewer. */
    if (other > train || (other < train && !dataset_is_sparse(request->validation)))
        return err_set(
            err, ERR_SPEC, "the validation data has %zu features, the training data has %zu", other,
            train);
    return ERR_NONE;
}

static enum err_code add_sets(struct training *training, struct err *err)
{
    const struct train_request *request = training->request;
    enum err_code code = check_columns(request, err);
    training->datasets[0] = request->train;
    training->datasets[1] = request->validation;
    training->names[0] = "train";
    training->names[1] = "validation";
    training->n_sets = request->validation != NULL ? 2 : 1;
    for (size_t i = 0; code == ERR_NONE && i < training->n_sets; i++)
        code = dataset_matrix(training->datasets[i], &training->matrices[i], err);
    return code;
}

static enum err_code
set_parameter(struct training *training, const char *name, struct str value, struct err *err)
{
    const char *text = str_z(training->arena, value);
    enum err_code code = xgb_booster_set(training->booster, name, text, err);
    return code == ERR_NONE ? code : err_wrap(err, "hyperparameter '%s'", name);
}

static enum err_code pass_parameters(struct training *training, struct err *err)
{
    const struct train_request *request = training->request;
    enum err_code code = ERR_NONE;
    for (size_t i = 0; code == ERR_NONE && i < request->n_hyperparameters; i++) {
        const struct hyper_value *given = &request->hyperparameters[i];
        bool pass = true;
        for (size_t k = 0; k < ARRAY_LEN(s_not_passed); k++)
            pass = pass && !str_eq(given->name, s_not_passed[k]);
        if (pass)
            code = set_parameter(
                training, str_z(training->arena, given->name), str_trim(given->value), err);
    }
    if (code == ERR_NONE)
        code = set_parameter(training, "nthread", STR("1"), err);
    return code;
}

static bool has_name(const struct names *names, struct str name)
{
    for (size_t i = 0; i < names->len; i++)
        if (str_eq(names->items[i], name))
            return true;
    return false;
}

static void add_names(struct arena *arena, struct names *names, struct str list, bool unique)
{
    struct str name;
    while (str_split(&list, ',', &name))
        if (!str_is_empty(name) && !(unique && has_name(names, name)))
            *VEC_PUSH(arena, names) = name;
}

static int compare_names(const void *a, const void *b)
{
    const struct str *left = a, *right = b;
    return str_cmp(*left, *right);
}

static struct str last_name(struct str list)
{
    size_t comma = str_rindex(list, ',');
    return comma == SIZE_MAX ? list : str_from_index(list, comma + 1);
}

/* train_utils.get_eval_metrics_and_feval: the tuner's metric and eval_metric together, sorted when
 * both are there; the container's own ones are kept from the library. */
static enum err_code set_metrics(struct training *training, struct err *err)
{
    struct str wanted = parameter(training->request, "eval_metric");
    struct str tuned = parameter(training->request, "_tuning_objective_metric");
    size_t colon = str_index(tuned, ':');
    if (colon != SIZE_MAX)
        tuned = str_from_index(tuned, colon + 1);

    struct names names = {0};
    bool both = !str_is_null(wanted) && !str_is_null(tuned);
    add_names(training->arena, &names, tuned, both);
    add_names(training->arena, &names, wanted, both);
    if (both)
        qsort(names.items, names.len, sizeof(*names.items), compare_names);
    enum err_code code = ERR_NONE;
    for (size_t i = 0; code == ERR_NONE && i < names.len; i++) {
        if (metric_is_own(names.items[i]))
            *VEC_PUSH(training->arena, &training->own_metrics) = names.items[i];
        else
            code = set_parameter(training, "eval_metric", names.items[i], err);
    }

    struct str stop = parameter(training->request, "early_stopping_rounds");
    struct str watched = str_is_null(tuned) ? wanted : tuned;
    /* Without validation data or a named metric the container ignores early stopping. */
    if (!str_is_null(stop) && str_to_i64(stop, &training->stop_rounds) &&
        training->stop_rounds > 0 && training->n_sets == 2 && !str_is_null(watched))
        training->stop_metric = last_name(watched);
    /* The container finds out at the end, when it cannot cut the model: libxgboost slices trees. */
    if (code == ERR_NONE && !str_is_null(training->stop_metric) &&
        str_eq(parameter(training->request, "booster"), STR("gblinear")))
        return err_set(err, ERR_SPEC, "early stopping is not applicable to booster 'gblinear'");
    return code;
}

/* ---- one round ---- */

static struct history *find_history(struct training *training, struct str set, struct str name)
{
    for (size_t i = 0; i < training->history.len; i++)
        if (str_eq(training->history.items[i].set, set) &&
            str_eq(training->history.items[i].name, name))
            return &training->history.items[i];
    return NULL;
}

/* A name that comes twice in a round (the container's rmse beside the library's) keeps the later
 * value. */
static void
record(struct training *training, int64_t round, struct str set, struct str name, double value)
{
    struct history *history = find_history(training, set, name);
    if (history == NULL) {
        history = VEC_PUSH(training->arena, &training->history);
        history->set = str_dup(training->arena, set);
        history->name = str_dup(training->arena, name);
        history->metric.name =
            str_fmt(training->arena, STR_FMT ":" STR_FMT, STR_ARG(set), STR_ARG(name));
    }
    struct train_metric *metric = &history->metric;
    if (metric->n_rounds <= (size_t) (round - training->first_round)) {
        metric->rounds = vec_grow(
            training->arena, metric->rounds, metric->n_rounds, &history->cap, sizeof(double));
        metric->n_rounds++;
    }
    metric->rounds[metric->n_rounds - 1] = value;
    metric->value = value;
}

/* "[0]\ttrain-auc:0.91\tvalidation-auc:0.90" */
static enum err_code
record_line(struct training *training, int64_t round, struct str line, struct err *err)
{
    struct str token;
    (void) str_split(&line, '\t', &token);
    while (str_split(&line, '\t', &token)) {
        size_t dash = str_index(token, '-'), colon = str_rindex(token, ':');
        double value = 0;
        if (dash == SIZE_MAX || colon == SIZE_MAX || colon < dash)
            return err_set(
                err, ERR_INTERNAL, "libxgboost's metrics cannot be read: '" STR_FMT "'",
                STR_ARG(token));
        struct str number = str_trim(str_from_index(token, colon + 1));
        if (str_ends(number, STR("nan")))
            value = NAN;
        else if (!str_to_f64(number, &value))
            return err_set(
                err, ERR_INTERNAL, "libxgboost's metric cannot be read: '" STR_FMT "'",
                STR_ARG(token));
        record(
            training, round, str_slice(token, 0, dash), str_slice(token, dash + 1, colon), value);
    }
    return ERR_NONE;
}

/* Python hands these to the log, and so to early stopping, with six decimals ("%f"). */
static double six_decimals(double value)
{
    char text[400];
    double rounded = value;
    (void) snprintf(text, sizeof(text), "%f", value);
    return str_to_f64(str_from(text), &rounded) ? rounded : value;
}

static enum err_code record_own(struct training *training, int64_t round, struct err *err)
{
    if (training->own_metrics.len == 0)
        return ERR_NONE;
    for (size_t set = 0; set < training->n_sets; set++) {
        const struct dataset *dataset = training->datasets[set];
        size_t rows = dataset_rows(dataset), count = 0;
        const float *margins = NULL;
        enum err_code code = xgb_predict_matrix(
            training->booster, training->matrices[set], true, 0, &margins, &count, err);
        if (code != ERR_NONE)
            return code;
        for (size_t i = 0; i < training->own_metrics.len; i++) {
            struct str name = training->own_metrics.items[i];
            double value = 0;
            code = metric_value(
                name, dataset_labels(dataset), margins, rows, count / rows, &value, err);
            if (code != ERR_NONE)
                return code;
            record(training, round, str_from(training->names[set]), name, six_decimals(value));
        }
    }
    return ERR_NONE;
}

/* xgboost.callback.EvaluationMonitor: all of one set, then the next; five decimals. */
static void report_round(struct training *training, int64_t round)
{
    if (training->request->on_round == NULL)
        return;
    AUTO(buf_done) struct buf line = BUF_INIT(KIB(64));
    buf_fmt(&line, "[%jd]", (intmax_t) round);
    for (size_t set = 0; set < training->n_sets; set++) {
        for (size_t i = 0; i < training->history.len; i++) {
            const struct history *history = &training->history.items[i];
            if (!str_eq_z(history->set, training->names[set]))
                continue;
            buf_fmt(
                &line, "\t" STR_FMT "-" STR_FMT ":", STR_ARG(history->set), STR_ARG(history->name));
            if (isnan(history->metric.value))
                buf_add_z(&line, "nan");
            else
                buf_fmt(&line, "%.5f", history->metric.value);
        }
    }
    training->request->on_round(training->request->arg, round, buf_str(&line));
}

/* xgboost.callback.EarlyStopping, min_delta 0. */
static enum err_code
check_stop(struct training *training, int64_t round, bool *ret_stop, struct err *err)
{
    *ret_stop = false;
    if (str_is_null(training->stop_metric))
        return ERR_NONE;
    const struct history *history =
        find_history(training, STR("validation"), training->stop_metric);
    if (history == NULL)
        return err_set(
            err, ERR_SPEC, "early stopping watches metric '" STR_FMT "', which is not evaluated",
            STR_ARG(training->stop_metric));
    double score = history->metric.value;
    bool better = metric_is_maximized(training->stop_metric) ? score > training->best_score
                                                             : score < training->best_score;
    if (round == training->first_round || better) {
        training->best_score = score;
        training->best_round = round;
    }
    *ret_stop = round - training->best_round >= training->stop_rounds;
    return ERR_NONE;
}

static bool cancelled(const struct train_request *request)
{
    /* Another thread may set it at any time. */
    const volatile bool *cancel = request->cancel;
    return cancel != NULL && *cancel;
}

static enum err_code run_rounds(struct training *training, struct err *err)
{
    bool stop = false;
    int64_t last = training->num_round, pause = training->request->stop_after;
    if (pause > 0 && pause < last)
        last = pause;
    for (int64_t round = training->first_round; round < last && !stop; round++) {
        if (cancelled(training->request))
            return err_set(
                err, ERR_CANCELLED, "training was interrupted in round %jd", (intmax_t) round);
        struct str line = STR_NULL;
        enum err_code code =
            xgb_booster_update(training->booster, (int) round, training->matrices[0], err);
        if (code == ERR_NONE)
            code = xgb_booster_eval(
                training->booster, (int) round, training->matrices, training->names,
                training->n_sets, &line, err);
        if (code == ERR_NONE)
            code = record_line(training, round, line, err);
        if (code == ERR_NONE)
            code = record_own(training, round, err);
        if (code != ERR_NONE)
            return code;
        report_round(training, round);
        code = check_stop(training, round, &stop, err);
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}

/* ---- the model ---- */

/* EarlyStopping(save_best=True): the model ends with its best round, stopped early or not. */
static enum err_code keep_best(struct training *training, struct err *err)
{
    bool paused = training->request->stop_after > 0;
    if (str_is_null(training->stop_metric) || paused || training->history.len == 0)
        return ERR_NONE;
    struct xgb_booster *best = NULL;
    enum err_code code =
        xgb_booster_slice(training->booster, (int) training->best_round + 1, &best, err);
    if (code != ERR_NONE)
        return code;
    xgb_booster_close(&training->booster);
    training->booster = best;
    return ERR_NONE;
}

/* xgboost.train() writes both into every model; the container's predictions read the second. */
static enum err_code set_attributes(struct training *training, int rounds, struct err *err)
{
    size_t parallel = 0;
    enum err_code code = xgb_booster_parallel_trees(training->booster, &parallel, err);
    char text[32];
    (void) snprintf(text, sizeof(text), "%d", rounds - 1);
    if (code == ERR_NONE)
        code = xgb_booster_set_attr(training->booster, "best_iteration", text, err);
    (void) snprintf(text, sizeof(text), "%zu", (size_t) rounds * parallel);
    if (code == ERR_NONE)
        code = xgb_booster_set_attr(training->booster, "best_ntree_limit", text, err);
    return code;
}

static enum err_code finish(struct training *training, struct train_result *out, struct err *err)
{
    int rounds = 0;
    struct str bytes = STR_NULL;
    enum err_code code = keep_best(training, err);
    if (code == ERR_NONE)
        code = xgb_booster_rounds(training->booster, &rounds, err);
    if (code == ERR_NONE)
        code = set_attributes(training, rounds, err);
    if (code == ERR_NONE)
        code = xgb_booster_save(training->booster, "deprecated", &bytes, err);
    if (code != ERR_NONE)
        return code;
    struct train_metric *metrics =
        ARENA_ARRAY(training->arena, training->history.len, struct train_metric);
    for (size_t i = 0; i < training->history.len; i++)
        metrics[i] = training->history.items[i].metric;
    *out = (struct train_result){
        .model = str_dup(training->arena, bytes),
        .metrics = metrics,
        .n_metrics = training->history.len,
        .rounds = rounds};
    return ERR_NONE;
}

/* checkpointing.py: rounds of an earlier run are not run again. */
static enum err_code resume(struct training *training, struct err *err)
{
    int rounds = 0;
    if (str_is_null(training->request->resume))
        return ERR_NONE;
    enum err_code code = xgb_booster_restore(training->booster, training->request->resume, err);
    if (code == ERR_NONE)
        code = xgb_booster_rounds(training->booster, &rounds, err);
    training->first_round = rounds;
    return code;
}

enum err_code train_run(
    struct arena *arena,
    const struct train_request *request,
    struct train_result *out,
    struct err *err)
{
    struct training training = {.arena = arena, .request = request, .stop_metric = STR_NULL};
    enum err_code code = read_rounds(&training, err);
    if (code == ERR_NONE)
        code = add_sets(&training, err);
    if (code == ERR_NONE)
        code = xgb_booster_new(training.matrices, training.n_sets, &training.booster, err);
    if (code == ERR_NONE)
        code = resume(&training, err);
    if (code == ERR_NONE)
        code = pass_parameters(&training, err);
    if (code == ERR_NONE)
        code = set_metrics(&training, err);
    if (code == ERR_NONE)
        code = run_rounds(&training, err);
    if (code == ERR_NONE)
        code = finish(&training, out, err);
    xgb_booster_close(&training.booster);
    for (size_t i = 0; i < MAX_SETS; i++)
        xgb_matrix_close(&training.matrices[i]);
    return code;
}
