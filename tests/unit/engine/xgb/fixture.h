/* tests/unit/engine/xgb/fixture.h - rows, data sets and models made on the spot from a seed.
 *
 * Shared by the tests of engine/xgb and engine/serve. A row's label follows from its features, so
 * models learn something and predictions differ from row to row.
 */
#ifndef TESTS_UNIT_ENGINE_XGB_FIXTURE_H
#define TESTS_UNIT_ENGINE_XGB_FIXTURE_H

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/rng.h"
#include "engine/xgb/train.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define HYPER(n, v) \
    { \
        STR_INIT(n), STR_INIT(v) \
    }

static inline void must(enum err_code code, const struct err *err)
{
    if (code != ERR_NONE)
        fail_msg("%s: %s", err_name(code), err->message);
}

/* label first, four decimals, some cells empty */
static inline struct str
fixture_csv(struct arena *arena, uint64_t seed, size_t rows, size_t cols, unsigned classes)
{
    struct rng rng;
    rng_seed(&rng, seed);
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(64));
    double *row = ARENA_ARRAY(arena, cols, double);
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t k = 0; k < cols; k++) {
            row[k] = rng_unit(&rng) * 20 - 10;
            sum += row[k] * (k % 3 == 0 ? 1 : -0.5);
        }
        double share = (sum + 3 * (double) cols) / (6 * (double) cols);
        long label = (long) (share * classes);
        label = label < 0 ? 0 : label >= (long) classes ? (long) classes - 1 : label;
        buf_fmt(&text, "%ld", label);
        for (size_t k = 0; k < cols; k++) {
            buf_add_char(&text, ',');
            if (rng_below(&rng, 40) != 0)
                buf_fmt(&text, "%.4f", row[k]);
        }
        buf_add_char(&text, '\n');
    }
    return str_dup(arena, buf_str(&text));
}

static inline struct dataset *fixture_dataset(struct str csv)
{
    struct dataset_options options = {.name = STR("rows.csv"), .content_type = STR("text/csv")};
    struct dataset *dataset = NULL;
    struct err err = {0};
    must(dataset_parse(csv, &options, &dataset, &err), &err);
    return dataset;
}

static inline struct train_result fixture_train(
    struct arena *arena,
    const struct dataset *train,
    const struct dataset *validation,
    const struct hyper_value *values,
    size_t count)
{
    struct train_request request = {
        .hyperparameters = values,
        .n_hyperparameters = count,
        .train = train,
        .validation = validation};
    struct train_result result = {0};
    struct err err = {0};
    must(train_run(arena, &request, &result, &err), &err);
    return result;
}

#endif
