/* https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html */
#include "engine/local/identity.h"

#include "engine/base/xml.h"
#include "engine/local/world.h"

#define SESSION_S 3600 /* of a role, when nothing else is asked for */
#define CHAINED_S 3600 /* at most, of a role that another role assumes */
#define TOKEN_BYTES 96
#define ROLE_ID "AROAMMECTLLOCAL00000"

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
    struct str arn = call->caller->key.role_arn;
    if (str_is_null(arn))
        arn = str_fmt(
            call->arena, "arn:aws:sts::" STR_FMT ":assumed-role/mmectl-local/session",
            STR_ARG(call->account));
    size_t slash = str_rindex(arn, '/');
    buf_add_z(
        &xml, "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
              "<GetCallerIdentityResult>");
    xml_element(&xml, "Arn", arn);
    xml_element(
        &xml, "UserId",
        str_fmt(call->arena, ROLE_ID ":" STR_FMT, STR_ARG(str_from_index(arn, slash + 1))));
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
    xml_element(&xml, "RoleId", STR(ROLE_ID));
    xml_element(&xml, "CreateDate", STR("2026-01-01T00:00:00Z"));
    xml_element(&xml, "AssumeRolePolicyDocument", uri_encoded(call->arena, s_trust, false));
    buf_add_z(&xml, "</Role>");
    end_response(call, &xml, "GetRole");
    return call_xml(call, buf_str(&xml));
}

/* ---- roles ---- */

/* "arn:aws:iam::123456789012:role/path/name": its account and the last part of its path. */
static bool read_role(struct str arn, struct str *ret_account, struct str *ret_name)
{
    struct str rest = arn, parts[5];
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (!str_split(&rest, ':', &parts[i]) || str_is_null(rest))
            return false;
    uint64_t number;
    *ret_account = parts[4];
    *ret_name = str_from_index(rest, str_rindex(rest, '/') + 1);
    return str_eq_z(parts[0], "arn") && str_starts(parts[1], STR("aws")) &&
           str_eq_z(parts[2], "iam") && parts[3].len == 0 && parts[4].len == 12 &&
           str_to_u64(parts[4], &number) && str_starts(rest, STR("role/")) && ret_name->len > 0;
}

/* Keys like those of STS: ASIA, and a token without which they are nobody's. */
static enum err_code new_keys(struct local_call *call, struct local_key *key, struct err *err)
{
    unsigned char bytes[TOKEN_BYTES + 16];
    char id[16];
    enum err_code code = rng_secret(bytes, sizeof(bytes), err);
    if (code != ERR_NONE)
        return code;
    for (size_t i = 0; i < sizeof(id); i++)
        id[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[bytes[TOKEN_BYTES + i] % 32];
    key->access_key = str_fmt(call->arena, "ASIA%.*s", (int) sizeof(id), id);
    key->session_token = base64_of(call->arena, bytes, TOKEN_BYTES);
    secret_wipe(bytes, sizeof(bytes));
    return local_add_key(call->local, call->arena, key, err);
}

struct session {
    const char *operation;
    struct str subject, provider, audience; /* of a web identity; null */
    bool chained;
};

static void add_keys(struct local_call *call, struct buf *xml, const struct local_key *key)
{
    buf_add_z(xml, "<AssumedRoleUser>");
    xml_element(
        xml, "AssumedRoleId",
        str_fmt(call->arena, ROLE_ID ":" STR_FMT, STR_ARG(call_param(call, "RoleSessionName"))));
    xml_element(xml, "Arn", key->role_arn);
    buf_add_z(xml, "</AssumedRoleUser><Credentials>");
    xml_element(xml, "AccessKeyId", key->access_key);
    xml_element(xml, "SecretAccessKey", key->secret_key);
    xml_element(xml, "SessionToken", key->session_token);
    xml_element(xml, "Expiration", time_iso(call->arena, key->expires_ms));
    buf_add_z(xml, "</Credentials>");
}

/* Every well-formed role is there and trusts everybody. One that a key was made for may do what
 * that key may, others everything. Lengths and patterns were checked before. */
static enum err_code assume(struct local_call *call, const struct session *session, struct err *err)
{
    struct str arn = call_param(call, "RoleArn"), name;
    struct str asked = call_param(call, "DurationSeconds");
    struct local_key key = {.secret_key = STR_NULL};
    uint64_t seconds = SESSION_S;
    if (!read_role(arn, &key.account, &name))
        return call_fail(call, 400, "ValidationError", "Request ARN is invalid");
    if (asked.len > 0)
        (void) str_to_u64(asked, &seconds);
    if (session->chained && seconds > CHAINED_S)
        return call_fail(
            call, 400, "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
            "role chaining");
    key.expires_ms = call->now_ms + (int64_t) seconds * 1000;
    key.role_arn = str_fmt(
        call->arena, "arn:aws:sts::" STR_FMT ":assumed-role/" STR_FMT "/" STR_FMT,
        STR_ARG(key.account), STR_ARG(name), STR_ARG(call_param(call, "RoleSessionName")));
    const struct known_key *role = keys_of_role(call->local, arn);
    if (role != NULL) {
        key.policy = role->key.policy;
        key.deny = role->key.deny;
    }
    enum err_code code = new_keys(call, &key, err);
    if (code != ERR_NONE)
        return code;
    AUTO(buf_done) struct buf xml = BUF_INIT(KIB(32));
    buf_fmt(
        &xml, "<%sResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><%sResult>",
        session->operation, session->operation);
    if (!str_is_null(session->subject)) {
        xml_element(&xml, "SubjectFromWebIdentityToken", session->subject);
        xml_element(&xml, "Audience", session->audience);
        xml_element(&xml, "Provider", session->provider);
    }
    add_keys(call, &xml, &key);
    end_response(call, &xml, session->operation);
    return call_xml(call, buf_str(&xml));
}

/* https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
enum err_code sts_assume_role_call(struct local_call *call, struct err *err)
{
    const struct session session = {
        .operation = "AssumeRole",
        .chained = call->caller != NULL && !str_is_null(call->caller->key.role_arn),
    };
    return assume(call, &session, err);
}

/* The second part of a JSON web token, RFC 7519; NULL when it is none. */
static const struct json *read_claims(struct local_call *call, struct str token)
{
    struct str rest = token, head, body, text;
    struct json *claims;
    struct err broken;
    if (!str_split(&rest, '.', &head) || !str_split(&rest, '.', &body) || rest.len == 0 ||
        str_index(rest, '.') != SIZE_MAX || body.len == 0)
        return NULL;
    /* base64url without padding, RFC 7515 */
    char *plain = arena_chars(call->arena, body.len + 3);
    for (size_t i = 0; i < body.len; i++)
        plain[i] = (char) (body.ptr[i] == '-' ? '+' : body.ptr[i] == '_' ? '/' : body.ptr[i]);
    size_t len = body.len;
    while (len % 4 != 0)
        plain[len++] = '=';
    if (!base64_decode(call->arena, str_of(plain, len), &text) ||
        json_parse(call->arena, text, KIB(64), &claims, &broken) != ERR_NONE)
        return NULL;
    return claims;
}

/* The signature of the token is not checked: who signs it is not known here.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
enum err_code sts_assume_role_web(struct local_call *call, struct err *err)
{
    const struct json *claims = read_claims(call, call_param(call, "WebIdentityToken"));
    const struct json *audience = json_get(claims, "aud");
    if (audience != NULL && audience->type == JSON_ARRAY)
        audience = json_at(audience, 0);
    const struct session session = {
        .operation = "AssumeRoleWithWebIdentity",
        .subject = json_get_str(claims, "sub"),
        .provider = json_get_str(claims, "iss"),
        .audience = json_str(audience),
    };
    if (session.subject.len == 0 || session.provider.len == 0 || session.audience.len == 0)
        return call_fail(
            call, 400, "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an "
            "Access Token)");
    int64_t end_s = json_get_int(claims, "exp", INT64_MAX / 1000);
    if (end_s <= call->now_ms / 1000)
        return call_fail(
            call, 400, "ExpiredTokenException",
            "Token expired: current date/time %lld must be before the expiration date/time %lld",
            (long long) (call->now_ms / 1000), (long long) end_s);
    return assume(call, &session, err);
}
