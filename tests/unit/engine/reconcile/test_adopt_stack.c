#include "tests/unit/engine/reconcile/adopting.h"

#include "engine/plan/artifact.h"

/* The same stack under its old name, with a home of its own. */
static void name_old(struct adopt_scene *a)
{
    struct arena *arena = a->s->arena;
    struct want *old = &a->look.old.want;
    *old = a->s->want;
    old->stack = STR("old");
    old->uid = name_uid(arena, old->account, old->region, old->stack);
    old->prefix = STR("old");
    old->home = str_fmt(arena, "s3://" STR_FMT "/old", STR_ARG(old->bucket));
    a->options.from_stack = old->stack;
    a->look.old.asked = a->look.old.found = true;
    a->look.old.objects = map_new(arena);
    a->look.old.record =
        (struct record){.present = true, .uid = old->uid, .stack = old->stack, .home = old->home};
    struct json *tags = json_object(arena);
    json_put(arena, tags, "mmectl:uid", json_string(arena, old->uid));
    a->s->seen.endpoint.tags = tags;
    a->s->seen.live_model_url = str_fmt(arena, STR_FMT "/models/", STR_ARG(old->home));
}

static struct record_version old_version(struct adopt_scene *a, size_t model, int version)
{
    struct arena *arena = a->s->arena;
    struct str name = a->s->want.models[model].name;
    struct str fp = fp_of(arena, str_z(arena, name), version);
    struct str key = a->s->want.stable && version == 1
                         ? key_stable(arena, &a->look.old.want, STR("0123456789"), name)
                         : key_versioned(arena, &a->look.old.want, name, fp);
    struct seen_object *object = ARENA_NEW(arena, struct seen_object);
    *object = (struct seen_object){
        .key = key, .etag = str_fmt(arena, "\"%zu.%d\"", model, version), .size = 5};
    map_put(a->look.old.objects, key, object);
    return (struct record_version){
        .fp = fp, .key = key, .etag = object->etag, .at = STR("then"), .by = STR("them")};
}

static struct record_model *record_model(struct adopt_scene *a, size_t model, int live, int older)
{
    struct record_model *out = VEC_PUSH(a->s->arena, &a->look.old.record.models);
    out->name = a->s->want.models[model].name;
    out->live = old_version(a, model, live);
    out->protect = true;
    if (older > 0)
        *VEC_PUSH(a->s->arena, &out->history) = old_version(a, model, older);
    return out;
}

static void history_comes_along(void **state)
{
    (void) state;
    for (int stable = 0; stable < 2; stable++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct adopt_scene *a = adopt_scene_new(arena, stable == 1, 3);
        name_old(a);
        record_model(a, 0, 1, 2);
        record_model(a, 1, 3, 0); /* the spec wants another version by now */
        assert_ok(adopt(a), &a->err);
        assert_int_equal(a->out->plan->n_add, 3);
        assert_true(a->out->tags_endpoint && a->out->writes_record);
        assert_str_len(a->out->from_uid, a->look.old.want.uid);
        const struct record *record = &a->out->record;
        assert_str_len(record->uid, a->s->want.uid);
        assert_str_len(record->home, a->s->want.home);
        assert_int_equal(record->models.len, 2);
        const struct record_model *first = &record->models.items[0];
        assert_true(first->protect);
        assert_true(str_starts(first->live.key, a->s->want.prefix));
        assert_str(first->live.by, "them");
        assert_int_equal(first->history.len, 1);
        assert_true(str_starts(first->history.items[0].key, a->s->want.prefix));
        assert_int_equal(a->out->to_make.len, 2);
        assert_int_equal(a->out->left.len, 1);
        /* Nothing of it is the user's word: the fingerprints say so themselves. */
        for (size_t i = 0; i < a->out->plan->changes.len; i++) {
            const struct artifact_plan *artifact = a->out->plan->changes.items[i]->subject;
            assert_false(artifact->imported);
            assert_str_len(artifact->from_bucket, a->look.old.want.bucket);
        }
    }
}

static void what_cannot_be_vouched_for(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct adopt_scene *a = adopt_scene_new(arena, false, 2);
    name_old(a);
    record_model(a, 0, 1, 2)->live.etag = STR("\"another\"");
    struct record_model *gone = VEC_PUSH(arena, &a->look.old.record.models);
    gone->name = STR("zz-not-in-spec");
    assert_ok(adopt(a), &a->err);
    assert_true(warned(a, "is not where stack 'old' recorded it"));
    assert_int_equal(a->out->record.models.len, 0);
    assert_int_equal(a->out->to_make.len, 2);
}

static void conflicts(void **state)
{
    (void) state;
    for (int history = 0; history < 2; history++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct adopt_scene *a = adopt_scene_new(arena, false, 1);
        name_old(a);
        record_model(a, 0, 1, 2);
        struct str fp = fp_of(arena, "m0", history ? 2 : 1);
        put_object(a->s, key_versioned(arena, &a->s->want, STR("m0"), fp), STR("other"))->owner =
            OWNER_OTHER;
        assert_fails(adopt(a), ERR_CONFLICT, &a->err, "is in the way");
    }
}

/* An old generation's objects do not come along; the history in its place does. */
static void stable_history(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct adopt_scene *a = adopt_scene_new(arena, true, 1);
    change_model(a->s, 0, 2);
    name_old(a);
    struct record_model *model = record_model(a, 0, 2, 0);
    *VEC_PUSH(arena, &model->history) = old_version(a, 0, 1);
    assert_ok(adopt(a), &a->err);
    assert_int_equal(a->out->plan->n_add, 1);
    assert_int_equal(a->out->record.models.items[0].history.len, 0);
}

static void another_endpoint(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct adopt_scene *a = adopt_scene_new(arena, false, 1);
    name_old(a);
    record_model(a, 0, 1, 0);
    a->s->seen.endpoint = (struct seen_endpoint){.name = a->s->want.endpoint};
    assert_ok(adopt(a), &a->err);
    assert_false(a->out->tags_endpoint);
    assert_true(warned(a, "does not exist: the next apply makes it"));
    /* Ours already: an earlier run got to the end. */
    a->look.old.found = false;
    a->s->seen.endpoint.present = true;
    a->s->seen.endpoint.status = STR("InService");
    a->s->seen.endpoint.tags = endpoint_tags(a->s, &a->s->want);
    assert_ok(adopt(a), &a->err);
    assert_true(adoption_is_empty(a->out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_comes_along), cmocka_unit_test(what_cannot_be_vouched_for),
        cmocka_unit_test(conflicts), cmocka_unit_test(stable_history),
        cmocka_unit_test(another_endpoint)};
    return cmocka_run_group_tests_name("adopt_stack", tests, NULL, NULL);
}
