#include "cmd/cmd.h"
#include "engine/base/file.h"

#define DEFAULT_FILE "mme.yaml"

/* @NAME@ and the like are filled in by render(). */
static const char s_template[] =
    "# A multi-model endpoint and the models on it. `mmectl help spec` explains every field.\n"
    "apiVersion: mmectl/v1\n"
    "kind: MultiModelEndpoint\n"
    "metadata:\n"
    "  name: @NAME@              # the stack: every AWS object carries this name\n"
    "  # tags: {team: risk}         # go on every AWS object that takes tags\n"
    "spec:\n"
    "  region: @REGION@\n"
    "  # The role that SageMaker works as: it reads and writes the bucket.\n"
    "  role: @ROLE@\n"
    "  storage:\n"
    "    @BUCKET@\n"
    "    prefix: @NAME@\n"
    "  training:\n"
    "    backend: sagemaker         # sagemaker: one training job per model; local: on this "
    "machine\n"
    "    algorithm: {name: xgboost, version: \"1.7-1\"}\n"
    "    instance: {type: ml.m5.large, count: 1, volumeSizeInGB: 10}\n"
    "    maxRuntime: 1h\n"
    "    channels:                  # CSV: label first, no header; a local file or s3://\n"
    "      train: {source: \"s3://my-bucket/data/train.csv\", contentType: text/csv}\n"
    "      validation: {source: \"s3://my-bucket/data/validation.csv\", contentType: text/csv}\n"
    "    hyperparameters: {objective: \"binary:logistic\", eval_metric: auc}  # for every model\n"
    "  models:\n"
    "    - name: model_a\n"
    "      description: shallow and fast\n"
    "      hyperparameters: {num_round: 30, max_depth: 3, eta: 0.4}\n"
    "    - name: model_b\n"
    "      hyperparameters: {num_round: 50, max_depth: 4, eta: 0.2}\n"
    "    # A model of your own, not trained here:\n"
    "    # - name: model_c\n"
    "    #   artifact: s3://my-bucket/path/model.tar.gz\n"
    "  endpoint:\n"
    "    targetModels: versioned    # stable: TargetModel is always <name>.tar.gz\n"
    "    instance: {type: ml.m5.large, count: 1}\n"
    "    modelCache: enabled\n";

struct place {
    const char *mark;
    struct str value;
};

static void render(struct buf *buf, const struct place *places, size_t count)
{
    struct str rest = str_of(s_template, sizeof(s_template) - 1);
    while (rest.len > 0) {
        bool found = false;
        for (size_t i = 0; i < count && !found; i++)
            if (str_starts(rest, str_from(places[i].mark))) {
                buf_add(buf, places[i].value);
                rest = str_from_index(rest, strlen(places[i].mark));
                found = true;
            }
        if (!found) {
            buf_add_char(buf, rest.ptr[0]);
            rest = str_from_index(rest, 1);
        }
    }
}

static struct str or_else(struct str value, struct str fallback)
{
    return str_is_null(value) ? fallback : value;
}

static enum exit_code run(struct app *app)
{
    const struct args *args = &app->args;
    struct str path = args->operands.len > 0 ? args->operands.items[0] : STR(DEFAULT_FILE);
    struct str bucket = str_is_null(args->bucket)
                            ? STR("# bucket: my-bucket        # default: "
                                  "sagemaker-<region>-<account>, created when missing")
                            : str_fmt(app->arena, "bucket: " STR_FMT, STR_ARG(args->bucket));
    const struct place places[] = {
        {"@NAME@", or_else(args->name, STR("my-models"))},
        {"@REGION@", or_else(args->region, STR("us-east-1"))},
        {"@ROLE@",
         or_else(args->role, STR("arn:aws:iam::123456789012:role/SageMakerExecutionRole"))},
        {"@BUCKET@", bucket},
    };
    struct buf buf = BUF_INIT(KIB(64));
    render(&buf, places, ARRAY_LEN(places));
    enum exit_code code = EXIT_CODE_OK;
    struct err err = {0};
    char *file = str_z(app->arena, path);
    if (str_eq(path, STR("-"))) {
        code = app_print(app, &buf);
    } else if (file_exists(file) && !args->force) {
        err_set(&err, ERR_EXISTS, "'%s' exists already", file);
        err_hint(&err, "give another name, or --force to overwrite it");
        code = app_fail(app, &err);
    } else if (file_write_atomic(file, buf_str(&buf), 0644, &err) != ERR_NONE) {
        code = app_fail(app, &err);
    } else {
        term_note("Wrote '%s'. Edit it, then: mmectl plan %s", file, file);
    }
    buf_done(&buf);
    return code;
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_STRING, 0, "name", "NAME", AT(name), NULL, 0, "name of the stack (default my-models)"},
    {OPT_STRING, 0, "region", "REGION", AT(region), NULL, 0, "AWS region (default us-east-1)"},
    {OPT_STRING, 0, "role", "ARN", AT(role), NULL, 0, "role that SageMaker works as"},
    {OPT_STRING, 0, "bucket", "NAME", AT(bucket), NULL, 0, "bucket for data and models"},
    {OPT_FLAG, 0, "force", NULL, AT(force), NULL, 0, "overwrite the file"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own, &args_common, NULL};

const struct cmd cmd_init = {
    .name = "init",
    .operands = "[FILE]",
    .max_operands = 1,
    .summary = "write a commented spec to start from",
    .text = "Writes a commented spec to FILE (default " DEFAULT_FILE "; - for standard output).\n"
            "An existing file is left alone unless --force is given.",
    .sets = s_sets,
    .run = run,
};
