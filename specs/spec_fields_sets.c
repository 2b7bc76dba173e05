#include "specs/spec_fields_internal.h"

/* spec.modelSets: many models from one rule. What {name} may stand for is checked in
 * specs/spec_sets.c. */

#define PLACE "\\{[A-Za-z_][A-Za-z0-9_]*\\}"

static const struct spec_field s_partition_fields[] = {
    {.name = "channel",
     .type = FIELD_STRING,
     .fallback = "train",
     .offset = offsetof(struct spec_partition, channel),
     .help =
         "The channel whose rows are parted, a CSV file. The set's other channels are parted by "
         "the same column. What lies in S3 is read by every plan.",
     .example = "train"},
    {.name = "column",
     .type = FIELD_INT,
     .flags = FIELD_REQUIRED,
     .min = 0,
     .max = 9999999,
     .offset = offsetof(struct spec_partition, column),
     .help = "The column whose values part the rows, counted from 0 as it stands in the file. It "
             "is dropped: the rest of a row is the label and the features. Its values are texts: "
             "blanks around them do not count, and they may stand in double quotes.",
     .example = "0"},
};

static const struct spec_block s_partition = {
    .fields = s_partition_fields,
    .n_fields = ARRAY_LEN(s_partition_fields),
    .at_offset = offsetof(struct spec_partition, at),
    .set_offset = offsetof(struct spec_partition, set),
};

static const struct spec_field s_set_fields[] = {
    {.name = "name",
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 200,
     .pattern = "^([A-Za-z0-9]|" PLACE ")(-?([A-Za-z0-9._]|" PLACE "))*-?$",
     .pattern_note = "a model's name with {key} in it, or the names of the matrix",
     .offset = offsetof(struct spec_model_set, name),
     .help = "The models' names: {key} stands for the value of a partition, {name} for the value "
             "of a matrix. What cannot be part of a name is replaced: '_' for a character, 'u' and "
             "its number for one outside ASCII.",
     .example = "customer-{key}"},
    {.name = "description",
     .type = FIELD_STRING,
     .max = 512,
     .offset = offsetof(struct spec_model_set, description),
     .help = "What the models are for; may hold the same places as the name. {{ is a plain {.",
     .example = "churn of {key}"},
    {.name = "partition",
     .type = FIELD_BLOCK,
     .fallback_note = "none; a set has a partition or a matrix",
     .block = &s_partition,
     .offset = offsetof(struct spec_model_set, partition),
     .help = "One model for each value of a column of the training data. At most 10,000 models per "
             "stack.",
     .example = "{channel: train, column: 0}"},
    {.name = "matrix",
     .type = FIELD_LISTS,
     .fallback_note = "none; a set has a partition or a matrix",
     .min = 1,
     .max = 20,
     .value_max = 100,
     .key_pattern = "^[A-Za-z_][A-Za-z0-9_]*$",
     .key_note = "letters, digits and '_', first no digit",
     .key_max = 64,
     .offset = offsetof(struct spec_model_set, matrix),
     .help = "One model for each combination of the values. At most 10,000 models per stack.",
     .example = "{region: [us, eu, apac], depth: [4, 6]}"},
    {.name = "minRows",
     .type = FIELD_INT,
     .fallback = "1",
     .min = 1,
     .max = 1000000000,
     .offset = offsetof(struct spec_model_set, min_rows),
     .help = "Of a partition: values with fewer rows get no model, and the plan says which.",
     .example = "50"},
    {.name = "channels",
     .type = FIELD_NAMED,
     .fallback_note = "those of training.channels",
     .max = 20,
     .key_pattern = "^(train|validation)$",
     .key_note = "'train' or 'validation', the channels the algorithm reads",
     .key_max = 64,
     .offset = offsetof(struct spec_model_set, channels),
     .len_offset = offsetof(struct spec_model_set, n_channels),
     .block = &spec_channel_block,
     .help = "Training data of these models alone; a channel that is not named here is that of "
             "training.channels. In a matrix, a source may hold the same places as the name.",
     .example = "{train: {source: \"data/{region}.csv\", contentType: text/csv}}"},
    {.name = "hyperparameters",
     .type = FIELD_MAP,
     .flags = FIELD_HYPER,
     .max = 100,
     .value_max = 2500,
     .key_max = 256,
     .offset = offsetof(struct spec_model_set, hyperparameters),
     .help = "Hyperparameters of these models, over those of training.hyperparameters. In a "
             "matrix, a value may hold the same places as the name.",
     .example = "{num_round: 30, max_depth: \"{depth}\"}"},
    {.name = "regions",
     .type = FIELD_STRINGS,
     .fallback_note = "all of spec.regions",
     .min = 1,
     .max = 40,
     .pattern = REGION_PATTERN,
     .pattern_note = REGION_NOTE,
     .offset = offsetof(struct spec_model_set, regions),
     .len_offset = offsetof(struct spec_model_set, n_regions),
     .help = "The regions these models are deployed in.",
     .example = "[eu-west-1]"},
    {.name = "protect",
     .type = FIELD_BOOL,
     .fallback = "false",
     .offset = offsetof(struct spec_model_set, protect),
     .help = "Never let apply delete one of these models while its value is there.",
     .example = "true"},
};

const struct spec_block spec_model_set_block = {
    .help = "Many models from one rule: one for each value of a column of the data (partition), or "
            "for each combination of values (matrix).",
    .fields = s_set_fields,
    .n_fields = ARRAY_LEN(s_set_fields),
    .size = sizeof(struct spec_model_set),
    .at_offset = offsetof(struct spec_model_set, at),
    .set_offset = FIELD_NOWHERE,
};
