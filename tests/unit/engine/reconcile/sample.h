/* tests/unit/engine/reconcile/sample.h - one wanted stack that uses every field: two channels, a
 * trained model and two of the user's own.
 *
 * Header-only. Everything is on the arena given, so a test changes what it likes.
 */
#ifndef TESTS_UNIT_ENGINE_RECONCILE_SAMPLE_H
#define TESTS_UNIT_ENGINE_RECONCILE_SAMPLE_H

#include "tests/harness/test.h"

#include "engine/resource/want.h"

#define SAMPLE_TRAIN_SHA "1111111111111111111111111111111111111111111111111111111111111111"
#define SAMPLE_VALIDATION_SHA "2222222222222222222222222222222222222222222222222222222222222222"
#define SAMPLE_ARTIFACT_SHA "3333333333333333333333333333333333333333333333333333333333333333"

enum sample_model { SAMPLE_TRAINED, SAMPLE_FILE, SAMPLE_S3 };

static UNUSED struct want_pair *
sample_pairs(struct arena *arena, const struct want_pair *pairs, size_t count)
{
    struct want_pair *copy = ARENA_ARRAY(arena, count, struct want_pair);
    memcpy(copy, pairs, count * sizeof(*pairs));
    return copy;
}

static UNUSED void sample_channels(struct arena *arena, struct want *want)
{
    want->channels = ARENA_ARRAY(arena, 2, struct want_channel);
    want->n_channels = 2;
    want->channels[0] = (struct want_channel){
        .name = STR("train"),
        .content_type = STR("text/csv"),
        .path = STR("data/train.csv"),
        .source = STR("data/train.csv"),
        .s3_uri = STR("s3://bucket/demo/data/" SAMPLE_TRAIN_SHA "/train.csv"),
        .key = STR("demo/data/" SAMPLE_TRAIN_SHA "/train.csv"),
        .digest = STR(SAMPLE_TRAIN_SHA),
        .size = 1000};
    want->channels[1] = (struct want_channel){
        .name = STR("validation"),
        .content_type = STR("text/csv"),
        .path = STR("data/validation.csv"),
        .source = STR("data/validation.csv"),
        .s3_uri = STR("s3://bucket/demo/data/" SAMPLE_VALIDATION_SHA "/validation.csv"),
        .key = STR("demo/data/" SAMPLE_VALIDATION_SHA "/validation.csv"),
        .digest = STR(SAMPLE_VALIDATION_SHA),
        .size = 500};
}

static UNUSED struct want *sample_want(struct arena *arena)
{
    static const struct want_pair hyper[] = {
        {STR_INIT("eta"), STR_INIT("0.3")},
        {STR_INIT("max_depth"), STR_INIT("2")},
        {STR_INIT("num_round"), STR_INIT("25")},
        {STR_INIT("objective"), STR_INIT("binary:logistic")}};
    static const struct want_pair environment[] = {{STR_INIT("WORKERS"), STR_INIT("1")}};
    static const struct want_pair tags[] = {{STR_INIT("team"), STR_INIT("risk")}};
    struct want *want = ARENA_NEW(arena, struct want);
    *want = (struct want){
        .stack = STR("demo"),
        .uid = STR("abcdefgh"),
        .account = STR("123456789012"),
        .region = STR("us-east-1"),
        .partition = STR("aws"),
        .role = STR("arn:aws:iam::123456789012:role/r"),
        .bucket = STR("bucket"),
        .prefix = STR("demo"),
        .home = STR("s3://bucket/demo"),
        .tags = sample_pairs(arena, tags, ARRAY_LEN(tags)),
        .n_tags = ARRAY_LEN(tags),
        .image = STR("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"),
        .serving_image =
            STR("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"),
        .image_version = STR("1.7-1"),
        .algorithm_name = STR("xgboost"),
        .algorithm_version = STR("1.7-1"),
        .training_instance = STR("ml.m5.large"),
        .training_count = 1,
        .training_volume_gb = 10,
        .max_runtime_s = 3600,
        .endpoint = STR("demo"),
        .instance_type = STR("ml.m5.large"),
        .instance_count = 1,
        .environment = sample_pairs(arena, environment, ARRAY_LEN(environment)),
        .n_environment = ARRAY_LEN(environment)};
    sample_channels(arena, want);
    want->models = ARENA_ARRAY(arena, 3, struct want_model);
    want->n_models = 3;
    want->models[SAMPLE_TRAINED] = (struct want_model){
        .name = STR("a_trained"),
        .description = STR("simple"),
        .hyperparameters = sample_pairs(arena, hyper, ARRAY_LEN(hyper)),
        .n_hyperparameters = ARRAY_LEN(hyper),
        .trained = true};
    want->models[SAMPLE_FILE] = (struct want_model){
        .name = STR("b_file"),
        .path = STR("m.tar.gz"),
        .source = STR("m.tar.gz"),
        .sha256 = STR(SAMPLE_ARTIFACT_SHA),
        .size = 77};
    want->models[SAMPLE_S3] = (struct want_model){
        .name = STR("c_s3"),
        .s3_uri = STR("s3://other/m.tar.gz"),
        .source = STR("s3://other/m.tar.gz"),
        .source_etag = STR("\"0123\""),
        .size = 78};
    return want;
}

#endif
