#include "specs/spec_fields_internal.h"

/* The block `training`; the checklist is in spec_fields.c. */

static const struct spec_field s_training_instance_fields[] = {
    {.name = "type",
     .type = FIELD_STRING,
     .fallback_note = "none; needed to train with backend sagemaker",
     .pattern = INSTANCE_TYPE,
     .pattern_note = "ml.<family>.<size>",
     .offset = offsetof(struct spec_instance, type),
     .help = "The instance type a training job runs on.",
     .example = "ml.m5.large"},
    {.name = "count",
     .type = FIELD_INT,
     .fallback = "1",
     .min = 1,
     .max = 100,
     .offset = offsetof(struct spec_instance, count),
     .help = "How many instances one training job uses.",
     .example = "1"},
    {.name = "volumeSizeInGB",
     .type = FIELD_INT,
     .fallback = "10",
     .min = 1,
     .max = 16384,
     .offset = offsetof(struct spec_instance, volume_gb),
     .help = "The disk of each instance; it must hold the training data.",
     .example = "10"},
};

static const struct spec_field s_algorithm_fields[] = {
    {.name = "name",
     .type = FIELD_STRING,
     .fallback = "xgboost",
     .pattern = "^xgboost$",
     .pattern_note = "'xgboost'; for another image use training.image",
     .offset = offsetof(struct spec_training, algorithm_name),
     .help = "The SageMaker algorithm.",
     .example = "xgboost"},
    {.name = "version",
     .type = FIELD_STRING,
     .fallback = "1.7-1",
     .pattern = "^[0-9]+\\.[0-9]+-[0-9]+(-cpu-py3)?$",
     .pattern_note = "a tag of the image, such as 1.7-1",
     .offset = offsetof(struct spec_training, algorithm_version),
     .help = "The version of the algorithm's image. Training and serving use the same one.",
     .example = "\"1.7-1\""},
};

static const struct spec_field s_channel_fields[] = {
    {.name = "source",
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED | FIELD_PATH,
     .min = 1,
     .max = 1024,
     .offset = offsetof(struct spec_channel, source),
     .help = "A local file, relative to the spec (uploaded under its digest), or s3://bucket/key.",
     .example = "data/train.csv"},
    {.name = "contentType",
     .type = FIELD_STRING,
     .fallback = "text/libsvm",
     .pattern = "^(csv|libsvm|parquet|recordio-protobuf|text/csv|text/libsvm|text/x-libsvm|"
                "application/x-parquet|application/x-recordio-protobuf)( *; *label_size=1)?$",
     .pattern_note = "text/csv, text/libsvm, application/x-parquet or "
                     "application/x-recordio-protobuf",
     .offset = offsetof(struct spec_channel, content_type),
     .help = "What the file holds. CSV: label first, no header row.",
     .example = "text/csv"},
};

static const struct spec_block s_training_instance = {
    .fields = s_training_instance_fields,
    .n_fields = ARRAY_LEN(s_training_instance_fields),
    .at_offset = offsetof(struct spec_instance, at),
    .set_offset = FIELD_NOWHERE,
};

static const struct spec_block s_algorithm = {
    .fields = s_algorithm_fields,
    .n_fields = ARRAY_LEN(s_algorithm_fields),
    .at_offset = FIELD_NOWHERE,
    .set_offset = offsetof(struct spec_training, algorithm_set),
};

const struct spec_block spec_channel_block = {
    .help = "One channel of training data.",
    .fields = s_channel_fields,
    .n_fields = ARRAY_LEN(s_channel_fields),
    .size = sizeof(struct spec_channel),
    .at_offset = FIELD_NOWHERE,
    .name_offset = offsetof(struct spec_channel, name),
    .set_offset = FIELD_NOWHERE,
};

static const struct spec_field s_spot_fields[] = {
    {.name = "enabled",
     .type = FIELD_BOOL,
     .fallback = "false",
     .offset = offsetof(struct spec_spot, enabled),
     .help = "Train on spot instances: cheaper by up to 90 %, and interrupted when AWS wants them "
             "back. The job goes on from its last checkpoint by itself, kept beside its output.",
     .example = "true"},
    {.name = "maxWait",
     .type = FIELD_DURATION,
     .fallback_note = "twice maxRuntime",
     .min = 1,
     .max = 2419200,
     .offset = offsetof(struct spec_spot, max_wait_s),
     .help = "How long a job may take with the waits for spot instances; at least maxRuntime.",
     .example = "2h"},
};

static const struct spec_block s_spot = {
    .fields = s_spot_fields,
    .n_fields = ARRAY_LEN(s_spot_fields),
    .at_offset = offsetof(struct spec_spot, at),
    .set_offset = FIELD_NOWHERE,
};

static const char *const s_backends[] = {"sagemaker", "local", NULL};

static const struct spec_field s_training_fields[] = {
    {.name = "backend",
     .type = FIELD_ENUM,
     .fallback = "sagemaker",
     .values = s_backends,
     .offset = offsetof(struct spec_training, backend),
     .help = "Where models are trained: sagemaker runs a training job for each; local trains with "
             "libxgboost in this process and uploads the artifact.",
     .example = "sagemaker"},
    {.name = "algorithm",
     .type = FIELD_BLOCK,
     .block = &s_algorithm,
     .offset = 0,
     .help = "The algorithm; its image is looked up for the region.",
     .example = "{name: xgboost, version: \"1.7-1\"}"},
    {.name = "image",
     .type = FIELD_STRING,
     .min = 1,
     .max = 255,
     .pattern = IMAGE_PATTERN,
     .pattern_note = "an image URI, without blanks",
     .offset = offsetof(struct spec_training, image),
     .help = "An image to train with instead of an algorithm's. Its hyperparameters are not "
             "checked.",
     .example = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1"},
    {.name = "instance",
     .type = FIELD_BLOCK,
     .block = &s_training_instance,
     .offset = offsetof(struct spec_training, instance),
     .help = "The machines of a training job.",
     .example = "{type: ml.m5.large, count: 1, volumeSizeInGB: 10}"},
    {.name = "maxRuntime",
     .type = FIELD_DURATION,
     .fallback = "1h",
     .min = 1,
     .max = 2419200,
     .offset = offsetof(struct spec_training, max_runtime_s),
     .help = "SageMaker stops a training job that runs longer; at most 28 days (672h).",
     .example = "1h"},
    {.name = "concurrency",
     .type = FIELD_INT,
     .fallback_note = "as many as -parallelism allows, 10",
     .min = 1,
     .max = 1000,
     .offset = offsetof(struct spec_training, concurrency),
     .help = "How many training jobs run at a time, one for each model. -parallelism, for all "
             "other operations, does not count them then. Jobs that the account's quota has no "
             "room for wait until one of the stack's own ends.",
     .example = "20"},
    {.name = "keepAlive",
     .type = FIELD_DURATION,
     .fallback_note = "none",
     .min = 0,
     .max = 21600,
     .offset = offsetof(struct spec_training, keep_alive_s),
     .help = "Keeps the instances of a finished job warm for so long (a warm pool), at most 6h: "
             "the next job of the same role, instance type, count and disk starts in seconds. "
             "They are paid for while they wait, and need the quota '<type> for training warm "
             "pool usage'. Not with spot.",
     .example = "10m"},
    {.name = "spot",
     .type = FIELD_BLOCK,
     .block = &s_spot,
     .offset = offsetof(struct spec_training, spot),
     .help = "Training on spot instances.",
     .example = "{enabled: true, maxWait: 2h}"},
    {.name = "channels",
     .type = FIELD_NAMED,
     .fallback_note = "none; 'train' is needed to train a model",
     .max = 20,
     .key_pattern = "^(train|validation)$",
     .key_note = "'train' or 'validation', the channels the algorithm reads",
     .key_max = 64,
     .offset = offsetof(struct spec_training, channels),
     .len_offset = offsetof(struct spec_training, n_channels),
     .block = &spec_channel_block,
     .help = "The training data, shared by all models: 'train', and 'validation' if you like.",
     .example = "{train: {source: data/train.csv, contentType: text/csv}}"},
    {.name = "hyperparameters",
     .type = FIELD_MAP,
     .flags = FIELD_HYPER,
     .max = 100,
     .value_max = 2500,
     .key_max = 256,
     .offset = offsetof(struct spec_training, hyperparameters),
     .help = "Hyperparameters of every model; a model's own win.",
     .example = "{objective: \"binary:logistic\", eval_metric: auc}"},
};

const struct spec_block spec_training_block = {
    .fields = s_training_fields,
    .n_fields = ARRAY_LEN(s_training_fields),
    .at_offset = offsetof(struct spec_training, at),
    .set_offset = offsetof(struct spec_training, set),
};
