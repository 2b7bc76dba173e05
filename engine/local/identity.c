/* https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html */
#include "engine/local/identity.h"

#include "engine/base/xml.h"

static void end_response(struct local_call *call, struct buf *xml, const char *name)
{
    buf_fmt(xml, "</%sResult><ResponseMetadata>", name);
    xml_element(xml, "RequestId", call->request_id);
    buf_fmt(xml, "</ResponseMetadata></%sResponse>", name);
}

/* An assumed role, so that the SageMaker SDK's get_execution_role() finds one. */
enum err_code sts_get_caller_identity(struct local_call *call, struct err *err)
{
    (void) err;
    AUTO(buf_done) struct buf xml = BUF_INIT(KIB(16));
    buf_add_z(
        &xml, "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
              "<GetCallerIdentityResult>");
    xml_element(
        &xml, "Arn",
        str_fmt(
            call->arena, "arn:aws:sts::" STR_FMT ":assumed-role/mmectl-local/session",
            STR_ARG(call->account)));
    xml_element(&xml, "UserId", STR("AROAMMECTLLOCAL00000:session"));
    xml_element(&xml, "Account", call->account);
    end_response(call, &xml, "GetCallerIdentity");
    return call_xml(call, buf_str(&xml));
}

static const struct str s_trust =
    STR_INIT("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":"
             "{\"Service\":\"sagemaker.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}");

/* Every well-formed name is a role here: roles are made outside of what this world models. */
enum err_code iam_get_role(struct local_call *call, struct err *err)
{
    (void) err;
    struct str name = call_param(call, "RoleName");
    if (name.len == 0 || name.len > 64)
        return call_fail(
            call, 400, "ValidationError",
            "1 validation error detected: Value at 'roleName' failed to satisfy constraint: Member "
            "must have length between 1 and 64");
    AUTO(buf_done) struct buf xml = BUF_INIT(KIB(16));
    buf_add_z(
        &xml, "<GetRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">"
              "<GetRoleResult><Role>");
    xml_element(&xml, "Path", STR("/"));
    xml_element(
        &xml, "Arn",
        str_fmt(
            call->arena, "arn:aws:iam::" STR_FMT ":role/" STR_FMT, STR_ARG(call->account),
            STR_ARG(name)));
    xml_element(&xml, "RoleName", name);
    xml_element(&xml, "RoleId", STR("AROAMMECTLLOCAL00000"));
    xml_element(&xml, "CreateDate", STR("2026-01-01T00:00:00Z"));
    xml_element(&xml, "AssumeRolePolicyDocument", uri_encoded(call->arena, s_trust, false));
    buf_add_z(&xml, "</Role>");
    end_response(call, &xml, "GetRole");
    return call_xml(call, buf_str(&xml));
}
