#include "tests/unit/engine/reconcile/scene.h"

static struct scene *deployed(struct arena *arena, bool stable)
{
    struct scene *s = scene_new(arena, stable, 2);
    plan_ok(s, 6, 0, 0);
    arrive(s);
    return s;
}

static const struct artifact_plan *artifact_of(const struct scene *s, enum action action)
{
    const struct artifact_plan *subject = must_find(s, KIND_ARTIFACT, action)->subject;
    return subject != NULL ? subject : ARENA_NEW(s->arena, struct artifact_plan);
}

static void sources(void **state)
{
    struct scene *s = scene_new(*state, false, 1);
    plan_ok(s, 5, 0, 0);
    assert_int_equal(artifact_of(s, ACTION_CREATE)->source, ARTIFACT_UPLOAD);
    assert_str(must_find(s, KIND_ARTIFACT, ACTION_CREATE)->note, "upload");
    s->want.models[0].path = STR_NULL;
    s->want.models[0].s3_uri = STR("s3://theirs/a/b/m.tar.gz");
    s->want.models[0].source_etag = STR("\"e\"");
    plan_ok(s, 5, 0, 0);
    const struct artifact_plan *artifact = artifact_of(s, ACTION_CREATE);
    assert_int_equal(artifact->source, ARTIFACT_COPY);
    assert_str(artifact->from_bucket, "theirs");
    assert_str(artifact->from_key, "a/b/m.tar.gz");
    assert_str(artifact->from_etag, "\"e\"");
    assert_str(must_find(s, KIND_ARTIFACT, ACTION_CREATE)->note, "server-side copy");
}

/* The same content under another name is copied inside the bucket; the old one goes only when the
 * copy is there. */
static void a_renamed_model_is_copied(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = deployed(*state, stable == 1);
        struct str old = s->seen.record.models.items[1].live.key;
        s->want.models[1].name = STR("renamed");
        plan_ok(s, 1, 0, 1);
        assert_str_len(artifact_of(s, ACTION_CREATE)->from_key, old);
        const struct change *copy = must_find(s, KIND_ARTIFACT, ACTION_CREATE);
        const struct change *removal = must_find(s, KIND_ARTIFACT, ACTION_DELETE);
        assert_str_len(removal->old_name, old);
        assert_int_equal(removal->reason, REASON_NOT_IN_SPEC);
        assert_true(waits_for(removal, copy));
        arrive(s);
        settled(s);
    }
}

/* What stands under the other name is not what the record says of it: it is looked at first. */
static void what_was_written_over_is_no_source(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = deployed(*state, stable == 1);
        struct str old = s->seen.record.models.items[1].live.key;
        struct seen_object *object = map_get(s->seen.objects, old);
        object->etag = STR("\"other\"");
        object->owner = OWNER_UNKNOWN;
        object->fp = STR_NULL;
        s->want.models[1].name = STR("renamed");
        assert_ok(plan(s), &s->err);
        assert_true(gaps_any(&s->gaps));
        object->owner = OWNER_OTHER;
        assert_ok(plan(s), &s->err);
        assert_int_equal(artifact_of(s, ACTION_CREATE)->source, ARTIFACT_UPLOAD);
    }
}

static void an_overwritten_version_is_replaced_in_its_place(void **state)
{
    struct scene *s = deployed(*state, false);
    struct seen_object *object = map_get(s->seen.objects, s->seen.record.models.items[0].live.key);
    object->etag = STR("\"other\"");
    object->owner = OWNER_OTHER;
    object->fp = STR_NULL;
    plan_ok(s, 1, 0, 1);
    const struct change *change = must_find(s, KIND_ARTIFACT, ACTION_REPLACE);
    const struct artifact_plan *artifact = change->subject;
    assert_int_equal(change->reason, REASON_CHANGED_OUTSIDE);
    assert_str(artifact->overwrite_etag, "\"other\"");
    assert_int_equal(s->plan->warnings.len, 1);
    assert_str(
        s->plan->warnings.items[0].message,
        "the artifact of model 'm0' was overwritten outside mmectl");
    arrive(s);
    settled(s);
}

/* It cannot be made anew now. That somebody wrote over it must be seen the next time, too. */
static void what_stays_overwritten_is_not_recorded_as_right(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = deployed(*state, stable == 1);
        const struct record_version *live = &s->seen.record.models.items[0].live;
        struct seen_object *object = map_get(s->seen.objects, live->key);
        object->etag = STR("\"other\"");
        object->owner = OWNER_OTHER;
        object->fp = STR_NULL;
        s->want.models[0].failed = s->want.models[0].left_out = true;
        assert_ok(plan(s), &s->err);
        const struct plan_context *context = s->plan->context;
        for (size_t i = 0; i < context->artifacts.len; i++)
            if (str_eq(context->artifacts.items[i]->name, s->want.models[0].name))
                assert_str_len(context->artifacts.items[i]->etag, live->etag);
        assert_int_equal(context->artifacts.len, s->want.n_models);
    }
}

static void a_lost_version_is_put_back(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = deployed(*state, stable == 1);
        struct str key = s->seen.record.models.items[0].live.key;
        drop_object(s, key);
        plan_ok(s, 1, 0, 0);
        assert_str_len(artifact_of(s, ACTION_CREATE)->key, key);
        assert_null(find(s, KIND_ENDPOINT, ACTION_UPDATE));
        arrive(s);
        settled(s);
    }
}

static void going_back_uses_the_retained_version(void **state)
{
    struct scene *s = deployed(*state, false);
    change_model(s, 0, 2);
    plan_ok(s, 1, 0, 0);
    arrive(s);
    change_model(s, 0, 1);
    plan_ok(s, 0, 0, 0); /* it is there: only the record moves */
    assert_true(s->plan->record_only);
    arrive(s);
    settled(s);
    assert_str_len(s->seen.record.models.items[0].live.fp, s->want.models[0].fp);
    assert_int_equal(map_len(s->seen.objects), 3);
}

static void a_removed_model_takes_its_versions_along(void **state)
{
    struct scene *s = deployed(*state, false);
    change_model(s, 1, 2);
    plan_ok(s, 1, 0, 0);
    arrive(s);
    s->want.n_models = 1;
    plan_ok(s, 0, 0, 2);
    bool live = false, old = false;
    for (size_t i = 0; i < s->plan->changes.len; i++) {
        struct str address = s->plan->changes.items[i]->address;
        live = live || str_eq_z(address, "aws_s3_object.model[\"m1\"]");
        old = old || str_starts(address, STR("aws_s3_object.model[\"m1--"));
    }
    assert_true(live && old);
    arrive(s);
    settled(s);
}

/* From one mode to the other: the endpoint rolls once, no content is made again. */
static void switching_modes_copies(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = deployed(*state, stable == 1);
        s->want.stable = stable == 0;
        plan_ok(s, 4, 1, 4); /* 2 copies, model, config; the endpoint; the same four go */
        assert_non_null(find(s, KIND_ENDPOINT, ACTION_UPDATE));
        for (size_t i = 0; i < s->plan->changes.len; i++) {
            const struct change *change = s->plan->changes.items[i];
            const struct artifact_plan *artifact = change->subject;
            if (change->kind == KIND_ARTIFACT && change->action == ACTION_CREATE)
                assert_int_equal(artifact->source, ARTIFACT_COPY);
        }
        arrive(s);
        settled(s);
        assert_int_equal(map_len(s->seen.objects), 2);
    }
}

/* A generation that an interrupted run filled half is gone on with. */
static void a_half_made_generation_is_finished(void **state)
{
    struct scene *s = deployed(*state, true);
    change_model(s, 0, 2);
    plan_ok(s, 3, 2, 3);
    struct change *first = must_find(s, KIND_ARTIFACT, ACTION_REPLACE);
    scene_do(s, &s->want, first);
    struct str key = first->name;
    plan_ok(s, 3, 2, 3);
    assert_str_len(must_find(s, KIND_ARTIFACT, ACTION_REPLACE)->name, key);
    arrive(s);
    settled(s);
    assert_int_equal(map_len(s->seen.objects), 3); /* one of them the version before */
}

static void a_foreign_object_in_the_new_generation_moves_the_generation(void **state)
{
    struct scene *s = deployed(*state, true);
    change_model(s, 0, 2);
    plan_ok(s, 3, 2, 3);
    struct str key = must_find(s, KIND_ARTIFACT, ACTION_REPLACE)->name;
    struct seen_object *object = put_object(s, key, STR_NULL);
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->gaps.objects.len, 1);
    object->owner = OWNER_OTHER;
    plan_ok(s, 3, 2, 3);
    assert_false(str_eq(must_find(s, KIND_ARTIFACT, ACTION_REPLACE)->name, key));
    arrive(s);
    settled(s);
    assert_non_null(map_get(s->seen.objects, key)); /* and it is still there */
}

static void foreign_objects_are_counted_and_left(void **state)
{
    struct scene *s = deployed(*state, false);
    put_text(s, "demo/notes.txt", OWNER_UNKNOWN);
    put_text(s, "demo/models/README", OWNER_UNKNOWN);
    settled(s);
    assert_int_equal(s->plan->n_foreign, 2);
}

/* Somebody who writes wherever we would is refused in the end, not raced for ever. */
static void generations_run_out(void **state)
{
    struct scene *s = deployed(*state, true);
    change_model(s, 0, 2);
    size_t tried = 0;
    enum err_code code;
    while ((code = plan(s)) == ERR_NONE && tried < 20) {
        put_object(s, must_find(s, KIND_ARTIFACT, ACTION_REPLACE)->name, STR_NULL)->owner =
            OWNER_OTHER;
        tried++;
    }
    assert_fails(code, ERR_CONFLICT, &s->err, "demo/models/");
    assert_int_equal(tried, 8);
}

/* Before it is known whose the live object is, its model is planned as if it had to be made: that
 * its training cannot be is found out then, too. */
static void training_of_a_model_that_nobody_looked_at(void **state)
{
    struct scene *s = scene_trained(*state, true, 2);
    s->seen.jobs_listed = true;
    plan_ok(s, 10, 0, 0);
    arrive(s);
    settled(s);
    change_model(s, 0, 2);
    struct str key = record_find(&s->seen.record, STR("m1"))->live.key;
    struct seen_object *live = map_get(s->seen.objects, key);
    struct seen_object before = *live;
    live->owner = OWNER_UNKNOWN;
    live->etag = STR("\"another\"");
    live->fp = STR_NULL;
    s->seen.jobs.len = 0;
    put_job(s, s->want.models[1].job, "Failed", "ClientError: no rows");
    assert_ok(plan(s), &s->err);
    assert_true(gaps_any(&s->gaps)); /* so this plan is not the last one */
    assert_true(s->want.models[1].left_out);
    s->seen.jobs.items[0].owner = OWNER_OTHER;
    s->want.models[1].left_out = false;
    assert_fails(plan(s), ERR_CONFLICT, &s->err, "is not this stack's");
    *live = before; /* it was ours and right: nothing is asked of its training */
    s->want.models[1].left_out = false;
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->plan->n_left_out, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(sources),
        WITH_ARENA(a_renamed_model_is_copied),
        WITH_ARENA(what_was_written_over_is_no_source),
        WITH_ARENA(an_overwritten_version_is_replaced_in_its_place),
        WITH_ARENA(what_stays_overwritten_is_not_recorded_as_right),
        WITH_ARENA(a_lost_version_is_put_back),
        WITH_ARENA(going_back_uses_the_retained_version),
        WITH_ARENA(a_removed_model_takes_its_versions_along),
        WITH_ARENA(switching_modes_copies),
        WITH_ARENA(a_half_made_generation_is_finished),
        WITH_ARENA(a_foreign_object_in_the_new_generation_moves_the_generation),
        WITH_ARENA(generations_run_out),
        WITH_ARENA(training_of_a_model_that_nobody_looked_at),
        WITH_ARENA(foreign_objects_are_counted_and_left),
    };
    return cmocka_run_group_tests_name("planner_artifacts", tests, NULL, NULL);
}
