#include "tests/unit/specs/spec_test.h"

#include "engine/reconcile/desired_internal.h"

/* One partition, whose models only the data knows; want has what it made. */
static const struct spec *load(struct arena *arena, const char *routes)
{
    struct str text = text_replace(
        arena, STR(SPEC_TEST_BASE), "  endpoint:\n",
        str_z(
            arena, str_fmt(
                       arena,
                       "  modelSets:\n    - name: customer-{key}\n      partition: {channel: "
                       "train, column: 1}\n"
                       "      hyperparameters: {num_round: 3}\n  routes:\n%s  endpoint:\n",
                       routes)));
    struct loaded loaded = load_text(arena, text);
    if (loaded.specs.len != 1)
        fail_msg("the spec is not one: " STR_FMT, STR_ARG(loaded.faults));
    return loaded.specs.items[0];
}

static struct want want_of(struct arena *arena)
{
    static const char *const s_names[] = {"customer-1", "customer-2", "one", "two"};
    struct want want = {.n_models = ARRAY_LEN(s_names)};
    want.models = ARENA_ARRAY(arena, want.n_models, struct want_model);
    for (size_t i = 0; i < want.n_models; i++)
        want.models[i].name = str_from(s_names[i]);
    return want;
}

static void models_of_a_partition_may_be_named(void **state)
{
    const struct spec *spec = load(
        *state, "    - {name: z, split: {customer-2: 9, one: 1}, shadow: customer-1}\n"
                "    - {name: a, split: {two: 1}}\n");
    struct want want = want_of(*state);
    struct err err = {0};
    assert_ok(desired_routes(*state, spec, &want, &err), &err);
    assert_int_equal(want.n_routes, 2);
    assert_str(want.routes[0].name, "a");
    assert_str(want.routes[1].name, "z");
    assert_int_equal(want.routes[1].n_split, 2);
    assert_str(want.routes[1].split[0].model, "customer-2");
    assert_int_equal(want.routes[1].split[0].weight, 9);
    assert_str(want.routes[1].shadow, "customer-1");
    assert_true(str_is_null(want.routes[0].shadow));
}

static void what_no_partition_made(void **state)
{
    static const struct {
        const char *route, *message;
        size_t column;
    } s_cases[] = {
        {"    - {name: a, split: {one: 1, customer-3: 1}}\n",
         "route 'a' names model 'customer-3', which the spec has not", 33},
        {"    - {name: a, split: {one: 1}, shadow: customer-3}\n",
         "route 'a' names model 'customer-3', which the spec has not", 42},
        {"    - {name: customer-1, split: {one: 1}}\n",
         "route 'customer-1' has the name of a model", 14},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct want want = want_of(*state);
        struct err err = {0};
        assert_fails(
            desired_routes(*state, load(*state, s_cases[i].route), &want, &err), ERR_SPEC, &err,
            s_cases[i].message);
        assert_int_equal(err.at.column, s_cases[i].column);
        assert_true(err.at.line > 0);
        assert_true(strlen(err.hint) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(models_of_a_partition_may_be_named),
        WITH_ARENA(what_no_partition_made),
    };
    return cmocka_run_group_tests_name("desired_routes", tests, NULL, NULL);
}
