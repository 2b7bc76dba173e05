/* The role of the EC2 instance, by version 2 of the metadata service: a token is asked for with
 * PUT, which neither a redirected GET nor a request forged through some server can send.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html */
#include "engine/aws/creds_metadata.h"

#include "engine/aws/profile.h"
#include "engine/base/arena.h"
#include "engine/base/log.h"
#include "engine/base/uri.h"

#define TOKEN_SECONDS "21600"
#define ROLES "/latest/meta-data/iam/security-credentials/"
#define MAX_TOKEN_BYTES KIB(4)
#define EXTENDED_MS INT64_C(900000)

struct creds_imds {
    struct creds_provider base;
    struct creds_context context;
    struct creds_keys keys;
};

/* A variable, or the profile's key. */
static struct str setting(const struct creds_imds *self, const char *variable, const char *key)
{
    struct str value = creds_env_get(self->context.env, variable);
    return str_is_null(value) ? profile_get(self->context.profile, key) : value;
}

static enum err_code read_number(
    const struct creds_imds *self,
    const char *variable,
    const char *key,
    uint64_t *out,
    struct err *err)
{
    struct str value = setting(self, variable, key);
    if (value.len > 0 && (!str_to_u64(value, out) || *out < 1 || *out > 100))
        return err_set(
            err, ERR_AUTH, "%s is '" STR_FMT "', not a number from 1 to 100", variable,
            STR_ARG(value));
    return ERR_NONE;
}

static enum err_code find_base(const struct creds_imds *self, struct str *ret_base, struct err *err)
{
    struct str base =
        setting(self, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
    struct str mode = setting(
        self, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
    struct url url;
    struct err broken;
    if (mode.len > 0 && !str_eq_nocase(mode, STR("ipv4")) && !str_eq_nocase(mode, STR("ipv6")))
        return err_set(
            err, ERR_AUTH,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is '" STR_FMT "', neither IPv4 nor IPv6",
            STR_ARG(mode));
    if (base.len == 0)
        base = str_eq_nocase(mode, STR("ipv6")) ? STR("http://[fd00:ec2::254]")
                                                : STR("http://169.254.169.254");
    if (url_parse(base, &url, &broken) != ERR_NONE || url.query.len > 0)
        return err_set(
            err, ERR_AUTH, "AWS_EC2_METADATA_SERVICE_ENDPOINT is not a URL: '" STR_FMT "'",
            STR_ARG(base));
    while (str_ends(base, STR("/")))
        base.len--;
    *ret_base = base;
    return ERR_NONE;
}

/* Not on EC2, most often: then nobody answers, or somebody who is no metadata service. */
static enum err_code ask_token(
    struct creds_imds *self,
    struct arena *arena,
    struct str base,
    struct metadata_question *question,
    struct err *err)
{
    struct http_response response;
    question->method = "PUT";
    question->url = str_fmt(arena, STR_FMT "/latest/api/token", STR_ARG(base));
    question->header =
        (struct http_header){STR("x-aws-ec2-metadata-token-ttl-seconds"), STR(TOKEN_SECONDS)};
    enum err_code code = metadata_ask(&self->context, arena, question, &response, err);
    if (code == ERR_CANCELLED)
        return code;
    if (code != ERR_NONE)
        return err_set(
            err, ERR_NOT_FOUND,
            "'" STR_FMT "' does not answer: this is no EC2 instance, or a "
            "container on one whose hop limit is 1",
            STR_ARG(base));
    if (response.status == 400)
        return err_set(
            err, ERR_AUTH, "the instance's metadata service at '" STR_FMT "' answered HTTP 400",
            STR_ARG(base));
    if (response.status != 200 || !creds_text_ok(response.body, MAX_TOKEN_BYTES))
        return err_set(
            err, ERR_NOT_FOUND, "'" STR_FMT "' gives no token of IMDSv2 (HTTP %d)", STR_ARG(base),
            response.status);
    question->method = "GET";
    question->header = (struct http_header){STR("x-aws-ec2-metadata-token"), response.body};
    return ERR_NONE;
}

static enum err_code ask_role(
    struct creds_imds *self,
    struct arena *arena,
    struct str base,
    struct metadata_question *question,
    struct str *ret_role,
    struct err *err)
{
    struct http_response response;
    question->url = str_fmt(arena, STR_FMT ROLES, STR_ARG(base));
    enum err_code code = metadata_ask(&self->context, arena, question, &response, err);
    if (code != ERR_NONE)
        return err_wrap(err, "asking the instance for its role");
    if (response.status == 404)
        return err_set(err, ERR_NOT_FOUND, "the instance has no role");
    struct str rest = response.body, role = STR_NULL;
    str_split(&rest, '\n', &role);
    role = str_trim(role);
    if (response.status != 200 || !creds_text_ok(role, 64))
        return err_set(
            err, ERR_AUTH, "the instance's metadata service does not name a role (HTTP %d)",
            response.status);
    *ret_role = role;
    return ERR_NONE;
}

/* The service itself sometimes gives a set that is over, and AWS takes it all the same: botocore's
 * InstanceMetadataFetcher._evaluate_expiration(). */
static void extend(struct creds_imds *self, struct creds_raw *raw)
{
    int64_t now_ms = clock_wall_ms(self->context.clock);
    if (raw->expires_ms == 0 || raw->expires_ms > now_ms)
        return;
    raw->expires_ms =
        now_ms + EXTENDED_MS + 120000 + (int64_t) rng_below(self->context.rng, 480000);
    log_debug("aws", "the instance's credentials are over; they are used until it has new ones");
}

static enum err_code ask(struct creds_imds *self, struct arena *arena, struct err *err)
{
    struct str base, role;
    uint64_t seconds = 1, attempts = 1;
    enum err_code code = find_base(self, &base, err);
    if (code == ERR_NONE)
        code = read_number(
            self, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout", &seconds, err);
    if (code == ERR_NONE)
        code = read_number(
            self, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts", &attempts,
            err);
    struct metadata_question question = {
        .timeout_ms = (int64_t) seconds * 1000, .attempts = (unsigned) attempts};
    if (code == ERR_NONE)
        code = ask_token(self, arena, base, &question, err);
    if (code == ERR_NONE)
        code = ask_role(self, arena, base, &question, &role, err);
    if (code != ERR_NONE)
        return code;
    struct http_response response;
    question.url = str_fmt(
        arena, STR_FMT ROLES STR_FMT, STR_ARG(base), STR_ARG(uri_encoded(arena, role, false)));
    code = metadata_ask(&self->context, arena, &question, &response, err);
    if (code != ERR_NONE)
        return err_wrap(err, "asking the instance for credentials");
    if (response.status != 200)
        return err_set(
            err, ERR_AUTH,
            "the instance's metadata service answered HTTP %d for role '" STR_FMT "'",
            response.status, STR_ARG(role));
    static const struct creds_names s_names = {"AccessKeyId", "SecretAccessKey", "Token",
                                               "Expiration",  "AccountId",       false};
    const char *from = "the answer of the instance's metadata service";
    struct creds_raw raw;
    code = creds_raw_parse(arena, response.body, &s_names, from, &raw, err);
    if (code != ERR_NONE)
        return code;
    extend(self, &raw);
    creds_keys_name(&self->keys, "the instance's role '" STR_FMT "'", STR_ARG(role));
    return creds_keys_take(&self->keys, &raw, from, err);
}

static enum err_code
imds_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct creds_imds *self = (struct creds_imds *) provider;
    if (creds_env_true(self->context.env, "AWS_EC2_METADATA_DISABLED"))
        return err_set(err, ERR_NOT_FOUND, "AWS_EC2_METADATA_DISABLED is true");
    AUTO(arena_close_wiped) struct arena *arena = arena_new("instance metadata", MIB(4));
    enum err_code code = ask(self, arena, err);
    if (code == ERR_NONE)
        *ret_creds = &self->keys.creds;
    return code;
}

static void imds_close(struct creds_provider *provider)
{
    struct creds_imds *self = (struct creds_imds *) provider;
    creds_keys_clear(&self->keys);
    xfree(self);
}

static const struct creds_provider_ops s_imds_ops = {
    .name = "instance metadata", .get = imds_get, .close = imds_close};

struct creds_provider *creds_imds_new(const struct creds_context *context)
{
    struct creds_imds *self = xmalloc(sizeof(*self));
    *self = (struct creds_imds){.base = {&s_imds_ops}, .context = *context};
    self->keys.creds.renews = true;
    return &self->base;
}
