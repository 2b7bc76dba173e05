#include "tests/unit/engine/reconcile/scene.h"

static struct scene *deployed(struct arena *arena, bool stable)
{
    struct scene *s = scene_new(arena, stable, 2);
    plan_ok(s, 6, 0, 0);
    arrive(s);
    return s;
}

static const struct endpoint_plan *endpoint_of(const struct scene *s)
{
    const struct endpoint_plan *subject = must_find(s, KIND_ENDPOINT, ACTION_UPDATE)->subject;
    return subject != NULL ? subject : ARENA_NEW(s->arena, struct endpoint_plan);
}

/* ---- the endpoint ---- */

static void a_changed_fleet_is_a_new_config_and_one_roll(void **state)
{
    struct scene *s = deployed(*state, false);
    s->want.instance_type = STR("ml.c5.xlarge");
    plan_ok(s, 1, 1, 1);
    assert_true(endpoint_of(s)->keep_counts); /* what autoscaling made of the count stays */
    assert_true(str_starts(s->plan->note_roll, STR("endpoint 'demo' rolls once")));
    assert_true(str_is_null(s->plan->note_busy));
    assert_str(s->plan->instance_type, "ml.c5.xlarge");
    assert_str(s->plan->old_instance_type, "ml.m5.large");
    s->want.instance_count = 4;
    plan_ok(s, 1, 1, 1);
    assert_false(endpoint_of(s)->keep_counts);
    arrive(s);
    settled(s);
    assert_int_equal(s->seen.live_instance_count, 4);
    assert_int_equal(s->seen.configs.len, 1);
}

static void tags_are_set_without_a_roll(void **state)
{
    struct scene *s = deployed(*state, false);
    s->want.protect = true;
    plan_ok(s, 0, 1, 0);
    assert_true(endpoint_of(s)->tags_only);
    assert_true(str_is_null(s->plan->note_roll));
    const struct change *change = must_find(s, KIND_ENDPOINT, ACTION_UPDATE);
    assert_int_equal(change->n_diffs, 1);
    assert_str(change->diffs[0].path, "tags.mmectl:protect");
    arrive(s);
    settled(s);
    /* Tags of others are nobody's business here, ours of another value are. */
    struct json *tags = json_copy(*state, s->seen.endpoint.tags);
    json_put(*state, tags, "owner", json_z(*state, "somebody"));
    s->seen.endpoint.tags = tags;
    settled(s);
    json_put(*state, tags, "team", json_z(*state, "other"));
    plan_ok(s, 0, 1, 0);
    assert_str(json_str(must_find(s, KIND_ENDPOINT, ACTION_UPDATE)->diffs[0].before), "other");
}

static void a_failed_endpoint_is_made_anew(void **state)
{
    struct scene *s = deployed(*state, false);
    s->seen.endpoint.status = STR("Failed");
    s->seen.endpoint.failure_reason = STR("no ping");
    plan_ok(s, 1, 0, 1);
    const struct change *change = must_find(s, KIND_ENDPOINT, ACTION_REPLACE);
    const struct endpoint_plan *subject = change->subject;
    assert_true(subject->recreate);
    assert_int_equal(change->reason, REASON_ENDPOINT_FAILED);
    assert_str(change->note, "it failed: no ping");
    assert_true(str_is_null(s->plan->note_busy));
}

static void a_busy_endpoint_is_planned_against_what_it_moves_to(void **state)
{
    struct scene *s = deployed(*state, false);
    struct str live = s->seen.endpoint.config;
    s->want.instance_count = 2;
    plan_ok(s, 1, 1, 1);
    struct str next = endpoint_of(s)->config;
    s->seen.endpoint.status = STR("Updating");
    s->seen.endpoint.pending_config = next;
    put_thing(s, must_find(s, KIND_ENDPOINT_CONFIG, ACTION_REPLACE), false);
    assert_ok(plan(s), &s->err);
    assert_str(s->plan->note_busy, "endpoint 'demo' is Updating");
    assert_null(find(s, KIND_ENDPOINT, ACTION_UPDATE)); /* on its way already */
    s->want.instance_count = 1; /* back to what still serves: another update */
    assert_ok(plan(s), &s->err);
    assert_str_len(endpoint_of(s)->config, live);
}

/* ---- what a rolled-back update leads to ---- */

static void a_rolled_back_config_is_tried_when_that_can_help(void **state)
{
    static const struct {
        const char *reason;
        bool retry, tries;
    } cases[] = {
        {"no ping", false, false},
        {"no ping", true, true},
        {"CapacityError: Unable to provision requested ML compute capacity", false, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene *s = deployed(*state, false);
        s->want.instance_count = 2;
        plan_ok(s, 1, 1, 1);
        s->seen.record.failed_config = endpoint_of(s)->config;
        s->seen.record.failed_reason = str_from(cases[i].reason);
        s->options.retry_failed = cases[i].retry;
        assert_ok(plan(s), &s->err);
        assert_int_equal(find(s, KIND_ENDPOINT, ACTION_UPDATE) != NULL, cases[i].tries);
        assert_int_equal(str_is_null(s->plan->note_blocked), cases[i].tries);
        assert_int_equal(plan_is_empty(s->plan), !cases[i].tries);
    }
}

static void a_blocked_update_lets_tags_through(void **state)
{
    struct scene *s = deployed(*state, false);
    s->want.instance_count = 2;
    plan_ok(s, 1, 1, 1);
    s->seen.record.failed_config = endpoint_of(s)->config;
    s->seen.record.failed_reason = STR("no ping");
    s->want.protect = true;
    plan_ok(s, 0, 1, 0);
    assert_true(endpoint_of(s)->tags_only);
    assert_false(str_is_null(s->plan->note_blocked));
    struct str live = s->seen.endpoint.config;
    arrive(s);
    assert_str_len(s->seen.endpoint.config, live);
}

/* In versioned mode models are published whatever the endpoint's config does. */
static void a_blocked_update_lets_versioned_models_through(void **state)
{
    struct scene *s = deployed(*state, false);
    s->want.instance_count = 2;
    plan_ok(s, 1, 1, 1);
    s->seen.record.failed_config = endpoint_of(s)->config;
    s->seen.record.failed_reason = STR("no ping");
    change_model(s, 0, 2);
    plan_ok(s, 1, 0, 0);
    for (size_t i = 0; i < s->plan->changes.len; i++)
        s->plan->changes.items[i]->outcome = OUTCOME_DONE;
    struct record after = record_after(*state, s->plan, false, STR("t"), STR("me"));
    assert_str_len(record_find(&after, STR("m0"))->live.fp, s->want.models[0].fp);
    assert_str(after.failed_reason, "no ping");
}

/* ---- models and configs ---- */

static void what_an_earlier_run_left_is_used(void **state)
{
    struct scene *s = scene_new(*state, false, 2);
    plan_ok(s, 6, 0, 0);
    for (size_t i = 0; i < s->plan->changes.len; i++) {
        struct change *change = s->plan->changes.items[i];
        if (change->kind != KIND_ENDPOINT)
            scene_do(s, &s->want, change);
    }
    plan_ok(s, 1, 0, 0); /* the endpoint alone */
    arrive(s);
    /* And with an endpoint that serves something else. */
    s->want.instance_count = 2;
    plan_ok(s, 1, 1, 1);
    scene_do(s, &s->want, must_find(s, KIND_ENDPOINT_CONFIG, ACTION_REPLACE));
    plan_ok(s, 1, 1, 1);
    const struct change *config = must_find(s, KIND_ENDPOINT_CONFIG, ACTION_REPLACE);
    const struct thing_plan *subject = config->subject;
    assert_true(subject->exists);
    assert_str(config->note, "left by an earlier run");
    arrive(s);
    settled(s);
    assert_int_equal(s->seen.configs.len, 1);
}

static void leftovers_go_and_foreign_ones_stay(void **state)
{
    struct scene *s = deployed(*state, false);
    *VEC_PUSH(*state, &s->seen.models) = (struct seen_thing){
        .present = true, .name = STR("demo-abcdefgh-m-0123456789ab"), .owner = OWNER_US};
    *VEC_PUSH(*state, &s->seen.configs) = (struct seen_thing){
        .present = true, .name = STR("demo-abcdefgh-c-0123456789ab"), .owner = OWNER_OTHER};
    plan_ok(s, 0, 0, 1);
    const struct change *removal = must_find(s, KIND_MODEL, ACTION_DELETE);
    assert_int_equal(removal->reason, REASON_LEFT_BEHIND);
    assert_str(removal->address, "aws_sagemaker_model.this[\"demo-abcdefgh-m-0123456789ab\"]");
    arrive(s);
    settled(s);
    assert_int_equal(s->seen.configs.len, 2);
}

/* An endpoint may have taken the config up since: then its model has to stay, too. */
static void a_left_over_model_goes_after_the_configs(void **state)
{
    struct scene *s = deployed(*state, false);
    *VEC_PUSH(*state, &s->seen.models) = (struct seen_thing){
        .present = true, .name = STR("demo-abcdefgh-m-0123456789ab"), .owner = OWNER_US};
    *VEC_PUSH(*state, &s->seen.configs) = (struct seen_thing){
        .present = true, .name = STR("demo-abcdefgh-c-0123456789ab"), .owner = OWNER_US};
    plan_ok(s, 0, 0, 2);
    const struct change *model = must_find(s, KIND_MODEL, ACTION_DELETE);
    const struct change *config = must_find(s, KIND_ENDPOINT_CONFIG, ACTION_DELETE);
    bool needs = false;
    for (size_t i = 0; i < model->n_needs; i++)
        needs = needs || model->needs[i] == config;
    assert_true(needs);
}

/* Every artifact that goes, and whether all of them wait for all configs and models that go. */
static size_t waiting_artifacts(const struct scene *s, bool *ret_all)
{
    size_t n = 0;
    *ret_all = true;
    for (size_t i = 0; i < s->plan->changes.len; i++) {
        const struct change *artifact = s->plan->changes.items[i];
        if (artifact->action != ACTION_DELETE ||
            (artifact->kind != KIND_ARTIFACT && artifact->kind != KIND_OUTPUT))
            continue;
        n++;
        for (size_t k = 0; k < s->plan->changes.len; k++) {
            const struct change *thing = s->plan->changes.items[k];
            if (thing->action == ACTION_DELETE &&
                (thing->kind == KIND_MODEL || thing->kind == KIND_ENDPOINT_CONFIG))
                *ret_all = *ret_all && waits_for(artifact, thing);
        }
    }
    return n;
}

/* A config or model that turns out to be in use stays: so must what it loads. */
static void artifacts_go_after_the_model_that_loads_them(void **state)
{
    bool all;
    struct scene *s = deployed(*state, true);
    change_model(s, 0, 2); /* another generation */
    assert_ok(plan(s), &s->err);
    assert_true(waiting_artifacts(s, &all) == 2 && all);
    s = deployed(*state, true);
    s->want.stable = false;
    assert_ok(plan(s), &s->err);
    assert_true(waiting_artifacts(s, &all) == 2 && all);
    s = deployed(*state, false);
    s->want.stable = true;
    s->want.retain = 0;
    assert_ok(plan(s), &s->err);
    assert_true(waiting_artifacts(s, &all) == 2 && all);
}

/* Others are taken out under a model that serves on: what is left of an earlier run does not stop
 * them. */
static void artifacts_of_the_live_model_wait_for_no_leftovers(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        bool all;
        struct scene *s = deployed(*state, stable == 1);
        *VEC_PUSH(*state, &s->seen.configs) = (struct seen_thing){
            .present = true, .name = STR("demo-uid-c-leftover"), .owner = OWNER_US};
        s->want.n_models = 1;
        s->want.retain = 0;
        assert_ok(plan(s), &s->err);
        must_find(s, KIND_ENDPOINT_CONFIG, ACTION_DELETE);
        assert_true(waiting_artifacts(s, &all) == 1 && !all);
    }
}

static void foreign_things_of_our_name_are_refused(void **state)
{
    for (int config = 0; config < 2; config++) {
        struct scene *s = scene_new(*state, false, 1);
        plan_ok(s, 5, 0, 0);
        const struct change *change =
            must_find(s, config ? KIND_ENDPOINT_CONFIG : KIND_MODEL, ACTION_CREATE);
        scene_do(s, &s->want, must_find(s, KIND_MODEL, ACTION_CREATE));
        scene_do(s, &s->want, must_find(s, KIND_ENDPOINT_CONFIG, ACTION_CREATE));
        struct seen_thing *thing = config ? &s->seen.configs.items[0] : &s->seen.models.items[0];
        thing->owner = OWNER_OTHER;
        assert_str_len(thing->name, change->name);
        assert_fails(
            plan(s), ERR_CONFLICT, &s->err, config ? "endpoint configuration '" : "model '");
        assert_non_null(strstr(s->err.message, "exists and is not this stack's"));
    }
}

/* An endpoint of ours that somebody pointed to a config of his own comes back, and his stays. */
static void a_config_of_somebody_else_is_left_alone(void **state)
{
    struct scene *s = deployed(*state, false);
    s->seen.live_config =
        (struct seen_thing){.present = true, .name = STR("theirs"), .owner = OWNER_OTHER};
    s->seen.live_model =
        (struct seen_thing){.present = true, .name = STR("their-model"), .owner = OWNER_OTHER};
    s->seen.live_model_url = STR("s3://their-bucket/models/");
    s->seen.endpoint.config = STR("theirs");
    plan_ok(s, 0, 1, 0);
    assert_false(str_eq_z(endpoint_of(s)->config, "theirs"));
    assert_null(find(s, KIND_ENDPOINT_CONFIG, ACTION_DELETE));
    arrive(s);
    settled(s);
}

/* ---- claims ---- */

static void a_bucket_elsewhere_is_refused(void **state)
{
    struct scene *s = deployed(*state, false);
    s->seen.bucket.region = STR("eu-west-1");
    assert_fails(
        plan(s), ERR_CONFLICT, &s->err,
        "bucket 'bucket' is in region 'eu-west-1', the stack in 'us-east-1'");
    s->seen.bucket.region = STR("us-east-1");
    settled(s);
}

static void protected_models_are_not_dropped(void **state)
{
    struct scene *s = scene_new(*state, false, 2);
    s->want.models[1].protect = true;
    plan_ok(s, 6, 0, 0);
    arrive(s);
    assert_true(record_find(&s->seen.record, STR("m1"))->protect);
    s->want.n_models = 1;
    guarded(s, PLAN_APPLY, "model 'm1' is protected and is not in the spec any more");
    assert_non_null(strstr(s->err.hint, "--allow-destroy=demo"));
    s->options.allow_destroy = s->want.stack;
    plan_ok(s, 0, 0, 1);
    assert_int_equal(s->plan->guards.len, 0);
    s->options.allow_destroy = STR_NULL;
    s->want.n_models = 2;
    s->want.models[1].protect = false; /* this alone is an apply, of the record */
    plan_ok(s, 0, 0, 0);
    assert_true(s->plan->record_only);
    arrive(s);
    s->want.n_models = 1;
    plan_ok(s, 0, 0, 1);
}

/* An endpoint that was imported uses what its user made: the roll leaves that alone. */
static void what_an_imported_endpoint_used_stays(void **state)
{
    struct scene *s = deployed(*state, false);
    s->seen.configs.items[0].name = STR("their-config");
    s->seen.live_config.name = s->seen.endpoint.config = STR("their-config");
    assert_ok(plan(s), &s->err);
    must_find(s, KIND_ENDPOINT_CONFIG, ACTION_CREATE);
    assert_null(find(s, KIND_ENDPOINT_CONFIG, ACTION_DELETE));
    arrive(s);
    assert_false(str_eq(s->seen.endpoint.config, STR("their-config")));
    bool there = false;
    for (size_t i = 0; i < s->seen.configs.len; i++)
        there = there || str_eq(s->seen.configs.items[i].name, STR("their-config"));
    assert_true(there);
}

/* Neither the artifact nor the copy of its older version moves when the roll may not be. */
static void a_blocked_update_leaves_older_versions_where_they_are(void **state)
{
    struct scene *s = deployed(*state, true);
    change_model(s, 0, 2);
    assert_ok(plan(s), &s->err);
    size_t made = 0;
    for (size_t i = 0; i < s->plan->changes.len; i++)
        if (s->plan->changes.items[i]->kind == KIND_ARTIFACT &&
            s->plan->changes.items[i]->action != ACTION_DELETE &&
            !s->plan->changes.items[i]->uncounted) {
            scene_do(s, &s->want, s->plan->changes.items[i]);
            made++;
        }
    assert_int_equal(made, 2); /* and not the copy of the older version */
    s->seen.record.failed_config = endpoint_of(s)->config;
    s->seen.record.failed_reason = STR("no ping");
    assert_ok(plan(s), &s->err);
    assert_false(str_is_null(s->plan->note_blocked));
    plan_counts(s, 0, 0, 0);
    assert_null(find(s, KIND_ARTIFACT, ACTION_CREATE));
}

/* ---- containers ---- */

static void containers_are_one_model_that_rolls(void **state)
{
    struct scene *s = scene_containers(*state, WANT_DIRECT, 2);
    plan_ok(s, 6, 0, 0);
    const struct change *model = must_find(s, KIND_MODEL, ACTION_CREATE);
    assert_int_equal(json_get(model->after, "container")->len, 3);
    assert_false(model->needs_any); /* all of them have to be there */
    arrive(s);
    settled(s);
    /* One changes: the others go along, the endpoint rolls once. */
    change_model(s, 1, 2);
    plan_ok(s, 3, 2, 3);
    assert_false(str_is_null(s->plan->note_roll));
    arrive(s);
    settled(s);
    assert_int_equal(s->seen.models.len, 1);
    /* A pipeline of the same models is another model of them, and nothing else. */
    s->want.mode = WANT_SERIAL;
    plan_ok(s, 2, 1, 2);
    arrive(s);
    settled(s);
    /* An image alone is enough for an endpoint. */
    s->want.containers = s->want.containers + 2;
    s->want.n_containers = 1;
    s->want.n_models = 0;
    assert_ok(plan(s), &s->err);
    arrive(s);
    settled(s);
    assert_true(s->seen.endpoint.present);
}

static void one_of_the_other_mode(void **state)
{
    struct scene *s = deployed(*state, false), *c = scene_containers(*state, WANT_DIRECT, 2);
    struct want versioned = s->want;
    s->want = c->want;
    assert_ok(plan(s), &s->err);
    arrive(s);
    settled(s);
    assert_int_equal(s->seen.models.len, 1);
    s->want = versioned;
    assert_ok(plan(s), &s->err);
    arrive(s);
    settled(s);
    assert_int_equal(s->seen.models.len, 1);
}

static void without_one_of_its_models_an_endpoint_stays_as_it_is(void **state)
{
    struct scene *s = scene_containers(*state, WANT_SERIAL, 3);
    s->want.containers++; /* m1, m2 and the image */
    s->want.n_containers = 3;
    s->want.models++;
    s->want.n_models = 2;
    assert_ok(plan(s), &s->err);
    arrive(s);
    settled(s);
    /* m0 is new, and cannot be made. */
    s->want.containers--;
    s->want.n_containers = 4;
    s->want.models--;
    s->want.n_models = 3;
    s->want.models[0].failed = s->want.models[0].left_out = true;
    change_model(s, 2, 2);
    plan_ok(s, 0, 0, 0);
    assert_true(plan_is_empty(s->plan));
    assert_false(s->plan->record_only);
    assert_null(find(s, KIND_ENDPOINT, ACTION_UPDATE));
    assert_str(
        s->plan->notes.items[0],
        "container 'm0' has no model to serve, and an endpoint needs all of its containers: it "
        "stays as it is");
    /* With it, all goes on. */
    s->want.models[0].failed = s->want.models[0].left_out = false;
    assert_ok(plan(s), &s->err);
    assert_non_null(find(s, KIND_ENDPOINT, ACTION_UPDATE));
    arrive(s);
    settled(s);
}

static void put_alarm(struct scene *s, const char *name, const char *state)
{
    *VEC_PUSH(s->arena, &s->seen.alarms) = (struct seen_alarm){str_from(name), str_from(state)};
}

/* The spec's way of moving goes with the update, and is told; alone it is no difference. */
static void how_it_moves(void **state)
{
    static const struct want_update update = {.move = MOVE_CANARY, .percent = 10, .wait_s = 60};
    struct scene *s = scene_new(*state, true, 1);
    plan_ok(s, 5, 0, 0);
    arrive(s);
    s->want.update = &update;
    plan_ok(s, 0, 0, 0);
    s->want.instance_count = 3;
    plan_ok(s, 1, 1, 1);
    assert_non_null(endpoint_of(s)->deployment);
    assert_str(
        s->plan->note_roll,
        "endpoint 'demo' rolls once to new instances, a canary of 10 % first, the rest 1m later; "
        "the old ones serve until then");
}

static void alarms_have_to_exist(void **state)
{
    static const struct want_alarm alarms[] = {{STR_INIT("a"), {0}}, {STR_INIT("b"), {.line = 9}}};
    static const struct want_update update = {
        .move = MOVE_ALL_AT_ONCE, .wait_s = 60, .alarms = alarms, .n_alarms = 2};
    struct scene *s = scene_new(*state, true, 1);
    s->want.update = &update;
    plan_ok(s, 5, 0, 0); /* nobody asked */
    s->seen.alarms_seen = true;
    put_alarm(s, "a", "OK");
    assert_int_equal(plan(s), ERR_SPEC);
    assert_str(
        str_from(s->err.message), "alarm 'b' does not exist in account 123456789012, us-east-1");
    assert_int_equal(s->err.at.line, 9);
    put_alarm(s, "b", "ALARM");
    plan_ok(s, 5, 0, 0);
    assert_int_equal(s->plan->warnings.len, 0); /* a new endpoint does not move */
    arrive(s);
    s->want.instance_count = 3;
    plan_ok(s, 1, 1, 1);
    assert_int_equal(s->plan->warnings.len, 1);
    assert_str(
        s->plan->warnings.items[0].message,
        "alarm 'b' is in ALARM: SageMaker would roll the update back at once");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(containers_are_one_model_that_rolls),
        WITH_ARENA(one_of_the_other_mode),
        WITH_ARENA(without_one_of_its_models_an_endpoint_stays_as_it_is),
        WITH_ARENA(how_it_moves),
        WITH_ARENA(alarms_have_to_exist),
        WITH_ARENA(a_changed_fleet_is_a_new_config_and_one_roll),
        WITH_ARENA(tags_are_set_without_a_roll),
        WITH_ARENA(a_failed_endpoint_is_made_anew),
        WITH_ARENA(a_busy_endpoint_is_planned_against_what_it_moves_to),
        WITH_ARENA(a_rolled_back_config_is_tried_when_that_can_help),
        WITH_ARENA(a_blocked_update_lets_tags_through),
        WITH_ARENA(what_an_imported_endpoint_used_stays),
        WITH_ARENA(a_blocked_update_leaves_older_versions_where_they_are),
        WITH_ARENA(a_blocked_update_lets_versioned_models_through),
        WITH_ARENA(what_an_earlier_run_left_is_used),
        WITH_ARENA(leftovers_go_and_foreign_ones_stay),
        WITH_ARENA(a_left_over_model_goes_after_the_configs),
        WITH_ARENA(artifacts_go_after_the_model_that_loads_them),
        WITH_ARENA(artifacts_of_the_live_model_wait_for_no_leftovers),
        WITH_ARENA(foreign_things_of_our_name_are_refused),
        WITH_ARENA(a_config_of_somebody_else_is_left_alone),
        WITH_ARENA(a_bucket_elsewhere_is_refused),
        WITH_ARENA(protected_models_are_not_dropped),
    };
    return cmocka_run_group_tests_name("planner_sagemaker", tests, NULL, NULL);
}
