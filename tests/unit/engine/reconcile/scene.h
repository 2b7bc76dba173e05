/* tests/unit/engine/reconcile/scene.h - a wanted stack and a world, made by hand.
 *
 * scene_do() does to the world what one change says, arrive() what a whole plan says; so "a plan
 * after an apply is empty" can be asked without any I/O. Header-only; everything is on the arena.
 */
#ifndef TESTS_UNIT_ENGINE_RECONCILE_SCENE_H
#define TESTS_UNIT_ENGINE_RECONCILE_SCENE_H

#include "tests/unit/engine/reconcile/sample.h"

#include "engine/reconcile/fingerprint.h"
#include "engine/reconcile/guard.h"
#include "engine/reconcile/planner.h"
#include "engine/resource/names.h"
#include "engine/stack/route.h"

struct scene {
    struct arena *arena;
    struct want want;
    struct snapshot seen;
    struct plan_options options;
    struct plan *plan;
    struct plan_gaps gaps;
    struct err err;
    unsigned n_etags;
};

static UNUSED struct str fp_of(struct arena *arena, const char *name, int version)
{
    struct json *node = json_object(arena);
    json_put(arena, node, "name", json_z(arena, name));
    json_put(arena, node, "version", json_int(arena, version));
    return fingerprint_json(arena, node);
}

static UNUSED void change_model(struct scene *s, size_t index, int version)
{
    struct want_model *model = &s->want.models[index];
    model->fp = model->spec_fp = fp_of(s->arena, str_z(s->arena, model->name), version);
    if (model->trained)
        model->job = name_thing(s->arena, &s->want, 't', model->fp);
}

/* Models m0, m1, ... of the user's own, from files. */
static UNUSED struct scene *scene_new(struct arena *arena, bool stable, size_t n_models)
{
    struct scene *s = ARENA_NEW(arena, struct scene);
    s->arena = arena;
    s->want = *sample_want(arena);
    s->want.stable = stable;
    s->want.n_channels = 0;
    s->want.retain = 1;
    s->want.models = ARENA_ARRAY(arena, n_models + 4, struct want_model);
    s->want.n_models = n_models;
    for (size_t i = 0; i < n_models; i++) {
        struct str name = str_fmt(arena, "m%zu", i);
        s->want.models[i] = (struct want_model){
            .name = name,
            .path = STR("m.tar.gz"),
            .source = STR("m.tar.gz"),
            .fp = fp_of(arena, str_z(arena, name), 1)};
        s->want.models[i].spec_fp = s->want.models[i].fp;
    }
    s->seen.objects = map_new(arena);
    return s;
}

/* A container for each model, and one more that brings along what it needs. */
static UNUSED struct scene *
scene_containers(struct arena *arena, enum want_mode mode, size_t n_models)
{
    struct scene *s = scene_new(arena, true, n_models);
    struct want_container *containers = ARENA_ARRAY(arena, n_models + 1, struct want_container);
    for (size_t i = 0; i < n_models; i++)
        containers[i] = (struct want_container){
            .name = s->want.models[i].name, .image = s->want.image, .has_model = true};
    containers[n_models] = (struct want_container){.name = STR("rules"), .image = STR("own:1")};
    s->want.mode = mode;
    s->want.containers = containers;
    s->want.n_containers = n_models + 1;
    return s;
}

/* The same, trained on SageMaker from two files. */
static UNUSED struct scene *scene_trained(struct arena *arena, bool stable, size_t n_models)
{
    struct scene *s = scene_new(arena, stable, n_models);
    s->want.n_channels = 2;
    for (size_t i = 0; i < n_models; i++) {
        s->want.models[i].path = s->want.models[i].source = STR_NULL;
        s->want.models[i].trained = true;
        s->want.models[i].settings_hash = STR("settings");
        change_model(s, i, 1);
    }
    return s;
}

/* "m0 90 m1 10" */
static UNUSED void
want_route(struct scene *s, const char *name, const char *split, const char *shadow)
{
    struct want_route *routes = ARENA_ARRAY(s->arena, s->want.n_routes + 1, struct want_route);
    for (size_t i = 0; i < s->want.n_routes; i++)
        routes[i] = s->want.routes[i];
    struct want_route *route = &routes[s->want.n_routes++];
    struct want_share *shares = ARENA_ARRAY(s->arena, 8, struct want_share);
    *route =
        (struct want_route){.name = str_from(name), .split = shares, .shadow = str_from(shadow)};
    struct str rest = str_from(split), model, weight;
    while (str_split(&rest, ' ', &model) && str_split(&rest, ' ', &weight)) {
        shares[route->n_split].model = model;
        assert_true(str_to_i64(weight, &shares[route->n_split++].weight));
    }
    s->want.routes = routes;
}

/* As mmectl would have written it. */
static UNUSED struct record_route *
put_route(struct scene *s, const char *name, const char *split, const char *shadow)
{
    struct scene other = {.arena = s->arena};
    want_route(&other, name, split, shadow);
    struct record_route *route = VEC_PUSH(s->arena, &s->seen.record.routes);
    *route = (struct record_route){
        .name = str_from(name), .shadow = str_from(shadow), .at = STR("then"), .by = STR("you")};
    for (size_t i = 0; i < other.want.routes[0].n_split; i++) {
        const struct want_share *share = &other.want.routes[0].split[i];
        *VEC_PUSH(s->arena, &route->split) = (struct record_share){share->model, share->weight};
    }
    route->fp = route_fp(s->arena, route);
    return route;
}

static UNUSED enum err_code plan_as(struct scene *s, enum plan_mode mode)
{
    return plan_build(s->arena, &s->want, &s->seen, mode, &s->options, &s->plan, &s->gaps, &s->err);
}

static UNUSED enum err_code plan(struct scene *s)
{
    return plan_as(s, PLAN_APPLY);
}

static UNUSED void plan_counts(struct scene *s, size_t add, size_t change, size_t destroy)
{
    assert_false(gaps_any(&s->gaps));
    if (s->plan->n_add != add || s->plan->n_change != change || s->plan->n_destroy != destroy)
        fail_msg(
            "planned %zu/%zu/%zu, wanted %zu/%zu/%zu", s->plan->n_add, s->plan->n_change,
            s->plan->n_destroy, add, change, destroy);
}

static UNUSED void plan_ok(struct scene *s, size_t add, size_t change, size_t destroy)
{
    assert_ok(plan(s), &s->err);
    plan_counts(s, add, change, destroy);
}

static UNUSED void settled(struct scene *s)
{
    plan_ok(s, 0, 0, 0);
    assert_true(plan_is_empty(s->plan));
}

/* A plan is made all the same, and is not carried out. */
static UNUSED void guarded(struct scene *s, enum plan_mode mode, const char *part)
{
    assert_ok(plan_as(s, mode), &s->err);
    assert_fails(guard_check(s->plan, &s->err), ERR_REFUSED, &s->err, part);
}

/* The first change of that kind and action; NULL when there is none. */
static UNUSED struct change *find(const struct scene *s, enum kind_id kind, enum action action)
{
    for (size_t i = 0; i < s->plan->changes.len; i++)
        if (s->plan->changes.items[i]->kind == kind && s->plan->changes.items[i]->action == action)
            return s->plan->changes.items[i];
    return NULL;
}

static UNUSED struct change *must_find(const struct scene *s, enum kind_id kind, enum action action)
{
    struct change *change = find(s, kind, action);
    if (change == NULL)
        fail_msg("no '%s' of a %s is planned", action_name(action), schema_of(kind)->what);
    return change != NULL ? change : ARENA_NEW(s->arena, struct change);
}

static UNUSED bool waits_for(const struct change *change, const struct change *need)
{
    for (size_t i = 0; i < change->n_needs; i++)
        if (change->needs[i] == need || waits_for(change->needs[i], need))
            return true;
    return false;
}

/* ---- the world ---- */

static UNUSED struct seen_object *put_object(struct scene *s, struct str key, struct str fp)
{
    struct seen_object *object = ARENA_NEW(s->arena, struct seen_object);
    *object = (struct seen_object){
        .key = key,
        .etag = str_fmt(s->arena, "\"%u\"", s->n_etags++),
        .size = 7,
        .fp = fp,
        .owner = str_is_null(fp) ? OWNER_UNKNOWN : OWNER_US};
    map_put(s->seen.objects, key, object);
    return object;
}

static UNUSED struct seen_object *put_text(struct scene *s, const char *key, enum owner owner)
{
    struct seen_object *object = put_object(s, str_from(key), STR_NULL);
    object->owner = owner;
    return object;
}

static UNUSED void drop_object(struct scene *s, struct str key)
{
    struct map *kept = map_new(s->arena);
    for (size_t i = 0; i < map_len(s->seen.objects); i++)
        if (!str_eq(map_key_at(s->seen.objects, i), key))
            map_put(kept, map_key_at(s->seen.objects, i), map_value_at(s->seen.objects, i));
    s->seen.objects = kept;
}

static UNUSED struct str job_output_key(struct scene *s, struct str job)
{
    return str_fmt(
        s->arena, STR_FMT "/training/" STR_FMT "/output/model.tar.gz", STR_ARG(s->want.prefix),
        STR_ARG(job));
}

/* A job of ours in that state; a Completed one has its output. */
static UNUSED struct seen_job *
put_job(struct scene *s, struct str name, const char *status, const char *reason)
{
    static const struct want_pair metrics[] = {{STR_INIT("validation:auc"), STR_INIT("0.5")}};
    struct seen_job *job = VEC_PUSH(s->arena, &s->seen.jobs);
    *job = (struct seen_job){
        .name = name,
        .arn = str_fmt(s->arena, "arn:job/" STR_FMT, STR_ARG(name)),
        .status = str_from(status),
        .failure_reason = str_from(reason),
        .settings_hash = STR("settings"),
        .inspected = true,
        .owner = OWNER_US};
    if (str_eq(job->status, STR("Completed"))) {
        job->metrics = metrics;
        job->n_metrics = 1;
        job->artifact = str_fmt(
            s->arena, "s3://" STR_FMT "/" STR_FMT, STR_ARG(s->want.bucket),
            STR_ARG(job_output_key(s, name)));
        put_object(s, job_output_key(s, name), STR_NULL);
    }
    s->seen.jobs_listed = true;
    return job;
}

static UNUSED void put_thing(struct scene *s, const struct change *change, bool model)
{
    const struct thing_plan *subject = change->subject;
    struct seen_thing thing = {
        .present = true, .name = subject->name, .owner = OWNER_US, .describe = subject->request};
    if (subject->exists)
        return;
    if (model)
        *VEC_PUSH(s->arena, &s->seen.models) = thing;
    else
        *VEC_PUSH(s->arena, &s->seen.configs) = thing;
}

static UNUSED struct json *endpoint_tags(struct scene *s, const struct want *want)
{
    struct json *tags = json_object(s->arena);
    for (size_t i = 0; i < want->n_tags; i++)
        json_set(s->arena, tags, want->tags[i].name, json_string(s->arena, want->tags[i].value));
    json_put(s->arena, tags, "mmectl:uid", json_string(s->arena, want->uid));
    json_put(s->arena, tags, "mmectl:stack", json_string(s->arena, want->stack));
    json_put(s->arena, tags, "mmectl:home", json_string(s->arena, want->home));
    if (want->protect)
        json_put(s->arena, tags, "mmectl:protect", json_z(s->arena, "true"));
    return tags;
}

static UNUSED void use_config(struct scene *s, const struct want *want, struct str config)
{
    s->seen.endpoint = (struct seen_endpoint){
        .present = true,
        .name = want->endpoint,
        .arn = STR("arn"),
        .status = STR("InService"),
        .config = config,
        .owner = OWNER_US,
        .home = want->home,
        .protect = want->protect,
        .tags = endpoint_tags(s, want)};
    for (size_t i = 0; i < s->seen.configs.len; i++)
        if (str_eq(s->seen.configs.items[i].name, config))
            s->seen.live_config = s->seen.configs.items[i];
    const struct json *variant =
        json_at(json_get(s->seen.live_config.describe, "ProductionVariants"), 0);
    s->seen.live_instance_type = json_get_str(variant, "InstanceType");
    s->seen.live_instance_count = json_get_int(variant, "InitialInstanceCount", 0);
    for (size_t i = 0; i < s->seen.models.len; i++)
        if (str_eq(s->seen.models.items[i].name, json_get_str(variant, "ModelName")))
            s->seen.live_model = s->seen.models.items[i];
    s->seen.live_model_url = name_model_data(s->seen.live_model.describe);
}

static UNUSED void remove_thing(struct seen_thing *things, size_t *len, struct str name)
{
    size_t kept = 0;
    for (size_t i = 0; i < *len; i++)
        if (!str_eq(things[i].name, name))
            things[kept++] = things[i];
    *len = kept;
}

static UNUSED void remove_policy(struct scene *s, struct str name)
{
    struct json *kept = json_array(s->arena);
    JSON_EACH (policy, s->seen.scaling.policies) {
        if (!str_eq(json_get_str(policy, "PolicyName"), name))
            json_push(kept, json_copy(s->arena, policy));
    }
    s->seen.scaling.policies = kept;
}

static UNUSED void put_policy(struct scene *s, struct json *policy)
{
    struct json *all = json_array(s->arena);
    JSON_EACH (old, s->seen.scaling.policies) {
        json_push(all, json_copy(s->arena, old));
    }
    s->seen.scaling.policies = json_push(all, policy);
}

static UNUSED void remove_job(struct scene *s, struct str name)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->seen.jobs.len; i++)
        if (!str_eq(s->seen.jobs.items[i].name, name))
            s->seen.jobs.items[kept++] = s->seen.jobs.items[i];
    s->seen.jobs.len = kept;
}

static UNUSED void remove_endpoint(struct scene *s, struct str name)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->seen.old_endpoints.len; i++)
        if (!str_eq(s->seen.old_endpoints.items[i].name, name))
            s->seen.old_endpoints.items[kept++] = s->seen.old_endpoints.items[i];
    s->seen.old_endpoints.len = kept;
    if (!s->seen.endpoint.present || !str_eq(s->seen.endpoint.name, name))
        return;
    s->seen.endpoint = (struct seen_endpoint){.name = name};
    s->seen.live_config = s->seen.live_model = (struct seen_thing){0};
    s->seen.live_model_url = s->seen.live_instance_type = STR_NULL;
}

static UNUSED void scene_remove(struct scene *s, const struct change *change)
{
    const struct object_plan *objects = change->subject;
    switch (change->kind) {
    case KIND_BUCKET:
        s->seen.bucket.present = false;
        break;
    case KIND_DATA:
    case KIND_ARTIFACT:
    case KIND_OUTPUT:
        if (!str_is_null(objects->bucket)) /* the old home: all of it is one change */
            s->seen.old.objects = NULL;
        for (size_t i = 0; str_is_null(objects->bucket) && i < objects->n_objects; i++)
            drop_object(s, objects->objects[i]->key);
        break;
    case KIND_MODEL:
        remove_thing(s->seen.models.items, &s->seen.models.len, change->old_name);
        break;
    case KIND_ENDPOINT_CONFIG:
        remove_thing(s->seen.configs.items, &s->seen.configs.len, change->old_name);
        break;
    case KIND_ENDPOINT:
        remove_endpoint(s, change->old_name);
        break;
    case KIND_TRAINING_JOB:
        remove_job(s, change->old_name);
        break;
    case KIND_LOG_GROUP:
        s->seen.log_group = false;
        break;
    case KIND_SCALING_TARGET:
        s->seen.scaling = (struct seen_scaling){0};
        break;
    case KIND_SCALING_POLICY:
        remove_policy(s, change->old_name);
        break;
    case KIND_LOCAL_TRAINING:
    case KIND_COUNT:
        fail_msg("a removal of what is nowhere");
    }
}

static UNUSED const struct json *scene_metrics(struct scene *s)
{
    struct json *metrics = json_object(s->arena);
    json_put(s->arena, metrics, "validation:auc", json_num(s->arena, 0.5));
    return metrics;
}

static UNUSED void scene_train(struct scene *s, struct training_plan *training)
{
    remove_job(s, training->job);
    const struct seen_job *job = put_job(s, training->job, "Completed", NULL);
    training->artifact = job->artifact;
    training->metrics = scene_metrics(s);
}

static UNUSED void scene_make(struct scene *s, const struct want *want, struct change *change)
{
    struct artifact_plan *artifact = change->subject;
    const struct object_plan *data = change->subject;
    struct training_plan *training = change->subject;
    const struct endpoint_plan *endpoint = change->subject;
    const struct scaling_plan *scaling = change->subject;
    switch (change->kind) {
    case KIND_BUCKET:
        s->seen.bucket.present = s->seen.bucket.ours = true;
        break;
    case KIND_DATA:
        put_object(s, change->name, STR("data"))->size = data->channel->size;
        break;
    case KIND_TRAINING_JOB:
        scene_train(s, training);
        break;
    case KIND_LOCAL_TRAINING:
        training->trained->tar_gz = STR("bytes");
        training->trained->metrics = scene_metrics(s);
        break;
    case KIND_ARTIFACT: {
        struct seen_object *object = put_object(s, artifact->key, artifact->fp);
        if (artifact->candidate) { /* as its metadata has it */
            object->metrics = artifact->metrics;
            object->check = artifact->check;
        }
        artifact->etag = object->etag;
        artifact->size = object->size;
        for (size_t i = 0; i < change->n_needs; i++)
            if (change->needs[i]->kind == KIND_TRAINING_JOB)
                artifact->metrics = ((struct training_plan *) change->needs[i]->subject)->metrics;
        break;
    }
    case KIND_MODEL:
    case KIND_ENDPOINT_CONFIG:
        put_thing(s, change, change->kind == KIND_MODEL);
        break;
    case KIND_ENDPOINT:
        if (endpoint->unscale && !endpoint->rescale)
            s->seen.scaling = (struct seen_scaling){0};
        use_config(s, want, endpoint->tags_only ? s->seen.endpoint.config : endpoint->config);
        break;
    case KIND_SCALING_TARGET:
        s->seen.scaling.present = true;
        s->seen.scaling.min = json_get_int(scaling->request, "MinCapacity", 0);
        s->seen.scaling.max = json_get_int(scaling->request, "MaxCapacity", 0);
        break;
    case KIND_SCALING_POLICY:
        remove_policy(s, change->name);
        put_policy(s, json_copy(s->arena, scaling->request));
        break;
    case KIND_LOG_GROUP:
        s->seen.log_group = true;
        s->seen.log_retention_days = json_get_int(change->after, "retention_in_days", 0);
        break;
    case KIND_OUTPUT:
    case KIND_COUNT:
        fail_msg("a creation of what only AWS makes");
    }
}

static UNUSED void scene_do(struct scene *s, const struct want *want, struct change *change)
{
    if (change->action == ACTION_DELETE)
        scene_remove(s, change);
    else if (change->action != ACTION_NOOP)
        scene_make(s, want, change);
}

/* Does in the scene what the plan says. */
static UNUSED void arrive(struct scene *s)
{
    for (size_t i = 0; i < s->plan->changes.len; i++) {
        struct change *change = s->plan->changes.items[i];
        change->outcome = OUTCOME_DONE;
        if (change->action != ACTION_DELETE)
            scene_do(s, &s->want, change);
    }
    struct record after = record_after(s->arena, s->plan, true, STR("now"), STR("me"));
    for (size_t i = 0; i < s->plan->changes.len; i++)
        if (s->plan->changes.items[i]->action == ACTION_DELETE)
            scene_do(s, &s->want, s->plan->changes.items[i]);
    s->seen.record = after;
}

#endif
