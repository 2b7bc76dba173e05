/* tests/unit/specs/spec_test.h - loads a spec given as text, and shows its faults as lines.
 *
 * The text is written to spec.yaml in a new folder, so that positions and relative paths are real.
 * Threads: none.
 */
#ifndef TESTS_UNIT_SPECS_SPEC_TEST_H
#define TESTS_UNIT_SPECS_SPEC_TEST_H

#include "tests/harness/test.h"

#include "engine/base/buf.h"
#include "engine/base/file.h"
#include "specs/spec.h"

/* Containers in the place of models: trained, brought along, and an image that needs no model. */
#define SPEC_TEST_CONTAINERS \
    "apiVersion: mmectl/v1\n" \
    "kind: MultiModelEndpoint\n" \
    "metadata: {name: demo}\n" \
    "spec:\n" \
    "  region: us-east-1\n" \
    "  role: arn:aws:iam::123456789012:role/SageMaker\n" \
    "  training:\n" \
    "    instance: {type: ml.m5.large}\n" \
    "    channels:\n" \
    "      train: {source: data/train.csv, contentType: text/csv}\n" \
    "  endpoint:\n" \
    "    mode: multi-container-direct\n" \
    "    instance: {type: ml.m5.large}\n" \
    "    containers:\n" \
    "    - name: two\n" \
    "      image: builtin\n" \
    "      hyperparameters: {objective: \"binary:logistic\", num_round: 5}\n" \
    "    - name: one\n" \
    "      image: own/image:1\n" \
    "      artifact: s3://bucket/model.tar.gz\n" \
    "      environment: {B: \"2\", A: \"1\"}\n" \
    "    - {name: rules, image: own/rules:1}\n"

struct loaded {
    struct arena *arena;
    enum err_code code;
    struct err err;
    struct diags diags;
    struct spec_list specs;
    struct str faults; /* "E spec.yaml:1:2 message | hint\n", one line each */
};

/* A spec without a fault that uses every block; tests change one thing in it. */
#define SPEC_TEST_BASE \
    "apiVersion: mmectl/v1\n" \
    "kind: MultiModelEndpoint\n" \
    "metadata:\n" \
    "  name: demo\n" \
    "  tags: {team: risk}\n" \
    "variables:\n" \
    "  bucket: \"\"\n" \
    "  type: ml.m5.large\n" \
    "  unset:\n" \
    "spec:\n" \
    "  account: \"123456789012\"\n" \
    "  region: us-east-1\n" \
    "  role: arn:aws:iam::123456789012:role/SageMaker\n" \
    "  storage: {bucket: \"${bucket}\", prefix: demo}\n" \
    "  training:\n" \
    "    backend: sagemaker\n" \
    "    algorithm: {name: xgboost, version: \"1.7-1\"}\n" \
    "    instance: {type: \"${type}\", count: 1, volumeSizeInGB: 10}\n" \
    "    maxRuntime: 1h\n" \
    "    channels:\n" \
    "      train: {source: data/train.csv, contentType: text/csv}\n" \
    "      validation: {source: data/validation.csv, contentType: text/csv}\n" \
    "    hyperparameters: {objective: \"binary:logistic\", eval_metric: auc}\n" \
    "  models:\n" \
    "    - name: one\n" \
    "      hyperparameters: {num_round: 25, max_depth: 2, eta: 0.3}\n" \
    "    - name: two\n" \
    "      artifact: s3://bucket/model.tar.gz\n" \
    "  endpoint:\n" \
    "    name: demo\n" \
    "    targetModels: stable\n" \
    "    instance: {type: ml.m5.large, count: 1}\n" \
    "    container: {environment: {WORKERS: \"1\"}}\n" \
    "    modelCache: enabled\n"

/* Replaces the one place where find stands; fails the test when it does not stand there once. */
static inline struct str
text_replace(struct arena *arena, struct str text, const char *find, const char *replace)
{
    struct str wanted = str_from(find);
    size_t at = str_find(text, wanted);
    if (at == SIZE_MAX)
        fail_msg("'%s' is not in the text", find);
    struct str rest = str_from_index(text, at + wanted.len);
    if (str_find(rest, wanted) != SIZE_MAX)
        fail_msg("'%s' is in the text twice", find);
    return str_fmt(
        arena, STR_FMT "%s" STR_FMT, STR_ARG(str_slice(text, 0, at)), replace, STR_ARG(rest));
}

static inline struct str
faults_of(struct arena *arena, const struct diags *diags, struct str folder)
{
    struct buf out;
    buf_init(&out, MIB(1));
    for (size_t i = 0; i < diags->list.len; i++) {
        const struct diag *diag = &diags->list.items[i];
        buf_fmt(
            &out, "%c " STR_FMT " " STR_FMT " | " STR_FMT "\n",
            diag->severity == DIAG_ERROR ? 'E' : 'W', STR_ARG(srcloc_text(arena, diag->at)),
            STR_ARG(diag->message), STR_ARG(diag->hint));
    }
    struct str text = str_dup(arena, buf_str(&out)),
               prefix = str_fmt(arena, STR_FMT "/", STR_ARG(folder));
    buf_done(&out);
    for (size_t at; folder.len > 0 && (at = str_find(text, prefix)) != SIZE_MAX;)
        text = str_fmt(
            arena, STR_FMT STR_FMT, STR_ARG(str_slice(text, 0, at)),
            STR_ARG(str_from_index(text, at + prefix.len)));
    return text;
}

static inline struct loaded
load_with(struct arena *arena, struct str text, const struct spec_options *options)
{
    struct loaded loaded = {.arena = arena};
    const char *folder = test_folder_new(arena);
    struct str path = path_join(arena, str_from(folder), STR("spec.yaml"));
    struct err err = {0};
    assert_ok(file_write_atomic(path.ptr, text, 0600, &err), &err);
    diags_init(&loaded.diags, arena);
    loaded.code = spec_load(arena, &path, 1, options, &loaded.diags, &loaded.specs, &loaded.err);
    loaded.faults = faults_of(arena, &loaded.diags, str_from(folder));
    test_folder_remove(folder);
    return loaded;
}

static inline struct loaded load_text(struct arena *arena, struct str text)
{
    struct spec_options options = {0};
    return load_with(arena, text, &options);
}

/* One change to SPEC_TEST_BASE and the faults it gives. */
struct fault_case {
    const char *find, *replace, *faults;
};

static inline void check_faults(struct arena *arena, const struct fault_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct str text =
            text_replace(arena, str_from(SPEC_TEST_BASE), cases[i].find, cases[i].replace);
        struct loaded loaded = load_text(arena, text);
        assert_str(loaded.faults, cases[i].faults);
        bool fatal = str_find(loaded.faults, STR("E ")) == 0 ||
                     str_find(loaded.faults, STR("\nE ")) != SIZE_MAX;
        assert_int_equal(loaded.code, fatal ? ERR_SPEC : ERR_NONE);
        assert_int_equal(loaded.specs.len, fatal ? 0 : 1);
    }
}

#endif
