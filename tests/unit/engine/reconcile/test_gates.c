#include "tests/harness/test.h"

#include "engine/reconcile/gates.h"

static struct json *metrics_of(struct arena *arena, const char *text)
{
    struct json *out = NULL;
    struct err err = {0};
    assert_ok(json_parse(arena, str_from(text), KIB(4), &out, &err), &err);
    return out;
}

static void faults(void **state)
{
    static const struct want_gate auc = {
        .metric = STR_INIT("validation:auc"),
        .has_min = true,
        .min = 0.95,
        .min_text = STR_INIT("0.95"),
        .at = {"mme.yaml", 40, 7}};
    static const struct want_gate loss = {
        .metric = STR_INIT("validation:logloss"),
        .has_min = true,
        .has_max = true,
        .min = 0,
        .max = 0.2,
        .min_text = STR_INIT("0"),
        .max_text = STR_INIT("0.2")};
    static const struct want_gate *const both[] = {&auc, &loss};
    static const struct {
        const char *metrics, *fault;
    } s_cases[] = {
        {"{\"validation:auc\":0.95,\"validation:logloss\":0.2}", NULL},
        {"{\"validation:auc\":0.931,\"validation:logloss\":0.1}",
         "validation:auc 0.931 is below 0.95 (gate at mme.yaml:40:7)"},
        {"{\"validation:auc\":1,\"validation:logloss\":0.25}",
         "validation:logloss 0.25 is above 0.2"},
        {"{\"validation:auc\":0.5}",
         "validation:auc 0.5 is below 0.95 (gate at mme.yaml:40:7), validation:logloss was not "
         "reported by its training"},
        {"{\"validation:auc\":null,\"validation:logloss\":0.1}",
         "validation:auc is not a number (gate at mme.yaml:40:7)"},
    };
    const struct want_model model = {.gates = both, .n_gates = 2};
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct str got = gates_fault(*state, &model, metrics_of(*state, s_cases[i].metrics));
        if (s_cases[i].fault == NULL)
            assert_true(str_is_null(got));
        else
            assert_str(got, s_cases[i].fault);
    }
    assert_str(
        gates_text(*state, &model),
        "validation:auc at least 0.95, validation:logloss at least 0 and at most 0.2");
    const struct want_model none = {.n_gates = 0};
    assert_true(str_is_null(gates_text(*state, &none)));
    assert_true(str_is_null(gates_fault(*state, &none, NULL)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_ARENA(faults)};
    return cmocka_run_group_tests_name("reconcile/gates", tests, NULL, NULL);
}
