/* A model's bytes, checked before libxgboost sees them: what passes the check loads or is refused,
 * and answers any row, and libxgboost survives it. UBJSON that is translated to the binary format
 * gives what libxgboost would have written, or is refused either way. */
#include "tests/fuzz/fuzz.h"

#include "engine/xgb/booster.h"
#include "engine/xgb/model_check.h"
#include "engine/xgb/model_ubjson.h"
#include "engine/xgb/xgboost_api.h"

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

/* The binary form that libxgboost writes, into out; false when it refuses the model. */
static bool loads(struct str model, struct buf *out)
{
    AUTO(xgb_booster_close) struct xgb_booster *booster = NULL;
    struct err err = {0};
    struct str bytes = STR_NULL;
    if (xgb_booster_load(model, &booster, &err) != ERR_NONE ||
        xgb_booster_save(booster, "deprecated", &bytes, &err) != ERR_NONE)
        return false;
    buf_add(out, bytes);
    return true;
}

static void compare_translation(struct str input)
{
    AUTO(buf_done) struct buf got = BUF_INIT(0);
    AUTO(buf_done) struct buf want = BUF_INIT(MIB(64));
    AUTO(buf_done) struct buf again = BUF_INIT(MIB(64));
    struct err err = {0};
    if (!model_ubjson_translate(input, &got) || model_check_binary(buf_str(&got), &err) != ERR_NONE)
        return;
    FUZZ_HOLDS(model_check_ubjson(input, &err) == ERR_NONE);
    if (loads(input, &want))
        FUZZ_HOLDS(str_eq(buf_str(&got), buf_str(&want)));
    else
        FUZZ_HOLDS(!loads(buf_str(&got), &again));
}

void fuzz_model(struct str input)
{
    struct booster *booster = NULL;
    struct err err = {0};
    compare_translation(input);
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
