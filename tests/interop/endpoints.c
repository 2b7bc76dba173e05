/* endpoints: where the client would send, for tests/interop/endpoints.py to compare.
 *
 * Each line of stdin is "SERVICE REGION FIPS DUALSTACK" (a word of s_services, a region, 0 or 1);
 * answered with "URL SIGNING-REGION", or "error MESSAGE". S3's URL is that of bucket "bkt".
 */
#include "engine/aws/endpoint.h"
#include "engine/base/arena.h"

#include <stdio.h>

/* In the order of AWS_SERVICE_LIST: botocore's names. */
static const char *const s_services[AWS_SERVICE_COUNT] = {
    [AWS_S3] = "s3",
    [AWS_SAGEMAKER] = "sagemaker",
    [AWS_RUNTIME] = "sagemaker-runtime",
    [AWS_STS] = "sts",
    [AWS_LOGS] = "logs",
    [AWS_IAM] = "iam",
    [AWS_SCALING] = "application-autoscaling",
    [AWS_CLOUDWATCH] = "cloudwatch",
};

static bool s_fips, s_dual;

static const char *switches(const char *name)
{
    if (strcmp(name, "AWS_USE_FIPS_ENDPOINT") == 0)
        return s_fips ? "true" : "false";
    if (strcmp(name, "AWS_USE_DUALSTACK_ENDPOINT") == 0)
        return s_dual ? "TRUE" : "False";
    return NULL;
}

static void answer(struct arena *arena, const char *name, const char *region)
{
    struct err err = {0};
    for (unsigned i = 0; i < AWS_SERVICE_COUNT; i++) {
        enum aws_service service = (enum aws_service) i;
        if (s_services[i] == NULL || strcmp(s_services[i], name) != 0)
            continue;
        struct endpoint_options options = {.region = str_from(region), .env = switches};
        struct endpoint endpoint;
        if (endpoint_find(arena, &options, service, &endpoint, &err) != ERR_NONE) {
            printf("error %s\n", err.message);
            return;
        }
        struct str bucket = service == AWS_S3 ? STR("bkt") : STR_NULL;
        struct str url = endpoint_url(arena, &endpoint, bucket, STR(""), STR(""));
        struct str signed_for = endpoint_sign_region(service, options.region);
        printf(STR_FMT " " STR_FMT "\n", STR_ARG(url), STR_ARG(signed_for));
        return;
    }
    printf("error no service %s\n", name);
}

int main(void)
{
    struct arena *arena = arena_new("endpoints", 0);
    char name[64], region[64];
    int fips, dual;
    while (scanf("%63s %63s %d %d", name, region, &fips, &dual) == 4) {
        s_fips = fips != 0;
        s_dual = dual != 0;
        arena_reset(arena);
        answer(arena, name, region);
    }
    arena_free(arena);
    return 0;
}
