/* A model's bytes, checked before libxgboost sees them: what passes the check loads or is refused,
 * and answers any row, and libxgboost survives it. */
#include "tests/fuzz/fuzz.h"

#include "engine/xgb/booster.h"

#include <math.h>

enum { MOST_FEATURES = 64, MOST_OUTPUTS = 64 };

static void predict(const struct booster *booster, float value)
{
    float row[MOST_FEATURES], answer[MOST_OUTPUTS];
    size_t features = booster_features(booster), outputs = booster_outputs(booster);
    if (features > MOST_FEATURES || outputs > MOST_OUTPUTS)
        return;
    for (size_t i = 0; i < features; i++)
        row[i] = value;
    struct err err = {0};
    fuzz_check_err(booster_predict(booster, row, 1, features, answer, MOST_OUTPUTS, &err), &err);
    fuzz_check_err(
        booster_predict(booster, row, 1, features + 1, answer, MOST_OUTPUTS, &err), &err);
}

void fuzz_model(struct str input)
{
    struct booster *booster = NULL;
    struct err err = {0};
    enum err_code code = booster_load(input, &booster, &err);
    fuzz_check_err(code, &err);
    if (code != ERR_NONE)
        return;
    FUZZ_HOLDS(model_format_of(input) != MODEL_FORMAT_UNKNOWN);
    predict(booster, NAN);
    predict(booster, 0);
    predict(booster, -1e30F);
    booster_free(booster);
}
