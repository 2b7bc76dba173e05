#include "tests/unit/engine/kinds/life_theirs.h"

#include "engine/reconcile/adopt.h"
#include "engine/reconcile/doctor.h"
#include "engine/reconcile/forget.h"
#include "engine/reconcile/gc.h"

/* The commands beside apply and destroy, from a spec on: another run's lease, a world that changes
 * meanwhile, what is not there, and what comes back. */

struct command;
typedef enum err_code
command_fn(struct reconciler *r, const struct spec *spec, struct command *c, struct err *err);

struct command {
    struct life *life;
    command_fn *run;
    struct str spec;
    bool locks, interrupted;
    struct str id, address;
    struct adopt_options adopt;
    struct str verdict; /* of a diagnosis, on the endpoint */
    size_t count;
    bool locked;
};

static void command_work(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    struct command *c = arg;
    struct diags diags;
    struct spec_list specs;
    struct spec_options options = {0};
    (void) aws;
    diags_init(&diags, r->arena);
    struct str path = path_join(r->arena, str_from(life->folder), STR("spec.yaml"));
    assert_ok(file_write_atomic(str_z(r->arena, path), c->spec, 0600, &life->err), &life->err);
    assert_ok(spec_load(r->arena, &path, 1, &options, &diags, &specs, &life->err), &life->err);
    r->rng = &life->rng;
    r->use_lock = c->locks;
    c->life = life;
    if (c->interrupted)
        loop_cancel(r->loop);
    life->code = c->run(r, specs.items[0], c, &life->err);
}

static enum err_code run(struct life *life, struct command *c)
{
    if (str_is_null(c->spec))
        c->spec = STR(LIFE_SPEC);
    life_run(life, command_work, c);
    return life->code;
}

static void applied(struct life *life, const char *depth)
{
    struct str spec = text_replace(life->arena, STR(LIFE_SPEC), "max_depth: 2", depth);
    assert_ok(life_apply(life, spec), &life->err);
}

#define LEASE "demo/control/lease"

static void put_lease(struct life *life, const char *operation)
{
    life_put(
        life, STR(LEASE),
        str_fmt(
            life->arena,
            "{\"ID\":\"other\",\"Operation\":\"%s\",\"Info\":\"\",\"Who\":\"you@there\","
            "\"Version\":\"1\",\"Created\":\"2026-09-21T14:13:20Z\",\"Path\":\"s3://b/l\","
            "\"TTL\":120}",
            operation));
}

static bool has_object(struct life *life, const char *key)
{
    return str_find(life_dump(life), str_fmt(life->arena, "\"%s\"", key)) != SIZE_MAX;
}

/* ---- another run's lease ---- */

static void a_plan_tells_of_a_run_in_progress(void **state)
{
    (void) state;
    static const struct {
        const char *operation, *warning;
        int64_t age_ms;
    } cases[] = {
        {"destroy", "warning: destroy in progress by you@there since 2026-09-21T14:13:20Z", 0},
        {"", "warning: apply in progress by you@there since ", 0},
        {"destroy", NULL, 600000}, /* it has expired */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(life_close) struct life *life = life_new();
        applied(life, "max_depth: 2");
        put_lease(life, cases[i].operation);
        life->now_ms += cases[i].age_ms;
        assert_ok(life_plan(life, STR(LIFE_SPEC)), &life->err);
        if (cases[i].warning != NULL && !life_told(life, cases[i].warning))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(buf_str(&life->events)));
        assert_int_equal(life_told(life, "in progress"), cases[i].warning != NULL);
        assert_true(life->empty);
    }
}

static enum err_code
unlock(struct reconciler *r, const struct spec *spec, struct command *c, struct err *err)
{
    return reconcile_force_unlock(r, spec, c->id, err);
}

static void force_unlock(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    applied(life, "max_depth: 2");
    put_lease(life, "apply");
    struct command wrong = {.run = unlock, .id = STR("mine")};
    assert_fails(
        run(life, &wrong), ERR_CONFLICT, &life->err,
        "lock ID 'mine' does not match existing lock ID 'other'");
    assert_true(has_object(life, LEASE));
    struct command right = {.run = unlock, .id = STR("other")};
    assert_ok(run(life, &right), &life->err);
    assert_false(has_object(life, LEASE));
    assert_fails(run(life, &right), ERR_NOT_FOUND, &life->err, "stack 'demo' is not locked");
    life_deny(life, "sts:GetCallerIdentity");
    assert_true(run(life, &right) != ERR_NONE);
}

static enum err_code
lock(struct reconciler *r, const struct spec *spec, struct command *c, struct err *err)
{
    struct plan *plan;
    enum err_code code = reconcile_plan(r, spec, PLAN_APPLY, &plan, err);
    if (code == ERR_NONE)
        code = reconcile_lock(r, plan, err);
    c->locked = r->lease != NULL;
    reconcile_unlock(r);
    return code;
}

/* A plan without changes locks nothing, nor does one without a bucket to lock. */
static void a_lock_is_taken_for_changes(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct command c = {.run = lock, .locks = true};
    assert_ok(run(life, &c), &life->err);
    assert_false(c.locked);
    assert_int_equal(life->mutating, 0);
    applied(life, "max_depth: 2");
    assert_ok(run(life, &c), &life->err);
    assert_false(c.locked);
    c.spec = text_replace(life->arena, STR(LIFE_SPEC), "max_depth: 2", "max_depth: 5");
    assert_ok(run(life, &c), &life->err);
    assert_true(c.locked);
    assert_false(has_object(life, LEASE));
}

static void interrupt(void *arg)
{
    struct reconciler *r = arg;
    loop_sleep_ms(r->loop, 1000);
    loop_cancel(r->loop);
}

static enum err_code
plan_settled(struct reconciler *r, const struct spec *spec, struct command *c, struct err *err)
{
    struct plan *plan;
    struct task *task = loop_spawn(r->loop, interrupt, r);
    enum err_code code = reconcile_plan_settled(r, spec, PLAN_APPLY, &plan, err);
    loop_join(r->loop, task);
    (void) c;
    return code;
}

/* SageMaker patches the endpoint's instances for an hour: an interrupt ends the wait for it. */
static void a_wait_for_a_busy_endpoint_can_be_interrupted(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    applied(life, "max_depth: 2");
    life_fault(
        life, "{'kind': 'status', 'name': 'demo', 'status': 'SystemUpdating', 'forMs': 3600000}");
    struct command c = {.run = plan_settled};
    int64_t since = life->now_ms;
    assert_fails(run(life, &c), ERR_CANCELLED, &life->err, "interrupted while waiting");
    assert_in_range(life->now_ms - since, 1000, 2000);
    assert_int_equal(life->mutating, 0);
}

/* ---- gc ---- */

static enum err_code
plan_gc(struct reconciler *r, const struct spec *spec, struct command *c, struct err *err)
{
    struct garbage *garbage;
    enum err_code code = gc_plan(r, spec, &garbage, err);
    if (code == ERR_NONE)
        c->count = garbage->n_things;
    return code;
}

static enum err_code
execute_gc(struct reconciler *r, const struct spec *spec, struct command *c, struct err *err)
{
    (void) c;
    enum err_code code = gc_execute(r, spec, &c->life->report, err);
    c->life->report.failed.items = NULL;
    return code;
}

static void gc_looks_and_changes_nothing(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    applied(life, "max_depth: 2");
    applied(life, "max_depth: 4");
    applied(life, "max_depth: 5");
    struct str before = life_dump(life);
    struct command c = {
        .run = plan_gc,
        .spec = text_replace(life->arena, STR(LIFE_SPEC), "max_depth: 2", "max_depth: 5")};
    assert_ok(run(life, &c), &life->err);
    assert_true(c.count > 0);
    assert_int_equal(life->mutating, 0);
    assert_str_len(life_dump(life), before);
    life_deny(life, "sts:GetCallerIdentity");
    assert_true(run(life, &c) != ERR_NONE);
}

static void drop_record(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    (void) arg;
    life->code = s3_delete(
        aws, r->arena, STR("life-bucket"), STR("demo/control/stack.json"), STR_NULL, &life->err);
}

/* A record that was lost is not made anew by what takes garbage away. */
static void gc_without_a_record(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    applied(life, "max_depth: 2");
    life_run(life, drop_record, NULL);
    assert_ok(life->code, &life->err);
    life_put(life, STR("demo/control/probe"), STR("mmectl"));
    struct command c = {.run = execute_gc};
    assert_ok(run(life, &c), &life->err);
    assert_false(has_object(life, "demo/control/probe"));
    assert_false(has_object(life, "demo/control/stack.json"));
}

/* ---- forget ---- */

static enum err_code
forget(struct reconciler *r, const struct spec *spec, struct command *c, struct err *err)
{
    return forget_execute(r, spec, c->address, &c->count, err);
}

/* One thing alone: the record no longer says that the endpoint is the stack's. */
static void forgetting_the_endpoint_alone(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    applied(life, "max_depth: 2");
    struct command c = {.run = forget, .address = STR("aws_sagemaker_endpoint.this")};
    assert_ok(run(life, &c), &life->err);
    assert_int_equal(c.count, 1);
    assert_true(has_object(life, "demo/control/stack.json"));
    assert_fails(
        life_plan(life, STR(LIFE_SPEC)), ERR_CONFLICT, &life->err, "endpoint 'demo' exists");
}

static void forgetting_while_another_run_works(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    applied(life, "max_depth: 2");
    put_lease(life, "apply");
    struct str before = life_dump(life);
    struct command c = {.run = forget, .locks = true};
    assert_fails(run(life, &c), ERR_LOCKED, &life->err, "you@there");
    assert_str_len(life_dump(life), before);
}

/* The record is removed last, and only as it was read. */
static void forgetting_a_record_that_changes(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    applied(life, "max_depth: 2");
    life_fault(
        life, "{'operation': 'DeleteObject', 'name': 'control/stack.json', 'kind': 'error', "
              "'status': 412, 'code': 'PreconditionFailed', 'message': 'it has changed'}");
    struct command c = {.run = forget};
    assert_fails(run(life, &c), ERR_PRECONDITION, &life->err, "another run changed stack 'demo'");
    assert_true(has_object(life, "demo/control/stack.json"));
    assert_ok(run(life, &c), &life->err);
    assert_false(has_object(life, "demo/control/stack.json"));
}

/* ---- import ---- */

static enum err_code
import(struct reconciler *r, const struct spec *spec, struct command *c, struct err *err)
{
    enum err_code code = adopt_execute(r, spec, &c->adopt, &c->life->report, err);
    c->life->report.failed.items = NULL;
    return code;
}

/* What was forgotten is imported whole: nothing is made, and a destroy takes it all. */
static void what_was_forgotten_comes_back(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    applied(life, "max_depth: 2");
    size_t jobs = json_get(life_world(life), "trainingJobs")->len;
    struct command c = {.run = forget};
    assert_ok(run(life, &c), &life->err);
    c = (struct command){.run = import};
    assert_ok(run(life, &c), &life->err);
    assert_int_equal(life->report.n_imported, 1);
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_settled(life, STR(LIFE_SPEC));
    assert_int_equal(json_get(life_world(life), "trainingJobs")->len, jobs);
    assert_ok(life_destroy(life, STR(LIFE_SPEC)), &life->err);
    assert_int_equal(json_get(life_world(life), "models")->len, 0);
    assert_int_equal(json_get(life_world(life), "endpointConfigs")->len, 0);
    assert_int_equal(json_get(life_world(life), "endpoints")->len, 0);
}

static struct str renamed(struct arena *arena, const char *depth)
{
    struct str text =
        text_replace(arena, STR(LIFE_SPEC), "metadata: {name: demo,", "metadata: {name: renamed,");
    text = text_replace(arena, text, "prefix: demo}", "prefix: renamed}");
    return text_replace(arena, text, "max_depth: 2", depth);
}

/* Older versions move along, and can be gone back to. */
static void a_renamed_stack_keeps_its_older_versions(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    applied(life, "max_depth: 2");
    applied(life, "max_depth: 4");
    size_t jobs = json_get(life_world(life), "trainingJobs")->len;
    struct command c = {.run = import, .spec = renamed(life->arena, "max_depth: 4")};
    c.adopt.from_stack = STR("demo");
    assert_ok(run(life, &c), &life->err);
    assert_ok(life_apply(life, c.spec), &life->err);
    life_settled(life, c.spec);
    /* The version before is published again, from the copy. */
    struct str back = renamed(life->arena, "max_depth: 2");
    assert_ok(life_apply(life, back), &life->err);
    life_settled(life, back);
    assert_int_equal(json_get(life_world(life), "trainingJobs")->len, jobs);
}

static void a_stack_that_is_not_there(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    applied(life, "max_depth: 2");
    struct command c = {.run = import, .spec = renamed(life->arena, "max_depth: 2")};
    c.adopt.from_stack = STR("former");
    assert_fails(
        run(life, &c), ERR_NOT_FOUND, &life->err,
        "there is no stack 'former' at 's3://life-bucket/former'");
    assert_int_equal(life->mutating, 0);
    c.adopt.from_stack = STR("demo");
    life_fault(
        life, "{'operation': 'GetObject', 'name': 'demo/control/stack.json', 'kind': 'error', "
              "'status': 403, 'code': 'AccessDenied', 'message': 'not for you'}");
    assert_fails(run(life, &c), ERR_DENIED, &life->err, "not for you");
    assert_int_equal(life->mutating, 0);
}

/* Somebody's endpoint whose objects have other names than the spec's models. */
static void by_hand(struct life *life)
{
    theirs_endpoint(life, STR("theirs/uno.tgz"));
}

static void objects_of_other_names(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    by_hand(life);
    struct want_pair from = {STR("one"), STR("eins.tgz")};
    struct command c = {.run = import};
    c.adopt.from = &from;
    c.adopt.n_from = 1;
    assert_fails(
        run(life, &c), ERR_NOT_FOUND, &life->err,
        "model 'one': there is no object 's3://life-bucket/theirs/eins.tgz'");
    assert_int_equal(life->mutating, 0);
    from.value = STR("uno.tgz");
    assert_ok(run(life, &c), &life->err);
    assert_int_equal(life->report.n_added, 2);
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    assert_int_equal(json_get(life_world(life), "trainingJobs")->len, 0); /* both were taken over */
    life_settled(life, STR(LIFE_SPEC));
}

/* ---- doctor ---- */

static enum err_code
diagnose(struct reconciler *r, const struct spec *spec, struct command *c, struct err *err)
{
    struct diagnosis found;
    enum err_code code = doctor_run(r, spec, &found, err);
    for (size_t i = 0; code == ERR_NONE && i < found.len; i++)
        if (strcmp(found.items[i].check, "endpoint") == 0)
            c->verdict = str_fmt(
                c->life->arena, "%s: " STR_FMT, verdict_name(found.items[i].verdict),
                STR_ARG(found.items[i].text));
    return code;
}

/* A service that does not answer is one finding among others; an interrupt is the end. */
static void a_diagnosis_without_an_answer(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    applied(life, "max_depth: 2");
    life_fault(
        life, "{'operation': 'DescribeEndpoint', 'kind': 'error', 'status': 500, "
              "'code': 'InternalFailure', 'message': 'try again', 'times': 0}");
    struct command c = {.run = diagnose};
    assert_ok(run(life, &c), &life->err);
    assert_str(str_slice(c.verdict, 0, 26), "skipped: could not check: ");
    c.interrupted = true;
    assert_fails(run(life, &c), ERR_CANCELLED, &life->err, "interrupted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_tells_of_a_run_in_progress),
        cmocka_unit_test(force_unlock),
        cmocka_unit_test(a_lock_is_taken_for_changes),
        cmocka_unit_test(a_wait_for_a_busy_endpoint_can_be_interrupted),
        cmocka_unit_test(gc_looks_and_changes_nothing),
        cmocka_unit_test(gc_without_a_record),
        cmocka_unit_test(forgetting_the_endpoint_alone),
        cmocka_unit_test(forgetting_while_another_run_works),
        cmocka_unit_test(forgetting_a_record_that_changes),
        cmocka_unit_test(what_was_forgotten_comes_back),
        cmocka_unit_test(a_renamed_stack_keeps_its_older_versions),
        cmocka_unit_test(a_stack_that_is_not_there),
        cmocka_unit_test(objects_of_other_names),
        cmocka_unit_test(a_diagnosis_without_an_answer),
    };
    return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
