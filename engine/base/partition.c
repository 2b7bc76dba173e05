#include "engine/base/partition.h"

/* The last row is every other region. */
static const struct partition s_partitions[] = {
    {"cn-", "aws-cn", "amazonaws.com.cn", "iam.cn-north-1", "cn-north-1"},
    {"us-gov-", "aws-us-gov", "amazonaws.com", "iam.us-gov", "us-gov-west-1"},
    {"us-isob-", "aws-iso-b", "sc2s.sgov.gov", "iam.us-isob-east-1", "us-isob-east-1"},
    {"us-isof-", "aws-iso-f", "csp.hci.ic.gov", "iam.us-isof-south-1", "us-isof-south-1"},
    {"us-iso-", "aws-iso", "c2s.ic.gov", "iam.us-iso-east-1", "us-iso-east-1"},
    {"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "iam.eu-isoe-west-1", "eu-isoe-west-1"},
    {"eusc-", "aws-eusc", "amazonaws.eu", "iam.eusc-de-east-1", "eusc-de-east-1"},
    {"", "aws", "amazonaws.com", "iam", "us-east-1"},
};

const struct partition *partition_of(struct str region)
{
    size_t i = 0;
    while (!str_starts(region, str_from(s_partitions[i].region_prefix)))
        i++;
    return &s_partitions[i];
}
