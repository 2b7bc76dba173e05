/* Written from botocore 1.43.11's service models by tests/interop/validation.py --write; not to be
 * edited. */
#include "engine/local/sm_forms.h"
#include "engine/local/sm_tables.h"

/* clang-format off */

static const struct sm_shape s_LogGroupName = SCALAR(SM_STRING, 1, 512, "[\\.\\-_/#A-Za-z0-9]+");
static const struct sm_shape s_KmsKeyId = SCALAR(SM_STRING, 0, 256, NULL);
static const struct sm_shape s_TagKey =
    SCALAR(SM_STRING, 1, 128, "^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+)$");
static const struct sm_shape s_TagValue =
    SCALAR(SM_STRING, 0, 256, "^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$");
static const struct sm_shape s_Tags = MAP_OF(1, 50, &s_TagKey, &s_TagValue);
static const char *const s_LogGroupClass_values[] = {
    "STANDARD", "INFREQUENT_ACCESS", "DELIVERY", NULL};
static const struct sm_shape s_LogGroupClass = ENUM_OF(s_LogGroupClass_values);
static const struct sm_shape s_DeletionProtectionEnabled = SCALAR(SM_BOOL, SM_MIN, SM_MAX, NULL);
static const struct sm_member s_CreateLogGroupRequest_members[] = {
    {"logGroupName", REQUIRED, &s_LogGroupName}, {"kmsKeyId", OPTIONAL, &s_KmsKeyId},
    {"tags", OPTIONAL, &s_Tags}, {"logGroupClass", OPTIONAL, &s_LogGroupClass},
    {"deletionProtectionEnabled", OPTIONAL, &s_DeletionProtectionEnabled}, END};
static const struct sm_shape s_CreateLogGroupRequest = STRUCT_OF(s_CreateLogGroupRequest_members);
static const struct sm_member s_DeleteLogGroupRequest_members[] = {
    {"logGroupName", REQUIRED, &s_LogGroupName}, END};
static const struct sm_shape s_DeleteLogGroupRequest = STRUCT_OF(s_DeleteLogGroupRequest_members);
static const struct sm_shape s_AccountId = SCALAR(SM_STRING, 12, 12, "^\\d{12}$");
static const struct sm_shape s_AccountIds = LIST_OF(0, 20, &s_AccountId);
static const struct sm_shape s_LogGroupNamePattern =
    SCALAR(SM_STRING, 0, 512, "[\\.\\-_/#A-Za-z0-9]*");
static const struct sm_shape s_NextToken = SCALAR(SM_STRING, 1, SM_MAX, NULL);
static const struct sm_shape s_DescribeLimit = SCALAR(SM_INT, 1, 50, NULL);
static const struct sm_shape s_LogGroupIdentifier = SCALAR(SM_STRING, 1, 2048, "[\\w#+=/:,.@-]*");
static const struct sm_shape s_DescribeLogGroupsLogGroupIdentifiers = LIST_OF(1, 50, &s_LogGroupIdentifier);
static const struct sm_member s_DescribeLogGroupsRequest_members[] = {
    {"accountIdentifiers", OPTIONAL, &s_AccountIds},
    {"logGroupNamePrefix", OPTIONAL, &s_LogGroupName},
    {"logGroupNamePattern", OPTIONAL, &s_LogGroupNamePattern},
    {"nextToken", OPTIONAL, &s_NextToken}, {"limit", OPTIONAL, &s_DescribeLimit},
    {"includeLinkedAccounts", OPTIONAL, &s_DeletionProtectionEnabled},
    {"logGroupClass", OPTIONAL, &s_LogGroupClass},
    {"logGroupIdentifiers", OPTIONAL, &s_DescribeLogGroupsLogGroupIdentifiers}, END};
static const struct sm_shape s_DescribeLogGroupsRequest = STRUCT_OF(s_DescribeLogGroupsRequest_members);
static const struct sm_shape s_Days = SCALAR(SM_INT, SM_MIN, SM_MAX, NULL);
static const struct sm_member s_PutRetentionPolicyRequest_members[] = {
    {"logGroupName", REQUIRED, &s_LogGroupName}, {"retentionInDays", REQUIRED, &s_Days}, END};
static const struct sm_shape s_PutRetentionPolicyRequest = STRUCT_OF(s_PutRetentionPolicyRequest_members);
static const struct sm_shape s_LogStreamName = SCALAR(SM_STRING, 1, 512, "[^:*]*");
static const struct sm_member s_CreateLogStreamRequest_members[] = {
    {"logGroupName", REQUIRED, &s_LogGroupName}, {"logStreamName", REQUIRED, &s_LogStreamName}, END};
static const struct sm_shape s_CreateLogStreamRequest = STRUCT_OF(s_CreateLogStreamRequest_members);
static const struct sm_shape s_Timestamp = SCALAR(SM_INT, 0, SM_MAX, NULL);
static const struct sm_member s_InputLogEvent_members[] = {
    {"timestamp", REQUIRED, &s_Timestamp}, {"message", REQUIRED, &s_NextToken}, END};
static const struct sm_shape s_InputLogEvent = STRUCT_OF(s_InputLogEvent_members);
static const struct sm_shape s_InputLogEvents = LIST_OF(1, 10000, &s_InputLogEvent);
static const struct sm_shape s_EntityKeyAttributesKey = SCALAR(SM_STRING, 1, 32, NULL);
static const struct sm_shape s_EntityKeyAttributesValue = SCALAR(SM_STRING, 1, 512, NULL);
static const struct sm_shape s_EntityKeyAttributes =
    MAP_OF(2, 4, &s_EntityKeyAttributesKey, &s_EntityKeyAttributesValue);
static const struct sm_shape s_EntityAttributesKey = SCALAR(SM_STRING, 1, 256, NULL);
static const struct sm_shape s_EntityAttributes =
    MAP_OF(0, 10, &s_EntityAttributesKey, &s_EntityKeyAttributesValue);
static const struct sm_member s_Entity_members[] = {
    {"keyAttributes", OPTIONAL, &s_EntityKeyAttributes},
    {"attributes", OPTIONAL, &s_EntityAttributes}, END};
static const struct sm_shape s_Entity = STRUCT_OF(s_Entity_members);
static const struct sm_member s_PutLogEventsRequest_members[] = {
    {"logGroupName", REQUIRED, &s_LogGroupName}, {"logStreamName", REQUIRED, &s_LogStreamName},
    {"logEvents", REQUIRED, &s_InputLogEvents}, {"sequenceToken", OPTIONAL, &s_NextToken},
    {"entity", OPTIONAL, &s_Entity}, END};
static const struct sm_shape s_PutLogEventsRequest = STRUCT_OF(s_PutLogEventsRequest_members);
static const char *const s_OrderBy_values[] = {
    "LogStreamName", "LastEventTime", NULL};
static const struct sm_shape s_OrderBy = ENUM_OF(s_OrderBy_values);
static const struct sm_member s_DescribeLogStreamsRequest_members[] = {
    {"logGroupName", OPTIONAL, &s_LogGroupName},
    {"logGroupIdentifier", OPTIONAL, &s_LogGroupIdentifier},
    {"logStreamNamePrefix", OPTIONAL, &s_LogStreamName}, {"orderBy", OPTIONAL, &s_OrderBy},
    {"descending", OPTIONAL, &s_DeletionProtectionEnabled}, {"nextToken", OPTIONAL, &s_NextToken},
    {"limit", OPTIONAL, &s_DescribeLimit}, END};
static const struct sm_shape s_DescribeLogStreamsRequest = STRUCT_OF(s_DescribeLogStreamsRequest_members);
static const struct sm_shape s_EventsLimit = SCALAR(SM_INT, 1, 10000, NULL);
static const struct sm_member s_GetLogEventsRequest_members[] = {
    {"logGroupName", OPTIONAL, &s_LogGroupName},
    {"logGroupIdentifier", OPTIONAL, &s_LogGroupIdentifier},
    {"logStreamName", REQUIRED, &s_LogStreamName}, {"startTime", OPTIONAL, &s_Timestamp},
    {"endTime", OPTIONAL, &s_Timestamp}, {"nextToken", OPTIONAL, &s_NextToken},
    {"limit", OPTIONAL, &s_EventsLimit}, {"startFromHead", OPTIONAL, &s_DeletionProtectionEnabled},
    {"unmask", OPTIONAL, &s_DeletionProtectionEnabled}, END};
static const struct sm_shape s_GetLogEventsRequest = STRUCT_OF(s_GetLogEventsRequest_members);
static const struct sm_shape s_InputLogStreamNames = LIST_OF(1, 100, &s_LogStreamName);
static const struct sm_shape s_FilterPattern = SCALAR(SM_STRING, 0, 1024, NULL);
static const struct sm_member s_FilterLogEventsRequest_members[] = {
    {"logGroupName", OPTIONAL, &s_LogGroupName},
    {"logGroupIdentifier", OPTIONAL, &s_LogGroupIdentifier},
    {"logStreamNames", OPTIONAL, &s_InputLogStreamNames},
    {"logStreamNamePrefix", OPTIONAL, &s_LogStreamName}, {"startTime", OPTIONAL, &s_Timestamp},
    {"endTime", OPTIONAL, &s_Timestamp}, {"filterPattern", OPTIONAL, &s_FilterPattern},
    {"nextToken", OPTIONAL, &s_NextToken}, {"limit", OPTIONAL, &s_EventsLimit},
    {"interleaved", OPTIONAL, &s_DeletionProtectionEnabled},
    {"unmask", OPTIONAL, &s_DeletionProtectionEnabled}, END};
static const struct sm_shape s_FilterLogEventsRequest = STRUCT_OF(s_FilterLogEventsRequest_members);

const struct sm_input sm_inputs_logs[] = {
    {LOCAL_LOGS, "CreateLogGroup", &s_CreateLogGroupRequest},
    {LOCAL_LOGS, "DeleteLogGroup", &s_DeleteLogGroupRequest},
    {LOCAL_LOGS, "DescribeLogGroups", &s_DescribeLogGroupsRequest},
    {LOCAL_LOGS, "PutRetentionPolicy", &s_PutRetentionPolicyRequest},
    {LOCAL_LOGS, "DeleteRetentionPolicy", &s_DeleteLogGroupRequest},
    {LOCAL_LOGS, "CreateLogStream", &s_CreateLogStreamRequest},
    {LOCAL_LOGS, "PutLogEvents", &s_PutLogEventsRequest},
    {LOCAL_LOGS, "DescribeLogStreams", &s_DescribeLogStreamsRequest},
    {LOCAL_LOGS, "DeleteLogStream", &s_CreateLogStreamRequest},
    {LOCAL_LOGS, "GetLogEvents", &s_GetLogEventsRequest},
    {LOCAL_LOGS, "FilterLogEvents", &s_FilterLogEventsRequest},
    {LOCAL_N_SERVICES, NULL, NULL}};
