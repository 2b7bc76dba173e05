#include "tests/unit/engine/reconcile/toy.h"
#include "tests/unit/specs/spec_test.h"

#include "engine/reconcile/desired.h"

struct building {
    struct toy *t;
    const struct spec *spec;
    struct want *want;
};

static void build_task(void *arg)
{
    struct building *b = arg;
    b->t->code = desired_build(&b->t->r, b->spec, false, &b->want, &b->t->err);
}

static enum err_code
build_text(struct arena *arena, struct str text, struct want **ret_want, struct err *err)
{
    struct loaded loaded = load_text(arena, text);
    assert_ok(loaded.code, &loaded.err);
    AUTO(toy_close) struct toy *t = toy_new(scene_new(arena, false, 0));
    struct building b = {.t = t, .spec = loaded.specs.items[0]};
    loop_run(t->loop, build_task, &b);
    *ret_want = b.want;
    *err = t->err;
    return t->code;
}

static enum err_code
build(struct arena *arena, const char *blocks, struct want **ret_want, struct err *err)
{
    struct str text = text_replace(arena, STR(SPEC_TEST_BASE), "  endpoint:\n", blocks);
    return build_text(arena, text, ret_want, err);
}

static void which_models_they_stand_for(void **state)
{
    struct want *want;
    struct err err = {0};
    assert_ok(
        build(
            *state,
            "  gates: [{metric: \"validation:auc\", min: 0.9}]\n"
            "  checks: [{payload: a.csv}]\n  endpoint:\n",
            &want, &err),
        &err);
    assert_int_equal(want->models[0].n_gates, 1);
    assert_int_equal(want->models[1].n_gates, 0); /* brought along */
    assert_str(want->models[0].gates[0]->min_text, "0.9");
    assert_int_equal(want->models[1].n_checks, 1);
    struct str digest = want->models[1].checks_digest;
    assert_ok(
        build(
            *state,
            "  gates: [{metric: \"validation:auc\", min: 0.9, models: [one]}]\n"
            "  checks: [{payload: a.csv, expect: b.csv, models: [two]}]\n  endpoint:\n",
            &want, &err),
        &err);
    assert_int_equal(want->models[0].n_gates, 1);
    assert_int_equal(want->models[0].n_checks, 0);
    assert_true(str_is_null(want->models[0].checks_digest));
    assert_int_equal(want->models[1].n_checks, 1);
    assert_false(str_eq(want->models[1].checks_digest, digest));
    assert_ok(build(*state, "  endpoint:\n", &want, &err), &err);
    assert_int_equal(want->models[0].n_gates, 0);
    assert_int_equal(want->models[1].n_checks, 0);
}

/* After those that stand for every model, or alone. */
static void gates_of_a_model(void **state)
{
    struct str text = text_replace(
        *state, STR(SPEC_TEST_BASE), "eta: 0.3}\n",
        "eta: 0.3}\n      gates: [{metric: \"train:auc\", min: 0.7}]\n");
    struct want *want;
    struct err err = {0};
    assert_ok(build_text(*state, text, &want, &err), &err);
    assert_int_equal(want->models[0].n_gates, 1);
    assert_str(want->models[0].gates[0]->min_text, "0.7");
    text = text_replace(
        *state, text, "  endpoint:\n",
        "  gates: [{metric: \"validation:auc\", max: 0.99}]\n  endpoint:\n");
    assert_ok(build_text(*state, text, &want, &err), &err);
    assert_int_equal(want->models[0].n_gates, 2);
    assert_str(want->models[0].gates[0]->metric, "validation:auc");
    assert_true(want->models[0].gates[0]->has_max && !want->models[0].gates[0]->has_min);
    assert_str(want->models[0].gates[1]->metric, "train:auc");
    assert_int_equal(want->models[1].n_gates, 0);
}

static void files_of_checks(void **state)
{
    struct want *want;
    struct err err = {0};
    assert_fails(
        build(*state, "  checks: [{payload: missing.csv}]\n  endpoint:\n", &want, &err),
        ERR_NOT_FOUND, &err, "payload 'missing.csv'");
    assert_int_equal(err.at.line, 29);
    assert_int_equal(err.at.column, 22);
    assert_fails(
        build(
            *state, "  checks: [{payload: a.csv, expect: short.csv}]\n  endpoint:\n", &want, &err),
        ERR_SPEC, &err, "golden predictions 'short.csv': it has 1 row, the payload has 2");
    assert_int_equal(err.at.column, 37);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(which_models_they_stand_for), WITH_ARENA(gates_of_a_model),
        WITH_ARENA(files_of_checks)};
    return cmocka_run_group_tests_name("reconcile/desired_gates", tests, NULL, NULL);
}
