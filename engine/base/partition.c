#include "engine/base/partition.h"

/* The last row is every other region. */
static const struct partition s_partitions[] = {
    {"cn-", "aws-cn", "amazonaws.com.cn"},      {"us-gov-", "aws-us-gov", "amazonaws.com"},
    {"us-isob-", "aws-iso-b", "sc2s.sgov.gov"}, {"us-isof-", "aws-iso-f", "csp.hci.ic.gov"},
    {"us-iso-", "aws-iso", "c2s.ic.gov"},       {"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"},
    {"eusc-", "aws-eusc", "amazonaws.eu"},      {"", "aws", "amazonaws.com"},
};

const struct partition *partition_of(struct str region)
{
    size_t i = 0;
    while (!str_starts(region, str_from(s_partitions[i].region_prefix)))
        i++;
    return &s_partitions[i];
}
