/* Written from botocore 1.43.11's service models by tests/interop/validation.py --write; not to be
 * edited. */
#include "engine/local/sm_forms.h"
#include "engine/local/sm_tables.h"

/* clang-format off */

static const char *const s_ServiceNamespace_values[] = {
    "ecs", "elasticmapreduce", "ec2", "appstream", "dynamodb", "rds", "sagemaker",
    "custom-resource", "comprehend", "lambda", "cassandra", "kafka", "elasticache", "neptune",
    "workspaces", NULL};
static const struct sm_shape s_ServiceNamespace = ENUM_OF(s_ServiceNamespace_values);
static const struct sm_shape s_ResourceIdMaxLen1600 =
    SCALAR(SM_STRING, 1, 1600,
        "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*");
static const char *const s_ScalableDimension_values[] = {
    "ecs:service:DesiredCount", "ec2:spot-fleet-request:TargetCapacity",
    "elasticmapreduce:instancegroup:InstanceCount", "appstream:fleet:DesiredCapacity",
    "dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits",
    "dynamodb:index:ReadCapacityUnits", "dynamodb:index:WriteCapacityUnits",
    "rds:cluster:ReadReplicaCount", "sagemaker:variant:DesiredInstanceCount",
    "custom-resource:ResourceType:Property",
    "comprehend:document-classifier-endpoint:DesiredInferenceUnits",
    "comprehend:entity-recognizer-endpoint:DesiredInferenceUnits",
    "lambda:function:ProvisionedConcurrency", "cassandra:table:ReadCapacityUnits",
    "cassandra:table:WriteCapacityUnits", "kafka:broker-storage:VolumeSize",
    "elasticache:cache-cluster:Nodes", "elasticache:replication-group:NodeGroups",
    "elasticache:replication-group:Replicas", "neptune:cluster:ReadReplicaCount",
    "sagemaker:variant:DesiredProvisionedConcurrency",
    "sagemaker:inference-component:DesiredCopyCount",
    "workspaces:workspacespool:DesiredUserSessions", NULL};
static const struct sm_shape s_ScalableDimension = ENUM_OF(s_ScalableDimension_values);
static const struct sm_shape s_ResourceCapacity = SCALAR(SM_INT, SM_MIN, SM_MAX, NULL);
static const struct sm_shape s_ScalingSuspended = SCALAR(SM_BOOL, SM_MIN, SM_MAX, NULL);
static const struct sm_member s_SuspendedState_members[] = {
    {"DynamicScalingInSuspended", OPTIONAL, &s_ScalingSuspended},
    {"DynamicScalingOutSuspended", OPTIONAL, &s_ScalingSuspended},
    {"ScheduledScalingSuspended", OPTIONAL, &s_ScalingSuspended}, END};
static const struct sm_shape s_SuspendedState = STRUCT_OF(s_SuspendedState_members);
static const struct sm_shape s_TagKey = SCALAR(SM_STRING, 1, 128, NULL);
static const struct sm_shape s_TagValue = SCALAR(SM_STRING, 0, 256, NULL);
static const struct sm_shape s_TagMap = MAP_OF(0, SM_MAX, &s_TagKey, &s_TagValue);
static const struct sm_member s_RegisterScalableTargetRequest_members[] = {
    {"ServiceNamespace", REQUIRED, &s_ServiceNamespace},
    {"ResourceId", REQUIRED, &s_ResourceIdMaxLen1600},
    {"ScalableDimension", REQUIRED, &s_ScalableDimension},
    {"MinCapacity", OPTIONAL, &s_ResourceCapacity}, {"MaxCapacity", OPTIONAL, &s_ResourceCapacity},
    {"RoleARN", OPTIONAL, &s_ResourceIdMaxLen1600},
    {"SuspendedState", OPTIONAL, &s_SuspendedState}, {"Tags", OPTIONAL, &s_TagMap}, END};
static const struct sm_shape s_RegisterScalableTargetRequest = STRUCT_OF(s_RegisterScalableTargetRequest_members);
static const struct sm_member s_DeregisterScalableTargetRequest_members[] = {
    {"ServiceNamespace", REQUIRED, &s_ServiceNamespace},
    {"ResourceId", REQUIRED, &s_ResourceIdMaxLen1600},
    {"ScalableDimension", REQUIRED, &s_ScalableDimension}, END};
static const struct sm_shape s_DeregisterScalableTargetRequest = STRUCT_OF(s_DeregisterScalableTargetRequest_members);
static const struct sm_shape s_ResourceIdsMaxLen1600 = LIST_OF(0, 50, &s_ResourceIdMaxLen1600);
static const struct sm_shape s_XmlString =
    SCALAR(SM_STRING, 0, SM_MAX,
        "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*");
static const struct sm_member s_DescribeScalableTargetsRequest_members[] = {
    {"ServiceNamespace", REQUIRED, &s_ServiceNamespace},
    {"ResourceIds", OPTIONAL, &s_ResourceIdsMaxLen1600},
    {"ScalableDimension", OPTIONAL, &s_ScalableDimension},
    {"MaxResults", OPTIONAL, &s_ResourceCapacity}, {"NextToken", OPTIONAL, &s_XmlString}, END};
static const struct sm_shape s_DescribeScalableTargetsRequest = STRUCT_OF(s_DescribeScalableTargetsRequest_members);
static const struct sm_shape s_PolicyName = SCALAR(SM_STRING, 1, 256, "\\p{Print}+");
static const char *const s_PolicyType_values[] = {
    "StepScaling", "TargetTrackingScaling", "PredictiveScaling", NULL};
static const struct sm_shape s_PolicyType = ENUM_OF(s_PolicyType_values);
static const char *const s_AdjustmentType_values[] = {
    "ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity", NULL};
static const struct sm_shape s_AdjustmentType = ENUM_OF(s_AdjustmentType_values);
static const struct sm_shape s_MetricScale = SCALAR(SM_NUM, SM_MIN, SM_MAX, NULL);
static const struct sm_member s_StepAdjustment_members[] = {
    {"MetricIntervalLowerBound", OPTIONAL, &s_MetricScale},
    {"MetricIntervalUpperBound", OPTIONAL, &s_MetricScale},
    {"ScalingAdjustment", REQUIRED, &s_ResourceCapacity}, END};
static const struct sm_shape s_StepAdjustment = STRUCT_OF(s_StepAdjustment_members);
static const struct sm_shape s_StepAdjustments = LIST_OF(0, SM_MAX, &s_StepAdjustment);
static const char *const s_MetricAggregationType_values[] = {
    "Average", "Minimum", "Maximum", NULL};
static const struct sm_shape s_MetricAggregationType = ENUM_OF(s_MetricAggregationType_values);
static const struct sm_member s_StepScalingPolicyConfiguration_members[] = {
    {"AdjustmentType", OPTIONAL, &s_AdjustmentType},
    {"StepAdjustments", OPTIONAL, &s_StepAdjustments},
    {"MinAdjustmentMagnitude", OPTIONAL, &s_ResourceCapacity},
    {"Cooldown", OPTIONAL, &s_ResourceCapacity},
    {"MetricAggregationType", OPTIONAL, &s_MetricAggregationType}, END};
static const struct sm_shape s_StepScalingPolicyConfiguration = STRUCT_OF(s_StepScalingPolicyConfiguration_members);
static const char *const s_MetricType_values[] = {
    "DynamoDBReadCapacityUtilization", "DynamoDBWriteCapacityUtilization",
    "ALBRequestCountPerTarget", "RDSReaderAverageCPUUtilization",
    "RDSReaderAverageDatabaseConnections", "EC2SpotFleetRequestAverageCPUUtilization",
    "EC2SpotFleetRequestAverageNetworkIn", "EC2SpotFleetRequestAverageNetworkOut",
    "SageMakerVariantInvocationsPerInstance", "ECSServiceAverageCPUUtilization",
    "ECSServiceAverageMemoryUtilization", "AppStreamAverageCapacityUtilization",
    "ComprehendInferenceUtilization", "LambdaProvisionedConcurrencyUtilization",
    "CassandraReadCapacityUtilization", "CassandraWriteCapacityUtilization",
    "KafkaBrokerStorageUtilization", "ElastiCacheEngineCPUUtilization",
    "ElastiCacheDatabaseMemoryUsagePercentage", "ElastiCachePrimaryEngineCPUUtilization",
    "ElastiCacheReplicaEngineCPUUtilization",
    "ElastiCacheDatabaseMemoryUsageCountedForEvictPercentage",
    "NeptuneReaderAverageCPUUtilization", "SageMakerVariantProvisionedConcurrencyUtilization",
    "ElastiCacheDatabaseCapacityUsageCountedForEvictPercentage",
    "SageMakerInferenceComponentInvocationsPerCopy",
    "WorkSpacesAverageUserSessionsCapacityUtilization",
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution",
    "SageMakerVariantConcurrentRequestsPerModelHighResolution", NULL};
static const struct sm_shape s_MetricType = ENUM_OF(s_MetricType_values);
static const struct sm_shape s_ResourceLabel = SCALAR(SM_STRING, 1, 1023, NULL);
static const struct sm_member s_PredefinedMetricSpecification_members[] = {
    {"PredefinedMetricType", REQUIRED, &s_MetricType},
    {"ResourceLabel", OPTIONAL, &s_ResourceLabel}, END};
static const struct sm_shape s_PredefinedMetricSpecification = STRUCT_OF(s_PredefinedMetricSpecification_members);
static const struct sm_shape s_MetricName = SCALAR(SM_STRING, 0, SM_MAX, NULL);
static const struct sm_member s_MetricDimension_members[] = {
    {"Name", REQUIRED, &s_MetricName}, {"Value", REQUIRED, &s_MetricName}, END};
static const struct sm_shape s_MetricDimension = STRUCT_OF(s_MetricDimension_members);
static const struct sm_shape s_MetricDimensions = LIST_OF(0, SM_MAX, &s_MetricDimension);
static const char *const s_MetricStatistic_values[] = {
    "Average", "Minimum", "Maximum", "SampleCount", "Sum", NULL};
static const struct sm_shape s_MetricStatistic = ENUM_OF(s_MetricStatistic_values);
static const struct sm_shape s_Expression =
    SCALAR(SM_STRING, 1, 2048,
        "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*");
static const struct sm_shape s_Id =
    SCALAR(SM_STRING, 1, 255,
        "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*");
static const struct sm_shape s_TargetTrackingMetricDimensionValue =
    SCALAR(SM_STRING, 1, 1024,
        "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*");
static const struct sm_member s_TargetTrackingMetricDimension_members[] = {
    {"Name", REQUIRED, &s_Id}, {"Value", REQUIRED, &s_TargetTrackingMetricDimensionValue}, END};
static const struct sm_shape s_TargetTrackingMetricDimension = STRUCT_OF(s_TargetTrackingMetricDimension_members);
static const struct sm_shape s_TargetTrackingMetricDimensions = LIST_OF(0, SM_MAX, &s_TargetTrackingMetricDimension);
static const struct sm_member s_TargetTrackingMetric_members[] = {
    {"Dimensions", OPTIONAL, &s_TargetTrackingMetricDimensions}, {"MetricName", OPTIONAL, &s_Id},
    {"Namespace", OPTIONAL, &s_Id}, END};
static const struct sm_shape s_TargetTrackingMetric = STRUCT_OF(s_TargetTrackingMetric_members);
static const struct sm_shape s_TargetTrackingMetricUnit =
    SCALAR(SM_STRING, 1, 1023,
        "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*");
static const struct sm_member s_TargetTrackingMetricStat_members[] = {
    {"Metric", REQUIRED, &s_TargetTrackingMetric}, {"Stat", REQUIRED, &s_XmlString},
    {"Unit", OPTIONAL, &s_TargetTrackingMetricUnit}, END};
static const struct sm_shape s_TargetTrackingMetricStat = STRUCT_OF(s_TargetTrackingMetricStat_members);
static const struct sm_member s_TargetTrackingMetricDataQuery_members[] = {
    {"Expression", OPTIONAL, &s_Expression}, {"Id", REQUIRED, &s_Id},
    {"Label", OPTIONAL, &s_XmlString}, {"MetricStat", OPTIONAL, &s_TargetTrackingMetricStat},
    {"ReturnData", OPTIONAL, &s_ScalingSuspended}, END};
static const struct sm_shape s_TargetTrackingMetricDataQuery = STRUCT_OF(s_TargetTrackingMetricDataQuery_members);
static const struct sm_shape s_TargetTrackingMetricDataQueries = LIST_OF(0, SM_MAX, &s_TargetTrackingMetricDataQuery);
static const struct sm_member s_CustomizedMetricSpecification_members[] = {
    {"MetricName", OPTIONAL, &s_MetricName}, {"Namespace", OPTIONAL, &s_MetricName},
    {"Dimensions", OPTIONAL, &s_MetricDimensions}, {"Statistic", OPTIONAL, &s_MetricStatistic},
    {"Unit", OPTIONAL, &s_MetricName}, {"Metrics", OPTIONAL, &s_TargetTrackingMetricDataQueries},
    END};
static const struct sm_shape s_CustomizedMetricSpecification = STRUCT_OF(s_CustomizedMetricSpecification_members);
static const struct sm_member s_TargetTrackingScalingPolicyConfiguration_members[] = {
    {"TargetValue", REQUIRED, &s_MetricScale},
    {"PredefinedMetricSpecification", OPTIONAL, &s_PredefinedMetricSpecification},
    {"CustomizedMetricSpecification", OPTIONAL, &s_CustomizedMetricSpecification},
    {"ScaleOutCooldown", OPTIONAL, &s_ResourceCapacity},
    {"ScaleInCooldown", OPTIONAL, &s_ResourceCapacity},
    {"DisableScaleIn", OPTIONAL, &s_ScalingSuspended}, END};
static const struct sm_shape s_TargetTrackingScalingPolicyConfiguration = STRUCT_OF(s_TargetTrackingScalingPolicyConfiguration_members);
static const struct sm_member s_PredictiveScalingPredefinedMetricPairSpecification_members[] = {
    {"PredefinedMetricType", REQUIRED, &s_TagKey}, {"ResourceLabel", OPTIONAL, &s_ResourceLabel},
    END};
static const struct sm_shape s_PredictiveScalingPredefinedMetricPairSpecification = STRUCT_OF(s_PredictiveScalingPredefinedMetricPairSpecification_members);
static const struct sm_member s_PredictiveScalingMetricDataQuery_members[] = {
    {"Id", REQUIRED, &s_Id}, {"Expression", OPTIONAL, &s_Expression},
    {"MetricStat", OPTIONAL, &s_TargetTrackingMetricStat}, {"Label", OPTIONAL, &s_XmlString},
    {"ReturnData", OPTIONAL, &s_ScalingSuspended}, END};
static const struct sm_shape s_PredictiveScalingMetricDataQuery = STRUCT_OF(s_PredictiveScalingMetricDataQuery_members);
static const struct sm_shape s_PredictiveScalingMetricDataQueries = LIST_OF(0, SM_MAX, &s_PredictiveScalingMetricDataQuery);
static const struct sm_member s_PredictiveScalingCustomizedMetricSpecification_members[] = {
    {"MetricDataQueries", REQUIRED, &s_PredictiveScalingMetricDataQueries}, END};
static const struct sm_shape s_PredictiveScalingCustomizedMetricSpecification = STRUCT_OF(s_PredictiveScalingCustomizedMetricSpecification_members);
static const struct sm_member s_PredictiveScalingMetricSpecification_members[] = {
    {"TargetValue", REQUIRED, &s_MetricScale},
    {"PredefinedMetricPairSpecification", OPTIONAL, &s_PredictiveScalingPredefinedMetricPairSpecification},
    {"PredefinedScalingMetricSpecification", OPTIONAL, &s_PredictiveScalingPredefinedMetricPairSpecification},
    {"PredefinedLoadMetricSpecification", OPTIONAL, &s_PredictiveScalingPredefinedMetricPairSpecification},
    {"CustomizedScalingMetricSpecification", OPTIONAL, &s_PredictiveScalingCustomizedMetricSpecification},
    {"CustomizedLoadMetricSpecification", OPTIONAL, &s_PredictiveScalingCustomizedMetricSpecification},
    {"CustomizedCapacityMetricSpecification", OPTIONAL, &s_PredictiveScalingCustomizedMetricSpecification},
    END};
static const struct sm_shape s_PredictiveScalingMetricSpecification = STRUCT_OF(s_PredictiveScalingMetricSpecification_members);
static const struct sm_shape s_PredictiveScalingMetricSpecifications = LIST_OF(0, SM_MAX, &s_PredictiveScalingMetricSpecification);
static const char *const s_PredictiveScalingMode_values[] = {
    "ForecastOnly", "ForecastAndScale", NULL};
static const struct sm_shape s_PredictiveScalingMode = ENUM_OF(s_PredictiveScalingMode_values);
static const struct sm_shape s_PredictiveScalingSchedulingBufferTime =
    SCALAR(SM_INT, 0, 3600, NULL);
static const char *const s_PredictiveScalingMaxCapacityBreachBehavior_values[] = {
    "HonorMaxCapacity", "IncreaseMaxCapacity", NULL};
static const struct sm_shape s_PredictiveScalingMaxCapacityBreachBehavior = ENUM_OF(s_PredictiveScalingMaxCapacityBreachBehavior_values);
static const struct sm_shape s_PredictiveScalingMaxCapacityBuffer = SCALAR(SM_INT, 0, 100, NULL);
static const struct sm_member s_PredictiveScalingPolicyConfiguration_members[] = {
    {"MetricSpecifications", REQUIRED, &s_PredictiveScalingMetricSpecifications},
    {"Mode", OPTIONAL, &s_PredictiveScalingMode},
    {"SchedulingBufferTime", OPTIONAL, &s_PredictiveScalingSchedulingBufferTime},
    {"MaxCapacityBreachBehavior", OPTIONAL, &s_PredictiveScalingMaxCapacityBreachBehavior},
    {"MaxCapacityBuffer", OPTIONAL, &s_PredictiveScalingMaxCapacityBuffer}, END};
static const struct sm_shape s_PredictiveScalingPolicyConfiguration = STRUCT_OF(s_PredictiveScalingPolicyConfiguration_members);
static const struct sm_member s_PutScalingPolicyRequest_members[] = {
    {"PolicyName", REQUIRED, &s_PolicyName}, {"ServiceNamespace", REQUIRED, &s_ServiceNamespace},
    {"ResourceId", REQUIRED, &s_ResourceIdMaxLen1600},
    {"ScalableDimension", REQUIRED, &s_ScalableDimension}, {"PolicyType", OPTIONAL, &s_PolicyType},
    {"StepScalingPolicyConfiguration", OPTIONAL, &s_StepScalingPolicyConfiguration},
    {"TargetTrackingScalingPolicyConfiguration", OPTIONAL, &s_TargetTrackingScalingPolicyConfiguration},
    {"PredictiveScalingPolicyConfiguration", OPTIONAL, &s_PredictiveScalingPolicyConfiguration},
    END};
static const struct sm_shape s_PutScalingPolicyRequest = STRUCT_OF(s_PutScalingPolicyRequest_members);
static const struct sm_member s_DeleteScalingPolicyRequest_members[] = {
    {"PolicyName", REQUIRED, &s_ResourceIdMaxLen1600},
    {"ServiceNamespace", REQUIRED, &s_ServiceNamespace},
    {"ResourceId", REQUIRED, &s_ResourceIdMaxLen1600},
    {"ScalableDimension", REQUIRED, &s_ScalableDimension}, END};
static const struct sm_shape s_DeleteScalingPolicyRequest = STRUCT_OF(s_DeleteScalingPolicyRequest_members);
static const struct sm_member s_DescribeScalingPoliciesRequest_members[] = {
    {"PolicyNames", OPTIONAL, &s_ResourceIdsMaxLen1600},
    {"ServiceNamespace", REQUIRED, &s_ServiceNamespace},
    {"ResourceId", OPTIONAL, &s_ResourceIdMaxLen1600},
    {"ScalableDimension", OPTIONAL, &s_ScalableDimension},
    {"MaxResults", OPTIONAL, &s_ResourceCapacity}, {"NextToken", OPTIONAL, &s_XmlString}, END};
static const struct sm_shape s_DescribeScalingPoliciesRequest = STRUCT_OF(s_DescribeScalingPoliciesRequest_members);

const struct sm_input sm_inputs_scaling[] = {
    {LOCAL_SCALING, "RegisterScalableTarget", &s_RegisterScalableTargetRequest},
    {LOCAL_SCALING, "DeregisterScalableTarget", &s_DeregisterScalableTargetRequest},
    {LOCAL_SCALING, "DescribeScalableTargets", &s_DescribeScalableTargetsRequest},
    {LOCAL_SCALING, "PutScalingPolicy", &s_PutScalingPolicyRequest},
    {LOCAL_SCALING, "DeleteScalingPolicy", &s_DeleteScalingPolicyRequest},
    {LOCAL_SCALING, "DescribeScalingPolicies", &s_DescribeScalingPoliciesRequest},
    {LOCAL_N_SERVICES, NULL, NULL}};
