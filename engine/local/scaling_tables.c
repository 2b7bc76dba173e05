#include "engine/local/scaling_tables.h"

#include "engine/local/sm_forms.h"

static const struct sm_shape s_any = {.kind = SM_ANY};
static const struct sm_shape s_bool = {.kind = SM_BOOL};
static const struct sm_shape s_number = {.kind = SM_NUM};
static const struct sm_shape s_integer = {.kind = SM_INT, .min = INT32_MIN, .max = INT32_MAX};

static const char *const s_namespace_values[] = {
    "ecs",         "elasticmapreduce", "ec2",        "appstream", "dynamodb",  "rds",
    "sagemaker",   "custom-resource",  "comprehend", "lambda",    "cassandra", "kafka",
    "elasticache", "neptune",          "workspaces", NULL};
static const struct sm_shape s_namespace = ENUM(s_namespace_values);
static const char *const s_dimension_values[] = {
    "ecs:service:DesiredCount",
    "ec2:spot-fleet-request:TargetCapacity",
    "elasticmapreduce:instancegroup:InstanceCount",
    "appstream:fleet:DesiredCapacity",
    "dynamodb:table:ReadCapacityUnits",
    "dynamodb:table:WriteCapacityUnits",
    "dynamodb:index:ReadCapacityUnits",
    "dynamodb:index:WriteCapacityUnits",
    "rds:cluster:ReadReplicaCount",
    "sagemaker:variant:DesiredInstanceCount",
    "custom-resource:ResourceType:Property",
    "comprehend:document-classifier-endpoint:DesiredInferenceUnits",
    "comprehend:entity-recognizer-endpoint:DesiredInferenceUnits",
    "lambda:function:ProvisionedConcurrency",
    "cassandra:table:ReadCapacityUnits",
    "cassandra:table:WriteCapacityUnits",
    "kafka:broker-storage:VolumeSize",
    "elasticache:replication-group:NodeGroups",
    "elasticache:replication-group:Replicas",
    "neptune:cluster:ReadReplicaCount",
    "sagemaker:variant:DesiredProvisionedConcurrency",
    "sagemaker:inference-component:DesiredCopyCount",
    "workspaces:workspacespool:DesiredUserSessions",
    NULL};
static const struct sm_shape s_dimension = ENUM(s_dimension_values);
static const struct sm_shape s_resource = TEXT(1, 1600, NULL);
static const struct sm_shape s_resources = LIST_OF(0, 50, &s_resource);
static const struct sm_shape s_policy_name = TEXT(1, 256, NULL);
static const struct sm_shape s_policy_names = LIST_OF(0, 50, &s_policy_name);
static const struct sm_shape s_arn = TEXT(1, 1600, NULL);
static const struct sm_shape s_token = TEXT(0, 8192, NULL);
static const struct sm_shape s_page = INT_IN(1, 50);
static const struct sm_shape s_tags = {.kind = SM_MAP, .max = 200, .key = &s_arn, .item = &s_token};

#define KEYS \
    {"ServiceNamespace", REQUIRED, &s_namespace}, {"ResourceId", REQUIRED, &s_resource}, \
    { \
        "ScalableDimension", REQUIRED, &s_dimension \
    }

static const struct sm_member s_register_members[] = {
    KEYS,
    {"MinCapacity", OPTIONAL, &s_integer},
    {"MaxCapacity", OPTIONAL, &s_integer},
    {"RoleARN", OPTIONAL, &s_arn},
    {"SuspendedState", OPTIONAL, &s_any},
    {"Tags", OPTIONAL, &s_tags},
    END};
const struct sm_shape scaling_in_register = STRUCT_OF(s_register_members);
static const struct sm_member s_deregister_members[] = {KEYS, END};
const struct sm_shape scaling_in_deregister = STRUCT_OF(s_deregister_members);

static const struct sm_member s_targets_members[] = {
    {"ServiceNamespace", REQUIRED, &s_namespace},
    {"ResourceIds", OPTIONAL, &s_resources},
    {"ScalableDimension", OPTIONAL, &s_dimension},
    {"MaxResults", OPTIONAL, &s_page},
    {"NextToken", OPTIONAL, &s_token},
    END};
const struct sm_shape scaling_in_targets = STRUCT_OF(s_targets_members);

static const char *const s_metric_values[] = {
    "DynamoDBReadCapacityUtilization",
    "DynamoDBWriteCapacityUtilization",
    "ALBRequestCountPerTarget",
    "RDSReaderAverageCPUUtilization",
    "RDSReaderAverageDatabaseConnections",
    "EC2SpotFleetRequestAverageCPUUtilization",
    "EC2SpotFleetRequestAverageNetworkIn",
    "EC2SpotFleetRequestAverageNetworkOut",
    "SageMakerVariantInvocationsPerInstance",
    "ECSServiceAverageCPUUtilization",
    "ECSServiceAverageMemoryUtilization",
    "AppStreamAverageCapacityUtilization",
    "ComprehendInferenceUtilization",
    "LambdaProvisionedConcurrencyUtilization",
    "CassandraReadCapacityUtilization",
    "CassandraWriteCapacityUtilization",
    "KafkaBrokerStorageUtilization",
    "ElastiCachePrimaryEngineCPUUtilization",
    "ElastiCacheReplicaEngineCPUUtilization",
    "NeptuneReaderAverageCPUUtilization",
    "SageMakerVariantProvisionedConcurrencyUtilization",
    "SageMakerInferenceComponentInvocationsPerCopy",
    "WorkSpacesAverageUserSessionsCapacityUtilization",
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution",
    "SageMakerVariantConcurrentRequestsPerModelHighResolution",
    NULL};
static const struct sm_shape s_metric = ENUM(s_metric_values);
static const struct sm_shape s_label = TEXT(1, 1023, NULL);
static const struct sm_member s_predefined_members[] = {
    {"PredefinedMetricType", REQUIRED, &s_metric}, {"ResourceLabel", OPTIONAL, &s_label}, END};
static const struct sm_shape s_predefined = STRUCT_OF(s_predefined_members);
static const struct sm_member s_tracking_members[] = {
    {"TargetValue", REQUIRED, &s_number},
    {"PredefinedMetricSpecification", OPTIONAL, &s_predefined},
    {"CustomizedMetricSpecification", OPTIONAL, &s_any},
    {"ScaleOutCooldown", OPTIONAL, &s_integer},
    {"ScaleInCooldown", OPTIONAL, &s_integer},
    {"DisableScaleIn", OPTIONAL, &s_bool},
    END};
static const struct sm_shape s_tracking = STRUCT_OF(s_tracking_members);
static const char *const s_type_values[] = {
    "StepScaling", "TargetTrackingScaling", "PredictiveScaling", NULL};
static const struct sm_shape s_type = ENUM(s_type_values);
static const struct sm_member s_put_members[] = {
    {"PolicyName", REQUIRED, &s_policy_name},
    KEYS,
    {"PolicyType", OPTIONAL, &s_type},
    {"StepScalingPolicyConfiguration", OPTIONAL, &s_any},
    {"TargetTrackingScalingPolicyConfiguration", OPTIONAL, &s_tracking},
    END};
const struct sm_shape scaling_in_put_policy = STRUCT_OF(s_put_members);
static const struct sm_member s_delete_members[] = {
    {"PolicyName", REQUIRED, &s_policy_name}, KEYS, END};
const struct sm_shape scaling_in_delete_policy = STRUCT_OF(s_delete_members);
static const struct sm_member s_policies_members[] = {
    {"PolicyNames", OPTIONAL, &s_policy_names},
    {"ServiceNamespace", REQUIRED, &s_namespace},
    {"ResourceId", OPTIONAL, &s_resource},
    {"ScalableDimension", OPTIONAL, &s_dimension},
    {"MaxResults", OPTIONAL, &s_page},
    {"NextToken", OPTIONAL, &s_token},
    END};
const struct sm_shape scaling_in_policies = STRUCT_OF(s_policies_members);
