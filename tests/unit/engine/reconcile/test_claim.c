#include "tests/unit/engine/reconcile/toy.h"

#include "engine/reconcile/claim.h"

/* Another run that changed the stack's record between two looks of ours: the steps of an apply and
 * of a destroy at which that is noticed, and what the run has not done then. */

static struct toy *toy_deployed(struct arena *arena)
{
    struct toy *t = toy_new(scene_trained(arena, true, 2));
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    t->n_observed = 0;
    return t;
}

static void two_looks(void **state)
{
    static const struct {
        const char *first, *second; /* ETags; NULL: there is no record */
        bool same;
    } cases[] = {
        {NULL, NULL, true},     {NULL, "\"1\"", true},     {"\"1\"", "\"1\"", true},
        {"\"1\"", NULL, false}, {"\"1\"", "\"2\"", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *etags[] = {cases[i].first, cases[i].second};
        struct plan plans[2] = {{.mode = PLAN_APPLY}, {.mode = PLAN_APPLY}};
        for (size_t k = 0; k < 2; k++) {
            struct plan_context *context = ARENA_NEW(*state, struct plan_context);
            context->want = &scene_new(*state, true, 1)->want;
            context->seen = ARENA_NEW(*state, struct snapshot);
            context->seen->record.present = etags[k] != NULL;
            context->seen->record.store_etag = str_from(etags[k]);
            plans[k].context = context;
        }
        struct err err = {0};
        enum err_code code = claim_check(&plans[0], &plans[1], &err);
        assert_int_equal(code, cases[i].same ? ERR_NONE : ERR_PRECONDITION);
        if (!cases[i].same)
            assert_non_null(strstr(err.message, "another run changed stack 'demo'"));
    }
}

static const struct toy_script s_untrainable = {
    .address = "aws_sagemaker_training_job.model[\"m0\"]",
    .code = ERR_TERMINAL,
    .message = "ClientError: no rows"};

/* After a training that failed the rest is planned anew; then nothing has been published yet. */
static void an_apply_meets_it_after_training(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state);
    struct str config = t->s->seen.endpoint.config;
    t->scripts = &s_untrainable;
    t->n_scripts = 1;
    change_model(t->s, 0, 2);
    change_model(t->s, 1, 2);
    t->intruder_at_observe = 2;
    assert_fails(
        toy_go(t, PLAN_APPLY), ERR_PRECONDITION, &t->err, "another run changed stack 'demo'");
    assert_true(traced(t, "done aws_sagemaker_training_job.model[\"m1\"]"));
    assert_false(traced(t, "start aws_s3_object"));
    assert_str_len(t->s->seen.endpoint.config, config);
}

static void an_apply_that_cannot_look_again(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state);
    t->scripts = &s_untrainable;
    t->n_scripts = 1;
    change_model(t->s, 0, 2);
    t->fails_at_observe = 2;
    assert_fails(toy_go(t, PLAN_APPLY), ERR_TRANSIENT, &t->err, "the bucket does not answer");
    assert_false(traced(t, "start aws_s3_object"));
}

static void a_destroy_meets_it_at_the_second_look(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state);
    t->s->want.n_models = t->s->want.n_channels = 0;
    t->intruder_at_observe = 2;
    assert_fails(
        toy_go(t, PLAN_DESTROY), ERR_PRECONDITION, &t->err, "another run changed stack 'demo'");
    assert_true(t->s->seen.record.present);
    assert_true(t->s->seen.bucket.present);
}

/* Without the second look nobody knows whether something is left: so says the run. */
static void a_destroy_that_cannot_look_again(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state);
    t->s->want.n_models = t->s->want.n_channels = 0;
    t->fails_at_observe = 2;
    assert_fails(
        toy_go(t, PLAN_DESTROY), ERR_TRANSIENT, &t->err,
        "looking once more whether something is left: the bucket does not answer");
    assert_true(t->s->seen.record.present);
    t->fails_at_observe = 0;
    assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
    assert_false(t->s->seen.record.present);
}

static void interrupt(void *arg)
{
    struct toy *t = arg;
    loop_sleep_ms(t->loop, 500);
    loop_cancel(t->loop);
}

static void execute_interrupted(void *arg)
{
    struct toy *t = arg;
    struct task *task = loop_spawn(t->loop, interrupt, t);
    toy_execute_task(t);
    loop_join(t->loop, task);
}

/* Between taking the lease and the first removal. */
static void an_interrupt_while_the_lease_is_taken(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state);
    rng_seed(&t->rng, 3);
    t->r.rng = &t->rng;
    t->r.use_lock = true;
    t->lease_takes_ms = 1000;
    assert_ok(toy_plan(t, PLAN_DESTROY), &t->err);
    t->trace.len = 0;
    loop_run(t->loop, execute_interrupted, t);
    assert_fails(t->code, ERR_CANCELLED, &t->err, "interrupted; run the same command again");
    assert_str(buf_str(&t->trace), "write lease\ndelete lease\n");
    assert_false(t->lease.present);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(two_looks),
        WITH_ARENA(an_apply_meets_it_after_training),
        WITH_ARENA(a_destroy_meets_it_at_the_second_look),
        WITH_ARENA(a_destroy_that_cannot_look_again),
        WITH_ARENA(an_apply_that_cannot_look_again),
        WITH_ARENA(an_interrupt_while_the_lease_is_taken),
    };
    return cmocka_run_group_tests_name("claim", tests, NULL, NULL);
}
