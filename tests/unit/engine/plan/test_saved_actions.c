#include "tests/unit/engine/reconcile/scene.h"

#include "engine/plan/saved.h"

static struct saved_stack described(struct scene *s)
{
    struct saved_stack stack;
    saved_describe(s->arena, s->plan, &stack);
    return stack;
}

static struct scene *trained(struct arena *arena, bool stable)
{
    struct scene *s = scene_trained(arena, stable, 2);
    s->seen.jobs_listed = true;
    return s;
}

static void every_change_is_in_it(void **state)
{
    struct scene *s = trained(*state, true);
    plan_ok(s, 10, 0, 0);
    struct saved_stack stack = described(s);
    assert_int_equal(stack.n_actions, 10);
    assert_int_equal(stack.n_artifacts, 2);
    assert_str(stack.artifacts[0].name, "m0");
    assert_str_len(stack.artifacts[1].fingerprint, s->want.models[1].fp);
    assert_str(stack.uid, "abcdefgh");
    arrive(s);
    settled(s);
    assert_int_equal(described(s).n_actions, 0);
    change_model(s, 0, 2);
    assert_ok(plan(s), &s->err);
    stack = described(s);
    bool half = false;
    for (size_t i = 0; i < stack.n_actions; i++)
        half = half || str_ends(stack.actions[i].address, STR(" (old)"));
    assert_true(half);
}

/* Equal plans are equal, in whatever order the world was listed. */
static void the_same_again(void **state)
{
    struct scene *a = trained(*state, false), *b = trained(*state, false);
    plan_ok(a, 10, 0, 0);
    plan_ok(b, 10, 0, 0);
    assert_str_len(described(a).actions_sha256, described(b).actions_sha256);
    arrive(a);
    a->want.n_models = 0;
    assert_ok(plan(a), &a->err);
    struct str before = described(a).actions_sha256;
    struct map *reversed = map_new(*state);
    for (size_t i = map_len(a->seen.objects); i > 0; i--)
        map_put(reversed, map_key_at(a->seen.objects, i - 1), map_value_at(a->seen.objects, i - 1));
    a->seen.objects = reversed;
    assert_ok(plan(a), &a->err);
    assert_str_len(described(a).actions_sha256, before);
}

typedef void alter_fn(struct scene *s);

static void another_model(struct scene *s)
{
    change_model(s, 1, 9);
}

static void another_instance(struct scene *s)
{
    s->want.instance_type = STR("ml.c5.xlarge");
}

static void another_environment(struct scene *s)
{
    ((struct want_pair *) (uintptr_t) s->want.environment)->value = STR("2");
}

static void another_tag(struct scene *s)
{
    ((struct want_pair *) (uintptr_t) s->want.tags)->value = STR("fraud");
}

static void an_overwritten_object(struct scene *s)
{
    struct seen_object *object = map_value_at(s->seen.objects, 0);
    object->etag = STR("\"other\"");
}

static void a_failed_endpoint(struct scene *s)
{
    s->seen.endpoint.status = STR("Failed");
}

static void another_count(struct scene *s)
{
    s->want.instance_count = 3;
}

static void another_way_to_move(struct scene *s)
{
    static const struct want_update update = {.move = MOVE_CANARY, .percent = 10};
    s->want.update = &update;
}

static void scaling(struct scene *s)
{
    static const struct want_scaling wanted = {.min = 1, .max = 4, .target = 10};
    s->want.scaling = &wanted;
}

static void retention(struct scene *s)
{
    s->want.retention_days = 14;
}

static void one_model_less(struct scene *s)
{
    s->want.n_models = 1;
}

static void a_config_left_behind(struct scene *s)
{
    *VEC_PUSH(s->arena, &s->seen.configs) = (struct seen_thing){
        .present = true, .name = STR("demo-abcdefgh-c-0123456789ab"), .owner = OWNER_US};
}

/* What makes another thing happen makes another digest. */
static void whatever_matters_changes_it(void **state)
{
    static alter_fn *const alters[] = {
        another_model,       another_instance,  another_environment, another_tag,
        another_count,       a_failed_endpoint, one_model_less,      a_config_left_behind,
        another_way_to_move, scaling,           retention,
    };
    for (size_t i = 0; i < ARRAY_LEN(alters); i++) {
        struct scene *s = scene_new(*state, true, 2);
        s->want.environment = sample_pairs(*state, s->want.environment, s->want.n_environment);
        plan_ok(s, 6, 0, 0);
        arrive(s);
        change_model(s, 0, 2); /* something to do in any case */
        assert_ok(plan(s), &s->err);
        struct str before = described(s).actions_sha256;
        alters[i](s);
        assert_ok(plan(s), &s->err);
        if (str_eq(described(s).actions_sha256, before))
            fail_msg("case %zu changes nothing", i);
    }
    struct scene *s = scene_new(*state, false, 2);
    plan_ok(s, 6, 0, 0);
    arrive(s);
    s->want.n_models = 0;
    assert_ok(plan(s), &s->err);
    struct str before = described(s).actions_sha256;
    an_overwritten_object(s); /* what is to be deleted is not what was seen */
    assert_ok(plan(s), &s->err);
    assert_false(str_eq(described(s).actions_sha256, before));
}

/* What only explains is not in it. */
static void whatever_does_not_matter(void **state)
{
    struct scene *s = scene_new(*state, false, 2);
    plan_ok(s, 6, 0, 0);
    struct str before = described(s).actions_sha256;
    for (size_t i = 0; i < s->plan->changes.len; i++) {
        s->plan->changes.items[i]->note = STR("another");
        s->plan->changes.items[i]->reason = REASON_MOVED;
    }
    *VEC_PUSH(*state, &s->plan->warnings) = (struct plan_warning){STR("w"), STR("h")};
    assert_str_len(described(s).actions_sha256, before);
    s->plan->record_only = true;
    assert_false(str_eq(described(s).actions_sha256, before));
}

static void destroying(void **state)
{
    struct scene *s = trained(*state, false);
    plan_ok(s, 10, 0, 0);
    arrive(s);
    s->seen.log_group = true;
    s->seen.bucket.ours = true;
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    struct saved_stack stack = described(s);
    assert_int_equal(stack.mode, PLAN_DESTROY);
    assert_true(stack.n_actions >= 11);
    assert_int_equal(stack.n_artifacts, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(every_change_is_in_it),
        WITH_ARENA(the_same_again),
        WITH_ARENA(whatever_matters_changes_it),
        WITH_ARENA(whatever_does_not_matter),
        WITH_ARENA(destroying),
    };
    return cmocka_run_group_tests_name("saved_actions", tests, NULL, NULL);
}
