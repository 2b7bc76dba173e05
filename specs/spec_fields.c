#include "specs/spec_fields.h"

#include "specs/spec_fields_internal.h"

/* To add a field:
 *   1. a member in specs/spec.h, and a line in the table of its block, below or in
 *      spec_fields_training.c or spec_fields_endpoint.c;
 *   2. rules that need a second field: specs/spec_check.c;
 *   3. a fault of it in tests/unit/specs/test_spec_check.c.
 * Reading, the default, the checks of the value alone, `mmectl help spec` and `mmectl schema`
 * follow from the line.
 * Patterns are read by regcomp() and by JSON Schema, so only what both know may be used: classes,
 * groups, *, +, ?, {m,n}, | and anchors. Sources: CreateTrainingJob, CreateModel,
 * CreateEndpointConfig, CreateEndpoint of the SageMaker API reference; S3's bucket naming rules. */

static const struct spec_field s_metadata_fields[] = {
    {.name = "name",
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 32,
     .pattern = "^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$",
     .pattern_note = "lower-case letters, digits and '-', not at the ends",
     .offset = offsetof(struct spec, name),
     .help = "The stack: one endpoint with its models in one account and region. It is part of "
             "the names of everything that is made.",
     .example = "mme-demo"},
    {.name = "tags",
     .type = FIELD_MAP,
     .max = 40,
     .pattern = TAG_PATTERN,
     .pattern_note = TAG_NOTE,
     .value_max = 256,
     .key_pattern = TAG_PATTERN,
     .key_note = TAG_NOTE,
     .key_max = 128,
     .offset = offsetof(struct spec, tags),
     .help = "Tags for every AWS object that takes tags, besides those that mmectl sets itself "
             "(mmectl:*).",
     .example = "{team: risk}"},
};

static const struct spec_field s_storage_fields[] = {
    {.name = "bucket",
     .type = FIELD_STRING,
     .fallback_note = "sagemaker-<region>-<account>",
     .min = 3,
     .max = 63,
     .pattern = "^([a-z0-9]|\\{region\\})([a-z0-9.-]|\\{region\\})*([a-z0-9]|\\{region\\})$",
     .pattern_note = "lower-case letters, digits, '.' and '-', not at the ends",
     .offset = offsetof(struct spec, bucket),
     .help = "The S3 bucket for data and models, in the region of the stack. Made, private and "
             "encrypted, when it is missing. {region} in it stands for the region.",
     .example = "my-models"},
    {.name = "prefix",
     .type = FIELD_STRING,
     .fallback_note = "metadata.name",
     .min = 1,
     .max = 256,
     .pattern = "^/*[A-Za-z0-9!_.*'()=-]+(/[A-Za-z0-9!_.*'()=-]+)*/*$",
     .pattern_note = "letters, digits and ! _ . * ' ( ) = -, parted by single '/'",
     .offset = offsetof(struct spec, prefix),
     .help = "Where in the bucket everything is kept. It belongs to this stack alone.",
     .example = "mme-demo"},
    {.name = "kmsKey",
     .type = FIELD_STRING,
     .fallback_note = "the bucket's own encryption",
     .min = 1,
     .max = 2048,
     .pattern = KMS_PATTERN,
     .pattern_note = KMS_NOTE,
     .offset = offsetof(struct spec, kms_key),
     .help = "The KMS key that encrypts what is written: data, models, what training puts out, the "
             "stack's record; and a bucket that is made. Objects keep the key that they were "
             "written with.",
     .example = "alias/models"},
};

static const struct spec_block s_metadata = {
    .fields = s_metadata_fields,
    .n_fields = ARRAY_LEN(s_metadata_fields),
    .at_offset = FIELD_NOWHERE,
    .set_offset = FIELD_NOWHERE,
};

static const struct spec_block s_storage = {
    .fields = s_storage_fields,
    .n_fields = ARRAY_LEN(s_storage_fields),
    .at_offset = FIELD_NOWHERE,
    .set_offset = FIELD_NOWHERE,
};

static const struct spec_field s_model_fields[] = {
    {.name = "name",
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = MODEL_NAME_MAX,
     .pattern = MODEL_NAME,
     .pattern_note = MODEL_NAME_NOTE,
     .offset = offsetof(struct spec_model, name),
     .help = "The model; its artifact and TargetModel are named after it.",
     .example = "model_conservative"},
    {.name = "description",
     .type = FIELD_STRING,
     .max = 512,
     .offset = offsetof(struct spec_model, description),
     .help = "What the model is for.",
     .example = "Simple, fast, low risk of overfitting"},
    {.name = "hyperparameters",
     .type = FIELD_MAP,
     .flags = FIELD_HYPER,
     .max = 100,
     .value_max = 2500,
     .key_max = 256,
     .offset = offsetof(struct spec_model, hyperparameters),
     .help = "Hyperparameters of this model, over those of training.hyperparameters.",
     .example = "{num_round: 25, max_depth: 2, eta: 0.3}"},
    {.name = "artifact",
     .type = FIELD_STRING,
     .flags = FIELD_PATH,
     .fallback_note = "none: the model is trained",
     .min = 1,
     .max = 1024,
     .offset = offsetof(struct spec_model, artifact),
     .help = "A model.tar.gz of your own, local or s3://bucket/key; nothing is trained.",
     .example = "s3://bucket/path/model.tar.gz"},
    {.name = "sha256",
     .type = FIELD_STRING,
     .min = 64,
     .max = 64,
     .pattern = "^[0-9a-f]{64}$",
     .pattern_note = "64 lower-case hex digits",
     .offset = offsetof(struct spec_model, sha256),
     .help = "The SHA-256 the artifact must have.",
     .example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
    {.name = "allowPickle",
     .type = FIELD_BOOL,
     .fallback = "false",
     .offset = offsetof(struct spec_model, allow_pickle),
     .help = "Let the artifact be a Python pickle, which runs code of its maker when it is loaded.",
     .example = "false"},
    {.name = "regions",
     .type = FIELD_STRINGS,
     .fallback_note = "all of spec.regions",
     .min = 1,
     .max = 40,
     .pattern = REGION_PATTERN,
     .pattern_note = REGION_NOTE,
     .offset = offsetof(struct spec_model, regions),
     .len_offset = offsetof(struct spec_model, n_regions),
     .help = "The regions the model is deployed in. A route is in a region when its models are.",
     .example = "[eu-west-1]"},
    {.name = "version",
     .type = FIELD_STRING,
     .fallback_note = "what the rest of the model says",
     .min = 8,
     .max = 64,
     .pattern = "^[0-9a-f]{8,64}$",
     .pattern_note = "8 to 64 lower-case hex digits, as 'mmectl history' shows them",
     .offset = offsetof(struct spec_model, version),
     .help = "Publish this version, whatever the model says otherwise, as long as the line stands: "
             "the first digits of a version that is kept. It ends a hold of 'mmectl rollback'.",
     .example = "3f2a9c1e"},
    {.name = "protect",
     .type = FIELD_BOOL,
     .fallback = "false",
     .offset = offsetof(struct spec_model, protect),
     .help = "Never let apply delete the model.",
     .example = "true"},
    {.name = "gates",
     .type = FIELD_BLOCKS,
     .max = 40,
     .block = &spec_model_gate_block,
     .offset = offsetof(struct spec_model, gates),
     .len_offset = offsetof(struct spec_model, n_gates),
     .help = "Metrics that the training of this model has to reach, besides those of spec.gates.",
     .example = "[{metric: validation:auc, min: 0.95}]"},
};

static const struct spec_block s_model = {
    .help = "One model behind the endpoint: trained here, or brought along as an artifact.",
    .fields = s_model_fields,
    .n_fields = ARRAY_LEN(s_model_fields),
    .size = sizeof(struct spec_model),
    .at_offset = offsetof(struct spec_model, at),
    .set_offset = FIELD_NOWHERE,
};

static const struct spec_field s_versions_fields[] = {
    {.name = "retain",
     .type = FIELD_INT,
     .fallback = "1",
     .min = 0,
     .max = 100,
     .offset = offsetof(struct spec, retain),
     .help = "How many versions of each model are kept besides the one that is live.",
     .example = "3"},
};

static const struct spec_block s_versions = {
    .fields = s_versions_fields,
    .n_fields = ARRAY_LEN(s_versions_fields),
    .at_offset = FIELD_NOWHERE,
    .set_offset = FIELD_NOWHERE,
};

static const struct spec_field s_spec_fields[] = {
    {.name = "account",
     .type = FIELD_STRING,
     .fallback_note = "the role's account",
     .pattern = "^[0-9]{12}$",
     .pattern_note = "12 digits",
     .offset = offsetof(struct spec, account),
     .help = "A guard: the AWS account the caller must be in.",
     .example = "\"123456789012\""},
    {.name = "region",
     .type = FIELD_STRING,
     .fallback_note = "that of --region; it or 'regions' is needed",
     .pattern = REGION_PATTERN,
     .pattern_note = REGION_NOTE,
     .offset = offsetof(struct spec, region),
     .help = "The AWS region.",
     .example = "us-east-1"},
    {.name = "regions",
     .type = FIELD_STRINGS,
     .fallback_note = "none: the stack is in 'region'",
     .min = 1,
     .max = 40,
     .pattern = REGION_PATTERN,
     .pattern_note = REGION_NOTE,
     .offset = offsetof(struct spec, regions),
     .len_offset = offsetof(struct spec, n_regions),
     .help = "Several regions instead of one: the same stack in each, planned and applied side by "
             "side. {region} in storage.bucket, in images and in dataCapture.destination stands "
             "for the region. A model is trained once and copied. --region narrows a command to "
             "one of them. A region that is taken out of the list keeps its stack until "
             "'mmectl destroy --region REGION'.",
     .example = "[us-east-1, eu-west-1]"},
    {.name = "role",
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .min = 20,
     .max = 2048,
     .pattern = "^arn:aws[a-z-]*:iam::[0-9]{12}:role/?[a-zA-Z_0-9+=,.@/-]+$",
     .pattern_note = "arn:aws:iam::<account>:role/<name>",
     .offset = offsetof(struct spec, role),
     .help = "The execution role: what SageMaker may do while it trains and serves.",
     .example = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"},
    {.name = "storage",
     .type = FIELD_BLOCK,
     .block = &s_storage,
     .offset = 0,
     .help = "Where data and models are kept.",
     .example = "{bucket: my-models}"},
    {.name = "training",
     .type = FIELD_BLOCK,
     .block = &spec_training_block,
     .offset = offsetof(struct spec, training),
     .help = "How models without an artifact of their own are trained."},
    {.name = "models",
     .type = FIELD_BLOCKS,
     .fallback_note = "none; needed without modelSets",
     .min = 0,
     .max = 100000,
     .block = &s_model,
     .offset = offsetof(struct spec, models),
     .len_offset = offsetof(struct spec, n_models),
     .help = "The models behind the endpoint.",
     .example = "[{name: churn, artifact: model.tar.gz}]"},
    {.name = "modelSets",
     .type = FIELD_BLOCKS,
     .max = 100,
     .block = &spec_model_set_block,
     .offset = offsetof(struct spec, sets),
     .len_offset = offsetof(struct spec, n_sets),
     .help = "Many models from one rule: one for each customer, one for each combination.",
     .example = "[{name: \"customer-{key}\", partition: {column: 0}}]"},
    {.name = "endpoint",
     .type = FIELD_BLOCK,
     .flags = FIELD_REQUIRED,
     .block = &spec_endpoint_block,
     .offset = offsetof(struct spec, endpoint),
     .help = "The multi-model endpoint.",
     .example = "{instance: {type: ml.m5.large, count: 1}}"},
    {.name = "routes",
     .type = FIELD_BLOCKS,
     .max = 1000,
     .block = &spec_route_block,
     .offset = offsetof(struct spec, routes),
     .len_offset = offsetof(struct spec, n_routes),
     .help =
         "Names that stand for several models, each with its share of the callers: an A/B test. "
         "'mmectl route', 'mmectl invoke' and every client that reads the stack's record "
         "resolve them; changing one is a single write of that record.",
     .example = "[{name: churn, split: {model_a: 90, model_b: 10}}]"},
    {.name = "gates",
     .type = FIELD_BLOCKS,
     .max = 100,
     .block = &spec_gate_block,
     .offset = offsetof(struct spec, gates),
     .len_offset = offsetof(struct spec, n_gates),
     .help = "Metrics that a model's training has to reach for the new version to be published. A "
             "model that fails is held back: the version that serves goes on serving, the others "
             "are published, and apply ends with 3. The next plan says why and is otherwise no "
             "change; another bound publishes what was trained, without training it again. Models "
             "with an artifact of their own have no metrics: gates for every model pass them by.",
     .example = "[{metric: validation:auc, min: 0.95}]"},
    {.name = "checks",
     .type = FIELD_BLOCKS,
     .max = 100,
     .block = &spec_check_block,
     .offset = offsetof(struct spec, checks),
     .len_offset = offsetof(struct spec, n_checks),
     .help = "Calls that a new version has to answer as expected before it is published: its "
             "answer is compared with libxgboost scoring the same rows here, and with golden "
             "predictions. With versioned targetModels a version that fails is taken away from "
             "the endpoint again and the one that serves goes on serving; with stable ones the "
             "endpoint has rolled by then, and apply says how to roll back. Either ends apply "
             "with 3.",
     .example = "[{payload: data/smoke.csv, expect: data/golden.csv}]"},
    {.name = "versions",
     .type = FIELD_BLOCK,
     .block = &s_versions,
     .offset = 0,
     .help = "What is kept for 'mmectl rollback'.",
     .example = "{retain: 3}"},
};

static const struct spec_block s_spec = {
    .fields = s_spec_fields,
    .n_fields = ARRAY_LEN(s_spec_fields),
    .at_offset = offsetof(struct spec, at),
    .set_offset = FIELD_NOWHERE,
};

static const char *const s_api_versions[] = {"mmectl/v1", NULL};
static const char *const s_kinds[] = {"MultiModelEndpoint", NULL};

static const struct spec_field s_document_fields[] = {
    {.name = "apiVersion",
     .type = FIELD_ENUM,
     .flags = FIELD_REQUIRED,
     .values = s_api_versions,
     .offset = FIELD_NOWHERE,
     .help = "The version of this language.",
     .example = "mmectl/v1"},
    {.name = "kind",
     .type = FIELD_ENUM,
     .flags = FIELD_REQUIRED,
     .values = s_kinds,
     .offset = FIELD_NOWHERE,
     .help = "What the document describes.",
     .example = "MultiModelEndpoint"},
    {.name = "metadata",
     .type = FIELD_BLOCK,
     .flags = FIELD_REQUIRED,
     .block = &s_metadata,
     .offset = 0,
     .help = "The name of the stack, and its tags.",
     .example = "{name: mme-demo}"},
    {.name = "variables",
     .type = FIELD_MAP,
     .flags = FIELD_LITERAL,
     .max = 100,
     .value_max = 65536,
     .key_pattern = "^[A-Za-z_][A-Za-z0-9_]*$",
     .key_note = "letters, digits and '_', first no digit",
     .key_max = 64,
     .offset = FIELD_NOWHERE,
     .help = "Variables and their values. ${name} stands for the value in any scalar below spec "
             "and metadata; $${ is a plain ${. --set name=value and MMECTL_VAR_name win over the "
             "value here; without any value (null) one of them is needed. Where an empty value is "
             "all that is left, the key counts as absent.",
     .example = "{bucket: \"\"}"},
    {.name = "spec",
     .type = FIELD_BLOCK,
     .flags = FIELD_REQUIRED,
     .block = &s_spec,
     .offset = 0,
     .help = "The wanted state."},
};

const struct spec_block spec_document_block = {
    .help = "One YAML document is one stack: one multi-model endpoint in one account and region. A "
            "file may hold several documents.",
    .fields = s_document_fields,
    .n_fields = ARRAY_LEN(s_document_fields),
    .at_offset = FIELD_NOWHERE,
    .set_offset = FIELD_NOWHERE,
};

const struct spec_field *spec_field_find(const struct spec_block *block, struct str name)
{
    for (size_t i = 0; i < block->n_fields; i++)
        if (str_eq_z(name, block->fields[i].name))
            return &block->fields[i];
    return NULL;
}
