#include "cmd/help.h"
#include "specs/spec_help.h"

static enum err_code
spec_topic(struct app *app, const struct opt_list *words, struct buf *buf, struct err *err)
{
    struct str path = words->len > 1 ? words->items[1] : STR("");
    enum spec_help_style style =
        app->args.format == OUT_MARKDOWN ? SPEC_HELP_MARKDOWN : SPEC_HELP_TEXT;
    if (spec_help(buf, app->arena, path, style))
        return ERR_NONE;
    struct str near = spec_help_nearest(app->arena, path);
    err_set(err, ERR_USAGE, "the spec has no field '" STR_FMT "'", STR_ARG(path));
    if (str_is_null(near))
        return err_hint(err, "'mmectl help spec' lists all of them");
    return err_hint(err, "did you mean '" STR_FMT "'?", STR_ARG(near));
}

/* "help local", "help local start", "help plan" */
static enum err_code
command_topic(struct app *app, const struct opt_list *words, struct buf *buf, struct err *err)
{
    char *argv[2];
    int argc = 0;
    for (size_t i = 0; i < words->len && argc < 2; i++)
        argv[argc++] = str_z(app->arena, words->items[i]);
    int used = 0;
    struct err failure = {0};
    const struct cmd *cmd = cmd_find(argc, argv, &used, &failure);
    if (cmd != NULL) {
        help_command(app->arena, buf, cmd);
        return ERR_NONE;
    }
    if (help_group(app->arena, buf, words->items[0]))
        return ERR_NONE;
    *err = failure;
    return failure.code;
}

static enum exit_code run(struct app *app)
{
    const struct opt_list *words = &app->args.operands;
    struct buf buf = BUF_INIT(MIB(8));
    struct err err = {0};
    enum err_code code = ERR_NONE;
    if (words->len == 0)
        help_overview(app->arena, &buf);
    else if (str_eq(words->items[0], STR("spec")))
        code = spec_topic(app, words, &buf, &err);
    else if (str_eq(words->items[0], STR("man")))
        help_man(app->arena, &buf);
    else if (str_eq(words->items[0], STR("markdown")))
        help_markdown(app->arena, &buf);
    else
        code = command_topic(app, words, &buf, &err);
    enum exit_code printed = code == ERR_NONE ? app_print(app, &buf) : app_fail(app, &err);
    buf_done(&buf);
    return printed;
}

#define AT(member) offsetof(struct args, member)

/* Positions are those of enum out_format. */
static const char *const s_formats[] = {"text", "json", "markdown", NULL};
static const struct opt s_opts[] = {
    {OPT_CHOICE, 0, "format", "FORMAT", AT(format), s_formats, 0,
     "how `help spec` is printed: text or markdown"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own, &args_common, NULL};

const struct cmd cmd_help = {
    .name = "help",
    .operands = "[COMMAND|spec [FIELD]|man|markdown]",
    .max_operands = 2,
    .summary = "explain a command, or any field of the spec",
    .text = "Without a word: the commands. With a command: its options. 'help spec' is the\n"
            "reference of the spec language, 'help spec endpoint.instance' one part of it. 'help\n"
            "man' prints mmectl(1) in roff, 'help markdown' the tables of the README.",
    .sets = s_sets,
    .run = run,
};
