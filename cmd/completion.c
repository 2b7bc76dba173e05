/* Completion scripts. Each follows the shell's own conventions: bash's programmable completion,
 * zsh's _arguments, fish's `complete`. */
#include "cmd/help.h"

/* Calls for each option spelling of cmd, as the shells see them: "--color" is offered as
 * "--no-color". */
static void option_words(struct buf *buf, const struct cmd *cmd)
{
    for (const struct opt_set *const *sets = cmd->sets; *sets != NULL; sets++)
        for (size_t i = 0; i < (*sets)->len; i++) {
            const struct opt *opt = &(*sets)->opts[i];
            buf_fmt(
                buf, " --%s%s%s", opt->type == OPT_FLAG_OFF ? "no-" : "", opt->long_name,
                opt->type == OPT_FLAG || opt->type == OPT_FLAG_OFF ? "" : "=");
        }
}

/* The first words of the commands, each once. */
static void first_words(struct buf *buf)
{
    struct str last = STR_NULL;
    for (size_t i = 0; i < cmd_count(); i++) {
        struct str rest = str_from(cmd_at(i)->name), first;
        if (cmd_at(i)->hidden || !str_split(&rest, ' ', &first) || str_eq(first, last))
            continue;
        buf_fmt(buf, " " STR_FMT, STR_ARG(first));
        last = first;
    }
}

static void second_words(struct buf *buf, struct str group)
{
    for (size_t i = 0; i < cmd_count(); i++) {
        struct str rest = str_from(cmd_at(i)->name), first;
        if (!cmd_at(i)->hidden && str_split(&rest, ' ', &first) && str_eq(first, group) &&
            !str_is_null(rest))
            buf_fmt(buf, " " STR_FMT, STR_ARG(rest));
    }
}

static void bash(struct buf *buf)
{
    buf_add_z(
        buf,
        "# mmectl completion for bash\n"
        "_mmectl() {\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]} first=${COMP_WORDS[1]-} second=${COMP_WORDS[2]-}\n"
        "    local words=\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "        words=\"");
    first_words(buf);
    buf_add_z(
        buf,
        "\"\n    elif [ \"$COMP_CWORD\" -eq 2 ] && [ \"$first\" = local ]; then\n        words=\"");
    second_words(buf, STR("local"));
    buf_add_z(
        buf, "\"\n    else\n"
             "        [ \"$first\" = local ] && first=\"local $second\"\n"
             "        case $first in\n");
    for (size_t i = 0; i < cmd_count(); i++) {
        const struct cmd *cmd = cmd_at(i);
        if (cmd->hidden)
            continue;
        buf_fmt(buf, "        '%s'", cmd->name);
        if (cmd->alias != NULL)
            buf_fmt(buf, "|'%s'", cmd->alias);
        buf_add_z(buf, ") words=\"");
        option_words(buf, cmd);
        buf_add_z(buf, "\" ;;\n");
    }
    buf_add_z(
        buf, "        esac\n"
             "    fi\n"
             "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
             "    [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace\n"
             "    return 0\n"
             "}\n"
             "complete -o default -F _mmectl mmectl\n");
}

/* Inside single quotes of a shell, with zsh's ':' and '[' ']' out of the way. */
static void quoted(struct buf *buf, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            buf_add_z(buf, "'\\''");
        else if (*text == '[' || *text == ']' || *text == ':')
            buf_fmt(buf, "\\%c", *text);
        else
            buf_add_char(buf, *text);
    }
}

static void zsh_option(struct buf *buf, const struct opt *opt)
{
    bool flag = opt->type == OPT_FLAG || opt->type == OPT_FLAG_OFF;
    buf_fmt(
        buf, " '%s--%s%s%s[", opt->type == OPT_LIST ? "*" : "",
        opt->type == OPT_FLAG_OFF ? "no-" : "", opt->long_name, flag ? "" : "=");
    quoted(buf, opt->help);
    buf_add_char(buf, ']');
    if (opt->type == OPT_CHOICE) {
        buf_fmt(buf, ":%s:(", opt->long_name);
        for (int i = 0; opt->choices[i] != NULL; i++)
            buf_fmt(buf, "%s%s", i > 0 ? " " : "", opt->choices[i]);
        buf_add_char(buf, ')');
    } else if (!flag) {
        buf_fmt(buf, ":%s:_files", opt->arg);
    }
    buf_add_char(buf, '\'');
}

static void zsh(struct buf *buf)
{
    buf_add_z(
        buf, "#compdef mmectl\n"
             "_mmectl() {\n"
             "    local cmd=${words[2]}\n"
             "    if (( CURRENT == 2 )); then\n"
             "        local -a commands=(");
    first_words(buf);
    buf_add_z(
        buf, " )\n        compadd -a commands\n        return\n    fi\n"
             "    if [[ $cmd == local ]]; then\n"
             "        if (( CURRENT == 3 )); then\n"
             "            local -a commands=(");
    second_words(buf, STR("local"));
    buf_add_z(
        buf, " )\n            compadd -a commands\n            return\n        fi\n"
             "        cmd=\"local ${words[3]}\"\n"
             "        shift words; (( CURRENT-- ))\n"
             "    fi\n"
             "    shift words; (( CURRENT-- ))\n"
             "    case $cmd in\n");
    for (size_t i = 0; i < cmd_count(); i++) {
        const struct cmd *cmd = cmd_at(i);
        if (cmd->hidden)
            continue;
        buf_fmt(buf, "    '%s'", cmd->name);
        if (cmd->alias != NULL)
            buf_fmt(buf, "|'%s'", cmd->alias);
        buf_add_z(buf, ") _arguments");
        for (const struct opt_set *const *sets = cmd->sets; *sets != NULL; sets++)
            for (size_t o = 0; o < (*sets)->len; o++)
                zsh_option(buf, &(*sets)->opts[o]);
        buf_add_z(buf, " '*:file:_files' ;;\n");
    }
    buf_add_z(buf, "    esac\n}\n_mmectl \"$@\"\n");
}

static void fish_option(struct buf *buf, const char *condition, const struct opt *opt)
{
    bool flag = opt->type == OPT_FLAG || opt->type == OPT_FLAG_OFF;
    buf_fmt(buf, "complete -c mmectl -n '%s'", condition);
    buf_fmt(buf, " -l %s%s", opt->type == OPT_FLAG_OFF ? "no-" : "", opt->long_name);
    if (opt->short_name != 0)
        buf_fmt(buf, " -s %c", opt->short_name);
    if (opt->type == OPT_CHOICE) {
        buf_add_z(buf, " -x -a '");
        for (int i = 0; opt->choices[i] != NULL; i++)
            buf_fmt(buf, "%s%s", i > 0 ? " " : "", opt->choices[i]);
        buf_add_char(buf, '\'');
    } else if (!flag) {
        buf_add_z(buf, " -r");
    }
    buf_add_z(buf, " -d '");
    for (const char *c = opt->help; *c != '\0'; c++)
        buf_fmt(buf, "%s%c", *c == '\'' || *c == '\\' ? "\\" : "", *c);
    buf_add_z(buf, "'\n");
}

static void fish(struct arena *arena, struct buf *buf)
{
    buf_add_z(buf, "# mmectl completion for fish\n");
    for (size_t i = 0; i < cmd_count(); i++) {
        const struct cmd *cmd = cmd_at(i);
        if (cmd->hidden)
            continue;
        struct str rest = str_from(cmd->name), first;
        (void) str_split(&rest, ' ', &first);
        struct str seen = str_fmt(arena, "__fish_seen_subcommand_from " STR_FMT, STR_ARG(first));
        if (str_is_null(rest)) {
            buf_fmt(buf, "complete -c mmectl -n __fish_use_subcommand -a %s -d '", cmd->name);
        } else {
            buf_fmt(
                buf, "complete -c mmectl -n __fish_use_subcommand -a " STR_FMT "\n",
                STR_ARG(first));
            buf_fmt(
                buf, "complete -c mmectl -n '" STR_FMT "' -a " STR_FMT " -d '", STR_ARG(seen),
                STR_ARG(rest));
            seen = str_fmt(
                arena, STR_FMT "; and __fish_seen_subcommand_from " STR_FMT, STR_ARG(seen),
                STR_ARG(rest));
        }
        for (const char *c = cmd->summary; *c != '\0'; c++)
            buf_fmt(buf, "%s%c", *c == '\'' || *c == '\\' ? "\\" : "", *c);
        buf_add_z(buf, "'\n");
        const char *condition = str_z(arena, seen);
        for (const struct opt_set *const *sets = cmd->sets; *sets != NULL; sets++)
            for (size_t o = 0; o < (*sets)->len; o++)
                fish_option(buf, condition, &(*sets)->opts[o]);
    }
}

bool help_completion(struct arena *arena, struct buf *buf, struct str shell)
{
    if (str_eq(shell, STR("bash")))
        bash(buf);
    else if (str_eq(shell, STR("zsh")))
        zsh(buf);
    else if (str_eq(shell, STR("fish")))
        fish(arena, buf);
    else
        return false;
    return true;
}
