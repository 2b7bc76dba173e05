#include "engine/kinds/kinds_internal.h"

/* The control plane: the endpoint with what it uses, our models and configs by name, jobs, the log
 * group. */

struct part {
    struct kinds *kinds;
    struct arena *arena;
    const struct want *want;
    struct snapshot *out;
    bool destroy;
    struct err err;
    enum err_code code;
};

enum err_code kinds_describe_named(
    struct kinds *kinds,
    struct arena *arena,
    struct str name,
    struct seen_endpoint *out,
    struct err *err)
{
    const struct json *reply;
    struct err failure = {0};
    enum err_code code = kinds_call(
        kinds, arena, "DescribeEndpoint", kinds_body(arena, "EndpointName", name), &reply,
        &failure);
    struct seen_endpoint endpoint = {.name = name};
    if (code == ERR_NOT_FOUND) {
        *out = endpoint;
        return ERR_NONE;
    }
    if (code != ERR_NONE) {
        *err = failure;
        return code;
    }
    endpoint.present = true;
    endpoint.name = json_get_str(reply, "EndpointName");
    endpoint.arn = json_get_str(reply, "EndpointArn");
    endpoint.status = json_get_str(reply, "EndpointStatus");
    endpoint.failure_reason = json_get_str(reply, "FailureReason");
    endpoint.config = json_get_str(reply, "EndpointConfigName");
    endpoint.pending_config =
        json_get_str(json_get(reply, "PendingDeploymentSummary"), "EndpointConfigName");
    const struct json *variant = json_at(json_get(reply, "ProductionVariants"), 0);
    endpoint.instance_count = json_get_int(variant, "CurrentInstanceCount", 0);
    endpoint.describe = reply;
    *out = endpoint;
    return ERR_NONE;
}

enum err_code kinds_describe_endpoint(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct seen_endpoint *out,
    struct err *err)
{
    return kinds_describe_named(kinds_of(world), arena, want->endpoint, out, err);
}

static enum err_code describe_thing(
    struct part *part,
    const char *operation,
    const char *member,
    struct str name,
    char kind,
    struct seen_thing *out,
    struct err *err)
{
    const struct json *reply;
    struct err failure = {0};
    enum err_code code = kinds_call(
        part->kinds, part->arena, operation, kinds_body(part->arena, member, name), &reply,
        &failure);
    *out = (struct seen_thing){.name = name};
    if (code == ERR_NOT_FOUND)
        return ERR_NONE;
    if (code != ERR_NONE) {
        *err = failure;
        return code;
    }
    out->present = true;
    out->describe = reply;
    out->owner = name_is_ours(part->want, kind, name) ? OWNER_US : OWNER_OTHER;
    return ERR_NONE;
}

static void read_endpoint(void *arg)
{
    struct part *part = arg;
    struct snapshot *out = part->out;
    struct seen_endpoint *endpoint = &out->endpoint;
    part->code =
        kinds_describe_endpoint(&part->kinds->world, part->arena, part->want, endpoint, &part->err);
    if (part->code != ERR_NONE || !endpoint->present)
        return;
    part->code =
        kinds_list_tags(part->kinds, part->arena, endpoint->arn, &endpoint->tags, &part->err);
    if (part->code == ERR_NOT_FOUND) { /* gone in between */
        part->code = ERR_NONE;
        *endpoint = (struct seen_endpoint){.name = part->want->endpoint};
        return;
    }
    if (part->code != ERR_NONE)
        return;
    endpoint->owner = kinds_owner(part->want, endpoint->tags);
    endpoint->home = json_get_str(endpoint->tags, "mmectl:home");
    endpoint->protect = str_eq(json_get_str(endpoint->tags, "mmectl:protect"), STR("true"));
    part->code = describe_thing(
        part, "DescribeEndpointConfig", "EndpointConfigName", endpoint->config, 'c',
        &out->live_config, &part->err);
    const struct json *variant =
        json_at(json_get(out->live_config.describe, "ProductionVariants"), 0);
    struct str model = json_get_str(variant, "ModelName");
    if (part->code != ERR_NONE || str_is_null(model))
        return;
    out->live_instance_type = json_get_str(variant, "InstanceType");
    out->live_instance_count = json_get_int(variant, "InitialInstanceCount", 0);
    part->code = describe_thing(
        part, "DescribeModel", "ModelName", model, 'm', &out->live_model, &part->err);
    out->live_model_url = name_model_data(out->live_model.describe);
}

/* Everything whose name is of our grammar. Whose it really is, its tags say; the live ones are
 * known by the endpoint. */
static void list_things(
    struct part *part,
    char kind,
    const char *operation,
    const char *list,
    const char *name_member,
    const char *arn_member)
{
    struct json *items;
    part->code = kinds_list(
        part->kinds, part->arena, operation, list, name_thing_prefix(part->arena, part->want, kind),
        &items, &part->err);
    if (part->code != ERR_NONE)
        return;
    JSON_EACH (item, items) {
        struct str name = json_get_str(item, name_member);
        if (!name_is_ours(part->want, kind, name))
            continue;
        struct seen_thing *thing = kind == 'm' ? VEC_PUSH(part->arena, &part->out->models)
                                               : VEC_PUSH(part->arena, &part->out->configs);
        *thing = (struct seen_thing){
            .present = true, .name = name, .arn = json_get_str(item, arn_member)};
    }
}

static void list_models(void *arg)
{
    list_things(arg, 'm', "ListModels", "Models", "ModelName", "ModelArn");
}

static void list_configs(void *arg)
{
    list_things(
        arg, 'c', "ListEndpointConfigs", "EndpointConfigs", "EndpointConfigName",
        "EndpointConfigArn");
}

static void read_storage(void *arg)
{
    struct part *part = arg;
    part->code = kinds_observe_storage(
        part->kinds, part->arena, part->want, part->destroy, part->out, &part->err);
}

static void read_jobs(void *arg)
{
    struct part *part = arg;
    if (part->destroy)
        part->code =
            kinds_list_jobs(&part->kinds->world, part->arena, part->want, part->out, &part->err);
}

static void read_log_group(void *arg)
{
    struct part *part = arg;
    if (!part->destroy && part->want->retention_days == 0)
        return;
    struct str group =
        str_fmt(part->arena, "/aws/sagemaker/Endpoints/" STR_FMT, STR_ARG(part->want->endpoint));
    const struct json *reply;
    part->code = aws_json_call(
        part->kinds->aws, part->arena, AWS_LOGS, "DescribeLogGroups",
        kinds_body(part->arena, "logGroupNamePrefix", group), &reply, &part->err);
    if (part->code != ERR_NONE)
        return;
    JSON_EACH (item, json_get(reply, "logGroups")) {
        if (!str_eq(json_get_str(item, "logGroupName"), group))
            continue;
        part->out->log_group = true;
        part->out->log_retention_days = json_get_int(item, "retentionInDays", 0);
    }
}

/* A variant that is no target costs this one request. */
static void read_scaling(void *arg)
{
    struct part *part = arg;
    part->code = kinds_observe_scaling(
        part->kinds, part->arena, part->want, &part->out->scaling, &part->err);
}

/* Of the names in the spec, those that exist; at most ten. */
static void read_alarms(void *arg)
{
    struct part *part = arg;
    const struct want_update *update = part->want->update;
    if (part->destroy || update == NULL || update->n_alarms == 0)
        return;
    part->code = kinds_observe_alarms(part->kinds, part->arena, part->want, part->out, &part->err);
}

/* Owners of the things that are not in use: one ListTags each, and there are hardly ever any. */
static enum err_code verify_things(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    const struct seen_thing *live,
    struct seen_thing *things,
    size_t count,
    struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (live->present && str_eq(live->name, things[i].name)) {
            things[i].owner = live->owner;
            continue;
        }
        struct err failure = {0};
        enum err_code code =
            kinds_list_tags(kinds, arena, things[i].arn, &things[i].tags, &failure);
        if (code == ERR_NOT_FOUND) {
            things[i].present = false;
            things[i].owner = OWNER_OTHER;
            continue;
        }
        if (code != ERR_NONE) {
            *err = failure;
            return code;
        }
        things[i].owner = kinds_owner(want, things[i].tags);
    }
    return ERR_NONE;
}

static size_t drop_absent(struct seen_thing *things, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (things[i].present)
            things[kept++] = things[i];
    return kept;
}

enum err_code kinds_observe(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    bool destroy,
    struct snapshot *out,
    struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    /* First, and alone: it is what a run is claimed with. Whatever another run changed after this
     * was read makes the claim fail; read after the rest, it would vouch for what is old. */
    struct err unread = {0};
    enum err_code code = kinds_record_read(world, arena, want, &out->record, &unread);
    if (code != ERR_NONE) {
        /* What is wrong with the bucket as a whole, its listing says better. */
        code = kinds_observe_storage(kinds, arena, want, destroy, out, err);
        if (code == ERR_NONE)
            *err = unread;
        return err->code;
    }
    task_fn *const readers[] = {read_storage, read_endpoint,  list_models,  list_configs,
                                read_jobs,    read_log_group, read_scaling, read_alarms};
    struct part *parts = ARENA_ARRAY(arena, ARRAY_LEN(readers), struct part);
    struct task *tasks[ARRAY_LEN(readers)];
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        parts[i] = (struct part){
            .kinds = kinds, .arena = arena, .want = want, .out = out, .destroy = destroy};
        tasks[i] = loop_spawn(kinds->loop, readers[i], &parts[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(readers); i++)
        loop_join(kinds->loop, tasks[i]);
    for (size_t i = 0; i < ARRAY_LEN(readers); i++)
        if (parts[i].code != ERR_NONE) {
            *err = parts[i].err;
            return parts[i].code;
        }
    code = verify_things(
        kinds, arena, want, &out->live_model, out->models.items, out->models.len, err);
    if (code == ERR_NONE)
        code = verify_things(
            kinds, arena, want, &out->live_config, out->configs.items, out->configs.len, err);
    if (code == ERR_NONE)
        code = kinds_observe_old(kinds, arena, want, out, err);
    out->models.len = drop_absent(out->models.items, out->models.len);
    out->configs.len = drop_absent(out->configs.items, out->configs.len);
    return code;
}

enum err_code kinds_list_jobs(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct snapshot *seen,
    struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    struct json *items;
    enum err_code code = kinds_list(
        kinds, arena, "ListTrainingJobs", "TrainingJobSummaries",
        name_thing_prefix(arena, want, 't'), &items, err);
    if (code != ERR_NONE)
        return code;
    seen->jobs.len = 0;
    JSON_EACH (item, items) {
        struct str name = json_get_str(item, "TrainingJobName");
        if (!name_is_ours(want, 't', name))
            continue;
        *VEC_PUSH(arena, &seen->jobs) = (struct seen_job){
            .name = name,
            .arn = json_get_str(item, "TrainingJobArn"),
            .created_ms = (int64_t) (1000 * json_get_num(item, "CreationTime", 0)),
            .ended_ms = (int64_t) (1000 * json_get_num(item, "TrainingEndTime", 0)),
            .status = json_get_str(item, "TrainingJobStatus")};
    }
    seen->jobs_listed = true;
    return ERR_NONE;
}

enum err_code kinds_inspect_job(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct seen_job *job,
    struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    const struct json *reply, *tags;
    struct err failure = {0};
    enum err_code code = kinds_call(
        kinds, arena, "DescribeTrainingJob", kinds_body(arena, "TrainingJobName", job->name),
        &reply, &failure);
    if (code == ERR_NONE)
        code = kinds_list_tags(kinds, arena, job->arn, &tags, &failure);
    if (code == ERR_NOT_FOUND) { /* deleted since the listing */
        job->inspected = true;
        job->owner = OWNER_US;
        job->status = STR("Deleted");
        return ERR_NONE;
    }
    if (code != ERR_NONE) {
        *err = failure;
        return code;
    }
    job->inspected = true;
    job->owner = kinds_owner(want, tags);
    job->settings_hash = json_get_str(tags, "mmectl:settings");
    job->status = json_get_str(reply, "TrainingJobStatus");
    job->failure_reason = json_get_str(reply, "FailureReason");
    if (str_eq(json_get_str(reply, "SecondaryStatus"), STR("MaxRuntimeExceeded")))
        job->failure_reason = STR("MaxRuntimeExceeded");
    job->artifact = json_get_str(json_get(reply, "ModelArtifacts"), "S3ModelArtifacts");
    const struct json *list = json_get(reply, "FinalMetricDataList");
    struct want_pair *metrics = ARENA_ARRAY(arena, list != NULL ? list->len : 0, struct want_pair);
    size_t n_metrics = 0;
    JSON_EACH (metric, list) {
        AUTO(buf_done) struct buf text = BUF_INIT(64);
        buf_fmt(&text, "%.17g", kinds_metric(json_get_num(metric, "Value", 0)));
        metrics[n_metrics++] =
            (struct want_pair){json_get_str(metric, "MetricName"), str_dup(arena, buf_str(&text))};
    }
    job->metrics = metrics;
    job->n_metrics = n_metrics; /* of this look: a job may be looked at again */
    return ERR_NONE;
}
