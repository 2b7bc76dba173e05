/* The agent beside a container: ECS, EKS Pod Identity, Greengrass. The full URI could name anybody,
 * and whoever is asked is sent a token: over plain HTTP it may only be this machine, or the
 * addresses of AWS's own agents.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
#include "engine/aws/creds_metadata.h"

#include "engine/base/arena.h"
#include "engine/base/uri.h"

#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define TIMEOUT_MS 2000
#define ATTEMPTS 3
#define MAX_TOKEN_BYTES KIB(16)

struct creds_container {
    struct creds_provider base;
    struct creds_context context;
    struct creds_keys keys;
};

/* Four numbers and nothing else: "127.evil.example" is a name. */
static bool is_loopback_v4(struct str host)
{
    struct str rest = host, part;
    unsigned count = 0;
    while (str_split(&rest, '.', &part)) {
        uint64_t number;
        if (part.len > 3 || !str_to_u64(part, &number) || number > 255 ||
            (count == 0 && number != 127))
            return false;
        count++;
    }
    return count == 4;
}

static bool is_allowed(const struct url *url)
{
    static const char *const s_hosts[] = {
        "localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
    if (str_eq_nocase(url->scheme, STR("https")) || is_loopback_v4(url->host))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(s_hosts); i++)
        if (str_eq_nocase(url->host, str_from(s_hosts[i])))
            return true;
    return false;
}

static enum err_code
find_url(struct creds_container *self, struct arena *arena, struct str *ret_url, struct err *err)
{
    struct str path = creds_env_get(self->context.env, RELATIVE);
    struct str full = creds_env_get(self->context.env, FULL);
    if (str_is_null(path) && str_is_null(full))
        return err_set(err, ERR_NOT_FOUND, "neither " RELATIVE " nor " FULL " is set");
    const char *variable = str_is_null(path) ? FULL : RELATIVE;
    struct str text = full;
    if (!str_is_null(path)) { /* "@evil.example/" would make a host of it */
        if (path.ptr[0] != '/')
            return err_set(
                err, ERR_AUTH, RELATIVE " is '" STR_FMT "', which is no path", STR_ARG(path));
        text = str_fmt(arena, "http://169.254.170.2" STR_FMT, STR_ARG(path));
    }
    struct url url;
    struct err broken;
    if (url_parse(text, &url, &broken) != ERR_NONE)
        return err_set(err, ERR_AUTH, "%s is not a URL: %s", variable, broken.message);
    if (!is_allowed(&url)) {
        err_set(
            err, ERR_AUTH, "%s names the host '" STR_FMT "', which may not be asked in plain text",
            variable, STR_ARG(url.host));
        return err_hint(
            err, "use https, this machine (127.0.0.1, localhost, [::1]), or the agents of ECS and "
                 "EKS: 169.254.170.2, 169.254.170.23, [fd00:ec2::23]");
    }
    *ret_url = text;
    return ERR_NONE;
}

/* Read each time: EKS writes a new one into the file before the old one ends. */
static enum err_code
read_token(struct creds_container *self, struct arena *arena, struct str *out, struct err *err)
{
    struct str path = creds_env_get(self->context.env, TOKEN_FILE);
    struct str token = creds_env_get(self->context.env, TOKEN);
    enum err_code code = ERR_NONE;
    if (!str_is_null(path))
        code = creds_token_file(arena, path, "reading " TOKEN_FILE, &token, err);
    if (code != ERR_NONE || str_is_null(token))
        return code;
    /* "Bearer x" has a blank; a line end would begin another header. */
    for (size_t i = 0; i < token.len; i++)
        if (token.ptr[i] < 0x20 || token.ptr[i] >= 0x7F)
            return err_set(
                err, ERR_AUTH, "the token of the container's agent has a control character at %zu",
                i + 1);
    if (token.len > MAX_TOKEN_BYTES)
        return err_set(
            err, ERR_AUTH, "the token of the container's agent has %zu bytes, at most %zu",
            token.len, MAX_TOKEN_BYTES);
    *out = token;
    return ERR_NONE;
}

static enum err_code ask(struct creds_container *self, struct arena *arena, struct err *err)
{
    struct metadata_question question = {
        .method = "GET", .timeout_ms = TIMEOUT_MS, .attempts = ATTEMPTS};
    enum err_code code = find_url(self, arena, &question.url, err);
    if (code == ERR_NONE)
        code = read_token(self, arena, &question.header.value, err);
    if (code != ERR_NONE)
        return code;
    if (question.header.value.len > 0)
        question.header.name = STR("authorization");
    struct http_response response;
    code = metadata_ask(&self->context, arena, &question, &response, err);
    if (code != ERR_NONE)
        return err_wrap(err, "asking the container's agent for credentials");
    if (response.status != 200)
        return err_set(
            err, ERR_AUTH, "the container's agent at '" STR_FMT "' answered HTTP %d",
            STR_ARG(question.url), response.status);
    static const struct creds_names s_names = {"AccessKeyId", "SecretAccessKey", "Token",
                                               "Expiration",  "AccountId",       false};
    struct creds_raw raw;
    code = creds_raw_parse(
        arena, response.body, &s_names, "the answer of the container's agent", &raw, err);
    if (code == ERR_NONE)
        code = creds_keys_take(&self->keys, &raw, "the answer of the container's agent", err);
    return code;
}

static enum err_code
container_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct creds_container *self = (struct creds_container *) provider;
    AUTO(arena_close_wiped) struct arena *arena = arena_new("container credentials", MIB(4));
    enum err_code code = ask(self, arena, err);
    if (code == ERR_NONE)
        *ret_creds = &self->keys.creds;
    return code;
}

static void container_close(struct creds_provider *provider)
{
    struct creds_container *self = (struct creds_container *) provider;
    creds_keys_clear(&self->keys);
    xfree(self);
}

static const struct creds_provider_ops s_container_ops = {
    .name = "container", .get = container_get, .close = container_close};

struct creds_provider *creds_container_new(const struct creds_context *context)
{
    struct creds_container *self = xmalloc(sizeof(*self));
    *self = (struct creds_container){.base = {&s_container_ops}, .context = *context};
    self->keys.creds.renews = true;
    creds_keys_name(&self->keys, "the container's agent");
    return &self->base;
}
