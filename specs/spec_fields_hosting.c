#include "specs/spec_fields_internal.h"

/* Blocks of `endpoint` about where it runs and what is kept of it: dataCapture, vpc, startup, logs.
 * API_DataCaptureConfig, API_VpcConfig and API_ProductionVariant of the SageMaker API reference. */

static const char *const s_capture_modes[] = {"input-and-output", "input", "output", NULL};

static const struct spec_field s_capture_fields[] = {
    {.name = "percent",
     .type = FIELD_INT,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 100,
     .offset = offsetof(struct spec_capture, percent),
     .help = "How many of a hundred calls are recorded.",
     .example = "10"},
    {.name = "destination",
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .min = 6,
     .max = 512,
     .pattern =
         "^s3://([a-z0-9]|\\{region\\})([a-z0-9.-]|\\{region\\})*([a-z0-9]|\\{region\\})(/.*)?$",
     .pattern_note = "s3://bucket/prefix",
     .offset = offsetof(struct spec_capture, destination),
     .help = "Where the records go; outside of storage.prefix, which belongs to the stack. The "
             "execution role has to be allowed to write there.",
     .example = "s3://my-records/mme-demo"},
    {.name = "mode",
     .type = FIELD_ENUM,
     .fallback = "input-and-output",
     .values = s_capture_modes,
     .offset = offsetof(struct spec_capture, mode),
     .help = "What is recorded of a call.",
     .example = "input"},
    {.name = "kmsKey",
     .type = FIELD_STRING,
     .min = 1,
     .max = 2048,
     .pattern = KMS_PATTERN,
     .pattern_note = KMS_NOTE,
     .offset = offsetof(struct spec_capture, kms_key),
     .help = "The KMS key that the records are encrypted with.",
     .example = "alias/records"},
};

const struct spec_block spec_capture_block = {
    .fields = s_capture_fields,
    .n_fields = ARRAY_LEN(s_capture_fields),
    .at_offset = offsetof(struct spec_capture, at),
    .set_offset = offsetof(struct spec_capture, set),
};

static const struct spec_field s_vpc_fields[] = {
    {.name = "subnets",
     .type = FIELD_STRINGS,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 16,
     .pattern = "^subnet-[0-9a-z]{1,25}$",
     .pattern_note = "subnet-0123456789abcdef0",
     .offset = offsetof(struct spec_vpc, subnets),
     .len_offset = offsetof(struct spec_vpc, n_subnets),
     .help = "The subnets that the instances have an address in; the VPC needs a way to S3.",
     .example = "[subnet-0123456789abcdef0]"},
    {.name = "securityGroups",
     .type = FIELD_STRINGS,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 5,
     .pattern = "^sg-[0-9a-z]{1,29}$",
     .pattern_note = "sg-0123456789abcdef0",
     .offset = offsetof(struct spec_vpc, groups),
     .len_offset = offsetof(struct spec_vpc, n_groups),
     .help = "The security groups of those addresses.",
     .example = "[sg-0123456789abcdef0]"},
};

const struct spec_block spec_vpc_block = {
    .fields = s_vpc_fields,
    .n_fields = ARRAY_LEN(s_vpc_fields),
    .at_offset = FIELD_NOWHERE,
    .set_offset = offsetof(struct spec_vpc, set),
};

static const struct spec_field s_startup_fields[] = {
    {.name = "healthCheckTimeout",
     .type = FIELD_DURATION,
     .fallback_note = "that of SageMaker",
     .min = 60,
     .max = 3600,
     .offset = offsetof(struct spec_endpoint, health_check_timeout_s),
     .help = "How long the container may take until it answers its first ping.",
     .example = "10m"},
    {.name = "modelDownloadTimeout",
     .type = FIELD_DURATION,
     .fallback_note = "that of SageMaker",
     .min = 60,
     .max = 3600,
     .offset = offsetof(struct spec_endpoint, download_timeout_s),
     .help = "How long the download of a model to an instance may take.",
     .example = "10m"},
};

const struct spec_block spec_startup_block = {
    .fields = s_startup_fields,
    .n_fields = ARRAY_LEN(s_startup_fields),
    .at_offset = FIELD_NOWHERE,
    .set_offset = FIELD_NOWHERE,
};

static const struct spec_field s_logs_fields[] = {
    {.name = "retentionDays",
     .type = FIELD_NUMBER,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 3653,
     .offset = offsetof(struct spec_endpoint, retention_days),
     .help = "How long CloudWatch keeps what the endpoint logs: 1, 3, 5, 7, 14, 30, 60, 90, 120, "
             "150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days.",
     .example = "14"},
};

const struct spec_block spec_logs_block = {
    .fields = s_logs_fields,
    .n_fields = ARRAY_LEN(s_logs_fields),
    .at_offset = FIELD_NOWHERE,
    .set_offset = FIELD_NOWHERE,
};
