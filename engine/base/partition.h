/* engine/base/partition.h - AWS partitions by the name of a region: one table for signing hosts,
 * ARNs and images.
 *
 * botocore's data/partitions.json. To add a partition: one line in partition.c, before the last.
 */
#ifndef ENGINE_BASE_PARTITION_H
#define ENGINE_BASE_PARTITION_H

#include "engine/base/str.h"

struct partition {
    const char *region_prefix; /* "cn-" */
    const char *name;          /* "aws-cn" */
    const char *dns_suffix;    /* "amazonaws.com.cn" */
    const char *dual_suffix;   /* of dual-stack hosts, but for S3: "api.aws" */
    const char *iam_region;    /* IAM is one service per partition; its requests are signed so */
    /* The first labels of its host: plain, dual-stack, FIPS, both. FIPS is NULL where the partition
     * has none. */
    const char *iam_hosts[4];
};

/* Every region has one: what no prefix matches is "aws". */
const struct partition *partition_of(struct str region);

#endif
