#include "cmd/help.h"

#define WRAP_COLUMN 78U
#define SUMMARY_COLUMN 16U
#define OPTION_COLUMN 34U
#define WORD_COLUMN 19U

static void pad_to(struct buf *buf, size_t used, size_t column)
{
    for (size_t i = used; i < column; i++)
        buf_add_char(buf, ' ');
}

/* Words of `text`, wrapped, continuation lines indented to `indent`. The cursor is at `indent`. */
static void wrapped(struct buf *buf, struct str text, size_t indent)
{
    size_t column = indent;
    struct str word;
    while (str_split(&text, ' ', &word)) {
        if (column > indent && column + 1 + word.len > WRAP_COLUMN) {
            buf_add_char(buf, '\n');
            pad_to(buf, 0, indent);
            column = indent;
        } else if (column > indent) {
            buf_add_char(buf, ' ');
            column++;
        }
        buf_add(buf, word);
        column += word.len;
    }
    buf_add_char(buf, '\n');
}

static void command_lines(struct buf *buf, struct str group)
{
    for (size_t i = 0; i < cmd_count(); i++) {
        const struct cmd *cmd = cmd_at(i);
        struct str rest = str_from(cmd->name), first;
        bool in_group =
            str_is_null(group) || (str_split(&rest, ' ', &first) && str_eq(first, group));
        if (cmd->hidden || !in_group)
            continue;
        struct str name = str_from(cmd->name);
        buf_add_z(buf, "  ");
        buf_add(buf, name);
        pad_to(buf, name.len + 2, SUMMARY_COLUMN);
        wrapped(buf, str_from(cmd->summary), SUMMARY_COLUMN);
    }
}

void help_overview(struct arena *arena, struct buf *buf)
{
    (void) arena;
    buf_add_z(
        buf, "mmectl makes a SageMaker multi-model endpoint match a YAML spec.\n\n"
             "Usage: mmectl <command> [options] [SPEC...]\n\n"
             "Commands:\n");
    command_lines(buf, STR_NULL);
    buf_add_z(
        buf,
        "\nSPEC is a file, a folder of *.yaml or - for standard input; ./mme.yaml when left out.\n"
        "Options take one or two dashes. --local on a command runs it on this machine, without\n"
        "an AWS account.\n\n"
        "  mmectl help COMMAND       options of a command\n"
        "  mmectl help spec [FIELD]  every field of the spec\n\n"
        "Exit status:\n");
    for (size_t i = 0; i < exit_count(); i++) {
        buf_fmt(buf, "  %3d  ", exit_info_at(i).code);
        wrapped(buf, str_from(exit_info_at(i).meaning), 7);
    }
}

bool help_group(struct arena *arena, struct buf *buf, struct str group)
{
    (void) arena;
    size_t before = buf->len;
    command_lines(buf, group);
    return buf->len > before;
}

/* "plan [options] [SPEC...]" */
static void usage_words(struct buf *buf, const struct cmd *cmd)
{
    buf_fmt(buf, "%s [options]%s%s", cmd->name, cmd->operands[0] != '\0' ? " " : "", cmd->operands);
}

#define EACH_LIST(list, cmd) \
    const struct cmd_words *list = (cmd)->lists; \
    list != NULL && list->title != NULL; \
    list++

static void list_lines(struct buf *buf, const struct cmd *cmd)
{
    for (EACH_LIST(list, cmd)) {
        buf_fmt(buf, "\n%c%s:\n", list->title[0] - 'a' + 'A', list->title + 1);
        for (size_t i = 0; i < list->len; i++) {
            const struct cmd_word *word = &list->words[i];
            buf_fmt(buf, "  %s", word->name);
            pad_to(buf, strlen(word->name) + 2, WORD_COLUMN);
            wrapped(buf, str_from(word->help), WORD_COLUMN);
        }
    }
}

void help_command(struct arena *arena, struct buf *buf, const struct cmd *cmd)
{
    buf_add_z(buf, "Usage: mmectl ");
    usage_words(buf, cmd);
    buf_fmt(buf, "\n\n%s\n", cmd->text);
    if (cmd->alias != NULL)
        buf_fmt(buf, "\nAlso called '%s'.\n", cmd->alias);
    list_lines(buf, cmd);
    buf_add_z(buf, "\nOptions:\n");
    for (const struct opt_set *const *sets = cmd->sets; *sets != NULL; sets++)
        for (size_t i = 0; i < (*sets)->len; i++) {
            const struct opt *opt = &(*sets)->opts[i];
            struct str synopsis = opt_synopsis(arena, opt);
            buf_fmt(buf, "  " STR_FMT, STR_ARG(synopsis));
            if (synopsis.len + 4 > OPTION_COLUMN) {
                buf_add_char(buf, '\n');
                pad_to(buf, 0, OPTION_COLUMN);
            } else {
                pad_to(buf, synopsis.len + 2, OPTION_COLUMN);
            }
            wrapped(buf, str_from(opt->help), OPTION_COLUMN);
        }
}

/* A | inside a table cell would end it. */
static void markdown_cell(struct buf *buf, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '|')
            buf_add_char(buf, '\\');
        buf_add_char(buf, text.ptr[i]);
    }
}

/* True when an earlier command of the list takes the same set: its options are listed once. */
static bool set_seen(size_t command, const struct opt_set *set)
{
    for (size_t i = 0; i < command; i++) {
        if (cmd_at(i)->hidden)
            continue;
        for (const struct opt_set *const *sets = cmd_at(i)->sets; *sets != NULL; sets++)
            if (*sets == set)
                return true;
    }
    return false;
}

/* "`plan`, `apply`": who takes the set. */
static void set_users(struct buf *buf, const struct opt_set *set)
{
    bool first = true;
    size_t users = 0, all = 0;
    for (size_t i = 0; i < cmd_count(); i++) {
        if (cmd_at(i)->hidden)
            continue;
        all++;
        for (const struct opt_set *const *sets = cmd_at(i)->sets; *sets != NULL; sets++)
            users += *sets == set ? 1 : 0;
    }
    if (users == all) {
        buf_add_z(buf, "every command");
        return;
    }
    for (size_t i = 0; i < cmd_count(); i++)
        for (const struct opt_set *const *sets = cmd_at(i)->sets; *sets != NULL; sets++)
            if (*sets == set && !cmd_at(i)->hidden) {
                buf_fmt(buf, "%s`%s`", first ? "" : ", ", cmd_at(i)->name);
                first = false;
            }
}

static void markdown_options(struct arena *arena, struct buf *buf)
{
    buf_add_z(buf, "\n| option | what it does | commands |\n|---|---|---|\n");
    for (size_t c = 0; c < cmd_count(); c++) {
        if (cmd_at(c)->hidden)
            continue;
        for (const struct opt_set *const *sets = cmd_at(c)->sets; *sets != NULL; sets++) {
            if (set_seen(c, *sets))
                continue;
            for (size_t i = 0; i < (*sets)->len; i++) {
                buf_add_z(buf, "| `");
                markdown_cell(buf, opt_synopsis(arena, &(*sets)->opts[i]));
                buf_add_z(buf, "` | ");
                markdown_cell(buf, str_from((*sets)->opts[i].help));
                buf_add_z(buf, " | ");
                set_users(buf, *sets);
                buf_add_z(buf, " |\n");
            }
        }
    }
}

static void markdown_lists(struct buf *buf)
{
    for (size_t i = 0; i < cmd_count(); i++)
        for (EACH_LIST(list, cmd_at(i))) {
            buf_fmt(buf, "\n| %s | what it does |\n|---|---|\n", list->title);
            for (size_t w = 0; w < list->len; w++) {
                buf_fmt(buf, "| `%s` | ", list->words[w].name);
                markdown_cell(buf, str_from(list->words[w].help));
                buf_add_z(buf, " |\n");
            }
        }
}

void help_markdown(struct arena *arena, struct buf *buf)
{
    buf_add_z(buf, "| command | what it does |\n|---|---|\n");
    for (size_t i = 0; i < cmd_count(); i++) {
        const struct cmd *cmd = cmd_at(i);
        if (cmd->hidden)
            continue;
        buf_fmt(buf, "| `%s", cmd->name);
        if (cmd->operands[0] != '\0') {
            buf_add_char(buf, ' ');
            markdown_cell(buf, str_from(cmd->operands));
        }
        buf_add_z(buf, "` | ");
        markdown_cell(buf, str_from(cmd->summary));
        buf_add_z(buf, " |\n");
    }
    markdown_options(arena, buf);
    markdown_lists(buf);
    buf_add_z(buf, "\n| exit status | meaning |\n|---|---|\n");
    for (size_t i = 0; i < exit_count(); i++)
        buf_fmt(buf, "| %d | %s |\n", exit_info_at(i).code, exit_info_at(i).meaning);
}

/* roff: '-' must be written \-, a leading '.' or "'" is a request, '\' is the escape. */
static void roff(struct buf *buf, struct str text)
{
    bool line_start = true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (line_start && (c == '.' || c == '\''))
            buf_add_z(buf, "\\&");
        if (c == '-')
            buf_add_z(buf, "\\-");
        else if (c == '\\')
            buf_add_z(buf, "\\e");
        else if (c != '`')
            buf_add_char(buf, c);
        line_start = c == '\n';
    }
}

static void man_command(struct arena *arena, struct buf *buf, const struct cmd *cmd)
{
    buf_add_z(buf, ".SS \"mmectl ");
    struct buf words = BUF_INIT(KIB(1));
    usage_words(&words, cmd);
    roff(buf, buf_str(&words));
    buf_done(&words);
    buf_add_z(buf, "\"\n");
    roff(buf, str_from(cmd->text));
    buf_add_char(buf, '\n');
    for (EACH_LIST(list, cmd))
        for (size_t i = 0; i < list->len; i++) {
            buf_add_z(buf, ".TP\n.B ");
            roff(buf, str_from(list->words[i].name));
            buf_add_char(buf, '\n');
            roff(buf, str_from(list->words[i].help));
            buf_add_char(buf, '\n');
        }
    for (const struct opt_set *const *sets = cmd->sets; *sets != NULL; sets++) {
        if (*sets == &args_common)
            continue;
        for (size_t i = 0; i < (*sets)->len; i++) {
            buf_add_z(buf, ".TP\n.B ");
            roff(buf, opt_synopsis(arena, &(*sets)->opts[i]));
            buf_add_char(buf, '\n');
            roff(buf, str_from((*sets)->opts[i].help));
            buf_add_char(buf, '\n');
        }
    }
}

void help_man(struct arena *arena, struct buf *buf)
{
    buf_add_z(
        buf,
        ".TH MMECTL 1 \"\" \"mmectl " MMECTL_VERSION "\" \"User Commands\"\n"
        ".SH NAME\nmmectl \\- make a SageMaker multi\\-model endpoint match a YAML spec\n"
        ".SH SYNOPSIS\n.B mmectl\n.I command\n[options]\n[SPEC...]\n"
        ".SH DESCRIPTION\n"
        "The spec lists XGBoost model variants, their hyperparameters, instance types and one\n"
        "SageMaker multi\\-model endpoint. mmectl compares it with what exists in AWS and "
        "creates,\n"
        "updates and deletes until both agree. AWS is the only state. With\n.B \\-\\-local\n"
        "a command runs against the AWS stand\\-in that is part of the program.\n"
        ".PP\nOptions take one or two dashes. SPEC is a file, a folder of *.yaml or \\- for "
        "standard\ninput; ./mme.yaml when it is left out.\n"
        ".SH OPTIONS OF EVERY COMMAND\n");
    for (size_t i = 0; i < args_common.len; i++) {
        buf_add_z(buf, ".TP\n.B ");
        roff(buf, opt_synopsis(arena, &args_common.opts[i]));
        buf_add_char(buf, '\n');
        roff(buf, str_from(args_common.opts[i].help));
        buf_add_char(buf, '\n');
    }
    buf_add_z(buf, ".SH COMMANDS\n");
    for (size_t i = 0; i < cmd_count(); i++)
        if (!cmd_at(i)->hidden)
            man_command(arena, buf, cmd_at(i));
    buf_add_z(buf, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < exit_count(); i++) {
        buf_fmt(buf, ".TP\n.B %d\n", exit_info_at(i).code);
        roff(buf, str_from(exit_info_at(i).meaning));
        buf_add_char(buf, '\n');
    }
    buf_add_z(
        buf, ".SH ENVIRONMENT\n"
             ".TP\n.B AWS_ENDPOINT_URL\nsend every AWS request there\n"
             ".TP\n.B MMECTL_HOME\nfolder of the stand\\-in (default "
             "${XDG_STATE_HOME:\\-~/.local/state}/mmectl)\n"
             ".TP\n.B MMECTL_LOG\ndiagnostics for developers: debug, or aws=debug,plan=info\n"
             ".TP\n.B MMECTL_VAR_\\fIname\\fP\nvalue of a variable of the spec\n"
             ".TP\n.B NO_COLOR\nno colours when set\n");
}
