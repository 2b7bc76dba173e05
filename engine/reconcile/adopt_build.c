#include "engine/reconcile/adopt_internal.h"

#include "engine/plan/artifact.h"
#include "engine/reconcile/diff.h"
#include "engine/reconcile/fingerprint.h"
#include "engine/reconcile/planner.h"
#include "engine/reconcile/request.h"
#include "engine/resource/names.h"

#include <stdarg.h>

void adopt_warn(struct adopting *a, struct str hint, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    *VEC_PUSH(a->arena, &a->out->plan->warnings) =
        (struct plan_warning){str_dup(a->arena, str_from(text)), hint};
}

static struct change *
add_change(struct adopting *a, enum kind_id kind, enum action action, struct str index)
{
    struct change *change = plan_add(a->arena, a->out->plan, kind, action);
    change->index = index;
    change->address = address_of(a->arena, kind, index);
    return change;
}

struct str adopt_key(const struct adopting *a, const struct want_model *model)
{
    const struct want *want = a->look->want;
    return want->stable ? key_stable(a->arena, want, a->generation, model->name)
                        : key_versioned(a->arena, want, model->name, model->fp);
}

/* What stands at a key of ours already: an earlier import put it there, or it is in the way. */
static enum err_code check_there(
    struct adopting *a,
    const struct want_model *model,
    const struct seen_object *there,
    struct str fp,
    struct err *err)
{
    if (there->owner == OWNER_US && str_eq(str_slice(there->fp, 0, FP16), str_slice(fp, 0, FP16)))
        return ERR_NONE;
    err_set(
        err, ERR_CONFLICT,
        "object 's3://" STR_FMT "/" STR_FMT "' is in the way: it is not this stack's",
        STR_ARG(a->look->want->bucket), STR_ARG(there->key));
    err_hint(err, "move it away, or choose another storage.prefix");
    return err_locate(err, model != NULL ? model->at : a->look->want->prefix_at);
}

enum err_code adopt_copy(
    struct adopting *a,
    const struct want_model *model,
    struct str name,
    struct str fp,
    struct str key,
    const struct adopt_source *source,
    struct artifact_plan **ret_artifact,
    struct err *err)
{
    struct artifact_plan *artifact = ARENA_NEW(a->arena, struct artifact_plan);
    *artifact = (struct artifact_plan){.model = model, .name = name, .fp = fp, .key = key};
    const struct seen_object *there = map_get(a->look->seen->objects, key);
    if (there != NULL) {
        enum err_code code = check_there(a, model, there, fp, err);
        if (code != ERR_NONE)
            return code;
        artifact->etag = there->etag;
        artifact->size = there->size;
        *ret_artifact = artifact;
        return ERR_NONE;
    }
    artifact->source = ARTIFACT_COPY;
    artifact->from_bucket = source->bucket;
    artifact->from_key = source->key;
    artifact->from_etag = source->object->etag;
    struct change *change = add_change(a, KIND_ARTIFACT, ACTION_CREATE, name);
    change->subject = artifact;
    change->name = key;
    change->at = model != NULL ? model->at : (struct srcloc){NULL, 0, 0};
    change->note = str_fmt(a->arena, "copied from " STR_FMT, STR_ARG(source->uri));
    struct json *after = json_object(a->arena);
    json_put(a->arena, after, "bucket", json_string(a->arena, a->look->want->bucket));
    json_put(a->arena, after, "key", json_string(a->arena, key));
    json_put(a->arena, after, "fingerprint", json_string(a->arena, str_slice(fp, 0, FP16)));
    json_put(a->arena, after, "source", json_string(a->arena, source->uri));
    change->after = after;
    artifact->change = change;
    *ret_artifact = artifact;
    return ERR_NONE;
}

static bool is_left_out(const struct adopt_options *options, struct str name)
{
    for (size_t i = 0; i < options->n_leave_out; i++)
        if (str_eq(options->leave_out[i], name))
            return true;
    return false;
}

/* The names under which clients call models do not all stay what they were. */
static void warn_renamed(struct adopting *a)
{
    if (a->n_renamed == 0)
        return;
    char more[64] = "";
    if (a->n_renamed > 1)
        snprintf(more, sizeof(more), ", and so for %zu more models", a->n_renamed - 1);
    adopt_warn(
        a,
        a->look->want->stable
            ? STR("name the models after their files to keep what callers send")
            : STR("'targetModels: stable' in the spec's endpoint keeps <name>.tar.gz"),
        "callers send TargetModel '" STR_FMT "' now and '" STR_FMT "' after the next apply%s",
        STR_ARG(a->renamed_from), STR_ARG(a->renamed_to), more);
}

static void note_renamed(struct adopting *a, const struct want_model *model, struct str before)
{
    struct str now = key_target_model(a->look->want, adopt_key(a, model));
    bool named = a->look->want->mode == WANT_MULTI_MODEL; /* else by their containers */
    if (!named || str_is_null(before) || str_eq(now, before))
        return;
    if (a->n_renamed++ > 0)
        return;
    a->renamed_from = before;
    a->renamed_to = now;
}

/* s3://bucket/prefix/ of the live model, split. */
static void split_url(struct str url, struct str *ret_bucket, struct str *ret_prefix)
{
    struct str rest = str_from_index(url, STR("s3://").len);
    size_t slash = str_index(rest, '/');
    *ret_bucket = str_slice(rest, 0, slash);
    *ret_prefix = slash == SIZE_MAX ? STR("") : str_from_index(rest, slash + 1);
}

static enum err_code import_model(struct adopting *a, size_t index, struct err *err)
{
    const struct want_model *model = &a->look->want->models[index];
    const struct adopt_source *source = &a->look->sources[index];
    struct str key = adopt_key(a, model);
    bool there = map_has(a->look->seen->objects, key);
    if (is_left_out(a->options, model->name) || (source->object == NULL && !there)) {
        *VEC_PUSH(a->arena, &a->out->to_make) = model->name;
        return ERR_NONE;
    }
    struct artifact_plan *artifact;
    enum err_code code = adopt_copy(a, model, model->name, model->fp, key, source, &artifact, err);
    if (code != ERR_NONE)
        return code;
    artifact->imported = true;
    if (source->object == NULL)
        return ERR_NONE;
    struct str bucket, prefix;
    split_url(a->look->seen->live_model_url, &bucket, &prefix);
    bool behind = str_eq(bucket, source->bucket) && str_starts(source->key, prefix);
    note_renamed(a, model, behind ? str_from_index(source->key, prefix.len) : STR_NULL);
    return ERR_NONE;
}

/* What the endpoint can invoke today and will not after the roll. */
static void warn_lost(struct adopting *a)
{
    VEC(struct str) lost = {0};
    struct str bucket, prefix;
    split_url(a->look->seen->live_model_url, &bucket, &prefix);
    for (size_t i = 0; a->look->there != NULL && i < map_len(a->look->there); i++) {
        struct str key = map_key_at(a->look->there, i);
        bool used = !str_ends(key, STR(".tar.gz")) || map_has(a->look->seen->objects, key);
        for (size_t k = 0; !used && k < a->look->want->n_models; k++)
            used =
                str_eq(a->look->sources[k].key, key) && str_eq(a->look->sources[k].bucket, bucket);
        if (!used)
            *VEC_PUSH(a->arena, &lost) = str_from_index(key, prefix.len);
    }
    if (lost.len == 0)
        return;
    adopt_warn(
        a, STR("put them into the spec, and import again, before the next apply"),
        "the endpoint serves %zu artifact%s that no model of the spec is: '" STR_FMT "'%s; the "
        "next apply takes %s away from callers",
        lost.len, lost.len == 1 ? "" : "s", STR_ARG(lost.items[0]),
        lost.len == 1 ? "" : " and others", lost.len == 1 ? "it" : "them");
}

static bool wants_container(const struct want *want, struct str name)
{
    for (size_t i = 0; i < want->n_containers; i++)
        if (str_eq(want->containers[i].name, name))
            return true;
    return false;
}

/* Containers that can be called today and will not be after the roll. */
static void warn_lost_containers(struct adopting *a)
{
    JSON_EACH (container, json_get(a->look->seen->live_model.describe, "Containers")) {
        struct str name = json_get_str(container, "ContainerHostname");
        if (a->look->want->n_containers == 0 || wants_container(a->look->want, name))
            continue;
        adopt_warn(
            a, STR("put it into the spec, and import again, before the next apply"),
            "the endpoint has container '" STR_FMT "', which the spec has not; the next apply "
            "takes it away from callers",
            STR_ARG(name));
    }
}

/* The model and configuration that the next apply makes, against what serves now. */
static void compare_live(struct adopting *a)
{
    const struct want *want = a->look->want;
    const struct snapshot *seen = a->look->seen;
    if (!seen->endpoint.present || seen->live_config.owner == OWNER_US)
        return;
    struct str url = want->stable ? str_fmt(
                                        a->arena, STR_FMT "/models/" STR_FMT "/",
                                        STR_ARG(want->home), STR_ARG(a->generation))
                                  : str_fmt(a->arena, STR_FMT "/models/", STR_ARG(want->home));
    const struct json *model_request = request_model(a->arena, want, url);
    struct str model_name =
        name_thing(a->arena, want, 'm', fingerprint_json(a->arena, model_request));
    struct change *model = ARENA_NEW(a->arena, struct change);
    *model = (struct change){
        .kind = KIND_MODEL,
        .action = ACTION_REPLACE,
        .name = model_name,
        .old_name = seen->live_model.name,
        .before = attributes_model(a->arena, seen->live_model.name, seen->live_model.describe),
        .after = attributes_model(a->arena, model_name, model_request)};
    const struct json *config_request = request_config(a->arena, want, model_name);
    struct str config_name =
        name_thing(a->arena, want, 'c', fingerprint_json(a->arena, config_request));
    struct change *config = ARENA_NEW(a->arena, struct change);
    *config = (struct change){
        .kind = KIND_ENDPOINT_CONFIG,
        .action = ACTION_REPLACE,
        .name = config_name,
        .old_name = seen->live_config.name,
        .before = attributes_config(a->arena, seen->live_config.name, seen->live_config.describe),
        .after = attributes_config(a->arena, config_name, config_request)};
    model->address = address_of(a->arena, KIND_MODEL, STR_NULL);
    config->address = address_of(a->arena, KIND_ENDPOINT_CONFIG, STR_NULL);
    diff_change(a->arena, model);
    diff_change(a->arena, config);
    a->out->model = model;
    a->out->config = config;
}

/* What mmectl does not put into a configuration or model goes with the roll. */
static void warn_dropped(struct adopting *a)
{
    static const struct {
        bool model;
        const char *member, *what;
    } members[] = {
        {false, "DataCaptureConfig", "data capture"},
        {false, "ExplainerConfig", "an explainer"},
        {false, "VpcConfig", "a VPC"},
        {true, "VpcConfig", "a VPC"},
        {false, "KmsKeyId", "a KMS key"},
    };
    for (size_t i = 0; a->out->model != NULL && i < ARRAY_LEN(members); i++) {
        const struct json *from = members[i].model ? a->look->seen->live_model.describe
                                                   : a->look->seen->live_config.describe;
        if (json_get(from, members[i].member) != NULL)
            adopt_warn(
                a, STR("keep the endpoint with the tool that made it if it needs that"),
                "the endpoint has %s (%s), which the spec does not say: the next apply takes it "
                "off",
                members[i].what, members[i].member);
    }
    if (a->out->model != NULL &&
        json_get_bool(a->look->seen->live_model.describe, "EnableNetworkIsolation", false))
        adopt_warn(
            a, STR("keep the endpoint with the tool that made it if it needs that"),
            "the endpoint's model has network isolation, which the next apply takes off");
}

/* Each container's own; what else lies beside them is nobody's business here. */
static void name_left_artifacts(struct adopting *a)
{
    JSON_EACH (container, json_get(a->look->seen->live_model.describe, "Containers")) {
        struct str url = json_get_str(container, "ModelDataUrl");
        if (!str_is_null(url))
            *VEC_PUSH(a->arena, &a->out->left) = (struct adopt_left){
                "artifact", url, str_fmt(a->arena, "aws s3 rm " STR_FMT, STR_ARG(url))};
    }
}

static void name_left(struct adopting *a)
{
    const struct snapshot *seen = a->look->seen;
    struct arena *arena = a->arena;
    if (!seen->endpoint.present || seen->live_config.owner == OWNER_US)
        return;
    *VEC_PUSH(arena, &a->out->left) = (struct adopt_left){
        "endpoint configuration", seen->live_config.name,
        str_fmt(
            arena, "aws sagemaker delete-endpoint-config --endpoint-config-name " STR_FMT,
            STR_ARG(seen->live_config.name))};
    *VEC_PUSH(arena, &a->out->left) = (struct adopt_left){
        "model", seen->live_model.name,
        str_fmt(
            arena, "aws sagemaker delete-model --model-name " STR_FMT,
            STR_ARG(seen->live_model.name))};
    /* A prefix that ours lies in, or the other way round, is not one to empty. */
    struct str home = str_fmt(arena, STR_FMT "/", STR_ARG(a->look->want->home));
    if (str_starts(seen->live_model_url, home) || str_starts(home, seen->live_model_url))
        return;
    if (a->look->want->n_containers > 0) {
        name_left_artifacts(a);
        return;
    }
    *VEC_PUSH(arena, &a->out->left) = (struct adopt_left){
        "artifacts", seen->live_model_url,
        str_fmt(arena, "aws s3 rm --recursive " STR_FMT, STR_ARG(seen->live_model_url))};
}

/* The generation the copies go to: the one that serves when it is ours already. */
static struct str choose_generation(struct adopting *a)
{
    const struct want *want = a->look->want;
    struct str base = str_fmt(a->arena, STR_FMT "/models/", STR_ARG(want->home));
    struct str rest = a->look->seen->live_model_url;
    if (str_starts(rest, base)) {
        rest = str_from_index(rest, base.len);
        if (rest.len == GEN10 + 1 && rest.ptr[GEN10] == '/' &&
            is_hex(str_slice(rest, 0, GEN10), GEN10))
            return str_slice(rest, 0, GEN10);
    }
    return fingerprint_generation(a->arena, want, STR_NULL);
}

static enum err_code check_options(struct adopting *a, struct err *err)
{
    for (size_t i = 0; i < a->options->n_from; i++)
        if (want_find_model(a->look->want, a->options->from[i].name) == NULL)
            return err_set(
                err, ERR_USAGE, "--from names model '" STR_FMT "', which is not in the spec",
                STR_ARG(a->options->from[i].name));
    for (size_t i = 0; i < a->options->n_leave_out; i++)
        if (want_find_model(a->look->want, a->options->leave_out[i]) == NULL)
            return err_set(
                err, ERR_USAGE, "--leave-out names model '" STR_FMT "', which is not in the spec",
                STR_ARG(a->options->leave_out[i]));
    return ERR_NONE;
}

static void plan_bucket(struct adopting *a)
{
    const struct want *want = a->look->want;
    if (a->look->seen->bucket.present)
        return;
    struct change *bucket = add_change(a, KIND_BUCKET, ACTION_CREATE, STR_NULL);
    bucket->name = want->bucket;
    bucket->note = STR("private, encrypted");
    struct json *after = json_object(a->arena);
    json_put(a->arena, after, "bucket", json_string(a->arena, want->bucket));
    json_put(a->arena, after, "region", json_string(a->arena, want->region));
    bucket->after = after;
}

static bool names_endpoint(const struct record *record, struct str name)
{
    for (size_t i = 0; i < record->endpoints.len; i++)
        if (str_eq(record->endpoints.items[i], name))
            return true;
    return false;
}

/* The record of what was imported says whose prefix it is and which endpoint is meant. Models are
 * in it once clients can reach them: after the next apply. */
static void plan_record(struct adopting *a)
{
    const struct want *want = a->look->want;
    struct record record = a->look->seen->record;
    a->out->writes_record = !record.present || !names_endpoint(&record, want->endpoint) ||
                            !str_eq(record.home, want->home);
    record.endpoints.items = NULL;
    record.endpoints.len = record.endpoints.cap = 0;
    *VEC_PUSH(a->arena, &record.endpoints) = want->endpoint;
    record.present = true;
    record.stack = want->stack;
    record.uid = want->uid;
    record.home = want->home;
    a->out->record = record;
}

static enum err_code import_endpoint(struct adopting *a, struct err *err)
{
    enum err_code code = ERR_NONE;
    for (size_t i = 0; code == ERR_NONE && i < a->look->want->n_models; i++)
        code = import_model(a, i, err);
    if (code != ERR_NONE)
        return code;
    plan_record(a);
    warn_renamed(a);
    warn_lost(a);
    warn_lost_containers(a);
    return ERR_NONE;
}

static void describe(struct adopting *a)
{
    struct plan *plan = a->out->plan;
    const struct want *want = a->look->want;
    plan->stack = want->stack;
    plan->account = want->account;
    plan->region = want->region;
    plan->uid = want->uid;
    plan->home = want->home;
    plan->endpoint = want->endpoint;
    plan->instance_type = want->instance_type;
    plan->instance_count = want->instance_count;
    plan->old_instance_type = a->look->seen->live_instance_type;
    plan->old_instance_count = a->look->seen->live_instance_count;
    struct plan_context *context = ARENA_NEW(a->arena, struct plan_context);
    context->want = a->look->want;
    context->seen = a->look->seen;
    plan->context = context;
}

bool adoption_is_empty(const struct adoption *adoption)
{
    return plan_is_empty(adoption->plan) && !adoption->tags_endpoint && !adoption->writes_record;
}

enum err_code adopt_build(
    struct arena *arena,
    const struct adopt_look *look,
    const struct adopt_options *options,
    struct adoption **ret_adoption,
    struct err *err)
{
    struct adoption *out = ARENA_NEW(arena, struct adoption);
    struct adopting a = {.arena = arena, .look = look, .options = options, .out = out};
    out->want = look->want;
    out->seen = look->seen;
    out->plan = ARENA_NEW(arena, struct plan);
    enum err_code code = check_options(&a, err);
    if (code == ERR_NONE)
        code = adopt_check(look, options, err);
    if (code != ERR_NONE)
        return code;
    describe(&a);
    a.generation = look->want->stable ? choose_generation(&a) : STR_NULL;
    const struct seen_endpoint *endpoint = &look->seen->endpoint;
    out->tags_endpoint =
        endpoint->present && !str_eq(json_get_str(endpoint->tags, "mmectl:uid"), look->want->uid);
    plan_bucket(&a);
    code = look->old.asked ? adopt_old_stack(&a, err) : import_endpoint(&a, err);
    if (code != ERR_NONE)
        return code;
    compare_live(&a);
    warn_dropped(&a);
    if (!look->old.asked)
        name_left(&a);
    struct change *bucket = look->seen->bucket.present ? NULL : out->plan->changes.items[0];
    for (size_t i = 0; bucket != NULL && i < out->plan->changes.len; i++)
        if (out->plan->changes.items[i] != bucket)
            change_need(arena, out->plan->changes.items[i], bucket);
    plan_finish(arena, out->plan);
    *ret_adoption = out;
    return ERR_NONE;
}
