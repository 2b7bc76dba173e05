#include "tests/unit/engine/reconcile/toy.h"
#include "tests/unit/specs/spec_test.h"

#include "engine/reconcile/reconcile.h"
#include "engine/reconcile/route.h"

/* The calls of commands, from a spec on. */
struct session {
    struct toy *t;
    const struct spec *spec;
    enum plan_mode mode;
    struct str model, target;
    bool waited;
    struct status *status;
    enum err_code code;
    struct err err;
};

static void plan_task(void *arg)
{
    struct session *s = arg;
    s->code = reconcile_plan(&s->t->r, s->spec, s->mode, &s->t->plan, &s->err);
}

static void execute_task(void *arg)
{
    struct session *s = arg;
    s->code = reconcile_execute(&s->t->r, s->t->plan, &s->t->report, &s->err);
}

static void wait_task(void *arg)
{
    struct session *s = arg;
    s->code = reconcile_wait_stable(&s->t->r, s->spec, &s->waited, &s->err);
}

static void settled_task(void *arg)
{
    struct session *s = arg;
    s->code = reconcile_plan_settled(&s->t->r, s->spec, s->mode, &s->t->plan, &s->err);
}

static void target_task(void *arg)
{
    struct session *s = arg;
    struct route route;
    s->code = reconcile_route(&s->t->r, s->spec, ROUTE_MODELS, s->model, STR_NULL, &route, &s->err);
    if (s->code == ERR_NONE)
        s->target = route.answer.target;
}

static void status_task(void *arg)
{
    struct session *s = arg;
    s->code = reconcile_status(&s->t->r, s->spec, &s->status, &s->err);
}

static enum err_code run(struct session *s, task_fn *task)
{
    s->err = (struct err){0};
    loop_run(s->t->loop, task, s);
    return s->code;
}

static struct session session_new(struct arena *arena, struct str text)
{
    struct loaded loaded = load_text(arena, text);
    if (loaded.specs.len != 1)
        fail_msg("the spec is not one: " STR_FMT, STR_ARG(loaded.faults));
    struct scene *scene = scene_new(arena, false, 0);
    struct session s = {.t = toy_new(scene), .spec = loaded.specs.items[0]};
    s.t->r.account = STR("123456789012");
    return s;
}

static struct session session_deployed(struct arena *arena, struct str text)
{
    struct session s = session_new(arena, text);
    scene_new(arena, false, 0);
    assert_ok(run(&s, plan_task), &s.err);
    const struct plan_context *context = s.t->plan->context;
    s.t->s->want = *context->want; /* whose job outputs and keys these are */
    assert_ok(run(&s, execute_task), &s.err);
    return s;
}

static void session_done(struct session *s)
{
    toy_close(&s->t);
}

static struct str versioned_text(struct arena *arena)
{
    return text_replace(
        arena, STR(SPEC_TEST_BASE), "targetModels: stable", "targetModels: versioned");
}

/* ---- plan ---- */

static void a_plan_checks_what_it_would_send(void **state)
{
    struct str text =
        text_replace(*state, STR(SPEC_TEST_BASE), "data/train.csv", "data/ragged.csv");
    AUTO(session_done) struct session s = session_new(*state, text);
    assert_fails(run(&s, plan_task), ERR_SPEC, &s.err, "channel 'train': row 2 has 3 columns");
    assert_false(traced(s.t, "start"));
    s.mode = PLAN_DESTROY; /* which sends nothing */
    assert_ok(run(&s, plan_task), &s.err);
    assert_true(plan_is_empty(s.t->plan));
}

static void apply_plan_destroy(void **state)
{
    AUTO(session_done) struct session s = session_deployed(*state, STR(SPEC_TEST_BASE));
    assert_ok(run(&s, plan_task), &s.err);
    assert_true(plan_is_empty(s.t->plan));
    s.mode = PLAN_DESTROY;
    assert_ok(run(&s, plan_task), &s.err);
    assert_int_equal(s.t->plan->mode, PLAN_DESTROY);
    assert_ok(run(&s, execute_task), &s.err);
    assert_int_equal(map_len(s.t->s->seen.objects), 0);
    assert_false(s.t->s->seen.record.present);
}

static void a_foreign_account_is_refused_before_anything(void **state)
{
    AUTO(session_done) struct session s = session_new(*state, STR(SPEC_TEST_BASE));
    s.t->r.account = STR_NULL;
    s.t->account = "210987654321";
    assert_fails(run(&s, plan_task), ERR_REFUSED, &s.err, "210987654321");
    assert_int_equal(s.t->trace.len, 0);
    assert_fails(run(&s, wait_task), ERR_REFUSED, &s.err, "210987654321");
    assert_fails(run(&s, target_task), ERR_REFUSED, &s.err, "210987654321");
    assert_fails(run(&s, status_task), ERR_REFUSED, &s.err, "210987654321");
}

/* ---- waiting for a stable endpoint ---- */

static void a_busy_endpoint_is_waited_for(void **state)
{
    static const char *const statuses[] = {
        "Updating", "Updating", "RollingBack", "InService", NULL};
    AUTO(session_done) struct session s = session_deployed(*state, STR(SPEC_TEST_BASE));
    assert_ok(run(&s, wait_task), &s.err);
    assert_false(s.waited);
    s.t->statuses = statuses;
    s.t->events.len = 0;
    s.t->polls.len = 0;
    assert_ok(run(&s, wait_task), &s.err);
    assert_true(s.waited);
    assert_int_equal(s.t->polls.len, 4);
    assert_int_equal(s.t->polls.items[3] - s.t->polls.items[0], 10 + 20 + 40);
    assert_str(buf_str(&s.t->events), "wait demo: Updating\nwait demo: RollingBack after 30 ms\n");
}

/* An answer that fails ends no wait; at the first look it does. */
static void a_wait_survives_failures_of_its_looks(void **state)
{
    static const char *const statuses[] = {"Updating", "500", "500",       "500",
                                           "500",      "500", "InService", NULL};
    AUTO(session_done) struct session s = session_deployed(*state, STR(SPEC_TEST_BASE));
    s.t->statuses = statuses;
    s.t->polls.len = 0;
    assert_ok(run(&s, wait_task), &s.err);
    assert_true(s.waited);
    assert_int_equal(s.t->polls.len, 7);
    s.t->statuses = statuses + 1;
    assert_fails(run(&s, wait_task), ERR_TRANSIENT, &s.err, "500");
    static const char *const never[] = {"Updating", "500", NULL};
    s.t->statuses = never;
    assert_fails(run(&s, wait_task), ERR_TRANSIENT, &s.err, "500");
    s.t->statuses = never;
    s.t->r.patience_ms = (int64_t) 7 * 3600 * 1000;
    assert_fails(run(&s, wait_task), ERR_TIMEOUT, &s.err, "still not done after 6 hours");
}

static void what_is_not_waited_for(void **state)
{
    static const char *const statuses[] = {"Failed", "OutOfService", "UpdateRollbackFailed"};
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        AUTO(session_done) struct session s = session_deployed(*state, STR(SPEC_TEST_BASE));
        s.t->s->seen.endpoint.status = str_from(statuses[i]);
        assert_ok(run(&s, wait_task), &s.err);
        assert_false(s.waited);
    }
    AUTO(session_done) struct session none = session_new(*state, STR(SPEC_TEST_BASE));
    assert_ok(run(&none, wait_task), &none.err);
    assert_false(none.waited);
    none.t->s->seen.endpoint =
        (struct seen_endpoint){.present = true, .status = STR("Updating"), .owner = OWNER_OTHER};
    assert_ok(run(&none, wait_task), &none.err); /* the plan refuses it */
    assert_false(none.waited);
}

/* It was seen going and was gone at the next look: what was planned for it is old. */
static void a_plan_is_made_anew_when_the_endpoint_has_ended(void **state)
{
    AUTO(session_done) struct session s = session_deployed(*state, STR(SPEC_TEST_BASE));
    s.t->s->seen.endpoint.status = STR("Deleting");
    s.t->endpoint_ends = true;
    assert_ok(run(&s, settled_task), &s.err);
    assert_true(str_is_null(s.t->plan->note_busy));
    assert_false(plan_is_empty(s.t->plan));
}

static void one_that_nobody_can_wait_for_is_planned_as_it_is(void **state)
{
    AUTO(session_done) struct session s = session_deployed(*state, STR(SPEC_TEST_BASE));
    s.t->s->seen.endpoint.status = STR("UpdateRollbackFailed");
    assert_ok(run(&s, settled_task), &s.err);
    assert_false(str_is_null(s.t->plan->note_busy));
}

static void an_interrupt_ends_the_wait(void **state)
{
    static const char *const statuses[] = {"Updating", NULL};
    AUTO(session_done) struct session s = session_deployed(*state, STR(SPEC_TEST_BASE));
    s.t->statuses = statuses;
    loop_cancel(s.t->loop);
    assert_fails(run(&s, wait_task), ERR_CANCELLED, &s.err, "interrupted while waiting");
}

/* ---- names for clients ---- */

static void target_models(void **state)
{
    AUTO(session_done) struct session s = session_deployed(*state, STR(SPEC_TEST_BASE));
    s.model = STR("one");
    assert_ok(run(&s, target_task), &s.err);
    assert_str(s.target, "one.tar.gz");
    s.model = STR("three");
    assert_fails(
        run(&s, target_task), ERR_NOT_FOUND, &s.err,
        "model 'three' is not published in stack 'demo'");
    AUTO(session_done) struct session v = session_deployed(*state, versioned_text(*state));
    v.model = STR("two");
    assert_ok(run(&v, target_task), &v.err);
    assert_str_len(
        v.target, str_fmt(
                      *state, "two--" STR_FMT ".tar.gz",
                      STR_ARG(str_slice(v.t->s->want.models[1].fp, 0, FP16))));
    AUTO(session_done) struct session none = session_new(*state, STR(SPEC_TEST_BASE));
    none.model = STR("one");
    assert_fails(run(&none, target_task), ERR_NOT_FOUND, &none.err, "is not published");
}

/* ---- status ---- */

static void status_of_what_is_deployed(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        AUTO(session_done)
        struct session s =
            session_deployed(*state, stable ? STR(SPEC_TEST_BASE) : versioned_text(*state));
        assert_ok(run(&s, status_task), &s.err);
        const struct status *status = s.status;
        assert_str(status->stack, "demo");
        assert_true(status->endpoint_present);
        assert_str(status->endpoint_status, "InService");
        assert_str(status->instance_type, "ml.m5.large");
        assert_int_equal(status->instance_count, 1);
        assert_int_equal(status->stable, stable);
        assert_true(str_starts(status->model_data_url, status->home));
        assert_true(plan_is_empty(status->plan));
        assert_int_equal(status->n_models, 2);
        const struct status_model *one = &status->models[0];
        assert_true(one->in_spec && one->published);
        assert_str_len(one->fp, s.t->s->want.models[0].fp);
        assert_int_equal(one->size, 7);
        assert_true(str_starts(one->target_model, STR("one")));
        assert_true(json_get_num(one->metrics, "validation:auc", 0) > 0.4);
    }
}

static void status_before_and_between(void **state)
{
    AUTO(session_done) struct session s = session_new(*state, STR(SPEC_TEST_BASE));
    assert_ok(run(&s, status_task), &s.err);
    assert_false(s.status->endpoint_present);
    assert_int_equal(s.status->n_models, 2);
    assert_true(s.status->models[0].in_spec);
    assert_false(s.status->models[0].published);
    assert_true(str_is_null(s.status->models[0].target_model));
    assert_false(plan_is_empty(s.status->plan));
    /* What is published and is not in the spec any more; one whose content changed. */
    AUTO(session_done) struct session d = session_deployed(*state, STR(SPEC_TEST_BASE));
    struct loaded loaded = load_text(
        *state, text_replace(
                    *state, text_replace(*state, STR(SPEC_TEST_BASE), "name: two", "name: three"),
                    "num_round: 25", "num_round: 26"));
    d.spec = loaded.specs.items[0];
    put_text(d.t->s, "demo/notes.txt", OWNER_OTHER);
    assert_ok(run(&d, status_task), &d.err);
    assert_int_equal(d.status->n_models, 3);
    assert_str(d.status->models[0].name, "one");
    assert_false(d.status->models[0].published);
    assert_false(str_is_null(d.status->models[0].target_model)); /* the old one still answers */
    assert_str(d.status->models[1].name, "three");
    assert_false(d.status->models[1].published);
    assert_str(d.status->models[2].name, "two");
    assert_false(d.status->models[2].in_spec);
    assert_int_equal(d.status->models[2].size, 7);
}

/* ---- the spec's checks, of what is published ---- */

struct checking {
    struct session *session;
    const struct status_model *model;
    size_t calls;
    struct str fault;
};

static void check_task(void *arg)
{
    struct checking *c = arg;
    c->session->code = reconcile_check(
        &c->session->t->r, c->session->status, c->model, &c->calls, &c->fault, &c->session->err);
}

static enum err_code check_one(struct checking *c)
{
    c->session->err = (struct err){0};
    loop_run(c->session->t->loop, check_task, c);
    return c->session->code;
}

static void published_models_are_checked(void **state)
{
    static const struct toy_answer wrong[] = {{.model = "one", .fault = "row 1: 0.1, not 0.9"}};
    static const struct toy_answer silent[] = {
        {.model = "one", .code = ERR_TRANSIENT, .fault = "no answer"}};
    struct str text = text_replace(
        *state, versioned_text(*state), "  endpoint:\n",
        "  checks: [{payload: a.csv}, {payload: b.csv, expect: c.csv}]\n  endpoint:\n");
    AUTO(session_done) struct session s = session_deployed(*state, text);
    assert_ok(run(&s, status_task), &s.err);
    struct checking c = {.session = &s, .model = &s.status->models[0]};
    assert_str(c.model->name, "one");
    assert_ok(check_one(&c), &s.err);
    assert_int_equal(c.calls, 2);
    assert_true(str_is_null(c.fault));
    /* The first that fails ends it. */
    s.t->answers = wrong;
    s.t->n_answers = 1;
    assert_ok(check_one(&c), &s.err);
    assert_int_equal(c.calls, 1);
    assert_str(c.fault, "row 1: 0.1, not 0.9");
    s.t->answers = silent;
    assert_fails(check_one(&c), ERR_TRANSIENT, &s.err, "no answer");
    /* Neither what is not there nor what was chosen by hand is judged. */
    struct status_model other = *c.model;
    other.published = false;
    c.model = &other;
    assert_ok(check_one(&c), &s.err);
    assert_int_equal(c.calls, 0);
    other = s.status->models[0];
    other.name = STR("nobody");
    assert_ok(check_one(&c), &s.err);
    assert_int_equal(c.calls, 0);
}

static void status_of_containers(void **state)
{
    AUTO(session_done) struct session s = session_new(*state, STR(SPEC_TEST_CONTAINERS));
    assert_ok(run(&s, status_task), &s.err);
    assert_int_equal(s.status->mode, WANT_DIRECT);
    assert_int_equal(s.status->n_models, 3);
    assert_true(str_is_empty(s.status->models[2].target_model)); /* nothing is there yet */
    assert_false(s.status->models[2].published);
    AUTO(session_done) struct session d = session_deployed(*state, STR(SPEC_TEST_CONTAINERS));
    assert_ok(run(&d, plan_task), &d.err);
    assert_true(plan_is_empty(d.t->plan));
    assert_ok(run(&d, status_task), &d.err);
    const struct status_model *models = d.status->models;
    assert_int_equal(d.status->n_models, 3); /* in the order of the spec */
    assert_str(models[0].name, "two");
    assert_str(models[0].target_model, "two");
    assert_true(models[0].published && !models[0].image_only && !models[0].other_image);
    assert_str(models[1].target_model, "one");
    assert_true(models[1].other_image && !models[1].image_only);
    assert_str(models[2].target_model, "rules");
    assert_true(models[2].published && models[2].image_only && models[2].other_image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(status_of_containers),
        WITH_ARENA(a_plan_checks_what_it_would_send),
        WITH_ARENA(apply_plan_destroy),
        WITH_ARENA(a_foreign_account_is_refused_before_anything),
        WITH_ARENA(a_busy_endpoint_is_waited_for),
        WITH_ARENA(a_wait_survives_failures_of_its_looks),
        WITH_ARENA(what_is_not_waited_for),
        WITH_ARENA(a_plan_is_made_anew_when_the_endpoint_has_ended),
        WITH_ARENA(one_that_nobody_can_wait_for_is_planned_as_it_is),
        WITH_ARENA(an_interrupt_ends_the_wait),
        WITH_ARENA(target_models),
        WITH_ARENA(status_of_what_is_deployed),
        WITH_ARENA(status_before_and_between),
        WITH_ARENA(published_models_are_checked),
    };
    return cmocka_run_group_tests_name("reconcile", tests, NULL, NULL);
}
