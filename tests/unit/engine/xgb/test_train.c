#include "engine/xgb/train.h"

#include "engine/xgb/booster.h"
#include "tests/unit/engine/xgb/fixture.h"

#include <math.h>
#include <pthread.h>

struct log {
    struct buf text;
    int64_t rounds, cancel_at;
    bool cancel;
};

static void on_round(void *arg, int64_t round, struct str line)
{
    struct log *log = arg;
    buf_add(&log->text, line);
    buf_add_char(&log->text, '\n');
    log->rounds = round + 1;
    if (round + 1 == log->cancel_at)
        log->cancel = true;
}

static const struct hyper_value s_binary[] = {
    HYPER("num_round", "12"),
    HYPER("max_depth", " 3 "),
    HYPER("eta", "0.2"),
    HYPER("objective", "binary:logistic"),
    HYPER("eval_metric", "error,auc,accuracy"),
};

static void test_log_line_and_metrics(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(dataset_close) struct dataset *train = fixture_dataset(fixture_csv(arena, 1, 200, 6, 2));
    AUTO(dataset_close) struct dataset *other = fixture_dataset(fixture_csv(arena, 2, 100, 6, 2));
    struct log log = {.text = BUF_INIT(MIB(1))};
    struct train_request request = {
        .hyperparameters = s_binary,
        .n_hyperparameters = ARRAY_LEN(s_binary),
        .train = train,
        .validation = other,
        .on_round = on_round,
        .arg = &log};
    struct train_result result = {0};
    struct err err = {0};
    must(train_run(arena, &request, &result, &err), &err);

    assert_int_equal(log.rounds, 12);
    assert_int_equal(result.rounds, 12);
    static const char *const names[] = {
        "train:error",    "train:auc",      "validation:error",
        "validation:auc", "train:accuracy", "validation:accuracy",
    };
    assert_int_equal(result.n_metrics, ARRAY_LEN(names));
    struct str lines = buf_str(&log.text), line;
    for (size_t round = 0; round < 12; round++) {
        double value[ARRAY_LEN(names)];
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            assert_true(str_eq_z(result.metrics[i].name, names[i]));
            assert_int_equal(result.metrics[i].n_rounds, 12);
            value[i] = result.metrics[i].rounds[round];
        }
        /* One set after the other, whatever order the values came in. */
        struct str want = str_fmt(
            arena,
            "[%zu]\ttrain-error:%.5f\ttrain-auc:%.5f\ttrain-accuracy:%.5f"
            "\tvalidation-error:%.5f\tvalidation-auc:%.5f\tvalidation-accuracy:%.5f",
            round, value[0], value[1], value[4], value[2], value[3], value[5]);
        assert_true(str_split(&lines, '\n', &line));
        assert_true(str_eq(line, want));
        /* What the container computes agrees with what the library computes. */
        assert_true(fabs(value[0] + value[4] - 1) < 2e-6);
        assert_true(fabs(value[2] + value[5] - 1) < 2e-6);
    }
    assert_true(result.metrics[1].rounds[11] > 0.9);
    buf_done(&log.text);
}

/* Early stopping keeps the best round and nothing after it. */
static void test_early_stopping(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(dataset_close) struct dataset *train = fixture_dataset(fixture_csv(arena, 3, 120, 6, 2));
    AUTO(dataset_close) struct dataset *other = fixture_dataset(fixture_csv(arena, 4, 120, 6, 2));
    struct hyper_value values[] = {
        HYPER("num_round", "200"),
        HYPER("eta", "0.9"),
        HYPER("objective", "binary:logistic"),
        HYPER("eval_metric", "auc,logloss"),
        HYPER("early_stopping_rounds", "5"),
        HYPER("num_parallel_tree", "2"),
    };
    struct train_result stopped = fixture_train(arena, train, other, values, ARRAY_LEN(values));
    const struct train_metric *watched = &stopped.metrics[3];
    assert_true(str_eq_z(watched->name, "validation:logloss"));
    assert_true(watched->n_rounds < 200);
    size_t best = 0;
    for (size_t i = 1; i < watched->n_rounds; i++)
        if (watched->rounds[i] < watched->rounds[best])
            best = i;
    assert_int_equal(watched->n_rounds, best + 1 + 5);
    assert_int_equal(stopped.rounds, best + 1);

    /* The same as training just that many rounds. */
    values[0].value = str_fmt(arena, "%zu", best + 1);
    values[4] = (struct hyper_value) HYPER("num_parallel_tree", "2");
    struct train_result exact = fixture_train(arena, train, other, values, 5);
    AUTO(booster_close) struct booster *a = NULL;
    AUTO(booster_close) struct booster *b = NULL;
    struct err err = {0};
    must(booster_load(stopped.model, &a, &err), &err);
    must(booster_load(exact.model, &b, &err), &err);
    for (size_t i = 0; i < dataset_rows(other); i++) {
        float row[6], x, y;
        dataset_copy_row(other, i, row);
        must(booster_predict(a, row, 1, 6, &x, 1, &err), &err);
        must(booster_predict(b, row, 1, 6, &y, 1, &err), &err);
        assert_memory_equal(&x, &y, sizeof(x));
    }

    /* Without validation data the container ignores it. */
    values[0].value = STR("20");
    values[4] = (struct hyper_value) HYPER("early_stopping_rounds", "1");
    assert_int_equal(fixture_train(arena, train, NULL, values, 5).rounds, 20);
    /* Without eval_metric as well. */
    values[3] = (struct hyper_value) HYPER("early_stopping_rounds", "1");
    assert_int_equal(fixture_train(arena, train, other, values, 4).rounds, 20);
}

static void test_faults(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(dataset_close) struct dataset *binary = fixture_dataset(fixture_csv(arena, 5, 60, 4, 2));
    AUTO(dataset_close) struct dataset *classes = fixture_dataset(fixture_csv(arena, 5, 60, 4, 5));
    AUTO(dataset_close) struct dataset *wide = fixture_dataset(fixture_csv(arena, 5, 60, 5, 2));
    static const struct {
        struct hyper_value values[4];
        const char *message;
    } cases[] = {
        {{HYPER("num_round", "x")}, "'num_round' is 'x', not a whole number"},
        {{HYPER("eta", "0.3")}, "'num_round' is '', not a whole number"},
        {{HYPER("num_round", "2"), HYPER("objective", "binary:logistic")},
         "label must be in [0,1] for logistic regression"},
        {{HYPER("num_round", "2"), HYPER("objective", "multi:softmax"), HYPER("num_class", "3")},
         "label must be in [0, num_class)"},
        {{HYPER("num_round", "2"), HYPER("eval_metric", "nonsense")}, "nonsense"},
        {{HYPER("num_round", "2"), HYPER("objective", "nonsense")}, "nonsense"},
        {{HYPER("num_round", "2"), HYPER("max_depth", "abc")}, "max_depth"},
        {{HYPER("num_round", "2"), HYPER("eval_metric", "f1_binary"),
          HYPER("objective", "multi:softprob"), HYPER("num_class", "5")},
         "Target is multiclass but average='binary'"},
        {{HYPER("num_round", "2"), HYPER("_kfold", "3")}, "'_kfold' is not supported"},
        {{HYPER("num_round", "2"), HYPER("booster", "gblinear"), HYPER("eval_metric", "rmse"),
          HYPER("early_stopping_rounds", "2")},
         "early stopping is not applicable"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t count = 0;
        while (count < 4 && !str_is_null(cases[i].values[count].name))
            count++;
        struct train_request request = {
            .hyperparameters = cases[i].values,
            .n_hyperparameters = count,
            .train = classes,
            .validation = classes};
        struct train_result result = {0};
        struct err err = {0};
        if (train_run(arena, &request, &result, &err) != ERR_SPEC ||
            strstr(err.message, cases[i].message) == NULL ||
            strstr(err.message, "Stack trace") != NULL)
            fail_msg("case %zu: %s: %s", i, err_name(err.code), err.message);
    }
    struct train_request request = {
        .hyperparameters = s_binary,
        .n_hyperparameters = ARRAY_LEN(s_binary),
        .train = binary,
        .validation = wide};
    struct train_result result = {0};
    struct err err = {0};
    assert_int_equal(train_run(arena, &request, &result, &err), ERR_SPEC);
    assert_string_equal(err.message, "the validation data has 5 features, the training data has 4");
}

static void test_cancel(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(dataset_close) struct dataset *train = fixture_dataset(fixture_csv(arena, 6, 60, 4, 2));
    struct log log = {.text = BUF_INIT(MIB(1)), .cancel_at = 3};
    struct train_request request = {
        .hyperparameters = s_binary,
        .n_hyperparameters = ARRAY_LEN(s_binary),
        .train = train,
        .on_round = on_round,
        .arg = &log,
        .cancel = &log.cancel};
    struct train_result result = {0};
    struct err err = {0};
    assert_int_equal(train_run(arena, &request, &result, &err), ERR_CANCELLED);
    assert_int_equal(log.rounds, 3);
    buf_done(&log.text);
}

/* ---- the same bytes, alone or beside others on the same data ---- */

struct job {
    const struct dataset *train, *validation;
    const char *method, *objective, *bins;
    struct arena *arena;
    struct str model;
};

static void run_job(struct job *job)
{
    struct hyper_value values[] = {
        HYPER("num_round", "15"),
        HYPER("eta", "0.2"),
        HYPER("subsample", "0.8"),
        HYPER("seed", "7"),
        {STR("tree_method"), str_from(job->method)},
        {STR("objective"), str_from(job->objective)},
        {STR("max_bin"), str_from(job->bins)},
    };
    struct train_request request = {
        .hyperparameters = values,
        .n_hyperparameters = ARRAY_LEN(values),
        .train = job->train,
        .validation = job->validation};
    struct train_result result = {0};
    struct err err = {0};
    if (train_run(job->arena, &request, &result, &err) == ERR_NONE)
        job->model = result.model;
}

static void *job_thread(void *arg)
{
    struct job *jobs = arg;
    for (size_t i = 0; i < 4; i++)
        run_job(&jobs[i]);
    return NULL;
}

static void test_same_bytes_on_any_number_of_threads(void **state)
{
    (void) state;
    enum { THREADS = 4, PER_THREAD = 4, JOBS = THREADS * PER_THREAD };
    static const struct {
        const char *method, *objective, *bins;
    } kinds[PER_THREAD] = {
        {"auto", "binary:logistic", "256"},
        {"approx", "binary:logistic", "64"},
        {"hist", "reg:squarederror", "32"},
        {"exact", "survival:cox", "256"},
    };
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(dataset_close) struct dataset *train = fixture_dataset(fixture_csv(arena, 8, 500, 10, 2));
    AUTO(dataset_close) struct dataset *other = fixture_dataset(fixture_csv(arena, 9, 200, 10, 2));
    struct job alone[PER_THREAD], beside[JOBS];
    for (size_t i = 0; i < JOBS; i++) {
        /* Each thread starts with another kind, so that different ones meet on the same data. */
        size_t kind = (i / PER_THREAD + i) % PER_THREAD;
        beside[i] = (struct job){
            .train = train,
            .validation = other,
            .method = kinds[kind].method,
            .objective = kinds[kind].objective,
            .bins = kinds[kind].bins,
            .arena = arena_new("job", 0)};
        if (i < PER_THREAD) {
            alone[i] = beside[i];
            alone[i].arena = arena;
            run_job(&alone[i]);
            assert_int_not_equal(alone[i].model.len, 0);
        }
    }
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, job_thread, beside + i * PER_THREAD), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < JOBS; i++) {
        size_t kind = (i / PER_THREAD + i) % PER_THREAD;
        assert_true(str_eq(beside[i].model, alone[kind].model));
        arena_free(beside[i].arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_line_and_metrics),
        cmocka_unit_test(test_early_stopping),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_same_bytes_on_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
