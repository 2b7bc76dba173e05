#include "tests/unit/engine/reconcile/scene.h"

/* Stacks whose endpoint, bucket or prefix has another name in the spec than the live ones have. */

static struct scene *deployed(struct arena *arena, bool stable)
{
    struct scene *s = scene_new(arena, stable, 2);
    plan_ok(s, 6, 0, 0);
    arrive(s);
    return s;
}

static void rename_endpoint(struct scene *s)
{
    *VEC_PUSH(s->arena, &s->seen.old_endpoints) = s->seen.endpoint;
    s->want.endpoint = STR("renamed");
    s->seen.endpoint = (struct seen_endpoint){.name = STR("renamed")};
    s->seen.live_config = s->seen.live_model = (struct seen_thing){0};
    s->seen.live_model_url = STR_NULL;
}

static void a_renamed_endpoint_takes_what_is_there(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = deployed(*state, stable == 1);
        rename_endpoint(s);
        plan_ok(s, 1, 0, 1); /* one endpoint, and nothing is copied */
        const struct change *new = must_find(s, KIND_ENDPOINT, ACTION_CREATE);
        const struct change *old = must_find(s, KIND_ENDPOINT, ACTION_DELETE);
        const struct change *logs = must_find(s, KIND_LOG_GROUP, ACTION_DELETE);
        assert_str(new->name, "renamed");
        assert_str(old->old_name, "demo");
        assert_int_equal(old->reason, REASON_MOVED);
        assert_true(waits_for(old, new)); /* the old one serves until then */
        assert_true(waits_for(logs, old));
        assert_true(logs->uncounted);
        arrive(s);
        settled(s);
        assert_int_equal(s->seen.record.endpoints.len, 1);
        assert_str(s->seen.record.endpoints.items[0], "renamed");
    }
}

static void a_renamed_endpoint_with_other_content(void **state)
{
    struct scene *s = deployed(*state, true);
    rename_endpoint(s);
    change_model(s, 0, 2);
    assert_ok(plan(s), &s->err);
    const struct change *old = must_find(s, KIND_ENDPOINT, ACTION_DELETE);
    for (size_t i = 0; i < s->plan->changes.len; i++) {
        const struct change *change = s->plan->changes.items[i];
        bool thing = change->kind == KIND_MODEL || change->kind == KIND_ENDPOINT_CONFIG;
        if (thing && change->action == ACTION_DELETE)
            assert_true(waits_for(change, old)); /* the old endpoint may still use it */
    }
    arrive(s);
    settled(s);
    assert_int_equal(s->seen.models.len, 1);
    assert_int_equal(s->seen.configs.len, 1);
    assert_int_equal(map_len(s->seen.objects), 3); /* one of them the version before */
}

static void destroy_takes_the_old_endpoint_as_well(void **state)
{
    struct scene *s = deployed(*state, false);
    rename_endpoint(s);
    s->want.n_models = 0;
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    assert_str(must_find(s, KIND_ENDPOINT, ACTION_DELETE)->old_name, "demo");
    arrive(s);
    assert_int_equal(s->seen.old_endpoints.len, 0);
}

static void move_home(struct scene *s)
{
    s->seen.old.home = s->want.home;
    s->seen.old.bucket = s->want.bucket;
    s->seen.old.prefix = s->want.prefix;
    s->seen.old.record = s->seen.record;
    s->seen.old.objects = s->seen.objects;
    s->seen.record = (struct record){0};
    s->seen.objects = map_new(s->arena);
    s->want.prefix = STR("moved");
    s->want.bucket = STR("bucket2");
    s->want.home = STR("s3://bucket2/moved");
    s->seen.bucket.present = false;
}

static void a_moved_home_copies_and_then_cleans_up(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = deployed(*state, stable == 1);
        put_text(s, "demo/control/stack.json", OWNER_UNKNOWN);
        put_text(s, "demo/notes.txt", OWNER_UNKNOWN); /* nobody's business */
        move_home(s);
        plan_ok(s, 5, 1, 5); /* bucket, 2 copies, model, config; ~ endpoint; 3 objects, 2 things */
        const struct change *endpoint = must_find(s, KIND_ENDPOINT, ACTION_UPDATE);
        const struct change *cleaning = must_find(s, KIND_OUTPUT, ACTION_DELETE);
        const struct object_plan *subject = cleaning->subject;
        assert_str(subject->bucket, "bucket");
        assert_int_equal(subject->n_objects, 3);
        assert_int_equal(cleaning->reason, REASON_MOVED);
        assert_true(waits_for(cleaning, endpoint));
        assert_true(waits_for(cleaning, must_find(s, KIND_MODEL, ACTION_DELETE)));
        assert_true(waits_for(cleaning, must_find(s, KIND_ENDPOINT_CONFIG, ACTION_DELETE)));
        const struct artifact_plan *copy = must_find(s, KIND_ARTIFACT, ACTION_CREATE)->subject;
        assert_int_equal(copy->source, ARTIFACT_COPY);
        assert_str(copy->from_bucket, "bucket");
        assert_true(str_starts(copy->from_key, STR("demo/models/")));
        assert_false(str_is_null(copy->from_etag));
        arrive(s);
        settled(s);
    }
}

/* What the old record says is believed only of an object that still has that ETag. */
static void an_old_object_that_changed_is_not_copied(void **state)
{
    struct scene *s = deployed(*state, false);
    move_home(s);
    struct seen_object *object = map_value_at(s->seen.old.objects, 0);
    object->etag = STR("\"other\"");
    plan_ok(s, 5, 1, 4);
    size_t copies = 0, uploads = 0;
    for (size_t i = 0; i < s->plan->changes.len; i++) {
        const struct change *change = s->plan->changes.items[i];
        const struct artifact_plan *artifact = change->subject;
        if (change->kind != KIND_ARTIFACT)
            continue;
        copies += artifact->source == ARTIFACT_COPY;
        uploads += artifact->source == ARTIFACT_UPLOAD;
    }
    assert_int_equal(copies, 1);
    assert_int_equal(uploads, 1);
}

static void destroy_takes_the_old_home_as_well(void **state)
{
    struct scene *s = deployed(*state, false);
    move_home(s);
    s->want.n_models = 0;
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    const struct change *cleaning = must_find(s, KIND_OUTPUT, ACTION_DELETE);
    assert_true(waits_for(cleaning, must_find(s, KIND_ENDPOINT, ACTION_DELETE)));
    assert_str(cleaning->note, "2 objects of this stack at its old home");
    assert_int_equal(cleaning->n_members, 2);
    /* An old home that holds nothing of ours is no change. */
    s->seen.old.objects = map_new(*state);
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    assert_null(find(s, KIND_OUTPUT, ACTION_DELETE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_renamed_endpoint_takes_what_is_there),
        WITH_ARENA(a_renamed_endpoint_with_other_content),
        WITH_ARENA(destroy_takes_the_old_endpoint_as_well),
        WITH_ARENA(a_moved_home_copies_and_then_cleans_up),
        WITH_ARENA(an_old_object_that_changed_is_not_copied),
        WITH_ARENA(destroy_takes_the_old_home_as_well),
    };
    return cmocka_run_group_tests_name("planner_old", tests, NULL, NULL);
}
