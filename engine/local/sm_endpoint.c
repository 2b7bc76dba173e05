#include "engine/local/sm.h"

#include "engine/base/digest.h"
#include "engine/local/access.h"
#include "engine/local/faults.h"
#include "engine/local/scaling.h"

/* A century. */
static const int64_t s_for_ever_ms = INT64_C(100) * 365 * 24 * 3600 * 1000;

/* ------------------------------------------------------------------ checks */

static bool config_exists(struct local_call *call, struct sm_thing *config)
{
    struct str name = json_get_str(call->input, "EndpointConfigName"), arn;

    if (sm_find_visible(call, SM_CONFIG, name, config))
        return true;
    arn = sm_arn(call->local, call->arena, call->region, SM_CONFIG, name);
    sm_invalid(call, "Could not find endpoint configuration \"" STR_FMT "\".", STR_ARG(arn));
    return false;
}

static bool endpoint_of(struct local_call *call, struct sm_thing *endpoint)
{
    struct str name = json_get_str(call->input, "EndpointName"), arn;

    if (sm_find_visible(call, SM_ENDPOINT, name, endpoint))
        return true;
    arn = sm_arn(call->local, call->arena, call->region, SM_ENDPOINT, name);
    sm_invalid(call, "Could not find endpoint \"" STR_FMT "\".", STR_ARG(arn));
    return false;
}

static bool status_is(const struct sm_thing *endpoint, const char *status)
{
    return str_eq_z(endpoint->status, status);
}

/* Only InService can be updated; the two end states besides it can only be deleted, or updated
 * after a rollback that failed. */
static bool can_update(struct local_call *call, const struct sm_thing *endpoint)
{
    if (status_is(endpoint, "InService") || status_is(endpoint, "UpdateRollbackFailed"))
        return true;
    if (status_is(endpoint, "Failed"))
        sm_invalid(
            call, "Cannot update endpoint \"" STR_FMT "\" with status Failed.",
            STR_ARG(endpoint->arn));
    else
        sm_invalid(
            call, "Cannot update in-progress endpoint \"" STR_FMT "\".", STR_ARG(endpoint->arn));
    return false;
}

struct usage {
    struct str region, type;
    int64_t instances;
};

static void add_usage(void *arg, const struct sm_thing *endpoint)
{
    struct usage *usage = arg;

    JSON_EACH (variant, json_get(endpoint->doc, "variants"))
        if (str_eq(endpoint->region, usage->region) &&
            str_eq(json_get_str(variant, "type"), usage->type))
            usage->instances += json_get_int(variant, "count", 1);
}

/* A blue/green update holds both fleets for a while, so the running one counts too. */
static bool within_quota(struct local_call *call, const struct sm_thing *config)
{
    JSON_EACH (variant, json_get(json_get(config->doc, "in"), "ProductionVariants")) {
        struct usage usage = {
            .region = call->region, .type = json_get_str(variant, "InstanceType")};

        sm_each(call->local, call->arena, SM_ENDPOINT, add_usage, &usage);
        if (!str_is_null(usage.type) && !sm_quota_fits(
                                            call, usage.type, "endpoint", usage.instances,
                                            json_get_int(variant, "InitialInstanceCount", 1)))
            return false;
    }
    return true;
}

static const struct json *wanted_variant(const struct sm_thing *config, struct str name)
{
    JSON_EACH (variant, json_get(json_get(config->doc, "in"), "ProductionVariants"))
        if (str_eq(json_get_str(variant, "VariantName"), name))
            return variant;
    return NULL;
}

/* https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling.html */
static bool scaling_allows(
    struct local_call *call, const struct sm_thing *endpoint, const struct sm_thing *config)
{
    JSON_EACH (variant, json_get(endpoint->doc, "variants")) {
        struct str name = json_get_str(variant, "name");
        const struct json *wanted = wanted_variant(config, name);
        if (wanted != NULL &&
            str_eq(json_get_str(wanted, "InstanceType"), json_get_str(variant, "type")))
            continue;
        if (!scaling_is_registered(call->local, call->arena, call->region, endpoint->name, name))
            continue;
        sm_invalid(
            call,
            "The variant(s) \"" STR_FMT "\" must be deregistered as a scalable target with AWS "
            "Auto Scaling before they can be removed or have their instance type updated.",
            STR_ARG(name));
        return false;
    }
    return true;
}

static int64_t fleet_size(const struct sm_thing *config)
{
    int64_t count = 0;
    JSON_EACH (variant, json_get(json_get(config->doc, "in"), "ProductionVariants"))
        count += json_get_int(variant, "InitialInstanceCount", 1);
    return count;
}

static struct json *op_new(struct arena *arena, const char *kind, int64_t until_ms)
{
    struct json *op = json_object(arena);

    json_put(arena, op, "kind", json_z(arena, kind));
    json_put(arena, op, "until_ms", json_int(arena, until_ms));
    return op;
}

/* When a create or update ends, if a fault keeps it from ending in its time. */
static int64_t stuck_until(struct local_call *call, struct str name, int64_t until_ms)
{
    const struct json *fault = faults_fired(call, FAULT_STUCK, name);

    if (fault == NULL)
        return until_ms;
    return call->now_ms + json_get_int(fault, "forMs", s_for_ever_ms);
}

/* Copies a member of the request under another name, when it is there. */
static void carry(
    struct arena *arena,
    struct json *into,
    const char *key,
    const struct json *from,
    const char *member)
{
    const struct json *value = json_get(from, member);

    if (value != NULL && value->type != JSON_NULL)
        json_set(arena, into, str_from(key), json_copy(arena, value));
}

static enum err_code answer_arn(struct local_call *call, struct str arn)
{
    struct json *body = json_object(call->arena);

    json_put(call->arena, body, "EndpointArn", json_string(call->arena, arn));
    return call_json(call, body);
}

/* ------------------------------------------------------------------ operations */

enum err_code sm_create_endpoint(struct local_call *call, struct err *err)
{
    struct str name = json_get_str(call->input, "EndpointName"), reason = STR_NULL, arn;
    struct json *doc = json_object(call->arena), *op;
    int64_t until = call->now_ms + local_delays(call->local)->endpoint_creating_ms;
    struct sm_thing config;

    (void) err;
    if (!sm_tags_valid(call, json_get(call->input, "Tags")))
        return ERR_NONE;
    arn = sm_arn(call->local, call->arena, call->region, SM_ENDPOINT, name);
    if (sm_name_taken(call, SM_ENDPOINT, name))
        return sm_invalid(
            call, "Cannot create already existing endpoint \"" STR_FMT "\".", STR_ARG(arn));
    if (!config_exists(call, &config) || !within_quota(call, &config))
        return ERR_NONE;
    until = stuck_until(call, name, until);
    op = op_new(call->arena, "create", until);
    carry(call->arena, op, "config", call->input, "EndpointConfigName");
    if (faults_take(call, FAULT_FAIL, name, &reason))
        json_put(call->arena, op, "injected", json_string(call->arena, reason));
    carry(call->arena, doc, "config", call->input, "EndpointConfigName");
    carry(call->arena, doc, "deployment", call->input, "DeploymentConfig");
    json_put(call->arena, doc, "op", op);
    sm_create(call, SM_ENDPOINT, name, STR("Creating"), until, doc);
    return answer_arn(call, arn);
}

enum err_code sm_update_endpoint(struct local_call *call, struct err *err)
{
    struct sm_thing endpoint, config;
    struct str reason = STR_NULL;
    struct json *op;

    (void) err;
    if (!endpoint_of(call, &endpoint) || !can_update(call, &endpoint) ||
        !config_exists(call, &config) ||
        !sm_deployment_fits(call, json_get(call->input, "DeploymentConfig")) ||
        !scaling_allows(call, &endpoint, &config) || !within_quota(call, &config))
        return ERR_NONE;
    const struct json *deployment = json_get(
        json_get_bool(call->input, "RetainDeploymentConfig", false) ? endpoint.doc : call->input,
        json_get_bool(call->input, "RetainDeploymentConfig", false) ? "deployment"
                                                                    : "DeploymentConfig");
    int64_t shift_ms = call->now_ms + local_delays(call->local)->endpoint_updating_ms;
    endpoint.due_ms = stuck_until(
        call, endpoint.name,
        shift_ms + sm_deployment_ms(call->local, deployment, fleet_size(&config)));
    endpoint.modified_ms = call->now_ms;
    endpoint.status = STR("Updating");
    op = op_new(call->arena, "update", endpoint.due_ms);
    json_put(call->arena, op, "start_ms", json_int(call->arena, call->now_ms));
    json_put(call->arena, op, "shift_ms", json_int(call->arena, shift_ms));
    if (endpoint.due_ms > shift_ms)
        endpoint.due_ms = shift_ms; /* its alarms are looked at when traffic begins to shift */
    carry(call->arena, op, "config", call->input, "EndpointConfigName");
    carry(call->arena, op, "retain", call->input, "RetainAllVariantProperties");
    carry(call->arena, op, "exclude", call->input, "ExcludeRetainedVariantProperties");
    carry(call->arena, op, "deployment", call->input, "DeploymentConfig");
    if (json_get_bool(call->input, "RetainDeploymentConfig", false))
        carry(call->arena, op, "deployment", endpoint.doc, "deployment");
    else
        carry(call->arena, endpoint.doc, "deployment", call->input, "DeploymentConfig");
    if (faults_take(call, FAULT_ROLLBACK, endpoint.name, &reason))
        json_put(call->arena, op, "injected", json_string(call->arena, reason));
    json_put(call->arena, endpoint.doc, "op", op);
    sm_save(call->local, call->arena, &endpoint);
    return answer_arn(call, endpoint.arn);
}

static bool has_variant(const struct sm_thing *endpoint, struct str name)
{
    JSON_EACH (variant, json_get(endpoint->doc, "variants"))
        if (str_eq(json_get_str(variant, "name"), name))
            return true;
    return false;
}

enum err_code sm_update_endpoint_weights(struct local_call *call, struct err *err)
{
    struct sm_thing endpoint;
    struct json *op;

    (void) err;
    if (!endpoint_of(call, &endpoint) || !can_update(call, &endpoint))
        return ERR_NONE;
    JSON_EACH (desired, json_get(call->input, "DesiredWeightsAndCapacities"))
        if (!has_variant(&endpoint, json_get_str(desired, "VariantName")))
            return sm_invalid(
                call,
                "The variant name(s) \"" STR_FMT "\" is/are not present within endpoint "
                "configuration \"" STR_FMT "\".",
                STR_ARG(json_get_str(desired, "VariantName")),
                STR_ARG(json_get_str(endpoint.doc, "config")));
    endpoint.due_ms = call->now_ms + local_delays(call->local)->endpoint_updating_ms;
    endpoint.modified_ms = call->now_ms;
    endpoint.status = STR("Updating");
    op = op_new(call->arena, "weights", endpoint.due_ms);
    carry(call->arena, op, "desired", call->input, "DesiredWeightsAndCapacities");
    json_put(call->arena, endpoint.doc, "op", op);
    sm_save(call->local, call->arena, &endpoint);
    return answer_arn(call, endpoint.arn);
}

/* DeleteEndpoint deregisters its scalable targets, in the caller's name. */
static bool deregister(struct local_call *call, const struct sm_thing *endpoint)
{
    bool registered = false;
    JSON_EACH (variant, json_get(endpoint->doc, "variants"))
        registered = registered || scaling_is_registered(
                                       call->local, call->arena, call->region, endpoint->name,
                                       json_get_str(variant, "name"));
    if (registered &&
        !access_allows_action(call, "application-autoscaling:DeregisterScalableTarget")) {
        call_fail(
            call, 400, "AccessDeniedException",
            "An Application AutoScaling scalable target exists for a variant being deleted, and "
            "the IAM identity used to invoke DeleteEndpoint does not have "
            "application-autoscaling:DeregisterScalableTarget permission to deregister the "
            "scalable target.");
        return false;
    }
    if (registered)
        scaling_forget(call->local, call->arena, call->region, endpoint->name);
    return true;
}

enum err_code sm_delete_endpoint(struct local_call *call, struct err *err)
{
    struct sm_thing endpoint;

    (void) err;
    if (!endpoint_of(call, &endpoint))
        return ERR_NONE;
    if (!status_is(&endpoint, "InService") && !status_is(&endpoint, "Failed") &&
        !status_is(&endpoint, "OutOfService") && !status_is(&endpoint, "UpdateRollbackFailed"))
        return sm_invalid(
            call, "Cannot update in-progress endpoint \"" STR_FMT "\".", STR_ARG(endpoint.arn));
    if (!deregister(call, &endpoint))
        return ERR_NONE;
    endpoint.due_ms = call->now_ms + local_delays(call->local)->endpoint_deleting_ms;
    endpoint.modified_ms = call->now_ms;
    endpoint.status = STR("Deleting");
    json_put(call->arena, endpoint.doc, "op", op_new(call->arena, "delete", endpoint.due_ms));
    sm_save(call->local, call->arena, &endpoint);
    return call_empty(call, 200);
}

/* ------------------------------------------------------------------ describe and list */

/* A tag is resolved to a digest once, when the fleet is made. */
static struct json *image_json(struct arena *arena, const struct json *container, int64_t at_ms)
{
    struct json *item = json_object(arena);
    struct str image = json_get_str(container, "Image");
    struct str repository = str_slice(image, 0, str_rindex(image, ':'));

    json_put(arena, item, "SpecifiedImage", json_string(arena, image));
    json_put(
        arena, item, "ResolvedImage",
        str_index(image, '@') != SIZE_MAX
            ? json_string(arena, image)
            : sm_text(
                  arena, STR_FMT "@sha256:" STR_FMT, STR_ARG(repository),
                  STR_ARG(sha256_hex(arena, image))));
    json_put(arena, item, "ResolutionTime", sm_time(arena, at_ms));
    return item;
}

static struct json *variant_json(struct arena *arena, const struct json *variant)
{
    struct json *item = json_object(arena), *images = json_array(arena);
    int64_t count = json_get_int(variant, "count", 1);
    double weight = json_get_num(variant, "weight", 1.0);

    JSON_EACH (container, json_get(variant, "containers"))
        json_push(images, image_json(arena, container, json_get_int(variant, "at_ms", 0)));
    json_put(arena, item, "VariantName", json_string(arena, json_get_str(variant, "name")));
    json_put(arena, item, "DeployedImages", images);
    json_put(arena, item, "CurrentWeight", json_num(arena, weight));
    json_put(arena, item, "DesiredWeight", json_num(arena, weight));
    json_put(arena, item, "CurrentInstanceCount", json_int(arena, count));
    json_put(arena, item, "DesiredInstanceCount", json_int(arena, count));
    return item;
}

/* What happens to the new instances. */
static struct json *status_json(struct local_call *call, const struct json *op)
{
    struct json *list = json_array(call->arena), *status = json_object(call->arena);
    bool shifts = call->now_ms >= json_get_int(op, "shift_ms", INT64_MAX);
    json_put(call->arena, status, "Status", json_z(call->arena, shifts ? "Baking" : "Creating"));
    json_put(
        call->arena, status, "StartTime",
        sm_time(call->arena, json_get_int(op, shifts ? "shift_ms" : "start_ms", call->now_ms)));
    return json_push(list, status);
}

static struct json *pending_json(struct local_call *call, const struct json *op)
{
    struct json *pending = json_object(call->arena), *variants = json_array(call->arena), *item;
    struct sm_thing config;
    struct str name = json_get_str(op, "config");

    json_put(call->arena, pending, "EndpointConfigName", json_string(call->arena, name));
    if (sm_find(call->local, call->arena, call->region, SM_CONFIG, name, &config))
        JSON_EACH (wanted, json_get(json_get(config.doc, "in"), "ProductionVariants")) {
            item = json_object(call->arena);
            carry(call->arena, item, "VariantName", wanted, "VariantName");
            carry(call->arena, item, "InstanceType", wanted, "InstanceType");
            carry(call->arena, item, "DesiredWeight", wanted, "InitialVariantWeight");
            carry(call->arena, item, "DesiredInstanceCount", wanted, "InitialInstanceCount");
            json_put(call->arena, item, "VariantStatus", status_json(call, op));
            json_push(variants, item);
        }
    json_put(call->arena, pending, "ProductionVariants", variants);
    json_put(
        call->arena, pending, "StartTime",
        sm_time(call->arena, json_get_int(op, "start_ms", call->now_ms)));
    return pending;
}

static struct json *capture_json(struct local_call *call, const struct json *capture)
{
    struct json *out = json_object(call->arena);
    bool enabled = json_get_bool(capture, "EnableCapture", true);
    json_put(call->arena, out, "EnableCapture", json_bool(call->arena, enabled));
    json_put(
        call->arena, out, "CaptureStatus", json_z(call->arena, enabled ? "Started" : "Stopped"));
    carry(call->arena, out, "CurrentSamplingPercentage", capture, "InitialSamplingPercentage");
    carry(call->arena, out, "DestinationS3Uri", capture, "DestinationS3Uri");
    carry(call->arena, out, "KmsKeyId", capture, "KmsKeyId");
    sm_default(call->arena, out, "KmsKeyId", json_z(call->arena, ""));
    return out;
}

/* Setting failureReasonMs: the reason of a rollback is gone after a while. */
static bool reason_faded(struct local_call *call, const struct sm_thing *endpoint)
{
    int64_t ms = sm_setting_ms(call->local, "failureReasonMs", "endpoint");

    return ms > 0 && status_is(endpoint, "InService") && call->now_ms >= endpoint->modified_ms + ms;
}

struct json *sm_endpoint_describe(struct local_call *call, const struct sm_thing *endpoint)
{
    struct json *body = json_object(call->arena), *variants = json_array(call->arena);
    const struct json *op = json_get(endpoint->doc, "op");

    json_put(call->arena, body, "EndpointName", json_string(call->arena, endpoint->name));
    json_put(call->arena, body, "EndpointArn", json_string(call->arena, endpoint->arn));
    carry(call->arena, body, "EndpointConfigName", endpoint->doc, "config");
    JSON_EACH (variant, json_get(endpoint->doc, "variants"))
        json_push(variants, variant_json(call->arena, variant));
    if (variants->len > 0)
        json_put(call->arena, body, "ProductionVariants", variants);
    json_put(call->arena, body, "EndpointStatus", json_string(call->arena, endpoint->status));
    if (!reason_faded(call, endpoint))
        carry(call->arena, body, "FailureReason", endpoint->doc, "reason");
    json_put(call->arena, body, "CreationTime", sm_time(call->arena, endpoint->created_ms));
    json_put(call->arena, body, "LastModifiedTime", sm_time(call->arena, endpoint->modified_ms));
    if (json_get(endpoint->doc, "capture") != NULL)
        json_put(
            call->arena, body, "DataCaptureConfig",
            capture_json(call, json_get(endpoint->doc, "capture")));
    carry(call->arena, body, "LastDeploymentConfig", endpoint->doc, "last_deployment");
    if (str_eq_z(json_get_str(op, "kind"), "update"))
        json_put(call->arena, body, "PendingDeploymentSummary", pending_json(call, op));
    return body;
}

enum err_code sm_describe_endpoint(struct local_call *call, struct err *err)
{
    struct sm_thing endpoint;
    struct json *body;

    (void) err;
    if (!endpoint_of(call, &endpoint))
        return ERR_NONE;
    body = sm_endpoint_describe(call, &endpoint);
    sm_fill_defaults(call, SM_ENDPOINT, body);
    return call_json(call, body);
}

static struct json *summary(struct arena *arena, const struct sm_thing *endpoint)
{
    struct json *item = json_object(arena);

    json_put(arena, item, "EndpointName", json_string(arena, endpoint->name));
    json_put(arena, item, "EndpointArn", json_string(arena, endpoint->arn));
    json_put(arena, item, "CreationTime", sm_time(arena, endpoint->created_ms));
    json_put(arena, item, "LastModifiedTime", sm_time(arena, endpoint->modified_ms));
    json_put(arena, item, "EndpointStatus", json_string(arena, endpoint->status));
    return item;
}

enum err_code sm_list_endpoints(struct local_call *call, struct err *err)
{
    (void) err;
    return sm_list(call, SM_ENDPOINT, "Endpoints", summary);
}
