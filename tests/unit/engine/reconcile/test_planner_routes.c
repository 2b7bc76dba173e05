#include "tests/unit/engine/reconcile/scene.h"

#include "engine/plan/saved.h"

static struct scene *deployed(struct arena *arena, bool stable)
{
    struct scene *s = scene_new(arena, stable, 3);
    assert_ok(plan(s), &s->err);
    arrive(s);
    settled(s);
    return s;
}

/* The only route that the plan changes. */
static const struct plan_route *only(const struct scene *s)
{
    assert_int_equal(s->plan->routes.len, 1);
    return &s->plan->routes.items[0];
}

static void each_change_in_words(void **state)
{
    static const struct {
        const char *before, *before_shadow; /* before is NULL: there is none */
        const char *after, *after_shadow;
        enum action action;
        const char *text;
    } s_cases[] = {
        {NULL, NULL, "m0 90 m1 10", NULL, ACTION_CREATE, "m0 90, m1 10"},
        {NULL, NULL, "m1 1", "m2", ACTION_CREATE, "m1 1, shadow m2"},
        {"m0 90 m1 10", NULL, NULL, NULL, ACTION_DELETE, "m0 90, m1 10"},
        {"m0 1", "m2", NULL, NULL, ACTION_DELETE, "m0 1, shadow m2"},
        {"m0 90 m1 10", NULL, "m0 80 m1 20", NULL, ACTION_UPDATE, "m0 90 -> 80, m1 10 -> 20"},
        {"m0 90 m1 10", NULL, "m0 90 m2 10", NULL, ACTION_UPDATE,
         "m2 0 -> 10, m1 10 -> 0, 1 unchanged"},
        {"m0 9", NULL, "m0 9", "m1", ACTION_UPDATE, "shadow m1, 1 unchanged"},
        {"m0 9", "m1", "m0 9", "m2", ACTION_UPDATE, "shadow m1 -> m2, 1 unchanged"},
        {"m0 9", "m1", "m0 9", NULL, ACTION_UPDATE, "shadow m1 -> none, 1 unchanged"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct scene *s = deployed(*state, false);
        if (s_cases[i].before != NULL)
            put_route(s, "churn", s_cases[i].before, s_cases[i].before_shadow);
        if (s_cases[i].after != NULL)
            want_route(s, "churn", s_cases[i].after, s_cases[i].after_shadow);
        plan_ok(s, 0, 0, 0);
        assert_false(plan_is_empty(s->plan));
        assert_true(s->plan->record_only);
        assert_str(only(s)->name, "churn");
        assert_str(only(s)->text, s_cases[i].text);
        assert_int_equal(only(s)->action, s_cases[i].action);
        assert_false(only(s)->outside);
        assert_true((only(s)->before == NULL) == (s_cases[i].before == NULL));
        assert_true((only(s)->after == NULL) == (s_cases[i].after == NULL));
        struct record record = record_after(*state, s->plan, true, STR("now"), STR("me"));
        assert_int_equal(record.routes.len, s_cases[i].after != NULL ? 1 : 0);
        if (record.routes.len == 0)
            continue;
        assert_str(record.routes.items[0].at, "now");
        assert_str(record.routes.items[0].by, "me");
        assert_str_len(record.routes.items[0].fp, route_fp(*state, &record.routes.items[0]));
        s->seen.record.routes.items = record.routes.items;
        s->seen.record.routes.len = record.routes.len;
        settled(s);
        assert_int_equal(s->plan->routes.len, 0);
    }
}

static void the_order_of_a_split_is_no_difference(void **state)
{
    struct scene *s = deployed(*state, false);
    put_route(s, "churn", "m0 90 m1 10", "m2");
    want_route(s, "churn", "m1 10 m0 90", "m2");
    settled(s);
    struct record record = record_after(*state, s->plan, true, STR("now"), STR("me"));
    assert_str(record.routes.items[0].at, "then");
}

static void several_are_sorted(void **state)
{
    struct scene *s = deployed(*state, false);
    put_route(s, "b", "m0 1", NULL);
    want_route(s, "a", "m0 1", NULL);
    want_route(s, "c", "m0 1", NULL);
    plan_ok(s, 0, 0, 0);
    assert_int_equal(s->plan->routes.len, 3);
    assert_str(s->plan->routes.items[0].name, "a");
    assert_str(s->plan->routes.items[1].name, "b");
    assert_str(s->plan->routes.items[2].name, "c");
}

static void what_a_hand_changed_is_told_and_written_back(void **state)
{
    struct scene *s = deployed(*state, false);
    struct record_route *route = put_route(s, "churn", "m0 90 m1 10", NULL);
    route->split.items[0].weight = 50;
    route->unknown = json_put(*state, json_object(*state), "newer", json_bool(*state, true));
    put_route(s, "extra", "m0 1", NULL)->fp = STR_NULL;
    want_route(s, "churn", "m0 90 m1 10", NULL);
    plan_ok(s, 0, 0, 0);
    assert_int_equal(s->plan->routes.len, 2);
    assert_true(s->plan->routes.items[0].outside);
    assert_str(s->plan->routes.items[0].text, "m0 50 -> 90, 1 unchanged");
    assert_true(s->plan->routes.items[1].outside);
    assert_int_equal(s->plan->routes.items[1].action, ACTION_DELETE);
    struct record record = record_after(*state, s->plan, true, STR("now"), STR("me"));
    assert_int_equal(record.routes.len, 1);
    assert_int_equal(record.routes.items[0].split.items[0].weight, 90);
    assert_true(json_get_bool(record.routes.items[0].unknown, "newer", false));
    put_route(s, "mine", "m0 1", NULL); /* as mmectl wrote it: that one is no drift */
    plan_ok(s, 0, 0, 0);
    assert_int_equal(s->plan->routes.len, 3);
    plan_only_drift(s->plan);
    assert_int_equal(s->plan->routes.len, 2);
}

/* One that cannot be made is left out, and so is the route that needs it. */
static void a_route_waits_for_its_models(void **state)
{
    static const char *const s_shadows[] = {NULL, "m3"};
    for (size_t i = 0; i < ARRAY_LEN(s_shadows); i++) {
        struct scene *s = deployed(*state, false);
        s->want.models[3] = (struct want_model){.name = STR("m3"), .trained = true, .failed = true};
        s->want.n_models = 4;
        change_model(s, 3, 1);
        s->seen.jobs_listed = true;
        put_route(s, "churn", "m0 90 m1 10", NULL);
        want_route(s, "churn", s_shadows[i] == NULL ? "m0 90 m3 10" : "m0 80 m1 20", s_shadows[i]);
        want_route(s, "next", "m3 1", NULL);
        plan_ok(s, 0, 0, 0);
        assert_true(plan_is_empty(s->plan));
        assert_int_equal(s->plan->routes.len, 0);
        assert_int_equal(s->plan->notes.len, 2);
        assert_str(
            s->plan->notes.items[0], "route 'churn' stays as it is until model 'm3' is published");
        assert_str(s->plan->notes.items[1], "route 'next' waits until model 'm3' is published");
        struct record record = record_after(*state, s->plan, true, STR("now"), STR("me"));
        assert_int_equal(record.routes.len, 1);
        assert_int_equal(route_weight(&record.routes.items[0], STR("m1")), 10);
    }
}

/* stable: a new model is published by the roll; without it the route stays, too. */
static void a_route_waits_for_the_roll(void **state)
{
    struct scene *s = deployed(*state, true);
    put_route(s, "churn", "m0 90 m1 10", NULL);
    want_route(s, "churn", "m0 90 m3 10", NULL);
    s->want.models[3] =
        (struct want_model){.name = STR("m3"), .path = STR("m.tar.gz"), .source = STR("m.tar.gz")};
    s->want.n_models = 4;
    change_model(s, 3, 1);
    change_model(s, 0, 2);
    assert_ok(plan(s), &s->err);
    assert_str(only(s)->text, "m3 0 -> 10, m1 10 -> 0, 1 unchanged");
    for (size_t i = 0; i < s->plan->changes.len; i++)
        s->plan->changes.items[i]->outcome = OUTCOME_DONE;
    struct record record = record_after(*state, s->plan, false, STR("now"), STR("me"));
    assert_int_equal(route_weight(&record.routes.items[0], STR("m1")), 10);
    record = record_after(*state, s->plan, true, STR("now"), STR("me"));
    assert_int_equal(route_weight(&record.routes.items[0], STR("m3")), 10);
    /* SageMaker rolled that very config back before: nothing moves, and the plan knows. */
    const struct plan_context *context = s->plan->context;
    s->seen.record.failed_config = context->wanted_config;
    s->seen.record.failed_reason = STR("no ping");
    assert_ok(plan(s), &s->err);
    assert_false(str_is_null(s->plan->note_blocked));
    assert_int_equal(s->plan->routes.len, 0);
}

static void targets_leave_routes_for_another_run(void **state)
{
    struct scene *s = deployed(*state, false);
    const struct str target = STR("aws_s3_object.model[\"m0\"]");
    put_route(s, "churn", "m0 90 m1 10", NULL);
    put_route(s, "old", "m0 1", NULL);
    want_route(s, "churn", "m0 80 m1 20", NULL);
    s->options.targets = &target;
    s->options.n_targets = 1;
    plan_ok(s, 0, 0, 0);
    assert_int_equal(s->plan->routes.len, 0);
    assert_int_equal(s->plan->n_waiting, 2);
    struct record record = record_after(*state, s->plan, true, STR("now"), STR("me"));
    assert_int_equal(record.routes.len, 2);
    assert_int_equal(route_weight(&record.routes.items[0], STR("m1")), 10);
}

static void a_saved_plan_is_of_its_routes(void **state)
{
    struct saved_stack a, b, c;
    struct scene *s = deployed(*state, false);
    put_route(s, "churn", "m0 90 m1 10", NULL);
    want_route(s, "churn", "m0 80 m1 20", NULL);
    plan_ok(s, 0, 0, 0);
    saved_describe(*state, s->plan, &a);
    plan_ok(s, 0, 0, 0);
    saved_describe(*state, s->plan, &b);
    assert_int_equal(saved_compare(*state, &a, &b).len, 0);
    s->want.n_routes = 0;
    want_route(s, "churn", "m0 70 m1 30", NULL);
    plan_ok(s, 0, 0, 0);
    saved_describe(*state, s->plan, &c);
    struct saved_differences found = saved_compare(*state, &a, &c);
    assert_int_equal(found.len, 1);
    assert_str(found.items[0].address, "route 'churn'");
}

static void other_modes_leave_them_alone(void **state)
{
    struct scene *s = deployed(*state, false);
    put_route(s, "churn", "m0 90 m1 10", NULL);
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    assert_int_equal(s->plan->routes.len, 0);
    assert_ok(plan_as(s, PLAN_ROLLBACK), &s->err);
    assert_int_equal(s->plan->routes.len, 0);
    struct record record = record_after(*state, s->plan, true, STR("now"), STR("me"));
    assert_int_equal(record.routes.len, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(each_change_in_words),
        WITH_ARENA(the_order_of_a_split_is_no_difference),
        WITH_ARENA(several_are_sorted),
        WITH_ARENA(what_a_hand_changed_is_told_and_written_back),
        WITH_ARENA(a_route_waits_for_its_models),
        WITH_ARENA(a_route_waits_for_the_roll),
        WITH_ARENA(targets_leave_routes_for_another_run),
        WITH_ARENA(a_saved_plan_is_of_its_routes),
        WITH_ARENA(other_modes_leave_them_alone),
    };
    return cmocka_run_group_tests_name("planner_routes", tests, NULL, NULL);
}
