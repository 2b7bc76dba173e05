#include "tests/unit/engine/reconcile/sample.h"

#include "engine/reconcile/request.h"

#define IMAGE "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
#define ROLE "arn:aws:iam::123456789012:role/r"

static struct str compact(struct arena *arena, const struct json *node)
{
    return json_text(arena, node, JSON_COMPACT);
}

static struct json *parse(struct arena *arena, const char *text)
{
    struct json *node = NULL;
    struct err err = {0};
    assert_ok(json_parse(arena, str_from(text), MIB(1), &node, &err), &err);
    return node;
}

static void model(void **state)
{
    struct want *want = sample_want(*state);
    assert_str(
        compact(*state, request_model(*state, want, STR("s3://bucket/demo/models/"))),
        "{\"PrimaryContainer\":{\"Image\":\"" IMAGE "\",\"Mode\":\"MultiModel\","
        "\"ModelDataUrl\":\"s3://bucket/demo/models/\",\"Environment\":{\"WORKERS\":\"1\"},"
        "\"MultiModelConfig\":{\"ModelCacheSetting\":\"Enabled\"}},"
        "\"ExecutionRoleArn\":\"" ROLE "\"}");
    want->n_environment = 0;
    want->cache_disabled = true;
    want->serving_image = STR("own:1");
    assert_str(
        compact(*state, request_model(*state, want, STR("s3://bucket/demo/models/0123456789/"))),
        "{\"PrimaryContainer\":{\"Image\":\"own:1\",\"Mode\":\"MultiModel\","
        "\"ModelDataUrl\":\"s3://bucket/demo/models/0123456789/\","
        "\"MultiModelConfig\":{\"ModelCacheSetting\":\"Disabled\"}},"
        "\"ExecutionRoleArn\":\"" ROLE "\"}");
}

static void config(void **state)
{
    struct want *want = sample_want(*state);
    want->instance_count = 3;
    assert_str(
        compact(*state, request_config(*state, want, STR("demo-abcdefgh-m-0123456789ab"))),
        "{\"ProductionVariants\":[{\"VariantName\":\"AllTraffic\","
        "\"ModelName\":\"demo-abcdefgh-m-0123456789ab\",\"InitialInstanceCount\":3,"
        "\"InstanceType\":\"ml.m5.large\",\"InitialVariantWeight\":1}]}");
}

#define CHANNEL(name, sha, file) \
    "{\"ChannelName\":\"" name "\",\"DataSource\":{\"S3DataSource\":{\"S3DataType\":\"S3Prefix\"," \
    "\"S3Uri\":\"s3://bucket/demo/data/" sha "/" file "\"," \
    "\"S3DataDistributionType\":\"FullyReplicated\"}},\"ContentType\":\"text/csv\"}"

static void job(void **state)
{
    struct want *want = sample_want(*state);
    assert_str(
        compact(*state, request_job(*state, want, &want->models[SAMPLE_TRAINED], STR("j"))),
        "{\"RoleArn\":\"" ROLE "\","
        "\"AlgorithmSpecification\":{\"TrainingImage\":\"" IMAGE
        "\",\"TrainingInputMode\":\"File\"},"
        "\"HyperParameters\":{\"eta\":\"0.3\",\"max_depth\":\"2\",\"num_round\":\"25\","
        "\"objective\":\"binary:logistic\"},"
        "\"InputDataConfig\":[" CHANNEL("train", SAMPLE_TRAIN_SHA, "train.csv") "," CHANNEL(
            "validation", SAMPLE_VALIDATION_SHA,
            "validation.csv") "],"
                              "\"OutputDataConfig\":{\"S3OutputPath\":\"s3://bucket/demo/training/"
                              "\"},"
                              "\"ResourceConfig\":{\"InstanceType\":\"ml.m5.large\","
                              "\"InstanceCount\":1,\"VolumeSizeInGB\":10},"
                              "\"StoppingCondition\":{\"MaxRuntimeInSeconds\":3600},"
                              "\"ProfilerConfig\":{\"DisableProfiler\":true}}");
}

static void a_job_on_spot_instances(void **state)
{
    struct want *want = sample_want(*state);
    const struct want_model *model = &want->models[SAMPLE_TRAINED];
    want->max_wait_s = 7200;
    struct json *body = request_job(*state, want, model, STR("demo-abcdefgh-t-1"));
    assert_str(
        compact(*state, json_get(body, "StoppingCondition")),
        "{\"MaxRuntimeInSeconds\":3600,\"MaxWaitTimeInSeconds\":7200}");
    assert_true(json_get_bool(body, "EnableManagedSpotTraining", false));
    assert_str(
        compact(*state, json_get(body, "CheckpointConfig")),
        "{\"S3Uri\":\"s3://bucket/demo/training/demo-abcdefgh-t-1/checkpoints\","
        "\"LocalPath\":\"/opt/ml/checkpoints\"}");
    struct json *out = attributes_job(*state, STR("j"), body);
    assert_true(json_get_bool(out, "enable_managed_spot_training", false));
    assert_non_null(json_get(out, "checkpoint_config"));
}

static void a_job_with_a_warm_pool(void **state)
{
    struct want *want = sample_want(*state);
    want->keep_alive_s = 600;
    struct json *body = request_job(*state, want, &want->models[SAMPLE_TRAINED], STR("j"));
    assert_int_equal(
        json_get_int(json_get(body, "ResourceConfig"), "KeepAlivePeriodInSeconds", 0), 600);
    assert_null(json_get(body, "CheckpointConfig"));
    assert_null(json_get(body, "EnableManagedSpotTraining"));
}

static void a_job_whose_output_is_encrypted(void **state)
{
    struct want *want = sample_want(*state);
    want->object_key = STR("alias/models");
    struct json *body = request_job(*state, want, &want->models[SAMPLE_TRAINED], STR("j"));
    assert_str(json_get_str(json_get(body, "OutputDataConfig"), "KmsKeyId"), "alias/models");
}

/* ---- Terraform's attributes, from a body of ours or from an answer of AWS ---- */

static void attributes_of_a_model(void **state)
{
    struct want *want = sample_want(*state);
    struct json *body = request_model(*state, want, STR("s3://bucket/demo/models/"));
    struct str wanted = compact(*state, attributes_model(*state, STR("n"), body));
    assert_str(
        wanted, "{\"name\":\"n\",\"execution_role_arn\":\"" ROLE "\",\"primary_container\":[{"
                "\"image\":\"" IMAGE "\",\"mode\":\"MultiModel\","
                "\"model_data_url\":\"s3://bucket/demo/models/\",\"environment\":{\"WORKERS\":"
                "\"sha256:6b86b273ff34fce1\"},\"multi_model_config\":[{\"model_cache_setting\":"
                "\"Enabled\"}]}]}");
    /* DescribeModel says more, and leaves out what is the default. */
    struct json *answer = parse(
        *state, "{\"ModelName\":\"n\",\"ModelArn\":\"arn\",\"CreationTime\":1.5,"
                "\"EnableNetworkIsolation\":false,\"ExecutionRoleArn\":\"" ROLE "\","
                "\"PrimaryContainer\":{\"Image\":\"" IMAGE "\",\"Mode\":\"MultiModel\","
                "\"ModelDataUrl\":\"s3://bucket/demo/models/\",\"Environment\":{\"WORKERS\":\"1\"},"
                "\"ModelDataSource\":{\"S3DataSource\":{}}}}");
    assert_str_len(compact(*state, attributes_model(*state, STR("n"), answer)), wanted);
    /* A pipeline of one container is described as a list; an empty environment as {}. */
    answer = parse(
        *state,
        "{\"Containers\":[{\"Image\":\"i\",\"Environment\":{}}],\"ExecutionRoleArn\":\"r\"}");
    assert_str(
        compact(*state, attributes_model(*state, STR("n"), answer)),
        "{\"name\":\"n\",\"execution_role_arn\":\"r\",\"primary_container\":[{\"image\":\"i\","
        "\"multi_model_config\":[{\"model_cache_setting\":\"Enabled\"}]}]}");
    assert_null(attributes_model(*state, STR("n"), NULL));
}

static void containers(void **state)
{
    static const struct want_pair environment[] = {{STR_INIT("A"), STR_INIT("1")}};
    const struct want_container containers[] = {
        {.name = STR("one"), .image = STR("i"), .has_model = true},
        {.name = STR("two"), .image = STR("j"), .environment = environment, .n_environment = 1}};
    struct want *want = sample_want(*state);
    want->mode = WANT_DIRECT;
    want->containers = containers;
    want->n_containers = 2;
    struct json *body = request_model(*state, want, STR("s3://bucket/demo/models/g/"));
    assert_str(
        compact(*state, body),
        "{\"Containers\":[{\"ContainerHostname\":\"one\",\"Image\":\"i\",\"Mode\":\"SingleModel\","
        "\"ModelDataUrl\":\"s3://bucket/demo/models/g/one.tar.gz\"},{\"ContainerHostname\":\"two\","
        "\"Image\":\"j\",\"Mode\":\"SingleModel\",\"Environment\":{\"A\":\"1\"}}],"
        "\"InferenceExecutionConfig\":{\"Mode\":\"Direct\"},\"ExecutionRoleArn\":\"" ROLE "\"}");
    assert_str(
        compact(*state, attributes_model(*state, STR("n"), body)),
        "{\"name\":\"n\",\"execution_role_arn\":\"" ROLE "\",\"container\":[{\"image\":\"i\","
        "\"mode\":\"SingleModel\",\"model_data_url\":\"s3://bucket/demo/models/g/one.tar.gz\","
        "\"container_hostname\":\"one\"},{\"image\":\"j\",\"mode\":\"SingleModel\",\"environment\":"
        "{"
        "\"A\":\"sha256:6b86b273ff34fce1\"},\"container_hostname\":\"two\"}],"
        "\"inference_execution_config\":[{\"mode\":\"Direct\"}]}");
    want->mode = WANT_SERIAL;
    body = request_model(*state, want, STR("s3://bucket/demo/models/g/"));
    assert_str(json_get_str(json_get(body, "InferenceExecutionConfig"), "Mode"), "Serial");
}

static void attributes_of_a_config(void **state)
{
    struct want *want = sample_want(*state);
    struct json *body = request_config(*state, want, STR("m"));
    struct str wanted = compact(*state, attributes_config(*state, STR("n"), body));
    assert_str(
        wanted, "{\"name\":\"n\",\"production_variants\":[{\"variant_name\":\"AllTraffic\","
                "\"model_name\":\"m\",\"initial_instance_count\":1,\"instance_type\":"
                "\"ml.m5.large\"}]}");
    struct json *answer = parse(
        *state, "{\"EndpointConfigName\":\"n\",\"ProductionVariants\":[{\"VariantName\":"
                "\"AllTraffic\",\"ModelName\":\"m\",\"InitialInstanceCount\":1,\"InstanceType\":"
                "\"ml.m5.large\",\"InitialVariantWeight\":1.0,\"RoutingConfig\":{}}]}");
    assert_str_len(compact(*state, attributes_config(*state, STR("n"), answer)), wanted);
    assert_null(attributes_config(*state, STR("n"), NULL));
}

static void attributes_of_a_job(void **state)
{
    struct want *want = sample_want(*state);
    struct json *body = request_job(*state, want, &want->models[SAMPLE_TRAINED], STR("j"));
    struct json *out = attributes_job(*state, STR("j"), body);
    static const char *const pairs[][2] = {
        {"role_arn", "RoleArn"},
        {"algorithm_specification", "AlgorithmSpecification"},
        {"hyper_parameters", "HyperParameters"},
        {"input_data_config", "InputDataConfig"},
        {"output_data_config", "OutputDataConfig"},
        {"resource_config", "ResourceConfig"},
        {"stopping_condition", "StoppingCondition"},
    };
    assert_str(json_get_str(out, "training_job_name"), "j");
    assert_int_equal(out->len, 1 + ARRAY_LEN(pairs));
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        assert_true(json_equal(json_get(out, pairs[i][0]), json_get(body, pairs[i][1])));
    assert_null(attributes_job(*state, STR("j"), NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(model),
        WITH_ARENA(config),
        WITH_ARENA(job),
        WITH_ARENA(a_job_on_spot_instances),
        WITH_ARENA(a_job_with_a_warm_pool),
        WITH_ARENA(a_job_whose_output_is_encrypted),
        WITH_ARENA(attributes_of_a_model),
        WITH_ARENA(containers),
        WITH_ARENA(attributes_of_a_config),
        WITH_ARENA(attributes_of_a_job),
    };
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
