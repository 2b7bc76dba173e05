/* engine/aws/endpoint.h - where a service of a region is, and under which names it is known.
 *
 * Order of overrides, first wins: --endpoint-url, AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the
 * profile's `services` section, the profile's endpoint_url.
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true (or the profile's ignore_configured_endpoint_urls) turns
 * off all but the first. Else the host is that of the region's partition, and
 * AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT (use_fips_endpoint, use_dualstack_endpoint in
 * the profile) choose among its names; with a configured URL they are refused, as in AWS's clients.
 * S3's style of addressing is the profile's `s3 = addressing_style`. tests/interop/endpoints.py
 * compares what comes out with botocore's resolver.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
 */
#ifndef ENGINE_AWS_ENDPOINT_H
#define ENGINE_AWS_ENDPOINT_H

#include "engine/aws/aws.h"

struct service_info {
    const char *host;   /* first labels of the host name */
    const char *sign;   /* signing name, and the prefix of IAM actions */
    const char *suffix; /* of AWS_ENDPOINT_URL_*; in lower case the key in `services` */
    const char *target; /* X-Amz-Target prefix of json-1.1 services, or "" */
    size_t width;       /* requests at once */
};
const struct service_info *service_info(enum aws_service service);

struct endpoint {
    struct str base;    /* no slash at the end */
    bool custom;        /* configured, not derived */
    bool virtual_hosts; /* S3: the bucket is part of the host's name where that can be */
};

struct endpoint_options {
    struct str region, endpoint_url;
    env_fn *env;
    const struct profile *profile;
};

/* ERR_USAGE when a configured URL or switch is none, or they exclude each other; the message names
 * where it was configured. */
enum err_code endpoint_find(
    struct arena *arena,
    const struct endpoint_options *options,
    enum aws_service service,
    struct endpoint *ret_endpoint,
    struct err *err) MUST_USE;

/* The region a request is signed for: the session's, or the one where the partition has its IAM. */
struct str endpoint_sign_region(enum aws_service service, struct str region);

/* The URL of a request. bucket is null for everything but S3; path starts with '/', is encoded;
 * query is encoded, without '?', and may be empty. */
struct str endpoint_url(
    struct arena *arena,
    const struct endpoint *endpoint,
    struct str bucket,
    struct str path,
    struct str query);

/* Lower-case letters, digits, single dashes inside: "us-east-1". */
bool endpoint_region_ok(struct str region);

#endif
