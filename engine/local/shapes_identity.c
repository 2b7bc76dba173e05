/* Written from botocore 1.43.11's service models by tests/interop/validation.py --write; not to be
 * edited. */
#include "engine/local/sm_forms.h"
#include "engine/local/sm_tables.h"

/* clang-format off */

static const struct sm_member s_GetCallerIdentityRequest_members[] = {
    END};
static const struct sm_shape s_GetCallerIdentityRequest = STRUCT_OF(s_GetCallerIdentityRequest_members);
static const struct sm_shape s_roleNameType = SCALAR(SM_STRING, 1, 64, "[\\w+=,.@-]+");
static const struct sm_member s_GetRoleRequest_members[] = {
    {"RoleName", REQUIRED, &s_roleNameType}, END};
static const struct sm_shape s_GetRoleRequest = STRUCT_OF(s_GetRoleRequest_members);

const struct sm_input sm_inputs_identity[] = {
    {LOCAL_STS, "GetCallerIdentity", &s_GetCallerIdentityRequest},
    {LOCAL_IAM, "GetRole", &s_GetRoleRequest},
    {LOCAL_N_SERVICES, NULL, NULL}};
