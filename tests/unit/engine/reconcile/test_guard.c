#include "tests/unit/engine/reconcile/scene.h"

static struct scene *deployed(struct arena *arena, bool stable, size_t models)
{
    struct scene *s = scene_new(arena, stable, models);
    assert_ok(plan(s), &s->err);
    arrive(s);
    return s;
}

static void free_to_go(struct scene *s, size_t destroyed)
{
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->plan->guards.len, 0);
    assert_ok(guard_check(s->plan, &s->err), &s->err);
    assert_int_equal(s->plan->n_destroy, destroyed);
}

static void a_spec_without_models(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = deployed(*state, stable == 1, 3);
        s->want.n_models = 0;
        guarded(
            s, PLAN_APPLY,
            "the spec of stack 'demo' has no models: its 3 models and the endpoint would be "
            "deleted");
        assert_non_null(strstr(s->err.hint, "--allow-empty"));
        assert_string_equal(s->plan->guards.items[0].name, "empty");
        s->options.allow_deletes = 100; /* another guard's */
        guarded(s, PLAN_APPLY, "has no models");
        s->options.allow_empty = true;
        free_to_go(s, 6); /* three artifacts, the model, the config, the endpoint */
        arrive(s);
        assert_int_equal(s->seen.record.models.len, 0);
        assert_true(s->seen.bucket.present);
        s->options.allow_empty = false;
        settled(s); /* nothing more to ask about */
        assert_int_equal(s->plan->guards.len, 0);
        s->want.n_models = 3;
        plan_ok(s, 6, 0, 0);
    }
}

/* Before there is anything, there is nothing to guard, and nothing to do. */
static void an_empty_spec_of_nothing(void **state)
{
    struct scene *s = scene_new(*state, true, 0);
    settled(s);
    assert_int_equal(s->plan->guards.len, 0);
    assert_false(s->plan->record_only);
}

static void one_model_says_so(void **state)
{
    struct scene *s = deployed(*state, false, 1);
    s->want.n_models = 0;
    guarded(s, PLAN_APPLY, "its 1 model and the endpoint");
    remove_endpoint(s, s->want.endpoint);
    guarded(s, PLAN_APPLY, "its 1 model and what is left of the stack");
}

static void many_deletions(void **state)
{
    static const struct {
        size_t before, after;
        int64_t allowed;
        const char *refused; /* NULL: not */
    } cases[] = {
        {22, 2, 0, NULL}, /* 20 go */
        {23, 2, 0, "21 of the 23 models of stack 'demo' would be deleted; up to 20 go"},
        {23, 2, 20, "21 of the 23"},
        {23, 2, 21, NULL},
        {300, 270, 0, NULL}, /* a tenth */
        {300, 269, 0, "31 of the 300 models of stack 'demo' would be deleted; up to 30 go"},
        {300, 269, 31, NULL},
        {300, 1, 298, "299 of the 300"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (int stable = 0; stable < 2; stable++) {
            AUTO(arena_close) struct arena *arena = arena_new("deletions", 0);
            struct scene *s = scene_new(arena, stable == 1, cases[i].before);
            /* Names sort as they count. */
            for (size_t k = 0; k < s->want.n_models; k++) {
                s->want.models[k].name = str_fmt(arena, "m%03zu", k);
                change_model(s, k, 1);
            }
            assert_ok(plan(s), &s->err);
            arrive(s);
            s->want.n_models = cases[i].after;
            s->options.allow_deletes = cases[i].allowed;
            if (cases[i].refused == NULL) {
                free_to_go(s, cases[i].before - cases[i].after);
                continue;
            }
            guarded(s, PLAN_APPLY, cases[i].refused);
            char flag[64];
            snprintf(flag, sizeof(flag), "--allow-deletes=%zu", cases[i].before - cases[i].after);
            assert_non_null(strstr(s->err.hint, flag));
        }
    (void) state;
}

/* Old versions, foreign things and a whole generation that is left behind are no models that go. */
static void only_models_of_ours_count(void **state)
{
    struct scene *s = deployed(*state, false, 40);
    for (size_t i = 0; i < 40; i++)
        change_model(s, i, 2);
    assert_ok(plan(s), &s->err);
    arrive(s);
    for (size_t i = 0; i < 40; i++)
        change_model(s, i, 3);
    assert_ok(plan(s), &s->err);
    assert_true(s->plan->n_destroy > 20);
    assert_int_equal(s->plan->guards.len, 0);
    struct scene *t = deployed(*state, false, 2);
    for (size_t i = 0; i < 50; i++) {
        struct str key = str_fmt(*state, "demo/models/f%zu--0123456789abcdef.tar.gz", i);
        put_object(t, key, STR("0123456789abcdef"))->owner = OWNER_OTHER;
    }
    assert_ok(plan(t), &t->err);
    assert_int_equal(t->plan->guards.len, 0);
}

static void a_protected_endpoint_that_moves(void **state)
{
    struct scene *s = deployed(*state, false, 2);
    struct seen_endpoint old = s->seen.endpoint;
    old.name = STR("before");
    old.protect = true;
    *VEC_PUSH(*state, &s->seen.old_endpoints) = (struct seen_endpoint){.name = STR("other")};
    *VEC_PUSH(*state, &s->seen.old_endpoints) = old;
    guarded(s, PLAN_APPLY, "endpoint 'before' has 'protect: true' and would be deleted");
    assert_non_null(strstr(s->err.hint, "--allow-destroy=demo"));
    s->options.allow_destroy = s->want.stack;
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->plan->guards.len, 0);
}

static void a_protected_endpoint_that_is_replaced(void **state)
{
    static const struct str address = STR_INIT("aws_sagemaker_endpoint.this");
    struct scene *s = deployed(*state, false, 2);
    s->want.protect = true;
    assert_ok(plan(s), &s->err);
    arrive(s);
    settled(s);
    s->options.replaces = &address;
    s->options.n_replaces = 1;
    guarded(s, PLAN_APPLY, "endpoint 'demo' has 'protect: true'");
    s->options.n_replaces = 0;
    /* A failed one serves nobody: there is nothing to protect. */
    s->seen.endpoint.status = STR("Failed");
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->plan->guards.len, 0);
    s->want.n_models = 0;
    s->options.allow_empty = true;
    guarded(s, PLAN_APPLY, "endpoint 'demo' has 'protect: true'");
}

/* Deleting an old endpoint that the snapshot does not list needs no leave of anybody. */
static void an_old_endpoint_without_protection(void **state)
{
    struct scene *s = deployed(*state, false, 2);
    *VEC_PUSH(*state, &s->seen.old_endpoints) =
        (struct seen_endpoint){.present = true, .name = STR("before")};
    assert_ok(plan(s), &s->err);
    must_find(s, KIND_ENDPOINT, ACTION_DELETE);
    assert_int_equal(s->plan->guards.len, 0);
}

static void several_guards_are_all_told(void **state)
{
    struct scene *s = deployed(*state, false, 2);
    s->seen.endpoint.protect = true;
    s->seen.record.models.items[0].protect = true;
    s->want.n_models = 0;
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->plan->guards.len, 3);
    assert_fails(guard_check(s->plan, &s->err), ERR_REFUSED, &s->err, "has no models");
}

static void places(void **state)
{
    (void) state;
    const struct guard_place good = {
        .account = STR("1"), .role_account = STR("1"), .region = STR("us-east-1")};
    struct err err = {0};
    assert_ok(guard_place(&good, &err), &err);
    struct guard_place place = good;
    place.spec_account = STR("1");
    place.spec_region = STR("us-east-1");
    assert_ok(guard_place(&place, &err), &err);
    place.spec_account = STR("2");
    assert_fails(
        guard_place(&place, &err), ERR_REFUSED, &err, "belong to account '1', the spec is for '2'");
    place = good;
    place.role_account = STR("2");
    err = (struct err){0};
    assert_fails(guard_place(&place, &err), ERR_REFUSED, &err, "belongs to account '2'");
    place = good;
    place.spec_region = STR("eu-west-1");
    place.region_at = (struct srcloc){"spec.yaml", 3, 11};
    err = (struct err){0};
    assert_fails(
        guard_place(&place, &err), ERR_REFUSED, &err,
        "the spec is for region 'eu-west-1', and 'us-east-1' is asked for");
    assert_int_equal(err.at.line, 3);
    assert_non_null(strstr(err.hint, "--region"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_spec_without_models),
        WITH_ARENA(an_empty_spec_of_nothing),
        WITH_ARENA(one_model_says_so),
        WITH_ARENA(many_deletions),
        WITH_ARENA(only_models_of_ours_count),
        WITH_ARENA(a_protected_endpoint_that_moves),
        WITH_ARENA(a_protected_endpoint_that_is_replaced),
        WITH_ARENA(an_old_endpoint_without_protection),
        WITH_ARENA(several_guards_are_all_told),
        cmocka_unit_test(places),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
