/* API_VpcConfig, API_ProductionVariant and API_DataCaptureConfig of the SageMaker API reference. A
 * member that the spec says nothing about is not sent: names are digests of what is. */
#include "engine/reconcile/request.h"

static struct json *strings(struct arena *arena, const struct str *items, size_t count)
{
    struct json *list = json_array(arena);
    for (size_t i = 0; i < count; i++)
        json_push(list, json_string(arena, items[i]));
    return list;
}

void request_add_network(struct arena *arena, const struct want *want, struct json *body)
{
    if (want->n_subnets > 0) {
        struct json *vpc = json_object(arena);
        json_put(
            arena, vpc, "SecurityGroupIds",
            strings(arena, want->security_groups, want->n_security_groups));
        json_put(arena, vpc, "Subnets", strings(arena, want->subnets, want->n_subnets));
        json_put(arena, body, "VpcConfig", vpc);
    }
    if (want->isolated)
        json_put(arena, body, "EnableNetworkIsolation", json_bool(arena, true));
}

static void put_number(struct arena *arena, struct json *to, const char *member, int64_t value)
{
    if (value > 0)
        json_set(arena, to, str_from(member), json_int(arena, value));
}

void request_add_variant(struct arena *arena, const struct want *want, struct json *variant)
{
    put_number(arena, variant, "VolumeSizeInGB", want->volume_gb);
    put_number(arena, variant, "ModelDataDownloadTimeoutInSeconds", want->download_timeout_s);
    put_number(
        arena, variant, "ContainerStartupHealthCheckTimeoutInSeconds",
        want->health_check_timeout_s);
}

static struct json *types(struct arena *arena, const char *type)
{
    return json_push(json_array(arena), json_z(arena, type));
}

/* Without the content types the records hold CSV and JSON in base64. */
static struct json *capture_of(struct arena *arena, const struct want_capture *capture)
{
    struct json *out = json_object(arena), *options = json_array(arena);
    struct json *header = json_object(arena);
    const char *const modes[] = {
        capture->input ? "Input" : NULL, capture->output ? "Output" : NULL};
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        struct json *option = json_object(arena);
        if (modes[i] == NULL)
            continue;
        json_put(arena, option, "CaptureMode", json_z(arena, modes[i]));
        json_push(options, option);
    }
    json_put(arena, header, "CsvContentTypes", types(arena, "text/csv"));
    json_put(arena, header, "JsonContentTypes", types(arena, "application/json"));
    json_put(arena, out, "EnableCapture", json_bool(arena, true));
    json_put(arena, out, "InitialSamplingPercentage", json_int(arena, capture->percent));
    json_put(arena, out, "DestinationS3Uri", json_string(arena, capture->destination));
    if (!str_is_null(capture->kms_key))
        json_put(arena, out, "KmsKeyId", json_string(arena, capture->kms_key));
    json_put(arena, out, "CaptureOptions", options);
    json_put(arena, out, "CaptureContentTypeHeader", header);
    return out;
}

void request_add_hosting(struct arena *arena, const struct want *want, struct json *body)
{
    if (!str_is_null(want->disk_key))
        json_put(arena, body, "KmsKeyId", json_string(arena, want->disk_key));
    if (want->capture != NULL)
        json_put(arena, body, "DataCaptureConfig", capture_of(arena, want->capture));
}

/* ---- Terraform's attribute names ---- */

void attributes_add_network(struct arena *arena, const struct json *body, struct json *out)
{
    const struct json *from = json_get(body, "VpcConfig");
    if (from != NULL) {
        struct json *vpc = json_object(arena);
        json_put_copy(arena, vpc, "security_group_ids", from, "SecurityGroupIds");
        json_put_copy(arena, vpc, "subnets", from, "Subnets");
        json_put(arena, out, "vpc_config", json_push(json_array(arena), vpc));
    }
    if (json_get_bool(body, "EnableNetworkIsolation", false))
        json_put(arena, out, "enable_network_isolation", json_bool(arena, true));
}

void attributes_add_variant(struct arena *arena, const struct json *variant, struct json *out)
{
    json_put_copy(arena, out, "volume_size_in_gb", variant, "VolumeSizeInGB");
    json_put_copy(
        arena, out, "model_data_download_timeout_in_seconds", variant,
        "ModelDataDownloadTimeoutInSeconds");
    json_put_copy(
        arena, out, "container_startup_health_check_timeout_in_seconds", variant,
        "ContainerStartupHealthCheckTimeoutInSeconds");
}

void attributes_add_hosting(struct arena *arena, const struct json *body, struct json *out)
{
    const struct json *from = json_get(body, "DataCaptureConfig");
    json_put_copy(arena, out, "kms_key_arn", body, "KmsKeyId");
    if (from == NULL)
        return;
    struct json *capture = json_object(arena), *options = json_array(arena);
    json_put_copy(arena, capture, "enable_capture", from, "EnableCapture");
    json_put_copy(arena, capture, "initial_sampling_percentage", from, "InitialSamplingPercentage");
    json_put_copy(arena, capture, "destination_s3_uri", from, "DestinationS3Uri");
    json_put_copy(arena, capture, "kms_key_id", from, "KmsKeyId");
    JSON_EACH (option, json_get(from, "CaptureOptions")) {
        struct json *item = json_object(arena);
        json_put_copy(arena, item, "capture_mode", option, "CaptureMode");
        json_push(options, item);
    }
    json_put(arena, capture, "capture_options", options);
    json_put(arena, out, "data_capture_config", json_push(json_array(arena), capture));
}
