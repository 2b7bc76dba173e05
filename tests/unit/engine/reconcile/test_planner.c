#include "tests/unit/engine/reconcile/scene.h"

#include "engine/base/rng.h"

static void first_apply_then_nothing(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = scene_new(*state, stable == 1, 3);
        plan_ok(s, 7, 0, 0); /* bucket, 3 artifacts, model, config, endpoint */
        arrive(s);
        settled(s);
    }
}

static void stable_change_rolls_once(void **state)
{
    struct scene *s = scene_new(*state, true, 3);
    plan_ok(s, 7, 0, 0);
    arrive(s);
    struct str before = s->seen.live_model_url;
    change_model(s, 1, 2);
    plan_ok(
        s, 3, 3,
        3); /* +artifact +model +config, ~2 artifacts ~endpoint, -artifact -model -config */
    assert_false(str_is_null(s->plan->note_roll));
    assert_non_null(find(s, KIND_ENDPOINT, ACTION_UPDATE));
    arrive(s);
    assert_false(str_eq(before, s->seen.live_model_url));
    settled(s);
    assert_int_equal(map_len(s->seen.objects), 4); /* and the version that was replaced */
    /* Back again: the same content as the first generation. */
    change_model(s, 1, 1);
    plan_ok(s, 3, 3, 3);
    arrive(s);
    assert_true(str_eq(before, s->seen.live_model_url));
    settled(s);
}

static void stable_add_and_remove_roll_nothing(void **state)
{
    struct scene *s = scene_new(*state, true, 3);
    plan_ok(s, 7, 0, 0);
    arrive(s);
    struct str url = s->seen.live_model_url;
    s->want.models[3] = s->want.models[2];
    s->want.models[3].name = STR("m3");
    change_model(s, 3, 1);
    s->want.n_models = 4;
    plan_ok(s, 1, 0, 0);
    assert_true(str_is_null(s->plan->note_roll));
    arrive(s);
    settled(s);
    s->want.n_models = 3;
    plan_ok(s, 0, 0, 1);
    assert_non_null(find(s, KIND_ARTIFACT, ACTION_DELETE));
    arrive(s);
    settled(s);
    assert_true(str_eq(url, s->seen.live_model_url));
    /* The same name with other content is changed content: instances may still hold the old one. */
    s->want.n_models = 4;
    change_model(s, 3, 2);
    assert_ok(plan(s), &s->err);
    assert_non_null(find(s, KIND_ENDPOINT, ACTION_UPDATE));
    /* With the old content it simply comes back. */
    change_model(s, 3, 1);
    plan_ok(s, 1, 0, 0);
}

static void versioned_change_never_rolls(void **state)
{
    struct scene *s = scene_new(*state, false, 3);
    plan_ok(s, 7, 0, 0);
    arrive(s);
    for (int version = 2; version < 6; version++) {
        change_model(s, 0, version);
        plan_ok(s, 1, 0, version == 2 ? 0 : 1); /* one version is retained */
        assert_null(find(s, KIND_ENDPOINT, ACTION_UPDATE));
        arrive(s);
        settled(s);
        assert_int_equal(map_len(s->seen.objects), 4);
    }
}

static void a_lost_record_changes_no_plan(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = scene_new(*state, stable == 1, 3);
        plan_ok(s, 7, 0, 0);
        arrive(s);
        s->seen.record = (struct record){0};
        plan_ok(s, 0, 0, 0);
        assert_true(s->plan->record_only);
        assert_false(plan_is_empty(s->plan));
    }
}

static void unknown_owners_are_asked_for(void **state)
{
    struct scene *s = scene_new(*state, true, 2);
    plan_ok(s, 6, 0, 0);
    arrive(s);
    struct str key = key_stable(s->arena, &s->want, STR("0123456789"), STR("stray"));
    struct seen_object *stray = put_object(s, key, STR_NULL);
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->gaps.objects.len, 1);
    stray->owner = OWNER_OTHER;
    settled(s); /* somebody else's: never touched */
    stray->owner = OWNER_US;
    plan_ok(s, 0, 0, 1); /* left behind */
}

static void foreign_things_are_refused(void **state)
{
    struct scene *s = scene_new(*state, true, 1);
    s->seen.endpoint =
        (struct seen_endpoint){.present = true, .name = STR("demo"), .owner = OWNER_OTHER};
    assert_fails(plan(s), ERR_CONFLICT, &s->err, "endpoint 'demo'");
    s->seen.endpoint.present = false;
    s->seen.record = (struct record){.present = true, .uid = STR("zzzzzzzz"), .stack = STR("o")};
    assert_fails(plan(s), ERR_CONFLICT, &s->err, "another stack, 'o'");
    s->seen.record.present = false;
    put_object(s, STR("demo/inner/control/stack.json"), STR_NULL);
    assert_fails(plan(s), ERR_CONFLICT, &s->err, "lives inside the prefix");
}

static void a_foreign_object_at_our_key_is_refused(void **state)
{
    struct scene *s = scene_new(*state, false, 1);
    plan_ok(s, 5, 0, 0);
    arrive(s);
    change_model(s, 0, 2);
    struct str key = key_versioned(s->arena, &s->want, STR("m0"), s->want.models[0].fp);
    struct seen_object *object = put_object(s, key, STR_NULL);
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->gaps.objects.len, 1);
    object->owner = OWNER_OTHER;
    assert_fails(plan(s), ERR_CONFLICT, &s->err, "is in the way");
}

static void overwritten_content_makes_a_new_generation(void **state)
{
    struct scene *s = scene_new(*state, true, 2);
    plan_ok(s, 6, 0, 0);
    arrive(s);
    struct str key = s->seen.record.models.items[0].live.key;
    struct seen_object *object = map_get(s->seen.objects, key);
    assert_non_null(object);
    if (object == NULL)
        return;
    object->etag = STR("\"other\"");
    object->owner = OWNER_OTHER;
    object->fp = STR_NULL;
    assert_ok(plan(s), &s->err);
    const struct change *roll = find(s, KIND_ENDPOINT, ACTION_UPDATE);
    assert_non_null(roll);
    const struct change *artifact = find(s, KIND_ARTIFACT, ACTION_REPLACE);
    assert_non_null(artifact);
    if (artifact == NULL)
        return;
    assert_int_equal(artifact->reason, REASON_CHANGED_OUTSIDE);
    assert_true(str_eq(artifact->old_name, key)); /* what was written over goes with it */
    /* The wanted set is the one the live generation was made of: its prefix must not be used again.
     */
    assert_false(str_starts(artifact->name, str_slice(key, 0, str_rindex(key, '/'))));
}

static void a_rolled_back_config_is_not_tried_again(void **state)
{
    struct scene *s = scene_new(*state, true, 2);
    plan_ok(s, 6, 0, 0);
    arrive(s);
    change_model(s, 0, 2);
    assert_ok(plan(s), &s->err);
    const struct plan_context *context = s->plan->context;
    for (size_t i = 0; i < s->plan->changes.len; i++) {
        struct change *change = s->plan->changes.items[i];
        change->outcome = OUTCOME_DONE;
        if (change->action == ACTION_NOOP || change->action == ACTION_DELETE)
            continue;
        if (change->kind == KIND_ARTIFACT) {
            struct artifact_plan *artifact = change->subject;
            artifact->etag = put_object(s, artifact->key, artifact->fp)->etag;
        }
        if (change->kind == KIND_MODEL || change->kind == KIND_ENDPOINT_CONFIG)
            put_thing(s, change, change->kind == KIND_MODEL);
    }
    context->endpoint->outcome = OUTCOME_FAILED;
    context->endpoint->err = ARENA_NEW(s->arena, struct err);
    err_set(context->endpoint->err, ERR_ROLLED_BACK, "no ping");
    s->seen.record = record_after(s->arena, s->plan, false, STR("now"), STR("me"));
    assert_str(s->seen.record.failed_reason, "no ping");
    plan_ok(s, 0, 0, 0);
    assert_false(str_is_null(s->plan->note_blocked));
    assert_null(find(s, KIND_ENDPOINT, ACTION_UPDATE));
    assert_null(find(s, KIND_ARTIFACT, ACTION_DELETE));
    /* Going back to what serves cleans up what was left. */
    change_model(s, 0, 1);
    assert_ok(plan(s), &s->err);
    assert_true(str_is_null(s->plan->note_blocked));
    assert_int_equal(s->plan->n_add, 0);
    assert_int_equal(
        s->plan->n_destroy, 5); /* 2 artifacts and the copy that was to be kept, model, config */
    arrive(s);
    settled(s);
}

static void order_follows_needs(void **state)
{
    struct scene *s = scene_new(*state, true, 3);
    plan_ok(s, 7, 0, 0);
    arrive(s);
    change_model(s, 1, 2);
    plan_ok(s, 3, 3, 3);
    for (size_t i = 0; i < s->plan->changes.len; i++) {
        const struct change *change = s->plan->changes.items[i];
        for (size_t k = 0; k < change->n_needs; k++) {
            size_t at = 0;
            while (s->plan->changes.items[at] != change->needs[k])
                at++;
            assert_true(at < i);
        }
    }
    /* Nothing the old fleet uses goes before the endpoint has moved. */
    const struct plan_context *context = s->plan->context;
    for (size_t i = 0; i < s->plan->changes.len; i++) {
        const struct change *change = s->plan->changes.items[i];
        if (change->action != ACTION_DELETE)
            continue;
        bool waits = false;
        for (size_t k = 0; k < change->n_needs; k++)
            waits = waits || change->needs[k] == context->endpoint;
        assert_true(waits);
    }
}

/* Random walks: whatever specs follow each other, one plan carried out leaves nothing to plan. */
static void random_walks_converge(void **state)
{
    uint64_t seed = test_seed();
    struct rng rng;
    rng_seed(&rng, seed);
    for (int walk = 0; walk < 200; walk++) {
        struct arena *arena = arena_new("walk", 0);
        bool stable = rng_below(&rng, 2) == 0;
        struct scene *s = scene_new(arena, stable, 1 + (size_t) rng_u64(&rng) % 5);
        (void) state;
        for (int step = 0; step < 8; step++) {
            assert_ok(plan(s), &s->err);
            assert_false(gaps_any(&s->gaps));
            arrive(s);
            settled(s);
            assert_int_equal(s->seen.record.models.len, s->want.n_models);
            for (size_t i = 0; i < s->want.n_models; i++)
                if (rng_below(&rng, 3) == 0)
                    change_model(s, i, (int) rng_below(&rng, 3));
            s->want.n_models = 1 + (size_t) rng_u64(&rng) % 4;
            for (size_t i = 0; i < s->want.n_models; i++)
                if (str_is_null(s->want.models[i].name)) {
                    s->want.models[i] = s->want.models[0];
                    s->want.models[i].name = str_fmt(arena, "m%zu", i);
                    change_model(s, i, (int) rng_below(&rng, 3));
                }
            s->want.instance_count = 1 + (int64_t) rng_below(&rng, 2);
        }
        arena_free(arena);
    }
}

/* A run that was killed while it set its new bucket up left nothing else there. */
static void a_half_made_bucket_is_set_up(void **state)
{
    struct scene *s = scene_new(*state, true, 1);
    s->seen.bucket.present = true;
    plan_ok(s, 4, 0, 0); /* somebody's bucket */
    s->seen.bucket.ours = true;
    plan_ok(s, 5, 0, 0);
    assert_str(
        must_find(s, KIND_BUCKET, ACTION_CREATE)->note, "left half set up by an earlier run");
    /* A run's own lease is no content: what it planned before taking it is what it does. */
    struct seen_object lease = {.key = key_lease(s->arena, &s->want), .etag = STR("\"l\"")};
    map_put(s->seen.objects, lease.key, &lease);
    plan_ok(s, 5, 0, 0);
    s->seen.objects = map_new(s->arena);
    arrive(s);
    settled(s);
    s->seen.record = (struct record){0}; /* lost, but there is more than a bucket */
    plan_ok(s, 0, 0, 0);
}

/* What is written under another key is the same content: nothing is trained or rolled for it. */
static void a_key_for_what_is_written(void **state)
{
    struct scene *s = scene_new(*state, true, 1);
    s->want.object_key = STR("alias/models");
    plan_ok(s, 5, 0, 0);
    assert_str(
        json_get_str(must_find(s, KIND_BUCKET, ACTION_CREATE)->after, "kms_key"), "alias/models");
    arrive(s);
    settled(s);
    s->want.object_key = STR("alias/other");
    settled(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_key_for_what_is_written),
        WITH_ARENA(first_apply_then_nothing),
        WITH_ARENA(stable_change_rolls_once),
        WITH_ARENA(stable_add_and_remove_roll_nothing),
        WITH_ARENA(versioned_change_never_rolls),
        WITH_ARENA(a_lost_record_changes_no_plan),
        WITH_ARENA(unknown_owners_are_asked_for),
        WITH_ARENA(foreign_things_are_refused),
        WITH_ARENA(a_foreign_object_at_our_key_is_refused),
        WITH_ARENA(overwritten_content_makes_a_new_generation),
        WITH_ARENA(a_rolled_back_config_is_not_tried_again),
        WITH_ARENA(order_follows_needs),
        WITH_ARENA(a_half_made_bucket_is_set_up),
        WITH_ARENA(random_walks_converge),
    };
    return cmocka_run_group_tests_name("planner", tests, NULL, NULL);
}
