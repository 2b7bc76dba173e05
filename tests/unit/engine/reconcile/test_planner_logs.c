#include "tests/unit/engine/reconcile/scene.h"

static struct scene *kept(struct arena *arena, int64_t days)
{
    struct scene *s = scene_new(arena, true, 1);
    s->want.retention_days = days;
    plan_ok(s, days > 0 ? 6 : 5, 0, 0);
    arrive(s);
    return s;
}

static void made_with_the_endpoint(void **state)
{
    struct scene *s = scene_new(*state, true, 1);
    s->want.retention_days = 14;
    plan_ok(s, 6, 0, 0);
    const struct change *group = must_find(s, KIND_LOG_GROUP, ACTION_CREATE);
    assert_str(group->address, "aws_cloudwatch_log_group.endpoint");
    assert_str(group->name, "/aws/sagemaker/Endpoints/demo");
    assert_int_equal(group->n_needs, 0); /* before the first line is written */
    arrive(s);
    plan_ok(s, 0, 0, 0);
}

static void changed(void **state)
{
    struct scene *s = kept(*state, 14);
    s->want.retention_days = 30;
    plan_ok(s, 0, 1, 0);
    const struct change *group = must_find(s, KIND_LOG_GROUP, ACTION_UPDATE);
    assert_int_equal(group->n_diffs, 1);
    assert_str(group->diffs[0].path, "retention_in_days");
    arrive(s);
    plan_ok(s, 0, 0, 0);
    s->seen.log_retention_days = 0; /* somebody took it off */
    plan_ok(s, 0, 1, 0);
    arrive(s);
    s->seen.log_group = false; /* somebody deleted the group */
    plan_ok(s, 1, 0, 0);
    assert_ok(plan_as(s, PLAN_ROLLBACK), &s->err);
    assert_null(find(s, KIND_LOG_GROUP, ACTION_CREATE));
}

static void taken_out_it_stays(void **state)
{
    struct scene *s = kept(*state, 14);
    s->want.retention_days = 0;
    plan_ok(s, 0, 0, 0);
    s = kept(*state, 0);
    plan_ok(s, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(made_with_the_endpoint),
        WITH_ARENA(changed),
        WITH_ARENA(taken_out_it_stays),
    };
    return cmocka_run_group_tests_name("planner_logs", tests, NULL, NULL);
}
