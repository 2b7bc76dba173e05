#include "engine/aws/sts.h"

#include "engine/aws/call.h"
#include "engine/base/xml.h"

#define MAX_ANSWER_BYTES KIB(256)

enum err_code sts_caller_identity(
    struct aws *aws, struct arena *arena, struct sts_identity *ret_identity, struct err *err)
{
    static const struct http_header s_headers[] = {
        {STR_INIT("content-type"), STR_INIT("application/x-www-form-urlencoded; charset=utf-8")},
    };
    struct aws_call call = {
        .service = AWS_STS,
        .operation = "GetCallerIdentity",
        .method = STR("POST"),
        .headers = s_headers,
        .n_headers = ARRAY_LEN(s_headers),
        .body = STR("Action=GetCallerIdentity&Version=2011-06-15"),
        .max_body = MAX_ANSWER_BYTES,
    };
    struct http_response response;
    enum err_code code = aws_call(aws, arena, &call, &response, err);
    if (code != ERR_NONE)
        return code;
    struct xml *root;
    struct err broken;
    if (xml_parse(arena, response.body, MAX_ANSWER_BYTES, &root, &broken) != ERR_NONE)
        return err_set(
            err, ERR_PROTOCOL, "the answer to GetCallerIdentity is not XML: %s", broken.message);
    const struct xml *result = xml_get(root, "GetCallerIdentityResult");
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
