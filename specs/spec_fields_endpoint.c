#include "specs/spec_fields_internal.h"

/* The block `endpoint`; the checklist is in spec_fields.c. */

static const struct spec_field s_endpoint_instance_fields[] = {
    {.name = "type",
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .pattern = INSTANCE_TYPE,
     .pattern_note = "ml.<family>.<size>",
     .offset = offsetof(struct spec_instance, type),
     .help = "The instance type that serves the models. All models share its memory.",
     .example = "ml.m5.large"},
    {.name = "count",
     .type = FIELD_INT,
     .fallback = "1",
     .min = 1,
     .max = 1000,
     .offset = offsetof(struct spec_instance, count),
     .help = "How many instances serve.",
     .example = "2"},
};

static const struct spec_block s_endpoint_instance = {
    .fields = s_endpoint_instance_fields,
    .n_fields = ARRAY_LEN(s_endpoint_instance_fields),
    .at_offset = offsetof(struct spec_instance, at),
    .set_offset = FIELD_NOWHERE,
};

static const struct spec_field s_container_fields[] = {
    {.name = "image",
     .type = FIELD_STRING,
     .fallback = "builtin",
     .min = 1,
     .max = 255,
     .pattern = IMAGE_PATTERN,
     .pattern_note = "'builtin' or an image URI, without blanks",
     .offset = offsetof(struct spec_endpoint, image),
     .help =
         "The image: builtin is that of training.algorithm; else the URI of an image that serves "
         "many models.",
     .example = "builtin"},
    {.name = "environment",
     .type = FIELD_MAP,
     .max = 100,
     .value_max = 1024,
     .key_pattern = "^[A-Za-z_][A-Za-z0-9_]*$",
     .key_note = "letters, digits and '_', first no digit",
     .key_max = 1024,
     .offset = offsetof(struct spec_endpoint, environment),
     .help = "Environment variables of the container, 32 KiB in all.",
     .example = "{SAGEMAKER_NUM_MODEL_WORKERS: \"1\"}"},
};

static const struct spec_block s_container = {
    .fields = s_container_fields,
    .n_fields = ARRAY_LEN(s_container_fields),
    .at_offset = FIELD_NOWHERE,
    .set_offset = FIELD_NOWHERE,
};

static const struct spec_field s_autoscaling_fields[] = {
    {.name = "min",
     .type = FIELD_INT,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 1000,
     .offset = offsetof(struct spec_autoscaling, min),
     .help = "The fewest instances that serve. A multi-model endpoint does not scale to none.",
     .example = "1"},
    {.name = "max",
     .type = FIELD_INT,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 1000,
     .offset = offsetof(struct spec_autoscaling, max),
     .help = "The most instances that serve; the account's quota has the last word.",
     .example = "4"},
    {.name = "targetInvocationsPerInstance",
     .type = FIELD_INT,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 1000000000,
     .offset = offsetof(struct spec_autoscaling, target),
     .help = "How many invocations a minute one instance is to have, on average: instances are "
             "added above it and taken away below (target tracking on "
             "SageMakerVariantInvocationsPerInstance).",
     .example = "1000"},
    {.name = "scaleInCooldown",
     .type = FIELD_DURATION,
     .fallback = "5m",
     .min = 0,
     .max = 86400,
     .offset = offsetof(struct spec_autoscaling, in_cooldown_s),
     .help = "How long nothing is taken away after a change of the count.",
     .example = "5m"},
    {.name = "scaleOutCooldown",
     .type = FIELD_DURATION,
     .fallback = "5m",
     .min = 0,
     .max = 86400,
     .offset = offsetof(struct spec_autoscaling, out_cooldown_s),
     .help = "How long nothing more is added after instances were added.",
     .example = "1m"},
};

static const struct spec_block s_autoscaling = {
    .fields = s_autoscaling_fields,
    .n_fields = ARRAY_LEN(s_autoscaling_fields),
    .at_offset = offsetof(struct spec_autoscaling, at),
    .set_offset = offsetof(struct spec_autoscaling, set),
};

static const char *const s_modes[] = {
    "multi-model", "multi-container-direct", "multi-container-serial", NULL};

/* docs.aws.amazon.com/sagemaker/latest/dg/: multi-model-endpoints, multi-container-endpoints */
static const char *const s_mode_rows[][3] = {
    {"", "multi-model (MME)", "multi-container (MCE)"},
    {"frameworks", "one: every model shares one image", "any: every container has its own image"},
    {"models", "thousands", "2 to 15, one per container"},
    {"loading", "on the first call; the least used go", "all at the start, and for good"},
    {"memory", "for the models in use", "for all of them at once"},
    {"routing", "TargetModel", "TargetContainerHostname, or a pipeline"},
    {"a new model", "is put into S3, the endpoint stays", "is a new Model, the endpoint rolls"},
    {"when", "many alike: customers, regions, A/B", "few unlike, or steps of a pipeline"},
};
static const struct spec_table s_mode_table = {s_mode_rows, ARRAY_LEN(s_mode_rows)};
static const char *const s_target_models[] = {"versioned", "stable", NULL};
static const char *const s_model_caches[] = {"enabled", "disabled", NULL};

static const struct spec_field s_endpoint_fields[] = {
    {.name = "name",
     .type = FIELD_STRING,
     .fallback_note = "metadata.name",
     .min = 1,
     .max = 63,
     .pattern = NAME_63,
     .pattern_note = "letters, digits and '-', not at the ends",
     .offset = offsetof(struct spec_endpoint, name),
     .help = "The endpoint that clients call.",
     .example = "mme-demo"},
    {.name = "mode",
     .type = FIELD_ENUM,
     .fallback = "multi-model",
     .values = s_modes,
     .offset = offsetof(struct spec_endpoint, mode),
     .where = offsetof(struct spec_endpoint, mode_at),
     .help = "How the instances are shared. multi-model: one container that loads models as they "
             "are called. multi-container-direct: 'containers' side by side, of which each call "
             "names one. multi-container-serial: a pipeline of them, each reading what the one "
             "before answered.",
     .table = &s_mode_table,
     .example = "multi-model"},
    {.name = "targetModels",
     .type = FIELD_ENUM,
     .fallback = "versioned",
     .values = s_target_models,
     .offset = offsetof(struct spec_endpoint, target_models),
     .where = offsetof(struct spec_endpoint, target_models_at),
     .help = "How models are named. versioned: a TargetModel carries its version, and publishing a "
             "model never touches "
             "the endpoint; ask `mmectl route`. stable: TargetModel is <name>.tar.gz for good, and "
             "changed content rolls the endpoint.",
     .example = "stable"},
    {.name = "instance",
     .type = FIELD_BLOCK,
     .flags = FIELD_REQUIRED,
     .block = &s_endpoint_instance,
     .offset = offsetof(struct spec_endpoint, instance),
     .help = "The machines of the endpoint.",
     .example = "{type: ml.m5.large, count: 1}"},
    {.name = "container",
     .type = FIELD_BLOCK,
     .block = &s_container,
     .offset = 0,
     .where = offsetof(struct spec_endpoint, container_at),
     .help = "The serving container.",
     .example = "{image: builtin}"},
    {.name = "containers",
     .type = FIELD_BLOCKS,
     .min = 2,
     .max = 15,
     .block = &spec_container_block,
     .offset = offsetof(struct spec_endpoint, containers),
     .len_offset = offsetof(struct spec_endpoint, n_containers),
     .where = offsetof(struct spec_endpoint, containers_at),
     .help = "The containers of the multi-container modes, in the order of the pipeline. They "
             "stand in for 'models' and 'container'.",
     .example = "[{name: churn, image: builtin}, {name: fraud, image: builtin}]"},
    {.name = "modelCache",
     .type = FIELD_ENUM,
     .fallback = "enabled",
     .values = s_model_caches,
     .offset = offsetof(struct spec_endpoint, model_cache),
     .where = offsetof(struct spec_endpoint, model_cache_at),
     .help = "Whether loaded models are kept (MultiModelConfig.ModelCacheSetting).",
     .example = "enabled"},
    {.name = "autoscaling",
     .type = FIELD_BLOCK,
     .fallback_note = "none: always instance.count",
     .block = &s_autoscaling,
     .offset = offsetof(struct spec_endpoint, autoscaling),
     .help = "Scaling of the instances with the load. instance.count is what a new endpoint starts "
             "with; what the load made of it stays when the endpoint is updated. Taken out of the "
             "spec, the endpoint keeps the instances it has.",
     .example = "{min: 1, max: 4, targetInvocationsPerInstance: 1000}"},
    {.name = "update",
     .type = FIELD_BLOCK,
     .fallback_note = "all at once, to a second fleet",
     .block = &spec_update_block,
     .offset = offsetof(struct spec_endpoint, update),
     .help = "How the endpoint moves to a new configuration, and which alarms send it back. "
             "Changing this block alone changes nothing that is live: it holds for the next "
             "update.",
     .example = "{canary: {percent: 10, bake: 10m}, rollbackAlarms: [model-errors]}"},
    UNSUPPORTED("dataCapture", "Recording of calls to S3."),
    UNSUPPORTED("kmsKey", "The KMS key of the instances' disks."),
    UNSUPPORTED("vpc", "Subnets and security groups of the container."),
    UNSUPPORTED("networkIsolation", "Keep the container off the network."),
    UNSUPPORTED("logs", "Retention of the endpoint's log group."),
    {.name = "protect",
     .type = FIELD_BOOL,
     .fallback = "false",
     .offset = offsetof(struct spec_endpoint, protect),
     .help = "Never let apply or destroy delete the endpoint.",
     .example = "true"},
};

const struct spec_block spec_endpoint_block = {
    .fields = s_endpoint_fields,
    .n_fields = ARRAY_LEN(s_endpoint_fields),
    .at_offset = offsetof(struct spec_endpoint, at),
    .set_offset = FIELD_NOWHERE,
};
