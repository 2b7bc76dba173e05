#include "engine/cost/price.h"

static const struct price s_prices[] = {
    {"ml.t2.medium", 2, 4, 0.056},      {"ml.t2.large", 2, 8, 0.111},
    {"ml.m5.large", 2, 8, 0.115},       {"ml.m5.xlarge", 4, 16, 0.23},
    {"ml.m5.2xlarge", 8, 32, 0.461},    {"ml.m5.4xlarge", 16, 64, 0.922},
    {"ml.m5.12xlarge", 48, 192, 2.765}, {"ml.m5.24xlarge", 96, 384, 5.53},
    {"ml.m5d.large", 2, 8, 0.136},      {"ml.m5d.xlarge", 4, 16, 0.271},
    {"ml.m6i.large", 2, 8, 0.115},      {"ml.m6i.xlarge", 4, 16, 0.23},
    {"ml.m6i.2xlarge", 8, 32, 0.461},   {"ml.m6i.4xlarge", 16, 64, 0.922},
    {"ml.m7i.large", 2, 8, 0.121},      {"ml.m7i.xlarge", 4, 16, 0.242},
    {"ml.m7i.2xlarge", 8, 32, 0.484},   {"ml.c5.large", 2, 4, 0.102},
    {"ml.c5.xlarge", 4, 8, 0.204},      {"ml.c5.2xlarge", 8, 16, 0.408},
    {"ml.c5.4xlarge", 16, 32, 0.816},   {"ml.c5.9xlarge", 36, 72, 1.836},
    {"ml.c5.18xlarge", 72, 144, 3.672}, {"ml.c6i.large", 2, 4, 0.102},
    {"ml.c6i.xlarge", 4, 8, 0.204},     {"ml.c6i.2xlarge", 8, 16, 0.408},
    {"ml.c7i.large", 2, 4, 0.107},      {"ml.c7i.xlarge", 4, 8, 0.214},
    {"ml.c7i.2xlarge", 8, 16, 0.428},   {"ml.r5.large", 2, 16, 0.151},
    {"ml.r5.xlarge", 4, 32, 0.302},     {"ml.r5.2xlarge", 8, 64, 0.605},
    {"ml.r5.4xlarge", 16, 128, 1.21},   {"ml.r6i.large", 2, 16, 0.151},
    {"ml.r6i.xlarge", 4, 32, 0.302},    {"ml.g4dn.xlarge", 4, 16, 0.7364},
    {"ml.g4dn.2xlarge", 8, 32, 0.94},   {"ml.g4dn.4xlarge", 16, 64, 1.505},
    {"ml.g5.xlarge", 4, 16, 1.41},      {"ml.g5.2xlarge", 8, 32, 1.52},
    {"ml.g5.4xlarge", 16, 64, 2.03},    {"ml.g6.xlarge", 4, 16, 1.127},
    {"ml.g6.2xlarge", 8, 32, 1.222},    {"ml.inf2.xlarge", 4, 16, 0.99},
    {"ml.p3.2xlarge", 8, 61, 3.825},
};

const struct price *price_find(struct str type)
{
    for (size_t i = 0; i < ARRAY_LEN(s_prices); i++)
        if (str_eq_z(type, s_prices[i].type))
            return &s_prices[i];
    return NULL;
}

size_t price_count(void)
{
    return ARRAY_LEN(s_prices);
}

const struct price *price_at(size_t index)
{
    return &s_prices[index];
}
