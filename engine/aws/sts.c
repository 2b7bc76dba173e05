#include "engine/aws/sts.h"

#include "engine/aws/call.h"
#include "engine/aws/fault.h"
#include "engine/base/uri.h"
#include "engine/base/xml.h"

#define MAX_ANSWER_BYTES KIB(256)
#define MAX_FORM_BYTES KIB(128)

static enum err_code call_sts(
    struct aws *aws,
    struct arena *arena,
    const struct aws_call *base,
    struct http_response *response,
    const struct xml **ret_result,
    struct err *err)
{
    static const struct http_header s_headers[] = {
        {STR_INIT("content-type"), STR_INIT("application/x-www-form-urlencoded; charset=utf-8")},
    };
    struct aws_call call = *base;
    call.service = AWS_STS;
    call.method = STR("POST");
    call.headers = s_headers;
    call.n_headers = ARRAY_LEN(s_headers);
    call.max_body = MAX_ANSWER_BYTES;
    enum err_code code = aws_call(aws, arena, &call, response, err);
    if (code != ERR_NONE)
        return code;
    struct xml *root;
    struct err broken;
    if (xml_parse(arena, response->body, MAX_ANSWER_BYTES, &root, &broken) != ERR_NONE)
        return fault_unreadable(call.operation, "XML", broken.message, err);
    *ret_result = xml_get(root, str_fmt(arena, "%sResult", call.operation).ptr);
    return ERR_NONE;
}

enum err_code sts_caller_identity(
    struct aws *aws, struct arena *arena, struct sts_identity *ret_identity, struct err *err)
{
    const struct aws_call call = {
        .operation = "GetCallerIdentity",
        .body = STR("Action=GetCallerIdentity&Version=2011-06-15"),
    };
    struct http_response response;
    const struct xml *result;
    enum err_code code = call_sts(aws, arena, &call, &response, &result, err);
    if (code != ERR_NONE)
        return code;
    struct sts_identity identity = {
        .account = xml_get_text(result, "Account"),
        .arn = xml_get_text(result, "Arn"),
        .user_id = xml_get_text(result, "UserId"),
    };
    struct str date = http_header_get(response.headers, response.n_headers, "date");
    if (date.len > 0 && !time_parse(date, &identity.date_ms))
        identity.date_ms = 0;
    uint64_t digits;
    if (identity.account.len != 12 || !str_to_u64(identity.account, &digits))
        return err_set(
            err, ERR_PROTOCOL, "the answer to GetCallerIdentity has no account of 12 digits");
    *ret_identity = identity;
    return ERR_NONE;
}

static void add_field(struct buf *form, const char *name, struct str value)
{
    if (value.len == 0)
        return;
    buf_fmt(form, "&%s=", name);
    uri_encode(form, value, false);
}

/* "arn:aws:iam::123456789012:role/x" */
static struct str account_of(struct str arn)
{
    struct str rest = arn, part = STR_NULL;
    for (int i = 0; i < 5; i++)
        if (!str_split(&rest, ':', &part))
            return STR_NULL;
    return part.len == 12 ? part : STR_NULL;
}

enum err_code sts_assume_role(
    struct aws *aws,
    struct arena *arena,
    const struct sts_role *role,
    struct sts_credentials *ret_credentials,
    struct err *err)
{
    bool web = role->web_identity_token.len > 0;
    struct aws_call call = {
        .operation = web ? "AssumeRoleWithWebIdentity" : "AssumeRole",
        .subject = role->arn,
        .anonymous = web,
    };
    AUTO(buf_done) struct buf form = BUF_INIT(MAX_FORM_BYTES);
    buf_fmt(&form, "Action=%s&Version=2011-06-15", call.operation);
    add_field(&form, "RoleArn", role->arn);
    add_field(&form, "RoleSessionName", role->session_name);
    add_field(&form, "ExternalId", role->external_id);
    add_field(&form, "DurationSeconds", role->duration_seconds);
    add_field(&form, "WebIdentityToken", role->web_identity_token);
    call.body = str_dup(arena, buf_str(&form));
    secret_wipe(form.ptr, form.len);
    struct http_response response;
    const struct xml *result;
    enum err_code code = call_sts(aws, arena, &call, &response, &result, err);
    if (code != ERR_NONE)
        return code;
    const struct xml *keys = xml_get(result, "Credentials");
    struct sts_credentials out = {
        .access_key_id = xml_get_text(keys, "AccessKeyId"),
        .secret_key = xml_get_text(keys, "SecretAccessKey"),
        .session_token = xml_get_text(keys, "SessionToken"),
        .account = account_of(xml_get_text(xml_get(result, "AssumedRoleUser"), "Arn")),
    };
    if (out.session_token.len == 0 ||
        !time_parse(xml_get_text(keys, "Expiration"), &out.expires_ms))
        return err_set(
            err, ERR_PROTOCOL, "the answer to %s has no session token, or no end of it",
            call.operation);
    *ret_credentials = out;
    return ERR_NONE;
}
