#include "tests/unit/engine/reconcile/scene.h"

/* m0 at version `last`, published one after the other; m1 beside it. */
static struct scene *published(struct arena *arena, bool stable, size_t retain, int last)
{
    struct scene *s = scene_new(arena, stable, 2);
    s->want.retain = retain;
    for (int version = 1; version <= last; version++) {
        change_model(s, 0, version);
        assert_ok(plan(s), &s->err);
        arrive(s);
        s->seen.record.serial++;
    }
    settled(s);
    return s;
}

static struct record_model *recorded(const struct scene *s)
{
    return &s->seen.record.models.items[0];
}

static void hold(struct scene *s, int version)
{
    recorded(s)->hold = (struct record_hold){
        fp_of(s->arena, "m0", version), STR("then"), STR("them"), STR("it is better")};
}

static bool is_kept(const struct scene *s, int version)
{
    struct str fp = fp_of(s->arena, "m0", version);
    struct str key = s->want.stable ? key_retained(s->arena, &s->want, STR("m0"), fp)
                                    : key_versioned(s->arena, &s->want, STR("m0"), fp);
    return map_has(s->seen.objects, key);
}

static bool noted(const struct scene *s, const char *text)
{
    for (size_t i = 0; i < s->plan->notes.len; i++)
        if (str_find(s->plan->notes.items[i], str_from(text)) != SIZE_MAX)
            return true;
    return false;
}

static void as_many_as_are_wanted_are_kept(void **state)
{
    for (int stable = 0; stable < 2; stable++)
        for (size_t retain = 0; retain < 4; retain++) {
            struct scene *s = published(*state, stable == 1, retain, 5);
            assert_int_equal(map_len(s->seen.objects), 2 + retain);
            assert_int_equal(recorded(s)->history.len, retain);
            for (size_t i = 0; i < retain; i++) {
                assert_str_len(recorded(s)->history.items[i].fp, fp_of(*state, "m0", 4 - (int) i));
                assert_true(is_kept(s, 4 - (int) i));
            }
            s->want.retain = 1;
            assert_ok(plan(s), &s->err);
            plan_counts(s, 0, 0, retain > 1 ? retain - 1 : 0);
            if (retain > 1)
                assert_int_equal(
                    must_find(s, KIND_ARTIFACT, ACTION_DELETE)->reason, REASON_NOT_RETAINED);
            arrive(s);
            settled(s);
        }
}

/* What is replaced goes only when its copy is kept, and a version only when its successor is there.
 */
static void the_order_of_keeping(void **state)
{
    struct scene *s = published(*state, true, 1, 2);
    change_model(s, 0, 3);
    assert_ok(plan(s), &s->err);
    const struct change *copy = NULL, *half = NULL, *gone = NULL, *next = NULL;
    for (size_t i = 0; i < s->plan->changes.len; i++) {
        const struct change *change = s->plan->changes.items[i];
        bool artifact = change->kind == KIND_ARTIFACT;
        if (artifact && change->action == ACTION_CREATE && change->removal_half)
            copy = change;
        if (artifact && change->action == ACTION_DELETE && change->removal_half &&
            str_eq_z(change->index, "m0"))
            half = change;
        if (artifact && change->action == ACTION_DELETE && !change->removal_half)
            gone = change;
        if (artifact && change->action == ACTION_REPLACE)
            next = change;
    }
    if (copy == NULL || half == NULL || gone == NULL || next == NULL) {
        fail_msg("one of the four is not planned");
        return;
    }
    assert_true(waits_for(half, copy) && waits_for(gone, next));
    assert_true(str_find(next->note, STR("is kept for a rollback")) != SIZE_MAX);
    assert_false(waits_for(s->plan->changes.items[s->plan->changes.len - 1], gone));
}

static void a_held_version_is_what_is_wanted(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = published(*state, stable == 1, 1, 2);
        hold(s, 1);
        assert_ok(plan(s), &s->err);
        assert_int_equal(s->want.models[0].fixed, FIXED_HELD);
        assert_true(noted(s, "held at "));
        assert_true(noted(s, "by them since then: it is better"));
        if (stable == 1)
            assert_int_equal(
                must_find(s, KIND_ARTIFACT, ACTION_REPLACE)->reason, REASON_VERSION_CHOSEN);
        else
            assert_true(s->plan->record_only);
        arrive(s);
        settled(s);
        assert_str_len(recorded(s)->live.fp, fp_of(*state, "m0", 1));
        assert_str(recorded(s)->hold.by, "them");
        assert_true(is_kept(s, 2));
        /* whatever the spec says meanwhile, and however little is kept */
        s->want.retain = 0;
        settled(s);
        assert_true(is_kept(s, 2));
        change_model(s, 0, 3);
        settled(s);
        assert_true(is_kept(s, 2));
        change_model(s, 0, 1); /* even the same: the hold stands until it is lifted */
        assert_ok(plan(s), &s->err);
        assert_false(s->plan->holds.items[0].differs);
        /* lifted: the spec's version is there */
        change_model(s, 0, 2);
        recorded(s)->hold.fp = STR_NULL;
        s->want.retain = 1;
        assert_ok(plan(s), &s->err);
        assert_null(find(s, KIND_TRAINING_JOB, ACTION_CREATE));
        assert_int_equal(s->want.models[0].fixed, FIXED_NO);
        if (stable == 0)
            assert_true(noted(s, "which is there already"));
        arrive(s);
        settled(s);
        assert_str_len(recorded(s)->live.fp, fp_of(*state, "m0", 2));
    }
}

static void a_held_version_that_is_gone_is_left_out(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = published(*state, stable == 1, 1, 2);
        hold(s, 7);
        plan_ok(s, 0, 0, 0);
        assert_int_equal(s->plan->n_left_out, 1);
        assert_str(
            s->plan->warnings.items[0].message,
            str_z(
                *state, str_fmt(
                            *state, "model 'm0' is held at " STR_FMT ", and that version is gone",
                            STR_ARG(str_slice(fp_of(*state, "m0", 7), 0, FP16)))));
        assert_str_len(recorded(s)->live.fp, fp_of(*state, "m0", 2)); /* what serves, serves on */
    }
}

static void a_hold_goes_with_its_model(void **state)
{
    struct scene *s = published(*state, false, 1, 2);
    hold(s, 1);
    assert_ok(plan(s), &s->err);
    arrive(s);
    s->want.models++;
    s->want.n_models = 1;
    assert_ok(plan(s), &s->err);
    assert_true(str_find(s->plan->warnings.items[0].message, STR("so does the hold")) != SIZE_MAX);
    arrive(s);
    settled(s);
    assert_int_equal(map_len(s->seen.objects), 1);
}

static void pins(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = published(*state, stable == 1, 2, 3);
        hold(s, 2);
        s->want.models[0].pin = str_slice(fp_of(*state, "m0", 1), 0, 8);
        assert_ok(plan(s), &s->err);
        assert_true(noted(s, "model 'm0' is pinned at "));
        arrive(s);
        assert_true(str_is_null(recorded(s)->hold.fp)); /* a pin ends the hold */
        assert_str_len(recorded(s)->live.fp, fp_of(*state, "m0", 1));
        settled(s);
        s->want.models[0].pin = fp_of(*state, "m0", 3); /* the spec's own, in full */
        assert_ok(plan(s), &s->err);
        arrive(s);
        settled(s);
        assert_str_len(recorded(s)->live.fp, fp_of(*state, "m0", 3));
        s->want.models[0].pin = STR("0123456789abcdef");
        assert_fails(plan(s), ERR_SPEC, &s->err, "version '0123456789abcdef' is not kept");
        assert_true(str_find(str_from(s->err.hint), STR("(live)")) != SIZE_MAX);
        s->err = (struct err){0};
    }
}

static void a_pin_that_fits_two_versions_is_refused(void **state)
{
    struct scene *s = published(*state, false, 2, 1);
    struct str twin =
        str_fmt(*state, STR_FMT "00000000", STR_ARG(str_slice(s->want.models[0].fp, 0, 8)));
    put_object(s, key_versioned(*state, &s->want, STR("m0"), twin), twin);
    s->want.models[0].pin = str_slice(twin, 0, 8);
    assert_fails(plan(s), ERR_SPEC, &s->err, "fits more than one that is kept");
}

/* A version that only its key tells of: its metadata has all digits, and says whose it is. */
static void pins_without_a_record(void **state)
{
    struct scene *s = published(*state, false, 1, 2);
    s->seen.record = (struct record){0};
    struct str fp = fp_of(*state, "m0", 1);
    struct seen_object *object =
        map_get(s->seen.objects, key_versioned(*state, &s->want, STR("m0"), fp));
    object->owner = OWNER_UNKNOWN;
    object->fp = STR_NULL;
    s->want.models[0].pin = str_slice(fp, 0, 16);
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->gaps.objects.len, 1);
    object->owner = OWNER_US;
    object->fp = fp;
    plan_ok(s, 0, 0, 0);
    arrive(s);
    assert_str_len(recorded(s)->live.fp, fp);
    settled(s);
    object->owner = OWNER_OTHER;
    object->etag = STR("\"theirs\"");
    s->want.models[0].pin = str_slice(fp, 0, 12);
    assert_fails(plan(s), ERR_SPEC, &s->err, "is not kept");
}

/* Lost, or behind by any number of versions: the same objects stay. */
static void a_record_that_is_lost_or_old_changes_nothing(void **state)
{
    for (int stable = 0; stable < 2; stable++)
        for (int age = 0; age < 5; age++) {
            struct scene *s = scene_new(*state, stable == 1, 2);
            struct record old = {0};
            s->want.retain = 2;
            for (int version = 1; version <= 4; version++) {
                change_model(s, 0, version);
                assert_ok(plan(s), &s->err);
                arrive(s);
                s->seen.record.serial++;
                for (size_t i = 0; i < map_len(s->seen.objects); i++) {
                    struct seen_object *object = map_value_at(s->seen.objects, i);
                    object->modified_ms = object->modified_ms > 0 ? object->modified_ms : version;
                }
                if (version == age)
                    old = s->seen.record;
            }
            size_t objects = map_len(s->seen.objects);
            s->seen.record = old;
            plan_ok(s, 0, 0, 0);
            arrive(s);
            settled(s);
            assert_int_equal(map_len(s->seen.objects), objects);
            assert_true(is_kept(s, 3) && is_kept(s, 2));
        }
}

static void many_holds_are_counted(void **state)
{
    struct scene *s = scene_new(*state, false, 30);
    assert_ok(plan(s), &s->err);
    arrive(s);
    for (size_t i = 0; i < 30; i++) {
        struct record_model *model = &s->seen.record.models.items[i];
        model->hold = (struct record_hold){model->live.fp, STR("t"), STR("b"), STR_NULL};
    }
    settled(s);
    assert_int_equal(s->plan->holds.len, 30);
    assert_true(noted(s, "10 more models are held or pinned"));
    for (size_t i = 0; i < 30; i++) {
        s->seen.record.models.items[i].hold.fp = STR_NULL;
        s->seen.record.models.items[i].live.fp = fp_of(*state, "other", (int) i);
    }
    assert_ok(plan(s), &s->err);
    assert_true(noted(s, "10 more models go to versions that are there already"));
}

/* From one mode to the other, older versions go along. */
static void switching_modes_keeps_versions(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = published(*state, stable == 1, 2, 3);
        s->want.stable = stable == 0;
        assert_ok(plan(s), &s->err);
        arrive(s);
        settled(s);
        assert_int_equal(recorded(s)->history.len, 2);
        change_model(s, 0, 4); /* the live one of the other mode becomes an older one */
        assert_ok(plan(s), &s->err);
        arrive(s);
        settled(s);
        assert_int_equal(map_len(s->seen.objects), 4);
        assert_int_equal(recorded(s)->history.len, 2);
        assert_str_len(recorded(s)->history.items[0].fp, fp_of(*state, "m0", 3));
    }
}

/* The content changes in the same step: what is replaced is taken to where the new mode keeps it.
 */
static void switching_modes_with_other_content(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = published(*state, stable == 1, 1, 1);
        s->want.stable = stable == 0;
        change_model(s, 0, 2);
        assert_ok(plan(s), &s->err);
        arrive(s);
        settled(s);
        assert_true(is_kept(s, 1));
        assert_int_equal(map_len(s->seen.objects), 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(as_many_as_are_wanted_are_kept),
        WITH_ARENA(the_order_of_keeping),
        WITH_ARENA(a_held_version_is_what_is_wanted),
        WITH_ARENA(a_held_version_that_is_gone_is_left_out),
        WITH_ARENA(a_hold_goes_with_its_model),
        WITH_ARENA(pins),
        WITH_ARENA(a_pin_that_fits_two_versions_is_refused),
        WITH_ARENA(pins_without_a_record),
        WITH_ARENA(a_record_that_is_lost_or_old_changes_nothing),
        WITH_ARENA(many_holds_are_counted),
        WITH_ARENA(switching_modes_keeps_versions),
        WITH_ARENA(switching_modes_with_other_content),
    };
    return cmocka_run_group_tests_name("planner_versions", tests, NULL, NULL);
}
