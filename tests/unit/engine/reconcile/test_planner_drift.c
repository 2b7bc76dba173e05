#include "tests/unit/engine/reconcile/scene.h"

static struct scene *deployed(struct arena *arena, bool stable)
{
    struct scene *s = scene_new(arena, stable, 2);
    plan_ok(s, 6, 0, 0);
    assert_int_equal(s->plan->drift.len, 0); /* nothing was there: nothing has changed */
    arrive(s);
    settled(s);
    assert_int_equal(s->plan->drift.len, 0);
    return s;
}

static struct json *parse(struct scene *s, const char *text)
{
    char *copy = str_z(s->arena, str_from(text));
    for (char *c = copy; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    struct json *json;
    assert_ok(json_parse(s->arena, str_from(copy), KIB(64), &json, &s->err), &s->err);
    return json;
}

static const struct change *
only_drift(const struct scene *s, const char *address, enum action action)
{
    assert_int_equal(s->plan->drift.len, 1);
    const struct change *drift = s->plan->drift.items[0];
    assert_str(drift->address, address);
    assert_int_equal(drift->action, action);
    return drift;
}

/* ---- what was taken away or put in its place ---- */

static void an_artifact_is_gone(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = deployed(*state, stable == 1);
        drop_object(s, s->seen.record.models.items[1].live.key);
        assert_ok(plan(s), &s->err);
        const struct change *drift = only_drift(s, "aws_s3_object.model[\"m1\"]", ACTION_DELETE);
        assert_non_null(drift->before);
        assert_null(drift->after);
        assert_true(s->plan->n_add >= 1); /* and what is done about it stands in the plan */
    }
}

static void an_artifact_was_overwritten(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = deployed(*state, stable == 1);
        struct seen_object *object =
            map_get(s->seen.objects, s->seen.record.models.items[0].live.key);
        object->etag = STR("\"other\"");
        object->owner = OWNER_OTHER;
        assert_ok(plan(s), &s->err);
        const struct change *drift = only_drift(s, "aws_s3_object.model[\"m0\"]", ACTION_UPDATE);
        assert_true(drift->n_diffs > 0);
    }
}

static void a_changed_spec_is_no_drift(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = deployed(*state, stable == 1);
        change_model(s, 0, 2);
        s->want.instance_type = STR("ml.c5.xlarge");
        s->want.tags =
            sample_pairs(*state, (const struct want_pair[]){{STR("team"), STR("fraud")}}, 1);
        assert_ok(plan(s), &s->err);
        assert_false(plan_is_empty(s->plan));
        assert_int_equal(s->plan->drift.len, 0);
        s->want.n_models = 1;
        assert_ok(plan(s), &s->err);
        assert_int_equal(s->plan->drift.len, 0);
    }
}

static void the_endpoint_is_gone(void **state)
{
    struct scene *s = deployed(*state, false);
    remove_endpoint(s, s->want.endpoint);
    plan_ok(s, 1, 0, 0);
    only_drift(s, "aws_sagemaker_endpoint.this", ACTION_DELETE);
    /* The one before moved: that is the spec's doing. */
    *VEC_PUSH(*state, &s->seen.old_endpoints) =
        (struct seen_endpoint){.present = true, .name = STR("old")};
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->plan->drift.len, 0);
}

static void the_endpoint_was_moved(void **state)
{
    struct scene *s = deployed(*state, false);
    s->seen.endpoint.config = STR("somebody-elses");
    s->seen.live_config =
        (struct seen_thing){.present = true, .name = STR("somebody-elses"), .owner = OWNER_OTHER};
    plan_ok(s, 0, 1, 0);
    const struct change *drift = only_drift(s, "aws_sagemaker_endpoint.this", ACTION_UPDATE);
    assert_str(json_get_str(drift->after, "endpoint_config_name"), "somebody-elses");
    assert_int_equal(drift->n_diffs, 1);
    arrive(s);
    settled(s);
}

/* Moved, and there is nothing to move it back to: no model can be made. */
static void the_endpoint_was_moved_and_nothing_can_be_deployed(void **state)
{
    struct scene *s = deployed(*state, false);
    s->seen.endpoint.config = STR("somebody-elses");
    for (size_t i = 0; i < 2; i++) {
        drop_object(s, s->seen.record.models.items[i].live.key);
        s->want.models[i].failed = true;
    }
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->plan->drift.len, 3);
    assert_null(s->plan->drift.items[2]->before);
}

static void model_and_config_are_gone(void **state)
{
    struct scene *s = deployed(*state, false);
    s->seen.live_config.present = s->seen.live_model.present = false;
    s->seen.models.len = s->seen.configs.len = 0;
    plan_ok(s, 2, 0, 0);
    assert_int_equal(s->plan->drift.len, 2);
    assert_str(s->plan->drift.items[0]->address, "aws_sagemaker_endpoint_configuration.this");
    assert_str(s->plan->drift.items[1]->address, "aws_sagemaker_model.this");
}

static void drift_that_waits_is_drift(void **state)
{
    static const struct str target = STR_INIT("aws_s3_bucket.this");
    struct scene *s = deployed(*state, true);
    struct seen_object *object = map_get(s->seen.objects, s->seen.record.models.items[0].live.key);
    object->etag = STR("\"other\"");
    object->owner = OWNER_OTHER;
    s->options.targets = &target;
    s->options.n_targets = 1;
    assert_ok(plan(s), &s->err);
    assert_true(plan_is_empty(s->plan));
    /* m0 is set aside with the rest, so nothing is planned about it. */
    assert_true(s->plan->drift.len <= 1);
}

/* ---- the table of fields: what is described, and what comes of it ---- */

static struct json *
patched(struct scene *s, const struct json *node, const char *from, const char *to)
{
    struct str text = json_text(s->arena, node, JSON_COMPACT);
    char *quoted = str_z(s->arena, str_from(from));
    for (char *c = quoted; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    size_t at = str_find(text, str_from(quoted));
    if (at == SIZE_MAX)
        fail_msg("'%s' is not in " STR_FMT, from, STR_ARG(text));
    struct str after = str_from_index(text, at + strlen(from));
    return parse(
        s, str_z(
               s->arena, str_fmt(
                             s->arena, STR_FMT "%s" STR_FMT, STR_ARG(str_slice(text, 0, at)), to,
                             STR_ARG(after))));
}

static void described_fields(void **state)
{
    static const struct {
        bool config;
        const char *from, *to;
        bool changes;
    } cases[] = {
        {false, "'Mode':'MultiModel'", "'Mode':'SingleModel'", true},
        {false, "'WORKERS':'1'", "'WORKERS':'2'", true},
        {false, "'WORKERS':'1'", "'WORKERS':'1','MORE':'2'", true},
        {false, "'Mode':'MultiModel'",
         "'Mode':'MultiModel','ModelDataSource':{'S3DataSource':{'S3Uri':'s3://x'}}", false},
        {false, "'Mode':'MultiModel'",
         "'Mode':'MultiModel','ImageConfig':{'RepositoryAccessMode':'Platform'}", false},
        {false, "'Mode':'MultiModel'", "'Mode':'MultiModel','ContainerHostname':'h'", false},
        {false, "'ModelCacheSetting':'Enabled'", "'ModelCacheSetting':'NeverHeardOf'", false},
        {false, "{'PrimaryContainer'",
         "{'EnableNetworkIsolation':false,'CreationTime':1,'PrimaryContainer'", false},
        {true, "'InstanceType':'ml.m5.large'", "'InstanceType':'ml.m5.4xlarge'", true},
        {true, "'InitialInstanceCount':1", "'InitialInstanceCount':7", true},
        {true, "'InitialVariantWeight':1", "'InitialVariantWeight':0.3", false},
        {true, "'InitialVariantWeight':1",
         "'VolumeSizeInGB':30,'ContainerStartupHealthCheckTimeoutInSeconds':600", false},
        {true, "'InitialVariantWeight':1",
         "'RoutingConfig':{'RoutingStrategy':'LEAST_OUTSTANDING_REQUESTS'}", false},
        {true, "'InitialVariantWeight':1",
         "'InferenceAmiVersion':'al2-ami','AcceleratorType':'NeverHeardOf'", false},
        {true, "{'ProductionVariants'",
         "{'EnableNetworkIsolation':false,'KmsKeyId':'k','ProductionVariants'", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene *s = deployed(*state, false);
        struct seen_thing *live = cases[i].config ? &s->seen.live_config : &s->seen.live_model;
        live->describe = patched(s, live->describe, cases[i].from, cases[i].to);
        struct str before = live->name;
        assert_ok(plan(s), &s->err);
        if (!cases[i].changes) {
            if (!plan_is_empty(s->plan))
                fail_msg("'%s' -> '%s' is a difference", cases[i].from, cases[i].to);
            assert_int_equal(s->plan->drift.len, 0);
            continue;
        }
        /* Somebody made another thing of our name: ours gets a second name, and the endpoint rolls.
         */
        const struct change *change =
            must_find(s, cases[i].config ? KIND_ENDPOINT_CONFIG : KIND_MODEL, ACTION_REPLACE);
        assert_int_equal(change->reason, REASON_CHANGED_OUTSIDE);
        assert_str_len(change->old_name, before);
        assert_false(str_eq(change->name, before));
        assert_true(s->plan->drift.len >= 1);
        must_find(s, KIND_ENDPOINT, ACTION_UPDATE);
        arrive(s);
        settled(s);
        assert_int_equal(s->plan->drift.len, 0);
        /* It keeps the second name, also when the service describes it in its own way for ever ...
         */
        live = cases[i].config ? &s->seen.live_config : &s->seen.live_model;
        live->describe = patched(s, live->describe, cases[i].from, cases[i].to);
        settled(s);
        /* ... until the spec changes. */
        s->want.instance_type = STR("ml.c5.large");
        s->want.cache_disabled = true;
        plan_ok(s, 2, 1, 2);
        arrive(s);
        settled(s);
    }
}

/* What the planner takes from DescribeEndpoint besides the config and the status: nothing. */
static void the_endpoints_own_figures(void **state)
{
    static const char *const described[] = {
        "{'ProductionVariants':[{'CurrentInstanceCount':9,'DesiredInstanceCount':12,'CurrentWeight'"
        ":0.2,"
        "'DesiredWeight':0.7,'ManagedInstanceScaling':{'Status':'ENABLED'}}]}",
        "{'LastModifiedTime':1,'CreationTime':2,'EndpointArn':'other','LastDeploymentConfig':{'X':"
        "1}}",
        "{'ProductionVariants':[],'ShadowProductionVariants':[{'A':1}],'NeverHeardOf':[null]}",
        "{'ProductionVariants':'not a list','DataCaptureConfig':{'CaptureStatus':'NeverHeardOf'}}",
        "{'ProductionVariants':[{'DeployedImages':[{'SpecifiedImage':'a:1','ResolvedImage':'a@1'},{"
        "},{'SpecifiedImage':'b'},"
        "{'SpecifiedImage':'a:1','ResolvedImage':'a@1'}]}]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(described); i++) {
        struct scene *s = deployed(*state, false);
        s->seen.endpoint.describe = parse(s, described[i]);
        s->seen.endpoint.instance_count = 9;
        settled(s);
        assert_int_equal(s->plan->drift.len + s->plan->warnings.len + s->plan->notes.len, 0);
        s->want.instance_type = STR("ml.c5.xlarge"); /* and a roll keeps the count of autoscaling */
        plan_ok(s, 1, 1, 1);
        assert_true(
            ((const struct endpoint_plan *) must_find(s, KIND_ENDPOINT, ACTION_UPDATE)->subject)
                ->keep_counts);
    }
}

static void tags_of_others(void **state)
{
    struct scene *s = deployed(*state, false);
    struct json *tags = json_copy(*state, s->seen.endpoint.tags);
    json_put(*state, tags, "CostCenter", json_z(*state, "42"));
    json_put(*state, tags, "aws:cloudformation:stack-name", json_z(*state, "x"));
    s->seen.endpoint.tags = tags;
    settled(s);
    json_put(*state, tags, "team", json_z(*state, "another"));
    plan_ok(s, 0, 1, 0);
    assert_true(((const struct endpoint_plan *) must_find(s, KIND_ENDPOINT, ACTION_UPDATE)->subject)
                    ->tags_only);
}

static void an_old_failure_is_told(void **state)
{
    struct scene *s = deployed(*state, false);
    s->seen.endpoint.failure_reason = STR("no capacity");
    settled(s);
    assert_int_equal(s->plan->notes.len, 1);
    assert_str(
        s->plan->notes.items[0], "endpoint 'demo' serves; its last update failed: no capacity");
}

static void an_image_that_moved(void **state)
{
    struct scene *s = deployed(*state, false);
    s->seen.endpoint.describe = parse(
        s, "{'ProductionVariants':[{'DeployedImages':[{'SpecifiedImage':'a:1','ResolvedImage':'a@"
           "sha256:1'}]}],"
           "'PendingDeploymentSummary':{'ProductionVariants':[{'DeployedImages':[{'SpecifiedImage':"
           "'a:1',"
           "'ResolvedImage':'a@sha256:2'}]}]}}");
    settled(s);
    assert_int_equal(s->plan->warnings.len, 1);
    assert_str(
        s->plan->warnings.items[0].message,
        "image 'a:1' has moved: the endpoint runs two different ones under it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(an_artifact_is_gone),
        WITH_ARENA(an_artifact_was_overwritten),
        WITH_ARENA(a_changed_spec_is_no_drift),
        WITH_ARENA(the_endpoint_is_gone),
        WITH_ARENA(the_endpoint_was_moved),
        WITH_ARENA(the_endpoint_was_moved_and_nothing_can_be_deployed),
        WITH_ARENA(model_and_config_are_gone),
        WITH_ARENA(drift_that_waits_is_drift),
        WITH_ARENA(described_fields),
        WITH_ARENA(the_endpoints_own_figures),
        WITH_ARENA(tags_of_others),
        WITH_ARENA(an_old_failure_is_told),
        WITH_ARENA(an_image_that_moved),
    };
    return cmocka_run_group_tests_name("planner_drift", tests, NULL, NULL);
}
