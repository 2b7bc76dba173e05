/* Written from botocore 1.43.11's service models by tests/interop/validation.py --write; not to be
 * edited. */
#include "engine/local/sm_forms.h"
#include "engine/local/sm_tables.h"

/* clang-format off */

static const struct sm_shape s_AlarmName = SCALAR(SM_STRING, 1, 255, NULL);
static const struct sm_shape s_AlarmDescription = SCALAR(SM_STRING, 0, 1024, NULL);
static const struct sm_shape s_ActionsEnabled = SCALAR(SM_BOOL, SM_MIN, SM_MAX, NULL);
static const struct sm_shape s_ResourceName = SCALAR(SM_STRING, 1, 1024, NULL);
static const struct sm_shape s_ResourceList = LIST_OF(0, 5, &s_ResourceName);
static const struct sm_shape s_Namespace = SCALAR(SM_STRING, 1, 255, "[^:].*");
static const char *const s_Statistic_values[] = {
    "SampleCount", "Average", "Sum", "Minimum", "Maximum", NULL};
static const struct sm_shape s_Statistic = ENUM_OF(s_Statistic_values);
static const struct sm_shape s_ExtendedStatistic = SCALAR(SM_STRING, 0, SM_MAX, NULL);
static const struct sm_member s_Dimension_members[] = {
    {"Name", REQUIRED, &s_AlarmName}, {"Value", REQUIRED, &s_ResourceName}, END};
static const struct sm_shape s_Dimension = STRUCT_OF(s_Dimension_members);
static const struct sm_shape s_Dimensions = LIST_OF(0, 30, &s_Dimension);
static const struct sm_shape s_Period = SCALAR(SM_INT, 1, SM_MAX, NULL);
static const char *const s_StandardUnit_values[] = {
    "Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes",
    "Terabytes", "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count",
    "Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second",
    "Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second",
    "Count/Second", "None", NULL};
static const struct sm_shape s_StandardUnit = ENUM_OF(s_StandardUnit_values);
static const struct sm_shape s_Threshold = SCALAR(SM_NUM, SM_MIN, SM_MAX, NULL);
static const char *const s_ComparisonOperator_values[] = {
    "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold",
    "LessThanOrEqualToThreshold", "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold", "GreaterThanUpperThreshold", NULL};
static const struct sm_shape s_ComparisonOperator = ENUM_OF(s_ComparisonOperator_values);
static const struct sm_member s_Metric_members[] = {
    {"Namespace", OPTIONAL, &s_Namespace}, {"MetricName", OPTIONAL, &s_AlarmName},
    {"Dimensions", OPTIONAL, &s_Dimensions}, END};
static const struct sm_shape s_Metric = STRUCT_OF(s_Metric_members);
static const struct sm_member s_MetricStat_members[] = {
    {"Metric", REQUIRED, &s_Metric}, {"Period", REQUIRED, &s_Period},
    {"Stat", REQUIRED, &s_ExtendedStatistic}, {"Unit", OPTIONAL, &s_StandardUnit}, END};
static const struct sm_shape s_MetricStat = STRUCT_OF(s_MetricStat_members);
static const struct sm_shape s_MetricExpression = SCALAR(SM_STRING, 1, 2048, NULL);
static const struct sm_member s_MetricDataQuery_members[] = {
    {"Id", REQUIRED, &s_AlarmName}, {"MetricStat", OPTIONAL, &s_MetricStat},
    {"Expression", OPTIONAL, &s_MetricExpression}, {"Label", OPTIONAL, &s_ExtendedStatistic},
    {"ReturnData", OPTIONAL, &s_ActionsEnabled}, {"Period", OPTIONAL, &s_Period},
    {"AccountId", OPTIONAL, &s_AlarmName}, END};
static const struct sm_shape s_MetricDataQuery = STRUCT_OF(s_MetricDataQuery_members);
static const struct sm_shape s_MetricDataQueries = LIST_OF(0, SM_MAX, &s_MetricDataQuery);
static const struct sm_shape s_TagKey = SCALAR(SM_STRING, 1, 128, NULL);
static const struct sm_shape s_TagValue = SCALAR(SM_STRING, 0, 256, NULL);
static const struct sm_member s_Tag_members[] = {
    {"Key", REQUIRED, &s_TagKey}, {"Value", REQUIRED, &s_TagValue}, END};
static const struct sm_shape s_Tag = STRUCT_OF(s_Tag_members);
static const struct sm_shape s_TagList = LIST_OF(0, SM_MAX, &s_Tag);
static const struct sm_shape s_Query = SCALAR(SM_STRING, 1, 10000, NULL);
static const struct sm_shape s_PendingPeriod = SCALAR(SM_INT, 0, 86400, NULL);
static const struct sm_member s_AlarmPromQLCriteria_members[] = {
    {"Query", REQUIRED, &s_Query}, {"PendingPeriod", OPTIONAL, &s_PendingPeriod},
    {"RecoveryPeriod", OPTIONAL, &s_PendingPeriod}, END};
static const struct sm_shape s_AlarmPromQLCriteria = STRUCT_OF(s_AlarmPromQLCriteria_members);
static const struct sm_member s_EvaluationCriteria_members[] = {
    {"PromQLCriteria", OPTIONAL, &s_AlarmPromQLCriteria}, END};
static const struct sm_shape s_EvaluationCriteria = STRUCT_OF(s_EvaluationCriteria_members);
static const struct sm_shape s_EvaluationInterval = SCALAR(SM_INT, 10, 3600, NULL);
static const struct sm_member s_PutMetricAlarmInput_members[] = {
    {"AlarmName", REQUIRED, &s_AlarmName}, {"AlarmDescription", OPTIONAL, &s_AlarmDescription},
    {"ActionsEnabled", OPTIONAL, &s_ActionsEnabled}, {"OKActions", OPTIONAL, &s_ResourceList},
    {"AlarmActions", OPTIONAL, &s_ResourceList},
    {"InsufficientDataActions", OPTIONAL, &s_ResourceList}, {"MetricName", OPTIONAL, &s_AlarmName},
    {"Namespace", OPTIONAL, &s_Namespace}, {"Statistic", OPTIONAL, &s_Statistic},
    {"ExtendedStatistic", OPTIONAL, &s_ExtendedStatistic}, {"Dimensions", OPTIONAL, &s_Dimensions},
    {"Period", OPTIONAL, &s_Period}, {"Unit", OPTIONAL, &s_StandardUnit},
    {"EvaluationPeriods", OPTIONAL, &s_Period}, {"DatapointsToAlarm", OPTIONAL, &s_Period},
    {"Threshold", OPTIONAL, &s_Threshold}, {"ComparisonOperator", OPTIONAL, &s_ComparisonOperator},
    {"TreatMissingData", OPTIONAL, &s_AlarmName},
    {"EvaluateLowSampleCountPercentile", OPTIONAL, &s_AlarmName},
    {"Metrics", OPTIONAL, &s_MetricDataQueries}, {"Tags", OPTIONAL, &s_TagList},
    {"ThresholdMetricId", OPTIONAL, &s_AlarmName},
    {"EvaluationCriteria", OPTIONAL, &s_EvaluationCriteria},
    {"EvaluationInterval", OPTIONAL, &s_EvaluationInterval}, END};
static const struct sm_shape s_PutMetricAlarmInput = STRUCT_OF(s_PutMetricAlarmInput_members);
static const struct sm_shape s_AlarmNames = LIST_OF(0, 100, &s_AlarmName);
static const char *const s_AlarmType_values[] = {
    "CompositeAlarm", "MetricAlarm", NULL};
static const struct sm_shape s_AlarmType = ENUM_OF(s_AlarmType_values);
static const struct sm_shape s_AlarmTypes = LIST_OF(0, SM_MAX, &s_AlarmType);
static const char *const s_StateValue_values[] = {
    "OK", "ALARM", "INSUFFICIENT_DATA", NULL};
static const struct sm_shape s_StateValue = ENUM_OF(s_StateValue_values);
static const struct sm_shape s_MaxRecords = SCALAR(SM_INT, 1, 100, NULL);
static const struct sm_member s_DescribeAlarmsInput_members[] = {
    {"AlarmNames", OPTIONAL, &s_AlarmNames}, {"AlarmNamePrefix", OPTIONAL, &s_AlarmName},
    {"AlarmTypes", OPTIONAL, &s_AlarmTypes}, {"ChildrenOfAlarmName", OPTIONAL, &s_AlarmName},
    {"ParentsOfAlarmName", OPTIONAL, &s_AlarmName}, {"StateValue", OPTIONAL, &s_StateValue},
    {"ActionPrefix", OPTIONAL, &s_ResourceName}, {"MaxRecords", OPTIONAL, &s_MaxRecords},
    {"NextToken", OPTIONAL, &s_ExtendedStatistic}, END};
static const struct sm_shape s_DescribeAlarmsInput = STRUCT_OF(s_DescribeAlarmsInput_members);
static const struct sm_shape s_StateReason = SCALAR(SM_STRING, 0, 1023, NULL);
static const struct sm_shape s_StateReasonData = SCALAR(SM_STRING, 0, 4000, NULL);
static const struct sm_member s_SetAlarmStateInput_members[] = {
    {"AlarmName", REQUIRED, &s_AlarmName}, {"StateValue", REQUIRED, &s_StateValue},
    {"StateReason", REQUIRED, &s_StateReason}, {"StateReasonData", OPTIONAL, &s_StateReasonData},
    END};
static const struct sm_shape s_SetAlarmStateInput = STRUCT_OF(s_SetAlarmStateInput_members);
static const struct sm_member s_DeleteAlarmsInput_members[] = {
    {"AlarmNames", REQUIRED, &s_AlarmNames}, END};
static const struct sm_shape s_DeleteAlarmsInput = STRUCT_OF(s_DeleteAlarmsInput_members);
static const struct sm_shape s_Timestamp = SCALAR(SM_TIME, SM_MIN, SM_MAX, NULL);
static const struct sm_shape s_Statistics = LIST_OF(1, 5, &s_Statistic);
static const struct sm_shape s_ExtendedStatistics = LIST_OF(1, 10, &s_ExtendedStatistic);
static const struct sm_member s_GetMetricStatisticsInput_members[] = {
    {"Namespace", REQUIRED, &s_Namespace}, {"MetricName", REQUIRED, &s_AlarmName},
    {"Dimensions", OPTIONAL, &s_Dimensions}, {"StartTime", REQUIRED, &s_Timestamp},
    {"EndTime", REQUIRED, &s_Timestamp}, {"Period", REQUIRED, &s_Period},
    {"Statistics", OPTIONAL, &s_Statistics},
    {"ExtendedStatistics", OPTIONAL, &s_ExtendedStatistics}, {"Unit", OPTIONAL, &s_StandardUnit},
    END};
static const struct sm_shape s_GetMetricStatisticsInput = STRUCT_OF(s_GetMetricStatisticsInput_members);
static const char *const s_ScanBy_values[] = {
    "TimestampDescending", "TimestampAscending", NULL};
static const struct sm_shape s_ScanBy = ENUM_OF(s_ScanBy_values);
static const struct sm_shape s_GetMetricDataMaxDatapoints = SCALAR(SM_INT, SM_MIN, SM_MAX, NULL);
static const struct sm_member s_LabelOptions_members[] = {
    {"Timezone", OPTIONAL, &s_ExtendedStatistic}, END};
static const struct sm_shape s_LabelOptions = STRUCT_OF(s_LabelOptions_members);
static const struct sm_member s_GetMetricDataInput_members[] = {
    {"MetricDataQueries", REQUIRED, &s_MetricDataQueries}, {"StartTime", REQUIRED, &s_Timestamp},
    {"EndTime", REQUIRED, &s_Timestamp}, {"NextToken", OPTIONAL, &s_ExtendedStatistic},
    {"ScanBy", OPTIONAL, &s_ScanBy}, {"MaxDatapoints", OPTIONAL, &s_GetMetricDataMaxDatapoints},
    {"LabelOptions", OPTIONAL, &s_LabelOptions}, END};
static const struct sm_shape s_GetMetricDataInput = STRUCT_OF(s_GetMetricDataInput_members);
static const struct sm_member s_DimensionFilter_members[] = {
    {"Name", REQUIRED, &s_AlarmName}, {"Value", OPTIONAL, &s_ResourceName}, END};
static const struct sm_shape s_DimensionFilter = STRUCT_OF(s_DimensionFilter_members);
static const struct sm_shape s_DimensionFilters = LIST_OF(0, 10, &s_DimensionFilter);
static const char *const s_RecentlyActive_values[] = {
    "PT3H", NULL};
static const struct sm_shape s_RecentlyActive = ENUM_OF(s_RecentlyActive_values);
static const struct sm_member s_ListMetricsInput_members[] = {
    {"Namespace", OPTIONAL, &s_Namespace}, {"MetricName", OPTIONAL, &s_AlarmName},
    {"Dimensions", OPTIONAL, &s_DimensionFilters}, {"NextToken", OPTIONAL, &s_ExtendedStatistic},
    {"RecentlyActive", OPTIONAL, &s_RecentlyActive},
    {"IncludeLinkedAccounts", OPTIONAL, &s_ActionsEnabled},
    {"OwningAccount", OPTIONAL, &s_AlarmName}, END};
static const struct sm_shape s_ListMetricsInput = STRUCT_OF(s_ListMetricsInput_members);

const struct sm_input sm_inputs_alarms[] = {
    {LOCAL_CLOUDWATCH, "PutMetricAlarm", &s_PutMetricAlarmInput},
    {LOCAL_CLOUDWATCH, "DescribeAlarms", &s_DescribeAlarmsInput},
    {LOCAL_CLOUDWATCH, "SetAlarmState", &s_SetAlarmStateInput},
    {LOCAL_CLOUDWATCH, "DeleteAlarms", &s_DeleteAlarmsInput},
    {LOCAL_CLOUDWATCH, "GetMetricStatistics", &s_GetMetricStatisticsInput},
    {LOCAL_CLOUDWATCH, "GetMetricData", &s_GetMetricDataInput},
    {LOCAL_CLOUDWATCH, "ListMetrics", &s_ListMetricsInput},
    {LOCAL_N_SERVICES, NULL, NULL}};
