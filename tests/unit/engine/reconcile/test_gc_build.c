#include "tests/unit/engine/reconcile/scene.h"

#include "engine/plan/artifact.h"
#include "engine/reconcile/gc.h"

static struct scene *serving(struct arena *arena, bool stable)
{
    struct scene *s = scene_trained(arena, stable, 2);
    s->seen.jobs_listed = true;
    assert_ok(plan(s), &s->err);
    arrive(s);
    settled(s);
    return s;
}

static struct garbage *collect(struct scene *s)
{
    assert_ok(plan(s), &s->err);
    for (size_t i = 0; i < s->gaps.objects.len; i++)
        s->gaps.objects.items[i]->owner = OWNER_US;
    assert_ok(plan(s), &s->err);
    size_t count;
    struct seen_job **suspects = gc_suspects(s->arena, s->plan, &count);
    for (size_t i = 0; i < count; i++) {
        suspects[i]->inspected = true;
        suspects[i]->owner = OWNER_US;
    }
    return gc_build(s->arena, s->plan);
}

static const struct change *removal_of(const struct garbage *garbage, struct str name)
{
    for (size_t i = 0; i < garbage->plan->changes.len; i++)
        if (str_eq(garbage->plan->changes.items[i]->old_name, name))
            return garbage->plan->changes.items[i];
    return NULL;
}

static void a_stack_at_rest(void **state)
{
    (void) state;
    for (int stable = 0; stable < 2; stable++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct scene *s = serving(arena, stable == 1);
        assert_true(garbage_is_none(collect(s)));
    }
}

static void leftovers(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct scene *s = serving(arena, false);
    struct str old_fp = fp_of(arena, "m0", 9);
    struct str artifact = key_versioned(arena, &s->want, STR("gone"), old_fp);
    put_object(s, artifact, old_fp);
    struct str data = str_fmt(arena, STR_FMT "/data/%064d/old.csv", STR_ARG(s->want.prefix), 7);
    put_object(s, data, STR("data"));
    struct seen_thing thing = {.present = true, .owner = OWNER_US};
    thing.name = name_thing(arena, &s->want, 'c', old_fp);
    *VEC_PUSH(arena, &s->seen.configs) = thing;
    thing.name = name_thing(arena, &s->want, 'm', old_fp);
    *VEC_PUSH(arena, &s->seen.models) = thing;
    put_text(
        s, str_z(arena, str_fmt(arena, STR_FMT "/control/probe", STR_ARG(s->want.prefix))),
        OWNER_US);
    put_text(
        s, str_z(arena, str_fmt(arena, STR_FMT "/theirs", STR_ARG(s->want.prefix))), OWNER_OTHER);
    struct str job = name_thing(arena, &s->want, 't', old_fp);
    struct seen_job *seen = put_job(s, job, "Completed", NULL);
    seen->inspected = false;
    seen->owner = OWNER_UNKNOWN;
    *VEC_PUSH(arena, &s->seen.uploads) = STR("key\nid");
    struct garbage *garbage = collect(s);
    assert_non_null(removal_of(garbage, artifact));
    assert_non_null(removal_of(garbage, data));
    assert_non_null(removal_of(garbage, name_thing(arena, &s->want, 'c', old_fp)));
    const struct change *model = removal_of(garbage, thing.name);
    assert_non_null(model);
    assert_true(waits_for(model, removal_of(garbage, name_thing(arena, &s->want, 'c', old_fp))));
    assert_non_null(removal_of(garbage, job));
    assert_int_equal(garbage->n_things, 7);
    assert_int_equal(garbage->n_uploads, 1);
    assert_true(garbage->bytes > 0);
    for (size_t i = 0; i < garbage->plan->changes.len; i++)
        assert_int_equal(garbage->plan->changes.items[i]->action, ACTION_DELETE);

    /* While something of ours trains, its data stays; while the endpoint moves, models do. */
    struct str running = name_thing(arena, &s->want, 't', fp_of(arena, "m0", 8));
    put_job(s, running, "InProgress", NULL);
    put_object(s, job_output_key(s, running), STR_NULL);
    s->seen.endpoint.pending_config = s->seen.endpoint.config;
    garbage = collect(s);
    assert_null(removal_of(garbage, data));
    assert_null(removal_of(garbage, thing.name));
    assert_null(removal_of(garbage, running));

    /* A former endpoint of the stack still uses what it uses. */
    s->seen.endpoint.pending_config = STR_NULL;
    *VEC_PUSH(arena, &s->seen.old_endpoints) = (struct seen_endpoint){
        .present = true, .name = STR("former"), .config = name_thing(arena, &s->want, 'c', old_fp)};
    garbage = collect(s);
    assert_null(removal_of(garbage, name_thing(arena, &s->want, 'c', old_fp)));
    assert_null(removal_of(garbage, thing.name));
}

/* The spec does not want a model any more: that is for apply, as long as clients can reach it. */
static void what_is_published_stays(void **state)
{
    (void) state;
    for (int stable = 0; stable < 2; stable++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct scene *s = serving(arena, stable == 1);
        s->want.n_models = 1;
        struct garbage *garbage = collect(s);
        for (size_t i = 0; i < garbage->plan->changes.len; i++)
            assert_int_not_equal(garbage->plan->changes.items[i]->kind, KIND_ARTIFACT);
    }
}

/* A job whose output the plan copies, and one of somebody else with our kind of name. */
static void jobs_that_count(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct scene *s = serving(arena, false);
    change_model(s, 0, 2);
    put_job(s, s->want.models[0].job, "Completed", NULL);
    struct str theirs = name_thing(arena, &s->want, 't', fp_of(arena, "x", 1));
    put_job(s, theirs, "Completed", NULL)->owner = OWNER_OTHER;
    struct garbage *garbage = collect(s);
    assert_null(removal_of(garbage, s->want.models[0].job));
    assert_null(removal_of(garbage, theirs));
    size_t outputs = 0; /* of m0's first recipe */
    for (size_t i = 0; i < garbage->plan->changes.len; i++)
        if (garbage->plan->changes.items[i]->kind == KIND_OUTPUT)
            outputs += garbage->plan->changes.items[i]->n_members;
    assert_int_equal(outputs, 1);
}

/* Left over, and nobody's any more, until the spec wants just that content again under another
 * name: the next apply copies it from there. */
static void what_an_apply_copies_from_stays(void **state)
{
    (void) state;
    for (int wanted = 0; wanted < 2; wanted++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct scene *s = serving(arena, false);
        struct str fp = fp_of(arena, "m0", 7);
        struct str key = key_versioned(arena, &s->want, STR("gone"), fp);
        put_object(s, key, fp);
        if (wanted == 1)
            change_model(s, 0, 7);
        assert_int_equal(removal_of(collect(s), key) == NULL, wanted == 1);
    }
}

/* One of the stack's former names still serves, and moves: both of its configurations stay. */
static void what_a_former_endpoint_uses_stays(void **state)
{
    static const struct {
        const char *config, *pending;
        bool goes;
    } cases[] = {{"c1", "c2", true}, {"mine", NULL, false}, {"c1", "mine", false}};
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct scene *s = serving(arena, false);
        struct seen_thing thing = {.present = true, .owner = OWNER_US};
        thing.name = name_thing(arena, &s->want, 'c', fp_of(arena, "left", 1));
        *VEC_PUSH(arena, &s->seen.configs) = thing;
        const char *names[] = {cases[i].config, cases[i].pending};
        for (size_t k = 0; k < 2; k++)
            if (names[k] != NULL && strcmp(names[k], "mine") == 0)
                names[k] = str_z(arena, thing.name);
        *VEC_PUSH(arena, &s->seen.old_endpoints) = (struct seen_endpoint){
            .present = true,
            .name = STR("former"),
            .arn = STR("arn:former"),
            .status = STR("Updating"),
            .owner = OWNER_US,
            .config = str_from(names[0]),
            .pending_config = str_from(names[1])};
        assert_int_equal(removal_of(collect(s), thing.name) != NULL, cases[i].goes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stack_at_rest),
        cmocka_unit_test(leftovers),
        cmocka_unit_test(what_is_published_stays),
        cmocka_unit_test(what_an_apply_copies_from_stays),
        cmocka_unit_test(what_a_former_endpoint_uses_stays),
        cmocka_unit_test(jobs_that_count)};
    return cmocka_run_group_tests_name("gc_build", tests, NULL, NULL);
}
