/* Written from botocore 1.43.11's service models by tests/interop/validation.py --write; not to be
 * edited. */
#include "engine/local/sm_forms.h"
#include "engine/local/sm_tables.h"

/* clang-format off */

static const struct sm_member s_GetCallerIdentityRequest_members[] = {
    END};
static const struct sm_shape s_GetCallerIdentityRequest = STRUCT_OF(s_GetCallerIdentityRequest_members);
static const struct sm_shape s_arnType =
    SCALAR(SM_STRING, 20, 2048,
        "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+");
static const struct sm_shape s_roleSessionNameType = SCALAR(SM_STRING, 2, 64, "[\\w+=,.@-]*");
static const struct sm_member s_PolicyDescriptorType_members[] = {
    {"arn", OPTIONAL, &s_arnType}, END};
static const struct sm_shape s_PolicyDescriptorType = STRUCT_OF(s_PolicyDescriptorType_members);
static const struct sm_shape s_policyDescriptorListType = LIST_OF(0, SM_MAX, &s_PolicyDescriptorType);
static const struct sm_shape s_unrestrictedSessionPolicyDocumentType =
    SCALAR(SM_STRING, 1, SM_MAX, "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+");
static const struct sm_shape s_roleDurationSecondsType = SCALAR(SM_INT, 900, 43200, NULL);
static const struct sm_shape s_tagKeyType =
    SCALAR(SM_STRING, 1, 128, "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+");
static const struct sm_shape s_tagValueType =
    SCALAR(SM_STRING, 0, 256, "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*");
static const struct sm_member s_Tag_members[] = {
    {"Key", REQUIRED, &s_tagKeyType}, {"Value", REQUIRED, &s_tagValueType}, END};
static const struct sm_shape s_Tag = STRUCT_OF(s_Tag_members);
static const struct sm_shape s_tagListType = LIST_OF(0, 50, &s_Tag);
static const struct sm_shape s_tagKeyListType = LIST_OF(0, 50, &s_tagKeyType);
static const struct sm_shape s_externalIdType = SCALAR(SM_STRING, 2, 1224, "[\\w+=,.@:\\/-]*");
static const struct sm_shape s_serialNumberType = SCALAR(SM_STRING, 9, 256, "[\\w+=/:,.@-]*");
static const struct sm_shape s_tokenCodeType = SCALAR(SM_STRING, 6, 6, "[\\d]*");
static const struct sm_shape s_contextAssertionType = SCALAR(SM_STRING, 4, 2048, NULL);
static const struct sm_member s_ProvidedContext_members[] = {
    {"ProviderArn", OPTIONAL, &s_arnType}, {"ContextAssertion", OPTIONAL, &s_contextAssertionType},
    END};
static const struct sm_shape s_ProvidedContext = STRUCT_OF(s_ProvidedContext_members);
static const struct sm_shape s_ProvidedContextsListType = LIST_OF(1, 5, &s_ProvidedContext);
static const struct sm_member s_AssumeRoleRequest_members[] = {
    {"RoleArn", REQUIRED, &s_arnType}, {"RoleSessionName", REQUIRED, &s_roleSessionNameType},
    {"PolicyArns", OPTIONAL, &s_policyDescriptorListType},
    {"Policy", OPTIONAL, &s_unrestrictedSessionPolicyDocumentType},
    {"DurationSeconds", OPTIONAL, &s_roleDurationSecondsType}, {"Tags", OPTIONAL, &s_tagListType},
    {"TransitiveTagKeys", OPTIONAL, &s_tagKeyListType},
    {"ExternalId", OPTIONAL, &s_externalIdType}, {"SerialNumber", OPTIONAL, &s_serialNumberType},
    {"TokenCode", OPTIONAL, &s_tokenCodeType},
    {"SourceIdentity", OPTIONAL, &s_roleSessionNameType},
    {"ProvidedContexts", OPTIONAL, &s_ProvidedContextsListType}, END};
static const struct sm_shape s_AssumeRoleRequest = STRUCT_OF(s_AssumeRoleRequest_members);
static const struct sm_shape s_clientTokenType = SCALAR(SM_STRING, 4, 20000, NULL);
static const struct sm_shape s_sessionPolicyDocumentType =
    SCALAR(SM_STRING, 1, 2048, "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+");
static const struct sm_member s_AssumeRoleWithWebIdentityRequest_members[] = {
    {"RoleArn", REQUIRED, &s_arnType}, {"RoleSessionName", REQUIRED, &s_roleSessionNameType},
    {"WebIdentityToken", REQUIRED, &s_clientTokenType},
    {"ProviderId", OPTIONAL, &s_contextAssertionType},
    {"PolicyArns", OPTIONAL, &s_policyDescriptorListType},
    {"Policy", OPTIONAL, &s_sessionPolicyDocumentType},
    {"DurationSeconds", OPTIONAL, &s_roleDurationSecondsType}, END};
static const struct sm_shape s_AssumeRoleWithWebIdentityRequest = STRUCT_OF(s_AssumeRoleWithWebIdentityRequest_members);
static const struct sm_shape s_roleNameType = SCALAR(SM_STRING, 1, 64, "[\\w+=,.@-]+");
static const struct sm_member s_GetRoleRequest_members[] = {
    {"RoleName", REQUIRED, &s_roleNameType}, END};
static const struct sm_shape s_GetRoleRequest = STRUCT_OF(s_GetRoleRequest_members);

const struct sm_input sm_inputs_identity[] = {
    {LOCAL_STS, "GetCallerIdentity", &s_GetCallerIdentityRequest},
    {LOCAL_STS, "AssumeRole", &s_AssumeRoleRequest},
    {LOCAL_STS, "AssumeRoleWithWebIdentity", &s_AssumeRoleWithWebIdentityRequest},
    {LOCAL_IAM, "GetRole", &s_GetRoleRequest},
    {LOCAL_N_SERVICES, NULL, NULL}};
