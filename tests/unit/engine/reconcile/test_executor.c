#include "tests/unit/engine/reconcile/toy.h"

#include "engine/base/rng.h"
#include "engine/reconcile/settle.h"

/* Changes that no planner made: only their needs and the script matter. */
struct bench {
    struct toy *t;
    struct plan plan;
};

static struct change *add(struct bench *b, enum kind_id kind, const char *name)
{
    struct change *change = plan_add(b->t->s->arena, &b->plan, kind, ACTION_CREATE);
    change->address = str_from(name);
    return change;
}

static void need(struct bench *b, struct change *change, struct change *other)
{
    change_need(b->t->s->arena, change, other);
}

static void execute_task(void *arg)
{
    struct bench *b = arg;
    execute_phase(
        &b->t->r, &b->t->s->want, &b->t->s->seen, b->plan.changes.items, b->plan.changes.len);
}

static struct bench bench_new(struct arena *arena, const struct toy_script *scripts, size_t count)
{
    struct bench b = {.t = toy_new(scene_new(arena, false, 1))};
    b.t->without_effects = true;
    b.t->scripts = scripts;
    b.t->n_scripts = count;
    return b;
}

static void execute(struct bench *b)
{
    loop_run(b->t->loop, execute_task, b);
}

static void bench_close(struct bench *b)
{
    toy_close(&b->t);
}

static void nothing_is_nothing(void **state)
{
    AUTO(bench_close) struct bench b = bench_new(*state, NULL, 0);
    execute(&b);
    assert_int_equal(b.t->trace.len, 0);
}

static void each_starts_when_all_it_needs_is_done(void **state)
{
    static const struct toy_script scripts[] = {
        {.address = "a", .pending = 1}, {.address = "b", .pending = 4}};
    AUTO(bench_close) struct bench b = bench_new(*state, scripts, ARRAY_LEN(scripts));
    struct change *last = add(&b, KIND_BUCKET, "last"); /* stands first, and waits */
    struct change *a = add(&b, KIND_BUCKET, "a"), *slow = add(&b, KIND_BUCKET, "b");
    need(&b, last, a);
    need(&b, last, slow);
    need(&b, last, slow); /* said twice */
    execute(&b);
    assert_str(buf_str(&b.t->trace), "start a\nstart b\ndone a\ndone b\nstart last\ndone last\n");
    for (size_t i = 0; i < b.plan.changes.len; i++)
        assert_int_equal(b.plan.changes.items[i]->outcome, OUTCOME_DONE);
    assert_int_equal(slow->ended_ms - slow->started_ms, 10 + 20 + 40 + 80);
    assert_int_equal(last->started_ms, slow->ended_ms);
}

static void no_more_at_once_than_asked_for(void **state)
{
    static const struct {
        size_t parallelism, changes, most;
    } cases[] = {{1, 5, 1}, {3, 20, 3}, {0, 40, 10}, {50, 7, 7}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct toy_script scripts[40];
        AUTO(bench_close) struct bench b = bench_new(*state, scripts, cases[i].changes);
        b.t->r.parallelism = cases[i].parallelism;
        for (size_t k = 0; k < cases[i].changes; k++) {
            struct str name = str_fmt(*state, "c%zu", k);
            scripts[k] = (struct toy_script){.address = str_z(*state, name), .pending = 3};
            add(&b, KIND_BUCKET, scripts[k].address);
        }
        execute(&b);
        assert_int_equal(b.t->most_inside, cases[i].most);
        assert_int_equal(b.t->inside, 0);
    }
}

/* training.concurrency counts jobs that are made, and nothing else; -parallelism the rest. */
static void training_jobs_have_their_own_number(void **state)
{
    static const struct {
        size_t concurrency, parallelism, most;
    } cases[] = {{0, 0, 10}, {2, 0, 2}, {25, 0, 25}, {25, 1, 25}, {0, 3, 3}, {100, 0, 40}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct toy_script scripts[40];
        AUTO(bench_close) struct bench b = bench_new(*state, scripts, ARRAY_LEN(scripts));
        b.t->s->want.training_concurrency = cases[i].concurrency;
        b.t->r.parallelism = cases[i].parallelism;
        for (size_t k = 0; k < ARRAY_LEN(scripts); k++) {
            struct str name = str_fmt(*state, "j%zu", k);
            scripts[k] = (struct toy_script){.address = str_z(*state, name), .pending = 3};
            add(&b, KIND_TRAINING_JOB, scripts[k].address);
        }
        execute(&b);
        assert_int_equal(b.t->most_inside, cases[i].most);
    }
    /* Removing jobs is no training. */
    struct toy_script scripts[20];
    AUTO(bench_close) struct bench b = bench_new(*state, scripts, ARRAY_LEN(scripts));
    b.t->s->want.training_concurrency = 2;
    for (size_t k = 0; k < ARRAY_LEN(scripts); k++) {
        struct str name = str_fmt(*state, "d%zu", k);
        scripts[k] = (struct toy_script){.address = str_z(*state, name), .pending = 3};
        add(&b, KIND_TRAINING_JOB, scripts[k].address)->action = ACTION_DELETE;
    }
    execute(&b);
    assert_int_equal(b.t->most_inside, 10);
}

static void a_failure_stops_only_what_needs_it(void **state)
{
    static const struct toy_script scripts[] = {
        {.address = "bad", .code = ERR_DENIED, .message = "not allowed"},
        {.address = "bad at start", .code = ERR_QUOTA, .message = "used up", .at_start = true}};
    AUTO(bench_close) struct bench b = bench_new(*state, scripts, ARRAY_LEN(scripts));
    struct change *bad = add(&b, KIND_BUCKET, "bad");
    struct change *child = add(&b, KIND_BUCKET, "child");
    struct change *grandchild = add(&b, KIND_BUCKET, "grandchild");
    struct change *early = add(&b, KIND_BUCKET, "bad at start");
    struct change *other = add(&b, KIND_BUCKET, "other");
    bad->at = (struct srcloc){"spec.yaml", 7, 3};
    need(&b, child, bad);
    need(&b, child, other);
    need(&b, grandchild, child);
    execute(&b);
    assert_int_equal(bad->outcome, OUTCOME_FAILED);
    assert_int_equal(bad->err->code, ERR_DENIED);
    assert_int_equal(bad->err->at.line, 7); /* where the spec asked for it */
    assert_int_equal(early->outcome, OUTCOME_FAILED);
    assert_string_equal(early->err->message, "used up");
    assert_int_equal(other->outcome, OUTCOME_DONE);
    assert_int_equal(child->outcome, OUTCOME_SKIPPED);
    assert_ptr_equal(child->err, bad->err); /* the failure it waited for */
    assert_int_equal(grandchild->outcome, OUTCOME_SKIPPED);
    assert_ptr_equal(grandchild->err, bad->err);
    assert_false(traced(b.t, "start child"));
    assert_true(told(b.t, "skipped child: bad\n"));
    assert_true(told(b.t, "failed bad: not allowed\n"));
}

static void one_artifact_can_be_enough(void **state)
{
    static const struct toy_script scripts[] = {
        {.address = "bad", .code = ERR_DENIED}, {.address = "config", .code = ERR_DENIED}};
    static const struct {
        bool any, artifact_fails, both_fail, other_fails;
        enum outcome outcome;
    } cases[] = {
        {true, true, false, false, OUTCOME_DONE},
        {true, false, false, false, OUTCOME_DONE},
        {true, true, true, false, OUTCOME_SKIPPED},
        {true, true, false, true, OUTCOME_SKIPPED}, /* something that is no artifact */
        {false, true, false, false, OUTCOME_SKIPPED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(bench_close) struct bench b = bench_new(*state, scripts, ARRAY_LEN(scripts));
        struct change *model = add(&b, KIND_MODEL, "model");
        model->needs_any = cases[i].any;
        need(&b, model, add(&b, KIND_ARTIFACT, cases[i].artifact_fails ? "bad" : "good"));
        need(&b, model, add(&b, KIND_ARTIFACT, cases[i].both_fail ? "bad" : "good"));
        need(&b, model, add(&b, KIND_BUCKET, cases[i].other_fails ? "config" : "good"));
        execute(&b);
        assert_int_equal(model->outcome, cases[i].outcome);
    }
}

/* What another phase did counts by the outcome it has. */
static void needs_outside_of_the_phase(void **state)
{
    AUTO(bench_close) struct bench b = bench_new(*state, NULL, 0);
    struct plan earlier = {0};
    static const struct {
        enum action action;
        enum outcome outcome, wanted;
    } cases[] = {
        {ACTION_CREATE, OUTCOME_DONE, OUTCOME_DONE},
        {ACTION_CREATE, OUTCOME_FAILED, OUTCOME_SKIPPED},
        {ACTION_CREATE, OUTCOME_SKIPPED, OUTCOME_SKIPPED},
        {ACTION_CREATE, OUTCOME_PENDING, OUTCOME_SKIPPED},
        {ACTION_NOOP, OUTCOME_PENDING, OUTCOME_DONE}, /* turned out to be nothing to do */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct change *before = plan_add(*state, &earlier, KIND_BUCKET, ACTION_CREATE);
        before->address = STR("before");
        need(&b, add(&b, KIND_BUCKET, "after"), before);
        before->action = cases[i].action;
        before->outcome = cases[i].outcome;
    }
    execute(&b);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(b.plan.changes.items[i]->outcome, cases[i].wanted);
}

static void an_interrupt_starts_nothing_new(void **state)
{
    static const struct toy_script scripts[] = {
        {.address = "a"}, {.address = "b", .pending = 100, .cancels = true}, {.address = "c"}};
    AUTO(bench_close) struct bench b = bench_new(*state, scripts, ARRAY_LEN(scripts));
    b.t->r.parallelism = 1;
    struct change *a = add(&b, KIND_BUCKET, "a"), *waiting = add(&b, KIND_BUCKET, "b");
    struct change *c = add(&b, KIND_BUCKET, "c");
    int64_t before = b.t->now_ms;
    execute(&b);
    assert_int_equal(a->outcome, OUTCOME_DONE);
    assert_int_equal(waiting->outcome, OUTCOME_FAILED);
    assert_int_equal(waiting->err->code, ERR_CANCELLED);
    assert_int_equal(c->outcome, OUTCOME_SKIPPED);
    assert_null(c->err);
    assert_true(told(b.t, "skipped c: interrupted\n"));
    assert_int_equal(b.t->now_ms, before); /* at once */
}

static void events_tell_the_whole_story(void **state)
{
    static const struct toy_script scripts[] = {{.address = "a", .pending = 2}};
    AUTO(bench_close) struct bench b = bench_new(*state, scripts, ARRAY_LEN(scripts));
    add(&b, KIND_BUCKET, "a");
    execute(&b);
    assert_str(buf_str(&b.t->events), "start a\nstatus a: Working\ndone a after 30 ms\n");
    b.t->r.on_event = NULL; /* nobody has to listen */
    b.plan.changes.items[0]->outcome = OUTCOME_PENDING;
    execute(&b);
    assert_int_equal(b.plan.changes.items[0]->outcome, OUTCOME_DONE);
}

static void random_graphs_keep_the_rules(void **state)
{
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (int round = 0; round < 100; round++) {
        struct toy_script scripts[30];
        size_t n = 1 + (size_t) rng_below(&rng, ARRAY_LEN(scripts));
        AUTO(bench_close) struct bench b = bench_new(*state, scripts, n);
        b.t->r.parallelism = 1 + (size_t) rng_below(&rng, 5);
        for (size_t i = 0; i < n; i++) {
            scripts[i] = (struct toy_script){
                .address = str_z(*state, str_fmt(*state, "c%zu", i)),
                .pending = (unsigned) rng_below(&rng, 4),
                .code = rng_below(&rng, 5) == 0 ? ERR_TERMINAL : ERR_NONE};
            struct change *change = add(&b, KIND_BUCKET, scripts[i].address);
            for (size_t k = 0; k < i; k++)
                if (rng_below(&rng, 4) == 0)
                    need(&b, change, b.plan.changes.items[k]);
        }
        execute(&b);
        assert_true(b.t->most_inside <= b.t->r.parallelism);
        for (size_t i = 0; i < n; i++) {
            const struct change *change = b.plan.changes.items[i];
            bool free = true;
            for (size_t k = 0; k < change->n_needs; k++) {
                free = free && change->needs[k]->outcome == OUTCOME_DONE;
                if (change->outcome == OUTCOME_DONE)
                    assert_true(change->needs[k]->ended_ms <= change->started_ms);
            }
            enum outcome wanted = !free                         ? OUTCOME_SKIPPED
                                  : scripts[i].code == ERR_NONE ? OUTCOME_DONE
                                                                : OUTCOME_FAILED;
            assert_int_equal(change->outcome, wanted);
        }
    }
}

/* S3 has a width of its own, and neither waits for the other. */
static void objects_do_not_wait_for_things(void **state)
{
    AUTO(bench_close) struct bench b = bench_new(*state, NULL, 0);
    for (int i = 0; i < 100; i++)
        add(&b, KIND_ARTIFACT, str_fmt(b.t->s->arena, "object%d", i).ptr);
    for (int i = 0; i < 40; i++)
        add(&b, KIND_TRAINING_JOB, str_fmt(b.t->s->arena, "job%d", i).ptr);
    struct toy_script *scripts = ARENA_ARRAY(b.t->s->arena, 140, struct toy_script);
    for (size_t i = 0; i < 140; i++)
        scripts[i] = (struct toy_script){
            .address = str_z(b.t->s->arena, b.plan.changes.items[i]->address), .pending = 1};
    b.t->scripts = scripts;
    b.t->n_scripts = 140;
    execute(&b);
    assert_int_equal(b.t->most_inside, 32 + 10);
}

static void fail_fast_starts_nothing_after_a_failure(void **state)
{
    static const struct toy_script scripts[] = {
        {.address = "slow", .pending = 5}, {.address = "bad", .pending = 2, .code = ERR_DENIED}};
    for (int fail_fast = 0; fail_fast < 2; fail_fast++) {
        AUTO(bench_close) struct bench b = bench_new(*state, scripts, ARRAY_LEN(scripts));
        b.t->r.fail_fast = fail_fast == 1;
        b.t->r.parallelism = 2;
        struct change *slow = add(&b, KIND_BUCKET, "slow");
        struct change *bad = add(&b, KIND_BUCKET, "bad");
        struct change *other = add(&b, KIND_BUCKET, "other");
        execute(&b);
        assert_int_equal(slow->outcome, OUTCOME_DONE); /* what is under way ends */
        assert_int_equal(bad->outcome, OUTCOME_FAILED);
        assert_int_equal(other->outcome, fail_fast ? OUTCOME_SKIPPED : OUTCOME_DONE);
        assert_null(other->err);
        if (fail_fast)
            assert_true(told(b.t, "skipped other: another change failed"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(nothing_is_nothing),
        WITH_ARENA(each_starts_when_all_it_needs_is_done),
        WITH_ARENA(no_more_at_once_than_asked_for),
        WITH_ARENA(training_jobs_have_their_own_number),
        WITH_ARENA(a_failure_stops_only_what_needs_it),
        WITH_ARENA(one_artifact_can_be_enough),
        WITH_ARENA(needs_outside_of_the_phase),
        WITH_ARENA(an_interrupt_starts_nothing_new),
        WITH_ARENA(events_tell_the_whole_story),
        WITH_ARENA(random_graphs_keep_the_rules),
        WITH_ARENA(objects_do_not_wait_for_things),
        WITH_ARENA(fail_fast_starts_nothing_after_a_failure),
    };
    return cmocka_run_group_tests_name("executor", tests, NULL, NULL);
}
