#include "engine/local/sm_tables.h"

#include "engine/local/sm_forms.h"

/* ------------------------------------------------------------------ shared shapes */

static const struct sm_shape s_any = {.kind = SM_ANY};
static const struct sm_shape s_bool = {.kind = SM_BOOL};
static const struct sm_shape s_time = {.kind = SM_TIME};
static const struct sm_shape s_weight = {.kind = SM_NUM};
static const struct sm_shape s_name = TEXT(0, 63, &sm_pattern_name);
static const struct sm_shape s_job_name = TEXT(1, 63, &sm_pattern_name);
static const struct sm_shape s_model_name = TEXT(0, 63, &sm_pattern_model_name);
static const struct sm_shape s_role = TEXT(20, 2048, &sm_pattern_role);
static const struct sm_shape s_s3_uri = TEXT(0, 1024, &sm_pattern_s3_uri);
static const struct sm_shape s_kms = TEXT(0, 2048, &sm_pattern_kms);
static const struct sm_shape s_image = TEXT(0, 255, &sm_pattern_visible);
static const struct sm_shape s_instance = TEXT(0, 0, &sm_pattern_instance);
static const struct sm_shape s_count = INT_IN(0, 0);
static const struct sm_shape s_one_up = INT_IN(1, 0);
static const struct sm_shape s_text_256 = TEXT(0, 256, NULL);
static const struct sm_shape s_text_1024 = TEXT(0, 1024, NULL);

static const struct sm_shape s_tag_key = TEXT(1, 128, &sm_pattern_tag);
static const struct sm_shape s_tag_value = TEXT(0, 256, &sm_pattern_tag);
static const struct sm_member s_tag_members[] = {
    {"Key", REQUIRED, &s_tag_key}, {"Value", REQUIRED, &s_tag_value}, END};
static const struct sm_shape s_tag = STRUCT_OF(s_tag_members);
static const struct sm_shape s_tags = LIST_OF(0, 50, &s_tag);
static const struct sm_shape s_tag_keys = LIST_OF(1, 50, &s_tag_key);
static const struct sm_shape s_resource_arn = TEXT(0, 256, &sm_pattern_arn);

static const struct sm_shape s_network_id = TEXT(0, 32, &sm_pattern_id);
static const struct sm_shape s_security_groups = LIST_OF(1, 5, &s_network_id);
static const struct sm_shape s_subnets = LIST_OF(1, 16, &s_network_id);
static const struct sm_member s_vpc_members[] = {
    {"SecurityGroupIds", REQUIRED, &s_security_groups}, {"Subnets", REQUIRED, &s_subnets}, END};
static const struct sm_shape s_vpc = STRUCT_OF(s_vpc_members);

static const char *const s_access_values[] = {"Platform", "Vpc", NULL};
static const struct sm_shape s_access = ENUM(s_access_values);

/* ------------------------------------------------------------------ lists */

static const char *const s_order_values[] = {"Ascending", "Descending", NULL};
static const struct sm_shape s_order = ENUM(s_order_values);
static const char *const s_by_two_values[] = {"Name", "CreationTime", NULL};
static const struct sm_shape s_by_two = ENUM(s_by_two_values);
static const char *const s_by_three_values[] = {"Name", "CreationTime", "Status", NULL};
static const struct sm_shape s_by_three = ENUM(s_by_three_values);
static const struct sm_shape s_token = TEXT(0, 8192, NULL);
static const struct sm_shape s_page = INT_IN(1, 100);
static const struct sm_shape s_contains = TEXT(0, 63, &sm_pattern_part);

#define LIST_MEMBERS(by) \
    {"NextToken", OPTIONAL, &s_token}, {"MaxResults", OPTIONAL, &s_page}, \
        {"NameContains", OPTIONAL, &s_contains}, {"SortBy", OPTIONAL, &(by)}, \
        {"SortOrder", OPTIONAL, &s_order}, {"CreationTimeAfter", OPTIONAL, &s_time}, \
    { \
        "CreationTimeBefore", OPTIONAL, &s_time \
    }

/* ------------------------------------------------------------------ training jobs */

static const char *const s_job_status_values[] = {"InProgress", "Completed", "Failed", "Stopping",
                                                  "Stopped",    "Deleting",  NULL};
static const struct sm_shape s_job_status = ENUM(s_job_status_values);
static const char *const s_input_mode_values[] = {"Pipe", "File", "FastFile", NULL};
static const struct sm_shape s_input_mode = ENUM(s_input_mode_values);

static const struct sm_shape s_metric_name = TEXT(1, 255, NULL);
static const struct sm_shape s_metric_regex = TEXT(1, 500, NULL);
static const struct sm_member s_metric_members[] = {
    {"Name", REQUIRED, &s_metric_name}, {"Regex", REQUIRED, &s_metric_regex}, END};
static const struct sm_shape s_metric = STRUCT_OF(s_metric_members);
static const struct sm_shape s_metrics = LIST_OF(0, 40, &s_metric);
static const struct sm_shape s_arguments = LIST_OF(1, 100, &s_text_256);
static const struct sm_member s_image_config_members[] = {
    {"TrainingRepositoryAccessMode", REQUIRED, &s_access}, END};
static const struct sm_shape s_image_config = STRUCT_OF(s_image_config_members);
static const struct sm_shape s_algorithm_name = TEXT(1, 170, NULL);
static const struct sm_member s_algorithm_members[] = {
    {"TrainingImage", OPTIONAL, &s_image},
    {"AlgorithmName", OPTIONAL, &s_algorithm_name},
    {"TrainingInputMode", REQUIRED, &s_input_mode},
    {"MetricDefinitions", OPTIONAL, &s_metrics},
    {"EnableSageMakerMetricsTimeSeries", OPTIONAL, &s_bool},
    {"ContainerEntrypoint", OPTIONAL, &s_arguments},
    {"ContainerArguments", OPTIONAL, &s_arguments},
    {"TrainingImageConfig", OPTIONAL, &s_image_config},
    END};
static const struct sm_shape s_algorithm = STRUCT_OF(s_algorithm_members);

static const struct sm_shape s_hyper_key = TEXT(0, 256, NULL);
static const struct sm_shape s_hyper_value = TEXT(0, 2500, NULL);
static const struct sm_shape s_hypers = MAP_OF(100, &s_hyper_key, &s_hyper_value);

static const char *const s_s3_type_values[] = {
    "ManifestFile", "S3Prefix", "AugmentedManifestFile", "Converse", NULL};
static const struct sm_shape s_s3_type = ENUM(s_s3_type_values);
static const char *const s_distribution_values[] = {"FullyReplicated", "ShardedByS3Key", NULL};
static const struct sm_shape s_distribution = ENUM(s_distribution_values);
static const struct sm_member s_s3_source_members[] = {
    {"S3DataType", REQUIRED, &s_s3_type},
    {"S3Uri", REQUIRED, &s_s3_uri},
    {"S3DataDistributionType", OPTIONAL, &s_distribution},
    END};
static const struct sm_shape s_s3_source = STRUCT_OF(s_s3_source_members);
static const struct sm_member s_data_source_members[] = {
    {"S3DataSource", OPTIONAL, &s_s3_source}, {"FileSystemDataSource", OPTIONAL, &s_any}, END};
static const struct sm_shape s_data_source = STRUCT_OF(s_data_source_members);
static const char *const s_channel_gzip_values[] = {"None", "Gzip", NULL};
static const struct sm_shape s_channel_gzip = ENUM(s_channel_gzip_values);
static const char *const s_record_values[] = {"None", "RecordIO", NULL};
static const struct sm_shape s_record = ENUM(s_record_values);
static const struct sm_shape s_channel_name = TEXT(1, 64, &sm_pattern_channel);
static const struct sm_member s_channel_members[] = {
    {"ChannelName", REQUIRED, &s_channel_name}, {"DataSource", REQUIRED, &s_data_source},
    {"ContentType", OPTIONAL, &s_text_256},     {"CompressionType", OPTIONAL, &s_channel_gzip},
    {"RecordWrapperType", OPTIONAL, &s_record}, {"InputMode", OPTIONAL, &s_input_mode},
    {"ShuffleConfig", OPTIONAL, &s_any},        END};
static const struct sm_shape s_channel = STRUCT_OF(s_channel_members);
static const struct sm_shape s_channels = LIST_OF(1, 20, &s_channel);

static const char *const s_output_gzip_values[] = {"GZIP", "NONE", NULL};
static const struct sm_shape s_output_gzip = ENUM(s_output_gzip_values);
static const struct sm_member s_output_members[] = {
    {"S3OutputPath", REQUIRED, &s_s3_uri},
    {"KmsKeyId", OPTIONAL, &s_kms},
    {"CompressionType", OPTIONAL, &s_output_gzip},
    END};
static const struct sm_shape s_output = STRUCT_OF(s_output_members);

static const struct sm_shape s_keep_alive = INT_IN(0, 21600);
static const struct sm_member s_resource_members[] = {
    {"InstanceType", OPTIONAL, &s_instance},
    {"InstanceCount", OPTIONAL, &s_count},
    {"VolumeSizeInGB", OPTIONAL, &s_count},
    {"VolumeKmsKeyId", OPTIONAL, &s_kms},
    {"KeepAlivePeriodInSeconds", OPTIONAL, &s_keep_alive},
    {"InstanceGroups", OPTIONAL, &s_any},
    END};
static const struct sm_shape s_resource = STRUCT_OF(s_resource_members);

static const struct sm_shape s_pending = INT_IN(7200, 2419200);
static const struct sm_member s_stopping_members[] = {
    {"MaxRuntimeInSeconds", OPTIONAL, &s_one_up},
    {"MaxWaitTimeInSeconds", OPTIONAL, &s_one_up},
    {"MaxPendingTimeInSeconds", OPTIONAL, &s_pending},
    END};
static const struct sm_shape s_stopping = STRUCT_OF(s_stopping_members);

static const struct sm_shape s_path = TEXT(0, 4096, NULL);
static const struct sm_member s_checkpoint_members[] = {
    {"S3Uri", REQUIRED, &s_s3_uri}, {"LocalPath", OPTIONAL, &s_path}, END};
static const struct sm_shape s_checkpoint = STRUCT_OF(s_checkpoint_members);
static const struct sm_shape s_env_key = TEXT(0, 512, &sm_pattern_env_key);
static const struct sm_shape s_env_value = TEXT(0, 512, NULL);
static const struct sm_shape s_job_env = MAP_OF(100, &s_env_key, &s_env_value);
static const struct sm_shape s_attempts = INT_IN(1, 30);
static const struct sm_member s_retry_members[] = {
    {"MaximumRetryAttempts", REQUIRED, &s_attempts}, END};
static const struct sm_shape s_retry = STRUCT_OF(s_retry_members);

static const struct sm_member s_create_training_job_members[] = {
    {"TrainingJobName", REQUIRED, &s_job_name},
    {"HyperParameters", OPTIONAL, &s_hypers},
    {"AlgorithmSpecification", OPTIONAL, &s_algorithm},
    {"RoleArn", REQUIRED, &s_role},
    {"InputDataConfig", OPTIONAL, &s_channels},
    {"OutputDataConfig", REQUIRED, &s_output},
    {"ResourceConfig", OPTIONAL, &s_resource},
    {"VpcConfig", OPTIONAL, &s_vpc},
    {"StoppingCondition", OPTIONAL, &s_stopping},
    {"Tags", OPTIONAL, &s_tags},
    {"EnableNetworkIsolation", OPTIONAL, &s_bool},
    {"EnableInterContainerTrafficEncryption", OPTIONAL, &s_bool},
    {"EnableManagedSpotTraining", OPTIONAL, &s_bool},
    {"CheckpointConfig", OPTIONAL, &s_checkpoint},
    {"Environment", OPTIONAL, &s_job_env},
    {"RetryStrategy", OPTIONAL, &s_retry},
    {"DebugHookConfig", OPTIONAL, &s_any},
    {"ProfilerConfig", OPTIONAL, &s_any},
    END};
const struct sm_shape sm_in_create_training_job = STRUCT_OF(s_create_training_job_members);

static const struct sm_member s_training_job_members[] = {
    {"TrainingJobName", REQUIRED, &s_job_name}, END};
const struct sm_shape sm_in_training_job = STRUCT_OF(s_training_job_members);

static const struct sm_member s_update_resource_members[] = {
    {"KeepAlivePeriodInSeconds", REQUIRED, &s_keep_alive}, END};
static const struct sm_shape s_update_resource = STRUCT_OF(s_update_resource_members);
static const struct sm_member s_update_training_job_members[] = {
    {"TrainingJobName", REQUIRED, &s_job_name},
    {"ProfilerConfig", OPTIONAL, &s_any},
    {"ProfilerRuleConfigurations", OPTIONAL, &s_any},
    {"ResourceConfig", OPTIONAL, &s_update_resource},
    {"RemoteDebugConfig", OPTIONAL, &s_any},
    END};
const struct sm_shape sm_in_update_training_job = STRUCT_OF(s_update_training_job_members);

static const struct sm_member s_list_training_jobs_members[] = {
    LIST_MEMBERS(s_by_three),
    {"LastModifiedTimeAfter", OPTIONAL, &s_time},
    {"LastModifiedTimeBefore", OPTIONAL, &s_time},
    {"StatusEquals", OPTIONAL, &s_job_status},
    END};
const struct sm_shape sm_in_list_training_jobs = STRUCT_OF(s_list_training_jobs_members);

/* ------------------------------------------------------------------ models */

static const char *const s_mode_values[] = {"SingleModel", "MultiModel", NULL};
static const struct sm_shape s_mode = ENUM(s_mode_values);
static const char *const s_cache_values[] = {"Enabled", "Disabled", NULL};
static const struct sm_shape s_cache = ENUM(s_cache_values);
static const struct sm_member s_multi_members[] = {{"ModelCacheSetting", OPTIONAL, &s_cache}, END};
static const struct sm_shape s_multi = STRUCT_OF(s_multi_members);
static const struct sm_member s_repository_members[] = {
    {"RepositoryAccessMode", REQUIRED, &s_access}, {"RepositoryAuthConfig", OPTIONAL, &s_any}, END};
static const struct sm_shape s_repository = STRUCT_OF(s_repository_members);
static const struct sm_shape s_container_env = MAP_OF(100, &s_text_1024, &s_text_1024);
static const char *const s_source_type_values[] = {"S3Prefix", "S3Object", NULL};
static const struct sm_shape s_source_type = ENUM(s_source_type_values);
static const char *const s_source_gzip_values[] = {"None", "Gzip", NULL};
static const struct sm_shape s_source_gzip = ENUM(s_source_gzip_values);
static const struct sm_member s_model_s3_members[] = {
    {"S3Uri", REQUIRED, &s_s3_uri},
    {"S3DataType", REQUIRED, &s_source_type},
    {"CompressionType", REQUIRED, &s_source_gzip},
    END};
static const struct sm_shape s_model_s3 = STRUCT_OF(s_model_s3_members);
static const struct sm_member s_model_source_members[] = {
    {"S3DataSource", REQUIRED, &s_model_s3}, END};
static const struct sm_shape s_model_source = STRUCT_OF(s_model_source_members);
static const struct sm_member s_container_members[] = {
    {"ContainerHostname", OPTIONAL, &s_name},    {"Image", OPTIONAL, &s_image},
    {"ImageConfig", OPTIONAL, &s_repository},    {"Mode", OPTIONAL, &s_mode},
    {"ModelDataUrl", OPTIONAL, &s_s3_uri},       {"ModelDataSource", OPTIONAL, &s_model_source},
    {"Environment", OPTIONAL, &s_container_env}, {"ModelPackageName", OPTIONAL, &s_text_256},
    {"MultiModelConfig", OPTIONAL, &s_multi},    END};
static const struct sm_shape s_container = STRUCT_OF(s_container_members);
static const struct sm_shape s_containers = LIST_OF(0, 15, &s_container);
static const char *const s_execution_values[] = {"Serial", "Direct", NULL};
static const struct sm_shape s_execution_mode = ENUM(s_execution_values);
static const struct sm_member s_execution_members[] = {{"Mode", REQUIRED, &s_execution_mode}, END};
static const struct sm_shape s_execution = STRUCT_OF(s_execution_members);

static const struct sm_member s_create_model_members[] = {
    {"ModelName", REQUIRED, &s_model_name},
    {"PrimaryContainer", OPTIONAL, &s_container},
    {"Containers", OPTIONAL, &s_containers},
    {"InferenceExecutionConfig", OPTIONAL, &s_execution},
    {"ExecutionRoleArn", OPTIONAL, &s_role},
    {"Tags", OPTIONAL, &s_tags},
    {"VpcConfig", OPTIONAL, &s_vpc},
    {"EnableNetworkIsolation", OPTIONAL, &s_bool},
    END};
const struct sm_shape sm_in_create_model = STRUCT_OF(s_create_model_members);
static const struct sm_member s_model_members[] = {{"ModelName", REQUIRED, &s_model_name}, END};
const struct sm_shape sm_in_model = STRUCT_OF(s_model_members);
static const struct sm_member s_list_two_members[] = {LIST_MEMBERS(s_by_two), END};
const struct sm_shape sm_in_list_models = STRUCT_OF(s_list_two_members);

/* ------------------------------------------------------------------ endpoint configs */

static const struct sm_shape s_memory_mb = INT_IN(1024, 6144);
static const struct sm_shape s_concurrency = INT_IN(1, 200);
static const struct sm_member s_serverless_members[] = {
    {"MemorySizeInMB", REQUIRED, &s_memory_mb},
    {"MaxConcurrency", REQUIRED, &s_concurrency},
    {"ProvisionedConcurrency", OPTIONAL, &s_concurrency},
    END};
static const struct sm_shape s_serverless = STRUCT_OF(s_serverless_members);
static const struct sm_shape s_volume = INT_IN(1, 512);
static const struct sm_shape s_timeout = INT_IN(60, 3600);
static const char *const s_scaling_values[] = {"ENABLED", "DISABLED", NULL};
static const struct sm_shape s_scaling_status = ENUM(s_scaling_values);
static const struct sm_member s_scaling_members[] = {
    {"Status", OPTIONAL, &s_scaling_status},
    {"MinInstanceCount", OPTIONAL, &s_count},
    {"MaxInstanceCount", OPTIONAL, &s_one_up},
    END};
static const struct sm_shape s_scaling = STRUCT_OF(s_scaling_members);
static const char *const s_routing_values[] = {"LEAST_OUTSTANDING_REQUESTS", "RANDOM", NULL};
static const struct sm_shape s_routing_strategy = ENUM(s_routing_values);
static const struct sm_member s_routing_members[] = {
    {"RoutingStrategy", REQUIRED, &s_routing_strategy}, END};
static const struct sm_shape s_routing = STRUCT_OF(s_routing_members);

static const struct sm_member s_variant_members[] = {
    {"VariantName", REQUIRED, &s_name},
    {"ModelName", OPTIONAL, &s_model_name},
    {"InitialInstanceCount", OPTIONAL, &s_one_up},
    {"InstanceType", OPTIONAL, &s_instance},
    {"InitialVariantWeight", OPTIONAL, &s_weight},
    {"ServerlessConfig", OPTIONAL, &s_serverless},
    {"VolumeSizeInGB", OPTIONAL, &s_volume},
    {"ModelDataDownloadTimeoutInSeconds", OPTIONAL, &s_timeout},
    {"ContainerStartupHealthCheckTimeoutInSeconds", OPTIONAL, &s_timeout},
    {"EnableSSMAccess", OPTIONAL, &s_bool},
    {"ManagedInstanceScaling", OPTIONAL, &s_scaling},
    {"RoutingConfig", OPTIONAL, &s_routing},
    {"InferenceAmiVersion", OPTIONAL, &s_text_256},
    END};
static const struct sm_shape s_variant = STRUCT_OF(s_variant_members);
static const struct sm_shape s_variants = LIST_OF(1, 10, &s_variant);

static const char *const s_capture_values[] = {"Input", "Output", "InputAndOutput", NULL};
static const struct sm_shape s_capture_mode = ENUM(s_capture_values);
static const struct sm_member s_capture_option_members[] = {
    {"CaptureMode", REQUIRED, &s_capture_mode}, END};
static const struct sm_shape s_capture_option = STRUCT_OF(s_capture_option_members);
static const struct sm_shape s_capture_options = LIST_OF(1, 32, &s_capture_option);
static const struct sm_shape s_percentage = INT_IN(0, 100);
static const struct sm_shape s_capture_uri = TEXT(0, 512, &sm_pattern_s3_uri);
static const struct sm_member s_capture_members[] = {
    {"EnableCapture", OPTIONAL, &s_bool},
    {"InitialSamplingPercentage", REQUIRED, &s_percentage},
    {"DestinationS3Uri", REQUIRED, &s_capture_uri},
    {"KmsKeyId", OPTIONAL, &s_kms},
    {"CaptureOptions", REQUIRED, &s_capture_options},
    {"CaptureContentTypeHeader", OPTIONAL, &s_any},
    END};
static const struct sm_shape s_capture = STRUCT_OF(s_capture_members);

static const struct sm_member s_create_config_members[] = {
    {"EndpointConfigName", REQUIRED, &s_name},
    {"ProductionVariants", REQUIRED, &s_variants},
    {"ShadowProductionVariants", OPTIONAL, &s_variants},
    {"DataCaptureConfig", OPTIONAL, &s_capture},
    {"KmsKeyId", OPTIONAL, &s_kms},
    {"AsyncInferenceConfig", OPTIONAL, &s_any},
    {"ExplainerConfig", OPTIONAL, &s_any},
    {"Tags", OPTIONAL, &s_tags},
    {"ExecutionRoleArn", OPTIONAL, &s_role},
    {"VpcConfig", OPTIONAL, &s_vpc},
    {"EnableNetworkIsolation", OPTIONAL, &s_bool},
    END};
const struct sm_shape sm_in_create_config = STRUCT_OF(s_create_config_members);
static const struct sm_member s_config_members[] = {{"EndpointConfigName", REQUIRED, &s_name}, END};
const struct sm_shape sm_in_config = STRUCT_OF(s_config_members);
const struct sm_shape sm_in_list_configs = STRUCT_OF(s_list_two_members);

/* ------------------------------------------------------------------ endpoints */

static const struct sm_shape s_wait = INT_IN(0, 3600);
static const struct sm_shape s_execution_timeout = INT_IN(600, 28800);
static const char *const s_capacity_values[] = {"INSTANCE_COUNT", "CAPACITY_PERCENT", NULL};
static const struct sm_shape s_capacity_type = ENUM(s_capacity_values);
static const struct sm_member s_capacity_members[] = {
    {"Type", REQUIRED, &s_capacity_type}, {"Value", REQUIRED, &s_one_up}, END};
static const struct sm_shape s_capacity = STRUCT_OF(s_capacity_members);
static const char *const s_traffic_values[] = {"ALL_AT_ONCE", "CANARY", "LINEAR", NULL};
static const struct sm_shape s_traffic_type = ENUM(s_traffic_values);
static const struct sm_member s_traffic_members[] = {
    {"Type", REQUIRED, &s_traffic_type},
    {"WaitIntervalInSeconds", REQUIRED, &s_wait},
    {"CanarySize", OPTIONAL, &s_capacity},
    {"LinearStepSize", OPTIONAL, &s_capacity},
    END};
static const struct sm_shape s_traffic = STRUCT_OF(s_traffic_members);
static const struct sm_member s_blue_green_members[] = {
    {"TrafficRoutingConfiguration", REQUIRED, &s_traffic},
    {"TerminationWaitInSeconds", OPTIONAL, &s_wait},
    {"MaximumExecutionTimeoutInSeconds", OPTIONAL, &s_execution_timeout},
    END};
static const struct sm_shape s_blue_green = STRUCT_OF(s_blue_green_members);
static const struct sm_member s_rolling_members[] = {
    {"MaximumBatchSize", REQUIRED, &s_capacity},
    {"WaitIntervalInSeconds", REQUIRED, &s_wait},
    {"MaximumExecutionTimeoutInSeconds", OPTIONAL, &s_execution_timeout},
    {"RollbackMaximumBatchSize", OPTIONAL, &s_capacity},
    END};
static const struct sm_shape s_rolling = STRUCT_OF(s_rolling_members);
static const struct sm_shape s_alarm_name = TEXT(1, 255, NULL);
static const struct sm_member s_alarm_members[] = {{"AlarmName", OPTIONAL, &s_alarm_name}, END};
static const struct sm_shape s_alarm = STRUCT_OF(s_alarm_members);
static const struct sm_shape s_alarms = LIST_OF(1, 10, &s_alarm);
static const struct sm_member s_auto_rollback_members[] = {{"Alarms", OPTIONAL, &s_alarms}, END};
static const struct sm_shape s_auto_rollback = STRUCT_OF(s_auto_rollback_members);
static const struct sm_member s_deployment_members[] = {
    {"BlueGreenUpdatePolicy", OPTIONAL, &s_blue_green},
    {"RollingUpdatePolicy", OPTIONAL, &s_rolling},
    {"AutoRollbackConfiguration", OPTIONAL, &s_auto_rollback},
    END};
static const struct sm_shape s_deployment = STRUCT_OF(s_deployment_members);

static const struct sm_member s_create_endpoint_members[] = {
    {"EndpointName", REQUIRED, &s_name},
    {"EndpointConfigName", REQUIRED, &s_name},
    {"DeploymentConfig", OPTIONAL, &s_deployment},
    {"Tags", OPTIONAL, &s_tags},
    END};
const struct sm_shape sm_in_create_endpoint = STRUCT_OF(s_create_endpoint_members);

static const char *const s_property_values[] = {
    "DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig", NULL};
static const struct sm_shape s_property_type = ENUM(s_property_values);
static const struct sm_member s_property_members[] = {
    {"VariantPropertyType", REQUIRED, &s_property_type}, END};
static const struct sm_shape s_property = STRUCT_OF(s_property_members);
static const struct sm_shape s_properties = LIST_OF(0, 3, &s_property);
static const struct sm_member s_update_endpoint_members[] = {
    {"EndpointName", REQUIRED, &s_name},
    {"EndpointConfigName", REQUIRED, &s_name},
    {"RetainAllVariantProperties", OPTIONAL, &s_bool},
    {"ExcludeRetainedVariantProperties", OPTIONAL, &s_properties},
    {"DeploymentConfig", OPTIONAL, &s_deployment},
    {"RetainDeploymentConfig", OPTIONAL, &s_bool},
    END};
const struct sm_shape sm_in_update_endpoint = STRUCT_OF(s_update_endpoint_members);

static const struct sm_member s_desired_members[] = {
    {"VariantName", REQUIRED, &s_name},
    {"DesiredWeight", OPTIONAL, &s_weight},
    {"DesiredInstanceCount", OPTIONAL, &s_count},
    END};
static const struct sm_shape s_desired = STRUCT_OF(s_desired_members);
static const struct sm_shape s_desired_list = LIST_OF(1, 0, &s_desired);
static const struct sm_member s_update_weights_members[] = {
    {"EndpointName", REQUIRED, &s_name},
    {"DesiredWeightsAndCapacities", REQUIRED, &s_desired_list},
    END};
const struct sm_shape sm_in_update_weights = STRUCT_OF(s_update_weights_members);
static const struct sm_member s_endpoint_members[] = {{"EndpointName", REQUIRED, &s_name}, END};
const struct sm_shape sm_in_endpoint = STRUCT_OF(s_endpoint_members);

static const char *const s_endpoint_status_values[] = {
    "OutOfService", "Creating", "Updating", "SystemUpdating",       "RollingBack",
    "InService",    "Deleting", "Failed",   "UpdateRollbackFailed", NULL};
static const struct sm_shape s_endpoint_status = ENUM(s_endpoint_status_values);
static const struct sm_member s_list_endpoints_members[] = {
    LIST_MEMBERS(s_by_three),
    {"LastModifiedTimeAfter", OPTIONAL, &s_time},
    {"LastModifiedTimeBefore", OPTIONAL, &s_time},
    {"StatusEquals", OPTIONAL, &s_endpoint_status},
    END};
const struct sm_shape sm_in_list_endpoints = STRUCT_OF(s_list_endpoints_members);

/* ------------------------------------------------------------------ tags */

static const struct sm_member s_add_tags_members[] = {
    {"ResourceArn", REQUIRED, &s_resource_arn}, {"Tags", REQUIRED, &s_tags}, END};
const struct sm_shape sm_in_add_tags = STRUCT_OF(s_add_tags_members);
static const struct sm_shape s_tag_page = INT_IN(50, 0);
static const struct sm_member s_list_tags_members[] = {
    {"ResourceArn", REQUIRED, &s_resource_arn},
    {"NextToken", OPTIONAL, &s_token},
    {"MaxResults", OPTIONAL, &s_tag_page},
    END};
const struct sm_shape sm_in_list_tags = STRUCT_OF(s_list_tags_members);
static const struct sm_member s_delete_tags_members[] = {
    {"ResourceArn", REQUIRED, &s_resource_arn}, {"TagKeys", REQUIRED, &s_tag_keys}, END};
const struct sm_shape sm_in_delete_tags = STRUCT_OF(s_delete_tags_members);
