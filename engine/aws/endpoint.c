#include "engine/aws/endpoint.h"

#include "engine/base/partition.h"

#include "engine/aws/profile.h"
#include "engine/base/arena.h"
#include "engine/base/uri.h"

static const struct service_info s_services[] = {
#define SERVICE_ROW(id, host, sign, suffix, target, width) {host, sign, suffix, target, width},
    AWS_SERVICE_LIST(SERVICE_ROW)
#undef SERVICE_ROW
};

const struct service_info *service_info(enum aws_service service)
{
    return &s_services[service];
}

bool endpoint_region_ok(struct str region)
{
    bool dash = true; /* none at the start, none after another */
    for (size_t i = 0; i < region.len; i++) {
        char c = region.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && (c != '-' || dash))
            return false;
        dash = c == '-';
    }
    return region.len >= 3 && region.len <= 32 && !dash;
}

static struct str env_value(env_fn *env, const char *name)
{
    struct str value = str_from(env != NULL ? env(name) : NULL);
    return value.len > 0 ? value : STR_NULL;
}

/* ---- what is configured ---- */

struct setting {
    struct str value;
    const char *where; /* for messages */
};

/* The variable, else the profile's key. */
static struct setting
setting_of(const struct endpoint_options *options, const char *variable, const char *key)
{
    struct setting out = {env_value(options->env, variable), variable};
    if (str_is_null(out.value))
        out = (struct setting){profile_get(options->profile, key), key};
    return out;
}

/* A switch that was meant to be on must not be off for its spelling. */
static enum err_code read_switch(
    const struct endpoint_options *options,
    const char *variable,
    const char *key,
    struct setting *ret_setting,
    bool *ret_on,
    struct err *err)
{
    struct setting setting = setting_of(options, variable, key);
    bool on = str_eq_nocase(setting.value, STR("true"));
    if (setting.value.len > 0 && !on && !str_eq_nocase(setting.value, STR("false"))) {
        err_set(
            err, ERR_USAGE, "%s is '" STR_FMT "', not true or false", setting.where,
            STR_ARG(setting.value));
        return err_hint(err, "write true or false, or leave it out");
    }
    *ret_setting = setting;
    *ret_on = on;
    return ERR_NONE;
}

/* The configured URL, or null; where says who configured it. */
static struct setting configured_url(
    struct arena *arena,
    const struct endpoint_options *options,
    const struct service_info *info,
    bool ignored)
{
    struct setting out = {options->endpoint_url, "--endpoint-url"};
    if (out.value.len > 0)
        return out;
    if (ignored)
        return (struct setting){STR_NULL, NULL};
    out.where = str_fmt(arena, "AWS_ENDPOINT_URL_%s", info->suffix).ptr;
    out.value = env_value(options->env, out.where);
    if (str_is_null(out.value))
        out = (struct setting){env_value(options->env, "AWS_ENDPOINT_URL"), "AWS_ENDPOINT_URL"};
    if (str_is_null(out.value))
        out = (struct setting){
            profile_endpoint_url(options->profile, str_lower(arena, str_from(info->suffix))),
            "the profile's endpoint_url"};
    return out;
}

enum s3_style { S3_STYLE_AUTO, S3_STYLE_VIRTUAL, S3_STYLE_PATH };

static enum err_code
read_s3_style(const struct endpoint_options *options, enum s3_style *ret_style, struct err *err)
{
    static const char *const s_names[] = {"auto", "virtual", "path"};
    struct str value = profile_get_nested(options->profile, "s3", "addressing_style");
    *ret_style = S3_STYLE_AUTO;
    for (size_t i = 0; i < ARRAY_LEN(s_names); i++) {
        if (str_eq_z(value, s_names[i])) {
            *ret_style = (enum s3_style) i;
            return ERR_NONE;
        }
    }
    if (value.len == 0)
        return ERR_NONE;
    err_set(
        err, ERR_USAGE, "the profile's s3 addressing_style is '" STR_FMT "', not %s, %s or %s",
        STR_ARG(value), s_names[0], s_names[1], s_names[2]);
    return err_hint(err, "write one of these below 's3 =', or leave it out");
}

static enum err_code custom_endpoint(
    struct arena *arena, const struct setting *configured, struct endpoint *ret, struct err *err)
{
    struct url url;
    struct err local;
    struct str base = configured->value;
    if (url_parse(base, &url, &local) != ERR_NONE || url.query.len > 0) {
        err_set(err, ERR_USAGE, "%s is not a URL: '" STR_FMT "'", configured->where, STR_ARG(base));
        return err_hint(err, "it looks like http://127.0.0.1:4566 or https://host.example");
    }
    while (str_ends(base, STR("/")))
        base.len--;
    *ret = (struct endpoint){.base = str_dup(arena, base), .custom = true};
    return ERR_NONE;
}

/* ---- the partitions' hosts ---- */

/* What FIPS hosts are called. A service without a row has "-fips" behind its name, and in GovCloud,
 * where every host is one, its usual name. Both for IPv4 alone; other partitions and dual-stack
 * hosts say "-fips". botocore/data/<service>/<version>/endpoint-rule-set-1.json of 1.43. */
static const struct {
    const char *aws, *gov, *other, *gov_dual;
} s_fips[AWS_SERVICE_COUNT] = {
    [AWS_S3] = {"s3-fips", "s3-fips", "s3-fips", "s3-fips"},
    [AWS_SAGEMAKER] =
        {"api-fips.sagemaker", "api-fips.sagemaker", "api.sagemaker-fips", "api.sagemaker-fips"},
    [AWS_RUNTIME] =
        {"runtime-fips.sagemaker", "runtime.sagemaker", "runtime.sagemaker-fips",
         "runtime.sagemaker-fips"},
    [AWS_CLOUDWATCH] = {"monitoring-fips", "monitoring", "monitoring-fips", "monitoring"},
};

static const char *fips_host(
    struct arena *arena, enum aws_service service, const struct partition *partition, bool dual)
{
    const char *usual = service_info(service)->host;
    bool gov = strcmp(partition->name, "aws-us-gov") == 0;
    bool aws = strcmp(partition->name, "aws") == 0;
    if (s_fips[service].aws == NULL)
        return gov && !dual ? usual : str_fmt(arena, "%s-fips", usual).ptr;
    if (gov)
        return dual ? s_fips[service].gov_dual : s_fips[service].gov;
    return aws && !dual ? s_fips[service].aws : s_fips[service].other;
}

static struct str
derived_base(struct arena *arena, enum aws_service service, struct str region, bool fips, bool dual)
{
    const struct partition *partition = partition_of(region);
    const char *suffix = dual ? partition->dual_suffix : partition->dns_suffix;
    if (service == AWS_IAM)
        return str_fmt(
            arena, "https://%s.%s", partition->iam_hosts[(fips ? 2 : 0) + (dual ? 1 : 0)], suffix);
    const char *host =
        fips ? fips_host(arena, service, partition, dual) : service_info(service)->host;
    if (service == AWS_S3) { /* older than the suffix of dual-stack hosts */
        suffix = partition->dns_suffix;
        if (dual)
            host = str_fmt(arena, "%s.dualstack", host).ptr;
    }
    return str_fmt(arena, "https://%s." STR_FMT ".%s", host, STR_ARG(region), suffix);
}

static enum err_code
exclude(const struct setting *one, const char *what, const struct setting *other, struct err *err)
{
    err_set(
        err, ERR_USAGE, "%s asks for %s endpoints, and %s names another: '" STR_FMT "'", one->where,
        what, other->where, STR_ARG(other->value));
    return err_hint(
        err, "leave one of them out; AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true passes over "
             "configured URLs");
}

enum err_code endpoint_find(
    struct arena *arena,
    const struct endpoint_options *options,
    enum aws_service service,
    struct endpoint *ret_endpoint,
    struct err *err)
{
    struct setting fips_setting, dual_setting, ignore_setting;
    bool fips, dual, ignored;
    enum s3_style style = S3_STYLE_AUTO;
    enum err_code code = read_switch(
        options, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", &fips_setting, &fips, err);
    if (code == ERR_NONE)
        code = read_switch(
            options, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", &dual_setting, &dual,
            err);
    if (code == ERR_NONE)
        code = read_switch(
            options, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls",
            &ignore_setting, &ignored, err);
    if (code == ERR_NONE && service == AWS_S3)
        code = read_s3_style(options, &style, err);
    if (code != ERR_NONE)
        return code;

    struct setting configured = configured_url(arena, options, service_info(service), ignored);
    struct endpoint endpoint = {.custom = false};
    if (configured.value.len > 0) {
        if (fips || dual)
            return exclude(
                fips ? &fips_setting : &dual_setting, fips ? "FIPS" : "dual-stack", &configured,
                err);
        code = custom_endpoint(arena, &configured, &endpoint, err);
        if (code != ERR_NONE)
            return code;
    } else if (fips && partition_of(options->region)->iam_hosts[2] == NULL) {
        err_set(
            err, ERR_USAGE, "%s is true, and region '" STR_FMT "' has no FIPS endpoints",
            fips_setting.where, STR_ARG(options->region));
        return err_hint(err, "leave it out, or use a region of another partition than China's");
    } else {
        endpoint.base = derived_base(arena, service, options->region, fips, dual);
    }
    endpoint.virtual_hosts =
        style == S3_STYLE_VIRTUAL || (style == S3_STYLE_AUTO && !endpoint.custom);
    *ret_endpoint = endpoint;
    return ERR_NONE;
}

struct str endpoint_sign_region(enum aws_service service, struct str region)
{
    return service == AWS_IAM ? str_from(partition_of(region)->iam_region) : region;
}

/* ---- URLs ---- */

/* An address is no name that a bucket could be put before. */
static bool is_address(struct str host)
{
    bool address = host.len > 0;
    for (size_t i = 0; i < host.len && address; i++)
        address = (host.ptr[i] >= '0' && host.ptr[i] <= '9') || host.ptr[i] == '.';
    return address || str_starts(host, STR("["));
}

/* Under https a dot in the bucket's name would not be covered by the wildcard certificate. */
static bool is_virtual_hosted(const struct endpoint *endpoint, struct str bucket)
{
    if (!endpoint->virtual_hosts || bucket.len < 3)
        return false;
    for (size_t i = 0; i < bucket.len; i++) {
        char c = bucket.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    struct url url;
    struct err ignored;
    return url_parse(endpoint->base, &url, &ignored) == ERR_NONE && !is_address(url.host);
}

struct str endpoint_url(
    struct arena *arena,
    const struct endpoint *endpoint,
    struct str bucket,
    struct str path,
    struct str query)
{
    struct str mark = query.len > 0 ? STR("?") : STR(""), base = endpoint->base;
    if (str_is_null(bucket)) {
        const struct str parts[] = {base, path, mark, query};
        return str_join(arena, parts, ARRAY_LEN(parts), STR(""));
    }
    if (is_virtual_hosted(endpoint, bucket)) {
        size_t host = str_find(base, STR("://")) + 3;
        const struct str parts[] = {str_slice(base, 0, host),
                                    bucket,
                                    STR("."),
                                    str_from_index(base, host),
                                    path,
                                    mark,
                                    query};
        return str_join(arena, parts, ARRAY_LEN(parts), STR(""));
    }
    /* Operations on the bucket itself have no slash behind its name. */
    struct str tail = str_eq_z(path, "/") ? STR("") : path;
    const struct str parts[] = {base, STR("/"), uri_encoded(arena, bucket, false),
                                tail, mark,     query};
    return str_join(arena, parts, ARRAY_LEN(parts), STR(""));
}
