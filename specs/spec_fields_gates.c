#include "specs/spec_fields_internal.h"

/* Gates and checks: what a new version has to show before callers see it. The checklist for a new
 * field is in spec_fields.c. */

#define METRIC_FIELD \
    { \
        .name = "metric", .type = FIELD_STRING, .flags = FIELD_REQUIRED, .min = 1, .max = 128, \
        .pattern = "^(train|validation):[A-Za-z0-9_.@-]+$", \
        .pattern_note = "train:<metric> or validation:<metric>", \
        .offset = offsetof(struct spec_gate, metric), \
        .help = "A metric of the training, as SageMaker names it: the channel, ':' and the " \
                "metric. It has to be among eval_metric, or what the objective evaluates by " \
                "itself.", \
        .example = "validation:auc" \
    }
#define MIN_FIELD \
    { \
        .name = "min", .type = FIELD_NUMBER, .fallback_note = "none; min, max or both are needed", \
        .offset = offsetof(struct spec_gate, min), .help = "The least value that passes.", \
        .example = "0.95" \
    }
#define MAX_FIELD \
    { \
        .name = "max", .type = FIELD_NUMBER, .fallback_note = "none; min, max or both are needed", \
        .offset = offsetof(struct spec_gate, max), \
        .help = "The greatest value that passes, for metrics where less is better.", \
        .example = "0.2" \
    }

static const struct spec_field s_gate_fields[] = {
    METRIC_FIELD,
    MIN_FIELD,
    MAX_FIELD,
    {.name = "models",
     .type = FIELD_STRINGS,
     .fallback_note = "every model that is trained",
     .min = 1,
     .max = 100000,
     .offset = offsetof(struct spec_gate, models),
     .len_offset = offsetof(struct spec_gate, n_models),
     .help = "The models the gate stands for.",
     .example = "[churn]"},
};

static const struct spec_field s_model_gate_fields[] = {METRIC_FIELD, MIN_FIELD, MAX_FIELD};

static const struct spec_field s_check_fields[] = {
    {.name = "payload",
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED | FIELD_PATH,
     .min = 1,
     .max = 1024,
     .offset = offsetof(struct spec_check, payload),
     .help = "A local CSV file, relative to the spec: rows of features without a label and without "
             "a header, sent as text/csv.",
     .example = "data/smoke.csv"},
    {.name = "expect",
     .type = FIELD_STRING,
     .flags = FIELD_PATH,
     .fallback_note = "none: only libxgboost here is compared with",
     .min = 1,
     .max = 1024,
     .offset = offsetof(struct spec_check, expect),
     .help = "A local file of golden predictions: one line for each row of the payload.",
     .example = "data/golden.csv"},
    {.name = "tolerance",
     .type = FIELD_NUMBER,
     .fallback = "1e-5",
     .min = 0,
     .max = 1000000,
     .offset = offsetof(struct spec_check, tolerance),
     .help = "How far a prediction may be from the expected one.",
     .example = "1e-5"},
    {.name = "models",
     .type = FIELD_STRINGS,
     .fallback_note = "every model",
     .min = 1,
     .max = 100000,
     .offset = offsetof(struct spec_check, models),
     .len_offset = offsetof(struct spec_check, n_models),
     .help = "The models that are called.",
     .example = "[churn]"},
};

const struct spec_block spec_gate_block = {
    .help = "A metric, and the bounds of its value.",
    .fields = s_gate_fields,
    .n_fields = ARRAY_LEN(s_gate_fields),
    .size = sizeof(struct spec_gate),
    .at_offset = offsetof(struct spec_gate, at),
    .set_offset = FIELD_NOWHERE,
};

const struct spec_block spec_model_gate_block = {
    .help = "A metric, and the bounds of its value, for one model.",
    .fields = s_model_gate_fields,
    .n_fields = ARRAY_LEN(s_model_gate_fields),
    .size = sizeof(struct spec_gate),
    .at_offset = offsetof(struct spec_gate, at),
    .set_offset = FIELD_NOWHERE,
};

const struct spec_block spec_check_block = {
    .help = "A call, and what it has to answer.",
    .fields = s_check_fields,
    .n_fields = ARRAY_LEN(s_check_fields),
    .size = sizeof(struct spec_check),
    .at_offset = offsetof(struct spec_check, at),
    .set_offset = FIELD_NOWHERE,
};
