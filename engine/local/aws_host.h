/* engine/local/aws_host.h - what the name of an AWS host says: service, region, bucket.
 *
 * The forms of https://docs.aws.amazon.com/general/latest/gr/rande.html: global
 * (iam.amazonaws.com), regional (logs.eu-west-1.amazonaws.com), of two words
 * (runtime.sagemaker.eu-west-1...), FIPS (sts-fips..., s3-fips...), dual-stack
 * (s3.dualstack.<region>.amazonaws.com, logs.<region>.api.aws), China (...amazonaws.com.cn), and
 * S3's with a bucket in front. A pure function of bytes.
 */
#ifndef ENGINE_LOCAL_AWS_HOST_H
#define ENGINE_LOCAL_AWS_HOST_H

#include "engine/base/str.h"

enum { AWS_HOST_MAX = 253 }; /* RFC 1035 */

struct aws_host {
    struct str service; /* as it is written: "runtime.sagemaker", "sts-fips"; of S3 always "s3" */
    struct str region;  /* null when the name has none */
    struct str bucket;  /* S3: null when the name has none */
    struct str base;    /* the name without the bucket */
};

/* Views into `host`, which is lower case and has no port. false: not a host of AWS. */
bool aws_host_read(struct str host, struct aws_host *out);

/* The domains they are all in, for certificates; ends with NULL. */
extern const char *const aws_host_domains[];

#endif
