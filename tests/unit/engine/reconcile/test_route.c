#include "tests/unit/engine/reconcile/toy.h"
#include "tests/unit/specs/spec_test.h"

#include "engine/reconcile/route.h"

#define ROUTES \
    "  routes:\n    - {name: churn, split: {one: 90, two: 10}}\n" \
    "    - {name: shadowed, split: {one: 1}, shadow: two}\n"

struct session {
    struct toy *t;
    const struct spec *spec;
    unsigned names;
    struct str name, key;
    struct route route;
    struct plan *plan;
    struct report report;
    struct err err;
    enum err_code code;
};

static void route_task(void *arg)
{
    struct session *s = arg;
    s->code = reconcile_route(&s->t->r, s->spec, s->names, s->name, s->key, &s->route, &s->err);
}

static void apply_task(void *arg)
{
    struct session *s = arg;
    s->code = reconcile_plan(&s->t->r, s->spec, PLAN_APPLY, &s->plan, &s->err);
    if (s->code != ERR_NONE)
        return;
    const struct plan_context *context = s->plan->context;
    s->t->s->want = *context->want; /* whose job outputs and keys these are */
    s->code = reconcile_execute(&s->t->r, s->plan, &s->report, &s->err);
}

static enum err_code run(struct session *s, task_fn *task)
{
    s->err = (struct err){0};
    loop_run(s->t->loop, task, s);
    return s->code;
}

static const struct spec *load(struct arena *arena, const char *routes)
{
    struct str text =
        text_replace(arena, STR(SPEC_TEST_BASE), "targetModels: stable", "targetModels: versioned");
    text = text_replace(
        arena, text, "  endpoint:\n", str_z(arena, str_fmt(arena, "%s  endpoint:\n", routes)));
    struct loaded loaded = load_text(arena, text);
    if (loaded.specs.len != 1)
        fail_msg("the spec is not one: " STR_FMT, STR_ARG(loaded.faults));
    return loaded.specs.items[0];
}

static struct session deployed(struct arena *arena, const char *routes)
{
    struct session s = {.t = toy_new(scene_new(arena, false, 0)), .spec = load(arena, routes)};
    s.t->r.account = STR("123456789012");
    assert_ok(run(&s, apply_task), &s.err);
    return s;
}

static void session_done(struct session *s)
{
    toy_close(&s->t);
}

static enum err_code ask(struct session *s, unsigned names, const char *name, const char *key)
{
    s->names = names;
    s->name = str_from(name);
    s->key = str_from(key);
    return run(s, route_task);
}

static void a_route_gives_a_key_its_model(void **state)
{
    AUTO(session_done) struct session s = deployed(*state, ROUTES);
    size_t ones = 0;
    for (int i = 0; i < 200; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%d", i);
        assert_ok(ask(&s, ROUTE_MODELS | ROUTE_ROUTES, "churn", key), &s.err);
        assert_true(s.route.split);
        assert_true(str_is_null(s.route.shadow.model));
        struct str first = s.route.answer.target;
        assert_ok(ask(&s, ROUTE_ROUTES, "churn", key), &s.err);
        assert_str_len(s.route.answer.target, first);
        ones += str_starts(first, STR("one--"));
    }
    assert_true(ones > 160 && ones < 199);
    assert_ok(ask(&s, ROUTE_ROUTES, "shadowed", "k"), &s.err);
    assert_str(s.route.answer.model, "one");
    assert_str(s.route.shadow.model, "two");
    assert_true(str_starts(s.route.shadow.target, STR("two--")));
    assert_ok(ask(&s, ROUTE_MODELS | ROUTE_ROUTES, "two", NULL), &s.err);
    assert_false(s.route.split);
    assert_str(s.route.answer.model, "two");
}

static void what_cannot_be_resolved(void **state)
{
    static const struct {
        unsigned names;
        const char *name, *key;
        enum err_code code;
        const char *part, *hint;
    } s_cases[] = {
        {ROUTE_ROUTES, "churn", NULL, ERR_USAGE, "route 'churn' needs a key", "--key"},
        {ROUTE_ROUTES, "churn", "", ERR_USAGE, "route 'churn' needs a key", "--key"},
        {ROUTE_ROUTES, "none", "k", ERR_NOT_FOUND, "route 'none' is not published", "status"},
        {ROUTE_ROUTES, "one", "k", ERR_NOT_FOUND, "route 'one' is not", "it is a model"},
        {ROUTE_MODELS, "churn", NULL, ERR_NOT_FOUND, "model 'churn' is not", "it is a route"},
        {ROUTE_MODELS | ROUTE_ROUTES, "none", "k", ERR_NOT_FOUND, "'none' is not", "status"},
    };
    AUTO(session_done) struct session s = deployed(*state, ROUTES);
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        assert_fails(
            ask(&s, s_cases[i].names, s_cases[i].name, s_cases[i].key), s_cases[i].code, &s.err,
            s_cases[i].part);
        assert_true(str_find(str_from(s.err.hint), str_from(s_cases[i].hint)) != SIZE_MAX);
    }
    char *longest = ARENA_ARRAY(*state, 5000, char);
    memset(longest, 'k', 4999);
    assert_fails(
        ask(&s, ROUTE_ROUTES, "churn", longest), ERR_USAGE, &s.err, "at most 4096 are taken");
}

static void a_route_without_a_published_model(void **state)
{
    AUTO(session_done) struct session s = deployed(*state, ROUTES);
    s.t->s->seen.record.models.len = 0;
    assert_fails(
        ask(&s, ROUTE_ROUTES, "churn", "k"), ERR_NOT_FOUND, &s.err,
        "no model of route 'churn' is published");
}

static void another_account_is_not_asked(void **state)
{
    AUTO(session_done) struct session s = deployed(*state, ROUTES);
    s.t->r.account = STR("999999999999");
    assert_fails(ask(&s, ROUTE_ROUTES, "churn", "k"), ERR_REFUSED, &s.err, "999999999999");
}

/* What the run tells about routes. */
static void moves_are_told(void **state)
{
    AUTO(session_done) struct session s = deployed(*state, ROUTES);
    assert_true(told(s.t, "route 'churn' published: one 90, two 10"));
    s.spec = load(*state, "  routes:\n    - {name: churn, split: {one: 80, two: 20}}\n");
    assert_ok(run(&s, apply_task), &s.err);
    assert_true(told(s.t, "route 'churn' changed: one 90 -> 80, two 10 -> 20"));
    assert_true(told(s.t, "route 'shadowed' removed: one 1, shadow two"));
}

static void a_route_that_could_not_move_is_told(void **state)
{
    static const struct toy_script s_scripts[] = {
        {.address = "aws_s3_object.model[\"three\"]", .code = ERR_DENIED, .at_start = true}};
    AUTO(session_done) struct session s = deployed(*state, ROUTES);
    s.spec = load(
        *state, "    - name: three\n      artifact: s3://bucket/three.tar.gz\n"
                "  routes:\n    - {name: churn, split: {one: 80, three: 20}}\n"
                "    - {name: next, split: {three: 20}}\n");
    s.t->scripts = s_scripts;
    s.t->n_scripts = 1;
    assert_fails(run(&s, apply_task), ERR_DENIED, &s.err, "");
    assert_true(told(s.t, "route 'churn' stays as it was: not all of its models"));
    assert_true(told(s.t, "route 'next' stays as it was: not all of its models"));
    assert_ok(ask(&s, ROUTE_ROUTES, "churn", "1"), &s.err);
    assert_fails(ask(&s, ROUTE_ROUTES, "next", "1"), ERR_NOT_FOUND, &s.err, "is not published");
}

static void containers_have_names_of_their_own(void **state)
{
    struct loaded loaded = load_text(*state, STR(SPEC_TEST_CONTAINERS));
    assert_str(loaded.faults, "");
    AUTO(session_done)
    struct session s = {.t = toy_new(scene_new(*state, false, 0)), .spec = loaded.specs.items[0]};
    s.t->r.account = STR("123456789012");
    assert_fails(
        ask(&s, ROUTE_MODELS, "one", NULL), ERR_USAGE, &s.err,
        "has containers, and no TargetModel");
    assert_string_equal(s.err.hint, "a container is called by its name: TargetContainerHostname");
    loaded =
        load_text(*state, text_replace(*state, STR(SPEC_TEST_CONTAINERS), "-direct", "-serial"));
    s.spec = loaded.specs.items[0];
    assert_fails(ask(&s, ROUTE_MODELS, "one", NULL), ERR_USAGE, &s.err, "no TargetModel");
    assert_string_equal(s.err.hint, "a call goes through all containers of a pipeline");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(containers_have_names_of_their_own),
        WITH_ARENA(a_route_gives_a_key_its_model),
        WITH_ARENA(what_cannot_be_resolved),
        WITH_ARENA(a_route_without_a_published_model),
        WITH_ARENA(another_account_is_not_asked),
        WITH_ARENA(moves_are_told),
        WITH_ARENA(a_route_that_could_not_move_is_told),
    };
    return cmocka_run_group_tests_name("reconcile/route", tests, NULL, NULL);
}
