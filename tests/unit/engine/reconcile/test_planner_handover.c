#include "tests/unit/engine/reconcile/scene.h"

/* A stack that serves, whose endpoint was then given to stack 'new'. */
static struct scene *handed_over(struct arena *arena)
{
    struct scene *s = scene_new(arena, true, 1);
    assert_ok(plan(s), &s->err);
    arrive(s);
    struct json *tags = json_object(arena);
    json_put(arena, tags, "mmectl:uid", json_z(arena, "zzzzzzzz"));
    json_put(arena, tags, "mmectl:stack", json_z(arena, "new"));
    json_put(arena, tags, "mmectl:from", json_string(arena, s->want.uid));
    s->seen.endpoint.tags = tags;
    s->seen.endpoint.owner = OWNER_OTHER;
    s->seen.log_group = true;
    return s;
}

static void nothing_goes_while_it_serves_ours(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct scene *s = handed_over(arena);
    assert_fails(plan_as(s, PLAN_DESTROY), ERR_REFUSED, &s->err, "now of stack 'new'");
    assert_non_null(strstr(s->err.hint, "apply stack 'new' first"));
    assert_fails(plan(s), ERR_CONFLICT, &s->err, "is not this stack's");

    s = handed_over(arena);
    struct str config = s->seen.live_config.name;
    s->seen.live_config.owner = s->seen.live_model.owner = OWNER_OTHER;
    s->seen.endpoint.pending_config = config; /* going back to ours */
    assert_fails(plan_as(s, PLAN_DESTROY), ERR_REFUSED, &s->err, "still serves");
}

static void then_all_but_the_endpoint(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct scene *s = handed_over(arena);
    s->seen.live_config.name = s->seen.live_model.name = STR("of-the-new-stack");
    s->seen.live_config.owner = s->seen.live_model.owner = OWNER_OTHER;
    assert_ok(plan_as(s, PLAN_DESTROY), &s->err);
    assert_null(find(s, KIND_ENDPOINT, ACTION_DELETE));
    assert_null(find(s, KIND_LOG_GROUP, ACTION_DELETE));
    must_find(s, KIND_MODEL, ACTION_DELETE);
    must_find(s, KIND_ENDPOINT_CONFIG, ACTION_DELETE);
    must_find(s, KIND_ARTIFACT, ACTION_DELETE);
    assert_int_equal(s->plan->warnings.len, 1);
}

static void another_stacks_endpoint(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct scene *s = handed_over(arena);
    struct json *tags = json_object(arena);
    json_put(arena, tags, "mmectl:uid", json_z(arena, "zzzzzzzz"));
    json_put(arena, tags, "mmectl:from", json_z(arena, "yyyyyyyy"));
    s->seen.endpoint.tags = tags;
    assert_fails(plan_as(s, PLAN_DESTROY), ERR_CONFLICT, &s->err, "is not this stack's");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_goes_while_it_serves_ours),
        cmocka_unit_test(then_all_but_the_endpoint), cmocka_unit_test(another_stacks_endpoint)};
    return cmocka_run_group_tests_name("planner_handover", tests, NULL, NULL);
}
