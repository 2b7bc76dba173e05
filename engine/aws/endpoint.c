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

/* The configured URL, or null; where says who configured it. */
static struct str configured_url(
    struct arena *arena,
    const struct endpoint_options *options,
    const struct service_info *info,
    const char **ret_where)
{
    *ret_where = "--endpoint-url";
    if (options->endpoint_url.len > 0)
        return options->endpoint_url;
    if (str_eq_nocase(env_value(options->env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), STR("true")))
        return STR_NULL;
    const char *variable = str_fmt(arena, "AWS_ENDPOINT_URL_%s", info->suffix).ptr;
    struct str url = env_value(options->env, variable);
    *ret_where = variable;
    if (str_is_null(url)) {
        url = env_value(options->env, "AWS_ENDPOINT_URL");
        *ret_where = "AWS_ENDPOINT_URL";
    }
    if (str_is_null(url)) {
        url = profile_endpoint_url(options->profile, str_lower(arena, str_from(info->suffix)));
        *ret_where = "the profile's endpoint_url";
    }
    return url;
}

enum err_code endpoint_find(
    struct arena *arena,
    const struct endpoint_options *options,
    enum aws_service service,
    struct endpoint *ret_endpoint,
    struct err *err)
{
    const struct service_info *info = service_info(service);
    const char *where;
    struct str configured = configured_url(arena, options, info, &where);
    if (str_is_null(configured) || configured.len == 0) {
        const struct partition *partition = partition_of(options->region);
        *ret_endpoint = (struct endpoint){
            .base =
                service == AWS_IAM
                    ? str_fmt(arena, "https://%s.%s", partition->iam_host, partition->dns_suffix)
                    : str_fmt(
                          arena, "https://%s." STR_FMT ".%s", info->host, STR_ARG(options->region),
                          partition->dns_suffix),
        };
        return ERR_NONE;
    }
    struct url url;
    struct err local;
    if (url_parse(configured, &url, &local) != ERR_NONE || url.query.len > 0) {
        err_set(err, ERR_USAGE, "%s is not a URL: '" STR_FMT "'", where, STR_ARG(configured));
        return err_hint(err, "it looks like http://127.0.0.1:4566 or https://host.example");
    }
    while (str_ends(configured, STR("/")))
        configured.len--;
    *ret_endpoint = (struct endpoint){.base = str_dup(arena, configured), .custom = true};
    return ERR_NONE;
}

struct str endpoint_sign_region(enum aws_service service, struct str region)
{
    return service == AWS_IAM ? str_from(partition_of(region)->iam_region) : region;
}

/* Under https a dot in the bucket's name would not be covered by the wildcard certificate. */
static bool is_virtual_hosted(const struct endpoint *endpoint, struct str bucket)
{
    if (endpoint->custom || bucket.len < 3)
        return false;
    for (size_t i = 0; i < bucket.len; i++) {
        char c = bucket.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return true;
}

struct str endpoint_url(
    struct arena *arena,
    const struct endpoint *endpoint,
    struct str bucket,
    struct str path,
    struct str query)
{
    const char *mark = query.len > 0 ? "?" : "";
    struct str base = endpoint->base;
    if (str_is_null(bucket))
        return str_fmt(
            arena, STR_FMT STR_FMT "%s" STR_FMT, STR_ARG(base), STR_ARG(path), mark,
            STR_ARG(query));
    if (is_virtual_hosted(endpoint, bucket)) {
        struct str host = str_from_index(base, strlen("https://"));
        return str_fmt(
            arena, "https://" STR_FMT "." STR_FMT STR_FMT "%s" STR_FMT, STR_ARG(bucket),
            STR_ARG(host), STR_ARG(path), mark, STR_ARG(query));
    }
    /* Operations on the bucket itself have no slash behind its name. */
    struct str tail = str_eq_z(path, "/") ? STR("") : path;
    return str_fmt(
        arena, STR_FMT "/" STR_FMT STR_FMT "%s" STR_FMT, STR_ARG(base),
        STR_ARG(uri_encoded(arena, bucket, false)), STR_ARG(tail), mark, STR_ARG(query));
}
