#include "engine/resource/kind.h"

#include <assert.h>

static const struct field s_bucket[] = {
    {"bucket", FIELD_REPLACES}, {"region", FIELD_REPLACES}, {"tags", 0}, {"kms_key", 0}};
static const struct field s_object[] = {
    {"bucket", FIELD_REPLACES | FIELD_QUIET},
    {"key", FIELD_REPLACES},
    {"source", 0},
    {"content_type", FIELD_QUIET},
    {"content_length", 0},
    {"fingerprint", FIELD_REPLACES},
    {"etag", FIELD_COMPUTED}};
static const struct field s_training[] = {
    {"training_job_name", FIELD_REPLACES},
    {"role_arn", FIELD_REPLACES | FIELD_QUIET},
    {"algorithm_specification", FIELD_REPLACES | FIELD_QUIET},
    {"hyper_parameters", FIELD_REPLACES},
    {"input_data_config", FIELD_REPLACES | FIELD_QUIET},
    {"output_data_config", FIELD_REPLACES | FIELD_QUIET},
    {"resource_config", FIELD_REPLACES | FIELD_QUIET},
    {"stopping_condition", FIELD_REPLACES | FIELD_QUIET},
    {"arn", FIELD_COMPUTED},
};
static const struct field s_model[] = {
    {"name", FIELD_REPLACES},
    {"execution_role_arn", FIELD_REPLACES | FIELD_QUIET},
    {"primary_container", FIELD_REPLACES},
    {"vpc_config", FIELD_REPLACES},
    {"enable_network_isolation", FIELD_REPLACES},
    {"container", FIELD_REPLACES},
    {"inference_execution_config", FIELD_REPLACES},
    {"tags", 0},
    {"arn", FIELD_COMPUTED},
};
static const struct field s_config[] = {
    {"name", FIELD_REPLACES},
    {"production_variants", FIELD_REPLACES},
    {"kms_key_arn", FIELD_REPLACES},
    {"data_capture_config", FIELD_REPLACES},
    {"tags", 0},
    {"arn", FIELD_COMPUTED},
};
static const struct field s_endpoint[] = {
    {"name", FIELD_REPLACES},
    {"endpoint_config_name", 0},
    {"tags", 0},
    {"arn", FIELD_COMPUTED},
};
static const struct field s_scaling_target[] = {
    {"resource_id", FIELD_REPLACES},
    {"scalable_dimension", FIELD_REPLACES | FIELD_QUIET},
    {"service_namespace", FIELD_REPLACES | FIELD_QUIET},
    {"min_capacity", 0},
    {"max_capacity", 0},
    {"arn", FIELD_COMPUTED},
};
static const struct field s_scaling_policy[] = {
    {"name", FIELD_REPLACES},
    {"policy_type", 0},
    {"resource_id", FIELD_REPLACES},
    {"scalable_dimension", FIELD_REPLACES | FIELD_QUIET},
    {"service_namespace", FIELD_REPLACES | FIELD_QUIET},
    {"target_tracking_scaling_policy_configuration", 0},
    {"arn", FIELD_COMPUTED},
};
static const struct field s_log_group[] = {{"name", FIELD_REPLACES}, {"retention_in_days", 0}};

#define FIELDS(array) (array), ARRAY_LEN(array)

static const struct schema s_schemas[KIND_COUNT] = {
    {KIND_BUCKET, "aws_s3_bucket", "this", "bucket", 0, FIELDS(s_bucket)},
    {KIND_DATA, "aws_s3_object", "data", "data object", 0, FIELDS(s_object)},
    {KIND_TRAINING_JOB, "aws_sagemaker_training_job", "model", "training job", KIND_FLAG_BYPRODUCT,
     FIELDS(s_training)},
    {KIND_LOCAL_TRAINING, "mmectl_local_training", "model", "training",
     KIND_FLAG_BYPRODUCT | KIND_FLAG_UNCOUNTED, FIELDS(s_training)},
    {KIND_ARTIFACT, "aws_s3_object", "model", "model artifact", 0, FIELDS(s_object)},
    {KIND_MODEL, "aws_sagemaker_model", "this", "model", 0, FIELDS(s_model)},
    {KIND_ENDPOINT_CONFIG, "aws_sagemaker_endpoint_configuration", "this", "endpoint configuration",
     0, FIELDS(s_config)},
    {KIND_ENDPOINT, "aws_sagemaker_endpoint", "this", "endpoint", 0, FIELDS(s_endpoint)},
    {KIND_OUTPUT, "aws_s3_object", "training_output", "training output", KIND_FLAG_BYPRODUCT,
     FIELDS(s_object)},
    {KIND_LOG_GROUP, "aws_cloudwatch_log_group", "endpoint", "log group", KIND_FLAG_BYPRODUCT,
     FIELDS(s_log_group)},
    {KIND_SCALING_TARGET, "aws_appautoscaling_target", "this", "scalable target", 0,
     FIELDS(s_scaling_target)},
    {KIND_SCALING_POLICY, "aws_appautoscaling_policy", "this", "scaling policy", 0,
     FIELDS(s_scaling_policy)},
};

const struct schema *schema_of(enum kind_id id)
{
    assert(id < KIND_COUNT && s_schemas[id].id == id);
    return &s_schemas[id];
}

const struct field *schema_field(const struct schema *schema, struct str name)
{
    for (size_t i = 0; i < schema->n_fields; i++)
        if (str_eq_z(name, schema->fields[i].name))
            return &schema->fields[i];
    return NULL;
}

struct str address_of(struct arena *arena, enum kind_id id, struct str index)
{
    const struct schema *schema = schema_of(id);
    if (str_is_null(index))
        return str_fmt(arena, "%s.%s", schema->type, schema->name);
    return str_fmt(arena, "%s.%s[\"" STR_FMT "\"]", schema->type, schema->name, STR_ARG(index));
}
