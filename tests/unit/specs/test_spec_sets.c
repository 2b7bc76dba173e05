#include "tests/unit/specs/spec_test.h"

/* Sets in front of the endpoint of SPEC_TEST_BASE; the first line of a set is 29, its "- " stands
 * in column 5. */
#define SETS(text) \
    "  endpoint:\n    name: demo\n", "  modelSets:\n" text "  endpoint:\n    name: demo\n"
#define MATRIX "    - name: c-{a}\n      matrix: {a: [1, x]}\n"

static void faults(void **state)
{
    static const struct fault_case s_cases[] = {
        {SETS("    - name: c-{key}\n      partition: {column: 0}\n      description: of {key}\n"),
         ""},
        {SETS(MATRIX), ""},
        {SETS("    - name: c\n      partition: {column: 0}\n"),
         "E spec.yaml:30:13 name 'c' lacks '{key}' | without it the set's models would all have "
         "one "
         "name\n"},
        {SETS("    - name: c-{key}-{who}\n      partition: {column: 0}\n"),
         "E spec.yaml:30:13 '{who}' stands for nothing in this set | known here: {key}; '{{' is a "
         "plain '{'\n"},
        {SETS("    - name: c-{key}\n      partition: {column: 0}\n      description: \"{b}\"\n"),
         "E spec.yaml:32:20 '{b}' stands for nothing in this set | known here: {key}; '{{' is a "
         "plain '{'\n"},
        {SETS("    - name: c-{key}\n      partition: {channel: test, column: 0}\n"),
         "E spec.yaml:31:28 there is no channel 'test' to part | channels stand in "
         "'spec.training.channels', or in the set itself\n"},
        {SETS("    - name: \"c {key}\"\n      partition: {column: 0}\n"),
         "E spec.yaml:30:13 'c {key}' is not valid as 'name' | 'name' takes a model's name with "
         "{key} in it, or the names of the matrix\n"},
        {SETS("    - name: c-{a}\n      matrix: {a: [1], b-c: [2]}\n"),
         "E spec.yaml:31:24 'b-c' is not valid as a name in 'matrix'"},
        {SETS("    - name: c-{key}\n"),
         "E spec.yaml:30:7 a model set has neither 'partition' nor 'matrix' | for example "
         "'partition: {column: 0}' or 'matrix: {depth: [4, 6]}'\n"},
        {SETS("    - name: c-{key}\n      partition: {column: 0}\n      matrix: {key: [1]}\n"),
         "E spec.yaml:30:7 a model set has either 'partition' or 'matrix' | keep one of the two\n"},
        {SETS("    - name: c-{key}\n      partition: {column: 0}\n      hyperparameters: {eta: "
              "\"{key}\"}\n"),
         "E spec.yaml:32:30 '{key}' cannot stand in the hyperparameters of a partition | it may "
         "stand in 'name' and 'description'; a matrix may use it here\n"},
        {SETS("    - name: c-{key}\n      partition: {column: 0}\n      channels: {train: {source: "
              "\"{key}.csv\", contentType: text/csv}}\n"),
         "E spec.yaml:32:34 '{key}' cannot stand in a channel of a partition | it may stand in "
         "'name' and 'description'; a matrix may use it here\n"},
        {SETS("    - name: c-{key}\n      partition: {column: 0}\n      channels: {train: {source: "
              "a.svm}, validation: {source: b.svm}}\n"),
         "E spec.yaml:32:18 channel 'train' is 'text/libsvm', which a partition cannot part | only "
         "text/csv has columns by number\n"
         "E spec.yaml:32:42 channel 'validation' is 'text/libsvm', which a partition cannot part | "
         "only text/csv has columns by number\n"},
        {SETS("    - name: c-{a}\n      matrix: {a: [1], b: [2]}\n"),
         "E spec.yaml:30:13 name 'c-{a}' lacks '{b}' | without it the set's models would all have "
         "one name\n"},
        {SETS("    - name: c-{a}\n      matrix: {a: [1, 1]}\n"),
         "E spec.yaml:30:13 model 'c-1' is defined twice, first at spec.yaml:30:13 | give one of "
         "the two another name\n"},
        {SETS("    - name: c-{a}\n      matrix: {a: [1, x y]}\n"),
         "E spec.yaml:30:13 'c-x y' is not valid as the name of a model | a name takes up to 101 "
         "letters, digits, '.', '_' and single '-', first a letter or digit\n"},
        {SETS("    - name: c-{a}\n      matrix: {a: [-1]}\n"),
         "E spec.yaml:30:13 'c--1' is not valid as the name of a model | a name takes up to 101 "
         "letters, digits, '.', '_' and single '-', first a letter or digit\n"},
        {SETS("    - name: \"{a}\"\n      matrix: {a: [.x]}\n"),
         "E spec.yaml:30:13 '.x' is not valid as the name of a model | a name takes up to 101 "
         "letters, digits, '.', '_' and single '-', first a letter or digit\n"},
        {SETS(MATRIX "      minRows: 2\n"),
         "E spec.yaml:30:7 'minRows' needs a 'partition' | the models of a matrix are all trained "
         "on the same rows\n"},
        {SETS(MATRIX "      hyperparameters: {eta: \"{b}\"}\n"),
         "E spec.yaml:32:30 '{b}' stands for nothing in this set | known here: {a}; '{{' is a "
         "plain "
         "'{'\n"},
        {SETS(MATRIX "      channels: {train: {source: \"{b}\", contentType: text/csv}}\n"),
         "E spec.yaml:32:34 '{b}' stands for nothing in this set | known here: {a}; '{{' is a "
         "plain "
         "'{'\n"},
        {SETS("    - name: c-{a}\n      matrix: {a: []}\n"),
         "E spec.yaml:31:19 'a' is empty | 'mmectl help spec spec.modelSets.matrix' explains it\n"},
        {SETS("    - name: c-{a}\n      matrix: {a: 1}\n"),
         "E spec.yaml:31:19 'a' must be a list of values, not the number '1' | 'mmectl help spec "
         "spec.modelSets.matrix' explains it\n"},
        {SETS("    - name: c-{a}\n      matrix: {a: [1, ~]}\n"),
         "E spec.yaml:31:23 a value of 'a' is empty | 'mmectl help spec spec.modelSets.matrix' "
         "explains it\n"},
        {SETS("    - name: c-{a}\n      matrix: [a]\n"),
         "E spec.yaml:31:15 'matrix' must be a mapping of names to lists, not a list | 'mmectl "
         "help "
         "spec spec.modelSets.matrix' explains it\n"},
        {SETS("    - name: c-{a}\n      matrix: {}\n"),
         "E spec.yaml:31:15 'matrix' must have 1 to 20 entries, not 0 | 'mmectl help spec "
         "spec.modelSets.matrix' explains it\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct str base = text_replace(
            *state, STR(SPEC_TEST_BASE), "eval_metric: auc}", "eval_metric: auc, num_round: 9}");
        struct str text = text_replace(*state, base, s_cases[i].find, s_cases[i].replace);
        struct loaded loaded = load_text(*state, text);
        struct str wanted = str_from(s_cases[i].faults);
        bool fits =
            wanted.len == 0 ? loaded.faults.len == 0 : str_find(loaded.faults, wanted) != SIZE_MAX;
        if (!fits)
            fail_msg("case %zu:\n" STR_FMT, i, STR_ARG(loaded.faults));
    }
}

static struct loaded
with_sets(struct arena *arena, const char *find, const char *replace, const char *sets)
{
    struct str text = text_replace(arena, STR(SPEC_TEST_BASE), find, replace);
    struct str all = str_fmt(arena, "  modelSets:\n%s  endpoint:\n    name", sets);
    return load_text(arena, text_replace(arena, text, "  endpoint:\n    name", str_z(arena, all)));
}

static void without_models_or_training(void **state)
{
    struct str text = text_replace(
        *state, STR(SPEC_TEST_BASE),
        "  models:\n    - name: one\n      hyperparameters: {num_round: 25, max_depth: 2, eta: "
        "0.3}\n    - name: two\n      artifact: s3://bucket/model.tar.gz\n",
        "");
    assert_str(
        load_text(*state, text).faults,
        "E spec.yaml:10:1 missing 'models' in 'spec' | for example 'models: [{name: churn, "
        "artifact: model.tar.gz}]', or 'modelSets'\n");
    struct str sets = text_replace(
        *state, text, "  endpoint:\n    name",
        "  modelSets: [{name: \"{key}\", partition: {column: 3}, minRows: 7, hyperparameters: "
        "{num_round: 2}}]\n  endpoint:\n    name");
    struct loaded loaded = load_text(*state, sets);
    assert_str(loaded.faults, "");
    const struct spec *spec = loaded.specs.items[0];
    assert_int_equal(spec->n_models, 0);
    assert_int_equal(spec->n_sets, 1);
    assert_int_equal(spec->sets[0].partition.column, 3);
    assert_str(spec->sets[0].partition.channel.value, "train");
    assert_int_equal(spec->sets[0].min_rows, 7);
    assert_int_equal(spec->sets[0].hyperparameters.len, 3); /* training's two and its own */
    assert_ptr_equal(spec->sets[0].channels, spec->training.channels);
    struct str lacking = text_replace(
        *state, sets,
        "    channels:\n      train: {source: data/train.csv, contentType: text/csv}\n      "
        "validation: {source: data/validation.csv, contentType: text/csv}\n",
        "");
    assert_true(
        str_find(load_text(*state, lacking).faults, STR("missing channel 'train'")) != SIZE_MAX);
    struct str bare = str_fmt(
        *state, "apiVersion: mmectl/v1\nkind: MultiModelEndpoint\nmetadata: {name: a}\nspec:\n  "
                "region: us-east-1\n  role: arn:aws:iam::123456789012:role/SageMaker\n  modelSets: "
                "[{name: \"{a}\", matrix: {a: [b]}}]\n  endpoint: {instance: {type: "
                "ml.m5.large}}\n");
    assert_true(
        str_find(load_text(*state, bare).faults, STR("a model set needs a 'training' block")) !=
        SIZE_MAX);
}

static void a_matrix_is_expanded(void **state)
{
    struct loaded loaded = with_sets(
        *state, "maxRuntime: 1h", "maxRuntime: 2h",
        "    - name: c-{a}-{b}\n      description: of {a}\n      matrix: {a: [us, eu], b: [4, 6]}\n"
        "      channels: {train: {source: \"{a}.csv\", contentType: text/csv}}\n"
        "      hyperparameters: {num_round: 2, max_depth: \"{b}\"}\n      protect: true\n"
        "    - name: d-{a}\n      matrix: {a: [x]}\n      hyperparameters: {num_round: 2}\n");
    assert_str(loaded.faults, "");
    const struct spec *spec = loaded.specs.items[0];
    static const char *const s_names[] = {"one",    "two",    "c-us-4", "c-us-6",
                                          "c-eu-4", "c-eu-6", "d-x"};
    assert_int_equal(spec->n_models, ARRAY_LEN(s_names));
    for (size_t i = 0; i < ARRAY_LEN(s_names); i++)
        assert_str(spec->models[i].name.value, s_names[i]);
    const struct spec_model *model = &spec->models[5];
    assert_str(model->description.value, "of eu");
    assert_true(model->protect);
    assert_ptr_equal(model->set, &spec->sets[0]);
    assert_int_equal(model->n_channels, 2); /* validation is training's */
    assert_str(model->channels[0].source.value, "eu.csv");
    assert_true(str_ends(model->channels[0].path, STR("/eu.csv")));
    assert_str(model->hyperparameters.items[1].name, "max_depth");
    assert_str(model->hyperparameters.items[1].value, "6");
    assert_ptr_equal(spec->models[6].channels, spec->training.channels);
    assert_null(spec->models[0].set);
}

static void too_many(void **state)
{
    AUTO(buf_done) struct buf list = BUF_INIT(KIB(64));
    for (int i = 0; i < 101; i++)
        buf_fmt(&list, "%s%d", i > 0 ? ", " : "", i);
    struct str set = str_fmt(
        *state, "    - name: c-{a}-{b}\n      matrix: {a: [" STR_FMT "], b: [" STR_FMT "]}\n",
        STR_ARG(buf_str(&list)), STR_ARG(buf_str(&list)));
    struct loaded loaded = with_sets(
        *state, "      hyperparameters: {num_round: 25", "      hyperparameters: {num_round: 24",
        str_z(*state, set));
    assert_str(
        loaded.faults, "E spec.yaml:30:7 a stack with model sets has at most 10000 models | split "
                       "it into several stacks\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(faults),
        WITH_ARENA(without_models_or_training),
        WITH_ARENA(a_matrix_is_expanded),
        WITH_ARENA(too_many),
    };
    return cmocka_run_group_tests_name("spec_sets", tests, NULL, NULL);
}
