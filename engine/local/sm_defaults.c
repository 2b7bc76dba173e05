/* Setting serverDefaults: what Describe may answer besides what was sent. The members are those
 * that clients have taken for drift: DescribeModel, DescribeEndpointConfig and DescribeEndpoint of
 * the SageMaker API reference, every optional one that the service is free to fill in. */
#include "engine/local/faults.h"
#include "engine/local/sm.h"

struct filling {
    struct arena *arena;
    bool future; /* members and values nobody knows yet, too */
};

static struct json *object_of(struct arena *arena, const char *key, const char *value)
{
    struct json *object = json_object(arena);

    json_set(arena, object, str_from(key), json_z(arena, value));
    return object;
}

static void add_unknown(const struct filling *filling, struct json *object)
{
    struct arena *arena = filling->arena;
    struct json *list = json_array(arena);

    if (!filling->future)
        return;
    json_push(list, object_of(arena, "Mode", "Automatic"));
    sm_default(arena, object, "AddedInALaterYear", json_bool(arena, true));
    sm_default(arena, object, "LaterYearConfigs", list);
}

static void fill_container(const struct filling *filling, struct json *container)
{
    struct arena *arena = filling->arena;
    struct json *source = json_object(arena), *s3 = json_object(arena), *cache;
    struct str url = json_get_str(container, "ModelDataUrl");
    bool multi = str_eq_z(json_get_str(container, "Mode"), "MultiModel");

    sm_default(arena, container, "ContainerHostname", json_z(arena, "container_1"));
    sm_default(arena, container, "Environment", json_object(arena));
    sm_default(
        arena, container, "ImageConfig", object_of(arena, "RepositoryAccessMode", "Platform"));
    json_put(arena, s3, "S3Uri", json_string(arena, url));
    json_put(arena, s3, "S3DataType", json_z(arena, multi ? "S3Prefix" : "S3Object"));
    json_put(arena, s3, "CompressionType", json_z(arena, "Gzip"));
    json_put(arena, source, "S3DataSource", s3);
    if (!str_is_null(url))
        sm_default(arena, container, "ModelDataSource", source);
    cache = sm_mutable(container, "MultiModelConfig");
    if (cache != NULL && filling->future)
        sm_default(arena, cache, "EvictionPolicy", json_z(arena, "Adaptive"));
    add_unknown(filling, container);
}

static void fill_model(const struct filling *filling, struct json *body)
{
    struct arena *arena = filling->arena;
    struct json *containers = sm_mutable(body, "Containers");

    if (sm_mutable(body, "PrimaryContainer") != NULL)
        fill_container(filling, sm_mutable(body, "PrimaryContainer"));
    for (struct json *c = containers != NULL ? containers->first : NULL; c != NULL; c = c->next)
        fill_container(filling, c);
    sm_default(arena, body, "EnableNetworkIsolation", json_bool(arena, false));
    sm_default(
        arena, body, "DeploymentRecommendation",
        object_of(arena, "RecommendationStatus", "NOT_APPLICABLE"));
    sm_default(arena, body, "InferenceExecutionConfig", object_of(arena, "Mode", "Serial"));
    add_unknown(filling, body);
}

static void fill_config(const struct filling *filling, struct json *body)
{
    struct arena *arena = filling->arena;
    struct json *variants = sm_mutable(body, "ProductionVariants");

    for (struct json *v = variants != NULL ? variants->first : NULL; v != NULL; v = v->next) {
        sm_default(arena, v, "VariantName", json_z(arena, "AllTraffic"));
        sm_default(arena, v, "InitialVariantWeight", json_num(arena, 1.0));
        sm_default(arena, v, "VolumeSizeInGB", json_int(arena, 30));
        sm_default(arena, v, "ModelDataDownloadTimeoutInSeconds", json_int(arena, 1800));
        sm_default(arena, v, "ContainerStartupHealthCheckTimeoutInSeconds", json_int(arena, 600));
        sm_default(arena, v, "EnableSSMAccess", json_bool(arena, false));
        sm_default(
            arena, v, "InferenceAmiVersion", json_z(arena, "al2-ami-sagemaker-inference-gpu-2"));
        sm_default(
            arena, v, "RoutingConfig",
            object_of(arena, "RoutingStrategy", filling->future ? "NEAREST" : "RANDOM"));
        add_unknown(filling, v);
    }
    sm_default(arena, body, "EnableNetworkIsolation", json_bool(arena, false));
    add_unknown(filling, body);
}

static void fill_endpoint(const struct filling *filling, struct json *body)
{
    struct arena *arena = filling->arena;
    struct json *variants = sm_mutable(body, "ProductionVariants");
    struct json *policy = json_object(arena), *deployment = json_object(arena);

    for (struct json *v = variants != NULL ? variants->first : NULL; v != NULL; v = v->next) {
        sm_default(
            arena, v, "RoutingConfig",
            object_of(arena, "RoutingStrategy", filling->future ? "NEAREST" : "RANDOM"));
        add_unknown(filling, v);
    }
    json_put(
        arena, policy, "TrafficRoutingConfiguration",
        object_of(arena, "Type", filling->future ? "SHADOW_FIRST" : "ALL_AT_ONCE"));
    json_put(arena, policy, "TerminationWaitInSeconds", json_int(arena, 0));
    json_put(arena, deployment, "BlueGreenUpdatePolicy", policy);
    sm_default(arena, body, "LastDeploymentConfig", deployment);
    add_unknown(filling, body);
}

void sm_fill_defaults(struct local_call *call, enum sm_thing_kind kind, struct json *body)
{
    struct str wanted = faults_setting(call->local, STR("serverDefaults"));
    const struct filling filling = {call->arena, str_eq_z(wanted, "future")};

    if (!filling.future && !str_eq_z(wanted, "all"))
        return;
    if (kind == SM_MODEL)
        fill_model(&filling, body);
    else if (kind == SM_CONFIG)
        fill_config(&filling, body);
    else if (kind == SM_ENDPOINT)
        fill_endpoint(&filling, body);
}
