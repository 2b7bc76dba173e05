#include "tests/unit/engine/reconcile/scene.h"

static void job_took(struct scene *s, struct str job, int64_t seconds)
{
    struct seen_job *seen = put_job(s, job, "Completed", NULL);
    seen->created_ms = 1000000;
    seen->ended_ms = 1000000 + 1000 * seconds - 500; /* what is begun counts */
}

static void a_first_apply_knows_its_limit_alone(void **state)
{
    struct scene *s = scene_trained(*state, false, 3);
    s->seen.jobs_listed = true;
    s->want.max_wait_s = 7200;
    s->want.keep_alive_s = 600;
    s->want.training_concurrency = 2;
    assert_ok(plan(s), &s->err);
    const struct plan_training *training = &s->plan->training;
    assert_int_equal(training->jobs, 3);
    assert_false(training->known);
    assert_int_equal(training->expected_s, 0);
    assert_str(training->instance_type, "ml.m5.large");
    assert_int_equal(training->instances, 1);
    assert_int_equal(training->volume_gb, 10);
    assert_int_equal(training->max_runtime_s, 3600);
    assert_int_equal(training->max_wait_s, 7200);
    assert_int_equal(training->keep_alive_s, 600);
    assert_int_equal(training->concurrency, 2);
}

/* A model's own job of before; for one without, what most jobs of the stack took. */
static void jobs_are_expected_to_take_as_long_as_before(void **state)
{
    struct scene *s = scene_trained(*state, false, 4);
    s->seen.jobs_listed = true;
    assert_ok(plan(s), &s->err);
    struct str first[3];
    for (size_t i = 0; i < 3; i++)
        first[i] = s->want.models[i].job;
    s->want.n_models = 3;
    assert_ok(plan(s), &s->err);
    arrive(s);
    settled(s);
    assert_int_equal(s->plan->training.jobs, 0);
    s->seen.jobs.len = 0;
    job_took(s, first[0], 100);
    job_took(s, name_job_attempt(s->arena, first[1], 2), 300); /* its second attempt */
    job_took(s, first[2], 200);
    put_job(s, name_job_attempt(s->arena, first[2], 3), "Failed", "ClientError: no")->ended_ms = 9;
    s->want.n_models = 4; /* a new one */
    change_model(s, 0, 7);
    change_model(s, 1, 7);
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->plan->training.jobs, 3);
    assert_true(s->plan->training.known);
    assert_int_equal(s->plan->training.expected_s, 100 + 300 + 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_first_apply_knows_its_limit_alone),
        WITH_ARENA(jobs_are_expected_to_take_as_long_as_before),
    };
    return cmocka_run_group_tests_name("planner_cost", tests, NULL, NULL);
}
