#include "engine/aws/iam.h"

#include "engine/aws/call.h"
#include "engine/aws/fault.h"
#include "engine/base/uri.h"
#include "engine/base/xml.h"

#define MAX_ANSWER_BYTES MIB(1)

/* The trust policy comes as JSON in URL encoding, inside XML. */
static const struct json *read_trust(struct arena *arena, struct str text)
{
    struct str decoded;
    struct json *trust;
    struct err broken = {0};
    if (str_is_empty(text) || !uri_decode(arena, text, false, &decoded) ||
        json_parse(arena, decoded, MAX_ANSWER_BYTES, &trust, &broken) != ERR_NONE)
        return NULL;
    return trust;
}

enum err_code iam_role_get(
    struct aws *aws,
    struct arena *arena,
    struct str name,
    struct iam_role *ret_role,
    struct err *err)
{
    static const struct http_header s_headers[] = {
        {STR_INIT("content-type"), STR_INIT("application/x-www-form-urlencoded; charset=utf-8")},
    };
    struct aws_call call = {
        .service = AWS_IAM,
        .operation = "GetRole",
        .subject = name,
        .method = STR("POST"),
        .headers = s_headers,
        .n_headers = ARRAY_LEN(s_headers),
        .body = str_fmt(
            arena, "Action=GetRole&RoleName=" STR_FMT "&Version=2010-05-08",
            STR_ARG(uri_encoded(arena, name, false))),
        .max_body = MAX_ANSWER_BYTES,
    };
    struct http_response response;
    enum err_code code = aws_call(aws, arena, &call, &response, err);
    if (code != ERR_NONE)
        return code;
    struct xml *root;
    struct err broken = {0};
    if (xml_parse(arena, response.body, MAX_ANSWER_BYTES, &root, &broken) != ERR_NONE)
        return fault_unreadable("GetRole", "XML", broken.message, err);
    const struct xml *role = xml_get(xml_get(root, "GetRoleResult"), "Role");
    if (role == NULL)
        return fault_other_root("GetRole", "GetRoleResponse", root->name, err);
    *ret_role = (struct iam_role){
        .arn = xml_get_text(role, "Arn"),
        .trust = read_trust(arena, xml_get_text(role, "AssumeRolePolicyDocument"))};
    return ERR_NONE;
}
