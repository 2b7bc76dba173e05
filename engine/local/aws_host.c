#include "engine/local/aws_host.h"

/* To add a partition: its domain here, and among the endpoints of engine/aws. */
const char *const aws_host_domains[] = {"amazonaws.com", "amazonaws.com.cn", "api.aws", NULL};

enum { MAX_LABEL = 63 };

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_label(struct str label)
{
    if (label.len == 0 || label.len > MAX_LABEL || !is_word(label.ptr[0]) ||
        !is_word(label.ptr[label.len - 1]))
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (!is_word(label.ptr[i]) && label.ptr[i] != '-')
            return false;
    return true;
}

/* eu-west-1, us-gov-east-1, us-iso-west-1 */
static bool is_region(struct str label)
{
    size_t parts = 0;
    struct str rest = label, part = STR_NULL;
    while (str_split(&rest, '-', &part)) {
        parts++;
        bool last = str_is_null(rest);
        for (size_t i = 0; i < part.len; i++)
            if ((part.ptr[i] >= '0' && part.ptr[i] <= '9') != last)
                return false;
        if (part.len == 0)
            return false;
    }
    return parts >= 3;
}

/* Takes the last label off. */
static struct str pop(struct str *rest)
{
    size_t dot = str_rindex(*rest, '.');
    struct str label = dot == SIZE_MAX ? *rest : str_from_index(*rest, dot + 1);
    *rest = dot == SIZE_MAX ? STR("") : str_slice(*rest, 0, dot);
    return label;
}

static struct str without_domain(struct str host)
{
    struct str found = STR("");
    for (size_t i = 0; aws_host_domains[i] != NULL; i++) {
        struct str domain = str_from(aws_host_domains[i]);
        if (host.len > domain.len + 1 && str_ends(host, domain) &&
            host.ptr[host.len - domain.len - 1] == '.')
            found = str_slice(host, 0, host.len - domain.len - 1);
    }
    return found;
}

/* "s3", "s3-fips", "s3-accelerate", and the old form "s3-eu-west-1". */
static bool is_s3(struct str label, struct aws_host *host)
{
    if (str_eq_z(label, "s3") || str_eq_z(label, "s3-fips") || str_eq_z(label, "s3-accelerate"))
        return true;
    struct str region = str_from_index(label, 3);
    if (!str_starts(label, STR("s3-")) || !is_region(region))
        return false;
    host->region = region;
    return true;
}

/* rest: the labels in front of the region, at least one. */
static bool read_service(struct str name, struct str rest, struct aws_host *host)
{
    struct str whole = rest, last = pop(&rest);
    if (str_eq_z(last, "dualstack")) {
        whole = rest;
        last = pop(&rest);
    }
    if (is_s3(last, host)) {
        host->service = STR("s3");
        host->bucket = rest.len > 0 ? rest : STR_NULL;
        host->base = rest.len > 0 ? str_from_index(name, rest.len + 1) : name;
        return true;
    }
    host->service = whole;
    return whole.len > 0;
}

bool aws_host_read(struct str name, struct aws_host *out)
{
    struct aws_host host = {.base = name};
    struct str rest = name.len <= AWS_HOST_MAX ? without_domain(name) : STR("");
    struct str labels = rest, label;
    if (rest.len == 0)
        return false;
    while (str_split(&labels, '.', &label))
        if (!is_label(label))
            return false;
    struct str without = rest, last = pop(&without);
    if (is_region(last)) {
        host.region = last;
        rest = without;
    }
    if (rest.len == 0 || !read_service(name, rest, &host))
        return false;
    *out = host;
    return true;
}
