/* Written from botocore 1.43.11's service models by tests/interop/validation.py --write; not to be
 * edited. */
#include "engine/local/sm_forms.h"
#include "engine/local/sm_tables.h"

/* clang-format off */

static const struct sm_shape s_TrainingJobName =
    SCALAR(SM_STRING, 1, 63, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
static const struct sm_shape s_HyperParameterKey = SCALAR(SM_STRING, 0, 256, ".*");
static const struct sm_shape s_HyperParameterValue = SCALAR(SM_STRING, 0, 2500, ".*");
static const struct sm_shape s_HyperParameters =
    MAP_OF(0, 100, &s_HyperParameterKey, &s_HyperParameterValue);
static const struct sm_shape s_AlgorithmImage = SCALAR(SM_STRING, 0, 255, ".*");
static const struct sm_shape s_ArnOrName =
    SCALAR(SM_STRING, 1, 170,
        "(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z\\-]*\\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)");
static const char *const s_TrainingInputMode_values[] = {
    "Pipe", "File", "FastFile", NULL};
static const struct sm_shape s_TrainingInputMode = ENUM_OF(s_TrainingInputMode_values);
static const struct sm_shape s_MetricName = SCALAR(SM_STRING, 1, 255, ".+");
static const struct sm_shape s_MetricRegex = SCALAR(SM_STRING, 1, 500, ".+");
static const struct sm_member s_MetricDefinition_members[] = {
    {"Name", REQUIRED, &s_MetricName}, {"Regex", REQUIRED, &s_MetricRegex}, END};
static const struct sm_shape s_MetricDefinition = STRUCT_OF(s_MetricDefinition_members);
static const struct sm_shape s_MetricDefinitionList = LIST_OF(0, 40, &s_MetricDefinition);
static const struct sm_shape s_Boolean = SCALAR(SM_BOOL, SM_MIN, SM_MAX, NULL);
static const struct sm_shape s_TrainingContainerEntrypoint = LIST_OF(1, 100, &s_HyperParameterKey);
static const char *const s_TrainingRepositoryAccessMode_values[] = {
    "Platform", "Vpc", NULL};
static const struct sm_shape s_TrainingRepositoryAccessMode = ENUM_OF(s_TrainingRepositoryAccessMode_values);
static const struct sm_shape s_TrainingRepositoryCredentialsProviderArn =
    SCALAR(SM_STRING, 1, 2048,
        "arn:[\\p{Alnum}\\-]+:lambda:[\\p{Alnum}\\-]+:[0-9]{12}:function:.*");
static const struct sm_member s_TrainingRepositoryAuthConfig_members[] = {
    {"TrainingRepositoryCredentialsProviderArn", REQUIRED, &s_TrainingRepositoryCredentialsProviderArn},
    END};
static const struct sm_shape s_TrainingRepositoryAuthConfig = STRUCT_OF(s_TrainingRepositoryAuthConfig_members);
static const struct sm_member s_TrainingImageConfig_members[] = {
    {"TrainingRepositoryAccessMode", REQUIRED, &s_TrainingRepositoryAccessMode},
    {"TrainingRepositoryAuthConfig", OPTIONAL, &s_TrainingRepositoryAuthConfig}, END};
static const struct sm_shape s_TrainingImageConfig = STRUCT_OF(s_TrainingImageConfig_members);
static const struct sm_member s_AlgorithmSpecification_members[] = {
    {"TrainingImage", OPTIONAL, &s_AlgorithmImage}, {"AlgorithmName", OPTIONAL, &s_ArnOrName},
    {"TrainingInputMode", REQUIRED, &s_TrainingInputMode},
    {"MetricDefinitions", OPTIONAL, &s_MetricDefinitionList},
    {"EnableSageMakerMetricsTimeSeries", OPTIONAL, &s_Boolean},
    {"ContainerEntrypoint", OPTIONAL, &s_TrainingContainerEntrypoint},
    {"ContainerArguments", OPTIONAL, &s_TrainingContainerEntrypoint},
    {"TrainingImageConfig", OPTIONAL, &s_TrainingImageConfig}, END};
static const struct sm_shape s_AlgorithmSpecification = STRUCT_OF(s_AlgorithmSpecification_members);
static const struct sm_shape s_RoleArn =
    SCALAR(SM_STRING, 20, 2048, "arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+");
static const struct sm_shape s_ChannelName = SCALAR(SM_STRING, 1, 64, "[A-Za-z0-9\\.\\-_]+");
static const char *const s_S3DataType_values[] = {
    "ManifestFile", "S3Prefix", "AugmentedManifestFile", "Converse", NULL};
static const struct sm_shape s_S3DataType = ENUM_OF(s_S3DataType_values);
static const struct sm_shape s_S3Uri = SCALAR(SM_STRING, 0, 1024, "(https|s3)://([^/]+)/?(.*)");
static const char *const s_S3DataDistribution_values[] = {
    "FullyReplicated", "ShardedByS3Key", NULL};
static const struct sm_shape s_S3DataDistribution = ENUM_OF(s_S3DataDistribution_values);
static const struct sm_shape s_AttributeName = SCALAR(SM_STRING, 1, 256, ".+");
static const struct sm_shape s_AttributeNames = LIST_OF(0, 16, &s_AttributeName);
static const struct sm_shape s_InstanceGroupName = SCALAR(SM_STRING, 1, 64, ".+");
static const struct sm_shape s_InstanceGroupNames = LIST_OF(0, 5, &s_InstanceGroupName);
static const struct sm_member s_ModelAccessConfig_members[] = {
    {"AcceptEula", REQUIRED, &s_Boolean}, END};
static const struct sm_shape s_ModelAccessConfig = STRUCT_OF(s_ModelAccessConfig_members);
static const struct sm_member s_HubAccessConfig_members[] = {
    {"HubContentArn", REQUIRED, &s_AlgorithmImage}, END};
static const struct sm_shape s_HubAccessConfig = STRUCT_OF(s_HubAccessConfig_members);
static const struct sm_member s_S3DataSource_members[] = {
    {"S3DataType", REQUIRED, &s_S3DataType}, {"S3Uri", REQUIRED, &s_S3Uri},
    {"S3DataDistributionType", OPTIONAL, &s_S3DataDistribution},
    {"AttributeNames", OPTIONAL, &s_AttributeNames},
    {"InstanceGroupNames", OPTIONAL, &s_InstanceGroupNames},
    {"ModelAccessConfig", OPTIONAL, &s_ModelAccessConfig},
    {"HubAccessConfig", OPTIONAL, &s_HubAccessConfig}, END};
static const struct sm_shape s_S3DataSource = STRUCT_OF(s_S3DataSource_members);
static const struct sm_shape s_FileSystemId = SCALAR(SM_STRING, 11, 21, "(fs-[0-9a-f]{8,})");
static const char *const s_FileSystemAccessMode_values[] = {
    "rw", "ro", NULL};
static const struct sm_shape s_FileSystemAccessMode = ENUM_OF(s_FileSystemAccessMode_values);
static const char *const s_FileSystemType_values[] = {
    "EFS", "FSxLustre", NULL};
static const struct sm_shape s_FileSystemType = ENUM_OF(s_FileSystemType_values);
static const struct sm_shape s_DirectoryPath = SCALAR(SM_STRING, 0, 4096, ".*");
static const struct sm_member s_FileSystemDataSource_members[] = {
    {"FileSystemId", REQUIRED, &s_FileSystemId},
    {"FileSystemAccessMode", REQUIRED, &s_FileSystemAccessMode},
    {"FileSystemType", REQUIRED, &s_FileSystemType}, {"DirectoryPath", REQUIRED, &s_DirectoryPath},
    END};
static const struct sm_shape s_FileSystemDataSource = STRUCT_OF(s_FileSystemDataSource_members);
static const struct sm_shape s_HubDataSetArn =
    SCALAR(SM_STRING, 0, 2048,
        "(arn:[a-z0-9-\\.]{1,63}:sagemaker:\\w+(?:-\\w+)+:(\\d{12}|aws):hub-content\\/)[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}\\/DataSet\\/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,63}(\\/\\d{1,4}.\\d{1,4}.\\d{1,4})?");
static const struct sm_member s_DatasetSource_members[] = {
    {"DatasetArn", REQUIRED, &s_HubDataSetArn}, END};
static const struct sm_shape s_DatasetSource = STRUCT_OF(s_DatasetSource_members);
static const struct sm_member s_DataSource_members[] = {
    {"S3DataSource", OPTIONAL, &s_S3DataSource},
    {"FileSystemDataSource", OPTIONAL, &s_FileSystemDataSource},
    {"DatasetSource", OPTIONAL, &s_DatasetSource}, END};
static const struct sm_shape s_DataSource = STRUCT_OF(s_DataSource_members);
static const char *const s_CompressionType_values[] = {
    "None", "Gzip", NULL};
static const struct sm_shape s_CompressionType = ENUM_OF(s_CompressionType_values);
static const char *const s_RecordWrapper_values[] = {
    "None", "RecordIO", NULL};
static const struct sm_shape s_RecordWrapper = ENUM_OF(s_RecordWrapper_values);
static const struct sm_shape s_Seed = SCALAR(SM_INT, SM_MIN, SM_MAX, NULL);
static const struct sm_member s_ShuffleConfig_members[] = {
    {"Seed", REQUIRED, &s_Seed}, END};
static const struct sm_shape s_ShuffleConfig = STRUCT_OF(s_ShuffleConfig_members);
static const struct sm_member s_Channel_members[] = {
    {"ChannelName", REQUIRED, &s_ChannelName}, {"DataSource", REQUIRED, &s_DataSource},
    {"ContentType", OPTIONAL, &s_HyperParameterKey},
    {"CompressionType", OPTIONAL, &s_CompressionType},
    {"RecordWrapperType", OPTIONAL, &s_RecordWrapper},
    {"InputMode", OPTIONAL, &s_TrainingInputMode}, {"ShuffleConfig", OPTIONAL, &s_ShuffleConfig},
    END};
static const struct sm_shape s_Channel = STRUCT_OF(s_Channel_members);
static const struct sm_shape s_InputDataConfig = LIST_OF(1, 20, &s_Channel);
static const struct sm_shape s_KmsKeyId = SCALAR(SM_STRING, 0, 2048, "[a-zA-Z0-9:/_-]*");
static const char *const s_OutputCompressionType_values[] = {
    "GZIP", "NONE", NULL};
static const struct sm_shape s_OutputCompressionType = ENUM_OF(s_OutputCompressionType_values);
static const struct sm_member s_OutputDataConfig_members[] = {
    {"KmsKeyId", OPTIONAL, &s_KmsKeyId}, {"S3OutputPath", REQUIRED, &s_S3Uri},
    {"CompressionType", OPTIONAL, &s_OutputCompressionType}, END};
static const struct sm_shape s_OutputDataConfig = STRUCT_OF(s_OutputDataConfig_members);
static const char *const s_TrainingInstanceType_values[] = {
    "ml.m4.xlarge", "ml.m4.2xlarge", "ml.m4.4xlarge", "ml.m4.10xlarge", "ml.m4.16xlarge",
    "ml.g4dn.xlarge", "ml.g4dn.2xlarge", "ml.g4dn.4xlarge", "ml.g4dn.8xlarge", "ml.g4dn.12xlarge",
    "ml.g4dn.16xlarge", "ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.m5.4xlarge",
    "ml.m5.12xlarge", "ml.m5.24xlarge", "ml.c4.xlarge", "ml.c4.2xlarge", "ml.c4.4xlarge",
    "ml.c4.8xlarge", "ml.p2.xlarge", "ml.p2.8xlarge", "ml.p2.16xlarge", "ml.p3.2xlarge",
    "ml.p3.8xlarge", "ml.p3.16xlarge", "ml.p3dn.24xlarge", "ml.p4d.24xlarge", "ml.p4de.24xlarge",
    "ml.p5.48xlarge", "ml.p5e.48xlarge", "ml.p5en.48xlarge", "ml.c5.xlarge", "ml.c5.2xlarge",
    "ml.c5.4xlarge", "ml.c5.9xlarge", "ml.c5.18xlarge", "ml.c5n.xlarge", "ml.c5n.2xlarge",
    "ml.c5n.4xlarge", "ml.c5n.9xlarge", "ml.c5n.18xlarge", "ml.g5.xlarge", "ml.g5.2xlarge",
    "ml.g5.4xlarge", "ml.g5.8xlarge", "ml.g5.16xlarge", "ml.g5.12xlarge", "ml.g5.24xlarge",
    "ml.g5.48xlarge", "ml.g6.xlarge", "ml.g6.2xlarge", "ml.g6.4xlarge", "ml.g6.8xlarge",
    "ml.g6.16xlarge", "ml.g6.12xlarge", "ml.g6.24xlarge", "ml.g6.48xlarge", "ml.g6e.xlarge",
    "ml.g6e.2xlarge", "ml.g6e.4xlarge", "ml.g6e.8xlarge", "ml.g6e.16xlarge", "ml.g6e.12xlarge",
    "ml.g6e.24xlarge", "ml.g6e.48xlarge", "ml.trn1.2xlarge", "ml.trn1.32xlarge",
    "ml.trn1n.32xlarge", "ml.trn2.48xlarge", "ml.m6i.large", "ml.m6i.xlarge", "ml.m6i.2xlarge",
    "ml.m6i.4xlarge", "ml.m6i.8xlarge", "ml.m6i.12xlarge", "ml.m6i.16xlarge", "ml.m6i.24xlarge",
    "ml.m6i.32xlarge", "ml.c6i.xlarge", "ml.c6i.2xlarge", "ml.c6i.8xlarge", "ml.c6i.4xlarge",
    "ml.c6i.12xlarge", "ml.c6i.16xlarge", "ml.c6i.24xlarge", "ml.c6i.32xlarge", "ml.r5d.large",
    "ml.r5d.xlarge", "ml.r5d.2xlarge", "ml.r5d.4xlarge", "ml.r5d.8xlarge", "ml.r5d.12xlarge",
    "ml.r5d.16xlarge", "ml.r5d.24xlarge", "ml.t3.medium", "ml.t3.large", "ml.t3.xlarge",
    "ml.t3.2xlarge", "ml.r5.large", "ml.r5.xlarge", "ml.r5.2xlarge", "ml.r5.4xlarge",
    "ml.r5.8xlarge", "ml.r5.12xlarge", "ml.r5.16xlarge", "ml.r5.24xlarge", "ml.p6-b200.48xlarge",
    "ml.m7i.large", "ml.m7i.xlarge", "ml.m7i.2xlarge", "ml.m7i.4xlarge", "ml.m7i.8xlarge",
    "ml.m7i.12xlarge", "ml.m7i.16xlarge", "ml.m7i.24xlarge", "ml.m7i.48xlarge", "ml.c7i.large",
    "ml.c7i.xlarge", "ml.c7i.2xlarge", "ml.c7i.4xlarge", "ml.c7i.8xlarge", "ml.c7i.12xlarge",
    "ml.c7i.16xlarge", "ml.c7i.24xlarge", "ml.c7i.48xlarge", "ml.r7i.large", "ml.r7i.xlarge",
    "ml.r7i.2xlarge", "ml.r7i.4xlarge", "ml.r7i.8xlarge", "ml.r7i.12xlarge", "ml.r7i.16xlarge",
    "ml.r7i.24xlarge", "ml.r7i.48xlarge", "ml.p6e-gb200.36xlarge", "ml.p5.4xlarge",
    "ml.p6-b300.48xlarge", "ml.g7e.2xlarge", "ml.g7e.4xlarge", "ml.g7e.8xlarge", "ml.g7e.12xlarge",
    "ml.g7e.24xlarge", "ml.g7e.48xlarge", NULL};
static const struct sm_shape s_TrainingInstanceType = OPEN_ENUM_OF(s_TrainingInstanceType_values);
static const struct sm_shape s_TrainingInstanceCount = SCALAR(SM_INT, 0, SM_MAX, NULL);
static const struct sm_shape s_KeepAlivePeriodInSeconds = SCALAR(SM_INT, 0, 21600, NULL);
static const struct sm_member s_InstanceGroup_members[] = {
    {"InstanceType", REQUIRED, &s_TrainingInstanceType},
    {"InstanceCount", REQUIRED, &s_TrainingInstanceCount},
    {"InstanceGroupName", REQUIRED, &s_InstanceGroupName}, END};
static const struct sm_shape s_InstanceGroup = STRUCT_OF(s_InstanceGroup_members);
static const struct sm_shape s_InstanceGroups = LIST_OF(0, 5, &s_InstanceGroup);
static const struct sm_shape s_TrainingPlanArn =
    SCALAR(SM_STRING, 50, 2048,
        "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:training-plan/.*");
static const struct sm_shape s_String256 = SCALAR(SM_STRING, 0, 256, NULL);
static const struct sm_member s_PlacementSpecification_members[] = {
    {"UltraServerId", OPTIONAL, &s_String256},
    {"InstanceCount", REQUIRED, &s_TrainingInstanceCount}, END};
static const struct sm_shape s_PlacementSpecification = STRUCT_OF(s_PlacementSpecification_members);
static const struct sm_shape s_PlacementSpecifications = LIST_OF(0, 10, &s_PlacementSpecification);
static const struct sm_member s_InstancePlacementConfig_members[] = {
    {"EnableMultipleJobs", OPTIONAL, &s_Boolean},
    {"PlacementSpecifications", OPTIONAL, &s_PlacementSpecifications}, END};
static const struct sm_shape s_InstancePlacementConfig = STRUCT_OF(s_InstancePlacementConfig_members);
static const struct sm_member s_ResourceConfig_members[] = {
    {"InstanceType", OPTIONAL, &s_TrainingInstanceType},
    {"InstanceCount", OPTIONAL, &s_TrainingInstanceCount},
    {"VolumeSizeInGB", OPTIONAL, &s_TrainingInstanceCount},
    {"VolumeKmsKeyId", OPTIONAL, &s_KmsKeyId},
    {"KeepAlivePeriodInSeconds", OPTIONAL, &s_KeepAlivePeriodInSeconds},
    {"InstanceGroups", OPTIONAL, &s_InstanceGroups},
    {"TrainingPlanArn", OPTIONAL, &s_TrainingPlanArn},
    {"InstancePlacementConfig", OPTIONAL, &s_InstancePlacementConfig}, END};
static const struct sm_shape s_ResourceConfig = STRUCT_OF(s_ResourceConfig_members);
static const struct sm_shape s_SecurityGroupId = SCALAR(SM_STRING, 0, 32, "[-0-9a-zA-Z]+");
static const struct sm_shape s_VpcSecurityGroupIds = LIST_OF(1, 5, &s_SecurityGroupId);
static const struct sm_shape s_Subnets = LIST_OF(1, 16, &s_SecurityGroupId);
static const struct sm_member s_VpcConfig_members[] = {
    {"SecurityGroupIds", REQUIRED, &s_VpcSecurityGroupIds}, {"Subnets", REQUIRED, &s_Subnets}, END};
static const struct sm_shape s_VpcConfig = STRUCT_OF(s_VpcConfig_members);
static const struct sm_shape s_MaxRuntimeInSeconds = SCALAR(SM_INT, 1, SM_MAX, NULL);
static const struct sm_shape s_MaxPendingTimeInSeconds = SCALAR(SM_INT, 7200, 2419200, NULL);
static const struct sm_member s_StoppingCondition_members[] = {
    {"MaxRuntimeInSeconds", OPTIONAL, &s_MaxRuntimeInSeconds},
    {"MaxWaitTimeInSeconds", OPTIONAL, &s_MaxRuntimeInSeconds},
    {"MaxPendingTimeInSeconds", OPTIONAL, &s_MaxPendingTimeInSeconds}, END};
static const struct sm_shape s_StoppingCondition = STRUCT_OF(s_StoppingCondition_members);
static const struct sm_shape s_TagKey =
    SCALAR(SM_STRING, 1, 128, "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)");
static const struct sm_shape s_TagValue =
    SCALAR(SM_STRING, 0, 256, "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)");
static const struct sm_member s_Tag_members[] = {
    {"Key", REQUIRED, &s_TagKey}, {"Value", REQUIRED, &s_TagValue}, END};
static const struct sm_shape s_Tag = STRUCT_OF(s_Tag_members);
static const struct sm_shape s_TagList = LIST_OF(0, 50, &s_Tag);
static const struct sm_member s_CheckpointConfig_members[] = {
    {"S3Uri", REQUIRED, &s_S3Uri}, {"LocalPath", OPTIONAL, &s_DirectoryPath}, END};
static const struct sm_shape s_CheckpointConfig = STRUCT_OF(s_CheckpointConfig_members);
static const struct sm_shape s_ConfigKey = SCALAR(SM_STRING, 1, 256, ".*");
static const struct sm_shape s_HookParameters = MAP_OF(0, 20, &s_ConfigKey, &s_HyperParameterKey);
static const struct sm_member s_CollectionConfiguration_members[] = {
    {"CollectionName", OPTIONAL, &s_ConfigKey},
    {"CollectionParameters", OPTIONAL, &s_HookParameters}, END};
static const struct sm_shape s_CollectionConfiguration = STRUCT_OF(s_CollectionConfiguration_members);
static const struct sm_shape s_CollectionConfigurations = LIST_OF(0, 20, &s_CollectionConfiguration);
static const struct sm_member s_DebugHookConfig_members[] = {
    {"LocalPath", OPTIONAL, &s_DirectoryPath}, {"S3OutputPath", REQUIRED, &s_S3Uri},
    {"HookParameters", OPTIONAL, &s_HookParameters},
    {"CollectionConfigurations", OPTIONAL, &s_CollectionConfigurations}, END};
static const struct sm_shape s_DebugHookConfig = STRUCT_OF(s_DebugHookConfig_members);
static const char *const s_ProcessingInstanceType_values[] = {
    "ml.t3.medium", "ml.t3.large", "ml.t3.xlarge", "ml.t3.2xlarge", "ml.m4.xlarge",
    "ml.m4.2xlarge", "ml.m4.4xlarge", "ml.m4.10xlarge", "ml.m4.16xlarge", "ml.c4.xlarge",
    "ml.c4.2xlarge", "ml.c4.4xlarge", "ml.c4.8xlarge", "ml.p2.xlarge", "ml.p2.8xlarge",
    "ml.p2.16xlarge", "ml.p3.2xlarge", "ml.p3.8xlarge", "ml.p3.16xlarge", "ml.c5.xlarge",
    "ml.c5.2xlarge", "ml.c5.4xlarge", "ml.c5.9xlarge", "ml.c5.18xlarge", "ml.m5.large",
    "ml.m5.xlarge", "ml.m5.2xlarge", "ml.m5.4xlarge", "ml.m5.12xlarge", "ml.m5.24xlarge",
    "ml.r5.large", "ml.r5.xlarge", "ml.r5.2xlarge", "ml.r5.4xlarge", "ml.r5.8xlarge",
    "ml.r5.12xlarge", "ml.r5.16xlarge", "ml.r5.24xlarge", "ml.g4dn.xlarge", "ml.g4dn.2xlarge",
    "ml.g4dn.4xlarge", "ml.g4dn.8xlarge", "ml.g4dn.12xlarge", "ml.g4dn.16xlarge", "ml.g5.xlarge",
    "ml.g5.2xlarge", "ml.g5.4xlarge", "ml.g5.8xlarge", "ml.g5.16xlarge", "ml.g5.12xlarge",
    "ml.g5.24xlarge", "ml.g5.48xlarge", "ml.r5d.large", "ml.r5d.xlarge", "ml.r5d.2xlarge",
    "ml.r5d.4xlarge", "ml.r5d.8xlarge", "ml.r5d.12xlarge", "ml.r5d.16xlarge", "ml.r5d.24xlarge",
    "ml.g6.xlarge", "ml.g6.2xlarge", "ml.g6.4xlarge", "ml.g6.8xlarge", "ml.g6.12xlarge",
    "ml.g6.16xlarge", "ml.g6.24xlarge", "ml.g6.48xlarge", "ml.g6e.xlarge", "ml.g6e.2xlarge",
    "ml.g6e.4xlarge", "ml.g6e.8xlarge", "ml.g6e.12xlarge", "ml.g6e.16xlarge", "ml.g6e.24xlarge",
    "ml.g6e.48xlarge", "ml.m6i.large", "ml.m6i.xlarge", "ml.m6i.2xlarge", "ml.m6i.4xlarge",
    "ml.m6i.8xlarge", "ml.m6i.12xlarge", "ml.m6i.16xlarge", "ml.m6i.24xlarge", "ml.m6i.32xlarge",
    "ml.c6i.xlarge", "ml.c6i.2xlarge", "ml.c6i.4xlarge", "ml.c6i.8xlarge", "ml.c6i.12xlarge",
    "ml.c6i.16xlarge", "ml.c6i.24xlarge", "ml.c6i.32xlarge", "ml.m7i.large", "ml.m7i.xlarge",
    "ml.m7i.2xlarge", "ml.m7i.4xlarge", "ml.m7i.8xlarge", "ml.m7i.12xlarge", "ml.m7i.16xlarge",
    "ml.m7i.24xlarge", "ml.m7i.48xlarge", "ml.c7i.large", "ml.c7i.xlarge", "ml.c7i.2xlarge",
    "ml.c7i.4xlarge", "ml.c7i.8xlarge", "ml.c7i.12xlarge", "ml.c7i.16xlarge", "ml.c7i.24xlarge",
    "ml.c7i.48xlarge", "ml.r7i.large", "ml.r7i.xlarge", "ml.r7i.2xlarge", "ml.r7i.4xlarge",
    "ml.r7i.8xlarge", "ml.r7i.12xlarge", "ml.r7i.16xlarge", "ml.r7i.24xlarge", "ml.r7i.48xlarge",
    "ml.p5.4xlarge", "ml.g7e.2xlarge", "ml.g7e.4xlarge", "ml.g7e.8xlarge", "ml.g7e.12xlarge",
    "ml.g7e.24xlarge", "ml.g7e.48xlarge", NULL};
static const struct sm_shape s_ProcessingInstanceType = OPEN_ENUM_OF(s_ProcessingInstanceType_values);
static const struct sm_shape s_RuleParameters = MAP_OF(0, 100, &s_ConfigKey, &s_HyperParameterKey);
static const struct sm_member s_DebugRuleConfiguration_members[] = {
    {"RuleConfigurationName", REQUIRED, &s_ConfigKey}, {"LocalPath", OPTIONAL, &s_DirectoryPath},
    {"S3OutputPath", OPTIONAL, &s_S3Uri}, {"RuleEvaluatorImage", REQUIRED, &s_AlgorithmImage},
    {"InstanceType", OPTIONAL, &s_ProcessingInstanceType},
    {"VolumeSizeInGB", OPTIONAL, &s_TrainingInstanceCount},
    {"RuleParameters", OPTIONAL, &s_RuleParameters}, END};
static const struct sm_shape s_DebugRuleConfiguration = STRUCT_OF(s_DebugRuleConfiguration_members);
static const struct sm_shape s_DebugRuleConfigurations = LIST_OF(0, 20, &s_DebugRuleConfiguration);
static const struct sm_member s_TensorBoardOutputConfig_members[] = {
    {"LocalPath", OPTIONAL, &s_DirectoryPath}, {"S3OutputPath", REQUIRED, &s_S3Uri}, END};
static const struct sm_shape s_TensorBoardOutputConfig = STRUCT_OF(s_TensorBoardOutputConfig_members);
static const struct sm_shape s_ExperimentEntityName =
    SCALAR(SM_STRING, 1, 120, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}");
static const struct sm_member s_ExperimentConfig_members[] = {
    {"ExperimentName", OPTIONAL, &s_ExperimentEntityName},
    {"TrialName", OPTIONAL, &s_ExperimentEntityName},
    {"TrialComponentDisplayName", OPTIONAL, &s_ExperimentEntityName},
    {"RunName", OPTIONAL, &s_ExperimentEntityName}, END};
static const struct sm_shape s_ExperimentConfig = STRUCT_OF(s_ExperimentConfig_members);
static const struct sm_member s_ProfilerConfig_members[] = {
    {"S3OutputPath", OPTIONAL, &s_S3Uri}, {"ProfilingIntervalInMilliseconds", OPTIONAL, &s_Seed},
    {"ProfilingParameters", OPTIONAL, &s_HookParameters},
    {"DisableProfiler", OPTIONAL, &s_Boolean}, END};
static const struct sm_shape s_ProfilerConfig = STRUCT_OF(s_ProfilerConfig_members);
static const struct sm_shape s_TrainingEnvironmentKey =
    SCALAR(SM_STRING, 0, 512, "[a-zA-Z_][a-zA-Z0-9_]*");
static const struct sm_shape s_TrainingEnvironmentValue = SCALAR(SM_STRING, 0, 512, "[\\S\\s]*");
static const struct sm_shape s_TrainingEnvironmentMap =
    MAP_OF(0, 100, &s_TrainingEnvironmentKey, &s_TrainingEnvironmentValue);
static const struct sm_shape s_MaximumRetryAttempts = SCALAR(SM_INT, 1, 30, NULL);
static const struct sm_member s_RetryStrategy_members[] = {
    {"MaximumRetryAttempts", REQUIRED, &s_MaximumRetryAttempts}, END};
static const struct sm_shape s_RetryStrategy = STRUCT_OF(s_RetryStrategy_members);
static const struct sm_member s_RemoteDebugConfig_members[] = {
    {"EnableRemoteDebug", OPTIONAL, &s_Boolean}, END};
static const struct sm_shape s_RemoteDebugConfig = STRUCT_OF(s_RemoteDebugConfig_members);
static const struct sm_member s_InfraCheckConfig_members[] = {
    {"EnableInfraCheck", OPTIONAL, &s_Boolean}, END};
static const struct sm_shape s_InfraCheckConfig = STRUCT_OF(s_InfraCheckConfig_members);
static const struct sm_member s_SessionChainingConfig_members[] = {
    {"EnableSessionTagChaining", OPTIONAL, &s_Boolean}, END};
static const struct sm_shape s_SessionChainingConfig = STRUCT_OF(s_SessionChainingConfig_members);
static const struct sm_shape s_ServerlessJobBaseModelArn =
    SCALAR(SM_STRING, 1, 2048,
        "(arn:[a-z0-9-\\.]{1,63}:sagemaker:\\w+(?:-\\w+)+:(\\d{12}|aws):hub-content\\/)[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}\\/Model\\/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,63}(\\/\\d{1,4}.\\d{1,4}.\\d{1,4})?");
static const char *const s_ServerlessJobType_values[] = {
    "FineTuning", "Evaluation", NULL};
static const struct sm_shape s_ServerlessJobType = ENUM_OF(s_ServerlessJobType_values);
static const char *const s_CustomizationTechnique_values[] = {
    "SFT", "DPO", "RLVR", "RLAIF", NULL};
static const struct sm_shape s_CustomizationTechnique = ENUM_OF(s_CustomizationTechnique_values);
static const char *const s_Peft_values[] = {
    "LORA", NULL};
static const struct sm_shape s_Peft = ENUM_OF(s_Peft_values);
static const char *const s_EvaluationType_values[] = {
    "LLMAJEvaluation", "CustomScorerEvaluation", "BenchmarkEvaluation", NULL};
static const struct sm_shape s_EvaluationType = ENUM_OF(s_EvaluationType_values);
static const struct sm_shape s_EvaluatorArn = SCALAR(SM_STRING, 0, SM_MAX, ".*");
static const struct sm_member s_ServerlessJobConfig_members[] = {
    {"BaseModelArn", REQUIRED, &s_ServerlessJobBaseModelArn}, {"AcceptEula", OPTIONAL, &s_Boolean},
    {"JobType", REQUIRED, &s_ServerlessJobType},
    {"CustomizationTechnique", OPTIONAL, &s_CustomizationTechnique}, {"Peft", OPTIONAL, &s_Peft},
    {"EvaluationType", OPTIONAL, &s_EvaluationType}, {"EvaluatorArn", OPTIONAL, &s_EvaluatorArn},
    END};
static const struct sm_shape s_ServerlessJobConfig = STRUCT_OF(s_ServerlessJobConfig_members);
static const struct sm_shape s_MlFlowResourceArn =
    SCALAR(SM_STRING, 0, 2048,
        "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:mlflow-[a-zA-Z-]*/.*");
static const struct sm_member s_MlflowConfig_members[] = {
    {"MlflowResourceArn", REQUIRED, &s_MlFlowResourceArn},
    {"MlflowExperimentName", OPTIONAL, &s_ConfigKey}, {"MlflowRunName", OPTIONAL, &s_ConfigKey},
    END};
static const struct sm_shape s_MlflowConfig = STRUCT_OF(s_MlflowConfig_members);
static const struct sm_shape s_ModelPackageGroupArn =
    SCALAR(SM_STRING, 1, 2048,
        "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]{9,16}:[0-9]{12}:model-package-group/[\\S]{1,2048}");
static const struct sm_shape s_ModelPackageArn =
    SCALAR(SM_STRING, 1, 2048,
        "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]{9,16}:[0-9]{12}:model-package/[\\S]{1,2048}");
static const struct sm_member s_ModelPackageConfig_members[] = {
    {"ModelPackageGroupArn", REQUIRED, &s_ModelPackageGroupArn},
    {"SourceModelPackageArn", OPTIONAL, &s_ModelPackageArn}, END};
static const struct sm_shape s_ModelPackageConfig = STRUCT_OF(s_ModelPackageConfig_members);
static const struct sm_member s_CreateTrainingJobRequest_members[] = {
    {"TrainingJobName", REQUIRED, &s_TrainingJobName},
    {"HyperParameters", OPTIONAL, &s_HyperParameters},
    {"AlgorithmSpecification", OPTIONAL, &s_AlgorithmSpecification},
    {"RoleArn", REQUIRED, &s_RoleArn}, {"InputDataConfig", OPTIONAL, &s_InputDataConfig},
    {"OutputDataConfig", REQUIRED, &s_OutputDataConfig},
    {"ResourceConfig", OPTIONAL, &s_ResourceConfig}, {"VpcConfig", OPTIONAL, &s_VpcConfig},
    {"StoppingCondition", OPTIONAL, &s_StoppingCondition}, {"Tags", OPTIONAL, &s_TagList},
    {"EnableNetworkIsolation", OPTIONAL, &s_Boolean},
    {"EnableInterContainerTrafficEncryption", OPTIONAL, &s_Boolean},
    {"EnableManagedSpotTraining", OPTIONAL, &s_Boolean},
    {"CheckpointConfig", OPTIONAL, &s_CheckpointConfig},
    {"DebugHookConfig", OPTIONAL, &s_DebugHookConfig},
    {"DebugRuleConfigurations", OPTIONAL, &s_DebugRuleConfigurations},
    {"TensorBoardOutputConfig", OPTIONAL, &s_TensorBoardOutputConfig},
    {"ExperimentConfig", OPTIONAL, &s_ExperimentConfig},
    {"ProfilerConfig", OPTIONAL, &s_ProfilerConfig},
    {"ProfilerRuleConfigurations", OPTIONAL, &s_DebugRuleConfigurations},
    {"Environment", OPTIONAL, &s_TrainingEnvironmentMap},
    {"RetryStrategy", OPTIONAL, &s_RetryStrategy},
    {"RemoteDebugConfig", OPTIONAL, &s_RemoteDebugConfig},
    {"InfraCheckConfig", OPTIONAL, &s_InfraCheckConfig},
    {"SessionChainingConfig", OPTIONAL, &s_SessionChainingConfig},
    {"ServerlessJobConfig", OPTIONAL, &s_ServerlessJobConfig},
    {"MlflowConfig", OPTIONAL, &s_MlflowConfig},
    {"ModelPackageConfig", OPTIONAL, &s_ModelPackageConfig}, END};
static const struct sm_shape s_CreateTrainingJobRequest = STRUCT_OF(s_CreateTrainingJobRequest_members);
static const struct sm_member s_DescribeTrainingJobRequest_members[] = {
    {"TrainingJobName", REQUIRED, &s_TrainingJobName}, END};
static const struct sm_shape s_DescribeTrainingJobRequest = STRUCT_OF(s_DescribeTrainingJobRequest_members);
static const struct sm_member s_ResourceConfigForUpdate_members[] = {
    {"KeepAlivePeriodInSeconds", REQUIRED, &s_KeepAlivePeriodInSeconds}, END};
static const struct sm_shape s_ResourceConfigForUpdate = STRUCT_OF(s_ResourceConfigForUpdate_members);
static const struct sm_member s_UpdateTrainingJobRequest_members[] = {
    {"TrainingJobName", REQUIRED, &s_TrainingJobName},
    {"ProfilerConfig", OPTIONAL, &s_ProfilerConfig},
    {"ProfilerRuleConfigurations", OPTIONAL, &s_DebugRuleConfigurations},
    {"ResourceConfig", OPTIONAL, &s_ResourceConfigForUpdate},
    {"RemoteDebugConfig", OPTIONAL, &s_RemoteDebugConfig}, END};
static const struct sm_shape s_UpdateTrainingJobRequest = STRUCT_OF(s_UpdateTrainingJobRequest_members);
static const struct sm_shape s_NextToken = SCALAR(SM_STRING, 0, 8192, ".*");
static const struct sm_shape s_MaxResults = SCALAR(SM_INT, 1, 100, NULL);
static const struct sm_shape s_Timestamp = SCALAR(SM_TIME, SM_MIN, SM_MAX, NULL);
static const struct sm_shape s_NameContains = SCALAR(SM_STRING, 0, 63, "[a-zA-Z0-9\\-]+");
static const char *const s_TrainingJobStatus_values[] = {
    "InProgress", "Completed", "Failed", "Stopping", "Stopped", "Deleting", NULL};
static const struct sm_shape s_TrainingJobStatus = ENUM_OF(s_TrainingJobStatus_values);
static const char *const s_SortBy_values[] = {
    "Name", "CreationTime", "Status", NULL};
static const struct sm_shape s_SortBy = ENUM_OF(s_SortBy_values);
static const char *const s_SortOrder_values[] = {
    "Ascending", "Descending", NULL};
static const struct sm_shape s_SortOrder = ENUM_OF(s_SortOrder_values);
static const char *const s_WarmPoolResourceStatus_values[] = {
    "Available", "Terminated", "Reused", "InUse", NULL};
static const struct sm_shape s_WarmPoolResourceStatus = ENUM_OF(s_WarmPoolResourceStatus_values);
static const struct sm_member s_ListTrainingJobsRequest_members[] = {
    {"NextToken", OPTIONAL, &s_NextToken}, {"MaxResults", OPTIONAL, &s_MaxResults},
    {"CreationTimeAfter", OPTIONAL, &s_Timestamp}, {"CreationTimeBefore", OPTIONAL, &s_Timestamp},
    {"LastModifiedTimeAfter", OPTIONAL, &s_Timestamp},
    {"LastModifiedTimeBefore", OPTIONAL, &s_Timestamp},
    {"NameContains", OPTIONAL, &s_NameContains}, {"StatusEquals", OPTIONAL, &s_TrainingJobStatus},
    {"SortBy", OPTIONAL, &s_SortBy}, {"SortOrder", OPTIONAL, &s_SortOrder},
    {"WarmPoolStatusEquals", OPTIONAL, &s_WarmPoolResourceStatus},
    {"TrainingPlanArnEquals", OPTIONAL, &s_TrainingPlanArn}, END};
static const struct sm_shape s_ListTrainingJobsRequest = STRUCT_OF(s_ListTrainingJobsRequest_members);
static const char *const s_ResourceType_values[] = {
    "TrainingJob", "Experiment", "ExperimentTrial", "ExperimentTrialComponent", "Endpoint",
    "Model", "ModelPackage", "ModelPackageGroup", "Pipeline", "PipelineExecution", "FeatureGroup",
    "FeatureMetadata", "Image", "ImageVersion", "Project", "HyperParameterTuningJob", "ModelCard",
    "PipelineVersion", NULL};
static const struct sm_shape s_ResourceType = ENUM_OF(s_ResourceType_values);
static const char *const s_Operator_values[] = {
    "Equals", "NotEquals", "GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo",
    "Contains", "Exists", "NotExists", "In", NULL};
static const struct sm_shape s_Operator = ENUM_OF(s_Operator_values);
static const struct sm_shape s_FilterValue = SCALAR(SM_STRING, 1, 1024, ".+");
static const struct sm_member s_Filter_members[] = {
    {"Name", REQUIRED, &s_MetricName}, {"Operator", OPTIONAL, &s_Operator},
    {"Value", OPTIONAL, &s_FilterValue}, END};
static const struct sm_shape s_Filter = STRUCT_OF(s_Filter_members);
static const struct sm_shape s_FilterList = LIST_OF(1, 20, &s_Filter);
static const struct sm_member s_NestedFilters_members[] = {
    {"NestedPropertyName", REQUIRED, &s_MetricName}, {"Filters", REQUIRED, &s_FilterList}, END};
static const struct sm_shape s_NestedFilters = STRUCT_OF(s_NestedFilters_members);
static const struct sm_shape s_NestedFiltersList = LIST_OF(1, 20, &s_NestedFilters);
static const struct sm_shape s_SearchExpression;
static const struct sm_shape s_SearchExpressionList = LIST_OF(1, 20, &s_SearchExpression);
static const char *const s_BooleanOperator_values[] = {
    "And", "Or", NULL};
static const struct sm_shape s_BooleanOperator = ENUM_OF(s_BooleanOperator_values);
static const struct sm_member s_SearchExpression_members[] = {
    {"Filters", OPTIONAL, &s_FilterList}, {"NestedFilters", OPTIONAL, &s_NestedFiltersList},
    {"SubExpressions", OPTIONAL, &s_SearchExpressionList},
    {"Operator", OPTIONAL, &s_BooleanOperator}, END};
static const struct sm_shape s_SearchExpression = STRUCT_OF(s_SearchExpression_members);
static const char *const s_CrossAccountFilterOption_values[] = {
    "SameAccount", "CrossAccount", NULL};
static const struct sm_shape s_CrossAccountFilterOption = ENUM_OF(s_CrossAccountFilterOption_values);
static const struct sm_member s_VisibilityConditions_members[] = {
    {"Key", OPTIONAL, &s_TagKey}, {"Value", OPTIONAL, &s_TagValue}, END};
static const struct sm_shape s_VisibilityConditions = STRUCT_OF(s_VisibilityConditions_members);
static const struct sm_shape s_VisibilityConditionsList = LIST_OF(1, 5, &s_VisibilityConditions);
static const struct sm_member s_SearchRequest_members[] = {
    {"Resource", REQUIRED, &s_ResourceType}, {"SearchExpression", OPTIONAL, &s_SearchExpression},
    {"SortBy", OPTIONAL, &s_MetricName}, {"SortOrder", OPTIONAL, &s_SortOrder},
    {"NextToken", OPTIONAL, &s_NextToken}, {"MaxResults", OPTIONAL, &s_MaxResults},
    {"CrossAccountFilterOption", OPTIONAL, &s_CrossAccountFilterOption},
    {"VisibilityConditions", OPTIONAL, &s_VisibilityConditionsList}, END};
static const struct sm_shape s_SearchRequest = STRUCT_OF(s_SearchRequest_members);

const struct sm_input sm_inputs_training[] = {
    {LOCAL_SAGEMAKER, "CreateTrainingJob", &s_CreateTrainingJobRequest},
    {LOCAL_SAGEMAKER, "DescribeTrainingJob", &s_DescribeTrainingJobRequest},
    {LOCAL_SAGEMAKER, "UpdateTrainingJob", &s_UpdateTrainingJobRequest},
    {LOCAL_SAGEMAKER, "StopTrainingJob", &s_DescribeTrainingJobRequest},
    {LOCAL_SAGEMAKER, "DeleteTrainingJob", &s_DescribeTrainingJobRequest},
    {LOCAL_SAGEMAKER, "ListTrainingJobs", &s_ListTrainingJobsRequest},
    {LOCAL_SAGEMAKER, "Search", &s_SearchRequest},
    {LOCAL_N_SERVICES, NULL, NULL}};
