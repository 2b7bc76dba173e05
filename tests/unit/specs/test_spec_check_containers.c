#include "tests/harness/test.h"

#include "tests/unit/specs/spec_test.h"

#define OWN "123456789012.dkr.ecr.us-east-1.amazonaws.com/own:1"

/* Two containers side by side; tests change one thing in it. */
static const char s_base[] =
    "apiVersion: mmectl/v1\n"
    "kind: MultiModelEndpoint\n"
    "metadata: {name: demo}\n"
    "spec:\n"
    "  region: us-east-1\n"
    "  role: arn:aws:iam::123456789012:role/SageMaker\n"
    "  training:\n"
    "    instance: {type: ml.m5.large}\n"
    "    channels: {train: {source: train.csv, contentType: text/csv}}\n"
    "    hyperparameters: {objective: \"binary:logistic\", num_round: 5}\n"
    "  endpoint:\n"
    "    mode: multi-container-direct\n"
    "    instance: {type: ml.m5.large}\n"
    "    containers:\n"
    "    - {name: churn, image: builtin, hyperparameters: {max_depth: 3}}\n"
    "    - {name: fraud, image: builtin, artifact: own/model.tar.gz}\n";

static void containers_are_read(void **state)
{
    struct str text = text_replace(
        *state, str_from(s_base), "own/model.tar.gz}\n",
        "own/model.tar.gz, environment: {B: \"2\", A: \"1\"}}\n"
        "    - {name: rules, image: " OWN ", description: No model}\n"
        "    - {name: learned, image: " OWN ", hyperparameters: {eta: 0.1}, version: 01234567}\n");
    struct loaded loaded = load_text(*state, text);
    assert_str(loaded.faults, "");
    assert_ok(loaded.code, &loaded.err);
    const struct spec *spec = loaded.specs.items[0];
    const struct spec_container *containers = spec->endpoint.containers;
    assert_int_equal(spec->endpoint.mode, SPEC_CONTAINERS_DIRECT);
    assert_int_equal(spec->endpoint.n_containers, 4);
    assert_str(containers[0].model.name.value, "churn");
    assert_str(containers[0].image.value, "builtin");
    assert_int_equal(containers[1].environment.len, 2);
    assert_true(containers[0].has_model && containers[1].has_model && containers[3].has_model);
    assert_false(containers[2].has_model);
    /* What they serve are the spec's models. */
    assert_int_equal(spec->n_models, 3);
    assert_str(spec->models[0].name.value, "churn");
    assert_int_equal(spec->models[0].hyperparameters.len, 3);
    assert_int_equal(spec->models[0].n_channels, 1);
    assert_true(str_ends(spec->models[1].artifact_path, STR("/own/model.tar.gz")));
    assert_str(spec->models[2].name.value, "learned");
    assert_str(spec->models[2].version.value, "01234567");
    assert_true(spec->models[2].in_container);
}

static void a_pipeline_is_read(void **state)
{
    struct str text = text_replace(*state, str_from(s_base), "-direct", "-serial");
    struct loaded loaded = load_text(*state, text);
    assert_str(loaded.faults, "");
    assert_int_equal(loaded.specs.items[0]->endpoint.mode, SPEC_CONTAINERS_SERIAL);
}

/* One change to the text above and the faults it gives. */
static void faults(void **state)
{
    static const struct fault_case s_cases[] = {
        {"    - {name: fraud, image: builtin, artifact: own/model.tar.gz}\n", "",
         "E spec.yaml:15:5 'containers' must have 2 to 15 entries, not 1 | 'mmectl help spec "
         "spec.endpoint.containers' explains it\n"},
        {"    - {name: fraud,", "    - {name: churn,",
         "E spec.yaml:16:14 container 'churn' is defined twice, first at spec.yaml:15:14 | a call "
         "tells containers apart by their names\n"},
        {"name: fraud, image: builtin", "name: fraud",
         "E spec.yaml:16:7 missing 'image' in 'spec.endpoint.containers[1]' | for example 'image: "
         "builtin'\n"},
        {"name: fraud,", "name: fr_aud,",
         "E spec.yaml:16:14 'fr_aud' is not valid as 'name' | 'name' takes letters, digits and "
         "single '-', not at the ends\n"},
        {"name: fraud,", "name: fr--aud,",
         "E spec.yaml:16:14 'fr--aud' is not valid as 'name' | 'name' takes letters, digits and "
         "single '-', not at the ends\n"},
        {"name: fraud,", "name: fraud-,",
         "E spec.yaml:16:14 'fraud-' is not valid as 'name' | 'name' takes letters, digits and "
         "single '-', not at the ends\n"},
        {"{name: fraud,", "{",
         "E spec.yaml:16:7 missing 'name' in 'spec.endpoint.containers[1]' | for example 'name: "
         "churn'\n"},
        {"image: builtin, artifact", "image: \"a b\", artifact",
         "E spec.yaml:16:28 'a b' is not valid as 'image' | 'image' takes 'builtin' or an image "
         "URI, without blanks\n"},
        {"multi-container-direct", "multi-model",
         "E spec.yaml:15:5 'containers' need another 'endpoint.mode' | 'multi-container-direct' or "
         "'multi-container-serial'; 'mmectl help spec endpoint.mode' compares them\n"},
        {"    mode: multi-container-direct\n", "",
         "E spec.yaml:14:5 'containers' need another 'endpoint.mode' | 'multi-container-direct' or "
         "'multi-container-serial'; 'mmectl help spec endpoint.mode' compares them\n"},
        {"multi-container-direct", "multi-container",
         "E spec.yaml:12:11 'mode' must be 'multi-model', 'multi-container-direct' or "
         "'multi-container-serial', not the string 'multi-container' | 'mmectl help spec "
         "spec.endpoint.mode' explains it\n"},
        {"  endpoint:\n", "  models: [{name: one}]\n  endpoint:\n",
         "E spec.yaml:11:12 'models' and 'endpoint.containers' exclude each other | serve them "
         "with 'mode: multi-model', or make each a container\n"},
        {"  endpoint:\n", "  modelSets: [{name: \"m-{d}\", matrix: {d: [1, 2]}}]\n  endpoint:\n",
         "E spec.yaml:11:15 'modelSets' need 'mode: multi-model' | in this mode "
         "'endpoint.containers' says what is served; take it out\n"},
        {"  endpoint:\n", "  routes: [{name: r, split: {churn: 1}}]\n  endpoint:\n",
         "E spec.yaml:11:12 'routes' need 'mode: multi-model' | a route chooses a TargetModel; a "
         "container is called by its own name\n"},
        {"    instance: {type: ml.m5.large}\n    containers",
         "    instance: {type: ml.m5.large}\n    targetModels: stable\n    modelCache: enabled\n"
         "    container: {image: builtin}\n    containers",
         "E spec.yaml:14:19 'targetModels' needs 'mode: multi-model' | in this mode "
         "'endpoint.containers' says what is served; take it out\n"
         "E spec.yaml:15:17 'modelCache' needs 'mode: multi-model' | in this mode "
         "'endpoint.containers' says what is served; take it out\n"
         "E spec.yaml:16:16 'container' needs 'mode: multi-model' | image and environment stand in "
         "each of 'endpoint.containers'\n"},
        {"artifact: own/model.tar.gz", "artifact: own/model.tar.gz, hyperparameters: {eta: 1}",
         "E spec.yaml:16:83 model 'fraud' has both 'artifact' and 'hyperparameters' | a model that "
         "is brought along is not trained; keep one of the two\n"},
        {"image: builtin, artifact: own/model.tar.gz",
         "image: " OWN ", sha256: "
         "0123456789012345678901234567890123456789012345678901234567890123, version: 01234567",
         "E spec.yaml:16:88 'sha256' in a container without a model | give it an 'artifact' or "
         "'hyperparameters', or take this out\n"
         "E spec.yaml:16:163 'version' in a container without a model | give it an 'artifact' or "
         "'hyperparameters', or take this out\n"},
        {"image: builtin, artifact: own/model.tar.gz", "image: " OWN ", allowPickle: true",
         "E spec.yaml:16:7 'allowPickle' in a container without a model | give it an 'artifact' or "
         "'hyperparameters', or take this out\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct str text =
            text_replace(*state, str_from(s_base), s_cases[i].find, s_cases[i].replace);
        struct loaded loaded = load_text(*state, text);
        assert_str(loaded.faults, s_cases[i].faults);
        assert_int_equal(loaded.code, ERR_SPEC);
    }
}

static void faults_of_other_shapes(void **state)
{
    /* Sixteen. */
    struct buf many = BUF_INIT(KIB(8));
    buf_add_z(&many, "own/model.tar.gz}\n");
    for (int i = 0; i < 14; i++)
        buf_fmt(&many, "    - {name: c%d, image: builtin}\n", i);
    buf_add_char(&many, '\0');
    struct loaded loaded = load_text(
        *state, text_replace(*state, str_from(s_base), "own/model.tar.gz}\n", buf_str(&many).ptr));
    buf_done(&many);
    assert_str(
        loaded.faults, "E spec.yaml:15:5 'containers' must have 2 to 15 entries, not 16 | 'mmectl "
                       "help spec spec.endpoint.containers' explains it\n");

    /* None at all. */
    struct str text = str_from(s_base);
    text = str_slice(text, 0, str_find(text, STR("    containers:")));
    loaded = load_text(*state, text);
    assert_str(
        loaded.faults,
        "E spec.yaml:12:11 missing 'containers' in 'spec.endpoint' | for example 'containers: "
        "[{name: churn, image: builtin}, {name: fraud, image: builtin}]'\n");

    /* A pipeline is called as a whole. */
    text = text_replace(*state, str_from(s_base), "-direct", "-serial");
    text =
        text_replace(*state, text, "  endpoint:\n", "  checks: [{payload: x.csv}]\n  endpoint:\n");
    loaded = load_text(*state, text);
    assert_str(
        loaded.faults,
        "E spec.yaml:11:12 'checks' do not go with 'mode: multi-container-serial' | no container "
        "of a pipeline can be called alone; 'mmectl test' calls all of it\n");

    /* 32 KiB of environment. */
    struct buf env = BUF_INIT(KIB(64));
    buf_add_z(&env, "own/model.tar.gz, environment: {");
    for (int i = 0; i < 40; i++)
        buf_fmt(&env, "%sV%02d: \"%0900d\"", i > 0 ? ", " : "", i, 0);
    buf_add_z(&env, "}}\n");
    buf_add_char(&env, '\0');
    loaded = load_text(
        *state, text_replace(*state, str_from(s_base), "own/model.tar.gz}\n", buf_str(&env).ptr));
    buf_done(&env);
    assert_str(
        loaded.faults, "E spec.yaml:16:79 'environment' has 36120 bytes, SageMaker takes 32768 | "
                       "keep large values in a file or a parameter store\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(containers_are_read),
        WITH_ARENA(a_pipeline_is_read),
        WITH_ARENA(faults),
        WITH_ARENA(faults_of_other_shapes),
    };
    return cmocka_run_group_tests_name("specs/spec_check_containers", tests, NULL, NULL);
}
