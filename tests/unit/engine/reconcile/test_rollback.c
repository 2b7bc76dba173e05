#include "tests/unit/engine/reconcile/toy.h"
#include "tests/unit/specs/spec_test.h"

#include "engine/reconcile/rollback.h"

/* A stack with model 'one' at its third version, two older ones kept, and what commands do to it.
 */
struct line {
    struct toy *t;
    const struct spec *spec;
    struct str text, model;
    enum plan_mode mode;
    struct rollback rollback;
    struct history history;
    struct record_hold lifted;
    enum err_code code;
    struct err err;
};

static void plan_task(void *arg)
{
    struct line *l = arg;
    l->t->r.rollback = &l->rollback;
    l->code = reconcile_plan(&l->t->r, l->spec, l->mode, &l->t->plan, &l->err);
}

static void execute_task(void *arg)
{
    struct line *l = arg;
    l->code = reconcile_execute(&l->t->r, l->t->plan, &l->t->report, &l->err);
}

static void history_task(void *arg)
{
    struct line *l = arg;
    l->code = reconcile_history(&l->t->r, l->spec, l->model, &l->history, &l->err);
}

static void resume_task(void *arg)
{
    struct line *l = arg;
    l->code = reconcile_resume(&l->t->r, l->spec, l->model, &l->lifted, &l->err);
}

static enum err_code run(struct line *l, task_fn *task)
{
    l->err = (struct err){0};
    loop_run(l->t->loop, task, l);
    return l->code;
}

static void use_text(struct line *l, struct str text)
{
    struct loaded loaded = load_text(l->t->s->arena, text);
    if (loaded.specs.len != 1)
        fail_msg("the spec is not one: " STR_FMT, STR_ARG(loaded.faults));
    l->text = text;
    l->spec = loaded.specs.items[0];
}

static struct str depth(struct line *l, int value)
{
    const char *wanted = str_z(l->t->s->arena, str_fmt(l->t->s->arena, "max_depth: %d", value));
    return text_replace(l->t->s->arena, l->text, "max_depth: 2", wanted);
}

static void apply(struct line *l, struct str text)
{
    struct str first = l->text;
    use_text(l, text);
    l->text = first;
    l->mode = PLAN_APPLY;
    assert_ok(run(l, plan_task), &l->err);
    const struct plan_context *context = l->t->plan->context;
    l->t->s->want = *context->want;
    assert_ok(run(l, execute_task), &l->err);
}

static struct line line_new(struct arena *arena, bool stable)
{
    struct line l = {.t = toy_new(scene_new(arena, stable, 0)), .model = STR("one")};
    l.t->r.account = STR("123456789012");
    struct str text = text_replace(
        arena, STR(SPEC_TEST_BASE), "targetModels: stable",
        stable ? "targetModels: stable" : "targetModels: versioned");
    l.text = text_replace(arena, text, "  endpoint:\n", "  versions: {retain: 2}\n  endpoint:\n");
    for (int version = 2; version <= 4; version++)
        apply(&l, depth(&l, version));
    return l;
}

static void line_done(struct line *l)
{
    toy_close(&l->t);
}

static const struct record_model *recorded(struct line *l)
{
    return record_find(&l->t->s->seen.record, STR("one"));
}

static enum err_code roll_back(struct line *l, struct str to, const char *reason)
{
    l->rollback = (struct rollback){.model = l->model, .to = to, .reason = str_from(reason)};
    l->mode = PLAN_ROLLBACK;
    enum err_code code = run(l, plan_task);
    return code == ERR_NONE ? run(l, execute_task) : code;
}

static void back_and_on(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        AUTO(line_done) struct line l = line_new(*state, stable == 1);
        struct str third = recorded(&l)->live.fp;
        assert_int_equal(recorded(&l)->history.len, 2);
        struct record_version second = recorded(&l)->history.items[0];
        struct record_version first = recorded(&l)->history.items[1];
        assert_true(second.serial > first.serial && recorded(&l)->live.serial > second.serial);
        size_t written = l.t->n_written;
        l.t->trace.len = 0;
        assert_ok(roll_back(&l, STR_NULL, "worse"), &l.err);
        if (!stable) { /* the record alone, at once */
            assert_int_equal(l.t->n_written - written, 1);
            assert_false(traced(l.t, "start"));
        }
        assert_str_len(recorded(&l)->live.fp, second.fp);
        assert_str_len(recorded(&l)->live.at, second.at); /* published when it was */
        assert_int_equal(recorded(&l)->live.serial, second.serial);
        assert_str_len(recorded(&l)->hold.fp, second.fp);
        assert_str(recorded(&l)->hold.by, "me@here");
        assert_str(recorded(&l)->hold.reason, "worse");
        assert_str_len(recorded(&l)->history.items[0].fp, third);
        assert_non_null(record_find(&l.t->s->seen.record, STR("two")));
        /* apply leaves it alone */
        l.mode = PLAN_APPLY;
        assert_ok(run(&l, plan_task), &l.err);
        assert_true(plan_is_empty(l.t->plan));
        assert_int_equal(l.t->plan->holds.len, 1);
        assert_true(l.t->plan->holds.items[0].differs);
        /* one more, to the oldest, and by name to the newest */
        assert_ok(roll_back(&l, STR_NULL, NULL), &l.err);
        assert_str_len(recorded(&l)->live.fp, first.fp);
        assert_fails(
            roll_back(&l, STR_NULL, NULL), ERR_NOT_FOUND, &l.err,
            "there is no older version of model 'one'");
        assert_ok(roll_back(&l, str_slice(third, 0, 8), NULL), &l.err);
        assert_str_len(recorded(&l)->live.fp, third);
        /* and on */
        assert_ok(run(&l, resume_task), &l.err);
        assert_str_len(l.lifted.fp, third);
        assert_true(str_is_null(recorded(&l)->hold.fp));
        assert_fails(run(&l, resume_task), ERR_NOT_FOUND, &l.err, "is not held");
        l.mode = PLAN_APPLY;
        assert_ok(run(&l, plan_task), &l.err);
        assert_true(plan_is_empty(l.t->plan));
    }
}

static void what_is_refused(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        AUTO(line_done) struct line l = line_new(*state, stable == 1);
        struct str live = recorded(&l)->live.fp;
        const struct record_version *old = &recorded(&l)->history.items[1];
        assert_fails(roll_back(&l, STR("0123456789"), NULL), ERR_NOT_FOUND, &l.err, "is not known");
        assert_fails(roll_back(&l, live, NULL), ERR_CONFLICT, &l.err, "is the one that is live");
        struct str fp = old->fp, key = old->key;
        /* somebody wrote over it, then took it away */
        struct seen_object *object = map_get(l.t->s->seen.objects, key);
        object->owner = OWNER_OTHER;
        object->etag = STR("\"theirs\"");
        assert_fails(roll_back(&l, fp, NULL), ERR_NOT_FOUND, &l.err, "is gone");
        drop_object(l.t->s, key);
        assert_fails(roll_back(&l, fp, NULL), ERR_NOT_FOUND, &l.err, "is gone");
        l.model = STR("none");
        assert_fails(roll_back(&l, STR_NULL, NULL), ERR_NOT_FOUND, &l.err, "is not known in stack");
        assert_fails(run(&l, history_task), ERR_NOT_FOUND, &l.err, "has no version");
        assert_fails(run(&l, resume_task), ERR_NOT_FOUND, &l.err, "is not published");
        l.model = STR("two");
        assert_fails(roll_back(&l, STR_NULL, NULL), ERR_NOT_FOUND, &l.err, "no older version");
        assert_fails(run(&l, resume_task), ERR_NOT_FOUND, &l.err, "is not held");
        l.model = STR("one");
        l.t->fails_inspecting = ERR_DENIED;
        l.t->s->seen.record.present = false;
        l.t->s->seen.record.models.len = 0;
        assert_fails(roll_back(&l, STR_NULL, NULL), ERR_DENIED, &l.err, "s3:GetObject");
        assert_fails(run(&l, history_task), ERR_DENIED, &l.err, "s3:GetObject");
        l.t->fails_observing = ERR_DENIED;
        assert_fails(roll_back(&l, STR_NULL, NULL), ERR_DENIED, &l.err, "s3:ListBucket");
        assert_fails(run(&l, history_task), ERR_DENIED, &l.err, "s3:ListBucket");
    }
}

/* Nobody could reach it, so there is nothing to go back to: said by the record, or by itself. */
static void a_version_that_is_held_back(void **state)
{
    for (int told = 0; told < 2; told++) {
        AUTO(line_done) struct line l = line_new(*state, false);
        struct scene *s = l.t->s;
        struct str fp = fp_of(*state, "one", 9);
        struct str key = key_retained(*state, &s->want, STR("one"), fp);
        put_object(s, key, fp)->metrics = json_object(*state);
        if (told == 1)
            *VEC_PUSH(*state, &s->seen.record.held) = (struct record_held){
                .name = STR("one"), .version = {.fp = fp, .key = key}, .reason = STR("too bad")};
        assert_fails(
            roll_back(&l, str_slice(fp, 0, 16), NULL), ERR_REFUSED, &l.err,
            "is held back and was never published");
        assert_null(strstr(l.err.hint, str_z(*state, str_slice(fp, 0, 16))));
        assert_ok(roll_back(&l, STR_NULL, NULL), &l.err); /* never the newest older one */
        assert_false(version_is(recorded(&l)->live.fp, fp));
    }
}

static void a_pinned_model_is_not_rolled_back(void **state)
{
    AUTO(line_done) struct line l = line_new(*state, false);
    struct str pinned = text_replace(
        *state, depth(&l, 4), "- name: one", "- name: one\n      version: \"0123456789\"");
    use_text(&l, pinned);
    assert_fails(roll_back(&l, STR_NULL, NULL), ERR_CONFLICT, &l.err, "is pinned at '0123456789'");
    assert_ok(run(&l, history_task), &l.err);
    assert_str(l.history.models[0].pin, "0123456789");
}

static void a_stable_endpoint_has_to_be_there(void **state)
{
    AUTO(line_done) struct line l = line_new(*state, true);
    l.t->s->seen.endpoint.present = false;
    assert_fails(roll_back(&l, STR_NULL, NULL), ERR_NOT_FOUND, &l.err, "does not exist");
}

static void a_rollback_that_did_not_end_is_gone_on_with(void **state)
{
    AUTO(line_done) struct line l = line_new(*state, true);
    struct str second = recorded(&l)->history.items[0].fp;
    l.t->lose_write = l.t->n_written + 2; /* the claim goes through, the commit does not */
    assert_fails(roll_back(&l, STR_NULL, "first"), ERR_PRECONDITION, &l.err, "another run");
    assert_str_len(recorded(&l)->hold.fp, second);
    assert_false(str_eq(recorded(&l)->live.fp, second)); /* though the endpoint is there */
    assert_ok(roll_back(&l, STR_NULL, "second"), &l.err);
    assert_str_len(recorded(&l)->live.fp, second);
    assert_str(recorded(&l)->hold.reason, "first");
    l.mode = PLAN_APPLY;
    assert_ok(run(&l, plan_task), &l.err);
    assert_true(plan_is_empty(l.t->plan));
}

/* Nothing is known but keys and metadata. */
static void without_a_record(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        AUTO(line_done) struct line l = line_new(*state, stable == 1);
        struct str live = recorded(&l)->live.fp, old = recorded(&l)->history.items[1].fp;
        struct str two = record_find(&l.t->s->seen.record, STR("two"))->live.fp;
        l.t->s->seen.record = (struct record){0};
        l.model = STR_NULL;
        assert_ok(run(&l, history_task), &l.err);
        l.model = STR("one");
        assert_int_equal(l.history.n_models, 2);
        assert_int_equal(l.history.models[0].versions.len, 3);
        assert_int_equal(l.history.models[0].versions.items[0].live, stable);
        assert_int_equal(l.history.models[0].versions.items[0].known.fp.len, 64);
        if (!stable) /* it would be a guess, and may be the one that is live */
            assert_fails(
                roll_back(&l, STR_NULL, NULL), ERR_NOT_FOUND, &l.err,
                "does not say which version of model 'one' is live");
        assert_ok(roll_back(&l, str_slice(old, 0, 16), NULL), &l.err);
        assert_str_len(recorded(&l)->live.fp, old);
        assert_str_len(recorded(&l)->hold.fp, old);
        const struct record_model *other = record_find(&l.t->s->seen.record, STR("two"));
        assert_non_null(other); /* clients of the other models find them as before */
        assert_str_len(other->live.fp, two);
        assert_ok(run(&l, resume_task), &l.err);
        l.mode = PLAN_APPLY;
        assert_ok(run(&l, plan_task), &l.err);
        assert_ok(run(&l, execute_task), &l.err);
        assert_str_len(recorded(&l)->live.fp, live);
    }
}

/* What the spec does not name any more, and what it names and was never applied, stays as it is. */
static void other_models_are_left_alone(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        AUTO(line_done) struct line l = line_new(*state, stable == 1);
        struct str two = record_find(&l.t->s->seen.record, STR("two"))->live.fp;
        struct str other = text_replace(*state, depth(&l, 4), "- name: two", "- name: three");
        use_text(&l, other);
        assert_ok(roll_back(&l, STR_NULL, NULL), &l.err);
        const struct record *record = &l.t->s->seen.record;
        assert_int_equal(record->models.len, 2);
        assert_str_len(record_find(record, STR("two"))->live.fp, two);
        assert_true(map_has(l.t->s->seen.objects, record_find(record, STR("two"))->live.key));
    }
}

/* Eight digits of two versions, one of them at two places. */
static void a_name_that_fits_two_is_refused(void **state)
{
    AUTO(line_done) struct line l = line_new(*state, false);
    struct scene *s = l.t->s;
    struct str old = recorded(&l)->history.items[1].fp;
    struct str twin = str_fmt(
        *state, STR_FMT "00000000" STR_FMT, STR_ARG(str_slice(old, 0, 8)),
        STR_ARG(str_slice(old, 16, 64)));
    put_object(s, key_versioned(*state, &s->want, STR("one"), twin), twin);
    put_object(s, key_retained(*state, &s->want, STR("one"), twin), twin);
    assert_fails(
        roll_back(&l, str_slice(old, 0, 8), NULL), ERR_CONFLICT, &l.err, "fits more than one");
    assert_ok(run(&l, history_task), &l.err);
    assert_int_equal(l.history.models[0].versions.len, 4);
    assert_ok(roll_back(&l, twin, NULL), &l.err);
    assert_str_len(recorded(&l)->live.fp, twin);
}

/* The record has other models, and this one is new to it. */
static void a_model_that_the_record_lost(void **state)
{
    AUTO(line_done) struct line l = line_new(*state, false);
    struct record *record = &l.t->s->seen.record;
    struct str old = recorded(&l)->history.items[1].fp;
    record->models.items[0] = record->models.items[1];
    record->models.len = 1;
    assert_ok(roll_back(&l, str_slice(old, 0, 16), NULL), &l.err);
    assert_int_equal(l.t->s->seen.record.models.len, 2);
    assert_str_len(recorded(&l)->hold.fp, old);
}

static void a_foreign_account_is_refused(void **state)
{
    AUTO(line_done) struct line l = line_new(*state, false);
    l.t->r.account = STR_NULL;
    l.t->account = "210987654321";
    assert_fails(run(&l, history_task), ERR_REFUSED, &l.err, "210987654321");
    assert_fails(run(&l, resume_task), ERR_REFUSED, &l.err, "210987654321");
    assert_fails(roll_back(&l, STR_NULL, NULL), ERR_REFUSED, &l.err, "210987654321");
}

static void another_run_wins(void **state)
{
    AUTO(line_done) struct line l = line_new(*state, false);
    l.t->lose_write = l.t->n_written + 1;
    assert_fails(roll_back(&l, STR_NULL, NULL), ERR_PRECONDITION, &l.err, "another run");
    assert_true(str_is_null(recorded(&l)->hold.fp));
    l.t->lose_write = 0;
    assert_ok(roll_back(&l, STR_NULL, NULL), &l.err);
    l.t->lose_write = l.t->n_written + 1;
    assert_fails(run(&l, resume_task), ERR_PRECONDITION, &l.err, "another run");
    assert_false(str_is_null(recorded(&l)->hold.fp));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(back_and_on),
        WITH_ARENA(what_is_refused),
        WITH_ARENA(a_version_that_is_held_back),
        WITH_ARENA(a_pinned_model_is_not_rolled_back),
        WITH_ARENA(a_stable_endpoint_has_to_be_there),
        WITH_ARENA(a_rollback_that_did_not_end_is_gone_on_with),
        WITH_ARENA(without_a_record),
        WITH_ARENA(other_models_are_left_alone),
        WITH_ARENA(a_name_that_fits_two_is_refused),
        WITH_ARENA(a_model_that_the_record_lost),
        WITH_ARENA(a_foreign_account_is_refused),
        WITH_ARENA(another_run_wins),
    };
    return cmocka_run_group_tests_name("rollback", tests, NULL, NULL);
}
