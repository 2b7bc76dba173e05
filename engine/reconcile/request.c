#include "engine/reconcile/request.h"

#include "engine/base/digest.h"
#include "engine/resource/names.h"

static struct json *text(struct arena *arena, struct str value)
{
    return json_string(arena, value);
}

static void put_environment(
    struct arena *arena, struct json *container, const struct want_pair *pairs, size_t count)
{
    struct json *environment = json_object(arena);
    for (size_t i = 0; i < count; i++)
        json_set(arena, environment, pairs[i].name, text(arena, pairs[i].value));
    if (count > 0)
        json_put(arena, container, "Environment", environment);
}

/* In the spec's order, which is the pipeline's. */
static struct json *
containers_of(struct arena *arena, const struct want *want, struct str model_data_url)
{
    struct json *list = json_array(arena);
    for (size_t i = 0; i < want->n_containers; i++) {
        const struct want_container *from = &want->containers[i];
        struct json *container = json_object(arena);
        json_put(arena, container, "ContainerHostname", text(arena, from->name));
        json_put(arena, container, "Image", text(arena, from->image));
        json_put(arena, container, "Mode", json_z(arena, "SingleModel"));
        if (from->has_model)
            json_put(
                arena, container, "ModelDataUrl",
                text(
                    arena, str_fmt(
                               arena, STR_FMT STR_FMT ".tar.gz", STR_ARG(model_data_url),
                               STR_ARG(from->name))));
        put_environment(arena, container, from->environment, from->n_environment);
        json_push(list, container);
    }
    return list;
}

static struct json *
request_containers(struct arena *arena, const struct want *want, struct str model_data_url)
{
    struct json *execution = json_object(arena), *body = json_object(arena);
    json_put(
        arena, execution, "Mode", json_z(arena, want->mode == WANT_DIRECT ? "Direct" : "Serial"));
    json_put(arena, body, "Containers", containers_of(arena, want, model_data_url));
    json_put(arena, body, "InferenceExecutionConfig", execution);
    json_put(arena, body, "ExecutionRoleArn", text(arena, want->role));
    request_add_network(arena, want, body);
    return body;
}

struct json *request_model(struct arena *arena, const struct want *want, struct str model_data_url)
{
    if (want->mode != WANT_MULTI_MODEL)
        return request_containers(arena, want, model_data_url);
    struct json *container = json_object(arena);
    json_put(arena, container, "Image", text(arena, want->serving_image));
    json_put(arena, container, "Mode", json_z(arena, "MultiModel"));
    json_put(arena, container, "ModelDataUrl", text(arena, model_data_url));
    put_environment(arena, container, want->environment, want->n_environment);
    struct json *cache = json_object(arena);
    json_put(
        arena, cache, "ModelCacheSetting",
        json_z(arena, want->cache_disabled ? "Disabled" : "Enabled"));
    json_put(arena, container, "MultiModelConfig", cache);
    struct json *body = json_object(arena);
    json_put(arena, body, "PrimaryContainer", container);
    json_put(arena, body, "ExecutionRoleArn", text(arena, want->role));
    request_add_network(arena, want, body);
    return body;
}

struct json *request_config(struct arena *arena, const struct want *want, struct str model_name)
{
    struct json *variant = json_object(arena);
    json_put(arena, variant, "VariantName", json_z(arena, VARIANT_NAME));
    json_put(arena, variant, "ModelName", text(arena, model_name));
    json_put(arena, variant, "InitialInstanceCount", json_int(arena, want->instance_count));
    json_put(arena, variant, "InstanceType", text(arena, want->instance_type));
    json_put(arena, variant, "InitialVariantWeight", json_int(arena, 1));
    request_add_variant(arena, want, variant);
    struct json *body = json_object(arena);
    json_put(arena, body, "ProductionVariants", json_push(json_array(arena), variant));
    request_add_hosting(arena, want, body);
    return body;
}

static struct json *
job_channels(struct arena *arena, const struct want *want, const struct want_model *model)
{
    struct json *list = json_array(arena);
    const struct want_channel *used;
    size_t n_used = want_channels(want, model, &used);
    for (size_t i = 0; i < n_used; i++) {
        struct json *source = json_object(arena);
        json_put(arena, source, "S3DataType", json_z(arena, "S3Prefix"));
        json_put(arena, source, "S3Uri", text(arena, used[i].s3_uri));
        json_put(arena, source, "S3DataDistributionType", json_z(arena, "FullyReplicated"));
        struct json *data = json_object(arena);
        json_put(arena, data, "S3DataSource", source);
        struct json *channel = json_object(arena);
        json_put(arena, channel, "ChannelName", text(arena, used[i].name));
        json_put(arena, channel, "DataSource", data);
        json_put(arena, channel, "ContentType", text(arena, used[i].content_type));
        json_push(list, channel);
    }
    return list;
}

/* A job that is interrupted goes on from what it wrote there, also as another attempt. The
 * container reads LocalPath from the job's checkpoint configuration.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html */
static void put_spot(
    struct arena *arena,
    const struct want *want,
    struct str checkpoints,
    struct json *stop,
    struct json *body)
{
    struct json *checkpoint = json_object(arena);
    json_put(
        arena, checkpoint, "S3Uri",
        text(
            arena, str_fmt(
                       arena, STR_FMT "/training/" STR_FMT "/checkpoints", STR_ARG(want->home),
                       STR_ARG(checkpoints))));
    json_put(arena, checkpoint, "LocalPath", json_z(arena, "/opt/ml/checkpoints"));
    json_put(arena, stop, "MaxWaitTimeInSeconds", json_int(arena, want->max_wait_s));
    json_put(arena, body, "EnableManagedSpotTraining", json_bool(arena, true));
    json_put(arena, body, "CheckpointConfig", checkpoint);
}

struct json *request_job(
    struct arena *arena,
    const struct want *want,
    const struct want_model *model,
    struct str checkpoints)
{
    struct json *algorithm = json_object(arena);
    json_put(arena, algorithm, "TrainingImage", text(arena, want->image));
    json_put(arena, algorithm, "TrainingInputMode", json_z(arena, "File"));
    struct json *hyper = json_object(arena);
    for (size_t i = 0; i < model->n_hyperparameters; i++)
        json_set(
            arena, hyper, model->hyperparameters[i].name,
            text(arena, model->hyperparameters[i].value));
    struct json *output = json_object(arena);
    json_put(
        arena, output, "S3OutputPath",
        text(arena, str_fmt(arena, STR_FMT "/training/", STR_ARG(want->home))));
    if (!str_is_null(want->object_key))
        json_put(arena, output, "KmsKeyId", text(arena, want->object_key));
    struct json *resources = json_object(arena);
    json_put(arena, resources, "InstanceType", text(arena, want->training_instance));
    json_put(arena, resources, "InstanceCount", json_int(arena, want->training_count));
    json_put(arena, resources, "VolumeSizeInGB", json_int(arena, want->training_volume_gb));
    if (want->keep_alive_s > 0)
        json_put(arena, resources, "KeepAlivePeriodInSeconds", json_int(arena, want->keep_alive_s));
    struct json *stop = json_object(arena);
    json_put(arena, stop, "MaxRuntimeInSeconds", json_int(arena, want->max_runtime_s));
    struct json *profiler = json_object(arena);
    json_put(arena, profiler, "DisableProfiler", json_bool(arena, true));
    struct json *body = json_object(arena);
    json_put(arena, body, "RoleArn", text(arena, want->role));
    json_put(arena, body, "AlgorithmSpecification", algorithm);
    json_put(arena, body, "HyperParameters", hyper);
    json_put(arena, body, "InputDataConfig", job_channels(arena, want, model));
    json_put(arena, body, "OutputDataConfig", output);
    json_put(arena, body, "ResourceConfig", resources);
    json_put(arena, body, "StoppingCondition", stop);
    json_put(arena, body, "ProfilerConfig", profiler);
    if (want->max_wait_s > 0)
        put_spot(arena, want, checkpoints, stop, body);
    return body;
}

/* ---- Terraform's attribute names ---- */

static struct json *list_of_one(struct arena *arena, struct json *value)
{
    return json_push(json_array(arena), value);
}

/* A container's environment holds what people put there: a plan, wherever it is shown or kept,
 * knows that a value changed, and not the value. */
static struct json *digests_of(struct arena *arena, const struct json *environment)
{
    struct json *out = json_object(arena);
    JSON_EACH (member, environment) {
        struct str hex = sha256_hex(arena, json_str(member));
        json_set(
            arena, out, member->key,
            text(arena, str_fmt(arena, "sha256:" STR_FMT, STR_ARG(str_slice(hex, 0, 16)))));
    }
    return out;
}

/* A container that serves one model has no cache of them. */
static struct json *attributes_container(struct arena *arena, const struct json *from)
{
    struct json *container = json_object(arena);
    json_put_copy(arena, container, "image", from, "Image");
    json_put_copy(arena, container, "mode", from, "Mode");
    json_put_copy(arena, container, "model_data_url", from, "ModelDataUrl");
    const struct json *environment = json_get(from, "Environment");
    if (environment != NULL && environment->len > 0)
        json_put(arena, container, "environment", digests_of(arena, environment));
    if (str_eq(json_get_str(from, "Mode"), STR("SingleModel")))
        return container;
    struct str cache = json_get_str(json_get(from, "MultiModelConfig"), "ModelCacheSetting");
    struct json *config = json_object(arena);
    json_put(
        arena, config, "model_cache_setting",
        json_string(arena, str_is_null(cache) ? STR("Enabled") : cache));
    return json_put(arena, container, "multi_model_config", list_of_one(arena, config));
}

/* More than one; a list of one is the primary container by another name. */
static void attributes_containers(struct arena *arena, const struct json *body, struct json *out)
{
    struct json *list = json_array(arena), *execution = json_object(arena);
    JSON_EACH (from, json_get(body, "Containers")) {
        struct json *container = attributes_container(arena, from);
        json_put_copy(arena, container, "container_hostname", from, "ContainerHostname");
        json_push(list, container);
    }
    json_put(arena, out, "container", list);
    json_put_copy(arena, execution, "mode", json_get(body, "InferenceExecutionConfig"), "Mode");
    json_put(arena, out, "inference_execution_config", list_of_one(arena, execution));
}

struct json *attributes_model(struct arena *arena, struct str name, const struct json *body)
{
    if (body == NULL)
        return NULL;
    const struct json *containers = json_get(body, "Containers");
    const struct json *from = json_get(body, "PrimaryContainer");
    struct json *out = json_object(arena);
    json_put(arena, out, "name", text(arena, name));
    json_put_copy(arena, out, "execution_role_arn", body, "ExecutionRoleArn");
    attributes_add_network(arena, body, out);
    if (from == NULL && containers != NULL && containers->len > 1) {
        attributes_containers(arena, body, out);
        return out;
    }
    if (from == NULL)
        from = json_at(containers, 0);
    json_put(
        arena, out, "primary_container", list_of_one(arena, attributes_container(arena, from)));
    return out;
}

struct json *attributes_config(struct arena *arena, struct str name, const struct json *body)
{
    if (body == NULL)
        return NULL;
    struct json *variants = json_array(arena);
    JSON_EACH (from, json_get(body, "ProductionVariants")) {
        struct json *variant = json_object(arena);
        json_put_copy(arena, variant, "variant_name", from, "VariantName");
        json_put_copy(arena, variant, "model_name", from, "ModelName");
        json_put_copy(arena, variant, "initial_instance_count", from, "InitialInstanceCount");
        json_put_copy(arena, variant, "instance_type", from, "InstanceType");
        attributes_add_variant(arena, from, variant);
        json_push(variants, variant);
    }
    struct json *out = json_object(arena);
    json_put(arena, out, "name", text(arena, name));
    json_put(arena, out, "production_variants", variants);
    attributes_add_hosting(arena, body, out);
    return out;
}

struct json *attributes_job(struct arena *arena, struct str name, const struct json *body)
{
    if (body == NULL)
        return NULL;
    static const struct {
        const char *name, *member;
    } members[] = {
        {"role_arn", "RoleArn"},
        {"algorithm_specification", "AlgorithmSpecification"},
        {"hyper_parameters", "HyperParameters"},
        {"input_data_config", "InputDataConfig"},
        {"output_data_config", "OutputDataConfig"},
        {"resource_config", "ResourceConfig"},
        {"stopping_condition", "StoppingCondition"},
        {"enable_managed_spot_training", "EnableManagedSpotTraining"},
        {"checkpoint_config", "CheckpointConfig"}};
    struct json *out = json_object(arena);
    json_put(arena, out, "training_job_name", text(arena, name));
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        json_put_copy(arena, out, members[i].name, body, members[i].member);
    return out;
}
