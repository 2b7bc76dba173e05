/* Written from botocore 1.43.11's service models by tests/interop/validation.py --write; not to be
 * edited. */
#include "engine/local/sm_forms.h"
#include "engine/local/sm_tables.h"

/* clang-format off */

static const struct sm_shape s_ModelName =
    SCALAR(SM_STRING, 0, 63, "[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?");
static const struct sm_shape s_ContainerHostname =
    SCALAR(SM_STRING, 0, 63, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
static const struct sm_shape s_ContainerImage = SCALAR(SM_STRING, 0, 255, "[\\S]+");
static const char *const s_RepositoryAccessMode_values[] = {
    "Platform", "Vpc", NULL};
static const struct sm_shape s_RepositoryAccessMode = ENUM_OF(s_RepositoryAccessMode_values);
static const struct sm_shape s_RepositoryCredentialsProviderArn = SCALAR(SM_STRING, 1, 2048, ".*");
static const struct sm_member s_RepositoryAuthConfig_members[] = {
    {"RepositoryCredentialsProviderArn", REQUIRED, &s_RepositoryCredentialsProviderArn}, END};
static const struct sm_shape s_RepositoryAuthConfig = STRUCT_OF(s_RepositoryAuthConfig_members);
static const struct sm_member s_ImageConfig_members[] = {
    {"RepositoryAccessMode", REQUIRED, &s_RepositoryAccessMode},
    {"RepositoryAuthConfig", OPTIONAL, &s_RepositoryAuthConfig}, END};
static const struct sm_shape s_ImageConfig = STRUCT_OF(s_ImageConfig_members);
static const char *const s_ContainerMode_values[] = {
    "SingleModel", "MultiModel", NULL};
static const struct sm_shape s_ContainerMode = ENUM_OF(s_ContainerMode_values);
static const struct sm_shape s_Url = SCALAR(SM_STRING, 0, 1024, "(https|s3)://([^/]+)/?(.*)");
static const char *const s_S3ModelDataType_values[] = {
    "S3Prefix", "S3Object", NULL};
static const struct sm_shape s_S3ModelDataType = ENUM_OF(s_S3ModelDataType_values);
static const char *const s_ModelCompressionType_values[] = {
    "None", "Gzip", NULL};
static const struct sm_shape s_ModelCompressionType = ENUM_OF(s_ModelCompressionType_values);
static const struct sm_shape s_AcceptEula = SCALAR(SM_BOOL, SM_MIN, SM_MAX, NULL);
static const struct sm_member s_ModelAccessConfig_members[] = {
    {"AcceptEula", REQUIRED, &s_AcceptEula}, END};
static const struct sm_shape s_ModelAccessConfig = STRUCT_OF(s_ModelAccessConfig_members);
static const struct sm_shape s_HubContentArn = SCALAR(SM_STRING, 0, 255, ".*");
static const struct sm_member s_InferenceHubAccessConfig_members[] = {
    {"HubContentArn", REQUIRED, &s_HubContentArn}, END};
static const struct sm_shape s_InferenceHubAccessConfig = STRUCT_OF(s_InferenceHubAccessConfig_members);
static const struct sm_shape s_String = SCALAR(SM_STRING, 0, SM_MAX, NULL);
static const struct sm_member s_S3ModelDataSource_members[] = {
    {"S3Uri", REQUIRED, &s_Url}, {"S3DataType", REQUIRED, &s_S3ModelDataType},
    {"CompressionType", REQUIRED, &s_ModelCompressionType},
    {"ModelAccessConfig", OPTIONAL, &s_ModelAccessConfig},
    {"HubAccessConfig", OPTIONAL, &s_InferenceHubAccessConfig},
    {"ManifestS3Uri", OPTIONAL, &s_Url}, {"ETag", OPTIONAL, &s_String},
    {"ManifestEtag", OPTIONAL, &s_String}, END};
static const struct sm_shape s_S3ModelDataSource = STRUCT_OF(s_S3ModelDataSource_members);
static const struct sm_member s_ModelDataSource_members[] = {
    {"S3DataSource", OPTIONAL, &s_S3ModelDataSource}, END};
static const struct sm_shape s_ModelDataSource = STRUCT_OF(s_ModelDataSource_members);
static const struct sm_shape s_AdditionalModelChannelName =
    SCALAR(SM_STRING, 1, 64, "[A-Za-z0-9\\.\\-_]+");
static const struct sm_member s_AdditionalModelDataSource_members[] = {
    {"ChannelName", REQUIRED, &s_AdditionalModelChannelName},
    {"S3DataSource", REQUIRED, &s_S3ModelDataSource}, END};
static const struct sm_shape s_AdditionalModelDataSource = STRUCT_OF(s_AdditionalModelDataSource_members);
static const struct sm_shape s_AdditionalModelDataSources = LIST_OF(0, 5, &s_AdditionalModelDataSource);
static const struct sm_shape s_EnvironmentKey =
    SCALAR(SM_STRING, 0, 1024, "[a-zA-Z_][a-zA-Z0-9_]*");
static const struct sm_shape s_EnvironmentValue = SCALAR(SM_STRING, 0, 1024, "[\\S\\s]*");
static const struct sm_shape s_EnvironmentMap =
    MAP_OF(0, 100, &s_EnvironmentKey, &s_EnvironmentValue);
static const struct sm_shape s_VersionedArnOrName =
    SCALAR(SM_STRING, 1, 176,
        "(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z\\-]*\\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)(\\/[0-9]{1,9})?");
static const struct sm_shape s_InferenceSpecificationName =
    SCALAR(SM_STRING, 1, 63, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
static const char *const s_ModelCacheSetting_values[] = {
    "Enabled", "Disabled", NULL};
static const struct sm_shape s_ModelCacheSetting = ENUM_OF(s_ModelCacheSetting_values);
static const struct sm_member s_MultiModelConfig_members[] = {
    {"ModelCacheSetting", OPTIONAL, &s_ModelCacheSetting}, END};
static const struct sm_shape s_MultiModelConfig = STRUCT_OF(s_MultiModelConfig_members);
static const struct sm_member s_ContainerDefinition_members[] = {
    {"ContainerHostname", OPTIONAL, &s_ContainerHostname}, {"Image", OPTIONAL, &s_ContainerImage},
    {"ImageConfig", OPTIONAL, &s_ImageConfig}, {"Mode", OPTIONAL, &s_ContainerMode},
    {"ModelDataUrl", OPTIONAL, &s_Url}, {"ModelDataSource", OPTIONAL, &s_ModelDataSource},
    {"AdditionalModelDataSources", OPTIONAL, &s_AdditionalModelDataSources},
    {"Environment", OPTIONAL, &s_EnvironmentMap},
    {"ModelPackageName", OPTIONAL, &s_VersionedArnOrName},
    {"InferenceSpecificationName", OPTIONAL, &s_InferenceSpecificationName},
    {"MultiModelConfig", OPTIONAL, &s_MultiModelConfig}, END};
static const struct sm_shape s_ContainerDefinition = STRUCT_OF(s_ContainerDefinition_members);
static const struct sm_shape s_ContainerDefinitionList = LIST_OF(0, 15, &s_ContainerDefinition);
static const char *const s_InferenceExecutionMode_values[] = {
    "Serial", "Direct", NULL};
static const struct sm_shape s_InferenceExecutionMode = ENUM_OF(s_InferenceExecutionMode_values);
static const struct sm_member s_InferenceExecutionConfig_members[] = {
    {"Mode", REQUIRED, &s_InferenceExecutionMode}, END};
static const struct sm_shape s_InferenceExecutionConfig = STRUCT_OF(s_InferenceExecutionConfig_members);
static const struct sm_shape s_RoleArn =
    SCALAR(SM_STRING, 20, 2048, "arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+");
static const struct sm_shape s_TagKey =
    SCALAR(SM_STRING, 1, 128, "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)");
static const struct sm_shape s_TagValue =
    SCALAR(SM_STRING, 0, 256, "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)");
static const struct sm_member s_Tag_members[] = {
    {"Key", REQUIRED, &s_TagKey}, {"Value", REQUIRED, &s_TagValue}, END};
static const struct sm_shape s_Tag = STRUCT_OF(s_Tag_members);
static const struct sm_shape s_TagList = LIST_OF(0, 50, &s_Tag);
static const struct sm_shape s_SecurityGroupId = SCALAR(SM_STRING, 0, 32, "[-0-9a-zA-Z]+");
static const struct sm_shape s_VpcSecurityGroupIds = LIST_OF(1, 5, &s_SecurityGroupId);
static const struct sm_shape s_Subnets = LIST_OF(1, 16, &s_SecurityGroupId);
static const struct sm_member s_VpcConfig_members[] = {
    {"SecurityGroupIds", REQUIRED, &s_VpcSecurityGroupIds}, {"Subnets", REQUIRED, &s_Subnets}, END};
static const struct sm_shape s_VpcConfig = STRUCT_OF(s_VpcConfig_members);
static const struct sm_member s_CreateModelInput_members[] = {
    {"ModelName", REQUIRED, &s_ModelName}, {"PrimaryContainer", OPTIONAL, &s_ContainerDefinition},
    {"Containers", OPTIONAL, &s_ContainerDefinitionList},
    {"InferenceExecutionConfig", OPTIONAL, &s_InferenceExecutionConfig},
    {"ExecutionRoleArn", OPTIONAL, &s_RoleArn}, {"Tags", OPTIONAL, &s_TagList},
    {"VpcConfig", OPTIONAL, &s_VpcConfig}, {"EnableNetworkIsolation", OPTIONAL, &s_AcceptEula}, END};
static const struct sm_shape s_CreateModelInput = STRUCT_OF(s_CreateModelInput_members);
static const struct sm_member s_DescribeModelInput_members[] = {
    {"ModelName", REQUIRED, &s_ModelName}, END};
static const struct sm_shape s_DescribeModelInput = STRUCT_OF(s_DescribeModelInput_members);
static const char *const s_ModelSortKey_values[] = {
    "Name", "CreationTime", NULL};
static const struct sm_shape s_ModelSortKey = ENUM_OF(s_ModelSortKey_values);
static const char *const s_OrderKey_values[] = {
    "Ascending", "Descending", NULL};
static const struct sm_shape s_OrderKey = ENUM_OF(s_OrderKey_values);
static const struct sm_shape s_PaginationToken = SCALAR(SM_STRING, 0, 8192, ".*");
static const struct sm_shape s_MaxResults = SCALAR(SM_INT, 1, 100, NULL);
static const struct sm_shape s_ModelNameContains = SCALAR(SM_STRING, 0, 63, "[a-zA-Z0-9-]+");
static const struct sm_shape s_Timestamp = SCALAR(SM_TIME, SM_MIN, SM_MAX, NULL);
static const struct sm_member s_ListModelsInput_members[] = {
    {"SortBy", OPTIONAL, &s_ModelSortKey}, {"SortOrder", OPTIONAL, &s_OrderKey},
    {"NextToken", OPTIONAL, &s_PaginationToken}, {"MaxResults", OPTIONAL, &s_MaxResults},
    {"NameContains", OPTIONAL, &s_ModelNameContains},
    {"CreationTimeBefore", OPTIONAL, &s_Timestamp}, {"CreationTimeAfter", OPTIONAL, &s_Timestamp},
    END};
static const struct sm_shape s_ListModelsInput = STRUCT_OF(s_ListModelsInput_members);
static const struct sm_shape s_InitialTaskCount = SCALAR(SM_INT, 1, SM_MAX, NULL);
static const char *const s_ProductionVariantInstanceType_values[] = {
    "ml.t2.medium", "ml.t2.large", "ml.t2.xlarge", "ml.t2.2xlarge", "ml.m4.xlarge",
    "ml.m4.2xlarge", "ml.m4.4xlarge", "ml.m4.10xlarge", "ml.m4.16xlarge", "ml.m5.large",
    "ml.m5.xlarge", "ml.m5.2xlarge", "ml.m5.4xlarge", "ml.m5.12xlarge", "ml.m5.24xlarge",
    "ml.m5d.large", "ml.m5d.xlarge", "ml.m5d.2xlarge", "ml.m5d.4xlarge", "ml.m5d.12xlarge",
    "ml.m5d.24xlarge", "ml.c4.large", "ml.c4.xlarge", "ml.c4.2xlarge", "ml.c4.4xlarge",
    "ml.c4.8xlarge", "ml.p2.xlarge", "ml.p2.8xlarge", "ml.p2.16xlarge", "ml.p3.2xlarge",
    "ml.p3.8xlarge", "ml.p3.16xlarge", "ml.c5.large", "ml.c5.xlarge", "ml.c5.2xlarge",
    "ml.c5.4xlarge", "ml.c5.9xlarge", "ml.c5.18xlarge", "ml.c5d.large", "ml.c5d.xlarge",
    "ml.c5d.2xlarge", "ml.c5d.4xlarge", "ml.c5d.9xlarge", "ml.c5d.18xlarge", "ml.g4dn.xlarge",
    "ml.g4dn.2xlarge", "ml.g4dn.4xlarge", "ml.g4dn.8xlarge", "ml.g4dn.12xlarge",
    "ml.g4dn.16xlarge", "ml.r5.large", "ml.r5.xlarge", "ml.r5.2xlarge", "ml.r5.4xlarge",
    "ml.r5.12xlarge", "ml.r5.24xlarge", "ml.r5d.large", "ml.r5d.xlarge", "ml.r5d.2xlarge",
    "ml.r5d.4xlarge", "ml.r5d.12xlarge", "ml.r5d.24xlarge", "ml.inf1.xlarge", "ml.inf1.2xlarge",
    "ml.inf1.6xlarge", "ml.inf1.24xlarge", "ml.dl1.24xlarge", "ml.c6i.large", "ml.c6i.xlarge",
    "ml.c6i.2xlarge", "ml.c6i.4xlarge", "ml.c6i.8xlarge", "ml.c6i.12xlarge", "ml.c6i.16xlarge",
    "ml.c6i.24xlarge", "ml.c6i.32xlarge", "ml.m6i.large", "ml.m6i.xlarge", "ml.m6i.2xlarge",
    "ml.m6i.4xlarge", "ml.m6i.8xlarge", "ml.m6i.12xlarge", "ml.m6i.16xlarge", "ml.m6i.24xlarge",
    "ml.m6i.32xlarge", "ml.r6i.large", "ml.r6i.xlarge", "ml.r6i.2xlarge", "ml.r6i.4xlarge",
    "ml.r6i.8xlarge", "ml.r6i.12xlarge", "ml.r6i.16xlarge", "ml.r6i.24xlarge", "ml.r6i.32xlarge",
    "ml.g5.xlarge", "ml.g5.2xlarge", "ml.g5.4xlarge", "ml.g5.8xlarge", "ml.g5.12xlarge",
    "ml.g5.16xlarge", "ml.g5.24xlarge", "ml.g5.48xlarge", "ml.g6.xlarge", "ml.g6.2xlarge",
    "ml.g6.4xlarge", "ml.g6.8xlarge", "ml.g6.12xlarge", "ml.g6.16xlarge", "ml.g6.24xlarge",
    "ml.g6.48xlarge", "ml.r8g.medium", "ml.r8g.large", "ml.r8g.xlarge", "ml.r8g.2xlarge",
    "ml.r8g.4xlarge", "ml.r8g.8xlarge", "ml.r8g.12xlarge", "ml.r8g.16xlarge", "ml.r8g.24xlarge",
    "ml.r8g.48xlarge", "ml.g6e.xlarge", "ml.g6e.2xlarge", "ml.g6e.4xlarge", "ml.g6e.8xlarge",
    "ml.g6e.12xlarge", "ml.g6e.16xlarge", "ml.g6e.24xlarge", "ml.g6e.48xlarge", "ml.g7e.2xlarge",
    "ml.g7e.4xlarge", "ml.g7e.8xlarge", "ml.g7e.12xlarge", "ml.g7e.24xlarge", "ml.g7e.48xlarge",
    "ml.p4d.24xlarge", "ml.c7g.large", "ml.c7g.xlarge", "ml.c7g.2xlarge", "ml.c7g.4xlarge",
    "ml.c7g.8xlarge", "ml.c7g.12xlarge", "ml.c7g.16xlarge", "ml.m6g.large", "ml.m6g.xlarge",
    "ml.m6g.2xlarge", "ml.m6g.4xlarge", "ml.m6g.8xlarge", "ml.m6g.12xlarge", "ml.m6g.16xlarge",
    "ml.m6gd.large", "ml.m6gd.xlarge", "ml.m6gd.2xlarge", "ml.m6gd.4xlarge", "ml.m6gd.8xlarge",
    "ml.m6gd.12xlarge", "ml.m6gd.16xlarge", "ml.c6g.large", "ml.c6g.xlarge", "ml.c6g.2xlarge",
    "ml.c6g.4xlarge", "ml.c6g.8xlarge", "ml.c6g.12xlarge", "ml.c6g.16xlarge", "ml.c6gd.large",
    "ml.c6gd.xlarge", "ml.c6gd.2xlarge", "ml.c6gd.4xlarge", "ml.c6gd.8xlarge", "ml.c6gd.12xlarge",
    "ml.c6gd.16xlarge", "ml.c6gn.large", "ml.c6gn.xlarge", "ml.c6gn.2xlarge", "ml.c6gn.4xlarge",
    "ml.c6gn.8xlarge", "ml.c6gn.12xlarge", "ml.c6gn.16xlarge", "ml.r6g.large", "ml.r6g.xlarge",
    "ml.r6g.2xlarge", "ml.r6g.4xlarge", "ml.r6g.8xlarge", "ml.r6g.12xlarge", "ml.r6g.16xlarge",
    "ml.r6gd.large", "ml.r6gd.xlarge", "ml.r6gd.2xlarge", "ml.r6gd.4xlarge", "ml.r6gd.8xlarge",
    "ml.r6gd.12xlarge", "ml.r6gd.16xlarge", "ml.p4de.24xlarge", "ml.trn1.2xlarge",
    "ml.trn1.32xlarge", "ml.trn1n.32xlarge", "ml.trn2.48xlarge", "ml.inf2.xlarge",
    "ml.inf2.8xlarge", "ml.inf2.24xlarge", "ml.inf2.48xlarge", "ml.p5.48xlarge", "ml.p5e.48xlarge",
    "ml.p5en.48xlarge", "ml.m7i.large", "ml.m7i.xlarge", "ml.m7i.2xlarge", "ml.m7i.4xlarge",
    "ml.m7i.8xlarge", "ml.m7i.12xlarge", "ml.m7i.16xlarge", "ml.m7i.24xlarge", "ml.m7i.48xlarge",
    "ml.c7i.large", "ml.c7i.xlarge", "ml.c7i.2xlarge", "ml.c7i.4xlarge", "ml.c7i.8xlarge",
    "ml.c7i.12xlarge", "ml.c7i.16xlarge", "ml.c7i.24xlarge", "ml.c7i.48xlarge", "ml.r7i.large",
    "ml.r7i.xlarge", "ml.r7i.2xlarge", "ml.r7i.4xlarge", "ml.r7i.8xlarge", "ml.r7i.12xlarge",
    "ml.r7i.16xlarge", "ml.r7i.24xlarge", "ml.r7i.48xlarge", "ml.c8g.medium", "ml.c8g.large",
    "ml.c8g.xlarge", "ml.c8g.2xlarge", "ml.c8g.4xlarge", "ml.c8g.8xlarge", "ml.c8g.12xlarge",
    "ml.c8g.16xlarge", "ml.c8g.24xlarge", "ml.c8g.48xlarge", "ml.r7gd.medium", "ml.r7gd.large",
    "ml.r7gd.xlarge", "ml.r7gd.2xlarge", "ml.r7gd.4xlarge", "ml.r7gd.8xlarge", "ml.r7gd.12xlarge",
    "ml.r7gd.16xlarge", "ml.m8g.medium", "ml.m8g.large", "ml.m8g.xlarge", "ml.m8g.2xlarge",
    "ml.m8g.4xlarge", "ml.m8g.8xlarge", "ml.m8g.12xlarge", "ml.m8g.16xlarge", "ml.m8g.24xlarge",
    "ml.m8g.48xlarge", "ml.c6in.large", "ml.c6in.xlarge", "ml.c6in.2xlarge", "ml.c6in.4xlarge",
    "ml.c6in.8xlarge", "ml.c6in.12xlarge", "ml.c6in.16xlarge", "ml.c6in.24xlarge",
    "ml.c6in.32xlarge", "ml.p6-b200.48xlarge", "ml.p6-b300.48xlarge", "ml.p6e-gb200.36xlarge",
    "ml.p5.4xlarge", NULL};
static const struct sm_shape s_ProductionVariantInstanceType = OPEN_ENUM_OF(s_ProductionVariantInstanceType_values);
static const struct sm_shape s_InstancePoolPriority = SCALAR(SM_INT, 1, 5, NULL);
static const struct sm_member s_InstancePool_members[] = {
    {"InstanceType", REQUIRED, &s_ProductionVariantInstanceType},
    {"ModelNameOverride", OPTIONAL, &s_ModelName}, {"Priority", REQUIRED, &s_InstancePoolPriority},
    END};
static const struct sm_shape s_InstancePool = STRUCT_OF(s_InstancePool_members);
static const struct sm_shape s_InstancePoolList = LIST_OF(1, 5, &s_InstancePool);
static const struct sm_shape s_VariantInstanceProvisionTimeoutInSeconds =
    SCALAR(SM_INT, 300, 3600, NULL);
static const struct sm_shape s_VariantWeight = SCALAR(SM_NUM, 0, SM_MAX, NULL);
static const char *const s_ProductionVariantAcceleratorType_values[] = {
    "ml.eia1.medium", "ml.eia1.large", "ml.eia1.xlarge", "ml.eia2.medium", "ml.eia2.large",
    "ml.eia2.xlarge", NULL};
static const struct sm_shape s_ProductionVariantAcceleratorType = ENUM_OF(s_ProductionVariantAcceleratorType_values);
static const struct sm_shape s_DestinationS3Uri =
    SCALAR(SM_STRING, 0, 512, "(https|s3)://([^/])/?(.*)");
static const struct sm_shape s_KmsKeyId = SCALAR(SM_STRING, 0, 2048, "[a-zA-Z0-9:/_-]*");
static const struct sm_member s_ProductionVariantCoreDumpConfig_members[] = {
    {"DestinationS3Uri", REQUIRED, &s_DestinationS3Uri}, {"KmsKeyId", OPTIONAL, &s_KmsKeyId}, END};
static const struct sm_shape s_ProductionVariantCoreDumpConfig = STRUCT_OF(s_ProductionVariantCoreDumpConfig_members);
static const struct sm_shape s_ServerlessMemorySizeInMB = SCALAR(SM_INT, 1024, 6144, NULL);
static const struct sm_shape s_ServerlessMaxConcurrency = SCALAR(SM_INT, 1, 200, NULL);
static const struct sm_member s_ProductionVariantServerlessConfig_members[] = {
    {"MemorySizeInMB", REQUIRED, &s_ServerlessMemorySizeInMB},
    {"MaxConcurrency", REQUIRED, &s_ServerlessMaxConcurrency},
    {"ProvisionedConcurrency", OPTIONAL, &s_ServerlessMaxConcurrency}, END};
static const struct sm_shape s_ProductionVariantServerlessConfig = STRUCT_OF(s_ProductionVariantServerlessConfig_members);
static const struct sm_shape s_ProductionVariantVolumeSizeInGB = SCALAR(SM_INT, 1, 512, NULL);
static const struct sm_shape s_ProductionVariantModelDataDownloadTimeoutInSeconds =
    SCALAR(SM_INT, 60, 3600, NULL);
static const char *const s_ManagedInstanceScalingStatus_values[] = {
    "ENABLED", "DISABLED", NULL};
static const struct sm_shape s_ManagedInstanceScalingStatus = ENUM_OF(s_ManagedInstanceScalingStatus_values);
static const struct sm_shape s_ManagedInstanceScalingMinInstanceCount =
    SCALAR(SM_INT, 0, SM_MAX, NULL);
static const char *const s_ManagedInstanceScalingScaleInStrategy_values[] = {
    "IDLE_RELEASE", "CONSOLIDATION", NULL};
static const struct sm_shape s_ManagedInstanceScalingScaleInStrategy = ENUM_OF(s_ManagedInstanceScalingScaleInStrategy_values);
static const struct sm_shape s_ManagedInstanceScalingCooldownInMinutes =
    SCALAR(SM_INT, 5, 1440, NULL);
static const struct sm_member s_ProductionVariantManagedInstanceScalingScaleInPolicy_members[] = {
    {"Strategy", REQUIRED, &s_ManagedInstanceScalingScaleInStrategy},
    {"MaximumStepSize", OPTIONAL, &s_MaxResults},
    {"CooldownInMinutes", OPTIONAL, &s_ManagedInstanceScalingCooldownInMinutes}, END};
static const struct sm_shape s_ProductionVariantManagedInstanceScalingScaleInPolicy = STRUCT_OF(s_ProductionVariantManagedInstanceScalingScaleInPolicy_members);
static const struct sm_member s_ProductionVariantManagedInstanceScaling_members[] = {
    {"Status", OPTIONAL, &s_ManagedInstanceScalingStatus},
    {"MinInstanceCount", OPTIONAL, &s_ManagedInstanceScalingMinInstanceCount},
    {"MaxInstanceCount", OPTIONAL, &s_InitialTaskCount},
    {"ScaleInPolicy", OPTIONAL, &s_ProductionVariantManagedInstanceScalingScaleInPolicy}, END};
static const struct sm_shape s_ProductionVariantManagedInstanceScaling = STRUCT_OF(s_ProductionVariantManagedInstanceScaling_members);
static const char *const s_RoutingStrategy_values[] = {
    "LEAST_OUTSTANDING_REQUESTS", "RANDOM", NULL};
static const struct sm_shape s_RoutingStrategy = ENUM_OF(s_RoutingStrategy_values);
static const struct sm_member s_ProductionVariantRoutingConfig_members[] = {
    {"RoutingStrategy", REQUIRED, &s_RoutingStrategy}, END};
static const struct sm_shape s_ProductionVariantRoutingConfig = STRUCT_OF(s_ProductionVariantRoutingConfig_members);
static const char *const s_ProductionVariantInferenceAmiVersion_values[] = {
    "al2-ami-sagemaker-inference-gpu-2", "al2-ami-sagemaker-inference-gpu-2-1",
    "al2-ami-sagemaker-inference-gpu-3-1", "al2-ami-sagemaker-inference-neuron-2",
    "al2023-ami-sagemaker-inference-gpu-4-1", NULL};
static const struct sm_shape s_ProductionVariantInferenceAmiVersion = ENUM_OF(s_ProductionVariantInferenceAmiVersion_values);
static const char *const s_CapacityReservationPreference_values[] = {
    "capacity-reservations-only", NULL};
static const struct sm_shape s_CapacityReservationPreference = ENUM_OF(s_CapacityReservationPreference_values);
static const struct sm_shape s_MlReservationArn =
    SCALAR(SM_STRING, 20, 258,
        "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z0-9\\-]{1,14}/.*");
static const struct sm_member s_ProductionVariantCapacityReservationConfig_members[] = {
    {"CapacityReservationPreference", OPTIONAL, &s_CapacityReservationPreference},
    {"MlReservationArn", OPTIONAL, &s_MlReservationArn}, END};
static const struct sm_shape s_ProductionVariantCapacityReservationConfig = STRUCT_OF(s_ProductionVariantCapacityReservationConfig_members);
static const struct sm_member s_ProductionVariant_members[] = {
    {"VariantName", REQUIRED, &s_ContainerHostname}, {"ModelName", OPTIONAL, &s_ModelName},
    {"InitialInstanceCount", OPTIONAL, &s_InitialTaskCount},
    {"InstanceType", OPTIONAL, &s_ProductionVariantInstanceType},
    {"InstancePools", OPTIONAL, &s_InstancePoolList},
    {"VariantInstanceProvisionTimeoutInSeconds", OPTIONAL, &s_VariantInstanceProvisionTimeoutInSeconds},
    {"InitialVariantWeight", OPTIONAL, &s_VariantWeight},
    {"AcceleratorType", OPTIONAL, &s_ProductionVariantAcceleratorType},
    {"CoreDumpConfig", OPTIONAL, &s_ProductionVariantCoreDumpConfig},
    {"ServerlessConfig", OPTIONAL, &s_ProductionVariantServerlessConfig},
    {"VolumeSizeInGB", OPTIONAL, &s_ProductionVariantVolumeSizeInGB},
    {"ModelDataDownloadTimeoutInSeconds", OPTIONAL, &s_ProductionVariantModelDataDownloadTimeoutInSeconds},
    {"ContainerStartupHealthCheckTimeoutInSeconds", OPTIONAL, &s_ProductionVariantModelDataDownloadTimeoutInSeconds},
    {"EnableSSMAccess", OPTIONAL, &s_AcceptEula},
    {"ManagedInstanceScaling", OPTIONAL, &s_ProductionVariantManagedInstanceScaling},
    {"RoutingConfig", OPTIONAL, &s_ProductionVariantRoutingConfig},
    {"InferenceAmiVersion", OPTIONAL, &s_ProductionVariantInferenceAmiVersion},
    {"CapacityReservationConfig", OPTIONAL, &s_ProductionVariantCapacityReservationConfig}, END};
static const struct sm_shape s_ProductionVariant = STRUCT_OF(s_ProductionVariant_members);
static const struct sm_shape s_ProductionVariantList = LIST_OF(1, 10, &s_ProductionVariant);
static const struct sm_shape s_SamplingPercentage = SCALAR(SM_INT, 0, 100, NULL);
static const char *const s_CaptureMode_values[] = {
    "Input", "Output", "InputAndOutput", NULL};
static const struct sm_shape s_CaptureMode = ENUM_OF(s_CaptureMode_values);
static const struct sm_member s_CaptureOption_members[] = {
    {"CaptureMode", REQUIRED, &s_CaptureMode}, END};
static const struct sm_shape s_CaptureOption = STRUCT_OF(s_CaptureOption_members);
static const struct sm_shape s_CaptureOptionList = LIST_OF(1, 32, &s_CaptureOption);
static const struct sm_shape s_CsvContentType =
    SCALAR(SM_STRING, 1, 256, "[a-zA-Z0-9](-*[a-zA-Z0-9])*\\/[a-zA-Z0-9](-*[a-zA-Z0-9.])*");
static const struct sm_shape s_CsvContentTypes = LIST_OF(1, 10, &s_CsvContentType);
static const struct sm_member s_CaptureContentTypeHeader_members[] = {
    {"CsvContentTypes", OPTIONAL, &s_CsvContentTypes},
    {"JsonContentTypes", OPTIONAL, &s_CsvContentTypes}, END};
static const struct sm_shape s_CaptureContentTypeHeader = STRUCT_OF(s_CaptureContentTypeHeader_members);
static const struct sm_member s_DataCaptureConfig_members[] = {
    {"EnableCapture", OPTIONAL, &s_AcceptEula},
    {"InitialSamplingPercentage", REQUIRED, &s_SamplingPercentage},
    {"DestinationS3Uri", REQUIRED, &s_DestinationS3Uri}, {"KmsKeyId", OPTIONAL, &s_KmsKeyId},
    {"CaptureOptions", REQUIRED, &s_CaptureOptionList},
    {"CaptureContentTypeHeader", OPTIONAL, &s_CaptureContentTypeHeader}, END};
static const struct sm_shape s_DataCaptureConfig = STRUCT_OF(s_DataCaptureConfig_members);
static const struct sm_shape s_MaxConcurrentInvocationsPerInstance = SCALAR(SM_INT, 1, 1000, NULL);
static const struct sm_member s_AsyncInferenceClientConfig_members[] = {
    {"MaxConcurrentInvocationsPerInstance", OPTIONAL, &s_MaxConcurrentInvocationsPerInstance}, END};
static const struct sm_shape s_AsyncInferenceClientConfig = STRUCT_OF(s_AsyncInferenceClientConfig_members);
static const struct sm_shape s_SnsTopicArn =
    SCALAR(SM_STRING, 0, 2048, "arn:aws[a-z\\-]*:sns:[a-z0-9\\-]*:[0-9]{12}:[a-zA-Z0-9_.-]+");
static const char *const s_AsyncNotificationTopicTypes_values[] = {
    "SUCCESS_NOTIFICATION_TOPIC", "ERROR_NOTIFICATION_TOPIC", NULL};
static const struct sm_shape s_AsyncNotificationTopicTypes = ENUM_OF(s_AsyncNotificationTopicTypes_values);
static const struct sm_shape s_AsyncNotificationTopicTypeList = LIST_OF(0, 2, &s_AsyncNotificationTopicTypes);
static const struct sm_member s_AsyncInferenceNotificationConfig_members[] = {
    {"SuccessTopic", OPTIONAL, &s_SnsTopicArn}, {"ErrorTopic", OPTIONAL, &s_SnsTopicArn},
    {"IncludeInferenceResponseIn", OPTIONAL, &s_AsyncNotificationTopicTypeList}, END};
static const struct sm_shape s_AsyncInferenceNotificationConfig = STRUCT_OF(s_AsyncInferenceNotificationConfig_members);
static const struct sm_member s_AsyncInferenceOutputConfig_members[] = {
    {"KmsKeyId", OPTIONAL, &s_KmsKeyId}, {"S3OutputPath", OPTIONAL, &s_DestinationS3Uri},
    {"NotificationConfig", OPTIONAL, &s_AsyncInferenceNotificationConfig},
    {"S3FailurePath", OPTIONAL, &s_DestinationS3Uri}, END};
static const struct sm_shape s_AsyncInferenceOutputConfig = STRUCT_OF(s_AsyncInferenceOutputConfig_members);
static const struct sm_member s_AsyncInferenceConfig_members[] = {
    {"ClientConfig", OPTIONAL, &s_AsyncInferenceClientConfig},
    {"OutputConfig", REQUIRED, &s_AsyncInferenceOutputConfig}, END};
static const struct sm_shape s_AsyncInferenceConfig = STRUCT_OF(s_AsyncInferenceConfig_members);
static const struct sm_shape s_ClarifyEnableExplanations = SCALAR(SM_STRING, 1, 64, ".*");
static const struct sm_shape s_ClarifyMaxPayloadInMB = SCALAR(SM_INT, 1, 25, NULL);
static const struct sm_shape s_ClarifyLabelHeaders = LIST_OF(1, 16, &s_ClarifyEnableExplanations);
static const struct sm_shape s_ClarifyFeatureHeaders = LIST_OF(1, 256, &s_ClarifyEnableExplanations);
static const char *const s_ClarifyFeatureType_values[] = {
    "numerical", "categorical", "text", NULL};
static const struct sm_shape s_ClarifyFeatureType = ENUM_OF(s_ClarifyFeatureType_values);
static const struct sm_shape s_ClarifyFeatureTypes = LIST_OF(1, 256, &s_ClarifyFeatureType);
static const struct sm_member s_ClarifyInferenceConfig_members[] = {
    {"FeaturesAttribute", OPTIONAL, &s_ClarifyEnableExplanations},
    {"ContentTemplate", OPTIONAL, &s_ClarifyEnableExplanations},
    {"MaxRecordCount", OPTIONAL, &s_InitialTaskCount},
    {"MaxPayloadInMB", OPTIONAL, &s_ClarifyMaxPayloadInMB},
    {"ProbabilityIndex", OPTIONAL, &s_ManagedInstanceScalingMinInstanceCount},
    {"LabelIndex", OPTIONAL, &s_ManagedInstanceScalingMinInstanceCount},
    {"ProbabilityAttribute", OPTIONAL, &s_ClarifyEnableExplanations},
    {"LabelAttribute", OPTIONAL, &s_ClarifyEnableExplanations},
    {"LabelHeaders", OPTIONAL, &s_ClarifyLabelHeaders},
    {"FeatureHeaders", OPTIONAL, &s_ClarifyFeatureHeaders},
    {"FeatureTypes", OPTIONAL, &s_ClarifyFeatureTypes}, END};
static const struct sm_shape s_ClarifyInferenceConfig = STRUCT_OF(s_ClarifyInferenceConfig_members);
static const struct sm_shape s_ClarifyMimeType =
    SCALAR(SM_STRING, 0, 255, "[a-zA-Z0-9](-*[a-zA-Z0-9])*\\/[a-zA-Z0-9](-*[a-zA-Z0-9+.])*");
static const struct sm_shape s_ClarifyShapBaseline = SCALAR(SM_STRING, 1, 4096, "[\\s\\S]+");
static const struct sm_member s_ClarifyShapBaselineConfig_members[] = {
    {"MimeType", OPTIONAL, &s_ClarifyMimeType}, {"ShapBaseline", OPTIONAL, &s_ClarifyShapBaseline},
    {"ShapBaselineUri", OPTIONAL, &s_Url}, END};
static const struct sm_shape s_ClarifyShapBaselineConfig = STRUCT_OF(s_ClarifyShapBaselineConfig_members);
static const struct sm_shape s_ClarifyShapSeed = SCALAR(SM_INT, SM_MIN, SM_MAX, NULL);
static const char *const s_ClarifyTextLanguage_values[] = {
    "af", "sq", "ar", "hy", "eu", "bn", "bg", "ca", "zh", "hr", "cs", "da", "nl", "en", "et", "fi",
    "fr", "de", "el", "gu", "he", "hi", "hu", "is", "id", "ga", "it", "kn", "ky", "lv", "lt", "lb",
    "mk", "ml", "mr", "ne", "nb", "fa", "pl", "pt", "ro", "ru", "sa", "sr", "tn", "si", "sk", "sl",
    "es", "sv", "tl", "ta", "tt", "te", "tr", "uk", "ur", "yo", "lij", "xx", NULL};
static const struct sm_shape s_ClarifyTextLanguage = ENUM_OF(s_ClarifyTextLanguage_values);
static const char *const s_ClarifyTextGranularity_values[] = {
    "token", "sentence", "paragraph", NULL};
static const struct sm_shape s_ClarifyTextGranularity = ENUM_OF(s_ClarifyTextGranularity_values);
static const struct sm_member s_ClarifyTextConfig_members[] = {
    {"Language", REQUIRED, &s_ClarifyTextLanguage},
    {"Granularity", REQUIRED, &s_ClarifyTextGranularity}, END};
static const struct sm_shape s_ClarifyTextConfig = STRUCT_OF(s_ClarifyTextConfig_members);
static const struct sm_member s_ClarifyShapConfig_members[] = {
    {"ShapBaselineConfig", REQUIRED, &s_ClarifyShapBaselineConfig},
    {"NumberOfSamples", OPTIONAL, &s_InitialTaskCount}, {"UseLogit", OPTIONAL, &s_AcceptEula},
    {"Seed", OPTIONAL, &s_ClarifyShapSeed}, {"TextConfig", OPTIONAL, &s_ClarifyTextConfig}, END};
static const struct sm_shape s_ClarifyShapConfig = STRUCT_OF(s_ClarifyShapConfig_members);
static const struct sm_member s_ClarifyExplainerConfig_members[] = {
    {"EnableExplanations", OPTIONAL, &s_ClarifyEnableExplanations},
    {"InferenceConfig", OPTIONAL, &s_ClarifyInferenceConfig},
    {"ShapConfig", REQUIRED, &s_ClarifyShapConfig}, END};
static const struct sm_shape s_ClarifyExplainerConfig = STRUCT_OF(s_ClarifyExplainerConfig_members);
static const struct sm_member s_ExplainerConfig_members[] = {
    {"ClarifyExplainerConfig", OPTIONAL, &s_ClarifyExplainerConfig}, END};
static const struct sm_shape s_ExplainerConfig = STRUCT_OF(s_ExplainerConfig_members);
static const struct sm_member s_MetricsConfig_members[] = {
    {"EnableEnhancedMetrics", OPTIONAL, &s_AcceptEula},
    {"MetricPublishFrequencyInSeconds", OPTIONAL, &s_ClarifyShapSeed}, END};
static const struct sm_shape s_MetricsConfig = STRUCT_OF(s_MetricsConfig_members);
static const struct sm_member s_CreateEndpointConfigInput_members[] = {
    {"EndpointConfigName", REQUIRED, &s_ContainerHostname},
    {"ProductionVariants", REQUIRED, &s_ProductionVariantList},
    {"DataCaptureConfig", OPTIONAL, &s_DataCaptureConfig}, {"Tags", OPTIONAL, &s_TagList},
    {"KmsKeyId", OPTIONAL, &s_KmsKeyId},
    {"AsyncInferenceConfig", OPTIONAL, &s_AsyncInferenceConfig},
    {"ExplainerConfig", OPTIONAL, &s_ExplainerConfig},
    {"ShadowProductionVariants", OPTIONAL, &s_ProductionVariantList},
    {"ExecutionRoleArn", OPTIONAL, &s_RoleArn}, {"VpcConfig", OPTIONAL, &s_VpcConfig},
    {"EnableNetworkIsolation", OPTIONAL, &s_AcceptEula},
    {"MetricsConfig", OPTIONAL, &s_MetricsConfig}, END};
static const struct sm_shape s_CreateEndpointConfigInput = STRUCT_OF(s_CreateEndpointConfigInput_members);
static const struct sm_member s_DescribeEndpointConfigInput_members[] = {
    {"EndpointConfigName", REQUIRED, &s_ContainerHostname}, END};
static const struct sm_shape s_DescribeEndpointConfigInput = STRUCT_OF(s_DescribeEndpointConfigInput_members);
static const char *const s_TrafficRoutingConfigType_values[] = {
    "ALL_AT_ONCE", "CANARY", "LINEAR", NULL};
static const struct sm_shape s_TrafficRoutingConfigType = ENUM_OF(s_TrafficRoutingConfigType_values);
static const struct sm_shape s_WaitIntervalInSeconds = SCALAR(SM_INT, 0, 3600, NULL);
static const char *const s_CapacitySizeType_values[] = {
    "INSTANCE_COUNT", "CAPACITY_PERCENT", NULL};
static const struct sm_shape s_CapacitySizeType = ENUM_OF(s_CapacitySizeType_values);
static const struct sm_member s_CapacitySize_members[] = {
    {"Type", REQUIRED, &s_CapacitySizeType}, {"Value", REQUIRED, &s_InitialTaskCount}, END};
static const struct sm_shape s_CapacitySize = STRUCT_OF(s_CapacitySize_members);
static const struct sm_member s_TrafficRoutingConfig_members[] = {
    {"Type", REQUIRED, &s_TrafficRoutingConfigType},
    {"WaitIntervalInSeconds", REQUIRED, &s_WaitIntervalInSeconds},
    {"CanarySize", OPTIONAL, &s_CapacitySize}, {"LinearStepSize", OPTIONAL, &s_CapacitySize}, END};
static const struct sm_shape s_TrafficRoutingConfig = STRUCT_OF(s_TrafficRoutingConfig_members);
static const struct sm_shape s_MaximumExecutionTimeoutInSeconds = SCALAR(SM_INT, 600, 28800, NULL);
static const struct sm_member s_BlueGreenUpdatePolicy_members[] = {
    {"TrafficRoutingConfiguration", REQUIRED, &s_TrafficRoutingConfig},
    {"TerminationWaitInSeconds", OPTIONAL, &s_WaitIntervalInSeconds},
    {"MaximumExecutionTimeoutInSeconds", OPTIONAL, &s_MaximumExecutionTimeoutInSeconds}, END};
static const struct sm_shape s_BlueGreenUpdatePolicy = STRUCT_OF(s_BlueGreenUpdatePolicy_members);
static const struct sm_member s_RollingUpdatePolicy_members[] = {
    {"MaximumBatchSize", REQUIRED, &s_CapacitySize},
    {"WaitIntervalInSeconds", REQUIRED, &s_WaitIntervalInSeconds},
    {"MaximumExecutionTimeoutInSeconds", OPTIONAL, &s_MaximumExecutionTimeoutInSeconds},
    {"RollbackMaximumBatchSize", OPTIONAL, &s_CapacitySize}, END};
static const struct sm_shape s_RollingUpdatePolicy = STRUCT_OF(s_RollingUpdatePolicy_members);
static const struct sm_shape s_AlarmName = SCALAR(SM_STRING, 1, 255, "(?!\\s*$).+");
static const struct sm_member s_Alarm_members[] = {
    {"AlarmName", OPTIONAL, &s_AlarmName}, END};
static const struct sm_shape s_Alarm = STRUCT_OF(s_Alarm_members);
static const struct sm_shape s_AlarmList = LIST_OF(1, 10, &s_Alarm);
static const struct sm_member s_AutoRollbackConfig_members[] = {
    {"Alarms", OPTIONAL, &s_AlarmList}, END};
static const struct sm_shape s_AutoRollbackConfig = STRUCT_OF(s_AutoRollbackConfig_members);
static const struct sm_member s_DeploymentConfig_members[] = {
    {"BlueGreenUpdatePolicy", OPTIONAL, &s_BlueGreenUpdatePolicy},
    {"RollingUpdatePolicy", OPTIONAL, &s_RollingUpdatePolicy},
    {"AutoRollbackConfiguration", OPTIONAL, &s_AutoRollbackConfig}, END};
static const struct sm_shape s_DeploymentConfig = STRUCT_OF(s_DeploymentConfig_members);
static const struct sm_member s_CreateEndpointInput_members[] = {
    {"EndpointName", REQUIRED, &s_ContainerHostname},
    {"EndpointConfigName", REQUIRED, &s_ContainerHostname},
    {"DeploymentConfig", OPTIONAL, &s_DeploymentConfig}, {"Tags", OPTIONAL, &s_TagList}, END};
static const struct sm_shape s_CreateEndpointInput = STRUCT_OF(s_CreateEndpointInput_members);
static const struct sm_member s_DescribeEndpointInput_members[] = {
    {"EndpointName", REQUIRED, &s_ContainerHostname}, END};
static const struct sm_shape s_DescribeEndpointInput = STRUCT_OF(s_DescribeEndpointInput_members);
static const char *const s_VariantPropertyType_values[] = {
    "DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig", NULL};
static const struct sm_shape s_VariantPropertyType = ENUM_OF(s_VariantPropertyType_values);
static const struct sm_member s_VariantProperty_members[] = {
    {"VariantPropertyType", REQUIRED, &s_VariantPropertyType}, END};
static const struct sm_shape s_VariantProperty = STRUCT_OF(s_VariantProperty_members);
static const struct sm_shape s_VariantPropertyList = LIST_OF(0, 3, &s_VariantProperty);
static const struct sm_member s_UpdateEndpointInput_members[] = {
    {"EndpointName", REQUIRED, &s_ContainerHostname},
    {"EndpointConfigName", REQUIRED, &s_ContainerHostname},
    {"RetainAllVariantProperties", OPTIONAL, &s_AcceptEula},
    {"ExcludeRetainedVariantProperties", OPTIONAL, &s_VariantPropertyList},
    {"DeploymentConfig", OPTIONAL, &s_DeploymentConfig},
    {"RetainDeploymentConfig", OPTIONAL, &s_AcceptEula}, END};
static const struct sm_shape s_UpdateEndpointInput = STRUCT_OF(s_UpdateEndpointInput_members);
static const struct sm_member s_ProductionVariantServerlessUpdateConfig_members[] = {
    {"MaxConcurrency", OPTIONAL, &s_ServerlessMaxConcurrency},
    {"ProvisionedConcurrency", OPTIONAL, &s_ServerlessMaxConcurrency}, END};
static const struct sm_shape s_ProductionVariantServerlessUpdateConfig = STRUCT_OF(s_ProductionVariantServerlessUpdateConfig_members);
static const struct sm_member s_DesiredWeightAndCapacity_members[] = {
    {"VariantName", REQUIRED, &s_ContainerHostname}, {"DesiredWeight", OPTIONAL, &s_VariantWeight},
    {"DesiredInstanceCount", OPTIONAL, &s_ManagedInstanceScalingMinInstanceCount},
    {"ServerlessUpdateConfig", OPTIONAL, &s_ProductionVariantServerlessUpdateConfig}, END};
static const struct sm_shape s_DesiredWeightAndCapacity = STRUCT_OF(s_DesiredWeightAndCapacity_members);
static const struct sm_shape s_DesiredWeightAndCapacityList = LIST_OF(1, SM_MAX, &s_DesiredWeightAndCapacity);
static const struct sm_member s_UpdateEndpointWeightsAndCapacitiesInput_members[] = {
    {"EndpointName", REQUIRED, &s_ContainerHostname},
    {"DesiredWeightsAndCapacities", REQUIRED, &s_DesiredWeightAndCapacityList}, END};
static const struct sm_shape s_UpdateEndpointWeightsAndCapacitiesInput = STRUCT_OF(s_UpdateEndpointWeightsAndCapacitiesInput_members);
static const char *const s_EndpointSortKey_values[] = {
    "Name", "CreationTime", "Status", NULL};
static const struct sm_shape s_EndpointSortKey = ENUM_OF(s_EndpointSortKey_values);
static const char *const s_EndpointStatus_values[] = {
    "OutOfService", "Creating", "Updating", "SystemUpdating", "RollingBack", "InService",
    "Deleting", "Failed", "UpdateRollbackFailed", NULL};
static const struct sm_shape s_EndpointStatus = ENUM_OF(s_EndpointStatus_values);
static const struct sm_member s_ListEndpointsInput_members[] = {
    {"SortBy", OPTIONAL, &s_EndpointSortKey}, {"SortOrder", OPTIONAL, &s_OrderKey},
    {"NextToken", OPTIONAL, &s_PaginationToken}, {"MaxResults", OPTIONAL, &s_MaxResults},
    {"NameContains", OPTIONAL, &s_ModelNameContains},
    {"CreationTimeBefore", OPTIONAL, &s_Timestamp}, {"CreationTimeAfter", OPTIONAL, &s_Timestamp},
    {"LastModifiedTimeBefore", OPTIONAL, &s_Timestamp},
    {"LastModifiedTimeAfter", OPTIONAL, &s_Timestamp},
    {"StatusEquals", OPTIONAL, &s_EndpointStatus}, END};
static const struct sm_shape s_ListEndpointsInput = STRUCT_OF(s_ListEndpointsInput_members);
static const struct sm_shape s_ResourceArn =
    SCALAR(SM_STRING, 0, 256, "arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+");
static const struct sm_member s_AddTagsInput_members[] = {
    {"ResourceArn", REQUIRED, &s_ResourceArn}, {"Tags", REQUIRED, &s_TagList}, END};
static const struct sm_shape s_AddTagsInput = STRUCT_OF(s_AddTagsInput_members);
static const struct sm_shape s_ListTagsMaxResults = SCALAR(SM_INT, 50, SM_MAX, NULL);
static const struct sm_member s_ListTagsInput_members[] = {
    {"ResourceArn", REQUIRED, &s_ResourceArn}, {"NextToken", OPTIONAL, &s_PaginationToken},
    {"MaxResults", OPTIONAL, &s_ListTagsMaxResults}, END};
static const struct sm_shape s_ListTagsInput = STRUCT_OF(s_ListTagsInput_members);
static const struct sm_shape s_TagKeyList = LIST_OF(1, 50, &s_TagKey);
static const struct sm_member s_DeleteTagsInput_members[] = {
    {"ResourceArn", REQUIRED, &s_ResourceArn}, {"TagKeys", REQUIRED, &s_TagKeyList}, END};
static const struct sm_shape s_DeleteTagsInput = STRUCT_OF(s_DeleteTagsInput_members);

const struct sm_input sm_inputs_hosting[] = {
    {LOCAL_SAGEMAKER, "CreateModel", &s_CreateModelInput},
    {LOCAL_SAGEMAKER, "DescribeModel", &s_DescribeModelInput},
    {LOCAL_SAGEMAKER, "DeleteModel", &s_DescribeModelInput},
    {LOCAL_SAGEMAKER, "ListModels", &s_ListModelsInput},
    {LOCAL_SAGEMAKER, "CreateEndpointConfig", &s_CreateEndpointConfigInput},
    {LOCAL_SAGEMAKER, "DescribeEndpointConfig", &s_DescribeEndpointConfigInput},
    {LOCAL_SAGEMAKER, "DeleteEndpointConfig", &s_DescribeEndpointConfigInput},
    {LOCAL_SAGEMAKER, "ListEndpointConfigs", &s_ListModelsInput},
    {LOCAL_SAGEMAKER, "CreateEndpoint", &s_CreateEndpointInput},
    {LOCAL_SAGEMAKER, "DescribeEndpoint", &s_DescribeEndpointInput},
    {LOCAL_SAGEMAKER, "UpdateEndpoint", &s_UpdateEndpointInput},
    {LOCAL_SAGEMAKER, "UpdateEndpointWeightsAndCapacities", &s_UpdateEndpointWeightsAndCapacitiesInput},
    {LOCAL_SAGEMAKER, "DeleteEndpoint", &s_DescribeEndpointInput},
    {LOCAL_SAGEMAKER, "ListEndpoints", &s_ListEndpointsInput},
    {LOCAL_SAGEMAKER, "AddTags", &s_AddTagsInput},
    {LOCAL_SAGEMAKER, "ListTags", &s_ListTagsInput},
    {LOCAL_SAGEMAKER, "DeleteTags", &s_DeleteTagsInput},
    {LOCAL_N_SERVICES, NULL, NULL}};
