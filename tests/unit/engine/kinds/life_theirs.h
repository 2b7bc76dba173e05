/* tests/unit/engine/kinds/life_theirs.h - a bucket, and an endpoint, that somebody made by hand. */
#ifndef TESTS_UNIT_ENGINE_KINDS_LIFE_THEIRS_H
#define TESTS_UNIT_ENGINE_KINDS_LIFE_THEIRS_H

#include "tests/unit/engine/kinds/life.h"

static inline void
theirs_bucket_work(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    (void) arg;
    life->code = s3_bucket_create(aws, r->arena, STR("life-bucket"), &life->err);
}

static inline void theirs_bucket(struct life *life)
{
    life_run(life, theirs_bucket_work, NULL);
    assert_ok(life->code, &life->err);
}

static inline void theirs_make(struct life *life, const char *operation, const char *text)
{
    struct json *body = NULL;
    struct err err = {0};
    assert_ok(json_parse(life->arena, life_quoted(life, text), KIB(64), &body, &err), &err);
    life_sagemaker(life, operation, body);
}

/* Endpoint 'demo' over two models, the first of them under a key of the test's choice. */
static inline void theirs_endpoint(struct life *life, struct str first_key)
{
    theirs_bucket(life);
    life_put(life, first_key, STR("the first"));
    life_put(life, STR("theirs/two.tar.gz"), STR("the second"));
    theirs_make(
        life, "CreateModel",
        "{'ModelName': 'their-model', 'ExecutionRoleArn': '" LIFE_ROLE
        "', 'PrimaryContainer': {'Image': '683313688378.dkr.ecr.us-east-1.amazonaws.com/"
        "sagemaker-xgboost:1.7-1', 'Mode': 'MultiModel', 'ModelDataUrl': "
        "'s3://life-bucket/theirs/'}}");
    theirs_make(
        life, "CreateEndpointConfig",
        "{'EndpointConfigName': 'their-config', 'ProductionVariants': [{'VariantName': "
        "'AllTraffic', 'ModelName': 'their-model', 'InstanceType': 'ml.m5.large', "
        "'InitialInstanceCount': 1}]}");
    theirs_make(
        life, "CreateEndpoint", "{'EndpointName': 'demo', 'EndpointConfigName': 'their-config'}");
}

#endif
