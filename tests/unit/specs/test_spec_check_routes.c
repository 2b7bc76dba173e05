#include "tests/harness/test.h"

#include "tests/unit/specs/spec_test.h"

#define ROUTES(text) "  routes:\n" text "  endpoint:\n"

static void good_routes_are_read(void **state)
{
    struct str text = text_replace(
        *state, STR(SPEC_TEST_BASE), "  endpoint:\n",
        ROUTES("  - {name: churn, split: {two: 0x5A, one: 10}}\n"
               "  - {name: all, split: {one: 1}, shadow: two}\n"));
    struct loaded loaded = load_text(*state, text);
    assert_str(loaded.faults, "");
    assert_ok(loaded.code, &loaded.err);
    const struct spec *spec = loaded.specs.items[0];
    assert_int_equal(spec->n_routes, 2);
    assert_str(spec->routes[0].name.value, "churn");
    assert_int_equal(spec->routes[0].split.len, 2);
    assert_str(spec->routes[0].split.items[0].name, "two"); /* as written */
    assert_str(spec->routes[0].split.items[0].value, "90");
    assert_true(str_is_null(spec->routes[0].shadow.value));
    assert_str(spec->routes[1].shadow.value, "two");
}

static void faults(void **state)
{
    static const struct fault_case s_cases[] = {
        {"  endpoint:\n", ROUTES("  - {name: churn, split: {one: 9, twoo: 1}}\n"),
         "E spec.yaml:30:35 route 'churn' names model 'twoo', which the spec has not | did you "
         "mean "
         "'two'? A model that goes has to leave its routes first\n"},
        {"  endpoint:\n", ROUTES("  - {name: churn, split: {one: 9, something: 1}}\n"),
         "E spec.yaml:30:35 route 'churn' names model 'something', which the spec has not | add it "
         "to 'models', or take it out of the route, too\n"},
        {"  endpoint:\n", ROUTES("  - {name: churn, split: {one: 9}, shadow: something}\n"),
         "E spec.yaml:30:44 route 'churn' names model 'something', which the spec has not | add it "
         "to 'models', or take it out of the route, too\n"},
        {"  endpoint:\n", ROUTES("  - {name: churn, split: {one: 9}, shadow: one}\n"),
         "E spec.yaml:30:44 model 'one' is the shadow of route 'churn' and in its split | a shadow "
         "answers nobody; take it out of one of the two\n"},
        {"  endpoint:\n", ROUTES("  - {name: one, split: {two: 9}}\n"),
         "E spec.yaml:30:12 route 'one' has the name of a model, defined at spec.yaml:25:13 | give "
         "one of the two another name\n"},
        {"  endpoint:\n",
         ROUTES("  - {name: a, split: {two: 9}}\n  - {name: a, split: {one: 9}}\n"),
         "E spec.yaml:31:12 route 'a' is defined twice, first at spec.yaml:30:12 | give one of the "
         "two another name\n"},
        {"  endpoint:\n", ROUTES("  - {split: {one: 9}}\n"),
         "E spec.yaml:30:5 missing 'name' in 'spec.routes[0]' | for example 'name: churn'\n"},
        {"  endpoint:\n", ROUTES("  - {name: a--b, split: {one: 9}}\n"),
         "E spec.yaml:30:12 'a--b' is not valid as 'name' | 'name' takes letters, digits, '.', '_' "
         "and single '-', first a letter or digit\n"},
        {"  endpoint:\n", ROUTES("  - {name: a, split: {one: 9, one: 1}}\n"),
         "E spec.yaml:30:31 duplicate key 'one', first at spec.yaml:30:23 | keep one of the two\n"},
        {"  endpoint:\n", ROUTES("  - {name: a, split: {one: ~}}\n"),
         "E spec.yaml:30:28 'one' has no value | leave the key out, or write \"\" for an empty "
         "text\n"},
    };
    check_faults(*state, s_cases, ARRAY_LEN(s_cases));
}

static void more_models_than_a_split_takes(void **state)
{
    struct buf buf AUTO(buf_done) = BUF_INIT(MIB(1));
    buf_add_z(&buf, "  routes:\n  - name: many\n    split:\n");
    for (int i = 0; i < 101; i++)
        buf_fmt(&buf, "      m%d: 1\n", i);
    buf_add_z(&buf, "  endpoint:\n");
    struct str text =
        text_replace(*state, STR(SPEC_TEST_BASE), "  endpoint:\n", str_z(*state, buf_str(&buf)));
    struct loaded loaded = load_text(*state, text);
    assert_int_equal(loaded.code, ERR_SPEC);
    assert_true(
        str_find(
            loaded.faults, STR("E spec.yaml:32:7 'split' must have 1 to 100 entries, not 101")) !=
        SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(good_routes_are_read),
        WITH_ARENA(faults),
        WITH_ARENA(more_models_than_a_split_takes),
    };
    return cmocka_run_group_tests_name("specs/spec_check_routes", tests, NULL, NULL);
}
