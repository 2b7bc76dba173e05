#include "tests/harness/test.h"

#include "tests/unit/specs/spec_test.h"

static void faults_of_gates_and_checks(void **state)
{
    static const struct fault_case s_cases[] = {
        {"  endpoint:\n", "  gates: [{metric: \"validation:auc\", min: 0.9}]\n  endpoint:\n", ""},
        {"  endpoint:\n",
         "  gates: [{metric: \"train:auc\", max: 1e3, models: [one]}]\n  endpoint:\n", ""},
        {"  endpoint:\n",
         "  checks: [{payload: a.csv, expect: b.csv, tolerance: 0.1}]\n  endpoint:\n", ""},
        {"  endpoint:\n", "  gates: [{metric: \"validation:auc\"}]\n  endpoint:\n",
         "E spec.yaml:29:11 the gate has neither 'min' nor 'max' | for example 'min: 0.95'\n"},
        {"  endpoint:\n", "  gates: [{metric: \"validation:auc\", min: 2, max: 1}]\n  endpoint:\n",
         "E spec.yaml:29:43 'min' 2 is above 'max' 1 | no value lies between the two\n"},
        {"  endpoint:\n", "  gates: [{metric: \"validation:auc\", min: \"1\"}]\n  endpoint:\n",
         "E spec.yaml:29:43 'min' must be a number, not the string '1' | leave the quotes out\n"},
        {"  endpoint:\n", "  checks: [{payload: a.csv, tolerance: \"0.1\"}]\n  endpoint:\n",
         "E spec.yaml:29:40 'tolerance' must be a number, not the string '0.1' | leave the quotes "
         "out\n"},
        {"  endpoint:\n", "  checks: [{payload: a.csv, tolerance: \"much\"}]\n  endpoint:\n",
         "E spec.yaml:29:40 'tolerance' must be a number, not the string 'much' | 'mmectl "
         "help spec spec.checks.tolerance' explains it\n"},
        {"      validation: {source: data/validation.csv, contentType: text/csv}\n"
         "    hyperparameters: {objective: \"binary:logistic\", eval_metric: auc}\n",
         "    hyperparameters: {objective: \"binary:logistic\", eval_metric: auc}\n"
         "  gates: [{metric: \"validation:auc\", min: 0.9}]\n",
         "E spec.yaml:23:20 'validation:auc' is never computed: there is no channel 'validation' | "
         "add 'validation' to spec.training.channels, or gate on another metric\n"},
        /* None would be all of them. */
        {"  endpoint:\n", "  gates: [{metric: \"train:auc\", min: 0.9, models: []}]\n  endpoint:\n",
         "E spec.yaml:29:51 'models' must have 1 to 100000 entries, not 0 | 'mmectl help spec "
         "spec.gates.models' explains it\n"},
        {"  endpoint:\n", "  gates: [{metric: \"validation:error\", max: 1}]\n  endpoint:\n",
         "E spec.yaml:29:20 the training of model 'one' does not compute 'validation:error' | add "
         "'error' to its eval_metric\n"},
        {"      validation: {source: data/validation.csv, contentType: text/csv}\n    hyper",
         "    hyper", ""},
        {"  endpoint:\n",
         "  gates: [{metric: \"validation:auc\", min: 1, models: [two, three]}]\n  endpoint:\n",
         "E spec.yaml:29:55 model 'two' is brought along: there are no metrics to gate on | "
         "'spec.checks' calls it before it is published\nE spec.yaml:29:60 there is no model "
         "'three' | a name of spec.models, or of a set of spec.modelSets, is meant\n"},
        {"      artifact: s3://bucket/model.tar.gz\n",
         "      artifact: s3://bucket/model.tar.gz\n      gates: [{metric: \"train:auc\", min: "
         "1}]\n",
         "E spec.yaml:29:15 model 'two' is brought along: there are no metrics to gate on | "
         "'spec.checks' calls it before it is published\n"},
        {"max_depth: 2, eta: 0.3}\n",
         "max_depth: 2, eta: 0.3}\n      gates: [{metric: \"train:error\", min: 1}]\n",
         "E spec.yaml:27:24 the training of model 'one' does not compute 'train:error' | add "
         "'error' to its eval_metric\n"},
        {"  endpoint:\n", "  checks: [{payload: \"s3://b/k\", models: [three]}]\n  endpoint:\n",
         "E spec.yaml:29:22 's3://b/k' is not a local file | the files of a check stand beside the "
         "spec\nE spec.yaml:29:43 there is no model 'three' | a name of spec.models, or of a set "
         "of "
         "spec.modelSets, is meant\n"},
        {"  endpoint:\n", "  checks: [{payload: a.csv, tolerance: -1}]\n  endpoint:\n",
         "E spec.yaml:29:40 'tolerance' must be 0 to 1000000, not -1 | 'mmectl help spec "
         "spec.checks.tolerance' explains it\n"},
        {"  endpoint:\n", "  checks: [{payload: a.csv, models: one}]\n  endpoint:\n",
         "E spec.yaml:29:37 'models' must be a list of strings, not the string 'one' | 'mmectl "
         "help spec spec.checks.models' explains it\n"},
        {"  endpoint:\n", "  checks: [{payload: a.csv, models: [~]}]\n  endpoint:\n",
         "E spec.yaml:29:38 an entry of 'models' has no value | 'mmectl help spec "
         "spec.checks.models' explains it\n"},
    };
    check_faults(*state, s_cases, ARRAY_LEN(s_cases));
}

static void numbers_keep_their_text(void **state)
{
    struct str text = text_replace(
        *state, STR(SPEC_TEST_BASE), "  endpoint:\n",
        "  gates: [{metric: \"validation:auc\", min: 0.950}]\n"
        "  checks: [{payload: a.csv}]\n  endpoint:\n");
    struct loaded loaded = load_text(*state, text);
    assert_ok(loaded.code, &loaded.err);
    const struct spec *spec = loaded.specs.items[0];
    assert_int_equal(spec->n_gates, 1);
    assert_true(spec->gates[0].min.set && !spec->gates[0].max.set);
    assert_str(spec->gates[0].min.text, "0.950");
    assert_true(
        spec->checks[0].tolerance.value > 0.9e-5 && spec->checks[0].tolerance.value < 1.1e-5);
    assert_true(str_ends(spec->checks[0].payload_path, STR("/a.csv")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(faults_of_gates_and_checks), WITH_ARENA(numbers_keep_their_text)};
    return cmocka_run_group_tests_name("specs/spec_check_gates", tests, NULL, NULL);
}
