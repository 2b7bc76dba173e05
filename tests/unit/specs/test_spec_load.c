#include "tests/harness/test.h"

#include "tests/unit/specs/spec_test.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define DEMO "examples/mme-demo.yaml"

static struct spec *
load_example(struct arena *arena, const char *file, const struct spec_options *options)
{
    struct str path = str_from(file);
    struct diags diags;
    diags_init(&diags, arena);
    struct spec_list specs = {0};
    struct err err = {0};
    assert_ok(spec_load(arena, &path, 1, options, &diags, &specs, &err), &err);
    assert_int_equal(diags.list.len, 0);
    assert_int_equal(specs.len, 1);
    return specs.items[0];
}

static void check_pairs(const struct spec_map *map, const char *const (*expected)[2], size_t count)
{
    assert_int_equal(map->len, count);
    for (size_t i = 0; i < count; i++) {
        assert_str(map->items[i].name, expected[i][0]);
        assert_str(map->items[i].value, expected[i][1]);
    }
}

static void the_demo(void **state)
{
    struct spec_options options = {0};
    const struct spec *spec = load_example(*state, DEMO, &options);
    assert_str(spec->file, DEMO);
    assert_str(spec->folder, "examples");
    assert_str(spec->name.value, "mme-demo");
    assert_str(spec->region.value, "us-east-1");
    assert_str(spec->role.value, "arn:aws:iam::123456789012:role/SageMakerExecutionRole");
    assert_true(str_is_null(spec->account.value));
    assert_true(str_is_null(spec->bucket.value));
    assert_true(str_is_null(spec->kms_key.value));
    assert_str(spec->prefix.value, "mme-demo");
    const struct spec_training *training = &spec->training;
    assert_true(training->set);
    assert_int_equal(training->backend, SPEC_BACKEND_SAGEMAKER);
    assert_str(training->algorithm_name.value, "xgboost");
    assert_str(training->algorithm_version.value, "1.7-1");
    assert_true(str_is_null(training->image.value));
    assert_str(training->instance.type.value, "ml.m5.large");
    assert_int_equal(training->instance.count, 1);
    assert_int_equal(training->instance.volume_gb, 10);
    assert_int_equal(training->max_runtime_s, 3600);
    assert_int_equal(training->n_channels, 2);
    assert_str(training->channels[0].name.value, "train");
    assert_str(training->channels[0].source.value, "data/breast-cancer-train.csv");
    assert_str(training->channels[0].path, "examples/data/breast-cancer-train.csv");
    assert_str(training->channels[0].content_type.value, "text/csv");
    assert_str(training->channels[1].path, "examples/data/breast-cancer-validation.csv");
    assert_true(file_exists(training->channels[0].path.ptr));
    assert_true(file_exists(training->channels[1].path.ptr));
    static const char *const s_models[][4] = {
        {"model_conservative", "25", "2", "0.3"}, {"model_balanced", "50", "4", "0.2"},
        {"model_aggressive", "100", "6", "0.1"},  {"model_deep", "50", "8", "0.2"},
        {"model_fast", "30", "3", "0.4"},
    };
    assert_int_equal(spec->n_models, ARRAY_LEN(s_models));
    for (size_t i = 0; i < spec->n_models; i++) {
        assert_str(spec->models[i].name.value, s_models[i][0]);
        assert_true(str_is_null(spec->models[i].artifact.value));
        const char *const expected[][2] = {
            {"eta", s_models[i][3]},          {"eval_metric", "auc"},
            {"max_depth", s_models[i][2]},    {"num_round", s_models[i][1]},
            {"objective", "binary:logistic"},
        };
        check_pairs(&spec->models[i].hyperparameters, expected, ARRAY_LEN(expected));
    }
    assert_str(spec->endpoint.name.value, "mme-demo");
    assert_int_equal(spec->endpoint.target_models, SPEC_TARGETS_STABLE);
    assert_str(spec->endpoint.instance.type.value, "ml.m5.large");
    assert_int_equal(spec->endpoint.instance.count, 1);
    assert_str(spec->endpoint.image.value, "builtin");
    assert_int_equal(spec->endpoint.model_cache, SPEC_CACHE_ENABLED);
    assert_false(spec->endpoint.protect);
    assert_int_equal(spec->retain, 1);
    assert_true(str_is_null(spec->models[0].version.value));
}

static void bring_your_own(void **state)
{
    const struct spec_pair sets[] = {
        {.name = STR("artifact"), .value = STR("models/churn.tar.gz")},
        {.name = STR("bucket"), .value = STR("my-bucket")},
    };
    struct spec_options options = {.sets = sets, .n_sets = 2};
    const struct spec *spec = load_example(*state, "examples/bring-your-own.yaml", &options);
    assert_false(spec->training.set);
    assert_str(spec->training.algorithm_version.value, "1.7-1");
    assert_str(spec->bucket.value, "my-bucket");
    assert_str(spec->prefix.value, "bring-your-own");
    assert_str(spec->endpoint.name.value, "bring-your-own");
    assert_int_equal(spec->endpoint.target_models, SPEC_TARGETS_VERSIONED);
    assert_str(spec->models[0].artifact.value, "models/churn.tar.gz");
    assert_str(spec->models[0].artifact_path, "examples/models/churn.tar.gz");
    assert_int_equal(spec->models[0].hyperparameters.len, 0);
    const char *const environment[][2] = {{"SAGEMAKER_NUM_MODEL_WORKERS", "1"}};
    check_pairs(&spec->endpoint.environment, environment, 1);
}

/* Keys in another order, other white space, anchors, comments: the same spec. */
static void the_order_of_keys_does_not_count(void **state)
{
    struct arena *arena = *state;
    struct loaded one = load_text(arena, STR(SPEC_TEST_BASE));
    struct loaded two = load_text(
        arena,
        STR("spec:\n"
            "  endpoint: {modelCache: enabled, container: {environment: {\"WORKERS\": '1'}},\n"
            "             instance: {count: 0x1, type: &type ml.m5.large},\n"
            "             targetModels: stable, name: demo}\n"
            "  models:\n"
            "  - hyperparameters: {eta: 0.3, \"max_depth\": '2', num_round: 25} # comment\n"
            "    name: 'one'\n"
            "  - {artifact: \"s3://bucket/model.tar.gz\", name: two}\n"
            "  training:\n"
            "    hyperparameters: {eval_metric: auc, objective: 'binary:logistic'}\n"
            "    channels:\n"
            "      validation: {contentType: &csv text/csv, source: data/validation.csv}\n"
            "      train: {contentType: *csv, source: ./data/train.csv}\n"
            "    maxRuntime: 60m\n"
            "    instance: {volumeSizeInGB: 10, count: 1, type: *type}\n"
            "    algorithm: {version: 1.7-1, name: xgboost}\n"
            "  storage: {prefix: /demo/}\n"
            "  role: >-\n"
            "    arn:aws:iam::123456789012:role/SageMaker\n"
            "  region: us-east-1\n"
            "  account: 123456789012\n"
            "metadata: {tags: {team: risk}, name: demo}\n"
            "kind: MultiModelEndpoint\n"
            "apiVersion: mmectl/v1\n"));
    assert_str(one.faults, "");
    assert_str(two.faults, "");
    const struct spec *a = one.specs.items[0], *b = two.specs.items[0];
    assert_str_len(a->name.value, b->name.value);
    assert_str_len(a->account.value, b->account.value);
    assert_str_len(a->region.value, b->region.value);
    assert_str_len(a->role.value, b->role.value);
    assert_str_len(a->prefix.value, b->prefix.value);
    assert_true(str_is_null(b->bucket.value));
    assert_int_equal(a->training.max_runtime_s, b->training.max_runtime_s);
    assert_str_len(a->training.instance.type.value, b->training.instance.type.value);
    assert_str_len(a->training.algorithm_version.value, b->training.algorithm_version.value);
    assert_int_equal(b->training.n_channels, 2);
    assert_int_equal(a->n_models, b->n_models);
    for (size_t i = 0; i < a->n_models; i++) {
        const struct spec_map *left = &a->models[i].hyperparameters;
        const struct spec_map *right = &b->models[i].hyperparameters;
        assert_str_len(a->models[i].name.value, b->models[i].name.value);
        assert_int_equal(left->len, right->len);
        for (size_t j = 0; j < left->len; j++) {
            assert_str_len(left->items[j].name, right->items[j].name);
            assert_str_len(left->items[j].value, right->items[j].value);
        }
    }
    assert_int_equal(b->endpoint.instance.count, 1);
    assert_int_equal(b->endpoint.target_models, SPEC_TARGETS_STABLE);
}

static const char *environment(const char *name)
{
    return strcmp(name, "MMECTL_VAR_bucket") == 0 ? "of-the-environment" : NULL;
}

static void variables_from_outside(void **state)
{
    struct arena *arena = *state;
    struct spec_options options = {.getenv = environment};
    struct loaded loaded = load_with(arena, STR(SPEC_TEST_BASE), &options);
    assert_str(loaded.specs.items[0]->bucket.value, "of-the-environment");
    const struct spec_pair sets[] = {
        {.name = STR("bucket"), .value = STR("of-the-command"), .at = {"--set", 0, 0}},
        {.name = STR("buckt"), .value = STR("x"), .at = {"--set", 0, 0}},
    };
    options = (struct spec_options){.sets = sets, .n_sets = 1, .getenv = environment};
    loaded = load_with(arena, STR(SPEC_TEST_BASE), &options);
    assert_str(loaded.specs.items[0]->bucket.value, "of-the-command");
    options.n_sets = 2;
    loaded = load_with(arena, STR(SPEC_TEST_BASE), &options);
    assert_str(
        loaded.faults, "E --set no spec declares the variable 'buckt' | declare it: "
                       "'variables: {buckt: \"\"}'\n");
    assert_int_equal(loaded.code, ERR_SPEC);
    /* One document that declares it is enough; one that cannot be read may have declared it. */
    struct str text = str_fmt(
        arena, "%s---\n%s", SPEC_TEST_BASE,
        text_replace(arena, STR(SPEC_TEST_BASE), "  name: demo\n  tags", "  name: other\n  tags")
            .ptr);
    text = str_fmt(arena, STR_FMT "\n---\na: [\n", STR_ARG(text));
    loaded = load_with(arena, text, &options);
    assert_true(str_find(loaded.faults, STR("buckt")) == SIZE_MAX);
    assert_int_equal(loaded.diags.n_errors, 1);
}

static void the_region_of_the_command_wins(void **state)
{
    struct arena *arena = *state;
    struct spec_options options = {.region = STR("eu-west-1")};
    struct loaded loaded = load_with(arena, STR(SPEC_TEST_BASE), &options);
    assert_str(loaded.specs.items[0]->region.value, "eu-west-1");
    loaded = load_with(
        arena, text_replace(arena, STR(SPEC_TEST_BASE), "  region: us-east-1\n", ""), &options);
    assert_str(loaded.faults, "");
    assert_str(loaded.specs.items[0]->region.value, "eu-west-1");
    options.region = STR("mars");
    assert_str(
        load_with(arena, STR(SPEC_TEST_BASE), &options).faults,
        "E --region 'mars' is not valid as 'region' | 'region' takes an AWS region, such as "
        "us-east-1\n");
}

static void several_stacks(void **state)
{
    struct arena *arena = *state;
    struct str other =
        text_replace(arena, STR(SPEC_TEST_BASE), "  name: demo\n  tags", "  name: other\n  tags");
    struct loaded loaded =
        load_text(arena, str_fmt(arena, "%s---\n" STR_FMT, SPEC_TEST_BASE, STR_ARG(other)));
    assert_str(loaded.faults, "");
    assert_int_equal(loaded.specs.len, 2);
    assert_str(loaded.specs.items[1]->name.value, "other");
    loaded = load_text(arena, str_fmt(arena, "%s---\n%s", SPEC_TEST_BASE, SPEC_TEST_BASE));
    assert_str(
        loaded.faults, "E spec.yaml:39:9 stack 'demo' is defined twice, first at spec.yaml:4:9 | a "
                       "name is unique in one account and region\n");
    struct str elsewhere =
        text_replace(arena, STR(SPEC_TEST_BASE), "region: us-east-1", "region: eu-west-1");
    loaded =
        load_text(arena, str_fmt(arena, "%s---\n" STR_FMT, SPEC_TEST_BASE, STR_ARG(elsewhere)));
    assert_str(loaded.faults, "");
    /* Faults of all documents, at once. */
    loaded = load_text(arena, STR("a: 1\n---\nb: 1\n---\n- !x y\n"));
    assert_true(str_find(loaded.faults, STR("unknown key 'a'")) != SIZE_MAX);
    assert_true(str_find(loaded.faults, STR("unknown key 'b'")) != SIZE_MAX);
    assert_true(str_find(loaded.faults, STR("unknown tag '!x'")) != SIZE_MAX);
}

static void write_file(struct arena *arena, const char *folder, const char *name, struct str text)
{
    struct err err = {0};
    struct str path = path_join(arena, str_from(folder), str_from(name));
    assert_ok(file_write_atomic(path.ptr, text, 0600, &err), &err);
}

static void folders(void **state)
{
    struct arena *arena = *state;
    const char *folder = test_folder_new(arena);
    struct str path = str_from(folder);
    struct spec_options options = {0};
    struct diags diags;
    struct spec_list specs = {0};
    struct err err = {0};
    diags_init(&diags, arena);
    assert_fails(
        spec_load(arena, &path, 1, &options, &diags, &specs, &err), ERR_NOT_FOUND, &err,
        "holds no *.yaml or *.yml");
    write_file(
        arena, folder, "b.yml",
        text_replace(arena, STR(SPEC_TEST_BASE), "  name: demo\n  tags", "  name: bee\n  tags"));
    write_file(arena, folder, "a.yaml", STR(SPEC_TEST_BASE));
    write_file(arena, folder, ".hidden.yaml", STR("nonsense: ["));
    write_file(arena, folder, "notes.txt", STR("nonsense: ["));
    assert_ok(spec_load(arena, &path, 1, &options, &diags, &specs, &err), &err);
    assert_int_equal(specs.len, 2);
    assert_str(specs.items[0]->name.value, "demo");
    assert_str(specs.items[1]->name.value, "bee");
    assert_str_len(specs.items[1]->folder, path);
    assert_str_len(
        specs.items[1]->training.channels[0].path, str_fmt(arena, "%s/data/train.csv", folder));
    test_folder_remove(folder);
    struct str absent = STR("/no/such/spec.yaml");
    assert_fails(
        spec_load(arena, &absent, 1, &options, &diags, &specs, &err), ERR_NOT_FOUND, &err,
        "/no/such/spec.yaml");
}

/* What is in a folder and cannot be read is a fault, not left out. */
static void folders_that_cannot_be_read(void **state)
{
    struct arena *arena = *state;
    const char *folder = test_folder_new(arena);
    struct str path = str_from(folder);
    struct spec_options options = {0};
    struct diags diags;
    struct spec_list specs = {0};
    struct err err = {0};
    diags_init(&diags, arena);
    write_file(arena, folder, "a.yaml", STR(SPEC_TEST_BASE));
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit none = {0, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum err_code code = spec_load(arena, &path, 1, &options, &diags, &specs, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_fails(code, ERR_IO, &err, "opening folder '/");
    struct str inner = path_join(arena, path, STR("b.yaml"));
    assert_ok(file_mkdirs(inner.ptr, 0700, &err), &err);
    err = (struct err){0};
    assert_fails(
        spec_load(arena, &path, 1, &options, &diags, &specs, &err), ERR_IO, &err, "b.yaml': ");
    assert_int_equal(specs.len, 0);
    test_folder_remove(folder);
}

/* The limit counts names, so the files of this folder are one file with many names. */
static void a_folder_of_too_many_specs(void **state)
{
    struct arena *arena = *state;
    const char *folder = test_folder_new(arena);
    struct str path = str_from(folder);
    struct spec_options options = {0};
    struct diags diags;
    struct spec_list specs = {0};
    struct err err = {0};
    diags_init(&diags, arena);
    write_file(arena, folder, "0.yaml", STR("nonsense: ["));
    const char *first = path_join(arena, path, STR("0.yaml")).ptr;
    for (int i = 1; i <= 10000; i++)
        assert_int_equal(link(first, str_fmt(arena, "%s/%d.yaml", folder, i).ptr), 0);
    assert_fails(
        spec_load(arena, &path, 1, &options, &diags, &specs, &err), ERR_IO, &err,
        "holds more than 10000 specs");
    assert_int_equal(diags.list.len, 0); /* told before any is read */
    test_folder_remove(folder);
}

/* Gives text to what reads standard input meanwhile; null: it is closed. */
static struct loaded load_stdin(struct arena *arena, struct str text)
{
    struct loaded loaded = {.arena = arena};
    struct spec_options options = {0};
    const char *folder = test_folder_new(arena);
    int saved = dup(STDIN_FILENO);
    (void) close(STDIN_FILENO);
    if (!str_is_null(text)) {
        write_file(arena, folder, "stdin", text);
        int fd = open(path_join(arena, str_from(folder), STR("stdin")).ptr, O_RDONLY | O_CLOEXEC);
        assert_int_equal(fd, STDIN_FILENO);
    }
    struct str path = STR("-");
    diags_init(&loaded.diags, arena);
    loaded.code = spec_load(arena, &path, 1, &options, &loaded.diags, &loaded.specs, &loaded.err);
    loaded.faults = faults_of(arena, &loaded.diags, STR(""));
    if (saved >= 0) {
        assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
        (void) close(saved);
    }
    test_folder_remove(folder);
    return loaded;
}

static void standard_input(void **state)
{
    struct arena *arena = *state;
    struct loaded loaded = load_stdin(arena, STR(SPEC_TEST_BASE));
    assert_ok(loaded.code, &loaded.err);
    assert_int_equal(loaded.specs.len, 1);
    assert_str(loaded.specs.items[0]->file, "-");
    assert_str(loaded.specs.items[0]->training.channels[0].path, "data/train.csv");
    loaded = load_stdin(arena, STR("a: ["));
    assert_int_equal(loaded.code, ERR_SPEC);
    assert_str(str_slice(loaded.faults, 0, 6), "E -:2:");
    char *large = arena_array(arena, MIB(16) + 1, 1);
    memset(large, ' ', MIB(16) + 1);
    loaded = load_stdin(arena, str_of(large, MIB(16) + 1));
    assert_fails(
        loaded.code, ERR_IO, &loaded.err, "reading 'standard input': more than 16777216 bytes");
    assert_string_equal(
        loaded.err.hint,
        "a spec is YAML text of at most 16 MiB; a folder of smaller ones is read as one");
    loaded = load_stdin(arena, STR_NULL);
    assert_fails(loaded.code, ERR_IO, &loaded.err, "reading 'standard input': ");
}

static void paths_of_sources(void **state)
{
    struct arena *arena = *state;
    struct str text = text_replace(arena, STR(SPEC_TEST_BASE), "data/train.csv", "/abs/train.csv");
    text = text_replace(arena, text, "data/validation.csv", "s3://bucket/validation.csv");
    struct loaded loaded = load_text(arena, text);
    const struct spec_training *training = &loaded.specs.items[0]->training;
    assert_str(training->channels[0].path, "/abs/train.csv");
    assert_true(str_is_null(training->channels[1].path));
    assert_str(training->channels[1].source.value, "s3://bucket/validation.csv");
    assert_true(str_is_null(loaded.specs.items[0]->models[1].artifact_path));
}

static void nothing_in_the_file(void **state)
{
    static const char *const s_texts[] = {"", "# only a comment\n", "---\n---\n", "\n\n"};
    for (size_t i = 0; i < ARRAY_LEN(s_texts); i++) {
        struct loaded loaded = load_text(*state, str_from(s_texts[i]));
        assert_int_equal(loaded.code, ERR_SPEC);
        assert_str(
            loaded.faults, "E spec.yaml:1:1 the file holds no document | `mmectl init` writes a "
                           "spec to start from\n");
    }
}

static void ten_thousand_models(void **state)
{
    struct arena *arena = *state;
    struct buf text;
    buf_init(&text, MIB(4));
    for (int i = 0; i < 10000; i++)
        buf_fmt(
            &text, "    - {name: customer-%d, hyperparameters: {num_round: %d, eta: 0.%d}}\n", i,
            i % 50 + 1, i % 9 + 1);
    struct str spec = text_replace(
        arena, STR(SPEC_TEST_BASE), "    - name: two\n      artifact: s3://bucket/model.tar.gz\n",
        str_z(arena, buf_str(&text)));
    buf_done(&text);
    struct loaded loaded = load_text(arena, spec);
    assert_str(loaded.faults, "");
    assert_int_equal(loaded.specs.items[0]->n_models, 10001);
    assert_str(loaded.specs.items[0]->models[10000].name.value, "customer-9999");
}

/* Whatever is overwritten in a good spec: faults or a spec, never a crash. */
static void damaged_specs(void **state)
{
    struct arena *arena = *state;
    uint64_t random = test_seed();
    struct spec_options options = {0};
    const char *folder = test_folder_new(arena);
    for (int i = 0; i < 1000; i++) {
        struct arena *scratch = arena_new("damaged", 0);
        struct str base = STR(SPEC_TEST_BASE);
        char *text = str_z(scratch, base);
        for (int j = 0; j < 2; j++) {
            random = random * 6364136223846793005U + 1442695040888963407U;
            text[(random >> 33) % base.len] = "{}[]&*!|~\"$:-,#\n 0x."[(random >> 20) % 20];
        }
        write_file(scratch, folder, "x.yaml", str_of(text, base.len));
        struct str path = path_join(scratch, str_from(folder), STR("x.yaml"));
        struct diags diags;
        diags_init(&diags, scratch);
        struct spec_list specs = {0};
        struct err err = {0};
        enum err_code code = spec_load(scratch, &path, 1, &options, &diags, &specs, &err);
        assert_int_equal(code, diags.n_errors > 0 ? ERR_SPEC : ERR_NONE);
        assert_int_equal(specs.len > 0, code == ERR_NONE);
        arena_free(scratch);
    }
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(the_demo),
        WITH_ARENA(bring_your_own),
        WITH_ARENA(the_order_of_keys_does_not_count),
        WITH_ARENA(variables_from_outside),
        WITH_ARENA(the_region_of_the_command_wins),
        WITH_ARENA(several_stacks),
        WITH_ARENA(folders),
        WITH_ARENA(folders_that_cannot_be_read),
        WITH_ARENA(a_folder_of_too_many_specs),
        WITH_ARENA(standard_input),
        WITH_ARENA(paths_of_sources),
        WITH_ARENA(nothing_in_the_file),
        WITH_ARENA(ten_thousand_models),
        WITH_ARENA(damaged_specs),
    };
    return cmocka_run_group_tests_name("specs/spec_load", tests, NULL, NULL);
}
