#include "engine/aws/iam.h"
#include "engine/aws/sts.h"
#include "engine/kinds/kinds_internal.h"

/* One request per question, one after the other: a diagnosis is for reading, not for speed. */

static bool ask(struct fact *fact, enum err_code code, const struct err *failure)
{
    fact->state = code == ERR_NONE ? FACT_KNOWN : code == ERR_NOT_FOUND ? FACT_ABSENT : FACT_FAILED;
    if (code != ERR_NONE)
        fact->err = *failure;
    return code == ERR_NONE;
}

static void ask_identity(struct kinds *kinds, struct arena *arena, struct facts *out)
{
    struct sts_identity who = {0};
    struct err failure = {0};
    int64_t before = clock_wall_ms(loop_clock(kinds->loop));
    if (!ask(&out->identity, sts_caller_identity(kinds->aws, arena, &who, &failure), &failure))
        return;
    int64_t after = clock_wall_ms(loop_clock(kinds->loop));
    out->identity.text = who.arn;
    out->account = who.account;
    out->keys_from = aws_keys_from(kinds->aws, arena);
    out->clock_known = who.date_ms != 0;
    /* Date counts whole seconds: what lies within the call, or within that second, is no lead. */
    if (out->clock_known && before > who.date_ms + 1000)
        out->clock_ahead_ms = before - who.date_ms - 1000;
    if (out->clock_known && after < who.date_ms)
        out->clock_ahead_ms = after - who.date_ms;
    aws_set_account(kinds->aws, who.account);
}

static void
ask_bucket(struct kinds *kinds, struct arena *arena, const struct want *want, struct facts *out)
{
    struct aws *aws = kinds->aws;
    struct err e = {0};
    if (!ask(&out->bucket, s3_bucket_head(aws, arena, want->bucket, &out->bucket.text, &e), &e))
        return;
    e = (struct err){0};
    struct fact *fact = &out->bucket_private;
    ask(fact, s3_bucket_is_private(aws, arena, want->bucket, &fact->yes, &e), &e);
    e = (struct err){0};
    fact = &out->encryption;
    ask(fact, s3_bucket_encryption(aws, arena, want->bucket, &fact->text, &e), &e);
    fact->yes = !str_is_empty(fact->text);
    e = (struct err){0};
    fact = &out->versioned;
    ask(fact, s3_bucket_is_versioned(aws, arena, want->bucket, &fact->yes, &e), &e);
    e = (struct err){0};
    fact = &out->aborts_uploads;
    struct str prefix = str_fmt(arena, STR_FMT "/", STR_ARG(want->prefix));
    ask(fact, s3_bucket_aborts_uploads(aws, arena, want->bucket, prefix, &fact->yes, &e), &e);
}

/* A member that may be one string or a list of them. */
static bool names(const struct json *node, const char *text)
{
    if (str_eq_z(json_str(node), text))
        return true;
    if (node == NULL || node->type != JSON_ARRAY)
        return false;
    JSON_EACH (item, node) {
        if (str_eq_z(json_str(item), text))
            return true;
    }
    return false;
}

/* https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html */
static bool trusts_sagemaker(const struct json *trust)
{
    const struct json *statements = json_get(trust, "Statement");
    bool single = statements != NULL && statements->type == JSON_OBJECT;
    for (const struct json *s = single               ? statements
                                : statements != NULL ? statements->first
                                                     : NULL;
         s != NULL; s = single ? NULL : s->next)
        if (str_eq(json_get_str(s, "Effect"), STR("Allow")) &&
            names(json_get(json_get(s, "Principal"), "Service"), "sagemaker.amazonaws.com"))
            return true;
    return false;
}

static void
ask_role(struct kinds *kinds, struct arena *arena, const struct want *want, struct facts *out)
{
    size_t slash = str_rindex(want->role, '/');
    if (slash == SIZE_MAX)
        return;
    struct iam_role role = {0};
    struct err e = {0};
    struct str name = str_from_index(want->role, slash + 1);
    if (!ask(&out->role, iam_role_get(kinds->aws, arena, name, &role, &e), &e))
        return;
    out->role.text = role.arn;
    out->role.yes = trusts_sagemaker(role.trust);
}

void kinds_diagnose(
    struct world *world, struct arena *arena, const struct want *want, struct facts *out)
{
    struct kinds *kinds = kinds_of(world);
    if (want == NULL) {
        ask_identity(kinds, arena, out);
        return;
    }
    ask_bucket(kinds, arena, want, out);
    ask_role(kinds, arena, want, out);
}
