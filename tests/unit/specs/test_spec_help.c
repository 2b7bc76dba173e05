#include "tests/harness/test.h"

#include "engine/base/vec.h"
#include "engine/xgb/hyper.h"
#include "specs/spec_fields.h"
#include "specs/spec_help.h"

static struct str help(struct arena *arena, const char *path, enum spec_help_style style)
{
    struct buf out;
    buf_init(&out, MIB(1));
    bool found = spec_help(&out, arena, str_from(path), style);
    assert_true(buf_ok(&out));
    assert_int_equal(found, out.len > 0);
    struct str text = found ? str_dup(arena, buf_str(&out)) : STR_NULL;
    buf_done(&out);
    return text;
}

static void one_field(void **state)
{
    struct arena *arena = *state;
    const char *expected = "spec.endpoint.instance.type\n"
                           "    The instance type that serves the models. All models share its "
                           "memory.\n"
                           "    type:     a string\n"
                           "    need:     required\n"
                           "    form:     ml.<family>.<size>\n"
                           "    example:  type: ml.m5.large\n"
                           "\n";
    assert_str(help(arena, "endpoint.instance.type", SPEC_HELP_TEXT), expected);
    assert_str(help(arena, "spec.endpoint.instance.type", SPEC_HELP_TEXT), expected);
    assert_str(
        help(arena, "endpoint.mode", SPEC_HELP_TEXT),
        "spec.endpoint.mode\n"
        "    How the instances are shared. multi-model: one container that loads models as they "
        "are\n"
        "    called. multi-container-direct: 'containers' side by side, of which each call names "
        "one.\n"
        "    multi-container-serial: a pipeline of them, each reading what the one before "
        "answered.\n"
        "\n"
        "                 multi-model (MME)                     multi-container (MCE)\n"
        "    frameworks   one: every model shares one image     any: every container has its own "
        "image\n"
        "    models       thousands                             2 to 15, one per container\n"
        "    loading      on the first call; the least used go  all at the start, and for good\n"
        "    memory       for the models in use                 for all of them at once\n"
        "    routing      TargetModel                           TargetContainerHostname, or a "
        "pipeline\n"
        "    a new model  is put into S3, the endpoint stays    is a new Model, the endpoint "
        "rolls\n"
        "    when         many alike: customers, regions, A/B   few unlike, or steps of a "
        "pipeline\n"
        "\n"
        "    type:     a word\n"
        "    need:     optional\n"
        "    default:  multi-model\n"
        "    values:   multi-model, multi-container-direct, multi-container-serial\n"
        "    example:  mode: multi-model\n"
        "\n");
    assert_str(
        help(arena, "storage.kmsKey", SPEC_HELP_MARKDOWN),
        "### `spec.storage.kmsKey`\n\nThe KMS key that encrypts what is written: data, models, "
        "what training puts out, the stack's record; and a bucket that is made. Objects keep the "
        "key that they were written with.\n\n* type: `a string`\n* need: `optional`\n* default: "
        "`the bucket's own encryption`\n* limits: `1 to 2048 characters`\n* form: `a key's id or "
        "ARN, or "
        "alias/NAME`\n* example: `kmsKey: alias/models`\n\n");
}

static void paths(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *path, *heading; /* NULL: no such field */
    } s_cases[] = {
        {"metadata.name", "metadata.name\n"},
        {"variables", "variables\n"},
        {"models[].name", "spec.models[].name\n"},
        {"models[3].name", "spec.models[].name\n"},
        {"models.name", "spec.models[].name\n"},
        {"spec.models", "spec.models\n"},
        {"training.channels.train.source", "spec.training.channels.<name>.source\n"},
        {"channels.source", "spec.training.channels.<name>.source\n"},
        {"hyperparameters.eta", "spec.training.hyperparameters.eta\n"},
        {"hyperparameters.learning_rate", "spec.training.hyperparameters.eta\n"},
        {"models.hyperparameters.max_depth", "spec.models[].hyperparameters.max_depth\n"},
        {"endpoint.instanc.type", NULL},
        {"endpoint.instance.type.x", NULL},
        {"hyperparameters.eta.x", NULL},
        {"hyperparameters.nothing", NULL},
        {"metadata.name.", NULL},
        {".", NULL},
        {"spec.", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct str text = help(arena, s_cases[i].path, SPEC_HELP_TEXT);
        if (s_cases[i].heading == NULL)
            assert_true(str_is_null(text));
        else
            assert_str(str_slice(text, 0, strlen(s_cases[i].heading)), s_cases[i].heading);
    }
}

static void nearest_paths(void **state)
{
    struct arena *arena = *state;
    assert_str(
        spec_help_nearest(arena, STR("endpoint.instanc.type")), "spec.endpoint.instance.type");
    assert_str(spec_help_nearest(arena, STR("targetModel")), "spec.endpoint.targetModels");
    assert_true(str_is_null(spec_help_nearest(arena, STR("something else"))));
}

struct lines {
    struct arena *arena;
    struct str text, markdown;
    size_t count;
};

static void find_field(struct lines *lines, struct str path)
{
    lines->count++;
    struct str line = str_fmt(lines->arena, "\n" STR_FMT "\n", STR_ARG(path));
    if (str_find(lines->text, line) == SIZE_MAX)
        fail_msg("'" STR_FMT "' is not in the reference", STR_ARG(path));
    line = str_fmt(lines->arena, "### `" STR_FMT "`\n", STR_ARG(path));
    if (str_find(lines->markdown, line) == SIZE_MAX)
        fail_msg("'" STR_FMT "' is not in the page", STR_ARG(path));
    if (str_is_null(help(lines->arena, str_z(lines->arena, path), SPEC_HELP_TEXT)))
        fail_msg("'" STR_FMT "' has no help of its own", STR_ARG(path));
}

static void find_fields(struct lines *lines, const struct spec_block *block, struct str parent)
{
    struct arena *arena = lines->arena;
    for (size_t i = 0; i < block->n_fields; i++) {
        const struct spec_field *field = &block->fields[i];
        struct str path = str_fmt(
            arena, STR_FMT "%s%s", STR_ARG(parent), str_is_empty(parent) ? "" : ".", field->name);
        find_field(lines, path);
        const char *inside = field->type == FIELD_BLOCKS  ? "[]"
                             : field->type == FIELD_NAMED ? ".<name>"
                                                          : "";
        if (field->block != NULL)
            find_fields(lines, field->block, str_fmt(arena, STR_FMT "%s", STR_ARG(path), inside));
    }
}

static void the_whole_covers_every_field(void **state)
{
    struct arena *arena = *state;
    struct lines lines = {
        .arena = arena,
        .text = help(arena, "", SPEC_HELP_TEXT),
        .markdown = help(arena, "", SPEC_HELP_MARKDOWN),
    };
    find_fields(&lines, &spec_document_block, STR(""));
    assert_true(lines.count > 60);
    for (size_t i = 0; i < hyper_count(); i++) {
        const char *name = hyper_info_at(i).name;
        assert_true(str_find(lines.text, str_fmt(arena, "\n    %s ", name)) != SIZE_MAX);
        assert_true(str_find(lines.markdown, str_fmt(arena, "| `%s` |", name)) != SIZE_MAX);
        struct str path = str_fmt(arena, "hyperparameters.%s", name);
        assert_false(str_is_null(help(arena, str_z(arena, path), SPEC_HELP_TEXT)));
    }
}

/* What the algorithm's page says beside the numbers stands in both styles. */
static void notes_of_hyperparameters(void **state)
{
    struct arena *arena = *state;
    size_t count = 0;
    for (size_t i = 0; i < hyper_count(); i++) {
        struct hyper_info info = hyper_info_at(i);
        if (info.note == NULL)
            continue;
        count++;
        const char *path = str_fmt(arena, "hyperparameters.%s", info.name).ptr;
        struct str page = str_fmt(
            arena, "### `spec.training.hyperparameters.%s`\n\n%s\n\n", info.name, info.note);
        struct str markdown = help(arena, path, SPEC_HELP_MARKDOWN);
        assert_str_len(str_slice(markdown, 0, page.len), page);
        /* Wrapped in a terminal: its first word follows the heading. */
        struct str words = str_from(info.note), first;
        (void) str_split(&words, ' ', &first);
        struct str line = str_fmt(
            arena, "spec.training.hyperparameters.%s\n    " STR_FMT, info.name, STR_ARG(first));
        assert_str_len(str_slice(help(arena, path, SPEC_HELP_TEXT), 0, line.len), line);
    }
    assert_true(count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(one_field),
        WITH_ARENA(paths),
        WITH_ARENA(nearest_paths),
        WITH_ARENA(the_whole_covers_every_field),
        WITH_ARENA(notes_of_hyperparameters),
    };
    return cmocka_run_group_tests_name("specs/spec_help", tests, NULL, NULL);
}
