#include "engine/base/partition.h"

/* The last row is every other region. */
static const struct partition s_partitions[] = {
    {"cn-",
     "aws-cn",
     "amazonaws.com.cn",
     "api.amazonwebservices.com.cn",
     "cn-north-1",
     {"iam.cn-north-1", "iam.global", NULL, NULL}},
    {"us-gov-",
     "aws-us-gov",
     "amazonaws.com",
     "api.aws",
     "us-gov-west-1",
     {"iam.us-gov", "iam.us-gov", "iam.us-gov", "iam.us-gov"}},
    {"us-isob-",
     "aws-iso-b",
     "sc2s.sgov.gov",
     "api.aws.scloud",
     "us-isob-east-1",
     {"iam.us-isob-east-1", "iam", "iam-fips.us-isob-east-1", "iam-fips"}},
    {"us-isof-",
     "aws-iso-f",
     "csp.hci.ic.gov",
     "api.aws.hci.ic.gov",
     "us-isof-south-1",
     {"iam.us-isof-south-1", "iam", "iam-fips", "iam-fips"}},
    {"us-iso-",
     "aws-iso",
     "c2s.ic.gov",
     "api.aws.ic.gov",
     "us-iso-east-1",
     {"iam.us-iso-east-1", "iam", "iam-fips.us-iso-east-1", "iam-fips"}},
    {"eu-isoe-",
     "aws-iso-e",
     "cloud.adc-e.uk",
     "api.cloud-aws.adc-e.uk",
     "eu-isoe-west-1",
     {"iam.eu-isoe-west-1", "iam", "iam-fips", "iam-fips"}},
    {"eusc-",
     "aws-eusc",
     "amazonaws.eu",
     "api.amazonwebservices.eu",
     "eusc-de-east-1",
     {"iam.eusc-de-east-1", "iam", "iam-fips", "iam-fips"}},
    {"",
     "aws",
     "amazonaws.com",
     "api.aws",
     "us-east-1",
     {"iam", "iam.global", "iam-fips", "iam-fips.global"}},
};

const struct partition *partition_of(struct str region)
{
    size_t i = 0;
    while (!str_starts(region, str_from(s_partitions[i].region_prefix)))
        i++;
    return &s_partitions[i];
}
