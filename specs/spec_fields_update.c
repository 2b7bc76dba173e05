#include "specs/spec_fields_internal.h"

/* The block `endpoint.update`: API_DeploymentConfig of the SageMaker API reference, whose limits
 * these are; https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html */

#define PERCENT(least, text) \
    { \
        .name = "percent", .type = FIELD_NUMBER, .fallback_note = "none; this or 'instances'", \
        .min = (least), .max = 50, .offset = offsetof(struct spec_step, percent), .help = (text), \
        .example = "10" \
    }
#define INSTANCES(text) \
    { \
        .name = "instances", .type = FIELD_NUMBER, .fallback_note = "none; this or 'percent'", \
        .min = 1, .max = 500, .offset = offsetof(struct spec_step, instances), .help = (text), \
        .example = "1" \
    }
#define WAIT(field_name, text) \
    { \
        .name = (field_name), .type = FIELD_DURATION, .flags = FIELD_REQUIRED, .min = 0, \
        .max = 3600, .offset = offsetof(struct spec_step, wait_s), .help = (text), \
        .example = "10m" \
    }
#define STEP_BLOCK(table) \
    { \
        .fields = (table), .n_fields = ARRAY_LEN(table), \
        .at_offset = offsetof(struct spec_step, at), .set_offset = offsetof(struct spec_step, set) \
    }

static const struct spec_field s_all_at_once_fields[] = {
    WAIT(
        "bake",
        "How long the old instances are kept, and the alarms watched, once all traffic "
        "has moved; at most an hour."),
};
static const struct spec_block s_all_at_once = STEP_BLOCK(s_all_at_once_fields);

static const struct spec_field s_canary_fields[] = {
    PERCENT(1, "The share of the instances that takes traffic first."),
    INSTANCES("How many instances take traffic first; at most half of them."),
    WAIT(
        "bake",
        "How long they serve alone before the rest follows, and how long the alarms are "
        "watched after that; at most an hour."),
};
static const struct spec_block s_canary = STEP_BLOCK(s_canary_fields);

static const struct spec_field s_linear_fields[] = {
    PERCENT(10, "The share of the instances that each step moves."),
    INSTANCES("How many instances each step moves; a tenth to half of them."),
    WAIT("interval", "How long each step is watched before the next; at most an hour."),
};
static const struct spec_block s_linear = STEP_BLOCK(s_linear_fields);

static const struct spec_field s_rolling_fields[] = {
    PERCENT(5, "The share of the instances that is replaced at once."),
    INSTANCES("How many instances are replaced at once; a twentieth to half of them."),
    WAIT("interval", "How long each batch is watched before the next; at most an hour."),
    {.name = "rollbackPercent",
     .type = FIELD_INT,
     .fallback_note = "all at once",
     .min = 5,
     .max = 100,
     .offset = offsetof(struct spec_step, rollback_percent),
     .help = "The share that is put back at once when the update is rolled back.",
     .example = "100"},
};
static const struct spec_block s_rolling = STEP_BLOCK(s_rolling_fields);

static const struct spec_field s_update_fields[] = {
    {.name = "strategy",
     .type = FIELD_STRING,
     .fallback_note = "rolling with a 'rolling' block, else blue-green",
     .pattern = "^(blue-green|rolling)$",
     .pattern_note = "blue-green or rolling",
     .offset = offsetof(struct spec_update, strategy),
     .help = "With blue-green a second fleet is started, and traffic moves to it; with rolling "
             "instances "
             "are replaced in batches, without paying for two fleets.",
     .example = "blue-green"},
    {.name = "allAtOnce",
     .type = FIELD_BLOCK,
     .block = &s_all_at_once,
     .offset = offsetof(struct spec_update, all_at_once),
     .help = "Move all traffic in one step, and watch the new instances before the old ones go.",
     .example = "{bake: 10m}"},
    {.name = "canary",
     .type = FIELD_BLOCK,
     .block = &s_canary,
     .offset = offsetof(struct spec_update, canary),
     .help = "Move a few instances' worth of traffic first, and the rest when all is well.",
     .example = "{percent: 10, bake: 10m}"},
    {.name = "linear",
     .type = FIELD_BLOCK,
     .block = &s_linear,
     .offset = offsetof(struct spec_update, linear),
     .help = "Move traffic in equal steps.",
     .example = "{percent: 20, interval: 5m}"},
    {.name = "rolling",
     .type = FIELD_BLOCK,
     .block = &s_rolling,
     .offset = offsetof(struct spec_update, rolling),
     .help = "Replace the instances in batches.",
     .example = "{percent: 20, interval: 5m}"},
    {.name = "terminationWait",
     .type = FIELD_DURATION,
     .fallback = "0s",
     .min = 0,
     .max = 3600,
     .offset = offsetof(struct spec_update, termination_wait_s),
     .help = "How long the old fleet is kept when everything has moved (blue-green).",
     .example = "5m"},
    {.name = "maximumExecutionTimeout",
     .type = FIELD_DURATION,
     .fallback_note = "that of SageMaker",
     .min = 600,
     .max = 28800,
     .offset = offsetof(struct spec_update, max_execution_s),
     .help = "How long an update may take before SageMaker rolls it back; 10m to 8h.",
     .example = "1h"},
    {.name = "rollbackAlarms",
     .type = FIELD_STRINGS,
     .min = 1,
     .max = 10,
     .value_max = 255,
     .pattern = "^[^ ].*$",
     .pattern_note = "names of CloudWatch alarms",
     .offset = offsetof(struct spec_update, alarms),
     .len_offset = offsetof(struct spec_update, n_alarms),
     .help = "CloudWatch alarms of this account and region, which have to exist: when one is in "
             "ALARM while the endpoint moves, SageMaker goes back to the old configuration, and "
             "apply ends with 7.",
     .example = "[model-errors]"},
};

const struct spec_block spec_update_block = {
    .fields = s_update_fields,
    .n_fields = ARRAY_LEN(s_update_fields),
    .at_offset = offsetof(struct spec_update, at),
    .set_offset = offsetof(struct spec_update, set),
};
