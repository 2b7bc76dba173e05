#include "engine/aws/creds_sts.h"

#include "engine/base/arena.h"

enum err_code creds_session_new(
    const struct creds_context *context,
    struct str region,
    struct creds_provider *creds,
    struct aws **ret_aws,
    struct err *err)
{
    const struct aws_options options = {
        .loop = context->loop,
        .clock = context->clock,
        .rng = context->rng,
        .http = context->http,
        .creds = creds,
        .region = region,
        .endpoint_url = context->endpoint_url,
        .env = context->env,
        .profile = context->profile,
    };
    return aws_new(&options, ret_aws, err);
}

/* https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
static enum err_code check(const struct sts_role *role, struct err *err)
{
    uint64_t seconds;
    if (!str_starts(role->arn, STR("arn:")) || !creds_text_ok(role->arn, 2048))
        return err_set(
            err, ERR_AUTH, "role_arn is '" STR_FMT "', which is no ARN", STR_ARG(role->arn));
    for (size_t i = 0; i < role->session_name.len; i++) {
        char c = role->session_name.ptr[i], letter = (char) (c | 0x20);
        if ((letter < 'a' || letter > 'z') && (c < '0' || c > '9') &&
            (c == '\0' || strchr("_+=,.@-", c) == NULL))
            return err_set(
                err, ERR_AUTH, "the role's session name has the byte 0x%02x at %zu",
                (unsigned) (unsigned char) c, i + 1);
    }
    if (role->session_name.len < 2 || role->session_name.len > 64)
        return err_set(err, ERR_AUTH, "the role's session name has not 2 to 64 characters");
    if (role->duration_seconds.len > 0 &&
        (!str_to_u64(role->duration_seconds, &seconds) || seconds < 900 || seconds > 43200))
        return err_set(
            err, ERR_AUTH, "duration_seconds is '" STR_FMT "', not a number from 900 to 43200",
            STR_ARG(role->duration_seconds));
    return ERR_NONE;
}

enum err_code creds_sts_assume(
    struct creds_sts *sts,
    const struct creds_context *context,
    struct arena *arena,
    struct creds_provider *creds,
    struct sts_role *role,
    struct err *err)
{
    if (role->session_name.len == 0)
        role->session_name =
            str_fmt(arena, "mmectl-%lld", (long long) clock_wall_ms(context->clock) / 1000);
    enum err_code code = check(role, err);
    if (code == ERR_NONE && sts->aws == NULL)
        code = creds_session_new(context, context->region, creds, &sts->aws, err);
    struct sts_credentials given;
    if (code == ERR_NONE)
        code = sts_assume_role(sts->aws, arena, role, &given, err);
    /* Whatever it was, this source has something: it is not for the next one to answer. */
    if (code != ERR_NONE)
        return code == ERR_NOT_FOUND ? (err->code = ERR_AUTH) : code;
    const struct creds_raw raw = {
        .access_key_id = given.access_key_id,
        .secret_key = given.secret_key,
        .session_token = given.session_token,
        .account = given.account,
        .expires_ms = given.expires_ms,
    };
    sts->keys.creds.renews = true;
    creds_keys_name(&sts->keys, "role '" STR_FMT "'", STR_ARG(role->arn));
    return creds_keys_take(&sts->keys, &raw, "the answer of STS", err);
}

void creds_sts_close(struct creds_sts *sts)
{
    aws_free(sts->aws);
    creds_keys_clear(&sts->keys);
}
